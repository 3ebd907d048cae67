package derive

import (
	"slices"

	"rstlab/analyzer/cause"
)

// number finds the ISNs, takes out what was captured twice and gives every
// packet its relative numbers. Where the connection began before the capture,
// the first number of a side is its first byte; where there was none, as in
// the answer of a closed port, numbers are absolute.
func (c *conn) number() {
	for _, p := range c.packets {
		p.conn = c
	}
	c.findISNs()
	c.packets = slices.DeleteFunc(c.packets, c.copies())
	c.badSums()
	c.existed = c.exists()
	for _, s := range []side{originator, responder} {
		switch {
		case c.of != nil:
			c.isn[s] = c.of.isn[s]
		case !c.syn[s] && c.existed:
			c.isn[s] = c.guessISN(s)
		}
	}
	last := c.isn // the latest number of each direction, so that numbers may wrap
	offset := [2]int64{}
	rel := func(s side, n uint32) int64 {
		if !c.counts(s) {
			return int64(n)
		}
		return offset[s] + int64(int32(n-last[s]))
	}
	for _, p := range c.packets {
		p.seq = rel(p.from, p.seg.Seq.Start)
		p.end = p.seq + p.len()
		if p.syn() {
			p.end++
		}
		if p.fin() {
			p.end++
		}
		if p.hasACK() {
			p.ack = rel(p.to(), p.seg.Ack.N)
		}
		if !p.rst() && c.counts(p.from) && p.seq > offset[p.from] && p.seq-offset[p.from] < 1<<30 {
			offset[p.from], last[p.from] = p.seq, p.seg.Seq.Start
		}
	}
}

// findISNs takes the ISNs from the SYNs: of several SYN-ACKs the one that answers
// the SYN counts.
func (c *conn) findISNs() {
	answered := false
	for _, p := range c.packets {
		if p.seg.ICMP != "" || !p.syn() || p.rst() {
			continue
		}
		right := p.from == responder && p.seg.Ack.N == c.isn[originator]+1 && c.syn[originator]
		if !c.syn[p.from] || right && !answered {
			c.isn[p.from], c.syn[p.from] = p.seg.Seq.Start, true
			answered = answered || right
		}
	}
}

// badSums keeps the mark of a wrong checksum only where it is one packet's among
// good ones: a capture that was made anonymous has nothing else.
func (c *conn) badSums() {
	var good [2]bool
	for _, p := range c.packets {
		good[p.from] = good[p.from] || !p.seg.BadSum && p.seg.ICMP == ""
	}
	for _, p := range c.packets {
		p.seg.BadSum = p.seg.BadSum && good[p.from] && p.rst()
	}
}

// origin finds, of segments that lost their translation, the connection that
// they belong to: theirs are its numbers.
func (s *story) origin(c *conn) {
	if c.syn[originator] || c.syn[responder] || !slices.ContainsFunc(c.packets, func(p *pkt) bool {
		return p.rst() && p.verdict != nil && p.verdict.Cause == cause.NATBypass
	}) {
		return
	}
	for _, d := range s.conns[:c.index] {
		for _, p := range c.packets {
			ahead := p.seg.Seq.Start - d.isn[p.from]
			if !p.rst() && d.syn[p.from] && d.syn[p.from.other()] && ahead < 1<<24 {
				c.of = d
			}
		}
	}
}

// counts tells whether a side's numbers are relative to a SYN, seen or not.
func (c *conn) counts(s side) bool { return c.syn[s] || c.existed || c.of != nil }

// exists tells whether the packets are of a connection that was established:
// more than SYNs that were refused, probes of a scanner and answers to them.
func (c *conn) exists() bool {
	if c.before != nil && !(c.syn[originator] && c.syn[responder]) {
		return false // what answers may be the connection before
	}
	if c.syn[originator] && c.syn[responder] {
		return true
	}
	talk := [2]int{}
	for _, p := range c.packets {
		if p.rst() && p.verdict != nil {
			switch p.verdict.Cause {
			case cause.StealthScan, cause.UnsolicitedSynack, cause.PortClosed, cause.FirewallRejectSyn:
				return false
			case cause.NATBypass:
				if !c.syn[originator] && !c.syn[responder] {
					c.astray = true // what met the host was another connection's
					return false
				}
			}
		}
		if p.seg.ICMP == "" && !p.rst() && p.hasACK() {
			talk[p.from]++
		}
	}
	return talk[originator]+talk[responder] > 0 && !(c.syn[originator] && talk[originator] == 0)
}

// guessISN takes, without a SYN, the first number of a side as its first byte:
// its own or that which the other side expects, whichever is lower.
func (c *conn) guessISN(s side) uint32 {
	var first uint32
	found := false
	take := func(n uint32) {
		if !found || int32(n-first) < 0 && int32(n-first) > -(1<<24) {
			first, found = n, true
		}
	}
	for _, p := range c.packets {
		switch {
		case p.seg.ICMP != "":
		case p.from == s && !p.rst():
			take(p.seg.Seq.Start)
		case p.from != s && p.hasACK() && !p.rst():
			take(p.seg.Ack.N)
		}
	}
	for _, p := range c.packets { // nothing but resets
		if !found && p.seg.ICMP == "" && p.from == s {
			first, found = p.seg.Seq.Start, true
		}
	}
	return first - 1
}
