package derive

import (
	"cmp"
	"slices"
	"time"

	"rstlab/analyzer"
)

// ways finds for every packet when it was sent and when it arrived, by the
// main point's distance from both ends and by what the ends acknowledge, and
// what was lost on its way.
func (c *conn) ways() {
	c.losses()
	for _, p := range c.packets {
		p.sent = p.at - c.distance(p.from)
		p.arrived = p.at + c.distance(p.to())
	}
	for i, p := range c.packets {
		c.bound(p, c.packets[i+1:])
	}
	c.overtaken()
	c.inOrder()
	if c.mute != nil {
		c.lastHeard()
	}
}

// lastHeard finds the last packet that got through before nothing did any more.
func (c *conn) lastHeard() {
	for _, p := range c.packets {
		if p.from == c.mute.to() && p.at < c.mute.at {
			c.heard = p
		}
	}
	if h := c.heard; h != nil {
		h.told = true // its line stands before the rule, which must not meet it
		h.arrived = min(h.arrived, c.mute.sent-1)
		h.sent = min(h.sent, h.arrived-1)
	}
}

// overtaken finds the segments that others of their sender overtook on the way
// to the main point: their acknowledgment is older than that of one that passed
// before them.
func (c *conn) overtaken() {
	var highest [2]*pkt
	for _, p := range c.packets {
		if p.rst() || !p.hasACK() || p.syn() || p.seg.ICMP != "" || p.stray {
			continue
		}
		if h := highest[p.from]; h != nil && p.ack < h.ack && p.end > p.seq && p.again == nil {
			p.held = true
			p.sent = min(p.sent, h.sent-1)
			for _, q := range c.packets { // what it does not know of had not come yet
				if q.from != p.from && q.end > q.seq && q.end > p.ack && q.lost == delivered {
					p.sent = min(p.sent, q.arrived-1)
					break
				}
			}
		}
		if h := highest[p.from]; h == nil || p.ack > h.ack {
			highest[p.from] = p
		}
	}
}

// asSeen tells the packets as the main point saw them, with no way before or
// behind it: what scripted ends send needs no cause.
func (c *conn) asSeen() {
	if c.twoPoints() {
		c.absent()
	}
	c.rtt = [2]time.Duration{-1, -1}
	for _, p := range c.packets {
		p.sent, p.arrived = p.at, p.at
	}
}

// distance is the time from the main point to a side; none where it is too
// short to tell in what order things happened there but by the point's own.
func (c *conn) distance(s side) time.Duration {
	if d := c.rtt[s] / 2; d >= noticeable {
		return d
	}
	return 0
}

// bound moves p's arrival to where the other side's packets behind it say: not
// before the last that does not know of it, before the first that does.
func (c *conn) bound(p *pkt, behind []*pkt) {
	if p.seg.ICMP != "" {
		return
	}
	for _, q := range behind {
		if q.from == p.from || q.seg.ICMP != "" {
			continue
		}
		switch {
		case q.knows(p):
			p.cameBefore(q)
			p.latest = q.sent - 1
			return
		case p.pure() && !p.drew() && q.rst() && q.form == spontaneous && p.arrived-q.sent < noticeable:
			p.cameBefore(q) // else it would draw a reset
			return
		case p.pure() && p.drew() && q.rst() && q.form == spontaneous:
			p.cameBehind(q) // else it would draw none
		case p.rst() && !q.rst() && q.at-p.at < 2*max(c.rtt[q.from], 0)+10*time.Millisecond,
			!p.rst() && (!q.rst() || q.form == spontaneous) && q.hasACK() && p.end > p.seq:
			p.cameBehind(q)
		}
	}
}

// knows tells whether q answers p or acknowledges it.
func (q *pkt) knows(p *pkt) bool {
	return q.trigger == p || q.hasACK() && (!q.rst() || q.form == spontaneous) && p.end > p.seq && q.ack >= p.end
}

// cameBefore moves p's way to where it ends before its receiver sent q.
func (p *pkt) cameBefore(q *pkt) {
	p.arrived = min(p.arrived, q.sent-1)
	p.sent = min(p.sent, p.arrived-1)
}

// cameBehind moves p's arrival behind the moment when its receiver sent q.
func (p *pkt) cameBehind(q *pkt) {
	p.earliest = q.sent + 1
	p.arrived = max(p.arrived, p.earliest)
}

