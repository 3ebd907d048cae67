package report

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"rstlab/analyzer"
	"rstlab/internal/catalogue"
	"rstlab/internal/play"
)

// hostile is what a capture, a file's name or a scenario may hold to make an
// output say something else than it means.
const hostile = "x\x1b[2J\x1b]0;title\a\x00\x7f\u0085\u009b31m\x9b\xff\u200e\u202e\u2066\u2028\ufffe\r::error::y\r\n" +
	"::error file=a::b\n##[error]c\nnot ok 9 - d\n  ...\nBail out!\n# SKIP `e` ```f``` \\g *h* _i_ __u__ a__b__c NO_SOCKET ~~j~~ |k| [l](http://l.example) " +
	"https://m.example www.n.example o@p.example @q <script>r</script> <!-- s &amp; ]]> $t$ 'u' \"v\" %0A, :100: é 漢"

// fill puts hostile into every string of a value, and one element into every
// list that has none.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(v.String() + hostile)
		}
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Type().Field(i).Name != "Recording" && v.Type().Field(i).Type.String() != "time.Time" {
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]any{"text" + hostile: hostile}))
	}
}

// hostileRun are a failure, a skip and a pass of which every word is hostile.
func hostileRun() (play.RunSummary, []*play.Result) {
	var all []*play.Result
	for _, r := range []*play.Result{failed(), skipped(), passed()} {
		end := r.Result
		fill(reflect.ValueOf(r).Elem())
		r.Result = end
		all = append(all, r)
	}
	return play.RunSummary{Type: "run", Passed: 1, Failed: 1, Skipped: 1, Seconds: 5.1, Kernel: hostile}, all
}

// hostileAnalysis are records of which every word is hostile.
func hostileAnalysis() []analyzer.Record {
	all := []analyzer.Record{refused(), forged(), &analyzer.Connection{}, &analyzer.Finding{}, &analyzer.Error{}, &analyzer.Summary{}}
	for _, r := range all {
		fill(reflect.ValueOf(r).Elem())
	}
	return all
}

// No output for people lets a terminal, a log or a page do what bytes of a
// capture say.
func TestNoOutputObeysWhatItShows(t *testing.T) {
	outputs := map[string]string{}
	for _, format := range RunFormats() {
		sum, results := hostileRun()
		outputs["run as "+format] = run(t, format, Style{}, sum, results...)
	}
	for _, format := range AnalysisFormats() {
		outputs["analysis as "+format] = analysis(t, format, Style{Files: true}, hostileAnalysis()...)
	}
	for name, out := range outputs {
		if !utf8.ValidString(out) {
			t.Errorf("%s: bytes that are no UTF-8", name)
		}
		for _, r := range out {
			if unprintable(r) && r != '\n' {
				t.Errorf("%s: has %U", name, r)
				break
			}
		}
		if !strings.Contains(out, `x1b`) && !strings.Contains(out, `\u001b`) {
			t.Errorf("%s: does not show the escape sequence", name)
		}
	}
}

func TestCleanShowsWhatIsNotPrinted(t *testing.T) {
	for in, want := range map[string]string{
		"plain é 漢\t\ufffd":         "plain é 漢\t\ufffd",
		"\x1b[31m\a\r\n\x7f":        `\x1b[31m\x07\x0d\x0a\x7f`,
		"\u0085\u009b":              `\x85\x9b`,
		"\x9b31m\xff\xc3":           `\x9b31m\xff\xc3`,
		"a\u202eb\u2066c\u200ed":    `a\u202eb\u2066c\u200ed`,
		"\ufeff\ufffe\U000e0001":    `\ufeff\ufffe\U000e0001`,
		"soft\u00adhyphen\u2028end": `soft\xadhyphen\u2028end`,
	} {
		if got := clean(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// What is escaped in lines of JSON is the same string to whoever reads them.
func TestJSONLEscapesAndLosesNothing(t *testing.T) {
	const text = "\x1b[2J\u007f\u0085\u009b31m\u202e\u2066\u2028\U000e0001\ufeff é 漢 \U0001f4a9 <&>"
	var b bytes.Buffer
	if err := NewList("jsonl", &b, Style{}).Scenario(catalogue.Scenario{Name: text}); err != nil {
		t.Fatal(err)
	}
	if i := strings.IndexFunc(b.String(), func(r rune) bool { return unprintable(r) && r != '\n' }); i >= 0 {
		t.Errorf("not escaped at %d: %q", i, b.String())
	}
	var got catalogue.Scenario
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || got.Name != text {
		t.Errorf("%q was read as %q: %v", text, got.Name, err)
	}
}
