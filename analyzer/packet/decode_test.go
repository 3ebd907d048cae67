package packet_test

import (
	"bytes"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
	"rstlab/internal/segment"
)

// decode decodes a whole frame.
func decode(link uint16, frame []byte) packet.Info {
	return decodeCut(link, frame, len(frame))
}

// decodeCut decodes the first n bytes of a frame.
func decodeCut(link uint16, frame []byte, n int) packet.Info {
	var d packet.Decoder
	info := packet.Info{Kind: packet.TCPRest, What: packet.LLC, TCPOptions: packet.TCPOptions{MSS: 1, NSACK: 3}, Payload: frame} // of the frame before
	d.Decode(&pcapng.Packet{LinkType: link, Data: frame[:n:n], OrigLen: len(frame)}, &info)
	return info
}

func TestDecodeEveryLinkAndTunnel(t *testing.T) {
	for _, w := range wrappings() {
		t.Run(w.name, func(t *testing.T) {
			info := decode(w.link, w.frame)
			if info.Kind != packet.TCP {
				t.Fatalf("kind %d: %v", info.Kind, info.What)
			}
			src, dst := client4, server4
			if w.v6 {
				src, dst = client6, server6
			}
			if info.Source() != netip.AddrPortFrom(src, 40000) || info.Destination() != netip.AddrPortFrom(dst, 445) || info.V6 != w.v6 {
				t.Errorf("%v > %v, want %v.40000 > %v.445", info.Source(), info.Destination(), src, dst)
			}
			if info.Seq != 0xfffffff0 || info.Ack != 77 || info.Flags != segment.PSH|segment.ACK || info.Window != 501 {
				t.Errorf("seq %d ack %d flags %v win %d", info.Seq, info.Ack, info.Flags, info.Window)
			}
			if string(info.Payload) != "hello" || info.PayloadLen != 5 || info.Cut != 0 || info.Fragment {
				t.Errorf("payload %q of %d, cut %b, fragment %v", info.Payload, info.PayloadLen, info.Cut, info.Fragment)
			}
			if !info.HasTS || info.TSVal != 9 || info.TSEcr != 8 || info.WScale != -1 || info.HasMSS || info.NSACK != 0 || info.BadOptions {
				t.Errorf("options: %+v", info)
			}
			if info.TTL != 61 || info.TOS != 0x28 {
				t.Errorf("ttl %d, tos %#x", info.TTL, info.TOS)
			}
			if !w.v6 && (!info.HasID || info.ID != 0x1234 || !info.DF || info.FlowLabel != 0) {
				t.Errorf("IPv4's own: %+v", info)
			}
			if w.v6 && (info.DF || info.FlowLabel != 0xabcde || info.HasID != (info.ID == 0x1234)) {
				t.Errorf("IPv6's own: %+v", info)
			}
			if info.Tunnel.String() != w.tunnel {
				t.Errorf("tunnel %q, want %q", info.Tunnel, w.tunnel)
			}
			if w.mac && (!info.HasMAC || !bytes.Equal(info.SrcMAC[:], macA)) {
				t.Errorf("MAC %x, want %x", info.SrcMAC, macA)
			}
			if strings.HasPrefix(w.name, "SLL") && (!info.HasMAC || !bytes.Equal(info.SrcMAC[:], macA)) {
				t.Errorf("sender's MAC %x, want %x", info.SrcMAC, macA)
			}
			if sum := info.Checksum(); sum != packet.SumGood {
				t.Errorf("checksum %v", sum)
			}
		})
	}
}

