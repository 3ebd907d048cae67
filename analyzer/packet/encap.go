package packet

// ipInIP decodes IP within IP (RFC 2003, 2473, 4213).
func (d *Decoder) ipInIP(info *Info, proto uint8, b []byte) What {
	kind := IPIP
	switch {
	case proto == protoIPv6 && !info.V6:
		kind = SixIn4
	case proto == protoIPv4 && info.V6:
		kind = FourIn6
	}
	info.Tunnel.push(kind, 0)
	info.HasMAC = false
	if proto == protoIPv4 {
		return d.ip4(info, b)
	}
	return d.ip6(info, b)
}

// mpls decodes a label stack (RFC 3032) and what is guessed to be under it: the
// stack does not say.
func (d *Decoder) mpls(info *Info, b []byte) What {
	const entryLen, bottom = 4, 0x100
	for {
		if len(b) < entryLen {
			return d.short()
		}
		if d.deeper() {
			return TooDeep
		}
		d.pass(HeaderLabel, b[:entryLen])
		entry := u32(b)
		b = b[entryLen:]
		if entry&bottom != 0 {
			info.Tunnel.push(MPLS, entry>>12)
			break
		}
	}
	const wordLen = 4 // a pseudowire's control word (RFC 4385), which begins with 0
	switch {
	case len(b) == 0:
		return d.short()
	case b[0]>>4 == 0 && hasKnownEther(b, wordLen):
		d.pass(HeaderLabel, b[:wordLen])
		return d.ethernet(info, b[wordLen:])
	case hasKnownEther(b, 0) && !d.fitsIP(b):
		return d.ethernet(info, b)
	case b[0]>>4 == 4 || b[0]>>4 == 6:
		return d.ip(info, b)
	case len(b) < etherHeaderLen+wordLen:
		return d.short()
	}
	return UnknownEther
}

// hasKnownEther tells whether what stands at a place of b looks like an Ethernet
// frame.
func hasKnownEther(b []byte, at int) bool {
	if len(b) < at+etherHeaderLen {
		return false
	}
	switch u16(b[at+2*macLen:]) {
	case etherIPv4, etherIPv6, etherARP, etherVLAN, etherQinQ, etherMPLS, etherPPPoE:
		return true
	}
	return false
}

// fitsMPLS tells whether b, for which only a port speaks, looks like a label stack
// and what mpls guesses to be under one.
func (d *Decoder) fitsMPLS(b []byte) bool {
	const entryLen, bottom, wordLen = 4, 0x100, 4
	for len(b) >= entryLen && u32(b)&bottom == 0 {
		b = b[entryLen:]
	}
	if len(b) <= entryLen {
		return d.missing > 0
	}
	b = b[entryLen:]
	return d.fillsIP(b) || hasKnownEther(b, 0) || b[0]>>4 == 0 && hasKnownEther(b, wordLen)
}

// fillsIP tells whether b, for which only a port speaks, looks like an IP packet that
// is as long as b, of which the datagram's length is known.
func (d *Decoder) fillsIP(b []byte) bool {
	if len(b) == 0 || !d.fitsIP(b) {
		return false
	}
	n := int(u16(b[2:]))
	if b[0]>>4 == 6 {
		n = 40 + int(u16(b[4:]))
	}
	return n == len(b) || n > len(b) && d.missing > 0
}

// fitsIP tells whether b looks like an IP packet that is not longer than b.
func (d *Decoder) fitsIP(b []byte) bool {
	wire := len(b) + d.missing
	switch b[0] >> 4 {
	case 4:
		n := int(b[0]&0xf) * 4
		return n >= 20 && len(b) >= 4 && int(u16(b[2:])) >= n && int(u16(b[2:])) <= wire
	case 6:
		return len(b) >= 6 && 40+int(u16(b[4:])) <= wire
	}
	return false
}

