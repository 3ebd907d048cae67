package analyzer

import (
	"fmt"
	"net/netip"
	"time"

	"rstlab/analyzer/flow"
)

// A sight is how much a point saw of its connections, and what pauses they
// survived.
type sight struct {
	begun  int    // connections of which no SYN was seen
	oneWay int    // connections of which one direction was not seen
	holed  int    // others of which segments are missing
	copies int64  // frames that were there before
	cut    int64  // segments cut by the snap length
	host   bool   // a packet of the told host was seen
	kept   pauses // by connections without a reset
}

// pauses are the longest pauses in seconds and more that connections between
// two hosts survived, in nanoseconds.
type pauses map[service]int64

// A service is who uses what.
type service struct {
	client netip.Addr
	server netip.AddrPort
}

// maxServices bounds for how many of them pauses are kept.
const maxServices = 1 << 14

// add takes a connection that is over; at is the host that was told.
func (s *sight) add(c *flow.Conn, at netip.Addr) {
	o, r := c.O(), c.R()
	client, server := c.Key.Addr(c.Orig), c.Key.Addr(1-c.Orig)
	s.host = s.host || at == client.Addr() || at == server.Addr()
	s.copies += int64(c.Copies)
	s.cut += int64(c.Cuts)
	switch {
	case o.Packets+o.Resets == 0 || r.Packets+r.Resets == 0 && o.Packets > uint32(o.SYNs):
		if !c.Recalled {
			s.oneWay++
		}
	case c.Missing > 0:
		s.holed++
	}
	if !c.Seen && !c.Recalled {
		s.begun++
	}
	if d := survived(c); d > 0 {
		s.kept.add(service{client.Addr(), server}, d)
	}
}

// survived is the longest pause after which both sides went on, where no reset
// ended the connection; 0 where there is none.
func survived(c *flow.Conn) int64 {
	if c.NumResets > 0 {
		return 0
	}
	for i := range c.Sides {
		if l := c.Sides[i].Last(0); l == nil || l.Time < c.Pause.To {
			return c.Longest
		}
	}
	return max(c.Longest, c.Pause.To-c.Pause.From)
}

func (p *pauses) add(s service, d int64) {
	if *p == nil {
		*p = pauses{}
	}
	if was, ok := (*p)[s]; ok || len(*p) < maxServices {
		(*p)[s] = max(was, d)
	}
}

// limits says what was not there to be seen, of so many connections.
func (s *sight) limits(connections int, at netip.Addr) []string {
	var l []string
	say := func(n int64, format string, args ...any) {
		if n > 0 {
			l = append(l, fmt.Sprintf(format, args...))
		}
	}
	say(int64(s.begun), "no handshake: %d of %s began before the capture", s.begun, plural(connections, "connection"))
	say(int64(s.oneWay), "one direction only of %d of %s", s.oneWay, plural(connections, "connection"))
	say(int64(s.holed), "segments are missing of %d of %s: the capture lost them, or they took another way", s.holed, plural(connections, "connection"))
	say(s.copies, "%s doubled, by a mirror or around a router: counted once", plural(int(s.copies), "packet"))
	say(s.cut, "%s cut by the snap length", plural(int(s.cut), "segment"))
	if at.IsValid() && !s.host {
		l = append(l, fmt.Sprintf("no connection of %v, at which it was taken as told: is the address right?", at))
	}
	return l
}

// disorderMin is what stamps may go back without being told of: two queues
// of one interface mix up that much (causes.md, 4.3).
const disorderMin = 2 * time.Millisecond

// plural gives "1 packet", "2 packets".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
