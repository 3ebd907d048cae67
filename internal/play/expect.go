package play

import (
	"strings"

	"rstlab/internal/script"
)

// Expectation is what a script says that a tap ("client") or a set of taps
// ("client+server") can carry of a reset: the "seen" of that very tap or set,
// else the one without taps (for single taps), else the truth.
func Expectation(h *script.EventHead, name string) script.Seen {
	single := !strings.Contains(name, "+")
	var general *script.Seen
	for _, s := range h.Seen {
		switch {
		case strings.Join(tapNames(s.Taps), "+") == name:
			return *s
		case len(s.Taps) == 0 && single:
			general = s
		}
	}
	if general != nil {
		return *general
	}
	return script.Seen{Causes: []string{h.Truth.Cause}, By: h.Truth.By}
}

func tapNames(taps []script.Tap) []string {
	names := make([]string, len(taps))
	for i, t := range taps {
		names[i] = t.String()
	}
	return names
}
