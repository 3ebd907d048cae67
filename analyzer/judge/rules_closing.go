package judge

import (
	"fmt"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

var closingRules = []*rule{{
	cause: cause.DataAfterClose,
	in:    ending | established | noSYN | handshaken,
	need: func(k *Case) ([]Fact, bool) {
		if k.S.Knows(flow.UnseenFIN) && !k.S.Knows(flow.HasFIN) {
			return k.unseenClose()
		}
		if k.S.Packets == 0 {
			return k.closeBefore()
		}
		if !k.S.Knows(flow.HasFIN) {
			return k.heldBackClose()
		}
		fin := &k.S.FIN
		d := k.lateData()
		if d == nil {
			if k.unseenPeer() {
				return []Fact{fact(fin, "the %s closes: %s", k.sender(), k.brief(k.from, fin)), fact(&k.R, "what drew the reset was not captured, nor was anything of the %s", k.receiver())}, true
			}
			m := k.missedBehind()
			if n := k.gapBefore(); m == nil && n > 0 {
				return append(k.provokedFacts(), fact(fin, "the %s closes: %s", k.sender(), k.brief(k.from, fin)),
					fact(&k.trigger, "%s before that FIN are missing", plural(n, "byte"))), true
			}
			if m == nil && k.unseenTrigger() {
				return append(k.closeFacts(), fact(&k.R, "a Linux stack aborts with an ACK: a segment drew the reset that was not captured")), true
			}
			if m == nil {
				return k.forgottenTrigger()
			}
			return []Fact{
				fact(fin, "the %s closes: %s", k.sender(), k.brief(k.from, fin)),
				fact(m, "the %s's next segment begins %s further: what lies between was not captured", k.receiver(), plural(int(m.Seq.Minus(k.P.Nxt)), "byte")),
				fact(&k.R, "the reset bears an acknowledgment of the %s's, %d", k.receiver(), k.rel(k.from, k.R.Seq)),
			}, true
		}
		facts := []Fact{
			fact(fin, "the %s closes: %s", k.sender(), k.brief(k.from, fin)),
			fact(d, "the %s sends %s, %s", k.receiver(), k.brief(1-k.from, d), apart(d.Time-fin.Time)),
		}
		if d.Frame > k.R.Frame {
			return append(facts, fact(&k.R, "the reset bears the number that it acknowledges; the two are so close that they may have changed places")), true
		}
		if k.form == provoked {
			if d.Ack != k.R.Seq {
				facts = append(facts, fact(&k.trigger, "the %s's %s, behind that payload", k.receiver(), k.brief(1-k.from, &k.trigger)))
			}
			return append(facts, fact(&k.R, "the reset takes its number, %d, from that segment's acknowledgment", k.rel(k.from, k.R.Seq))), true
		}
		return append(facts, fact(&k.R, "the reset bears the %s's next number and acknowledges that data", k.sender())), true
	},
	refuted: func(k *Case) (string, []uint32) {
		fin := &k.S.FIN
		if !fin.Exists() {
			return "", nil
		}
		if k.form == provoked && k.trigger.Pure() && !k.trigger.Has(flow.Probe) && k.payloadAfterFIN() == nil && !k.P.FIN.Exists() && !k.overtookData() && k.missedBehind() == nil && !k.unseenTrigger() {
			return fmt.Sprintf("nothing but the %s's ACK came after the FIN", k.receiver()), []uint32{fin.Frame, k.trigger.Frame}
		}
		if d := &k.S.LastData; d.Exists() && d.Frame > fin.Frame && d.Seq.After(fin.Seq) {
			return fmt.Sprintf("the %s still sent data after its FIN", k.sender()), []uint32{fin.Frame, d.Frame}
		}
		return "", nil
	},
	strength: func(k *Case) cause.Strength {
		if !k.S.Knows(flow.HasFIN) && !k.S.Knows(flow.UnseenFIN) {
			return cause.Undetermined // it closed or it forgot: no packet tells
		}
		if !k.S.Knows(flow.HasFIN) {
			return cause.Possible
		}
		if _, ok := k.forgottenTrigger(); ok {
			return cause.Possible
		}
		if k.lateData() == nil && k.missedBehind() == nil && k.gapBefore() == 0 {
			return cause.Undetermined // what drew it is not known
		}
		if d := k.lateData(); d == nil || d.Frame > k.R.Frame {
			return cause.Possible
		}
		if k.form == spontaneous && (k.tookDataAfterFIN() || k.R.Is(segment.ACK) && k.S.Layout == flow.LayoutLinux) {
			return cause.Undetermined // it had only shut down its sending: what it aborts is another matter
		}
		if k.form == spontaneous && k.S.SYN.Has(flow.Cut) {
			return cause.Possible // a Linux stack would have aborted for what stayed unread
		}
		if k.form == provoked && k.tookDataAfterFIN() {
			return cause.Possible // that it closed for good since does not show
		}
		return cause.Proven
	},
	open: "data reached it after its FIN",
}, {
	cause: cause.CloseThenAbort,
	in:    ending,
	need: func(k *Case) ([]Fact, bool) {
		own, other := &k.S.FIN, &k.P.FIN
		if k.form == neither && !k.unseenPeer() || !own.Exists() && !other.Exists() {
			return nil, false
		}
		if own.Exists() && k.payloadAfterFIN() != nil || k.closedCompletely() && !k.unaware() {
			return nil, false
		}
		if k.form == provoked && k.trigger.Has(flow.Probe) {
			return nil, false
		}
		if k.form == provoked && !own.Exists() && !k.R.Is(segment.ACK) {
			// The peer's FIN drew it: a stack without a connection answers like this.
			return k.closeFacts(), true
		}
		return k.closeFacts(), true
	},
	refuted: func(k *Case) (string, []uint32) {
		if k.closedCompletely() && !k.unaware() {
			return "both FINs were acknowledged: the connection was over", []uint32{k.S.FIN.Frame, k.P.FIN.Frame}
		}
		if k.S.FIN.Exists() {
			if d := k.payloadAfterFIN(); d != nil {
				if d.Frame < k.S.FIN.Frame {
					return fmt.Sprintf("payload of the %s had not come to the %s when it sent its FIN", k.receiver(), k.sender()), []uint32{d.Frame, k.S.FIN.Frame}
				}
				return fmt.Sprintf("the %s sent payload after the %s's FIN", k.receiver(), k.sender()), []uint32{k.S.FIN.Frame, d.Frame}
			}
		}
		return "", nil
	},
	strength: func(k *Case) cause.Strength {
		switch {
		case k.form == provoked && !k.S.FIN.Exists(), k.unheardFIN(), k.unseenPeer():
			return cause.Undetermined
		case k.lateFIN():
			return cause.Possible // the socket had outlived its own FIN, and is gone
		case k.missedBehind() != nil, k.unseenTrigger():
			return cause.Possible // payload of the peer's is missing just here
		case k.overtookData() || k.reopened() || k.conn.Missing > 0 || k.drops:
			return cause.Possible // packets may have changed places, or be missing
		case k.form == spontaneous && k.S.Sent.N >= 3:
			return cause.Possible // nobody had answered it for long: that may be why it gave up
		case k.oldTrigger():
			return cause.Possible // what was sent before draws no reset while there is a socket
		case k.oddFIN():
			return cause.Possible
		case k.form == spontaneous && k.P.FIN.Exists() && k.S.LastData.Frame > k.P.FIN.Frame:
			return cause.Possible // the closing side was still served: it may be an abort like any other
		case k.form == provoked && !k.trigger.Is(segment.FIN) && k.trigger.Frame < k.S.FIN.Frame:
			return cause.Possible
		case k.form == spontaneous && k.waitedForFIN() && isAbout(k.R.Time-k.conn.LastTime, finWaits...):
			return cause.Undetermined
		case k.form == spontaneous && (k.waitedForFIN() || k.outOfLongPause()):
			return cause.Possible // a timer's end, the sender's or a device's, is an ordinary look-alike
		case k.form == spontaneous && k.P.FIN.Exists() && k.P.LastData.Exists() && !k.answeredData():
			return cause.Possible // what came before the FIN may have stayed unread
		}
		return cause.Proven
	},
	open: "one side had said FIN, and no payload was on its way",
}, {
	cause: cause.FinWait2Timeout,
	in:    closing,
	need: func(k *Case) ([]Fact, bool) {
		if k.form != spontaneous || !k.S.Knows(flow.HasFIN|flow.FINAcked) || k.P.Knows(flow.HasFIN) {
			return nil, false
		}
		if !k.waitedForFIN() {
			return nil, false
		}
		return append(k.closeFacts(), fact(&k.R, "silence for %s after the FIN was acknowledged, and no FIN of the %s", duration(k.R.Time-k.conn.LastTime), k.receiver())), true
	},
	strength: func(k *Case) cause.Strength {
		d, _ := k.idle()
		if !isAbout(d, finWaits...) {
			return cause.Undetermined
		}
		if k.j.sameIdle(k, d) > 1 && (k.nextID() || k.inClock()) {
			return cause.Likely // the socket itself: a device has such timers as well
		}
		return cause.Possible
	},
	open: "it had waited for the peer's FIN in vain",
}}

var closedRules = []*rule{{
	cause: cause.TimeWaitAssassination,
	in:    closedBoth,
	need: func(k *Case) ([]Fact, bool) {
		t := &k.trigger
		if k.form != provoked || !t.Pure() || !k.closedCompletely() || !t.Ack.After(k.S.FinSeq) || !k.prompt(t) {
			return nil, false
		}
		facts := []Fact{
			fact(&k.S.FIN, "the %s's FIN", k.sender()),
			fact(&k.P.FIN, "the %s's FIN", k.receiver()),
		}
		if old := k.oldDuplicate(t); old != nil {
			facts = append(facts, fact(old, "an old duplicate of the %s: %s", k.sender(), k.brief(k.from, old)))
		}
		return append(facts,
			fact(t, "the %s acknowledges once more, out of TIME-WAIT: %s", k.receiver(), k.brief(1-k.from, t)),
			fact(&k.R, "the reset takes its number, %d, from that ACK", k.rel(k.from, k.R.Seq))), true
	},
	strength: func(k *Case) cause.Strength {
		switch {
		case !k.ackedAgain(&k.trigger):
			return cause.Undetermined // it ended the connection, as far as was seen
		case k.oldDuplicate(&k.trigger) == nil:
			return cause.Possible // what drew the ACK did not come by here
		}
		return cause.Proven
	},
	open: "an ACK out of TIME-WAIT may have drawn it",
}, {
	cause: cause.LateSegment,
	in:    closedBoth | closing,
	need: func(k *Case) ([]Fact, bool) {
		if k.unseenDuplicate() {
			return []Fact{
				fact(&k.S.FIN, "the %s's FIN", k.sender()),
				fact(&k.P.FIN, "the %s's FIN", k.receiver()),
				fact(&k.R, "number %d was acknowledged long before: by what drew the reset, and did not come by here", k.rel(k.from, k.R.Seq)),
			}, true
		}
		if k.form == neither || !k.closedCompletely() && !k.lateFIN() && !(k.oldTrigger() && (k.P.Knows(flow.HasFIN|flow.FINAcked) || !k.trigger.End().After(k.S.FIN.Ack))) {
			return nil, false
		}
		facts := []Fact{
			fact(&k.S.FIN, "the %s's FIN", k.sender()),
			fact(&k.P.FIN, "the %s's FIN", k.receiver()),
		}
		if k.form == provoked {
			return append(facts, k.provokedFacts()...), true
		}
		return append(facts, k.abortFacts()...), true
	},
	strength: func(k *Case) cause.Strength {
		t := &k.trigger
		if k.unaware() || k.gapBefore() > 0 || k.unseenDuplicate() {
			return cause.Undetermined
		}
		if k.lateFIN() && !k.reopened() && k.conn.Pause.To-k.conn.Pause.From >= idleFloor {
			return cause.Likely // stacks have given up waiting for the FIN by then; before, something else forgot the connection
		}
		if k.form == provoked && !k.reopened() && k.closedCompletely() && !(t.Pure() && t.Ack.After(k.S.FinSeq) && k.prompt(t)) {
			return cause.Proven
		}
		return cause.Possible
	},
	open: "the connection was over on both sides",
}}

// finWaits are how long, in nanoseconds, stacks wait for the peer's FIN
// (causes.md, 1.3).
var finWaits = []int64{60e9, 120e9, 300e9}

// waitedForFIN tells whether the sender was silent long after its FIN had been
// acknowledged, with no FIN of the peer: many round trips, and longer than a
// delayed ACK.
func (k *Case) waitedForFIN() bool {
	return k.S.Knows(flow.HasFIN|flow.FINAcked) && !k.P.Knows(flow.HasFIN) && k.R.Time-k.conn.LastTime >= max(200*ms, 20*k.S.RTT.Min)
}

// lateData finds the peer's payload that the reset answers after the sender's
// FIN, beyond what the sender had acknowledged with it; or a probe into a
// connection that was closed.
func (k *Case) lateData() *flow.Segment {
	d := k.payloadAfterFIN()
	switch {
	case !k.S.FIN.Exists():
		return nil
	case k.overtookData() && (d == nil || k.form != provoked):
		return &k.overtook
	case k.form == provoked && k.trigger.Has(flow.Probe) && k.S.Knows(flow.FINAcked) && k.trigger.Frame > k.S.FIN.Frame:
		return &k.trigger
	case d == nil:
		return nil
	case k.form == provoked && k.trigger.Len > 0 && k.trigger.End().After(k.S.FIN.Ack):
		return &k.trigger
	case k.form == provoked && k.trigger.Frame >= d.Frame:
		return d // an ACK or FIN behind the data has the same number
	case k.form == spontaneous && k.R.Is(segment.ACK) && !k.R.Ack.Before(d.End()):
		return d
	}
	return nil
}

// oldTrigger tells whether the reset answers, behind the sender's FIN, payload
// or a FIN that had been sent before.
func (k *Case) oldTrigger() bool {
	t := &k.trigger
	return k.form == provoked && k.S.FIN.Exists() && t.End() != t.Seq && !t.Has(flow.Fresh) && !t.Has(flow.Probe)
}

// oddFIN tells whether the sender's FIN lacks the timestamp that all of its
// segments but resets must bear (RFC 7323, 3.2): somebody else may have sent it.
func (k *Case) oddFIN() bool {
	fin := &k.S.FIN
	return fin.Exists() && k.S.Knows(flow.UsesTS) && !fin.Has(flow.HasTS) && !fin.Has(flow.Cut)
}

// overtookData tells whether the reset may answer payload, or a probe into the
// closed connection, that was captured right behind it.
func (k *Case) overtookData() bool {
	o := &k.overtook
	return k.S.FIN.Exists() && o.Exists() && (o.Len > 0 && !o.Has(flow.Probe) && o.End().After(k.S.FIN.Ack) || o.Has(flow.Probe) && k.S.Knows(flow.FINAcked))
}

// payloadAfterFIN finds the peer's first payload that the sender had not got
// when it sent its FIN: what the FIN acknowledges tells, the order at this
// point need not.
func (k *Case) payloadAfterFIN() *flow.Segment {
	fin := &k.S.FIN
	if !fin.Exists() {
		return nil
	}
	for i := flow.RingLen - 1; i >= 0; i-- {
		t := k.P.Last(i)
		if t == nil || t.Is(segment.RST) {
			continue
		}
		if t.Len > 0 && !t.Has(flow.Probe) && t.End().After(fin.Ack) {
			return t
		}
	}
	if d := &k.P.LastData; d.Exists() && d.End().After(fin.Ack) {
		return d
	}
	return nil
}

// heldBackClose are the facts of data that may have come after a FIN which had
// to wait: the peer's window was 0, and a FIN stands behind the data that it
// keeps back (RFC 9293, 3.10.4; Linux tcp_send_fin(), tcp_rcv_state_process()).
func (k *Case) heldBackClose() ([]Fact, bool) {
	t := &k.trigger
	if k.form != provoked || k.R.Is(segment.ACK) || t.Len == 0 || t.Has(flow.Probe) || k.S.Payload == 0 {
		return nil, false
	}
	why := fmt.Sprintf("the %s's window is 0", k.receiver())
	switch {
	case k.P.Win == 0:
	case k.S.Knows(flow.KnowsUna) && k.S.Nxt.After(k.S.Una):
		why = fmt.Sprintf("data of the %s is on its way, more may wait", k.sender())
	default:
		return nil, false
	}
	facts := []Fact{fact(t, "%s: a FIN of the %s would wait behind it, unsent", why, k.sender())}
	return append(facts, k.provokedFacts()...), true
}

// unseenTrigger tells whether a segment must have drawn the reset that was not
// captured: it bears no ACK, and its sender is a Linux stack, whose aborts bear
// one (tcp_send_active_reset()); and there is none that it answers, but for an
// ACK that it would have answered sooner: at once, after a round trip
// (tcp_rcv_state_process()).
func (k *Case) unseenTrigger() bool {
	late := k.form == provoked && k.trigger.Pure() && k.phase == closing && k.S.RTT.N > 0 && k.since(&k.trigger) > 2*k.S.RTT.Min+k.slack()
	return (k.form == spontaneous || late) && !k.R.Is(segment.ACK) && k.linux()
}

// missedBehind is a segment of the peer's, right after a reset that one of its
// had drawn behind the sender's FIN, which begins beyond all that was captured
// of the peer before: the capture lost what may have drawn it.
func (k *Case) missedBehind() *flow.Segment {
	if k.form == neither || k.R.Is(segment.ACK) || !k.S.FIN.Exists() || !k.P.Knows(flow.KnowsNxt) {
		return nil
	}
	var found *flow.Segment
	k.after(1-k.from, func(s *flow.Segment) bool {
		if s.Time-k.R.Time >= 1e9 {
			return false
		}
		if !s.Is(segment.RST) && s.Has(flow.Ahead) && s.Seq.After(k.P.Nxt) {
			found = s
		}
		return found == nil
	})
	return found
}

// forgottenTrigger are the facts of a bare reset behind the sender's FIN that
// answers one of so many of the peer's segments on their way that the one is no
// longer remembered: the peer had acknowledged its number before.
func (k *Case) forgottenTrigger() ([]Fact, bool) {
	d := k.payloadAfterFIN()
	if k.form != neither || k.R.Is(segment.ACK) || d == nil || !k.S.Knows(flow.KnowsUna) || !k.forgotFlight() {
		return nil, false
	}
	if lag := k.S.Una.Minus(k.R.Seq); lag < 0 || lag >= 1<<20 {
		return nil, false
	}
	return []Fact{
		fact(&k.S.FIN, "the %s closes: %s", k.sender(), k.brief(k.from, &k.S.FIN)),
		fact(d, "the %s's %s was on its way, one of many segments", k.receiver(), k.brief(1-k.from, d)),
		fact(&k.R, "the reset bears %d, which the %s had acknowledged before: it answers one of those", k.rel(k.from, k.R.Seq), k.receiver()),
	}, true
}

// gapBefore is how many bytes of the peer's are missing before its FIN, which drew
// the reset behind the sender's own: lost on the way or overtaken, they are data to
// an end that has closed (Linux tcp_timewait_state_process() answers such a FIN as
// it does them).
func (k *Case) gapBefore() int {
	t := &k.trigger
	if k.form != provoked || !k.S.FIN.Exists() || !t.Is(segment.FIN) || !t.Has(flow.Ahead) || t.Frame < k.S.FIN.Frame {
		return 0
	}
	return max(int(k.P.HoleTo.Minus(k.P.HoleFrom)), 0)
}

// closeBefore are the facts of data to an end of which the capture has nothing:
// it may have closed before the capture began.
func (k *Case) closeBefore() ([]Fact, bool) {
	t := &k.trigger
	if k.form != provoked || k.R.Is(segment.ACK) || k.P.SYN.Exists() || t.Len == 0 || t.Has(flow.Probe) {
		return nil, false
	}
	return k.provokedFacts(), true
}

// unseenClose are the facts of data after a FIN that was not captured: the
// peer acknowledged one number that was not seen.
func (k *Case) unseenClose() ([]Fact, bool) {
	t := &k.trigger
	if k.form != provoked || k.R.Is(segment.ACK) || t.Len == 0 && k.P.Payload == 0 || t.Ack != k.S.Nxt {
		return nil, false
	}
	var ack *flow.Segment
	for i := range flow.RingLen {
		if s := k.P.Last(i); s != nil && s.Has(flow.AckUnseen) && s.Pure() {
			ack = s
		}
	}
	if ack == nil || ack.Frame >= t.Frame {
		return nil, false
	}
	facts := []Fact{fact(ack, "the %s acknowledges one number of the %s that was not captured: most likely its FIN", k.receiver(), k.sender())}
	return append(facts, k.provokedFacts()...), true
}

// tookDataAfterFIN tells whether the sender acknowledged payload that came
// after its FIN: it had only shut down its sending side.
func (k *Case) tookDataAfterFIN() bool {
	d := k.payloadAfterFIN()
	return d != nil && k.S.Knows(flow.KnowsAck) && !k.S.Ack.Before(d.End())
}

// unackedPayload tells whether payload of either side was captured that the other
// acknowledged neither before nor by the reset: it may be lost with the connection.
func (k *Case) unackedPayload() bool {
	s, p := k.S, k.P
	own := s.LastData.Exists() && !(s.Knows(flow.KnowsUna) && !s.LastData.End().After(s.Una))
	peers := p.LastData.Exists() && !(s.Knows(flow.KnowsAck) && !p.LastData.End().After(s.Ack)) && !(k.R.Is(segment.ACK) && !p.LastData.End().After(k.R.Ack))
	return own || peers
}

// unheard finds payload that the sender sent again behind its FIN, though it had
// been acknowledged here; nil where there is none.
func (k *Case) unheard() *flow.Segment {
	if !k.S.Knows(flow.HasFIN | flow.FINAcked) {
		return nil
	}
	for i := range flow.RingLen {
		t := k.S.Last(i)
		if t == nil || t.Frame <= k.S.FIN.Frame {
			return nil
		}
		if t.Len > 0 && t.Has(flow.Again) && !t.Has(flow.Copy) {
			return t
		}
	}
	return nil
}

// closedCompletely tells whether both FINs were sent and acknowledged.
func (k *Case) closedCompletely() bool {
	return k.S.Knows(flow.HasFIN|flow.FINAcked) && k.P.Knows(flow.HasFIN|flow.FINAcked)
}

// lateFIN tells whether the reset answers the peer's FIN that came after the
// sender's had been acknowledged, and long after: a socket in FIN-WAIT-2 would
// acknowledge it, and what was on its way may have drawn the reset else.
func (k *Case) lateFIN() bool {
	t := &k.trigger
	return k.form == provoked && !k.R.Is(segment.ACK) && k.S.FIN.Exists() && t.Is(segment.FIN) && t.Len == 0 && k.ackedAgain(t) && k.payloadAfterFIN() == nil &&
		k.conn.Pause.After == t.Frame
}

// unaware tells whether the sender of an abort can not yet have got the last ACK
// of the connection.
func (k *Case) unaware() bool {
	last := lastOf(k.P)
	return k.form == spontaneous && k.R.Is(segment.ACK) && last != nil && last.Frame > k.S.FIN.Frame && k.since(last) < k.S.RTT.Min
}

// ackedAgain tells whether an ACK is not the first to acknowledge the sender's
// FIN.
func (k *Case) ackedAgain(ack *flow.Segment) bool {
	for i := range flow.RingLen {
		s := k.P.Last(i)
		if s != nil && s.Frame < ack.Frame && s.Is(segment.ACK) && !s.Is(segment.RST) && s.Ack.After(k.S.FinSeq) {
			return true
		}
	}
	return false
}

// oldDuplicate finds what drew an ACK out of TIME-WAIT: a segment of the
// sender, behind both FINs, of numbers that were acknowledged long before.
func (k *Case) oldDuplicate(ack *flow.Segment) *flow.Segment {
	for i := range flow.RingLen {
		s := k.S.Last(i)
		if s == nil {
			break
		}
		if s.Frame < ack.Frame && s.Frame > k.P.FIN.Frame && s.Frame > k.S.FIN.Frame && !s.Is(segment.RST) &&
			(s.Has(flow.Again) || s.Seq.Before(ack.Ack)) {
			return s
		}
	}
	return nil
}

// closeFacts are the FINs, and the reset behind them.
func (k *Case) closeFacts() []Fact {
	var facts []Fact
	for _, side := range [...]int{k.from, 1 - k.from} {
		if fin := &k.conn.Sides[side].FIN; fin.Exists() {
			facts = append(facts, fact(fin, "the %s closes: %s", k.name(side), k.brief(side, fin)))
		}
	}
	what := "the reset follows with no payload to its sender between"
	if k.form == provoked {
		if !k.trigger.Is(segment.FIN) {
			facts = append(facts, fact(&k.trigger, "the %s's %s draws it", k.receiver(), k.brief(1-k.from, &k.trigger)))
		}
		what = fmt.Sprintf("the reset takes its number, %d, from the acknowledgment of frame %d; no new payload came between", k.rel(k.from, k.R.Seq), k.trigger.Frame)
	}
	return append(append(facts, fact(&k.R, "%s", what)), k.headerFacts()...)
}

// unseenPeer tells whether a bare reset follows the sender's FIN with its next number,
// and nothing of the peer's was captured.
func (k *Case) unseenPeer() bool {
	return k.P.Packets == 0 && !k.R.Is(segment.ACK) && k.S.Knows(flow.HasFIN) && k.R.Seq == k.S.FinSeq+1
}

// unseenDuplicate tells whether a bare reset behind both FINs has a number that its
// receiver had acknowledged, and no segment at hand bears: a copy of an old one drew it
// that did not come by here.
func (k *Case) unseenDuplicate() bool {
	return k.form == neither && !k.R.Is(segment.ACK) && k.closedCompletely() && k.S.Knows(flow.KnowsISN) && k.R.Seq.In(k.S.ISN+1, k.S.Nxt)
}
