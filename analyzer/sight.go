package analyzer

import (
	"fmt"
	"hash/maphash"
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

// pauses are the longest pauses in seconds and more that connections between
// two hosts survived, in nanoseconds, by the service's mark: so few bytes stay
// at hand.
type pauses map[uint64]int64

// A service is who uses what. It has no gaps, so that a map hashes it at once.
type service struct {
	client, server [16]byte
	port           uint16
}

func serviceOf(client netip.Addr, server netip.AddrPort) service {
	return service{client.As16(), server.Addr().As16(), server.Port()}
}

// maxServices bounds for how many of them pauses are kept.
const maxServices = 1 << 14

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

var markSeed = maphash.MakeSeed()

// mark stands for the service: 64 bits that no two of them share, but by a chance
// of one in 10^11 with all that are kept.
func (s service) mark() uint64 { return maphash.Comparable(markSeed, s) }

// A pause is one, in nanoseconds, that a connection of a service survived.
type pause struct {
	service service
	lasted  int64
}

// add takes a pause.
func (p *pauses) add(x pause) {
	if *p == nil {
		*p = pauses{}
	}
	m := x.service.mark()
	if was, ok := (*p)[m]; !ok && len(*p) < maxServices || ok && x.lasted > was {
		(*p)[m] = x.lasted
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
