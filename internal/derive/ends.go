package derive

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/internal/segment"
)

// An actor is an end of the story, which may have several addresses.
type actor struct {
	name     string
	side     side // of the story's first connection
	addrs    []netip.Addr
	scripted string // why it is a peer and no kernel; "": it is a host
	ttl      uint8
	ids      bool // a peer's IP identifications are written: what they are is evidence
}

func (a *actor) host() bool { return a.scripted == "" }

// silent are causes that no Linux end sends a reset for.
var silent = map[cause.ID]string{
	cause.FinWait2Timeout:   "Linux lets FIN-WAIT-2 end in silence",
	cause.ZeroWindowTimeout: "Linux gives up on a closed window in silence",
	cause.SynackTimeout:     "Linux lets a half-open request expire in silence",
	cause.SynInWindow:       "Linux answers a SYN in the window with an ACK (RFC 5961, 4)",
	cause.ResourceAbort:     "Linux aborts for want of memory by limits of the whole machine, which no lab may touch",
	cause.EvasionReset:      "no kernel sends a reset that is meant to be ignored",
}

// cast finds the actors of the story. Its ends must be two: all originators on
// one side, all responders on the other.
func (s *story) cast() error {
	client := &actor{name: "client", side: originator}
	server := &actor{name: "server", side: responder}
	s.actors = [2]*actor{client, server}
	for _, c := range s.conns {
		if c.addr[originator].Port() == 0 || c.addr[responder].Port() == 0 {
			return fmt.Errorf("%v and %v talk from port 0 or to it, which a scenario can't write", c.addr[originator], c.addr[responder])
		}
		o, r := c.addr[originator].Addr(), c.addr[responder].Addr()
		if slices.Contains(server.addrs, o) || slices.Contains(client.addrs, r) {
			c.turned = true // the other end opened this one
			o, r = r, o
		}
		if !slices.Contains(client.addrs, o) {
			client.addrs = append(client.addrs, o)
		}
		if !slices.Contains(server.addrs, r) {
			server.addrs = append(server.addrs, r)
		}
	}
	for _, a := range client.addrs {
		if slices.Contains(server.addrs, a) && (len(client.addrs) > 1 || len(server.addrs) > 1) {
			return fmt.Errorf("the connections have %v at both ends", a)
		}
	}
	for _, a := range s.actors {
		if a.scripted = s.unlike(a); a.scripted == "" {
			a.scripted = s.variant.scripted[a.side]
		}
		a.ttl = s.usual(a)
		a.ids = s.oddIDs(a)
	}
	return nil
}

// oddIDs tells whether a reset in the name of an end, or against it, has an IP
// identification that does not follow from the counting of a peer: the next
// one, or 0.
func (s *story) oddIDs(a *actor) bool {
	last := map[*conn]uint16{}
	for _, p := range s.packets {
		if p.seg.ID == nil || p.assumed != "" {
			continue
		}
		id := *p.seg.ID
		own := s.of(p.conn, p.from) == a
		switch {
		case p.rst() && own && !s.byDevice(p) && id != 0 && id != last[p.conn]+1:
			return true
		case p.rst() && !own && s.byDevice(p) && id != 0 && id == last[p.conn]:
			return true // it copies what this end sent
		}
		if own {
			last[p.conn] = id
		}
	}
	return false
}

// keepBack marks what a device did not let through: the segment that it
// answered with a reset in the name of its destination.
func (s *story) keepBack() {
	for _, p := range s.packets {
		if !s.byDevice(p) {
			continue
		}
		switch s.claim(p).cause {
		case cause.FirewallRejectSyn, cause.OptionIntolerance, cause.InlinePolicyReset, cause.MiddleboxIdleTimeout, cause.MiddleboxStateLoss:
		default:
			continue
		}
		for _, t := range p.conn.packets {
			if t.from == p.from || t.rst() || t.at > p.at || t.end == t.seq {
				continue
			}
			if (p.trigger == t || p.hasACK() && t.end == p.ack || !p.hasACK() && (t.syn() || t.len() > 0 && t.ack == p.seq)) && p.conn.answer(t, p.at) == nil {
				t.lost = lostBehind
			}
		}
	}
}

// of gives the actor at a side of a connection.
func (s *story) of(c *conn, x side) *actor {
	if c.turned {
		x = x.other()
	}
	return s.actors[x]
}

// at gives an actor's side of a connection.
func (a *actor) at(c *conn) side {
	if c.turned {
		return a.side.other()
	}
	return a.side
}

// unlike says why an actor's packets can't be those of a Linux kernel with a
// program over it; "" where they can.
func (s *story) unlike(a *actor) string {
	for _, c := range s.conns {
		x := a.at(c)
		if why := cmp.Or(c.unlike(x, s), s.unlikeRun(c, x)); why != "" {
			return why
		}
	}
	return ""
}

// longestRun is how long a kernel's retransmissions may take here.
const longestRun = time.Minute

