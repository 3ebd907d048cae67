package main

import (
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestArchitectureIsTrue holds the table of ARCHITECTURE.md against the
// packages: each has a row, and imports no other than its row names.
func TestArchitectureIsTrue(t *testing.T) {
	text, err := os.ReadFile("../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string][]string{} // by package; a row speaks for what lies below it, too
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\|.*\\| ([^|]*) \\|$").FindAllStringSubmatch(string(text), -1) {
		allowed[strings.TrimSuffix(row[1], "/")] = strings.Split(row[2], ", ")
	}
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "rstlab/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	rowOf := func(pkg string) string {
		for pkg != "." && allowed[pkg] == nil {
			pkg = path.Dir(pkg)
		}
		return pkg
	}
	packages := 0
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		pkg := strings.TrimPrefix(words[0], "rstlab/")
		row := rowOf(pkg)
		if row == "." {
			t.Errorf("%s has no row", pkg)
			continue
		}
		packages++
		for _, imported := range words[1:] {
			to, ours := strings.CutPrefix(imported, "rstlab/")
			if !ours || rowOf(to) == row {
				continue
			}
			if !slices.Contains(allowed[row], "all") && !slices.Contains(allowed[row], path.Base(rowOf(to))) {
				t.Errorf("%s imports %s; %s may import %s", pkg, to, row, strings.Join(allowed[row], ", "))
			}
		}
	}
	if packages < 20 {
		t.Errorf("found %d packages, expected far more", packages)
	}
}
