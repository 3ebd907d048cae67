package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// What a terminal would obey and must not get: an escape sequence, one of a
// single byte, a mark that turns the order of letters, a new line.
const hostile = "\x1b[2J\x1b]0;t\a\u009b31m\x9b\u202e\u2066\r"

// A terminal obeys no name of a file, of a scenario or of anything else that a
// command line or a file holds.
func TestNoMessageObeysWhatItNames(t *testing.T) {
	dir := t.TempDir()
	scenario := filepath.Join(dir, hostile+".scenario")
	if err := os.WriteFile(scenario, []byte("host client\nclient s"+hostile+"d 1\n"), 0o644); err != nil {
		t.Skipf("this system has no such files: %v", err)
	}
	garbage := filepath.Join(dir, hostile+".pcap")
	if err := os.WriteFile(garbage, []byte(hostile+hostile), 0o644); err != nil {
		t.Fatal(err)
	}
	answers := filepath.Join(dir, hostile+".jsonl")
	if err := os.WriteFile(answers, []byte(`{"file":"\u001b[2J","frame":1,"cause":"\u009b31m"}`+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{hostile}, {"--" + hostile}, {"help", hostile}, {"completion", hostile}, {"version", hostile},
		{"analyze", hostile}, {"analyze", garbage}, {"analyze", "--at", hostile, "x"}, {"analyze", "--host", hostile, "x"},
		{"analyze", "--since", hostile, "x"}, {"analyze", "--fail-on", hostile, "x"}, {"analyze", "-o", hostile, "x"},
		{"analyze", "-o", "md=" + hostile + "/x", "x"}, {"analyze", "--annotate", garbage, garbage},
		{"run", hostile}, {"run", scenario}, {"run", "--label", hostile}, {"run", "-j", hostile},
		{"fmt", hostile}, {"fmt", scenario}, {"explain", hostile}, {"list", hostile}, {"list", "-o", hostile},
		{"sanitize", garbage, garbage}, {"sanitize", garbage, filepath.Join(dir, "out")}, {"sanitize", hostile},
		{"reproduce", garbage}, {"reproduce", hostile}, {"golden", hostile},
		{"golden", "verify", hostile}, {"golden", "score", hostile}, {"golden", "score", "--set", hostile, answers},
		{"golden", "score", "--set", "../../golden", answers},
	} {
		var out, stderr bytes.Buffer
		if status := execute(args, strings.NewReader(""), &out, &stderr); status != statusUsage && status != statusMachine {
			t.Errorf("%q ends with %d", args, status)
		}
		shown := out.String() + stderr.String()
		if !utf8.ValidString(shown) {
			t.Errorf("%q: shows bytes that are no UTF-8: %q", args, shown)
		}
		if i := strings.IndexFunc(shown, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' && r != '\t' }); i >= 0 {
			t.Errorf("%q: shows %q", args, shown)
		}
	}
}
