package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"rstlab/internal/play"
)

// textRun tells a person of each scenario: how it ended, and what each of the
// three witnesses said of its resets; of a failure, its story.
type textRun struct {
	text
	failed []string
}

func newTextRun(w io.Writer, s Style) Run {
	return &textRun{text: text{w: w, style: s}}
}

func (t *textRun) Result(r *play.Result) error {
	switch r.Result {
	case play.Pass:
		t.head(green, "pass", r)
		t.witnesses(r)
	case play.Skip:
		t.head(yellow, "skip", r)
		t.printf("      %s\n", clean(r.Why))
	case play.Fail:
		t.failed = append(t.failed, r.Name)
		t.head(red, "FAIL", r)
		story := strings.TrimRight(r.Story, "\n")
		if story == "" {
			story = r.Why
		}
		for line := range strings.Lines(story) {
			t.printf("  %s\n", clean(strings.TrimSuffix(line, "\n")))
		}
	}
	return t.flush()
}

func (t *textRun) head(color, word string, r *play.Result) {
	t.printf("%s  %-32s %.2fs\n", t.paint(color, word), clean(r.Name), r.Seconds)
}

// A reset as its witnesses tell of it, at all the taps that agree.
type story struct{ script, kernel, analyzer string }

// witnesses writes one line for each reset, with the taps at which the three
// witnesses say the same.
func (t *textRun) witnesses(r *play.Result) {
	if len(r.Resets) == 0 {
		t.printf("      no reset, as claimed; kernel (%s) and analyzer agree\n", clean(r.Oracle))
		return
	}
	var stories []story
	taps := map[story][]string{}
	for _, reset := range r.Resets {
		s := witness(reset, r.Oracle)
		if taps[s] == nil {
			stories = append(stories, s)
		}
		if !slices.Contains(taps[s], reset.Tap) {
			taps[s] = append(taps[s], reset.Tap)
		}
	}
	for _, s := range stories {
		t.printf("      %s\n", clean(fmt.Sprintf("%s | kernel: %s | analyzer: %s at %s",
			s.script, s.kernel, s.analyzer, strings.Join(taps[s], ", "))))
	}
}

func witness(r play.ResetResult, oracle string) story {
	s := story{script: r.Expected.Cause + " by " + r.Expected.By, analyzer: "no verdict"}
	switch {
	case r.Kernel != nil:
		s.kernel = r.Kernel.Reason + " at " + r.Kernel.Host
	case oracle == "trace":
		s.kernel = "sent none"
	case oracle == "counters":
		s.kernel = "counters agree"
	default:
		s.kernel = "not asked"
	}
	if v := r.Verdict; v != nil {
		s.analyzer = fmt.Sprintf("%s (%s) by %s (%s)", v.Cause, v.Strength, who(v.Sender), v.SenderStrength)
	}
	return s
}

func (t *textRun) Summary(s play.RunSummary) error {
	if len(t.failed) > 0 {
		t.printf("\nfailed: %s\n", clean(strings.Join(t.failed, " ")))
	}
	t.printf("\n%d passed, %d failed, %d skipped\n%.1f seconds on Linux %s\n",
		s.Passed, s.Failed, s.Skipped, s.Seconds, clean(s.Kernel))
	return t.flush()
}
