package judge

import (
	"fmt"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
)

// minCopies is how often a segment must have been sent again for a stack's
// retransmission limit: Windows five times, BSD twelve (causes.md, 1.5).
const minCopies = 5

var timerRules = []*rule{{
	cause: cause.RetransmissionTimeout,
	in:    anyPhase &^ (alone | synOnly),
	need: func(k *Case) ([]Fact, bool) {
		r := k.run()
		if r == nil || r.N < 3 && !k.beganBefore(r) || !k.endsByTimer() || k.doneWith(r) {
			return nil, false
		}
		return k.runFacts(r), true
	},
	refuted: func(k *Case) (string, []uint32) {
		if k.form == provoked && k.phase&(connected|closing) != 0 {
			switch {
			case k.S.Sent.N >= 3:
				return fmt.Sprintf("the %s's segment drew the reset, not a timer", k.receiver()), append(k.S.Sent.Frames(), k.trigger.Frame)
			case k.P.Sent.N >= 2:
				return fmt.Sprintf("what was sent again was the %s's", k.receiver()), k.P.Sent.Frames()
			case k.trigger.Len > 0:
				return fmt.Sprintf("the %s's segment drew the reset, not a timer", k.receiver()), []uint32{k.trigger.Frame}
			}
		}
		if k.form != spontaneous || k.beyondSeen() > 0 {
			return "", nil
		}
		if r := k.run(); r != nil && (r.N >= 3 || k.beganBefore(r)) {
			return "", nil
		}
		ended := &k.S.Ended
		switch {
		case ended.N >= 2 && ended.Heard.Exists() && ended.Beaten == 0:
			return fmt.Sprintf("the segment that was sent %d times was acknowledged before the reset", ended.N), append(ended.Frames(), ended.Heard.Frame)
		case k.S.Sent.N == 2:
			return "the segment was sent again only once", k.S.Sent.Frames()
		case k.S.Packets > 0:
			if a := lastOf(k.P); a != nil && k.S.Sent.N == 0 {
				what := ""
				if k.S.Probes.N > 0 && k.windowShut() {
					what = ", probes aside,"
				}
				return fmt.Sprintf("all that the %s had sent%s was acknowledged", k.sender(), what), []uint32{a.Frame}
			}
			return fmt.Sprintf("the %s sent no segment again", k.sender()), k.frames(lastOf(k.S))
		}
		return "", nil
	},
	strength: func(k *Case) cause.Strength {
		r := k.run()
		beyond := r.Beaten > 0 || r.Heard.Exists() // answers were seen here and did not reach it
		onTime := k.onSchedule(r)
		switch {
		case r.N < minCopies+1:
			return cause.Undetermined // a deadline of the program's: abortive-close, this one stays open
		case beyond && !onTime:
			return cause.Undetermined
		case beyond || k.conn.Missing > 0 || k.drops || k.heardBehind(r.Start):
			return cause.Possible
		case !growing(r):
			return cause.Possible
		case !onTime:
			return cause.Likely
		}
		return cause.Proven
	},
	open: "segments of it had stayed without an answer",
}, {
	// What it sent last, and again, was lost before it came by here.
	cause: cause.RetransmissionTimeout,
	in:    connected | closing,
	need: func(k *Case) ([]Fact, bool) {
		if k.form != spontaneous || k.beyondSeen() <= 0 || k.since(lastOf(k.P)) < 1e9 {
			return nil, false
		}
		return k.abortFacts(), true
	},
	strength: always(cause.Undetermined),
	open:     "what it sent last did not come by here, and perhaps its copies did not either",
}, {
	cause: cause.KeepaliveTimeout,
	in:    connected | closing,
	need: func(k *Case) ([]Fact, bool) {
		p := &k.S.Probes
		if p.N < 2 || k.form != spontaneous || k.windowShut() {
			return nil, false
		}
		return k.probeFacts(p, "keepalive"), true
	},
	refuted: func(k *Case) (string, []uint32) {
		p := &k.S.Probes
		switch {
		case k.form == provoked && k.trigger.Has(flow.Probe) && k.S.Win != 0:
			return "the prober did not reset: a reset answered its probe", []uint32{k.trigger.Frame}
		case k.form != spontaneous:
			return "", nil
		case p.N > 0 && k.windowShut():
			return fmt.Sprintf("the %s's window is 0: these are window probes", k.receiver()), p.Frames()
		case p.N == 0:
			return "", nil
		case p.Heard.Exists() && (!k.onInterval(p) || k.echoesLast()):
			return fmt.Sprintf("the %s's last probe was answered", k.sender()), []uint32{p.Last().Frame, p.Heard.Frame}
		case p.N >= 3 && growing(p):
			return "the probes did not come at a constant distance: it grew, as a retransmission's does", p.Frames()
		}
		return "", nil
	},
	strength: func(k *Case) cause.Strength {
		p := &k.S.Probes
		switch {
		case p.Heard.Exists() || p.Beaten > 0 || k.conn.Missing > 0 || k.drops || k.heardBehind(p.Start):
			return cause.Possible // answers left here: they were lost behind this point
		case !k.onInterval(p) || !punctual(p, k.R.Time):
			return cause.Possible
		}
		return cause.Proven
	},
	open: "its keepalive probes had stayed unanswered",
}, {
	cause: cause.ZeroWindowTimeout,
	in:    connected | closing,
	need: func(k *Case) ([]Fact, bool) {
		p := &k.S.Probes
		if p.N < 2 || k.form != spontaneous || !k.windowShut() {
			return nil, false
		}
		facts := []Fact{}
		if l := lastOf(k.P); l != nil {
			facts = append(facts, fact(l, "the %s's window is 0", k.receiver()))
		}
		return append(facts, k.probeFacts(p, "window")...), true
	},
	refuted: func(k *Case) (string, []uint32) {
		if k.form == provoked && k.trigger.Exists() && k.S.Packets > 0 && (k.S.Win == 0 || k.P.Win == 0 || k.S.Probes.N > 0) && k.phase&(connected|closing) != 0 {
			return fmt.Sprintf("the %s's segment drew the reset, no timer of the %s's", k.receiver(), k.sender()), []uint32{k.trigger.Frame}
		}
		if k.form == spontaneous && k.S.Probes.N == 0 && k.P.Packets > 0 && k.P.Win == 0 && k.phase&(connected|closing) != 0 {
			return fmt.Sprintf("the %s had sent no probe", k.sender()), k.frames(lastOf(k.S))
		}
		if p := &k.S.Probes; k.form == spontaneous && p.N > 0 && k.P.Win == 0 && p.Heard.Exists() {
			return fmt.Sprintf("the %s answered the probes: the %s's program decided", k.receiver(), k.sender()), []uint32{p.Last().Frame, p.Heard.Frame}
		}
		return "", nil
	},
	open: "the peer's window was 0 and its probes stayed unanswered",
}, {
	cause: cause.UserTimeout,
	in:    connected | closing,
	need: func(k *Case) ([]Fact, bool) {
		p := &k.S.Probes
		if p.N == 0 || p.Heard.Exists() || k.form != spontaneous || k.windowShut() {
			return nil, false
		}
		d := k.sincePeer()
		if !roundSeconds(d) && p.N >= 9 {
			return nil, false
		}
		return append(k.probeFacts(p, "keepalive"), fact(&k.R, "%s after the last segment of the %s", duration(d), k.receiver())), true
	},
	strength: func(k *Case) cause.Strength {
		if k.S.Probes.N >= 2 && k.onInterval(&k.S.Probes) {
			return cause.Undetermined // keepalives alone explain it
		}
		return cause.Possible
	},
	open: "the program may have set a limit of its own (TCP_USER_TIMEOUT)",
}, {
	cause: cause.SynackTimeout,
	in:    synReceived,
	need: func(k *Case) ([]Fact, bool) {
		r := &k.S.Sent
		if k.byOriginator() || r.N < 2 || k.form != spontaneous {
			return nil, false
		}
		return append([]Fact{fact(&k.P.SYN, "the SYN")}, append(eachFact(r, "SYN-ACK, transmission"), fact(&k.R, "no ACK came, and the %s resets", k.sender()))...), true
	},
	open: "its SYN-ACKs had stayed unanswered",
}}

