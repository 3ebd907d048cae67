package sanitize

import (
	"encoding/binary"
	"net/netip"

	"rstlab/analyzer/packet"
	"rstlab/internal/inet"
)

// sum makes the checksum of a layer what it was: right where it was right or
// can't be known, as wrong where it was wrong. Inner layers come first.
func (s *Sanitizer) sum(was, out []byte, i int) {
	l := s.layers[i]
	switch l.kind {
	case packet.HeaderIPv4:
		h := out[l.at : l.at+l.n]
		wrong := field(was[l.at:], 10) ^ ipv4Sum(was[l.at:l.at+l.n])
		binary.BigEndian.PutUint16(h[10:], ipv4Sum(h)^wrong)
	case packet.HeaderTCP:
		s.tcpSum(was, out, i)
	case packet.HeaderICMP:
		s.span(out, i, 2, 0)
	case packet.HeaderUDP:
		if field(was[l.at:], 6) != 0 { // 0: none was made
			s.span(out, i, 6, protoUDP)
		}
	case packet.HeaderGRE:
		const hasSum = 0x80
		if out[l.at]&hasSum != 0 && l.n >= 8 {
			s.span(out, i, 4, 0)
		}
	}
}

const (
	protoUDP    = 17
	protoTCP    = 6
	protoICMPv6 = 58
)

func field(b []byte, at int) uint16 { return binary.BigEndian.Uint16(b[at:]) }

// ipv4Sum is the right checksum of an IPv4 header.
func ipv4Sum(h []byte) uint16 {
	return ^inet.Fold(inet.Sum(h[:10]) + inet.Sum(h[12:]))
}

// packetOf gives the IP header around a layer: its addresses as they are in a
// frame, and where its packet ends there.
func (s *Sanitizer) packetOf(frame []byte, i int) (src, dst netip.Addr, end int) {
	j := s.enclosing(i)
	if j < 0 {
		return src, dst, len(frame)
	}
	h := s.layers[j]
	b := frame[h.at:]
	if h.kind == packet.HeaderIPv6 {
		src, _ = netip.AddrFromSlice(b[8:24])
		dst, _ = netip.AddrFromSlice(b[24:40])
		end = h.at + 40 + int(field(b, 4))
		if field(b, 4) == 0 {
			end = len(frame)
		}
	} else {
		src, _ = netip.AddrFromSlice(b[12:16])
		dst, _ = netip.AddrFromSlice(b[16:20])
		end = h.at + int(field(b, 2))
		if field(b, 2) == 0 {
			end = len(frame)
		}
	}
	return src, dst, end
}

// span makes the checksum right that stands at a place of a layer's header and
// covers all up to the end of the packet; with a protocol, or in ICMPv6, the
// pseudo-header too.
func (s *Sanitizer) span(out []byte, i, at int, proto uint8) {
	l := s.layers[i]
	src, dst, end := s.packetOf(out, i)
	b := out[l.at:min(end, len(out))]
	if l.kind == packet.HeaderICMP && src.Is6() {
		proto = protoICMPv6
	}
	binary.BigEndian.PutUint16(b[at:], 0)
	sum := inet.Sum(b)
	if proto != 0 && src.IsValid() {
		sum += inet.Pseudo(src, dst, proto, end-l.at)
	}
	v := ^inet.Fold(sum)
	if v == 0 && proto == protoUDP {
		v = 0xffff
	}
	binary.BigEndian.PutUint16(b[at:], v)
}

// tcpSum makes the checksum of a segment what it was.
func (s *Sanitizer) tcpSum(was, out []byte, i int) {
	l := s.layers[i]
	if l.n < inet.TCPHeaderLen {
		return
	}
	src, dst, end := s.packetOf(out, i)
	if !src.IsValid() {
		return
	}
	length := end - l.at
	right := func(frame []byte, src, dst netip.Addr) uint16 {
		h := frame[l.at : l.at+l.n]
		payload := frame[l.at+l.n : max(min(end, len(frame)), l.at+l.n)]
		return ^inet.Fold(inet.Sum(h[:16]) + inet.Sum(h[18:]) + inet.Sum(payload) + inet.Pseudo(src, dst, protoTCP, length))
	}
	v := right(out, src, dst)
	wasSrc, wasDst, _ := s.packetOf(was, i)
	sum := field(was[l.at:], 16)
	if s.info.Kind == packet.TCP {
		switch s.info.Checksum() {
		case packet.SumBad:
			v ^= sum ^ right(was, wasSrc, wasDst)
		case packet.SumPartial: // for a network card: the pseudo-header's, with or without the length
			n := length
			if sum != inet.Fold(inet.Pseudo(wasSrc, wasDst, protoTCP, length)) {
				n = 0
			}
			v = inet.Fold(inet.Pseudo(src, dst, protoTCP, n))
		}
	}
	binary.BigEndian.PutUint16(out[l.at+16:], v)
}
