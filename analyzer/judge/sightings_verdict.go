package judge

import (
	"fmt"
	"slices"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

// moved writes that another host behind the same address got the connection.
func (s *sightings) moved(out, v *Verdict, near, q int, old *connLog) {
	out.Cause, out.Strength, out.Why = cause.BackendSwitch, cause.Proven, ""
	out.Sender, out.SenderStrength = Responder, cause.Proven
	if s.sender == s.logs[s.home].orig {
		out.Sender = Originator
	}
	out.Alternatives = nil
	last := &old.lines[len(old.lines)-1]
	out.Evidence = append(slices.Clone(v.Evidence), factOf(q, last.frame, "the connection until then, at another host: the numbers of frame %d at %s continue it", v.raw.answers.Frame, s.points[near].Name))
}

// neverCame writes that a device between the two points made the reset, and
// kept all of the connection from the farther one.
func (s *sightings) neverCame(out, v *Verdict, near, q int) {
	id := cause.InlinePolicyReset
	var facts []Fact
	if x := v.raw.answers; x.Exists() {
		if x.Is(segment.SYN) && !x.Is(segment.ACK) {
			id = cause.FirewallRejectSyn
		}
		facts = append(facts, factOf(near, x.Frame, "the segment that the reset answers"))
	} else if r := s.lines[near]; r.is(segment.ACK) && r.seq == 0 {
		id = cause.FirewallRejectSyn // a segment without ACK drew it, though it did not come by (RFC 9293, 3.5.2)
	} else if !v.raw.lastPeer.Exists() {
		id = cause.InjectedReset
	}
	facts = append(facts,
		factOf(near, s.lines[near].frame, "the reset, in the name of %v", v.From),
		factOf(q, s.paths[q][1].lines[0].frame, "%s lies on the path nearer to it, as this connection shows; nothing of the other one ever came by there", s.points[q].Name))
	if v.Sender == Middlebox {
		facts = append(facts, v.Evidence...)
	}
	out.Sender, out.SenderStrength = Middlebox, cause.Proven
	if v.Cause == cause.OptionIntolerance {
		out.Evidence = append(facts, v.Evidence...)
		return // that it is a device's is proven, why it did it is not
	}
	out.Cause, out.Strength, out.Why = id, cause.Proven, ""
	out.Alternatives, out.Evidence = nil, facts
	why := reason{id, cause.Proven, nil}
	switch {
	case id == cause.InjectedReset:
		why = unseenAnswer()
	case id == cause.FirewallRejectSyn:
		why.dislikes(v)
	case id == cause.InlinePolicyReset && v.raw.form == provoked:
		why = (&forgery{sightings: s, v: v, near: near, q: q}).refusal(nil)
	}
	out.Cause, out.Strength, out.Alternatives = why.id, why.strength, why.alternatives
	other := s.paths[q][1]
	side := other.orig
	if s.sender != s.logs[s.home].orig {
		side = 1 - side
	}
	if !initial(other.ttl(side)) { // behind a router there may be another way to the host, which this connection took
		out.Strength, out.SenderStrength = min(out.Strength, cause.Likely), cause.Likely
		if v.Sender != Middlebox && v.Cause != cause.NoCauseDecided {
			out.Alternatives = []Alternative{{v.Cause, v.Sender, cause.Possible, fmt.Sprintf("%s lies behind a router: the connection may have gone another way", s.points[q].Name)}}
		}
	}
}

// unlessStopped takes back that a device made the reset, since it never came by
// at q, where no packet of that capture shows that it ran at the time: then it
// is no more than another explanation of what near saw.
func (s *sightings) unlessStopped(out, v *Verdict, near, q int) {
	if s.surely(q, near, shuffle) {
		return
	}
	if v.Sender == Middlebox { // near shows it as well
		if s.surely(q, near, allowance) {
			return
		}
		out.Strength, out.SenderStrength = min(out.Strength, cause.Likely), min(out.SenderStrength, cause.Likely)
		return
	}
	other := Alternative{out.Cause, Middlebox, cause.Possible, fmt.Sprintf("it never came by at %s, of which no packet shows that it ran at that time", s.points[q].Name)}
	out.Cause, out.Why, out.Sender, out.Evidence, out.Excluded = v.Cause, v.Why, v.Sender, v.Evidence, v.Excluded
	out.Strength, out.SenderStrength = min(v.Strength, cause.Possible), min(v.SenderStrength, cause.Possible)
	out.Alternatives = append(slices.DeleteFunc(slices.Clone(v.Alternatives), func(a Alternative) bool { return a.Cause == other.Cause }), other)
}

// renamed tells whether the named sender has another address or port at q than
// near: then those that the reset bears are a translator's between the two.
func (s *sightings) renamed(near, q int) bool {
	here, there := s.logs[near], s.logs[q]
	side := int(s.lines[near].from)
	return here.key.Addr(side) != there.key.Addr(here.side(there, side))
}

// named is the end whose address the reset bears.
func (v *Verdict) named() Sender {
	if v.From == v.Conn.Originator {
		return Originator
	}
	return Responder
}

// bare tells whether the line is a reset as a stack without a connection
// answers a segment.
func (l *line) bare() bool { return l.is(segment.RST) && !l.is(segment.ACK) && l.win == 0 && l.ts == 0 }

// forwards tells which packets of the connection passed both points after the
// reset: of those that go the way which the reset's receiver sends, and of those
// that go the way of the reset, which may be another.
func (s *sightings) forwards(near, q int) (there, back bool) {
	r := s.lines[near]
	here, far := s.logs[near], s.logs[q]
	m := here.with(far)
	for i, n := range m.there {
		if x := &here.lines[i]; n >= 0 && x.time > r.time && !x.is(segment.RST) && !x.is(segment.SYN) && s.common(q, far.lines[n].time) > s.common(near, r.time) {
			there = there || x.from != r.from
			back = back || x.from == r.from
		}
	}
	return there, back
}

// answered tells whether the named sender answered a SYN at a point.
func (s *sightings) answered(q int) bool {
	l := s.logs[q]
	side := s.logs[s.home].side(l, s.sender)
	for i := range l.lines {
		if x := &l.lines[i]; int(x.from) == side && x.is(segment.SYN) {
			return true
		}
	}
	return false
}

// kept finds at q the payload of the named sender which begins at the reset's
// number and never reached near, and tells whether that still ran when it was due. What
// the peer acknowledged at near came by there, and that capture lost it.
func (s *sightings) kept(near, q int) (x *line, due bool) {
	r := s.lines[near]
	here, there := s.logs[near], s.logs[q]
	side := s.logs[s.home].side(there, s.sender)
	for i := range there.lines {
		x := &there.lines[i]
		if int(x.from) == side && x.len > 0 && there.rel(here, side, x.seq) == here.rel(there, int(r.from), r.seq) &&
			s.common(q, x.time) <= s.common(near, r.time)+s.doubt(near, q) && there.find(x, here) == nil && !there.ackedAt(here, side, x.seq+flow.Seq(x.len)) {
			return x, s.due(near, q, x)
		}
	}
	return nil, false
}

// due tells whether a point still ran when a segment that passed another one was due
// there.
func (s *sightings) due(at, from int, x *line) bool {
	return s.common(from, x.time) <= s.until(at)-s.doubt(at, from)+allowance
}

// ackedAt tells whether the peer acknowledged, in the other point's log, what a side had
// sent up to a number of this one's.
func (l *connLog) ackedAt(other *connLog, from int, end flow.Seq) bool {
	peer := l.side(other, 1-from)
	end = l.rel(other, from, end)
	return slices.ContainsFunc(other.lines, func(y line) bool {
		return int(y.from) == peer && y.is(segment.ACK) && !y.is(segment.RST) && !other.rel(l, 1-peer, y.ack).Before(end)
	})
}

// tookOver finds at a point the acknowledgment of a segment, in its receiver's name,
// where the other point, which lies nearer to that, saw none of the kind: a device
// between, such as a WAN accelerator, gave it (RFC 3135, 3.1).
func (s *sightings) tookOver(at, other int, x *line) *line {
	here, there := s.logs[at], s.logs[other]
	side := int(x.from)
	mine := there.side(here, 1-side)
	end := here.rel(there, side, x.seq+flow.Seq(x.len))
	for i := range there.lines {
		y := &there.lines[i]
		if int(y.from) == mine && y.is(segment.ACK) && !there.rel(here, 1-mine, y.ack).Before(end) {
			return nil
		}
	}
	for i := range here.lines {
		y := &here.lines[i]
		if int(y.from) != side && y.frame > x.frame && y.is(segment.ACK) && !y.is(segment.RST) && !here.rel(there, side, y.ack).Before(end) {
			return y
		}
	}
	return nil
}

// onTheWay is longer, in nanoseconds, than a packet takes from one point to another.
const onTheWay = int64(10e9)

// replaced finds at q the packet of the sender that became the reset.
func (s *sightings) replaced(near, q int) *line {
	r := s.lines[near]
	if r.id == 0 && r.ts == 0 {
		return nil
	}
	here, there := s.logs[near], s.logs[q]
	side := s.logs[s.home].side(there, s.sender)
	for i := range there.lines {
		x := &there.lines[i]
		if d := s.common(near, r.time) - s.common(q, x.time); d < -s.doubt(near, q) || d > onTheWay+s.doubt(near, q) {
			continue // it left later, and no packet is that long on its way
		}
		if int(x.from) == side && x.id == r.id && x.ts == r.ts && !x.is(segment.RST) && there.rel(here, side, x.seq) == here.rel(there, int(r.from), r.seq) && there.find(x, here) == nil {
			return x
		}
	}
	return nil
}

// genuine writes that the reset passed both points: it comes from the named
// sender, or from between it and the nearer one.
func (s *sightings) genuine(out, v *Verdict, near, far int) {
	r := s.lines[near]
	syn := s.unasked(near, far)
	if v.Cause == cause.NoCauseDecided && syn == nil {
		v = s.decided(v)
		out.Cause, out.Strength, out.Why, out.Sender, out.SenderStrength = v.Cause, v.Strength, v.Why, v.Sender, v.SenderStrength
		out.Evidence, out.Excluded, out.Alternatives = v.Evidence, s.translate(v.Excluded, v.Point, near), v.Alternatives
	}
	out.Evidence = slices.Clone(out.Evidence)
	for _, f := range v.Evidence {
		if x := s.logs[v.Point].at(f.Frame); x != nil && f.Frame != v.Frame && far != v.Point {
			if y := s.logs[v.Point].find(x, s.logs[far]); y != nil {
				out.Evidence = append(out.Evidence, factOf(far, y.frame, "frame %d of %s, seen here", f.Frame, s.points[v.Point].Name))
			}
		}
	}
	out.Evidence = append(out.Evidence,
		factOf(near, r.frame, "the reset leaves on the side of %v", v.From),
		factOf(far, s.lines[far].frame, "the reset arrives here"))
	if syn != nil {
		if v.Cause == cause.NATBypass { // it did send it, to another address
			out.Strength, out.Alternatives, out.SenderStrength = cause.Proven, nil, cause.Proven
			out.Evidence = append(out.Evidence, factOf(far, syn.frame, "the SYN arrives here with another address"))
			return
		}
		out.Cause, out.Strength, out.Why = cause.UnsolicitedSynack, cause.Likely, ""
		out.Sender, out.SenderStrength = Originator, cause.Proven
		out.Alternatives = nil
		out.Evidence = append(out.Evidence, factOf(far, syn.frame, "the SYN, which never came by at %s: the host did not send it", s.points[near].Name))
		return
	}
	if v.Sender == Middlebox || v.Sender == NoSender || !initial(r.ttl) || s.afar(near, int(r.from)) {
		return
	}
	out.SenderStrength = cause.Proven
	if s.stray {
		out.Cause, out.Strength, out.Alternatives = cause.NATBypass, cause.Proven, nil
		out.Evidence = append(out.Evidence, s.translated(near, far))
		return
	}
	row, _ := cause.Lookup(v.Cause)
	base := v.raw.base
	switch v.Cause {
	case cause.PortClosed:
		base = max(base, cause.Likely)
	case cause.RetransmissionTimeout:
		if facts := s.cut(near, far, v); len(facts) > 0 {
			base = cause.Proven
			out.Evidence = append(out.Evidence, facts...)
		}
	}
	out.Strength = max(out.Strength, min(base, row.Caps.TwoPoints))
	if out.Strength == cause.Proven {
		// That both points saw it says who sent it: want of memory its host alone knows of.
		out.Alternatives = slices.DeleteFunc(slices.Clone(out.Alternatives), func(a Alternative) bool { return a.Cause != cause.ResourceAbort })
		if len(out.Alternatives) > 0 {
			out.Strength = cause.Likely
		}
	}
	if w := s.otherTrigger(v, near); w != nil {
		out.Strength = min(out.Strength, cause.Possible)
		out.Alternatives = append(slices.Clone(out.Alternatives), Alternative{w.Cause, w.Sender, cause.Possible,
			fmt.Sprintf("at %s it answers a segment of frame %d, which is not in the capture of %s", s.points[w.Point].Name, w.raw.answers.Frame, s.points[near].Name)})
	}
}

// otherTrigger is the verdict of another point that saw the reset, by payload which
// drew it there and that the nearest point lacks: its capture may have lost it.
func (s *sightings) otherTrigger(v *Verdict, near int) *Verdict {
	for p, w := range s.verdicts {
		if w == nil || p == near || w.Cause == v.Cause || w.Cause == cause.NoCauseDecided || w.raw.answers.Len == 0 {
			continue
		}
		if x := s.logs[p].at(w.raw.answers.Frame); x != nil && s.logs[p].find(x, s.logs[near]) == nil && !s.logs[near].holds(x, s.logs[p]) {
			return w
		}
	}
	return nil
}

// decided is the surest verdict of the points that saw the reset, where the nearest
// one, which has less of the connection, could not decide.
func (s *sightings) decided(v *Verdict) *Verdict {
	for _, x := range s.verdicts {
		if x != nil && x.Strength > v.Strength {
			v = x
		}
	}
	return v
}

// afar tells whether all but its resets comes from a side over a router; on other
// connections of that address, where the capture lost all of this one.
func (s *sightings) afar(p, side int) bool {
	if !slices.ContainsFunc(s.logs[p].lines, func(x line) bool { return int(x.from) == side && !x.is(segment.RST) }) {
		return s.otherDistance(p)
	}
	ttl := s.ttlOf(p, side)
	return !initial(ttl) && !limited(ttl)
}

// translated is the fact that the connection has other addresses or ports at
// one of the points.
func (s *sightings) translated(near, far int) Fact {
	if l := s.usual; l != nil {
		return factOf(s.usualAt, l.lines[0].frame, "here all else of the connection has other addresses or ports: %v and %v", l.key.Addr(0), l.key.Addr(1))
	}
	return factOf(far, s.lines[far].frame, "here the connection has other addresses or ports: %v and %v at %s, %v and %v here",
		s.logs[near].key.Addr(0), s.logs[near].key.Addr(1), s.points[near].Name, s.logs[far].key.Addr(0), s.logs[far].key.Addr(1))
}

// unasked finds, at far, the SYN in the sender's name that never left it: near
// ran and saw the SYN-ACK, not the SYN, and of the sender nothing but resets.
func (s *sightings) unasked(near, far int) *line {
	here, there := s.logs[near], s.logs[far]
	side := s.logs[s.home].side(here, s.sender)
	if here.knows[side] || !here.knows[1-side] || !s.lines[near].is(segment.RST) || here.orig != side || s.gaps(near, far) {
		return nil
	}
	if slices.ContainsFunc(here.lines, func(x line) bool { return int(x.from) == side && !x.is(segment.RST) }) {
		return nil // it took part: near's capture lost the SYN
	}
	var syn *line
	mine := s.logs[s.home].side(there, s.sender)
	for i := range there.lines {
		x := &there.lines[i]
		switch {
		case int(x.from) != mine || x.is(segment.RST):
		case x.is(segment.SYN) && !x.is(segment.ACK):
			// From as far away as the reset it may be the one packet that near's capture lost.
			if syn == nil && hops(x.ttl) != hops(s.lines[far].ttl) && s.ran(near, s.common(far, x.time)) {
				syn = x
			}
		default:
			return nil // as above
		}
	}
	return syn
}

// cut says where the transmissions of a run, or their acknowledgments, were
// lost between the two points.
func (s *sightings) cut(near, far int, v *Verdict) []Fact {
	here, there := s.logs[near], s.logs[far]
	var copies, arrived int
	var one *line
	for i := range here.lines {
		x := &here.lines[i]
		if !slices.Contains(v.raw.run, x.frame) {
			continue
		}
		copies++
		one = x
		if here.find(x, there) != nil {
			arrived++
		}
	}
	if one == nil {
		return nil
	}
	if arrived < copies {
		return []Fact{factOf(far, s.lines[far].frame, "of its %d transmissions %d came by here: they were lost between the two points", copies, arrived)}
	}
	var acks, heard int
	var last *line
	peer := 1 - int(one.from)
	there2 := here.side(there, peer)
	for i := range there.lines {
		x := &there.lines[i]
		if int(x.from) != there2 || !x.is(segment.ACK) || x.is(segment.RST) {
			continue
		}
		if ack := there.rel(here, 1-there2, x.ack); ack.After(here.rel(there, 1-peer, one.seq)) {
			acks++
			last = x
			if there.find(x, here) != nil {
				heard++
			}
		}
	}
	if acks > heard {
		return []Fact{factOf(far, last.frame, "the last of %d acknowledgments that left here, of which %d reached the other point: they were lost between", acks, heard)}
	}
	return nil
}
