package derive

import (
	"slices"
	"time"

	"rstlab/internal/segment"
)

// copies tells the frames that show a packet for a second time: a mirror of
// both sides of a switch or of a router, or an access point that hears itself.
// The latter may be late, but the IP identification gives it away where a side
// counts it.
func (c *conn) copies() func(*pkt) bool {
	const mirror, radio = 2 * time.Millisecond, 50 * time.Millisecond
	ids := [2]map[uint16]bool{{}, {}}
	for _, p := range c.packets {
		if p.seg.ID != nil {
			ids[p.from][*p.seg.ID] = true
		}
	}
	var seen []*pkt
	return func(p *pkt) bool {
		within := mirror
		if p.seg.ID != nil && *p.seg.ID != 0 && len(ids[p.from]) > 1 {
			within = radio
		}
		for i := len(seen) - 1; i >= 0 && p.at-seen[i].at < within; i-- {
			if samePacket(p, seen[i]) {
				return true
			}
		}
		seen = append(seen, p)
		return false
	}
}

// samePacket compares all that a packet keeps on its way but its TTL, which a
// router may have lowered. A stack that sets no identification may repeat an
// ACK or a reset at once.
func samePacket(p, q *pkt) bool {
	a, b := &p.seg, &q.seg
	if p.from != q.from || a.Flags != b.Flags || a.ICMP != b.ICMP || a.Seq.Start != b.Seq.Start || a.Ack.N != b.Ack.N ||
		*a.Length != *b.Length || *a.Win != *b.Win || segment.OptionsString(a.Options) != segment.OptionsString(b.Options) {
		return false
	}
	d := int(*a.TTL) - int(*b.TTL)
	if d < -1 || d > 1 || a.ID != nil && *a.ID != *b.ID {
		return false
	}
	return a.ID != nil && *a.ID != 0 || d != 0 || p.len() > 0 || p.syn() || p.fin()
}

// A stream is what one side of a connection has sent so far.
type stream struct {
	nxt, una int64          // highest number sent; highest acknowledged of it
	win      uint32         // its latest window
	ack      int64          // its highest acknowledgment
	sent     map[int64]*pkt // first transmissions, by their number
	jump     bool           // over what was not kept
}

// sort finds retransmissions, probes and answers that stand out, and puts
// segments into order that had changed places.
func (c *conn) sort() {
	c.reorder()
	streams := [2]stream{{sent: map[int64]*pkt{}}, {sent: map[int64]*pkt{}}}
	for _, p := range c.packets {
		if p.seg.ICMP != "" || p.rst() {
			p.told = true
			continue
		}
		if p.afterGap {
			streams[0].jump, streams[1].jump = true, true
		}
		s := &streams[p.from]
		if s.jump {
			s.nxt, s.jump = p.seq, false
		}
		if c.counts(p.from) && s.nxt > 0 && p.seq-s.nxt > widest {
			p.stray, p.told = true, true
			continue
		}
		c.repeats(p, s)
		if p.pure() && (p.win() == 0) != (s.win == 0) && s.nxt > 1 && s.ack == p.ack {
			p.told = true // the window closed or opened
		}
		if p.again != nil && p.len() > 0 && p.ack < s.ack {
			p.duplicate = true
		}
		s.nxt, s.win = max(s.nxt, p.end), p.win()
		if p.hasACK() {
			s.ack = max(s.ack, p.ack)
			streams[p.to()].una = max(streams[p.to()].una, p.ack)
		}
	}
}

// repeats finds what p sends once more: a number to probe with, or bytes.
func (c *conn) repeats(p *pkt, s *stream) {
	first := s.sent[p.seq]
	behind := p.seq == s.nxt-1 && s.nxt > 1
	switch {
	case behind && (p.pure() || p.len() == 1 && first == nil && c.answered(p, s.una)):
		p.probe = true
	case p.end > p.seq && first != nil:
		p.again = first
	case p.end > p.seq && p.end <= s.nxt:
		p.again = c.covering(p, s.sent)
	}
	if p.end > p.seq && first == nil {
		s.sent[p.seq] = p
	}
}

// widest is more than any window that is worth a thought here: what lies
// further beyond is no part of the stream.
const widest = 1 << 20

// answered tells whether all that a side had sent before a one-byte segment was
// acknowledged: then it is a keepalive with a byte of garbage.
func (c *conn) answered(p *pkt, una int64) bool { return una > p.seq }

// covering finds the first transmission of the bytes of p, which may have been
// cut differently.
func (c *conn) covering(p *pkt, sent map[int64]*pkt) *pkt {
	var first *pkt
	for _, q := range sent {
		if q.seq <= p.seq && p.seq < q.end && (first == nil || q.seq < first.seq) {
			first = q
		}
	}
	return first
}

// reorder puts data segments of one direction that passed within a few
// milliseconds into the order of their numbers.
func (c *conn) reorder() {
	const near = 3 * time.Millisecond
	for i := 1; i < len(c.packets); i++ {
		for j := i; j > 0; j-- {
			p, q := c.packets[j], c.packets[j-1]
			if p.from != q.from || p.end == p.seq || q.end == q.seq || p.rst() || q.rst() ||
				p.end > q.seq || p.at-q.at > near || p.seq == q.seq || p.counts(q) || c.sentBefore(p, j) {
				break
			}
			c.packets[j], c.packets[j-1] = q, p
			p.at, q.at = q.at, p.at
		}
	}
}

// counts tells whether p was sent behind q, by IP identifications that are so near
// each other that their sender counts them: then it is no late one.
func (p *pkt) counts(q *pkt) bool {
	const near = 256
	a, b := p.seg.ID, q.seg.ID
	return a != nil && b != nil && *a != 0 && *b != 0 && *a-*b-1 < near
}

// sentBefore tells whether the bytes of p had passed before packet i: then it
// is a retransmission and not late.
func (c *conn) sentBefore(p *pkt, i int) bool {
	return slices.ContainsFunc(c.packets[:i], func(q *pkt) bool { return q.from == p.from && !q.rst() && q.seq <= p.seq && p.seq < q.end })
}
