package play

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"rstlab/internal/script"
	"rstlab/internal/segment"
	"rstlab/lab"
)

// A reset is one line with a truth and the frames that are it: at the line's
// own tap and wherever else the same packets were seen.
type reset struct {
	head   *script.EventHead
	frames map[string][]*lab.Frame // by tap
}

// An identity is what a packet keeps from tap to tap: all but the fields that
// a router or a translator may touch.
type identity struct {
	flow
	flags    segment.Flags
	seq, ack uint32
	length   uint32
	id       uint16
}

// identityOf is f's identity; loose leaves out what a translator rewrites.
func identityOf(f *lab.Frame, loose bool) identity {
	if !f.IsTCP {
		return identity{flow: flowOf(f)}
	}
	id := identity{flow: flowOf(f), flags: f.Segment.Flags, seq: f.Segment.Seq.Start, length: *f.Segment.Length}
	if f.Segment.Ack != nil {
		id.ack = f.Segment.Ack.N
	}
	if f.Segment.ID != nil {
		id.id = *f.Segment.ID
	}
	if loose {
		id.flow, id.id = flow{}, 0
	}
	return id
}

// sightings finds, at each tap, the packets of a line: those it took or sent,
// and the same ones elsewhere. claimed keeps frames of earlier lines out, so
// that equal packets go to equal lines in order.
func (w *wire) sightings(head *script.EventHead, claimed map[*lab.Frame]bool) map[string][]*lab.Frame {
	found := map[string][]*lab.Frame{}
	for _, h := range w.hits[head] {
		for _, tap := range w.p.lab.Taps() {
			if f := w.sighting(tap, h, claimed); f != nil {
				claimed[f] = true
				found[tap.Name()] = append(found[tap.Name()], f)
			}
		}
	}
	return found
}

// sighting is the frame at a tap that is the packet of a hit: of several equal
// ones that in the same place where both taps saw as many, else the one nearest
// in time, for copies are further apart than taps.
func (w *wire) sighting(tap *lab.Tap, h hit, claimed map[*lab.Frame]bool) *lab.Frame {
	if h.tap == tap.Name() {
		return tap.Frames()[h.frame.N-1]
	}
	for _, loose := range []bool{false, true} {
		here := equals(tap, h.frame, loose)
		if own := w.p.lab.Tap(h.tap); own != nil {
			there := equals(own, h.frame, loose)
			i := slices.IndexFunc(there, func(f *lab.Frame) bool { return f.N == h.frame.N })
			if i >= 0 && len(here) == len(there) && !claimed[here[i]] {
				return here[i]
			}
		}
		var nearest *lab.Frame
		for _, f := range here {
			if !claimed[f] && (nearest == nil || apart(f, h.frame) < apart(nearest, h.frame)) {
				nearest = f
			}
		}
		if nearest != nil {
			return nearest
		}
	}
	return nil
}

// equals are the frames at a tap that can be the packet of a frame elsewhere.
func equals(tap *lab.Tap, frame *lab.Frame, loose bool) []*lab.Frame {
	want := identityOf(frame, loose)
	var found []*lab.Frame
	for _, f := range tap.Frames() {
		if f.IsTCP == frame.IsTCP && identityOf(f, loose) == want {
			found = append(found, f)
		}
	}
	return found
}

// apart is the time between two frames.
func apart(a, b *lab.Frame) time.Duration { return a.Time.Sub(b.Time).Abs() }

// resets gathers the lines with a truth and accounts for every reset at every
// tap: one that no line names fails the scenario.
func (p *player) resets() []reset {
	var all []reset
	claimed := map[*lab.Frame]bool{}
	for _, ev := range p.file.Events {
		if h := ev.Head(); h.Truth != nil && len(p.wire.hits[h]) > 0 {
			all = append(all, reset{head: h})
		}
	}
	// What a line took at its own tap belongs to it, whatever an earlier line
	// could claim as its own packet seen there.
	for _, r := range all {
		for _, h := range p.wire.hits[r.head] {
			if t := p.lab.Tap(h.tap); t != nil {
				claimed[t.Frames()[h.frame.N-1]] = true
			}
		}
	}
	for i := range all {
		all[i].frames = p.wire.sightings(all[i].head, claimed)
	}
	for _, t := range p.lab.Taps() {
		var others []string
		r := p.wire.reader()
		for _, f := range t.Frames() {
			base := r.base(f)
			if f.IsTCP && f.Segment.Flags&segment.RST != 0 && !claimed[f] {
				others = append(others, p.show(f, base))
			}
		}
		what := "a reset"
		if len(others) > 1 {
			what = fmt.Sprintf("%d resets", len(others))
		}
		if len(others) > 0 {
			p.fail(p.unclaimed(what+" that no line accounts for at tap "+t.Name(), others...))
		}
	}
	return all
}

// unclaimed says what no line has: it stands at the line that says that there is
// nothing, where the file has one.
func (p *player) unclaimed(text string, seen ...string) mismatch {
	m := mismatch{text: text, instead: seen}
	if p.file.NoReset {
		m.pos, m.source = p.file.NoResetPos, "no reset"
	}
	return m
}

// taps are the names of the taps that saw a reset, sorted.
func (r reset) taps() []string {
	names := make([]string, 0, len(r.frames))
	for name := range r.frames {
		names = append(names, name)
	}
	slices.SortFunc(names, cmp.Compare)
	return names
}

// any is a frame of the reset, for its addresses.
func (r reset) any() *lab.Frame {
	for _, name := range r.taps() {
		return r.frames[name][0]
	}
	return nil
}
