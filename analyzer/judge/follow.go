package judge

import (
	"net/netip"
	"slices"

	"rstlab/analyzer/flow"
	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

// Limits of the queue of resets that wait for what comes after them.
const (
	// patience is how long, in nanoseconds of capture time, a verdict waits for
	// evidence that follows the reset (causes.md, 4.1).
	patience = int64(3e9)
	// maxSums is of how many packets of a host the checksum is looked at, to know
	// whether it leaves them to its network card.
	maxSums = 8
	// maxPending is how many resets wait at once.
	maxPending = 2048
)

// A Follower follows the connections of one capture point, and tells a Judge
// what it must know to judge their resets. Tell it where to put that, let it
// Follow the packets in their order, then End it. One goroutine uses it; the
// Judge may be used by another.
type Follower struct {
	At    netip.Addr                   // the host at which the capture was taken, where that is told
	Ended func(*flow.Entry, *flow.End) // called for each connection that is over; neither is kept
	Drops bool                         // the capture says that it lost packets
	Log   *Log                         // where set, it keeps what Correlate needs

	Flows flow.Table
	Flood uint32 // resets judged before their time, for want of room

	begun      bool
	began0     int64 // the first packet's time
	now        int64 // the latest time seen
	events     *Events
	blanks     []*Case
	queue      []*Case         // those that have no verdict yet
	waiting    map[int][]*Case // the same by connection
	tries      ring[try]
	multipaths multipaths
	step       flow.Step
	next       flow.Packet
	opening    flow.Opening // of next
}

// Follow takes the next packet, which was read ahead. Most packets need no more
// than was read; look decodes the whole of one that does. o is nil of a packet that
// Opens nothing. What it brings is added
// to the Events of Tell.
func (f *Follower) Follow(s *flow.Packet, o *flow.Opening, look func() *packet.Info) {
	time := s.Seg.Time
	if !f.begun {
		f.begun, f.began0 = true, time
		f.waiting = map[int][]*Case{}
		f.Flows.Ended = f.gone
	}
	f.now = max(f.now, time)
	switch s.Kind {
	case packet.TCP:
		f.segment(s, o, look)
	case packet.TCPRest:
		f.rest(s, o)
	case packet.ICMPError:
		f.icmp(s.Seg.Frame, time, look())
	}
	for len(f.queue) > 0 && (f.queue[0].R.Time+patience < f.now || len(f.queue) > maxPending) {
		if f.queue[0].R.Time+patience >= f.now {
			f.Flood++
		}
		f.settle()
	}
}

// End tells what is still to be judged, and lets all connections go.
func (f *Follower) End() {
	for len(f.queue) > 0 {
		f.settle()
	}
	f.Flows.Close()
}

// Tell lets what comes be added to e, which the Judge has heard, or is new.
func (f *Follower) Tell(e *Events) {
	f.events = e
	f.blanks = append(f.blanks, e.spent...)
	clear(e.spent)
	e.spent = e.spent[:0]
}

// segment takes a TCP segment.
func (f *Follower) segment(s *flow.Packet, o *flow.Opening, look func() *packet.Info) {
	st := &f.step
	if f.Flows.Plain(s, o, st) {
		if f.Log != nil {
			f.Log.add(st, look())
		}
		f.sum(st, look)
		f.course(st)
		return
	}
	f.Flows.Find(s, o, look, st)
	e, in := st.Entry, st.Info
	if f.Log != nil {
		f.Log.add(st, look())
	}
	if e.Pending > 0 {
		f.observe(st, look)
	}
	var k *Case
	if st.Seg.Is(segment.RST) && !st.Seg.Has(flow.Copy) {
		k = f.newCase(st, in)
	}
	f.sum(st, look)
	f.Flows.Apply(st)
	if in != nil {
		f.multipaths.read(st.Conn, &st.Seg, in)
	}
	f.course(st)
	if k != nil {
		f.came(k, e)
	}
}

// rest takes a later fragment of a segment: more of its bytes, and nothing else.
func (f *Follower) rest(s *flow.Packet, o *flow.Opening) {
	st := &f.step
	if f.Flows.Plain(s, o, st) {
		return
	}
	f.Flows.Find(s, o, nil, st)
	if st.Entry.Pending > 0 {
		f.observe(st, nil)
	}
	f.Flows.Apply(st)
}

// sum looks at the checksums of a host's first packets.
func (f *Follower) sum(st *flow.Step, look func() *packet.Info) {
	if h := st.Entry.Host(st.From); h.Sums < maxSums && !st.Seg.Is(segment.RST) {
		h.Sums++
		h.GoodSums = h.GoodSums || look().Checksum() == packet.SumGood
	}
}

// course tells of an attempt that begins, or how far one has come.
func (f *Follower) course(st *flow.Step) {
	e := st.Entry
	if st.New {
		f.began(st)
	} else if e.Slot != 0 {
		if now, was := e.Turn(); now != was {
			t := turn{number: e.Slot, course: now}
			if !was.Clock() || now.Orig() != was.Orig() {
				t.clock = responderClock(e, now)
			}
			f.events.turns = append(f.events.turns, t)
		}
	}
}

// began tells of a connection that begins.
func (f *Follower) began(st *flow.Step) {
	e := st.Entry
	from, seen := e.Orig()
	if !seen {
		if st.Seg.Is(segment.RST) {
			return
		}
		from = st.From
	}
	o, r := e.Host(from), e.Host(1-from)
	layout, feature := e.Layout(from)
	key := e.Key()
	to := key.B
	if from == 1 {
		to = key.A
	}
	c, _ := e.Turn()
	f.events.begun = append(f.events.begun, attempt{})
	a := &f.events.begun[len(f.events.begun)-1]
	a.time, a.frame, a.oport, a.rport, a.to, a.win = st.Seg.Time, st.Seg.Frame, key.Port(from), key.Port(1-from), to, st.Seg.Win
	a.ttl = st.Seg.TTL
	a.layout, a.feature, a.id, a.byOrig, a.onTarget = layout, feature, e.ID, o.Tries, r.Tried
	a.course, a.clock = c, responderClock(e, c)
	*f.tries.next() = try{e, a.byOrig, a.onTarget}
	o.Tries, r.Tried, e.Slot = f.tries.n, f.tries.n, f.tries.n
}

// came tells of a reset.
func (f *Follower) came(k *Case, e *flow.Entry) {
	k.slot = e.Slot
	k.bypasses = !k.trigger.Is(segment.SYN) && f.translated(k) != 0
	if k.phase == synOnly && k.form == provoked && k.copiesDSCP() {
		k.S.Host.Echoes = true
	}
	e.Pending++
	f.waiting[e.ID] = append(f.waiting[e.ID], k)
	f.queue = append(f.queue, k)
	f.events.add(moment{what: cameReset, k: k})
}

// observe shows the resets that wait on a connection what comes after them.
func (f *Follower) observe(st *flow.Step, look func() *packet.Info) {
	waiting := f.waiting[st.Entry.ID]
	if st.Seg.Has(flow.Copy) && st.Seg.Is(segment.RST) {
		var of *Case // of several alike, the last one that has the fewest
		for _, k := range slices.Backward(waiting) {
			if st.From == k.from && st.Seg.Seq == k.R.Seq && st.Seg.Flags == k.R.Flags && st.Seg.ID == k.R.ID &&
				(of == nil || len(k.copies) < len(of.copies)) {
				of = k
			}
		}
		if of != nil {
			of.copies = append(of.copies, Frame{N: st.Seg.Frame})
			of.cameIn = of.cameIn || st.Seg.Has(flow.In)
		}
		return
	}
	// Backwards: those before one that has all it keeps have theirs, too.
	for _, k := range slices.Backward(waiting) {
		if len(k.later) == maxLater {
			return
		}
		k.later = append(k.later, laterSegment{st.Seg, st.From})
		if look != nil && k.phase == synOnly && st.Seg.Is(segment.SYN|segment.ACK) && st.From == k.from && st.Seg.Ack == k.trigger.End() {
			k.accepts = look().SrcMAC
		}
	}
}

// settle tells that the verdict on the first reset of the queue is due, and
// closes its case: what is to be known of what goes on is copied.
func (f *Follower) settle() {
	k := f.queue[0]
	f.queue[0] = nil
	f.queue = f.queue[1:]
	if waiting := f.waiting[k.conn.ID]; len(waiting) > 1 {
		waiting[0] = nil
		f.waiting[k.conn.ID] = waiting[1:]
	} else {
		delete(f.waiting, k.conn.ID)
	}
	for i := range k.conn.Sides {
		k.hosts[i] = *k.conn.Sides[i].Host
		k.conn.Sides[i].Host = &k.hosts[i]
	}
	if icmp := k.live.ICMP(); icmp != nil {
		k.icmp = *icmp
	}
	if g := f.multipaths.find(&k.conn); g != nil {
		k.multipath = *g
	}
	k.drops, k.began0 = f.Drops, f.began0
	if k.overtook = k.overtaken(k.slack()); k.overtook.Exists() && k.form != provoked && k.earlier() != nil {
		k.form, k.trigger = provoked, k.overtook // no socket is left that could have sent it
	}
	if k.form == neither && (k.lostAhead() || k.ledUpTo() && k.ownAck()) {
		k.form = spontaneous
	}
	k.twin = f.translated(k)
	k.live.Pending--
	k.live = nil
	f.events.add(moment{what: dueVerdict, k: k})
}

// icmp notes an ICMP error about a connection.
func (f *Follower) icmp(frame uint32, time int64, in *packet.Info) {
	if c, from := f.Flows.Lookup(in); c != nil {
		c.ICMP = flow.ICMP{Frame: frame, Time: time, From: in.ICMP.From, Type: in.ICMP.Type, Code: in.ICMP.Code, About: from}
	}
}

// gone takes leave of a connection.
func (f *Follower) gone(e *flow.Entry, end *flow.End) {
	if x := f.tries.get(e.Slot); x != nil {
		x.conn = nil
	}
	if end.Resets > 0 {
		f.events.add(moment{what: left, conn: e.ID})
	}
	if f.Ended != nil {
		f.Ended(e, end)
	}
}

// A try is what finds an attempt's connection.
type try struct {
	conn             *flow.Entry // while it is in the table
	byOrig, onTarget uint32      // see attempt
}

// translated finds the attempt, by its number, whose connection is of the same
// host and port and has the numbers of the stray segment that drew a bare reset
// from a sender which had said nothing, but for its SYNs; 0 where there is none.
func (f *Follower) translated(k *Case) uint32 {
	t := &k.trigger
	answer := t.Is(segment.SYN)
	if k.form != provoked || k.R.Is(segment.ACK) || k.S.Packets > uint32(k.S.SYNs) || k.S.SYNs > 0 && !answer || !t.Is(segment.ACK) {
		return 0
	}
	me, port := k.conn.Key.Addr(k.from).Addr(), k.conn.Key.Port(k.from)
	is := func(e *flow.Entry, i int) bool {
		own, known := e.Nxt(i)
		other, too := e.Nxt(1 - i)
		if key := e.Key(); e.ID == k.conn.ID || !known || too == answer || key.Addr(i).Addr() != me || key.Port(i) != port {
			return false
		}
		if answer { // to a SYN that nobody else has answered
			return t.Ack == own
		}
		// 32 bits that agree are no coincidence; the number itself may be out of
		// the window, which is why it escaped.
		d := t.Ack.Minus(own)
		return d <= 0 && d > -(1<<20) && abs(int64(t.Seq.Minus(other))) < 1<<26
	}
	h := k.conn.Sides[k.from].Host
	for n, x := range f.tries.chain(h.Tries, func(x *try) uint32 { return x.byOrig }) {
		if x.conn != nil {
			if orig, _ := x.conn.Orig(); is(x.conn, orig) {
				return n
			}
		}
	}
	for n, x := range f.tries.chain(h.Tried, func(x *try) uint32 { return x.onTarget }) {
		if x.conn != nil {
			if orig, _ := x.conn.Orig(); is(x.conn, 1-orig) {
				return n
			}
		}
	}
	return 0
}
