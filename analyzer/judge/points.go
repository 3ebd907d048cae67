package judge

import (
	"net/netip"
	"slices"

	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

// match finds the same connection at several points (causes.md, 5.2): by its
// addresses, ports and first number; else by both first numbers, or by the
// originator's and one end alone, since a NAT changes addresses and ports and
// leaves these; by addresses and ports alone where a point did not see the SYN,
// or where a device changes the numbers and the packets show that they are the
// same.
func (c *correlation) match() {
	m := matcher{byKey: map[flow.Key][]int{}, byNumber: map[firstNumbers]int{}}
	c.of = make([]map[int]int, len(c.points))
	for p := range c.points {
		c.of[p] = map[int]int{}
		log := c.points[p].Judge.Log
		if log == nil {
			continue
		}
		for _, id := range log.ids() {
			l := log.conns[id]
			g := m.find(c, p, l)
			if g < 0 {
				g = len(c.groups)
				c.groups = append(c.groups, make([]*connLog, len(c.points)))
			}
			c.groups[g][p] = l
			c.of[p][id] = g
			m.add(l, g)
		}
	}
	c.clocks = make([]clock, len(c.points))
	for p := 1; p < len(c.points); p++ {
		c.clocks[p] = c.compare(p)
	}
}

// firstNumbers are what tells connections apart, as far as it is known at a
// point: of the numbers and ends, those that a device leaves as they are.
type firstNumbers struct {
	key  flow.Key       // with the originator's number
	end  netip.AddrPort // of either side, with it
	o, r flow.Seq       // the originator's and the responder's first number
}

// A matcher knows the groups by what their connections have in common.
type matcher struct {
	byKey    map[flow.Key][]int
	byNumber map[firstNumbers]int
}

// ambiguous stands in place of a group where there are several.
const ambiguous = -1

// numbers are the first numbers of a connection, the surest first.
func (l *connLog) numbers() []firstNumbers {
	o := l.orig
	if !l.knows[o] {
		return nil
	}
	all := []firstNumbers{{key: l.key, o: l.isn[o]}}
	if l.knows[1-o] {
		all = append(all, firstNumbers{o: l.isn[o], r: l.isn[1-o]})
	}
	return append(all, firstNumbers{end: l.key.Addr(1 - o), o: l.isn[o]}, firstNumbers{end: l.key.Addr(o), o: l.isn[o]})
}

// add makes a connection known as one of a group.
func (m *matcher) add(l *connLog, g int) {
	for _, n := range l.numbers() {
		if was, ok := m.byNumber[n]; ok && was != g && n.end.IsValid() {
			m.byNumber[n] = ambiguous // a scanner sends one number to many
			continue
		}
		m.byNumber[n] = g
	}
	if all := m.byKey[l.key]; !slices.Contains(all, g) {
		m.byKey[l.key] = append(all, g)
	}
}

// maxKin is with how many connections of its ports one is compared, packet by
// packet.
const maxKin = 64

// find gives the group of a connection at point p, -1 where there is none yet.
func (m *matcher) find(c *correlation, p int, l *connLog) int {
	for _, n := range l.numbers() {
		if g, ok := m.byNumber[n]; ok && g != ambiguous && c.groups[g][p] == nil {
			return g
		}
	}
	last, kin := -1, 0
	for _, g := range m.byKey[l.key] {
		if c.groups[g][p] != nil {
			continue
		}
		last = g
		if kin++; kin <= maxKin && slices.ContainsFunc(c.groups[g], func(x *connLog) bool { return x != nil && x.same(l) }) {
			return g
		}
	}
	if l.knows[l.orig] {
		return -1
	}
	return last
}

// same tells whether two logs of one key show packets of one connection.
func (c *connLog) same(d *connLog) bool {
	if !c.knows[c.orig] || !d.knows[d.orig] {
		return c.shares(d)
	}
	// A device gave it other numbers, or another connection used the ports.
	m := c.with(d)
	if 2*m.count < min(len(c.lines), len(d.lines)) {
		return false
	}
	for i, n := range m.there {
		if x := &c.lines[i]; n >= 0 && (x.hash != 0 || x.ts != 0 || x.id != 0 && x.id == d.lines[n].id) {
			return true
		}
	}
	return false
}

// begins tells whether two logs show the beginning of one connection: both first
// numbers are known and the same.
func (c *connLog) begins(d *connLog) bool {
	o, p := c.orig, d.orig
	return c.knows[0] && c.knows[1] && d.knows[0] && d.knows[1] && c.isn[o] == d.isn[p] && c.isn[1-o] == d.isn[1-p]
}

// shares tells whether a packet of both logs bears the same numbers and payload.
func (c *connLog) shares(d *connLog) bool {
	seen := make(map[number]bool, len(c.lines))
	of := func(x *line) number {
		if c.blank || d.blank {
			return number{x.seq, x.ack, x.len, 0}
		}
		return number{x.seq, x.ack, x.len, x.hash}
	}
	for i := range c.lines {
		seen[of(&c.lines[i])] = true
	}
	return slices.ContainsFunc(d.lines, func(x line) bool { return seen[of(&x)] })
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
		if p == s.home || s.twins(p, s.home) || s.logs[p] != nil && home.find(t, s.logs[p]) != nil {
			continue
		}
		x, ok := s.correlation.strays[p][number{t.seq, t.ack, t.len, t.hash}]
		if !ok || x.log.key == home.key || !x.log.hasReset {
			continue
		}
		if s.groups[s.of[p][x.log.id]][s.home] == nil {
			continue // translated as a whole: nothing escaped
		}
		if x.log.begins(home) {
			s.logs[p] = x.log // so is this: a point between saw it with both addresses
			continue
		}
		s.logs[p] = x.log
		s.stray = true
	}
}

