package report

import (
	"io"
	"strings"

	"rstlab/analyzer/cause"
)

// Explain writes a cause for a person: what it means, how it is told apart,
// what to do, and the scenarios that show it. Errors are those of w.
func Explain(w io.Writer, s Style, c cause.Cause, scenarios []string) error {
	t := &text{w: w, style: s}
	t.printf("%s  (%s)\n", t.paint(bold, string(c.ID)), c.Family)
	t.prose("", c.Summary)
	if c.Benign {
		t.prose("", "Benign: normal working, nothing is lost.")
	}
	t.section("What it means", c.Meaning)
	t.section("How it is told apart", c.Evidence)
	var alike []string
	for _, id := range c.LookAlikes {
		alike = append(alike, string(id))
	}
	t.section("Looks alike", strings.Join(alike, ", "))
	t.section("What settles it", c.Settle)
	t.section("What to do", c.Fix)
	t.printf("\n%s\n", t.paint(bold, "How sure a verdict can be"))
	t.field("far away", c.Caps.Far.String())
	t.field("at sender", c.Caps.AtSender.String())
	t.field("from both", c.Caps.TwoPoints.String())
	t.section("Linux' own reasons", strings.Join(c.KernelReasons, ", "))
	t.section("Source", c.Source)
	if len(scenarios) > 0 {
		t.section("Watch it happen", "rstlab run "+strings.Join(scenarios, " "))
	}
	return t.flush()
}

func (t *text) section(title, body string) {
	if body != "" {
		t.printf("\n%s\n", t.paint(bold, title))
		t.prose("  ", body)
	}
}
