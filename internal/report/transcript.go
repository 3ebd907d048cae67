package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rstlab/analyzer"
)

// A line of a transcript is one packet of a verdict's connection.
type line struct {
	lead  string // mark, frame and time, as wide as those of the other lines
	text  string // the segment, and what several captures show of it
	marks []string
}

// transcript tells the packets that matter to a verdict, a line for each: what
// it is to the verdict (">" the reset, "*" evidence), its frame, its time from
// the reset on in seconds, the segment.
func transcript(v *analyzer.Verdict) []line {
	var times []string
	frames, widest := 0, 0
	for i := range v.Packets {
		p := &v.Packets[i]
		times = append(times, fmt.Sprintf("%+.6f", p.Time.Sub(v.Time).Seconds()))
		frames, widest = max(frames, len(strconv.Itoa(p.Frame))), max(widest, len(times[i]))
	}
	var lines []line
	for i := range v.Packets {
		p := &v.Packets[i]
		if p.Omitted > 0 {
			lines = append(lines, line{lead: strings.Repeat(" ", 2+frames+2+widest+2), text: "... " + plural(p.Omitted, "packet") + " left out"})
		}
		mark := " "
		switch {
		case slices.Contains(p.Marks, analyzer.MarkReset):
			mark = ">"
		case slices.Contains(p.Marks, analyzer.MarkEvidence):
			mark = "*"
		}
		text := p.Segment
		if p.File != "" {
			text += "  in " + p.File
		}
		if len(p.Missed) > 0 {
			text += "  never at " + strings.Join(p.Missed, ", ")
		}
		lines = append(lines, line{fmt.Sprintf("%s %*d  %*s  ", mark, frames, p.Frame, widest, times[i]), text, p.Marks})
	}
	return lines
}
