//go:build linux

package oracle_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"rstlab/analyzer/cause"
	"rstlab/lab/oracle"
)

// The vocabulary of causes writes the kernel's reasons as this kernel does. A
// reason that this kernel lacks is another release's, and passes.
func TestVocabularySpellsReasonsAsTheKernel(t *testing.T) {
	names, err := oracle.Reasons()
	if errors.Is(err, oracle.ErrNoReasons) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	// What is left of a name when all is taken away that is easily mistaken.
	core := func(name string) string {
		name = strings.TrimPrefix(strings.ToUpper(name), "SK_RST_REASON_")
		return strings.ReplaceAll(strings.TrimPrefix(name, "TCP_"), "_", "")
	}
	for _, c := range cause.Table() {
		for _, reason := range c.KernelReasons {
			if strings.HasSuffix(reason, "_") { // a group, by its prefix
				if !slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, reason) }) {
					t.Errorf("%s: no reason of this kernel begins with %s", c.ID, reason)
				}
				continue
			}
			for _, name := range names {
				if name != reason && core(name) == core(reason) {
					t.Errorf("%s: found reason %s, the kernel writes %s", c.ID, reason, name)
				}
			}
		}
	}
}
