package report

import (
	"fmt"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
)

// What a report for a person shows whole; of what goes beyond, it says how much
// there is.
const (
	mostShown    = 20 // verdicts, whatever they are; beyond that
	mostAlike    = 2  // verdicts that are alike
	mostFindings = 20 // groups, those with most resets
)

// A crowd counts verdicts, and bounds how many of one kind are shown: a flood
// of resets would bury all others.
type crowd struct {
	kinds    map[likeness]*alike
	order    []*alike
	shown    int
	findings int
}

// Verdicts of one likeness say the same of different resets.
type likeness struct {
	cause          cause.ID
	strength       cause.Strength
	why            string
	sender         analyzer.Sender
	senderStrength cause.Strength
	effect         analyzer.Effect
	benign         bool
}

// alike are the verdicts of a likeness.
type alike struct {
	likeness
	count  int
	hidden int
	file   string // in which the frames are
	frames []int  // the first of those that are not shown
}

func likenessOf(v *analyzer.Verdict) likeness {
	return likeness{v.Cause, v.Strength, v.Why, v.Sender, v.SenderStrength, v.Effect, v.Benign}
}

// brief tells whether v, which comes next, will not be shown.
func (c *crowd) brief(v *analyzer.Verdict) bool { return !c.shows(c.kinds[likenessOf(v)]) }

// shows tells whether the next verdict that is alike is to be shown; nil: it is
// the first one.
func (c *crowd) shows(a *alike) bool {
	return c.shown < mostShown || a == nil || a.count < mostAlike
}

// verdict counts v, and tells whether it is to be shown.
func (c *crowd) verdict(v *analyzer.Verdict) bool {
	l := likenessOf(v)
	a := c.kinds[l]
	shows := c.shows(a)
	if a == nil {
		a = &alike{likeness: l}
		if c.kinds == nil {
			c.kinds = map[likeness]*alike{}
		}
		c.kinds[l] = a
		c.order = append(c.order, a)
	}
	a.count++
	if shows {
		c.shown++
		return true
	}
	if a.hidden++; a.hidden == 1 {
		a.file = v.File
	}
	if v.File == a.file && len(a.frames) < mostNumbers {
		a.frames = append(a.frames, v.Frame)
	}
	return false
}

// finding counts one, and tells whether it is to be shown.
func (c *crowd) finding() bool {
	c.findings++
	return c.findings <= mostFindings
}

// hidden says of each likeness how many verdicts were not shown, and where the
// first of them are; files tells that there are several captures.
func (c *crowd) hidden(files bool) []string {
	var lines []string
	for _, a := range c.order {
		n := a.hidden
		if n == 0 {
			continue
		}
		by := who(a.sender)
		if a.sender != analyzer.UndeterminedSender {
			by += fmt.Sprintf(" (%s)", a.senderStrength)
		}
		benign := ""
		if a.benign {
			benign = ", benign"
		}
		of := ""
		if files {
			of = " of " + a.file
		}
		frames := "frames"
		if n == 1 {
			frames = "frame"
		}
		lines = append(lines, fmt.Sprintf("%d of %s by %s, %s%s: %s %s", n, sureness(a.cause, a.strength, a.why), by, a.effect, benign, frames, firstNumbers(a.frames, n, of)))
	}
	return lines
}

// causes counts the verdicts by cause.
func (c *crowd) causes() map[cause.ID]int {
	n := map[cause.ID]int{}
	for _, a := range c.order {
		n[a.cause] += a.count
	}
	return n
}
