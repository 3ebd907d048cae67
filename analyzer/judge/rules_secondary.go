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
		if e == nil || k.form != provoked || k.refusedAgain(e) {
			return nil, false
		}
		t := &k.trigger
		facts := []Fact{fact(&e.Segment, "an earlier reset, in the name of the %s", k.name(e.From))}
		if t.Pure() && e.From == k.from && t.Frame > e.Frame {
			facts = append(facts, fact(t, "the %s challenges it: %s", k.receiver(), k.brief(1-k.from, t)))
		} else {
			facts = append(facts, fact(t, "the %s's %s was on its way", k.receiver(), k.brief(1-k.from, t)))
		}
		return append(facts, fact(&k.R, "the reset takes its number, %d, from that segment's acknowledgment", k.rel(k.from, k.R.Seq))), true
	},
	strength: always(cause.Proven),
	open:     "an earlier reset had ended the connection already",
}}

// refusedAgain tells whether the reset refuses a SYN that was sent twice, as an
// earlier one does: the two are one event, and neither is the other's doing.
func (k *Case) refusedAgain(e *flow.Reset) bool {
	return k.trigger.Is(segment.SYN) && k.P.SYNs > 1 && e.From == k.from && e.Flags == k.R.Flags && e.Seq == k.R.Seq && e.Ack == k.R.Ack
}

// volley tells whether the reset only repeats the one before: the same sender,
// and nothing provoked it anew. Its verdict is that one's.
func (k *Case) volley() *flow.Reset {
	e := k.earlier()
	if e == nil || e.From != k.from {
		return nil
	}
	same := e.Is(segment.ACK) == k.R.Is(segment.ACK)
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
	// The stack may answer each of several segments; without a second one this is
	// a repetition.
	var n int
	for i := range flow.RingLen {
		t := k.P.Last(i)
		if t == nil || t.Is(segment.RST) {
			break
		}
		if t.Ack == k.R.Seq && !k.dealtWith(t) {
			n++
		}
	}
	return n < 2 && e.Seq == k.R.Seq
}

// repeatFacts say what a reset of a volley repeats.
func (k *Case) repeatFacts(first *Verdict) []Fact {
	facts := []Fact{{Frame: first.Frame, Text: "the first reset of this kind"}}
	what := ""
	if e := &k.conn.Resets[0]; e.Frame == first.Frame {
		what = ", with the same number"
		if d := k.R.Seq.Minus(e.Seq); d != 0 {
			what = fmt.Sprintf(", its number %+d from that one's", d)
		}
	}
	return append(facts, fact(&k.R, "again %s later%s; nothing of the %s drew it anew", duration(k.R.Time-first.Time), what, k.receiver()))
}
