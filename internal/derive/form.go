package derive

import (
	"time"

	"rstlab/analyzer"
	"rstlab/internal/segment"
)

// A form is how a reset came to be, by its numbers (RFC 9293, sections 3.5.2
// and 3.10.5).
type form int

const (
	odd         form = iota // no stack of today makes it of what the capture shows
	provoked                // it takes its number from a segment of the peer
	spontaneous             // RST+ACK with the sender's next number
)

// forms finds how each reset of the connection came to be, and marks the ACKs
// that a reset answers, or that answer what was not acceptable.
func (c *conn) forms() {
	taken := map[*pkt]bool{}
	var nxt, ack [2]int64
	for i, p := range c.packets {
		s := p.from
		if p.rst() {
			p.form, p.trigger = c.formOf(p, c.packets[:i], taken, nxt, ack)
			if p.trigger != nil {
				taken[p.trigger] = true
				p.trigger.told = p.trigger.told || p.trigger.pure()
			}
			continue
		}
		if p.pure() && i > 0 && c.challenges(p, c.packets[i-1]) {
			p.told = true
		}
		if !p.stray {
			nxt[s] = max(nxt[s], p.end)
		}
		if p.hasACK() {
			ack[s] = max(ack[s], p.ack)
		}
	}
	c.inTurn()
}

// inTurn gives resets that could have been drawn by either of two segments the
// earlier to the earlier.
func (c *conn) inTurn() {
	for i, p := range c.packets {
		for _, q := range c.packets[:i] {
			if p.trigger != nil && q.trigger != nil && q.from == p.from && q.seq == p.seq && q.trigger.at > p.trigger.at {
				p.trigger, q.trigger = q.trigger, p.trigger
			}
		}
	}
}

// challenges tells whether the ACK p answers q as what was not acceptable: a
// SYN on a living connection, or a reset that missed (RFC 5961).
func (c *conn) challenges(p, q *pkt) bool {
	return q.from != p.from && (q.rst() || q.syn() && !q.hasACK())
}

func (c *conn) formOf(p *pkt, before []*pkt, taken map[*pkt]bool, nxt, ack [2]int64) (form, *pkt) {
	s, o := p.from, p.to()
	if p.seg.Flags&(segment.SYN|segment.FIN|segment.URG) != 0 || p.seg.BadSum {
		return odd, nil
	}
	if !p.hasACK() {
		if t := c.answeredBy(p, before, taken); t != nil {
			return provoked, t
		}
		return odd, nil
	}
	for i := len(before) - 1; i >= 0; i-- {
		t := before[i]
		if t.from == o && !t.hasACK() && !t.rst() && t.end == p.ack && (nxt[s] == 0 || p.seg.Seq.Start == 0 && p.seq != nxt[s]) {
			return provoked, t
		}
	}
	// What it sent last may have been lost before it came by here.
	lost := p.seq - nxt[s]
	own := lost == 0 || lost > 0 && lost < 1<<16 && p.verdict != nil && p.verdict.Sender != analyzer.Middlebox && p.verdict.Sender != analyzer.UndeterminedSender
	if own && nxt[s] > 0 && p.ack >= ack[s] && p.ack <= max(nxt[o], ack[s]) {
		return spontaneous, nil
	}
	return odd, nil
}

// answeredBy finds the segment from whose acknowledgment a bare reset takes its
// number: of several the one that arrived at the reset's time. Where only
// programs' answers show how far away its sender is, all may have that are not
// further away, and the latest did: those before it drew nothing.
func (c *conn) answeredBy(p *pkt, before []*pkt, taken map[*pkt]bool) *pkt {
	var best *pkt
	var bestOff time.Duration
	rtt := max(c.rtt[p.from], 0)
	for _, t := range before {
		if t.from == p.from || t.rst() || !t.hasACK() || t.seg.ICMP != "" || t.ack != p.seq || taken[t] || c.dealtWith(t, p) {
			continue
		}
		off := p.at - t.at - rtt
		if !c.timed[p.from] {
			off = max(off, 0)
		}
		off = off.Abs()
		if best == nil || off <= bestOff {
			best, bestOff = t, off
		}
	}
	return best
}

// dealtWith tells whether the sender of the reset p had answered t before as a
// living connection does, or something that was sent behind t.
func (c *conn) dealtWith(t, p *pkt) bool {
	after := false
	for _, q := range c.packets {
		switch {
		case q == p:
			return false
		case q == t:
			after = true
		case after && q.from == p.from && !q.rst() && q.hasACK() && (q.ack > t.end || q.ack == t.end && (t.end > t.seq || q.len() > 0)):
			return true
		}
	}
	return false
}
