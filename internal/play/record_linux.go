package play

import (
	"slices"
	"time"

	"rstlab/internal/script"
	"rstlab/lab"
)

// begin notes that a line acts, or begins to wait.
func (p *player) begin(ev script.Event) {
	p.lines = append(p.lines, &Line{Event: ev, Begun: time.Now()})
}

// line is the one that began last.
func (p *player) line() *Line { return p.lines[len(p.lines)-1] }

// recording gathers what the scenario left behind.
func (p *player) recording() *Recording {
	r := &Recording{Names: p.names}
	for _, c := range p.captures {
		r.Captures = append(r.Captures, Capture{Tap: c.tap, Data: c.data})
	}
	for _, l := range p.lines {
		h := l.Event.Head()
		if hits := p.wire.hits[h]; len(hits) > 0 {
			l.Tap = hits[0].tap
			l.Frames = numbers(p.framesOf(h))
		}
		r.Lines = append(r.Lines, *l)
	}
	return r
}

// framesOf gives a line's packets at each tap; those of a reset as they were
// judged.
func (p *player) framesOf(h *script.EventHead) map[string][]*lab.Frame {
	i := slices.IndexFunc(p.judged, func(r reset) bool { return r.head == h })
	if i >= 0 {
		return p.judged[i].frames
	}
	return p.wire.sightings(h, map[*lab.Frame]bool{})
}

func numbers(frames map[string][]*lab.Frame) map[string][]int {
	n := map[string][]int{}
	for tap, fs := range frames {
		for _, f := range fs {
			n[tap] = append(n[tap], f.N)
		}
	}
	return n
}
