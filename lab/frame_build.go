//go:build linux

package lab

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"rstlab/internal/inet"
	"rstlab/internal/segment"
)

// buildTCP makes the frame of a TCP segment whose numbers are raw. What s does
// not set is zero. Checksums are right unless s.BadSum.
func buildTCP(from, to [6]byte, src, dst netip.AddrPort, s segment.Segment) ([]byte, error) {
	options, err := segment.EncodeOptions(s.Options)
	if err != nil {
		return nil, err
	}
	if or(s.Win) > 65535 {
		return nil, fmt.Errorf("win %d does not fit a header, 65535 at most", *s.Win)
	}
	b := make([]byte, tcpLen, tcpLen+len(options)+len(or(s.Payload)))
	binary.BigEndian.PutUint16(b, src.Port())
	binary.BigEndian.PutUint16(b[2:], dst.Port())
	if s.Seq != nil {
		binary.BigEndian.PutUint32(b[4:], s.Seq.Start)
	}
	if s.Ack != nil {
		binary.BigEndian.PutUint32(b[8:], s.Ack.N)
	}
	b[12] = uint8(tcpLen+len(options)) / 4 << 4
	b[13] = uint8(s.Flags)
	binary.BigEndian.PutUint16(b[14:], uint16(or(s.Win)))
	b = append(append(b, options...), or(s.Payload)...)
	return buildIP(from, to, src.Addr(), dst.Addr(), unix.IPPROTO_TCP, s.Attrs, b)
}

// buildICMP makes the frame of an ICMP error that quotes an IP packet.
func buildICMP(from, to [6]byte, src, dst netip.Addr, s segment.Segment, quoted []byte) ([]byte, error) {
	proto, most, mtu := uint8(unix.IPPROTO_ICMP), 576-ipv4Len-icmpLen, uint32(576) // RFC 1812, section 4.3.2.3
	if src.Is6() {
		proto, most, mtu = unix.IPPROTO_ICMPV6, 1280-ipv6Len-icmpLen, 1280 // RFC 4443, section 2.4 (c)
	}
	typ, code, ok := segment.ICMPType(src.Is6(), s.ICMP)
	if !ok {
		return nil, fmt.Errorf("there is no icmp %s between %v and %v", s.ICMP, src, dst)
	}
	b := []byte{typ, code, 0, 0, 0, 0, 0, 0}
	if s.ICMP == "frag-needed" || s.ICMP == "packet-too-big" {
		binary.BigEndian.PutUint32(b[4:], mtu)
	}
	return buildIP(from, to, src, dst, proto, s.Attrs, append(b, quoted[:min(len(quoted), most)]...))
}

// buildIP puts an IP and an Ethernet header before a payload whose checksum is
// still open.
func buildIP(from, to [6]byte, src, dst netip.Addr, proto uint8, a segment.Attrs, payload []byte) ([]byte, error) {
	if src.Is4() != dst.Is4() {
		return nil, fmt.Errorf("%v and %v are of different families", src, dst)
	}
	headerLen, typ := ipv4Len, uint16(etherTypeIPv4)
	if src.Is6() {
		headerLen, typ = ipv6Len, etherTypeIPv6
	}
	if headerLen+len(payload) > 65535 {
		return nil, fmt.Errorf("a packet of %d bytes, 65535 at most", headerLen+len(payload))
	}
	frame := append(append([]byte{}, to[:]...), from[:]...)
	frame = binary.BigEndian.AppendUint16(frame, typ)
	frame = append(frame, make([]byte, headerLen)...)
	ip := frame[etherLen:]
	if src.Is4() {
		ip[0], ip[9] = 0x45, proto
		binary.BigEndian.PutUint16(ip[2:], uint16(headerLen+len(payload)))
	} else {
		ip[0], ip[6] = 6<<4, proto
		binary.BigEndian.PutUint16(ip[4:], uint16(len(payload)))
	}
	setAddrs(ip, src, dst)
	setAttrs(ip, a)
	frame = append(frame, payload...)
	mendChecksums(frame[etherLen:])
	if a.BadSum {
		spoilChecksum(frame[etherLen:])
	}
	return frame, nil
}

func setAddrs(ip []byte, src, dst netip.Addr) {
	if src.Is4() {
		copy(ip[12:], src.AsSlice())
		copy(ip[16:], dst.AsSlice())
	} else {
		copy(ip[8:], src.AsSlice())
		copy(ip[24:], dst.AsSlice())
	}
}

// setAttrs sets what a names and the family has.
func setAttrs(ip []byte, a segment.Attrs) {
	h := headers{packet: ip, v6: ip[0]>>4 == 6}
	if a.TTL != nil {
		*h.ttl() = *a.TTL
	}
	if h.v6 {
		first := binary.BigEndian.Uint32(ip)
		if a.TOS != nil {
			first = first&^(0xFF<<20) | uint32(*a.TOS)<<20
		}
		if a.Flow != nil {
			first = first&^0xFFFFF | *a.Flow&0xFFFFF
		}
		binary.BigEndian.PutUint32(ip, first)
		return
	}
	if a.TOS != nil {
		ip[1] = *a.TOS
	}
	if a.ID != nil {
		binary.BigEndian.PutUint16(ip[4:], *a.ID)
	}
	if a.DF != nil {
		ip[6] &^= ipv4DF >> 8
		if *a.DF {
			ip[6] |= ipv4DF >> 8
		}
	}
}

// mendChecksums makes the checksums of a whole packet right, in place.
func mendChecksums(packet []byte) {
	h, ok := parseIP(packet)
	if !ok {
		return
	}
	if !h.v6 {
		inet.MendIPv4(packet)
	}
	field := h.checksumField()
	if field == nil {
		return
	}
	field[0], field[1] = 0, 0
	if h.proto == unix.IPPROTO_ICMP {
		binary.BigEndian.PutUint16(field, ^inet.Fold(inet.Sum(h.payload())))
	} else {
		binary.BigEndian.PutUint16(field, h.checksum())
	}
}

func spoilChecksum(packet []byte) {
	if h, ok := parseIP(packet); ok {
		if field := h.checksumField(); field != nil {
			field[0] ^= 0x55
		}
	}
}

// checksumField is where the payload's checksum stands; nil where it has none.
func (h headers) checksumField() []byte {
	b := h.payload()
	offset := map[uint8]int{unix.IPPROTO_TCP: 16, unix.IPPROTO_ICMP: 2, unix.IPPROTO_ICMPV6: 2}[h.proto]
	if offset == 0 || h.fragment || h.cut || len(b) < offset+2 {
		return nil
	}
	return b[offset : offset+2]
}

// or is what p points to, the zero value where it is nil.
func or[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}