// echoesLast tells whether the reset echoes the timestamp of the peer's last
// segment, and of none before: that one had got through to its sender.
func (k *Case) echoesLast() bool {
	last := k.P.Last(0)
	if last == nil || !last.Has(flow.HasTS) || !k.R.Has(flow.HasTS) || k.R.TSEcr != last.TSVal {
		return false
	}
	before := k.P.Last(1)
	return before != nil && before.Has(flow.HasTS) && before.TSVal != last.TSVal
}

// windowShut tells whether the peer's last window is 0.
func (k *Case) windowShut() bool { return k.P.Packets > 0 && k.P.Win == 0 }

// run is the sender's run of transmissions that may have led to the reset: one
// that is not acknowledged, or whose acknowledgments were seen here and did
// not reach it before.
func (k *Case) run() *flow.Run {
	if r := &k.S.Sent; r.N > 0 {
		return r
	}
	if r := &k.S.Ended; r.N > 0 && r.Beaten > 0 && r.Start.Minus(k.S.Una) > -(1<<20) && k.S.LastData.Frame <= r.Last().Frame {
		return r
	}
	return nil
}

// beganBefore tells whether copies of the run may lie before the capture: it
// begins with the first that was captured of the sender, nothing of which was
// acknowledged, and the capture began no longer before than the reset came after,
// as the distances of copies only grow.
func (k *Case) beganBefore(r *flow.Run) bool {
	return k.phase&(noSYN|ending) != 0 && k.S.SYNs == 0 && k.P.SYNs == 0 && r == &k.S.Sent && r.Start == k.S.First && !k.S.Knows(flow.KnowsUna) &&
		r.At(0).Time-k.began0 < k.R.Time-r.Last().Time
}

