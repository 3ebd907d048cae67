package packet

import "encoding/binary"

// IP protocol numbers (IANA).
const (
	protoHopByHop = 0
	protoICMP     = 1
	protoIGMP     = 2
	protoIPv4     = 4
	protoTCP      = 6
	protoUDP      = 17
	protoIPv6     = 41
	protoRouting  = 43
	protoFragment = 44
	protoGRE      = 47
	protoESP      = 50
	protoAH       = 51
	protoICMPv6   = 58
	protoNoNext   = 59
	protoOptions  = 60
	protoEtherIP  = 97
	protoL2TP     = 115
	protoSCTP     = 132
	protoMobility = 135
	protoMPLS     = 137
	protoHIP      = 139
	protoShim6    = 140
	protoEthernet = 143
)

// ip decodes an IP packet of either version.
func (d *Decoder) ip(info *Info, b []byte) What {
	if len(b) == 0 {
		return d.short()
	}
	switch b[0] >> 4 {
	case 4:
		return d.ether(info, etherIPv4, b)
	case 6:
		return d.ether(info, etherIPv6, b)
	}
	return Malformed
}

// ip4 decodes an IPv4 packet (RFC 791).
func (d *Decoder) ip4(info *Info, b []byte) What {
	const headerLen = 20
	if len(b) < headerLen {
		return d.short()
	}
	n, total := int(b[0]&0xf)*4, int(u16(b[2:]))
	if b[0]>>4 != 4 || n < headerLen {
		return Malformed
	}
	if total == 0 { // left to the network card, which cuts the packet up (TSO)
		total = len(b) + d.missing
	}
	if total < n {
		return Malformed
	}
	if len(b) < n {
		return d.short()
	}
	d.pass(HeaderIPv4, b[:n])
	fragment := u16(b[6:])
	offset, more := int(fragment&0x1fff)*8, fragment&0x2000 != 0

	info.V6 = false
	setMapped(&info.Src, b[12:16])
	setMapped(&info.Dst, b[16:20])
	info.TTL = b[8]
	info.TOS = b[1]
	info.ID = uint32(u16(b[4:]))
	info.HasID = true
	info.DF = fragment&0x4000 != 0
	info.FlowLabel = 0
	info.Fragment, info.indirect = more || offset > 0, false
	return d.ipPayload(info, b[9], b[n:min(total, len(b))], total-n, offset)
}

// setMapped sets an IPv4 address as IPv6 writes it (RFC 4291, section 2.5.5.2):
// in two words, which is how it will be read.
func setMapped(to *[16]byte, v4 []byte) {
	binary.LittleEndian.PutUint64(to[:8], 0)
	binary.LittleEndian.PutUint64(to[8:], 0xffff<<16|uint64(binary.LittleEndian.Uint32(v4))<<32)
}

// ip6 decodes an IPv6 packet and its extension headers (RFC 8200).
func (d *Decoder) ip6(info *Info, b []byte) What {
	const headerLen = 40
	if len(b) < headerLen {
		return d.short()
	}
	if b[0]>>4 != 6 {
		return Malformed
	}
	d.pass(HeaderIPv6, b[:headerLen])
	info.V6 = true
	info.Src = [16]byte(b[8:])
	info.Dst = [16]byte(b[24:])
	info.TTL = b[7]
	info.TOS = b[0]<<4 | b[1]>>4
	info.FlowLabel = u32(b) & 0xfffff
	info.ID, info.HasID, info.DF, info.Fragment, info.indirect = 0, false, false, false, false

	next, wire := b[6], int(u16(b[4:]))
	b = b[headerLen:]
	if wire == 0 { // a jumbogram, or left to the network card (TSO)
		wire = len(b) + d.missing
	}
	b = b[:min(wire, len(b))]
	offset := 0
	for {
		if next == protoFragment {
			const fragmentLen = 8
			if len(b) < fragmentLen {
				return d.short()
			}
			d.pass(HeaderFragment, b[:fragmentLen])
			f := u16(b[2:])
			offset = int(f &^ 7)
			info.Fragment = f&1 != 0 || offset > 0
			info.ID, info.HasID = u32(b[4:]), true
			next, b, wire = b[0], b[fragmentLen:], wire-fragmentLen
			if offset > 0 {
				break // what follows is from the middle
			}
			continue
		}
		if !isExtension(next) {
			break
		}
		if d.deeper() {
			return TooDeep
		}
		const minLen = 8
		if len(b) < minLen {
			return d.short()
		}
		n := minLen + int(b[1])*8
		if next == protoAH {
			n = minLen + int(b[1])*4
		}
		if n > wire {
			return Malformed
		}
		if n > len(b) {
			return d.short()
		}
		if next == protoRouting {
			d.pass(HeaderRouting, b[:n])
			info.indirect = info.indirect || b[3] > 0 // segments left
		} else {
			d.pass(HeaderExtension, b[:n])
		}
		next, b, wire = b[0], b[n:], wire-n
	}
	return d.ipPayload(info, next, b, wire, offset)
}

// isExtension tells an IPv6 extension header that is passed over by its length.
func isExtension(proto uint8) bool {
	switch proto {
	case protoHopByHop, protoRouting, protoOptions, protoAH, protoMobility, protoHIP, protoShim6:
		return true
	}
	return false
}

// ipPayload decodes what an IP packet carries: b of it was captured of wire
// bytes, from offset on.
func (d *Decoder) ipPayload(info *Info, proto uint8, b []byte, wire, offset int) What {
	if proto == protoAH {
		return d.ah(info, b, wire, offset)
	}
	if offset > 0 {
		if proto == protoTCP && !d.quoting {
			return d.laterFragment(info, b, wire, offset)
		}
		return FragmentRest
	}
	if proto == protoTCP {
		return d.tcp(info, b, wire)
	}
	if d.quoting {
		return ICMPOther
	}
	if d.deeper() {
		return TooDeep
	}
	switch proto {
	case protoUDP:
		return d.udp(info, b)
	case protoICMP:
		return d.icmp4(info, b)
	case protoICMPv6:
		return d.icmp6(info, b)
	case protoIGMP:
		return ICMPOther
	case protoGRE:
		return d.gre(info, b)
	case protoIPv4, protoIPv6:
		return d.ipInIP(info, proto, b)
	case protoMPLS:
		info.HasMAC = false
		return d.mpls(info, b)
	case protoEtherIP:
		const headerLen = 2
		if len(b) < headerLen {
			return d.short()
		}
		d.pass(HeaderTunnel, b[:headerLen])
		info.Tunnel.push(EtherIP, 0)
		return d.ethernet(info, b[headerLen:])
	case protoEthernet: // RFC 8986, section 4.9
		info.Tunnel.push(EtherInIP, 0)
		return d.ethernet(info, b)
	case protoL2TP:
		return d.l2tp3(info, b, UnknownIP)
	case protoESP:
		return Encrypted
	case protoSCTP:
		return SCTP
	}
	return UnknownIP
}

// ah passes the authentication header of an IPv4 packet over (RFC 4302): it
// hides nothing.
func (d *Decoder) ah(info *Info, b []byte, wire, offset int) What {
	const minLen = 12
	if offset > 0 {
		return FragmentRest
	}
	if len(b) < minLen {
		return d.short()
	}
	if d.deeper() {
		return TooDeep
	}
	n := (int(b[1]) + 2) * 4
	if n < minLen || n > wire {
		return Malformed
	}
	if n > len(b) {
		return d.short()
	}
	d.pass(HeaderExtension, b[:n])
	return d.ipPayload(info, b[0], b[n:], wire-n, 0)
}
