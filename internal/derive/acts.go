package derive

import (
	"fmt"
	"slices"
	"strings"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/internal/segment"
)

// prepare plans what must stand before the lines of single packets: rules that
// keep a packet back, and so on.
func (t *teller) prepare() {
	for _, p := range t.packets {
		if !p.rst() {
			continue
		}
		// What had come and gone before the reset must have done so in the
		// replay: a late ACK would meet a dead end and draw a reset of its own.
		t.need(t.lastBefore(p, p.from))
		t.need(t.lastArrived(p))
		if t.byDevice(p) {
			t.passBefore(p)
		}
		if p.how == byUnread && t.of(p.conn, p.from).host() {
			for _, q := range p.conn.packets {
				if q.from != p.from && q.len() > 0 && q.again == nil && q.lost == delivered && q.arrived < p.sent {
					for _, r := range p.conn.packets {
						r.unread = r.unread && r.from == p.from
					}
					q.unread = true // the last one
				}
			}
		}
		if p.how == byForgetting && t.of(p.conn, p.from).host() && !t.byDevice(p) {
			t.need(t.lastBefore(p.trigger, p.trigger.from))
		}
	}
}

// passBefore makes the lines of what passed the main point before a device's
// reset wait there: it is under way still when the reset goes out.
func (t *teller) passBefore(p *pkt) {
	var last [2]*pkt
	for _, q := range p.conn.packets {
		if q == p {
			break
		}
		if t.of(p.conn, q.from).host() && q.frame() != none && !t.byDevice(q) && (q.needed || !q.plain()) {
			last[q.from] = q
		}
	}
	for _, q := range last {
		if q != nil && q.lost == delivered && q.arrived > p.at {
			q.atTap = true
		}
	}
}

// need makes a line wait for a packet, plain ACK or not.
func (t *teller) need(p *pkt) {
	if p != nil {
		p.needed = true
	}
}

// lastBefore is the last packet of a side that arrived before p was sent.
func (t *teller) lastBefore(p *pkt, x side) *pkt {
	var last *pkt
	for _, q := range p.conn.packets {
		if q.from == x && q != p && q.lost == delivered && q.sent < p.sent && q.calledFor() {
			last = q
		}
	}
	return last
}

// calledFor tells whether a kernel sends p here, too: it is no plain ACK, it
// acknowledges more than what its side sent before it, or something that has to
// be acknowledged had come since. An ACK at a capture's beginning may answer
// what came before that.
func (p *pkt) calledFor() bool {
	if !p.plain() {
		return true
	}
	i := slices.Index(p.conn.packets, p)
	for _, q := range slices.Backward(p.conn.packets[:i]) {
		switch {
		case q.from == p.from:
			return p.ack > q.ack
		case q.end > q.seq && !(q.syn() && !q.hasACK()), q.probe, q.rst():
			return true
		}
	}
	return false
}

// lastArrived is the last packet that had come to the sender of p, before the
// one that it answers.
func (t *teller) lastArrived(p *pkt) *pkt {
	var last *pkt
	for _, q := range p.conn.packets {
		if q.from != p.from && q != p.trigger && q.lost == delivered && q.arrived < p.sent && q.calledFor() {
			last = q
		}
	}
	return last
}

// connects writes a connect, and before it what the server does so that the
// SYN meets what it met.
func (t *teller) connects(p *pkt, me *program) {
	c := p.conn
	if p.again != nil && !p.refusedBefore() {
		return // sent again by the kernel
	}
	t.leaveOld(p, me)
	result := t.outcome(p)
	if t.overflowing(c) {
		t.fills(c, 0, 3) // a full queue takes no SYN: the last one comes behind
	}
	hold := t.holding(p)
	if hold != "" {
		t.add(hold, "")
	}
	if p.assumed == "" && hasOption(p, "mptcp") {
		t.add(me.name+" socket mptcp", "")
	}
	if tos := p.seg.TOS; tos != nil && *tos != 0 {
		t.add(fmt.Sprintf("%s set tos=%d", me.name, *tos), "")
	}
	text := fmt.Sprintf("%s connect %s", me.name, t.end(c, p.to()))
	if c.fixed() {
		text += fmt.Sprintf(" isn=%d", p.seg.Seq.Start)
	}
	if p.len() > 0 {
		text += fmt.Sprintf(" fastopen=%d", p.len())
	}
	text += " = " + result
	if d := t.pace.connecting(p); d > 0 && result != "EINPROGRESS" {
		text += " within " + shown(d)
	}
	t.add(text, p.assumed)
	me.socket = true
	if result == "ok" {
		me.opening = len(t.out)
	}
	t.keepalive(c, originator)
}

// refusedBefore tells whether a SYN that is sent again was refused before: then
// the program asks again, not the kernel.
func (p *pkt) refusedBefore() bool {
	return slices.ContainsFunc(p.conn.packets, func(q *pkt) bool { return q.refuses() && q.from != p.from && q.at < p.at })
}

