package judge

import (
	"cmp"
	"fmt"
	"slices"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

// A Point is one capture point for Correlate: its judge, closed, whose Log was
// set, its verdicts, and its name for texts.
type Point struct {
	Judge    *Judge
	Verdicts []*Verdict
	Name     string
}

// Correlate joins what several points saw (causes.md, section 5): one verdict
// for each reset, in order of time, which names all its sightings. A reset
// that did not pass a point nearer to its named sender was made behind that
// point; one that did pass comes from beyond. It also counts the connections,
// each once, at however many points it was seen.
func Correlate(points []Point) (verdicts []*Verdict, connections int) {
	c := &correlation{points: points, first: map[Frame]*Verdict{}, final: map[Frame]*Verdict{}}
	c.match()
	var all []*Verdict
	for p, pt := range points {
		for _, v := range pt.Verdicts {
			c.setPoint(v, p)
			c.first[Frame{p, v.Frame}] = v
			for _, k := range v.Copies {
				c.first[k] = v
			}
			all = append(all, v)
		}
	}
	slices.SortStableFunc(all, func(a, b *Verdict) int { return cmp.Compare(c.common(a.Point, a.Time), c.common(b.Point, b.Time)) })
	var out []*Verdict
	for _, v := range all {
		if c.final[Frame{v.Point, v.Frame}] == nil {
			out = append(out, c.join(v))
		}
	}
	c.legs(out)
	for _, v := range out {
		if v.After != nil {
			if f := c.final[Frame{v.After.Point, v.After.Frame}]; f != nil {
				v.After.Cause = f.Cause
			}
		}
	}
	return out, c.connections()
}

type correlation struct {
	points []Point
	groups [][]*connLog          // one connection: its log at each point, nil where it was not seen
	of     []map[int]int         // group of a connection's id, by point
	clock  []int64               // what to add to a point's stamps to get the first one's
	strays []map[number]place    // see lone
	ends   []map[number]*connLog // connections with a handshake, by their last numbers
	first  map[Frame]*Verdict    // verdicts of the single points, by each sighting
	final  map[Frame]*Verdict    // verdicts that were joined, by each sighting
}

// setPoint tells a verdict at which point it was made.
func (c *correlation) setPoint(v *Verdict, p int) {
	v.Point = p
	for i := range v.Evidence {
		v.Evidence[i].Point = p
	}
	for i := range v.Copies {
		v.Copies[i].Point = p
	}
	if v.After != nil {
		after := *v.After // a volley's verdicts share it
		after.Point = p
		v.After = &after
	}
}

// match finds the same connection at several points: by addresses, ports and
// first numbers, else by both first numbers alone, since a NAT changes
// addresses and ports and leaves these (causes.md, 5.2).
func (c *correlation) match() {
	type tuple struct {
		key flow.Key
		isn flow.Seq
	}
	type isns struct{ o, r flow.Seq }
	byTuple, byISN, byKey := map[tuple]int{}, map[isns]int{}, map[flow.Key]int{}
	c.of = make([]map[int]int, len(c.points))
	for p := range c.points {
		c.of[p] = map[int]int{}
		log := c.points[p].Judge.Log
		if log == nil {
			continue
		}
		for _, id := range log.ids() {
			l := log.conns[id]
			o := l.orig
			g, ok := -1, false
			if l.knows[o] {
				g, ok = byTuple[tuple{l.key, l.isn[o]}]
			}
			if !ok && l.knows[0] && l.knows[1] {
				g, ok = byISN[isns{l.isn[o], l.isn[1-o]}]
			}
			if !ok && !l.knows[o] {
				g, ok = byKey[l.key]
			}
			if !ok || c.groups[g][p] != nil {
				g = len(c.groups)
				c.groups = append(c.groups, make([]*connLog, len(c.points)))
			}
			c.groups[g][p] = l
			c.of[p][id] = g
			byKey[l.key] = g
			if l.knows[o] {
				byTuple[tuple{l.key, l.isn[o]}] = g
			}
			if l.knows[0] && l.knows[1] {
				byISN[isns{l.isn[o], l.isn[1-o]}] = g
			}
		}
	}
	c.clock = make([]int64, len(c.points))
	for p := 1; p < len(c.points); p++ {
		c.clock[p] = c.offset(p)
	}
}

// offset is what to add to a point's stamps to compare them with the first
// point's: half the difference of the shortest ways in both directions
// (causes.md, 5.1). Points without a common packet are taken to have one clock.
func (c *correlation) offset(p int) int64 {
	var least [2]int64
	var n [2]int
	for _, g := range c.groups {
		a, b := g[0], g[p]
		if a == nil || b == nil || n[0]+n[1] > 20000 {
			continue
		}
		for i, there := range a.with(b).there {
			x := &a.lines[i]
			if x.len == 0 && !x.is(segment.SYN) || there < 0 {
				continue
			}
			y := &b.lines[there]
			// Which way the packet went is told by the role of its sender alone, not
			// by its place: the shortest difference each way is what counts.
			dir := 0
			if int(x.from) != a.orig {
				dir = 1
			}
			d := x.time - y.time
			if n[dir] == 0 || dir == 0 && d > least[0] || dir == 1 && d < least[1] {
				least[dir] = d
			}
			n[dir]++
		}
	}
	switch {
	case n[0] > 0 && n[1] > 0:
		return (least[0] + least[1]) / 2
	case n[0] > 0:
		return least[0]
	}
	return least[1]
}

// common is a stamp of a point in the first point's time.
func (c *correlation) common(p int, t int64) int64 { return t + c.clock[p] }

// join makes the verdict on the reset of v out of all points' views.
func (c *correlation) join(v *Verdict) *Verdict {
	g, ok := c.of[v.Point][v.Conn.ID]
	logs := make([]*connLog, len(c.points))
	if ok {
		logs = c.groups[g]
	}
	mine := logs[v.Point]
	var me *line
	if mine != nil {
		me = mine.at(v.Frame)
	}
	c.final[Frame{v.Point, v.Frame}] = v
	if me == nil {
		return v
	}
	s := &sightings{correlation: c, logs: slices.Clone(logs), lines: make([]*line, len(c.points)), verdicts: make([]*Verdict, len(c.points)), paths: map[int][2]*connLog{}}
	s.lines[v.Point], s.verdicts[v.Point] = me, v
	s.sender = v.raw.from
	s.home = v.Point
	s.addStrays()
	for p, l := range s.logs {
		if p == v.Point || l == nil {
			continue
		}
		x := mine.find(me, l)
		if x == nil {
			x = mine.alike(me, l)
		}
		if x != nil {
			s.lines[p], s.verdicts[p] = x, c.verdictAt(p, x.frame)
		}
	}
	s.addPaths()
	out := s.judge()
	for p, x := range s.lines {
		if x != nil {
			c.final[Frame{p, x.frame}] = out
		}
	}
	return out
}

func (c *correlation) verdictAt(p int, frame uint32) *Verdict {
	return c.first[Frame{p, frame}]
}

// A place is a line of a log.
type place struct {
	log *connLog
	i   int
}

// A number is what a segment bears that no translation of addresses changes.
type number struct {
	seq, ack  flow.Seq
	len, hash uint32
}

// lone indexes the payload and the last numbers of connections, at each point,
// to find a segment again whose addresses were changed or left unchanged by
// mistake.
func (c *correlation) lone() {
	c.strays = make([]map[number]place, len(c.points))
	c.ends = make([]map[number]*connLog, len(c.points))
	for p := range c.points {
		c.strays[p], c.ends[p] = map[number]place{}, map[number]*connLog{}
		log := c.points[p].Judge.Log
		if log == nil {
			continue
		}
		for _, id := range log.ids() {
			l := log.conns[id]
			var nxt [2]flow.Seq
			var has [2]bool
			for i := range l.lines {
				x := &l.lines[i]
				if x.is(segment.RST) {
					continue
				}
				if x.len > 0 && (l.hasReset || !l.knows[0] && !l.knows[1]) {
					c.strays[p][number{x.seq, x.ack, x.len, x.hash}] = place{l, i}
				}
				end := x.seq + flow.Seq(x.len)
				if x.is(segment.SYN) {
					end++
				}
				if x.is(segment.FIN) {
					end++
				}
				if f := x.from; !has[f] || end.After(nxt[f]) {
					nxt[f], has[f] = end, true
				}
			}
			if has[0] && has[1] && l.knows[0] && l.knows[1] {
				c.ends[p][number{seq: nxt[l.orig], ack: nxt[1-l.orig]}] = l
			}
		}
	}
}

// addStrays finds the connection of the reset at points where it has other
// addresses or ports: the segment that drew it is there, with the same numbers
// and payload, and the connection that was matched by its handshake does not
// hold it.
func (s *sightings) addStrays() {
	home := s.logs[s.home]
	v := s.verdicts[s.home]
	t := home.at(v.raw.answers.Frame)
	if t == nil || t.len == 0 || v.raw.form != provoked {
		return
	}
	if s.correlation.strays == nil {
		s.lone()
	}
	for p := range s.points {
		if p == s.home || s.logs[p] != nil && home.find(t, s.logs[p]) != nil {
			continue
		}
		x, ok := s.correlation.strays[p][number{t.seq, t.ack, t.len, t.hash}]
		if !ok || x.log.key == home.key || !x.log.hasReset {
			continue
		}
		s.logs[p] = x.log
		s.stray = true
	}
}

// switched finds, at another point, the connection that the reset's own goes on
// from: no packet of the two is the same, one has the handshake, and what drew
// the reset bears just the numbers with which the other ended. Then the points
// lie at two hosts behind one address.
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
		if old := s.ends[q][number{seq: t.seq, ack: t.ack}]; old != nil && here.with(old).count == 0 {
			return q, old
		}
	}
	return 0, nil
}

