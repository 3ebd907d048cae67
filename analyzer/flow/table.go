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
	// maxPasts is of how many more connections the numbers are kept, minPasts of how
	// many even if they are over and beyond the look-back.
	maxPasts = 1 << 17
	minPasts = 1 << 16
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
	// Reordering is the most, in nanoseconds, by which the stamps of packets can
	// be out of order where a capture has several queues (causes.md, 4.3).
	Reordering = int64(10e6)
	// jump is how far beyond the highest number seen a segment can begin when the
	// window is not known.
	jump = 1 << 28
)

// A Table holds the connections of one capture. One goroutine uses it.
type Table struct {
	MaxConns  int                // 0: DefaultConns
	Ended     func(*Entry, *End) // called when a connection leaves the table; neither is kept
	Forgotten int                // connections of which nothing is kept, for want of room; not those that were over and beyond the look-back
	Count     int                // connections ever

	byKey   index     // of entries; apart from that of pasts, since it is small and stays near
	entries [][]Entry // by reference, in pages
	used    int32     // references ever
	spare   []int32   // those that are free; the last one first, whose memory the processor still has at hand
	held    []int32   // those that left while resets waited, and are free once none does

	accounts []*Conn // not used now
	blanks   []Conn  // not used yet
	end      End     // of the last connection that left

	open, over queue // of entries
	turns      turns

	pastByKey index // of pasts
	pasts     pasts

	hosts  []*Host
	byAddr index   // of hosts
	nobody Host    // of packets that their hosts know already
	now    int64   // the latest time seen
	first  Opening // of a connection whose SYN was not captured

	warmed int64
}

// Entries are kept in pages, so that their number can grow without a copy, and
// small captures need little.
const entriesInPage = 1 << 7

// entry gives a connection of the table.
func (t *Table) entry(ref int32) *Entry {
	return &t.entries[uint32(ref)/entriesInPage][uint32(ref)%entriesInPage]
}

// A Step is one segment in its connection.
type Step struct {
	*Packet
	opening *Opening
	Entry   *Entry
	Conn    *Conn        // before the segment; nil with a plain one
	Info    *packet.Info // of a Special packet
	From    int          // the side that sent it
	New     bool         // it began the connection
}

// Find classifies a TCP segment: it finds or begins its connection and sets
// the marks that tell how the segment stands to what came before. The
// connection is not changed yet: see Apply. Where a packet does not hold enough,
// as a Special one or the first of a connection whose SYN was not captured, look
// decodes it. o is nil of a packet that Opens nothing.
func (t *Table) Find(s *Packet, o *Opening, look func() *packet.Info, st *Step) {
	from := int(s.Seg.from)
	*st = Step{Packet: s, opening: o, From: from}
	if s.Special() {
		st.Info = look()
	}
	t.now = max(t.now, s.Seg.Time)
	e, was := t.find(s.pair)
	if o == nil {
		st.opening = &t.first
		if e == nil {
			t.first.read(look())
		}
	}
	if was != nil {
		e = t.again(was, st)
	}
	switch {
	case e == nil:
		st.New = true
		e = t.begin(s, st.opening)
		st.Conn = t.full(e, st)
	case e.begins(&s.Seg):
		t.drop(e)
		was := t.end.Past
		st.New = true
		e = t.begin(s, st.opening)
		st.Conn = t.full(e, st)
		st.Conn.Past = was
	default:
		st.Conn = t.account(e)
	}
	st.Entry = e
	st.Conn.classify(from, &st.Seg)
}

// full gives the account of a connection that begins with a segment.
func (t *Table) full(e *Entry, st *Step) *Conn {
	c := t.account(e)
	if st.is&tunnelled != 0 {
		c.Tunnel = st.Info.Tunnel
	}
	return c
}

// find gives the connection of a pair of endpoints; or, where it had left the
// table, what was kept of it; nil for both where there is none.
func (t *Table) find(pair uint64) (*Entry, *past) {
	hash := uint32(pair)
	for i := t.byKey.first(hash); ; i = t.byKey.next(i) {
		ref, same := t.byKey.at(i, hash)
		if ref == none {
			return nil, t.findPast(pair)
		}
		if same {
			if e := t.entry(ref); e.pair == pair {
				return e, nil
			}
		}
	}
}

