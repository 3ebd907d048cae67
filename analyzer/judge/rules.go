package judge

import (
	"rstlab/analyzer/cause"
)

// A rule is one entry of causes.md as a table row: when it is tried, what it
// needs, what refutes it, how sure it makes. Rules are tried in the order of
// the table, the stack's own reasons before the program's; of several that
// hold, the strongest is the verdict, the first where they are equally strong,
// and the others stay open as alternatives.
type rule struct {
	cause cause.ID
	in    phase // the phases in which it is tried
	by    party
	again bool // also for a reset that follows another on its connection

	// need gives the facts that meet the necessary conditions, ok when all do.
	need func(*Case) (facts []Fact, ok bool)
	// refuted gives what in the frames contradicts the cause, "" when nothing
	// does. It is asked first, so that the tempting wrong verdict is named with
	// the frames that exclude it.
	refuted func(*Case) (why string, frames []uint32)
	// strength is what the entry's proofs and signs make of it, before the caps
	// of the table of strengths; undetermined leaves it open as an alternative and
	// no more. Nil: possible.
	strength func(*Case) cause.Strength
	// open says why it stays open when it is an alternative.
	open string
}

// A party is who sends the resets of a cause.
type party uint8

const (
	anEnd   party = iota // the end whose address the reset bears
	aDevice              // a middlebox
)

// rules is the table. Each family's file holds its rows beside what they test.
var rules = flatten(multipathRules, secondaryRules, legRules, attackRules, balancerRules, deviceRules, connectRules, closedRules, timerRules, closingRules, establishedRules, resourceRules)

func flatten(families ...[]*rule) []*rule {
	var all []*rule
	for _, f := range families {
		all = append(all, f...)
	}
	return all
}

// always is a strength that does not depend on the case.
func always(s cause.Strength) func(*Case) cause.Strength {
	return func(*Case) cause.Strength { return s }
}

// follows tells whether the reset follows another one that explains what it
// is: one of the same name, or one from the other side that drew it. Two ends
// can abort at the same time.
func (k *Case) follows() bool {
	e := k.earlier()
	return e != nil && (e.From == k.from || k.form != spontaneous) && !k.changedPlaces(e) && !k.byItself(e)
}

// livesOnSign gives the sign that the named sender goes on, nil where there is
// none: whatever an end does to end a connection is then refuted.
func (k *Case) livesOnSign() *sign {
	if _, ok := k.livesOn(); ok {
		return &k.lives.sign
	}
	return nil
}

// A candidate is a cause whose necessary conditions hold.
type candidate struct {
	*rule
	facts    []Fact
	base     cause.Strength // before the caps
	strength cause.Strength
	open     string
}

// try asks every rule of the case's phase.
func (k *Case) try(signs []sign) (open []candidate, excluded []Exclusion) {
	against, follows := against(signs), k.follows()
	for _, r := range rules {
		if r.in&k.phase == 0 || !r.again && follows {
			continue
		}
		if r.refuted != nil {
			if why, frames := r.refuted(k); why != "" {
				excluded = append(excluded, Exclusion{r.cause, why, frames})
				continue
			}
		}
		facts, ok := r.need(k)
		if !ok {
			continue
		}
		if s := k.livesOnSign(); s != nil && r.by == anEnd && r.cause != cause.EvasionReset && (r.cause != cause.BackendSwitch || !k.otherHost()) {
			excluded = append(excluded, Exclusion{r.cause, s.text, []uint32{s.frame}})
			continue
		}
		base := cause.Possible
		if r.strength != nil {
			base = r.strength(k)
		}
		s := k.capped(r.cause, base)
		if r.by == anEnd {
			switch against {
			case cause.Likely:
				s = cause.Undetermined // another sender is likely: it stays open, no more
			case cause.Possible:
				s = min(s, cause.Possible)
			}
		}
		why := r.open
		if r.cause == cause.InjectedReset && len(signs) > 0 {
			why += ": " + signs[0].text
		}
		open = append(open, candidate{r, facts, base, s, why})
	}
	return open, excluded
}

// best gives the index of the verdict among the candidates, -1 where none is
// more than open.
func best(open []candidate) int {
	i := -1
	for n, c := range open {
		if c.strength > cause.Undetermined && (i < 0 || c.strength > open[i].strength) {
			i = n
		}
	}
	return i
}
