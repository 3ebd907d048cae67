package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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
	imports := importsOf(t, "../..")
	rowOf := func(pkg string) string {
		for pkg != "." && allowed[pkg] == nil {
			pkg = path.Dir(pkg)
		}
		return pkg
	}
	for pkg, all := range imports {
		row := rowOf(pkg)
		if row == "." {
			t.Errorf("%s has no row", pkg)
			continue
		}
		for imported := range all {
			to, ours := strings.CutPrefix(imported, "rstlab/")
			if !ours || rowOf(to) == row {
				continue
			}
			if !slices.Contains(allowed[row], "all") && !slices.Contains(allowed[row], path.Base(rowOf(to))) {
				t.Errorf("%s imports %s; %s may import %s", pkg, to, row, strings.Join(allowed[row], ", "))
			}
		}
	}
	if len(imports) < 20 {
		t.Errorf("found %d packages, expected far more", len(imports))
	}
}

// importsOf tells what each package of the module imports, on any system.
func importsOf(t *testing.T, root string) map[string]map[string]bool {
	t.Helper()
	all := map[string]map[string]bool{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "dist"):
			return filepath.SkipDir
		case d.IsDir() && file != root && exists(filepath.Join(file, "go.mod")): // another module
			return filepath.SkipDir
		case !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go"):
			return nil
		}
		source, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(dir)
		if all[pkg] == nil {
			all[pkg] = map[string]bool{}
		}
		for _, spec := range source.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			all[pkg][name] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
