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
	// maxPasts is of how many connections numbers are kept, at least.
	maxPasts = 1 << 18
	// maxHosts is how many addresses are remembered.
	maxHosts = 1 << 16
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

	conns          map[Key]*Conn
	pasts, older   map[Key]Past // of connections that left; older is dropped when pasts is full
	hosts          map[[16]byte]*Host
	oldest, newest *Conn
	free           *Conn
	live           int
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
	*st = Step{From: from}
	st.Seg.read(frame, time, in)
	c := t.conns[key]
	if c == nil {
		c = t.again(key, &st.Seg, in)
	}
	switch {
	case c == nil:
		st.New = true
		c = t.begin(key, from, &st.Seg, in)
	case begins(c, from, &st.Seg):
		past := c.past()
		t.drop(c)
		st.New = true
		c = t.begin(key, from, &st.Seg, in)
		c.Past = past
	}
	st.Conn = c
	c.classify(from, &st.Seg, in)
}

// again finds a connection that had left the table.
func (t *Table) again(key Key, s *Segment, in *packet.Info) *Conn {
	p, ok := t.pasts[key]
	if ok {
		delete(t.pasts, key)
	} else if p, ok = t.older[key]; ok {
		delete(t.older, key)
	} else {
		return nil
	}
	c := t.take(key, in)
	c.recall(&p)
	return c
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
func (t *Table) begin(key Key, from int, s *Segment, in *packet.Info) *Conn {
	c := t.take(key, in)
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
func (t *Table) take(key Key, in *packet.Info) *Conn {
	if t.conns == nil {
		t.conns = make(map[Key]*Conn)
		t.pasts = make(map[Key]Past)
		t.hosts = make(map[[16]byte]*Host)
		if t.MaxConns == 0 {
			t.MaxConns = DefaultConns
		}
	}
	for t.live >= t.MaxConns && t.evict() {
	}
	c := t.free
	if c == nil {
		c = new(Conn)
	} else {
		t.free = c.newer
		*c = Conn{}
	}
	c.Key, c.Tunnel, c.V6 = key, in.Tunnel, in.V6
	c.Sides[0].Host = t.host(key.A)
	c.Sides[1].Host = t.host(key.B)
	t.conns[key] = c
	t.live++
	t.link(c)
	return c
}

// host gives the host of an address; past the bound one that nobody else sees.
func (t *Table) host(a [16]byte) *Host {
	h := t.hosts[a]
	if h == nil {
		h = new(Host)
		if len(t.hosts) < maxHosts {
			t.hosts[a] = h
		}
	}
	return h
}

// evict drops the connection that was quiet longest and can leave.
func (t *Table) evict() bool {
	for c := t.oldest; c != nil; c = c.newer {
		if t.Busy == nil || !t.Busy(c) {
			t.keep(c)
			t.drop(c)
			return true
		}
	}
	return false
}

// keep remembers the numbers of a connection that leaves.
func (t *Table) keep(c *Conn) {
	if len(t.pasts) >= maxPasts {
		t.Forgotten += len(t.older)
		t.older, t.pasts = t.pasts, make(map[Key]Past)
	}
	t.pasts[c.Key] = c.past()
}

// Close drops all connections, those quiet longest first.
func (t *Table) Close() {
	for t.oldest != nil {
		t.drop(t.oldest)
	}
}

// drop lets a connection go.
func (t *Table) drop(c *Conn) {
	if t.Ended != nil {
		t.Ended(c)
	}
	t.unlink(c)
	delete(t.conns, c.Key)
	t.live--
	c.ended = true
	if t.Busy == nil || !t.Busy(c) {
		c.newer, t.free = t.free, c
	}
}

// Gone tells whether the connection has left the table.
func (c *Conn) Gone() bool { return c.ended }

func (t *Table) link(c *Conn) {
	c.older, c.newer = t.newest, nil
	if t.newest != nil {
		t.newest.newer = c
	} else {
		t.oldest = c
	}
	t.newest = c
}

func (t *Table) unlink(c *Conn) {
	if c.older != nil {
		c.older.newer = c.newer
	} else {
		t.oldest = c.newer
	}
	if c.newer != nil {
		c.newer.older = c.older
	} else {
		t.newest = c.older
	}
	c.older, c.newer = nil, nil
}

// Apply brings the connection up to date with the segment of a Find.
func (t *Table) Apply(st *Step, in *packet.Info) {
	c := st.Conn
	c.apply(st.From, &st.Seg, in)
	if t.newest != c && !c.ended {
		t.unlink(c)
		t.link(c)
	}
}

// Lookup finds the connection of an address pair that an ICMP error quotes;
// nil where there is none.
func (t *Table) Lookup(in *packet.Info) (c *Conn, from int) {
	key, from := keyOf(in)
	if c = t.conns[key]; c == nil && key.Tunnel != 0 {
		key.Tunnel = 0
		c = t.conns[key]
	}
	return c, from
}

// Each calls f for each connection in the table, those quiet longest first.
func (t *Table) Each(f func(*Conn)) {
	for c := t.oldest; c != nil; c = c.newer {
		f(c)
	}
}
