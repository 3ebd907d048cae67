package derive

import (
	"fmt"
	"slices"
	"time"

	"rstlab/internal/segment"
)

// crossings finds the segments that were under way while the end that they go
// to went on without them. A link's delay alone would leave it to chance that
// they cross again: a box keeps them back until then.
func (s *story) crossings() {
	for _, c := range s.conns {
		for _, p := range c.packets {
			if !s.keepable(p) {
				continue
			}
			p.held = p.held || s.goesOn(p, s.brought(p), p.at)
			p.kept = s.of(c, p.to()).host() && (s.goesOn(p, max(p.at, s.brought(p)), p.arrived) || s.behindKept(p))
			p.atTap = p.atTap || p.kept
		}
		for _, x := range []side{originator, responder} {
			s.keptRows(c, x)
		}
	}
}

// keptRows finds the segments of a side that are kept back in a row, with nothing
// else of that side under way until they are let go, all at once: one rule keeps
// back all that it sends. What was sent before goes with a write of its own.
func (s *story) keptRows(c *conn, x side) {
	var row []*pkt
	end := func() {
		if len(row) > 1 && s.alone(c, row) {
			row[0].apart = true
			for _, p := range row {
				p.row = row
			}
		}
		row = nil
	}
	for _, p := range c.packets {
		switch {
		case p.from != x || p.plain() && !p.needed:
		case p.kept && !p.held && (p.len() > 0 || p.pure() && len(row) > 0) && s.of(c, x).host():
			row = append(row, p)
		default:
			end()
		}
	}
	end()
}

// alone tells whether nothing else of its sender is under way with a row that is
// kept back, and its receiver does nothing while it is let go.
func (s *story) alone(c *conn, row []*pkt) bool {
	first, last := row[0], row[len(row)-1]
	for _, q := range c.packets {
		switch {
		case slices.Contains(row, q):
		case q.from == first.from && q.arrived > first.sent && q.sent < last.arrived && !(q.plain() && !q.needed) && q.sent >= first.sent,
			q.from != first.from && s.acts(q) && q.sent > first.arrived && q.sent < last.arrived:
			return false
		}
	}
	return true
}

// keepable tells whether it matters to p's receiver when p comes, and a script
// can tell when it is sent.
func (s *story) keepable(p *pkt) bool {
	switch {
	case p.lost != delivered, p.seg.ICMP != "", p.syn(), p.again != nil, p.probe, p.stray, p.forged:
		return false
	case p.rst():
		return !s.byDevice(p) && (p.trigger == nil || !p.trigger.syn())
	}
	return p.end > p.seq || p.drew() && p.conn.existed
}

// brought is when what brings p about is done. What a kernel answers at once it
// answers as soon as that is sent, for a link here may have no delay.
func (s *story) brought(p *pkt) time.Duration {
	answers := p.trigger
	if p.pure() {
		answers = s.acknowledges(p)
	}
	switch {
	case answers == nil || !s.of(p.conn, p.from).host():
		return p.sent
	case answers.kept:
		return min(p.sent, answers.arrived)
	}
	return min(p.sent, answers.sent)
}

// goesOn tells whether p's receiver does something between two moments.
func (s *story) goesOn(p *pkt, from, to time.Duration) bool {
	for _, q := range p.conn.packets {
		if q.from != p.from && q.sent > from && q.sent < to && !q.forged && !q.plain() && s.acts(q) && !s.byDevice(q) {
			return true
		}
	}
	return false
}

// behindKept tells whether p would overtake a segment that is kept back.
func (s *story) behindKept(p *pkt) bool {
	for _, q := range p.conn.packets {
		if q.kept && q.from == p.from && q.sent < p.sent && s.brought(p) < q.arrived {
			return true
		}
	}
	return false
}

// keeping writes the rules that keep segments back; those that let them go
// stand at their moments.
func (s *story) keeping(st *stage) []rule {
	var rules []rule
	add := func(p *pkt, x side, why string) {
		rules = append(rules, rule{text: s.keeps(st, p, x, "hold"), pass: s.keeps(st, p, x, "pass"), before: s.brings(p), comment: why})
	}
	for _, p := range s.packets {
		if p.held {
			add(p, p.from, s.frameWords(p)+" is overtaken on its way")
		}
		switch {
		case p.row != nil && p == p.row[0]:
			add(p, p.to(), fmt.Sprintf("frames %d to %d are on their way meanwhile", p.ref().frame, p.row[len(p.row)-1].ref().frame))
		case p.kept && p.row == nil:
			add(p, p.to(), s.frameWords(p)+" is on its way meanwhile")
		}
	}
	return rules
}

// keeps writes the line by which the box at a side keeps p back, or lets it go.
func (s *story) keeps(st *stage, p *pkt, x side, verb string) string {
	c := p.conn
	text := fmt.Sprintf("%s %s %s > %s", st.box(s.of(c, x)), verb, s.end(c, p.from), s.end(c, p.to()))
	if p.row != nil && x == p.to() {
		return text
	}
	return text + ": " + s.pattern(p)
}

// brings finds the packet whose departure brings p about: what a kernel answers
// with p, the beginning of the send that p is a part of, else p itself.
func (s *story) brings(p *pkt) *pkt {
	switch {
	case !s.of(p.conn, p.from).host():
		return p
	case p.rst() && p.trigger != nil:
		return p.trigger
	case p.pure():
		if q := s.acknowledges(p); q != nil {
			return q
		}
		return p
	}
	for _, q := range p.conn.packets {
		if q.from == p.from && q.end == p.seq && q.len() >= int64(p.conn.mss) && p.at-q.at < sameSend && p.is(segment.ACK) && !p.apart && !q.crossedBefore(p) {
			return s.brings(q)
		}
	}
	return p
}

// patient tells whether a host must not send again what it has sent: nothing of
// it was sent twice in the capture, and here it waits for the script to be
// acknowledged, however long that takes on a busy machine. several tells
// whether more than one segment does so at a time.
func (s *story) patient(a *actor) (patient, several bool) {
	if !a.host() {
		return false, false
	}
	for _, c := range s.conns {
		for _, run := range c.runs() {
			if s.of(c, run[0].from) == a && !run[0].syn() {
				return false, false
			}
		}
		waiting := 0
		for _, p := range c.packets {
			if s.of(c, p.from) != a || p.end == p.seq || p.syn() || p.rst() || p.forged {
				continue
			}
			if p.held || p.kept || p.lost != delivered || p.drew() || p.conn.turnedOf(p) != nil || !s.of(c, p.to()).host() {
				waiting++
			}
		}
		patient, several = patient || waiting > 0, several || waiting > 1
	}
	return patient, several
}
