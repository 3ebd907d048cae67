package packet

import "rstlab/internal/pcapng"

// PPP protocol numbers (IANA).
const (
	pppIPv4 = 0x0021
	pppIPv6 = 0x0057
	pppMPLS = 0x0281
)

// ppp decodes a PPP frame, with or without address and control field, with the
// protocol in one byte or two (RFC 1661, section 6.5).
func (d *Decoder) ppp(info *Info, b []byte) What {
	if len(b) >= 2 && b[0] == 0xff && b[1] == 3 {
		d.pass(HeaderLabel, b[:2])
		b = b[2:]
	}
	if len(b) < 2 {
		return d.short()
	}
	protocol, n := uint16(b[0]), 1
	if b[0]&1 == 0 {
		protocol, n = u16(b), 2
	}
	d.pass(HeaderLabel, b[:n])
	switch protocol {
	case pppIPv4:
		return d.ether(info, etherIPv4, b[n:])
	case pppIPv6:
		return d.ether(info, etherIPv6, b[n:])
	case pppMPLS:
		return d.ether(info, etherMPLS, b[n:])
	}
	return PPPOther
}

// pppDirected decodes a PPP frame behind a byte that tells the direction.
func (d *Decoder) pppDirected(info *Info, b []byte) What {
	if len(b) == 0 {
		return d.short()
	}
	d.pass(HeaderCapture, b[:1])
	info.Direction = pcapng.Inbound
	if b[0] != 0 {
		info.Direction = pcapng.Outbound
	}
	return d.ppp(info, b[1:])
}

// l2tp decodes a data message of L2TP in UDP, which in version 2 holds a PPP frame
// (RFC 2661, section 3.1).
func (d *Decoder) l2tp(info *Info, b []byte) What {
	const (
		minLen      = 6
		control     = 0x8000
		hasLength   = 0x4000
		hasSequence = 0x0800
		hasOffset   = 0x0200
		versionMask = 0xf
	)
	if len(b) < minLen {
		return UDP
	}
	flags := u16(b)
	if flags&control != 0 {
		return UDP
	}
	switch flags & versionMask {
	case 2:
	case 3: // RFC 3931, section 4.1.2.1
		const wordLen = 4
		d.pass(HeaderTunnel, b[:wordLen])
		return d.l2tp3(info, b[wordLen:], UDP)
	default:
		return UDP
	}
	at := 2
	if flags&hasLength != 0 {
		if int(u16(b[at:])) > len(b)+d.missing {
			return UDP
		}
		at += 2
	}
	n := at + 4 // tunnel and session
	if flags&hasSequence != 0 {
		n += 4
	}
	if flags&hasOffset != 0 {
		n += 2
	}
	if len(b) < n {
		return d.short()
	}
	d.pass(HeaderTunnel, b[:n])
	if flags&hasOffset != 0 {
		n += int(u16(b[n-2:]))
	}
	if len(b) < n {
		return d.short()
	}
	info.Tunnel.push(L2TP, u32(b[at:]))
	info.HasMAC = false
	return d.ppp(info, b[n:])
}

// hdlc decodes a frame of PPP in HDLC framing or of Cisco HDLC.
func (d *Decoder) hdlc(info *Info, b []byte) What {
	const headerLen = 4
	if len(b) < headerLen {
		return d.short()
	}
	if b[0] == 0xff {
		return d.ppp(info, b)
	}
	d.pass(HeaderLabel, b[:headerLen])
	return d.ether(info, u16(b[2:]), b[headerLen:]) // address, control, EtherType
}

// pppoe decodes a PPPoE session frame (RFC 2516).
func (d *Decoder) pppoe(info *Info, b []byte) What {
	const headerLen = 6
	if len(b) < headerLen {
		return d.short()
	}
	if b[0] != 0x11 { // version and type
		return Malformed
	}
	if b[1] != 0 { // code: discovery
		return PPPOther
	}
	d.pass(HeaderLabel, b[:headerLen])
	info.Tunnel.push(PPPoE, uint32(u16(b[2:])))
	return d.ppp(info, b[headerLen:])
}
