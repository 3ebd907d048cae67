package flow

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

// A talk makes segments of a few connections, most of them as a stack would
// send them, so that many are plain and any can follow upon them.
type talk struct {
	*rapid.T
	nxt [4][2]uint32
	ack [4][2]uint32
	now int64
	odd int // one of so many segments has a certain oddity
}

// next makes a segment.
func (t *talk) next() packet.Info {
	conn, from := rapid.IntRange(0, len(t.nxt)-1).Draw(t.T, "conn"), rapid.IntRange(0, 1).Draw(t.T, "from")
	draw := func(of int) bool { return rapid.IntRange(0, of).Draw(t.T, "odd") == of } // not 0, which rapid likes best
	in := packet.Info{
		Kind: packet.TCP, TCPOptions: packet.TCPOptions{WScale: -1}, TTL: 64, Window: 500, HasID: true, ID: uint32(t.now / 1e6), HasMAC: true, SrcMAC: [6]byte{0, byte(from)},
		Src: [16]byte{15: byte(1 + from)}, Dst: [16]byte{15: byte(2 - from)},
		Seq: t.nxt[conn][from], Ack: t.nxt[conn][1-from], Flags: segment.ACK,
	}
	if from == 0 {
		in.SrcPort, in.DstPort = 80, uint16(1000+conn)
	} else {
		in.SrcPort, in.DstPort = uint16(1000+conn), 80
	}
	first := t.nxt[conn][from] == 0 && !draw(5)
	switch what := rapid.IntRange(0, 9).Draw(t.T, "what"); {
	case first && t.nxt[conn][1-from] == 0 || draw(t.odd):
		in.Flags, in.MSS, in.HasMSS, in.HasTS = segment.SYN, 1460, true, true
		t.nxt[conn][from]++
	case first || draw(t.odd):
		in.Flags, in.WScale = segment.SYN|segment.ACK, 7
		t.nxt[conn][from]++
	case what == 0 && draw(3):
		in.Flags |= segment.FIN
		t.nxt[conn][from]++
	case what < 5, t.ack[conn][from] == in.Ack && !draw(t.odd):
		in.PayloadLen = rapid.Uint32Range(1, 3).Draw(t.T, "length")
		t.nxt[conn][from] += in.PayloadLen
	}
	t.ack[conn][from] = in.Ack
	if draw(2) {
		in.HasTS, in.TSVal, in.TSEcr = true, uint32(t.now/1e6), 1
	}
	for _, odd := range []func(){
		func() { in.Flags |= segment.RST },
		func() { in.Seq-- },
		func() { in.Seq += rapid.Uint32Range(0, 1<<20).Draw(t.T, "ahead") },
		func() { in.Ack += 7 },
		func() { in.Ack-- },
		func() { in.Window = 0 },
		func() { in.TTL = 60 },
		func() { in.ID = 0 },
		func() { in.SrcMAC[0] = 2 },
		func() { in.HasMAC = false },
		func() { in.TSVal -= 1 << 20 },
		func() { in.Cut = packet.CutPayload },
		func() { in.Flags &^= segment.ACK },
		func() { in.MPTCP.Subtypes = 1 },
		func() { t.now -= 3e6 },
	} {
		if draw(t.odd) {
			odd()
		}
	}
	t.now += rapid.SampledFrom([]int64{0, 1e3, 1e6, 1e6, 40e6, 300e6, 2e9}).Draw(t.T, "later")
	return in
}

// Packets that are taken as plain ones leave the same behind as if each had been
// brought into the account as it came: accounts, hosts, and what is kept of
// connections that leave.
func TestPlainIsTheSame(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		room := rapid.SampledFrom([]int{2, 100}).Draw(r, "room")
		talk := talk{T: r, now: 1e18, odd: rapid.SampledFrom([]int{20, 100, 2000}).Draw(r, "odd")}
		var ends [2][]string
		var tables [2]Table
		for i := range tables {
			tables[i].MaxConns = room
			tables[i].Ended = func(_ *Entry, x *End) { ends[i] = append(ends[i], fmt.Sprintf("%+v", *x)) }
		}
		for frame := range rapid.IntRange(1, 120).Draw(r, "packets") {
			in := talk.next()
			var steps [2]Step
			var packets [2]Packet
			var openings [2]Opening
			for i := range tables {
				packets[i].Read(&openings[i], uint32(frame+1), talk.now, &in)
				if i == 0 && tables[i].Plain(&packets[i], &openings[i], &steps[i]) {
					continue
				}
				tables[i].Find(&packets[i], &openings[i], func() *packet.Info { return &in }, &steps[i])
				tables[i].Apply(&steps[i])
			}
			a, b := steps[0].Entry, steps[1].Entry
			x, _ := a.Turn()
			y, _ := b.Turn()
			if x != y || a.ID != b.ID || a.over != b.over || a.lastTime != b.lastTime {
				r.Fatalf("frame %d: course %b, over %v, at %d, want %b, %v, %d", frame+1, x, a.over, a.lastTime, y, b.over, b.lastTime)
			}
			if rapid.IntRange(0, 50).Draw(r, "look") == 50 {
				same(r, frame, tables[0].Account(a), tables[1].Account(b))
			}
		}
		for i := range tables {
			tables[i].Close()
		}
		if !reflect.DeepEqual(ends[0], ends[1]) {
			r.Fatalf("ends\n%v, want\n%v", ends[0], ends[1])
		}
		if !reflect.DeepEqual(tables[0].hosts, tables[1].hosts) || tables[0].Count != tables[1].Count || tables[0].Forgotten != tables[1].Forgotten {
			r.Fatalf("hosts differ, or %d connections, want %d", tables[0].Count, tables[1].Count)
		}
	})
}

func same(t *rapid.T, frame int, a, b *Conn) {
	t.Helper()
	if !reflect.DeepEqual(a, b) {
		t.Fatalf("frame %d\n%+v, want\n%+v", frame+1, *a, *b)
	}
}
