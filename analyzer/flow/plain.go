package flow

import "rstlab/internal/segment"

// Most packets are plain: a SYN, its answer, the next bytes in order, the next
// acknowledgment. What a plain packet means can be told from the brief alone,
// so it is only noted. The conditions are such that classify finds no mark but
// Fresh on a plain packet: then its journal, when it is read, makes the same
// account as if each packet had been brought in as it came.

// Plain takes a packet if it is a plain one, which leaves nothing to look at;
// else it does nothing, and Find and Apply are to take it. In st it leaves
// Conn nil.
func (t *Table) Plain(s *Packet, o *Opening, st *Step) bool {
	if s.is&special != 0 || s.Seg.Win == 0 {
		return false
	}
	from := int(s.Seg.from)
	e, was := t.find(s.pair)
	switch {
	case e == nil:
		if s.Seg.Flags&(segment.SYN|segment.ACK|segment.FIN) != segment.SYN || s.Seg.Len != 0 || s.is&tunnelled != 0 || was != nil {
			return false
		}
		t.now = max(t.now, s.Seg.Time)
		e = t.begin(s, o)
		e.plain = true
		*st = Step{Packet: s, Entry: e, From: from, New: true}
		e.note(s, o)
		return true
	case !e.plain || !e.meets(s):
		return false
	}
	t.now = max(t.now, s.Seg.Time)
	*st = Step{Packet: s, Entry: e, From: from}
	if e.noted == journalLen {
		t.settle(e)
	}
	e.note(s, o)
	if over := e.sides[0].is&e.sides[1].is&toldFINAcked != 0; over != e.over {
		t.requeue(e, over)
	}
	return true
}

// meets tells whether a packet is a plain one.
func (e *Entry) meets(x *Packet) bool {
	s := &x.Seg
	me, peer := &e.sides[s.from&1], &e.sides[^s.from&1]
	if peer.is&toldNxt == 0 || s.Ack.After(peer.nxt) {
		return false // it acknowledges what was not seen
	}
	if s.Flags&(segment.SYN|segment.ACK) == segment.ACK {
		return me.is&toldNxt != 0 && s.Seq == me.nxt && // neither again nor ahead, no probe
			(me.is&toldAck == 0 || s.Ack.After(me.ack) || s.Ack == me.ack && s.End() != s.Seq) && // no copy, not overtaken
			(me.is&toldFIN == 0 || s.End() == s.Seq) &&
			(!s.Is(segment.FIN) || peer.is&toldAck == 0 || !peer.ack.After(s.End()-1)) && // its acknowledgment has not overtaken it
			(me.is&toldMAC != 0) == (x.is&hasMAC != 0) && me.mac == x.mac
	}
	return s.Flags&(segment.SYN|segment.ACK|segment.FIN) == segment.SYN|segment.ACK && s.Len == 0 && e.seen &&
		me.is&(toldNxt|toldSYN) == 0 && me.packets == 0
}

// note takes a plain packet down, and brings the brief and the hosts up to
// date.
func (e *Entry) note(x *Packet, o *Opening) {
	s := &x.Seg
	e.journal[e.noted] = *s
	e.noted++
	e.lastTime = max(e.lastTime, s.Time)
	me, peer := &e.sides[s.from&1], &e.sides[^s.from&1]
	if me.packets == 0 {
		e.outsets[s.from&1].first = s.Seq
		if x.is&hasMAC != 0 {
			me.mac = x.mac
			me.is |= toldMAC
		}
	}
	me.packets++
	if me.packets <= hostPackets {
		h := e.hosts[s.from&1]
		countTTL(&h.TTLs, s.TTL)
		h.HasDirs |= dirsOf(s)
	}
	if s.Has(HasTS) {
		me.is |= toldTS
	}
	end := s.End()
	me.nxt = end
	me.is |= toldNxt
	if s.Is(segment.SYN) {
		e.outsets[s.from&1].offer = o.offer
		me.is |= toldSYN
		if s.Is(segment.ACK) {
			me.is |= toldSYNACK
		}
	} else {
		me.is |= toldFirstACK
	}
	if end != s.Seq {
		if me.is&toldSample == 0 {
			me.sample, me.sampleAt = end, s.Time
			me.is |= toldSample
		}
		if s.Len > 0 {
			me.is |= toldData
		}
		if s.Is(segment.FIN) {
			e.outsets[s.from&1].finSeq = end - 1
			me.is |= toldFIN
		}
	}
	if !s.Is(segment.ACK) {
		return
	}
	me.ack = s.Ack
	me.is |= toldAck
	if peer.is&toldSample != 0 && !s.Ack.Before(peer.sample) {
		peer.is &^= toldSample
		e.hosts[s.from&1].countRTT(s.Time - peer.sampleAt)
	}
	if peer.is&toldFIN != 0 && s.Ack.After(e.outsets[^s.from&1].finSeq) {
		peer.is |= toldFINAcked
	}
}

// account gives the full account of a connection, up to date, in memory of its
// own.
func (t *Table) account(e *Entry) *Conn {
	t.settle(e)
	return e.conn
}

// settle brings the journal into the account.
func (t *Table) settle(e *Entry) {
	if e.conn == nil {
		e.conn = t.blank()
		e.open(e.conn)
	}
	if e.noted > 0 {
		t.read(e, e.conn)
	}
}

// open makes an account of a connection of which nothing is in an account yet.
func (e *Entry) open(c *Conn) {
	c.Key, c.V6 = e.key, e.v6
	c.ID, c.FirstFrame, c.FirstTime, c.LastTime = e.ID, e.firstFrame, e.firstTime, e.firstTime
	c.Orig, c.Seen = int(e.orig), e.seen
	c.Sides[0].Host, c.Sides[1].Host = e.hosts[0], e.hosts[1]
	for i := range c.Sides {
		c.Sides[i].Scale = -1
	}
}

// read brings the journal into an account.
func (t *Table) read(e *Entry, c *Conn) {
	// What plain packets say of their hosts was taken down as they came.
	c.Sides[0].Host, c.Sides[1].Host = &t.nobody, &t.nobody
	var x Packet
	for i := range e.journal[:e.noted] {
		x.Seg = e.journal[i]
		from := int(x.Seg.from & 1)
		side := &e.sides[from]
		x.is, x.mac = hasMAC.where(side.is&toldMAC != 0), side.mac
		c.classify(from, &x.Seg)
		c.apply(from, &x, &e.outsets[from].offer, nil)
	}
	e.noted = 0
	c.Sides[0].Host, c.Sides[1].Host = e.hosts[0], e.hosts[1]
}

// sum makes the brief what the account says, after it was changed.
func (e *Entry) sum(c *Conn) {
	e.lastTime = c.LastTime
	e.seen, e.orig = c.Seen, uint8(c.Orig)
	e.plain = c.NumResets == 0
	for i := range c.Sides {
		s := &c.Sides[i]
		e.sides[i].brings(s)
		e.outsets[i].brings(s)
		e.plain = e.plain && s.ordered()
	}
}

// ordered tells whether a next packet in order can be a plain one: its window
// is not known as closed, and none of the last packets, of which it could be a
// copy, goes beyond its numbers.
func (s *Side) ordered() bool {
	if s.Packets > 0 && s.Win == 0 {
		return false
	}
	for i := range copyDepth {
		old := s.Last(i)
		if old == nil {
			break
		}
		if old.End().After(s.Nxt) || old.Is(segment.ACK) && (!s.Knows(KnowsAck) || old.Ack.After(s.Ack)) {
			return false
		}
	}
	return true
}
