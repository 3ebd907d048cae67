//go:build linux

package lab

import (
	"encoding/binary"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"rstlab/internal/inet"
	"rstlab/internal/segment"
)

// A Frame is one frame of a tap's capture.
type Frame struct {
	N    int       // 1-based, as in the tap's capture
	Time time.Time // the kernel's stamp
	Data []byte    // from the Ethernet header on

	// Src and Dst are the ends of the connection that the frame speaks of, in
	// its direction: of a TCP segment its own, of an ICMP error those of the
	// segment that it quotes. Invalid for all other frames.
	Src, Dst netip.AddrPort
	// Segment has all fields of the TCP segment or, with ICMP set, of the ICMP
	// error, numbers raw. The ends of an ICMP error are who sent it and who is
	// told, with the ports that these have in the quoted segment.
	Segment segment.Segment
	IsTCP   bool // a TCP segment with a whole header
}

const (
	etherLen       = 14
	etherTypeIPv4  = 0x0800
	etherTypeIPv6  = 0x86DD
	etherTypeARP   = 0x0806
	ipv4Len        = 20
	ipv6Len        = 40
	tcpLen         = 20
	udpLen         = 8
	icmpLen        = 8
	ipv4DF         = 0x4000
	ipv4MF         = 0x2000
	ipv4OffsetMask = 0x1FFF
)

func etherType(frame []byte) uint16 {
	if len(frame) < etherLen {
		return 0
	}
	return binary.BigEndian.Uint16(frame[12:])
}

// headers tells where the headers of an IP packet lie.
type headers struct {
	packet    []byte // from the IP header to the end of the packet, without what Ethernet padded
	v6        bool
	proto     uint8 // of the payload
	transport int   // offset of the payload in packet
	fragment  bool  // the payload is a part only
	cut       bool  // the packet is longer than what is there
}

// parseIP finds the headers of an IP packet, of which the end may be missing.
func parseIP(b []byte) (headers, bool) {
	switch {
	case len(b) >= ipv4Len && b[0]>>4 == 4:
		return parseIPv4(b)
	case len(b) >= ipv6Len && b[0]>>4 == 6:
		return parseIPv6(b)
	}
	return headers{}, false
}

func parseIPv4(b []byte) (headers, bool) {
	headerLen, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if headerLen < ipv4Len || total < headerLen || len(b) < headerLen {
		return headers{}, false
	}
	h := headers{
		proto: b[9], transport: headerLen, cut: total > len(b),
		fragment: binary.BigEndian.Uint16(b[6:])&(ipv4MF|ipv4OffsetMask) != 0,
	}
	h.packet = b[:min(total, len(b))]
	return h, true
}

func parseIPv6(b []byte) (headers, bool) {
	total := ipv6Len + int(binary.BigEndian.Uint16(b[4:]))
	h := headers{v6: true, proto: b[6], transport: ipv6Len, cut: total > len(b)}
	h.packet = b[:min(total, len(b))]
	for {
		extension := h.packet[h.transport:]
		if len(extension) < 8 {
			return h, true
		}
		switch h.proto { // RFC 8200, section 4
		case unix.IPPROTO_HOPOPTS, unix.IPPROTO_ROUTING, unix.IPPROTO_DSTOPTS:
			length := int(extension[1])*8 + 8
			if length > len(extension) {
				return h, true
			}
			h.proto, h.transport = extension[0], h.transport+length
		case unix.IPPROTO_FRAGMENT:
			h.proto, h.transport = extension[0], h.transport+8
			if binary.BigEndian.Uint16(extension[2:])&^6 != 0 { // offset and M; not the reserved bits
				h.fragment = true
				return h, true
			}
		default:
			return h, true
		}
	}
}

func (h headers) src() netip.Addr {
	if h.v6 {
		return netip.AddrFrom16([16]byte(h.packet[8:24]))
	}
	return netip.AddrFrom4([4]byte(h.packet[12:16]))
}

func (h headers) dst() netip.Addr {
	if h.v6 {
		return netip.AddrFrom16([16]byte(h.packet[24:40]))
	}
	return netip.AddrFrom4([4]byte(h.packet[16:20]))
}

func (h headers) payload() []byte { return h.packet[h.transport:] }

// ends gives the connection's ends; ok is false where there are no TCP ports.
func (h headers) ends() (src, dst netip.AddrPort, ok bool) {
	if h.fragment || h.proto != unix.IPPROTO_TCP || len(h.payload()) < 4 {
		return src, dst, false
	}
	ports := binary.BigEndian.Uint32(h.payload())
	return netip.AddrPortFrom(h.src(), uint16(ports>>16)), netip.AddrPortFrom(h.dst(), uint16(ports)), true
}

