package judge

import (
	"fmt"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

var deviceRules = []*rule{{
	cause: cause.OptionIntolerance,
	in:    synOnly,
	by:    aDevice,
	again: true,
	need: func(k *Case) ([]Fact, bool) {
		if k.form != provoked || !k.trigger.Is(segment.SYN) || !k.P.Knows(flow.SYNFeature) {
			return nil, false
		}
		facts := []Fact{fact(&k.trigger, "the SYN asks for something that a device may not know: %s", k.feature()), fact(&k.R, "the reset answers it")}
		if a := k.plainSuccess(); a != nil {
			facts = append(facts, factIn(a.frame, "a SYN without it to the same port is let in"))
		}
		return facts, true
	},
	strength: func(k *Case) cause.Strength {
		switch {
		case k.plainSuccess() == nil:
			return cause.Undetermined
		case k.refusedInTurn():
			return cause.Likely
		}
		return cause.Possible // or the service began in the meantime
	},
	open: "the SYN asks for a feature that some devices refuse",
}, {
	cause: cause.FirewallRejectSyn,
	in:    synOnly | synAnswered,
	by:    aDevice,
	again: true,
	need: func(k *Case) ([]Fact, bool) {
		answers := k.trigger.Is(segment.SYN) && !k.trigger.Is(segment.ACK) && k.form == provoked
		if !answers && !k.bareAtSYN() {
			return nil, false
		}
		var facts []Fact
		if answers {
			facts = append(facts, fact(&k.trigger, "the SYN"))
			if k.phase == synAnswered {
				facts = append(facts, fact(&k.S.SYN, "the %s's own SYN to the same port: its socket would answer by a SYN-ACK (RFC 9293, 3.5)", k.sender()))
			}
		} else {
			facts = append(facts, factIn(k.P.LastSYN.Frame, "the SYN"))
		}
		if k.dropsDSCP() {
			facts = append(facts, fact(&k.R, "DSCP 0 where the SYN had %d: a Linux stack copies it, a filter on the same host does not", k.trigger.TOS>>2))
		}
		return append(facts, k.signFacts()...), true
	},
	refuted: func(k *Case) (string, []uint32) {
		if s, ok := k.synackToo(); ok {
			return "a SYN-ACK to the same SYN came as well", []uint32{s.frame}
		}
		return "", nil
	},
	strength: func(k *Case) cause.Strength {
		if k.P.Knows(flow.SYNFeature) && k.plainSuccess() != nil {
			return min(against(k.signList), cause.Possible) // a rule would have met the SYN without the feature too
		}
		if k.phase == synAnswered || k.dropsDSCP() {
			return max(against(k.signList), cause.Possible)
		}
		return against(k.signList)
	},
	open: "a packet filter that rejects answers like this",
}, {
	// As port-closed, of which nothing but the refusal was captured.
	cause: cause.FirewallRejectSyn,
	in:    alone,
	by:    aDevice,
	need: func(k *Case) ([]Fact, bool) {
		return []Fact{fact(&k.R, "number 0 and an acknowledgment")}, k.refusesUnseen()
	},
	strength: always(cause.Undetermined),
	open:     "a packet filter that rejects a SYN answers like this",
}, {
	cause: cause.InlinePolicyReset,
	in:    connected | ending,
	by:    aDevice,
	again: true,
	need: func(k *Case) ([]Fact, bool) {
		if _, ok := k.notDelivered(); !ok && len(k.signList) == 0 && (k.follows() || !k.firstAnswer()) {
			return nil, false
		}
		if k.deliveredToo() {
			return nil, false
		}
		return k.deviceFacts(), true
	},
	refuted: (*Case).ownHeader,
	strength: func(k *Case) cause.Strength {
		if _, ok := k.notDelivered(); !ok {
			return cause.Undetermined
		}
		if k.tableLost() && (!k.S.Knows(flow.HasFIN) || k.keptHere() != nil) {
			return cause.Undetermined // a device that lost its table is the simpler explanation
		}
		if k.otherHost() && k.keptHere() == nil {
			return cause.Possible // another host behind the address, which did not know the connection
		}
		// What it refuses out of a pause, or without payload, it may not know any more.
		if d, _ := k.idle(); k.keptHere() != nil && (d > 0 || k.keptHere().Len == 0 || !k.firstPayload(k.keptHere()) && !k.refusedBefore() || k.earlier() != nil) {
			return cause.Possible
		}
		if k.tookOtherWay() {
			return cause.Possible
		}
		return cause.Likely
	},
	open: "a device on the path could have kept the triggering segment back as well",
}, {
	cause: cause.RewrittenReset,
	in:    connected | ending,
	by:    aDevice,
	need: func(k *Case) ([]Fact, bool) {
		s, lives := k.livesOn()
		if !lives || k.badSum() || k.signed || !k.nextID() && !k.inClock() {
			return nil, false
		}
		return append(k.headerFacts(), s.fact()), true
	},
	strength: func(k *Case) cause.Strength {
		if (k.usedUpID() || k.gap() != nil) && !k.evading {
			return cause.Possible
		}
		return cause.Undetermined
	},
	open: "it sits in the sender's own chain and the sender goes on: a genuine segment may have been turned into it",
}, {
	cause: cause.MiddleboxIdleTimeout,
	in:    connected | closing | closedBoth,
	by:    aDevice,
	need: func(k *Case) ([]Fact, bool) {
		d, until := k.idle()
		if d < idleFloor && !(k.outOfPause() && len(k.signList) > 0) || k.form == neither && against(k.signList) < cause.Likely || k.inChain() || k.inClock() || k.oddProbe() || k.bearsCode(idleCodes...) {
			return nil, false
		}
		return []Fact{
			factIn(k.beforePause(), "the last packet before the pause"),
			factIn(until, "the first after %s of silence in both directions", duration(d)),
			fact(&k.R, "the reset"),
		}, true
	},
	refuted: func(k *Case) (string, []uint32) {
		if d, _ := k.idle(); d >= idleFloor && k.nextID() && k.form == spontaneous {
			return fmt.Sprintf("IP identification %d continues the %s's packets by one", k.R.ID, k.sender()), []uint32{k.R.Frame}
		}
		return "", nil
	},
	strength: func(k *Case) cause.Strength {
		d, _ := k.idle()
		if k.outstanding() || k.survived() >= d-d/50 {
			return cause.Undetermined // no such pause, or one as long did no harm before
		}
		if k.phase&ending != 0 && against(k.signList) < cause.Likely {
			return cause.Undetermined // stacks have timers of their own there
		}
		if against(k.signList) == cause.Likely && d >= idleFloor {
			if isAbout(d, knownIdleLimits...) {
				return cause.Likely
			}
			return cause.Possible
		}
		if !isAbout(d, knownIdleLimits...) {
			return cause.Undetermined
		}
		// A program's own timer writes its socket's header.
		if k.j.sameIdle(k, d) >= 3 && (!k.R.Is(segment.ACK) || len(k.signList) > 0) || k.bothAtOnce() != nil {
			return cause.Likely
		}
		return cause.Undetermined
	},
	open: "a device that forgets idle connections resets like this",
}, {
	cause: cause.InjectedReset,
	in:    anyPhase &^ alone,
	by:    aDevice,
	again: true,
	need: func(k *Case) ([]Fact, bool) {
		if k.evading {
			return k.deviceFacts(), true
		}
		_, two := k.twoHosts()
		if len(k.signList) == 0 || k.phase == synOnly && against(k.signList) < cause.Likely && !two {
			return nil, false
		}
		return k.deviceFacts(), true
	},
	refuted: (*Case).ownHeader,
	strength: func(k *Case) cause.Strength {
		switch s := against(k.signList); {
		case s == cause.Likely && k.phase == synOnly:
			if _, ok := k.synackToo(); !ok {
				return cause.Undetermined // a filter that rejects the SYN is the simpler explanation
			}
			return s
		case s == cause.Likely && k.usedUpID():
			return cause.Undetermined // it took the place of a genuine packet
		case k.strayTrigger():
			return cause.Undetermined // a stack that does not know the connection answers like this
		case s == cause.Likely && k.tableLost():
			return cause.Undetermined // who is after one connection does not reset those of many hosts at once
		case s == cause.Likely && (!k.beside() || k.outOfPause() || k.bareStack() || k.fallsShort() || k.hitsEarly()):
			return cause.Possible // that a device sent it is likely; which kind of device is open
		case s == cause.Likely:
			return s
		case k.form == neither && k.conn.Missing == 0, k.livesOnSign() != nil:
			return cause.Possible
		}
		return cause.Undetermined
	},
	open: "something speaks against the address that it bears",
}, {
	cause: cause.MiddleboxStateLoss,
	in:    connected | ending,
	by:    aDevice,
	again: true, // it refuses all that is on its way
	need: func(k *Case) ([]Fact, bool) {
		if k.follows() && !k.unknownTo(k.earlier()) {
			return nil, false
		}
		if k.form != provoked || k.R.Is(segment.ACK) || k.trigger.Is(segment.SYN) || k.phase == handshaken && k.S.Packets == 0 || k.S.Knows(flow.HasFIN) && k.keptHere() == nil && !k.lateFIN() || k.oddProbe() {
			return nil, false
		}
		facts := k.provokedFacts()
		if n := k.lostTogether().n; n > 1 {
			facts = append(facts, fact(&k.R, "one of %d connections reset like this within a second", n))
		}
		return facts, true
	},
	strength: func(k *Case) cause.Strength {
		if k.tableLost() {
			return cause.Possible
		}
		return cause.Undetermined
	},
	open: "a device that lost its table rejects what it no longer knows like this",
}, {
	// A device sees the SYN-ACK of a connection whose SYN went another way.
	cause: cause.MiddleboxStateLoss,
	in:    synAnswered,
	by:    aDevice,
	again: true,
	need: func(k *Case) ([]Fact, bool) {
		syn := k.asksAgain()
		if syn == nil || hops(k.S.SYN.TTL) == hops(k.R.TTL) {
			return nil, false
		}
		return append(k.synackFacts(),
			fact(&k.R, "it came over %d hops, the SYN over %d", hops(k.R.TTL), hops(k.S.SYN.TTL)),
			fact(syn, "the %s sends its SYN again: it has not got the SYN-ACK, and has its socket", k.sender())), true
	},
	open: "a device that knows of no SYN refuses the SYN-ACK like this",
}, {
	cause: cause.BackendSwitch,
	in:    connected | closing,
	need: func(k *Case) ([]Fact, bool) {
		if k.form != provoked || k.R.Is(segment.ACK) || k.trigger.Is(segment.SYN) || k.S.Packets == 0 || k.S.Knows(flow.HasFIN) {
			return nil, false
		}
		backends := append(k.backendFacts(), k.twoHostsFacts()...)
		if _, _, ok := k.unlikeTTL(); !ok && backends == nil && !(k.otherHost() && k.livesOnSign() != nil && !k.byOriginator()) {
			return nil, false
		}
		return append(append(k.provokedFacts(), backends...), k.signFacts()...), true
	},
	strength: func(k *Case) cause.Strength {
		if _, two := k.twoHosts(); two {
			return cause.Possible
		}
		// A pause, its host or a device may have lost the connection as well.
		if d, _ := k.idle(); d >= idleFloor || k.silentDeath() || k.lostTogether().n >= 10 || !k.switched() {
			return cause.Undetermined
		}
		return cause.Likely
	},
	open: "another host behind the same address may have got the segment",
}}

// tableLost tells whether the reset is one of many at the moment that a device
// does not know any more what crosses it: of one host's connections that host
// itself may have forgotten all, unless a device is seen to refuse, and what
// carried nothing may be a scanner's probe.
func (k *Case) tableLost() bool {
	if k.form != provoked || k.R.Is(segment.ACK) || k.trigger.Is(segment.SYN) || k.S.Packets == 0 && k.P.Payload == 0 || k.inChain() || k.justMade() {
		return false
	}
	l := k.lostTogether()
	return l.n >= 10 && (l.elsewhere || against(k.signList) == cause.Likely)
}

// justMade tells whether the reset refuses the end of the handshake, or the first
// request right behind it: a device forgets what it knew, and not, time and again,
// what it has just learnt.
func (k *Case) justMade() bool {
	syn := &k.S.SYN
	return k.phase == handshaken && syn.Exists() && !k.S.FirstACK.Exists() && k.R.Time-syn.Time <= max(2*k.P.RTT.Min, 100*ms)
}

// ownHeader says that the sender's own socket wrote the reset: its counter and
// clock go on in it, and it is silent afterwards.
func (k *Case) ownHeader() (string, []uint32) {
	if _, lives := k.livesOn(); !lives && k.nextID() && k.inClock() && len(k.signList) == 0 {
		return fmt.Sprintf("IP identification and timestamp continue the %s's, which is silent afterwards", k.sender()), []uint32{k.R.Frame}
	}
	return "", nil
}

// firstPayload tells whether a segment is the first payload of its sender: a device
// has not forgotten the handshake yet.
func (k *Case) firstPayload(s *flow.Segment) bool {
	return s.Len > 0 && k.P.Knows(flow.KnowsISN) && s.Seq == k.P.ISN+1
}

// refusedBefore tells whether other connections to that address had been refused like
// this one before it began: a device that has lost its table knows those that begin
// then.
func (k *Case) refusedBefore() bool {
	if !k.conn.Seen || k.form != provoked || k.phase&(connected|ending) == 0 {
		return false
	}
	found := false
	k.around(scanWindow, func(x *recent) {
		found = found || x.id != k.conn.ID && x.form == provoked && x.phase&connected != 0 && x.from == k.conn.Key.Addr(k.from) && x.time < k.conn.FirstTime
	})
	return found
}

// tookOtherWay tells whether the segment that the reset answers went by another
// interface than all that its sender had sent before, of a host that sees each packet
// once: it took a way that the connection had not taken.
func (k *Case) tookOtherWay() bool {
	t := k.answers()
	if t == nil || t.Tap == 0 || k.conn.Copies > 0 {
		return false
	}
	n := 0
	for i := range flow.RingLen {
		s := k.P.Last(i)
		if s == nil {
			break
		}
		if s.Frame >= t.Frame {
			continue
		}
		if s.Tap == t.Tap || s.Tap == 0 {
			return false
		}
		n++
	}
	return n > 0
}

// firstAnswer tells whether the reset is the responder's first answer to what
// the originator sent: policy acts at that moment as well (causes.md, 4.2, step
// 7).
func (k *Case) firstAnswer() bool {
	return k.phase == handshaken && !k.byOriginator() && (k.form == spontaneous || k.form == provoked && k.trigger.Len > 0) && k.P.FirstData.Exists() && !k.inChain() && !k.inClock()
}

// beside tells whether the device shows itself as one that lets the real
// traffic pass: that goes on after the reset, or the resets come in numbers, as
// they do from one which has to win a race, or bear such a device's mark.
func (k *Case) beside() bool {
	if k.deliveredToo() || k.fingerprint() != "" || k.position == notItsOwn {
		return true
	}
	if k.keptHere() != nil {
		return false
	}
	again := false
	k.after(k.from, func(s *flow.Segment) bool {
		again = again || s.Is(segment.RST) && !s.Has(flow.Copy) && s.Is(segment.ACK) == k.R.Is(segment.ACK)
		return !again
	})
	_, kept := k.notDelivered()
	return again || k.goesOn(0) != nil && !kept && k.gap() == nil // the order is of no importance here
}

// bareStack tells whether the reset is what a stack answers that knows of no
// connection, and what it would answer did not come by here: a translator's own
// stack may have got a segment that it should have passed on.
func (k *Case) bareStack() bool {
	return k.stackForm() && k.answers() == nil && k.livesOnSign() != nil && k.R.Seq == k.P.Ack
}

// bothAtOnce finds the reset in the other end's name at the same moment after a
// pause, where neither end's own socket shows and neither can have drawn the
// other: no stack answers a reset (causes.md, 2.2).
func (k *Case) bothAtOnce() *flow.Segment {
	if d, _ := k.idle(); d < flow.MinPause || k.form == provoked || k.inChain() || k.inClock() {
		return nil
	}
	if e := k.earlier(); e != nil && e.From != k.from && k.R.Time-e.Time <= shuffle {
		return &e.Segment
	}
	var found *flow.Segment
	k.after(1-k.from, func(s *flow.Segment) bool {
		if s.Time-k.R.Time <= shuffle && s.Is(segment.RST) && !s.Has(flow.Copy) && s.Seq == k.P.Nxt {
			found = s
		}
		return found == nil
	})
	return found
}

// outOfPause tells whether the reset came out of a silence, with nothing that
// it could answer: the silence itself may be why.
func (k *Case) outOfPause() bool {
	d, until := k.idle()
	return d >= flow.MinPause && until == k.R.Frame
}

// outstanding tells whether the reset came out of a pause that the connection
// can't have had: payload of the receiver's was not acknowledged, and no stack
// leaves it at that. Packets are missing, or the clock of the capture was set.
func (k *Case) outstanding() bool {
	d := &k.P.LastData
	return k.outOfPause() && k.S.Knows(flow.KnowsAck) && d.Exists() && d.End().After(k.S.Ack) && !d.Has(flow.Probe)
}

// gap finds what the sender goes on with after the reset, where that leaves
// out just what should stand at the reset's number: a segment that the reset
// may have been.
func (k *Case) gap() *flow.Segment {
	var next *flow.Segment
	k.after(k.from, func(s *flow.Segment) bool {
		if s.Is(segment.RST) || s.Has(flow.Copy) || s.Len == 0 {
			return true
		}
		next = s
		return false
	})
	if next == nil || k.R.Seq != k.S.Nxt || !next.Seq.After(k.R.Seq) || !next.Has(flow.Ahead) {
		return nil
	}
	return next
}

// usedUpID tells whether the reset took the place of a genuine packet: it
// continues the sender's identification, and the next packet of the sender
// goes on after it; no forger makes a sender skip one.
func (k *Case) usedUpID() bool {
	var next *flow.Segment
	k.after(k.from, func(s *flow.Segment) bool {
		if !s.Has(flow.Copy) && !s.Is(segment.RST) {
			next = s
		}
		return next == nil
	})
	return next != nil && k.nextID() && next.ID == k.R.ID+1
}

// outOfLongPause tells whether a reset came out of a pause in which a device may have
// forgotten the connection, and nothing shows that the sender's own socket wrote it.
func (k *Case) outOfLongPause() bool {
	d, until := k.idle()
	return d >= idleFloor && until == k.R.Frame && !k.nextID() && !k.inClock()
}

// idleFloor is the shortest pause, in nanoseconds, that says something: a
// shorter one a slow program or user makes anywhere.
const idleFloor = int64(59e9)

// knownIdleLimits are times, in nanoseconds, after which devices forget idle
// connections by default (causes.md, 1.7).
var knownIdleLimits = []int64{60e9, 120e9, 180e9, 240e9, 300e9, 350e9, 600e9, 900e9, 1800e9, 3600e9}

// signFacts are the signs as facts.
func (k *Case) signFacts() []Fact {
	var facts []Fact
	for _, s := range k.signList {
		facts = append(facts, s.fact())
	}
	return facts
}

// deviceFacts are the reset, what it answers, and the signs.
func (k *Case) deviceFacts() []Fact {
	var facts []Fact
	if t := k.answers(); t != nil {
		facts = append(facts, fact(t, "the %s's segment that the reset answers: %s", k.receiver(), k.brief(1-k.from, t)))
	}
	if k.phase == synOnly {
		facts = append(facts, factIn(k.P.LastSYN.Frame, "the SYN"))
	}
	facts = append(facts, fact(&k.R, "the reset in the name of the %s, number %d", k.sender(), k.rel(k.from, k.R.Seq)))
	return append(facts, k.signFacts()...)
}

// deliveredToo tells whether the named sender shows, after the reset, that it
// got the segment that the reset answers: the device let it pass.
func (k *Case) deliveredToo() bool {
	t := k.answers()
	if t == nil || t.End() == t.Seq || t.Has(flow.Again) || k.keptHere() != nil {
		return false // of what was sent again it may have got the first
	}
	got := false
	k.after(k.from, func(s *flow.Segment) bool {
		got = got || !s.Is(segment.RST) && s.Is(segment.ACK) && !s.Ack.Before(t.End())
		return !got
	})
	return got
}

// bareAtSYN tells whether a bare RST stands behind nothing but a SYN.
func (k *Case) bareAtSYN() bool {
	return !k.R.Is(segment.ACK) && k.phase == synOnly && k.P.Packets == uint32(k.P.SYNs)
}

// feature names what a SYN asks for beyond the usual.
func (k *Case) feature() string {
	s := &k.P.SYN
	switch {
	case s.Flags&(segment.ECE|segment.CWR) != 0:
		return "ECN"
	case s.Len > 0:
		return "fast open data"
	case k.conn.MPTCP.Capable || k.conn.MPTCP.Join:
		return "MPTCP"
	}
	return "reserved bits or options"
}

// plainSuccess finds a later SYN of the originator to the same port without
// the feature that was accepted.
func (k *Case) plainSuccess() *attempt {
	var found *attempt
	to, port := k.conn.Key.Addr(k.from).Addr(), k.conn.Key.Port(k.from)
	k.tries(1-k.from, 10e9, func(a *attempt, out outcome) {
		if a.target() == to && a.rport == port && out.Answered() && !a.feature && a.time > k.conn.FirstTime {
			found = a
		}
	})
	return found
}

// refusedInTurn tells whether the port refused SYNs with a feature both before and
// after it let one in without.
func (k *Case) refusedInTurn() bool {
	to, port := k.conn.Key.Addr(k.from).Addr(), k.conn.Key.Port(k.from)
	first, last := k.conn.FirstTime, k.conn.FirstTime
	k.tries(1-k.from, 10e9, func(a *attempt, out outcome) {
		if a.target() == to && a.rport == port && out.reset != 0 && !out.Answered() && a.feature {
			first, last = min(first, a.time), max(last, a.time)
		}
	})
	between := false
	k.tries(1-k.from, 10e9, func(a *attempt, out outcome) {
		between = between || a.target() == to && a.rport == port && out.Answered() && !a.feature && a.time > first && a.time < last
	})
	return between
}

// losses are connections that bare resets ended at about the same time.
type losses struct {
	n         int  // this one too; 0: not counted yet
	elsewhere bool // some of them in another's name
}

// lostTogether counts the connections that a bare RST ended within the same
// second, whoever sent it.
func (k *Case) lostTogether() losses {
	l := &k.lost
	if l.n > 0 {
		return *l
	}
	l.n = 1
	late := false // it began when others had been reset already: a device knew it that had lost its table before
	k.around(5e8, func(x *recent) {
		if x.id != k.conn.ID && x.form == provoked && x.phase&connected != 0 {
			l.n++
			l.elsewhere = l.elsewhere || x.from.Addr() != k.conn.Key.Addr(k.from).Addr()
			late = late || x.time < k.conn.FirstTime
		}
	})
	if late {
		*l = losses{n: 1}
	}
	return *l
}

// beforePause is the last frame before the pause that idle found.
func (k *Case) beforePause() uint32 {
	if d := k.R.Time - k.conn.LastTime; d >= flow.MinPause {
		var last uint32
		for i := range k.conn.Sides {
			if l := k.conn.Sides[i].Last(0); l != nil {
				last = max(last, l.Frame)
			}
		}
		return last
	}
	return k.conn.Pause.Before
}
