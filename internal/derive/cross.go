package derive

import (
	"fmt"
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
	}
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
		if q.from != p.from && q.sent > from && q.sent < to && !q.forged && !q.plain() && s.acts(q) && !(q.rst() && s.byDevice(q)) {
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
		if p.kept {
			add(p, p.to(), s.frameWords(p)+" is on its way meanwhile")
		}
	}
	return rules
}

// keeps writes the line by which the box at a side keeps p back, or lets it go.
func (s *story) keeps(st *stage, p *pkt, x side, verb string) string {
	c := p.conn
	return fmt.Sprintf("%s %s %s > %s: %s", st.box(s.of(c, x)), verb, s.end(c, p.from), s.end(c, p.to()), s.pattern(p))
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
		if q.from == p.from && q.end == p.seq && q.len() >= int64(p.conn.mss) && p.at-q.at < sameSend && p.is(segment.ACK) && !q.crossedBefore(p) {
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
