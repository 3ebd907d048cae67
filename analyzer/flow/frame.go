package flow

import (
	"encoding/binary"
	"math/bits"

	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
	"rstlab/internal/segment"
)

// What ReadFrame knows of the layers; analyzer/packet knows all of them.
const (
	etherLen = 14
	ipv4Len  = 20
	ipv6Len  = 40
	tcpLen   = 20
	stampLen = 12 // of two NOPs and a timestamp

	etherIPv4 = 0x0800
	etherIPv6 = 0x86dd
	protoTCP  = 6
	onlyStamp = 1<<24 | 1<<16 | 8<<8 | 10
)

// ReadFrame fills s and o from a captured frame if it is of the kind that most are: on
// Ethernet, whole, of IPv4 without options or IPv6 without extensions, TCP. That
// comes to the same as decoding it and Read, in less than half the time. Else it
// tells so, and s is to be read from what a packet.Decoder makes of the frame.
func (s *Packet) ReadFrame(o *Opening, p *pcapng.Packet) bool {
	b := p.Data
	if p.LinkType != pcapng.LinkEthernet || len(b) < etherLen+ipv4Len+tcpLen {
		return false
	}
	x := &s.Seg
	*x = Segment{} // not by a literal, see read
	x.Time, x.Frame = p.Time, uint32(p.Frame)
	var tcp []byte
	switch ip := b[etherLen:]; binary.BigEndian.Uint16(b[etherLen-2:]) {
	case etherIPv4:
		h := (*[ipv4Len]byte)(ip)
		total, fragment := int(binary.BigEndian.Uint16(h[2:])), binary.BigEndian.Uint16(h[6:])
		if h[0] != 0x45 || h[9] != protoTCP || fragment&0x3fff != 0 || total < ipv4Len+tcpLen || total > len(ip) {
			return false
		}
		tcp = ip[ipv4Len:total]
		x.TOS, x.TTL, x.ID = h[1], h[8], binary.BigEndian.Uint16(h[4:])
		x.Marks = HasID
		if fragment&0x4000 != 0 {
			x.Marks |= DF
		}
		o.v6 = false
		x.from = o.key.read4((*[8]byte)(h[12:]), (*[4]byte)(tcp))
	case etherIPv6:
		if len(ip) < ipv6Len+tcpLen {
			return false
		}
		length := int(binary.BigEndian.Uint16(ip[4:]))
		if ip[0]>>4 != 6 || ip[6] != protoTCP || length < tcpLen || ipv6Len+length > len(ip) {
			return false
		}
		tcp = ip[ipv6Len : ipv6Len+length]
		x.TOS, x.TTL, x.Flow = ip[0]<<4|ip[1]>>4, ip[7], binary.BigEndian.Uint32(ip)&0xfffff
		o.v6 = true
		x.from = o.key.read6((*[32]byte)(ip[8:]), (*[4]byte)(tcp))
	default:
		return false
	}
	h := (*[tcpLen]byte)(tcp)
	n := int(h[12]>>4) * 4
	if n < tcpLen || n > len(tcp) {
		return false
	}
	x.Seq, x.Ack = Seq(binary.BigEndian.Uint32(h[4:])), Seq(binary.BigEndian.Uint32(h[8:]))
	x.Flags, x.Win, x.Len = segment.Flags(h[13]), binary.BigEndian.Uint16(h[14:]), uint32(len(tcp)-n)
	x.direct(p.Direction)
	s.Kind = packet.TCP
	s.is = hasMAC | opens.where(x.Is(segment.SYN))
	switch syn := x.Is(segment.SYN); {
	case !syn && n == tcpLen:
	case !syn && n == tcpLen+stampLen && binary.BigEndian.Uint32(tcp[tcpLen:]) == onlyStamp:
		x.TSVal, x.TSEcr = binary.BigEndian.Uint32(tcp[24:]), binary.BigEndian.Uint32(tcp[28:])
		x.Marks |= HasTS
	default:
		s.options(o, tcp[:n])
	}
	if x.Is(segment.RST) {
		s.is |= special
	}
	s.mac = [6]byte(b[6:])
	s.pair = o.key.pair()
	return true
}

// options fills s and o from the options of a TCP header, the rest of which was
// read.
func (s *Packet) options(o *Opening, header []byte) {
	x, in := &s.Seg, packet.TCPOptions{WScale: -1}
	in.ReadOptions(header, false)
	if in.HasTS {
		x.TSVal, x.TSEcr = in.TSVal, in.TSEcr
		x.Marks |= HasTS
	}
	if in.MPTCP.Subtypes != 0 {
		s.is |= multipath | special
	}
	if x.Is(segment.SYN) {
		o.offer.read(x, &in, header[tcpLen:], header[12]&0xf != 0)
	}
}

// read4 fills k from two IPv4 addresses and two ports, as read does.
func (k *Key) read4(addrs *[8]byte, ports *[4]byte) (from uint8) {
	src := uint64(binary.BigEndian.Uint32(addrs[:]))<<16 | uint64(binary.BigEndian.Uint16(ports[:]))
	dst := uint64(binary.BigEndian.Uint32(addrs[4:]))<<16 | uint64(binary.BigEndian.Uint16(ports[2:]))
	if dst < src {
		from = 1
	}
	a, b := min(src, dst), max(src, dst) // without a branch, which nobody could predict
	put4(&k.A, uint32(a>>16))
	put4(&k.B, uint32(b>>16))
	k.PortA, k.PortB, k.Tunnel = uint16(a), uint16(b), 0
	return from
}

// put4 sets a to an IPv4 address, ::ffff:a.b.c.d, in the words that hash reads.
func put4(a *[16]byte, v4 uint32) {
	binary.LittleEndian.PutUint64(a[:8], 0)
	binary.LittleEndian.PutUint64(a[8:], 0xffff<<16|uint64(bits.ReverseBytes32(v4))<<32)
}

// read6 fills k from two IPv6 addresses and two ports, as read does.
func (k *Key) read6(addrs *[32]byte, ports *[4]byte) (from uint8) {
	k.A, k.B = [16]byte(addrs[:]), [16]byte(addrs[16:])
	k.PortA, k.PortB, k.Tunnel = binary.BigEndian.Uint16(ports[:]), binary.BigEndian.Uint16(ports[2:]), 0
	if less(&k.B, &k.A) || k.A == k.B && k.PortB < k.PortA {
		k.A, k.B, k.PortA, k.PortB, from = k.B, k.A, k.PortB, k.PortA, 1
	}
	return from
}
