package derive

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"rstlab/analyzer"
	"rstlab/internal/segment"
)

// A program is what a host's program does with one connection.
type program struct {
	a        *actor
	name     string // as lines speak of its socket
	socket   bool   // it has one
	accepted bool
	closed   bool
	nodelay  bool
	shut     bool
	unread   []*pkt
	eof      bool // a FIN came that it has not read
	opening  int  // behind the line of its connect; 0: it has none, or its result is known
	heard    *pkt // the last that a scripted end sent it, if nothing has waited for it yet
}

// A teller writes the events of a scenario.
type teller struct {
	*story
	stage    *stage
	pace     pace
	out      []string
	programs map[*conn]*[2]*program
	listens  map[uint16]bool // ports of the server
	queue    map[uint16][]*conn
	sharing  map[uint16]int  // connections to a port that are accepted
	keptBack map[string]bool // by the line that lets it go
	latest   awaited
	last     time.Duration
	wait     time.Duration // for the next line
}

// tellEvents writes the story's events.
func (s *story) tellEvents(st *stage) []string {
	t := &teller{story: s, stage: st, programs: map[*conn]*[2]*program{}, listens: map[uint16]bool{},
		queue: map[uint16][]*conn{}, sharing: map[uint16]int{}, keptBack: map[string]bool{}}
	for _, c := range s.conns {
		t.programs[c] = &[2]*program{{a: s.of(c, originator)}, {a: s.of(c, responder)}}
		if s.of(c, responder).host() && c.existed && c.responds() {
			t.sharing[c.addr[responder].Port()]++
		}
	}
	for _, c := range s.conns {
		for x, p := range t.programs[c] {
			p.name = fmt.Sprintf("%s.%d", p.a.name, c.addr[x].Port())
		}
	}
	t.pace = s.paces()
	t.prepare()
	rules := slices.Concat(s.losing(st), s.keeping(st))
	for _, r := range rules {
		if r.before == nil && r.after == nil {
			t.add(r.text, r.comment)
		}
	}
	for _, m := range s.moments() {
		switch {
		case m.passing:
			t.awaits(m.pkt)
		case m.freed:
			t.letGo(m.pkt, m.pkt.from)
		case !m.arrival:
			for _, r := range rules {
				if r.before == m.pkt {
					t.rule(r)
				}
			}
			t.meets(m.pkt)
			t.passed(m.pkt)
			t.wait = t.pace.before(m, t.last)
			t.departs(m.pkt)
			t.wait = 0
		default:
			if m.pkt.kept {
				t.letGo(m.pkt, m.pkt.to())
			}
			t.arrives(m.pkt)
			for _, r := range rules {
				if r.after == m.pkt {
					t.add(r.text, r.comment)
				}
			}
		}
		t.last = m.at
	}
	return t.out
}

// rule writes a middlebox's line; one that keeps back what is kept back already
// is not needed.
func (t *teller) rule(r rule) {
	if r.pass != "" {
		if t.keptBack[r.pass] {
			return
		}
		t.keptBack[r.pass] = true
	}
	t.add(r.text, r.comment)
}

// letGo writes the line that ends the keeping back of p, if it still lasts.
func (t *teller) letGo(p *pkt, x side) {
	if pass := t.keeps(t.stage, p, x, "pass"); t.keptBack[pass] {
		delete(t.keptBack, pass)
		t.add(pass, "")
	}
}

// responds tells whether the responder answered, seen or assumed.
func (c *conn) responds() bool {
	return slices.ContainsFunc(c.packets, func(p *pkt) bool { return p.from == responder && p.syn() && p.hasACK() })
}

// add writes a line, with a comment where there is one.
func (t *teller) add(text, comment string) {
	if t.wait > 0 {
		text = "+" + shown(t.wait) + " " + text
		t.wait = 0
	}
	if comment != "" {
		text += " # " + comment
	}
	t.out = append(t.out, text)
}

// truth writes a line that stands under a reset.
func (t *teller) truth(text string) { t.out = append(t.out, "    "+text) }

// end writes an end of a connection as packet lines do: by the actor's name,
// or by address where the actor has several.
func (s *story) end(c *conn, x side) string { return s.endpoint(c, x).String() }

