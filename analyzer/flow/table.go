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
	DefaultConns = 12 << 10
	// maxOver is how many of them may be over.
	maxOver = 1 << 11
	// maxPasts is of how many more connections the numbers are kept.
	maxPasts = 1 << 17
	// lookBack is how long, in nanoseconds, a connection that is over has to be
	// known: as long as a stack keeps one in TIME-WAIT, 2 MSL with RFC 9293's MSL
	// of two minutes.
	lookBack = int64(240e9)
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
	Forgotten int              // connections of which nothing is kept, for want of room; not those that were over and beyond the look-back
	Count     int              // connections ever

	index index   // of conns
	conns []*Conn // by reference
	fresh []Conn  // not used yet
	spare []int32 // references that are free; the last one first, whose memory the processor still has at hand

	open, over queue // of conns
	turns      turns

	left     index       // of pasts
	pasts    []*pastPage // a ring
	nextPast int

	hosts map[[16]byte]*Host
	now   int64 // the latest time seen

	warmed int64
}

// A past is a connection that left.
type past struct {
	key  Key
	hash uint32
	Past // empty: it came back
}

// Pasts are kept by pages, so that their number can grow without a copy.
type pastPage [1 << 10]past

// past gives a past connection.
func (t *Table) past(ref int32) *past {
	return &t.pasts[ref/int32(len(pastPage{}))][ref%int32(len(pastPage{}))]
}

// A Step is one segment in its connection.
type Step struct {
	*Packet
	Conn *Conn
	From int  // the side that sent it
	New  bool // it began the connection
}

// Find classifies a TCP segment: it finds or begins its connection and sets
// the marks that tell how the segment stands to what came before. The
// connection is not changed yet: see Apply.
func (t *Table) Find(s *Packet, in *packet.Info, st *Step) {
	from := int(s.from)
	*st = Step{Packet: s, From: from}
	t.now = max(t.now, s.Seg.Time)
	c := t.find(s.hash, &s.key)
	if c == nil {
		c = t.again(s, in)
	}
	switch {
	case c == nil:
		st.New = true
		c = t.begin(s, in)
	case begins(c, from, &s.Seg):
		was := c.past()
		t.drop(c)
		st.New = true
		c = t.begin(s, in)
		c.Past = was
	}
	st.Conn = c
	c.classify(from, &st.Seg)
}

// find gives the connection with a key, nil where there is none.
func (t *Table) find(hash uint32, key *Key) *Conn {
	for i := t.index.first(hash); ; i = t.index.next(i) {
		ref, same, ok := t.index.at(i, hash)
		if !ok {
			return nil
		}
		if same && t.conns[ref].Key == *key {
			return t.conns[ref]
		}
	}
}

// again takes a connection back that had left the table, nil where there is
// none.
func (t *Table) again(x *Packet, in *packet.Info) *Conn {
	hash, key := x.hash, &x.key
	for i := t.left.first(hash); ; i = t.left.next(i) {
		ref, same, ok := t.left.at(i, hash)
		if !ok {
			return nil
		}
		if same && t.past(ref).key == *key {
			was := t.past(ref).Past
			t.forget(ref)
			c := t.take(x, in)
			c.recall(&was)
			return c
		}
	}
}

