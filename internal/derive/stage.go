package derive

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rstlab/analyzer/cause"
	"rstlab/internal/segment"
)

// A stage is where the story plays: the boxes on the path, how long the links
// are, and which tap stands where the capture was taken.
type stage struct {
	boxes    [2]string        // between the main point and each actor; "": none
	delay    [2]time.Duration // from the main point to each actor
	tap      string           // the main point's
	otherTap string           // the other point's, where there is one
}

// A rule is a middlebox's line, and the moment before which it stands.
type rule struct {
	text    string
	before  *pkt // its departure
	after   *pkt // its arrival; both nil: at the beginning
	comment string
	rest    bool   // it is for all that follows
	pass    string // of a rule that keeps back: the line that ends it
}

// noticeable is the least time that is made by a link: less the lab has of
// itself.
const noticeable = 500 * time.Microsecond

// set builds the stage of a story whose ends are cast and whose losses are
// known.
func (s *story) set() *stage {
	st := &stage{delay: s.delays()}
	needs := s.boxes()
	if !needs[0] && !needs[1] && st.delay[0] > 0 && st.delay[1] > 0 {
		needs[responder] = true // a box that only marks the place
	}
	st.name(needs, s)
	if s.points == 2 {
		st.second(s)
	}
	return st
}

// boxes tells on which sides of the main point a box must lose, keep back or
// forge something.
func (s *story) boxes() (needs [2]bool) {
	for _, p := range s.packets {
		from, to := s.of(p.conn, p.from), s.of(p.conn, p.to())
		switch {
		case s.byDevice(p), p.forged:
			needs[s.boxSide(p)] = true
		case p.lost == lostBehind && s.matters(p):
			needs[to.side] = true
		case p.lost == lostBefore && s.matters(p):
			needs[from.side] = true
		}
		needs[from.side] = needs[from.side] || p.held
		needs[to.side] = needs[to.side] || p.kept
		if p.rst() && from.host() && !s.byDevice(p) && p.how.holds() {
			needs[s.of(p.conn, p.trigger.from).side] = true
		}
	}
	for _, c := range s.conns {
		if m := c.mute; m != nil && s.of(c, m.to()).host() {
			needs[s.of(c, m.to()).side] = true
		}
	}
	return needs
}

// delays are the shortest times from the main point to each actor; 0: none that
// a link must make.
func (s *story) delays() (delay [2]time.Duration) {
	for _, a := range s.actors {
		for _, c := range s.conns {
			if d := c.distance(a.at(c)); d >= noticeable && (delay[a.side] == 0 || d < delay[a.side]) {
				delay[a.side] = d
			}
		}
	}
	return delay
}

// second finds the tap of the other point, beyond the box where there is one.
func (st *stage) second(s *story) {
	server := s.actors[1].name
	st.otherTap = server
	way := s.conns[0].between
	if beyond := st.delay[1] - way; st.boxes[1] != "" && st.tap == s.actors[0].name && beyond >= noticeable {
		st.otherTap = st.boxes[1] + "/" + server
		st.delay = [2]time.Duration{way, beyond}
	}
}

// holds tells whether a means keeps a packet back on its way.
func (m means) holds() bool {
	switch m {
	case byGivingUp, byRestart, byRefusal, byOverflow, byTimestamp:
		return true
	}
	return false
}

// name names the boxes and the tap.
func (st *stage) name(needs [2]bool, s *story) {
	name := "path"
	for _, p := range s.packets {
		if s.byDevice(p) {
			name = "device"
			if s.claim(p).cause == cause.FirewallRejectSyn {
				name = "firewall"
			}
		}
	}
	switch {
	case needs[0] && needs[1]:
		st.boxes = [2]string{name + "-a", name + "-b"}
	case needs[0]:
		st.boxes[0] = name
	case needs[1]:
		st.boxes[1] = name
	}
	client, server := s.actors[0].name, s.actors[1].name
	switch {
	case needs[0] && needs[1]:
		st.tap = st.boxes[0] + "/" + st.boxes[1]
	case needs[0] && st.delay[1] > 0:
		st.tap = st.boxes[0] + "/" + server
	case needs[0]:
		st.tap = server
	case needs[1] && st.delay[0] > 0:
		st.tap = st.boxes[1] + "/" + client
	case needs[1]:
		st.tap = client
	case st.delay[0] > 0:
		st.tap = server
	default:
		st.tap = client
	}
}

