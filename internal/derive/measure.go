package derive

import (
	"net/netip"
	"time"

	"rstlab/analyzer"
	"rstlab/internal/segment"
)

// longestMTU is the most that a link of the lab takes. A capture on a loopback
// interface has more.
const longestMTU = 9216

// segmentSizes finds the largest segments of the connection: by the SYNs, else
// what an Ethernet holds. What is longer was captured before it was cut.
func (c *conn) segmentSizes() {
	c.mtu = 1500
	header, mss, stamps := c.headerLen(), 0, 0
	for _, p := range c.packets {
		if n, ok := optionNumber(p, "mss"); ok && p.syn() && (mss == 0 || n < mss) {
			mss = n
		}
		if !p.syn() && hasOption(p, "TS") {
			stamps = 12
		}
	}
	if mss > 0 && mss+header < 65536 {
		c.mtu = min(max(mss+header, 576), longestMTU)
	}
	c.mss = c.mtu - header - stamps
}

// headerLen is how many bytes the headers of IP and TCP have without options.
func (c *conn) headerLen() int {
	if c.addr[0].Addr().Is6() {
		return 60
	}
	return 40
}

// size is how many bytes the IP packet has.
func (p *pkt) size() int {
	options, err := segment.EncodeOptions(p.seg.Options)
	if err != nil {
		return 0 // none that can be sent
	}
	return p.conn.headerLen() + len(options) + int(p.len())
}

// measure finds the times from the main point to each side and back: the
// shortest that the handshake and acknowledged data show.
func (c *conn) measure() {
	c.rtt = [2]time.Duration{-1, -1}
	var prompt [2]bool
	for i, p := range c.packets {
		if p.end == p.seq || p.again != nil || p.rst() {
			continue
		}
		for _, q := range c.packets[i+1:] {
			if q.from == p.from && q.again == p {
				break // whose answer it is would be a guess (RFC 6298, 3)
			}
			if q.from == p.from || !q.hasACK() || q.ack < p.end {
				continue
			}
			if d := q.at - p.at; c.rtt[p.to()] < 0 || d < c.rtt[p.to()] {
				c.rtt[p.to()] = d
			}
			c.timed[p.to()] = c.timed[p.to()] || p.syn()
			prompt[p.to()] = prompt[p.to()] || q.len() == 0 || q.syn()
			break
		}
	}
	for x := range c.rtt {
		if !prompt[x] {
			c.rtt[x] = -1 // in all of them a program took its time
		}
	}
}

// measureResets has the resets that segments drew tell how far away their sender
// is at most: no program keeps those waiting, as it may all that comes before.
func (c *conn) measureResets() {
	for _, p := range c.packets {
		if !p.rst() || p.form != provoked || p.verdict == nil || p.verdict.Sender == analyzer.Middlebox {
			continue
		}
		if d := p.at - p.trigger.at; c.rtt[p.from] > d {
			c.rtt[p.from] = d
		}
	}
}

// shareTimes gives all connections of a host the shortest time that one of them
// shows: the others waited for something else, and in the replay the host is
// at one place.
func (s *story) shareTimes() {
	type host struct {
		rtt   time.Duration
		timed bool
	}
	hosts := map[netip.Addr]host{}
	for _, c := range s.conns {
		for x, rtt := range c.rtt {
			if rtt < 0 {
				continue
			}
			h, known := hosts[c.addr[x].Addr()]
			if !known || rtt < h.rtt {
				h.rtt = rtt
			}
			h.timed = h.timed || c.timed[x]
			hosts[c.addr[x].Addr()] = h
		}
	}
	for _, c := range s.conns {
		for x, rtt := range c.rtt {
			if h := hosts[c.addr[x].Addr()]; rtt >= 0 {
				c.rtt[x], c.timed[x] = h.rtt, h.timed
			}
		}
	}
}
