package pcapng_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"rstlab/internal/pcapng"
)

// brokenPipe takes n bytes, then fails.
type brokenPipe struct{ n int }

var errPipe = errors.New("broken pipe")

func (p *brokenPipe) Write(b []byte) (int, error) {
	if len(b) > p.n {
		return 0, errPipe
	}
	p.n -= len(b)
	return len(b), nil
}

func TestWriterKeepsTheFirstError(t *testing.T) {
	w := pcapng.NewWriter(&brokenPipe{n: 100}, pcapng.Section{})
	iface, err := w.AddInterface(pcapng.Interface{LinkType: pcapng.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if err = w.WritePacket(&pcapng.Packet{Interface: iface, Data: make([]byte, 60), OrigLen: 60}); err != nil {
			break
		}
	}
	if !errors.Is(err, errPipe) {
		t.Errorf("WritePacket on a broken pipe: %v, want %v", err, errPipe)
	}
	if err := w.Flush(); !errors.Is(err, errPipe) {
		t.Errorf("Flush on a broken pipe: %v, want %v", err, errPipe)
	}
}

func TestWriterRefuses(t *testing.T) {
	var b bytes.Buffer
	w := pcapng.NewWriter(&b, pcapng.Section{})
	if _, err := w.AddInterface(pcapng.Interface{Name: strings.Repeat("x", 1<<16)}); err == nil ||
		err.Error() != `write interface "`+strings.Repeat("x", 1<<16)+`": option of 65536 bytes, want at most 65535` {
		t.Errorf("AddInterface with a long name: %.80v", err)
	}
	iface, err := w.AddInterface(pcapng.Interface{Name: "client"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	before := b.Len()
	for _, c := range []struct {
		p    pcapng.Packet
		want string
	}{
		{pcapng.Packet{Interface: 1}, "write packet: interface 1, want one of the 1 added"},
		{pcapng.Packet{Interface: -1}, "write packet: interface -1, want one of the 1 added"},
		{pcapng.Packet{Interface: iface, Data: []byte{1, 2}, OrigLen: 1}, "write packet: original length 1, want at least the 2 bytes captured"},
		{pcapng.Packet{Interface: iface, Time: -1}, "write packet: time -1ns is before 1970, which pcapng can't say"},
		{pcapng.Packet{Interface: iface, Comments: []string{strings.Repeat("x", 70000)}}, "write packet: option of 70000 bytes, want at most 65535"},
	} {
		if err := w.WritePacket(&c.p); err == nil || err.Error() != c.want {
			t.Errorf("WritePacket(%.60v):\n got %v\nwant %s", c.p, err, c.want)
		}
	}
	if err := w.WriteStats(7, 0, pcapng.Stats{}); err == nil || err.Error() != "write statistics: interface 7, want one of the 1 added" {
		t.Errorf("WriteStats of no interface: %v", err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if b.Len() != before {
		t.Errorf("%d bytes of refused packets were written", b.Len()-before)
	}
}

// written is a file with everything in it that a Writer can say.
func written(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pcapng.NewWriter(&b, pcapng.Section{Hardware: "x86-64", OS: "Linux 6.18", Application: "rstlab", Comments: []string{"a test", "of all"}})
	for _, i := range []pcapng.Interface{
		{Name: "client", Description: "left tap", Filter: "tcp", OS: "Linux", Comments: []string{"ns"}, LinkType: pcapng.LinkEthernet, SnapLen: 262144},
		{Name: "old", LinkType: pcapng.LinkRaw, Unit: time.Microsecond},
		{Name: "odd", LinkType: pcapng.LinkSLL2, Unit: 954 * time.Nanosecond},
	} {
		if _, err := w.AddInterface(i); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range writtenPackets() {
		if err := w.WritePacket(&p); err != nil {
			t.Fatal(err)
		}
	}
	stats := pcapng.Stats{Received: pcapng.Count{N: 4, Known: true}, Dropped: pcapng.Count{N: 0, Known: true}, OSDropped: pcapng.Count{N: 7, Known: true}}
	if err := w.WriteStats(0, 1_700_000_009_000_000_000, stats); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writtenPackets() []pcapng.Packet {
	return []pcapng.Packet{
		{Frame: 1, Time: 1_700_000_000_123_456_789, HasTime: true, Data: []byte("abcd"), OrigLen: 4, Interface: 0, LinkType: pcapng.LinkEthernet},
		{Frame: 2, Time: 1_700_000_001_000_001_000, HasTime: true, Data: []byte("abcde"), OrigLen: 1500, Interface: 1, LinkType: pcapng.LinkRaw, Direction: pcapng.Outbound, Flags: 2},
		{Frame: 3, Time: 0, HasTime: true, Data: []byte{}, OrigLen: 0, Interface: 2, LinkType: pcapng.LinkSLL2, Comments: []string{"empty", "twice"}},
		{Frame: 4, Time: 1_700_000_003_000_000_001, HasTime: true, Data: []byte("abcdef"), OrigLen: 6, Interface: 0, LinkType: pcapng.LinkEthernet, Direction: pcapng.Inbound, Flags: 1<<29 | 1, Dropped: 12},
	}
}

func TestWriterIsDeterministic(t *testing.T) {
	if a, b := written(t), written(t); !bytes.Equal(a, b) {
		t.Error("two runs wrote different bytes")
	}
}
