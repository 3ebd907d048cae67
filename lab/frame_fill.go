//go:build linux

package lab

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"rstlab/internal/segment"
)

// A resolver gives an actor's addresses, none for a name it does not know.
type resolver func(name string) []netip.Addr

// addrs gives the addresses that an endpoint may mean.
func (r resolver) addrs(e segment.Endpoint) ([]netip.Addr, error) {
	if e.Addr.IsValid() {
		return []netip.Addr{e.Addr}, nil
	}
	addrs := r(e.Name)
	if len(addrs) == 0 {
		return nil, fmt.Errorf("find %q: no actor of that name has an address", e.Name)
	}
	return addrs, nil
}

// flow finds which flow two endpoints mean: a known one, or a new one where
// both ports are written.
func (r resolver) flow(src, dst segment.Endpoint, known ...tracker) (flow, error) {
	from, err := r.addrs(src)
	if err != nil {
		return flow{}, err
	}
	to, err := r.addrs(dst)
	if err != nil {
		return flow{}, err
	}
	var found []flow
	for _, t := range known {
		for f := range t {
			for _, f := range []flow{f, f.reverse()} {
				if isEnd(src, from, f.src) && isEnd(dst, to, f.dst) && !slices.Contains(found, f) {
					found = append(found, f)
				}
			}
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	if src.Port != 0 && dst.Port != 0 && len(found) == 0 {
		for _, a := range from {
			for _, b := range to {
				if a.Is4() == b.Is4() {
					return flow{netip.AddrPortFrom(a, src.Port), netip.AddrPortFrom(b, dst.Port)}, nil
				}
			}
		}
		return flow{}, fmt.Errorf("%v and %v have addresses of different families", src, dst)
	}
	if len(found) == 0 {
		return flow{}, fmt.Errorf("%v and %v have no connection yet; write both ports", src, dst)
	}
	var list []string
	for _, f := range found {
		list = append(list, fmt.Sprintf("%v > %v", f.src, f.dst))
	}
	slices.Sort(list)
	return flow{}, fmt.Errorf("%v and %v have %d connections, %s; write the ports of one", src, dst, len(found), strings.Join(list, ", "))
}

// isEnd reports whether e, with these addresses, can mean a.
func isEnd(e segment.Endpoint, addrs []netip.Addr, a netip.AddrPort) bool {
	return slices.Contains(addrs, a.Addr()) && (e.Port == 0 || e.Port == a.Port())
}

// defaults are what a sender puts where a segment has nothing written, beyond
// what follows from the connection.
type defaults struct {
	isn     uint32 // of a SYN
	sndNxt  uint32
	win     uint32
	ttl     uint8
	id      uint16
	options []segment.Option
}

const maxPayload = 65535 - tcpLen

// fill completes s, a segment of f, as a correct stack would send it: numbers
// from what the sender has sent (own) and received (theirs). It returns it with
// raw numbers and every field set.
func fill(s segment.Segment, f flow, own, theirs half, d defaults) (segment.Segment, error) {
	n := s.Bytes()
	if n > maxPayload {
		return s, fmt.Errorf("%d bytes of payload, a packet holds %d", n, maxPayload)
	}
	if s.Payload != nil && len(*s.Payload) != int(n) {
		return s, fmt.Errorf("the payload has %d bytes, %d are written", len(*s.Payload), n)
	}
	s.Src = segment.Endpoint{Addr: f.src.Addr(), Port: f.src.Port()}
	s.Dst = segment.Endpoint{Addr: f.dst.Addr(), Port: f.dst.Port()}
	b := base(own, theirs)
	if s.Flags&segment.SYN != 0 {
		b.Seq, b.SeqKnown = d.isn, true
		if s.Seq == nil {
			s.Seq = &segment.Seq{}
		}
	}
	s = s.Absolute(b)
	if s.Seq == nil {
		s.Seq = &segment.Seq{Start: d.sndNxt}
	}
	s.Seq = &segment.Seq{Start: s.Seq.Start, End: s.Seq.Start + n, HasEnd: n > 0, Raw: true}
	if s.Ack == nil {
		s.Ack = &segment.Ack{Raw: true}
		if s.Flags&segment.ACK != 0 {
			s.Ack.N = theirs.next
		}
	}
	s.Length = &n
	if s.Payload == nil {
		s.Payload = new(pattern(s.Seq.Start-b.Seq, n))
	}
	if s.Options == nil {
		s.Options = d.options
	}
	s.Win = orDefault(s.Win, d.win)
	s.TTL = orDefault(s.TTL, d.ttl)
	s.TOS = orDefault(s.TOS, 0)
	if f.src.Addr().Is4() {
		s.ID = orDefault(s.ID, d.id)
		s.DF = orDefault(s.DF, true)
	} else {
		s.Flow = orDefault(s.Flow, 0)
	}
	return s, nil
}

func orDefault[T any](p *T, value T) *T {
	if p == nil {
		return &value
	}
	return p
}

// pattern is a payload that depends only on its place in the stream, so that
// what is sent again is the same.
func pattern(offset, n uint32) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a' + byte((offset+uint32(i))%26)
	}
	return string(b)
}

// replySeq is the number of a segment that a stack without the connection
// sends: that which the other end expects (RFC 9293, section 3.10.7.1).
func replySeq(theirs half) uint32 {
	if theirs.hasACK {
		return theirs.ack
	}
	return 0
}

func randomISN() uint32 { return rand.Uint32() }
