package golden

import (
	"slices"
	"strings"

	"rstlab/internal/script"
)

// An Absent is a scenario without golden files.
type Absent struct {
	Scenario string `json:"scenario"`
	Why      string `json:"why"`
}

// Without says why a scenario has no golden files; "" where it has. One that
// runs a real program has none: its version, and often a date, is in the packets.
func Without(f *script.File) string {
	runs := slices.ContainsFunc(f.Events, func(ev script.Event) bool {
		a, ok := ev.(*script.Action)
		return ok && a.Verb == "exec"
	})
	if !runs {
		return ""
	}
	programs := []string{}
	for _, c := range f.Requires {
		if c.Name == "exec" {
			programs = append(programs, c.Value)
		}
	}
	if len(programs) == 0 {
		programs = append(programs, "a program")
	}
	return "it runs " + strings.Join(programs, ", ") + ": what programs send depends on version, settings and date"
}
