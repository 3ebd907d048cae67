package derive

import (
	"fmt"
	"slices"
	"time"

	"rstlab/analyzer/cause"
	"rstlab/internal/segment"
)

// fill puts in what the capture does not show and its packets presuppose: the
// handshake before its beginning, bytes that were acknowledged and not seen,
// the first transmission of what was seen only when it was sent again.
func (c *conn) fill() {
	c.fillBytes()
	if c.existed {
		c.fillHandshake()
	}
	c.fillLostACK()
	c.fillHalfOpen()
	c.fillTurned()
}

// fillTurned finds, or puts in, the segments that a device turned into resets:
// what the other point saw in their place, else data up to where the named
// sender goes on.
func (c *conn) fillTurned() {
	for i, p := range c.packets {
		if !p.rst() || p.verdict == nil || p.verdict.Cause != cause.RewrittenReset {
			continue
		}
		var next *pkt
		for j, q := range c.packets {
			if q.from != p.from || q.rst() || q.len() == 0 {
				continue
			}
			if q.seq == p.seq && q.frame() == none {
				p.turned = q
			}
			if j > i && q.seq > p.seq && next == nil {
				next = q
			}
		}
		if j := slices.Index(c.packets, p.turned); j > i { // two clocks are not that exact
			c.packets = slices.Insert(slices.Delete(c.packets, j, j+1), i, p.turned)
			p.turned.at = p.at - 2
		}
		if p.turned == nil && next != nil {
			p.turned = c.assume(p.from, segment.ACK|segment.PSH, p.seq, next.seq-p.seq, p.ack, p.at, fmt.Sprintf("turned into frame %d; frame %d goes on behind it", p.ref().frame, next.ref().frame))
			p.turned.lost = lostBefore
			c.packets = slices.Insert(c.packets, i, p.turned)
			return // one is all that a connection survives
		}
	}
}

// fillLostACK puts in the ACK of the handshake where the first packet that was
// seen in its place is data, and that met no connection: the ACK did not
// arrive.
func (c *conn) fillLostACK() {
	for i, p := range c.packets {
		if p.from != originator || !p.hasACK() || p.rst() {
			continue
		}
		if p.len() > 0 && c.syn[originator] && p.drew() && slices.ContainsFunc(c.packets[:i], func(q *pkt) bool { return q.syn() && q.hasACK() }) {
			ack := c.assume(originator, segment.ACK, p.seq, 0, p.ack, p.at, fmt.Sprintf("lost before the capture: frame %d finds no connection", p.ref().frame))
			ack.lost, ack.told = lostBefore, true
			c.packets = slices.Insert(c.packets, i, ack)
		}
		return
	}
}

// fillHalfOpen puts in the answer to a SYN that got none at the main point,
// where the next connection on the same ends shows that it was given.
func (c *conn) fillHalfOpen() {
	if c.next == nil || c.syn[responder] || !c.syn[originator] {
		return
	}
	for _, p := range c.next.packets {
		if p.from == responder && p.pure() && p.seg.Ack.N == c.isn[originator]+1 || p.rst() && p.verdict != nil && p.verdict.Cause == cause.SynOnHalfOpen {
			at := c.packets[0].at
			synack := c.assume(responder, segment.SYN|segment.ACK, 0, 0, 1, at, fmt.Sprintf("not in the capture: frame %d shows that it was sent", p.ref().frame))
			synack.lost = lostBefore
			c.packets = slices.Insert(c.packets, 1, synack)
			c.halfOpened, c.existed = true, true
			return
		}
	}
}

// assume makes a packet that was not captured.
func (c *conn) assume(from side, flags segment.Flags, seq, length, ack int64, at time.Duration, why string) *pkt {
	p := &pkt{conn: c, from: from, at: at, seq: seq, end: seq + length, ack: ack, assumed: why}
	p.seg = segment.Segment{
		Flags: flags, Win: ptr(uint32(65535)), Length: ptr(uint32(length)),
		Seq: &segment.Seq{Start: c.isn[from] + uint32(seq), Raw: true},
		Ack: &segment.Ack{N: c.isn[from.other()] + uint32(ack), Raw: true},
	}
	if flags&(segment.SYN|segment.FIN) != 0 {
		p.end++
	}
	return p
}

