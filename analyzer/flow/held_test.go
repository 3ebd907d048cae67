package flow

import (
	"testing"

	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

// Of a connection that leaves while a reset waits for its verdict, the memory is
// not used again before that is given.
func TestHeld(t *testing.T) {
	var table Table
	var p Packet
	var o Opening
	var st Step
	frame := uint32(0)
	begin := func(port uint16) *Entry {
		frame++
		in := packet.Info{Kind: packet.TCP, Src: [16]byte{15: 1}, Dst: [16]byte{15: 2}, SrcPort: port, DstPort: 80, Flags: segment.SYN, Seq: frame << 20, TCPOptions: packet.TCPOptions{WScale: -1}}
		p.Read(&o, frame, int64(frame)*1e9, &in)
		table.Find(&p, &o, func() *packet.Info { return &in }, &st)
		table.Apply(&st)
		return st.Entry
	}
	first := begin(1000)
	first.Pending = 1
	for _, port := range []uint16{1000, 1001} {
		if begin(port) == first {
			t.Fatalf("the memory that is waited for is that of the connection of port %d", port)
		}
	}
	first.Pending = 0
	if begin(1002) != first {
		t.Fatal("the memory is not used again, once nobody waits")
	}
}
