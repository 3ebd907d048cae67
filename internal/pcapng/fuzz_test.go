package pcapng_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"reflect"
	"testing"
	"testing/iotest"
	"time"

	"rstlab/internal/pcapng"
)

// FuzzRead feeds the reader anything. It must not panic, its packets must lie
// within the file, its errors be FormatErrors, its batches hold the same packets,
// and what it has read must survive being written and read again.
func FuzzRead(f *testing.F) {
	for _, first := range orders {
		f.Add(everything(first.order, binary.LittleEndian, 8))
		pcap := &file{order: first.order}
		f.Add(pcap.pcapHeader(0xa1b2c3d4, 2, 4, 65535, 1).record(1, 2, 5, 9, "hello").record(2, 0, 0, 0, "").b)
		modified := (&file{order: first.order}).pcapHeader(0xa1b2cd34, 2, 3, 65535, 1)
		f.Add(modified.u32(1, 2, 5, 5, 2).u16(0x0800).raw(4, 0).raw([]byte("hello")...).b)
	}
	for _, o := range orders {
		f.Add(carriable(o.order))
	}
	binaryUnits := &file{order: binary.LittleEndian}
	f.Add(binaryUnits.section().iface(1, 0, binaryUnits.sub().option(9, 0x99).b...).enhanced(0, 1<<55+1, 4, "eth0").b)
	f.Add(written(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := pcapng.NewReader(bytes.NewReader(b))
		if err != nil {
			wantFormatError(t, err)
			return
		}
		all, err := readAll(r)
		wantFormatError(t, err)
		size := 0
		for _, p := range all {
			size += len(p.Data)
			if p.OrigLen < len(p.Data) || p.Interface >= len(r.Interfaces()) {
				t.Fatalf("packet %+v of %d interfaces", p, len(r.Interfaces()))
			}
		}
		if size > len(b) {
			t.Fatalf("%d bytes of packets in a file of %d", size, len(b))
		}
		if batched := inBatches(t, iotest.OneByteReader(bytes.NewReader(b))); !reflect.DeepEqual(batched, all) {
			t.Fatalf("in batches\n got %v\nwant %v", batched, all)
		}
		rewrite(t, all, r.Interfaces())
		carry(t, b, all)
	})
}

// carry reads a file with what can be carried along: the packets must be the same, and
// what is written must be read again as it was.
func carry(t *testing.T, b []byte, all []pcapng.Packet) {
	r, err := pcapng.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := pcapng.NewWriter(&out, pcapng.Section{})
	var blocks []pcapng.Block
	r.Carry(func(b pcapng.Block) {
		blocks = append(blocks, pcapng.Block{Kind: b.Kind, Body: bytes.Clone(b.Body)})
		if err := w.WriteBlock(b); err != nil {
			t.Fatal(err)
		}
	})
	got, err := readAll(r)
	wantFormatError(t, err)
	if !reflect.DeepEqual(got, all) {
		t.Fatalf("with what is carried along\n got %v\nwant %v", got, all)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	again, err := pcapng.NewReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	again.Carry(func(b pcapng.Block) {
		if b.Kind != blocks[n].Kind || !bytes.Equal(b.Body, blocks[n].Body) {
			t.Fatalf("block %d comes back as %v, was %v", n, b, blocks[n])
		}
		n++
	})
	if _, err := readAll(again); err != nil || n != len(blocks) {
		t.Fatalf("%d blocks come back of %d, error %v", n, len(blocks), err)
	}
}

func wantFormatError(t *testing.T, err error) {
	t.Helper()
	var format *pcapng.FormatError
	if err != nil && !errors.As(err, &format) {
		t.Fatalf("%T: %v", err, err)
	}
}

func inBatches(t *testing.T, src io.Reader) []pcapng.Packet {
	r, err := pcapng.NewReader(src)
	if err != nil {
		t.Fatal(err)
	}
	var all []pcapng.Packet
	var b pcapng.Batch
	var shown []pcapng.Packet
	show := func(p *pcapng.Packet) {
		shown = append(shown, *p)
		shown[len(shown)-1].Data = bytes.Clone(p.Data)
	}
	for r.ReadBatch(&b, show) == nil {
		for i := range b.Len() {
			var p pcapng.Packet
			b.Packet(i, &p)
			p.Data = bytes.Clone(p.Data)
			all = append(all, p)
		}
	}
	if !reflect.DeepEqual(shown, all) {
		t.Fatalf("batches show\n%v\nand hold\n%v", shown, all)
	}
	return all
}

// unitOf is the unit in which the writer writes an interface's stamps: of powers of two
// there are none.
func unitOf(i pcapng.Interface) int64 {
	for unit := time.Second; unit > 1; unit /= 10 {
		if i.Unit == unit {
			return int64(unit)
		}
	}
	return 1
}

// rewrite writes packets, reads them again and compares what both formats can
// say.
func rewrite(t *testing.T, all []pcapng.Packet, ifaces []pcapng.Interface) {
	var out bytes.Buffer
	w := pcapng.NewWriter(&out, pcapng.Section{})
	for _, i := range ifaces {
		if _, err := w.AddInterface(i); err != nil {
			t.Fatal(err)
		}
	}
	var want []pcapng.Packet
	for _, p := range all {
		if err := w.WritePacket(&p); err != nil {
			if p.Time >= 0 {
				t.Fatal(err)
			}
			continue
		}
		p.Frame = int64(len(want) + 1)
		p.HasTime = true
		p.Time -= p.Time % unitOf(ifaces[p.Interface])
		p.Flags = p.Flags&^3 | uint32(p.Direction)
		want = append(want, p)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	got, _ := read(t, out.Bytes())
	for i := range got {
		// The end of what can be told (see clock) is no multiple of the unit.
		if unit := unitOf(ifaces[want[i].Interface]); got[i].Time == math.MaxInt64 && want[i].Time == math.MaxInt64-math.MaxInt64%unit {
			want[i].Time = math.MaxInt64
		}
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("written and read again\n got %+v\nwant %+v", got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d packets came back of %d", len(got), len(want))
	}
}
