package golden

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
)

// An Entry is a line of the index: one reset of one capture, or a capture
// without any (Frame 0). docs/schema/label.json documents its JSON form.
type Entry struct {
	Scenario   string          `json:"scenario"`
	Family     string          `json:"family"`
	Tap        string          `json:"tap"`
	Capture    string          `json:"capture"` // with the folder of the scenario
	Frame      int             `json:"frame,omitempty"`
	Time       time.Time       `json:"time,omitzero"`
	Cause      cause.ID        `json:"cause,omitempty"`   // the truth
	By         string          `json:"by,omitempty"`      // the actor that sent it
	Sender     analyzer.Sender `json:"sender,omitempty"`  // what that is to the connection
	Carries    *Carries        `json:"carries,omitempty"` // what this capture can tell; nil: not said
	Evidence   []int           `json:"evidence,omitempty"`
	Source     []string        `json:"source"`
	Originator string          `json:"originator,omitempty"`
	Responder  string          `json:"responder,omitempty"`
}

// entries are the lines of a case.
func (c *Case) entries() []Entry {
	var all []Entry
	for _, l := range c.Labels {
		e := Entry{Scenario: l.Scenario, Family: l.Family, Tap: l.Tap, Capture: path.Join(l.Scenario, l.Capture), Source: l.Source}
		if len(l.Resets) == 0 {
			all = append(all, e)
		}
		for _, r := range l.Resets {
			e := e
			e.Frame, e.Time = r.Frame, r.Time
			e.Cause, e.By, e.Sender, e.Carries = r.Truth.Cause, r.Truth.By, r.Truth.Sender, r.Carries
			e.Originator, e.Responder = r.Originator, r.Responder
			for _, x := range r.Truth.Evidence {
				e.Evidence = append(e.Evidence, x.Frame)
			}
			all = append(all, e)
		}
	}
	return all
}

// sortEntries puts an index into its order.
func sortEntries(all []Entry) {
	slices.SortStableFunc(all, func(a, b Entry) int {
		return cmp.Or(strings.Compare(a.Family, b.Family), strings.Compare(a.Scenario, b.Scenario),
			strings.Compare(a.Tap, b.Tap), cmp.Compare(a.Frame, b.Frame))
	})
}

// readLines reads one object a line.
func readLines[T any](data []byte) ([]T, error) {
	var all []T
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var v T
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		all = append(all, v)
	}
	return all, lines.Err()
}
