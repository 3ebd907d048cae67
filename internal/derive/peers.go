package derive

import (
	"fmt"
	"slices"

	"rstlab/internal/segment"
)

// inject writes a device's reset.
func (t *teller) inject(p *pkt) {
	if p.turned != nil && t.of(p.conn, p.from).host() {
		return // it is made of what the named sender sends
	}
	text := t.write(p, true)
	text += t.attrs(p)
	t.add(fmt.Sprintf("%s inject %s", t.stage.boxes[t.boxSide(p)], text), t.mark(p))
	t.claims(p)
}

// attrs writes what of a forged reset's header its sender chose.
func (t *teller) attrs(p *pkt) string {
	var s segment.Segment
	if p.win() != 0 {
		s.Win = p.seg.Win
	}
	s.Options = withoutStamps(p.seg.Options)
	if p.len() > 0 {
		s.Length = p.seg.Length
		if t.opts.KeepPayload {
			s.Payload = ptr(string(p.data))
			s.Length = nil
		}
	}
	s.TTL = p.seg.TTL
	s.ID, s.DF = p.seg.ID, nil
	if p.seg.DF != nil && !*p.seg.DF {
		s.DF = p.seg.DF
	}
	if p.seg.TOS != nil && *p.seg.TOS != 0 {
		s.TOS = p.seg.TOS
	}
	s.BadSum = p.seg.BadSum
	return fields(s)
}

// fields writes the fields of s behind its flags, each with a blank before it.
func fields(s segment.Segment) string {
	s.Flags = 0
	text := s.String()
	const none = "none"
	i := len(": ") + len(s.Src.String()) + len(" > ") + len(s.Dst.String()) + len(none)
	return text[min(i, len(text)):]
}

// withoutStamps leaves out options that only make sense with the numbers of
// the capture.
func withoutStamps(opts []segment.Option) []segment.Option {
	var kept []segment.Option
	for _, o := range opts {
		if o.Kind != "TS" && o.Kind != "nop" && o.Kind != "eol" && o.Kind != "sack" && o.Kind != "md5" {
			kept = append(kept, o)
		}
	}
	return kept
}

// passed writes lines that wait for what scripted ends sent before p and a box
// or a link with a delay may still hold: until it has come to the scripted end
// that sends p, whose numbers follow from it; for a device's, until it has
// passed the main point.
func (t *teller) passed(p *pkt) {
	device := t.byDevice(p) || p.forged
	me := t.of(p.conn, p.from)
	if !device && me.host() || t.stage.direct() {
		return
	}
	for _, x := range []side{originator, responder} {
		if t.of(p.conn, x).host() || !device && x == p.from {
			continue // its lines wait anyway; it keeps its own order
		}
		last, tap := t.lastScripted(p, x), t.stage.tap
		if last == nil || last.counted {
			continue
		}
		if !device && last.lost == delivered {
			tap = me.name
		}
		last.counted = true
		t.add(t.write(last, false)+" @"+tap, "")
	}
}

// lastScripted is the last packet that a scripted end sent before p.
func (t *teller) lastScripted(p *pkt, x side) *pkt {
	var last *pkt
	for _, q := range p.conn.packets {
		if q == p {
			break
		}
		if q.from == x && !q.rst() && !q.forged && q.seg.ICMP == "" && q.lost != lostBefore && (q.frame() != none || q.assumed != "") {
			last = q
		}
	}
	return last
}

// peerSends writes a scripted end's packet.
func (t *teller) peerSends(p *pkt) {
	text := t.write(p, true) + t.peerFields(p)
	t.add(text, t.mark(p))
	if p.rst() {
		t.claims(p)
	}
}

// peerFields writes what a scripted end chose, where a correct stack would
// have chosen otherwise.
func (t *teller) peerFields(p *pkt) string {
	var s segment.Segment
	if p.assumed != "" {
		if p.syn() {
			s.Options = []segment.Option{{Kind: "mss", Args: []string{"1460"}}}
		}
		return fields(s)
	}
	if p.syn() || p.win() == 0 && !p.rst() || p.rst() && p.win() != 0 || t.scripted() {
		s.Win = p.seg.Win
	}
	switch {
	case t.scripted():
		s.Options = t.options(p)
	case p.syn():
		s.Options = peerOptions(p)
	case p.rst():
		s.Options = withoutStamps(p.seg.Options)
	}
	if p.len() > 0 && t.opts.KeepPayload && int64(len(p.data)) == p.len() {
		s.Payload = ptr(string(p.data))
	}
	t.peerIP(p, &s)
	s.BadSum = p.seg.BadSum
	return fields(s)
}

// peerIP gives s what a scripted end chose of the IP header.
func (t *teller) peerIP(p *pkt, s *segment.Segment) {
	a := t.of(p.conn, p.from)
	if p.seg.TTL != nil && *p.seg.TTL != a.ttl {
		s.TTL = p.seg.TTL
	}
	if p.seg.TOS != nil && *p.seg.TOS != 0 {
		s.TOS = p.seg.TOS
	}
	if !p.rst() && !t.scripted() && !a.ids {
		return
	}
	if a.ids || t.scripted() || p.seg.ID != nil && *p.seg.ID == 0 {
		s.ID = p.seg.ID
	}
	if p.seg.DF != nil && !*p.seg.DF {
		s.DF = p.seg.DF
	}
}

// options are those of p; the blocks of its sack count as its ack does.
func (t *teller) options(p *pkt) []segment.Option {
	_, ack := t.numbers(p, true)
	if ack == nil || ack.Raw {
		return p.seg.Options
	}
	raw := segment.Segment{Flags: p.seg.Flags, Ack: p.seg.Ack, Options: p.seg.Options}
	return raw.Relative(segment.Base{Ack: p.seg.Ack.N - ack.N, AckKnown: true}).Options
}

// scripted tells whether both ends are, so that every field is the capture's.
func (s *story) scripted() bool { return !s.actors[0].host() && !s.actors[1].host() }

// peerOptions are a SYN's options, with a timestamp that a kernel takes.
func peerOptions(p *pkt) []segment.Option {
	opts := slices.Clone(p.seg.Options)
	for i, o := range opts {
		if o.Kind == "TS" {
			opts[i].Args = []string{"val", "1", "ecr", "0"}
		}
	}
	return opts
}
