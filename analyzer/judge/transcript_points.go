package judge

import (
	"cmp"
	"slices"

	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

// A passage is one packet on its way: its line at each point, nil where it was
// not seen.
type passage struct {
	lines []*line
	rank  rank
	time  int64 // of the first sighting, in the first point's time
}

// transcript picks the packets that matter to the verdict out of what all
// points saw, each once, and tells at which points it came by.
func (s *sightings) transcript(out *Verdict) {
	out.Points = s.order()
	picks := map[Frame]rank{}
	pick := func(p int, frame uint32, r rank) {
		if was, ok := picks[Frame{p, frame}]; !ok || r < was {
			picks[Frame{p, frame}] = r
		}
	}
	whole := map[Frame]Packet{}
	for p, v := range s.verdicts {
		if v == nil {
			continue
		}
		for _, x := range v.Packets {
			whole[Frame{p, x.Seg.Frame}] = x
			pick(p, x.Seg.Frame, isHandshake)
		}
	}
	at := s.common(s.home, s.lines[s.home].time)
	for p, l := range s.logs {
		if l == nil {
			continue
		}
		next := slices.IndexFunc(l.lines, func(x line) bool { return s.common(p, x.time) > at })
		if next < 0 {
			next = len(l.lines)
		}
		for i := max(next-shownBefore, 0); i < min(next+shownAfter, len(l.lines)); i++ {
			pick(p, l.lines[i].frame, isNear)
		}
		if x := s.lines[p]; x != nil {
			pick(p, x.frame, isReset)
		}
	}
	for _, f := range out.Evidence {
		pick(f.Point, f.Frame, isNamed)
	}
	list := s.passages(picks)
	slices.SortStableFunc(list, func(a, b *passage) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(abs(a.time-at), abs(b.time-at)))
	})
	list = list[:min(len(list), maxTranscript)]
	slices.SortStableFunc(list, func(a, b *passage) int { return cmp.Compare(a.time, b.time) })
	out.Packets = make([]Packet, 0, len(list))
	for i, g := range list {
		x := s.packet(g, whole, out.Points)
		if i > 0 {
			x.Omitted = s.between(list[i-1], g)
		}
		out.Packets = append(out.Packets, x)
	}
}

// passages brings the sightings of each packet together.
func (s *sightings) passages(picks map[Frame]rank) []*passage {
	frames := make([]Frame, 0, len(picks))
	for f := range picks {
		frames = append(frames, f)
	}
	slices.SortFunc(frames, func(a, b Frame) int { return cmp.Or(cmp.Compare(a.Point, b.Point), cmp.Compare(a.N, b.N)) })
	of := map[Frame]*passage{}
	var list []*passage
	for _, f := range frames {
		if s.logs[f.Point] == nil {
			continue
		}
		x := s.logs[f.Point].at(f.N)
		if x == nil {
			continue // another connection's
		}
		g := of[f]
		if g == nil {
			g = &passage{lines: make([]*line, len(s.points)), rank: picks[f], time: s.common(f.Point, x.time)}
			if s.lines[f.Point] == x {
				copy(g.lines, s.lines)
			}
			g.lines[f.Point] = x
			for q, l := range s.logs {
				if l != nil && g.lines[q] == nil {
					if y := s.logs[f.Point].find(x, l); y != nil && of[Frame{q, y.frame}] == nil {
						g.lines[q] = y
					}
				}
			}
			for q, y := range g.lines {
				if y != nil {
					of[Frame{q, y.frame}] = g
					g.time = min(g.time, s.common(q, y.time))
				}
			}
			list = append(list, g)
		}
		g.rank = min(g.rank, picks[f])
	}
	return list
}

// packet makes a packet of a passage, as the first point on its way saw it.
func (s *sightings) packet(g *passage, whole map[Frame]Packet, order []int) Packet {
	first := -1
	for q, y := range g.lines {
		if y != nil && (first < 0 || s.common(q, y.time) < s.common(first, g.lines[first].time)) {
			first = q
		}
	}
	l, x := s.logs[first], g.lines[first]
	p, ok := whole[Frame{first, x.frame}]
	if !ok {
		p = Packet{Src: l.key.Addr(int(x.from)), Dst: l.key.Addr(1 - int(x.from)), ByOriginator: int(x.from) == l.orig, Seg: x.segment(), Scale: -1,
			Base: segment.Base{Seq: uint32(l.isn[x.from]), SeqKnown: l.knows[x.from], Ack: uint32(l.isn[1-x.from]), AckKnown: l.knows[1-x.from]}}
		for q, y := range g.lines { // what the line does not hold is the same elsewhere
			if y != nil {
				if w, ok := whole[Frame{q, y.frame}]; ok {
					p.MSS, p.Scale, p.SACK = w.MSS, w.Scale, w.SACK
				}
			}
		}
	}
	p.Point = first
	for _, q := range order {
		switch {
		case q == first:
		case g.lines[q] != nil:
			p.Also = append(p.Also, Passage{Frame{q, g.lines[q].frame}, g.lines[q].time})
		default:
			if y := s.elsewhere(l, x, q); y != nil {
				p.Also = append(p.Also, Passage{Frame{q, y.frame}, y.time})
			} else if s.misses(q, g.time) {
				p.Missed = append(p.Missed, q)
			}
		}
	}
	return p
}

// elsewhere finds a line of a log at a point where the connection has other
// addresses.
func (s *sightings) elsewhere(l *connLog, x *line, q int) *line {
	if s.usual == nil || q != s.usualAt {
		return nil
	}
	return l.find(x, s.usual)
}

// misses tells whether a packet of a time that a point did not see can't have
// come by there: the point ran, and lost nothing.
func (s *sightings) misses(q int, t int64) bool {
	l := s.logs[q]
	return s.ran(q, t) && !s.points[q].Judge.Drops && (l == nil || !l.missing && !l.lost)
}

// between is how many packets were seen between two, at a point that saw both.
func (s *sightings) between(a, b *passage) int {
	for q, l := range s.logs {
		if l == nil || a.lines[q] == nil || b.lines[q] == nil || l.lost {
			continue
		}
		i, _ := l.index(a.lines[q].frame)
		j, _ := l.index(b.lines[q].frame)
		return max(j-i-1, 0)
	}
	return 0
}

// order are the points that saw the connection or lie on its path, the nearest
// to the originator first.
func (s *sightings) order() []int {
	var all []int
	for p := range s.points {
		if _, ok := s.paths[p]; ok || s.logs[p] != nil {
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, func(p, q int) int {
		switch {
		case s.nearer(p, q):
			return -1
		case s.nearer(q, p):
			return 1
		}
		return 0
	})
	return all
}

// nearer tells whether p lies nearer than q to the originator.
func (s *sightings) nearer(p, q int) bool {
	if path, ok := s.paths[q]; ok {
		return path[0].with(path[1]).closer > 0
	}
	if path, ok := s.paths[p]; ok {
		return path[0].with(path[1]).closer < 0
	}
	return s.closer(p, q, s.logs[s.home].orig)
}

// segment is what the line keeps of its segment.
func (l *line) segment() flow.Segment {
	return flow.Segment{Time: l.time, Frame: l.frame, Seq: l.seq, Ack: l.ack, Len: l.len, TSVal: l.ts, TSEcr: l.ecr, Win: l.win, ID: l.id,
		Marks: l.marks, Flags: l.flags, TTL: l.ttl}
}