func (s *story) endpoint(c *conn, x side) segment.Endpoint {
	a := s.of(c, x)
	port := c.addr[x].Port()
	if len(a.addrs) > 1 {
		return segment.Endpoint{Addr: s.mapped(c.addr[x].Addr()), Port: port}
	}
	return segment.Endpoint{Name: a.name, Port: port}
}

// sends writes what a program does to send data, a FIN or both.
func (t *teller) sends(p *pkt, me *program) {
	if p.len() > 0 && !p.carried {
		t.reads(p.conn, me)
		if !me.nodelay && t.delayed(p) {
			me.nodelay = true
			t.add(me.name+" set nodelay=1", "")
		}
		t.add(me.name+" send "+t.load(p), p.assumed)
	}
	if !p.fin() {
		return
	}
	t.reads(p.conn, me)
	if me.eof {
		t.add(me.name+" recv = EOF", "")
		me.eof = false
	}
	if p.half || p.conn.halfClose(p) {
		t.add(me.name+" shutdown write", p.assumed)
		me.shut = true
		return
	}
	if u := t.draws(p); u != nil && u.how == byLinger2 {
		t.add(me.name+" set linger2=-1", "")
	}
	t.add(me.name+" close", p.assumed)
	me.closed = true
}

// draws finds the reset that the closing of a side brings about.
func (t *teller) draws(fin *pkt) *pkt {
	for _, q := range fin.conn.packets {
		if q.rst() && q.from == fin.from && q.sent > fin.sent {
			return q
		}
	}
	return nil
}

// sameSend is how far apart the segments of one send are at most.
const sameSend = 50 * time.Millisecond

// load is the argument of a send: its length, or its bytes where they are kept.
func (t *teller) load(p *pkt) string {
	n, data := p.len(), string(p.data)
	i := slices.Index(p.conn.packets, p)
	end := p.end
	lastLen := p.len()
	for _, q := range p.conn.packets[i+1:] {
		if q.from != p.from || q.pure() {
			continue
		}
		if q.len() == 0 || q.again != nil || q.seq != end || lastLen < int64(p.conn.mss) || q.at-p.at > sameSend || t.between(p, q) || p.crossedBefore(q) || q.apart || p.fin() {
			break
		}
		q.carried = true
		n, data, end, lastLen = n+q.len(), data+string(q.data), q.end, q.len()
	}
	if t.opts.KeepPayload && int64(len(data)) == n {
		return strconv.Quote(data)
	}
	return fmt.Sprint(n)
}

// between tells whether something that the program reacts to came between two
// of its segments.
func (t *teller) between(p, q *pkt) bool {
	for _, r := range p.conn.packets {
		if r.from != p.from && !r.plain() && r.arrived > p.sent && r.arrived < q.sent && r.lost == delivered {
			return true
		}
	}
	return false
}

// crossedBefore tells whether the receiver of p and q sent, closed or aborted
// between them, as the main point has it: what is told behind that is sent behind
// it, for its ACK knows of no more.
func (p *pkt) crossedBefore(q *pkt) bool {
	return slices.ContainsFunc(p.conn.packets, func(r *pkt) bool {
		return r.from != p.from && r.at > p.at && r.at < q.at && r.again == nil && (r.len() > 0 && !r.probe || r.fin() || r.rst() && r.form == spontaneous)
	})
}

// delayed tells whether Nagle's algorithm would keep p back: a small segment
// while an earlier one is not acknowledged (RFC 896).
func (t *teller) delayed(p *pkt) bool {
	c := p.conn
	if p.len() >= int64(c.mss) {
		return false
	}
	var sent, acked int64
	for _, q := range c.packets {
		if q.from == p.from && q != p && q.len() > 0 && q.sent < p.sent && q.len() < int64(c.mss) {
			sent = max(sent, q.end)
		}
		if q.from != p.from && q.hasACK() && q.arrived < p.sent && q.lost == delivered {
			acked = max(acked, q.ack)
		}
	}
	return sent > acked
}

// reads writes the reads of all that has come.
func (t *teller) reads(c *conn, me *program) {
	t.accepts(c, me)
	if i := slices.IndexFunc(me.unread, func(p *pkt) bool { return p.unread }); i >= 0 {
		t.recv(me, me.unread[:i])
		me.unread = me.unread[i:]
		return
	}
	if len(me.unread) == 1 && !me.unread[0].followed() {
		t.add(fmt.Sprintf("%s recv = %d", me.name, me.unread[0].len()), "")
	} else {
		t.recv(me, me.unread)
	}
	if len(me.unread) > 0 && me.heard == me.unread[len(me.unread)-1] {
		me.heard = nil
	}
	me.unread = nil
}