// unlikeRun says why a side's retransmissions can't be a kernel's, which doubles
// their distance (RFC 6298, 5.5), or would take it too long.
func (s *story) unlikeRun(c *conn, x side) string {
	for _, run := range c.runs() {
		n := len(run)
		if run[0].from != x || run[0].syn() {
			continue
		}
		even := 0
		for i := 3; i < n; i++ {
			if d := run[i].at - run[i-1].at; d < (run[i-1].at-run[i-2].at)*3/2 && d < longestRun {
				even++
			}
		}
		if even > 1 {
			return fmt.Sprintf("Linux sends again at twice the distance, frame %d came as soon as the one before", run[n-1].ref().frame)
		}
		if d := s.rtoMin(c, x) << (n - 1); !s.opts.RealTime && d > longestRun {
			return fmt.Sprintf("a kernel's %d transmissions would take %s", n, shown(d))
		}
	}
	return ""
}

// unlike says why the packets of a side can't be a kernel's.
func (c *conn) unlike(x side, s *story) string {
	var aborted *pkt
	for i, p := range c.packets {
		if p.from != x || p.assumed != "" {
			continue
		}
		if p.seg.ICMP != "" {
			return fmt.Sprintf("frame %d is an ICMP error, which no line of a program's sends", p.frame())
		}
		if p.rst() {
			if s.byDevice(p) {
				continue
			}
			if why := c.unlikeReset(p, s); why != "" {
				return why
			}
			if p.form == spontaneous {
				if aborted != nil {
					return fmt.Sprintf("frame %d resets once more, of itself", p.frame())
				}
				aborted = p
			}
			continue
		}
		if aborted != nil {
			return fmt.Sprintf("it goes on in frame %d after its own reset", p.frame())
		}
		if why := c.unlikeSegment(p, i); why != "" {
			return why
		}
	}
	return ""
}

// byDevice tells whether p is a device's reset, in the name of an end.
func (s *story) byDevice(p *pkt) bool { return s.claim(p).sender == analyzer.Middlebox }

// noKernel says why no kernel here sends p for a cause.
func (p *pkt) noKernel(id cause.ID) string {
	if id == cause.DataAfterClose && p.form == spontaneous {
		return fmt.Sprintf("frame %d acknowledges the late data; Linux takes its number from it", p.frame())
	}
	return silent[id]
}

// unlikeReset says why a kernel does not send a reset like this.
func (c *conn) unlikeReset(p *pkt, s *story) string {
	claim := s.claim(p)
	if why := p.noKernel(claim.cause); why != "" {
		return why
	}
	n := p.frame()
	switch {
	case p.len() > 0:
		return fmt.Sprintf("frame %d is a reset with payload", n)
	case p.seg.BadSum:
		return fmt.Sprintf("frame %d has a wrong checksum", n)
	case p.seg.Flags&^(segment.RST|segment.ACK|segment.PSH|segment.ECE|segment.CWR) != 0:
		return fmt.Sprintf("frame %d has the flags %v", n, p.seg.Flags)
	case claim.cause == cause.RetransmissionTimeout && p.verdict != nil && p.verdict.Details["gave_up"] == "stack":
		return "Linux gives up retransmitting in silence"
	case claim.cause == cause.ListenerBacklogFull && p.trigger != nil && p.trigger.syn():
		return "Linux drops the SYN when its queue is full, and sends no reset"
	case p.form == odd && !p.hasACK():
		return fmt.Sprintf("frame %d is a reset without ACK that answers nothing", n)
	case p.form == odd:
		return fmt.Sprintf("frame %d has numbers that no kernel here gives a reset", n)
	case p.form == provoked && p.trigger.syn() && !p.trigger.hasACK() && !p.hasACK():
		return fmt.Sprintf("frame %d answers a SYN without ACK", n)
	case p.form == spontaneous && c.state(p) == "SYN-SENT":
		return "Linux leaves SYN-SENT in silence"
	}
	return ""
}

// state is a rough state of the sender of p.
func (c *conn) state(p *pkt) string {
	for _, q := range c.packets {
		if q == p {
			break
		}
		if q.from != p.from && q.syn() {
			return ""
		}
	}
	if p.from == originator && c.syn[originator] {
		return "SYN-SENT"
	}
	return ""
}

// unlikeSegment says why a kernel's socket does not send a segment like this,
// packet i.
func (c *conn) unlikeSegment(p *pkt, i int) string {
	return cmp.Or(p.unlikeHeader(), c.unlikeBounds(p, i), c.unlikeAnswer(p, i))
}

// unlikeHeader says what no kernel here writes into a header.
func (p *pkt) unlikeHeader() string {
	n := p.frame()
	switch {
	case p.stray:
		return fmt.Sprintf("the number of frame %d lies beyond every window", n)
	case p.seg.Flags&segment.URG != 0:
		return fmt.Sprintf("frame %d has urgent data", n)
	case p.syn() && p.fin(), p.seg.Flags&(segment.SYN|segment.ACK) == 0:
		return fmt.Sprintf("frame %d has the flags %v, which no stack sends", n, p.seg.Flags)
	}
	return ""
}

