package judge

import (
	"fmt"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

var establishedRules = []*rule{{
	cause: cause.CloseUnreadData,
	in:    connected | closing | synReceived, // fast open data can be closed upon before the handshake ends
	need: func(k *Case) ([]Fact, bool) {
		if k.shutFirst() {
			return []Fact{fact(&k.S.FIN, "the %s closes its direction first: %s", k.sender(), k.brief(k.from, &k.S.FIN)), fact(&k.P.LastData, "payload of the %s that it may not have read", k.receiver())}, true
		}
		if k.form != spontaneous || !k.R.Is(segment.ACK) || k.S.Knows(flow.HasFIN) && k.payloadAfterFIN() == nil {
			return nil, false
		}
		d := &k.P.LastData
		facts := k.abortFacts()
		if !d.Exists() {
			return append(facts, fact(&k.R, "what the %s sent was not captured", k.receiver())), k.tookUnseen()
		}
		facts = append(facts, fact(d, "%d bytes of the %s had come in, up to %d", d.Len, k.receiver(), k.rel(1-k.from, d.End())))
		if n := k.unreadBytes(); n > 0 {
			facts = append(facts, factIn(lastOf(k.S).Frame, "the last %s up to there were acknowledged while the right edge of the window stood still", plural(int(n), "byte")))
		}
		return facts, true
	},
	refuted: func(k *Case) (string, []uint32) {
		if k.form != spontaneous || k.phase == noSYN && !k.P.LastData.Exists() {
			return "", nil
		}
		if !k.P.FirstData.Exists() && !k.tookUnseen() {
			return fmt.Sprintf("the %s had sent no data that could stay unread", k.receiver()), k.frames(lastOf(k.P))
		}
		return "", nil
	},
	strength: func(k *Case) cause.Strength {
		switch {
		case !k.P.LastData.Exists(), k.shutFirst():
			return cause.Undetermined
		case k.unreadBytes() > 0:
			return cause.Likely
		case k.answeredData():
			return cause.Undetermined
		case k.justGotData():
			return cause.Possible
		}
		return cause.Undetermined
	},
	open: "a close with data still unread has the same header; whether the program had read all does not show",
}, {
	cause: cause.HalfOpen,
	in:    connected | ending,
	need: func(k *Case) ([]Fact, bool) {
		t := &k.trigger
		if k.form != provoked || !t.Is(segment.ACK) || t.Is(segment.SYN) || k.S.Knows(flow.HasFIN) || k.phase == closedBoth {
			return nil, false
		}
		if k.S.SYN.Is(segment.SYN|segment.ACK) && !k.S.FirstACK.Exists() && !k.acceptedHandshake() && !k.peerGotMore() {
			return nil, false // nothing shows that the sender ever had the connection
		}
		if k.silentDeath() {
			return append(k.copiesFacts(&k.S.Sent), k.provokedFacts()...), true
		}
		return k.provokedFacts(), true
	},
	refuted: func(k *Case) (string, []uint32) {
		if k.form == provoked && k.S.Knows(flow.HasFIN) {
			return fmt.Sprintf("the %s had closed the connection itself", k.sender()), []uint32{k.S.FIN.Frame}
		}
		return "", nil
	},
	strength: func(k *Case) cause.Strength {
		if k.silentDeath() && !k.abortBehind() {
			return cause.Likely
		}
		return cause.Possible
	},
	open: "a host that has forgotten the connection answers like this",
}, {
	// Some stacks set ACK on each reset, and acknowledge what drew it.
	cause: cause.HalfOpen,
	in:    connected,
	need: func(k *Case) ([]Fact, bool) {
		if k.form != spontaneous || k.S.Layout != flow.LayoutMSS && k.S.Layout != flow.LayoutBSD || k.S.Knows(flow.HasFIN) || k.R.Has(flow.HasTS) || k.inChain() {
			return nil, false
		}
		t := k.dependsOn()
		if t == nil || t != lastOf(k.P) || !k.R.Is(segment.ACK) || !k.prompt(t) || k.S.Packets < 2 {
			return nil, false
		}
		return []Fact{
			fact(t, "the %s sends %s", k.receiver(), k.brief(1-k.from, t)),
			fact(&k.R, "the reset is the first to acknowledge it, %s later", duration(k.since(t))),
		}, true
	},
	strength: always(cause.Undetermined),
	open:     "some stacks, not Linux, answer by an RST+ACK also where they have no such connection",
}, {
	// Of the sender nothing but the reset was captured, or a device gives it other numbers.
	cause: cause.AbortiveClose,
	in:    connected | ending | alone,
	need: func(k *Case) ([]Fact, bool) {
		return []Fact{fact(&k.R, "its window and timestamps are those of a living socket")}, k.socketWrote() || k.R.Is(segment.ACK) && k.otherNumbering()
	},
	strength: always(cause.Undetermined),
	open:     "the reset bears what a living socket writes on its abort",
}, {
	cause: cause.CloseUnreadData,
	in:    noSYN,
	need: func(k *Case) ([]Fact, bool) {
		d := &k.P.LastData
		if !d.Exists() || !k.socketWrote() {
			return nil, false
		}
		return []Fact{fact(d, "payload that may not have been read")}, true
	},
	strength: always(cause.Undetermined),
	open:     "a close with data still unread has the same header",
}, {
	cause: cause.AbortiveClose,
	in:    handshaken | established | noSYN | synOnly | synWaiting | synAnswered | synReceived | ending,
	need: func(k *Case) ([]Fact, bool) {
		if k.endsPast() && k.R.Is(segment.ACK) && !k.abortsForSYN() {
			return k.endsPastFacts(), true
		}
		if k.phase == synReceived && k.P.Payload == 0 && !k.tookMore() {
			return nil, false
		}
		if k.phase == synAnswered && !(k.R.Is(segment.ACK) && k.P.SYN.Exists() && k.R.Ack == k.P.Nxt) || k.unseenSYNACK() {
			return nil, false
		}
		if k.form != spontaneous || k.S.Packets == 0 {
			return nil, false
		}
		return k.abortFacts(), true
	},
	refuted: func(k *Case) (string, []uint32) {
		if k.evading {
			s, _ := k.livesOn()
			return s.text, []uint32{s.frame}
		}
		if t := &k.trigger; k.form == provoked && !k.R.Is(segment.ACK) && t.Len > 0 && k.phase&(connected) != 0 {
			return "the reset takes its number from that segment, as no program's abort does", []uint32{t.Frame, k.R.Frame}
		}
		if d := k.payloadAfterFIN(); d != nil && k.form == spontaneous && k.R.Is(segment.ACK) && !k.R.Ack.Before(d.End()) && k.phase == closing && !k.tookDataAfterFIN() {
			return fmt.Sprintf("it acknowledges data that came after the %s's own FIN", k.sender()), []uint32{k.S.FIN.Frame, d.Frame}
		}
		return "", nil
	},
	strength: func(k *Case) cause.Strength {
		if k.phase&ending != 0 && !(k.S.LastData.Frame > k.P.FIN.Frame && k.P.FIN.Exists() && !k.S.FIN.Exists()) && !k.unheardFIN() && !k.tookDataAfterFIN() {
			return cause.Undetermined // close-then-abort: the same call of the program's, only later
		}
		if !k.R.Is(segment.ACK) && k.linux() && (k.conn.Missing > 0 || k.drops) {
			return cause.Undetermined // a Linux socket's abort bears an ACK (tcp_send_active_reset()): it answers what is missing
		}
		return cause.Possible
	},
	open: "a program can abort at any moment",
}}

// socketWrote tells whether a living socket wrote the reset, of whose sender nothing else
// was captured: it bears a window or timestamps, which no answer of a stack without one
// does (causes.md, 0.1), and what the peer sent agrees.
func (k *Case) socketWrote() bool {
	if !k.R.Is(segment.ACK) || k.R.Flags&(segment.SYN|segment.FIN) != 0 || k.S.Packets > 0 || k.R.Win == 0 && !k.R.Has(flow.HasTS) {
		return false
	}
	return k.P.Packets == 0 || k.P.Knows(flow.KnowsAck) && k.R.Seq == k.P.Ack && k.P.Knows(flow.KnowsNxt) && k.R.Ack == k.P.Nxt
}

// shutFirst tells whether the sender aborts behind its own FIN, while its peer, which has
// sent payload, has not closed: a program that shuts its sending down and then closes
// with data unread leaves the same as one that aborts (Linux __tcp_close()).
func (k *Case) shutFirst() bool {
	return k.form == spontaneous && k.R.Is(segment.ACK) && k.S.FIN.Exists() && k.since(&k.S.FIN) < idleFloor && !k.P.FIN.Exists() && k.P.LastData.Exists() && k.payloadAfterFIN() == nil
}

// unheardFIN tells whether the sender aborted before the peer's FIN had reached it:
// what it acknowledges lies below that, and for it the connection was established.
func (k *Case) unheardFIN() bool {
	return k.form == spontaneous && k.R.Is(segment.ACK) && k.P.FIN.Exists() && !k.S.FIN.Exists() && !k.R.Ack.After(k.P.FinSeq)
}

// acceptedHandshake tells whether a responder that sent nothing but its SYN-ACK
// must have taken the ACK to it: it repeated the SYN-ACK no more, for longer
// than it would have waited, and did not refuse the ACK when that came.
func (k *Case) acceptedHandshake() bool {
	ack := &k.P.FirstACK
	return ack.Exists() && ack.Frame != k.trigger.Frame && k.S.SYNs == 1 && k.trigger.Time-ack.Time > 63e9
}

// peerGotMore tells whether the receiver acknowledged the SYN-ACK first and more in
// what drew the reset: the sender had the connection and sent on it, and the capture
// lost that.
func (k *Case) peerGotMore() bool {
	if !k.S.Knows(flow.KnowsISN) || !k.trigger.Ack.In(k.S.ISN+2, k.S.ISN+usualWindow) {
		return false
	}
	for i := range flow.RingLen {
		if t := k.P.Last(i); t != nil && t.Frame < k.trigger.Frame && t.Is(segment.ACK) && t.Ack == k.S.ISN+1 {
			return true
		}
	}
	return false
}

// frames lists the frames of segments, those that there are.
func (k *Case) frames(segs ...*flow.Segment) []uint32 {
	var n []uint32
	for _, s := range segs {
		if s != nil && s.Exists() {
			n = append(n, s.Frame)
		}
	}
	return n
}

// abortFacts are what shows an abort: the numbers are the sender's own.
func (k *Case) abortFacts() []Fact {
	var facts []Fact
	what := fmt.Sprintf("number %d is the %s's next", k.rel(k.from, k.R.Seq), k.sender())
	if d := k.R.Seq.Minus(k.S.Nxt); d > 0 && k.S.Knows(flow.KnowsNxt) {
		what = fmt.Sprintf("number %d lies %d beyond what was captured of the %s: that was lost on its way here, or not sent yet", k.rel(k.from, k.R.Seq), d, k.sender())
	} else if d < 0 {
		what = fmt.Sprintf("number %d is the %s's first that is not acknowledged", k.rel(k.from, k.R.Seq), k.sender())
	}
	if k.R.Is(segment.ACK) && k.P.Knows(flow.KnowsNxt) {
		what += fmt.Sprintf(", and it acknowledges %d, what it had received", k.rel(1-k.from, k.R.Ack))
	}
	facts = append(facts, fact(&k.R, "%s", what))
	if l := lastOf(k.S); l != nil {
		facts = append(facts, fact(l, "the %s's last segment before, %s earlier: %s", k.sender(), duration(k.since(l)), k.brief(k.from, l)))
	}
	return append(facts, k.headerFacts()...)
}

// headerFacts are what in the header speaks for the living socket.
func (k *Case) headerFacts() []Fact {
	var facts []Fact
	if k.inClock() {
		facts = append(facts, fact(&k.R, "timestamp %d continues the %s's clock and echoes the %s's", k.R.TSVal, k.sender(), k.receiver()))
	}
	if k.nextID() {
		facts = append(facts, fact(&k.R, "IP identification %d continues the %s's packets by one", k.R.ID, k.sender()))
	}
	return facts
}

// provokedFacts are what shows a reset that a segment drew.
func (k *Case) provokedFacts() []Fact {
	t := &k.trigger
	facts := []Fact{fact(t, "the %s sends %s", k.receiver(), k.brief(1-k.from, t))}
	if k.R.Is(segment.ACK) {
		return append(facts, fact(&k.R, "the reset acknowledges its end, %d, and bears number %d: the answer of a stack without such a connection", k.rel(1-k.from, k.R.Ack), k.rel(k.from, k.R.Seq)))
	}
	return append(facts, fact(&k.R, "the reset takes its number, %d, from that segment's acknowledgment, %s later: the answer of a stack without such a connection", k.rel(k.from, k.R.Seq), duration(k.since(t))))
}

// answeredData tells whether the sender sent data after all that the peer had
// sent: its program had seen what came in.
func (k *Case) answeredData() bool {
	d, own := &k.P.LastData, &k.S.LastData
	return d.Exists() && own.Exists() && own.Frame > d.Frame && !own.Ack.Before(d.End())
}

// tookUnseen tells whether the sender of the reset may have received data that
// was not captured: nothing of its peer was, or it acknowledged more.
func (k *Case) tookUnseen() bool {
	first := k.P.ISN + 1
	if k.P.Known&(flow.HasFIN|flow.UnseenFIN) != 0 {
		first++
	}
	return k.P.Packets == 0 || k.tookMore() || k.P.Knows(flow.KnowsISN) && k.S.Knows(flow.KnowsAck) && k.S.Ack.After(first)
}

// justGotData tells whether the reset is the first to acknowledge data of the
// peer, or comes closer behind it than the sender ever took to answer. An
// originator that had spoken waits for such data and reads it; there it says
// nothing.
func (k *Case) justGotData() bool {
	d := &k.P.LastData
	if !d.Exists() || k.byOriginator() && k.S.FirstData.Exists() {
		return false
	}
	if !k.S.Knows(flow.KnowsAck) || d.End().After(k.S.Ack) {
		return true
	}
	turn := max(k.S.RTT.Min*12/10, 50*ms) // at least a stack's own turnaround and a delayed ACK of 40 ms
	return k.since(d) < turn
}

// unreadBytes is how many bytes were acknowledged last without moving the
// window's right edge, where that says something: the window is closed, and
// reading would have opened it (RFC 9293, 3.8.6.2.2; Linux tcp_cleanup_rbuf); or
// one full segment or more (less a receiver may hold back), by more than one
// acknowledgment, over more than a round trip.
func (k *Case) unreadBytes() uint32 {
	s, p := k.S, k.P
	if !k.conn.Windows() || !s.Knows(flow.KnowsEdge) || s.StuckAcks == 0 {
		return 0
	}
	n := s.Ack.Minus(s.EdgeStuck)
	if s.Win == 0 && n > 0 {
		return uint32(n)
	}
	if s.StuckAcks < 2 {
		return 0
	}
	mss := int32(536) // RFC 9293, 3.7.1
	if m := min(s.MSS, p.MSS); m > 0 {
		mss = int32(m)
	}
	l := lastOf(s)
	if n < mss || l == nil || l.Time-s.StuckAt < max(p.RTT.Min, ms) || l.Ack != s.Ack {
		return 0 // too little, too short, or out of order
	}
	if d := &k.S.LastData; d.Exists() && d.Time > s.StuckAt && d.Ack.After(s.EdgeStuck+flow.Seq(mss)) {
		return 0 // it answered in the meantime
	}
	return uint32(n)
}

// silentDeath tells whether the sender had sent one segment again and again
// without an answer, as a stack does before it forgets the connection in
// silence (causes.md, 0.2).
func (k *Case) silentDeath() bool {
	r := &k.S.Sent
	return r.N >= 6 && k.form == provoked && !r.Heard.Exists()
}