// findPast gives the past connection of a pair of endpoints, nil where there is
// none.
func (t *Table) findPast(pair uint64) *past {
	hash := uint32(pair)
	for i := t.pastByKey.first(hash); ; i = t.pastByKey.next(i) {
		ref, same := t.pastByKey.at(i, hash)
		if ref == none {
			return nil
		}
		if same {
			if p := t.pasts.get(ref); p.pair == pair {
				return p
			}
		}
	}
}

// again takes a connection back that had left the table.
func (t *Table) again(p *past, st *Step) *Entry {
	was := p.Past
	t.forget(p)
	e := t.take(st.Packet, st.opening)
	e.firstTime, e.ID, e.firstFrame = was.LastTime, int(was.ID), was.FirstFrame
	c := t.full(e, st)
	c.recall(&was)
	e.sum(c)
	return e
}

// forget drops a past connection.
func (t *Table) forget(p *past) {
	t.pastByKey.remove(uint32(p.pair), p.ref)
	p.Past = Past{}
}

// begins tells whether a segment begins another connection on the endpoints:
// a SYN with a new number (as Wireshark has it). One that was overtaken by the
// first packets behind it does not: its number is right below theirs.
func (e *Entry) begins(s *Segment) bool {
	if s.Flags&(segment.SYN|segment.ACK|segment.RST) != segment.SYN {
		return false
	}
	me, peer, first := &e.sides[s.from&1], &e.sides[^s.from&1], e.outsets[s.from&1].first
	if me.packets == 0 || first == s.Seq {
		return false
	}
	overtaken := me.is&toldSYN == 0 && s.Time-e.firstTime <= Reordering &&
		(first.In(s.Seq+1, s.Seq+1<<16) || peer.is&(toldSYNACK|toldAck) == toldSYNACK|toldAck && peer.ack.In(s.Seq+1, s.Seq+1<<16))
	return !overtaken
}

// begin makes a connection.
func (t *Table) begin(x *Packet, o *Opening) *Entry {
	s := &x.Seg
	e := t.take(x, o)
	e.ID = t.Count
	e.firstFrame, e.firstTime, e.lastTime = s.Frame, s.Time, s.Time
	switch {
	case s.Flags&(segment.SYN|segment.ACK|segment.RST) == segment.SYN:
		e.orig, e.seen = s.from, true
	case s.Flags&(segment.SYN|segment.ACK|segment.RST) == segment.SYN|segment.ACK:
		e.orig, e.seen = 1-s.from, true
	default:
		e.orig = e.key.assume(s.from)
	}
	t.Count++
	return e
}

// take gives an empty connection for a segment, in the table.
func (t *Table) take(x *Packet, o *Opening) *Entry {
	if t.MaxConns == 0 {
		t.MaxConns = DefaultConns
	}
	if t.over.n >= maxOver {
		t.evict(&t.over, fewTries)
	}
	for t.live() >= t.MaxConns && (t.evict(&t.over, 2*t.over.n) || t.evict(&t.open, 2*t.open.n)) {
	}
	ref := t.free()
	e := t.entry(ref)
	e.reset()
	e.pair, e.key, e.v6, e.ref = x.pair, o.key, o.v6, ref
	e.hosts[0], e.hosts[1] = t.host(&e.key.A), t.host(&e.key.B)
	t.byKey.put(uint32(e.pair), ref)
	t.enqueue(e)
	return e
}

// free gives a reference that is free.
func (t *Table) free() (ref int32) {
	if len(t.held) > 0 && t.entry(t.held[0]).Pending == 0 {
		ref, t.held = t.held[0], t.held[1:]
		return ref
	}
	if n := len(t.spare); n > 0 {
		ref, t.spare = t.spare[n-1], t.spare[:n-1]
		return ref
	}
	if t.used%entriesInPage == 0 {
		t.entries = append(t.entries, make([]Entry, entriesInPage))
	}
	t.used++
	return t.used - 1
}

