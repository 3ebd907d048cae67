package golden

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"slices"
	"strings"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/internal/segment"
)

// An Answer is what a tool says of one reset. A line of "rstlab analyze -o
// jsonl" is one, too; lines of other types are passed over.
type Answer struct {
	Type   string          `json:"type"`
	File   string          `json:"file"` // path of the capture, ending in SCENARIO/TAP.pcapng
	Frame  int             `json:"frame"`
	Epoch  float64         `json:"epoch"`  // in place of a frame, for tools that don't count them: its time in seconds since 1970
	Cause  cause.ID        `json:"cause"`  // of the vocabulary; "" or "undetermined": the tool can't tell
	Sender analyzer.Sender `json:"sender"` // "" where the tool says nothing of it
}

// ReadAnswers reads answers, one object a line. An error names the line.
func ReadAnswers(r io.Reader) ([]Answer, error) {
	var all []Answer
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var a Answer
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return nil, fmt.Errorf("line %d: read answer: %w", n, unlike(err))
		}
		if a.Type != "" && a.Type != "verdict" {
			continue
		}
		if err := a.check(); err != nil {
			return nil, fmt.Errorf("line %d: read answer: %w", n, err)
		}
		all = append(all, a)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read answers: %w", err)
	}
	return all, nil
}

// unlike says of a line that is no answer what was found, in the terms of JSON.
func unlike(err error) error {
	var field *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &field):
		return fmt.Errorf("expected an object of JSON in a line of its own: %w", err)
	case field.Field == "":
		return fmt.Errorf("found a JSON %s, expected an object", field.Value)
	}
	want := map[string]string{"frame": "whole number", "epoch": "number"}[field.Field]
	return fmt.Errorf("%q is a JSON %s, expected a %s", field.Field, field.Value, cmp.Or(want, "string"))
}

func (a *Answer) check() error {
	if a.File == "" || a.Frame <= 0 && a.Epoch == 0 {
		return fmt.Errorf("found file %q and frame %d, expected the capture's path and a frame from 1, or its time as epoch", a.File, a.Frame)
	}
	if a.Cause == "" {
		a.Cause = cause.NoCauseDecided
	}
	if _, known := cause.Lookup(a.Cause); !known && a.Cause != cause.NoCauseDecided {
		return fmt.Errorf("cause %q is none of the vocabulary%s; see rstlab list causes", a.Cause, segment.DidYouMean(string(a.Cause), causeNames()...))
	}
	switch a.Sender {
	case "", analyzer.Originator, analyzer.Responder, analyzer.Middlebox, analyzer.UndeterminedSender:
		return nil
	}
	return fmt.Errorf("sender %q, expected originator, responder, middlebox or undetermined", a.Sender)
}

func causeNames() []string {
	var names []string
	for _, c := range cause.Table() {
		names = append(names, string(c.ID))
	}
	return names
}

// A Rating is how good an answer is.
type Rating string

// Ratings. Right is the truth, or what the capture can't tell from it;
// undetermined is right where that is all that the capture carries. Open is no
// answer where there is one. Wrong is anything else.
const (
	RightAnswer Rating = "right"
	OpenAnswer  Rating = "open"
	WrongAnswer Rating = "wrong"
	NotRated    Rating = "unrated" // the scenario does not say what this capture carries, or who its ends are
)

// A Rated is one reset of the set and how it was answered.
type Rated struct {
	Type    string          `json:"type"` // "rated"
	Capture string          `json:"capture"`
	Frame   int             `json:"frame"`
	Truth   cause.ID        `json:"truth"`
	Carries *Carries        `json:"carries"`
	Answer  cause.ID        `json:"answer"` // "": none was given
	Rating  Rating          `json:"rating"`
	Sender  analyzer.Sender `json:"sender"` // of the answer
	Who     Rating          `json:"who"`    // how good that is
}

// A Count is how many ratings there are of each kind.
type Count struct {
	Right int `json:"right"`
	Open  int `json:"open"`
	Wrong int `json:"wrong"`
}

func (c *Count) add(r Rating) {
	switch r {
	case RightAnswer:
		c.Right++
	case OpenAnswer:
		c.Open++
	case WrongAnswer:
		c.Wrong++
	}
}

// A Row is the counts of one cause.
type Row struct {
	Cause  cause.ID `json:"cause"` // the truth
	Resets int      `json:"resets"`
	Causes Count    `json:"causes"` // answers about the cause
	Who    Count    `json:"who"`    // and about the sender
}

