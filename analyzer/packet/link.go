package packet

import (
	"encoding/binary"

	"rstlab/internal/pcapng"
)

// link decodes a frame from its link header on. Layouts: tcpdump.org/linktypes.
func (d *Decoder) link(info *Info, linkType uint16, b []byte) What {
	switch linkType {
	case pcapng.LinkEthernet:
		return d.ethernet(info, b)
	case pcapng.LinkRaw, pcapng.LinkRawBSD, pcapng.LinkRawOpen, pcapng.LinkIPv4, pcapng.LinkIPv6:
		return d.ip(info, b)
	case pcapng.LinkSLL:
		return d.sll(info, b)
	case pcapng.LinkSLL2:
		return d.sll2(info, b)
	case pcapng.LinkNull:
		return d.null(info, b, binary.LittleEndian)
	case pcapng.LinkLoop:
		return d.null(info, b, binary.BigEndian)
	case pcapng.LinkPPP:
		return d.ppp(info, b)
	case pcapng.LinkPPPDir:
		return d.pppDirected(info, b)
	case pcapng.LinkFRelay:
		return d.frameRelay(info, b)
	case pcapng.LinkERF:
		return d.erf(info, b)
	case pcapng.LinkJuniper:
		return d.juniper(info, b)
	case pcapng.LinkIPoIB:
		return d.ipoib(info, b)
	case pcapng.LinkBRCM, pcapng.LinkDSA:
		return d.switchTag(info, b, 4)
	case pcapng.LinkEDSA:
		return d.switchTag(info, b, 8)
	case pcapng.LinkBRCMPrepend:
		return d.switchTagBefore(info, b)
	case pcapng.LinkENC:
		return d.enc(info, b)
	case pcapng.LinkPFLOG:
		return d.pflog(info, b)
	case pcapng.LinkPPPHDLC, pcapng.LinkCHDLC:
		return d.hdlc(info, b)
	case pcapng.LinkPPPoE:
		return d.pppoe(info, b)
	case pcapng.LinkMPLS:
		return d.mpls(info, b)
	case pcapng.Link80211:
		return d.wireless(info, b, 0)
	case pcapng.LinkRadiotap:
		return d.radiotap(info, b)
	case pcapng.LinkPPI:
		return d.ppi(info, b)
	case pcapng.LinkPrism, pcapng.LinkAVS:
		return d.prism(info, b)
	case pcapng.LinkNFLOG:
		return d.nflog(info, b)
	case pcapng.LinkPKTAP:
		return d.pktap(info, b)
	}
	return UnknownLink
}

// EtherTypes (IEEE 802).
const (
	etherIPv4   = 0x0800
	etherARP    = 0x0806
	etherWCCP   = 0x883e // Cisco's, in GRE
	etherTEB    = 0x6558 // transparent Ethernet bridging, in GRE
	etherRARP   = 0x8035
	etherVLAN   = 0x8100
	etherIPv6   = 0x86dd
	etherMPLS   = 0x8847
	etherMPLSUp = 0x8848 // upstream-assigned labels
	etherPPPoED = 0x8863 // discovery
	etherPPPoE  = 0x8864
	etherPPP    = 0x880b // in GRE
	etherQinQ   = 0x88a8
	etherMACsec = 0x88e5
	etherVNTag  = 0x8926 // Cisco's, between a fabric extender and its switch
	etherETag   = 0x893f // 802.1BR, for the same
	etherPBB    = 0x88e7 // 802.1ah
	etherTRILL  = 0x22f3
	etherFabric = 0x8903 // Cisco's FabricPath
	etherCMD    = 0x8909 // Cisco's group tags
	etherHSR    = 0x892f // IEC 62439-3
	etherRTag   = 0xf1c1 // 802.1CB
	etherNSH    = 0x894f
	etherWLAN   = 0x2452 // Intel's Centrino: an 802.11 frame
	etherERSPAN = 0x88be // type I and II, in GRE
	etherERSP3  = 0x22eb // type III
	etherQinQ1  = 0x9100 // before 802.1ad had a number of its own
	etherQinQ2  = 0x9200
	etherLength = 1500 // and less is a length, of 802.3
)

const (
	macLen         = 6
	etherHeaderLen = 14
)

// ethernet decodes an Ethernet II or 802.3 frame.
func (d *Decoder) ethernet(info *Info, b []byte) What {
	if len(b) < etherHeaderLen {
		return d.short()
	}
	d.pass(HeaderEthernet, b[:etherHeaderLen])
	info.SrcMAC = [macLen]byte(b[macLen:])
	info.HasMAC = true
	return d.ether(info, u16(b[2*macLen:]), b[etherHeaderLen:])
}