// TestDecodeCutAnywhere cuts each frame at each length. What is there must be
// told as it is, and what is not must be said to be cut.
func TestDecodeCutAnywhere(t *testing.T) {
	for _, w := range wrappings() {
		whole := decode(w.link, w.frame)
		header := bytes.Index(w.frame, be16(40000, 445)) // of TCP
		for n := range w.frame {
			info := decodeCut(w.link, w.frame, n)
			have := n - header // of the segment
			if have < 14 {
				if info.Kind != packet.Other || info.What == packet.Nothing {
					t.Errorf("%s, cut to %d: kind %d", w.name, n, info.Kind)
				}
				continue
			}
			var want packet.Cut
			if have < 20 {
				want |= packet.CutWindow
			}
			if have < 32 {
				want |= packet.CutOptions
			}
			if have < 37 {
				want |= packet.CutPayload
			}
			if info.Kind != packet.TCP || info.Cut != want {
				t.Errorf("%s, cut to %d bytes: kind %d (%v), cut %b, want TCP and %b", w.name, n, info.Kind, info.What, info.Cut, want)
				continue
			}
			if len(info.Header) != min(have, 32) || len(info.Payload) != min(max(have-32, 0), 5) || info.BadOptions {
				t.Errorf("%s, cut to %d bytes: header of %d, payload of %d, bad options %v", w.name, n, len(info.Header), len(info.Payload), info.BadOptions)
			}
			if info.Src != whole.Src || info.Dst != whole.Dst || info.SrcPort != whole.SrcPort || info.DstPort != whole.DstPort ||
				info.Seq != whole.Seq || info.Ack != whole.Ack || info.Flags != whole.Flags || info.PayloadLen != whole.PayloadLen || info.Tunnel != whole.Tunnel {
				t.Errorf("%s, cut to %d bytes: %+v\nwhole: %+v", w.name, n, info, whole)
			}
			if info.HasTS != (have >= 32) {
				t.Errorf("%s, cut to %d bytes: timestamp seen: %v", w.name, n, info.HasTS)
			}
			if want != 0 && info.Checksum() != packet.SumUnknown {
				t.Errorf("%s, cut to %d bytes: checksum %v", w.name, n, info.Checksum())
			}
		}
	}
}

func TestDecodeDirection(t *testing.T) {
	sll := func(kind uint16) []byte { return cat(be16(kind, 1, 6), macA, be16(0, 0x0800), hello4()) }
	sll2 := func(kind byte) []byte {
		return cat(be16(0x0800, 0), be32(3), be16(1), []byte{kind, 6}, macA, be16(0), hello4())
	}
	for _, c := range []struct {
		name  string
		link  uint16
		frame []byte
		given pcapng.Direction
		want  pcapng.Direction
	}{
		{"of the capture", 1, eth(0x0800, hello4()), pcapng.Outbound, pcapng.Outbound},
		{"SLL to us", 113, sll(0), pcapng.Unknown, pcapng.Inbound},
		{"SLL broadcast", 113, sll(1), pcapng.Unknown, pcapng.Inbound},
		{"SLL to another", 113, sll(3), pcapng.Inbound, pcapng.Unknown},
		{"SLL outgoing", 113, sll(4), pcapng.Unknown, pcapng.Outbound},
		{"SLL2 to us", 276, sll2(0), pcapng.Unknown, pcapng.Inbound},
		{"SLL2 outgoing", 276, sll2(4), pcapng.Unknown, pcapng.Outbound},
	} {
		var d packet.Decoder
		var info packet.Info
		d.Decode(&pcapng.Packet{LinkType: c.link, Data: c.frame, OrigLen: len(c.frame), Direction: c.given}, &info)
		if info.Direction != c.want {
			t.Errorf("%s: %v, want %v", c.name, info.Direction, c.want)
		}
		if c.link == 276 && info.IfIndex != 3 {
			t.Errorf("%s: interface %d, want 3", c.name, info.IfIndex)
		}
	}
}

