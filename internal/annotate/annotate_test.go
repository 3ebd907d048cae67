package annotate

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"io"
	"os"
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
