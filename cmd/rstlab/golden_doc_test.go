package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// example finds the blocks of a guide that run, and the program that each
// needs.
var example = regexp.MustCompile("(?s)<!-- runs: ?(\\S*) ?-->\n```sh\n(.*?)```")

// TestGoldenGuideRuns runs the examples of docs/golden.md, over a few scenarios
// of the golden set.
func TestGoldenGuideRuns(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh here")
	}
	guide, err := os.ReadFile("../../docs/golden.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	fewGolden(t, filepath.Join(dir, "golden"), "port-closed", "injected-reset-client-only", "abortive-close", "graceful-close")
	blocks := example.FindAllStringSubmatch(string(guide), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d examples, want 2", len(blocks))
	}
	for i, want := range []string{
		`(?m)^ +2 +2 +0 +0 .* port-closed$`, // right of all
		`(?m)^wrong  injected-reset-client-only/.*: abortive-close; it is injected-reset, and the capture`, // a thumb's word
	} {
		if program := blocks[i][1]; program != "" {
			if _, err := exec.LookPath(program); err != nil {
				continue
			}
		}
		cmd := exec.Command("sh", "-e", "-c", blocks[i][2])
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("example %d: %v", i+1, err)
		}
		if !regexp.MustCompile(want).Match(out) {
			t.Errorf("example %d: no %s in\n%s", i+1, want, out)
		}
	}
}

// fewGolden makes a golden set of some scenarios of the project's.
func fewGolden(t *testing.T, dir string, names ...string) {
	t.Helper()
	index, err := os.ReadFile("../../golden/index.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join("../../golden", name))); err != nil {
			t.Fatal(err)
		}
	}
	var kept strings.Builder
	for line := range strings.Lines(string(index)) {
		if slices.ContainsFunc(names, func(n string) bool { return strings.Contains(line, `"scenario":"`+n+`"`) }) {
			kept.WriteString(line)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "index.jsonl"), []byte(kept.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
