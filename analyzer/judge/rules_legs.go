package judge

import (
	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

// Causes that lie on another tuple than the reset's own.
var legRules = []*rule{{
	cause: cause.ProxyPropagatedReset,
	in:    connected | closing,
	need: func(k *Case) ([]Fact, bool) {
		if k.form != spontaneous {
			return nil, false
		}
		leg := k.otherLeg()
		if leg == nil {
			return nil, false
		}
		what := "its other leg is reset"
		if leg.phase == synOnly {
			what = "its attempt to connect onwards is refused"
		}
		return append([]Fact{
			factIn(leg.frame, "%v, the %s here: %s (connection %d)", leg.to, k.sender(), what, leg.id),
			fact(&k.R, "%s later it resets this one", duration(k.R.Time-leg.time)),
		}, k.abortFacts()...), true
	},
	strength: func(k *Case) cause.Strength {
		switch {
		case k.passesOn() && k.passedOn() >= 3:
			return cause.Likely
		case k.R.Time-k.otherLeg().time <= soon:
			return cause.Possible
		}
		return cause.Undetermined
	},
	open: "it may have passed on what happened to its other leg",
}, {
	cause: cause.NATBypass,
	in:    noSYN | closing,
	need: func(k *Case) ([]Fact, bool) {
		a := k.j.attempts.get(k.twin)
		if a == nil || k.trigger.Is(segment.SYN) {
			return nil, false
		}
		t := &k.trigger
		return []Fact{
			factIn(a.frame, "connection %d of the same host and port, with %v: its numbers", a.id, a.target()),
			fact(t, "a segment with those numbers from %v, which this host never spoke with: %s", k.conn.Key.Addr(1-k.from), k.brief(1-k.from, t)),
			fact(&k.R, "the reset takes its number from it"),
		}, true
	},
	open: "the segment belongs to a connection with another address: it may have escaped translation",
}, {
	// The answer to a SYN comes from where translation had sent that, past the
	// translator: both hosts are on one network, or a bridge does not ask it.
	cause: cause.NATBypass,
	in:    synAnswered | synReceived | handshaken | noSYN,
	again: true, // the SYN-ACK is sent again
	need: func(k *Case) ([]Fact, bool) {
		a := k.askedElsewhere()
		if a == nil {
			return nil, false
		}
		t := &k.trigger
		return []Fact{
			factIn(a.frame, "the SYN to %v, from the same port; nobody answers it there", a.target()),
			fact(t, "a SYN-ACK from %v acknowledges that SYN's number", k.conn.Key.Addr(1-k.from).Addr()),
			fact(&k.R, "the reset takes its number from it: the host has no connection with that address"),
		}, true
	},
	strength: always(cause.Likely),
	open:     "the SYN was sent to another address: the answer to it may have escaped translation",
}, {
	// The same where the answer comes from: the SYN came over the translator, the
	// reset did not.
	cause: cause.NATBypass,
	in:    synAnswered,
	need: func(k *Case) ([]Fact, bool) {
		if !k.refusesSYNACK() || !k.overOneRouter() || k.askedElsewhere() != nil {
			return nil, false
		}
		return append(k.synackFacts(), fact(&k.S.SYN, "it came over a router (TTL %d), the reset did not (TTL %d)", k.S.SYN.TTL, k.R.TTL)), true
	},
	open: "the SYN came over a router, the reset did not: it may have been for another address, which that translated",
}, {
	// On the far side of the NAT: a segment out of the window drew the reset, and
	// the connection goes on.
	cause: cause.NATBypass,
	in:    connected,
	by:    aDevice,
	need: func(k *Case) ([]Fact, bool) {
		s, lives := k.livesOn()
		if lives && (k.hostForm() || k.bareStack()) && !k.strayTrigger() {
			return []Fact{fact(&k.R, "the answer of the host's own stack to a segment that did not come by here"), s.fact()}, true
		}
		if !lives || !k.strayTrigger() {
			return nil, false
		}
		return append(k.provokedFacts(), factIn(k.trigger.Frame, "that segment lies outside of the window: connection tracking may not have translated it"),
			s.fact()), true
	},
	strength: func(k *Case) cause.Strength {
		if k.strayTrigger() {
			return cause.Possible
		}
		return cause.Undetermined
	},
	open: "a translating host that did not know the segment answers with its own stack",
}, {
	// What a bypass leaves behind: the far end was reset on its own tuple, and
	// answers the rest of the connection on the translated one.
	cause: cause.SecondaryReset,
	in:    connected | closing,
	need: func(k *Case) ([]Fact, bool) {
		if k.form != provoked || k.R.Is(segment.ACK) {
			return nil, false
		}
		x := k.bypass()
		if x == nil {
			return nil, false
		}
		return append([]Fact{factIn(x.frame, "an earlier reset by the same host and port, to %v: a segment of this connection that had escaped translation drew it", x.to)}, k.provokedFacts()...), true
	},
	strength: always(cause.Likely),
	open:     "an earlier reset on the untranslated addresses had ended the connection",
}}

// overOneRouter tells whether the SYN came over one router, and the reset over none: the
// router's own stack may have refused what it should have translated, or the host on
// whose link it is.
func (k *Case) overOneRouter() bool { return initial(k.R.TTL) && hops(k.S.SYN.TTL) == 1 }

// askedElsewhere finds the SYN of the reset's sender, to another address, whose
// number the SYN-ACK acknowledges that drew the reset. Its own SYN to the address
// may have been captured once more, right behind it and a hop on, translated.
func (k *Case) askedElsewhere() *attempt {
	a := k.j.attempts.get(k.twin)
	if a == nil || !k.trigger.Is(segment.SYN) {
		return nil
	}
	if k.S.SYNs > 0 && (abs(k.S.SYN.Time-a.time) > allowance || hops(k.S.SYN.TTL) != hops(k.R.TTL)+1) {
		return nil // a scanner gives many SYNs the same number
	}
	scans := false
	k.tries(k.from, scanWindow, func(b *attempt, _ outcome) {
		scans = scans || b.oport == a.oport && b.id != a.id && (b.to != a.to || b.rport != a.rport)
	})
	if scans {
		return nil // so it does, where the capture lost the SYN to this one
	}
	return a
}

// strayTrigger tells whether what drew the reset lies outside of the window.
func (k *Case) strayTrigger() bool {
	t := &k.trigger
	far := k.S.Knows(flow.KnowsAck) && t.Seq.Minus(k.S.Ack) > usualWindow
	if k.conn.Windows() && k.S.Knows(flow.KnowsEdge) {
		far = t.Seq.After(k.S.Edge + 1<<16)
	}
	return k.form == provoked && (t.Has(flow.Aimless) || t.Has(flow.Ahead) && far)
}

// usualWindow is more than what buffers have without somebody's care; it counts
// where the window is not known.
const usualWindow = 1 << 20

// legWindow is how soon, in nanoseconds, a proxy passes a failure on, also on a
// busy machine; soon, on one that is not.
const (
	legWindow = int64(1e9)
	soon      = int64(50e6)
)

// otherLeg finds the failure that the sender may have passed on: the last reset
// that it got as the originator of another connection before, when it is the
// responder here, or the other way round, and had nothing else to say here
// between.
func (k *Case) otherLeg() *recent {
	leg, _ := k.legs()
	return leg
}

// legs gives the other leg, and how many there are within legWindow of which it
// is the last.
func (k *Case) legs() (last *recent, n int) {
	me, host := k.conn.Key.Addr(k.from).Addr(), k.positionOf() == atSender
	said := int64(0)
	if d := &k.S.LastData; d.Exists() {
		said = d.Time
	}
	k.around(legWindow, func(x *recent) {
		if x.time > k.R.Time || x.frame >= k.R.Frame || x.id == k.conn.ID || x.to.Addr() != me && !(host && x.gotHere) || x.toOrig == k.byOriginator() ||
			x.from.Addr() == k.conn.Key.Addr(1-k.from).Addr() {
			return
		}
		n++
		if x.time >= said && (last == nil || x.time > last.time) {
			last = x
		}
	})
	return last, n
}

// passesOn tells whether the reset follows that of the other leg sooner than by
// chance: on a busy proxy one leg or another fails all the time.
func (k *Case) passesOn() bool {
	leg, n := k.legs()
	return leg != nil && (k.R.Time-leg.time)*int64(n) <= legWindow/10
}

// passedOn counts the resets of the sender that followed one of another leg of
// its, this one too.
func (k *Case) passedOn() int {
	n := 1
	r := &k.j.recents
	me := k.conn.Key.Addr(k.from).Addr()
	for i := r.n - 1; i >= max(0, r.n-maxRecent); i-- {
		if x := &r.list[i%maxRecent]; x.id != k.conn.ID && x.from.Addr() == me && x.passedOn {
			n++
		}
	}
	return n
}

// bypass finds an earlier reset by the receiver's host and port that a segment
// of this connection had drawn on other addresses.
func (k *Case) bypass() *recent {
	var found *recent
	peer := k.conn.Key.Addr(1 - k.from)
	k.around(scanWindow, func(x *recent) {
		if x.bypass && x.time <= k.R.Time && x.id != k.conn.ID && x.from == peer {
			found = x
		}
	})
	return found
}
