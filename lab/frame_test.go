//go:build linux

package lab

import (
	"bytes"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"rstlab/internal/inet"
	"rstlab/internal/segment"
)

var (
	clientMAC = [6]byte{2, 0, 0, 0, 0, 1}
	serverMAC = [6]byte{2, 0, 0, 0, 0, 2}
	client4   = netip.MustParseAddrPort("192.0.2.1:40001")
	server4   = netip.MustParseAddrPort("192.0.2.2:80")
	client6   = netip.MustParseAddrPort("[2001:db8::1]:40001")
	server6   = netip.MustParseAddrPort("[2001:db8::2]:80")
)

// anyEnds draws the ends of a connection of either family.
func anyEnds(t *rapid.T) (src, dst netip.AddrPort) {
	src, dst = client4, server4
	if rapid.Bool().Draw(t, "IPv6") {
		src, dst = client6, server6
	}
	port := rapid.Uint16()
	return netip.AddrPortFrom(src.Addr(), port.Draw(t, "source port")), netip.AddrPortFrom(dst.Addr(), port.Draw(t, "destination port"))
}

// anySegment draws a segment with every field set and raw numbers.
func anySegment(t *rapid.T, src, dst netip.AddrPort) segment.Segment {
	payload := rapid.StringN(0, -1, 1400).Draw(t, "payload")
	seq, length := rapid.Uint32().Draw(t, "seq"), uint32(len(payload))
	s := segment.Segment{
		Src:     segment.Endpoint{Addr: src.Addr(), Port: src.Port()},
		Dst:     segment.Endpoint{Addr: dst.Addr(), Port: dst.Port()},
		Flags:   segment.Flags(rapid.Uint8().Draw(t, "flags")),
		Seq:     &segment.Seq{Start: seq, End: seq + length, HasEnd: length > 0, Raw: true},
		Ack:     &segment.Ack{N: rapid.Uint32().Draw(t, "ack"), Raw: true},
		Win:     new(uint32(rapid.Uint16().Draw(t, "win"))),
		Options: rapid.SampledFrom(someOptions).Draw(t, "options"),
		Length:  &length,
		Payload: &payload,
	}
	s.TTL, s.TOS = new(rapid.Uint8().Draw(t, "ttl")), new(rapid.Uint8().Draw(t, "tos"))
	s.BadSum = rapid.Bool().Draw(t, "bad checksum")
	if src.Addr().Is4() {
		s.ID, s.DF = new(rapid.Uint16().Draw(t, "id")), new(rapid.Bool().Draw(t, "df"))
	} else {
		s.Flow = new(rapid.Uint32Max(0xFFFFF).Draw(t, "flow"))
	}
	return s
}

var someOptions = [][]segment.Option{
	{},
	{{Kind: "mss", Args: []string{"1460"}}},
	{{Kind: "mss", Args: []string{"1460"}}, {Kind: "sackOK"}, {Kind: "TS", Args: []string{"val", "1", "ecr", "0"}}, {Kind: "nop"}, {Kind: "wscale", Args: []string{"7"}}},
	{{Kind: "nop"}, {Kind: "nop"}, {Kind: "sack", Args: []string{"1:101"}}},
	{{Kind: "unknown-253", Args: []string{`"0102"`}}},
}

func TestFrameIsWhatWasBuilt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		src, dst := anyEnds(t)
		want := anySegment(t, src, dst)
		data, err := buildTCP(clientMAC, serverMAC, src, dst, want)
		if err != nil {
			t.Fatal(err)
		}
		f := newFrame(7, time.Unix(1, 2), data)
		if !f.IsTCP || f.Src != src || f.Dst != dst || f.N != 7 || f.Time.UnixNano() != 1e9+2 {
			t.Fatalf("decoded frame %d of %v: TCP %v, %v > %v", f.N, f.Time, f.IsTCP, f.Src, f.Dst)
		}
		if diff := cmp.Diff(want, f.Segment, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("decoded (+) is not what was built (-):\n%s", diff)
		}
	})
}

