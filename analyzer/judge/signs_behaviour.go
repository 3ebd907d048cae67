package judge

import (
	"fmt"

	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

// staleNumber: the reset was built from an older packet than the sender's last
// (DATA_SEQ_RST, causes.md 3.1).
func (k *Case) staleNumber() (sign, bool) {
	if k.P.Packets == 0 {
		return sign{}, false // what the peer acknowledged, or drew it with, was not captured
	}
	if k.form != neither || k.conn.Missing > 0 || !k.S.Knows(flow.KnowsNxt) || k.S.Knows(flow.Reordered) || k.S.Knows(flow.HasFIN) {
		return sign{}, false
	}
	if !k.R.Seq.Before(k.S.Nxt) || k.S.Nxt.Minus(k.R.Seq) > 1<<24 || k.earlier() != nil {
		return sign{}, false
	}
	if lag := k.S.Una.Minus(k.R.Seq); !k.R.Is(segment.ACK) && lag >= 0 && lag < 1<<20 && k.forgotFlight() {
		return sign{}, false // one of the many acknowledgments that were on their way may have drawn it
	}
	l := lastOf(k.S)
	if l == nil || k.since(l) < allowance {
		return sign{}, false // the two may have changed places
	}
	if o := k.overtaken(allowance); o.Exists() {
		return sign{}, false // so may the reset and what drew it
	}
	return sign{kind: signNumbers, frame: l.Frame,
		text: fmt.Sprintf("number %d lies below the %s's own %d, which was on the way before", k.rel(k.from, k.R.Seq), k.sender(), k.rel(k.from, k.S.Nxt))}, true
}

// steppedNumbers: another reset of the same name follows within two seconds,
// with a number beyond this one's and beyond all that either side had sent or
// acknowledged (RST_SEQ_CHANGE, causes.md 3.1). No stack does that: its second
// reset, if it sends one, has the same number or a lower one.
func (k *Case) steppedNumbers() (sign, bool) {
	if k.S.Knows(flow.HasFIN) || k.P.Knows(flow.HasFIN) || k.earlier() != nil || !k.S.Knows(flow.KnowsNxt) || k.conn.Missing > 0 || k.S.Packets == 0 {
		return sign{}, false
	}
	var found *flow.Segment
	acked, known := k.P.Ack, k.P.Knows(flow.KnowsAck)
	for i := range k.later { // what draws a reset is in time before it
		if l := &k.later[i]; l.from == k.from && l.Is(segment.RST) {
			break
		} else if l.from != k.from && l.Is(segment.ACK) && (!known || l.Ack.After(acked)) {
			acked, known = l.Ack, true
		}
	}
	k.after(k.from, func(s *flow.Segment) bool {
		if s.Time-k.R.Time >= 2e9 || !s.Is(segment.RST) {
			return false
		}
		if s.Is(segment.ACK) != k.R.Is(segment.ACK) && s.Time-k.R.Time < allowance {
			return true // an abort and the answer to its challenge, that have changed places
		}
		// one beyond may be a FIN that was not captured
		beyond := s.Seq.Minus(k.R.Seq) > 2 && s.Seq.After(k.S.Nxt+1) && (!known || s.Seq.Minus(acked) > 2)
		if beyond && s.Seq.Minus(k.R.Seq) < 1<<20 {
			found = s
		}
		return found == nil
	})
	if found == nil {
		return sign{}, false
	}
	return sign{kind: signNumbers, proof: true, frame: found.Frame,
		text: fmt.Sprintf("another reset follows %s later with number %d, beyond all that the %s had sent", duration(found.Time-k.R.Time), k.rel(k.from, found.Seq), k.sender())}, true
}

// atOnce: a reset in the other end's name comes at the same moment.
func (k *Case) atOnce() (sign, bool) {
	s := k.bothAtOnce()
	if s == nil {
		return sign{}, false
	}
	return sign{kind: signTiming, frame: s.Frame,
		text: fmt.Sprintf("%s apart there is one in the %s's name too, and neither end answers a reset", duration(abs(s.Time-k.R.Time)), k.receiver())}, true
}

// steppedACK: another RST+ACK of the same name follows within two seconds and
// acknowledges more than this one, and more than the receiver had sent until
// then (RST_ACK_CHANGE, causes.md 3.1).
func (k *Case) steppedACK() (sign, bool) {
	if !k.R.Is(segment.ACK) || k.conn.Missing > 0 || !k.P.Knows(flow.KnowsNxt) || k.earlier() != nil {
		return sign{}, false
	}
	sent := k.P.Nxt
	for i := range k.later {
		l := &k.later[i]
		switch {
		case l.Time-k.R.Time >= 2e9:
			return sign{}, false
		case l.from != k.from && !l.Is(segment.RST) && l.End().After(sent):
			sent = l.End()
		case l.from == k.from && l.Is(segment.RST|segment.ACK) && l.Ack.After(k.R.Ack) && l.Ack.After(sent) && l.Ack.Minus(sent) < 1<<20:
			return sign{kind: signNumbers, frame: l.Frame,
				text: fmt.Sprintf("another reset follows %s later and acknowledges %d, more than the %s had sent", duration(l.Time-k.R.Time), k.rel(1-k.from, l.Ack), k.receiver())}, true
		}
	}
	return sign{}, false
}

// refusesToo: the reset refuses a SYN that its sender had accepted (SYNACK_RST,
// causes.md 3.1). A SYN that was sent again may have met a host that had begun
// anew.
func (k *Case) refusesToo() (sign, bool) {
	t, own := &k.trigger, &k.S.SYN
	if k.form != provoked || !k.R.Is(segment.ACK) || !t.Is(segment.SYN) || t.Is(segment.ACK) || !own.Is(segment.SYN|segment.ACK) || own.Ack != t.End() || k.P.SYNs != 1 {
		return sign{}, false
	}
	return sign{kind: signLivesOn, proof: true, frame: own.Frame, text: "a SYN-ACK to the same SYN came before it"}, true
}

// noise is how much, in nanoseconds, a round trip varies by what the hosts do
// beside.
const noise = int64(5e6)

// tooFast: the reset answers a segment sooner than that can have been to the
// sender and back (causes.md, 2.2). The trigger must be one on which the
// reset's numbers depend.
func (k *Case) tooFast() (sign, bool) {
	t := k.dependsOn()
	rtt := k.S.RTT
	if t == nil || rtt.Handshake == 0 {
		return sign{}, false // without the handshake, delayed ACKs may be all that was measured
	}
	d := k.since(t)
	if d < 0 || d >= rtt.Min*8/10-noise {
		return sign{}, false
	}
	if k.nextID() || k.inClock() {
		return sign{}, false // the sender's own socket wrote it, however fast
	}
	// A first round trip alone can be slow for reasons of its own: address
	// resolution, a radio that wakes up. All of them can be slow at a host that is
	// busy, so the distance must speak as well.
	ttl, _, ok := k.S.UsedTTL()
	return sign{kind: signTiming, proof: rtt.N >= 2 && ok && ttl != k.R.TTL && rtt.Handshake < 2*rtt.Min && d < rtt.Min/2 && rtt.Min-d >= 4*noise, frame: t.Frame,
		text: fmt.Sprintf("came %s after the segment that it acknowledges or answers, the way to the %s and back takes %s", duration(d), k.sender(), duration(rtt.Min))}, true
}

// dependsOn finds the first segment without which the reset's numbers could
// not be known: one whose end it acknowledges, or whose acknowledgment it
// takes for its number, and both are new with it.
func (k *Case) dependsOn() *flow.Segment {
	var found *flow.Segment
	for i := range flow.RingLen {
		t := k.P.Last(i)
		if t == nil || t.Is(segment.RST) {
			break
		}
		switch {
		case k.R.Is(segment.ACK) && t.Len > 0 && t.End() == k.R.Ack && (!k.S.Knows(flow.KnowsAck) || t.End().After(k.S.Ack)):
			found = t
		case !k.R.Is(segment.ACK) && t.Is(segment.ACK) && t.Ack == k.R.Seq && t.Len > 0 && !k.dealtWith(t) && (!k.S.Knows(flow.KnowsISN) || t.Ack != k.S.ISN+1):
			// the number alone was known if an earlier ACK bore it, or from the SYN-ACK
			older := k.P.Last(i + 1)
			if older != nil && (older.Ack.Before(t.Ack) || k.conn.Pause.After == t.Frame) || // nothing else was on its way after a pause
				older == nil && k.P.SYNs > 0 && i+1 < flow.RingLen {
				found = t
			}
		}
	}
	return found
}

// answers is the segment that the reset answers, as far as its numbers tell:
// one that they depend on, else the payload that drew it.
func (k *Case) answers() *flow.Segment {
	t := k.dependsOn()
	if t == nil && k.form == provoked && k.trigger.Len > 0 {
		return &k.trigger
	}
	return t
}

// lastOfPeer is the peer's last segment before the reset.
func (k *Case) lastOfPeer() *flow.Segment { return lastOf(k.P) }

// livesOn: the sender goes on with new data, or acknowledges what came later,
// longer after the reset than packets change places (RST_SEQ_DATA, causes.md
// 3.1). A stack that sent a reset has no connection left to do so. Many rules
// ask for it.
func (k *Case) livesOn() (sign, bool) {
	if k.lives == nil {
		var l lives
		l.sign, l.ok = k.findLivesOn()
		k.lives = &l
	}
	return k.lives.sign, k.lives.ok
}

// lives is what livesOn found.
type lives struct {
	sign
	ok bool
}

func (k *Case) findLivesOn() (sign, bool) {
	if k.phase == synAnswered || k.phase == synWaiting || k.phase == synOnly || k.state(k.from) == stateClosed {
		return sign{}, false // a scanner with a stack of its own goes on where its kernel reset
	}
	if !k.R.Is(segment.ACK) && k.S.SYN.Is(segment.SYN|segment.ACK) && !k.S.FirstACK.Exists() {
		return sign{}, false // in SYN-RECEIVED a stack resets a bad ACK and keeps its state (RFC 9293, 3.5.2, group 2)
	}
	found := k.goesOn(allowance)
	if found == nil && k.R.Is(segment.ACK) && k.form == spontaneous && k.R.Seq == k.S.Nxt {
		// They can't have changed places: what has sent or received more puts higher
		// numbers on its abort (RFC 9293, 3.10.5).
		found = k.goesOn(0)
	}
	if found == nil {
		return sign{}, false
	}
	return sign{kind: k.livesKind(), proof: !k.otherHost(), frame: found.Frame,
		text: fmt.Sprintf("the %s goes on %s later: %s", k.sender(), duration(found.Time-k.R.Time), k.brief(k.from, found))}, true
}

// livesKind is the kind of the sign that the sender goes on: another host behind the
// address, at another distance, would explain both.
func (k *Case) livesKind() signKind {
	if k.otherHost() && !k.hostForm() {
		return signTTL
	}
	return signLivesOn
}

// goesOn finds what the sender of the reset sends afterwards, a time later or
// more, as if there had been none.
func (k *Case) goesOn(later int64) *flow.Segment {
	var found *flow.Segment
	k.after(k.from, func(s *flow.Segment) bool {
		if s.Is(segment.RST) || s.Is(segment.SYN) || s.Has(flow.Copy) || s.Time-k.R.Time < later || s.Has(flow.Aimless) || k.sentBefore(s) {
			return true
		}
		fresh := s.Has(flow.Fresh) && s.Len > 0 && (k.S.Knows(flow.KnowsNxt) && !s.Seq.Before(k.S.Nxt) || !s.Seq.Before(k.R.Seq))
		further := s.Is(segment.ACK) && k.S.Knows(flow.KnowsAck) && s.Ack.After(k.S.Ack) && (!k.R.Is(segment.ACK) || s.Ack.After(k.R.Ack))
		if fresh || further {
			found = s
		}
		return found == nil
	})
	return found
}

// sentBefore tells whether what came behind the reset had left its sender before:
// its numbers lie below the reset's, and so does the count or clock with which the
// sender marks its packets. The two changed places, however far apart.
func (k *Case) sentBefore(s *flow.Segment) bool {
	if s.End().After(k.R.Seq) {
		return false
	}
	if k.R.Has(flow.HasID) && k.R.ID != 0 && s.ID != 0 {
		d := k.R.ID - s.ID
		return d > 0 && d <= 64
	}
	return k.inClock() && s.Has(flow.HasTS) && int32(k.R.TSVal-s.TSVal) >= 0 || k.ledUpTo()
}

// notDelivered: after the reset the named sender still speaks, and has not got
// what the reset answered or acknowledged.
func (k *Case) notDelivered() (sign, bool) {
	if t := k.keptHere(); t != nil {
		return sign{kind: signNotDelivered, proof: true, frame: t.Frame,
			text: fmt.Sprintf("this segment of the %s's, which the reset answers, came in and did not go out again, as others do", k.receiver())}, true
	}
	t := k.answers()
	if t == nil || t.End() == t.Seq || t.Has(flow.Aimless) || t.Has(flow.Ahead) {
		return sign{}, false // nobody acknowledges what lies outside of the window, or behind a hole
	}
	var found *flow.Segment
	k.after(k.from, func(s *flow.Segment) bool {
		if !s.Is(segment.RST) && !s.Is(segment.SYN) && s.Is(segment.ACK) && !s.Has(flow.Copy) && !s.Has(flow.Aimless) &&
			s.Time-k.R.Time >= max(allowance, k.S.RTT.Min) && s.Ack.Before(t.End()) && !k.sentBefore(s) {
			found = s
		}
		return found == nil
	})
	if found == nil {
		return sign{}, false
	}
	kind := signNotDelivered
	if k.otherHost() {
		kind = k.livesKind()
	}
	return sign{kind: kind, proof: kind == signNotDelivered, frame: found.Frame,
		text: fmt.Sprintf("%s later the %s still acknowledges %d: it never got the segment of frame %d, which the reset answers",
			duration(found.Time-k.R.Time), k.sender(), k.rel(1-k.from, found.Ack), t.Frame)}, true
}
