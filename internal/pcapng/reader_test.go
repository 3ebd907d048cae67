package pcapng_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"rstlab/internal/pcapng"
)

var orders = []struct {
	name  string
	order binary.AppendByteOrder
}{{"little", binary.LittleEndian}, {"big", binary.BigEndian}}

// readAll reads all packets of a file, with Data copied.
func readAll(r *pcapng.Reader) ([]pcapng.Packet, error) {
	var all []pcapng.Packet
	for {
		p := pcapng.Packet{Comments: []string{"of another packet"}, Dropped: 1}
		if err := r.Next(&p); err == io.EOF {
			return all, nil
		} else if err != nil {
			return all, err
		}
		p.Data = bytes.Clone(p.Data)
		all = append(all, p)
	}
}

// read reads a file that must be whole.
func read(t *testing.T, b []byte) ([]pcapng.Packet, *pcapng.Reader) {
	t.Helper()
	r, err := pcapng.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	all, err := readAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return all, r
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

func TestReadPcap(t *testing.T) {
	const sec = 1_700_000_000
	for _, o := range orders {
		for _, c := range []struct {
			name   string
			header func(f *file) *file
			unit   time.Duration
		}{
			{"microseconds", func(f *file) *file { return f.pcapHeader(0xa1b2c3d4, 2, 4, 65535, 1) }, time.Microsecond},
			{"nanoseconds", func(f *file) *file { return f.pcapHeader(0xa1b23c4d, 2, 4, 65535, 1) }, time.Nanosecond},
			{"with the frame check sequence's length in the link type", func(f *file) *file { return f.pcapHeader(0xa1b2c3d4, 2, 4, 65535, 0x24000001) }, time.Microsecond},
			{"without a snap length", func(f *file) *file { return f.pcapHeader(0xa1b2c3d4, 2, 4, 0, 1) }, time.Microsecond},
		} {
			t.Run(o.name+" "+c.name, func(t *testing.T) {
				f := c.header(&file{order: o.order})
				f.record(sec, 999_999, 5, 1500, "first").record(sec+1, 0, 0, 0, "").record(math.MaxUint32, 1, 6, 6, "second")
				got, r := read(t, f.b)
				same(t, got, []pcapng.Packet{
					{Frame: 1, Time: sec*1e9 + 999_999*int64(c.unit), HasTime: true, Data: []byte("first"), OrigLen: 1500, LinkType: 1},
					{Frame: 2, Time: (sec + 1) * 1e9, HasTime: true, Data: []byte{}, LinkType: 1},
					{Frame: 3, Time: math.MaxUint32*1e9 + int64(c.unit), HasTime: true, Data: []byte("second"), OrigLen: 6, LinkType: 1},
				})
				if u := r.Interfaces()[0].Unit; u != c.unit {
					t.Errorf("unit %v, want %v", u, c.unit)
				}
			})
		}
	}
}

func TestReadPcapOfOldVersions(t *testing.T) {
	for _, c := range []struct {
		minor              uint16
		captured, original uint32
	}{
		{2, 1500, 5}, // before 2.3: the other way round
		{3, 5, 1500}, // 2.3: either
		{3, 1500, 5},
		{4, 5, 1500},
	} {
		f := (&file{order: binary.LittleEndian}).pcapHeader(0xa1b2c3d4, 2, c.minor, 65535, 1)
		f.record(1, 0, c.captured, c.original, "hello").record(2, 0, 5, 5, "again")
		got, _ := read(t, f.b)
		if len(got) != 2 || string(got[0].Data) != "hello" || got[0].OrigLen != 1500 || string(got[1].Data) != "again" {
			t.Errorf("version 2.%d, lengths %d %d: %+v", c.minor, c.captured, c.original, got)
		}
	}
}

func TestReadModifiedPcapTellsDirection(t *testing.T) {
	for _, o := range orders {
		f := (&file{order: o.order}).pcapHeader(0xa1b2cd34, 2, 4, 65535, 1)
		for _, kind := range []byte{0, 2, 3, 4} { // to us, multicast, to another host, outgoing
			f.u32(1, 2, 5, 5, 2).u16(0x0800).raw(kind, 0).raw([]byte("hello")...)
		}
		got, r := read(t, f.b)
		var directions []pcapng.Direction
		for _, p := range got {
			directions = append(directions, p.Direction)
			if string(p.Data) != "hello" {
				t.Errorf("%s: data %q", o.name, p.Data)
			}
		}
		same(t, directions, []pcapng.Direction{pcapng.Inbound, pcapng.Inbound, pcapng.Unknown, pcapng.Outbound})
		same(t, r.Notes(), []string{"a modified pcap file (Kuznetsov's patch), read as such"})
	}
}

func TestReadTimeUnits(t *testing.T) {
	const ns = 1_700_000_000_123_456_789
	for _, o := range orders {
		for _, c := range []struct {
			resolution byte
			ticks      uint64
			offset     int64
			want       int64
			unit       time.Duration
		}{
			{0, 1_700_000_000, 0, 1_700_000_000e9, time.Second},
			{3, 1_700_000_000_123, 0, 1_700_000_000_123e6, time.Millisecond},
			{6, ns / 1000, 0, ns - 789, time.Microsecond},
			{7, ns / 100, 0, ns - 89, 100 * time.Nanosecond},
			{9, ns, 0, ns, time.Nanosecond},
			{10, ns * 10, 0, ns, time.Nanosecond},
			{12, 5_000, 0, 5, time.Nanosecond},
			{127, math.MaxUint64, 0, 1, time.Nanosecond},
			{0x80, 1_700_000_000, 0, 1_700_000_000e9, time.Second},
			{0x80 | 1, 3, 0, 1_500_000_000, 500 * time.Millisecond},
			{0x80 | 20, 1_700_000_000<<20 | 1<<19, 0, 1_700_000_000_500e6, 953 * time.Nanosecond},
			{0x80 | 32, 1_700_000_000<<32 | 1<<31, 0, 1_700_000_000_500e6, time.Nanosecond},
			{0x80 | 63, 1 << 62, 0, 500_000_000, time.Nanosecond},
			{0xff, 1 << 63, 0, 500_000_000, time.Nanosecond},
			{6, 5, 1_700_000_000, 1_700_000_000e9 + 5000, time.Microsecond},
			{9, 2e9, -1, 1e9, time.Nanosecond},
			{9, 1, -1, 1 - 1e9, time.Nanosecond},
			{0, math.MaxUint64, 0, math.MaxInt64, time.Second}, // beyond 2262
			{6, math.MaxUint64, 1000, math.MaxInt64, time.Microsecond},
			{9, 7, math.MaxInt64, 7, time.Nanosecond}, // no offset at all
		} {
			f := &file{order: o.order}
			f.section().iface(1, 0, f.sub().option(9, c.resolution).option(14, f.sub().u64(uint64(c.offset)).b...).b...)
			f.enhanced(0, c.ticks, 1, "x")
			got, r := read(t, f.b)
			if len(got) != 1 || got[0].Time != c.want {
				t.Errorf("%s resolution %#x, %d ticks, offset %d:\n got %v\nwant %d", o.name, c.resolution, c.ticks, c.offset, got, c.want)
			}
			if u := r.Interfaces()[0].Unit; u != c.unit {
				t.Errorf("resolution %#x: unit %v, want %v", c.resolution, u, c.unit)
			}
		}
	}
}

// everything writes a file with all that a reader meets: two sections of
// different byte order, several interfaces, all kinds of packet blocks, blocks
// to be passed over, one of them custom bytes long.
func everything(first, second binary.AppendByteOrder, custom int) []byte {
	f := &file{order: first}
	f.section(f.sub().option(4, []byte("dumpcap")...).option(3, []byte("Linux")...).option(2, []byte("amd64")...).option(1, []byte("for a test")...).option(0).b...)
	f.iface(1, 96, f.sub().option(2, []byte("eth0\x00")...).option(3, []byte("uplink")...).option(9, 9).option(11, []byte("\x00tcp")...).option(12, []byte("Linux")...).option(1, []byte("a comment")...).b...)
	f.iface(101, 0, f.sub().option(2, []byte("tun0")...).option(11, 1, 9, 9).b...) // a filter in BPF is no text
	f.enhanced(0, 10, 1500, "eth0")
	f.enhanced(1, 20, 3, "tun", f.sub().option(1, []byte("one")...).option(2, f.sub().u32(0x102).b...).option(4, f.sub().u64(9).b...).option(1, []byte("two")...).option(0).b...)
	f.block(4, f.sub().u16(1, 9).raw([]byte("\xc0\x00\x02\x01host\x00")...).pad().u16(0, 0)) // names
	f.block(10, f.sub().u32(0x544c534b, 4).raw([]byte("keys")...))                           // decryption secrets
	f.block(0xbad, f.sub().u32(32473).raw(bytes.Repeat([]byte("custom"), 100_000)...))       // longer than any window
	f.block(3, f.sub().u32(200).raw(bytes.Repeat([]byte("s"), 96)...))                       // simple, cut to the snap length
	f.block(2, f.sub().u16(1, 7).u32(0, 30, 3, 8).raw([]byte("old")...).pad().option(2, f.sub().u32(1).b...))
	f.block(2, f.sub().u16(1, 0xffff).u32(0, 30_000, 0, 0))
	f.block(5, f.sub().u32(0, 0, 99).option(4, f.sub().u64(1000).b...).option(5, f.sub().u64(5).b...).option(7, f.sub().u64(0).b...))

	g := &file{order: second}
	g.section().iface(113, 0).enhanced(0, 40, 4, "sll!", g.sub().option(2, g.sub().u32(1).b...).b...)
	return append(f.b, g.b...)
}

func TestReadEverything(t *testing.T) {
	for _, first := range orders {
		for _, second := range orders {
			t.Run(first.name+" then "+second.name, func(t *testing.T) {
				got, r := read(t, everything(first.order, second.order, 600_000))
				same(t, got, []pcapng.Packet{
					{Frame: 1, Time: 10, HasTime: true, Data: []byte("eth0"), OrigLen: 1500, LinkType: 1},
					{Frame: 2, Time: 20_000, HasTime: true, Data: []byte("tun"), OrigLen: 3, Interface: 1, LinkType: 101, Direction: pcapng.Outbound, Flags: 0x102, Dropped: 9, Comments: []string{"one", "two"}},
					{Frame: 4, Data: bytes.Repeat([]byte("s"), 96), OrigLen: 200, LinkType: 1},
					{Frame: 5, Time: 30_000, HasTime: true, Data: []byte("old"), OrigLen: 8, Interface: 1, LinkType: 101, Direction: pcapng.Inbound, Flags: 1, Dropped: 7},
					{Frame: 6, Time: 30_000_000, HasTime: true, Data: []byte{}, Interface: 1, LinkType: 101},
					{Frame: 7, Time: 40_000, HasTime: true, Data: []byte("sll!"), OrigLen: 4, Interface: 2, LinkType: 113, Direction: pcapng.Inbound, Flags: 1},
				})
				same(t, r.Interfaces(), []pcapng.Interface{
					{Name: "eth0", Description: "uplink", Filter: "tcp", OS: "Linux", Comments: []string{"a comment"}, LinkType: 1, SnapLen: 96, Unit: time.Nanosecond, Stats: pcapng.Stats{At: 99,
						Received: pcapng.Count{N: 1000, Known: true}, Dropped: pcapng.Count{N: 5, Known: true}, OSDropped: pcapng.Count{N: 0, Known: true}}},
					{Name: "tun0", LinkType: 101, Unit: time.Microsecond},
					{LinkType: 113, Unit: time.Microsecond},
				})
				same(t, r.Section(), pcapng.Section{Hardware: "amd64", OS: "Linux", Application: "dumpcap", Comments: []string{"for a test"}})
				same(t, r.Notes(), []string(nil))
			})
		}
	}
}

// TestReadDraft reads what a writer of 2004 made: lengths big-endian, the rest
// little-endian.
func TestReadDraft(t *testing.T) {
	f := &file{order: binary.BigEndian}
	l := &file{order: binary.LittleEndian}
	f.block(0x0A0D0D0A, f.sub().u32(0x1A2B3C4D).raw(l.sub().u16(1, 0).u64(0).b...))
	f.block(1, f.sub().raw(l.sub().u16(1, 0).u32(65535).b...))
	f.block(2, f.sub().raw(l.sub().u16(0, 0xffff).u32(0, 7, 5, 9).raw([]byte("hello")...).b...))
	f.b[len(f.b)-1] = 37 // the length leaves the padding out
	f.b[len(f.b)-40+7] = 37
	f.block(2, f.sub().raw(l.sub().u16(0, 3).u32(0, 8, 4, 4).raw([]byte("next")...).b...))
	got, r := read(t, f.b)
	same(t, got, []pcapng.Packet{{Frame: 1, Time: 7000, HasTime: true, Data: []byte("hello"), OrigLen: 9, LinkType: 1},
		{Frame: 2, Time: 8000, HasTime: true, Data: []byte("next"), OrigLen: 4, LinkType: 1, Dropped: 3}})
	same(t, r.Notes(), []string{"a pcapng draft of 2004 or so, lengths in one byte order and the rest in the other, read as such"})
}

// TestReadDraftsLargestBlock: a length need not be a multiple of four there, and one
// that is the largest number must not make the reader stand still.
func TestReadDraftsLargestBlock(t *testing.T) {
	f := &file{order: binary.BigEndian}
	l := &file{order: binary.LittleEndian}
	f.block(0x0A0D0D0A, f.sub().u32(0x1A2B3C4D).raw(l.sub().u16(1, 0).u64(0).b...))
	f.u32(0x7001, math.MaxUint32, 0, 0)
	r, err := pcapng.NewReader(bytes.NewReader(f.b))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(r); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v, want an unexpected EOF", err)
	}
}