// TestDecodeNamesTheRest names frames that hold no TCP.
func TestDecodeNamesTheRest(t *testing.T) {
	deep := hello4()
	for range 40 {
		deep = outer(4, deep)
	}
	late4 := ip(client4, server4, 6, make([]byte, 16))
	late4[6], late4[7] = 0x00, 0x40
	late17 := ip(client4, server4, 17, make([]byte, 16))
	late17[6], late17[7] = 0x00, 0x40
	for _, c := range []struct {
		name  string
		link  uint16
		frame []byte
		want  packet.What
	}{
		{"no such link", 147, hello4(), packet.UnknownLink},
		{"netlink", 113, cat(be16(4, 824, 0), make([]byte, 8), be16(0), hello4()), packet.UnknownLink},
		{"ARP", 1, eth(0x0806, make([]byte, 28)), packet.ARP},
		{"LLDP", 1, eth(0x88cc, make([]byte, 46)), packet.UnknownEther},
		{"spanning tree", 1, cat(macB, macA, be16(38), []byte{0x42, 0x42, 3}, make([]byte, 43)), packet.LLC},
		{"XID", 1, cat(macB, macA, be16(3), []byte{0, 1, 0xaf}), packet.LLC},
		{"Cisco's SNAP", 1, cat(macB, macA, be16(30), []byte{0xaa, 0xaa, 3, 0, 0, 0xc, 0x20, 0}, make([]byte, 40)), packet.LLC},
		{"Novell", 113, cat(be16(0, 1, 6), macA, be16(0, 1), make([]byte, 40)), packet.LLC},
		{"CAN", 113, cat(be16(0, 280, 0), make([]byte, 8), be16(0xc), make([]byte, 16)), packet.UnknownEther},
		{"a family of no internet", 0, cat(le32(7), hello4()), packet.UnknownEther},
		{"MACsec", 1, eth(0x88e5, cat([]byte{0x2c, 0}, make([]byte, 60))), packet.Encrypted},
		{"ESP", 101, outer(50, make([]byte, 60)), packet.Encrypted},
		{"WireGuard", 101, outer(17, udp(51820, cat(be32(0x04000000), make([]byte, 76)))), packet.Encrypted},
		{"WireGuard's keys", 101, outer(17, udp(51820, cat(be32(0x01000000), make([]byte, 144)))), packet.UDP},
		{"DNS", 101, outer(17, udp(53, make([]byte, 30))), packet.UDP},
		{"TZSP's keepalive", 101, outer(17, udp(37008, []byte{1, 4, 0, 0})), packet.UDP},
		{"cut in TZSP's tags", 101, outer(17, udp(37008, []byte{1, 0, 0, 1, 10, 5, 1})), packet.Malformed},
		{"not VXLAN", 101, outer(17, udp(4789, cat(be32(0xf7000000, 7<<8), eth(0x0800, hello4())))), packet.UDP},
		{"not Geneve", 101, outer(17, udp(6081, cat([]byte{0xc0, 0}, make([]byte, 60)))), packet.UDP},
		{"GTP-U echo", 101, outer(17, udp(2152, cat([]byte{0x32, 1, 0, 4}, make([]byte, 8)))), packet.UDP},
		{"ARP in VXLAN", 101, outer(17, udp(4789, cat(be32(0x08000000, 7<<8), eth(0x0806, make([]byte, 28))))), packet.ARP},
		{"SCTP", 101, outer(132, make([]byte, 60)), packet.SCTP},
		{"OSPF", 101, outer(89, make([]byte, 60)), packet.UnknownIP},
		{"no next header", 101, outer6(59, nil), packet.UnknownIP},
		{"GRE keepalive", 101, outer(47, gre(0, 0, nil, nil)), packet.UnknownIP},
		{"GRE with routes", 101, outer(47, gre(0x4000, 0x0800, []uint32{0}, hello4())), packet.UnknownIP},
		{"ping", 101, outer(1, cat([]byte{8, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 30))), packet.ICMPOther},
		{"neighbour solicitation", 101, outer6(58, cat([]byte{135, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 30))), packet.ICMPOther},
		{"port unreachable for DNS", 101, outer(1, cat([]byte{3, 3, 0, 0, 0, 0, 0, 0}, outer(17, udp(53, nil)))), packet.ICMPOther},
		{"unreachable for a tunnel", 101, outer(1, cat([]byte{3, 1, 0, 0, 0, 0, 0, 0}, outer(4, hello4()))), packet.ICMPOther},
		{"IGMP", 101, outer(2, make([]byte, 8)), packet.ICMPOther},
		{"later fragment of TCP, the first not seen", 101, late4, packet.FragmentRest},
		{"later fragment of UDP", 101, late17, packet.FragmentRest},
		{"LCP", 9, []byte{0xff, 3, 0xc0, 0x21, 1, 1, 0, 4}, packet.PPPOther},
		{"PPPoE discovery", 1, eth(0x8863, make([]byte, 20)), packet.PPPOther},
		{"PPPoE discovery in a session", 1, eth(0x8864, []byte{0x11, 9, 0, 0, 0, 0}), packet.PPPOther},
		{"beacon", 105, cat([]byte{0x80, 0}, make([]byte, 60)), packet.WirelessOther},
		{"802.11 acknowledgment", 105, cat([]byte{0xd4, 0}, make([]byte, 8)), packet.WirelessOther},
		{"802.11 without data", 105, cat([]byte{0x48, 1}, make([]byte, 22)), packet.WirelessOther},
		{"802.11 encrypted", 105, cat([]byte{0x88, 0x41}, make([]byte, 60)), packet.Encrypted},
		{"802.11 fragment", 105, cat([]byte{0x08, 0x01}, make([]byte, 20), []byte{0x11, 0}, make([]byte, 60)), packet.FragmentRest},
		{"forty deep", 101, deep, packet.TooDeep},
		{"a hundred tags", 1, eth(0x8100, bytes.Repeat(be16(1, 0x8100), 100)), packet.TooDeep},
		{"a hundred labels", 1, eth(0x8847, bytes.Repeat(be32(1<<12), 100)), packet.TooDeep},
		{"IP version 5", 101, []byte{0x55, 0, 0, 20}, packet.Malformed},
		{"nothing", 101, nil, packet.Malformed},
		{"IPv4 header of 16 bytes", 101, cat([]byte{0x44}, hello4()[1:]), packet.Malformed},
		{"IPv4 shorter than its header", 101, cat([]byte{0x45, 0, 0, 10}, hello4()[4:]), packet.Malformed},
		{"IPv6 as IPv4", 1, eth(0x0800, hello6()), packet.Malformed},
		{"IPv4 as IPv6", 1, eth(0x86dd, cat(hello4(), make([]byte, 40))), packet.Malformed},
		{"extension header longer than the packet", 101, outer6(0, cat([]byte{6, 200}, hello.on(outerA6, outerB6))), packet.Malformed},
		{"authentication header of 8 bytes", 101, outer(51, cat([]byte{6, 0, 0, 0}, make([]byte, 40))), packet.Malformed},
		{"TCP of 12 bytes", 101, outer(6, make([]byte, 12)), packet.Malformed},
		{"radiotap of 4 bytes", 127, cat([]byte{0, 0, 4, 0}, make([]byte, 60)), packet.Malformed},
		{"PPI of 4 bytes", 192, cat([]byte{0, 0, 4, 0}, make([]byte, 60)), packet.Malformed},
		{"PPI of no link", 192, cat([]byte{0, 0, 8, 0}, le32(1<<20), make([]byte, 60)), packet.Malformed},
		{"PPI in PPI", 192, bytes.Repeat(cat([]byte{0, 0, 8, 0}, le32(192)), 50), packet.TooDeep},
		{"Prism of 4 bytes", 119, cat(le32(0x44), le32(4), make([]byte, 60)), packet.Malformed},
		{"nflog attribute of 2 bytes", 239, cat([]byte{2, 0, 0, 0}, le16(2), le16(9), make([]byte, 60)), packet.Malformed},
		{"pktap in pktap", 258, cat(le32(108), le32(1), le32(258), make([]byte, 96), hello4()), packet.Malformed},
		{"GTP-U extension of no length", 101, outer(17, udp(2152, cat([]byte{0x34, 255, 0, 0}, be32(1), []byte{0, 0, 0, 0x85, 0, 0, 0, 0}))), packet.Malformed},
		{"GUE control", 101, outer(17, udp(6080, cat([]byte{0x20, 4, 0, 0}, hello4()))), packet.UDP},
		{"GUE of version 3", 101, outer(17, udp(6080, cat([]byte{0xc0, 4, 0, 0}, hello4()))), packet.UDP},
		{"GUE, TCP of the outer addresses", 101, outer(17, udp(6080, cat([]byte{0, 6, 0, 0}, hello.on(outerA4, outerB4)))), packet.UDP},
		{"GUE of IP longer than the datagram", 101, outer(17, udp(6080, hello4()[:40])), packet.UDP},
		{"GUE of IP shorter than the datagram", 101, outer(17, udp(6080, cat(hello4(), make([]byte, 8)))), packet.UDP},
		{"LISP of IP shorter than the datagram", 101, outer(17, udp(4341, cat(be32(0x80123456, 1), hello4(), make([]byte, 8)))), packet.UDP},
		{"not GUE, 1 byte", 101, outer(17, udp(6080, []byte{0})), packet.UDP},
		{"LISP, nonce and version", 101, outer(17, udp(4341, cat(be32(0x90123456, 1), hello4()))), packet.UDP},
		{"LISP of IP longer than the datagram", 101, outer(17, udp(4341, cat(be32(0x80123456, 1), hello4()[:40]))), packet.UDP},
		{"LISP of what is not known", 101, outer(17, udp(4341, cat(be32(0x04000009, 1), hello4()))), packet.UDP},
		{"Teredo's port, no address of its", 101, outer(17, udp(3544, ip(server6, outerA6, 6, hello.on(server6, outerA6)))), packet.UDP},
		{"Teredo longer than the datagram", 101, outer(17, udp(3544, hello6()[:60])), packet.UDP},
		{"Teredo's authentication longer than the datagram", 101, outer(17, udp(3544, cat([]byte{0, 1, 200, 200}, hello6()))), packet.UDP},
		{"Teredo's bubble", 101, outer(17, udp(3544, ip(client6, server6, 59, nil))), packet.UnknownIP},
		{"GRE's port, with routes", 101, outer(17, udp(4754, gre(0x4000, 0x0800, []uint32{0}, hello4()))), packet.UDP},
		{"MPLS' port, no labels", 101, outer(17, udp(6635, cat(be32(0x00010100), hello4()[:40]))), packet.UDP},
		{"GTP-U longer than the datagram", 101, outer(17, udp(2152, cat([]byte{0x30, 255}, be16(200), be32(1), hello4()))), packet.UDP},
		{"L2TP longer than the datagram", 101, outer(17, udp(1701, cat(be16(0x4002, 200, 0, 7, 0x21), hello4()))), packet.UDP},
		{"L2TPv3 control", 101, outer(115, cat(be32(0), hello4())), packet.UnknownIP},
		{"L2TPv3 of no IP", 101, outer(115, cat(be32(5), eth(0x88cc, make([]byte, 60)))), packet.UnknownIP},
		{"L2TPv3 in UDP of no IP", 101, outer(17, udp(1701, cat(be32(0x00030000, 5), eth(0x0806, make([]byte, 60))))), packet.UDP},
		{"CAPWAP, encrypted", 101, outer(17, udp(5247, cat(be32(1<<24, 0), make([]byte, 60)))), packet.Encrypted},
		{"CAPWAP keepalive", 101, outer(17, udp(5247, cat(be32(2<<19|1<<9|8, 0), make([]byte, 60)))), packet.UDP},
		{"CAPWAP of no binding", 101, outer(17, udp(5247, cat(be32(2<<19, 0), eth(0x0800, hello4())))), packet.UDP},
		{"CAPWAP, later fragment", 101, outer(17, udp(5247, cat(be32(2<<19|1<<9|0x80, 100<<3), eth(0x0800, hello4())))), packet.FragmentRest},
		{"NSH of version 1", 1, eth(0x894f, cat(be32(0x4fc60101, 5<<8|255), make([]byte, 16), hello4())), packet.Malformed},
		{"NSH of 4 bytes", 1, eth(0x894f, cat(be32(0x0fc10201, 5<<8|255), hello4())), packet.Malformed},
		{"TRILL of version 1", 1, eth(0x22f3, cat(be16(0x4000, 1, 2), eth(0x0800, hello4()))), packet.UnknownEther},
		{"Cisco's metadata of two words", 1, eth(0x8909, cat([]byte{1, 2, 0, 1, 0, 5}, be16(0x0800), hello4())), packet.UnknownEther},
		{"Frame Relay's management", 107, []byte{0, 1, 3, 8, 0, 0x75, 1, 1, 0}, packet.LLC},
		{"Frame Relay, an address of a byte", 107, cat([]byte{1, 3, 0xcc}, hello4()), packet.Malformed},
		{"Frame Relay, an address without an end", 107, make([]byte, 60), packet.Malformed},
		{"ERF of ATM", 197, cat(make([]byte, 8), []byte{3, 4}, be16(80, 0, 64), make([]byte, 64)), packet.UnknownLink},
		{"JunOS without its mark", 178, eth(0x0800, hello4()), packet.Malformed},
		{"JunOS, extensions longer than the frame", 178, cat([]byte("MGC\x80\xff\xff"), eth(0x0800, hello4())), packet.Malformed},
		{"PPPoE version 2", 1, eth(0x8864, []byte{0x21, 0, 0, 0, 0, 0}), packet.Malformed},
	} {
		var d packet.Decoder
		var info packet.Info
		kind := d.Decode(&pcapng.Packet{LinkType: c.link, Data: c.frame, OrigLen: len(c.frame)}, &info)
		if kind != packet.Other || info.Kind != packet.Other || info.What != c.want {
			t.Errorf("%s: kind %d, %q, want %q", c.name, kind, info.What, c.want)
		}
		if d.Seen[c.want] != 1 {
			t.Errorf("%s: not counted", c.name)
		}
		if c.want.String() == "" {
			t.Errorf("%s: no name", c.name)
		}
	}
}