// links writes the links of the stage.
func (st *stage) links(s *story, attrs string) []string {
	client, server := s.actors[0].name, s.actors[1].name
	link := func(a, b string, d time.Duration) string {
		words := []string{"link " + a + " " + b}
		if d >= noticeable {
			words = append(words, "delay="+shown(d.Round(100*time.Microsecond)))
		}
		if attrs != "" {
			words = append(words, attrs)
		}
		return strings.Join(words, " ")
	}
	switch {
	case st.boxes[0] != "" && st.boxes[1] != "":
		return []string{link(client, st.boxes[0], st.delay[0]), link(st.boxes[0], st.boxes[1], 0), link(st.boxes[1], server, st.delay[1])}
	case st.boxes[0] != "":
		return []string{link(client, st.boxes[0], st.delay[0]), link(st.boxes[0], server, st.delay[1])}
	case st.boxes[1] != "":
		return []string{link(client, st.boxes[1], st.delay[0]), link(st.boxes[1], server, st.delay[1])}
	}
	return []string{link(client, server, st.delay[0]+st.delay[1])}
}

// direct tells whether what one end sends comes to the other at once: there is
// no box between them, and the link has no delay.
func (st *stage) direct() bool { return st.boxes == [2]string{} && st.delay == [2]time.Duration{} }

// boxSide is the side of the main point at which a device sends a reset: that
// of the end whose name it bears, for so it passes the main point.
func (s *story) boxSide(p *pkt) side {
	if p.beyond {
		return s.of(p.conn, p.to()).side
	}
	return s.of(p.conn, p.from).side
}

// box is the box between the main point and an actor.
func (st *stage) box(a *actor) string { return st.boxes[a.side] }

// losing writes the rules by which the boxes lose what was lost.
func (s *story) losing(st *stage) []rule {
	var rules []rule
	for _, c := range s.conns {
		if m := c.mute; m != nil && s.of(c, m.to()).host() {
			rules = append(rules, s.muting(st, c))
		}
		for _, from := range []side{originator, responder} {
			var row []*pkt
			for _, p := range c.packets {
				if p.from == from && p.seg.ICMP == "" && !s.byDevice(p) && s.matters(p) {
					row = append(row, p)
				}
			}
			slices.SortStableFunc(row, func(a, b *pkt) int { return int(min(max(a.sent-b.sent, -1), 1)) })
			rules = append(rules, s.losingRow(st, c, from, row)...)
		}
	}
	return rules
}

// muting writes the rule by which nothing of a receiver gets through any more.
func (s *story) muting(st *stage, c *conn) rule {
	x := c.mute.to()
	return rule{
		text:    fmt.Sprintf("%s drop %s > %s", st.box(s.of(c, x)), s.end(c, x), s.end(c, x.other())),
		before:  c.mute,
		comment: fmt.Sprintf("its ACKs of %s are lost; it may be the data that was", s.frameWords(c.mute)),
	}
}

// matters tells whether it makes a difference that p was lost: a peer does not
// answer anyway, nor send what did not reach the main point.
func (s *story) matters(p *pkt) bool {
	if s.points == 2 && p.assumed == "" {
		return true // the other point must not see it either
	}
	switch p.lost {
	case lostBehind:
		return s.of(p.conn, p.to()).host()
	case lostBefore:
		return s.of(p.conn, p.from).host()
	}
	return true
}