// TestReadTooManyInterfaces: a file of nothing but interfaces is given up, and is not
// called damaged.
func TestReadTooManyInterfaces(t *testing.T) {
	f := &file{order: binary.LittleEndian}
	f.section()
	for range 1<<16 + 1 {
		f.iface(1, 0)
	}
	r, err := pcapng.NewReader(bytes.NewReader(f.b))
	if err != nil {
		t.Fatal(err)
	}
	const want = "read packet 1 at byte 1310748: more than 65536 interfaces; what stands before is read, the rest is not"
	if _, err := readAll(r); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestReadWhatWriterWrote(t *testing.T) {
	got, r := read(t, written(t))
	same(t, got, writtenPackets())
	same(t, r.Section(), pcapng.Section{Hardware: "x86-64", OS: "Linux 6.18", Application: "rstlab", Comments: []string{"a test", "of all"}})
	same(t, r.Interfaces(), []pcapng.Interface{
		{Name: "client", Description: "left tap", Filter: "tcp", OS: "Linux", Comments: []string{"ns"}, LinkType: 1, SnapLen: 262144, Unit: 1,
			Stats: pcapng.Stats{At: 1700000009000000000, Received: pcapng.Count{N: 4, Known: true}, Dropped: pcapng.Count{Known: true}, OSDropped: pcapng.Count{N: 7, Known: true}}},
		{Name: "old", LinkType: pcapng.LinkRaw, Unit: time.Microsecond},
		{Name: "odd", LinkType: pcapng.LinkSLL2, Unit: time.Nanosecond},
	})
}

func TestReadErrors(t *testing.T) {
	const damaged = "; the file is damaged here: what stands before is read, the rest is not"
	const cut = "; it was cut short, or is still being written: what stands before is read"
	const convert = "; convert it to pcapng with the tool that made it, or try: editcap -F pcapng IN OUT"
	pcap := func() *file {
		return (&file{order: binary.BigEndian}).pcapHeader(0xa1b2c3d4, 2, 4, 65535, 1).record(1, 0, 5, 5, "hello")
	}
	ng := func() *file {
		f := &file{order: binary.BigEndian}
		return f.section().iface(1, 0).enhanced(0, 1, 5, "hello")
	}
	for _, c := range []struct {
		name string
		f    *file
		cut  bool
		want string
	}{
		{"empty", &file{}, true, "read file header: the file is empty"},
		{"three bytes", (&file{}).raw(0xa1, 0xb2, 0xc3), true, "read file header: the file ends after 3 of at least 4 bytes; it was cut short, or is still being written"},
		{"text", (&file{}).raw([]byte("No. Time Source")...), false, "read file header: it begins with 4e 6f 2e 20, which is neither pcap nor pcapng" + convert},
		{"half a header", (&file{}).raw(pcap().b[:20]...), true, "read file header: the file ends after 20 of at least 24 bytes; it was cut short, or is still being written"},
		{"another version", (&file{order: binary.LittleEndian}).pcapHeader(0xa1b2c3d4, 3, 0, 0, 1), false, "read file header: pcap version 3.0, want 2.4" + convert},
		{"cut in a record's header", pcap().raw(1, 2, 3), true, "read packet 2 at byte 45: the file ends after 3 of at least 16 bytes" + cut},
		{"cut in a record", pcap().u32(1, 0, 60, 60).raw(1, 2, 3), true, "read packet 2 at byte 45: the file ends after 19 of at least 76 bytes" + cut},
		{"huge record", pcap().u32(1, 0, math.MaxUint32, 60), false, "read packet 2 at byte 45: captured length 4294967295, want at most 262144" + damaged},
		{"zeros", pcap().raw(make([]byte, 1000)...), false, "read packet 2 at byte 45: a record of zeros only, as a file has that was not written to its end" + damaged},
		{"zeros in pcapng", ng().raw(make([]byte, 1000)...), false, "read packet 2 at byte 88: a record of zeros only, as a file has that was not written to its end" + damaged},
		{"cut block", ng().u32(6, 60).raw(1, 2, 3, 4), true, "read packet 2 at byte 88: the file ends after 12 of at least 60 bytes" + cut},
		{"cut in a block's header", ng().u32(6), true, "read packet 2 at byte 88: the file ends after 4 of at least 12 bytes" + cut},
		{"short block", ng().u32(6, 8, 8, 0), false, "read packet 2 at byte 88: block length 8, want a multiple of 4 from 12 on" + damaged},
		{"uneven block", ng().u32(6, 61, 0), false, "read packet 2 at byte 88: block length 61, want a multiple of 4 from 12 on" + damaged},
		{"huge block", ng().u32(6, 0xfffffffc, 0), false, "read packet 2 at byte 88: block type 6 of 4294967292 bytes, want at most 17825792" + damaged},
		{"huge block to pass over", ng().u32(0x1234, 0xfffffffc, 0), true, "read packet 2 at byte 100: the file ends 4294967280 bytes before the end of a block" + cut},
		{"lengths differ", ng().u32(5, 20, 0, 0, 24), false, "read packet 2 at byte 88: block length 20 at its begin and 24 at its end" + damaged},
		{"bad byte order", ng().u32(0x0A0D0D0A, 28, 0x01020304, 0, 0, 0, 28), false, "read packet 2 at byte 88: byte-order magic 01 02 03 04, want 1a 2b 3c 4d in either order" + damaged},
		{"pcapng of the future", ng().block(0x0A0D0D0A, ng().sub().u32(0x1A2B3C4D).u16(2, 1).u64(0)), false, "read packet 2 at byte 88: pcapng version 2.1, want 1.0" + damaged},
		{"short section", ng().block(0x0A0D0D0A, ng().sub().u32(0x1A2B3C4D)), false, "read packet 2 at byte 88: section header of 4 bytes, want at least 16" + damaged},
		{"short interface", ng().block(1, ng().sub().u32(1)), false, "read packet 2 at byte 88: interface description of 4 bytes, want at least 8" + damaged},
		{"short packet", ng().block(6, ng().sub().u32(0, 0, 0, 0)), false, "read packet 2 at byte 88: packet block type 6 of 16 bytes, want at least 20" + damaged},
		{"short old packet", ng().block(2, ng().sub().u32(0, 0, 0, 0)), false, "read packet 2 at byte 88: packet block type 2 of 16 bytes, want at least 20" + damaged},
		{"short simple packet", ng().block(3, ng().sub()), false, "read packet 2 at byte 88: simple packet block of 0 bytes, want at least 4" + damaged},
		{"short statistics", ng().block(5, ng().sub()), false, "read packet 2 at byte 88: interface statistics of 0 bytes, want at least 12" + damaged},
		{"no such interface", ng().enhanced(1, 0, 0, ""), false, "read packet 2 at byte 88: interface 1, want one of the section's 1" + damaged},
		{"no interface any more", ng().section().enhanced(0, 0, 0, ""), false, "read packet 2 at byte 116: interface 0, want one of the section's 0" + damaged},
		{"more data than block", ng().block(6, ng().sub().u32(0, 0, 0, 9, 9, 0)), false, "read packet 2 at byte 88: captured length 9, want at most the 4 bytes left in the block" + damaged},
		{"more old data than block", ng().block(2, ng().sub().u32(0, 0, 0, 9, 9, 0)), false, "read packet 2 at byte 88: captured length 9, want at most the 4 bytes left in the block" + damaged},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, src := range []io.Reader{bytes.NewReader(c.f.b), iotest.OneByteReader(bytes.NewReader(c.f.b)), iotest.DataErrReader(bytes.NewReader(c.f.b))} {
				r, err := pcapng.NewReader(src)
				if err == nil {
					var got []pcapng.Packet
					if got, err = readAll(r); len(got) != 1 || string(got[0].Data) != "hello" {
						t.Errorf("the packet before the error is lost: %v", got)
					}
					if again := r.Next(new(pcapng.Packet)); again == nil || again.Error() != fmt.Sprint(err) {
						t.Errorf("the next call says %v", again)
					}
				}
				var format *pcapng.FormatError
				if !errors.As(err, &format) || err.Error() != c.want {
					t.Errorf("\n got %v\nwant %v", err, c.want)
				}
				if errors.Is(err, io.ErrUnexpectedEOF) != c.cut {
					t.Errorf("%v: is a cut file: %v, want %v", err, !c.cut, c.cut)
				}
			}
		})
	}
}

