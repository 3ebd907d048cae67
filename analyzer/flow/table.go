// Package flow follows TCP connections through a capture: sequence numbers
// both ways, retransmissions and probes, round-trip times, header chains, the
// last segments of each direction. It judges nothing. State is of a fixed size
// for each connection and bounded in all.
package flow

import (
	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

// Limits of a Table.
const (
	// DefaultConns is how many connections are followed in full at once; of those
	// that were quiet longest only the numbers are kept.
	DefaultConns = 1 << 14
	// maxPasts is of how many more connections the numbers are kept.
	maxPasts = 1 << 17
	// maxHosts is how many addresses are remembered.
	maxHosts = 1 << 16
	// relink is how old, in nanoseconds, a connection's place in the order of
	// quietness may be.
	relink = int64(1e9)
	// linger is how long, in nanoseconds, a connection that is over stays in the
	// table: what is still on its way finds all of it, later ones its numbers. That
	// keeps the table as small as what lives.
	linger = int64(1e9)
	// copyWindow is how far apart, in nanoseconds, two sightings of one packet
	// can be (causes.md, 4.2, step 1).
	copyWindow = int64(2e6)
	// radioWindow is the same where the packet's IP identification tells it from
	// one that was sent again: a radio network's repeaters take their time.
	radioWindow = int64(50e6)
	// lateWindow is how late, in nanoseconds, a reordered segment can come; what
	// fills a hole later was sent again.
	lateWindow = int64(100e6)
	// jump is how far beyond the highest number seen a segment can begin when the
	// window is not known.
	jump = 1 << 28
)

// A Table holds the connections of one capture. One goroutine uses it.
type Table struct {
	MaxConns  int              // 0: DefaultConns
	Ended     func(*Conn)      // called when a connection leaves the table; it is not kept
	Busy      func(*Conn) bool // says that a connection can't leave yet
	Forgotten int              // connections of which nothing is kept, for want of room
	Count     int              // connections ever

	index        index
	conns        []*Conn // by reference-1
	spare        []int32 // references that are free
	pasts        []past  // a ring, by -reference-1
	nextPast     int
	hosts        map[[16]byte]*Host
	open, closed list // connections in the table, those quiet longest first
	live         int
}

// A list links connections.
type list struct {
	oldest, newest *Conn
}

// A past is a connection that left.
type past struct {
	key  Key
	hash uint32
	Past // empty: it came back
}

// A Step is one segment in its connection.
type Step struct {
	Conn *Conn
	From int // the side that sent it
	Seg  Segment
	New  bool // it began the connection
}

// Find classifies a TCP segment: it finds or begins its connection and sets
// the marks that tell how the segment stands to what came before. The
// connection is not changed yet: see Apply.
func (t *Table) Find(frame uint32, time int64, in *packet.Info, st *Step) {
	key, from := keyOf(in)
	st.From, st.New = from, false
	st.Seg.read(frame, time, in)
	hash := t.index.hash(&key)
	var c *Conn
	switch ref := t.find(hash, &key); {
	case ref > 0:
		c = t.conns[ref-1]
	case ref < 0:
		c = t.again(ref, &key, in)
	}
	switch {
	case c == nil:
		st.New = true
		c = t.begin(hash, &key, from, &st.Seg, in)
	case begins(c, from, &st.Seg):
		was := c.past()
		t.drop(c)
		st.New = true
		c = t.begin(hash, &key, from, &st.Seg, in)
		c.Past = was
	}
	st.Conn = c
	c.classify(from, &st.Seg, in)
}

// find gives the reference of a key, 0 where there is none.
func (t *Table) find(hash uint32, key *Key) int32 {
	slots := t.index.slots
	if len(slots) == 0 {
		return 0
	}
	mask := uint32(len(slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := slots[i]
		switch {
		case s.ref == 0:
			return 0
		case s.hash != hash:
		case s.ref > 0 && t.conns[s.ref-1].Key == *key, s.ref < 0 && t.pasts[-s.ref-1].key == *key:
			return s.ref
		}
	}
}

// again takes a connection back that had left the table.
func (t *Table) again(ref int32, key *Key, in *packet.Info) *Conn {
	p := &t.pasts[-ref-1]
	hash, was := p.hash, p.Past
	t.forget(ref)
	c := t.take(hash, key, in)
	c.recall(&was)
	return c
}

// forget drops a past connection.
func (t *Table) forget(ref int32) {
	p := &t.pasts[-ref-1]
	t.index.remove(p.hash, ref)
	p.Past = Past{}
}

// begins tells whether a segment begins another connection on the endpoints
// of c: a SYN with a new number (as Wireshark has it).
func begins(c *Conn, from int, s *Segment) bool {
	if s.Flags&(segment.SYN|segment.ACK|segment.RST) != segment.SYN {
		return false
	}
	me := &c.Sides[from]
	return me.Packets+me.Resets > 0 && me.First != s.Seq
}

// begin makes a connection.
func (t *Table) begin(hash uint32, key *Key, from int, s *Segment, in *packet.Info) *Conn {
	c := t.take(hash, key, in)
	c.ID = t.Count
	c.FirstFrame, c.FirstTime, c.LastTime = s.Frame, s.Time, s.Time
	for i := range c.Sides {
		c.Sides[i].Scale = -1
	}
	switch {
	case s.Flags&(segment.SYN|segment.ACK|segment.RST) == segment.SYN:
		c.Orig, c.Seen = from, true
	case s.Flags&(segment.SYN|segment.ACK|segment.RST) == segment.SYN|segment.ACK:
		c.Orig, c.Seen = 1-from, true
	default:
		c.assume(from)
	}
	t.Count++
	return c
}

// take gives an empty connection for a key, in the table.
func (t *Table) take(hash uint32, key *Key, in *packet.Info) *Conn {
	if t.MaxConns == 0 {
		t.MaxConns = DefaultConns
	}
	for t.live >= t.MaxConns && t.evict() {
	}
	var ref int32
	if n := len(t.spare); n > 0 {
		ref = t.spare[n-1]
		t.spare = t.spare[:n-1]
		*t.conns[ref-1] = Conn{}
	} else {
		t.conns = append(t.conns, new(Conn))
		ref = int32(len(t.conns))
	}
	c := t.conns[ref-1]
	c.Key, c.Tunnel, c.V6, c.hash, c.ref = *key, in.Tunnel, in.V6, hash, ref
	c.Sides[0].Host = t.host(key.A)
	c.Sides[1].Host = t.host(key.B)
	t.index.put(hash, ref)
	t.live++
	t.link(c)
	return c
}

// host gives the host of an address; past the bound one that nobody else sees.
func (t *Table) host(a [16]byte) *Host {
	h := t.hosts[a]
	if h == nil {
		h = new(Host)
		if t.hosts == nil {
			t.hosts = make(map[[16]byte]*Host)
		}
		if len(t.hosts) < maxHosts {
			t.hosts[a] = h
		}
	}
	return h
}

// evict takes a connection out of the table, and keeps its numbers: one that is
// over, else the one that was quiet longest and can leave.
func (t *Table) evict() bool {
	for _, l := range [...]*list{&t.closed, &t.open} {
		for c := l.oldest; c != nil; c = c.newer {
			if t.Busy == nil || !t.Busy(c) {
				t.leave(c)
				return true
			}
		}
	}
	return false
}

// leave takes a connection out of the table and keeps its numbers.
func (t *Table) leave(c *Conn) {
	key, hash, was := c.Key, c.hash, c.past()
	t.drop(c)
	t.keep(&key, hash, was)
}

// keep remembers the numbers of a connection that left.
func (t *Table) keep(key *Key, hash uint32, was Past) {
	if len(t.pasts) < maxPasts {
		t.pasts = append(t.pasts, past{})
		t.nextPast = len(t.pasts) - 1
	} else {
		t.nextPast = (t.nextPast + 1) % maxPasts
	}
	ref := int32(-t.nextPast - 1)
	if t.pasts[t.nextPast].Exists() {
		t.Forgotten++
		t.forget(ref)
	}
	t.pasts[t.nextPast] = past{*key, hash, was}
	t.index.put(hash, ref)
}

// Close drops all connections, those quiet longest first.
func (t *Table) Close() {
	for _, l := range [...]*list{&t.closed, &t.open} {
		for l.oldest != nil {
			t.drop(l.oldest)
		}
	}
}

// drop lets a connection go.
func (t *Table) drop(c *Conn) {
	if t.Ended != nil {
		t.Ended(c)
	}
	t.unlink(c)
	t.index.remove(c.hash, c.ref)
	t.live--
	c.ended = true
	if t.Busy != nil && t.Busy(c) {
		t.conns[c.ref-1] = new(Conn) // somebody still looks at the old one
	}
	t.spare = append(t.spare, c.ref)
}

// Gone tells whether the connection has left the table.
func (c *Conn) Gone() bool { return c.ended }

// link puts a connection at the end of its list.
func (t *Table) link(c *Conn) {
	l := t.listOf(c)
	c.linked = c.LastTime
	c.older, c.newer = l.newest, nil
	if l.newest != nil {
		l.newest.newer = c
	} else {
		l.oldest = c
	}
	l.newest = c
}

func (t *Table) unlink(c *Conn) {
	l := t.listOf(c)
	if c.older != nil {
		c.older.newer = c.newer
	} else {
		l.oldest = c.newer
	}
	if c.newer != nil {
		c.newer.older = c.older
	} else {
		l.newest = c.older
	}
	c.older, c.newer = nil, nil
}

func (t *Table) listOf(c *Conn) *list {
	if c.over {
		return &t.closed
	}
	return &t.open
}

// Apply brings the connection up to date with the segment of a Find.
func (t *Table) Apply(st *Step, in *packet.Info) {
	c := st.Conn
	c.apply(st.From, &st.Seg, in)
	if over := c.isOver(); over != c.over || c.LastTime-c.linked > relink {
		t.unlink(c)
		c.over = over
		t.link(c)
	}
	// Two at once, since each packet can end one at most.
	for range 2 {
		old := t.closed.oldest
		if old == nil || c.LastTime-old.linked <= linger {
			break
		}
		if t.Busy == nil || !t.Busy(old) {
			t.leave(old)
			continue
		}
		t.unlink(old)
		t.link(old)
		old.linked = c.LastTime
		break
	}
}

// isOver tells whether the connection was closed by both sides, or reset.
func (c *Conn) isOver() bool {
	a, b := &c.Sides[0], &c.Sides[1]
	return c.NumResets > c.Revived || a.Knows(HasFIN|FINAcked) && b.Knows(HasFIN|FINAcked)
}

// Lookup finds the connection that an ICMP error quotes; nil where there is
// none.
func (t *Table) Lookup(in *packet.Info) (c *Conn, from int) {
	key, from := keyOf(in)
	ref := t.find(t.index.hash(&key), &key)
	if ref == 0 && key.Tunnel != 0 {
		key.Tunnel = 0
		ref = t.find(t.index.hash(&key), &key)
	}
	if ref <= 0 {
		return nil, from
	}
	return t.conns[ref-1], from
}
