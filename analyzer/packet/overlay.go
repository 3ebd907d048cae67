package packet

// nsh decodes a Network Service Header, in front of a packet that goes through a
// chain of services (RFC 8300, section 2).
func (d *Decoder) nsh(info *Info, b []byte) What {
	const (
		headerLen   = 8 // base and service path
		versionMask = 0xc0
		lengthMask  = 0x3f // of words, all of the header
	)
	if len(b) < headerLen {
		return d.short()
	}
	n := int(b[1]&lengthMask) * 4
	if b[0]&versionMask != 0 || n < headerLen {
		return Malformed
	}
	if n > len(b) {
		return d.short()
	}
	d.pass(HeaderTunnel, b[:headerLen]) // not its context
	info.Tunnel.push(NSH, u32(b[4:])>>8)
	return d.next(info, b[3], b[n:])
}

// gue decodes Generic UDP Encapsulation: an IP packet right behind UDP, or whatever
// has an IP protocol number (draft-ietf-intarea-gue, sections 3 and 4).
func (d *Decoder) gue(info *Info, b []byte) What {
	const (
		headerLen   = 4
		versionMask = 0xc0
		direct      = 0x40 // version 1, which is how IP of both versions begins
		control     = 0x20
		lengthMask  = 0x1f // of words of optional fields
	)
	if len(b) < headerLen {
		return UDP
	}
	proto := uint8(protoIPv4)
	switch b[0] & versionMask {
	case direct:
		if b[0]>>4 == 6 {
			proto = protoIPv6
		}
	case 0:
		if b[0]&control != 0 {
			return UDP
		}
		n := headerLen + int(b[0]&lengthMask)*4
		if n > len(b) {
			return UDP
		}
		d.pass(HeaderTunnel, b[:headerLen])
		proto, b = b[1], b[n:]
	default:
		return UDP
	}
	switch proto {
	case protoIPv4, protoIPv6:
		if !d.fillsIP(b) || (b[0]>>4 == 6) != (proto == protoIPv6) {
			return UDP
		}
	case protoGRE, protoMPLS, protoEtherIP, protoEthernet:
	default: // a transport's, for which the outer addresses would stand
		return UDP
	}
	info.Tunnel.push(GUE, 0)
	return d.inner(info, proto, b)
}

// inner decodes what an IP protocol number of a tunnel's header announces, so that
// the tunnel stands once.
func (d *Decoder) inner(info *Info, proto uint8, b []byte) What {
	info.HasMAC = false
	switch proto {
	case protoIPv4:
		return d.ether(info, etherIPv4, b)
	case protoIPv6:
		return d.ether(info, etherIPv6, b)
	case protoEthernet:
		return d.ethernet(info, b)
	}
	return d.ipPayload(info, proto, b, len(b)+d.missing, 0)
}

// lisp decodes a data packet of LISP (RFC 9300, section 5.3), or of its extension
// that holds something else than IP (RFC 9305).
func (d *Decoder) lisp(info *Info, b []byte) What {
	const (
		headerLen   = 8
		hasNonce    = 0x80
		hasVersion  = 0x10
		hasInstance = 0x08
		hasProtocol = 0x04
	)
	if len(b) <= headerLen || b[0]&hasNonce != 0 && b[0]&hasVersion != 0 {
		return UDP
	}
	instance := uint32(0)
	if b[0]&hasInstance != 0 {
		instance = u32(b[4:]) >> 8
	}
	next, inside := byte(nextIPv4), b[headerLen:]
	if b[0]&hasProtocol != 0 {
		next = b[3]
	} else if inside[0]>>4 == 6 {
		next = nextIPv6
	}
	switch next {
	case nextIPv4, nextIPv6:
		if !d.fillsIP(inside) {
			return UDP
		}
	case nextEthernet, nextNSH:
	default:
		return UDP
	}
	d.pass(HeaderTunnel, b[:headerLen])
	info.Tunnel.push(LISP, instance)
	info.HasMAC = false
	return d.next(info, next, inside)
}

// teredo decodes IPv6 of a Teredo client (RFC 4380, section 5.1.1).
func (d *Decoder) teredo(info *Info, b []byte) What {
	const (
		authentication = 0x0001
		origin         = 0x0000
		originLen      = 8
		authLen        = 13 // without the two fields whose lengths it holds
		ip6Len         = 40
		prefix         = 0x20010000 // of the addresses of clients, section 2.6
	)
	whole := b
	if len(b) > authLen && u16(b) == authentication {
		n := authLen + int(b[2]) + int(b[3])
		if n > len(b) {
			return UDP
		}
		b = b[n:]
	}
	if len(b) >= originLen && u16(b) == origin {
		b = b[originLen:]
	}
	if len(b) < ip6Len || b[0]>>4 != 6 || ip6Len+int(u16(b[4:])) > len(b)+d.missing ||
		u32(b[8:]) != prefix && u32(b[24:]) != prefix {
		return UDP
	}
	if head := len(whole) - len(b); head > 0 {
		d.pass(HeaderTunnel, whole[:min(head, 4)]) // not what it says of addresses
	}
	info.Tunnel.push(Teredo, 0)
	return d.inner(info, protoIPv6, b)
}

// l2tp3 decodes a data message of L2TP version 3 from its session on (RFC 3931,
// section 4.1). Whether a cookie and a sublayer stand before the frame, and what
// that is, only the control connection said: they are where an Ethernet or PPP frame
// of IP follows that fits.
func (d *Decoder) l2tp3(info *Info, b []byte, otherwise What) What {
	const sessionLen, wordLen, longest = 4, 4, 8 + 4 // cookie, sublayer
	if len(b) < sessionLen {
		return d.short()
	}
	session, inside := u32(b), b[sessionLen:]
	if session == 0 { // a control message
		return otherwise
	}
	for at := 0; at <= longest && at < len(inside); at += wordLen {
		frame := inside[at:]
		isPPP := len(frame) > 4 && u16(frame) == 0xff03 && (u16(frame[2:]) == pppIPv4 || u16(frame[2:]) == pppIPv6) && d.fitsIP(frame[4:])
		if !isPPP && !d.fitsEthernet(frame) {
			continue
		}
		d.pass(HeaderTunnel, b[:sessionLen+at])
		info.Tunnel.push(L2TPv3, session)
		info.HasMAC = false
		if isPPP {
			return d.ppp(info, frame)
		}
		return d.ethernet(info, frame)
	}
	if d.missing > 0 {
		return CutShort
	}
	return otherwise
}

// fitsEthernet tells whether b looks like an Ethernet frame, behind VLAN tags too, of
// an IP packet that is not longer than b.
func (d *Decoder) fitsEthernet(b []byte) bool {
	const tagLen = 4
	for at := 2 * macLen; len(b) > at+2; at += tagLen {
		switch u16(b[at:]) {
		case etherIPv4:
			return b[at+2]>>4 == 4 && d.fitsIP(b[at+2:])
		case etherIPv6:
			return b[at+2]>>4 == 6 && d.fitsIP(b[at+2:])
		case etherVLAN, etherQinQ:
			continue
		}
		return false
	}
	return false
}