// addUntranslated finds points at which the reset passed with the addresses and
// ports that it bears at home, though its connection has others at one of the
// two: nothing translated it, nor what drew it.
func (s *sightings) addUntranslated() {
	home, me := s.logs[s.home], s.lines[s.home]
	for p := range s.points {
		l := s.logs[p]
		if p == s.home || s.twins(p, s.home) || l != nil && (l.key == home.key || home.find(me, l) != nil) {
			continue
		}
		for _, x := range s.keyed(p, home.key) {
			if home.find(me, x) == nil || x.begins(home) {
				continue // of the second nothing escaped: the point saw all of it, before and behind translation
			}
			at, usual := p, l
			if l == nil {
				at, usual = s.home, s.groups[s.of[p][x.id]][s.home]
			}
			if usual == nil || usual.key == home.key {
				continue // it has these addresses everywhere
			}
			s.logs[p], s.stray = x, true
			s.usual, s.usualAt = usual, at
			break
		}
	}
}

// keyed gives the connections of a point with addresses and ports.
func (c *correlation) keyed(p int, k flow.Key) []*connLog {
	if c.byKey == nil {
		c.byKey = make([]map[flow.Key][]*connLog, len(c.points))
	}
	if c.byKey[p] == nil {
		c.byKey[p] = map[flow.Key][]*connLog{}
		if log := c.points[p].Judge.Log; log != nil {
			for _, id := range log.ids() {
				l := log.conns[id]
				c.byKey[p][l.key] = append(c.byKey[p][l.key], l)
			}
		}
	}
	return c.byKey[p][k]
}

// farthest is the most hops over which packets in the name of an address, other than
// resets, came by a point; 0 where none did.
func (c *correlation) farthest(p int, a netip.Addr) int {
	if c.far == nil {
		c.far = make([]map[netip.Addr]int, len(c.points))
	}
	if c.far[p] == nil {
		c.far[p] = map[netip.Addr]int{}
		for _, l := range c.points[p].Judge.Log.conns {
			for i := range l.lines {
				if x := &l.lines[i]; !x.is(segment.RST) {
					from := l.key.Addr(int(x.from)).Addr()
					c.far[p][from] = max(c.far[p][from], hops(x.ttl))
				}
			}
		}
	}
	return c.far[p][a]
}

