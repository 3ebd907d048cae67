package report

import (
	"encoding/json"
	"io"
	"strings"

	"rstlab/internal/play"
)

// tapRun writes a run as TAP, version 14: a test point for each scenario as it
// ends, its diagnostics as a YAML block, the plan last.
type tapRun struct {
	text
	n int
}

func newTAPRun(w io.Writer, _ Style) Run { return &tapRun{text: text{w: w}} }

func (t *tapRun) Result(r *play.Result) error {
	if t.n == 0 {
		t.printf("TAP version 14\n")
	}
	t.n++
	word, directive := "ok", ""
	switch r.Result {
	case play.Fail:
		word = "not ok"
	case play.Skip:
		directive = " # SKIP " + tapLine(r.Why)
	case play.Pass:
	}
	t.printf("%s %d - %s%s\n", word, t.n, tapLine(r.Name), directive)
	t.printf("  ---\n")
	t.printf("  duration_ms: %.0f\n", r.Seconds*1000)
	if r.Result == play.Fail {
		t.printf("  severity: fail\n")
		t.printf("  message: %s\n", yamlString(r.Why))
		if r.Path != "" {
			t.printf("  at:\n    file: %s\n", yamlString(r.Path))
			if r.Line != 0 {
				t.printf("    line: %d\n", r.Line)
			}
		}
		t.printf("  story: |\n    %s\n", strings.ReplaceAll(strings.TrimLeft(story(r), " \t\n"), "\n", "\n    "))
	}
	t.printf("  ...\n")
	return t.flush()
}

func (t *tapRun) Summary(s play.RunSummary) error {
	if t.n == 0 {
		t.printf("TAP version 14\n")
	}
	t.printf("1..%d\n# %s\n# %.1f seconds on Linux %s\n", t.n+s.Unplayed, outcome(s), s.Seconds, clean(s.Kernel))
	if s.Unplayed > 0 {
		t.printf("Bail out! %s\n", unplayed(s))
	}
	return t.flush()
}

// tapLine is s as a description or reason: a "#" would begin a directive.
func tapLine(s string) string {
	return strings.NewReplacer(`\`, `\\`, "#", `\#`).Replace(clean(s))
}

// yamlString quotes s. A string of JSON is one of YAML.
func yamlString(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(clean(s)); err != nil {
		panic(err) // a string can be encoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}