func TestDecodeTCPHeader(t *testing.T) {
	s := seg{src: 1, dst: 2, seq: 3, ack: 4, flags: 0xff, window: 5, urgent: 6, offset: 0x5f}
	info := decode(101, ip(client4, server4, 6, s.on(client4, server4)))
	if info.Flags != 0xff || !info.AE || info.Reserved != 7 || info.Window != 5 || info.Urgent != 6 || len(info.Options()) != 0 {
		t.Errorf("all bits: %+v", info)
	}

	s = seg{src: 1, dst: 2, seq: 9, flags: 4, offset: 0x30, payload: "not options"} // a header of 12 bytes
	info = decode(101, ip(client4, server4, 6, s.on(client4, server4)))
	if info.Kind != packet.TCP || !info.BadOptions || info.Flags != segment.RST || info.Seq != 9 || len(info.Header) != 20 || info.PayloadLen != 11 {
		t.Errorf("header too short: %+v", info)
	}

	s = seg{src: 1, dst: 2, seq: 9, flags: 4, offset: 0xf0, payload: "four"} // a header longer than the segment
	info = decode(101, ip(client4, server4, 6, s.on(client4, server4)))
	if info.Kind != packet.TCP || !info.BadOptions || info.Flags != segment.RST || info.PayloadLen != 0 || len(info.Header) != 24 || info.Cut != 0 {
		t.Errorf("header too long: %+v", info)
	}
}