// inOrder keeps the order of the main point in what one side sent, and in what
// arrives at one side. An ACK alone may come later than it seemed, for nothing
// tells when it came, and so may what follows a segment that its receiver did not
// have yet; all else comes earlier.
func (c *conn) inOrder() {
	const never = -1 << 62 // zero is none: an assumed handshake lies before the capture
	latest, missing := [2]time.Duration{never, never}, [2]time.Duration{never, never}
	for _, p := range c.packets {
		if p.lost != delivered {
			continue
		}
		x := p.to()
		switch {
		case p.pure() && p.earliest == 0 && !p.drew():
			p.arrived = max(p.arrived, latest[x]+1)
		case p.earliest != 0 || missing[x] != never:
			if p.earliest != 0 {
				missing[x] = max(missing[x], p.earliest-1)
			}
			missing[x]++
			p.arrived = max(p.arrived, missing[x])
			if p.latest != 0 {
				p.arrived = min(p.arrived, p.latest)
			}
		}
		latest[x] = max(latest[x], p.arrived)
	}
	var sent, arrived [2]time.Duration
	for i := len(c.packets) - 1; i >= 0; i-- {
		p := c.packets[i]
		if !p.held {
			if sent[p.from] != 0 && p.sent >= sent[p.from] {
				p.sent = sent[p.from] - 1
			}
			sent[p.from] = p.sent
		}
		if p.lost != delivered {
			continue
		}
		if arrived[p.to()] != 0 && p.arrived >= arrived[p.to()] {
			p.arrived = arrived[p.to()] - 1
		}
		arrived[p.to()] = p.arrived
		p.arrived = max(p.arrived, p.sent+1)
	}
}

// losses finds what was lost. A segment that was sent again although the main
// point saw no answer to it in time was lost behind that point; one whose
// answer the main point did see in time lost its answer.
func (c *conn) losses() {
	c.unansweredSYN()
	if c.twoPoints() {
		c.absent()
	} else {
		c.lostProbes()
	}
	for _, run := range c.runs() {
		switch {
		case c.twoPoints() && run[0].from == originator: // the other point shows what came through
		case !c.twoPoints() && c.unheard(run):
			c.mute = run[0]
		case run[0].syn() && !run[0].hasACK() && c.resetBetween(run): // it asked again because the answer was wrong, not missing
		default:
			c.lostOf(run)
		}
	}
	if !c.twoPoints() {
		c.lostTogether()
		c.missed()
	}
}

// lostOf marks what was lost of a run of transmissions, or of the answers to it.
func (c *conn) lostOf(run []*pkt) {
	last := len(run) - 1
	for i, p := range run[:last] {
		if p.lost != delivered {
			continue
		}
		next := run[i+1]
		if next.at-p.at < 100*time.Microsecond && p.len() > 0 {
			continue // a copy made on the way
		}
		if c.twoPoints() && c.acknowledged(p) {
			continue // its ACKs were lost, and the other point shows which
		}
		until := next.at - max(c.rtt[p.from], 0)
		if c.answer(p, until) == nil {
			p.lost = lostBehind
			continue
		}
		for a := c.answer(p, until); a != nil && !a.rst() && c.counterpart(p); a = c.answer(p, until) {
			a.lost, a.told = lostBehind, a.pure()
		}
	}
	if p := run[last]; p.lost == delivered && last > 0 && c.answer(p, c.end()) == nil && !(c.twoPoints() && c.acknowledged(p)) {
		p.lost = lostBehind
	}
}

// lostTogether marks what was sent again as a part of another segment: Linux puts
// small ones together when it sends them again (tcp_retrans_try_collapse()).
func (c *conn) lostTogether() {
	for i, p := range c.packets {
		if p.again == nil || p.duplicate || p.end <= p.again.end {
			continue
		}
		for _, q := range c.packets[:i] {
			if q.from == p.from && q.end > q.seq && q != p.again && q.again == nil && !q.rst() && p.seq < q.seq && q.end <= p.end && c.answer(q, p.at-max(c.rtt[p.from], 0)) == nil {
				q.lost = lostBehind
			}
		}
	}
}

// lostProbes marks probes that nobody answered.
func (c *conn) lostProbes() {
	for i, p := range c.packets {
		if p.probe && !p.drew() && !slices.ContainsFunc(c.packets[i:], func(q *pkt) bool { return q.from != p.from }) {
			p.lost = lostBehind
		}
	}
}

// twoPoints tells whether another point saw the connection, too.
func (c *conn) twoPoints() bool {
	return slices.ContainsFunc(c.packets, func(p *pkt) bool { return p.frames[1].frame != none })
}

// absent marks what only one of two points saw. The main one is nearer to the
// originator: what of the originator's the other one did not see was lost
// between them, as was what of the responder's the main one did not see. A
// device's reset was made between them.
func (c *conn) absent() {
	forged := func(p *pkt) bool { return p.rst() && p.verdict != nil && p.verdict.Sender == analyzer.Middlebox }
	begun, _ := c.seenAt(0)
	first, last := c.seenAt(1)
	// A point that does not see what the responder goes on to send has ended.
	ended := slices.ContainsFunc(c.packets, func(p *pkt) bool {
		return p.from == responder && p.frame() != none && p.frames[1].frame == none && p.at > last.at && !forged(p)
	})
	for _, p := range c.packets {
		here, there := p.frame() != none, p.frames[1].frame != none
		switch {
		case p.assumed != "" || here && there:
		case here && p.from == originator && !forged(p) && p.at >= first.at && (!ended || p.at <= last.at+c.between+time.Millisecond):
			p.lost = lostBehind
		case there && p.from == responder && begun != nil && p.at >= begun.at:
			p.lost = lostBefore
		case there && forged(p):
			p.beyond = true
		}
	}
}