// ether decodes what an EtherType announces.
func (d *Decoder) ether(info *Info, etherType uint16, b []byte) What {
	if d.deeper() {
		return TooDeep
	}
	switch etherType {
	case etherIPv4:
		return d.ip4(info, b)
	case etherIPv6:
		return d.ip6(info, b)
	case etherVLAN, etherQinQ, etherQinQ1, etherQinQ2:
		const tagLen = 4
		if len(b) < tagLen {
			return d.short()
		}
		d.pass(HeaderLabel, b[:tagLen])
		if id := u16(b) & 0xfff; id != 0 { // 0: a priority without a VLAN
			info.Tunnel.push(VLAN, uint32(id))
		}
		return d.ether(info, u16(b[2:]), b[tagLen:])
	case etherVNTag:
		return d.portTag(info, b, 6)
	case etherETag:
		return d.portTag(info, b, 8)
	case etherCMD:
		const version, words = 1, 1 // of other lengths it holds other things
		if len(b) >= 2 && (b[0] != version || b[1] != words) {
			return UnknownEther
		}
		return d.portTag(info, b, 8)
	case etherHSR, etherRTag:
		return d.portTag(info, b, 6)
	case etherPBB:
		return d.backbone(info, b)
	case etherTRILL:
		return d.trill(info, b)
	case etherFabric:
		return d.fabricPath(info, b)
	case etherNSH:
		return d.nsh(info, b)
	case etherMPLS, etherMPLSUp:
		return d.mpls(info, b)
	case etherPPPoE:
		return d.pppoe(info, b)
	case etherPPPoED:
		return PPPOther
	case etherPPP:
		return d.ppp(info, b)
	case etherTEB:
		return d.ethernet(info, b)
	case etherWLAN:
		return d.wireless(info, b, 0)
	case etherARP, etherRARP:
		return ARP
	case etherMACsec:
		return d.macsec(info, b)
	}
	if etherType <= etherLength {
		return d.llc(info, b)
	}
	return UnknownEther
}

// portTag passes a tag over that says nothing about the network, but of which port
// of an extender a frame is, which group sent it, or its number among copies; its
// last two bytes are the next EtherType.
func (d *Decoder) portTag(info *Info, b []byte, tagLen int) What {
	if len(b) < tagLen {
		return d.short()
	}
	d.pass(HeaderLabel, b[:tagLen])
	return d.ether(info, u16(b[tagLen-2:]), b[tagLen:])
}

// llc decodes an 802.2 header, which leads to IP through SNAP only.
func (d *Decoder) llc(info *Info, b []byte) What {
	const snapLen = 8
	if len(b) < snapLen {
		return LLC
	}
	// DSAP and SSAP AA, unnumbered information; organisation 00-00-00, or
	// Cisco's 00-00-F8 for the same.
	if b[0] != 0xaa || b[1] != 0xaa || b[2] != 3 || b[3] != 0 || b[4] != 0 || b[5] != 0 && b[5] != 0xf8 {
		return LLC
	}
	d.pass(HeaderLabel, b[:snapLen])
	if t := u16(b[6:]); t > etherLength {
		return d.ether(info, t, b[snapLen:])
	}
	return LLC
}

// sll decodes a Linux cooked frame.
func (d *Decoder) sll(info *Info, b []byte) What {
	const headerLen = 16
	if len(b) < headerLen {
		return d.short()
	}
	d.pass(HeaderSLL, b[:headerLen])
	d.cooked(info, u16(b), u16(b[4:]), b[6:])
	return d.cookedProtocol(info, u16(b[2:]), u16(b[14:]), b[headerLen:])
}

// sll2 decodes a Linux cooked frame, version 2.
func (d *Decoder) sll2(info *Info, b []byte) What {
	const headerLen = 20
	if len(b) < headerLen {
		return d.short()
	}
	d.pass(HeaderSLL2, b[:headerLen])
	info.IfIndex = u32(b[4:])
	d.cooked(info, uint16(b[10]), uint16(b[11]), b[12:])
	return d.cookedProtocol(info, u16(b[8:]), u16(b), b[headerLen:])
}

// cooked reads the packet type and the sender's address of a cooked frame.
func (d *Decoder) cooked(info *Info, packetType, addrLen uint16, addr []byte) {
	const toUs, broadcast, multicast, otherHost, outgoing = 0, 1, 2, 3, 4
	switch packetType {
	case toUs, broadcast, multicast:
		info.Direction = pcapng.Inbound
	case outgoing:
		info.Direction = pcapng.Outbound
	case otherHost: // a mirror's or bridge's: in, but not of this host
		info.Direction = pcapng.Unknown
	}
	if addrLen == macLen {
		info.SrcMAC = [macLen]byte(addr)
		info.HasMAC = true
	}
}

