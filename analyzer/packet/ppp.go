package packet

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
