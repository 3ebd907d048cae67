//go:build linux

package lab

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"rstlab/internal/segment"
)

// answerARP answers a request for one of addrs (RFC 826); nil for all else.
func answerARP(frame []byte, mac [6]byte, addrs []netip.Addr) []byte {
	const arpLen = 28
	if len(frame) < etherLen+arpLen {
		return nil
	}
	arp := frame[etherLen:]
	request := []byte{0, 1, 8, 0, 6, 4, 0, 1} // Ethernet, IPv4, request
	target := netip.AddrFrom4([4]byte(arp[24:28]))
	if !bytes.Equal(arp[:8], request) || !slices.Contains(addrs, target) {
		return nil
	}
	reply := slices.Concat(arp[8:14], mac[:], frame[12:14], request[:7], []byte{2})
	reply = append(reply, mac[:]...)
	reply = append(reply, arp[24:28]...)
	return append(reply, arp[8:18]...)
}

// answerNeighbour answers a neighbour solicitation for one of addrs (RFC 4861,
// section 7.2.4); nil for all else.
func answerNeighbour(frame []byte, mac [6]byte, addrs []netip.Addr) []byte {
	const solicitation, advertisement, solicitationLen = 135, 136, 24
	if etherType(frame) != etherTypeIPv6 {
		return nil
	}
	h, ok := parseIP(frame[etherLen:])
	if !ok || h.fragment || h.proto != unix.IPPROTO_ICMPV6 {
		return nil
	}
	b := h.payload()
	if len(b) < solicitationLen || b[0] != solicitation {
		return nil
	}
	target := netip.AddrFrom16([16]byte(b[8:24]))
	if !slices.Contains(addrs, target) {
		return nil
	}
	const solicited, override = 0x40000000, 0x20000000
	flags, dst, to := uint32(solicited|override), h.src(), [6]byte(frame[6:12])
	if dst.IsUnspecified() { // who asks has no address yet: duplicate address detection
		flags, dst, to = override, netip.IPv6LinkLocalAllNodes(), [6]byte{0x33, 0x33, 0, 0, 0, 1}
	}
	reply := binary.BigEndian.AppendUint32([]byte{advertisement, 0, 0, 0}, flags)
	reply = append(reply, b[8:24]...)
	reply = append(reply, 2, 1) // target link-layer address, in units of 8 bytes
	reply = append(reply, mac[:]...)
	hopLimit := uint8(255)
	answer, err := buildIP(mac, to, target, dst, unix.IPPROTO_ICMPV6, segment.Attrs{TTL: &hopLimit}, reply)
	if err != nil {
		return nil
	}
	return answer
}
