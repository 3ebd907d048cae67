package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/cobra"

	"rstlab/analyzer/cause"
	"rstlab/scenarios"
)

// What stands in README.md and docs/ is held against the program: names,
// options, links here; commands and their output in docs_linux_test.go. A code
// block says by its language what it is:
//
//	console  commands behind "$ ", each with what it prints
//	sh       commands that succeed
//	other    no commands
//
// and a comment above it what is special:
//
//	<!-- file: NAME -->      the block is a file that commands below it use
//	<!-- not run: WHY -->    commands that can't run in a test; their syntax is checked
//	<!-- needs: PROGRAM -->  commands that run where this program is
//	<!-- with: NAME=PATH --> no block: a file of the project that commands below it use

// A page is a document.
type page struct {
	path   string // from the project's folder
	text   string
	blocks []block
}

// A block is a fenced one, or a file that a page wants.
type block struct {
	line     int // of the fence or the comment
	language string
	mark     string // of the comment above: "file", "not run", "needs", "with"
	value    string // of that comment
	text     string
}

var (
	fence   = regexp.MustCompile("^```(\\S*)$")
	comment = regexp.MustCompile(`^<!-- (file|not run|needs|with): (.*) -->$`)
)

// pages reads README.md, the other documents beside it, and docs/.
func pages(t *testing.T) []page {
	t.Helper()
	var all []page
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		paths, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			p := page{path: strings.TrimPrefix(filepath.ToSlash(path), "../../"), text: string(text)}
			if p.blocks, err = blocks(p.text); err != nil {
				t.Errorf("%s:%v", p.path, err)
			}
			all = append(all, p)
		}
	}
	return all
}

// blocks finds the blocks of a page; an error begins with a line's number.
func blocks(text string) ([]block, error) {
	var all []block
	var marked, open *block
	for i, line := range strings.Split(text, "\n") {
		m, c := fence.FindStringSubmatch(line), comment.FindStringSubmatch(line)
		switch {
		case open != nil && line == "```":
			all, open = append(all, *open), nil
		case open != nil:
			open.text += line + "\n"
		case m != nil:
			open = &block{line: i + 1, language: m[1]}
			if marked != nil {
				open.mark, open.value, marked = marked.mark, marked.value, nil
			}
		case marked != nil:
			return nil, fmt.Errorf("%d: found %q, expected the block of the comment above", i+1, line)
		case c != nil && c[1] == "with":
			all = append(all, block{line: i + 1, mark: c[1], value: c[2]})
		case c != nil:
			marked = &block{mark: c[1], value: c[2]}
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%d: block has no end", open.line)
	}
	return all, nil
}

// prose is a page's text without its blocks.
func (p page) prose() string {
	var out strings.Builder
	inside := false
	for line := range strings.Lines(p.text) {
		if strings.HasPrefix(line, "```") {
			inside = !inside
		} else if !inside {
			out.WriteString(line)
		}
	}
	return out.String()
}

// TestBlocksOfPagesAreMarked keeps commands from standing where nothing runs
// them.
func TestBlocksOfPagesAreMarked(t *testing.T) {
	looksRun := regexp.MustCompile(`(?m)^(\$ |(sudo )?(\./)?rstlab |make )`)
	for _, p := range pages(t) {
		for _, b := range p.blocks {
			commands := b.language == "console" || b.language == "sh"
			if !commands && b.mark != "file" && looksRun.MatchString(b.text) {
				t.Errorf("%s:%d: block has commands, but is neither console nor sh", p.path, b.line)
			}
			if (b.mark == "not run" || b.mark == "needs") && !commands {
				t.Errorf("%s:%d: block is marked %q, but has no commands", p.path, b.line, b.mark)
			}
			if b.language == "console" && !strings.HasPrefix(b.text, "$ ") {
				t.Errorf("%s:%d: found %q, expected a command behind \"$ \"", p.path, b.line, b.text)
			}
		}
	}
}

// otherWords are words with hyphens in the documents' code that name neither a
// scenario nor a cause.
var otherWords = strings.Fields(`
	no-handshake one-direction capture-drops tuple-reused nat-unresolved no-match
	kube-proxy docker-proxy fail-on
`)

// TestNamesInPagesExist finds scenarios, causes, commands and options that
// documents name.
func TestNamesInPagesExist(t *testing.T) {
	known := slices.Clone(otherWords)
	for _, c := range cause.Table() {
		known = append(known, string(c.ID))
	}
	all, err := scenarios.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		known = append(known, f.Name)
		known = append(known, f.Labels...)
	}
	code := regexp.MustCompile("`([^`\n]+)`")
	name := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)
	found := 0
	for _, p := range pages(t) {
		for _, m := range code.FindAllStringSubmatch(p.prose(), -1) {
			if err := checkCommand(m[1]); err != nil {
				t.Errorf("%s: `%s`: %v", p.path, m[1], err)
			}
			if name.MatchString(m[1]) {
				found++
				if !slices.Contains(known, m[1]) {
					t.Errorf("%s: `%s` is neither a scenario nor a cause", p.path, m[1])
				}
			}
		}
		for _, b := range p.blocks {
			for line := range strings.Lines(b.text) {
				if b.mark != "not run" {
					break
				}
				if err := checkCommand(strings.TrimPrefix(strings.TrimSpace(line), "$ ")); err != nil {
					t.Errorf("%s:%d: %s: %v", p.path, b.line, strings.TrimSpace(line), err)
				}
			}
		}
	}
	if found < 50 {
		t.Errorf("found %d names, expected far more", found)
	}
}

