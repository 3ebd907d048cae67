package main

import (
	"io"
	"strings"
	"testing"
)

// A fullDisk takes no byte.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// Help that can't be written is no success: a script must know.
func TestHelpUnwritten(t *testing.T) {
	for _, words := range []string{"help", "--help", "help analyze", "analyze --help", "help verdict", "golden"} {
		var stderr strings.Builder
		if got := execute(strings.Fields(words), strings.NewReader(""), fullDisk{}, &stderr); got != statusUsage {
			t.Errorf("rstlab %s: status %d, want %d", words, got, statusUsage)
		}
		if got, want := stderr.String(), "rstlab: short write\n"; got != want {
			t.Errorf("rstlab %s: told %q, want %q", words, got, want)
		}
	}
}
