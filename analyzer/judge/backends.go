package judge

import (
	"rstlab/analyzer/flow"
)

// Two hosts behind one address show by their timestamp clocks, if those can be
// compared at all. A stack may draw an offset for each connection, by addresses
// and ports (Linux 4.10 and newer kernels again, FreeBSD): then every connection
// has a clock of its own, and clocks that differ say nothing. Others have one
// offset for each pair of addresses (Linux from 4.11 on, secure_tcp_ts_off()) or
// none: then all connections from one client lie on one line of a host's.
// Connections of one client that lie on one line rule the former out, for drawn
// offsets do not meet; two such lines are two hosts, or one that began anew,
// unless the first comes again behind the second. What is left is a translator
// that gives the client several addresses before a single server.

// A reading is what an end's timestamp clock showed.
type reading struct {
	ts uint32
	at int64 // nanoseconds since 1970; 0: none
}

// responderClock is the first reading of a connection's responder, as far as that
// has come.
func responderClock(e *flow.Entry, c flow.Course) (r reading) {
	if !c.Clock() {
		return r
	}
	if ts, at, ok := e.Clock(int(1 - c.Orig())); ok {
		r = reading{ts, at}
	}
	return r
}

// clockRates are how often, per second, the clocks of stacks tick. A wrong one
// does no harm: by it the readings of one clock drift, and none comes back to
// where it was.
var clockRates = []int64{1000, 250, 100, 10}

// clocksKept is how long before a reset, in nanoseconds, clocks are compared.
const clocksKept = int64(300e9)

// with tells whether two readings are of one clock that ticks at a rate, give or
// take a second for what packets wait and a thousandth for drift.
func (r reading) with(x reading, rate int64) bool {
	d := x.at - r.at
	off := int64(int32(x.ts - r.ts - uint32(d/1e6*rate/1000)))
	return abs(off) <= rate+abs(d)/1e9*rate/1000
}

// twoBackends finds connections that show two hosts behind the responder's
// address: the last or first one on the clock that this connection had, and two
// on another clock, of which one was read between two readings of the first.
func (k *Case) twoBackends() (same, other, again *attempt) {
	own := reading{k.S.LastTS, k.S.LastTSAt}
	if k.byOriginator() || own.at == 0 {
		return nil, nil, nil
	}
	list := k.backends()
	for _, rate := range clockRates {
		same = nil
		from, to := own.at, own.at
		for i := range list { // the newest first
			x := list[i]
			if !x.clock.with(own, rate) {
				continue
			}
			if same == nil || x.clock.at < from && to == own.at {
				same = x
			}
			from, to = min(from, x.clock.at), max(to, x.clock.at)
		}
		for i := range list {
			other = list[i]
			if other.clock.at <= from || other.clock.at >= to || other.clock.with(own, rate) {
				continue
			}
			for n := range list {
				if again = list[n]; n != i && again.clock.with(other.clock, rate) {
					return same, other, again
				}
			}
		}
	}
	return nil, nil, nil
}

// backends are the other connections to the responder's port from the
// originator's address whose responder's clock was read.
func (k *Case) backends() (list []*attempt) {
	o := k.conn.Orig
	to := k.conn.Key.Addr(1 - o)
	for _, a := range k.by(o) {
		if a.time < k.R.Time-clocksKept {
			break
		}
		if a.id != k.conn.ID && a.target() == to.Addr() && a.rport == to.Port() && a.clock.at != 0 {
			list = append(list, a)
		}
	}
	return list
}

// backendFacts are what shows two hosts behind the address.
func (k *Case) backendFacts() []Fact {
	same, other, again := k.twoBackends()
	if same == nil {
		return nil
	}
	return []Fact{
		factIn(same.frame, "this SYN to the port met the host that had the connection: timestamp %d is of the same clock", same.clock.ts),
		factIn(other.frame, "this one met another host: timestamp %d is of another clock, between two readings of the first", other.clock.ts),
		factIn(again.frame, "and so did this one: timestamp %d", again.clock.ts),
	}
}

// switched tells whether two hosts are behind the address, and the first had no
// time to begin anew before the reset.
func (k *Case) switched() bool {
	same, _, _ := k.twoBackends()
	return same != nil && (same.clock.at > k.R.Time || k.R.Time-k.S.LastTSAt < flow.MinPause)
}