// addPaths finds points that lie on the connection's path and saw nothing of
// it: another connection between the two addresses came by both there and at
// home, and no device between gave it others.
func (s *sightings) addPaths() {
	home := s.logs[s.home]
	a, b := home.key.Addr(home.orig).Addr(), home.key.Addr(1-home.orig).Addr()
	for p := range s.points {
		if s.logs[p] != nil || s.twins(p, s.home) {
			continue
		}
		for _, g := range s.groups {
			x, y := g[s.home], g[p]
			if x != nil && y != nil && x.key.Addr(x.orig).Addr() == y.key.Addr(y.orig).Addr() && x.key.Addr(1-x.orig).Addr() == y.key.Addr(1-y.orig).Addr() && x.key.Addr(x.orig).Addr() == a && x.key.Addr(1-x.orig).Addr() == b {
				s.paths[p] = [2]*connLog{x, y}
				break
			}
		}
	}
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

// onPath tells whether a packet of the connection came by both points.
func (s *sightings) onPath(p, q int) bool { return s.logs[p].with(s.logs[q]).count > 0 }

// ran tells whether the capture of a point was running at a time, given in the
// first point's.
func (c *correlation) ran(q int, t int64) bool {
	log := c.points[q].Judge.Log
	return c.common(q, log.begun) <= t+endSlack && (c.common(q, log.end) >= t-endSlack || c.common(q, log.Until) >= t-c.doubt(q, 0))
}

// surely tells whether a point's packets, or its file, show that its capture
// ran when the reset that near saw would have come by there, or up to a time
// before or after. A file that is cut goes on, but nobody knows with what: it must
// have later packets.
func (s *sightings) surely(q, near int, within int64) bool {
	t, d := s.common(near, s.lines[near].time), s.doubt(q, near)-allowance+within
	if log := s.points[q].Judge.Log; log.Cut {
		return s.common(q, log.begun) <= t+d && s.until(q) > t+s.doubt(q, near)-allowance
	}
	return s.common(q, s.points[q].Judge.Log.begun) <= t+d && s.until(q) >= t-d
}

// until is when the capture of a point ended, as its packets or its file show.
func (c *correlation) until(q int) int64 {
	log := c.points[q].Judge.Log
	return max(c.common(q, log.end), c.common(q, log.Until))
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
	return ran && !j.Drops && !j.Log.lossy() && !l.missing && !l.lost
}

// gaps tells whether the capture of p lost packets, as q shows: q has some that
// came from beyond p, and must have come by there. So many that one more which is
// not in it proves nothing: one in 200, as for Log.lossy. What devices between the
// two send in an end's name are SYN-ACKs, FINs and resets; those don't count.
func (c *correlation) gaps(p, q int) bool {
	if known, ok := c.gapped[[2]int{p, q}]; ok {
		return known
	}
	lost, all := 0, 0
	for _, g := range c.groups {
		here, there := g[p], g[q]
		if here == nil || there == nil || all > maxCompared {
			continue
		}
		m := there.with(here)
		if m.closer == 0 {
			continue
		}
		side := there.orig // p is nearer to it
		if m.closer > 0 {
			side = 1 - side
		}
		from, to := -1, -1 // the capture of p may have begun later, or ended sooner
		for i, n := range m.there {
			if n >= 0 {
				if from < 0 {
					from = i
				}
				to = i
			}
		}
		for i := from + 1; i < to; i++ {
			x := &there.lines[i]
			if int(x.from) != side || x.is(segment.RST) || x.is(segment.SYN) || x.is(segment.FIN) {
				continue
			}
			all++
			if m.there[i] < 0 && !here.holds(x, there) {
				lost++
			}
		}
	}
	if c.gapped == nil {
		c.gapped = map[[2]int]bool{}
	}
	c.gapped[[2]int{p, q}] = lost > 0 && lost*200 >= all
	return c.gapped[[2]int{p, q}]
}

// holds tells whether the packets of c bear what a line of d does, though none is
// like it: its payload, which offload may have cut otherwise, or, where it has
// none, its acknowledgment.
func (c *connLog) holds(x *line, d *connLog) bool {
	from := int(x.from)
	mine := d.side(c, from)
	begin, end, ack := d.rel(c, from, x.seq), d.rel(c, from, x.seq+flow.Seq(x.len)), d.rel(c, 1-from, x.ack)
	first, last := false, false
	for i := range c.lines {
		y := &c.lines[i]
		if int(y.from) != mine || y.is(segment.RST) {
			continue
		}
		if x.len == 0 {
			if y.is(segment.ACK) && c.rel(d, 1-mine, y.ack) == ack {
				return true
			}
			continue
		}
		a, b := c.rel(d, mine, y.seq), c.rel(d, mine, y.seq+flow.Seq(y.len))
		first = first || !begin.Before(a) && begin.Before(b)
		last = last || end.After(a) && !end.After(b)
	}
	return first && last
}
