package pcapng_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"rstlab/internal/pcapng"
)

// carriable is a file with all that can be carried to another one, and what can't.
func carriable(order binary.AppendByteOrder) []byte {
	f := &file{order: order}
	custom := func(code uint16, text string) []byte {
		return f.sub().option(code, f.sub().u32(32473).raw([]byte(text)...).b...).b
	}
	f.section(append(custom(2988, "kept"), custom(19372, "local")...)...)
	f.iface(1, 0, f.sub().
		option(4, 192, 0, 2, 1, 255, 255, 255, 0).option(6, 2, 0, 0, 0, 0, 1).option(8, f.sub().u64(1e9).b...).
		option(13, 4).option(0x8001, 1, 2, 3).raw(custom(2989, "data")...).raw(custom(19373, "local")...).b...)
	f.block(10, f.sub().u32(0x544c534b, 5).raw([]byte("keys!")...).pad().option(1, []byte("mine")...).raw(custom(19372, "local")...))
	f.block(4, f.sub().u16(1, 9).raw([]byte("\xc0\x00\x02\x01host\x00")...).pad().u16(0, 0).option(2, []byte("dns")...).raw(custom(2988, "x")...).option(0))
	f.enhanced(0, 10, 4, "eth0", f.sub().option(5, f.sub().u64(77).b...).option(6, f.sub().u32(3).b...).option(3, 2, 0xab, 0xcd).
		option(7, f.sub().raw(1).u64(2).b...).option(8, f.sub().u32(100, 101).b...).option(0x8001, 9).raw(custom(2988, "p")...).raw(custom(19373, "local")...).b...)
	f.block(0xbad, f.sub().u32(32473).raw([]byte("custom data")...).pad())
	f.block(0x40000bad, f.sub().u32(32473).raw([]byte("at home only")...))
	f.block(9, f.sub().raw([]byte("__REALTIME_TIMESTAMP=1\n")...).pad())
	f.block(0x80000001, f.sub().u32(1))                        // local use, Darwin's
	f.block(10, f.sub().u32(0x544c534b, 500).u32(1, 2))        // of a wrong length
	f.block(4, f.sub().u16(1, 900).raw([]byte("no")...).pad()) // so is this
	return f.enhanced(0, 20, 3, "two").b
}

// TestCarry: what stands between packets, and options that nothing here is made of,
// can be had for another file, in its byte order, and nothing that is of this file
// alone. The packets and their numbers are the same.
func TestCarry(t *testing.T) {
	var files [][]byte
	for _, o := range orders {
		b := carriable(o.order)
		plain, _ := read(t, b)
		r, err := pcapng.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		var w *pcapng.Writer
		var kinds []uint32
		var p pcapng.Packet
		var packets []pcapng.Packet
		r.Carry(func(b pcapng.Block) {
			if w == nil {
				w = pcapng.NewWriter(&out, r.Section())
			}
			kinds = append(kinds, b.Kind)
			if err := w.WriteBlock(b); err != nil {
				t.Fatal(err)
			}
		})
		for r.Next(&p) == nil {
			if len(packets) == 0 {
				if _, err := w.AddInterface(r.Interfaces()[0]); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.WritePacket(&p, r.Options()...); err != nil {
				t.Fatal(err)
			}
			p.Data = bytes.Clone(p.Data)
			packets = append(packets, p)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		same(t, packets, plain)
		same(t, kinds, []uint32{10, 4, 0xbad, 9})
		local, unknown := r.Left()
		same(t, []int{local, unknown}, []int{1, 3})
		files = append(files, out.Bytes())
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Errorf("of a little-endian file\n% x\nof a big-endian one\n% x", files[0], files[1])
	}
	for _, text := range []string{"kept", "data", "keys!", "mine", "host", "dns", "custom data", "TIMESTAMP", "\x05\x00\x08\x00\x4d\x00", "\x08\x00\x08\x00\x64\x00\x00\x00\x65\x00", "\x07\x00\x09\x00\x01\x02\x00"} {
		if !bytes.Contains(files[0], []byte(text)) {
			t.Errorf("%q is not carried", text)
		}
	}
	for _, text := range []string{"local", "at home only", "\x01\x80"} {
		if bytes.Contains(files[0], []byte(text)) {
			t.Errorf("%q is carried", text)
		}
	}
}