// recv writes the line that reads segments, all of them.
func (t *teller) recv(me *program, segments []*pkt) {
	if n := bytesOf(segments); n > 0 {
		t.add(fmt.Sprintf("%s recv %d = %d", me.name, n, n), "")
	}
}

// hears writes a line that waits for the last packet of a scripted end to
// arrive, where what the host does next must not come before it.
func (t *teller) hears(me *program) {
	if p := me.heard; p != nil {
		t.add(t.write(p, false)+" @"+me.a.name, "")
	}
	me.heard = nil
}

// followed tells whether more data of its sender comes behind p.
func (p *pkt) followed() bool {
	for _, q := range p.conn.packets {
		if q != p && q.from == p.from && q.len() > 0 && q.seq >= p.end && !q.drew() {
			return true
		}
	}
	return false
}

// accepts writes the accept of a connection before its program first acts, and
// those of the connections before it in the queue.
func (t *teller) accepts(c *conn, me *program) {
	if me != t.programs[c][responder] || me.accepted {
		return
	}
	port := c.addr[responder].Port()
	for _, q := range t.queue[port] {
		other := t.programs[q][responder]
		if other.accepted {
			continue
		}
		other.accepted = true
		if t.sharing[port] > 1 {
			other.name = fmt.Sprintf("%s.conn%d", other.a.name, t.number(q))
			t.add(fmt.Sprintf("%s.%d accept as conn%d", other.a.name, port, t.number(q)), "")
		} else {
			t.add(other.name+" accept", "")
		}
		if q == c {
			return
		}
	}
}

// number counts the accepted connections, from 1.
func (t *teller) number(c *conn) int { return slices.Index(t.conns, c) + 1 }

// arrives writes the line that waits for a host's packet, and notes what it
// means to the program that it comes to.
func (t *teller) arrives(p *pkt) {
	c := p.conn
	from, to := t.of(c, p.from), t.of(c, p.to())
	device := t.byDevice(p)
	if from.host() && (!device || p.turned != nil) && !p.forged && !p.carriedAway() {
		t.awaits(p)
	}
	if p.lost != delivered || !to.host() {
		return
	}
	me := t.programs[c][p.to()]
	if !from.host() {
		me.heard = p
	}
	t.comes(p, me)
	if p.read && bytesOf(me.unread) >= int64(readAtLeast*c.mss) && t.aborts(c, p.to()) {
		t.reads(c, me)
	}
}

// comes notes what a packet that came to a program's host means to it.
func (t *teller) comes(p *pkt, me *program) {
	c := p.conn
	switch {
	case p.rst():
		t.wasReset(p, me)
	case p.to() == responder && p.hasACK() && !p.syn() && c.existed:
		port := c.addr[responder].Port()
		if !slices.Contains(t.queue[port], c) && !p.drew() {
			t.queue[port] = append(t.queue[port], c)
		}
	}
	first := p.again == nil && !p.probe && !p.syn() && !p.rst()
	madeUp := p.again != nil && p.again.lost != delivered
	if p.len() > 0 && !p.drew() && (first || madeUp && !t.hadAgain(p)) {
		me.unread = append(me.unread, p)
	}
	if p.fin() && (p.again == nil || madeUp) {
		me.eof = true
	}
}

// aborts tells whether a side's program aborts the connection, having read what came.
func (t *teller) aborts(c *conn, x side) bool {
	return slices.ContainsFunc(c.packets, func(q *pkt) bool { return q.rst() && q.from == x && q.how == byAbort && !t.byDevice(q) })
}

// readAtLeast is how many full segments wait before a read is told where the
// window tells of it: else they would lie unread longer than they did, and the
// abort look like a close with data unread.
const readAtLeast = 2

func bytesOf(segments []*pkt) (n int64) {
	for _, p := range segments {
		n += p.len()
	}
	return n
}

// hadAgain tells whether an earlier retransmission of the same bytes arrived.
func (t *teller) hadAgain(p *pkt) bool {
	return slices.ContainsFunc(p.conn.packets, func(q *pkt) bool {
		return q != p && q.again == p.again && q.lost == delivered && q.arrived < p.arrived
	})
}

