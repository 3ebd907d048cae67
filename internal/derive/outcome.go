package derive

import (
	"fmt"
	"strings"

	"rstlab/internal/play"
)

// An Outcome is what became of the reproduction of a capture.
type Outcome struct {
	Scenario   *Scenario
	Result     *play.Result
	Comparison *Comparison
	Except     []string // what is not the same
	Failed     string   // why it was not reproduced; "" where it was, but for Except

	Alternatives []Alternative
}

// An Alternative is a cause that the capture leaves open, played as well.
type Alternative struct {
	Claim    string // "close-unread-data by the responder"
	Scenario *Scenario
	Alike    bool
	Why      string // why it does not show the same packets, or can't be played
}

// Line says in one line how it ended.
func (o *Outcome) Line() string {
	switch {
	case o.Failed != "":
		return "not reproduced because " + o.Failed
	case len(o.Except) > 0:
		return "reproduced except " + strings.Join(o.Except, "; ") + o.others()
	}
	return "reproduced" + o.others()
}

// others says which alternatives show the same packets.
func (o *Outcome) others() string {
	var same []string
	for _, a := range o.Alternatives {
		if a.Alike {
			same = append(same, a.Claim)
		}
	}
	if len(same) == 0 {
		return ""
	}
	return "; the same packets come of " + strings.Join(same, ", of ")
}

// Reproduced tells whether the replay is the capture.
func (o *Outcome) Reproduced() bool {
	return o.Failed == "" && len(o.Except) == 0 && o.Comparison != nil
}

// fail says which line did not come true, and what is known of it.
func (o *Outcome) fail() {
	o.Failed = o.Result.Why
	if n := o.Result.Line; n > 0 {
		o.Failed = fmt.Sprintf("line %d, %s", n, o.inVain())
	}
}

// inVain is the line that did not come true, and why.
func (o *Outcome) inVain() string {
	lines := strings.Split(string(o.Scenario.Text), "\n")
	line, _, _ := strings.Cut(lines[o.Result.Line-1], " # ")
	_, why, _ := strings.Cut(o.Result.Why, ": ") // behind the file and the line
	return fmt.Sprintf("%q, does not come true: %s", strings.Join(strings.Fields(line), " "), why)
}

// why says in what an attempt falls short: which packet or verdict is not the
// capture's, else which line did not come true.
func (o *Outcome) why() string {
	switch c := o.Comparison; {
	case c != nil && len(c.Differences) > 0:
		return c.Differences[0]
	case c != nil && len(c.Verdicts) > 0:
		return c.Verdicts[0]
	case o.Result != nil && o.Result.Line > 0:
		return o.inVain()
	}
	return o.Failed
}

// better tells whether a is nearer to the capture than b.
func better(a, b *Outcome) bool {
	if (a.Failed == "") != (b.Failed == "") {
		return a.Failed == ""
	}
	return a.Failed == "" && len(a.Except) < len(b.Except)
}

// sum says what of the capture the replay does not show.
func (o *Outcome) sum() {
	c := o.Comparison
	if n := len(c.Differences); n > 0 {
		text := c.Differences[0]
		if n > 1 {
			text += fmt.Sprintf(", and %d more differences", n-1)
		}
		o.Except = append(o.Except, text)
	}
	o.Except = append(o.Except, c.Verdicts...)
	if waits := o.Scenario.story.shortened(); waits != "" && len(c.Verdicts) > 0 {
		o.Except[len(o.Except)-1] += ", which the waits may decide: --real-time keeps them"
	}
}
