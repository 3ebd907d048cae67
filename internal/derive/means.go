package derive

import (
	"fmt"
	"slices"
	"time"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
)

// A means is how a host's kernel is brought to send a reset.
type means int

const (
	byItself     means = iota // the kernel answers a segment, or a timer ends
	byAbort                   // SO_LINGER 0 and close
	byUnread                  // close while data lies unread
	byListener                // close of the listener before the connection was accepted
	byForgetting              // the kernel lost the connection before the segment came
	byGivingUp                // close of a pending connect before the answer came
	byLinger2                 // close with TCP_LINGER2 below zero: the ACK of the FIN draws it
	byRestart                 // the listener was closed and opened while the handshake's ACK was under way
	byRefusal                 // the listener was closed meanwhile
	byOverflow                // other connections filled the accept queue meanwhile
	byTimestamp               // a box spoils the timestamp that the SYN-ACK echoes
)

// A life is what is known of one end of a connection while its story is
// followed.
type life struct {
	opened   bool // it sent or received a SYN, or was there before
	answered bool // responder: it sent a SYN-ACK
	proven   bool // it showed that it is established
	fin      *pkt // its own
	finAcked bool
	peerFIN  bool
	dead     *pkt // what ended it
	doomed   bool // what draws its reset came
	acked    int64
}

// gone tells whether the kernel has no socket any more.
func (l *life) gone() bool { return l.dead != nil }

// follow goes through the story in the order of its moments and finds how each
// reset of a host is made, and what must have been lost because a living or a
// dead end did not react to it. It returns why an end can't be a kernel.
func (s *story) follow() {
	if s.scripted() {
		return
	}
	lives := map[*conn]*[2]life{}
	for _, c := range s.conns {
		lives[c] = &[2]life{}
	}
	for _, m := range s.moments() {
		p := m.pkt
		ends := lives[p.conn]
		if p.seg.ICMP != "" {
			continue
		}
		if m.passing || m.freed || m.arrival && p.lost != delivered {
			continue
		}
		if m.arrival {
			s.arrives(p, &ends[p.to()], &ends[p.from])
		} else {
			s.leaves(p, &ends[p.from])
		}
	}
}

// leaves follows what a side sends.
func (s *story) leaves(p *pkt, me *life) {
	if p.rst() {
		if s.byDevice(p) {
			return
		}
		p.how = s.means(p, me)
		if me.ends(p) {
			me.dead = p
		}
		return
	}
	host := s.of(p.conn, p.from).host()
	switch {
	case host && p.duplicate:
		p.forged = true // the kernel sent it long ago
		return
	case host && p.conn.astray:
		p.forged = true // no socket here sends it
		return
	case host && me.dead != nil && !p.syn() && p.assumed != "":
		p.forged, p.beyond = true, true // somebody says in its name what it can't
		return
	case host && me.dead != nil && !p.syn() && me.dead.rst() && me.dead.from != p.from:
		// It lives on: the reset did not reach it.
		if me.dead.arrived < p.sent {
			me.dead.lost = lostBehind
		}
		me.dead = nil
	}
	me.opened = true
	if p.syn() && p.hasACK() {
		me.answered = true
	}
	if p.fin() && p.again == nil {
		me.fin = p
	}
	if !p.syn() && (p.from == originator || p.ack > p.conn.synEnd() || p.len() > 0) {
		me.proven = true
	}
	me.acked = max(me.acked, p.ack)
}

// ends tells whether a side's reset is the end of it there; SYN-SENT goes on
// (RFC 9293, 3.10.7.3).
func (me *life) ends(p *pkt) bool {
	return p.form != odd && !(p.from == originator && !me.proven && p.conn.syn[originator] && p.how == byItself)
}