// fillHandshake puts the handshake before a connection that was there before
// the capture, or whose handshake was not captured in full.
func (c *conn) fillHandshake() {
	first := c.packets[0]
	const step = 20 * time.Nanosecond // they came one after the other
	at := first.at - 4*step
	why := fmt.Sprintf("the capture begins with frame %d", first.ref().frame)
	i := 0
	if !c.syn[originator] {
		c.packets = slices.Insert(c.packets, 0, c.assume(originator, segment.SYN, 0, 0, 0, at, why))
	} else {
		i = slices.IndexFunc(c.packets, func(p *pkt) bool { return p.from == originator && p.syn() })
		at, why = c.packets[i].at, "not in the capture"
		if j := slices.IndexFunc(c.packets, func(p *pkt) bool { return p.hasACK() && !p.rst() }); j >= 0 {
			why += fmt.Sprintf(": frame %d shows that it was sent", c.packets[j].ref().frame)
		}
	}
	if c.syn[responder] {
		return
	}
	synack := c.assume(responder, segment.SYN|segment.ACK, 0, 0, 1, at+step, why)
	c.packets = slices.Insert(c.packets, i+1, synack)
	if !c.syn[originator] {
		c.packets = slices.Insert(c.packets, i+2, c.assume(originator, segment.ACK, 1, 0, 1, at+2*step, why))
	}
}

// unseenSegments is how many segments are sent at most in place of what the
// capture lost.
const unseenSegments = 4

// shorten takes a range out of a direction's numbers, from packet i on.
func (c *conn) shorten(x side, i int, r cut) {
	for _, p := range c.packets[i:] {
		n := p.end - p.seq
		if p.from == x {
			p.seq = shortened([]cut{r}, p.seq)
			p.end = p.seq + n
		} else if p.hasACK() {
			p.ack = shortened([]cut{r}, p.ack)
		}
	}
}

// fillBytes puts in what was acknowledged, or left out of the row, and never
// seen.
func (c *conn) fillBytes() {
	var nxt [2]int64
	for i := 0; i < len(c.packets); i++ {
		p := c.packets[i]
		if p.seg.ICMP != "" || p.stray {
			continue
		}
		x, o := p.from, p.to()
		if nxt[x] == 0 && c.counts(x) && !p.syn() {
			nxt[x] = 1
		}
		own, others := nxt[x], max(nxt[o], 1)
		switch {
		case c.acksMore(p, i, others):
			c.fillAcked(p, i, others)
			nxt[o] = p.ack
		case p.rst() && p.form == spontaneous && c.existed && own > 0 && p.seq > own:
			c.fillCounted(p, i, own)
			nxt[x] = p.seq
		case c.leavesHole(p, own):
			c.fillHole(p, i, own)
			nxt[x] = p.seq
		case !p.rst():
			nxt[x] = max(own, p.end)
		}
	}
}

// acksMore tells whether p, packet i, acknowledges more than what was sent up to
// a number.
func (c *conn) acksMore(p *pkt, i int, sent int64) bool {
	return p.hasACK() && !p.rst() && !p.syn() && !(p.drew() && !c.talked(i)) && c.counts(p.to()) && p.ack > sent && c.existed
}

// fillAcked puts in, before packet i, what it acknowledges from a number on.
func (c *conn) fillAcked(p *pkt, i int, from int64) {
	if most := int64(unseenSegments * c.mss); p.ack > from+most {
		c.shorten(p.to(), i, cut{from, p.ack - most})
	}
	c.packets = slices.Insert(c.packets, i, c.pieces(c.unseen(i, p, from))...)
}

