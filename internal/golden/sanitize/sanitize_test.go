package sanitize

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"rstlab/analyzer"
)

// captures are those to try the sanitizer on: the golden set, and a folder of
// others' captures that RSTLAB_CAPTURES names, or one beside the checkout.
func captures(t *testing.T) []string {
	golden, err := filepath.Glob("../../../golden/*/*.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	others := os.Getenv("RSTLAB_CAPTURES")
	if others == "" {
		others = "../../../../shared/captures"
	}
	more, err := filepath.Glob(filepath.Join(others, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	all := append(golden, more...)
	if len(all) == 0 {
		t.Skip("no captures here")
	}
	return all
}

// judged are the analyzer's records on a capture.
func judged(t *testing.T, data []byte) (verdicts []*analyzer.Verdict, summary *analyzer.Summary) {
	t.Helper()
	in := []analyzer.Input{{Name: "capture", R: bytes.NewReader(data)}}
	err := analyzer.Analyze(t.Context(), in, analyzer.Options{}, func(r analyzer.Record) error {
		switch r := r.(type) {
		case *analyzer.Verdict:
			verdicts = append(verdicts, r)
		case *analyzer.Summary:
			summary = r
		}
		return nil
	})
	if err != nil && summary == nil {
		return nil, nil
	}
	return verdicts, summary
}

// words are what of a verdict holds addresses, names or times in words.
var words = []cmp.Option{
	cmpopts.IgnoreFields(analyzer.Verdict{}, "Tap", "SenderAddress", "Summary", "Next", "Details"),
	cmpopts.IgnoreFields(analyzer.ConnectionRef{}, "Originator", "Responder"),
	cmpopts.IgnoreFields(analyzer.Evidence{}, "Fact"),
	cmpopts.IgnoreFields(analyzer.Exclusion{}, "Why"),
	cmpopts.IgnoreFields(analyzer.Alternative{}, "Why"),
	cmpopts.IgnoreFields(analyzer.Summary{}, "Bytes", "Seconds", "Limits"),
	cmpopts.SortSlices(func(a, b int) bool { return a < b }), // frames of both ends stand in the order of addresses
}

func TestVerdictsStay(t *testing.T) {
	for _, file := range captures(t) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		was, total := judged(t, raw)
		if total == nil {
			continue // no capture
		}
		var clean bytes.Buffer
		if _, err := Capture(file, bytes.NewReader(raw), &clean); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		is, now := judged(t, clean.Bytes())
		name := strings.TrimPrefix(file, "../../../")
		if diff := cmp.Diff(total, now, words...); diff != "" {
			t.Errorf("%s: totals (-before +after):\n%s", name, diff)
		}
		if diff := cmp.Diff(was, is, words...); diff != "" {
			t.Errorf("%s: verdicts (-before +after):\n%s", name, diff)
		}
	}
}