// cookedProtocol decodes what the protocol of a cooked frame announces. Its
// meaning depends on the device (ARPHRD_ of linux/if_arp.h).
func (d *Decoder) cookedProtocol(info *Info, device, protocol uint16, b []byte) What {
	const (
		deviceNetlink  = 824
		deviceFRAD     = 770
		device80211    = 801
		devicePrism    = 802
		deviceRadiotap = 803
		device8023     = 1 // ETH_P_802_3: Novell's raw 802.3
		device8022     = 4 // ETH_P_802_2
	)
	switch device {
	case deviceNetlink:
		return UnknownLink
	case deviceFRAD:
		return d.frameRelay(info, b)
	case device80211:
		return d.wireless(info, b, 0)
	case devicePrism:
		return d.prism(info, b)
	case deviceRadiotap:
		return d.radiotap(info, b)
	}
	switch protocol {
	case device8023:
		return LLC
	case device8022:
		return d.llc(info, b)
	}
	if protocol <= etherLength {
		return UnknownEther
	}
	return d.ether(info, protocol, b)
}

// null decodes the loopback header of BSD: the address family in the byte order
// of the host, or of the network for LINKTYPE_LOOP.
func (d *Decoder) null(info *Info, b []byte, order binary.ByteOrder) What {
	const headerLen = 4
	if len(b) < headerLen {
		return d.short()
	}
	d.pass(HeaderLabel, b[:headerLen])
	family := order.Uint32(b)
	if family > 0xffff { // of the other byte order
		family = family>>24 | family>>8&0xff00
	}
	return d.family(info, family, b[headerLen:])
}

// family decodes a packet of an address family of BSD sockets.
func (d *Decoder) family(info *Info, family uint32, b []byte) What {
	switch family {
	case 2:
		return d.ip4(info, b)
	case 10, 23, 24, 28, 30: // Linux, Windows, NetBSD, FreeBSD, Darwin
		return d.ip6(info, b)
	}
	return UnknownEther
}

// enc decodes a packet of BSD's enc, on which IPsec shows what it decrypts: behind
// the address family the SPI and flags.
func (d *Decoder) enc(info *Info, b []byte) What {
	const headerLen = 12
	if len(b) < headerLen {
		return d.short()
	}
	d.pass(HeaderCapture, b[:4])
	family := binary.LittleEndian.Uint32(b)
	if family > 0xffff {
		family = binary.BigEndian.Uint32(b)
	}
	return d.family(info, family, b[headerLen:])
}

// pflog decodes a packet of BSD's pflog, which begins with the length of its header,
// without padding, and the address family.
func (d *Decoder) pflog(info *Info, b []byte) What {
	const minLen = 4
	if len(b) < minLen {
		return d.short()
	}
	n := (int(b[0]) + 3) &^ 3
	if n < minLen {
		return Malformed
	}
	if n > len(b) {
		return d.short()
	}
	d.pass(HeaderCapture, b[:2])
	return d.family(info, uint32(b[1]), b[n:])
}

// nflog decodes a frame of Linux's nflog: a list of attributes, one of them the
// packet.
func (d *Decoder) nflog(info *Info, b []byte) What {
	const headerLen, attributeLen, payload = 4, 4, 9
	if len(b) < headerLen {
		return d.short()
	}
	d.pass(HeaderCapture, b[:headerLen])
	b = b[headerLen:]
	for len(b) >= attributeLen {
		d.pass(HeaderAttribute, b[:attributeLen])
		n, kind := int(binary.LittleEndian.Uint16(b)), binary.LittleEndian.Uint16(b[2:])
		if n < attributeLen {
			return Malformed
		}
		if kind == payload {
			return d.ip(info, b[attributeLen:min(n, len(b))])
		}
		b = b[min((n+3)&^3, len(b)):]
	}
	return d.short()
}

// pktap decodes a frame of Darwin's pktap: another link's frame behind a header
// of which the length, the link type and the direction are of use.
func (d *Decoder) pktap(info *Info, b []byte) What {
	const headerLen, in, out = 40, 1, 2
	if len(b) < headerLen {
		return d.short()
	}
	if d.deeper() {
		return TooDeep
	}
	d.pass(HeaderCapture, b[:4])
	d.pass(HeaderCapture, b[8:12])
	d.pass(HeaderCapture, b[36:headerLen])
	n, linkType := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[8:])
	if n < headerLen || linkType == pcapng.LinkPKTAP || linkType > 0xffff {
		return Malformed
	}
	if uint64(n) > uint64(len(b)) {
		return d.short()
	}
	switch binary.LittleEndian.Uint32(b[36:]) & 3 {
	case in:
		info.Direction = pcapng.Inbound
	case out:
		info.Direction = pcapng.Outbound
	}
	return d.link(info, uint16(linkType), b[n:])
}