// moved writes that another host behind the same address got the connection.
func (s *sightings) moved(out, v *Verdict, near, q int, old *connLog) {
	out.Cause, out.Strength, out.Why = cause.BackendSwitch, cause.Proven, ""
	out.Sender, out.SenderStrength = Responder, cause.Proven
	if s.sender == s.logs[s.home].orig {
		out.Sender = Originator
	}
	out.Alternatives = nil
	last := &old.lines[len(old.lines)-1]
	out.Evidence = append(slices.Clone(v.Evidence), Fact{q, last.frame, fmt.Sprintf("the connection until then, at another host: the numbers of frame %d at %s continue it", v.raw.answers.Frame, s.points[near].Name)})
}

// addPaths finds points that lie on the connection's path and saw nothing of
// it: another connection between the two addresses came by both there and at
// home.
func (s *sightings) addPaths() {
	home := s.logs[s.home]
	a, b := home.key.Addr(home.orig).Addr(), home.key.Addr(1-home.orig).Addr()
	for p := range s.points {
		if s.logs[p] != nil {
			continue
		}
		for _, g := range s.groups {
			x, y := g[s.home], g[p]
			if x != nil && y != nil && x.key.Addr(x.orig).Addr() == a && x.key.Addr(1-x.orig).Addr() == b {
				s.paths[p] = [2]*connLog{x, y}
				break
			}
		}
	}
}

