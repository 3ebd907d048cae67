package annotate

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rstlab/analyzer"
	"rstlab/internal/pcapng"
)

const begin = int64(1_795_428_000_123_456_789)

// several is a capture with all that an annotated one must keep.
func several(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pcapng.NewWriter(&b, pcapng.Section{Hardware: "a box", OS: "an OS", Application: "a tool", Comments: []string{"of yesterday"}})
	for _, i := range []pcapng.Interface{
		{Name: "eth0", Description: "uplink", Filter: "tcp", OS: "Linux", Comments: []string{"blue cable"}, LinkType: pcapng.LinkEthernet, SnapLen: 96, Unit: time.Microsecond},
		{Name: "any", LinkType: pcapng.LinkSLL2, Unit: time.Nanosecond},
		{Name: "idle", LinkType: pcapng.LinkEthernet, Unit: time.Nanosecond},
	} {
		if _, err := w.AddInterface(i); err != nil {
			t.Fatal(err)
		}
	}
	for i, p := range []pcapng.Packet{
		{Time: begin / 1000 * 1000, Data: []byte("first"), OrigLen: 1500, Direction: pcapng.Outbound},
		{Time: begin + 7, Interface: 1, Data: []byte("second"), OrigLen: 6, Dropped: 3},
		{Time: begin - 1e9, Interface: 1, Data: []byte("third"), OrigLen: 5, Comments: []string{"look here", "and here"}},
		{Time: begin + 9, Interface: 1, Data: []byte("fourth"), OrigLen: 6},
	} {
		if err := w.WritePacket(&p); err != nil {
			t.Fatal(i, err)
		}
	}
	if err := w.WriteStats(1, begin+10, pcapng.Stats{Received: pcapng.Count{N: 9, Known: true}, Dropped: pcapng.Count{N: 5, Known: true}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// classic is a pcap file of packets a second apart from at on.
func classic(at int64, packets ...string) []byte {
	var b []byte
	be := binary.BigEndian
	for _, v := range []uint32{0xa1b23c4d, 2<<16 | 4, 0, 0, 65535, pcapng.LinkRaw} {
		b = be.AppendUint32(b, v)
	}
	for i, p := range packets {
		for _, v := range []uint32{uint32(at/1e9) + uint32(i), uint32(at % 1e9), uint32(len(p)), uint32(len(p))} {
			b = be.AppendUint32(b, v)
		}
		b = append(b, p...)
	}
	return b
}

func packed(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// read gives all of a capture.
func read(t *testing.T, b []byte) (*pcapng.Reader, []pcapng.Packet) {
	t.Helper()
	r, err := pcapng.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var all []pcapng.Packet
	for {
		var p pcapng.Packet
		if err := r.Next(&p); err == io.EOF {
			return r, all
		} else if err != nil {
			t.Fatal(err)
		}
		p.Data = bytes.Clone(p.Data)
		all = append(all, p)
	}
}

// write annotates inputs with what records say.
func write(t *testing.T, inputs map[string][]byte, order []string, records ...analyzer.Record) ([]byte, error) {
	t.Helper()
	n, err := NewNotes(len(order) > 1)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	for _, r := range records {
		if err := n.Record(r); err != nil {
			t.Fatal(err)
		}
	}
	var in []analyzer.Input
	for _, name := range order {
		in = append(in, analyzer.Input{Name: name, R: bytes.NewReader(inputs[name])})
	}
	var out bytes.Buffer
	err = n.Write(context.Background(), &out, in)
	return out.Bytes(), err
}

// verdict is one on a frame, by the evidence of another frame and its own.
func verdict(file string, frame, evidence int) *analyzer.Verdict {
	return &analyzer.Verdict{File: file, Frame: frame, SenderAddress: "192.0.2.2:80", Cause: "port-closed", Sender: analyzer.Responder,
		Connection: analyzer.ConnectionRef{Originator: "192.0.2.1:1000", Responder: "192.0.2.2:80"},
		Seen:       []analyzer.Sighting{{File: file, Frame: frame}},
		Evidence:   []analyzer.Evidence{{Frame: evidence, Fact: "the SYN"}, {Frame: frame, Fact: "the answer"}}}
}

func TestAllIsKept(t *testing.T) {
	b := several(t)
	out, err := write(t, map[string][]byte{"a": b}, []string{"a"}, verdict("a", 3, 2), &analyzer.Summary{Packets: 4})
	if err != nil {
		t.Fatal(err)
	}
	was, want := read(t, b)
	is, got := read(t, out)
	for i, comments := range [][]string{2: got[2].Comments[2:], 1: got[1].Comments} {
		if (len(comments) == 1) != (i == 1 || i == 2) {
			t.Fatalf("frame %d has the comments %q", i+1, got[i].Comments)
		}
	}
	if text := got[2].Comments[2]; !strings.HasPrefix(text, "rstlab: 192.0.2.2.80 reset 192.0.2.1.1000: ") || strings.Contains(text, "\n") {
		t.Errorf("the reset's comment is %q", text)
	}
	if text := got[1].Comments[0]; text != "rstlab: for the verdict on frame 3: the SYN" {
		t.Errorf("the evidence's comment is %q", text)
	}
	got[2].Comments, got[1].Comments = got[2].Comments[:2], nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("packets were (-) and are (+):\n%s", diff)
	}
	if diff := cmp.Diff(was.Interfaces(), is.Interfaces()); diff != "" {
		t.Errorf("interfaces were (-) and are (+):\n%s", diff)
	}
	s := is.Section()
	s.Comments = s.Comments[:1]
	if diff := cmp.Diff(was.Section(), s); diff != "" {
		t.Errorf("section was (-) and is (+):\n%s", diff)
	}
}

func TestCompressedPcap(t *testing.T) {
	b := classic(begin, "one", "two")
	out, err := write(t, map[string][]byte{"a.gz": packed(t, b)}, []string{"a.gz"}, verdict("a.gz", 2, 1), &analyzer.Summary{Packets: 2})
	if err != nil {
		t.Fatal(err)
	}
	_, want := read(t, b)
	_, got := read(t, out)
	if len(got[0].Comments) != 1 || len(got[1].Comments) != 1 {
		t.Errorf("comments %q and %q, want one each", got[0].Comments, got[1].Comments)
	}
	got[0].Comments, got[1].Comments = nil, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("packets were (-) and are (+):\n%s", diff)
	}
}

// Captures of two points become one in order of time, in which each packet
// tells where it is from and comments name the files that they count in.
func TestSeveralAreMerged(t *testing.T) {
	inputs := map[string][]byte{"a": classic(begin, "a1", "a2"), "b": classic(begin+5e8, "b1", "b2")}
	v := verdict("a", 2, 1)
	v.Seen = append(v.Seen, analyzer.Sighting{File: "b", Frame: 2})
	v.Evidence = append(v.Evidence, analyzer.Evidence{File: "b", Frame: 1, Fact: "it came by"})
	out, err := write(t, inputs, []string{"a", "b"}, v, &analyzer.Summary{Packets: 4})
	if err != nil {
		t.Fatal(err)
	}
	r, got := read(t, out)
	var order, comments []string
	for _, p := range got {
		order = append(order, string(p.Data))
		if len(p.Comments) != 1 {
			t.Fatalf("%s has the comments %q, want one", p.Data, p.Comments)
		}
		comments = append(comments, p.Comments[0])
		if from := r.Interfaces()[p.Interface].Comments; len(from) != 1 || from[0] != "of "+string(p.Data[:1]) {
			t.Errorf("%s is on an interface %q", p.Data, from)
		}
	}
	if diff := cmp.Diff([]string{"a1", "b1", "a2", "b2"}, order); diff != "" {
		t.Error(diff)
	}
	if comments[0] != "rstlab: for the verdict on frame 2 of a: the SYN" || comments[1] != "rstlab: for the verdict on frame 2 of a: it came by" || comments[2] != comments[3] {
		t.Errorf("comments %q", comments)
	}
}

// What the analysis did not get to is not written; what it read must be there
// again.
func TestWhatWasAnalyzedIsWritten(t *testing.T) {
	b := classic(begin, "one", "two", "three")
	cut := b[:len(b)-2]
	for _, in := range [][]byte{b, cut} {
		out, err := write(t, map[string][]byte{"a": in}, []string{"a"}, &analyzer.Summary{Packets: 2})
		if err != nil {
			t.Fatal(err)
		}
		if _, got := read(t, out); len(got) != 2 {
			t.Errorf("%d packets, want the 2 that were analyzed", len(got))
		}
	}
	if _, err := write(t, map[string][]byte{"a": cut}, []string{"a"}, &analyzer.Summary{Packets: 3}); err == nil || !strings.Contains(err.Error(), "found 2 packets, expected the 3") {
		t.Errorf("a packet that went away gives %v", err)
	}
}

func TestManyCommentsAreCounted(t *testing.T) {
	records := []analyzer.Record{&analyzer.Summary{Packets: 1}}
	for range 20 {
		records = append(records, verdict("a", 1, 1))
	}
	out, err := write(t, map[string][]byte{"a": classic(begin, "one")}, []string{"a"}, records...)
	if err != nil {
		t.Fatal(err)
	}
	_, got := read(t, out)
	if c := got[0].Comments; len(c) != maxComments+1 || c[maxComments] != "rstlab: and 12 more" {
		t.Errorf("%d comments, the last %q", len(c), c[len(c)-1])
	}
}

func TestSpoolLeavesNothing(t *testing.T) {
	s, err := NewSpool()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.Name()); runtime.GOOS != "windows" && !os.IsNotExist(err) {
		t.Errorf("an open spool has a name: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.Name()); !os.IsNotExist(err) {
		t.Errorf("a closed spool is still there: %v", err)
	}
}

// blocks of names, secrets and custom data, with the numbers in them.
var (
	names   = pcapng.Block{Kind: 4, Body: []byte("\x01\x00\x0e\x00\xc0\x00\x02\x01a.example\x00\x00\x00\x00\x00\x00\x00")}
	secrets = pcapng.Block{Kind: 10, Body: []byte("KSLT\x04\x00\x00\x00keys")}
	custom  = pcapng.Block{Kind: 0xbad, Body: []byte("\xd9\x7e\x00\x00data")}
	local   = pcapng.Block{Kind: 0x40000bad, Body: []byte("\xd9\x7e\x00\x00local")}
)

// laden is a capture of an interface, whose items are packets (strings) and blocks.
func laden(t *testing.T, at int64, items ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pcapng.NewWriter(&b, pcapng.Section{OS: "an OS"})
	if _, err := w.AddInterface(pcapng.Interface{Name: "eth0", LinkType: pcapng.LinkRaw}); err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		var err error
		switch item := item.(type) {
		case string:
			at += 1e9
			err = w.WritePacket(&pcapng.Packet{Time: at, Data: []byte(item), OrigLen: len(item)})
		case pcapng.Block:
			err = w.WriteBlock(item)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// order reads packets and blocks in the order in which they stand.
func order(t *testing.T, b []byte) []string {
	t.Helper()
	r, err := pcapng.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	r.Carry(func(b pcapng.Block) { all = append(all, fmt.Sprintf("%#x", b.Kind)) })
	var p pcapng.Packet
	for r.Next(&p) == nil {
		all = append(all, string(p.Data))
	}
	return all
}

// Secrets must stand before the packets that they open, and a frame's number is told in
// comments: what stands between packets stays where it was.
func TestBlocksStayWhereTheyWere(t *testing.T) {
	a := laden(t, begin, secrets, names, "a1", custom, "a2", names, "a3", secrets)
	out, err := write(t, map[string][]byte{"a": a}, []string{"a"}, verdict("a", 3, 1), &analyzer.Summary{Packets: 3})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(order(t, a), order(t, out)); diff != "" {
		t.Errorf("order was (-) and is (+):\n%s", diff)
	}
	_, got := read(t, out)
	if got[1].Frame != 3 || len(got[1].Comments) != 1 {
		t.Errorf("frame %d has the comments %q", got[1].Frame, got[1].Comments)
	}
	if r, _ := read(t, out); r.Section().OS != "an OS" {
		t.Errorf("section %+v", r.Section())
	}

	b := laden(t, begin+5e8, secrets, "b1", custom, "b2")
	out, err = write(t, map[string][]byte{"a": a, "b": b}, []string{"a", "b"}, &analyzer.Summary{Packets: 5})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"0xa", "0x4", "0xa", "a1", "0xbad", "b1", "0xbad", "a2", "0x4", "b2", "a3", "0xa"}
	if diff := cmp.Diff(want, order(t, out)); diff != "" {
		t.Errorf("merged, want (-) and are (+):\n%s", diff)
	}
}

// Two sections, of which the second is big-endian and counts its interfaces anew.
func TestSectionsBecomeOne(t *testing.T) {
	var big []byte
	be := binary.BigEndian
	for _, v := range []uint32{0x0a0d0d0a, 28, 0x1a2b3c4d, 1 << 16, 0xffffffff, 0xffffffff, 28, 1, 20, pcapng.LinkSLL << 16, 0, 20} {
		big = be.AppendUint32(big, v)
	}
	for _, v := range []uint32{10, 24, 0x544c534b, 4} {
		big = be.AppendUint32(big, v)
	}
	big = append(be.AppendUint32(append(big, "KEYS"...), 24), 0, 0, 0, 6, 0, 0, 0, 36)
	for _, v := range []uint32{0, 0x60000, 0, 4, 4} {
		big = be.AppendUint32(big, v)
	}
	big = be.AppendUint32(append(big, "big1"...), 36)
	b := append(laden(t, begin, names, "one", local, "two"), big...)
	n, err := NewNotes(false)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if err := n.Record(&analyzer.Summary{Packets: 3}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := n.Write(context.Background(), &out, []analyzer.Input{{Name: "a", R: bytes.NewReader(b)}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"0x4", "one", "two", "0xa", "big1"}, order(t, out.Bytes())); diff != "" {
		t.Errorf("want (-) and are (+):\n%s", diff)
	}
	r, got := read(t, out.Bytes())
	if faces := r.Interfaces(); len(faces) != 2 || got[2].Interface != 1 || got[2].LinkType != pcapng.LinkSLL {
		t.Errorf("%d interfaces, the last packet is of %d, of link type %d", len(faces), got[2].Interface, got[2].LinkType)
	}
	if !bytes.Contains(out.Bytes(), []byte("KSLT\x04\x00\x00\x00KEYS")) {
		t.Error("secrets of the big-endian section are not little-endian")
	}
	if local, unknown := n.Left(); local != 1 || unknown != 0 {
		t.Errorf("%d and %d blocks left, want 1 and 0", local, unknown)
	}
}

// TestBlocksAsTshark: Wireshark's tools read the names and secrets of what is written,
// and count its frames as before.
func TestBlocksAsTshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed")
	}
	ip := "\x45\x00\x00\x14\x00\x01\x00\x00\x40\x3b\x00\x00\xc0\x00\x02\x01\xc0\x00\x02\x02"
	a := laden(t, begin, secrets, names, ip, custom, ip)
	out, err := write(t, map[string][]byte{"a": a}, []string{"a"}, verdict("a", 3, 1), &analyzer.Summary{Packets: 2})
	if err != nil {
		t.Fatal(err)
	}
	show := func(b []byte) string {
		file := filepath.Join(t.TempDir(), "x.pcapng")
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if said, err := exec.Command("editcap", "--discard-all-secrets", file, file+"2").CombinedOutput(); err != nil {
			t.Errorf("editcap: %s", said)
		}
		shown, err := exec.Command(tshark, "-N", "n", "-r", file, "-T", "fields", "-e", "frame.number", "-e", "ip.src_host").Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(shown)
	}
	if was, is := show(a), show(out); was != is || !strings.Contains(is, "a.example") {
		t.Errorf("was\n%sis\n%s", was, is)
	}
}
