package packet_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"rstlab/analyzer/packet"
)

// firstLayers are the link types that gopacket decodes as we do.
var firstLayers = map[uint16]gopacket.Decoder{
	0: layers.LayerTypeLoopback, 1: layers.LayerTypeEthernet, 9: layers.LayerTypePPP, 101: layers.LinkTypeRaw, 105: layers.LayerTypeDot11,
	108: layers.LayerTypeLoopback, 113: layers.LayerTypeLinuxSLL, 127: layers.LayerTypeRadioTap, 228: layers.LayerTypeIPv4, 229: layers.LayerTypeIPv6, 276: layers.LayerTypeLinuxSLL2,
}

// other is what gopacket says of a frame's innermost TCP segment.
type other struct {
	tcp      *layers.TCP
	src, dst netip.Addr
	ttl, tos uint8
	id       uint16
	v6       bool
}

// gopacketDecode gives gopacket's view, or false where it has none: no TCP, a
// layer that failed, an IP fragment, a version that it does not look at.
func gopacketDecode(link uint16, frame []byte) (o other, ok bool) {
	first, known := firstLayers[link]
	if !known {
		return o, false
	}
	defer func() {
		if recover() != nil { // gopacket's trouble, not ours
			ok = false
		}
	}()
	p := gopacket.NewPacket(frame, first, gopacket.Default) // of a copy: it moves the padding of 802.11
	if p.ErrorLayer() != nil || p.Layer(gopacket.LayerTypeFragment) != nil || p.Metadata().Truncated {
		return o, false
	}
	for _, l := range p.Layers() {
		switch l := l.(type) {
		case *layers.IPv4:
			if l.Version != 4 {
				return o, false
			}
			o.src, o.dst = addr(l.SrcIP), addr(l.DstIP)
			o.ttl, o.tos, o.id, o.v6 = l.TTL, l.TOS, l.Id, false
		case *layers.IPv6:
			if l.Version != 6 {
				return o, false
			}
			o.src, o.dst = addr(l.SrcIP), addr(l.DstIP)
			o.ttl, o.tos, o.v6 = l.HopLimit, l.TrafficClass, true
		case *layers.Ethernet:
			if l.EthernetType == layers.EthernetTypePPPoEDiscovery { // which it takes for a session
				return o, false
			}
		case *layers.LLC:
			if l.Control != 3 || l.SSAP != 0xaa || l.CR { // a response is no SNAP
				return o, false
			}
		case *layers.SNAP:
			if !bytes.Equal(l.OrganizationalCode, []byte{0, 0, 0}) {
				return o, false
			}
		case *layers.PPPoE:
			if l.Version != 1 || l.Type != 1 || l.Code != 0 {
				return o, false
			}
		case *layers.VXLAN:
			if !l.ValidIDFlag {
				return o, false
			}
		case *layers.Geneve:
			if l.Version != 0 {
				return o, false
			}
		case *layers.GTPv1U:
			if l.Version != 1 || l.ProtocolType != 1 {
				return o, false
			}
		case *layers.GRE:
			if l.Version > 1 || l.Protocol == layers.EthernetTypeERSPAN && !l.SeqPresent { // ERSPAN I, which it takes for II
				return o, false
			}
		case *layers.TCP:
			o.tcp = l
		case *layers.ICMPv4, *layers.ICMPv6:
			return o, false
		}
	}
	return o, o.tcp != nil
}

func addr(b []byte) netip.Addr {
	a, _ := netip.AddrFromSlice(b)
	return a
}