// refuses tells whether p is a reset that ends SYN-SENT: one without ACK does
// not (RFC 9293, 3.10.7.3).
func (p *pkt) refuses() bool { return p.rst() && p.hasACK() && p.from == responder }

// listen writes the listen or the closing of the listener that decides what a
// SYN meets.
func (t *teller) listen(p *pkt) {
	c := p.conn
	server := t.of(c, responder)
	if !server.host() {
		return
	}
	port := c.addr[responder].Port()
	name := fmt.Sprintf("%s.%d", server.name, port)
	answered := c.existed && c.responds() || t.needsListener(p)
	switch {
	case answered && !t.listens[port]:
		t.listens[port] = true
		if hasOption(p, "mptcp") {
			t.add(name+" socket mptcp", "")
		}
		backlog := ""
		if slices.ContainsFunc(c.packets, func(q *pkt) bool { return q.rst() && q.how == byOverflow && q.from == responder }) {
			backlog = " backlog=3"
		}
		t.add(name+" listen"+backlog, "")
		t.keepalive(c, responder)
	case !answered && t.listens[port] && t.refusedByKernel(p):
		t.listens[port] = false
		t.add(name+" close", "the service stops")
	}
}

// needsListener tells whether something listens although no SYN-ACK was seen:
// a device refuses in its name.
func (t *teller) needsListener(p *pkt) bool {
	for _, q := range p.conn.packets {
		if q.rst() && q.from == responder {
			return t.byDevice(q) || t.claim(q).cause == cause.SynOnHalfOpen
		}
	}
	return p.conn.before != nil
}

func (t *teller) refusedByKernel(p *pkt) bool {
	return slices.ContainsFunc(p.conn.packets, func(q *pkt) bool {
		return q.rst() && q.from == responder && q.trigger == p && !t.byDevice(q) && t.claim(q).cause != cause.SynOnHalfOpen
	})
}

// leaveOld writes what becomes of the socket that had the port before.
func (t *teller) leaveOld(p *pkt, me *program) {
	if p.again != nil {
		t.add(me.name+" close", "and tries again")
		return
	}
	old := p.conn.before
	if old == nil {
		return
	}
	x := p.from
	if old.addr[x] != p.conn.addr[x] {
		x = x.other()
	}
	was := t.programs[old][x]
	if was.socket && was.a.host() && !was.closed {
		t.hears(was)
	}
	switch {
	case !was.socket || !was.a.host():
	case was.closed && old.closedBoth():
		t.add(was.name+" state = CLOSED", "the port is free again")
	case was.closed:
	case old.existed && old.established() && !old.wasReset():
		t.add(was.name+" forget", "its end of the old connection is lost")
	default:
		t.add(was.name+" close", "")
	}
	was.closed = true
}

// closedBoth tells whether both sides had sent a FIN.
func (c *conn) closedBoth() bool {
	var fin [2]bool
	for _, p := range c.packets {
		fin[p.from] = fin[p.from] || p.fin()
	}
	return fin[0] && fin[1]
}

func (c *conn) established() bool {
	return slices.ContainsFunc(c.packets, func(p *pkt) bool { return p.from == originator && p.hasACK() && !p.syn() && !p.rst() })
}

func (c *conn) wasReset() bool {
	return slices.ContainsFunc(c.packets, func(p *pkt) bool { return p.rst() })
}

// outcome is what a connect gives.
func (t *teller) outcome(p *pkt) string {
	c := p.conn
	for _, q := range c.packets {
		if q.from == p.from || q.lost != delivered || q.arrived < p.sent {
			continue
		}
		if q.rst() && q.verdict != nil && q.verdict.Effect == analyzer.Ignored {
			continue
		}
		switch {
		case q.rst() && (q.trigger == p || q.trigger == nil && !q.hasACK()):
			if q.hasACK() {
				return "ECONNREFUSED"
			}
		case q.syn() && q.hasACK() && q.ack == p.end:
			if t.meetsGivenUp(q) {
				return "EINPROGRESS"
			}
			return "ok"
		case q.rst() && q.hasACK() && q.ack == p.end:
			return "ECONNREFUSED"
		}
	}
	return "EINPROGRESS"
}

// meetsGivenUp tells whether a SYN-ACK finds its connect over, or is not taken as
// its answer.
func (t *teller) meetsGivenUp(synack *pkt) bool {
	return slices.ContainsFunc(synack.conn.packets, func(r *pkt) bool {
		return r.rst() && r.trigger == synack && (r.how == byGivingUp || r.how == byTimestamp) && t.of(r.conn, r.from).host()
	})
}

