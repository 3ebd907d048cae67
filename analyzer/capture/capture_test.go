package capture_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"rstlab/analyzer/capture"
	"rstlab/internal/pcapng"
)

// one is a packet of a made capture.
type one struct {
	at   int64 // milliseconds
	data string
}

// pcapFile makes a pcap file.
func pcapFile(packets ...one) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b23c4d)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, 65535)
	b = binary.LittleEndian.AppendUint32(b, 1)
	for _, p := range packets {
		b = binary.LittleEndian.AppendUint32(b, uint32(p.at/1000))
		b = binary.LittleEndian.AppendUint32(b, uint32(p.at%1000*1e6))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p.data)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p.data)))
		b = append(b, p.data...)
	}
	return b
}

// ngFile makes a pcapng file of an interface with a name.
func ngFile(t *testing.T, name string, packets ...one) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pcapng.NewWriter(&b, pcapng.Section{})
	if _, err := w.AddInterface(pcapng.Interface{Name: name, LinkType: 1}); err != nil {
		t.Fatal(err)
	}
	for _, p := range packets {
		if err := w.WritePacket(&pcapng.Packet{Time: p.at * 1e6, Data: []byte(p.data), OrigLen: len(p.data)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gz(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func zst(b []byte, o ...zstd.EOption) []byte {
	w, err := zstd.NewWriter(nil, o...)
	if err != nil {
		panic(err)
	}
	return w.EncodeAll(b, nil)
}

// bz is what bzip2 makes of the capture that TestReadCompressed reads.
var bz, _ = hex.DecodeString("425a6839314159265359bcf0261900001cfddcfe00800140020004500321a59c0044002000100041000000a0006a1a692340064d0d193208aa000000" +
	"008bd8db10dca5545480e20902fd1722332893288e9a8ac1d07f0233700202a1bc3aaa00a841c8080a84802011100f652986fd4a32b3a7e2ee48a70a" +
	"12179e04c320")

// readAll gives the data of all packets.
func readAll(src io.Reader) ([]string, error) {
	r, err := capture.NewReader("a.pcap", src)
	if err != nil {
		return nil, err
	}
	var all []string
	for {
		var p pcapng.Packet
		if err := r.Next(&p); err == io.EOF {
			return all, nil
		} else if err != nil {
			return all, err
		}
		all = append(all, string(p.Data))
	}
}

func TestReadCompressed(t *testing.T) {
	whole := pcapFile(one{1, "first"}, one{2, strings.Repeat("long", 5000)}, one{3, "last"})
	half := len(whole) / 2
	skippable := []byte{0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'}
	for name, b := range map[string][]byte{
		"plain":                       whole,
		"gzip":                        gz(whole),
		"gzip of two members":         append(gz(whole[:half]), gz(whole[half:])...),
		"bzip2":                       bz,
		"zstd":                        zst(whole),
		"zstd of two frames":          append(zst(whole[:half]), zst(whole[half:])...),
		"zstd behind a skipped frame": append(skippable, zst(whole)...),
		"zstd with a window of 8 MiB": zst(whole, zstd.WithWindowSize(8<<20)),
		"gzip of pcapng":              gz(ngFile(t, "x", one{1, "first"}, one{2, strings.Repeat("long", 5000)}, one{3, "last"})),
	} {
		for how, src := range map[string]io.Reader{"whole": bytes.NewReader(b), "byte by byte": iotest.OneByteReader(bytes.NewReader(b))} {
			got, err := readAll(src)
			if err != nil || len(got) != 3 || got[0] != "first" || len(got[1]) != 20000 || got[2] != "last" {
				t.Errorf("%s, %s: %d packets, error %v", name, how, len(got), err)
			}
		}
	}
}

// TestReadFromAPipe: a capture that is still being made gives what it has, and
// does not wait for more than the packet that is asked for.
func TestReadFromAPipe(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	b := pcapFile(one{1, "first"}, one{2, "second"})
	cut := len(pcapFile(one{1, "first"}))
	if _, err := out.Write(b[:cut]); err != nil {
		t.Fatal(err)
	}
	r, err := capture.NewReader("-", in)
	if err != nil {
		t.Fatal(err)
	}
	var p pcapng.Packet
	if err := r.Next(&p); err != nil || string(p.Data) != "first" {
		t.Fatalf("%q, error %v", p.Data, err)
	}
	if _, err := out.Write(b[cut:]); err != nil {
		t.Fatal(err)
	}
	if err := r.Next(&p); err != nil || string(p.Data) != "second" {
		t.Fatalf("%q, error %v", p.Data, err)
	}
	out.Close()
	if err := r.Next(&p); err != io.EOF {
		t.Fatalf("error %v, want EOF", err)
	}
	if r.Consumed() != int64(len(b)) {
		t.Errorf("%d bytes used of %d", r.Consumed(), len(b))
	}
}

func TestReadErrors(t *testing.T) {
	whole := pcapFile(one{1, "first"}, one{2, strings.Repeat("long", 5000)})
	noise := make([]byte, 200_000) // which does not compress
	for i, x := 0, uint32(1); i < len(noise); i++ {
		x = x*1664525 + 1013904223
		noise[i] = byte(x >> 24)
	}
	noisy := gz(pcapFile(one{1, "first"}, one{2, string(noise)}))
	huge := append(pcapFile(one{1, "first"}), 1, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)
	damaged := bytes.Clone(gz(whole))
	damaged[len(damaged)-5] ^= 0xff
	window := zst(bytes.Repeat(whole, 10_000), zstd.WithWindowSize(128<<20))
	for _, c := range []struct {
		name    string
		b       []byte
		packets int
		offset  int64
		frame   int64
		is      error
		want    string
	}{
		{"empty", nil, 0, 0, 0, io.ErrUnexpectedEOF, "a.pcap: read file header: the file is empty"},
		{"cut", whole[:100], 1, 45, 2, io.ErrUnexpectedEOF, "a.pcap: read packet 2 at byte 45: the file ends after 55 of at least 20016 bytes; it was cut short, or is still being written: what stands before is read"},
		{"cut header", whole[:10], 0, 0, 0, io.ErrUnexpectedEOF, "a.pcap: read file header: the file ends after 10 of at least 24 bytes; it was cut short, or is still being written"},
		{"two files put together", append(pcapFile(one{1, "first"}), pcapFile(one{2, "second"})...), 1, 45, 2, nil, "a.pcap: read packet 2 at byte 45: another pcap file begins here; files were put one behind the other: what stands before is read, the rest is not; name the files themselves, or join them with: mergecap -w OUT IN..."},
		{"pcapng and pcap put together", append(ngFile(t, "", one{1, "first"}), pcapFile(one{2, "second"})...), 1, 100, 2, nil, "a.pcap: read packet 2 at byte 100: another pcap file begins here; files were put one behind the other: what stands before is read, the rest is not; name the files themselves, or join them with: mergecap -w OUT IN..."},
		{"pcapng of a system that failed", append(ngFile(t, "", one{1, "first"}), make([]byte, 100)...), 1, 100, 2, nil, "a.pcap: read packet 2 at byte 100: a record of zeros only, as a file has that was not written to its end; the file is damaged here: what stands before is read, the rest is not"},
		{"huge length", huge, 1, 45, 2, nil, "a.pcap: read packet 2 at byte 45: captured length 4294967295, want at most 262144; the file is damaged here: what stands before is read, the rest is not"},
		{"cut in gzip", gz(huge), 1, 45, 2, nil, "a.pcap (gzip, bytes count when decompressed): read packet 2 at byte 45: captured length 4294967295, want at most 262144; the file is damaged here: what stands before is read, the rest is not"},
		{"cut gzip", noisy[:len(noisy)/2], 1, 45, 2, io.ErrUnexpectedEOF, "a.pcap (gzip, bytes count when decompressed): read packet 2 at byte 45: decompress gzip: unexpected EOF; it was cut short: what stands before is read"},
		{"cut gzip header", gz(whole)[:5], 0, 0, 0, io.ErrUnexpectedEOF, "a.pcap (gzip, bytes count when decompressed): decompress gzip: unexpected EOF; it was cut short: what stands before is read"},
		{"damaged gzip", damaged, 2, 20061, 3, gzip.ErrChecksum, "a.pcap (gzip, bytes count when decompressed): read packet 3 at byte 20061: decompress gzip: gzip: invalid checksum; compressed data is damaged: what stands before is read"},
		{"zstd of a window too large", window, 0, 0, 0, zstd.ErrWindowSizeExceeded, "a.pcap (zstd, bytes count when decompressed): read file header: decompress zstd: window size exceeded; it needs more than 64 MiB of memory; decompress it with: zstd -d --long=31"},
		{"gzip of text", gz([]byte("frame.number,ip.src")), 0, 0, 0, nil, "a.pcap (gzip, bytes count when decompressed): read file header: it is text; give the capture itself, as tcpdump -w or Wireshark writes it"},
	} {
		got, err := readAll(bytes.NewReader(c.b))
		var e *capture.Error
		if !errors.As(err, &e) || err.Error() != c.want || len(got) != c.packets || e.Offset != c.offset || e.Frame != c.frame || e.File != "a.pcap" {
			t.Errorf("%s: %d packets, %+v\n got %v\nwant %s", c.name, len(got), e, err, c.want)
		}
		if c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: is not %v", c.name, c.is)
		}
	}
}

// TestForeignFormats names what is not read here.
func TestForeignFormats(t *testing.T) {
	at := func(n int, s string) []byte { return append(make([]byte, n), s...) }
	erf := append(binary.LittleEndian.AppendUint64(nil, 1_700_000_000<<32), 2, 4, 0, 80, 0, 0, 0, 60)
	for _, c := range []struct {
		b    []byte
		want string
	}{
		{[]byte("GMBU\x00\x02"), "it is a Microsoft Network Monitor 2 capture; convert it with: editcap -F pcapng IN OUT"},
		{[]byte("RTSS\x00\x01"), "it is a Microsoft Network Monitor 1 capture; convert it with: editcap -F pcapng IN OUT"},
		{[]byte("snoop\x00\x00\x00\x00\x00\x00\x02"), "it is a snoop capture (Solaris, fw monitor); convert it with: editcap -F pcapng IN OUT"},
		{at(72, "\x02\x00\x02\xc0"), "it is a Windows event trace (.etl); convert it with: pktmon etl2pcap IN -o OUT (of pktmon), or etl2pcapng IN OUT (of netsh trace)"},
		{at(72, "\x02\x00\x01\xc0"), "it is a Windows event trace (.etl); convert it with: pktmon etl2pcap IN -o OUT (of pktmon), or etl2pcapng IN OUT (of netsh trace)"},
		{append(erf, make([]byte, 64)...), "it is an ERF capture (Endace); convert it with: editcap -F pcapng IN OUT"},
		{slices.Concat(erf, make([]byte, 64), []byte("no record of that format")), "it begins with 00 00 00 00, which is neither pcap nor pcapng; convert it to pcapng with the tool that made it, or try: editcap -F pcapng IN OUT"},
		{append([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0x9b, 4, 0, 0x80, 0, 0, 0, 0x68}, make([]byte, 112)...), "it is an ERF capture (Endace); convert it with: editcap -F pcapng IN OUT"},
		{[]byte("\x01\x00\x20\x00NetScaler V20 Performance Data"), "it is a NetScaler trace; convert it with: editcap -F pcapng IN OUT"},
		{[]byte("TRSNIFF data    \x1a"), "it is a Sniffer capture; convert it with: editcap -F pcapng IN OUT"},
		{[]byte("XCP\x00002.002\x00"), "it is a NetXRay or Sniffer for Windows capture; convert it with: editcap -F pcapng IN OUT"},
		{[]byte("\x7fver\x00\x00"), "it is an OmniPeek or EtherPeek capture; convert it with: editcap -F pcapng IN OUT"},
		{[]byte("iptrace 2.0"), "it is an AIX iptrace capture; convert it with: editcap -F pcapng IN OUT"},
		{gz(gz(pcapFile(one{1, "first"}))), "it is compressed twice; decompress it: zcat FILE | rstlab analyze - (zstdcat for zstd, bzcat for bzip2)"},
		{[]byte("\x04\x22\x4d\x18\x64"), "it is compressed by lz4; decompress it: lz4 -dc FILE | rstlab analyze -"},
		{make([]byte, 100), "it begins with nothing but zeros: what was captured was not written before the system or the disk failed"},
		{[]byte("00000000: d4c3 b2a1 0200 0400 0000 0000 0000 0000  ................\n"), "it is a hex dump of a capture; make that again with: xxd -r IN OUT"},
		{[]byte("0000   02 00 00 00 02 01 02 00 00 00 01 01 08 00 45 00   ..............E.\n"), "it is a hex dump; of packets text2pcap makes a capture: text2pcap IN OUT"},
		{[]byte("+---------+---------------+----------+\n10:00:00,000,000"), "it is a K12 text capture (Tektronix); convert it with: editcap -F pcapng IN OUT"},
		{[]byte("\xfd7zXZ\x00\x00\x04"), "it is compressed by xz; decompress it: xz -dc FILE | rstlab analyze -"},
		{[]byte("PK\x03\x04\x14\x00"), "it is a zip archive; unpack it, and give the captures in it"},
		{at(257, "ustar  \x00"), "it is a tar archive; unpack it, and give the captures in it"},
		{[]byte("10:00:00.000000 IP 192.0.2.1.40000 > 198.51.100.1.80: Flags [S], seq 1, win 64240, length 0\n"), "it is text; give the capture itself, as tcpdump -w or Wireshark writes it"},
		{[]byte("\xff\xfeN\x00o\x00.\x00"), "it is text; give the capture itself, as tcpdump -w or Wireshark writes it"},
		{bytes.Repeat([]byte("é"), 3000), "it is text; give the capture itself, as tcpdump -w or Wireshark writes it"},
		{[]byte{0xde, 0xad, 0xbe, 0xef, 0, 1, 2, 3}, "it begins with de ad be ef, which is neither pcap nor pcapng; convert it to pcapng with the tool that made it, or try: editcap -F pcapng IN OUT"},
	} {
		_, err := capture.NewReader("a.cap", bytes.NewReader(c.b))
		want := "a.cap: read file header: " + c.want
		if bytes.HasPrefix(c.b, []byte{0x1f, 0x8b}) {
			want = "a.cap (gzip, bytes count when decompressed): read file header: " + c.want
		}
		var e *capture.Error
		if err == nil || err.Error() != want || !errors.As(err, &e) {
			t.Errorf("%.20q:\n got %v\nwant %s", c.b, err, want)
		}
	}
}

// TestBomb: a compressed file that has no end of zeros must not fill memory.
func TestBomb(t *testing.T) {
	// A custom block of 4 GB, all zeros: 4 MB of gzip. Only its begin is made.
	head := ngFile(t, "x", one{1, "first"})
	head = binary.LittleEndian.AppendUint32(head, 0x1234)
	head = binary.LittleEndian.AppendUint32(head, math.MaxUint32-3)
	for name, b := range map[string][]byte{
		"gzip": gz(append(head, make([]byte, 64<<20)...)),
		"zstd": zst(append(head, make([]byte, 64<<20)...)),
	} {
		r, err := capture.NewReader(name, bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		var batch pcapng.Batch
		n := 0
		count := func(*pcapng.Packet) { n++ }
		if err := r.ReadBatch(&batch, count); err != nil || n != 1 {
			t.Fatalf("%s: %d packets, error %v", name, n, err)
		}
		if err := r.ReadBatch(&batch, count); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: error %v, want an unexpected EOF", name, err)
		}
	}
}

func TestDropped(t *testing.T) {
	stats := func(known bool, counts ...uint64) []byte {
		var b bytes.Buffer
		w := pcapng.NewWriter(&b, pcapng.Section{})
		for i, n := range counts {
			if _, err := w.AddInterface(pcapng.Interface{LinkType: 1}); err != nil {
				t.Fatal(err)
			}
			if err := w.WriteStats(i, 0, pcapng.Stats{Received: pcapng.Count{N: 100, Known: true}, Dropped: pcapng.Count{N: n, Known: known}, OSDropped: pcapng.Count{N: n, Known: known}}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for _, c := range []struct {
		b    []byte
		want pcapng.Count
	}{
		{stats(true, 3, 4), pcapng.Count{N: 14, Known: true}},
		{stats(true, 0), pcapng.Count{Known: true}},
		{stats(false, 3), pcapng.Count{}},
		{pcapFile(), pcapng.Count{}},
	} {
		r, err := capture.NewReader("x", bytes.NewReader(c.b))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Next(new(pcapng.Packet)); err != io.EOF {
			t.Fatal(err)
		}
		if got := r.Dropped(); got != c.want {
			t.Errorf("dropped %+v, want %+v", got, c.want)
		}
	}
}
