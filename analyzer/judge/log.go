package judge

import (
	"cmp"
	"hash/fnv"
	"maps"
	"slices"

	"rstlab/analyzer/flow"
	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

// A Log keeps what several capture points need to be compared: a line for each
// segment. It is bounded; past the bound connections that had no reset are
// forgotten, the oldest first.
type Log struct {
	conns map[int]*connLog
	first int // no connection below it is kept without a reset
	lines int
	holed int // connections, seen from their handshake on, of which what was acknowledged is missing
	Lost  int // connections that were forgotten for want of room
	begun int64
	end   int64

	Until int64 // nanoseconds since 1970: the capture ran until then, where it says so
	Cut   bool  // its file could not be read to the end
}

// maxLines is how many segments a Log keeps: 48 bytes each.
const maxLines = 2 << 20

// maxConnLines is how many of one connection: the handshake and the last ones.
const maxConnLines = 4096

// A connLog is one connection of a Log.
type connLog struct {
	id       int
	key      flow.Key
	orig     int
	seen     bool
	isn      [2]flow.Seq
	knows    [2]bool
	lines    []line
	missing  bool
	holed    bool // counted as such
	hole     hole // what is missing; the zero hole where it is more than one
	hasReset bool
	lost     bool // lines were dropped
	blank    bool // payload of it is cut or blanked: it has no hash

	matches map[*connLog]*matching
}

// A hole is what a side sent, as its peer acknowledged, and was not seen.
type hole struct {
	side     int
	from, to flow.Seq
}

// A line is one segment.
type line struct {
	time     int64
	frame    uint32
	seq, ack flow.Seq
	len      uint32
	hash     uint32 // of the payload, see hashOf
	ts, ecr  uint32
	win, id  uint16
	marks    flow.Mark
	flags    segment.Flags
	ttl      uint8
	from     uint8
}

func (l *line) is(f segment.Flags) bool { return l.flags&f == f }

// add keeps a segment.
func (l *Log) add(st *flow.Step, in *packet.Info) {
	s := &st.Seg
	if l.conns == nil {
		l.conns = map[int]*connLog{}
		l.begun = s.Time
	}
	l.end = max(l.end, s.Time)
	if s.Has(flow.Copy) {
		return
	}
	c := l.conns[st.Entry.ID]
	if c == nil {
		c = &connLog{id: st.Entry.ID, key: *st.Entry.Key()}
		c.key.Tunnel = 0
		l.conns[c.id] = c
	}
	c.orig, c.seen = st.Entry.Orig()
	if s.Is(segment.SYN) && !s.Is(segment.RST) {
		c.isn[st.From], c.knows[st.From] = s.Seq, true
	}
	c.hasReset = c.hasReset || s.Is(segment.RST)
	switch {
	case s.Has(flow.AckUnseen): // a hole that nobody acknowledges is a loss before this point
		c.hole = hole{}
		if p := &st.Conn.Sides[1-st.From]; !c.missing {
			c.hole = hole{1 - st.From, p.Nxt, s.Ack}
		}
		c.missing = true
	case c.missing && c.hole.from != c.hole.to && c.hole.side == st.From && c.hole.from == s.Seq && s.End() != s.Seq:
		c.hole.from = s.End()
		c.missing = c.hole.from.Before(c.hole.to) // else it was only late
	}
	if holed := c.missing && c.knows[0] && c.knows[1]; holed != c.holed {
		c.holed = holed
		if holed {
			l.holed++
		} else {
			l.holed--
		}
	}
	hash := hashOf(in.Payload, s.Len)
	c.blank = c.blank || s.Len > 0 && hash == 0
	c.lines = append(c.lines, line{time: s.Time, frame: s.Frame, seq: s.Seq, ack: s.Ack, len: s.Len, hash: hash,
		ts: s.TSVal, ecr: s.TSEcr, win: s.Win, id: s.ID, marks: s.Marks, flags: s.Flags, ttl: s.TTL, from: uint8(st.From)})
	l.lines++
	if len(c.lines) > maxConnLines {
		n := copy(c.lines[8:], c.lines[maxConnLines/2:])
		l.lines -= len(c.lines) - 8 - n
		c.lines = c.lines[:8+n]
		c.lost = true
	}
	for l.lines > maxLines && l.first < st.Entry.ID {
		if old := l.conns[l.first]; old != nil && !old.hasReset {
			l.lines -= len(old.lines)
			delete(l.conns, l.first)
			l.Lost++
		}
		l.first++
	}
}

// lossy tells whether the capture lost so many packets that one more which is not
// in it proves nothing: of one connection in 200.
func (l *Log) lossy() bool { return l.holed > 0 && l.holed*200 >= len(l.conns) }

// ids are the connections of the log, in order.
func (l *Log) ids() []int { return slices.Sorted(maps.Keys(l.conns)) }

// hashed is how many bytes of a payload count for its hash.
const hashed = 64

// hashOf is the hash of a payload of a length by its first bytes; 0 where there are
// none, the snap length has cut these, or they were overwritten with zeros, as those
// do who give captures away.
func hashOf(b []byte, length uint32) uint32 {
	if b = b[:min(len(b), hashed)]; len(b) < int(min(length, hashed)) || !slices.ContainsFunc(b, func(c byte) bool { return c != 0 }) {
		return 0
	}
	h := fnv.New32a()
	h.Write(b)
	return h.Sum32()
}

// at is the line of a frame, nil where there is none.
func (c *connLog) at(frame uint32) *line {
	if i, ok := c.index(frame); ok {
		return &c.lines[i]
	}
	return nil
}

func (c *connLog) index(frame uint32) (int, bool) {
	return slices.BinarySearchFunc(c.lines, frame, func(l line, f uint32) int { return cmp.Compare(l.frame, f) })
}

// with gives the matching with the log d, made once.
func (c *connLog) with(d *connLog) *matching {
	m := c.matches[d]
	if m == nil {
		if c.matches == nil {
			c.matches = map[*connLog]*matching{}
		}
		m = c.match(d)
		c.matches[d] = m
	}
	return m
}

// find gives the sighting in d of a line of c, nil where there is none.
func (c *connLog) find(x *line, d *connLog) *line {
	i, ok := c.index(x.frame)
	if !ok {
		return nil
	}
	if n := c.with(d).there[i]; n >= 0 {
		return &d.lines[n]
	}
	return nil
}

// alike finds in d a line that has no pair and looks like one of c but for its
// identification or timestamp, which a device may have changed.
func (c *connLog) alike(x *line, d *connLog) *line {
	taken := make(map[int]bool)
	for _, n := range c.with(d).there {
		taken[n] = true
	}
	want := c.lookOf(x, d)
	for i := range d.lines {
		if y := &d.lines[i]; !taken[i] && d.lookOf(y, c) == want {
			return y
		}
	}
	return nil
}

// doubles tells whether a line without a pair in d agrees in all with another one
// that has one: the network doubled the packet on its way from there.
func (c *connLog) doubles(x *line, d *connLog) bool {
	want := c.lookOf(x, d)
	for i, n := range c.with(d).there {
		if y := &c.lines[i]; n >= 0 && abs(y.time-x.time) < 1e9 && y.id == x.id && y.ts == x.ts && y.ecr == x.ecr && y.ttl == x.ttl && y.win == x.win && c.lookOf(y, d) == want {
			return true
		}
	}
	return false
}

// side turns a side of c into that of d, which is the same connection seen
// elsewhere, perhaps with other addresses.
func (c *connLog) side(d *connLog, side int) int {
	if c.orig == d.orig {
		return side
	}
	return 1 - side
}

// rel is a number of a side relative to its SYN, raw where none is known in
// either log.
func (c *connLog) rel(d *connLog, side int, n flow.Seq) flow.Seq {
	if c.knows[side] && d.knows[c.side(d, side)] {
		return n - c.isn[side]
	}
	return n
}

// A look is what two sightings of one packet have in common. What devices
// rewrite is not in it: TTL, checksum, window, DSCP, addresses.
type look struct {
	seq, ack flow.Seq
	len      uint32
	hash     uint32
	flags    segment.Flags
	byOrig   bool
}

// lookOf is how a line looks to a comparison with the log d.
func (c *connLog) lookOf(x *line, d *connLog) look {
	from := int(x.from)
	l := look{len: x.len, flags: x.flags &^ segment.PSH, byOrig: from == c.orig}
	if !c.blank && !d.blank {
		l.hash = x.hash
	}
	if l.seq = x.seq; !x.is(segment.RST) || x.seq != 0 {
		l.seq = c.rel(d, from, x.seq)
	}
	if x.is(segment.ACK) {
		l.ack = c.rel(d, 1-from, x.ack)
	}
	return l
}

// A matching pairs the lines of two logs of one connection: which line of the
// other is the same packet, -1 where none is. closer is above 0 when the
// first point lies nearer to the originator, below when the second does.
type matching struct {
	there  []int
	count  int // pairs
	closer int64
}

// match pairs the lines of c with those of d. Of several that look the same
// those with one identification belong together, else they do in their order.
func (c *connLog) match(d *connLog) *matching {
	m := c.pair(d, true)
	if m.count*10 < min(len(c.lines), len(d.lines)) {
		if other := c.pair(d, false); other.count > m.count { // a device rewrites timestamps
			m = other
		}
	}
	m.order(c, d)
	return m
}

// pair pairs the lines, those with timestamps only where they have the same.
func (c *connLog) pair(d *connLog, stamps bool) *matching {
	waiting := make(map[look][]int, len(d.lines))
	for i := range d.lines {
		l := d.lookOf(&d.lines[i], c)
		waiting[l] = append(waiting[l], i)
	}
	m := &matching{there: make([]int, len(c.lines))}
	for i := range c.lines {
		x := &c.lines[i]
		m.there[i] = -1
		l := c.lookOf(x, d)
		list := waiting[l]
		for n, y := range list[:min(len(list), 64)] {
			other := &d.lines[y]
			if (x.id == other.id || x.id == 0 || other.id == 0) && (x.ts == other.ts || !stamps) {
				m.there[i] = y
				m.count++
				waiting[l] = slices.Delete(list, n, n+1)
				break
			}
		}
	}
	return m
}

// order finds which point lies nearer to the originator: towards it, a packet
// and the answer to it are closer together; a packet of its and what answers
// that are farther apart (causes.md, 5.3).
func (m *matching) order(c, d *connLog) {
	var last, lastThere *line
	for i, n := range m.there {
		x := &c.lines[i]
		if n < 0 || x.is(segment.RST) {
			continue
		}
		y := &d.lines[n]
		if last != nil && last.from != x.from {
			longer := (y.time - lastThere.time) - (x.time - last.time) // there than here
			if int(x.from) != c.orig {
				longer = -longer
			}
			m.closer += longer
		}
		last, lastThere = x, y
	}
}
