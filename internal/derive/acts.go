package derive

import (
	"fmt"
	"slices"
	"time"

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
		if t.of(p.conn, q.from).host() && q.frame() != none && !(q.rst() && t.byDevice(q)) && (q.needed || !q.plain()) {
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
		if q.from == x && q != p && q.lost == delivered && q.sent < p.sent {
			last = q
		}
	}
	return last
}

// lastArrived is the last packet that had come to the sender of p.
func (t *teller) lastArrived(p *pkt) *pkt {
	var last *pkt
	for _, q := range p.conn.packets {
		if q.from != p.from && q.lost == delivered && q.arrived < p.sent {
			last = q
		}
	}
	return last
}

// connects writes a connect, and before it what the server does so that the
// SYN meets what it met.
func (t *teller) connects(p *pkt, me *program) {
	c := p.conn
	if p.again != nil && !t.refusedBefore(p) {
		return // sent again by the kernel
	}
	t.leaveOld(p, me)
	result := t.outcome(p)
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
	t.keepalive(c, originator)
}

// refusedBefore tells whether a SYN that is sent again was refused before: then
// the program asks again, not the kernel.
func (t *teller) refusedBefore(p *pkt) bool {
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
	old := p.conn.before
	if old == nil || p.again != nil {
		if p.again != nil && me.socket {
			me.socket = false
		}
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
			for _, r := range c.packets {
				if r.rst() && r.trigger == q && (r.how == byGivingUp || r.how == byTimestamp) && t.of(c, r.from).host() {
					return "EINPROGRESS"
				}
			}
			return "ok"
		case q.rst() && q.hasACK() && q.ack == p.end:
			return "ECONNREFUSED"
		}
	}
	return "EINPROGRESS"
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

// readsBefore reads what had come, unless the connection was never accepted.
func (t *teller) readsBefore(p *pkt, me *program) {
	t.reads(p.conn, me)
	if me.eof {
		t.add(me.name+" recv = EOF", "")
		me.eof, me.heard = false, nil
	}
}

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
		s.Options = p.seg.Options
	case p.syn():
		s.Options = peerOptions(p)
	case p.rst():
		s.Options = withoutStamps(p.seg.Options)
	}
	if p.len() > 0 && t.opts.KeepPayload && int64(len(p.data)) == p.len() {
		s.Payload = ptr(string(p.data))
	}
	a := t.of(p.conn, p.from)
	if p.seg.TTL != nil && *p.seg.TTL != a.ttl {
		s.TTL = p.seg.TTL
	}
	if p.seg.TOS != nil && *p.seg.TOS != 0 {
		s.TOS = p.seg.TOS
	}
	if p.rst() || t.scripted() || a.ids {
		if a.ids || t.scripted() || p.seg.ID != nil && *p.seg.ID == 0 {
			s.ID = p.seg.ID
		}
		if p.seg.DF != nil && !*p.seg.DF {
			s.DF = p.seg.DF
		}
	}
	s.BadSum = p.seg.BadSum
	return fields(s)
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

// keepalive sets the timers of a side that probes: as short as there are, or
// those of the capture.
func (t *teller) keepalive(c *conn, x side) {
	probes := c.probesOf(x)
	if len(probes) == 0 || !t.of(c, x).host() {
		return
	}
	idle, interval, why := 1, 1, "the shortest that there are"
	if t.opts.RealTime {
		idle, interval = c.probing(x)
		why = ""
	}
	t.add(fmt.Sprintf("%s set keepidle=%d keepintvl=%d keepcnt=%d", t.programs[c][x].name, idle, interval, len(probes)), why)
}

// probesOf are the probes of a side.
func (c *conn) probesOf(x side) []*pkt {
	var probes []*pkt
	for _, p := range c.packets {
		if p.from == x && p.probe {
			probes = append(probes, p)
		}
	}
	return probes
}

// probing gives the seconds after which a side began to probe, and those
// between its probes.
func (c *conn) probing(x side) (idle, interval int) {
	probes := c.probesOf(x)
	var before time.Duration
	for _, p := range c.packets {
		if p == probes[0] {
			break
		}
		before = p.at
	}
	whole := func(d time.Duration) int { return max(int(d.Round(time.Second)/time.Second), 1) }
	idle = whole(probes[0].at - before)
	interval = idle
	if len(probes) > 1 {
		interval = whole(probes[1].at - probes[0].at)
	}
	return idle, interval
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
		t.overflows(c)
		return
	}
	t.add(name+" close", "")
	if q.how == byRestart {
		t.add(name+" listen", q.how.words())
	}
}

// overflows fills the accept queue of a listener with other connections: one
// with a backlog of three has room for four.
func (t *teller) overflows(c *conn) {
	client, to := t.of(c, originator).name, t.end(c, responder)
	const first = 50001
	for i := range 4 {
		t.add(fmt.Sprintf("%s.%d connect %s = ok", client, first+i, to), "")
	}
	for i := range 4 {
		t.add(fmt.Sprintf("%s.%d > %s: . ack 1", client, first+i, to), "")
	}
}