// A Score rates answers against a set.
type Score struct {
	Rated       []Rated
	Rows        []Row    // by cause
	All         Row      // Cause is ""
	Unrated     int      // resets for which the scenario does not say what their capture can carry
	FalseAlarms []Answer // of frames that are no resets
}

// Rate rates answers against an index. A capture that is not in it, and a
// second answer about one reset, are errors.
func Rate(index []Entry, answers []Answer) (*Score, error) {
	type key struct {
		capture string
		frame   int
	}
	given := map[key]*Answer{}
	captures := map[string]bool{}
	resets := map[key]bool{}
	for _, e := range index {
		captures[e.Capture] = true
		resets[key{e.Capture, e.Frame}] = true
	}
	s := &Score{}
	for i := range answers {
		a := &answers[i]
		if a.Frame == 0 {
			a.Frame = frameAt(index, captureOf(a.File), a.Epoch)
		}
		k := key{captureOf(a.File), a.Frame}
		switch {
		case !captures[k.capture]:
			return nil, fmt.Errorf("rate answer about %s: the set has no capture %q; keep the last two parts of its path, SCENARIO/TAP.pcapng", a.File, k.capture)
		case given[k] != nil && a.Frame > 0:
			return nil, fmt.Errorf("rate answer about %s frame %d: it is the second one; keep one", a.File, a.Frame)
		case !resets[k]:
			s.FalseAlarms = append(s.FalseAlarms, *a)
		}
		given[k] = a
	}
	for _, e := range index {
		if e.Frame > 0 {
			s.rate(&e, given[key{e.Capture, e.Frame}])
		}
	}
	slices.SortFunc(s.Rows, func(a, b Row) int { return strings.Compare(string(a.Cause), string(b.Cause)) })
	return s, nil
}

// frameAt is the reset of a capture at a time, to the microsecond; -1 where
// there is none.
func frameAt(index []Entry, capture string, epoch float64) int {
	for _, e := range index {
		if e.Frame > 0 && e.Capture == capture && math.Abs(float64(e.Time.UnixNano())/1e9-epoch) < 1.5e-6 {
			return e.Frame
		}
	}
	return -1
}

// captureOf is a capture's name in the index: the last two parts of a path.
func captureOf(file string) string {
	file = path.Clean(strings.ReplaceAll(file, `\`, "/"))
	dir, name := path.Split(file)
	return path.Join(path.Base(dir), name)
}

func (s *Score) rate(e *Entry, a *Answer) {
	r := Rated{Type: "rated", Capture: e.Capture, Frame: e.Frame, Truth: e.Cause, Carries: e.Carries}
	said := cause.NoCauseDecided
	if a != nil {
		r.Answer, r.Sender = a.Cause, a.Sender
		said = a.Cause
	}
	r.Rating, r.Who = rateCause(e, said), rateSender(e, r.Sender)
	s.Rated = append(s.Rated, r)
	if r.Rating == NotRated {
		s.Unrated++
	}
	i := slices.IndexFunc(s.Rows, func(x Row) bool { return x.Cause == e.Cause })
	if i < 0 {
		i = len(s.Rows)
		s.Rows = append(s.Rows, Row{Cause: e.Cause})
	}
	for _, row := range []*Row{&s.Rows[i], &s.All} {
		row.Resets++
		row.Causes.add(r.Rating)
		row.Who.add(r.Who)
	}
}

func rateCause(e *Entry, said cause.ID) Rating {
	switch {
	case said == e.Cause:
		return RightAnswer
	case e.Carries == nil:
		return NotRated
	case said == cause.NoCauseDecided && e.Carries.Undetermined:
		return RightAnswer
	case said == cause.NoCauseDecided:
		return OpenAnswer
	case slices.Contains(e.Carries.Causes, said):
		return RightAnswer
	}
	return WrongAnswer
}

func rateSender(e *Entry, said analyzer.Sender) Rating {
	switch {
	case e.Sender == "":
		return NotRated
	case said == e.Sender, e.Carries != nil && said != "" && said == e.Carries.Sender:
		return RightAnswer
	case said == "" || said == analyzer.UndeterminedSender:
		return OpenAnswer
	case e.Carries == nil || e.Carries.Sender == "": // not said to be there to see
		return NotRated
	}
	return WrongAnswer
}