// sightings are one reset as all points saw it, or did not.
type sightings struct {
	*correlation
	logs     []*connLog
	lines    []*line // nil: not seen there
	verdicts []*Verdict
	paths    map[int][2]*connLog // of points that saw nothing of the connection: another one that shows where they lie
	stray    bool                // the connection has other addresses at one of the points
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
	} else if q := s.aside(near); q >= 0 {
		s.neverCame(&out, v, near, q)
	} else if far := s.farther(near); far >= 0 {
		s.genuine(&out, v, near, far)
	} else if q := s.lostBehind(near); q >= 0 {
		out.Effect = Ignored
		out.Details["arrived"] = false
		out.Evidence = append(slices.Clone(out.Evidence), Fact{q, s.frameAround(q, near),
			fmt.Sprintf("the reset of frame %d at %s never came by here", s.lines[near].frame, s.points[near].Name)})
	}
	if out.Point != near {
		out.Excluded = s.translate(out.Excluded, near, out.Point)
	}
	describe(&out, v.raw.to)
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

// closer tells whether point p lies nearer than q to a side of the connection,
// given as in the home's log.
func (s *sightings) closer(p, q, side int) bool {
	a, b := s.logs[p], s.logs[q]
	if a == nil || b == nil {
		return false
	}
	mine := s.logs[s.home].side(a, side)
	d := a.with(b).closer
	if mine != a.orig {
		d = -d
	}
	if d != 0 {
		return d > 0
	}
	return s.ttlOf(p, mine) > s.ttlOf(q, s.logs[s.home].side(b, side))
}

