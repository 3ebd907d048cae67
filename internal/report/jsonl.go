package report

import (
	"encoding/json"
	"io"

	"rstlab/analyzer"
	"rstlab/internal/catalogue"
	"rstlab/internal/play"
)

// jsonl writes one JSON object a line; docs/schema documents the objects.
type jsonl struct{ enc *json.Encoder }

func newJSONL(w io.Writer) jsonl {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // a "<" is no danger here, and > stands in every segment
	return jsonl{enc}
}

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
