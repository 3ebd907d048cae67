package judge

import (
	"slices"

	"rstlab/internal/segment"
)

// sightings are one reset as all points saw it, or did not.
type sightings struct {
	*correlation
	logs     []*connLog
	lines    []*line // nil: not seen there
	verdicts []*Verdict
	paths    map[int][2]*connLog // of points that saw nothing of the connection: another one that shows where they lie
	stray    bool                // the connection has other addresses at one of the points
	usual    *connLog            // where the reset passed untranslated: the connection as one point otherwise has it
	usualAt  int                 // that point
	home     int                 // the point whose verdict began it
	sender   int                 // the side, in the home's log, whose address the reset bears
}

// judge decides.
func (s *sightings) judge() *Verdict {
	near := s.nearest()
	for p := range s.lines {
		for q := range s.lines {
			if s.lines[p] != nil && s.lines[q] != nil && s.verdicts[p] != nil && p != q && s.unasked(p, q) != nil {
				near = p
			}
		}
	}
	v := s.verdicts[near]
	if v == nil {
		near = s.home
		v = s.verdicts[near]
	}
	first := v
	for _, x := range s.verdicts {
		if x != nil && s.common(x.Point, x.Time) < s.common(first.Point, first.Time) {
			first = x
		}
	}
	out := *v
	out.Point, out.Frame, out.Time, out.Conn, out.From = first.Point, first.Frame, first.Time, first.Conn, first.From
	out.Copies = nil
	for _, x := range s.verdicts {
		if x == nil {
			continue
		}
		if x != first {
			out.Copies = append(out.Copies, Frame{x.Point, x.Frame})
		}
		out.Copies = append(out.Copies, x.Copies...)
	}
	if q, old := s.switched(near, v); old != nil {
		s.moved(&out, v, near, q, old)
	} else if q := s.passed(near); q >= 0 {
		s.forged(&out, v, near, q)
		s.unlessStopped(&out, v, near, q)
		s.unlessLost(&out, v, near, q)
	} else if q := s.aside(near); q >= 0 {
		s.neverCame(&out, v, near, q)
		s.unlessStopped(&out, v, near, q)
	} else if far := s.farther(near); far >= 0 {
		s.genuine(&out, v, near, far)
	} else if q := s.lostBehind(near); q >= 0 {
		out.Effect = Ignored
		out.Details["arrived"] = false
		out.Evidence = append(slices.Clone(out.Evidence), factOf(q, s.frameAround(q, near), "the reset of frame %d at %s never came by here", s.lines[near].frame, s.points[near].Name))
	}
	if out.Point != near {
		out.Excluded = s.translate(out.Excluded, near, out.Point)
	}
	describe(&out)
	return &out
}

// translate gives exclusions by the frames of the verdict's own point: those of
// the packets that were seen there.
func (s *sightings) translate(all []Exclusion, near, to int) []Exclusion {
	all = slices.Clone(all)
	for i := range all {
		var frames []uint32
		for _, f := range all[i].Frames {
			if x := s.logs[near].at(f); x != nil {
				if y := s.logs[near].find(x, s.logs[to]); y != nil {
					frames = append(frames, y.frame)
				}
			}
		}
		all[i].Frames = frames
	}
	return all
}

// nearest is the point that saw the reset and lies nearest to its named sender.
func (s *sightings) nearest() int {
	near := s.home
	for p, l := range s.lines {
		if l != nil && p != near && s.closer(p, near, s.sender) {
			near = p
		}
	}
	return near
}

// passed finds a point nearer to the named sender than near which ran at the
// time, saw the connection and not the reset; -1 where there is none.
func (s *sightings) passed(near int) int {
	for q, l := range s.logs {
		if l != nil && s.lines[q] == nil && s.onPath(q, near) && s.closer(q, near, s.sender) && s.whole(q, near) && !s.gaps(q, near) && s.hears(q, near) && !s.logs[near].doubles(s.lines[near], l) && !s.otherConnection(q, near) {
			return q
		}
	}
	return -1
}

// otherConnection tells whether the reset came by at q on another connection of the same
// addresses and ports: a SYN in between, forged or late, made two of one.
func (s *sightings) otherConnection(q, near int) bool {
	r := s.lines[near]
	for _, l := range s.keyed(q, s.logs[q].key) {
		if l != s.logs[q] && slices.ContainsFunc(l.lines, func(x line) bool {
			return x.is(segment.RST) && x.flags == r.flags && x.seq == r.seq && x.ack == r.ack && x.id == r.id
		}) {
			return true
		}
	}
	return false
}

