package analyzer_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"rstlab/analyzer"
	"rstlab/internal/pcapng"
)

// within puts what follows the link addresses of a frame behind tags.
func within(tags ...byte) func(*pcapng.Packet) {
	return func(p *pcapng.Packet) { p.Data = slices.Insert(p.Data, 12, tags...); p.OrigLen = len(p.Data) }
}

func TestTunnelIsNamed(t *testing.T) {
	b := changeEach(t, capture(t, "client", refused), pcapng.LinkEthernet, within(0x88, 0xa8, 0, 100, 0x81, 0, 0, 10))
	for _, inputs := range [][]analyzer.Input{{input("a", b)}, {input("a", b), input("b", b)}} {
		all, err := analyze(t, analyzer.Options{Connections: true}, inputs...)
		if err != nil {
			t.Fatal(err)
		}
		keeps(t, schema(t), all)
		for _, v := range pick[*analyzer.Verdict](all) {
			if v.Tunnel != "vlan 100, vlan 10" {
				t.Errorf("%d captures: the verdict names the tunnel %q", len(inputs), v.Tunnel)
			}
		}
		for _, c := range pick[*analyzer.Connection](all) {
			if c.Tunnel != "vlan 100, vlan 10" {
				t.Errorf("%d captures: the connection names the tunnel %q", len(inputs), c.Tunnel)
			}
		}
	}
}

// limits are those of the summary.
func limits(t *testing.T, b []byte) string {
	t.Helper()
	all, err := analyze(t, analyzer.Options{}, input("x", b))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(pick[*analyzer.Summary](all)[0].Limits, "\n")
}

func TestWithoutStamps(t *testing.T) {
	const want = "all stamps are the same"
	whole := capture(t, "client", refused)
	if l := limits(t, whole); strings.Contains(l, want) {
		t.Errorf("with stamps: %s", l)
	}
	for _, at := range []int64{0, 1_795_428_000e9} {
		if l := limits(t, changeEach(t, whole, pcapng.LinkEthernet, func(p *pcapng.Packet) { p.Time = at })); !strings.Contains(l, want) {
			t.Errorf("all at %d: %s", at, l)
		}
	}
}

func TestWithoutTCP(t *testing.T) {
	b := changeEach(t, capture(t, "client", refused), pcapng.LinkEthernet, func(p *pcapng.Packet) {
		if p.Frame == 1 {
			p.Data[12], p.Data[13] = 0x88, 0xcc // LLDP
		} else {
			p.Data[etherLen+9] = 17
		}
	})
	if l := limits(t, b); l != "x: no TCP in it: unknown EtherType (1 packet), UDP (1 packet)" {
		t.Error(l)
	}
}

// A file whose header can be read and nothing else is one of which nothing can.
func TestNothingButAHeader(t *testing.T) {
	whole := capture(t, "client", refused)
	cut := whole[:len(whole)/4]
	all, err := analyze(t, analyzer.Options{}, input("cut", cut))
	if errs := pick[*analyzer.Error](all); err == nil || len(errs) != 1 || len(pick[*analyzer.Summary](all)) != 1 {
		t.Errorf("error %v, records %v", err, all)
	}
	if _, err := analyze(t, analyzer.Options{}, input("cut", cut), input("whole", whole)); err != nil {
		t.Errorf("beside one that can be read: %v", err)
	}
}

// Where bytes count in what is decompressed, that is said.
func TestErrorsTellOfCompression(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	whole := capture(t, "client", refused)
	if _, err := z.Write(whole[:len(whole)-1]); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	all, _ := analyze(t, analyzer.Options{}, input("x.gz", b.Bytes()))
	keeps(t, schema(t), all)
	errs := pick[*analyzer.Error](all)
	if len(errs) != 1 || errs[0].Packed != "gzip" || !strings.HasPrefix(errs[0].Error(), "x.gz (gzip, bytes count when decompressed): read packet ") {
		t.Errorf("errors %v", errs)
	}
}

// fragments cuts the IPv4 packets that have a payload up.
func fragments(t *testing.T, b []byte, size int) []byte {
	t.Helper()
	r, err := pcapng.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := pcapng.NewWriter(&out, pcapng.Section{})
	if _, err := w.AddInterface(pcapng.Interface{LinkType: pcapng.LinkEthernet}); err != nil {
		t.Fatal(err)
	}
	const ipLen = etherLen + 20
	var p pcapng.Packet
	for r.Next(&p) == nil {
		whole := bytes.Clone(p.Data)
		for at := ipLen; at < len(whole); at += size {
			end := min(at+size, len(whole))
			p.Data = slices.Concat(whole[:ipLen], whole[at:end])
			binary.BigEndian.PutUint16(p.Data[etherLen+2:], uint16(end-at+20))
			more := uint16(0)
			if end < len(whole) {
				more = 0x2000
			}
			binary.BigEndian.PutUint16(p.Data[etherLen+6:], more|uint16(at-ipLen)/8)
			p.OrigLen = len(p.Data)
			if err := w.WritePacket(&p); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What comes in fragments is all there: nothing is missing, and the verdict is the
// same.
func TestFragments(t *testing.T) {
	whole := capture(t, "client", `
		client.2301 > server.445: S
		+10ms server.445 > client.2301: S.
		client.2301 > server.445: .
		client.2301 > server.445: P. length 1000
		+10ms server.445 > client.2301: .
		server.445 > client.2301: P. length 1000
		client.2301 > server.445: .
		+1s server.445 > client.2301: R.`)
	said := func(b []byte) string {
		all, err := analyze(t, analyzer.Options{Connections: true}, input("x", b))
		if err != nil {
			t.Fatal(err)
		}
		v, c, s := pick[*analyzer.Verdict](all), pick[*analyzer.Connection](all), pick[*analyzer.Summary](all)[0]
		if len(v) != 1 || len(c) != 1 {
			t.Fatalf("%d verdicts and %d connections, want 1 of each", len(v), len(c))
		}
		return fmt.Sprint(v[0].Cause, v[0].Strength, v[0].Sender, v[0].SenderStrength, c[0].Bytes, s.Limits)
	}
	want := said(whole)
	for _, size := range []int{800, 256, 64, 24} {
		if got := said(fragments(t, whole, size)); got != want {
			t.Errorf("in fragments of %d bytes: %s, want %s", size, got, want)
		}
	}
}