// doneWith tells whether the run had ended long before the reset: its last copy
// was acknowledged, and the sender was silent ever since, where a stack that waits
// sends again.
func (k *Case) doneWith(r *flow.Run) bool {
	if r != &k.S.Ended || r.N < 2 || r.Heard.Frame < r.Last().Frame {
		return false
	}
	last := r.Last().Time - r.At(r.Kept()-2).Time
	return k.R.Time-r.Last().Time > max(3*last, 3e9)
}

// endsByTimer tells whether the reset is one that a timer's end gives: with
// the sender's next number or the first that is not acknowledged.
func (k *Case) endsByTimer() bool {
	if k.form == spontaneous {
		return true
	}
	return k.phase == synWaiting && (k.R.Seq == k.S.Nxt || k.R.Seq == k.S.ISN)
}

// growing tells whether the distances of a run, two or more, grow as a
// backed-off timer's do: none is clearly shorter than the one before, the first
// aside, which may be a tail loss probe's, and the last is at least twice the
// shortest.
func growing(r *flow.Run) bool {
	least, last := int64(0), int64(0)
	for i := 1; i < r.Kept(); i++ {
		d := r.At(i).Time - r.At(i-1).Time
		if i > 2 && d*10 < last*8 {
			return false
		}
		if least == 0 || d < least {
			least = d
		}
		last = d
	}
	return last >= 2*least
}

// onSchedule tells whether the reset came where the next retransmission was
// due: half to one and a half of twice the last distance, or of the same where
// the timer had reached its limit.
func (k *Case) onSchedule(r *flow.Run) bool {
	n := r.Kept()
	if n < 2 {
		return false
	}
	last := r.At(n-1).Time - r.At(n-2).Time
	d := k.R.Time - r.Last().Time
	return d >= last*9/10 && d <= last*3
}