// carriedAway tells whether no line waits for p: a plain ACK, or what never
// passed the main point.
func (p *pkt) carriedAway() bool {
	return p.plain() && !p.needed || p.lost == lostBefore && p.frames[1].frame == none
}

// awaits writes the line that waits for p, or counts it to the line before.
func (t *teller) awaits(p *pkt) {
	if p.counted {
		return
	}
	p.counted = true
	text := t.write(p, false)
	n := 1
	comment := t.mark(p)
	if p.rst() {
		text += t.header(p)
		n, comment = t.row(p)
	} else if p.again == nil && p.end > p.seq {
		n = t.copies(p)
	}
	if n > 1 {
		text += fmt.Sprintf(" x%d", n)
	}
	tap := t.awaitedAt(p)
	if tap != "" {
		text += " @" + tap
	}
	within := t.pace.patience(p, n)
	if within > 0 {
		text += " within " + shown(within)
	}
	plain := p.len() > 0 && !p.fin() && p.again == nil && n == 1 && within == 0 && comment == ""
	if plain && t.latest.goesOn(p, tap, len(t.out)) {
		t.out = t.out[:len(t.out)-1] // the last segment of a write is enough
	}
	t.add(text, comment)
	t.latest = awaited{}
	if plain {
		t.latest = awaited{p, tap, len(t.out)}
	}
	if p.rst() {
		t.claims(p)
	}
}

// awaitedAt is the tap at which the line of p waits; "": its destination's.
func (t *teller) awaitedAt(p *pkt) string {
	switch {
	case p.lost == lostBefore:
		return t.stage.otherTap
	case !t.passes(p), p.atTap:
		return t.stage.tap
	}
	return ""
}

// An awaited is a data segment that a line waits for: the last of so many lines.
type awaited struct {
	pkt   *pkt
	tap   string
	lines int
}

// goesOn tells whether p goes with the same write as the segment of the last
// line, to the same tap.
func (a awaited) goesOn(p *pkt, tap string, lines int) bool {
	q := a.pkt
	return q != nil && a.lines == lines && a.tap == tap && p.carried && q.conn == p.conn && q.from == p.from && q.end == p.seq
}

// passes tells whether p comes to its destination: a peer hears nothing
// anyway, so nothing is lost on the way to it.
func (t *teller) passes(p *pkt) bool { return p.lost == delivered || !t.matters(p) }

// claims writes the truth of a reset, and what its verdict can carry.
func (t *teller) claims(p *pkt) {
	claim := t.claim(p)
	by := t.actorOf(p, claim.sender)
	t.truth(fmt.Sprintf("=> %s by %s", claim.cause, by))
	seen := t.variant.seen[p.ref()]
	if twins := twins(claim, p.verdict); t.variant.seen == nil && twins != nil {
		seen = []string{fmt.Sprintf("seen as possible %s by %s", strings.Join(twins, " or "), by)}
	}
	for _, line := range seen {
		t.truth(line)
	}
}

// actorOf names who sends a reset.
func (t *teller) actorOf(p *pkt, sender analyzer.Sender) string {
	switch sender {
	case analyzer.Middlebox:
		return t.stage.boxes[t.boxSide(p)]
	case analyzer.Originator:
		return t.of(p.conn, originator).name
	default:
		return t.of(p.conn, responder).name
	}
}

// wasReset writes what the program sees of a reset that ended its connection.
func (t *teller) wasReset(p *pkt, me *program) {
	v := p.verdict
	if v == nil || v.Effect != analyzer.Accepted || me.closed || me.shut || me.eof || !me.accepted && p.to() == responder || !p.conn.existed || t.pending(p) {
		return
	}
	t.recv(me, me.unread)
	me.unread = nil
	t.add(me.name+" recv = ECONNRESET", "")
}

// pending tells whether the end that p resets was still connecting.
func (t *teller) pending(p *pkt) bool {
	return p.to() == originator && !slices.ContainsFunc(p.conn.packets, func(q *pkt) bool {
		return q.from == responder && q.syn() && q.hasACK() && q.ack == p.conn.synEnd() && q.lost == delivered && q.arrived < p.arrived
	})
}

// mapped is the address that stands for one of the capture's.
func (s *story) mapped(a netip.Addr) netip.Addr {
	if m, ok := s.addrs[a]; ok {
		return m
	}
	return a
}