// checkCommand looks whether a line that runs rstlab names a command of it, and
// options of that command, and scenarios.
func checkCommand(line string) error {
	line, _, _ = strings.Cut(line, " #")
	line, _, _ = strings.Cut(line, " | ")
	words := strings.Fields(line)
	for len(words) > 0 && (words[0] == "sudo" || strings.Contains(words[0], "=")) {
		words = words[1:]
	}
	if len(words) < 2 || filepath.Base(words[0]) != "rstlab" || !unicode.IsLower(rune(words[1][0])) {
		return nil
	}
	root := newRoot()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	cmd, _, err := root.Find(words[1:])
	if err != nil {
		return err
	}
	if cmd == root {
		return fmt.Errorf("%s is no command", words[1])
	}
	return checkOptions(cmd, words[2:])
}

func checkOptions(cmd *cobra.Command, words []string) error {
	for _, word := range words {
		name, _, _ := strings.Cut(word, "=")
		switch {
		case strings.HasPrefix(name, "--") && len(name) > 2:
			if cmd.Flag(name[2:]) == nil && name != "--help" {
				return fmt.Errorf("%s has no option %s", cmd.Name(), name)
			}
		case strings.HasPrefix(name, "-") && len(name) == 2:
			if cmd.Flags().ShorthandLookup(name[1:]) == nil {
				return fmt.Errorf("%s has no option %s", cmd.Name(), name)
			}
		}
	}
	return nil
}

// TestLinksInPagesResolve follows links to files and to headings.
func TestLinksInPagesResolve(t *testing.T) {
	all := pages(t)
	anchors := map[string][]string{}
	for _, p := range all {
		for line := range strings.Lines(p.prose()) {
			if strings.HasPrefix(line, "#") {
				anchors[p.path] = append(anchors[p.path], anchor(strings.TrimLeft(line, "# ")))
			}
		}
	}
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	found := 0
	for _, p := range all {
		for _, m := range link.FindAllStringSubmatch(p.prose(), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			found++
			file, heading, hasHeading := strings.Cut(m[1], "#")
			target := p.path
			if file != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(p.path), file))
			}
			if _, err := os.Stat(filepath.Join("../..", target)); err != nil {
				t.Errorf("%s: link to %s: %v", p.path, m[1], err)
			} else if hasHeading && !slices.Contains(anchors[target], heading) {
				t.Errorf("%s: link to %s: no such heading", p.path, m[1])
			}
		}
	}
	if found < 20 {
		t.Errorf("found %d links, expected far more", found)
	}
}

// anchor is what a heading is linked by, as GitHub makes it.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, strings.TrimSpace(heading))
}

// TestPagesAreIndexed wants each page of docs/ in docs/README.md, and that in
// README.md, which has a limit.
func TestPagesAreIndexed(t *testing.T) {
	all := pages(t)
	i := slices.IndexFunc(all, func(p page) bool { return p.path == "docs/README.md" })
	if i < 0 {
		t.Fatal("there is no docs/README.md")
	}
	for _, p := range all {
		name, isDoc := strings.CutPrefix(p.path, "docs/")
		if isDoc && name != "README.md" && !strings.Contains(all[i].text, "]("+name+")") {
			t.Errorf("docs/README.md has no link to %s", name)
		}
		if p.path == "README.md" {
			if lines := strings.Count(p.text, "\n"); lines >= 200 {
				t.Errorf("README.md has %d lines, expected fewer than 200", lines)
			}
			if !strings.Contains(p.text, "](docs/README.md)") && !strings.Contains(p.text, "](docs)") {
				t.Error("README.md has no link to the index of docs/")
			}
		}
	}
}

// projectFile is a file or folder of the project that a page asks for, as
// NAME=PATH.
func projectFile(value string) (name, path string, err error) {
	name, path, found := strings.Cut(value, "=")
	if !found {
		return "", "", fmt.Errorf("found %q, expected NAME=PATH", value)
	}
	path = filepath.Join("../..", filepath.FromSlash(path))
	_, err = os.Stat(path)
	return name, path, err
}

// copyFile copies a file or a folder.
func copyFile(to, from string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if info.IsDir() {
		return os.CopyFS(to, os.DirFS(from))
	}
	body, err := fs.ReadFile(os.DirFS(filepath.Dir(from)), filepath.Base(from))
	if err != nil {
		return err
	}
	return os.WriteFile(to, body, 0o644)
}
