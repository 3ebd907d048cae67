package packet_test

import (
	"testing"

	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
)

func TestDecodeDoesNotAllocate(t *testing.T) {
	var d packet.Decoder
	var info packet.Info
	for _, w := range wrappings() {
		p := &pcapng.Packet{LinkType: w.link, Data: w.frame, OrigLen: len(w.frame)}
		if n := testing.AllocsPerRun(100, func() {
			d.Decode(p, &info)
			info.Checksum()
			info.Tunnel.Key()
		}); n > 0 {
			t.Errorf("%s: %v allocations", w.name, n)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, w := range wrappings() {
		switch w.name {
		case "Ethernet, IPv4", "Ethernet, IPv6", "SLL2", "VXLAN":
			b.Run(w.name, func(b *testing.B) {
				var d packet.Decoder
				var info packet.Info
				p := &pcapng.Packet{LinkType: w.link, Data: w.frame, OrigLen: len(w.frame)}
				for b.Loop() {
					d.Decode(p, &info)
				}
			})
		}
	}
}