// gopacket is another pair of eyes, on fields as on checksums.
func TestGopacketReadsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		src, dst := anyEnds(t)
		want := anySegment(t, src, dst)
		data, err := buildTCP(clientMAC, serverMAC, src, dst, want)
		if err != nil {
			t.Fatal(err)
		}
		p := gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.Default)
		if p.ErrorLayer() != nil {
			t.Fatal(p.ErrorLayer().Error())
		}
		tcp := p.TransportLayer().(*layers.TCP)
		sum := tcp.Checksum
		rebuilt := gopacket.NewSerializeBuffer()
		options := gopacket.SerializeOptions{ComputeChecksums: true, FixLengths: true}
		tcp.SetNetworkLayerForChecksum(p.NetworkLayer())
		if err := gopacket.SerializeLayers(rebuilt, options, p.LinkLayer().(gopacket.SerializableLayer),
			p.NetworkLayer().(gopacket.SerializableLayer), tcp, gopacket.Payload(tcp.Payload)); err != nil {
			t.Fatal(err)
		}
		if want.BadSum {
			if tcp.Checksum == sum {
				t.Error("the checksum is right, wanted a wrong one")
			}
		} else if !bytes.HasPrefix(rebuilt.Bytes(), data) { // gopacket pads short frames
			t.Errorf("gopacket builds\n%x, we built\n%x", rebuilt.Bytes(), data)
		}
		if tcp.Seq != want.Seq.Start || tcp.Ack != want.Ack.N || uint32(tcp.Window) != *want.Win || string(tcp.Payload) != *want.Payload {
			t.Errorf("gopacket reads seq %d ack %d win %d and %d bytes of %+v", tcp.Seq, tcp.Ack, tcp.Window, len(tcp.Payload), want)
		}
	})
}

// serialize builds a frame of layers with gopacket.
func serialize(t *testing.T, ls ...gopacket.SerializableLayer) []byte {
	t.Helper()
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{ComputeChecksums: true, FixLengths: true}, ls...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func ether(typ layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: clientMAC[:], DstMAC: serverMAC[:], EthernetType: typ}
}

func TestFrameBehindExtensionHeaders(t *testing.T) {
	t.Parallel()
	ip := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolIPv6HopByHop, SrcIP: client6.Addr().AsSlice(), DstIP: server6.Addr().AsSlice()}
	tcp := &layers.TCP{SrcPort: 40001, DstPort: 80, Seq: 5, RST: true}
	tcp.SetNetworkLayerForChecksum(ip)
	hop := []byte{unix.IPPROTO_FRAGMENT, 0, 1, 4, 0, 0, 0, 0}         // padding of 4
	fragment := []byte{unix.IPPROTO_TCP, 0, 0, 0, 0, 0, 0, 1}         // the only one (RFC 6946)
	first := append(append([]byte{}, fragment[:3]...), 1, 0, 0, 0, 1) // more follow
	whole := serialize(t, tcp)
	for name, c := range map[string]struct {
		extensions []byte
		isTCP      bool
	}{
		"hop by hop and an atomic fragment": {append(append([]byte{}, hop...), fragment...), true},
		"first fragment":                    {append(append([]byte{}, hop...), first...), false},
		"cut":                               {hop[:4], false},
	} {
		data := serialize(t, ether(layers.EthernetTypeIPv6), ip, gopacket.Payload(append(append([]byte{}, c.extensions...), whole...)))
		f := newFrame(1, time.Time{}, data)
		if f.IsTCP != c.isTCP {
			t.Errorf("%s: TCP %v", name, f.IsTCP)
		}
		if c.isTCP && (f.Src != client6 || f.Dst != server6 || f.Segment.Seq.Start != 5 || f.Segment.BadSum) {
			t.Errorf("%s: %v > %v %v", name, f.Src, f.Dst, f.Segment)
		}
	}
}