// differs says where the two views of a segment differ; "" where they do not.
func (o other) differs(info *packet.Info) string {
	t := o.tcp
	flags := uint16(0)
	for i, f := range []bool{t.FIN, t.SYN, t.RST, t.PSH, t.ACK, t.URG, t.ECE, t.CWR, t.NS} {
		if f {
			flags |= 1 << i
		}
	}
	ours := uint16(info.Flags)
	if info.AE {
		ours |= 1 << 8
	}
	for _, c := range []struct {
		what      string
		ours, his any
	}{
		{"kind", info.Kind, packet.TCP},
		{"source", info.Source(), netip.AddrPortFrom(o.src, uint16(t.SrcPort))},
		{"destination", info.Destination(), netip.AddrPortFrom(o.dst, uint16(t.DstPort))},
		{"seq", info.Seq, t.Seq}, {"ack", info.Ack, t.Ack}, {"flags", ours, flags},
		{"window", info.Window, t.Window}, {"urgent", info.Urgent, t.Urgent}, {"sum", info.Sum, t.Checksum},
		{"ttl", info.TTL, o.ttl}, {"tos", info.TOS, o.tos}, {"v6", info.V6, o.v6},
		{"payload", string(info.Payload), string(t.Payload)}, {"payload length", int(info.PayloadLen), len(t.Payload)},
		{"header", string(info.Header), string(t.Contents)},
	} {
		if c.ours != c.his {
			return fmt.Sprintf("%s: %v, gopacket says %v", c.what, c.ours, c.his)
		}
	}
	if !o.v6 && info.ID != uint32(o.id) {
		return fmt.Sprintf("ID: %d, gopacket says %d", info.ID, o.id)
	}
	var want packet.Info // of the options: of one that comes twice the last counts
	want.WScale = -1
	sacks := 0
	for _, opt := range t.Options {
		switch v := opt.OptionData; {
		case opt.OptionType == layers.TCPOptionKindMSS && len(v) == 2:
			want.MSS = uint16(v[0])<<8 | uint16(v[1])
		case opt.OptionType == layers.TCPOptionKindWindowScale && len(v) == 1:
			want.WScale = int8(min(v[0], 14))
		case opt.OptionType == layers.TCPOptionKindSACKPermitted && len(v) == 0:
			want.SACKPermitted = true
		case opt.OptionType == layers.TCPOptionKindTimestamps && len(v) == 8:
			want.TSVal, want.TSEcr = binary.BigEndian.Uint32(v), binary.BigEndian.Uint32(v[4:])
		case opt.OptionType == layers.TCPOptionKindSACK && len(v)%8 == 0:
			sacks += len(v) / 8
		}
	}
	if bytes.IndexByte(info.Options(), 30) >= 0 {
		return "" // it gives all options up for an MPTCP option that it does not like
	}
	if info.MSS != want.MSS || info.WScale != want.WScale || info.SACKPermitted != want.SACKPermitted ||
		info.TSVal != want.TSVal || info.TSEcr != want.TSEcr || int(info.NSACK) != min(sacks, 4) {
		return fmt.Sprintf("options %+v, gopacket says %v", info, t.Options)
	}
	return ""
}

// randomSegment makes any valid segment with options that come once.
func randomSegment(r *rand.Rand) seg {
	s := seg{
		src: uint16(r.Uint32()), dst: uint16(r.Uint32()), seq: r.Uint32(), ack: r.Uint32(),
		flags: byte(r.Uint32()), window: uint16(r.Uint32()), urgent: uint16(r.Uint32()),
		payload: string(randomBytes(r, r.IntN(40))),
	}
	all := [][]byte{
		cat([]byte{2, 4}, randomBytes(r, 2)), {3, 3, byte(r.Uint32())}, {4, 2}, cat([]byte{8, 10}, randomBytes(r, 8)),
		cat([]byte{5, 10}, randomBytes(r, 8)), {1}, {1, 1}, cat([]byte{253, 6}, randomBytes(r, 4)),
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	s.options = cat(all[:r.IntN(len(all))]...)
	for len(s.options)%4 != 0 {
		s.options = append(s.options, 0)
	}
	s.offset = byte(20+len(s.options))<<2 | byte(r.IntN(2))
	return s
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// TestDecodeAsGopacket compares both decoders on random segments in every link
// and tunnel that gopacket knows, whole and damaged.
func TestDecodeAsGopacket(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	whole, damaged := map[string]int{}, 0
	for range 100 {
		for _, w := range wrap(randomSegment(r)) {
			if o, ok := gopacketDecode(w.link, w.frame); ok {
				whole[w.name]++
				info := decode(w.link, w.frame)
				if d := o.differs(&info); d != "" {
					t.Errorf("%s: %s\n% x", w.name, d, w.frame)
				}
			}
			if w.link == 105 || w.link == 127 { // it knows no aggregation, which one bit announces
				continue
			}
			for range 10 {
				frame := bytes.Clone(w.frame)
				for range 1 + r.IntN(3) {
					frame[r.IntN(len(frame))] = byte(r.Uint32())
				}
				if o, ok := gopacketDecode(w.link, frame); ok {
					damaged++
					info := decode(w.link, frame)
					if d := o.differs(&info); d != "" {
						t.Errorf("%s, damaged: %s\n% x", w.name, d, frame)
					}
				}
			}
		}
		if t.Failed() {
			return
		}
	}
	if len(whole) < 40 || damaged < 10_000 {
		t.Errorf("only %d kinds of frames and %d damaged ones were compared", len(whole), damaged)
	}
	for _, w := range wrappings() {
		if whole[w.name] == 0 {
			t.Logf("gopacket does not decode: %s", w.name)
		}
	}
}
