package play

import (
	"slices"
	"time"

	"rstlab/internal/script"
	"rstlab/lab"
)

// begin notes that a line acts, or begins to wait.
func (p *player) begin(ev script.Event) {
	p.lines = append(p.lines, Line{Event: ev, Begun: time.Now()})
}

// queued notes that the line that began last had to wait for its socket until
// now.
func (p *player) queued() {
	l := &p.lines[len(p.lines)-1]
	l.Begun, l.Queued = time.Now(), true
}

// ended notes that the line that began last is through.
func (p *player) ended() { p.lines[len(p.lines)-1].Ended = time.Now() }

// recording gathers what the scenario left behind.
func (p *player) recording() *Recording {
	r := &Recording{Lines: p.lines, Names: p.names}
	for _, c := range p.captures {
		r.Captures = append(r.Captures, Capture{Tap: c.tap, Data: c.data})
	}
	for i := range r.Lines {
		l := &r.Lines[i]
		h := l.Event.Head()
		if hits := p.wire.hits[h]; len(hits) > 0 {
			l.Tap = hits[0].tap
			l.Frames = numbers(p.framesOf(h))
		}
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