// losingRow writes the rules for one direction of a connection.
func (s *story) losingRow(st *stage, c *conn, from side, row []*pkt) []rule {
	tail := len(row)
	for tail > 0 && row[tail-1].lost == lostBehind {
		tail--
	}
	if c.next != nil || !slices.ContainsFunc(row[tail:], func(p *pkt) bool { return !p.pure() }) || underway(row[:tail], row[tail:]) {
		// One by one: the next connection has the same ends, or what these ACKs
		// follow must pass, or what was sent before them.
		tail = len(row)
	}
	var rules []rule
	match := fmt.Sprintf("%s > %s", s.end(c, from), s.end(c, from.other()))
	for i := 0; i < tail; i++ {
		p := row[i]
		if p.lost == delivered {
			continue
		}
		n := 1
		for i+n < tail && row[i+n].lost == p.lost && row[i+n].seq == p.seq && row[i+n].end == p.end && row[i+n].ack == p.ack && row[i+n].seg.Flags&^segment.PSH == p.seg.Flags&^segment.PSH {
			n++
		}
		box := st.box(s.of(c, p.to()))
		if p.lost == lostBefore {
			box = st.box(s.of(c, p.from))
		}
		text := fmt.Sprintf("%s drop %s: %s x%d", box, match, s.pattern(p), n)
		if r := c.turnedOf(p); r != nil {
			text = fmt.Sprintf("%s rewrite %s: %s x1 to flags=%v payload \"\"", box, match, s.pattern(p), r.seg.Flags)
		}
		r := rule{text: text, comment: s.lostWords(p, row[i+n:])}
		rules = append(rules, s.placed(r, row, i))
		i += n - 1
	}
	if tail < len(row) {
		r := rule{text: fmt.Sprintf("%s drop %s", st.box(s.of(c, from.other())), match), comment: fmt.Sprintf("from here on: nothing answers %s", s.frameWords(row[tail])), rest: true}
		rules = append(rules, s.placed(r, row, tail))
	}
	return rules
}

// lostWords says from what it is seen that p was lost; row is what its sender
// sent after it.
func (s *story) lostWords(p *pkt, row []*pkt) string {
	first := p
	if p.again != nil {
		first = p.again
	}
	again := slices.IndexFunc(row, func(q *pkt) bool { return q.again == first })
	switch {
	case p.assumed != "":
		return ""
	case p.unanswered:
		return fmt.Sprintf("no reset answers %s", s.frameWords(p))
	case s.points == 2:
		return s.frameWords(p) + " did not get through"
	case again >= 0:
		return fmt.Sprintf("lost: %s sends it again", s.frameWords(row[again]))
	}
	return fmt.Sprintf("lost: nothing answers %s", s.frameWords(p))
}

// underway tells whether one of the earlier packets arrives after the first of
// the later ones was sent.
func underway(earlier, later []*pkt) bool {
	return len(later) > 0 && slices.ContainsFunc(earlier, func(p *pkt) bool { return p.lost == delivered && p.arrived > later[0].sent })
}

// acknowledges finds what a kernel's ACK answers.
func (s *story) acknowledges(p *pkt) *pkt {
	if !p.pure() || p.probe || !s.of(p.conn, p.from).host() {
		return nil
	}
	var last *pkt
	for _, q := range p.conn.packets {
		if q.from != p.from && q.end > q.seq && q.end == p.ack && q.again == nil && q.sent < p.sent {
			last = q
		}
	}
	return last
}

// turnedOf is the reset that a device made of p.
func (c *conn) turnedOf(p *pkt) *pkt {
	for _, q := range c.packets {
		if q.turned == p {
			return q
		}
	}
	return nil
}

// pattern is what a rule says of the one packet it is for.
func (s *story) pattern(p *pkt) string {
	words := segment.Segment{Flags: p.seg.Flags &^ segment.PSH}
	switch {
	case p.syn() && p.conn.fixed() && p.from == originator:
		words.Seq = &segment.Seq{Start: p.seg.Seq.Start, Raw: true}
	case p.syn():
	case p.end > p.seq || p.probe:
		words.Seq = &segment.Seq{Start: uint32(p.seq), End: uint32(p.seq + p.len()), HasEnd: p.len() > 0}
	case p.hasACK():
		words.Ack = &segment.Ack{N: uint32(p.ack)}
	}
	_, text, _ := strings.Cut(words.String(), ": ")
	return text
}

// placed finds the moment of a rule for packet i of a row: before it is sent
// where a program or a peer sends it, else as soon as the last one before it
// has arrived.
func (s *story) placed(r rule, row []*pkt, i int) rule {
	p := row[i]
	if q := s.acknowledges(p); q != nil && !r.rest {
		r.before = q // the kernel sends it at once
		return r
	}
	if !s.of(p.conn, p.from).host() || p.again == nil && (p.len() > 0 || p.fin() || p.syn() && !p.hasACK()) {
		r.before = p
		if !r.rest {
			r.before = s.brings(p) // the write that it is a part of
		}
	}
	if r.before == nil || r.rest {
		for j := i - 1; j >= 0; j-- {
			if row[j].lost == delivered {
				row[j].told = true // the rule must not meet it
				if r.before == nil {
					r.after = row[j]
				}
				break
			}
		}
	}
	return r
}