// tcp gives the TCP header with its options and the segment's payload.
func (h headers) tcp() (header, payload []byte, ok bool) {
	b := h.payload()
	if h.fragment || h.proto != unix.IPPROTO_TCP || h.cut || len(b) < tcpLen {
		return nil, nil, false
	}
	headerLen := int(b[12]>>4) * 4
	if headerLen < tcpLen || headerLen > len(b) {
		return nil, nil, false
	}
	return b[:headerLen], b[headerLen:], true
}

// newFrame decodes a captured frame.
func newFrame(n int, at time.Time, data []byte) *Frame {
	f := &Frame{N: n, Time: at, Data: data}
	if t := etherType(data); t != etherTypeIPv4 && t != etherTypeIPv6 {
		return f
	}
	h, ok := parseIP(data[etherLen:])
	if !ok {
		return f
	}
	if header, payload, ok := h.tcp(); ok {
		f.IsTCP = true
		f.Src, f.Dst, _ = h.ends()
		f.Segment = decodeTCP(header, payload)
		f.Segment.BadSum = h.checksum() != 0
	} else if name, src, dst, ok := h.icmpError(); ok {
		f.Src, f.Dst = src, dst
		f.Segment.ICMP = name
	} else {
		return f
	}
	f.Segment.Src, f.Segment.Dst = h.endpoints(f.Src, f.Dst)
	h.decodeAttrs(&f.Segment.Attrs)
	return f
}

// decodeTCP reads all that the segment's own header says.
func decodeTCP(header, payload []byte) segment.Segment {
	start, length := binary.BigEndian.Uint32(header[4:]), uint32(len(payload))
	return segment.Segment{
		Flags:   segment.Flags(header[13]),
		Seq:     &segment.Seq{Start: start, End: start + length, HasEnd: length > 0, Raw: true},
		Ack:     &segment.Ack{N: binary.BigEndian.Uint32(header[8:]), Raw: true},
		Win:     new(uint32(binary.BigEndian.Uint16(header[14:]))),
		Options: append([]segment.Option{}, segment.DecodeOptions(header[tcpLen:])...),
		Length:  &length,
		Payload: new(string(payload)),
	}
}

func (h headers) decodeAttrs(a *segment.Attrs) {
	b := h.packet
	if h.v6 {
		first := binary.BigEndian.Uint32(b)
		a.TTL, a.TOS, a.Flow = new(b[7]), new(uint8(first>>20)), new(first&0xFFFFF)
		return
	}
	a.TTL, a.TOS, a.ID = new(b[8]), new(b[1]), new(binary.BigEndian.Uint16(b[4:]))
	a.DF = new(binary.BigEndian.Uint16(b[6:])&ipv4DF != 0)
}

// endpoints gives the packet's own ends, each with the port that its address
// has in the connection.
func (h headers) endpoints(a, b netip.AddrPort) (src, dst segment.Endpoint) {
	end := func(addr netip.Addr) segment.Endpoint {
		e := segment.Endpoint{Addr: addr}
		switch addr {
		case a.Addr():
			e.Port = a.Port()
		case b.Addr():
			e.Port = b.Port()
		}
		return e
	}
	src, dst = end(h.src()), end(h.dst())
	return src, dst
}

// icmpError reads an ICMP error that quotes a TCP segment: its name, and the
// ends of the quoted segment.
func (h headers) icmpError() (name string, src, dst netip.AddrPort, ok bool) {
	b := h.payload()
	if h.fragment || len(b) < icmpLen {
		return "", src, dst, false
	}
	switch {
	case !h.v6 && h.proto == unix.IPPROTO_ICMP: // RFC 792: unreachable, time exceeded, parameter problem
		ok = b[0] == 3 || b[0] == 11 || b[0] == 12
	case h.v6 && h.proto == unix.IPPROTO_ICMPV6: // RFC 4443, section 2.1: errors are below 128
		ok = b[0] < 128
	}
	if !ok {
		return "", src, dst, false
	}
	quoted, ok := parseIP(b[icmpLen:])
	if !ok {
		return "", src, dst, false
	}
	src, dst, ok = quoted.ends()
	return segment.ICMPName(h.v6, b[0], b[1]), src, dst, ok
}

// checksum is that of the packet's payload with the pseudo-header, as TCP, UDP
// and ICMPv6 have it (RFC 9293, section 3.1; RFC 8200, section 8.1): zero over
// a payload whose checksum is right.
func (h headers) checksum() uint16 {
	body := h.payload()
	sum := uint64(h.proto) + uint64(len(body)) + inet.Sum(body)
	if h.v6 {
		sum += inet.Sum(h.packet[8:40])
	} else {
		sum += inet.Sum(h.packet[12:20])
	}
	return ^inet.Fold(sum)
}