// TestReadDamagedAside reads what is wrong beside the packets: they are not
// given up for it.
func TestReadDamagedAside(t *testing.T) {
	f := &file{order: binary.LittleEndian}
	f.section(f.sub().u16(1, 500).raw([]byte("cut")...).pad().b...) // a comment longer than its block
	f.iface(1, 0, f.sub().option(9).option(14, 1, 2).b...)          // options of wrong lengths
	f.block(5, f.sub().u32(7, 0, 0))                                // statistics of no interface
	f.block(5, f.sub().u32(0, 0, 0).raw(f.sub().option(5, 1, 2, 3, 4).b...))
	f.enhanced(0, 1, 2, "hello", f.sub().option(2, 1).u16(1, 60).b...)
	got, r := read(t, f.b)
	same(t, got, []pcapng.Packet{{Frame: 1, Time: 1000, HasTime: true, Data: []byte("hello"), OrigLen: 5, LinkType: 1}})
	same(t, r.Interfaces(), []pcapng.Interface{{LinkType: 1, Unit: time.Microsecond}})
	same(t, r.Notes(), []string{"statistics of an interface that its section does not have, passed over"})
}

// stuck never gives a byte, an error or an end.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestReadFromABrokenStream(t *testing.T) {
	head := everything(binary.LittleEndian, binary.BigEndian, 0)[:300]
	broken := errors.New("no such device")
	for _, c := range []struct {
		rest io.Reader
		want error
	}{{stuck{}, io.ErrNoProgress}, {iotest.ErrReader(broken), broken}} {
		r, err := pcapng.NewReader(io.MultiReader(bytes.NewReader(head), c.rest))
		if err != nil {
			t.Fatal(err)
		}
		got, err := readAll(r)
		if len(got) != 1 || !errors.Is(err, c.want) {
			t.Errorf("%d packets, then %v; want 1, then %v", len(got), err, c.want)
		}
	}
}

