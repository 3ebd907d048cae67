package flow

import (
	"testing"

	"pgregory.net/rapid"

	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

// The table finds what was put and not removed, whatever the order, also when
// connections leave it and come back.
func TestTableFindsAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := Table{MaxConns: rapid.IntRange(1, 8).Draw(t, "room")}
		ids := map[uint16]int{}
		var st Step
		var next Packet
		var opening Opening
		for frame, port := range rapid.SliceOfN(rapid.Uint16Range(1, 30), 1, 200).Draw(t, "ports") {
			in := packet.Info{Kind: packet.TCP, Src: [16]byte{15: 1}, Dst: [16]byte{15: 2}, SrcPort: port, DstPort: 80, Flags: segment.SYN, TCPOptions: packet.TCPOptions{WScale: -1}}
			next.Read(&opening, uint32(frame+1), int64(frame)*1e9, &in)
			table.Find(&next, &opening, func() *packet.Info { return &in }, &st)
			table.Apply(&st)
			id, known := ids[port]
			if !known {
				ids[port] = st.Conn.ID
			} else if id != st.Conn.ID {
				t.Fatalf("port %d was connection %d, now %d", port, id, st.Conn.ID)
			}
			if st.Conn.Key.Port(st.Conn.Orig) != port || table.live() > table.MaxConns || table.byKey.used+table.pastByKey.used != table.Count {
				t.Fatalf("connection of port %d: %v; %d live, %d of %d indexed", port, st.Conn.Key, table.live(), table.byKey.used+table.pastByKey.used, table.Count)
			}
		}
	})
}