// arrives follows what comes to a side.
func (s *story) arrives(p *pkt, me, peer *life) {
	c := p.conn
	x := p.to()
	if p.rst() {
		if me.dead == nil && p.taken() {
			me.dead = p
		}
		return
	}
	me.opened = true
	if p.syn() && !p.hasACK() {
		me.dead, me.doomed = nil, false // a new beginning
	}
	if s.of(c, x).host() && s.unanswered(p, me) {
		p.lost, p.unanswered = lostBehind, true
		return
	}
	if p.to() == responder && me.answered && p.hasACK() && p.ack == 1 && !p.drew() {
		me.proven = true
	}
	if q := p.drawn(); q != nil && me.proven && q.form != odd && !s.byDevice(q) {
		me.doomed = true
	}
	if p.fin() {
		me.peerFIN = true
	}
	if me.fin != nil && p.hasACK() && p.ack >= me.fin.end {
		me.finAcked = true
	}
	if me.dead == nil && me.closedSecond(peer) {
		me.dead = p
	}
}

// taken tells whether a reset ends the connection where it arrives, as far as
// its verdict and its numbers say.
func (p *pkt) taken() bool {
	return p.verdict == nil || p.verdict.Effect == analyzer.Accepted || p.verdict.Effect == analyzer.Unknown && p.form != odd
}

// closedSecond tells whether a side is done, and has no TIME-WAIT to go through:
// its peer closed first.
func (l *life) closedSecond(peer *life) bool {
	return l.fin != nil && l.finAcked && l.peerFIN && peer.fin != nil && peer.fin.sent < l.fin.sent && peer.fin.arrived < l.fin.sent
}

// unanswered tells whether a dead end would have reset p, and the capture does
// not show that it did.
func (s *story) unanswered(p *pkt, me *life) bool {
	switch {
	case p.syn() && !p.hasACK(), p.drew():
		return false
	case me.dead == nil:
		return me.doomed
	}
	return me.dead.lost == delivered
}

// drew tells whether a reset answers p.
func (p *pkt) drew() bool { return p.drawn() != nil }

// drawn is the reset that answers p.
func (p *pkt) drawn() *pkt {
	i := slices.IndexFunc(p.conn.packets, func(q *pkt) bool { return q.rst() && q.trigger == p })
	if i < 0 {
		return nil
	}
	return p.conn.packets[i]
}

// means finds how a host's kernel is brought to send p.
func (s *story) means(p *pkt, me *life) means {
	c, t := p.conn, p.trigger
	switch {
	case p.form == spontaneous:
		return s.unprompted(p)
	case p.form == odd || me.gone() || !me.opened:
		return byItself
	case t.syn() && !t.hasACK():
		return byItself
	case p.from == originator && t.syn() && t.ack == c.synEnd():
		if s.claim(p).cause == cause.SynackBadTimestamp {
			return byTimestamp
		}
		return byGivingUp
	case !me.proven && c.syn[originator] && (p.from == originator || t.ack != 1):
		return byItself // SYN-SENT, SYN-RECEIVED: the answer was wrong
	case !me.proven && c.syn[originator] && c.existed && me.fin == nil:
		return s.unaccepted(p)
	case me.fin != nil && !me.halfClosed(c):
		return me.behindFIN(t)
	case !c.existed:
		return byItself
	}
	return byForgetting
}

// unprompted is what makes a kernel send p, which answers nothing.
func (s *story) unprompted(p *pkt) means {
	switch id := s.claim(p).cause; {
	case id == cause.KeepaliveTimeout, id == cause.UserTimeout && p.conn.probes(p) > 0:
		return byItself
	case id == cause.CloseUnreadData:
		return byUnread
	case id == cause.ListenerClosed:
		return byListener
	}
	return byAbort
}

// unaccepted is what makes a responder answer the right ACK of its SYN-ACK by p.
func (s *story) unaccepted(p *pkt) means {
	switch s.claim(p).cause {
	case cause.ListenerClosed:
		return byRefusal
	case cause.ListenerBacklogFull:
		return byOverflow
	case cause.HandshakeACKRejected:
		return byRestart
	}
	return byForgetting
}