// TestReadHugeLengthNeedsNoMemory: a length that a file only claims must not be
// allocated.
func TestReadHugeLengthNeedsNoMemory(t *testing.T) {
	f := &file{order: binary.LittleEndian}
	f.section().iface(1, 0).u32(6, 16<<20, 0)
	r, err := pcapng.NewReader(bytes.NewReader(f.b))
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := readAll(r); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	allocated := after.TotalAlloc - before.TotalAlloc
	if allocated > 2<<20 {
		t.Errorf("reading a cut block of 16 MiB allocates %d bytes", allocated)
	}
}

func ignore(*pcapng.Packet) {}

// TestReadBatch reads a long file in batches of which several are in flight,
// and a packet that is larger than any window.
func TestReadBatch(t *testing.T) {
	f := &file{order: binary.LittleEndian}
	f.section().iface(1, 0)
	var want []string
	for i := range 3000 {
		n := i % 1500
		if i == 2000 {
			n = 3 << 20
		}
		data := strings.Repeat(string(rune('a'+i%26)), n)
		want = append(want, data)
		f.enhanced(0, uint64(i), uint32(n), data)
	}
	for name, src := range map[string]io.Reader{
		"whole": bytes.NewReader(f.b),
		"half":  iotest.HalfReader(bytes.NewReader(f.b)),
		"bits":  &trickle{b: f.b},
	} {
		r, err := pcapng.NewReader(src)
		if err != nil {
			t.Fatal(err)
		}
		var flying []*pcapng.Batch
		n, sum := 0, 0
		check := func(b *pcapng.Batch) {
			for i := range b.Len() {
				var p pcapng.Packet
				b.Packet(i, &p)
				if string(p.Data) != want[n] {
					t.Fatalf("%s: packet %d is %.20q…, want %.20q…", name, n+1, p.Data, want[n])
				}
				n++
				if p.Frame != int64(n) {
					t.Fatalf("%s: packet %d has the number %d", name, n, p.Frame)
				}
			}
			sum++
		}
		for {
			b := &pcapng.Batch{}
			if len(flying) == 3 {
				b, flying = flying[0], flying[1:]
				check(b)
			}
			if err := r.ReadBatch(b, ignore); err == io.EOF {
				if b.Len() != 0 {
					t.Errorf("%s: %d packets with the end", name, b.Len())
				}
				break
			} else if err != nil {
				t.Fatal(err)
			}
			flying = append(flying, b)
		}
		for _, b := range flying {
			check(b)
		}
		if n != len(want) {
			t.Errorf("%s: %d packets in %d batches, want %d", name, n, sum, len(want))
		}
	}
}

