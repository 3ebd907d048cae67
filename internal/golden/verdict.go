package golden

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
)

// A Verdict is what the analyzer concludes about one reset at a tap, or at
// several together: all of it but its words.
type Verdict struct {
	Taps           []string          `json:"taps"`
	At             Place             `json:"at"`
	Cause          cause.ID          `json:"cause"`
	Strength       cause.Strength    `json:"strength"`
	Sender         analyzer.Sender   `json:"sender"`
	SenderStrength cause.Strength    `json:"sender_strength"`
	Why            string            `json:"why,omitempty"`
	Effect         analyzer.Effect   `json:"effect"`
	Benign         bool              `json:"benign,omitempty"`
	State          string            `json:"state"`
	Roles          string            `json:"roles"`
	After          *After            `json:"after,omitempty"`
	Evidence       []Place           `json:"evidence"`
	Excluded       []Exclusion       `json:"excluded"`
	Alternatives   []AlternativeName `json:"alternatives"`
}

// A Place is a frame of a capture, counted from 1. Tap is "" where it is that
// of the verdict's own place.
type Place struct {
	Tap   string `json:"tap,omitempty"`
	Frame int    `json:"frame"`
}

// String is the place as people read it.
func (p Place) String() string {
	if p.Tap == "" {
		return fmt.Sprintf("frame %d", p.Frame)
	}
	return fmt.Sprintf("%s frame %d", p.Tap, p.Frame)
}

// After is the earlier reset that drew one.
type After struct {
	Place
	Cause cause.ID `json:"cause"`
}

// An Exclusion is a cause that frames refute.
type Exclusion struct {
	Cause  cause.ID `json:"cause"`
	Frames []int    `json:"frames"`
}

// An AlternativeName is a cause that stays open.
type AlternativeName struct {
	Cause    cause.ID        `json:"cause"`
	Sender   analyzer.Sender `json:"sender"`
	Strength cause.Strength  `json:"strength"`
}

// A capture is a file that the analyzer reads.
type capture struct {
	tap  string
	data []byte
}

// judge gives the analyzer's verdicts on captures of one scenario, together.
// frame leads from a frame of a capture to the one it is counted as.
func judge(ctx context.Context, captures []capture, frame func(Place) int) ([]Verdict, error) {
	var inputs []analyzer.Input
	taps := map[string]string{} // by file
	var names []string
	for _, c := range captures {
		file := fileName(c.tap)
		taps[file] = c.tap
		names = append(names, c.tap)
		inputs = append(inputs, analyzer.Input{Name: file, R: bytes.NewReader(c.data)})
	}
	var all []Verdict
	err := analyzer.Analyze(ctx, inputs, analyzer.Options{}, func(r analyzer.Record) error {
		switch r := r.(type) {
		case *analyzer.Error:
			return fmt.Errorf("analyze %w", r)
		case *analyzer.Verdict:
			all = append(all, reduce(r, names, func(file string, n int) Place {
				if file == "" {
					file = r.File
				}
				p := Place{taps[file], n}
				p.Frame = frame(p)
				return p
			}))
		}
		return nil
	})
	slices.SortStableFunc(all, func(a, b Verdict) int {
		return cmp.Or(strings.Compare(a.At.Tap, b.At.Tap), cmp.Compare(a.At.Frame, b.At.Frame))
	})
	return all, err
}

// reduce leaves out what a verdict says in words; the times in them are of no
// canonical length.
func reduce(v *analyzer.Verdict, taps []string, at func(file string, frame int) Place) Verdict {
	out := Verdict{
		Taps: taps, At: firstOf(taps, v.Seen, at), Cause: v.Cause, Strength: v.Strength,
		Sender: v.Sender, SenderStrength: v.SenderStrength, Why: v.Why, Effect: v.Effect, Benign: v.Benign,
		State: v.Connection.State, Roles: v.Connection.Roles,
		Evidence: []Place{}, Excluded: []Exclusion{}, Alternatives: []AlternativeName{},
	}
	here := func(p Place) Place {
		if p.Tap == out.At.Tap {
			p.Tap = ""
		}
		return p
	}
	if v.After != nil {
		out.After = &After{here(at(v.After.File, v.After.Frame)), v.After.Cause}
	}
	for _, e := range v.Evidence {
		if p := here(at(e.File, e.Frame)); !slices.Contains(out.Evidence, p) {
			out.Evidence = append(out.Evidence, p)
		}
	}
	slices.SortFunc(out.Evidence, func(a, b Place) int {
		return cmp.Or(strings.Compare(a.Tap, b.Tap), cmp.Compare(a.Frame, b.Frame))
	})
	for _, x := range v.Excluded {
		e := Exclusion{Cause: x.Cause, Frames: []int{}}
		for _, n := range x.Frames {
			e.Frames = append(e.Frames, at("", n).Frame)
		}
		slices.Sort(e.Frames)
		out.Excluded = append(out.Excluded, e)
	}
	slices.SortFunc(out.Excluded, func(a, b Exclusion) int {
		return cmp.Or(strings.Compare(string(a.Cause), string(b.Cause)), slices.Compare(a.Frames, b.Frames))
	})
	for _, a := range v.Alternatives {
		out.Alternatives = append(out.Alternatives, AlternativeName{a.Cause, a.Sender, a.Strength})
	}
	slices.SortFunc(out.Alternatives, func(a, b AlternativeName) int {
		return cmp.Or(strings.Compare(string(a.Cause), string(b.Cause)), strings.Compare(string(a.Sender), string(b.Sender)))
	})
	return out
}

// firstOf is where the first of several taps saw a reset: which of them saw it
// first in time is within what their clocks are compared by.
func firstOf(taps []string, seen []analyzer.Sighting, at func(file string, frame int) Place) Place {
	var first Place
	for i, s := range seen {
		p := at(s.File, s.Frame)
		x, y := slices.Index(taps, p.Tap), slices.Index(taps, first.Tap)
		if i == 0 || x < y || x == y && p.Frame < first.Frame {
			first = p
		}
	}
	return first
}

// fileName is that of a tap's capture: "client.pcapng", "fw-client.pcapng".
func fileName(tap string) string { return strings.ReplaceAll(tap, "/", "-") + ".pcapng" }