// holding is the rule by which the answer to a SYN is kept back until the
// program has done what it must meet.
func (t *teller) holding(p *pkt) string {
	c := p.conn
	for _, q := range c.packets {
		if !q.rst() || !t.of(c, q.from).host() || !q.how.holds() || t.byDevice(q) {
			continue
		}
		s := q.trigger.from
		box := t.stage.box(t.of(c, s))
		match := fmt.Sprintf("%s > %s: ", t.end(c, s), t.end(c, s.other()))
		switch q.how {
		case byGivingUp:
			return fmt.Sprintf("%s hold %sS.", box, match)
		case byTimestamp:
			return fmt.Sprintf("%s rewrite %sS. x1 to %s", box, match, segment.OptionsString(q.trigger.seg.Options))
		default:
			return fmt.Sprintf("%s hold %s.", box, match)
		}
	}
	return ""
}

// release is the line that ends a hold.
func (t *teller) release(q *pkt) string {
	c, s := q.conn, q.trigger.from
	flags := "."
	if q.how == byGivingUp {
		flags = "S."
	}
	return fmt.Sprintf("%s pass %s > %s: %s", t.stage.box(t.of(c, s)), t.end(c, s), t.end(c, s.other()), flags)
}

// resets writes how a host is brought to reset.
func (t *teller) resets(p *pkt, me *program) {
	switch p.how {
	case byAbort:
		t.readsBefore(p, me)
		t.hears(me)
		t.add(me.name+" set linger=0", "")
		t.add(me.name+" close", "")
	case byUnread:
		t.reads(p.conn, me)
		t.hears(me)
		t.add(me.name+" close", "without reading what came")
	case byListener:
		port := p.conn.addr[responder].Port()
		if !t.listens[port] {
			return // it resets all that waited, at once
		}
		t.listens[port] = false
		t.add(fmt.Sprintf("%s.%d close", me.a.name, port), "the listener, before anybody accepted")
	default:
		return
	}
	me.closed = true
}

// opened writes a line that waits for the end of p's receiver to be connected,
// where nothing has waited: a scripted reset could come before its program knows.
func (t *teller) opened(p *pkt) {
	me := t.programs[p.conn][p.to()]
	if !p.rst() || !me.a.host() || me.opening == 0 || t.wait > 0 || t.pending(p) {
		return
	}
	if !slices.ContainsFunc(t.out[me.opening:], func(line string) bool {
		return strings.HasPrefix(line, me.name+" ") && !strings.HasPrefix(line, me.name+" >")
	}) {
		t.add(me.name+" state = ESTABLISHED", "")
	}
	me.opening = 0
}

// readsBefore reads what had come, unless the connection was never accepted.
func (t *teller) readsBefore(p *pkt, me *program) {
	t.reads(p.conn, me)
	if me.eof {
		t.add(me.name+" recv = EOF", "")
		me.eof, me.heard = false, nil
	}
}

// meets writes what a host goes through before p comes to it, so that p draws
// a reset.
func (t *teller) meets(p *pkt) {
	c := p.conn
	for _, q := range c.packets {
		if !q.rst() || q.trigger != p || t.byDevice(q) || !t.of(c, q.from).host() {
			continue
		}
		me := t.programs[c][q.from]
		switch q.how {
		case byForgetting:
			t.accepts(c, me)
			t.hears(me)
			t.add(me.name+" forget", q.how.words())
			me.closed = true
		case byGivingUp:
			t.add(me.name+" close", q.how.words())
			me.closed = true
			t.wait = t.pace.late(p)
			t.add(t.release(q), "")
		case byRestart, byRefusal, byOverflow:
			t.add(t.programs[c][p.from].name+" state = ESTABLISHED", "so it believes")
			t.replaces(q)
			t.add(t.release(q), "")
		}
	}
}

// replaces writes what becomes of a listener while the ACK of a handshake is
// kept back.
func (t *teller) replaces(q *pkt) {
	c := q.conn
	name := fmt.Sprintf("%s.%d", t.of(c, responder).name, c.addr[responder].Port())
	if q.how == byOverflow {
		t.fills(c, 3, 4)
		return
	}
	t.add(name+" close", "")
	if q.how == byRestart {
		t.add(name+" listen", q.how.words())
	}
}

// overflowing tells whether the accept queue is full when a connection's
// handshake ends.
func (t *teller) overflowing(c *conn) bool {
	return slices.ContainsFunc(c.packets, func(q *pkt) bool {
		return q.rst() && q.how == byOverflow && !t.byDevice(q) && t.of(c, q.from).host()
	})
}

// fills fills the accept queue of a listener with other connections, of which
// one with a backlog of three has room for four: those from one on, before
// another.
func (t *teller) fills(c *conn, from, to int) {
	client, server := t.of(c, originator).name, t.end(c, responder)
	const first = 50001
	for i := from; i < to; i++ {
		t.add(fmt.Sprintf("%s.%d connect %s = ok", client, first+i, server), "")
	}
	for i := from; i < to; i++ {
		t.add(fmt.Sprintf("%s.%d > %s: . ack 1", client, first+i, server), "")
	}
}