// blank gives an empty account.
func (t *Table) blank() *Conn {
	if n := len(t.accounts); n > 0 {
		c := t.accounts[n-1]
		t.accounts = t.accounts[:n-1]
		*c = Conn{}
		return c
	}
	if len(t.blanks) == 0 {
		t.blanks = make([]Conn, 32) // of a size that the allocator does not round up
	}
	c := &t.blanks[0]
	t.blanks = t.blanks[1:]
	return c
}

// live is how many connections are followed in full.
func (t *Table) live() int { return t.open.n + t.over.n }

// host gives the host of an address; past the bound one that nobody else sees.
func (t *Table) host(a *[16]byte) *Host {
	hash := hashOf(a)
	for i := t.byAddr.first(hash); ; i = t.byAddr.next(i) {
		ref, same := t.byAddr.at(i, hash)
		if ref == none {
			break
		}
		if h := t.hosts[ref]; same && h.addr == *a {
			return h
		}
	}
	h := &Host{addr: *a}
	if len(t.hosts) < maxHosts {
		t.byAddr.put(hash, int32(len(t.hosts)))
		t.hosts = append(t.hosts, h)
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
		e := t.entry(x.ref)
		if e.lastTime == x.seen && e.Pending == 0 {
			t.drop(e)
			t.keep(e)
			return true
		}
		q.leave(x.ref, &t.turns)
		t.enqueue(e)
	}
	return false
}

// enqueue puts a connection, which is in neither queue, into the right one.
func (t *Table) enqueue(e *Entry) { t.queue(e).put(e, &t.turns) }

// requeue notes whether a connection is over, and puts it into the right queue.
func (t *Table) requeue(e *Entry, over bool) {
	t.queue(e).leave(e.ref, &t.turns)
	e.over = over
	t.enqueue(e)
}

// queue gives the one that a connection is in.
func (t *Table) queue(e *Entry) *queue {
	if e.over {
		return &t.over
	}
	return &t.open
}

// keep remembers the numbers of a connection that has just left.
func (t *Table) keep(e *Entry) {
	p, used := t.pasts.next(&t.end.Past, t.now)
	if used && p.Exists() {
		if !p.over() || t.now-p.LastTime < lookBack {
			t.Forgotten++
		}
		t.forget(p)
	}
	p.pair, p.Past = e.pair, t.end.Past
	t.pastByKey.put(uint32(e.pair), p.ref)
}

// Close drops all connections.
func (t *Table) Close() {
	for _, q := range []*queue{&t.over, &t.open} {
		for q.n > 0 {
			t.drop(t.entry(q.first(&t.turns).ref))
		}
	}
}

// drop lets a connection go, and leaves in t.end what is to be kept of it.
func (t *Table) drop(e *Entry) {
	if e.conn == nil {
		e.end(&t.end)
	} else {
		t.settle(e)
		e.conn.end(&t.end)
	}
	if t.Ended != nil {
		t.Ended(e, &t.end)
	}
	t.queue(e).leave(e.ref, &t.turns)
	t.byKey.remove(uint32(e.pair), e.ref)
	if e.conn != nil {
		t.accounts = append(t.accounts, e.conn)
		e.conn = nil
	}
	if e.Pending > 0 { // somebody still looks at it
		t.held = append(t.held, e.ref)
	} else {
		t.spare = append(t.spare, e.ref)
	}
}

// Account gives the full account of a connection that is in the table.
func (t *Table) Account(e *Entry) *Conn { return t.account(e) }

// Apply brings the connection up to date with the segment of a Find.
func (t *Table) Apply(st *Step) {
	e, c := st.Entry, st.Conn
	c.apply(st.From, st.Packet, &st.opening.offer, st.Info)
	e.sum(c)
	if over := c.Over(); over != e.over {
		t.requeue(e, over)
	}
}

// Lookup finds the connection that an ICMP error quotes; nil where there is
// none.
func (t *Table) Lookup(in *packet.Info) (c *Conn, from int) {
	var key Key
	from = key.read(in)
	e, _ := t.find(key.pair())
	if e == nil && key.Tunnel != 0 {
		key.Tunnel = 0
		e, _ = t.find(key.pair())
	}
	if e == nil {
		return nil, from
	}
	return t.account(e), from
}
