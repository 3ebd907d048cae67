package packet

import "encoding/binary"

// radiotap decodes an 802.11 frame behind a radiotap header (radiotap.org).
func (d *Decoder) radiotap(info *Info, b []byte) What {
	const headerLen = 8
	if len(b) < headerLen {
		return d.short()
	}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	if n < headerLen {
		return Malformed
	}
	if n > len(b) {
		return d.short()
	}
	d.pass(HeaderCapture, b[:n])
	return d.wireless(info, b[n:], radiotapAlign(b[:n]))
}

// radiotapAlign gives the alignment of the frame's payload: 4 where the flags
// say that it is padded, else 0.
func radiotapAlign(b []byte) int {
	const (
		presentAt    = 4
		presentTSFT  = 1 << 0
		presentFlags = 1 << 1
		presentMore  = 1 << 31
		flagPadded   = 0x20
	)
	present := binary.LittleEndian.Uint32(b[presentAt:])
	if present&presentFlags == 0 {
		return 0
	}
	at := presentAt
	for more := uint32(presentMore); more&presentMore != 0; at += 4 {
		if at+4 > len(b) {
			return 0
		}
		more = binary.LittleEndian.Uint32(b[at:])
	}
	if present&presentTSFT != 0 {
		at = (at+7)&^7 + 8
	}
	if at < len(b) && b[at]&flagPadded != 0 {
		return 4
	}
	return 0
}

// ppi decodes a frame behind a Per-Packet Information header.
func (d *Decoder) ppi(info *Info, b []byte) What {
	const headerLen = 8
	if len(b) < headerLen {
		return d.short()
	}
	if d.deeper() {
		return TooDeep
	}
	n, linkType := int(binary.LittleEndian.Uint16(b[2:])), binary.LittleEndian.Uint32(b[4:])
	if n < headerLen || linkType > 0xffff {
		return Malformed
	}
	if n > len(b) {
		return d.short()
	}
	d.pass(HeaderCapture, b[:headerLen])
	return d.link(info, uint16(linkType), b[n:])
}

// prism decodes an 802.11 frame behind a Prism or AVS header; drivers wrote
// either under both link types.
func (d *Decoder) prism(info *Info, b []byte) What {
	const minLen, avs, avsMask = 8, 0x80211000, 0xfffff000
	if len(b) < minLen {
		return d.short()
	}
	n := binary.LittleEndian.Uint32(b[4:])
	if u32(b)&avsMask == avs || n > 0xffff { // AVS, or Prism of a big-endian host
		n = u32(b[4:])
	}
	if n < minLen {
		return Malformed
	}
	if uint64(n) > uint64(len(b)) {
		return d.short()
	}
	d.pass(HeaderCapture, b[:minLen])
	return d.wireless(info, b[n:], 0)
}

// wireless decodes an 802.11 data frame, its payload aligned to align bytes if
// that is not 0 (IEEE 802.11-2020, section 9.2.4).
func (d *Decoder) wireless(info *Info, b []byte, align int) What {
	if len(b) < 2 {
		return d.short()
	}
	return d.wirelessFrame(info, b, b[0], b[1], align)
}

