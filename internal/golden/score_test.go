package golden

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
)

// index is a small one: a cause that the capture carries, two that it can't
// tell apart, one that it does not tell, one of which the scenario says
// nothing, and a capture without resets.
func index() []Entry {
	at := time.Date(2026, 1, 1, 0, 0, 0, 460_000, time.UTC)
	return []Entry{
		{Scenario: "refused", Capture: "refused/client.pcapng", Frame: 2, Time: at, Cause: "port-closed", Sender: "responder",
			Carries: &Carries{Causes: ids("port-closed"), Sender: "responder"}},
		{Scenario: "abort", Capture: "abort/client.pcapng", Frame: 9, Time: at, Cause: "abortive-close", Sender: "responder",
			Carries: &Carries{Causes: ids("abortive-close", "close-unread-data"), Sender: "responder"}},
		{Scenario: "lone", Capture: "lone/client.pcapng", Frame: 1, Time: at, Cause: "half-open", Sender: "originator",
			Carries: &Carries{Undetermined: true, Causes: []cause.ID{}}},
		{Scenario: "middle", Capture: "middle/fw-client.pcapng", Frame: 4, Time: at, Cause: "half-open"},
		{Scenario: "peace", Capture: "peace/client.pcapng"},
	}
}

// rated are the ratings of answers about the index, "cause/sender" in its order.
func rated(t *testing.T, answers string) (string, *Score) {
	t.Helper()
	all, err := ReadAnswers(strings.NewReader(answers))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Rate(index(), all)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, r := range s.Rated {
		words = append(words, string(r.Rating)+"/"+string(r.Who))
	}
	return strings.Join(words, " "), s
}

func TestRatings(t *testing.T) {
	for _, test := range []struct{ name, answers, want string }{
		{"no answer at all", ``, "open/open open/open right/open unrated/unrated"},
		{"the truth", `{"file":"golden/refused/client.pcapng","frame":2,"cause":"port-closed","sender":"responder"}
{"file":"abort/client.pcapng","frame":9,"cause":"abortive-close","sender":"responder"}
{"file":"lone/client.pcapng","frame":1,"cause":"half-open","sender":"originator"}
{"file":"middle/fw-client.pcapng","frame":4,"cause":"half-open","sender":"originator"}`, "right/right right/right right/right right/unrated"},
		{"what can't be told from the truth", `{"file":"abort/client.pcapng","frame":9,"cause":"close-unread-data"}`, "open/open right/open right/open unrated/unrated"},
		{"undetermined", `{"file":"refused/client.pcapng","frame":2,"cause":"undetermined","sender":"undetermined"}`, "open/open open/open right/open unrated/unrated"},
		{"wrong", `{"file":"refused/client.pcapng","frame":2,"cause":"firewall-reject-syn","sender":"middlebox"}
{"file":"lone/client.pcapng","frame":1,"cause":"late-segment","sender":"responder"}`, "wrong/wrong open/open wrong/unrated unrated/unrated"},
		{"only the sender, by time", `{"file":"refused/client.pcapng","epoch":1767225600.00046,"sender":"responder"}`, "open/right open/open right/open unrated/unrated"},
		{"a verdict of rstlab's, among other records", `{"type":"connection","file":"refused/client.pcapng"}
{"type":"verdict","schema":1,"file":"C:\\set\\refused\\client.pcapng","frame":2,"time":"2026-01-01T00:00:00Z","cause":"port-closed","sender":"responder","strength":"likely"}`,
			"right/right open/open right/open unrated/unrated"},
	} {
		if got, _ := rated(t, test.answers); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestScoreCounts(t *testing.T) {
	_, s := rated(t, `{"file":"refused/client.pcapng","frame":2,"cause":"firewall-reject-syn"}
{"file":"peace/client.pcapng","frame":3,"cause":"abortive-close"}
{"file":"refused/client.pcapng","epoch":5,"cause":"abortive-close"}
{"file":"refused/client.pcapng","epoch":6,"cause":"abortive-close"}`)
	if s.All.Resets != 4 || s.All.Causes != (Count{1, 1, 1}) || s.Unrated != 1 || len(s.FalseAlarms) != 3 {
		t.Errorf("all %+v, %d unrated, false alarms %+v", s.All, s.Unrated, s.FalseAlarms)
	}
	var b bytes.Buffer
	if err := s.Write(&b, "text"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"wrong  refused/client.pcapng frame 2: firewall-reject-syn; it is port-closed, and the capture can carry port-closed by responder\n",
		"wrong  peace/client.pcapng frame 3: abortive-close; it is no reset\n", "wrong  refused/client.pcapng at 5.000000: abortive-close; there is no reset\n", "3 answers about frames that are no resets; 1 resets unrated"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// Each kind of line keeps the schema.
func TestScoreKeepsItsSchema(t *testing.T) {
	_, s := rated(t, `{"file":"refused/client.pcapng","frame":2,"cause":"port-closed","sender":"responder"}
{"file":"peace/client.pcapng","frame":3,"cause":"abortive-close"}
{"file":"refused/client.pcapng","epoch":5}`)
	schema, err := jsonschema.NewCompiler().Compile("../../docs/schema/score.json")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := s.Write(&b, "jsonl"); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range bytes.Lines(b.Bytes()) {
		lines++
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		if err == nil {
			err = schema.Validate(value)
		}
		if err != nil {
			t.Errorf("%s: %#v", line, err)
		}
	}
	if want := len(index()) - 1 + 2 + len(s.Rows) + 1; lines != want { // one capture has no reset
		t.Errorf("%d lines, want %d in\n%s", lines, want, b.String())
	}
	if schema.Validate(map[string]any{"type": "score"}) == nil {
		t.Error("the schema takes a score without numbers")
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	for answers, want := range map[string]string{
		`{"file":"x/y.pcapng","frame":0}`:                                     `line 1: read answer: found file "x/y.pcapng" and frame 0, expected`,
		"\n\n{\"file\":\"x/y.pcapng\",\"frame\":1,\"cause\":\"closed-port\"}": `line 3: read answer: cause "closed-port" is none of the vocabulary (did you mean "port-closed"?)`,
		`{"file":"x/y.pcapng","frame":1,"sender":"server"}`:                   `sender "server", expected originator`,
		`frame 5`:                           "line 1: read answer: expected an object of JSON in a line of its own: ",
		`["x/y.pcapng",5]`:                  "line 1: read answer: found a JSON array, expected an object",
		`{"file":"x/y.pcapng","frame":"5"}`: `line 1: read answer: "frame" is a JSON string, expected a whole number`,
		`{"file":"x/y.pcapng","frame":5.5}`: `line 1: read answer: "frame" is a JSON number 5.5, expected a whole number`,
		`{"file":5,"frame":5}`:              `line 1: read answer: "file" is a JSON number, expected a string`,
	} {
		if _, err := ReadAnswers(strings.NewReader(answers)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q", answers, err, want)
		}
	}
	for file, want := range map[string]string{"x/y.pcapng": `the set has no capture "x/y.pcapng"`, "refused/client.pcapng": "it is the second one"} {
		a := Answer{File: file, Frame: 2, Cause: "port-closed"}
		if _, err := Rate(index(), []Answer{a, a}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q", file, err, want)
		}
	}
	if a := (Answer{Sender: analyzer.Middlebox}); a.check() == nil {
		t.Error("an answer about nothing is taken")
	}
}
