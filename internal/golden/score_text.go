package golden

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// ScoreFormats are the forms in which a score is written.
func ScoreFormats() []string { return []string{"text", "jsonl"} }

// Write writes a score in one of ScoreFormats.
func (s *Score) Write(w io.Writer, format string) error {
	if format == "jsonl" {
		return s.writeJSONL(w)
	}
	return s.writeText(w)
}

// writeText writes what was wrong, then a table by cause.
func (s *Score) writeText(w io.Writer) error {
	for _, r := range s.Rated {
		if r.Rating == WrongAnswer {
			fmt.Fprintf(w, "wrong  %s frame %d: %s; it is %s, and the capture can carry %s\n", r.Capture, r.Frame, r.Answer, r.Truth, r.Carries)
		}
		if r.Who == WrongAnswer {
			fmt.Fprintf(w, "wrong  %s frame %d: sent by the %s\n", r.Capture, r.Frame, r.Sender)
		}
	}
	for _, a := range s.FalseAlarms {
		if a.Frame > 0 {
			fmt.Fprintf(w, "wrong  %s frame %d: %s; it is no reset\n", captureOf(a.File), a.Frame, a.Cause)
		} else {
			fmt.Fprintf(w, "wrong  %s at %.6f: %s; there is no reset\n", captureOf(a.File), a.Epoch, a.Cause)
		}
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "resets\tright\topen\twrong\tsender right\topen\twrong\t  cause")
	row := func(r Row, name string) {
		fmt.Fprintf(t, "%d\t%d\t%d\t%d\t%d\t%d\t%d\t  %s\n", r.Resets, r.Causes.Right, r.Causes.Open, r.Causes.Wrong, r.Who.Right, r.Who.Open, r.Who.Wrong, name)
	}
	for _, r := range s.Rows {
		row(r, string(r.Cause))
	}
	row(s.All, "all")
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d answers about frames that are no resets; %d resets unrated, where the scenario does not say what the capture can carry\n", len(s.FalseAlarms), s.Unrated)
	return err
}

// writeJSONL writes each reset, then each false alarm, the rows, and all.
func (s *Score) writeJSONL(w io.Writer) error {
	e := json.NewEncoder(w)
	for _, r := range s.Rated {
		if err := e.Encode(r); err != nil {
			return err
		}
	}
	for _, a := range s.FalseAlarms {
		err := e.Encode(struct {
			Type    string  `json:"type"`
			Capture string  `json:"capture"`
			Frame   int     `json:"frame,omitempty"`
			Epoch   float64 `json:"epoch,omitempty"`
			Answer  string  `json:"answer"`
		}{"false-alarm", captureOf(a.File), max(a.Frame, 0), a.Epoch, string(a.Cause)})
		if err != nil {
			return err
		}
	}
	type row struct {
		Type string `json:"type"`
		Row
	}
	for _, r := range s.Rows {
		if err := e.Encode(row{"cause", r}); err != nil {
			return err
		}
	}
	return e.Encode(struct {
		Type        string `json:"type"`
		Resets      int    `json:"resets"`
		Causes      Count  `json:"causes"`
		Who         Count  `json:"who"`
		FalseAlarms int    `json:"false_alarms"`
		Unrated     int    `json:"unrated"`
	}{"score", s.All.Resets, s.All.Causes, s.All.Who, len(s.FalseAlarms), s.Unrated})
}