// udp decodes a UDP datagram as far as it is a tunnel's.
func (d *Decoder) udp(info *Info, b []byte) What {
	const (
		headerLen  = 8
		portVXLAN  = 4789
		portVXLAN0 = 8472 // Linux's, from before there was one
		portGPE    = 4790
		portGeneve = 6081
		portGTPU   = 2152
		portL2TP   = 1701
		portMPLS   = 6635
		portIPsec  = 4500 // NAT traversal
		portTZSP   = 37008
		portTeredo = 3544
		portLISP   = 4341
		portGRE    = 4754
		portCAPWAP = 5247 // data; 5246 is its control
		portGUE    = 6080
		portWG     = 51820 // WireGuard's usual one
	)
	if len(b) < headerLen {
		return d.short()
	}
	d.pass(HeaderUDP, b[:headerLen])
	src, dst := u16(b), u16(b[2:])
	b = b[headerLen:]
	switch src { // an answer, to a port that translation or the client chose
	case portL2TP, portIPsec, portTeredo, portCAPWAP, portWG:
		dst = src
	}
	switch dst {
	case portVXLAN, portVXLAN0:
		return d.vxlan(info, b, false)
	case portGeneve:
		return d.geneve(info, b)
	case portGTPU:
		return d.gtpu(info, b)
	case portGPE:
		return d.vxlan(info, b, true)
	case portL2TP:
		return d.l2tp(info, b)
	case portMPLS: // RFC 7510
		if !d.fitsMPLS(b) {
			return UDP
		}
		info.HasMAC = false
		return d.mpls(info, b)
	case portTZSP:
		return d.tzsp(info, b)
	case portGRE: // RFC 8086
		if len(b) < 2 || u16(b)&0x4fff != 0 { // checksum, key and number are all that it may have
			return UDP
		}
		return d.gre(info, b)
	case portGUE:
		return d.gue(info, b)
	case portLISP:
		return d.lisp(info, b)
	case portTeredo:
		return d.teredo(info, b)
	case portCAPWAP:
		return d.capwap(info, b)
	case portIPsec: // RFC 3948: behind four zeros it is IKE, one byte is a keepalive
		if len(b) > 4 && u32(b) != 0 {
			return Encrypted
		}
	case portWG:
		const data, minLen, unit = 0x04000000, 32, 16 // of a message that holds a packet
		if n := len(b) + d.missing; n >= minLen && n%unit == 0 && len(b) >= 4 && u32(b) == data {
			return Encrypted
		}
	}
	return UDP
}

// vxlan decodes a VXLAN packet (RFC 7348), with gpe one of the Generic Protocol
// Extension, which may hold something else than Ethernet
// (draft-ietf-nvo3-vxlan-gpe, section 3).
func (d *Decoder) vxlan(info *Info, b []byte, gpe bool) What {
	const (
		headerLen   = 8
		hasVNI      = 0x08
		hasProtocol = 0x04
	)
	if len(b) < headerLen || b[0]&hasVNI == 0 { // the other bits may be anything
		return UDP
	}
	next := byte(nextEthernet)
	if gpe && b[0]&hasProtocol != 0 {
		next = b[3]
	}
	d.pass(HeaderTunnel, b[:headerLen])
	info.Tunnel.push(VXLAN, u32(b[4:])>>8)
	info.HasMAC = false
	return d.next(info, next, b[headerLen:])
}

// Next protocols of VXLAN GPE, LISP GPE and NSH (RFC 8300, section 11.2.5).
const (
	nextIPv4     = 1
	nextIPv6     = 2
	nextEthernet = 3
	nextNSH      = 4
	nextMPLS     = 5
)

// next decodes what such a number announces.
func (d *Decoder) next(info *Info, protocol byte, b []byte) What {
	switch protocol {
	case nextIPv4:
		return d.ether(info, etherIPv4, b)
	case nextIPv6:
		return d.ether(info, etherIPv6, b)
	case nextEthernet:
		return d.ethernet(info, b)
	case nextNSH:
		return d.ether(info, etherNSH, b)
	case nextMPLS:
		return d.mpls(info, b)
	}
	return UnknownEther
}

// tzsp decodes what a sniffer streams by the TaZmen Sniffer Protocol, as MikroTik's
// do. There is no specification of it: this follows Wireshark's description.
func (d *Decoder) tzsp(info *Info, b []byte) What {
	const (
		headerLen = 4
		version   = 1
		received  = 0 // types of messages with a frame in them
		transmit  = 1
		ethernet  = 1
		wireless  = 18
		padding   = 0 // tags without a length
		end       = 1
	)
	if len(b) < headerLen || b[0] != version || b[1] != received && b[1] != transmit {
		return UDP
	}
	d.pass(HeaderTunnel, b[:headerLen])
	holds := u16(b[2:])
	b = b[headerLen:]
	for tag := byte(padding); tag != end; {
		if len(b) == 0 {
			return d.short()
		}
		tag = b[0]
		n := 1
		if tag != padding && tag != end {
			if len(b) < 2 || 2+int(b[1]) > len(b) {
				return d.short()
			}
			n = 2 + int(b[1])
			d.pass(HeaderTunnel, b[:2]) // not its value
		} else {
			d.pass(HeaderTunnel, b[:1])
		}
		b = b[n:]
	}
	info.Tunnel.push(TZSP, 0)
	info.HasMAC = false
	switch holds {
	case ethernet:
		return d.ethernet(info, b)
	case wireless:
		return d.wireless(info, b, 0)
	}
	return UnknownEther
}

// geneve decodes a Geneve packet (RFC 8926).
func (d *Decoder) geneve(info *Info, b []byte) What {
	const headerLen = 8
	if len(b) < headerLen || b[0]>>6 != 0 { // version
		return UDP
	}
	n := headerLen + int(b[0]&0x3f)*4
	if n > len(b) {
		return d.short()
	}
	d.pass(HeaderTunnel, b[:headerLen]) // not its options
	info.Tunnel.push(Geneve, u32(b[4:])>>8)
	info.HasMAC = false
	return d.ether(info, u16(b[2:]), b[n:])
}