// seenAt gives the first and the last packet that a point saw.
func (c *conn) seenAt(point int) (first, last *pkt) {
	for _, p := range c.packets {
		if p.frames[point].frame == none {
			continue
		}
		if first == nil {
			first = p
		}
		last = p
	}
	return first, last
}

// unansweredSYN marks a SYN that nobody answered as lost, unless what comes
// after it shows that it arrived.
func (c *conn) unansweredSYN() {
	for _, p := range c.packets {
		if p.from == responder || p.rst() || p.seg.ICMP != "" || !p.syn() {
			return
		}
	}
	if c.halfOpened || c.twoPoints() {
		return
	}
	for _, p := range c.packets {
		p.lost = lostBehind
	}
}

// resetBetween tells whether the sender of a run reset an answer in its course.
func (c *conn) resetBetween(run []*pkt) bool {
	return slices.ContainsFunc(c.packets, func(q *pkt) bool {
		return q.rst() && q.from == run[0].from && q.at > run[0].at && q.at < run[len(run)-1].at
	})
}

// unheard tells whether a run of transmissions may have arrived and its
// acknowledgments were lost behind the main point: nothing of the receiver
// passes it any more, and the reset that ends the run bears the number that a
// receiver of it expects. What was lost, the capture can't tell; had it been
// the run, the receiver would have challenged the reset (RFC 5961, 3.2).
func (c *conn) unheard(run []*pkt) bool {
	last := run[len(run)-1]
	end := c.resetAfter(last)
	if end == nil || end.seq < run[0].end || run[0].syn() || run[0].lost != delivered || c.near(last.to()) {
		return false
	}
	for _, q := range c.packets {
		if q.from == last.to() && q.at > run[0].at {
			return false
		}
	}
	return true
}

// near tells whether the main point is at a side rather than at the other: by
// the times to both where one is clearly longer, else by the TTLs.
func (c *conn) near(x side) bool {
	const clearly = 4 * noticeable
	switch own, other := c.rtt[x], c.rtt[x.other()]; {
	case own >= 0 && own < noticeable && other >= clearly:
		return true
	case other >= 0 && other < noticeable && own >= clearly:
		return false
	}
	return c.undecremented(x) && !c.undecremented(x.other())
}

// undecremented tells whether all of a side's packets have a TTL that stacks
// begin with.
func (c *conn) undecremented(x side) bool {
	n := 0
	for _, p := range c.packets {
		if p.from != x || p.rst() || p.seg.TTL == nil {
			continue
		}
		switch *p.seg.TTL {
		case 64, 128, 255:
			n++
		default:
			return false
		}
	}
	return n > 0
}

// missed marks data as lost that the receiver did not have when a reset behind it
// came: it challenged the reset, with the number that it expected (RFC 5961,
// 3.2).
func (c *conn) missed() {
	for i, p := range c.packets {
		if !p.rst() || p.form != spontaneous {
			continue
		}
		for _, q := range c.packets[i:] {
			if q.from == p.from || !q.pure() {
				continue
			}
			for _, d := range c.packets[:i] {
				if d.from == p.from && d.end > d.seq && d.seq >= q.ack && q.ack < p.seq && d.lost == delivered {
					d.lost = lostBehind
				}
			}
			break
		}
	}
}

// counterpart tells whether the answer to p can have been lost: not where p
// was refused.
func (c *conn) counterpart(p *pkt) bool { return !(p.syn() && !p.hasACK() && !c.syn[p.to()]) }

func (c *conn) end() time.Duration { return c.packets[len(c.packets)-1].at + 1 }

// answer finds the first packet that acknowledges p before a moment.
func (c *conn) answer(p *pkt, until time.Duration) *pkt {
	for _, q := range c.packets {
		if q.from != p.from && q.at >= p.at && q.at < until && q.seg.ICMP == "" && q.lost == delivered &&
			(q.hasACK() && q.ack >= p.end || q.rst()) && q != p {
			return q
		}
	}
	return nil
}

// acknowledged tells whether the main point saw an acknowledgment of p, on its
// way or lost behind.
func (c *conn) acknowledged(p *pkt) bool {
	return slices.ContainsFunc(c.packets, func(q *pkt) bool {
		return q.from != p.from && q.frame() != none && q.hasACK() && !q.rst() && q.ack >= p.end && q.at >= p.at
	})
}

// runs gives the transmissions of every segment that was sent more than once,
// in order.
func (c *conn) runs() [][]*pkt {
	of := map[*pkt][]*pkt{}
	for _, p := range c.packets {
		if p.again != nil && !p.duplicate {
			if of[p.again] == nil {
				of[p.again] = []*pkt{p.again}
			}
			of[p.again] = append(of[p.again], p)
		}
	}
	var runs [][]*pkt
	for _, r := range of {
		runs = append(runs, r)
	}
	slices.SortFunc(runs, func(a, b []*pkt) int {
		return cmp.Or(cmp.Compare(a[0].at, b[0].at), cmp.Compare(a[0].from, b[0].from), cmp.Compare(a[0].seq, b[0].seq))
	})
	return runs
}
