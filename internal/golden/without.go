package golden

import (
	"strings"

	"rstlab/internal/script"
)

// without lists scenarios that have no golden files, and why: chance decides
// what their packets are, and the story needs it.
var without = map[string]string{}

// An Absent is a scenario without golden files.
type Absent struct {
	Scenario string `json:"scenario"`
	Why      string `json:"why"`
}

// Without says why a scenario has no golden files; "" where it has. One that
// runs a real program has none: its version, and often a date, is in the packets.
func Without(f *script.File) string {
	if why := without[f.Name]; why != "" {
		return why
	}
	for _, ev := range f.Events {
		if a, ok := ev.(*script.Action); ok && a.Verb == "exec" {
			program, _, _ := strings.Cut(*a.Args[0].String, " ")
			return "it runs " + program + ", and what that sends depends on its version, its settings and the date"
		}
	}
	return ""
}