// ttlOf is the TTL of a side's packets at a point.
func (s *sightings) ttlOf(p, side int) uint8 {
	ttl := uint8(0)
	for i := range s.logs[p].lines {
		if x := &s.logs[p].lines[i]; int(x.from) == side {
			if ttl = x.ttl; !x.is(segment.RST) {
				break
			}
		}
	}
	return ttl
}

// passed finds a point nearer to the named sender than near which ran at the
// time, saw the connection and not the reset; -1 where there is none.
func (s *sightings) passed(near int) int {
	for q, l := range s.logs {
		if l != nil && s.lines[q] == nil && s.onPath(q, near) && s.closer(q, near, s.sender) && s.whole(q, near) {
			return q
		}
	}
	return -1
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
		if d < 0 && !j.Drops && s.ran(q, t) {
			return q
		}
	}
	return -1
}

// neverCame writes that a device between the two points made the reset, and
// kept all of the connection from the farther one.
func (s *sightings) neverCame(out, v *Verdict, near, q int) {
	id := cause.InlinePolicyReset
	var facts []Fact
	if x := v.raw.answers; x.Exists() {
		if x.Is(segment.SYN) {
			id = cause.FirewallRejectSyn
		}
		facts = append(facts, Fact{near, x.Frame, "the segment that the reset answers"})
	}
	facts = append(facts,
		Fact{near, s.lines[near].frame, fmt.Sprintf("the reset, in the name of %v", v.From)},
		Fact{q, s.paths[q][1].lines[0].frame, fmt.Sprintf("%s lies on the path nearer to it, as this connection shows; nothing of the other one ever came by there", s.points[q].Name)})
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
}

// onPath tells whether a packet of the connection came by both points.
func (s *sightings) onPath(p, q int) bool { return s.logs[p].with(s.logs[q]).count > 0 }

