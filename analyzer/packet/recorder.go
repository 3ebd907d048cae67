package packet

import "rstlab/internal/pcapng"

// erf decodes a record of Endace's Extensible Record Format, of the types that hold
// Ethernet, IP, PPP or Cisco HDLC.
func (d *Decoder) erf(info *Info, b []byte) What {
	const (
		headerLen, extensionLen = 16, 8
		more                    = 0x80
		hdlc                    = 1
		ethernet                = 2
		colorEthernet           = 11
		dsmEthernet             = 16
		hashEthernet            = 20
		ipv4                    = 22
		ipv6                    = 23
		ethernetPad             = 2
	)
	if len(b) < headerLen {
		return d.short()
	}
	kind, wire, n := b[8], int(u16(b[14:])), headerLen
	d.pass(HeaderCapture, b[8:headerLen])
	for extended := kind; extended&more != 0; n += extensionLen {
		if len(b) < n+extensionLen {
			return d.short()
		}
		extended = b[n]
		d.pass(HeaderCapture, b[n:n+1])
	}
	b = b[n:]
	if kind &^= more; kind == ethernet || kind == colorEthernet || kind == dsmEthernet || kind == hashEthernet {
		if len(b) < ethernetPad {
			return d.short()
		}
		b = b[ethernetPad:]
	}
	d.missing = max(d.missing, wire-len(b)) // the record may be cut, and the capture of records whole
	switch kind {
	case ethernet, colorEthernet, dsmEthernet, hashEthernet:
		return d.ethernet(info, b)
	case ipv4, ipv6:
		return d.ip(info, b)
	case hdlc:
		return d.hdlc(info, b)
	}
	return UnknownLink
}

// juniper decodes a frame that JunOS captured on an Ethernet interface: behind a
// mark stand flags, and extensions of which the length is told.
func (d *Decoder) juniper(info *Info, b []byte) What {
	const (
		headerLen     = 4
		mark          = 0x4d4743
		inbound       = 1
		noLink        = 2 // an address family stands for it
		hasExtensions = 0x80
		lengthLen     = 2
		familyLen     = 4
	)
	if len(b) < headerLen {
		return d.short()
	}
	if u32(b)>>8 != mark {
		return Malformed
	}
	flags, n := b[3], headerLen
	d.pass(HeaderCapture, b[:headerLen])
	if flags&hasExtensions != 0 {
		if len(b) < n+lengthLen {
			return d.short()
		}
		d.pass(HeaderCapture, b[n:n+lengthLen])
		n += lengthLen + int(u16(b[n:]))
	}
	if flags&noLink != 0 {
		n += familyLen
	}
	if n > len(b) {
		return d.short()
	}
	info.Direction = pcapng.Outbound
	if flags&inbound != 0 {
		info.Direction = pcapng.Inbound
	}
	if flags&noLink != 0 {
		return d.ip(info, b[n:])
	}
	return d.ethernet(info, b[n:])
}
