package judge

import (
	"fmt"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

var secondaryRules = []*rule{{
	cause: cause.SecondaryReset,
	in:    anyPhase &^ alone,
	again: true,
	need: func(k *Case) ([]Fact, bool) {
		e := k.earlier()
		if _, too := k.refusesToo(); e == nil || too || k.refusedAgain(e) || k.unknownTo(e) || k.oddProbe() && e.From == k.from {
			return nil, false
		}
		if k.form != provoked {
			return k.answersUnseen(e)
		}
		t := &k.trigger
		facts := []Fact{fact(&e.Segment, "an earlier reset, in the name of the %s", k.name(e.From))}
		if k.challenges(t, e) {
			facts = append(facts, fact(t, "the %s challenges it: %s", k.receiver(), k.brief(1-k.from, t)))
		} else {
			facts = append(facts, fact(t, "the %s's %s was on its way", k.receiver(), k.brief(1-k.from, t)))
		}
		return append(facts, fact(&k.R, "the reset takes its number, %d, from that segment's acknowledgment", k.rel(k.from, k.R.Seq))), true
	},
	strength: func(k *Case) cause.Strength {
		if k.form != provoked || k.changedPlaces(k.earlier()) || k.trigger.Frame > k.R.Frame {
			return cause.Possible
		}
		return cause.Proven
	},
	open: "an earlier reset had ended the connection already",
}, {
	// A device resets both ends: the one in whose name it did so here, too.
	cause: cause.SecondaryReset,
	in:    connected,
	again: true,
	need: func(k *Case) ([]Fact, bool) {
		e := k.earlier()
		if e == nil || !k.unknownTo(e) || k.form != provoked || k.R.Is(segment.ACK) || len(k.signList) > 0 || !k.prompt(&k.trigger) {
			return nil, false
		}
		return append([]Fact{fact(&e.Segment, "an earlier reset, which a device sent in this name")}, k.provokedFacts()...), true
	},
	open: "a device that resets one end resets the other mostly too, and that answers what is on its way like this",
}, {
	// The stack had been told that the connection is over by a reset that did not
	// come by here, and the FIN is as false as that one was.
	cause: cause.SecondaryReset,
	in:    ending,
	need: func(k *Case) ([]Fact, bool) {
		if k.form != provoked || k.R.Is(segment.ACK) || !k.oddFIN() || k.earlier() != nil {
			return nil, false
		}
		return append([]Fact{fact(&k.S.FIN, "a FIN without the timestamp that the %s's other segments bear", k.sender())}, k.provokedFacts()...), true
	},
	strength: always(cause.Undetermined),
	open:     "the FIN before it bears no timestamp: it may be forged, and the socket be gone",
}}

// challenges tells whether an ACK can be the peer's answer to an earlier reset of
// the sender's (RFC 5961, 3.2): it says nothing new, and comes no sooner than the
// way to the peer and back allows.
func (k *Case) challenges(t *flow.Segment, e *flow.Reset) bool {
	return t.Pure() && e.From == k.from && t.Frame > e.Frame && t.Time-e.Time >= k.P.RTT.Min*8/10 && !k.firstToAck(t)
}

// firstToAck tells whether an ACK of the peer's, still remembered, is the first of
// them to acknowledge what it does.
func (k *Case) firstToAck(t *flow.Segment) bool {
	for i := range flow.RingLen {
		if s := k.P.Last(i); s != nil && s.Frame < t.Frame && s.Is(segment.ACK) && !s.Is(segment.RST) {
			return s.Ack.Before(t.Ack)
		}
	}
	return false
}

// answersUnseen are the facts of a bare reset behind another whose trigger is
// not at hand: a stack without the connection answers all that was on its way,
// each by its own acknowledgment, and not all of that was captured or is
// remembered.
func (k *Case) answersUnseen(e *flow.Reset) ([]Fact, bool) {
	if k.R.Is(segment.ACK) || !k.S.Knows(flow.KnowsNxt) || !k.S.Knows(flow.KnowsUna) && k.P.Packets > 0 {
		return nil, false
	}
	n, what := k.R.Seq, ""
	switch lag := k.S.Una.Minus(n); {
	case n == k.S.Nxt && e.From == k.from && (n != e.Seq || k.behindAbort(e)), n == k.S.Nxt && e.From != k.from && k.conn.Accepts(k.from, &e.Segment) == flow.Yes:
		what = "its sender's next number"
	case k.S.Knows(flow.KnowsUna) && lag >= 0 && lag < 1<<20 && (k.conn.Missing > 0 || k.drops || k.forgotFlight() || e.From == k.from && e.Is(segment.ACK)):
		what = "a number that had been acknowledged before"
	default:
		return nil, false
	}
	return []Fact{
		fact(&e.Segment, "an earlier reset, in the name of the %s", k.name(e.From)),
		fact(&k.R, "the reset bears %d, %s: the segment that it answers is not at hand", k.rel(k.from, n), what),
	}, true
}

// behindAbort tells whether the reset, a bare one, follows an abort of its
// sender's that bears an ACK, perhaps with others like it between, and nothing of
// the peer was captured, or the stack is Linux's, which writes no other aborts: it
// may answer what was on its way.
func (k *Case) behindAbort(e *flow.Reset) bool {
	if k.P.Packets > 0 && !k.linux() || e.From != k.from || k.R.Is(segment.ACK) {
		return false
	}
	for i := k.conn.Revived; i < min(k.conn.NumResets, flow.MaxResets); i++ {
		if r := &k.conn.Resets[i]; r.From == k.from && r.Is(segment.ACK) {
			return true
		}
	}
	return false
}

// stackGoesOn tells whether the reset, with another number than the one before of
// which the verdict is that an end sent it, is that end's answer to something
// else and no mere repetition.
func (k *Case) stackGoesOn(e *flow.Reset, first *Verdict) bool {
	if first.Sender == Middlebox || k.form == provoked || k.R.Seq == e.Seq && !k.behindAbort(e) {
		return false
	}
	_, ok := k.answersUnseen(e)
	return ok
}

// forgotFlight tells whether more of the peer's segments can have been on their
// way than are remembered.
func (k *Case) forgotFlight() bool {
	oldest := k.P.Last(flow.RingLen - 1)
	return oldest != nil && oldest.Time >= k.inFlightSince()
}

// unknownTo tells whether an earlier reset is another's in the sender's name, of
// which the sender knows nothing.
func (k *Case) unknownTo(e *flow.Reset) bool {
	v := k.verdictOn(e.Frame)
	return e.From == k.from && v != nil && v.Sender == Middlebox && v.SenderStrength >= cause.Likely
}

// byItself tells whether the reset is an abort that the sender's own socket wrote,
// and the earlier one, without an ACK, another's refusal in the sender's name.
func (k *Case) byItself(e *flow.Reset) bool {
	return k.form == spontaneous && k.R.Is(segment.ACK) && !e.Is(segment.ACK) && (k.inClock() || k.nextID()) && k.unknownTo(e)
}

// refusedAgain tells whether the reset refuses a SYN that was sent twice, as an
// earlier one does: the two are one event, and neither is the other's doing.
func (k *Case) refusedAgain(e *flow.Reset) bool {
	return k.trigger.Is(segment.SYN) && k.P.SYNs > 1 && e.From == k.from && e.Flags == k.R.Flags && e.Seq == k.R.Seq && e.Ack == k.R.Ack
}

// volley tells whether the reset only repeats the one before: the same sender,
// and nothing provoked it anew. Its verdict is that one's.
func (k *Case) volley() *flow.Reset {
	e := k.earlier()
	if e == nil || e.From != k.from || k.changedPlaces(e) {
		return nil
	}
	same := e.Is(segment.ACK) == k.R.Is(segment.ACK)
	if k.byItself(e) {
		return nil
	}
	if k.form == provoked && !k.provokedBefore(e) {
		return nil
	}
	if !same && k.form == provoked {
		return nil
	}
	return e
}

// provokedBefore tells whether what could have drawn the reset was there
// before an earlier one already, so that it does not tell the two apart.
func (k *Case) provokedBefore(e *flow.Reset) bool {
	if k.trigger.Frame > e.Frame {
		return false
	}
	if k.S.Knows(flow.KnowsNxt) && !k.R.Is(segment.ACK) && e.Seq.After(k.S.Nxt) {
		return true // a reset beyond all that was sent is no stack's
	}
	// The stack may answer each of several segments; without a second one this is
	// a repetition.
	var n int
	for i := range flow.RingLen {
		t := k.P.Last(i)
		if t == nil {
			break
		}
		if !t.Is(segment.RST) && t.Ack == k.R.Seq && !k.dealtWith(t) {
			n++
		}
	}
	return n+len(k.pushedOut()) < 2 && e.Seq == k.R.Seq
}

// repeatFacts say what a reset of a volley repeats.
func (k *Case) repeatFacts(first *Verdict) []Fact {
	facts := []Fact{factIn(first.Frame, "the first reset of this kind")}
	what := ""
	if e := &k.conn.Resets[0]; e.Frame == first.Frame {
		what = ", with the same number"
		if d := k.R.Seq.Minus(e.Seq); d != 0 {
			what = fmt.Sprintf(", its number %+d from that one's", d)
		}
		if e.TTL != k.R.TTL {
			what += fmt.Sprintf(", and TTL %d where that one had %d", k.R.TTL, e.TTL)
		}
	}
	return append(facts, fact(&k.R, "again %s later%s; nothing of the %s drew it anew", duration(k.R.Time-first.Time), what, k.receiver()))
}