// fillCounted puts in, before packet i, what its number counts from another on:
// it is a reset, and bears its sender's next number.
func (c *conn) fillCounted(p *pkt, i int, from int64) {
	lost := c.assume(p.from, segment.ACK|segment.PSH, from, p.seq-from, p.ack, p.at, fmt.Sprintf("lost before the capture: frame %d counts it", p.ref().frame))
	lost.lost, lost.told = lostBefore, true
	c.packets = slices.Insert(c.packets, i, c.pieces(lost)...)
}

// leavesHole tells whether p begins behind the number to which its side had sent.
func (c *conn) leavesHole(p *pkt, sent int64) bool {
	return !p.rst() && c.counts(p.from) && c.existed && sent > 0 && !c.turnedInto(sent, p) && p.seq > sent && p.end > p.seq && p.again == nil
}

// fillHole puts in, before packet i, what lies between a number and its own.
func (c *conn) fillHole(p *pkt, i int, from int64) {
	if most := int64(unseenSegments * c.mss); p.seq > from+most && !c.comeLater(i, from, p.seq) {
		c.shorten(p.from, i, cut{from, p.seq - most})
	}
	hole := c.assume(p.from, segment.ACK|segment.PSH, from, p.seq-from, p.ack, p.at, fmt.Sprintf("not in the capture: frame %d comes after it", p.ref().frame))
	c.packets = slices.Insert(c.packets, i, c.seenLater(i, hole)...)
}

// turnedInto tells whether the bytes before p, from a number on, are those that
// a device turned into a reset.
func (c *conn) turnedInto(from int64, p *pkt) bool {
	return slices.ContainsFunc(c.packets, func(q *pkt) bool {
		return q.rst() && q.from == p.from && q.seq == from && q.at < p.at && q.verdict != nil && q.verdict.Cause == cause.RewrittenReset
	})
}

// talked tells whether the handshake was through before packet i.
func (c *conn) talked(i int) bool {
	return slices.ContainsFunc(c.packets[:i], func(p *pkt) bool {
		return p.from == originator && p.hasACK() && !p.syn() && !p.rst() && p.lost == delivered
	})
}

// unseen is what p, packet i, acknowledges beyond what was seen: one number
// after which nothing came is a FIN.
func (c *conn) unseen(i int, p *pkt, from int64) *pkt {
	s := p.to()
	fin := p.ack == from+1
	for _, q := range c.packets[i:] {
		if q.from == s && !q.rst() && q.end > p.ack {
			fin = false
		}
		if q.from == s && q.rst() && q.verdict != nil && q.verdict.Cause == cause.DataAfterClose {
			fin = p.ack == from+1
			break
		}
	}
	why := fmt.Sprintf("not in the capture: frame %d acknowledges it", p.ref().frame)
	ack := int64(0)
	for _, q := range c.packets[:i] {
		if q.from == p.from {
			ack = max(ack, q.end)
		}
	}
	if fin {
		return c.assume(s, segment.FIN|segment.ACK, from, 0, ack, p.at, why)
	}
	return c.assume(s, segment.ACK|segment.PSH, from, p.ack-from, ack, p.at, why)
}

// comeLater tells whether bytes that packet i comes after are seen behind it.
func (c *conn) comeLater(i int, from, to int64) bool {
	return slices.ContainsFunc(c.packets[i:], func(q *pkt) bool {
		return q.from == c.packets[i].from && !q.rst() && q.end > q.seq && q.seq >= from && q.end <= to
	})
}

// seenLater gives the segments of a hole. Those whose bytes come after packet i
// were lost before the capture, and what comes is their retransmission.
func (c *conn) seenLater(i int, hole *pkt) []*pkt {
	pieces := c.pieces(hole)
	for _, q := range c.packets[i:] {
		if q.from != hole.from || q.rst() || q.end <= q.seq || q.seq < hole.seq || q.end > hole.end || q.again != nil {
			continue
		}
		for _, piece := range pieces {
			if q.seq >= piece.end || q.end <= piece.seq {
				continue
			}
			if q.again == nil {
				q.again = piece
			}
			if piece.lost == delivered {
				piece.assumed = fmt.Sprintf("lost before the capture, which shows it in frame %d", q.ref().frame)
				piece.lost = lostBefore
			}
		}
	}
	return pieces
}