// gtpu decodes a GTP-U packet of a user (3GPP TS 29.281, section 5).
func (d *Decoder) gtpu(info *Info, b []byte) What {
	const (
		headerLen   = 8
		optionalLen = 4
		version1    = 0x30 // version 1, GTP and not GTP'
		versionMask = 0xf0
		hasOptional = 0x07 // extension header, sequence number, N-PDU number
		hasNext     = 0x04
		userPacket  = 255
	)
	if len(b) < headerLen || b[0]&versionMask != version1 || b[1] != userPacket || int(u16(b[2:])) > len(b)-headerLen+d.missing {
		return UDP
	}
	d.pass(HeaderTunnel, b[:headerLen])
	id, flags := u32(b[4:]), b[0]
	b = b[headerLen:]
	if flags&hasOptional != 0 {
		if len(b) < optionalLen {
			return d.short()
		}
		d.pass(HeaderTunnel, b[:optionalLen])
		next := b[3]
		b = b[optionalLen:]
		if flags&hasNext == 0 {
			next = 0
		}
		for next != 0 {
			if len(b) == 0 {
				return d.short()
			}
			if d.deeper() {
				return TooDeep
			}
			n := int(b[0]) * 4
			if n == 0 {
				return Malformed
			}
			if n > len(b) {
				return d.short()
			}
			d.pass(HeaderTunnel, b[:1]) // its length, and the next one's type
			d.pass(HeaderTunnel, b[n-1:n])
			next, b = b[n-1], b[n:]
		}
	}
	info.Tunnel.push(GTPU, id)
	info.HasMAC = false
	return d.ip(info, b)
}

// gre decodes a GRE packet (RFC 2784, 2890; version 1 of PPTP: RFC 2637).
func (d *Decoder) gre(info *Info, b []byte) What {
	const (
		headerLen   = 4
		wordLen     = 4
		hasChecksum = 0x8000
		hasRouting  = 0x4000
		hasKey      = 0x2000
		hasSequence = 0x1000
		hasAck      = 0x0080 // version 1
		versionMask = 7
	)
	if len(b) < headerLen {
		return d.short()
	}
	flags, protocol, whole := u16(b), u16(b[2:]), b
	b = b[headerLen:]
	if flags&hasRouting != 0 || flags&versionMask > 1 { // source routes, which RFC 2784 took out
		return UnknownIP
	}
	var key uint32
	n := 0
	if flags&hasChecksum != 0 {
		n += wordLen
	}
	keyAt := n
	if flags&hasKey != 0 {
		n += wordLen
	}
	if flags&hasSequence != 0 {
		n += wordLen
	}
	if flags&versionMask == 1 && flags&hasAck != 0 {
		n += wordLen
	}
	if len(b) < n {
		return d.short()
	}
	if flags&hasKey != 0 {
		key = u32(b[keyAt:])
		if flags&versionMask == 1 {
			key &= 0xffff // the call's number; before it stands the payload's length
		}
	}
	d.pass(HeaderGRE, whole[:headerLen+n])
	b = b[n:]
	info.HasMAC = false
	switch protocol {
	case etherERSPAN:
		return d.erspan(info, b, flags&hasSequence != 0)
	case etherERSP3:
		return d.erspan3(info, b)
	case etherWCCP:
		info.Tunnel.push(GRE, key)
		if len(b) >= wordLen && b[0]>>4 != 4 { // version 2 has a header of its own
			d.pass(HeaderTunnel, b[:wordLen])
			b = b[wordLen:]
		}
		return d.ip(info, b)
	}
	info.Tunnel.push(GRE, key)
	if len(b) == 0 { // a keepalive, or PPTP's acknowledgment
		return UnknownIP
	}
	return d.ether(info, protocol, b)
}

// erspan decodes ERSPAN of type I, which has no header, and of type II
// (draft-foschiano-erspan, section 4).
func (d *Decoder) erspan(info *Info, b []byte, typeII bool) What {
	const headerLen, sessionMask = 8, 0x3ff
	if !typeII {
		info.Tunnel.push(ERSPAN, 0)
		return d.ethernet(info, b)
	}
	if len(b) < headerLen {
		return d.short()
	}
	d.pass(HeaderTunnel, b[:headerLen])
	info.Tunnel.push(ERSPAN, uint32(u16(b[2:])&sessionMask))
	return d.ethernet(info, b[headerLen:])
}

// erspan3 decodes ERSPAN of type III.
func (d *Decoder) erspan3(info *Info, b []byte) What {
	const headerLen, subHeaderLen, sessionMask, hasSubHeader, frameType = 12, 8, 0x3ff, 1, 0x7c00
	if len(b) < headerLen {
		return d.short()
	}
	info.Tunnel.push(ERSPAN, uint32(u16(b[2:])&sessionMask))
	n := headerLen
	if b[11]&hasSubHeader != 0 {
		n += subHeaderLen
	}
	if len(b) < n {
		return d.short()
	}
	d.pass(HeaderTunnel, b[:n])
	if u16(b[10:])&frameType != 0 { // an IP packet and no Ethernet frame
		return d.ip(info, b[n:])
	}
	return d.ethernet(info, b[n:])
}
