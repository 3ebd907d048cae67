package packet_test

import (
	"testing"

	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

// TestDecodeICMPErrors reads errors of a router about the client's segment.
func TestDecodeICMPErrors(t *testing.T) {
	four := func(kind, code byte, rest uint32, quote []byte) []byte {
		return ip(outerA4, client4, 1, cat([]byte{kind, code, 0, 0}, be32(rest), quote))
	}
	six := func(kind, code byte, rest uint32, quote []byte) []byte {
		return ip(outerA6, client6, 58, cat([]byte{kind, code, 0, 0}, be32(rest), quote))
	}
	const all = packet.CutFlags | packet.CutWindow | packet.CutOptions | packet.CutPayload
	for _, c := range []struct {
		name  string
		frame []byte
		v6    bool
		want  packet.ICMP
		cut   packet.Cut
	}{
		{"port unreachable", four(3, 3, 0, hello4()), false, packet.ICMP{Type: 3, Code: 3}, 0},
		{"eight bytes quoted", four(3, 1, 0, hello4()[:28]), false, packet.ICMP{Type: 3, Code: 1}, all},
		{"thirteen bytes quoted", four(3, 1, 0, hello4()[:33]), false, packet.ICMP{Type: 3, Code: 1}, all},
		{"twenty bytes quoted", four(3, 13, 0, hello4()[:40]), false, packet.ICMP{Type: 3, Code: 13}, packet.CutOptions | packet.CutPayload},
		{"fragmentation needed", four(3, 4, 1400, hello4()), false, packet.ICMP{Type: 3, Code: 4, MTU: 1400}, 0},
		{"time exceeded", four(11, 0, 0, hello4()), false, packet.ICMP{Type: 11}, 0},
		{"parameter problem", four(12, 0, 0, hello4()), false, packet.ICMP{Type: 12}, 0},
		{"source quench", four(4, 0, 0, hello4()), false, packet.ICMP{Type: 4}, 0},
		{"no route", six(1, 0, 0, hello6()), true, packet.ICMP{Type: 1}, 0},
		{"administratively prohibited", six(1, 1, 0, hello6()[:48]), true, packet.ICMP{Type: 1, Code: 1}, all},
		{"packet too big", six(2, 0, 1280, hello6()), true, packet.ICMP{Type: 2, MTU: 1280}, 0},
		{"hop limit", six(3, 0, 0, hello6()), true, packet.ICMP{Type: 3}, 0},
		{"unknown header", six(4, 1, 6, hello6()), true, packet.ICMP{Type: 4, Code: 1}, 0},
		{"in a VLAN", nil, false, packet.ICMP{Type: 3, Code: 3}, 0},
	} {
		info := decode(101, c.frame)
		if c.frame == nil {
			info = decode(1, eth(0x8100, tag(10, 0x0800, four(3, 3, 0, hello4()))))
		}
		if info.Kind != packet.ICMPError {
			t.Errorf("%s: kind %d, %v", c.name, info.Kind, info.What)
			continue
		}
		src, dst, reporter := client4, server4, outerA4
		if c.v6 {
			src, dst, reporter = client6, server6, outerA6
		}
		if info.Source().Addr() != src || info.Destination().Addr() != dst || info.SrcPort != 40000 || info.DstPort != 445 || info.Seq != hello.seq {
			t.Errorf("%s: about %v > %v seq %d", c.name, info.Source(), info.Destination(), info.Seq)
		}
		if info.Reporter() != reporter || info.ICMP.TTL != 61 || info.ICMP.Type != c.want.Type || info.ICMP.Code != c.want.Code || info.ICMP.MTU != c.want.MTU {
			t.Errorf("%s: from %v, %+v", c.name, info.Reporter(), info.ICMP)
		}
		if info.Cut != c.cut || info.PayloadLen < 5 {
			t.Errorf("%s: cut %b, want %b; payload of %d", c.name, info.Cut, c.cut, info.PayloadLen)
		}
		if c.cut&packet.CutFlags == 0 && (info.Ack != 77 || info.Flags != segment.PSH|segment.ACK) {
			t.Errorf("%s: flags %v ack %d", c.name, info.Flags, info.Ack)
		}
		if info.Checksum() != packet.SumUnknown {
			t.Errorf("%s: checksum %v of a quote", c.name, info.Checksum())
		}
	}
}
