package packet

// backbone decodes the service tag of a provider's backbone bridges, behind which
// stands the customer's frame (IEEE 802.1ah; 802.1Q-2018, section 9.7).
func (d *Decoder) backbone(info *Info, b []byte) What {
	const tagLen, serviceMask = 4, 0xffffff
	if len(b) < tagLen {
		return d.short()
	}
	d.pass(HeaderLabel, b[:tagLen])
	info.Tunnel.push(PBB, u32(b)&serviceMask)
	return d.ethernet(info, b[tagLen:])
}

// trill decodes the header of a frame between routing bridges (RFC 6325, section 3.2).
func (d *Decoder) trill(info *Info, b []byte) What {
	const headerLen, versionMask = 6, 0xc0
	if len(b) < headerLen {
		return d.short()
	}
	if b[0]&versionMask != 0 {
		return UnknownEther
	}
	n := headerLen + int(u16(b)>>6&0x1f)*4 // options
	if n > len(b) {
		return d.short()
	}
	d.pass(HeaderTunnel, b[:headerLen])
	info.Tunnel.push(TRILL, 0)
	return d.ethernet(info, b[n:])
}

// fabricPath decodes a frame between Cisco's switches: behind a tag of tree and hops
// stands the frame that a host sent.
func (d *Decoder) fabricPath(info *Info, b []byte) What {
	const tagLen = 2
	if len(b) < tagLen {
		return d.short()
	}
	d.pass(HeaderTunnel, b[:tagLen])
	info.Tunnel.push(FabricPath, 0)
	return d.ethernet(info, b[tagLen:])
}

// macsec decodes a frame that is only signed (IEEE 802.1AE, section 9.3). Its check
// value stands behind the packet.
func (d *Decoder) macsec(info *Info, b []byte) What {
	const (
		tagLen      = 6
		channelLen  = 8
		typeLen     = 2
		hasChannel  = 0x20
		isEncrypted = 0x08
		isChanged   = 0x04
	)
	if len(b) == 0 {
		return d.short()
	}
	if b[0]&(isEncrypted|isChanged) != 0 {
		return Encrypted
	}
	n := tagLen
	if b[0]&hasChannel != 0 {
		n += channelLen
	}
	return d.portTag(info, b, n+typeLen)
}

// switchTag decodes a frame on the link between a processor and its switch chip, whose
// tag stands behind the addresses: Broadcom's, and Marvell's with an EtherType or
// without.
func (d *Decoder) switchTag(info *Info, b []byte, tagLen int) What {
	const typeLen = 2
	n := 2*macLen + tagLen + typeLen
	if len(b) < n {
		return d.short()
	}
	d.pass(HeaderSubframe, b[:n])
	info.SrcMAC = [macLen]byte(b[macLen:])
	info.HasMAC = true
	return d.ether(info, u16(b[n-typeLen:]), b[n:])
}

// switchTagBefore decodes such a frame with Broadcom's tag in front.
func (d *Decoder) switchTagBefore(info *Info, b []byte) What {
	const tagLen = 4
	if len(b) < tagLen {
		return d.short()
	}
	d.pass(HeaderLabel, b[:tagLen])
	return d.ethernet(info, b[tagLen:])
}
