package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/internal/catalogue"
	"rstlab/internal/play"
)

// schema compiles a schema of docs/schema.
func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile("../../docs/schema/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// valid checks each line of text against a schema and returns their number.
func valid(t *testing.T, s *jsonschema.Schema, text string) (lines int) {
	t.Helper()
	for line := range strings.Lines(text) {
		lines++
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if err := s.Validate(value); err != nil {
			t.Errorf("%#v in %s", err, line)
		}
	}
	return lines
}

func TestJSONLOfARunKeepsItsSchema(t *testing.T) {
	got := run(t, "jsonl", Style{}, play.RunSummary{Type: "run", Passed: 2, Failed: 1, Skipped: 1, Kernel: "6.18.44"},
		passed(), control(), failed(), skipped())
	if n := valid(t, schema(t, "run.json"), got); n != 5 {
		t.Errorf("%d lines for four scenarios and a run", n)
	}
}

// The schema would be no contract if it took everything.
func TestRunSchemaRefuses(t *testing.T) {
	s := schema(t, "run.json")
	disagreeing := passed()
	disagreeing.Resets[1].Agree = false
	for name, result := range map[string]*play.Result{
		"a pass whose witnesses disagree": disagreeing,
		"a failure that gives no reason":  {Type: "scenario", Name: "x", Result: play.Fail, Oracle: "trace"},
		"an unknown result":               {Type: "scenario", Name: "x", Result: "flaky", Why: "y", Oracle: "trace"},
	} {
		var b bytes.Buffer
		if err := NewRun("jsonl", &b, Style{}).Result(result); err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(&b)
		if err != nil {
			t.Fatal(err)
		}
		if s.Validate(value) == nil {
			t.Errorf("the schema takes %s", name)
		}
	}
}

func TestJSONLOfAListKeepsItsSchema(t *testing.T) {
	var b bytes.Buffer
	out := NewList("jsonl", &b, Style{})
	if err := out.Scenario(catalogue.Scenario{Type: "scenario", Name: "port-closed", Family: "connect",
		Causes: []string{"port-closed"}, Summary: "Closed port.", Source: "RFC 9293, 3.5.2", Needs: []string{"kernel>=6.10"}}); err != nil {
		t.Fatal(err)
	}
	for _, c := range cause.Table() {
		if err := out.Cause(catalogue.DescribeCause(c, nil)); err != nil {
			t.Fatal(err)
		}
	}
	if n := valid(t, schema(t, "list.json"), b.String()); n != 1+len(cause.Table()) {
		t.Errorf("%d lines for one scenario and %d causes", n, len(cause.Table()))
	}
}

func TestJSONLOfAnAnalysisKeepsItsSchema(t *testing.T) {
	got := analysis(t, "jsonl", Style{}, refused(), &analyzer.Summary{Type: "summary", Files: 1, Packets: 2, Connections: 1, Resets: 1, Limits: []string{}})
	if n := valid(t, schema(t, "analyze.json"), got); n != 2 {
		t.Errorf("%d lines for two records", n)
	}
}
