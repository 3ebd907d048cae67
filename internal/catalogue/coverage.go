package catalogue

import (
	"slices"
	"strings"

	"rstlab/analyzer/cause"
	"rstlab/internal/script"
)

// Recorded are the reasons that kernels gave when the catalogue was played: by
// scenario, then by cause.
type Recorded map[string]map[string][]string

// A Coverage is how one scenario shows one cause; docs/schema/list.json
// documents its JSON form.
type Coverage struct {
	Type     string   `json:"type"` // "coverage"
	Cause    string   `json:"cause"`
	Scenario string   `json:"scenario"`
	Reasons  []string `json:"reasons"` // the kernel's own; none for what no host's kernel sends
	Taps     []string `json:"taps"`    // at which it is judged, sets of them as "a+b"
	IP       int      `json:"ip"`      // 4 or 6
}

// A Reason is a reason of the running kernel and the scenarios that reach it.
type Reason struct {
	Type      string   `json:"type"` // "reason"
	Reason    string   `json:"reason"`
	Scenarios []string `json:"scenarios"`
	Why       string   `json:"why"` // why none does, "" where one does
}

// Cover gives a row for each cause and each scenario that shows it, causes in
// the order of the vocabulary. A cause that no scenario shows has one row
// without a scenario.
func Cover(files []*script.File, recorded Recorded) []Coverage {
	var rows []Coverage
	for _, c := range cause.Table() {
		shown := false
		for _, f := range files {
			if !slices.Contains(Causes(f), string(c.ID)) {
				continue
			}
			shown = true
			rows = append(rows, Coverage{Type: "coverage", Cause: string(c.ID), Scenario: f.Name,
				Reasons: orEmpty(recorded[f.Name][string(c.ID)]), Taps: judged(f, string(c.ID)), IP: version(f)})
		}
		if !shown {
			rows = append(rows, Coverage{Type: "coverage", Cause: string(c.ID), Reasons: []string{}, Taps: []string{}})
		}
	}
	return rows
}

// judged are the taps at which the resets of a cause are judged: those of the
// ends, and those that "seen" names.
func judged(f *script.File, id string) []string {
	var taps []string
	add := func(tap string) {
		if tap != "" && !slices.Contains(taps, tap) {
			taps = append(taps, tap)
		}
	}
	for _, ev := range f.Events {
		h := ev.Head()
		if h.Truth == nil || h.Truth.Cause != id {
			continue
		}
		for _, end := range ends(ev) {
			if a := f.Actor(end); a != nil && a.Kind != script.Middlebox {
				add(end)
			}
		}
		for _, s := range h.Seen {
			names := make([]string, len(s.Taps))
			for i, t := range s.Taps {
				names[i] = t.String()
			}
			add(strings.Join(names, "+"))
		}
	}
	return taps
}

// ends are the actors between which a reset of a line goes.
func ends(ev script.Event) []string {
	switch ev := ev.(type) {
	case *script.Packet:
		return []string{ev.Segment.Src.Name, ev.Segment.Dst.Name}
	case *script.Action:
		for _, arg := range ev.Args {
			if arg.Segment != nil {
				return []string{arg.Segment.Src.Name, arg.Segment.Dst.Name}
			}
		}
	}
	return nil
}

// version is the IP version that a scenario's links use.
func version(f *script.File) int {
	for _, l := range f.Links {
		if net, ok := script.Find(l.Attrs, "net"); ok && strings.Contains(net.Value, ":") {
			return 6
		}
	}
	return 4
}

// CoverReasons tells of each reason that a kernel knows which scenarios reach
// it, or why none does.
func CoverReasons(known []string, files []*script.File, recorded Recorded) []Reason {
	rows := make([]Reason, 0, len(known))
	for _, reason := range known {
		row := Reason{Type: "reason", Reason: reason, Scenarios: []string{}}
		for _, f := range files {
			for _, reasons := range recorded[f.Name] {
				if slices.Contains(reasons, reason) && !slices.Contains(row.Scenarios, f.Name) {
					row.Scenarios = append(row.Scenarios, f.Name)
				}
			}
		}
		if len(row.Scenarios) == 0 {
			row.Why = unreached[reason]
		}
		rows = append(rows, row)
	}
	return rows
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
