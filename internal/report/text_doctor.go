package report

import (
	"io"

	"rstlab/internal/doctor"
)

// Doctor writes the checks for a person, and what follows from them. Errors
// are those of w.
func Doctor(w io.Writer, s Style, checks []doctor.Check) error {
	t := &text{w: w, style: s}
	colors := map[doctor.Status]string{doctor.OK: green, doctor.Limited: yellow, doctor.Broken: red}
	for _, c := range checks {
		t.printf("%s%*s  %-16s  %s\n", t.paint(colors[c.Status], string(c.Status)), 7-len(c.Status), "", c.Name, clean(c.Found))
		if c.Mend != "" {
			t.printf("%27smend: %s\n", "", clean(c.Mend))
		}
	}
	switch {
	case !doctor.CanRun(checks):
		t.printf("\nscenarios can't run here; analyze, explain, list and fmt can\n")
	default:
		t.printf("\nscenarios run here\n")
	}
	return t.flush()
}
