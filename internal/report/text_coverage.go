package report

import (
	"fmt"
	"strings"

	"rstlab/internal/catalogue"
)

// Coverage writes a row for each scenario of a cause.
func (t *textList) Coverage(c catalogue.Coverage) error {
	if t.heading != c.Cause {
		if t.heading != "" {
			t.printf("\n")
		}
		t.heading = c.Cause
		t.printf("%s\n", t.paint(bold, clean(c.Cause)))
	}
	if c.Scenario == "" {
		t.printf("  shown by no scenario\n")
		return t.flush()
	}
	reasons := strings.Join(c.Reasons, ", ")
	if reasons == "" {
		reasons = "-"
	}
	t.printf("  %-34s IPv%d  %-38s at %s\n", clean(c.Scenario), c.IP, clean(reasons), clean(strings.Join(c.Taps, ", ")))
	return t.flush()
}

// Reason writes a reason of the kernel and what reaches it.
func (t *textList) Reason(r catalogue.Reason) error {
	const heading = "reasons of this kernel"
	if t.heading != heading {
		t.heading = heading
		t.printf("\n%s\n", t.paint(bold, heading))
	}
	reached := fmt.Sprintf("%d scenarios", len(r.Scenarios))
	switch {
	case len(r.Scenarios) == 0 && r.Why == "":
		reached = "not reached, and nobody knows why"
	case len(r.Scenarios) == 0:
		reached = "not reached: " + r.Why
	case len(r.Scenarios) <= 3:
		reached = strings.Join(r.Scenarios, ", ")
	}
	t.printf("  %-26s %s\n", clean(r.Reason), clean(reached))
	return t.flush()
}