// behindFIN is what makes a side that closed answer t by a reset.
func (l *life) behindFIN(t *pkt) means {
	switch {
	case t.len() > 0 && !t.probe || l.finAcked && l.peerFIN:
		return byItself
	case t.pure() && !t.probe && t.ack == l.fin.end:
		return byLinger2
	}
	// FIN-WAIT-2 was over: it must be able to forget that.
	l.fin.half, l.fin.scanned = true, true
	return byForgetting
}

// halfClosed tells whether the side only shut down its sending: it takes data
// after its FIN, or it resets of itself after it.
func (l *life) halfClosed(c *conn) bool { return l.fin != nil && c.halfClose(l.fin) }

// halfClose tells whether a FIN is a shutdown of sending rather than a close.
func (c *conn) halfClose(fin *pkt) bool {
	if fin.scanned {
		return fin.half
	}
	fin.scanned = true
	if c.next != nil && !c.closedBoth() {
		fin.half = true // its ports are used again: it must be able to forget the rest
		return true
	}
	var took int64
	for _, q := range c.packets {
		if q.from != fin.from && q.len() > 0 && q.arrived > fin.sent && q.lost == delivered && q.assumed == "" {
			took = max(took, q.end)
		}
		if q.from != fin.from || q.sent <= fin.sent {
			continue
		}
		switch {
		case q.rst() && q.form == spontaneous:
			fin.half = true
		case q.rst():
			return fin.half
		case took > 0 && q.hasACK() && q.ack >= took:
			fin.half = true
		}
	}
	return fin.half
}

// probes counts the keepalive probes of p's sender before it.
func (c *conn) probes(p *pkt) int {
	n := 0
	for _, q := range c.packets {
		if q == p {
			break
		}
		if q.from == p.from && q.probe {
			n++
		}
	}
	return n
}

// A moment is when a packet leaves its sender, or comes to its destination. A
// lost one passes the main point and arrives nowhere.
type moment struct {
	at      time.Duration
	arrival bool
	passing bool // it passes the main point, where its line waits for it
	freed   bool // it was kept back before the main point until now
	pkt     *pkt
}

// moments gives all moments of the story in order.
func (s *story) moments() []moment {
	var all []moment
	for _, p := range s.packets {
		at := p.sent
		if s.byDevice(p) {
			at = p.at
		}
		all = append(all, moment{at: at, pkt: p})
		if p.held {
			all = append(all, moment{at: p.at - 1, freed: true, pkt: p})
		}
		if p.atTap {
			all = append(all, moment{at: p.at, passing: true, pkt: p})
		}
		if p.lost == delivered {
			all = append(all, moment{at: p.arrived, arrival: true, pkt: p})
		} else {
			all = append(all, moment{at: max(p.at, p.sent), arrival: true, pkt: p})
		}
	}
	slices.SortStableFunc(all, func(a, b moment) int {
		switch {
		case a.at != b.at:
			return int(min(max(a.at-b.at, -1), 1))
		case a.arrival != b.arrival && a.pkt != b.pkt:
			if a.arrival {
				return -1
			}
			return 1
		}
		return 0
	})
	return all
}

// words says in a scenario's comment how a reset is made, where the lines do
// not tell it.
func (m means) words() string {
	switch m {
	case byForgetting:
		return "its kernel no longer knows the connection"
	case byGivingUp:
		return "the program gives up before the answer comes"
	case byRestart:
		return "the listener starts anew and knows of no handshake"
	}
	return ""
}

// impossible says why an alternative can't be played at all.
func impossible(c claim) string {
	if c.sender == analyzer.Middlebox {
		return ""
	}
	if why := silent[c.cause]; why != "" && c.cause == cause.ResourceAbort {
		return why
	}
	switch c.cause {
	case cause.ProxyPropagatedReset:
		return "the other leg is not in the capture"
	case cause.BackendSwitch, cause.NATBypass:
		return fmt.Sprintf("%s needs another host, of which the capture shows nothing", c.cause)
	}
	return ""
}