// TestDecodeSegmentationOffload: what a host hands its network card has lengths
// of zero.
func TestDecodeSegmentationOffload(t *testing.T) {
	four, six := hello4(), hello6()
	four[2], four[3] = 0, 0
	six[4], six[5] = 0, 0
	for _, b := range [][]byte{four, six} {
		if info := decode(101, b); info.PayloadLen != 5 || string(info.Payload) != "hello" {
			t.Errorf("payload %q of %d, want hello", info.Payload, info.PayloadLen)
		}
		if info := decodeCut(101, b, len(b)-3); info.PayloadLen != 5 || string(info.Payload) != "he" || info.Cut != packet.CutPayload {
			t.Errorf("payload %q of %d, want he of 5", info.Payload, info.PayloadLen)
		}
	}
}

func TestDecodeOptions(t *testing.T) {
	type options struct {
		MSS           uint16
		WScale        int8
		SACKPermitted bool
		SACK          [][2]uint32
		TS            []uint32
		MD5, AO, Bad  bool
		FastOpen      bool
		MPTCP         packet.MPTCP
	}
	mp := func(subtypes uint16, m packet.MPTCP) packet.MPTCP { m.Subtypes = subtypes; return m }
	for _, c := range []struct {
		name string
		b    []byte
		want options
	}{
		{"none", nil, options{WScale: -1}},
		{"a SYN's", []byte{2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7}, options{MSS: 1460, SACKPermitted: true, TS: []uint32{1, 2}, WScale: 7}},
		{"scale of more than 14", []byte{3, 3, 200, 0}, options{WScale: 14}},
		{"SACK", cat([]byte{1, 1, 5, 18}, be32(1, 2, 3, 4)), options{SACK: [][2]uint32{{1, 2}, {3, 4}}, WScale: -1}},
		{"SACK of four", cat([]byte{1, 1, 5, 34}, be32(1, 2, 3, 4, 5, 6, 7, 8)), options{SACK: [][2]uint32{{1, 2}, {3, 4}, {5, 6}, {7, 8}}, WScale: -1}},
		{"MD5", cat([]byte{19, 18}, make([]byte, 16), []byte{0, 0}), options{MD5: true, WScale: -1}},
		{"AO", cat([]byte{29, 16}, make([]byte, 14)), options{AO: true, WScale: -1}},
		{"fast open, asking", []byte{34, 2, 1, 1}, options{FastOpen: true, WScale: -1}},
		{"fast open, cookie", cat([]byte{34, 10}, []byte("cookie!!"), []byte{1, 1}), options{FastOpen: true, WScale: -1}},
		{"fast open, experimental", cat([]byte{254, 8, 0xf9, 0x89}, []byte("four")), options{FastOpen: true, WScale: -1}},
		{"another experiment", []byte{253, 4, 1, 2}, options{WScale: -1}},
		{"MP_CAPABLE of a SYN", []byte{30, 4, 0x01, 0x81}, options{WScale: -1, MPTCP: mp(1, packet.MPTCP{Version: 1})}},
		{"MP_CAPABLE of an ACK", cat([]byte{30, 20, 0x01, 0x81}, be32(1, 2, 3, 4)), options{WScale: -1, MPTCP: mp(1, packet.MPTCP{Version: 1, Key: 1<<32 | 2, PeerKey: 3<<32 | 4})}},
		{"MP_JOIN of a SYN", cat([]byte{30, 12, 0x10, 5}, be32(0xabcd, 9)), options{WScale: -1, MPTCP: mp(2, packet.MPTCP{AddressID: 5, Token: 0xabcd})}},
		{"MP_JOIN of a SYN-ACK", cat([]byte{30, 16, 0x10, 5}, be32(1, 2, 9)), options{WScale: -1, MPTCP: mp(2, packet.MPTCP{AddressID: 5})}},
		{"MP_FASTCLOSE and MP_TCPRST", cat([]byte{30, 12, 0x70, 0}, be32(3, 4), []byte{30, 4, 0x81, 3}), options{WScale: -1, MPTCP: mp(1<<7|1<<8, packet.MPTCP{PeerKey: 3<<32 | 4, ResetFlags: 1, ResetReason: 3})}},
		{"unknown", []byte{77, 4, 1, 2}, options{WScale: -1}},
		{"nothing behind the end", []byte{0, 2, 4, 5}, options{WScale: -1}},
		{"no length", []byte{1, 1, 1, 2}, options{WScale: -1, Bad: true}},
		{"length of one", []byte{2, 1, 1, 1}, options{WScale: -1, Bad: true}},
		{"length of zero", []byte{3, 3, 5, 2, 0, 0, 0, 0}, options{WScale: 5, Bad: true}},
		{"length beyond the header", []byte{3, 3, 5, 2, 40, 0, 0, 0}, options{WScale: 5, Bad: true}},
		{"MSS of a wrong length", []byte{2, 3, 5, 3, 3, 2, 1, 1}, options{WScale: 2, Bad: true}},
		{"SACK of a wrong length", []byte{5, 4, 0, 0}, options{WScale: -1, Bad: true}},
	} {
		s := seg{src: 1, dst: 2, flags: 2, options: c.b}
		info := decode(101, ip(client4, server4, 6, s.on(client4, server4)))
		got := options{info.MSS, info.WScale, info.SACKPermitted, nil, nil, info.HasMD5, info.HasAO, info.BadOptions, info.HasFastOpen, info.MPTCP}
		got.SACK = append(got.SACK, info.SACK[:info.NSACK]...)
		if info.HasTS {
			got.TS = []uint32{info.TSVal, info.TSEcr}
		}
		if info.HasMSS != (c.want.MSS != 0) || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
		if !bytes.Equal(info.Options(), c.b) {
			t.Errorf("%s: bytes % x, want % x", c.name, info.Options(), c.b)
		}
	}
}

