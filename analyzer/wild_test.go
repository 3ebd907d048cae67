package analyzer_test

import (
	"cmp"
	"encoding/binary"
	"math/rand/v2"
	"slices"

	"rstlab/internal/segment"
)

// A shot is a packet of a capture on its way through a change: an Ethernet
// frame, when it was captured, and which frame of the original it is.
type shot struct {
	data []byte
	at   int64
	was  int
	conn int  // 1, 2, …: the connection; 0: no TCP
	orig bool // from the side that sent the connection's first packet
	nth  int  // which of its connection's packets, from 1
}

func (s *shot) v4() bool { return s.data[etherLen]>>4 == 4 }

func (s *shot) tcp() []byte { _, t := headers(s.data); return t }

func (s *shot) flags() segment.Flags { return segment.Flags(s.tcp()[13]) }

func (s *shot) is(f segment.Flags) bool { return s.flags()&f == f }

func (s *shot) payload() int { t := s.tcp(); return len(t) - int(t[12]>>4)*4 }

// mend computes the checksum of the IPv4 header anew.
func (s *shot) mend() {
	if !s.v4() {
		return
	}
	h := s.data[etherLen : etherLen+20]
	h[10], h[11] = 0, 0
	var sum uint32
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(h[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(h[10:], ^uint16(sum))
}

func (s *shot) ttl() uint8 {
	if s.v4() {
		return s.data[etherLen+8]
	}
	return s.data[etherLen+7]
}

func (s *shot) setTTL(n uint8) {
	if s.v4() {
		s.data[etherLen+8] = n
		s.mend()
	} else {
		s.data[etherLen+7] = n
	}
}

func (s *shot) setID(n uint16) {
	if s.v4() {
		binary.BigEndian.PutUint16(s.data[etherLen+4:], n)
		s.mend()
	}
}

func (s *shot) clearDF() {
	if s.v4() {
		s.data[etherLen+6] &^= 0x40
		s.mend()
	}
}

// unstamp takes the timestamp out of a segment's options.
func (s *shot) unstamp() {
	t := s.tcp()
	for o := t[20 : int(t[12]>>4)*4]; len(o) > 1; {
		n := 1
		if o[0] > 1 {
			n = int(o[1])
		}
		if o[0] == 8 {
			for i := range n {
				o[i] = 1
			}
		}
		o = o[n:]
	}
	s.sum()
}

// sum computes the TCP checksum anew.
func (s *shot) sum() {
	addresses, t := headers(s.data)
	t[16], t[17] = 0, 0
	sum := uint32(len(t)) + 6
	for i := 0; i < len(addresses); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(addresses[i:]))
	}
	for i := 0; i+1 < len(t); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(t[i:]))
	}
	if len(t)%2 == 1 {
		sum += uint32(t[len(t)-1]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(t[16:], ^uint16(sum))
}

// A change is something that captures from outside of a lab show, and which
// says nothing of who sent a reset.
type change struct {
	name string
	do   func([]*shot, *rand.Rand) []*shot
}

// each changes the packets one by one.
func each(do func(*shot, *rand.Rand)) func([]*shot, *rand.Rand) []*shot {
	return func(all []*shot, r *rand.Rand) []*shot {
		for _, s := range all {
			if s.conn > 0 {
				do(s, r)
			}
		}
		return all
	}
}

// keep drops packets.
func keep(want func(*shot, *rand.Rand) bool) func([]*shot, *rand.Rand) []*shot {
	return func(all []*shot, r *rand.Rand) []*shot {
		return slices.DeleteFunc(all, func(s *shot) bool { return s.conn > 0 && !want(s, r) })
	}
}

// late changes the stamps and puts the packets into their order.
func late(by func(*shot, *rand.Rand) int64) func([]*shot, *rand.Rand) []*shot {
	return func(all []*shot, r *rand.Rand) []*shot {
		for _, s := range all {
			s.at += by(s, r)
		}
		slices.SortStableFunc(all, func(a, b *shot) int { return cmp.Compare(a.at, b.at) })
		return all
	}
}

// numbered gives the packets of each address a counter of its own.
func numbered(next func(uint16, *rand.Rand) uint16) func([]*shot, *rand.Rand) []*shot {
	return func(all []*shot, r *rand.Rand) []*shot {
		ids := map[string]uint16{}
		for _, s := range all {
			if s.conn == 0 || !s.v4() {
				continue
			}
			from := string(s.data[etherLen+12 : etherLen+16])
			if _, ok := ids[from]; !ok {
				ids[from] = uint16(r.Uint32())
			}
			ids[from] = next(ids[from], r)
			s.setID(ids[from])
		}
		return all
	}
}

// doubled shows each packet twice.
func doubled(again func(*shot)) func([]*shot, *rand.Rand) []*shot {
	return func(all []*shot, _ *rand.Rand) []*shot {
		var out []*shot
		for _, s := range all {
			c := *s
			c.data, c.at, c.was = slices.Clone(s.data), s.at+20_000, 0
			if c.conn > 0 {
				again(&c)
			}
			out = append(out, s, &c)
		}
		slices.SortStableFunc(out, func(a, b *shot) int { return cmp.Compare(a.at, b.at) })
		return out
	}
}

// delayed holds acknowledgments back by 40 ms, as long as their sender has
// nothing else to say (RFC 9293, 3.8.6.3).
func delayed(all []*shot, _ *rand.Rand) []*shot {
	for i, s := range all {
		if s.conn == 0 || s.nth <= 3 || s.flags() != segment.ACK || s.payload() > 0 {
			continue
		}
		until := s.at + 40e6
		for _, x := range all[i+1:] {
			if x.conn == s.conn && x.orig == s.orig {
				until = min(until, x.at-1)
				break
			}
		}
		s.at = until
	}
	slices.SortStableFunc(all, func(a, b *shot) int { return cmp.Compare(a.at, b.at) })
	return all
}

// hops is how many routers a TTL tells of, of a stack that begins at 64, 128 or
// 255.
func hops(ttl uint8) uint8 {
	for _, first := range []uint8{64, 128, 255} {
		if ttl <= first {
			return first - ttl
		}
	}
	return 0
}

// merged puts payload that follows on payload into one frame, as a network card
// does for the host that captures.
func merged(all []*shot, _ *rand.Rand) []*shot {
	var out []*shot
	last := map[[2]int]*shot{}
	for _, s := range all {
		key := [2]int{s.conn, 0}
		if s.orig {
			key[1] = 1
		}
		if s.conn == 0 || s.payload() == 0 || s.flags()&(segment.SYN|segment.FIN|segment.RST) != 0 || !s.v4() {
			delete(last, key)
			out = append(out, s)
			continue
		}
		if l := last[key]; l != nil && s.at-l.at < 1e6 &&
			binary.BigEndian.Uint32(l.tcp()[4:])+uint32(l.payload()) == binary.BigEndian.Uint32(s.tcp()[4:]) {
			t := s.tcp()
			l.data = append(slices.Clone(l.data), t[len(t)-s.payload():]...)
			binary.BigEndian.PutUint16(l.data[etherLen+2:], uint16(len(l.data)-etherLen))
			l.mend()
			l.sum()
			continue
		}
		last[key] = s
		out = append(out, s)
	}
	return out
}

// changes are what the wild does to captures.
var changes = []change{
	{name: "as it is", do: each(func(*shot, *rand.Rand) {})},
	{name: "a balancer answers SYNs from nearer by", do: each(func(s *shot, _ *rand.Rand) {
		if !s.orig {
			s.setTTL(s.ttl() - 5)
		}
		if s.is(segment.SYN | segment.ACK) {
			s.setTTL(s.ttl() + 3)
		}
	})},
	{name: "a balancer answers SYNs with another stack's TTL", do: each(func(s *shot, _ *rand.Rand) {
		if s.is(segment.SYN | segment.ACK) {
			s.setTTL(255 - hops(s.ttl()))
		}
	})},
	{name: "resets with the host's TTL, the sockets with another", do: each(func(s *shot, _ *rand.Rand) {
		if s.is(segment.RST) {
			s.setTTL(255 - hops(s.ttl()))
		}
	})},
	{name: "the path grows by a hop on the way back", do: each(func(s *shot, _ *rand.Rand) {
		if !s.orig && s.nth > 4 {
			s.setTTL(s.ttl() - 1)
		}
	})},
	{name: "packets take paths of different length", do: each(func(s *shot, r *rand.Rand) { s.setTTL(s.ttl() - uint8(r.IntN(2))) })},
	{name: "IP identification 0", do: each(func(s *shot, _ *rand.Rand) { s.setID(0) })},
	{name: "IP identification drawn by lot", do: each(func(s *shot, r *rand.Rand) { s.setID(uint16(r.Uint32())) })},
	{name: "IP identification of the host's", do: numbered(func(n uint16, r *rand.Rand) uint16 { return n + 1 + uint16(r.IntN(4)) })},
	{name: "IP identification of a busy host's", do: numbered(func(n uint16, r *rand.Rand) uint16 { return n + 1 + uint16(r.IntN(900)) })},
	{name: "IP identification of the host's, little-endian", do: numbered(func(n uint16, _ *rand.Rand) uint16 { return n + 256 })},
	{name: "resets without DF", do: each(func(s *shot, _ *rand.Rand) {
		if s.is(segment.RST) {
			s.clearDF()
		}
	})},
	{name: "no timestamps, aborts with identification 0", do: each(func(s *shot, _ *rand.Rand) {
		s.unstamp()
		if s.is(segment.RST) {
			s.setID(0)
		}
	})},
	{name: "no handshake", do: keep(func(s *shot, _ *rand.Rand) bool { return s.nth > 3 })},
	{name: "the originator's packets only", do: keep(func(s *shot, _ *rand.Rand) bool { return s.orig })},
	{name: "the responder's packets only", do: keep(func(s *shot, _ *rand.Rand) bool { return !s.orig })},
	{name: "snap length 54", do: each(func(s *shot, _ *rand.Rand) { s.data = s.data[:min(len(s.data), 54)] })},
	{name: "1 % lost while capturing", do: keep(func(_ *shot, r *rand.Rand) bool { return r.IntN(100) >= 1 })},
	{name: "5 % lost while capturing", do: keep(func(_ *shot, r *rand.Rand) bool { return r.IntN(20) >= 1 })},
	{name: "20 % lost while capturing", do: keep(func(_ *shot, r *rand.Rand) bool { return r.IntN(5) >= 1 })},
	{name: "stamps off by up to 2 ms", do: late(func(_ *shot, r *rand.Rand) int64 { return r.Int64N(2e6) })},
	{name: "resets late by up to 3 ms", do: late(func(s *shot, r *rand.Rand) int64 {
		if s.conn > 0 && s.is(segment.RST) {
			return r.Int64N(3e6)
		}
		return 0
	})},
	{name: "the originator's packets late by 1 ms", do: late(func(s *shot, _ *rand.Rand) int64 {
		if s.orig {
			return 1e6
		}
		return 0
	})},
	{name: "stamps of 10 ms", do: late(func(s *shot, _ *rand.Rand) int64 { return -(s.at % 10e6) })},
	{name: "acknowledgments delayed by 40 ms", do: delayed},
	{name: "each packet twice", do: doubled(func(*shot) {})},
	{name: "each packet twice, around a router", do: doubled(func(s *shot) { s.setTTL(s.ttl() - 1) })},
	{name: "segments merged by the network card", do: merged},
	{name: "another client's address", do: each(func(s *shot, _ *rand.Rand) {
		mapAddresses(s.data, func(a uint32) uint32 { return a ^ 0x7f0000ff })
		s.mend()
	})},
}
