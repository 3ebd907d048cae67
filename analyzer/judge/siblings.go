package judge

import "math"

// winner finds the connection beside this one that goes on: to the same host,
// begun within a second and before the reset, answered, acknowledged, not reset.
func (k *Case) winner() (*attempt, outcome) {
	var best *attempt
	var bestOut outcome
	to := k.conn.Key.Addr(1 - k.conn.Orig).Addr()
	port := k.conn.Key.Port(1 - k.conn.Orig)
	k.tries(k.conn.Orig, 1e9, func(a *attempt, out outcome) {
		if a.target() != to || a.time > k.R.Time || !smbPair(a.rport, port) && a.rport != port || !out.Acked() || out.reset != 0 || out.Closed() && !out.Data() || out.Odd() {
			return
		}
		if best == nil || smbPair(a.rport, port) && !smbPair(best.rport, port) || out.Data() && !bestOut.Data() {
			best, bestOut = a, out
		}
	})
	return best, bestOut
}

// raceDelay is the longest, in nanoseconds, that programs wait by default before
// they try another address beside the first (RFC 8305, 5: 250 ms), and a little.
const raceDelay = int64(300e6)

// wonElsewhere finds a connection to the same port of another address that goes on,
// where none to the same host does.
func (k *Case) wonElsewhere() *attempt {
	var found *attempt
	if a, _ := k.winner(); a != nil {
		return nil
	}
	to, port := k.conn.Key.Addr(1-k.conn.Orig).Addr(), k.conn.Key.Port(1-k.conn.Orig)
	k.tries(k.conn.Orig, raceDelay, func(a *attempt, out outcome) {
		if a.target() != to && a.rport == port && out.Acked() && out.Data() && out.reset == 0 && !out.Odd() {
			found = a
		}
	})
	return found
}

// failedSibling finds a connection beside this one, of the pair that SMB
// tries, that failed.
func (k *Case) failedSibling() *attempt {
	var found *attempt
	k.pairedTries(func(a *attempt, out outcome) {
		if out.reset != 0 && !out.Data() || !out.Answered() {
			found = a
		}
	})
	return found
}

// pairedPort tells whether the originator tried the other port of SMB's pair
// beside this one.
func (k *Case) pairedPort() bool {
	paired := false
	k.pairedTries(func(*attempt, outcome) { paired = true })
	return paired
}

// pairedTries calls f for each attempt of the originator on the other port of
// SMB's pair, within a second of this one.
func (k *Case) pairedTries(f func(*attempt, outcome)) {
	to, port := k.conn.Key.Addr(1-k.conn.Orig).Addr(), k.conn.Key.Port(1-k.conn.Orig)
	k.tries(k.conn.Orig, 1e9, func(a *attempt, out outcome) {
		if a.target() == to && smbPair(a.rport, port) {
			f(a, out)
		}
	})
}

// openPort finds an attempt on the port that was accepted within a second of
// this one's refusal, and not from a listener that has closed since: it had
// not been aborted.
func (k *Case) openPort() *attempt {
	var found *attempt
	to := k.conn.Key.Addr(k.from)
	k.targets(k.from, 1e9, func(a *attempt, out outcome) {
		if a.rport == to.Port() && out.Answered() && (out.reset == 0 || out.byOriginator()) {
			found = a
		}
	})
	return found
}

// openAround tells whether the port accepted SYNs within a minute before this one's
// refusal, and behind it: what listens there was away for a moment, or a filter has a
// limit.
func (k *Case) openAround() bool {
	before, behind := false, false
	to := k.conn.Key.Addr(k.from)
	k.targets(k.from, 60e9, func(a *attempt, out outcome) {
		if a.rport == to.Port() && out.Answered() {
			before, behind = before || a.time < k.conn.FirstTime, behind || a.time > k.conn.FirstTime
		}
	})
	return before && behind
}

// livingOn finds a connection to the port that was begun before and still lives:
// the program that listened there has not ended, though it may listen no more.
func (k *Case) livingOn() *attempt {
	var found *attempt
	to := k.conn.Key.Addr(k.from)
	k.targets(k.from, math.MaxInt64, func(a *attempt, out outcome) {
		if a.rport == to.Port() && a.frame < k.trigger.Frame && out.Acked() && out.reset == 0 && !out.Closed() {
			found = a
		}
	})
	return found
}

// siblingSuccess tells whether another connection of the originator to the
// same host and port went well at the time.
func (k *Case) siblingSuccess() bool {
	ok := false
	to, port := k.conn.Key.Addr(1-k.conn.Orig).Addr(), k.conn.Key.Port(1-k.conn.Orig)
	k.tries(k.conn.Orig, 1e9, func(a *attempt, out outcome) {
		ok = ok || a.target() == to && a.rport == port && out.Acked()
	})
	return ok
}
