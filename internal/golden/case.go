package golden

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"rstlab/internal/golden/canon"
	"rstlab/internal/play"
	"rstlab/internal/script"
)

// A Case is the golden files of one scenario.
type Case struct {
	Name     string
	Files    []File // what is compared
	Labels   []Label
	Verdicts []Verdict
	Kernel   []KernelWord // what depends on the machine
	Counted  []KernelWord // where a counter is all that the kernel said
	Raw      []File       // the captures as they were taken
}

// A File is a file of a case, named within its folder.
type File struct {
	Name string
	Data []byte
}

// A KernelWord is what the kernel said of a reset. It is the machine's, and not
// compared.
type KernelWord struct {
	Tap    string `json:"tap"`
	Frame  int    `json:"frame"`
	Host   string `json:"host"`
	Reason string `json:"reason"`
}

const verdictsFile = "verdicts.jsonl"

// newCase makes the golden files of a scenario that passed, from its result,
// which must have a recording. An error says why it can't have any: a frame
// without a canonical form or, with a case all the same, a verdict that the
// canonical form changes, as it may when the machine is too slow for the story.
func newCase(ctx context.Context, f *script.File, r *play.Result) (*Case, error) {
	captures, err := canon.Captures(f, r.Recording)
	if err != nil {
		return nil, err
	}
	c := &Case{Name: f.Name, Labels: labels(f, r, captures)}
	var canonical, raw []capture
	for i, k := range captures {
		comment(k, &c.Labels[i])
		data, err := k.File(about(f, k.Tap)...)
		if err != nil {
			return nil, err
		}
		label, err := marshal(c.Labels[i])
		if err != nil {
			return nil, err
		}
		name := fileName(k.Tap)
		c.Files = append(c.Files, File{name, data}, File{labelName(name), label})
		c.Raw = append(c.Raw, File{name, r.Recording.Captures[i].Data})
		canonical = append(canonical, capture{k.Tap, data})
		raw = append(raw, capture{k.Tap, r.Recording.Captures[i].Data})
	}
	frame := func(p Place) int {
		i := slices.IndexFunc(captures, func(k *canon.Capture) bool { return k.Tap == p.Tap })
		return captures[i].Frame(p.Frame)
	}
	changed, err := c.judge(ctx, sets(f, captures), canonical, raw, frame)
	if err != nil {
		return nil, err
	}
	c.hear(r, frame)
	slices.SortFunc(c.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(c.Labels, func(a, b Label) int { return strings.Compare(a.Capture, b.Capture) })
	return c, changed
}

// judge takes down the verdicts on each set of captures, and says with changed
// where those on the raw ones, whose places frame finds in the canonical ones,
// are others.
func (c *Case) judge(ctx context.Context, sets [][]string, canonical, raw []capture, frame func(Place) int) (changed, err error) {
	for _, set := range sets {
		v, err := judge(ctx, among(canonical, set), func(p Place) int { return p.Frame })
		if err != nil {
			return nil, err
		}
		w, err := judge(ctx, among(raw, set), frame)
		if err != nil {
			return nil, err
		}
		if !reflect.DeepEqual(compared(v), compared(w)) {
			changed = &verdictError{strings.Join(set, "+"), w, v}
		}
		c.Verdicts = append(c.Verdicts, v...)
	}
	lines, err := marshalLines(c.Verdicts)
	if err != nil {
		return nil, err
	}
	c.Files = append(c.Files, File{verdictsFile, lines})
	return changed, nil
}

// hear takes down the kernel's own reasons.
func (c *Case) hear(r *play.Result, frame func(Place) int) {
	for _, x := range r.Resets {
		if x.Kernel == nil || strings.Contains(x.Tap, "+") {
			continue
		}
		word := KernelWord{x.Tap, frame(Place{x.Tap, x.Frame}), x.Kernel.Host, x.Kernel.Reason}
		if x.Kernel.Counted {
			c.Counted = append(c.Counted, word)
		} else {
			c.Kernel = append(c.Kernel, word)
		}
	}
	slices.SortFunc(c.Kernel, func(a, b KernelWord) int {
		return cmp.Or(strings.Compare(a.Tap, b.Tap), cmp.Compare(a.Frame, b.Frame))
	})
}

// compared is what the canonical form must leave as it is. Of several captures
// that is not by which frames the analyzer says it: which of two within
// microseconds came first is closer than their clocks can be compared.
func compared(all []Verdict) []Verdict {
	all = slices.Clone(all)
	for i := range all {
		if v := &all[i]; len(v.Taps) > 1 {
			v.Evidence = nil
			v.Excluded = slices.Clone(v.Excluded)
			for j := range v.Excluded {
				v.Excluded[j].Frames = nil
			}
		}
	}
	return all
}

// A verdictError says that the canonical form of captures leads the analyzer
// to another verdict than the captures themselves.
type verdictError struct {
	taps           string
	raw, canonical []Verdict
}

func (e *verdictError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "judge %s: the canonical form changes the verdict\n  raw:       %s\n  canonical: %s", e.taps, brief(e.raw), brief(e.canonical))
	for i := range min(len(e.raw), len(e.canonical)) {
		x, y := e.raw[i], e.canonical[i]
		if d := x.differs(&y); d != "" {
			fmt.Fprintf(&b, "\n  %s", d)
		}
	}
	return b.String()
}

// about are the comments on a capture as a whole.
func about(f *script.File, tap string) []string {
	lines := []string{fmt.Sprintf("scenario %s, tap %s: %s", f.Name, tap, f.Summary)}
	if len(f.Sources) > 0 {
		lines = append(lines, "source: "+strings.Join(f.Sources, "; "))
	}
	return append(lines, "canonical rewriting of a capture of real kernels: times, initial sequence numbers, timestamps, IP identifications and ephemeral ports are not those of the wire, their relations are")
}

// sets are the taps, and the sets of taps of which the scenario speaks.
func sets(f *script.File, captures []*canon.Capture) [][]string {
	var all [][]string
	for _, c := range captures {
		all = append(all, []string{c.Tap})
	}
	for _, ev := range f.Events {
		for _, s := range ev.Head().Seen {
			var set []string
			for _, t := range s.Taps {
				set = append(set, t.String())
			}
			if len(set) > 1 && !slices.ContainsFunc(all, func(have []string) bool { return slices.Equal(have, set) }) {
				all = append(all, set)
			}
		}
	}
	return all
}

// among picks the captures of some taps.
func among(captures []capture, taps []string) []capture {
	var picked []capture
	for _, c := range captures {
		if slices.Contains(taps, c.tap) {
			picked = append(picked, c)
		}
	}
	return picked
}

// file finds a file by name.
func (c *Case) file(name string) ([]byte, bool) {
	for _, f := range c.Files {
		if f.Name == name {
			return f.Data, true
		}
	}
	return nil, false
}

// equal tells whether all files that are compared are the same.
func (c *Case) equal(d *Case) bool {
	return slices.EqualFunc(c.Files, d.Files, func(a, b File) bool { return a.Name == b.Name && bytes.Equal(a.Data, b.Data) })
}

// labelName is the name of the label that belongs to a capture.
func labelName(capture string) string { return strings.TrimSuffix(capture, ".pcapng") + ".json" }

// marshal writes v as JSON for people.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// marshalLines writes one object a line.
func marshalLines[T any](all []T) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for _, v := range all {
		if err := e.Encode(v); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}