// trickle gives a few bytes at a time.
type trickle struct {
	b []byte
	n int
}

func (s *trickle) Read(p []byte) (int, error) {
	if len(s.b) == 0 {
		return 0, io.EOF
	}
	s.n = s.n%7000 + 11
	n := copy(p, s.b[:min(s.n, len(s.b))])
	s.b = s.b[n:]
	return n, nil
}

func TestReadBatchKeepsWhatStandsBeforeAnError(t *testing.T) {
	f := &file{order: binary.LittleEndian}
	f.section().iface(1, 0).enhanced(0, 1, 1, "a").enhanced(0, 2, 1, "b").enhanced(9, 3, 1, "c")
	r, err := pcapng.NewReader(bytes.NewReader(f.b))
	if err != nil {
		t.Fatal(err)
	}
	var b pcapng.Batch
	if err := r.ReadBatch(&b, ignore); err != nil || b.Len() != 2 {
		t.Fatalf("%d packets, error %v; want 2 and none", b.Len(), err)
	}
	if err := r.ReadBatch(&b, ignore); err == nil || b.Len() != 0 {
		t.Fatalf("%d packets, error %v; want none and one", b.Len(), err)
	}
}

func TestReadDoesNotAllocate(t *testing.T) {
	f := &file{order: binary.BigEndian}
	f.section().iface(1, 0)
	for i := range 100_000 {
		f.enhanced(0, uint64(i), 60, strings.Repeat("x", 60), f.sub().option(2, f.sub().u32(1).b...).b...)
	}
	r, err := pcapng.NewReader(bytes.NewReader(f.b))
	if err != nil {
		t.Fatal(err)
	}
	var b [2]pcapng.Batch
	for i := range 6 { // until the batches have their size
		if err := r.ReadBatch(&b[i%2], ignore); err != nil {
			t.Fatal(err)
		}
	}
	i := 0
	if n := testing.AllocsPerRun(10, func() {
		if err := r.ReadBatch(&b[i%2], ignore); err != nil {
			t.Fatal(err)
		}
		i++
	}); n > 0 {
		t.Errorf("%v allocations a batch", n)
	}
}
