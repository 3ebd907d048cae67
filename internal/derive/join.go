package derive

import (
	"cmp"
	"slices"
	"time"
)

// mainPoint is the point at which the story is told: of two that saw the chosen
// connection the one that is nearer to the originator, for then everything that
// differs between them happens behind it.
func (s *story) mainPoint(recs []*recording) int {
	main := s.nearest(recs)
	for _, r := range recs {
		chosen := s.chosen.Verdicts[0]
		if s.whole || r.File != chosen.File || r.Ref.ID != chosen.Connection.ID || r.point == main {
			continue
		}
		if !slices.ContainsFunc(recs, func(q *recording) bool { return q.point == main && q.shares(r) }) {
			return r.point
		}
	}
	return main
}

// nearest is the point that is nearer to the originator.
func (s *story) nearest(recs []*recording) int {
	if s.mainFile != "" {
		for _, r := range recs {
			if r.packets[0].frame.file == s.mainFile {
				return r.point
			}
		}
	}
	first := recs[0]
	for _, r := range recs {
		if r.point < first.point {
			first = r
		}
	}
	for _, a := range recs {
		for _, b := range recs {
			if a.point == first.point && b.point != a.point {
				if ahead, ok := before(a, b); ok {
					if ahead {
						return a.point
					}
					return b.point
				}
			}
		}
	}
	return first.point
}

// before tells whether a's point is nearer to the originator than b's, by the
// packets that both saw of one connection: the two clocks differ by as much in
// both directions, the way does not. ok is false where they have too little in
// common.
func before(a, b *recording) (ahead, ok bool) {
	there, back := shortest(a, b)
	if there == nil || back == nil {
		return false, false
	}
	return *there-*back > 0, true
}

// shortest gives the least time from a's point to b's for the packets of the
// originator, and of those of the responder; nil where no packet is common.
func shortest(a, b *recording) (there, back *time.Duration) {
	for pair := range common(a.read(0, 0), b.read(1, 0)) {
		d := pair[1].at - pair[0].at
		switch {
		case pair[0].from == responder:
			if back == nil || d > *back { // b's point saw it first: the least way is the largest difference
				back = ptr(d)
			}
		case there == nil || d < *there:
			there = ptr(d)
		}
	}
	return there, back
}

// common pairs the packets that two points saw of one connection, in order.
func common(a, b []*pkt) func(yield func([2]*pkt) bool) {
	return func(yield func([2]*pkt) bool) {
		taken := map[*pkt]bool{}
		for _, p := range a {
			for _, q := range b {
				if !taken[q] && onBoth(p, q) {
					taken[q] = true
					if !yield([2]*pkt{p, q}) {
						return
					}
					break
				}
			}
		}
	}
}

// onBoth compares what a packet keeps from point to point (causes.md, 5.2).
func onBoth(p, q *pkt) bool {
	a, b := &p.seg, &q.seg
	if p.from != q.from || a.Flags != b.Flags || a.ICMP != b.ICMP || a.Seq.Start != b.Seq.Start || a.Ack.N != b.Ack.N || *a.Length != *b.Length {
		return false
	}
	return a.ID == nil || b.ID == nil || *a.ID == *b.ID
}

// join joins what the other point saw to the connections: packets that both saw
// get its frame, those that only it saw are put in where its clock has them.
func (s *story) join(recs []*recording, first int64) {
	for _, r := range recs {
		c := s.sameConn(r)
		if c == nil {
			continue
		}
		s.points = 2
		s.other = r.packets[0].frame.file
		s.translated = s.translated || c.record.Ref.Originator != r.Ref.Originator || c.record.Ref.Responder != r.Ref.Responder
		theirs := r.read(1, first)
		known := map[*pkt]bool{}
		var there, back []time.Duration
		for pair := range common(c.packets, theirs) {
			known[pair[1]] = true
			pair[0].frames[1] = pair[1].frames[1]
			pair[0].elsewhere = pair[1].at
			if d := pair[1].at - pair[0].at; pair[0].from == originator {
				there = append(there, d)
			} else {
				back = append(back, d)
			}
		}
		offset, way := ahead(there, back)
		c.between = way
		for _, q := range theirs {
			if known[q] {
				continue
			}
			q.elsewhere = q.at
			q.at -= offset
			if q.from == responder {
				q.at += way
			} else {
				q.at -= way
			}
			c.packets = append(c.packets, q)
		}
		slices.SortStableFunc(c.packets, func(a, b *pkt) int { return cmp.Compare(a.at, b.at) })
	}
}

// ahead gives what the other point's clock is ahead, and the way between the
// points: half the sum and half the difference of the shortest ways (causes.md,
// 5.1).
func ahead(there, back []time.Duration) (offset, way time.Duration) {
	switch {
	case len(there) == 0 && len(back) == 0:
		return 0, 0
	case len(there) == 0:
		return slices.Max(back), 0
	case len(back) == 0:
		return slices.Min(there), 0
	}
	a, b := slices.Min(there), slices.Max(back)
	return (a + b) / 2, max((a-b)/2, 0)
}

// sameConn finds the connection of the main point that a recording of the
// other one is of: by its ends, else by the numbers that a translator leaves
// alone.
func (s *story) sameConn(r *recording) *conn {
	for _, c := range s.conns {
		if c.record.Ref.Originator == r.Ref.Originator && c.record.Ref.Responder == r.Ref.Responder && c.shares(r) {
			return c
		}
	}
	for _, c := range s.conns {
		if c.shares(r) {
			return c
		}
	}
	return nil
}

// shares tells whether two points saw a packet of one connection.
func (r *recording) shares(other *recording) bool {
	for range common(r.read(0, 0), other.read(1, 0)) {
		return true
	}
	return false
}

// shares tells whether both have a packet in common.
func (c *conn) shares(r *recording) bool {
	for range common(c.packets, r.read(1, 0)) {
		return true
	}
	return false
}