// hears tells whether what came by near in the sender's name came by at q
// before: most of it, resets aside. A point that saw little of it lies on
// another way, or on the way there only: what it did not see proves nothing.
func (s *sightings) hears(q, near int) bool {
	here := s.logs[near]
	r := s.lines[near]
	all, both := 0, 0
	for i, n := range here.with(s.logs[q]).there {
		if x := &here.lines[i]; x.from == r.from && !x.is(segment.RST) && x.frame < r.frame {
			all++
			if n >= 0 {
				both++
			}
		}
	}
	return all == 0 || 2*both > all
}

// aside finds a point on the path, nearer to the named sender than near, that
// ran at the time and saw nothing of the connection; -1 where there is none.
func (s *sightings) aside(near int) int {
	if near != s.home {
		return -1
	}
	t := s.common(near, s.lines[near].time)
	for q := range s.points {
		path, ok := s.paths[q]
		if !ok {
			continue
		}
		j := s.points[q].Judge
		d := path[0].with(path[1]).closer // above 0: home lies nearer to the originator, as seen from its own packets
		if s.sender != s.logs[s.home].orig {
			d = -d
		}
		if d < 0 && !j.Drops && s.ran(q, t) && s.common(q, j.Log.begun) <= t+s.doubt(q, near) && !s.gaps(q, near) && !s.uses(q, t) {
			return q
		}
	}
	return -1
}

// uses tells whether packets with the addresses and ports of the connection came
// by q about a time after all: it is the same one, of which too little is alike to
// find it again, or one on the same ports.
func (s *sightings) uses(q int, t int64) bool {
	return slices.ContainsFunc(s.keyed(q, s.logs[s.home].key), func(l *connLog) bool {
		return slices.ContainsFunc(l.lines, func(x line) bool { return abs(s.common(q, x.time)-t) <= onTheWay })
	})
}

// lostBehind finds a point farther from the named sender than near which ran
// and did not see the reset.
func (s *sightings) lostBehind(near int) int {
	for q, l := range s.logs {
		if l != nil && s.lines[q] == nil && s.onPath(q, near) && s.closer(near, q, s.sender) && s.whole(q, near) && !s.gaps(q, near) {
			return q
		}
	}
	return -1
}

// farther finds another point that saw the reset.
func (s *sightings) farther(near int) int {
	for q, l := range s.lines {
		if l != nil && q != near && s.closer(near, q, s.sender) {
			return q
		}
	}
	for q, l := range s.lines {
		if l != nil && q != near {
			return q
		}
	}
	return -1
}

// frameAround is the last frame of the connection at a point before the reset.
func (s *sightings) frameAround(q, near int) uint32 {
	t := s.common(near, s.lines[near].time)
	l := s.logs[q]
	frame := l.lines[0].frame
	for i := range l.lines {
		if s.common(q, l.lines[i].time) <= t {
			frame = l.lines[i].frame
		}
	}
	return frame
}

// switched finds, at another point, the connection that the reset's own goes on
// from: no packet of the two is the same, one has the handshake, and what drew
// the reset bears just the numbers with which the other ended. Then the points
// lie at two hosts behind one address: neither of them saw the other's.
func (s *sightings) switched(near int, v *Verdict) (int, *connLog) {
	here := s.logs[near]
	t := here.at(v.raw.answers.Frame)
	if v.raw.form != provoked || here.knows[0] || here.knows[1] || v.raw.answers.Frame == 0 || t == nil {
		return 0, nil
	}
	if s.correlation.strays == nil {
		s.lone()
	}
	for q := range s.points {
		if q == near {
			continue
		}
		old := s.ends[q][number{seq: t.seq, ack: t.ack}]
		if old == nil || here.with(old).count > 0 || !s.ran(q, s.common(near, t.time)) {
			continue
		}
		if l := s.groups[s.of[q][old.id]][near]; (l == nil || l == here) && !s.oneWay(near, q) && !s.otherDistance(near) {
			return q, old
		}
	}
	return 0, nil
}

// oneWay tells whether a connection between the two addresses came by two points:
// both lie on one way, and at none of them is another host.
func (s *sightings) oneWay(p, q int) bool {
	home := s.logs[p]
	a, b := home.key.Addr(0).Addr(), home.key.Addr(1).Addr()
	return slices.ContainsFunc(s.groups, func(g []*connLog) bool {
		x, y := g[p], g[q]
		return x != nil && y != nil && x.key.Addr(0).Addr() == a && x.key.Addr(1).Addr() == b && x.with(y).count > 0
	})
}

// otherDistance tells whether other packets in the name of the reset's sender came
// by a point over more hops than the reset: it was made on their way.
func (s *sightings) otherDistance(p int) bool {
	r := s.lines[p]
	return s.farthest(p, s.logs[p].key.Addr(int(r.from)).Addr()) > hops(r.ttl)
}
