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
		t.line("      ", r.Why)
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

// An account is what the witnesses say of a reset, or of several of which they
// say the same.
type account struct {
	script, kernel string
	verdicts       []verdict
}

// A verdict is the analyzer's, at the taps where it reached it.
type verdict struct {
	text string
	taps []string
}

// witnesses writes what the three say of each reset.
func (t *textRun) witnesses(r *play.Result) {
	if len(r.Resets) == 0 {
		t.witness("script", "no reset")
		t.witness("kernel", silent(r.Oracle, "sent none"))
		t.witness("analyzer", "no reset")
	}
	for _, a := range accounts(r) {
		t.witness("script", a.script)
		t.witness("kernel", a.kernel)
		for _, v := range a.verdicts {
			t.witness("analyzer", v.text+" at "+strings.Join(v.taps, ", "))
		}
	}
}

func accounts(r *play.Result) []*account {
	var all []*account
	for _, x := range r.Resets {
		kernel := silent(r.Oracle, "no host's kernel sent it")
		if x.Kernel != nil {
			kernel = x.Kernel.Reason + " at " + x.Kernel.Host
		}
		text := "no verdict"
		if v := x.Verdict; v != nil {
			text = fmt.Sprintf("%s (%s) by %s (%s)", v.Cause, v.Strength, who(v.Sender), v.SenderStrength)
		}
		script := x.Expected.Cause + " by " + x.Expected.By
		i := slices.IndexFunc(all, func(a *account) bool { return a.script == script && a.kernel == kernel })
		if i < 0 {
			i = len(all)
			all = append(all, &account{script: script, kernel: kernel})
		}
		all[i].add(text, x.Tap)
	}
	return all
}

// add notes a verdict at a tap, once.
func (a *account) add(text, tap string) {
	i := slices.IndexFunc(a.verdicts, func(v verdict) bool { return v.text == text })
	if i < 0 {
		i = len(a.verdicts)
		a.verdicts = append(a.verdicts, verdict{text: text})
	}
	if v := &a.verdicts[i]; !slices.Contains(v.taps, tap) {
		v.taps = append(v.taps, tap)
	}
}

// silent says what it means that the oracle names no kernel: what, if it
// traces; the counters of a scenario that passed only agree with it.
func silent(oracle, what string) string {
	switch oracle {
	case "trace":
		return what
	case "counters":
		return "its counters agree"
	default:
		return "not asked"
	}
}

func (t *textRun) witness(name, word string) { t.line(fmt.Sprintf("      %-8s  ", name), word) }

func (t *textRun) Summary(s play.RunSummary) error {
	if len(t.failed) > 0 {
		t.printf("\n")
		t.line("failed: ", strings.Join(t.failed, " "))
	}
	t.printf("\n%s\n%.1f seconds on Linux %s\n", outcome(s), s.Seconds, clean(s.Kernel))
	return t.flush()
}

// outcome is how a run ended, in numbers.
func outcome(s play.RunSummary) string {
	text := fmt.Sprintf("%d passed, %d failed, %d skipped", s.Passed, s.Failed, s.Skipped)
	if s.Unplayed > 0 {
		text += fmt.Sprintf(", %d not played", s.Unplayed)
	}
	return text
}

// unplayed says of a run that was ended before its end what it did not come
// to. Whoever reads only what was played would take it for the whole.
func unplayed(s play.RunSummary) string {
	return fmt.Sprintf("the run was ended before %s", plural(s.Unplayed, "scenario"))
}