// lostBehind finds a point farther from the named sender than near which ran
// and did not see the reset.
func (s *sightings) lostBehind(near int) int {
	for q, l := range s.logs {
		if l != nil && s.lines[q] == nil && s.onPath(q, near) && s.closer(near, q, s.sender) && s.whole(q, near) {
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

// ran tells whether the capture of a point was running at a time, given in the
// first point's.
func (c *correlation) ran(q int, t int64) bool {
	log := c.points[q].Judge.Log
	return c.common(q, log.begun) <= t+endSlack && (c.common(q, log.end) >= t-endSlack || c.common(q, log.Until) >= t)
}

// endSlack is how long before a point's first packet and after its last one, in
// nanoseconds, it is still taken to have run: captures of one trouble are
// started and stopped by hand.
const endSlack = int64(1e9)

// whole tells whether the capture of a point is complete around the time at
// which near saw the reset: it ran before, or saw what the
// reset answers, it had not ended, and nothing was lost.
func (s *sightings) whole(q, near int) bool {
	j := s.points[q].Judge
	t := s.common(near, s.lines[near].time)
	l := s.logs[q]
	ran := s.ran(q, t)
	if v := s.verdicts[near]; !ran && v != nil && v.raw.answers.Exists() && s.common(q, j.Log.begun) > t {
		if x := s.logs[near].at(v.raw.answers.Frame); x != nil {
			ran = s.logs[near].find(x, l) != nil
		}
	}
	return ran && !j.Drops && !l.missing && !l.lost
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

// forged writes that a device between the two points made the reset: near saw
// it, q lies nearer to the named sender and did not.
func (s *sightings) forged(out, v *Verdict, near, q int) {
	here, there := s.logs[near], s.logs[q]
	id, strength := cause.InjectedReset, cause.Proven
	if v.Cause == cause.BlindReset {
		id = v.Cause
	}
	var alternatives []Alternative
	facts := []Fact{{near, s.lines[near].frame, fmt.Sprintf("the reset, in the name of %v", v.From)}}
	absent := fmt.Sprintf("%s lies nearer to %v and ran at the time: no such reset came by, this was the last packet of the connection before", s.points[q].Name, v.From)
	facts = append(facts, Fact{q, s.frameAround(q, near), absent})
	trigger := v.raw.answers
	if !trigger.Exists() {
		trigger = v.raw.lastPeer
	}
	if trigger.Exists() {
		t := here.at(trigger.Frame)
		var seen *line
		if t != nil {
			seen = here.find(t, there)
		}
		switch {
		case t == nil:
		case seen == nil && t.is(segment.SYN):
			id = cause.FirewallRejectSyn
			facts = append(facts, Fact{near, t.frame, "the SYN, which never came by there"})
		case seen == nil && (t.len > 0 || v.raw.answers.Exists()):
			id = cause.InlinePolicyReset
			facts = append(facts, Fact{near, t.frame, "the segment that it answers, which never came by there"})
			if v.raw.form == provoked {
				id, strength, alternatives = s.rejected(v, near, q)
			}
		case seen != nil && t.is(segment.SYN) && !s.answered(q):
			id = cause.FirewallRejectSyn
			facts = append(facts, Fact{near, t.frame, "the SYN"}, Fact{q, seen.frame, "the SYN came by there and drew no answer"})
		case seen != nil:
			facts = append(facts, Fact{near, t.frame, "the segment that it answers, or the last before it"}, Fact{q, seen.frame, "came by there: it was delivered"})
		}
	}
	if id == cause.InjectedReset && v.Idle >= idleFloor && !v.raw.answers.Exists() {
		if isAbout(v.Idle, knownIdleLimits...) {
			id = cause.MiddleboxIdleTimeout
		} else {
			strength = cause.Likely
			alternatives = []Alternative{{cause.MiddleboxIdleTimeout, Middlebox, cause.Possible, "it comes out of a pause: a device may have forgotten the connection"}}
		}
		facts = append(facts, Fact{near, s.lines[near].frame, fmt.Sprintf("after %s of silence in both directions", duration(v.Idle))})
	}
	if x := s.kept(near, q); x != nil && id == cause.InjectedReset {
		id, strength, alternatives = cause.InlinePolicyReset, cause.Proven, nil
		facts = append(facts, Fact{q, x.frame, fmt.Sprintf("a segment of %v with the reset's number, which never came by at %s: it was kept back", v.From, s.points[near].Name)})
	}
	if x := s.replaced(near, q); x != nil {
		id, strength, alternatives = cause.RewrittenReset, cause.Proven, nil
		facts = append(facts, Fact{q, x.frame, "this packet, with the same number and identification or timestamp, is no reset there"})
	}
	if v.Sender != Middlebox && v.Cause != cause.NoCauseDecided {
		out.Excluded = append(slices.Clone(out.Excluded), Exclusion{v.Cause, "the reset never left the address that it bears", []uint32{v.Frame}})
	}
	if v.Sender == Middlebox {
		for _, f := range v.Evidence {
			if f.Frame != v.Frame {
				facts = append(facts, f)
			}
		}
	}
	out.Cause, out.Strength, out.Why = id, strength, ""
	out.Sender, out.SenderStrength = Middlebox, cause.Proven
	out.Alternatives = alternatives
	out.Evidence = facts
}

// rejected says why a device refused a segment by a reset that takes its number
// from it: a policy, or that it did not know the connection any more. A pause
// before speaks for an idle limit, many connections in one moment for a lost
// table; when it lets other packets of the connection pass afterwards, it knows
// it, and only policy is left.
func (s *sightings) rejected(v *Verdict, near, q int) (cause.ID, cause.Strength, []Alternative) {
	other := func(id cause.ID, why string) Alternative {
		return Alternative{id, Middlebox, cause.Possible, why}
	}
	policy := other(cause.InlinePolicyReset, "a rule can refuse like this as well")
	loss := other(cause.MiddleboxStateLoss, "a device that lost its table refuses like this")
	switch {
	case s.forwards(near, q):
		return cause.InlinePolicyReset, cause.Proven, nil
	case v.raw.lost >= scanTargets:
		return cause.MiddleboxStateLoss, cause.Likely, []Alternative{policy}
	case isAbout(v.Idle, knownIdleLimits...):
		return cause.MiddleboxIdleTimeout, cause.Proven, nil
	case v.Idle > 0:
		return cause.MiddleboxIdleTimeout, cause.Likely, []Alternative{loss, policy}
	}
	return cause.InlinePolicyReset, cause.Likely, []Alternative{loss}
}

// forwards tells whether a packet of the connection passed both points after
// the reset.
func (s *sightings) forwards(near, q int) bool {
	t := s.lines[near].time
	here, there := s.logs[near], s.logs[q]
	m := here.with(there)
	for i, n := range m.there {
		if x := &here.lines[i]; n >= 0 && x.time > t && !x.is(segment.RST) && !x.is(segment.SYN) && s.common(q, there.lines[n].time) > s.common(near, t) {
			return true
		}
	}
	return false
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
// number and never reached near.
func (s *sightings) kept(near, q int) *line {
	r := s.lines[near]
	here, there := s.logs[near], s.logs[q]
	side := s.logs[s.home].side(there, s.sender)
	for i := range there.lines {
		x := &there.lines[i]
		if int(x.from) == side && x.len > 0 && there.rel(here, side, x.seq) == here.rel(there, int(r.from), r.seq) &&
			s.common(q, x.time) <= s.common(near, r.time) && there.find(x, here) == nil {
			return x
		}
	}
	return nil
}

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
	out.Evidence = slices.Clone(out.Evidence)
	for _, f := range v.Evidence {
		if x := s.logs[near].at(f.Frame); x != nil && f.Frame != r.frame {
			if y := s.logs[near].find(x, s.logs[far]); y != nil {
				out.Evidence = append(out.Evidence, Fact{far, y.frame, fmt.Sprintf("frame %d of %s, seen here", f.Frame, s.points[near].Name)})
			}
		}
	}
	out.Evidence = append(out.Evidence,
		Fact{near, r.frame, fmt.Sprintf("the reset leaves on the side of %v", v.From)},
		Fact{far, s.lines[far].frame, "the reset arrives here"})
	if syn := s.unasked(near, far); syn != nil {
		out.Cause, out.Strength, out.Why = cause.UnsolicitedSynack, cause.Likely, ""
		out.Sender, out.SenderStrength = Originator, cause.Proven
		out.Alternatives = nil
		out.Evidence = append(out.Evidence, Fact{far, syn.frame, fmt.Sprintf("the SYN, which never came by at %s: the host did not send it", s.points[near].Name)})
		return
	}
	if v.Sender == Middlebox || v.Sender == NoSender || !initial(r.ttl) {
		return
	}
	out.SenderStrength = cause.Proven
	if s.stray {
		out.Cause, out.Strength, out.Alternatives = cause.NATBypass, cause.Proven, nil
		out.Evidence = append(out.Evidence, Fact{far, s.lines[far].frame, fmt.Sprintf("here the connection has other addresses or ports: %v and %v at %s, %v and %v here",
			s.logs[near].key.Addr(0), s.logs[near].key.Addr(1), s.points[near].Name, s.logs[far].key.Addr(0), s.logs[far].key.Addr(1))})
		return
	}
	row, _ := cause.Lookup(v.Cause)
	base := v.raw.base
	switch v.Cause {
	case cause.PortClosed:
		base = cause.Proven
	case cause.RetransmissionTimeout:
		if facts := s.cut(near, far, v); len(facts) > 0 {
			base = cause.Proven
			out.Evidence = append(out.Evidence, facts...)
		}
	}
	out.Strength = max(out.Strength, min(base, row.Caps.TwoPoints))
	if out.Strength == cause.Proven {
		out.Alternatives = nil
	}
}

// unasked finds, at far, the SYN in the sender's name that never left it: near
// ran and saw the SYN-ACK, not the SYN.
func (s *sightings) unasked(near, far int) *line {
	here, there := s.logs[near], s.logs[far]
	side := s.logs[s.home].side(here, s.sender)
	if here.knows[side] || !here.knows[1-side] || !s.lines[near].is(segment.RST) || here.orig != side {
		return nil
	}
	for i := range there.lines {
		x := &there.lines[i]
		if x.is(segment.SYN) && !x.is(segment.ACK) && s.ran(near, s.common(far, x.time)) {
			return x
		}
	}
	return nil
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
		return []Fact{{far, s.lines[far].frame, fmt.Sprintf("of its %d transmissions %d came by here: they were lost between the two points", copies, arrived)}}
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
		return []Fact{{far, last.frame, fmt.Sprintf("the last of %d acknowledgments that left here, of which %d reached the other point: they were lost between", acks, heard)}}
	}
	return nil
}
