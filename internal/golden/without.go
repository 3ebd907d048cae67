package golden

import "rstlab/internal/script"

// without lists the scenarios that have no golden files, and why: chance, or
// the machine, decides what their packets are, and the story needs it.
var without = map[string]string{}

// Without says why a scenario has no golden files; "" where it has.
func Without(f *script.File) string { return without[f.Name] }