// unlikeBounds says which bytes a kernel does not send again in one segment.
func (c *conn) unlikeBounds(p *pkt, i int) string {
	n := p.frame()
	if p.again != nil && p.seq == p.again.seq && p.end > p.again.end && p.end > c.nxt(p) && p.len() > 0 && p.again.len() > 0 {
		return fmt.Sprintf("frame %d sends bytes again together with new ones", n)
	}
	if q := c.endsWithin(p, i); q != nil {
		return fmt.Sprintf("frame %d ends within what frame %d had sent", n, q.frame())
	}
	return ""
}

// unlikeAnswer says what makes no sense behind the packets before it.
func (c *conn) unlikeAnswer(p *pkt, i int) string {
	n := p.frame()
	switch {
	case p.from == originator && !p.syn() && p.hasACK() && c.syn[responder] && p.ack != 1 && p.drew() && !c.talked(i):
		return fmt.Sprintf("frame %d acknowledges what was never sent", n)
	case p.syn() && p.hasACK() && !c.asked(i):
		return fmt.Sprintf("frame %d is a SYN-ACK that nobody asked for", n)
	case p.syn() && p.hasACK() && p.from == responder && p.ack != c.synEnd() && c.syn[originator]:
		return fmt.Sprintf("frame %d acknowledges what was never sent", n)
	case p.syn() && p.hasACK() && p.from == originator:
		return fmt.Sprintf("frame %d opens the connection from both ends", n)
	case !p.syn() && !c.existed && c.before == nil && !c.astray:
		return fmt.Sprintf("frame %d belongs to no connection", n)
	}
	return ""
}

// endsWithin finds, of the segments that a side sent before packet i, one that
// p begins before and ends in: Linux keeps the bounds of what it sent, and takes
// it apart or together by them.
func (c *conn) endsWithin(p *pkt, i int) *pkt {
	for _, q := range c.packets[:i] {
		if q.from == p.from && q.frame() != none && p.len() > 0 && q.len() > 0 && !q.rst() && !q.stray && p.seq < q.seq && q.seq < p.seq+p.len() && p.seq+p.len() < q.seq+q.len() {
			return q
		}
	}
	return nil
}

// asked tells whether a SYN, seen or assumed, came before packet i.
func (c *conn) asked(i int) bool {
	return slices.ContainsFunc(c.packets[:i], func(q *pkt) bool { return q.from == originator && q.syn() })
}

// synEnd is the acknowledgment of the originator's SYN, with its data.
func (c *conn) synEnd() int64 {
	for _, q := range c.packets {
		if q.from == originator && q.syn() {
			return q.end
		}
	}
	return 1
}

// A claim is what the scenario shall say of a reset.
type claim struct {
	cause  cause.ID
	sender analyzer.Sender
}

// claim is what the scenario says of a reset: its verdict, or the alternative
// that is being tried in its place.
func (s *story) claim(p *pkt) claim {
	if s.instead.of(p) {
		return s.instead.claim
	}
	v := p.verdict
	if v == nil {
		return claim{cause: cause.SecondaryReset, sender: s.named(p)}
	}
	c := claim{v.Cause, v.Sender}
	if c.cause == cause.NoCauseDecided && len(v.Alternatives) > 0 {
		a := v.Alternatives[0]
		if i := slices.IndexFunc(v.Alternatives, func(a analyzer.Alternative) bool { return p.noKernel(a.Cause) == "" }); i >= 0 {
			a = v.Alternatives[i] // the first that can be played
		}
		c = claim{a.Cause, a.Sender}
	}
	if c.cause == cause.NoCauseDecided && p != s.firstReset() {
		c.cause = cause.SecondaryReset // the file must say something of it
	}
	if c.sender == analyzer.UndeterminedSender {
		c.sender = s.named(p)
	}
	return c
}

// named is the sender whose address a reset bears.
func (s *story) named(p *pkt) analyzer.Sender {
	if p.from == originator {
		return analyzer.Originator
	}
	return analyzer.Responder
}

// hops says how far away a TTL has come, as stacks begin with 64, 128 or 255.
func hops(ttl uint8) string {
	for _, begin := range []int{32, 64, 128, 255} {
		if n := begin - int(ttl); n >= 0 {
			switch n {
			case 0:
				return ""
			case 1:
				return fmt.Sprintf("%d at its source, 1 hop away", begin)
			}
			return fmt.Sprintf("%d at its source, %d hops away", begin, n)
		}
	}
	return ""
}

// usual is the TTL of most of an actor's packets.
func (s *story) usual(a *actor) uint8 {
	count := map[uint8]int{}
	var best uint8
	for _, c := range s.conns {
		for _, p := range c.packets {
			if s.of(c, p.from) != a || p.assumed != "" || p.seg.TTL == nil || s.byDevice(p) {
				continue
			}
			ttl := *p.seg.TTL
			count[ttl]++
			if count[ttl] > count[best] {
				best = ttl
			}
		}
	}
	return best
}