func TestFrameThatIsNone(t *testing.T) {
	t.Parallel()
	good, err := buildTCP(clientMAC, serverMAC, client4, server4, segment.Segment{Flags: segment.SYN})
	if err != nil {
		t.Fatal(err)
	}
	change := func(offset int, value byte) []byte {
		b := bytes.Clone(good)
		b[offset] = value
		return b
	}
	for name, data := range map[string][]byte{
		"empty":                          {},
		"a marker":                       marker{}.frame(clientMAC),
		"cut in the TCP header":          good[:etherLen+ipv4Len+10],
		"a later fragment":               change(etherLen+7, 1),
		"a first fragment":               change(etherLen+6, 0x20),
		"a header shorter than possible": change(etherLen, 0x44),
		"a data offset of 16":            change(etherLen+ipv4Len+12, 0x40),
		"a data offset beyond the end":   change(etherLen+ipv4Len+12, 0xF0),
		"another version":                change(etherLen, 0x65),
	} {
		if f := newFrame(1, time.Time{}, data); f.IsTCP || f.Src.IsValid() {
			t.Errorf("%s: decoded as %v > %v", name, f.Src, f.Dst)
		}
	}
	padded := newFrame(1, time.Time{}, append(bytes.Clone(good), 0, 0, 0, 0, 0, 0))
	if !padded.IsTCP || *padded.Segment.Length != 0 || padded.Segment.BadSum {
		t.Errorf("padding is taken for payload: %v", padded.Segment)
	}
}

// The frames of ICMP errors as another builder makes them.
func TestFrameOfICMPError(t *testing.T) {
	t.Parallel()
	router := netip.MustParseAddr("198.51.100.9")
	for _, c := range []struct {
		from     netip.Addr
		src, dst string // of the segment
	}{
		{server4.Addr(), "192.0.2.2.80", "192.0.2.1.40001"},
		{router, "198.51.100.9", "192.0.2.1.40001"},
	} {
		quoted, err := buildTCP(clientMAC, serverMAC, client4, server4, segment.Segment{Flags: segment.SYN})
		if err != nil {
			t.Fatal(err)
		}
		ip := &layers.IPv4{Version: 4, TTL: 61, Id: 9, Protocol: layers.IPProtocolICMPv4, SrcIP: c.from.AsSlice(), DstIP: client4.Addr().AsSlice()}
		icmp := &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(3, 3)}
		data := serialize(t, ether(layers.EthernetTypeIPv4), ip, icmp, gopacket.Payload(quoted[etherLen:etherLen+28]))
		f := newFrame(1, time.Time{}, data)
		if f.IsTCP || f.Src != client4 || f.Dst != server4 {
			t.Errorf("quotes %v > %v, TCP %v", f.Src, f.Dst, f.IsTCP)
		}
		if got, want := f.Segment.String(), c.src+" > "+c.dst+": icmp port-unreachable ttl=61 id=9 df=no tos=0"; got != want {
			t.Errorf("segment\n  got %s\n want %s", got, want)
		}
	}
}

func TestBuiltICMPErrorIsRight(t *testing.T) {
	t.Parallel()
	for _, ends := range [][2]netip.AddrPort{{client4, server4}, {client6, server6}} {
		payload := string(make([]byte, 1400))
		quoted, err := buildTCP(clientMAC, serverMAC, ends[0], ends[1], segment.Segment{Payload: &payload})
		if err != nil {
			t.Fatal(err)
		}
		s := segment.Segment{ICMP: "port-unreachable"}
		s.TTL = new(uint8(33))
		data, err := buildICMP(serverMAC, clientMAC, ends[1].Addr(), ends[0].Addr(), s, quoted[etherLen:])
		if err != nil {
			t.Fatal(err)
		}
		p := gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.Default)
		h, _ := parseIP(data[etherLen:])
		sum := h.checksum()
		if !h.v6 {
			sum = ^inet.Fold(inet.Sum(h.payload()))
		}
		if p.ErrorLayer() != nil || sum != 0 {
			t.Errorf("gopacket says %v; checksum is off by %#x", p.ErrorLayer(), sum)
		}
		if most := map[bool]int{false: 576, true: 1280}[h.v6]; len(data)-etherLen != most {
			t.Errorf("a packet of %d bytes, want %d", len(data)-etherLen, most)
		}
		if f := newFrame(1, time.Time{}, data); f.Segment.ICMP != "port-unreachable" || f.Src != ends[0] || *f.Segment.TTL != 33 {
			t.Errorf("decoded as %v of %v", f.Segment, f.Src)
		}
	}
	if _, err := buildICMP(serverMAC, clientMAC, server6.Addr(), client6.Addr(), segment.Segment{ICMP: "frag-needed"}, nil); err == nil {
		t.Error("IPv6 has no frag-needed, but it was built")
	}
}

