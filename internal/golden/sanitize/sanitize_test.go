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
	"rstlab/analyzer/cause"
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

// judge gives the analyzer's records on captures.
func judge(t *testing.T, in []analyzer.Input) (verdicts []*analyzer.Verdict, summary *analyzer.Summary) {
	t.Helper()
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

func one(data []byte) []analyzer.Input {
	return []analyzer.Input{{Name: "capture", R: bytes.NewReader(data)}}
}

// words are what of a verdict holds addresses, names or times in words.
var words = []cmp.Option{
	cmpopts.IgnoreFields(analyzer.Verdict{}, "Tap", "SenderAddress", "Summary", "Next", "Details"),
	cmpopts.IgnoreFields(analyzer.Packet{}, "Tap", "Segment", "Options"),
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
		was, total := judge(t, one(raw))
		if total == nil {
			continue // no capture
		}
		var clean bytes.Buffer
		if _, err := New().Capture(file, bytes.NewReader(raw), &clean); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		is, now := judge(t, one(clean.Bytes()))
		name := strings.TrimPrefix(file, "../../../")
		if diff := cmp.Diff(total, now, words...); diff != "" {
			t.Errorf("%s: totals (-before +after):\n%s", name, diff)
		}
		if diff := cmp.Diff(was, is, words...); diff != "" {
			t.Errorf("%s: verdicts (-before +after):\n%s", name, diff)
		}
	}
}

// Captures of one trouble that are made safe together still tell together what
// none of them tells alone.
func TestCapturesStayComparable(t *testing.T) {
	s := New()
	var was, is []analyzer.Input
	for _, tap := range []string{"client", "server"} {
		raw, err := os.ReadFile("../../../golden/injected-reset-both-ends/" + tap + ".pcapng")
		if err != nil {
			t.Fatal(err)
		}
		var clean bytes.Buffer
		if _, err := s.Capture(tap, bytes.NewReader(raw), &clean); err != nil {
			t.Fatal(err)
		}
		was = append(was, analyzer.Input{Name: tap, R: bytes.NewReader(raw)})
		is = append(is, analyzer.Input{Name: tap, R: &clean})
	}
	before, total := judge(t, was)
	after, now := judge(t, is)
	if diff := cmp.Diff(total, now, words...); diff != "" {
		t.Errorf("totals (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(before, after, words...); diff != "" {
		t.Errorf("verdicts (-before +after):\n%s", diff)
	}
	proven := false
	for _, v := range after {
		proven = proven || v.Cause == "injected-reset" && v.Strength == cause.Proven
	}
	if !proven {
		t.Error("no reset is proven to be injected")
	}
}
