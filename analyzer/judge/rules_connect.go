package judge

import (
	"fmt"
	"slices"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

// windowsTTL is where Windows begins, which refuses what a full queue has no room
// for; Linux and BSD say nothing then (causes.md, 1.1).
const windowsTTL = 128

// A Linux stack sends its SYN again after a second at the soonest (RFC 6298, 2.1), and
// for 127 s (tcp_syn_retries(7)).
const (
	nextSYN    = int64(9e8) // the clocks may differ a little
	longestSYN = int64(127e9)
)

// olderSYN tells whether the SYN-ACK may echo a SYN of the same connection that lies
// before the capture: the first one in it may have been sent again.
func (k *Case) olderSYN() bool {
	age := int64(k.S.FirstTS-k.trigger.TSEcr) * ms
	return age >= nextSYN && age <= longestSYN && k.S.SYN.Time-age < k.began0
}

var connectRules = []*rule{{
	cause: cause.SynInWindow,
	in:    synOnly,
	need: func(k *Case) ([]Fact, bool) {
		if !k.endsPast() || k.conn.Past.Sides[k.from].Layout == flow.LayoutLinux {
			return nil, false
		}
		return k.endsPastFacts(), true
	},
	strength: func(k *Case) cause.Strength {
		if !k.abortsForSYN() {
			return cause.Undetermined
		}
		return cause.Proven
	},
	open: "stacks of RFC 793 abort a living connection upon a SYN in its window",
}, {
	cause: cause.SynOnHalfOpen,
	in:    synOnly,
	need: func(k *Case) ([]Fact, bool) {
		p := &k.conn.Past
		old, r := &p.Sides[1-k.from], &p.Sides[k.from]
		if k.form != provoked || !k.R.Is(segment.ACK) || !p.Exists() || !old.SYN.Exists() || !r.SYN.Exists() || old.Handshake != 0 || p.Resets > 0 {
			return nil, false
		}
		if k.R.Time-old.SYN.Time > 63e9 { // the longest a half-open request lives on Linux
			return nil, false
		}
		if d := k.trigger.Seq.Minus(old.ISN); d <= 0 || d > usualWindow {
			return nil, false // out of the window a second SYN draws an ACK (tcp_check_req())
		}
		return []Fact{
			factIn(old.SYN.Frame, "the first SYN"),
			factIn(r.SYN.Frame, "the SYN-ACK to it, which no ACK followed"),
			fact(&k.trigger, "a second SYN on the same ports, its number %+d from the first", int32(k.trigger.Seq-old.ISN)),
			fact(&k.R, "the reset acknowledges the second"),
		}, true
	},
	strength: func(k *Case) cause.Strength {
		if !k.mayRefuseSecond() {
			return cause.Possible // that nothing listens any more is as good a reason
		}
		return cause.Proven
	},
	open: "the first SYN's request may have been half open still, and some stacks refuse the second for that",
}, {
	cause: cause.PortClosed,
	in:    synOnly,
	again: true, // a SYN sent again is refused again
	need: func(k *Case) ([]Fact, bool) {
		if k.form != provoked || !k.R.Is(segment.ACK) || !k.trigger.Is(segment.SYN) {
			return nil, false
		}
		return append(k.refusalFacts(), k.twoHostsFacts()...), true
	},
	refuted: func(k *Case) (string, []uint32) {
		if _, two := k.twoHosts(); two {
			return "", nil
		}
		if s, ok := k.synackToo(); ok {
			return "a SYN-ACK to the same SYN came as well", []uint32{s.frame}
		}
		if k.mptcp.Has(packet.MPTCPReset) {
			return "a stack without a socket gives no reason of MPTCP's", []uint32{k.R.Frame}
		}
		if p := &k.conn.Past; p.Exists() && p.Sides[k.from].SYN.Exists() && k.mayRefuseSecond() && p.Sides[1-k.from].Handshake == 0 && p.Resets == 0 && k.conn.FirstTime-p.LastTime < 63e9 &&
			k.trigger.Seq.In(p.Sides[1-k.from].ISN, p.Sides[1-k.from].ISN+usualWindow) {
			return "a SYN to that port was accepted just before", []uint32{p.Sides[k.from].SYN.Frame}
		}
		return "", nil
	},
	strength: func(k *Case) cause.Strength {
		if _, two := k.twoHosts(); two {
			return cause.Possible
		}
		if len(k.synSigns()) > 0 || k.openPort() != nil && k.likeWindows() {
			return cause.Undetermined
		}
		if k.openPort() != nil || k.openAround() || k.P.Knows(flow.SYNFeature) && k.plainSuccess() != nil {
			return cause.Possible // the service began or ended just then, or a filter lets some in
		}
		if p := &k.conn.Past; p.Sides[k.from].SYN.Exists() && k.conn.FirstTime-p.LastTime < 63e9 {
			return cause.Possible // a moment ago something listened there
		}
		switch {
		case k.livingOn() != nil && k.likeWindows():
			return cause.Undetermined // its queue is full, rather
		case k.livingOn() != nil:
			return cause.Possible
		case !k.likeHost() && !k.atSender():
			return cause.Possible
		case k.copiesDSCP():
			return cause.Proven
		case k.dropsDSCP():
			return cause.Undetermined
		}
		return cause.Likely // a filter of the host's own answers like this (causes.md, 0.1)
	},
	open: "a host without a listener on that port answers like this",
}, {
	// Of the connection nothing but the refusal was captured.
	cause: cause.PortClosed,
	in:    alone,
	need: func(k *Case) ([]Fact, bool) {
		return []Fact{fact(&k.R, "number 0 and an acknowledgment")}, k.refusesUnseen()
	},
	strength: always(cause.Undetermined),
	open:     "number 0 and an acknowledgment answer a segment without ACK (RFC 9293, 3.5.2): a SYN, as a rule, which was not captured",
}, {
	// Windows refuses the SYN itself.
	cause: cause.ListenerBacklogFull,
	in:    synOnly,
	again: true,
	need: func(k *Case) ([]Fact, bool) {
		if k.form != provoked || !k.R.Is(segment.ACK) || !k.trigger.Is(segment.SYN) {
			return nil, false
		}
		if a := k.openPort(); a != nil {
			return append(k.refusalFacts(), factIn(a.frame, "another SYN to that port, %s apart, was accepted: something listens there", duration(abs(a.time-k.conn.FirstTime)))), true
		}
		if a := k.livingOn(); a != nil {
			return append(k.refusalFacts(), factIn(a.frame, "another SYN to that port was accepted %s before, and that connection lives", duration(abs(a.time-k.conn.FirstTime)))), true
		}
		return nil, false
	},
	strength: func(k *Case) cause.Strength {
		if len(k.synSigns()) > 0 || !k.likeWindows() {
			return cause.Undetermined
		}
		return cause.Possible
	},
	open: "a full queue is refused like this by some stacks",
}, {
	cause: cause.ListenerBacklogFull,
	in:    handshaken,
	need: func(k *Case) ([]Fact, bool) {
		if k.byOriginator() || k.form != provoked || k.R.Is(segment.ACK) || k.trigger.Ack != k.S.ISN+1 || k.S.FirstACK.Exists() || k.acceptedHandshake() {
			return nil, false
		}
		return append(k.handshakeFacts(), k.provokedFacts()...), true
	},
	strength: func(k *Case) cause.Strength {
		if k.lateHandshake() != "" {
			return cause.Undetermined
		}
		return cause.Possible
	},
	open: "a listener with a full queue can refuse like this",
}, {
	cause: cause.HandshakeACKRejected,
	in:    handshaken | synReceived,
	need: func(k *Case) ([]Fact, bool) {
		if k.byOriginator() || k.form != provoked || k.R.Is(segment.ACK) || k.S.FirstACK.Exists() || k.acceptedHandshake() || k.peerGotMore() {
			return nil, false
		}
		facts := append(k.handshakeFacts(), k.provokedFacts()...)
		if why := k.lateHandshake(); why != "" {
			facts = append(facts, fact(&k.trigger, "%s", why))
		}
		return facts, true
	},
	strength: func(k *Case) cause.Strength {
		if k.S.Knows(flow.KnowsISN) && k.trigger.Ack != k.S.ISN+1 && k.conn.Missing == 0 {
			return cause.Likely
		}
		return cause.Possible
	},
	open: "a listener that knows of no such handshake answers like this",
}, {
	cause: cause.ListenerClosed,
	in:    handshaken,
	need: func(k *Case) ([]Fact, bool) {
		if k.byOriginator() || k.form != spontaneous || !k.R.Is(segment.ACK) || k.S.Payload > 0 {
			return nil, false
		}
		return append(append(k.handshakeFacts(), k.abortFacts()...), k.listenerGone()...), true
	},
	strength: func(k *Case) cause.Strength {
		switch {
		case len(k.listenerGone()) < 2:
			return cause.Undetermined
		case k.P.Payload > 0:
			return cause.Possible // a program that ends with the listener leaves what it had accepted and not read, too
		case k.likeWindows():
			return cause.Possible // Windows aborts all connections of a process that ends
		}
		return cause.Likely
	},
	open: "a listener that closes resets what still waited to be accepted",
}, {
	cause: cause.TimeWaitReuse,
	in:    synAnswered,
	again: true,
	need: func(k *Case) ([]Fact, bool) {
		p, t := &k.conn.Past, &k.trigger
		if k.answersBefore() {
			return k.wrongFacts(), true
		}
		if !k.wrongAnswer() || !t.Pure() || !p.Exists() || !p.Closed() && !p.Missing || p.ClosedLast(1-k.from) || t.Ack != p.Sides[k.from].Nxt && t.Ack != p.Sides[1-k.from].Ack {
			return nil, false
		}
		if k.R.Time-p.LastTime > 240e9 {
			return nil, false
		}
		return []Fact{
			factIn(p.Sides[k.from].FIN.Frame, "the FIN of the %s, of the connection before on these ports", k.sender()),
			factIn(p.Sides[1-k.from].FIN.Frame, "the FIN of the %s", k.receiver()),
			factIn(k.S.LastSYN.Frame, "a new SYN on the same ports, %s after the last packet, its number %+d from the old one's next", duration(k.S.SYN.Time-p.LastTime), int32(k.S.ISN-p.Sides[k.from].Nxt)),
			fact(t, "the %s answers out of TIME-WAIT, with the old number", k.receiver()),
			fact(&k.R, "the reset takes its number from that ACK"),
		}, true
	},
	refuted: func(k *Case) (string, []uint32) {
		p := &k.conn.Past
		if k.wrongAnswer() && k.trigger.Pure() && p.Exists() && !p.Closed() && !p.Missing && k.answersPast() {
			return "the connection before on these ports was not closed by both sides", k.pastFrames()
		}
		if k.wrongAnswer() && p.ClosedLast(1-k.from) {
			return fmt.Sprintf("the %s had sent the last FIN: it waits in LAST-ACK for the ACK of that, and never in TIME-WAIT", k.receiver()), []uint32{p.Sides[1-k.from].FIN.Frame}
		}
		if was := &p.Sides[k.from]; k.wrongAnswer() && p.Closed() && p.Sides[1-k.from].Layout == flow.LayoutLinux && was.LastTSAt != 0 && k.S.FirstTSAt != 0 && int32(k.S.FirstTS-was.LastTS) > 0 {
			// tcp_timewait_state_process() lets such a SYN in
			return fmt.Sprintf("the SYN's timestamp, %d, lies above the last one, %d: Linux lets it in out of TIME-WAIT", k.S.FirstTS, was.LastTS), []uint32{k.S.SYN.Frame}
		}
		return "", nil
	},
	strength: func(k *Case) cause.Strength {
		switch p := &k.conn.Past; {
		case k.answersBefore(), !p.Closed():
			return cause.Undetermined
		case !p.Sides[0].FIN.Exists(), !p.Sides[1].FIN.Exists():
			return cause.Likely // one was not captured, but for its acknowledgment
		}
		return cause.Proven
	},
	open: "an old connection on these ports may lie in TIME-WAIT, before the capture",
}, {
	cause: cause.HalfOpen,
	in:    synAnswered,
	again: true,
	need: func(k *Case) ([]Fact, bool) {
		p, t := &k.conn.Past, &k.trigger
		if k.answersBefore() {
			return k.wrongFacts(), true
		}
		if !k.wrongAnswer() || !t.Pure() || p.Closed() && !p.ClosedLast(1-k.from) || !p.Exists() || !k.answersPast() {
			return nil, false
		}
		if o := &p.Sides[p.Orig]; o.SYN.Exists() && o.Handshake == 0 || k.stranger() {
			return nil, false // it was never established, or another host's
		}
		return []Fact{
			factIn(p.LastFrame, "the connection before on these ports, which %s", k.notClosed()),
			factIn(k.S.LastSYN.Frame, "a new SYN on the same ports"),
			fact(t, "the %s answers for the old one: %s", k.receiver(), k.brief(1-k.from, t)),
			fact(&k.R, "the reset takes its number from that ACK"),
		}, true
	},
	refuted: func(k *Case) (string, []uint32) {
		if p := &k.conn.Past; k.wrongAnswer() && k.trigger.Pure() && p.Exists() && p.Closed() && !p.ClosedLast(1-k.from) {
			return "both sides had closed the connection before on these ports", slices.DeleteFunc([]uint32{p.Sides[0].FIN.Frame, p.Sides[1].FIN.Frame}, func(n uint32) bool { return n == 0 })
		}
		return "", nil
	},
	strength: func(k *Case) cause.Strength {
		switch {
		case k.answersBefore():
			return cause.Undetermined
		case k.S.SYN.Has(flow.Cut) && k.S.SYN.Time-k.conn.Past.LastTime < flow.MinPause:
			return cause.Possible // its clock, cut off, would tell whether it is another host's
		case k.conn.Past.Missing:
			return cause.Possible // its FINs may be among what is missing
		}
		return cause.Likely
	},
	open: "the other side may still hold an old connection on these ports",
}, {
	cause: cause.SynackBadACK,
	in:    synAnswered,
	again: true,
	need: func(k *Case) ([]Fact, bool) {
		if !k.wrongAnswer() {
			return nil, false
		}
		return k.wrongFacts(), true
	},
	strength: func(k *Case) cause.Strength {
		if p := &k.conn.Past; k.answersBefore() || p.Missing && k.trigger.Pure() && k.answersPast() {
			return cause.Possible // why the number is wrong lies before the capture, or is missing
		}
		return cause.Proven
	},
	open: "the number acknowledged is not this SYN's",
}, {
	cause: cause.SynackBadTimestamp,
	in:    synAnswered,
	again: true,
	need: func(k *Case) ([]Fact, bool) {
		t := &k.trigger
		if k.form != provoked || k.R.Is(segment.ACK) || !t.Is(segment.SYN|segment.ACK) || t.Ack != k.S.Nxt || !t.Has(flow.HasTS) || !k.S.Knows(flow.OffersTS) {
			return nil, false
		}
		if t.TSEcr == 0 {
			return nil, false // some stacks echo nothing on a SYN-ACK, and others let that pass (Linux tcp_rcv_synsent_state_process())
		}
		// Nothing that the SYNs bore, nor what the clock can have shown since.
		low := int32(t.TSEcr - k.S.FirstTS)
		if high := int32(t.TSEcr - k.S.LastTS); low >= 0 && int64(high) <= max(t.Time-k.S.LastTSAt, 0)/1e6+2 {
			return nil, false
		}
		return []Fact{
			fact(&k.S.SYN, "the SYN bears timestamp %d", k.S.FirstTS),
			fact(t, "the SYN-ACK echoes %d, which was never sent", t.TSEcr),
			fact(&k.R, "the reset takes its number from that SYN-ACK"),
		}, true
	},
	strength: func(k *Case) cause.Strength {
		if k.S.Layout != flow.LayoutLinux {
			return cause.Possible // others let it pass (FreeBSD tcp_do_segment()): then the socket was gone
		}
		if k.olderSYN() {
			return cause.Undetermined
		}
		return cause.Proven
	},
	open: "the SYN-ACK echoes a timestamp that was never sent, which some stacks refuse",
}, {
	cause: cause.ParallelConnectLoser,
	in:    synOnly | synAnswered | handshaken | established,
	need: func(k *Case) ([]Fact, bool) {
		if k.phase == synOnly || !k.byOriginator() || k.conn.R().Payload > 0 || k.conn.O().Payload > 0 || k.wrongAnswer() || k.form == neither || k.conn.O().SYNs == 0 {
			return nil, false
		}
		a, out := k.winner()
		if a == nil {
			return nil, false
		}
		facts := []Fact{
			fact(&k.S.SYN, "the SYN to port %d", k.conn.Key.Port(1-k.from)),
			factIn(a.frame, "the SYN to port %d of the same host, %s apart", a.rport, duration(abs(a.time-k.S.SYN.Time))),
		}
		if out.Data() {
			facts = append(facts, factIn(a.frame, "that connection (%d) is the one that goes on: it carries data", a.id))
		}
		return append(facts, fact(&k.R, "this one is reset before any data")), true
	},
	refuted: func(k *Case) (string, []uint32) {
		if k.phase == synOnly && !k.byOriginator() && k.pairedPort() {
			return "the responder refused it, the originator did not reset it", []uint32{k.R.Frame}
		}
		if !k.byOriginator() || k.form == neither || payload(k) > 0 {
			return "", nil
		}
		if a := k.failedSibling(); a != nil {
			if w, _ := k.winner(); w == nil {
				return fmt.Sprintf("the connection to port %d beside it failed too", a.rport), []uint32{a.frame}
			}
		}
		return "", nil
	},
	strength: func(k *Case) cause.Strength {
		a, out := k.winner()
		if !smbPair(a.rport, k.conn.Key.Port(1-k.from)) {
			return cause.Undetermined
		}
		if out.Data() && !(out.Closed() && k.conn.FirstTime-a.time > raceDelay) {
			return cause.Proven
		}
		return cause.Possible // nothing shows that it goes on, or that it had not ended when this one began
	},
	open: "a connection beside it, to the same host, goes on",
}, {
	// The same with several addresses of one name, as browsers and database drivers
	// try them; no packet tells that they are one host's.
	cause: cause.ParallelConnectLoser,
	in:    synAnswered | handshaken,
	need: func(k *Case) ([]Fact, bool) {
		if !k.byOriginator() || payload(k) > 0 || k.wrongAnswer() || k.form == neither {
			return nil, false
		}
		a := k.wonElsewhere()
		if a == nil {
			return nil, false
		}
		return []Fact{
			fact(&k.S.SYN, "the SYN to %v", k.conn.Key.Addr(1-k.from).Addr()),
			factIn(a.frame, "the SYN to the same port of %v, %s apart: that connection (%d) goes on and carries data", a.target(), duration(abs(a.time-k.S.SYN.Time)), a.id),
			fact(&k.R, "this one is reset before any data"),
		}, true
	},
	strength: always(cause.Undetermined),
	open:     "a connection to another address, begun at the same time, goes on: both may be one name's (RFC 8305)",
}, {
	cause: cause.SynSentAbort,
	in:    synAnswered | synWaiting,
	again: true,
	need: func(k *Case) ([]Fact, bool) {
		if k.afterAnother() {
			return nil, false
		}
		if k.unseenSYNACK() {
			return k.unseenFacts(), true
		}
		if !k.refusesSYNACK() || k.askedElsewhere() != nil {
			return nil, false
		}
		return k.synackFacts(), true
	},
	refuted: func(k *Case) (string, []uint32) {
		t := lastOf(k.P)
		switch {
		case t == nil || !t.Is(segment.SYN|segment.ACK):
		case k.wrongAnswer():
			return "the SYN-ACK acknowledges what was never sent: it is not that the socket was gone", []uint32{t.Frame}
		case k.R.Is(segment.ACK) && k.form == spontaneous:
			return "a host without the socket would answer by an RST without ACK", []uint32{t.Frame, k.R.Frame}
		}
		return "", nil
	},
	strength: func(k *Case) cause.Strength {
		if k.scanning() {
			return cause.Undetermined
		}
		if k.unseenSYNACK() || !k.prompt(&k.trigger) {
			return cause.Possible
		}
		switch late := k.answeredLate(); {
		case late && !k.siblingSuccess():
			return cause.Likely
		case late, k.S.Layout != flow.LayoutMSS && !k.S.SYN.Has(flow.Cut):
			return cause.Possible // a SYN as a stack writes it for a program, no raw socket
		}
		return cause.Undetermined
	},
	open: "a program that gave up connecting leaves a SYN-ACK without a socket",
}, {
	// The SYN was not captured.
	cause: cause.SynSentAbort,
	in:    handshaken,
	need: func(k *Case) ([]Fact, bool) {
		if !k.unseenSYN() || k.askedElsewhere() != nil || k.afterAnother() {
			return nil, false
		}
		return []Fact{fact(&k.trigger, "a SYN-ACK, and no SYN before it in the capture"), fact(&k.R, "the reset takes its number from it")}, true
	},
	strength: always(cause.Undetermined),
	open:     "its SYN may have gone another way, and its program have given up",
}}
