package judge

import (
	"cmp"
	"hash/fnv"
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
	Lost  int // connections that were forgotten for want of room
	begun int64
	end   int64
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
	hasReset bool
	lost     bool // lines were dropped
}

// A line is one segment.
type line struct {
	time     int64
	frame    uint32
	seq, ack flow.Seq
	len      uint32
	hash     uint32 // of the payload as captured
	id       uint16
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
	c := l.conns[st.Conn.ID]
	if c == nil {
		c = &connLog{id: st.Conn.ID, key: st.Conn.Key}
		c.key.Tunnel = 0
		l.conns[c.id] = c
	}
	c.orig, c.seen = st.Conn.Orig, st.Conn.Seen
	if s.Is(segment.SYN) {
		c.isn[st.From], c.knows[st.From] = s.Seq, true
	}
	c.hasReset = c.hasReset || s.Is(segment.RST)
	c.missing = c.missing || s.Has(flow.Ahead)
	c.lines = append(c.lines, line{time: s.Time, frame: s.Frame, seq: s.Seq, ack: s.Ack, len: s.Len, hash: hashOf(in.Payload),
		id: s.ID, flags: s.Flags, ttl: s.TTL, from: uint8(st.From)})
	l.lines++
	if len(c.lines) > maxConnLines {
		n := copy(c.lines[8:], c.lines[maxConnLines/2:])
		l.lines -= len(c.lines) - 8 - n
		c.lines = c.lines[:8+n]
		c.lost = true
	}
	for l.lines > maxLines && l.first < st.Conn.ID {
		if old := l.conns[l.first]; old != nil && !old.hasReset {
			l.lines -= len(old.lines)
			delete(l.conns, l.first)
			l.Lost++
		}
		l.first++
	}
}

func hashOf(b []byte) uint32 {
	if len(b) == 0 {
		return 0
	}
	h := fnv.New32a()
	h.Write(b[:min(len(b), 64)])
	return h.Sum32()
}

// at is the line of a frame, nil where there is none.
func (c *connLog) at(frame uint32) *line {
	i, ok := slices.BinarySearchFunc(c.lines, frame, func(l line, f uint32) int { return cmp.Compare(l.frame, f) })
	if !ok {
		return nil
	}
	return &c.lines[i]
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

// same tells whether a line of c and one of d are sightings of one packet.
// What devices rewrite is not compared: TTL, checksum, window, DSCP.
func (c *connLog) same(a *line, d *connLog, b *line) bool {
	fa := int(a.from)
	if c.side(d, fa) != int(b.from) || a.flags&^segment.PSH != b.flags&^segment.PSH || a.len != b.len || a.hash != b.hash {
		return false
	}
	if !a.is(segment.RST) || a.seq != 0 || b.seq != 0 {
		if c.rel(d, fa, a.seq) != d.rel(c, int(b.from), b.seq) {
			return false
		}
	}
	return !a.is(segment.ACK) || c.rel(d, 1-fa, a.ack) == d.rel(c, 1-int(b.from), b.ack)
}

// find looks in d for the sighting of a line of c: of several equal ones that
// with the same identification, else the one with the same rank.
func (c *connLog) find(a *line, d *connLog) *line {
	rank := 0
	for i := range c.lines {
		x := &c.lines[i]
		if x == a {
			break
		}
		if x.from == a.from && x.seq == a.seq && x.ack == a.ack && x.flags == a.flags && x.len == a.len {
			rank++
		}
	}
	var byRank *line
	n := 0
	for i := range d.lines {
		b := &d.lines[i]
		if !c.same(a, d, b) {
			continue
		}
		if a.id != 0 && b.id == a.id {
			return b
		}
		if n == rank && (a.id == 0 || b.id == 0) {
			byRank = b
		}
		n++
	}
	return byRank
}