func TestBuildRefusesWhatNoHeaderHolds(t *testing.T) {
	t.Parallel()
	long := segment.Option{Kind: "unknown-253", Args: []string{`"` + strings.Repeat("00", 39) + `"`}}
	for name, c := range map[string]struct {
		dst netip.AddrPort
		s   segment.Segment
	}{
		"a window of 65536":   {server4, segment.Segment{Win: new(uint32(65536))}},
		"options of 41 bytes": {server4, segment.Segment{Options: []segment.Option{long}}},
		"an unknown option":   {server4, segment.Segment{Options: []segment.Option{{Kind: "window"}}}},
		"two families":        {server6, segment.Segment{}},
		"64 kB of payload":    {server4, segment.Segment{Payload: new(strings.Repeat("x", 65500))}},
	} {
		if data, err := buildTCP(clientMAC, serverMAC, client4, c.dst, c.s); err == nil {
			t.Errorf("%s: built %d bytes", name, len(data))
		}
	}
}

func TestAnswersWhoAsksForItsAddress(t *testing.T) {
	t.Parallel()
	addrs := []netip.Addr{server4.Addr(), server6.Addr()}
	ask := &layers.ARP{
		AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4, Operation: layers.ARPRequest,
		SourceHwAddress: clientMAC[:], SourceProtAddress: client4.Addr().AsSlice(),
		DstHwAddress: make([]byte, 6), DstProtAddress: server4.Addr().AsSlice(),
	}
	reply := gopacket.NewPacket(answerARP(serialize(t, ether(layers.EthernetTypeARP), ask), serverMAC, addrs), layers.LayerTypeEthernet, gopacket.Default)
	arp, ok := reply.Layer(layers.LayerTypeARP).(*layers.ARP)
	if !ok || arp.Operation != layers.ARPReply || !bytes.Equal(arp.SourceHwAddress, serverMAC[:]) || !bytes.Equal(arp.SourceProtAddress, server4.Addr().AsSlice()) ||
		!bytes.Equal(arp.DstHwAddress, clientMAC[:]) || !bytes.Equal(arp.DstProtAddress, client4.Addr().AsSlice()) {
		t.Errorf("ARP is answered with %v", reply)
	}
	ask.DstProtAddress = net.IP{192, 0, 2, 3}
	if answerARP(serialize(t, ether(layers.EthernetTypeARP), ask), serverMAC, addrs) != nil {
		t.Error("answers ARP for another's address")
	}
	ask.DstProtAddress, ask.Operation = server4.Addr().AsSlice(), layers.ARPReply
	if answerARP(serialize(t, ether(layers.EthernetTypeARP), ask), serverMAC, addrs) != nil {
		t.Error("answers an ARP reply")
	}
}

func FuzzNewFrame(f *testing.F) {
	for _, ends := range [][2]netip.AddrPort{{client4, server4}, {client6, server6}} {
		data, err := buildTCP(clientMAC, serverMAC, ends[0], ends[1], segment.Segment{Flags: segment.SYN, Options: someOptions[2], Payload: new("x")})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		data, err = buildICMP(serverMAC, clientMAC, ends[1].Addr(), ends[0].Addr(), segment.Segment{ICMP: "port-unreachable"}, data[etherLen:])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		frame := newFrame(1, time.Time{}, data)
		answerARP(data, serverMAC, []netip.Addr{server4.Addr()})
		answerNeighbour(data, serverMAC, []netip.Addr{server6.Addr()})
		if !frame.Src.IsValid() {
			return
		}
		c := change{Rewrite: Rewrite{Seq: &segment.Seq{Start: 7}, Options: someOptions[1], Payload: new("new"), Src: &segment.Endpoint{Port: 9}}}
		c.TTL, c.TOS, c.ID, c.DF, c.Flow = new(uint8(3)), new(uint8(4)), new(uint16(5)), new(true), new(uint32(6))
		p := c.apply(packet{frame: frame})
		if !bytes.Equal(data, before) {
			t.Fatal("the frame itself was changed")
		}
		if *p.frame.Segment.TTL != 3 || p.frame.IsTCP != frame.IsTCP {
			t.Fatalf("rewritten to %v", p.frame.Segment)
		}
		if p.frame.IsTCP && (p.frame.Segment.Seq.Start != 7 || *p.frame.Segment.Payload != "new" || p.frame.Src.Port() != 9 || p.frame.Segment.BadSum) {
			t.Fatalf("rewritten to %v", p.frame.Segment)
		}
	})
}
