package flow

import (
	"testing"

	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

// Connections that are forgotten for want of room are counted, those that were
// over and beyond the look-back are not: nothing more of them was to come, and
// beyond minPasts they take no room.
func TestForgotten(t *testing.T) {
	for _, tc := range []struct {
		name  string
		flags segment.Flags // of the only segment of each
		apart int64         // nanoseconds
		want  int
		kept  int
	}{
		{"open", segment.SYN, 10e6, 1000, maxPasts},
		{"over, a while ago", segment.RST, 10e6, 0, minPasts},
		{"over, some a while ago", segment.RST, 3e6, 0, 80000/pastsInPage*pastsInPage + 2*pastsInPage},
		{"over, just now", segment.RST, 1e6, 1000, maxPasts},
	} {
		t.Run(tc.name, func(t *testing.T) {
			const room = 16
			table := Table{MaxConns: room}
			var p Packet
			var o Opening
			var st Step
			for i := range maxPasts + room + 1000 {
				in := packet.Info{Kind: packet.TCP, Src: [16]byte{0: byte(i >> 16), 15: 1}, Dst: [16]byte{15: 2}, SrcPort: uint16(i), DstPort: 80, Flags: tc.flags, TCPOptions: packet.TCPOptions{WScale: -1}}
				p.Read(&o, uint32(i+1), int64(i)*tc.apart, &in)
				table.Find(&p, &o, func() *packet.Info { return &in }, &st)
				table.Apply(&st)
			}
			if table.Forgotten != tc.want {
				t.Fatalf("%d forgotten, want %d", table.Forgotten, tc.want)
			}
			if kept := len(table.pasts.pages) * pastsInPage; kept != tc.kept {
				t.Fatalf("room for %d, want %d", kept, tc.kept)
			}
		})
	}
}