// punctual tells whether probes, and the reset behind them, came at one
// distance as a timer keeps it: within a tenth, or 50 ms of its own slack.
func punctual(r *flow.Run, reset int64) bool {
	first := r.At(1).Time - r.At(0).Time
	slack := first/10 + 50*ms
	for i := 2; i < r.Kept(); i++ {
		if abs(r.At(i).Time-r.At(i-1).Time-first) > slack {
			return false
		}
	}
	return abs(reset-r.Last().Time-first) <= slack
}

// onInterval tells whether the reset came about one distance after the last of
// probes that did not back off: half to twice of it, for a path can hold either
// back.
func (k *Case) onInterval(r *flow.Run) bool {
	if r.N < 2 {
		return false
	}
	n := r.Kept()
	last := r.At(n-1).Time - r.At(n-2).Time
	d := k.R.Time - r.Last().Time
	return !growing(r) && 2*d >= last && d <= 2*last
}

// sincePeer is the time since the last segment of the peer.
func (k *Case) sincePeer() int64 {
	if l := lastOf(k.P); l != nil {
		return k.since(l)
	}
	return 0
}

// roundSeconds tells whether a time is within 2 % of whole seconds, as
// programs set their limits.
func roundSeconds(d int64) bool {
	s := (d + 5e8) / 1e9
	off := d - s*1e9
	if off < 0 {
		off = -off
	}
	return s > 0 && off <= max(d/50, 20*ms) && off <= 100*ms
}

// copiesFacts name the transmissions of a run.
func (k *Case) copiesFacts(r *flow.Run) []Fact {
	what := fmt.Sprintf("bytes %d:%d, transmission", k.rel(k.from, r.Start), k.rel(k.from, r.Start+flow.Seq(r.Len)))
	if k.phase == synWaiting {
		what = "SYN, transmission"
	} else if r.Len == 0 {
		what = fmt.Sprintf("seq %d, transmission", k.rel(k.from, r.Start))
	}
	return eachFact(r, what)
}

// runFacts name the transmissions of a run that ended in the reset.
func (k *Case) runFacts(r *flow.Run) []Fact {
	facts := k.copiesFacts(r)
	if r.Heard.Exists() {
		facts = append(facts, factIn(r.Heard.Frame, "the %s acknowledged it, which had not reached the %s before either", k.receiver(), k.sender()))
	}
	n := r.Kept()
	text := fmt.Sprintf("the reset comes %s after the last one", duration(k.R.Time-r.Last().Time))
	if n >= 2 {
		text += fmt.Sprintf(", which came %s after the one before", duration(r.At(n-1).Time-r.At(n-2).Time))
	}
	return append(append(facts, fact(&k.R, "%s", text)), k.headerFacts()...)
}

// probeFacts name probes.
func (k *Case) probeFacts(r *flow.Run, kind string) []Fact {
	facts := eachFact(r, kind+" probe")
	if r.Heard.Exists() {
		facts = append(facts, factIn(r.Heard.Frame, "the %s answers", k.receiver()))
	}
	return append(append(facts, fact(&k.R, "the reset comes %s after the last one", duration(k.R.Time-r.Last().Time))), k.headerFacts()...)
}

// eachFact states what each segment of a run is.
func eachFact(r *flow.Run, what string) []Fact {
	var facts []Fact
	n := r.Kept()
	for i := range n {
		number, text := uint32(i+1), ""
		if i == n-1 {
			number = r.N
		}
		if i > 0 {
			text = fmt.Sprintf(", %s after the one before", duration(r.At(i).Time-r.At(i-1).Time))
		}
		if i == n-1 && r.N > flow.MaxRun {
			text = ""
		}
		facts = append(facts, factIn(r.At(i).Frame, "%s %d%s", what, number, text))
	}
	return facts
}
