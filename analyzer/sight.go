package analyzer

import (
	"fmt"
	"net/netip"
	"time"

	"rstlab/analyzer/flow"
)

// A sight is how much a point saw of its connections.
type sight struct {
	begun  int   // connections of which no SYN was seen
	oneWay int   // connections of which one direction was not seen
	holed  int   // others of which segments are missing
	copies int64 // frames that were there before
	cut    int64 // segments cut by the snap length
	host   bool  // a packet of the told host was seen
}

// add takes a connection that is over; at is the host that was told.
func (s *sight) add(e *flow.Entry, end *flow.End, at netip.Addr) {
	key := e.Key()
	if at.IsValid() && !s.host {
		s.host = at == key.Addr(0).Addr() || at == key.Addr(1).Addr()
	}
	s.copies += int64(end.Copies)
	s.cut += int64(end.Cuts)
	switch {
	case end.OneWay:
		if !end.Recalled {
			s.oneWay++
		}
	case end.Missing > 0:
		s.holed++
	}
	if !end.Seen && !end.Recalled {
		s.begun++
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
