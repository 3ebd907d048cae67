package derive

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"rstlab/internal/segment"
)

// write writes a packet line without its attributes: what a person would say
// of it.
func (t *teller) write(p *pkt, exact bool) string {
	seg := segment.Segment{Src: t.endpoint(p.conn, p.from), Dst: t.endpoint(p.conn, p.to()), Flags: p.seg.Flags}
	if p.seg.ICMP != "" {
		seg.ICMP, seg.Flags = p.seg.ICMP, 0
		return seg.String()
	}
	if p.len() == 0 || !exact && !t.pushed(p) {
		seg.Flags &^= segment.PSH
	}
	if !exact && !p.syn() {
		seg.Flags &^= segment.ECE | segment.CWR // congestion that was another path's
	}
	seg.Seq, seg.Ack = t.numbers(p, exact)
	return seg.String()
}

// pushed tells whether a host's segment has PSH: the last one of a send.
func (t *teller) pushed(p *pkt) bool { return p.assumed == "" && p.is(segment.PSH) && !t.more(p) }

// more tells whether the next segment goes with the same send.
func (t *teller) more(p *pkt) bool {
	i := slices.Index(p.conn.packets, p)
	for _, q := range p.conn.packets[i+1:] {
		if q.from == p.from && q.len() > 0 && q.again == nil {
			return q.carried
		}
	}
	return false
}

// numbers are those that a line writes: relative ones in a direction with a
// SYN, raw ones where the SYN on the wire is another one's.
func (t *teller) numbers(p *pkt, exact bool) (*segment.Seq, *segment.Ack) {
	if p.conn.of != nil {
		return nil, nil // they count from SYNs that had other ends
	}
	return p.seqOf(exact), p.ackOf(exact)
}

// seqOf is the sequence number that a line writes; nil where it goes without
// saying. exact is for a line that sends.
func (p *pkt) seqOf(exact bool) *segment.Seq {
	c, raw := p.conn, p.seg.Seq.Start
	from := func(start uint32) *segment.Seq {
		return &segment.Seq{Start: start, End: start + uint32(p.len()), HasEnd: p.len() > 0}
	}
	switch {
	case p.syn() && c.fixed() && p.from == originator:
		return &segment.Seq{Start: raw, Raw: true}
	case p.syn() && !p.rst() && p.len() == 0,
		p.pure() && !p.probe && (!exact || p.seq == c.nxt(p)):
		return nil
	case c.counts(p.from) && p.rst() && raw == 0 && p.seq != 0:
		return &segment.Seq{Raw: true}
	case c.counts(p.from) && c.farFromSYN(p.seq, p.from):
		return &segment.Seq{Start: raw, Raw: true}
	case c.counts(p.from):
		return from(uint32(p.seq))
	case c.before == nil:
		return from(raw)
	case raw != 0 && c.before.syn[p.from]:
		// The latest SYN of this direction is that of the connection before.
		return from(raw - c.before.isn[p.from])
	case raw == 0, exact:
		return &segment.Seq{Start: raw, Raw: true}
	}
	return nil
}

// ackOf is the acknowledgment number that a line writes, as seqOf.
func (p *pkt) ackOf(exact bool) *segment.Ack {
	c := p.conn
	switch {
	case !p.hasACK(),
		p.syn() && !exact && p.ack == c.synEnd(),
		p.len() > 0 && !exact && !p.rst() && !p.fin():
		return nil
	case c.counts(p.to()) && c.farFromSYN(p.ack, p.to()):
		return &segment.Ack{N: p.seg.Ack.N, Raw: true}
	case c.counts(p.to()):
		return &segment.Ack{N: uint32(p.ack)}
	}
	return &segment.Ack{N: p.seg.Ack.N, Raw: c.before != nil}
}

// farFromSYN tells whether a number of a side is written raw, for it belongs to
// another connection on the same ends.
func (c *conn) farFromSYN(n int64, x side) bool {
	return (n < 0 || n > widest) && c.fixed() && x == originator
}

// nxt is the sender's next number before p.
func (c *conn) nxt(p *pkt) int64 {
	var n int64
	for _, q := range c.packets {
		if q == p {
			break
		}
		if q.from == p.from && !q.rst() && !q.stray {
			n = max(n, q.end)
		}
	}
	return n
}