// forget drops a past connection.
func (t *Table) forget(ref int32) {
	p := t.past(ref)
	t.left.remove(p.hash, ref)
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
func (t *Table) begin(x *Packet, in *packet.Info) *Conn {
	from, s := int(x.from), &x.Seg
	c := t.take(x, in)
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

// take gives an empty connection for a segment, in the table.
func (t *Table) take(x *Packet, in *packet.Info) *Conn {
	if t.MaxConns == 0 {
		t.MaxConns = DefaultConns
	}
	if t.over.n >= maxOver {
		t.evict(&t.over, fewTries)
	}
	for t.live() >= t.MaxConns && (t.evict(&t.over, 2*t.over.n) || t.evict(&t.open, 2*t.open.n)) {
	}
	var ref int32
	if n := len(t.spare); n > 0 {
		ref = t.spare[n-1]
		t.spare = t.spare[:n-1]
		*t.conns[ref] = Conn{}
	} else {
		ref = int32(len(t.conns))
		t.conns = append(t.conns, t.blank())
	}
	c := t.conns[ref]
	c.Key, c.V6, c.hash, c.ref = x.key, x.v6, x.hash, ref
	if x.tunnelled {
		c.Tunnel = in.Tunnel
	}
	c.Sides[0].Host = t.host(c.Key.A)
	c.Sides[1].Host = t.host(c.Key.B)
	t.index.put(c.hash, ref)
	t.enqueue(c)
	return c
}

// blank gives memory for a connection.
func (t *Table) blank() *Conn {
	if len(t.fresh) == 0 {
		t.fresh = make([]Conn, 32)
	}
	c := &t.fresh[0]
	t.fresh = t.fresh[1:]
	return c
}

// live is how many connections are followed in full.
func (t *Table) live() int { return t.open.n + t.over.n }

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

// fewTries is how many connections are asked whether they can leave where that
// is not urgent.
const fewTries = 4

// evict takes the connection of a queue that was quiet longest and can leave
// out of the table, and keeps its numbers. It tries some only.
func (t *Table) evict(q *queue, tries int) bool {
	for ; q.n > 0 && tries > 0; tries-- {
		x := q.first(&t.turns)
		c := t.conns[x.ref]
		if c.LastTime == x.seen && (t.Busy == nil || !t.Busy(c)) {
			key, hash, was := c.Key, c.hash, c.past()
			t.drop(c)
			t.keep(&key, hash, was)
			return true
		}
		q.leave(x.ref, &t.turns)
		t.enqueue(c)
	}
	return false
}

// enqueue puts a connection, which is in neither queue, into the right one.
func (t *Table) enqueue(c *Conn) {
	c.over = c.Over()
	t.queue(c).put(c, &t.turns)
}

// queue gives the one that a connection is in.
func (t *Table) queue(c *Conn) *queue {
	if c.over {
		return &t.over
	}
	return &t.open
}

// keep remembers the numbers of a connection that left.
func (t *Table) keep(key *Key, hash uint32, was Past) {
	if t.nextPast == len(t.pasts)*len(pastPage{}) {
		t.pasts = append(t.pasts, new(pastPage))
	}
	ref := int32(t.nextPast)
	t.nextPast = (t.nextPast + 1) % maxPasts
	p := t.past(ref)
	if p.Exists() {
		if !p.over() || t.now-p.LastTime < lookBack {
			t.Forgotten++
		}
		t.forget(ref)
	}
	*p = past{*key, hash, was}
	t.left.put(hash, ref)
}

// Close drops all connections.
func (t *Table) Close() {
	for _, q := range []*queue{&t.over, &t.open} {
		for q.n > 0 {
			t.drop(t.conns[q.first(&t.turns).ref])
		}
	}
}

// drop lets a connection go.
func (t *Table) drop(c *Conn) {
	if t.Ended != nil {
		t.Ended(c)
	}
	t.queue(c).leave(c.ref, &t.turns)
	t.index.remove(c.hash, c.ref)
	c.ended = true
	if t.Busy != nil && t.Busy(c) {
		t.conns[c.ref] = t.blank() // somebody still looks at the old one
	}
	t.spare = append(t.spare, c.ref)
}

// Gone tells whether the connection has left the table.
func (c *Conn) Gone() bool { return c.ended }

// Apply brings the connection up to date with the segment of a Find.
func (t *Table) Apply(st *Step, in *packet.Info) {
	c := st.Conn
	c.apply(st.From, st.Packet, in)
	if c.Over() != c.over {
		t.queue(c).leave(c.ref, &t.turns)
		t.enqueue(c)
	}
}

// Lookup finds the connection that an ICMP error quotes; nil where there is
// none.
func (t *Table) Lookup(in *packet.Info) (c *Conn, from int) {
	var key Key
	from = key.read(in)
	c = t.find(key.hash(), &key)
	if c == nil && key.Tunnel != 0 {
		key.Tunnel = 0
		c = t.find(key.hash(), &key)
	}
	return c, from
}
