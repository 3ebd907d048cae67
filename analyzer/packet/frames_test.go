package packet_test

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
)

// Frames are built here byte by byte, from the inside out: each function takes
// what it wraps.

var (
	macA = []byte{0x02, 0, 0, 0, 0, 0xa}
	macB = []byte{0x02, 0, 0, 0, 0, 0xb}

	client4, server4 = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.1")
	client6, server6 = netip.MustParseAddr("2001:0:cb00:7101::1"), netip.MustParseAddr("2001:db8:1::1") // the first is a client of Teredo's, too
	outerA4, outerB4 = netip.MustParseAddr("203.0.113.1"), netip.MustParseAddr("203.0.113.2")
	outerA6, outerB6 = netip.MustParseAddr("2001:db8:f::1"), netip.MustParseAddr("2001:db8:f::2")
)

func be16(v ...uint16) []byte {
	var b []byte
	for _, v := range v {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func be32(v ...uint32) []byte {
	var b []byte
	for _, v := range v {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

func le16(v uint16) []byte { return binary.LittleEndian.AppendUint16(nil, v) }
func le32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

func cat(parts ...[]byte) []byte { return slices.Concat(parts...) }

// segment is TCP's part of a frame.
type seg struct {
	src, dst      uint16
	seq, ack      uint32
	offset        byte // in the header, of which the low half is reserved bits and AE; 0: computed
	flags         byte
	window        uint16
	urgent        uint16
	options       []byte
	payload       string
	badSum, noSum bool // a wrong sum; the pseudo-header's only
}

// on puts the segment on the wire between two addresses.
func (s seg) on(src, dst netip.Addr) []byte {
	if s.offset == 0 {
		s.offset = byte(20+len(s.options)) << 2
	}
	b := cat(be16(s.src, s.dst), be32(s.seq, s.ack), []byte{s.offset, s.flags}, be16(s.window, 0, s.urgent), s.options, []byte(s.payload))
	pseudo := cat(src.AsSlice(), dst.AsSlice(), be32(uint32(len(b)), 6))
	check := ^onesSum(cat(pseudo, b))
	if s.noSum {
		check = onesSum(pseudo)
	}
	if s.badSum {
		check ^= 0x1234
	}
	binary.BigEndian.PutUint16(b[16:], check)
	return b
}

// onesSum is the internet checksum's sum, word by word.
func onesSum(b []byte) uint16 {
	var s uint32
	for i := 0; i < len(b); i += 2 {
		w := uint32(b[i]) << 8
		if i+1 < len(b) {
			w |= uint32(b[i+1])
		}
		s += w
		s = s&0xffff + s>>16
	}
	return uint16(s)
}

// ip wraps a payload in IPv4 or IPv6, with TTL 61, TOS 0x28 and, as they exist,
// ID 0x1234, DF and flow label 0xabcde.
func ip(src, dst netip.Addr, proto byte, payload []byte) []byte {
	if src.Is6() {
		return cat(be32(6<<28|0x28<<20|0xabcde), be16(uint16(len(payload))), []byte{proto, 61}, src.AsSlice(), dst.AsSlice(), payload)
	}
	b := cat([]byte{0x45, 0x28}, be16(uint16(20+len(payload)), 0x1234, 0x4000), []byte{61, proto, 0, 0}, src.AsSlice(), dst.AsSlice(), payload)
	return ipSum(b, 20)
}

func ipSum(b []byte, n int) []byte {
	b[10], b[11] = 0, 0
	binary.BigEndian.PutUint16(b[10:], ^onesSum(b[:n]))
	return b
}

// outer wraps a payload in the tunnel's own IPv4.
func outer(proto byte, payload []byte) []byte { return ip(outerA4, outerB4, proto, payload) }

func outer6(proto byte, payload []byte) []byte { return ip(outerA6, outerB6, proto, payload) }

func eth(etherType uint16, payload []byte) []byte {
	return cat(macB, macA, be16(etherType), payload)
}

// outerEth is an Ethernet frame between a tunnel's ends.
func outerEth(payload []byte) []byte {
	return cat([]byte{2, 0, 0, 0, 1, 2}, []byte{2, 0, 0, 0, 1, 1}, be16(0x0800), payload)
}

// tag is an 802.1Q tag and what follows it, without the EtherType before it.
func tag(tci, etherType uint16, payload []byte) []byte {
	return cat(be16(tci, etherType), payload)
}

func udp(dst uint16, payload []byte) []byte {
	return cat(be16(0xc000|dst, dst, uint16(8+len(payload)), 0), payload) // each in a conversation of its own
}

func snap(etherType uint16, payload []byte) []byte {
	return cat([]byte{0xaa, 0xaa, 3, 0, 0, 0}, be16(etherType), payload)
}

func gre(flags, protocol uint16, words []uint32, payload []byte) []byte {
	return cat(be16(flags, protocol), be32(words...), payload)
}

// hello is the segment within all of the wrappings.
var hello = seg{src: 40000, dst: 445, seq: 0xfffffff0, ack: 77, flags: 0x18, window: 501, payload: "hello", options: []byte{1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 8}}

func hello4() []byte { return ip(client4, server4, 6, hello.on(client4, server4)) }
func hello6() []byte { return ip(client6, server6, 6, hello.on(client6, server6)) }

// A wrapping is one way in which a segment comes.
type wrapping struct {
	name   string
	link   uint16
	frame  []byte
	v6     bool
	mac    bool   // both addresses are macA and macB
	tunnel string // as Tunnel.String has it
}

// wrappings are all link types and tunnels, around hello.
func wrappings() []wrapping { return wrap(hello) }

// wrap gives all link types and tunnels around a segment.
func wrap(s seg) []wrapping {
	in4 := ip(client4, server4, 6, s.on(client4, server4))
	in6 := ip(client6, server6, 6, s.on(client6, server6))
	const (
		null, ethernet, ppp, raw, chdlc, w80211, loop, sll      = 0, 1, 9, 101, 104, 105, 108, 113
		prism, radiotap, avs, ppi, mplsLink, nflog, pktap, sll2 = 119, 127, 163, 192, 219, 239, 258, 276
	)
	fourAddress := []byte{0x08, 0x03, 0, 0, 2, 0, 0, 0, 9, 1, 2, 0, 0, 0, 9, 2}
	dataToDS := cat([]byte{0x08, 0x01, 0, 0, 2, 0, 0, 0, 9, 9}, macA, macB, []byte{0x10, 0})
	qosFromDS := cat([]byte{0x88, 0x02, 0, 0}, macB, []byte{2, 0, 0, 0, 9, 9}, macA, []byte{0x10, 0, 5, 0})
	mpls := func(labels ...uint32) []byte {
		var b []byte
		for i, l := range labels {
			entry := l<<12 | 64
			if i == len(labels)-1 {
				entry |= 0x100
			}
			b = append(b, be32(entry)...)
		}
		return b
	}
	gtp := func(flags byte, payload []byte, rest ...byte) []byte {
		return cat([]byte{flags, 255}, be16(uint16(len(rest)+len(payload))), be32(0xdecade), rest, payload)
	}
	erf := func(kind byte, n int) []byte {
		return cat(le32(0), le32(1_700_000_000), []byte{kind, 4}, be16(uint16(16+n), 0, uint16(n)))
	}
	return []wrapping{
		{"Ethernet, IPv4", ethernet, eth(0x0800, in4), false, true, ""},
		{"Ethernet, IPv6", ethernet, eth(0x86dd, in6), true, true, ""},
		{"Ethernet, padded", ethernet, cat(eth(0x0800, in4), make([]byte, 6)), false, true, ""},
		{"802.3 with SNAP", ethernet, cat(macB, macA, be16(uint16(8+len(in4))), snap(0x0800, in4)), false, true, ""},
		{"802.1Q", ethernet, eth(0x8100, tag(0xa00a, 0x0800, in4)), false, true, "vlan 10"},
		{"802.1Q, a priority only", ethernet, eth(0x8100, tag(0xe000, 0x86dd, in6)), true, true, ""},
		{"802.1Q in 802.1Q", ethernet, eth(0x8100, tag(7, 0x8100, tag(8, 0x0800, in4))), false, true, "vlan 7, vlan 8"},
		{"QinQ", ethernet, eth(0x88a8, tag(100, 0x8100, tag(200, 0x86dd, in6))), true, true, "vlan 100, vlan 200"},
		{"QinQ of old", ethernet, eth(0x9100, tag(100, 0x8100, tag(200, 0x0800, in4))), false, true, "vlan 100, vlan 200"},
		{"802.1Q and 802.3", ethernet, eth(0x8100, tag(10, uint16(8+len(in4)), snap(0x0800, in4))), false, true, "vlan 10"},

		{"SLL", sll, cat(be16(0, 1, 6), macA, be16(0, 0x0800), in4), false, false, ""},
		{"SLL, IPv6 out", sll, cat(be16(4, 1, 6), macA, be16(0, 0x86dd), in6), true, false, ""},
		{"SLL, 802.1Q", sll, cat(be16(3, 1, 6), macA, be16(0, 0x8100), tag(5, 0x0800, in4)), false, false, "vlan 5"},
		{"SLL, 802.2", sll, cat(be16(0, 1, 6), macA, be16(0, 4), snap(0x0800, in4)), false, false, ""},
		{"SLL, 802.11 monitor", sll, cat(be16(0, 801, 6), macA, be16(0, 25), dataToDS, snap(0x0800, in4)), false, true, ""},
		{"SLL2", sll2, cat(be16(0x0800, 0), be32(3), be16(1), []byte{0, 6}, macA, be16(0), in4), false, false, ""},
		{"SLL2 out", sll2, cat(be16(0x86dd, 0), be32(3), be16(1), []byte{4, 6}, macA, be16(0), in6), true, false, ""},

		{"raw IPv4", raw, in4, false, false, ""},
		{"raw IPv6", raw, in6, true, false, ""},
		{"raw of BSD", 12, in4, false, false, ""},
		{"raw of OpenBSD", 14, in6, true, false, ""},
		{"IPv4 link", 228, in4, false, false, ""},
		{"IPv6 link", 229, in6, true, false, ""},
		{"null, little-endian", null, cat(le32(2), in4), false, false, ""},
		{"null, big-endian", null, cat(be32(2), in4), false, false, ""},
		{"null, FreeBSD's IPv6", null, cat(le32(28), in6), true, false, ""},
		{"null, Darwin's IPv6", null, cat(be32(30), in6), true, false, ""},
		{"null, Linux's IPv6", null, cat(le32(10), in6), true, false, ""},
		{"loop", loop, cat(be32(2), in4), false, false, ""},
		{"loop, OpenBSD's IPv6", loop, cat(be32(24), in6), true, false, ""},

		{"PPP", ppp, cat([]byte{0xff, 3}, be16(0x0021), in4), false, false, ""},
		{"PPP, compressed", ppp, cat([]byte{0x57}, in6), true, false, ""},
		{"PPP in HDLC", 50, cat([]byte{0xff, 3}, be16(0x0057), in6), true, false, ""},
		{"PPP, MPLS", ppp, cat([]byte{0xff, 3}, be16(0x0281), mpls(16), in4), false, false, "mpls 16"},
		{"PPP with its direction", 204, cat([]byte{0, 0xff, 3}, be16(0x0021), in4), false, false, ""},
		{"pflog", 117, cat([]byte{61, 2, 0, 0}, make([]byte, 60), in4), false, false, ""},
		{"pflog, IPv6", 117, cat([]byte{48, 28, 0, 0}, make([]byte, 44), in6), true, false, ""},
		{"enc", 109, cat(le32(2), le32(1), le32(0), in4), false, false, ""},
		{"enc, big-endian", 109, cat(be32(24, 1, 0), in6), true, false, ""},
		{"Cisco HDLC", chdlc, cat([]byte{0x0f, 0}, be16(0x0800), in4), false, false, ""},
		{"PPPoE", ethernet, eth(0x8864, cat([]byte{0x11, 0}, be16(9, uint16(2+len(in4)), 0x0021), in4)), false, true, "pppoe 9"},
		{"VN-tag", ethernet, eth(0x8926, cat(be32(0x80050000), be16(0x8100), tag(10, 0x0800, in4))), false, true, "vlan 10"},
		{"E-tag", ethernet, eth(0x893f, cat(be16(0x1000, 5, 0), be16(0x86dd), in6)), true, true, ""},
		{"PPPoE in 802.1Q", ethernet, eth(0x8100, tag(7, 0x8864, cat([]byte{0x11, 0}, be16(9, uint16(2+len(in6)), 0x0057), in6))), true, true, "vlan 7, pppoe 9"},
		{"PPPoE link", 51, cat([]byte{0x11, 0}, be16(9, uint16(2+len(in4)), 0x0021), in4), false, false, "pppoe 9"},

		{"802.11 to the access point", w80211, cat(dataToDS, snap(0x0800, in4)), false, true, ""},
		{"802.11 QoS from the access point", w80211, cat(qosFromDS, snap(0x86dd, in6)), true, true, ""},
		{"802.11 between two", w80211, cat([]byte{0x08, 0, 0, 0}, macB, macA, []byte{2, 0, 0, 0, 9, 9, 0x10, 0}, snap(0x0800, in4)), false, true, ""},
		{"802.11 between access points", w80211, cat(fourAddress, macB, []byte{0x10, 0}, macA, snap(0x0800, in4)), false, true, ""},
		{"802.11, decrypted by the driver", w80211, cat([]byte{0x08, 0x41}, dataToDS[2:], snap(0x0800, in4)), false, true, ""},
		{"802.11, decrypted, the IV left", w80211, cat([]byte{0x08, 0x41}, dataToDS[2:], []byte{1, 2, 3, 0}, snap(0x0800, in4)), false, true, ""},
		{"802.11, decrypted, the long IV left", w80211, cat([]byte{0x08, 0x41}, dataToDS[2:], []byte{1, 0, 3, 0x20, 4, 5, 6, 7}, snap(0x0800, in4)), false, true, ""},
		{"802.11 of Centrino", ethernet, cat(macB, macA, be16(0x2452), dataToDS, snap(0x0800, in4)), false, true, ""},
		{"802.11n, aggregated", w80211, cat([]byte{0x88, 0x01}, dataToDS[2:], []byte{0x80, 0}, macB, macA, be16(uint16(8+len(in4))), snap(0x0800, in4)), false, true, ""},
		{"802.11n, HT control", w80211, cat([]byte{0x88, 0x81}, dataToDS[2:], []byte{0, 0, 1, 2, 3, 4}, snap(0x0800, in4)), false, true, ""},
		{"802.11s", w80211, cat([]byte{0x88, 0x03}, fourAddress[2:], macB, []byte{0x10, 0}, macA, []byte{0, 1, 0, 31, 1, 0, 0, 0}, snap(0x0800, in4)), false, true, ""},
		{"radiotap", radiotap, cat([]byte{0, 0}, le16(8), le32(0), dataToDS, snap(0x0800, in4)), false, true, ""},
		{"radiotap, padded", radiotap, cat([]byte{0, 0}, le16(25), le32(3|1<<31), le32(0), make([]byte, 4), make([]byte, 8), []byte{0x20}, qosFromDS, []byte{0, 0}, snap(0x86dd, in6)), true, true, ""},
		{"PPI, 802.11", ppi, cat([]byte{0, 0}, le16(32), le32(105), le16(2), le16(20), make([]byte, 20), dataToDS, snap(0x0800, in4)), false, true, ""},
		{"PPI, Ethernet", ppi, cat([]byte{0, 0}, le16(8), le32(1), eth(0x0800, in4)), false, true, ""},
		{"Prism", prism, cat(le32(0x44), le32(144), make([]byte, 136), dataToDS, snap(0x0800, in4)), false, true, ""},
		{"Prism, big-endian", prism, cat(be32(0x44), be32(144), make([]byte, 136), dataToDS, snap(0x0800, in4)), false, true, ""},
		{"AVS", avs, cat(be32(0x80211001), be32(64), make([]byte, 56), qosFromDS, snap(0x86dd, in6)), true, true, ""},
		{"AVS as Prism", prism, cat(be32(0x80211001), be32(64), make([]byte, 56), qosFromDS, snap(0x86dd, in6)), true, true, ""},

		{"nflog", nflog, cat([]byte{2, 0, 0, 0}, le16(8), le16(1), []byte{8, 0, 1, 0}, le16(5), le16(10), []byte{'x', 0, 0, 0}, le16(uint16(4+len(in4))), le16(9), in4), false, false, ""},
		{"pktap, Ethernet in", pktap, cat(le32(108), le32(1), le32(1), make([]byte, 24), le32(1), make([]byte, 68), eth(0x0800, in4)), false, true, ""},
		{"pktap, raw out", pktap, cat(le32(108), le32(1), le32(12), make([]byte, 24), le32(2), make([]byte, 68), in6), true, false, ""},

		{"MPLS", ethernet, eth(0x8847, cat(mpls(16, 17), in4)), false, true, "mpls 17"},
		{"MPLS, IPv6", ethernet, eth(0x8848, cat(mpls(3000), in6)), true, true, "mpls 3000"},
		{"MPLS link", mplsLink, cat(mpls(16), in4), false, false, "mpls 16"},
		{"MPLS pseudowire with a control word", ethernet, outerEth0x8847(cat(mpls(20), be32(0), eth(0x0800, in4))), false, true, "mpls 20"},
		{"MPLS pseudowire without", ethernet, outerEth0x8847(cat(mpls(20), eth(0x0800, in4))), false, true, "mpls 20"},
		{"MPLS pseudowire without, to a MAC like IPv4", ethernet, outerEth0x8847(cat(mpls(20), []byte{0x45, 0, 0, 0, 0, 0xb}, macA, be16(0x86dd), in6)), true, false, "mpls 20"},
		{"MPLS in IPv4", ethernet, outerEth(outer(137, cat(mpls(16), in4))), false, false, "mpls 16"},

		{"IP-in-IP", ethernet, outerEth(outer(4, in4)), false, false, "ip-in-ip"},
		{"6in4", ethernet, outerEth(outer(41, in6)), true, false, "6in4"},
		{"4in6", raw, outer6(4, in4), false, false, "4in6"},
		{"IPv6 in IPv6", raw, outer6(41, in6), true, false, "ip-in-ip"},
		{"EtherIP", ethernet, outerEth(outer(97, cat(be16(0x3000), eth(0x0800, in4)))), false, true, "etherip"},

		{"GRE", ethernet, outerEth(outer(47, gre(0, 0x0800, nil, in4))), false, false, "gre"},
		{"GRE, checksum, key and number", ethernet, outerEth(outer(47, gre(0xb000, 0x86dd, []uint32{0, 42, 1}, in6))), true, false, "gre 42"},
		{"GRE in IPv6", raw, outer6(47, gre(0x2000, 0x0800, []uint32{7}, in4)), false, false, "gre 7"},
		{"GRE, Ethernet (NVGRE)", ethernet, outerEth(outer(47, gre(0x2000, 0x6558, []uint32{0x1234500}, eth(0x0800, in4)))), false, true, "gre 19088640"},
		{"GRE, MPLS", ethernet, outerEth(outer(47, gre(0, 0x8847, nil, cat(mpls(99), in4)))), false, false, "gre, mpls 99"},
		{"GRE of PPTP", ethernet, outerEth(outer(47, gre(0x3081, 0x880b, []uint32{uint32(4+len(in4))<<16 | 5, 1, 2}, cat([]byte{0xff, 3}, be16(0x21), in4)))), false, false, "gre 5"},
		{"GRE of WCCP 1", ethernet, outerEth(outer(47, gre(0, 0x883e, nil, in4))), false, false, "gre"},
		{"GRE of WCCP 2", ethernet, outerEth(outer(47, gre(0, 0x883e, []uint32{0x00010203}, in4))), false, false, "gre"},
		{"ERSPAN I", ethernet, outerEth(outer(47, gre(0, 0x88be, nil, eth(0x0800, in4)))), false, true, "erspan"},
		{"ERSPAN II", ethernet, outerEth(outer(47, gre(0x1000, 0x88be, []uint32{5, 0x1000<<16 | 0x1064, 0}, eth(0x0800, in4)))), false, true, "erspan 100"},
		{"ERSPAN II, 802.1Q", ethernet, outerEth(outer(47, gre(0x1000, 0x88be, []uint32{5, 0x100a<<16 | 0x0864, 0}, eth(0x8100, tag(10, 0x86dd, in6))))), true, true, "erspan 100, vlan 10"},
		{"ERSPAN III", ethernet, outerEth(outer(47, gre(0x1000, 0x22eb, []uint32{5, 0x2000<<16 | 101, 0xdeadbeef, 0}, eth(0x0800, in4)))), false, true, "erspan 101"},
		{"ERSPAN III with a sub-header", ethernet, outerEth(outer(47, gre(0x1000, 0x22eb, []uint32{5, 0x2000<<16 | 101, 0xdeadbeef, 1, 1, 2}, eth(0x0800, in4)))), false, true, "erspan 101"},
		{"ERSPAN III of IP", ethernet, outerEth(outer(47, gre(0x1000, 0x22eb, []uint32{5, 0x2000<<16 | 101, 0xdeadbeef, 2 << 10}, in6))), true, false, "erspan 101"},

		{"VXLAN", ethernet, outerEth(outer(17, udp(4789, cat(be32(0x08000000, 7<<8), eth(0x0800, in4))))), false, true, "vxlan 7"},
		{"VXLAN at Linux's old port, 802.1Q inside", ethernet, outerEth(outer(17, udp(8472, cat(be32(0x08000000, 0xffffff<<8), eth(0x8100, tag(10, 0x86dd, in6)))))), true, true, "vxlan 16777215, vlan 10"},
		{"VXLAN within 802.1Q over IPv6", ethernet, eth(0x8100, tag(3, 0x86dd, outer6(17, udp(4789, cat(be32(0x08000000, 7<<8), eth(0x0800, in4)))))), false, true, "vlan 3, vxlan 7"},
		{"VXLAN GPE, IP", ethernet, outerEth(outer(17, udp(4790, cat(be32(0x0c000002, 7<<8), in6)))), true, false, "vxlan 7"},
		{"VXLAN GPE, Ethernet", ethernet, outerEth(outer(17, udp(4790, cat(be32(0x0c000003, 7<<8), eth(0x0800, in4))))), false, true, "vxlan 7"},
		{"VXLAN GPE, MPLS", ethernet, outerEth(outer(17, udp(4790, cat(be32(0x0c000005, 7<<8), mpls(16), in4)))), false, false, "vxlan 7, mpls 16"},
		{"L2TP", ethernet, outerEth(outer(17, udp(1701, cat(be16(2, 0, 7), []byte{0xff, 3}, be16(0x21), in4)))), false, false, "l2tp 7"},
		{"L2TP with all fields", ethernet, outerEth(outer(17, udp(1701, cat(be16(0x4a02, uint16(18+len(in6)), 1, 7, 3, 4, 2), []byte{0, 0}, be16(0x57), in6)))), true, false, "l2tp 65543"},
		{"TZSP", ethernet, outerEth(outer(17, udp(37008, cat([]byte{1, 0, 0, 1, 10, 1, 0xd0, 0, 0, 1}, eth(0x8100, tag(10, 0x0800, in4)))))), false, true, "tzsp, vlan 10"},
		{"TZSP, 802.11", ethernet, outerEth(outer(17, udp(37008, cat([]byte{1, 0, 0, 18, 1}, qosFromDS, snap(0x86dd, in6))))), true, true, "tzsp"},
		{"MPLS in UDP", ethernet, outerEth(outer(17, udp(6635, cat(mpls(16), in4)))), false, false, "mpls 16"},
		{"Geneve, Ethernet", ethernet, outerEth(outer(17, udp(6081, cat([]byte{0, 0}, be16(0x6558), be32(8<<8), eth(0x0800, in4))))), false, true, "geneve 8"},
		{"Geneve, IP, options", ethernet, outerEth(outer(17, udp(6081, cat([]byte{2, 0}, be16(0x86dd), be32(8<<8, 1, 2), in6)))), true, false, "geneve 8"},
		{"GTP-U", ethernet, outerEth(outer(17, udp(2152, gtp(0x30, in4)))), false, false, "gtp-u 14600926"},
		{"GTP-U with a number", ethernet, outerEth(outer(17, udp(2152, gtp(0x32, in6, 0, 1, 0, 0)))), true, false, "gtp-u 14600926"},
		{"GTP-U with extensions", ethernet, outerEth(outer(17, udp(2152, gtp(0x34, in4, 0, 0, 0, 0x85, 1, 0x10, 9, 0xc0, 1, 0, 0, 0)))), false, false, "gtp-u 14600926"},
		{"GRE in UDP", ethernet, outerEth(outer(17, udp(4754, gre(0x2000, 0x0800, []uint32{7}, in4)))), false, false, "gre 7"},
		{"GUE, IPv4", ethernet, outerEth(outer(17, udp(6080, cat([]byte{0, 4, 0, 0}, in4)))), false, false, "gue"},
		{"GUE, IPv6, optional fields", ethernet, outerEth(outer(17, udp(6080, cat([]byte{2, 41, 0x80, 0}, be32(1, 2), in6)))), true, false, "gue"},
		{"GUE, GRE", ethernet, outerEth(outer(17, udp(6080, cat([]byte{0, 47, 0, 0}, gre(0, 0x0800, nil, in4))))), false, false, "gue, gre"},
		{"GUE without a header", ethernet, outerEth(outer(17, udp(6080, in6))), true, false, "gue"},
		{"LISP", ethernet, outerEth(outer(17, udp(4341, cat(be32(0xc0123456, 1), in4)))), false, false, "lisp"},
		{"LISP of an instance", ethernet, outerEth(outer(17, udp(4341, cat(be32(0x88123456, 9<<8|1), in6)))), true, false, "lisp 9"},
		{"LISP, Ethernet", ethernet, outerEth(outer(17, udp(4341, cat(be32(0x0c000003, 9<<8), eth(0x0800, in4))))), false, true, "lisp 9"},
		{"Teredo", ethernet, outerEth(outer(17, udp(3544, in6))), true, false, "teredo"},
		{"Teredo, authentication and origin", ethernet, outerEth(outer(17, udp(3544, cat([]byte{0, 1, 2, 1, 'm', 'e', 9}, make([]byte, 9), []byte{0, 0, 0x11, 0x22, 1, 2, 3, 4}, in6)))), true, false, "teredo"},
		{"NSH", ethernet, eth(0x894f, cat(be32(0x0fc60101, 5<<8|255), make([]byte, 16), in4)), false, true, "nsh 5"},
		{"NSH in VXLAN GPE", ethernet, outerEth(outer(17, udp(4790, cat(be32(0x0c000004, 7<<8), be32(0x0fc20203, 5<<8|255), eth(0x86dd, in6))))), true, true, "vxlan 7, nsh 5"},
		{"NSH in GRE", ethernet, outerEth(outer(47, gre(0, 0x894f, nil, cat(be32(0x0fc20202, 5<<8|255), in6)))), true, false, "gre, nsh 5"},
		{"L2TPv3", ethernet, outerEth(outer(115, cat(be32(5), eth(0x0800, in4)))), false, true, "l2tpv3 5"},
		{"L2TPv3, cookie", ethernet, outerEth(outer(115, cat(be32(5, 0xdecade, 0xfacade), eth(0x8100, tag(10, 0x86dd, in6))))), true, true, "l2tpv3 5, vlan 10"},
		{"L2TPv3, cookie and sublayer", ethernet, outerEth(outer(115, cat(be32(5, 0xdecade, 0x40000001), eth(0x0800, in4)))), false, true, "l2tpv3 5"},
		{"L2TPv3, PPP", ethernet, outerEth(outer(115, cat(be32(5, 0xdecade), []byte{0xff, 3}, be16(0x21), in4))), false, false, "l2tpv3 5"},
		{"L2TPv3 in UDP", ethernet, outerEth(outer(17, udp(1701, cat(be32(0x00030000, 5, 0), eth(0x0800, in4))))), false, true, "l2tpv3 5"},
		{"CAPWAP, Ethernet", ethernet, outerEth(outer(17, udp(5247, cat(be32(2<<19|1<<9, 0), eth(0x0800, in4))))), false, true, "capwap"},
		{"CAPWAP, 802.11", ethernet, outerEth(outer(17, udp(5247, cat(be32(2<<19|1<<9|0x100, 0), qosFromDS, snap(0x86dd, in6))))), true, true, "capwap"},
		{"CAPWAP, 802.11 of Cisco, a radio's address", ethernet, outerEth(outer(17, udp(5247, cat(be32(4<<19|1<<9|0x110, 0), []byte{6, 1, 2, 3, 4, 5, 6, 0}, []byte{0x02, 0x88}, qosFromDS[2:], snap(0x0800, in4))))), false, true, "capwap"},
		{"Ethernet in IPv6 (SRv6)", ethernet, eth(0x86dd, outer6(43, cat([]byte{143, 2, 4, 0}, make([]byte, 20), eth(0x0800, in4)))), false, true, "ethernet-in-ip"},

		{"802.1ah", ethernet, cat(outerEth(nil)[:12], be16(0x88a8, 100, 0x88e7), be32(0x200004d2), eth(0x8100, tag(10, 0x0800, in4))), false, true, "vlan 100, pbb 1234, vlan 10"},
		{"TRILL", ethernet, cat(outerEth(nil)[:12], be16(0x22f3, 20, 1, 2), eth(0x0800, in4)), false, true, "trill"},
		{"TRILL with options", ethernet, cat(outerEth(nil)[:12], be16(0x22f3, 1<<6|20, 1, 2, 0, 0), eth(0x8100, tag(10, 0x86dd, in6))), true, true, "trill, vlan 10"},
		{"FabricPath, check sequence", ethernet, cat(outerEth(nil)[:12], be16(0x8903, 1<<6|32), eth(0x8100, tag(10, 0x0800, in4)), be32(0xdecade)), false, true, "fabricpath, vlan 10"},
		{"Cisco's group tag", ethernet, eth(0x8100, tag(10, 0x8909, cat([]byte{1, 1, 0, 1, 0, 5}, be16(0x0800), in4))), false, true, "vlan 10"},
		{"HSR", ethernet, eth(0x892f, cat(be16(0x0031, 1, 0x0800), in4)), false, true, ""},
		{"802.1CB", ethernet, eth(0xf1c1, cat(be16(0, 1, 0x86dd), in6)), true, true, ""},
		{"MACsec, signed only", ethernet, eth(0x88e5, cat([]byte{0, 0}, be32(1), be16(0x0800), in4, make([]byte, 16))), false, true, ""},
		{"MACsec, signed only, the channel told", ethernet, eth(0x88e5, cat([]byte{0x20, 0}, be32(1, 2, 3), be16(0x8100), tag(10, 0x86dd, in6), make([]byte, 16))), true, true, "vlan 10"},

		{"Frame Relay", 107, cat([]byte{0x18, 0x41, 3, 0xcc}, in4), false, false, "frame-relay 100"},
		{"Frame Relay, long address", 107, cat([]byte{0x18, 0x40, 2, 5, 3, 0x8e}, in6), true, false, "frame-relay 819265"},
		{"Frame Relay, SNAP", 107, cat([]byte{0x18, 0x41, 3, 0, 0x80, 0, 0, 0}, be16(0x0800), in4), false, false, "frame-relay 100"},
		{"Frame Relay, bridged", 107, cat([]byte{0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7}, eth(0x0800, in4)), false, true, "frame-relay 100"},
		{"Frame Relay, PPP", 107, cat([]byte{0x18, 0x41, 3, 0xcf}, be16(0x57), in6), true, false, "frame-relay 100"},
		{"Frame Relay of Cisco", 107, cat([]byte{0x18, 0x41}, be16(0x0800), in4), false, false, "frame-relay 100"},
		{"cooked Frame Relay", sll, cat(be16(0, 770, 0), make([]byte, 8), be16(0), []byte{0x18, 0x41, 3, 0xcc}, in4), false, false, "frame-relay 100"},
		{"IP over InfiniBand", 242, cat(make([]byte, 40), be16(0x86dd, 0), in6), true, false, ""},
		{"ERF", 197, cat(erf(2, 2+14+len(in4)), []byte{0, 0}, eth(0x0800, in4)), false, true, ""},
		{"ERF with extensions", 197, cat(erf(0x82, 16+2+14+len(in4)), []byte{0x83}, make([]byte, 7), []byte{4}, make([]byte, 7), []byte{0, 0}, eth(0x0800, in4)), false, true, ""},
		{"ERF, IP", 197, cat(erf(23, len(in6)), in6), true, false, ""},
		{"ERF, PPP", 197, cat(erf(1, 4+len(in4)), []byte{0xff, 3}, be16(0x21), in4), false, false, ""},
		{"JunOS", 178, cat([]byte("MGC\x01"), eth(0x0800, in4)), false, true, ""},
		{"JunOS, extensions", 178, cat([]byte("MGC\x80\x00\x06\x01\x01\x01\x02\x01\x02"), eth(0x86dd, in6)), true, true, ""},
		{"JunOS without a link header", 178, cat([]byte("MGC\x03\x02\x00\x00\x00"), in4), false, false, ""},
		{"switch chip of Broadcom", 281, cat(macB, macA, be32(8), be16(0x0800), in4), false, true, ""},
		{"switch chip of Broadcom, in front", 282, cat(be32(8), eth(0x8100, tag(10, 0x86dd, in6))), true, true, "vlan 10"},
		{"switch chip of Marvell", 284, cat(macB, macA, be32(0xc008000a), be16(0x0800), in4), false, true, ""},
		{"switch chip of Marvell, EtherType", 285, cat(macB, macA, be32(0xdada0000, 0x4008000a), be16(0x86dd), in6), true, true, ""},

		{"five deep", ethernet, eth(0x8100, tag(1, 0x8100, tag(2, 0x0800, outer(17, udp(4789, cat(be32(0x08000000, 3<<8), eth(0x8100, tag(4, 0x8100, tag(5, 0x0800, in4))))))))), false, true, "vlan 1, vlan 2, vxlan 3, vlan 4"},

		{"IPv4 with options", raw, withOptions4(in4), false, false, ""},
		{"IPv4, authentication header", raw, ip(client4, server4, 51, cat([]byte{6, 4, 0, 0}, make([]byte, 20), s.on(client4, server4))), false, false, ""},
		{"IPv6, all extension headers", raw, ip(client6, server6, 0, cat(
			[]byte{60, 0, 1, 4, 0, 0, 0, 0}, []byte{43, 1, 1, 12}, make([]byte, 12), []byte{44, 2, 4, 0}, make([]byte, 20),
			[]byte{51, 0, 0, 0}, be32(0x1234), []byte{60, 4, 0, 0}, make([]byte, 20), []byte{6, 0, 1, 4, 0, 0, 0, 0}, s.on(client6, server6))), true, false, ""},
	}
}

func outerEth0x8847(payload []byte) []byte {
	b := outerEth(payload)
	b[12], b[13] = 0x88, 0x47
	return b
}

// withOptions4 gives an IPv4 packet a router alert option and 36 bytes more.
func withOptions4(b []byte) []byte {
	b = cat(b[:20], []byte{148, 4, 0, 0}, []byte(strings.Repeat("\x01", 36)), b[20:])
	b[0] = 0x4f
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return ipSum(b, 60)
}
