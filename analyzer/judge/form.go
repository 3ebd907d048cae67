package judge

import (
	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

// A form is what a reset's numbers say about how it came to be (causes.md, 0.1
// and 4.2, step 5).
type form uint8

const (
	neither     form = iota
	provoked         // it takes its number from a segment of the peer
	spontaneous      // the sender's next number, and what it had received acknowledged
)

// formOf finds the form, and the trigger of a provoked reset.
func (k *Case) formOf() (form, flow.Segment) {
	if k.R.Is(segment.ACK) {
		if t := k.unacked(); t != nil {
			return provoked, *t
		}
		if k.spontaneous() {
			return spontaneous, flow.Segment{}
		}
		if t := k.turnedRound(); t != nil {
			return provoked, *t
		}
		return neither, flow.Segment{}
	}
	own := k.S.Knows(flow.KnowsNxt) && k.S.Packets > 0 && k.R.Seq == k.S.Nxt
	if t := k.acked(); t != nil && (k.prompt(t) || !own || k.phase&(connected|ending) == 0 || k.heldUp(t)) {
		return provoked, *t
	}
	if own && k.P.Packets > 0 { // as RFC 9293, 3.10.5, has an abort; else what drew it may be what was not captured
		return spontaneous, flow.Segment{}
	}
	return neither, flow.Segment{}
}

// heldUp tells whether a reset on a connection that nobody had closed is the late
// answer to payload, since its sender, a Linux stack, aborts with an ACK and in no
// other way (tcp_send_active_reset()): something was held up.
func (k *Case) heldUp(t *flow.Segment) bool {
	return k.linux() && k.phase == established && t.Len > 0 && k.since(t) <= 1e9
}

// unacked finds the segment without ACK that an RST+ACK answers: number 0
// (another one behind a device that rewrites numbers, where the sender had
// said nothing else) and the segment's end acknowledged. Another number together
// with a window or timestamps is that of a socket, whose SYN-ACK was not captured.
func (k *Case) unacked() *flow.Segment {
	for i := range flow.RingLen {
		t := k.P.Last(i)
		if t == nil {
			return nil
		}
		if t.Is(segment.ACK) || t.Is(segment.RST) || t.End() != k.R.Ack {
			continue
		}
		socket := k.R.Seq != 0 && (k.R.Win != 0 || k.R.Has(flow.HasTS))
		if k.S.Packets == 0 && !socket || k.R.Seq == 0 && k.R.Seq != k.S.Nxt {
			return t
		}
	}
	return nil
}

// turnedRound finds the keepalive probe whose numbers an RST+ACK bears the other way
// round, as stacks do that set ACK on each reset (lwIP tcp_rst()), and some devices.
// A living socket would acknowledge what it has received, and that is more.
func (k *Case) turnedRound() *flow.Segment {
	t := lastOf(k.P)
	if t == nil || !t.Has(flow.Probe) || k.R.Seq != t.Ack || k.R.Ack != t.Seq || !k.prompt(t) {
		return nil
	}
	return t
}

// acked finds the segment that a bare RST answers: of the peer's with that
// acknowledgment, and which the sender has not dealt with otherwise, the first
// that earlier resets have not answered, if several are on their way; payload
// rather than an ACK alone.
func (k *Case) acked() *flow.Segment {
	var last, first *flow.Segment
	since, answered := k.inFlightSince(), -1
	for i := flow.RingLen - 1; i >= 0; i-- {
		t := k.P.Last(i)
		if t == nil || t.Is(segment.RST) || !t.Is(segment.ACK) || t.Ack != k.R.Seq || k.dealtWith(t) {
			continue
		}
		if last == nil || t.End() != t.Seq || t.Has(flow.Probe) || last.End() == last.Seq {
			last = t
		}
		if t.End() != t.Seq && t.Time >= since {
			if answered < 0 && first == nil {
				answered = k.answeredSince(t.Frame)
			}
			if answered == 0 && first == nil {
				first = t
			}
			answered--
		}
	}
	switch {
	case first != nil:
		return first
	case last != nil:
		return last
	}
	if old := k.pushedOut(); len(old) > 0 {
		return old[min(k.answeredSince(old[0].Frame), len(old)-1)]
	}
	return nil
}

// answeredSince counts the sender's resets with the same number after a frame.
func (k *Case) answeredSince(frame uint32) int {
	n := 0
	for i := range flow.RingLen {
		if s := k.S.Last(i); s != nil && s.Is(segment.RST) && s.Seq == k.R.Seq && s.Frame > frame {
			n++
		}
	}
	return n
}

// pushedOut finds what a bare RST can answer among the last payload and the FIN of
// the peer's, where so many of its segments followed, mostly resets, that they are
// no longer remembered among those.
func (k *Case) pushedOut() []*flow.Segment {
	oldest := k.P.Last(flow.RingLen - 1)
	if oldest == nil || !k.S.Knows(flow.KnowsAck) {
		return nil
	}
	var found []*flow.Segment
	for _, t := range [...]*flow.Segment{&k.P.LastData, &k.P.FIN} {
		if t.Exists() && t.Frame < oldest.Frame && t.Ack == k.R.Seq && t.Is(segment.ACK) && t.Time >= k.inFlightSince() && k.S.Ack.Before(t.End()) {
			found = append(found, t)
		}
	}
	return found
}

// inFlightSince is when the oldest segment left that a reset can answer: a stack
// answers at once, the way to it and back may have got longer.
func (k *Case) inFlightSince() int64 { return k.R.Time - 2*k.S.RTT.Min - 50*ms }

// dealtWith tells whether the sender of the reset had answered a segment of
// the peer as a living connection does, so that the reset is no answer to it.
func (k *Case) dealtWith(t *flow.Segment) bool {
	for i := range flow.RingLen {
		s := k.S.Last(i)
		if s == nil || s.Frame < t.Frame {
			return false
		}
		if s.Is(segment.RST) || !s.Is(segment.ACK) || s.Ack.Before(t.End()) {
			continue
		}
		if t.End() != t.Seq || s.Len > 0 && s.Time-t.Time >= k.S.RTT.Min { // else it was on its way already
			return true
		}
		if s.Ack.After(t.End()) && k.R.Seq == k.S.Nxt {
			return true // it went on with what came later, and the reset can be its own act
		}
	}
	return false
}

// spontaneous tells whether an RST+ACK has the form of an abort: SEQ=SND.NXT
// and, as stacks add, ACK=RCV.NXT.
func (k *Case) spontaneous() bool {
	if !k.S.Knows(flow.KnowsNxt) {
		return false
	}
	return k.ownNumber() && k.ownAck()
}

// ownNumber tells whether the reset's number is the sender's next, or the first
// that is not acknowledged, as some stacks have it.
func (k *Case) ownNumber() bool {
	s, n := k.S, k.R.Seq
	switch {
	case !s.Knows(flow.KnowsNxt):
		return false
	case n == s.Nxt, s.Knows(flow.KnowsUna) && n == s.Una:
		return true
	}
	if s.Knows(flow.HasFIN) && n == s.FinSeq {
		return true // a stack that takes its FIN back
	}
	// What it sent last may have been lost before it came by here; a living
	// socket's header tells.
	edge := s.Nxt + 1<<16
	if k.conn.Windows() && k.P.Knows(flow.KnowsEdge) {
		edge = k.P.Edge
	}
	return n.After(s.Nxt) && !n.After(edge) && (k.inClock() || k.nearChain())
}

// beyondSeen is how far an abort's number lies beyond all that was captured of its
// sender.
func (k *Case) beyondSeen() int32 {
	if !k.S.Knows(flow.KnowsNxt) || !k.R.Is(segment.ACK) || lastOf(k.P) == nil {
		return 0
	}
	return k.R.Seq.Minus(k.S.Nxt)
}

// lostAhead tells whether the reset's number lies beyond all that was seen of its
// sender, and that resets the challenge which this draws (RFC 5961, 3.2), or what was
// on its way meanwhile: it has no socket any more, so what it had sent last may have
// been lost on its way here.
func (k *Case) lostAhead() bool {
	ttl, _, ok := k.S.UsedTTL()
	if !ok || !k.R.Is(segment.ACK) || !k.S.Knows(flow.KnowsNxt) || !k.R.Seq.In(k.S.Nxt+1, k.S.Nxt+usualWindow) || !k.ownAck() {
		return false
	}
	crossing := lastOf(k.P)
	if crossing != nil && crossing.Time < k.inFlightSince() {
		crossing = nil
	}
	challenged := false
	for i := range k.later {
		switch l := &k.later[i]; {
		case l.from != k.from:
			challenged = challenged || l.Pure()
		case !l.Is(segment.RST):
			return false
		case (challenged || crossing != nil && crossing.Ack == l.Seq) && !l.Is(segment.ACK) && l.Win == 0 && hops(l.TTL) == hops(ttl):
			return true
		}
	}
	return false
}

// ledUpTo tells whether what was captured of the sender behind an abort leads just up
// to its number, and no further: the abort overtook that on its way to the capture,
// however far apart they are.
func (k *Case) ledUpTo() bool {
	ttl, _, ok := k.S.UsedTTL()
	if !ok || ttl != k.R.TTL || !k.R.Is(segment.ACK) || !k.S.Knows(flow.KnowsNxt) || !k.R.Seq.After(k.S.Nxt) {
		return false
	}
	led := false
	for i := range k.later {
		switch l := &k.later[i]; {
		case l.from != k.from || l.Is(segment.RST):
		case l.End().After(k.R.Seq):
			return false
		case l.End() == k.R.Seq:
			led = true
		}
	}
	return led
}

// ownAck tells whether the reset acknowledges what its sender can have
// received: not less than it had acknowledged, not more than was sent.
func (k *Case) ownAck() bool {
	if !k.P.Knows(flow.KnowsNxt) {
		return true // nothing of the peer was captured
	}
	from := k.P.Una
	if k.S.Knows(flow.KnowsAck) {
		from = k.S.Ack
	}
	return k.R.Ack.In(from, k.P.Nxt) || k.tookMore()
}

// tookMore tells whether the reset acknowledges more than was captured of its
// receiver, while its header is the living socket's: the capture lost the rest.
func (k *Case) tookMore() bool {
	d := k.R.Ack.Minus(k.P.Nxt)
	return k.R.Is(segment.ACK) && k.P.Knows(flow.KnowsNxt) && k.P.Packets > 0 && d > 0 && d <= usualWindow && (k.inClock() || k.nearChain() || k.echoesAhead())
}

// echoesAhead is inClock for a reset that echoes a timestamp which the peer's clock has
// come to since its last packet that was captured.
func (k *Case) echoesAhead() bool {
	echo := int32(k.R.TSEcr - k.P.LastTS)
	return k.clockGoesOn() && echo >= 0 && int64(echo) <= max(k.R.Time-k.P.LastTSAt, 0)/ms+1000
}

// A phase is the moment of a connection's life at which a reset came
// (causes.md, 4.2, step 7).
type phase uint16

const (
	synOnly     phase = 1 << iota // SYNs of the receiver and nothing else
	synWaiting                    // SYNs of the sender, and no answer
	synAnswered                   // the sender's SYN was answered, it did not acknowledge
	synReceived                   // the receiver's SYN was answered by the sender, nothing more
	handshaken                    // handshake complete, no data of the responder
	established
	closing    // after a FIN
	closedBoth // after both FINs
	noSYN      // no SYN in the capture, see midstream
	alone      // nothing but resets

	connected = handshaken | established | noSYN
	ending    = closing | closedBoth
	anyPhase  = ^phase(0)
)

// phaseOf finds the phase.
func (k *Case) phaseOf() phase {
	s, p := k.S, k.P
	switch {
	case s.Packets == 0 && p.Packets == 0:
		return alone
	case s.Knows(flow.HasFIN) && p.Knows(flow.HasFIN):
		return closedBoth
	case (s.Knows(flow.HasFIN) || p.Knows(flow.HasFIN)) && !(s.Packets == 0 && !p.FirstACK.Exists()):
		return closing
	case p.SYN.Exists() && !p.SYN.Is(segment.ACK) && s.Packets == 0:
		return synOnly
	case s.SYN.Exists() && !s.SYN.Is(segment.ACK) && p.Packets == 0 && s.Packets == uint32(s.SYNs):
		return synWaiting
	case s.SYN.Exists() && !s.SYN.Is(segment.ACK) && !s.FirstACK.Exists():
		return synAnswered
	case s.SYN.Is(segment.SYN|segment.ACK) && p.SYN.Exists() && !p.FirstACK.Exists():
		return synReceived
	case s.SYNs == 0 && p.SYNs == 0:
		return noSYN
	case k.conn.R().Payload == 0:
		return handshaken
	}
	return established
}