func TestChecksum(t *testing.T) {
	for _, c := range []struct {
		name string
		s    seg
		want packet.Checksum
	}{
		{"good", seg{payload: "even"}, packet.SumGood},
		{"good, odd", seg{payload: "odd"}, packet.SumGood},
		{"good, long", seg{payload: strings.Repeat("\xff", 65000)}, packet.SumGood},
		{"bad", seg{payload: "even", badSum: true}, packet.SumBad},
		{"left to the card", seg{payload: "odd", noSum: true}, packet.SumPartial},
	} {
		c.s.src, c.s.dst, c.s.flags = 1, 2, 4
		for _, b := range [][]byte{ip(client4, server4, 6, c.s.on(client4, server4)), ip(client6, server6, 6, c.s.on(client6, server6))} {
			info := decode(101, b)
			if got := info.Checksum(); got != c.want {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	}

	// Partial without the length, as some want it for segmentation.
	b := seg{src: 1, dst: 2, flags: 16, payload: "hello"}.on(client4, server4)
	pseudo := onesSum(cat(client4.AsSlice(), server4.AsSlice(), be16(6)))
	b[16], b[17] = byte(pseudo>>8), byte(pseudo)
	info := decode(101, ip(client4, server4, 6, b))
	if got := info.Checksum(); got != packet.SumPartial {
		t.Errorf("partial without length: %v", got)
	}

	// On a source route the pseudo-header has the last address.
	routed := ip(client6, server6, 43, cat([]byte{6, 2, 0, 1}, make([]byte, 4), outerA6.AsSlice(), hello.on(client6, outerA6)))
	info = decode(101, routed)
	if got := info.Checksum(); info.Kind != packet.TCP || got != packet.SumUnknown {
		t.Errorf("on a source route: %v", got)
	}
}
