package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rstlab/lab"
)

var update = flag.Bool("update", false, "rewrite the output in documents with what the program prints")

// TestCommandsInPages does what a reader would do: it runs the commands of a
// page from its top to its end, in a folder of its own, and compares what they
// print. "…" stands for anything, alone in a line for any lines; times and the
// kernel's release are not compared.
func TestCommandsInPages(t *testing.T) {
	if lab.Available() != nil || lab.Rootless() {
		t.Skip("documents show what root sees: the kernel's own reasons")
	}
	for _, p := range pages(t) {
		t.Run(p.path, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			text := p.text
			for _, b := range p.blocks {
				switch b.mark {
				case "with":
					name, path, err := projectFile(b.value)
					if err == nil {
						err = copyFile(filepath.Join(dir, name), path)
					}
					if err != nil {
						t.Fatalf("%s:%d: %v", p.path, b.line, err)
					}
					continue
				case "file":
					if err := os.WriteFile(filepath.Join(dir, b.value), []byte(b.text), 0o644); err != nil {
						t.Fatal(err)
					}
					continue
				case "not run":
					checkSyntax(t, p, b)
					continue
				case "needs":
					if _, err := exec.LookPath(b.value); err != nil {
						t.Logf("%s:%d: not run: %v", p.path, b.line, err)
						continue
					}
				}
				switch b.language {
				case "sh":
					if out, err := shell(dir, b.text); err != nil {
						t.Fatalf("%s:%d: %v\n%s", p.path, b.line, err, out)
					}
				case "console":
					now := session(t, p, b, dir)
					text = strings.Replace(text, "```console\n"+b.text, "```console\n"+now, 1)
				}
			}
			if *update && text != p.text {
				if err := os.WriteFile(filepath.Join("../..", p.path), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// session runs the commands of a console block and compares what they print;
// it returns the block with what they print now.
func session(t *testing.T, p page, b block, dir string) string {
	t.Helper()
	var now strings.Builder
	for step := range strings.SplitSeq("\n"+b.text, "\n$ ") {
		if step == "" {
			continue // before the first
		}
		command, want, _ := strings.Cut(strings.TrimSuffix(step, "\n")+"\n", "\n")
		out, err := shell(dir, command)
		if err != nil {
			t.Errorf("%s:%d: %s: %v\n%s", p.path, b.line, command, err, out)
		}
		matches := pattern(volatile(want)).MatchString(volatile(out))
		if !matches && (!*update || strings.Contains(want, "…")) {
			t.Errorf("%s:%d: %s prints something else (-documented +printed; -update rewrites it):\n%s",
				p.path, b.line, command, cmp.Diff(volatile(want), volatile(out)))
		}
		if matches || strings.Contains(want, "…") {
			out = want
		}
		now.WriteString("$ " + command + "\n" + out)
	}
	return now.String()
}

// shell runs commands and returns all that they print. The folder is the
// reader's, so is the terminal's width.
func shell(dir, commands string) (string, error) {
	cmd := exec.Command("bash", "-e", "-o", "pipefail", "-c", commands)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GITHUB_STEP_SUMMARY=", "COLUMNS=")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// checkSyntax is what is done with commands that can't run here.
func checkSyntax(t *testing.T, p page, b block) {
	t.Helper()
	commands := b.text
	if b.language == "console" {
		commands = ""
		for line := range strings.Lines(b.text) {
			if command, found := strings.CutPrefix(line, "$ "); found {
				commands += command
			}
		}
	}
	for _, check := range [][]string{{"bash", "-n"}, {"shellcheck", "--shell=bash", "--severity=warning", "--exclude=SC2034,SC2154", "-"}} {
		cmd := exec.Command(check[0], check[1:]...)
		cmd.Stdin = strings.NewReader(commands)
		out, err := cmd.CombinedOutput()
		if errors.Is(err, exec.ErrNotFound) && check[0] == "shellcheck" {
			continue // bash has read it
		}
		if err != nil {
			t.Errorf("%s:%d: %s: %v\n%s", p.path, b.line, check[0], err, out)
		}
	}
}

// What differs from run to run, and from machine to machine.
var volatilePatterns = []struct {
	pattern *regexp.Regexp
	becomes string
}{
	{regexp.MustCompile(`\b\d+(\.\d+)?( seconds| ms|ms|µs|s)\b`), "TIME"},
	{regexp.MustCompile(`Linux \d+\.\S+`), "Linux RELEASE"},
	{regexp.MustCompile(`rstlab v\S+|rstlab \(\S+\)|go1\.\S+`), "VERSION"},
	{regexp.MustCompile(` +TIME`), " TIME"},
}

func volatile(s string) string {
	for _, v := range volatilePatterns {
		s = v.pattern.ReplaceAllString(s, v.becomes)
	}
	return s
}

// pattern is what documented output matches.
func pattern(want string) *regexp.Regexp {
	var out strings.Builder
	for line := range strings.Lines(want) {
		if strings.TrimSpace(line) == "…" {
			out.WriteString(`(?:.*\n)*?`)
			continue
		}
		out.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*"))
	}
	return regexp.MustCompile(`^` + out.String() + `$`)
}
