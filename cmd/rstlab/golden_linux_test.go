package main

import (
	"bytes"
	"testing"

	"rstlab/internal/golden"
)

// Names of files and what programs print may hold what a terminal obeys.
func TestTellChangeIsClean(t *testing.T) {
	var b bytes.Buffer
	tellChange(&b)(golden.Change{Name: "a\x1b[31mb", Kind: golden.Failed, Text: "one\n\x1b[2Jtwo"})
	if want := "FAIL     a\\x1b[31mb\n         one\n         \\x1b[2Jtwo\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}