// wirelessFrame decodes a frame whose first two bytes are given.
func (d *Decoder) wirelessFrame(info *Info, b []byte, control, flags byte, align int) What {
	const (
		headerLen  = 24
		dataType   = 2
		noData     = 0x40 // in subtypes of data
		withQoS    = 0x80
		toDS       = 0x01
		fromDS     = 0x02
		protected  = 0x40
		order      = 0x80
		aggregated = 0x80 // of the QoS control field
		meshBit    = 0x01 // of its second byte, in a mesh
	)
	if control>>2&3 != dataType || control&noData != 0 {
		return WirelessOther
	}
	n := headerLen
	if flags&(toDS|fromDS) == toDS|fromDS {
		n += macLen
	}
	qosAt := n
	if control&withQoS != 0 {
		n += 2
		if flags&order != 0 {
			n += 4 // HT control
		}
	}
	if align > 0 {
		n = (n + align - 1) / align * align
	}
	if len(b) < n {
		return d.short()
	}
	if b[22]&0x0f != 0 { // the fragment's number
		return FragmentRest
	}
	d.pass(HeaderWireless, b[:n])
	wirelessSource(info, b, flags&toDS != 0, flags&fromDS != 0)
	body := b[n:]
	if control&withQoS != 0 {
		if b[qosAt]&aggregated != 0 {
			// The first of the aggregated frames: two addresses and a length.
			const subHeaderLen = 14
			if len(body) < subHeaderLen {
				return d.short()
			}
			d.pass(HeaderSubframe, body[:subHeaderLen])
			info.SrcMAC = [macLen]byte(body[macLen:])
			body = body[subHeaderLen:]
		}
		if b[qosAt+1]&meshBit != 0 && !isSNAP(body) {
			if len(body) > 0 {
				d.pass(HeaderLabel, body[:1])
			}
			body = withoutMeshControl(body)
		}
	}
	if flags&protected != 0 {
		return d.decrypted(info, body)
	}
	return d.llc(info, body)
}

// wirelessSource reads the address of the end that sent the frame (table 9-30).
func wirelessSource(info *Info, b []byte, toDS, fromDS bool) {
	const a2, a3, a4 = 10, 16, 24
	src := a2
	switch {
	case toDS && fromDS:
		src = a4
	case fromDS:
		src = a3
	}
	info.SrcMAC = [macLen]byte(b[src:])
	info.HasMAC = true
}

// decrypted decodes the body of a protected frame that the driver has decrypted:
// it leaves the flag as it was, and may leave what stood before the body.
func (d *Decoder) decrypted(info *Info, body []byte) What {
	for _, n := range [...]int{0, 4, 8} { // the IV of WEP, of TKIP and CCMP
		if len(body) > n && isSNAP(body[n:]) {
			return d.llc(info, body[n:])
		}
	}
	return Encrypted
}

func isSNAP(b []byte) bool { return len(b) >= 3 && b[0] == 0xaa && b[1] == 0xaa && b[2] == 3 }

// withoutMeshControl passes the mesh control field over, whose first byte says
// how many addresses it holds.
func withoutMeshControl(b []byte) []byte {
	if len(b) == 0 {
		return b
	}
	return b[min(6+int(b[0]&3)*macLen, len(b)):]
}

// capwap decodes data between an access point and its controller (RFC 5415, section
// 4.3): an 802.3 or an 802.11 frame.
func (d *Decoder) capwap(info *Info, b []byte) What {
	const (
		headerLen  = 8
		dtls       = 1 // of the preamble; its version is 0
		binding    = 1 // of 802.11
		native     = 0x0100
		fragmented = 0x0080
		keepAlive  = 0x0008
		offsetMask = 0xfff8
	)
	if len(b) < headerLen {
		return UDP
	}
	word := u32(b) // preamble 8, length 5, radio 5, binding 5, flags 9
	n := int(word>>19&0x1f) * 4
	switch {
	case b[0] == dtls:
		return Encrypted
	case b[0] != 0 || n < headerLen || n > len(b) || word>>9&0x1f != binding || word&keepAlive != 0:
		return UDP
	case word&fragmented != 0 && u16(b[6:])&offsetMask != 0:
		return FragmentRest
	}
	d.pass(HeaderTunnel, b[:headerLen]) // not the radio's address and the like
	info.Tunnel.push(CAPWAP, 0)
	info.HasMAC = false
	if b = b[n:]; word&native == 0 {
		return d.ethernet(info, b)
	}
	const dataMask, data, distribution = 0x0f, 0x08, 0x03
	if len(b) >= 2 && b[0]&dataMask != data && b[0]&distribution != distribution && b[1]&dataMask == data {
		return d.wirelessFrame(info, b, b[1], b[0], 0) // Cisco's have these two bytes the other way round
	}
	return d.wireless(info, b, 0)
}
