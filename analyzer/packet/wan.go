package packet

// frameRelay decodes a Frame Relay frame (ITU-T Q.922, annex A): behind the address
// RFC 2427's encapsulation or, as Cisco's has it, an EtherType.
func (d *Decoder) frameRelay(info *Info, b []byte) What {
	const (
		lastByte    = 1 // of the address
		longest     = 4
		unnumbered  = 3
		padding     = 0
		nlpidSNAP   = 0x80
		nlpidIPv6   = 0x8e
		nlpidIPv4   = 0xcc
		nlpidPPP    = 0xcf // RFC 1973
		snapLen     = 5
		bridge      = 0x0080c2 // the organisation of bridged frames
		ethernetFCS = 1        // with the check sequence, which stands behind the packet
		ethernet    = 7
	)
	n := 1
	for len(b) >= n && b[n-1]&lastByte == 0 {
		if n == longest {
			return Malformed
		}
		n++
	}
	if len(b) < n+2 {
		return d.short()
	}
	if n == 1 {
		return Malformed
	}
	d.pass(HeaderLabel, b[:n+2])
	info.Tunnel.push(FrameRelay, circuit(b[:n]))
	b = b[n:]
	if b[0] != unnumbered {
		return d.ether(info, u16(b), b[2:])
	}
	if b = b[1:]; b[0] == padding {
		if b = b[1:]; len(b) == 0 {
			return d.short()
		}
		d.pass(HeaderLabel, b[:1])
	}
	protocol := b[0]
	switch b = b[1:]; protocol {
	case nlpidIPv4:
		return d.ether(info, etherIPv4, b)
	case nlpidIPv6:
		return d.ether(info, etherIPv6, b)
	case nlpidPPP:
		return d.ppp(info, b)
	case nlpidSNAP:
		if len(b) < snapLen {
			return d.short()
		}
		d.pass(HeaderLabel, b[:snapLen])
		switch kind := u16(b[3:]); u32(b) >> 8 {
		case 0:
			return d.ether(info, kind, b[snapLen:])
		case bridge:
			if kind == ethernet || kind == ethernetFCS {
				return d.ethernet(info, b[snapLen:])
			}
		}
	}
	return LLC // the link's management among them
}

// circuit gives the number of a virtual circuit from a Frame Relay address of two to
// four bytes (Q.922, figure A.1).
func circuit(address []byte) uint32 {
	id := uint32(address[0]>>2)<<4 | uint32(address[1]>>4)
	switch len(address) {
	case 3:
		id = id<<6 | uint32(address[2]>>2)
	case 4:
		id = id<<13 | uint32(address[2]>>1)<<6 | uint32(address[3]>>2)
	}
	return id
}

// ipoib decodes IP over InfiniBand (RFC 4391, section 6), behind the room for the
// route's header that drivers put before it.
func (d *Decoder) ipoib(info *Info, b []byte) What {
	const routeLen = 40
	if len(b) < routeLen {
		return d.short()
	}
	return d.ipoibPayload(info, b[routeLen:])
}

func (d *Decoder) ipoibPayload(info *Info, b []byte) What {
	const headerLen = 4
	if len(b) < headerLen {
		return d.short()
	}
	d.pass(HeaderLabel, b[:headerLen])
	return d.ether(info, u16(b), b[headerLen:])
}