// fixed tells whether the originator's ISN is written: where the ends are used
// again, what counts is how the new number lies to the old ones.
func (c *conn) fixed() bool {
	if c.before != nil || c.next != nil {
		return true
	}
	refused := false
	for _, p := range c.packets {
		refused = refused || p.refuses()
		if p.syn() && p.from == originator && p.again != nil && refused {
			return true // a stack that asks again
		}
	}
	return false
}

// copies counts p and the transmissions of the same bytes that follow it with
// nothing of its direction between, as one line.
func (t *teller) copies(p *pkt) int {
	n := 1
	for _, q := range t.behind(p) {
		if q.again != p || q.seq != p.seq || q.end != p.end || q.seg.Flags&^segment.PSH != p.seg.Flags&^segment.PSH {
			break
		}
		if t.passes(q) != t.passes(p) || t.reacts(p, q) {
			q.atTap = q.atTap || n > 1 && !t.passes(p) // the line of p counts up to this one's, at its tap
			break
		}
		q.counted = true
		n++
	}
	return n
}

// row counts the reset p and the equal ones behind it that answer what had come
// before p was sent, as one line, and names their frames.
func (t *teller) row(p *pkt) (n int, frames string) {
	n, frames = 1, t.mark(p)
	if t.points == 2 || !p.answersData() || !t.of(p.conn, p.from).host() || t.byDevice(p) {
		return n, frames
	}
	last := p
	for _, q := range t.behind(p) {
		if !q.answersData() || q.seq != p.seq || q.trigger.arrived >= p.sent || t.claim(q) != t.claim(p) || t.passes(q) != t.passes(p) || q.atTap != p.atTap ||
			!slices.Equal(t.variant.seen[q.ref()], t.variant.seen[p.ref()]) || t.reacts(p, q) {
			break
		}
		q.counted = true
		n++
		last = q
	}
	if n > 1 {
		frames = fmt.Sprintf("frames %d to %d", p.frame(), last.frame())
	}
	return n, frames
}

// behind gives the packets of p's direction behind it, plain ACKs aside.
func (t *teller) behind(p *pkt) []*pkt {
	i := slices.Index(p.conn.packets, p)
	var row []*pkt
	for _, q := range p.conn.packets[i+1:] {
		if q.from == p.from && !q.plain() {
			row = append(row, q)
		}
	}
	return row
}

// reacts tells whether the other side does something between two transmissions
// that a line tells of.
func (t *teller) reacts(p, q *pkt) bool {
	for _, r := range p.conn.packets {
		if r.from != p.from && !r.plain() && r.at > p.at && r.at < q.at {
			return true
		}
	}
	return false
}

// mark is the comment of a packet line: the frame of a reset, or why an
// assumed packet is here.
func (t *teller) mark(p *pkt) string {
	switch {
	case p.assumed != "" && !p.fin():
		return p.assumed
	case p.rst():
		return t.frameWords(p)
	}
	return ""
}

// frameWords names the frames of a packet.
func (s *story) frameWords(p *pkt) string {
	switch {
	case p.assumed != "":
		return "a packet that was not captured"
	case s.points < 2:
		return fmt.Sprintf("frame %d", p.frame())
	case p.frame() == none:
		return fmt.Sprintf("frame %d of %s", p.frames[1].frame, cited(p.frames[1].file))
	case p.frames[1].frame == none:
		return fmt.Sprintf("frame %d of %s", p.frame(), cited(p.frames[0].file))
	}
	return fmt.Sprintf("frame %d, and %d of %s", p.frame(), p.frames[1].frame, cited(p.frames[1].file))
}

// cited is a capture's name as a comment has it: the last part of its path, in
// letters that a scenario can hold.
func cited(file string) string {
	name := filepath.Base(file)
	if utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return name
	}
	return strings.Trim(strconv.Quote(name), `"`)
}

// header writes what of a reset's header is part of its form.
func (t *teller) header(p *pkt) string {
	if p.form == provoked && p.win() == 0 && t.of(p.conn, p.from).host() {
		return " win 0"
	}
	return ""
}
