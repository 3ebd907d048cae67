package flow

import (
	"testing"

	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
)

// FuzzReadFrame shows that ReadFrame comes to the same as decoding, with any
// frame that it takes.
func FuzzReadFrame(f *testing.F) {
	frame := func(kind uint16, ip []byte, tcp ...byte) []byte {
		b := append([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, byte(kind >> 8), byte(kind)}, ip...)
		return append(b, tcp...)
	}
	v4 := []byte{0x45, 4, 0, 53, 1, 2, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2}
	v6 := append([]byte{0x61, 0x23, 0x45, 0x67, 0, 33, 6, 60}, make([]byte, 32)...)
	tcp := []byte{0x30, 0x39, 0, 80, 1, 2, 3, 4, 5, 6, 7, 8, 0x80, 0x18, 1, 0xf5, 0, 0, 0, 0, 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 'x'}
	bare := []byte{0x30, 0x39, 0x30, 0x39, 1, 2, 3, 4, 5, 6, 7, 8, 0x50, 0x10, 1, 0xf5, 0, 0, 0, 0}
	reset := []byte{0x30, 0x39, 0, 80, 1, 2, 3, 4, 0, 0, 0, 0, 0x50, 4, 0, 0, 0, 0, 0, 0}
	syn := []byte{0x30, 0x39, 0, 80, 1, 2, 3, 4, 0, 0, 0, 0, 0x80, 2, 1, 0xf5, 0, 0, 0, 0, 2, 4, 5, 0xb4, 4, 2, 1, 3, 3, 7, 1, 1, 'x'}
	join := []byte{0x30, 0x39, 0, 80, 1, 2, 3, 4, 0, 0, 0, 0, 0x81, 0xc2, 1, 0xf5, 0, 0, 0, 0, 30, 12, 0x10, 1, 0, 0, 0, 1, 0, 0, 0, 2, 'x'}
	f.Add(frame(0x0800, v4, append(reset, make([]byte, 13)...)...), uint16(0), uint8(0))
	f.Add(frame(0x0800, v4, syn...), uint16(0), uint8(0))
	f.Add(frame(0x86dd, v6, join...), uint16(0), uint8(0))
	f.Add(frame(0x0800, v4, tcp...), uint16(0), uint8(1))
	f.Add(frame(0x86dd, v6, tcp...), uint16(9), uint8(2))
	f.Add(frame(0x0800, v4, append(bare, make([]byte, 13)...)...), uint16(0), uint8(0))
	f.Add(frame(0x86dd, v6, append(bare, make([]byte, 13)...)...), uint16(0), uint8(0))
	f.Fuzz(func(t *testing.T, b []byte, more uint16, direction uint8) {
		p := pcapng.Packet{Frame: 7, Time: 9, Data: b, OrigLen: len(b) + int(more), LinkType: pcapng.LinkEthernet, Direction: pcapng.Direction(direction % 3)}
		var got, want Packet
		var opening, wanted Opening
		var in packet.Info
		var d packet.Decoder
		if !got.ReadFrame(&opening, &p) {
			return
		}
		d.Decode(&p, &in)
		want.Read(&wanted, 7, 9, &in)
		if got != want || opening != wanted {
			t.Errorf("%x\n%+v, %+v, want\n%+v, %+v", b, got, opening, want, wanted)
		}
	})
}
