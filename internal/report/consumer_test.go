package report

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"rstlab/internal/play"
)

// program finds a program that reads an output, or skips the test by its name.
func program(t *testing.T, name string, elsewhere ...string) string {
	t.Helper()
	for _, path := range append([]string{name}, elsewhere...) {
		if found, err := exec.LookPath(path); err == nil {
			abs, err := filepath.Abs(found)
			if err != nil {
				t.Fatal(err)
			}
			return abs
		}
	}
	t.Skipf("no %s here; ci/install installs it", name)
	return ""
}

// output is what a program prints, and its exit status.
func output(t *testing.T, name string, args ...string) (string, int) {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(out), exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(out), 0
}

// file writes text to a file.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// The runs that each consumer must read: one that ended in all ways, one of
// which every word is hostile, one of nothing.
func consumed(t *testing.T, format string, read func(t *testing.T, text string, sum play.RunSummary)) {
	for name, make := range map[string]func() (play.RunSummary, []*play.Result){
		"every end": everyEnd,
		"hostile":   hostileRun,
		"nothing":   func() (play.RunSummary, []*play.Result) { return play.RunSummary{}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			sum, results := make()
			read(t, run(t, format, Style{}, sum, results...), sum)
		})
	}
}

func TestJUnitKeepsItsSchema(t *testing.T) {
	xmllint := program(t, "xmllint")
	consumed(t, "junit", func(t *testing.T, text string, _ play.RunSummary) {
		if out, status := output(t, xmllint, "--noout", "--schema", "testdata/junit.xsd", file(t, "junit.xml", text)); status != 0 {
			t.Errorf("xmllint ends with %d: %s", status, out)
		}
	})
	ended := run(t, "junit", Style{}, play.RunSummary{Passed: 1, Unplayed: 2}, passed())
	if out, status := output(t, xmllint, "--noout", "--schema", "testdata/junit.xsd", file(t, "junit.xml", ended)); status != 0 {
		t.Errorf("of a run that was ended, xmllint ends with %d: %s", status, out)
	}
	sum, results := everyEnd()
	good := run(t, "junit", Style{}, sum, results...)
	for was, is := range map[string]string{` tests="4"`: ` tests="four"`, "<skipped": "<omitted", `name="graceful-close" classname="rstlab.closing"`: `name="port-closed" classname="rstlab.connect"`} {
		bad := strings.ReplaceAll(strings.ReplaceAll(good, was, is), "</skipped", "</"+strings.TrimPrefix(is, "<"))
		if _, status := output(t, xmllint, "--noout", "--schema", "testdata/junit.xsd", file(t, "junit.xml", bad)); status == 0 {
			t.Errorf("the schema takes %s for %s", is, was)
		}
	}
}

// junitparser is a library that programs read JUnit XML with; its "verify"
// tells by its status whether a test failed, its "merge" writes what it read.
func TestJUnitIsRead(t *testing.T) {
	junitparser := program(t, "junitparser")
	consumed(t, "junit", func(t *testing.T, text string, sum play.RunSummary) {
		path := file(t, "junit.xml", text)
		if out, status := output(t, junitparser, "verify", path); status != min(sum.Failed, 1) {
			t.Errorf("junitparser verify ends with %d for %d failures: %s", status, sum.Failed, out)
		}
		merged, status := output(t, junitparser, "merge", path, "-")
		if status != 0 {
			t.Fatalf("junitparser merge ends with %d: %s", status, merged)
		}
		for part, want := range map[string]int{"<testcase ": sum.Passed + sum.Failed + sum.Skipped, "<failure ": sum.Failed, "<skipped ": sum.Skipped} {
			if got := strings.Count(merged, part); got != want {
				t.Errorf("it read %d of %s, want %d:\n%s", got, part, want, merged)
			}
		}
	})
}

// prove is Perl's harness. The one of a Perl that knows no version above 13
// gets the same lines as that version, of which they are no less.
func TestTAPIsReadByProve(t *testing.T) {
	prove := program(t, "prove")
	consumed(t, "tap", func(t *testing.T, text string, sum play.RunSummary) {
		out, status := output(t, prove, "--verbose", file(t, "run.tap", text))
		if strings.Contains(out, "we don't know about versions later than 13") {
			out, status = output(t, prove, "--verbose", file(t, "run.tap", strings.Replace(text, "TAP version 14\n", "TAP version 13\n", 1)))
		}
		total := sum.Passed + sum.Failed + sum.Skipped
		switch {
		case strings.Contains(out, "Parse errors"):
			t.Errorf("prove can't read it:\n%s", out)
		case (status != 0) != (sum.Failed > 0):
			t.Errorf("prove ends with %d for %d failures:\n%s", status, sum.Failed, out)
		case sum.Failed > 0 && !strings.Contains(out, "Failed 1/3 subtests") && !strings.Contains(out, "Failed 1/4 subtests"):
			t.Errorf("prove does not tell of one failure of %d:\n%s", total, out)
		case total > 0 && !strings.Contains(out, "1 skipped") && !strings.Contains(out, "skipped: 1"):
			t.Errorf("prove does not tell of one skip:\n%s", out)
		}
	})
}

// tap-parser reads version 14.
func TestTAPIsReadByTAPParser(t *testing.T) {
	parser := program(t, "tap-parser", "../../bin/npm/node_modules/.bin/tap-parser")
	consumed(t, "tap", func(t *testing.T, text string, sum play.RunSummary) {
		cmd := exec.Command(parser, "--json", "--strict")
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.Output()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		var events []json.RawMessage
		if err := json.Unmarshal(out, &events); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		version, complete := 0, struct {
			Count, Pass, Fail, Skip int
			Failures                []struct {
				TAPError string
				Diag     struct {
					Message, Story string
					At             struct{ Line int }
				}
			}
		}{}
		for _, e := range events {
			var event []json.RawMessage
			if json.Unmarshal(e, &event) != nil || len(event) != 2 {
				continue
			}
			switch string(event[0]) {
			case `"version"`:
				err = json.Unmarshal(event[1], &version)
			case `"complete"`:
				err = json.Unmarshal(event[1], &complete)
			}
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
		}
		if version != 14 || complete.Count != sum.Passed+sum.Failed+sum.Skipped || complete.Fail != sum.Failed || complete.Skip != sum.Skipped {
			t.Errorf("it read version %d, %+v, want 14 and %+v:\n%s", version, complete, sum, text)
		}
		for _, f := range complete.Failures {
			if f.TAPError != "" || !strings.HasPrefix(f.Diag.Message, "abortive-close.scenario:14: ") ||
				!strings.Contains(f.Diag.Story, "\n  analyzer no reset in client.pcapng") || f.Diag.At.Line != 14 {
				t.Errorf("a failure was read as %+v", f)
			}
		}
	})
}
