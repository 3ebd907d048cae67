package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"

	"rstlab/analyzer"
	"rstlab/internal/catalogue"
	"rstlab/internal/play"
)

// jsonl writes one JSON object a line; docs/schema documents the objects.
type jsonl struct{ enc *json.Encoder }

func newJSONL(w io.Writer) jsonl {
	enc := json.NewEncoder(printable{w})
	enc.SetEscapeHTML(false) // a "<" is no danger here, and > stands in every segment
	return jsonl{enc}
}

// printable writes lines of JSON to a writer. What is not printed it escapes:
// JSON asks for it of the first control characters only, and a terminal obeys
// others. An encoder writes whole lines, and such a character is in a string.
type printable struct{ w io.Writer }

func (p printable) Write(line []byte) (int, error) {
	if bytes.IndexFunc(line, obeyed) < 0 {
		return p.w.Write(line)
	}
	var b bytes.Buffer
	for _, r := range string(line) {
		if !obeyed(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	if _, err := b.WriteTo(p.w); err != nil {
		return 0, err
	}
	return len(line), nil
}

// obeyed tells what is not printed and ends no line.
func obeyed(r rune) bool { return r >= 0x7f && unprintable(r) }

func newJSONLAnalysis(w io.Writer, _ Style) Analysis { return newJSONL(w) }
func newJSONLRun(w io.Writer, _ Style) Run           { return newJSONL(w) }
func newJSONLList(w io.Writer, _ Style) List         { return newJSONL(w) }

func (j jsonl) Record(r analyzer.Record) error      { return j.enc.Encode(r) }
func (j jsonl) Scenario(s catalogue.Scenario) error { return j.enc.Encode(s) }
func (j jsonl) Cause(c catalogue.Cause) error       { return j.enc.Encode(c) }
func (j jsonl) Coverage(c catalogue.Coverage) error { return j.enc.Encode(c) }
func (j jsonl) Reason(r catalogue.Reason) error     { return j.enc.Encode(r) }
func (j jsonl) Summary(s play.RunSummary) error     { return j.enc.Encode(s) }

// Result writes empty lists as [], never as null: a reader loops over them.
func (j jsonl) Result(r *play.Result) error {
	out := *r
	out.Labels = list(out.Labels)
	out.Resets = list(out.Resets)
	out.Captures = list(out.Captures)
	return j.enc.Encode(&out)
}

// list returns s, or an empty list for nil.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
