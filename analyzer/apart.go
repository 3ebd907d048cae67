package analyzer

import (
	"fmt"
	"slices"
	"strings"

	"rstlab/analyzer/capture"
	"rstlab/analyzer/flow"
	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
)

// How far a capture of several interfaces is read ahead to see whether they are
// points of their own.
const (
	maxAhead      = 4096    // packets
	maxAheadBytes = 8 << 20 // of them
)

// A packet takes no longer than that, in nanoseconds, from one interface to
// another of the same capture, clocks that differ included; where nothing but
// its numbers tells it from a retransmission of it, it must be faster.
const (
	sameWithin  = int64(2e9)
	alikeWithin = int64(100e6)
)

// apart tells whether the interfaces of a capture are points of their own: the
// same packet came by at more than one, with the same IP identification or
// timestamp. Two uplinks, or the links of a bond, share none; a mirror that
// doubles packets does so on one interface.
func apart(r *capture.Reader) bool {
	type identity struct {
		seq, ack, ts flow.Seq
		len          uint32
		id           uint16
		flags        uint16
	}
	type sighting struct {
		at    int64
		where int
	}
	var (
		found   bool
		decoder packet.Decoder
		info    packet.Info
		s       flow.Packet
		opening flow.Opening
	)
	seen := map[identity]sighting{}
	r.Ahead(maxAhead, maxAheadBytes, func(p *pcapng.Packet) bool {
		if len(r.Interfaces()) < 2 {
			return false
		}
		decoder.Decode(p, &info)
		if s.Read(&opening, 0, p.Time, &info); s.Kind != packet.TCP {
			return true
		}
		x := &s.Seg
		key := identity{seq: x.Seq, ack: x.Ack, ts: flow.Seq(x.TSVal), len: x.Len, id: x.ID, flags: uint16(x.Flags)}
		within := sameWithin
		if x.ID == 0 && !x.Has(flow.HasTS) {
			within = alikeWithin
		}
		was, ok := seen[key]
		d := p.Time - was.at
		found = ok && was.where != p.Interface && d <= within && d >= -within
		if !ok || was.where == p.Interface {
			seen[key] = sighting{p.Time, p.Interface}
		}
		return !found
	})
	return found
}

// A place is where a packet was captured: a point of the set, and the interface
// where each is a point of its own.
type place struct {
	point int
	tap   string
}

// pointOf gives the point of a file's packet.
func (a *analysis) pointOf(f *file, set int, in *pcapng.Packet) *point {
	at := place{point: set}
	if f.apart {
		at.tap = tapName(f.reader.Interfaces(), in.Interface)
	}
	p := a.places[at]
	if p == nil {
		p = a.newPoint(f)
		p.iface = at.tap
		if a.places == nil {
			a.places = map[place]*point{}
		}
		a.places[at] = p
	}
	return p
}

// tapName is an interface's name, its number where it has none or shares it.
func tapName(all []pcapng.Interface, i int) string {
	same := 0
	for _, x := range all {
		if i < len(all) && x.Name == all[i].Name {
			same++
		}
	}
	if i >= len(all) || all[i].Name == "" || same > 1 {
		return fmt.Sprintf("interface %d", i)
	}
	return all[i].Name
}

// apartNotes says which captures were taken as several points.
func (a *analysis) apartNotes() []string {
	var notes []string
	for _, f := range a.files {
		if !f.apart {
			continue
		}
		var taps []string
		for _, p := range a.points {
			if len(p.spans) > 0 && p.spans[0].file == f {
				taps = append(taps, p.iface)
			}
		}
		slices.Sort(taps)
		notes = append(notes, fmt.Sprintf("%s: the same packets came by at several interfaces, each is judged as a point of its own: %s", f.in.Name, strings.Join(taps, ", ")))
	}
	return notes
}
