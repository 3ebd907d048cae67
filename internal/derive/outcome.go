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
		return "reproduced except " + strings.Join(o.Except, "; ")
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

// why says in what an attempt falls short: which packet or verdict is not the
// capture's, else which line did not come true.
func (o *Outcome) why() string {
	switch c := o.Comparison; {
	case c != nil && len(c.Differences) > 0:
		return c.Differences[0]
	case c != nil && len(c.Verdicts) > 0:
		return c.Verdicts[0]
	}
	_, text, _ := strings.Cut(o.Failed, ": ")
	return text
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
}
