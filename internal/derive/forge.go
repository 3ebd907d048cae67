package derive

import (
	"fmt"
)

// departs writes what makes a packet leave its sender.
func (t *teller) departs(p *pkt) {
	if t.byDevice(p) {
		t.opened(p)
		t.inject(p)
		return
	}
	if p.forged && p.conn.of != nil && p.conn.astray {
		t.strays(p)
		return
	}
	if p.forged {
		t.add(fmt.Sprintf("%s inject %s", t.stage.boxes[t.boxSide(p)], t.write(p, true)), t.forgery(p))
		return
	}
	if p.syn() && !p.hasACK() && !p.rst() {
		t.listen(p)
	}
	a := t.of(p.conn, p.from)
	if !a.host() {
		if p.lost != lostBefore || p.frames[1].frame != none {
			t.opened(p)
			t.peerSends(p)
		}
		return
	}
	me := t.programs[p.conn][p.from]
	switch {
	case p.rst():
		t.resets(p, me)
	case p.syn() && !p.hasACK():
		t.connects(p, me)
	case p.again != nil, p.probe, p.syn(), p.pure():
	default:
		t.sends(p, me)
	}
}

// strays writes how a segment of another connection loses its translation: its
// program sends it there, and a box gives it the ends that it had here.
func (t *teller) strays(p *pkt) {
	d := p.conn.of
	me := t.programs[d][p.from]
	t.reads(d, me)
	box := t.stage.box(t.of(d, p.from))
	sent := *p // as it is sent: next in its connection
	sent.seq = 1
	for _, q := range d.packets {
		if q.from == p.from && q.at < p.at && !q.rst() && !q.stray {
			sent.seq = max(sent.seq, q.end)
		}
	}
	sent.end = sent.seq + p.len()
	match := fmt.Sprintf("%s > %s: %s", t.end(d, p.from), t.end(d, p.to()), t.pattern(&sent))
	to := ""
	if a, b := t.end(d, p.from), t.end(p.conn, p.from); a != b {
		to += " src=" + b
	}
	if a, b := t.end(d, p.to()), t.end(p.conn, p.to()); a != b {
		to += " dst=" + b
	}
	if p.seq != sent.seq {
		to += fmt.Sprintf(" seq=%+d", p.seq-sent.seq)
	}
	t.add(fmt.Sprintf("%s rewrite %s x1 to%s", box, match, to), "its translation is lost")
	t.add(me.name+" send "+t.load(p), "")
}

// forgery says why a box sends what is no reset.
func (t *teller) forgery(p *pkt) string {
	switch {
	case p.conn.astray:
		return t.frameWords(p) + ", another connection's, untranslated"
	case p.duplicate:
		return t.frameWords(p) + ", an old duplicate late on its way"
	}
	return p.assumed
}
