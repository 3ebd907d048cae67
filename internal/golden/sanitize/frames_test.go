package sanitize

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net/netip"
	"strings"
	"testing"

	"rstlab/analyzer/packet"
	"rstlab/internal/inet"
	"rstlab/internal/pcapng"
)

// key makes tests repeatable.
var key = [16]byte{1, 2, 3}

// segment is an Ethernet frame with a TCP segment.
func segment(src, dst string, options, payload string) []byte {
	a, b := netip.MustParseAddr(src), netip.MustParseAddr(dst)
	tcp := make([]byte, 20, 20+len(options)+len(payload))
	binary.BigEndian.PutUint16(tcp, 40000)
	binary.BigEndian.PutUint16(tcp[2:], 80)
	binary.BigEndian.PutUint32(tcp[4:], 1000)
	tcp[12], tcp[13] = byte(20+len(options))<<2, 0x18
	tcp = append(append(tcp, options...), payload...)
	binary.BigEndian.PutUint16(tcp[16:], ^inet.Fold(inet.Sum(tcp)+inet.Pseudo(a, b, 6, len(tcp))))
	mac := append([]byte{2, 0xaa, 0xbb, 0xcc, 0, 1}, 2, 0xaa, 0xbb, 0xcc, 0, 2)
	if a.Is6() {
		ip := append(make([]byte, 8, 40), append(a.AsSlice(), b.AsSlice()...)...)
		ip[0], ip[6], ip[7] = 0x60, 6, 64
		binary.BigEndian.PutUint16(ip[4:], uint16(len(tcp)))
		return append(append(append(mac, 0x86, 0xdd), ip...), tcp...)
	}
	ip := append(make([]byte, 12, 20), append(a.AsSlice(), b.AsSlice()...)...)
	ip[0], ip[8], ip[9] = 0x45, 64, 6
	binary.BigEndian.PutUint16(ip[2:], uint16(20+len(tcp)))
	inet.MendIPv4(ip)
	return append(append(append(mac, 8, 0), ip...), tcp...)
}

// clean sanitizes frames, as one capture, and decodes them.
func clean(t *testing.T, frames ...[]byte) ([][]byte, []packet.Info) {
	t.Helper()
	s := newSanitizer(key)
	var out [][]byte
	infos := make([]packet.Info, len(frames))
	for i, f := range frames {
		p := &pcapng.Packet{Data: f, OrigLen: len(f), LinkType: pcapng.LinkEthernet}
		b := s.frame(p)
		if len(b) != len(f) {
			t.Fatalf("frame %d has %d bytes, had %d", i+1, len(b), len(f))
		}
		out = append(out, b)
		p.Data = b
		new(packet.Decoder).Decode(p, &infos[i])
	}
	if s.report.Emptied > 0 {
		t.Errorf("%d frames were emptied", s.report.Emptied)
	}
	return out, infos
}

func TestPayloadIsGoneAndSumsAreRight(t *testing.T) {
	const secret = "GET /secret?password=hunter2 HTTP/1.0"
	for _, ends := range [][2]string{{"10.1.2.3", "10.1.2.200"}, {"2001:db8::3", "2001:db8::200"}} {
		out, infos := clean(t, segment(ends[0], ends[1], "", secret))
		if bytes.Contains(out[0], []byte("secret")) || bytes.Contains(out[0], netip.MustParseAddr(ends[0]).AsSlice()) || bytes.Contains(out[0], []byte{0xaa, 0xbb, 0xcc}) {
			t.Errorf("something of %v is left:\n%s", ends, hex.Dump(out[0]))
		}
		if sum := infos[0].Checksum(); sum != packet.SumGood {
			t.Errorf("checksum between %v is %v", ends, sum)
		}
		if n := infos[0].PayloadLen; n != uint32(len(secret)) {
			t.Errorf("%d bytes of payload, want %d", n, len(secret))
		}
		if rest := infos[0].Payload[8:]; !bytes.Equal(rest, make([]byte, len(rest))) {
			t.Errorf("payload is % x", infos[0].Payload)
		}
	}
}

func TestWrongSumsStayWrong(t *testing.T) {
	bad := segment("10.1.2.3", "10.1.2.200", "", "hello")
	bad[len(bad)-1] ^= 1
	partial := segment("10.1.2.3", "10.1.2.200", "", "hello")
	length := len(partial) - 34
	binary.BigEndian.PutUint16(partial[34+16:], inet.Fold(inet.Pseudo(netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("10.1.2.200"), 6, length)))
	_, infos := clean(t, bad, partial)
	for i, want := range []packet.Checksum{packet.SumBad, packet.SumPartial} {
		if got := infos[i].Checksum(); got != want {
			t.Errorf("frame %d: checksum is %v, was %v", i+1, got, want)
		}
	}
}

func TestOnlyLongPayloadsCanBeTold(t *testing.T) {
	_, infos := clean(t,
		segment("10.1.2.3", "10.1.2.200", "", "sixteen bytes ok"), segment("10.9.2.3", "10.1.2.200", "", "sixteen bytes ok"),
		segment("10.1.2.3", "10.1.2.200", "", "sixteen bytes no"), segment("10.1.2.3", "10.1.2.200", "", "y"), segment("10.1.2.3", "10.1.2.200", "", "n"))
	p := func(i int) string { return string(infos[i].Payload) }
	if p(0) != p(1) || p(0) == p(2) {
		t.Errorf("payloads %q, %q, %q: want the first two the same, the third another", p(0), p(1), p(2))
	}
	if p(3) != "\x00" || p(4) != "\x00" {
		t.Errorf("short payloads are %q and %q", p(3), p(4))
	}
}

func TestOptionsStayInRelation(t *testing.T) {
	ts := func(val, ecr uint32) string {
		b := []byte{1, 1, 8, 10}
		return string(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, val), ecr))
	}
	const a, b = "10.1.2.3", "10.1.2.200"
	_, infos := clean(t, segment(a, b, ts(1000, 0), ""), segment(b, a, ts(500, 1000), ""), segment(a, b, ts(1030, 500), ""),
		segment(a, b, "\x13\x12sixteen of a hash\x01\x01"[:20], ""))
	switch {
	case infos[0].TSVal == 1000:
		t.Error("the timestamp is as it was")
	case infos[0].TSEcr != 0, infos[1].TSEcr != infos[0].TSVal, infos[2].TSEcr != infos[1].TSVal, infos[2].TSVal-infos[0].TSVal != 30:
		t.Errorf("timestamps lost their relation: %d/%d, %d/%d, %d/%d", infos[0].TSVal, infos[0].TSEcr, infos[1].TSVal, infos[1].TSEcr, infos[2].TSVal, infos[2].TSEcr)
	case !infos[3].HasMD5, strings.Contains(string(infos[3].Options()), "hash"):
		t.Errorf("options of the signed segment are % x", infos[3].Options())
	}
}

// A token stays that of its key (RFC 8684, section 3.2).
func TestMultipathTokensFollowKeys(t *testing.T) {
	s := newSanitizer(key)
	k := []byte("\x00\x01\x02\x03\x04\x05\x06\x07")
	option := append([]byte{0x01, 0x81}, k...)
	s.multipath(option)
	join := []byte{0x10, 1, 0, 0, 0, 0, 9, 9, 9, 9}
	copy(join[2:], tokenOf(k))
	s.multipath(join)
	if bytes.Equal(option[2:], k) || !bytes.Equal(join[2:6], tokenOf(option[2:])) {
		t.Errorf("key % x, token % x, want % x", option[2:], join[2:6], tokenOf(option[2:]))
	}
	if !bytes.Equal(join[6:], make([]byte, 4)) {
		t.Errorf("random number % x is left", join[6:])
	}
}

func TestAddressesKeepPrefixes(t *testing.T) {
	s := newSanitizer(key)
	shared := func(a, b netip.Addr) int {
		x, y := a.AsSlice(), b.AsSlice()
		for i := range len(x) * 8 {
			if (x[i/8]^y[i/8])&(0x80>>(i%8)) != 0 {
				return i
			}
		}
		return len(x) * 8
	}
	for _, list := range [][]string{
		{"10.1.2.3", "10.1.2.4", "10.1.130.4", "10.200.0.1", "192.168.1.1", "192.0.2.7", "1.1.1.1"},
		{"2001:db8::1", "2001:db8::2", "2001:db8:1::1", "fe80::1", "fe80::a8bb:ccff:fe00:1", "fd00::1"},
	} {
		for _, x := range list {
			for _, y := range list {
				a, b := netip.MustParseAddr(x), netip.MustParseAddr(y)
				if was, is := shared(a, b), shared(s.addr(a), s.addr(b)); was != is {
					t.Errorf("%s and %s shared %d bits, now %v and %v share %d", x, y, was, s.addr(a), s.addr(b), is)
				}
			}
		}
	}
	for _, same := range []string{"0.0.0.0", "255.255.255.255", "127.0.0.1", "224.0.0.251", "::", "::1", "ff02::1"} {
		if a := netip.MustParseAddr(same); s.addr(a) != a {
			t.Errorf("%s became %v", same, s.addr(a))
		}
	}
	if a := s.addr(netip.MustParseAddr("ff02::1:ff12:3456")); a.String() != "ff02::1:ff00:0" {
		t.Errorf("the group of an address became %v", a)
	}
	if a := s.addr(netip.MustParseAddr("fe80::1")); !a.IsLinkLocalUnicast() {
		t.Errorf("fe80::1 became %v", a)
	}
}

// What is around packets in a file names people and machines too.
func TestFileSaysNothingElse(t *testing.T) {
	var in bytes.Buffer
	w := pcapng.NewWriter(&in, pcapng.Section{Hardware: "hush hw", OS: "hush os", Application: "hush app", Comments: []string{"hush section"}})
	i, err := w.AddInterface(pcapng.Interface{Name: "hush0", Description: "hush", Filter: "host hush", OS: "hush", Comments: []string{"hush"}, LinkType: pcapng.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	arp := append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0xaa, 0xbb, 0xcc, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0xaa, 0xbb, 0xcc, 0, 1, 10, 1, 2, 3, 0, 0, 0, 0, 0, 0, 10, 1, 2, 200}, "hush padding"...)
	for _, f := range [][]byte{segment("10.1.2.3", "10.1.2.200", "", "hush"), arp, append(append([]byte{}, arp[:12]...), "\x88\xb5hush"...)} {
		if err := w.WritePacket(&pcapng.Packet{Interface: i, HasTime: true, Time: 5e9, Data: f, OrigLen: len(f), Comments: []string{"hush packet"}, Direction: pcapng.Inbound, Dropped: 3}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.WriteStats(i, 6e9, pcapng.Stats{OSDropped: pcapng.Count{N: 7, Known: true}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	s := New()
	if readErr, err := s.Capture("in", &in, &out); readErr != nil || err != nil {
		t.Fatal(readErr, err)
	}
	if bytes.Contains(out.Bytes(), []byte("hush")) || bytes.Contains(out.Bytes(), []byte{0xaa, 0xbb, 0xcc}) || bytes.Contains(out.Bytes(), []byte{10, 1, 2, 3}) {
		t.Errorf("something is left:\n%s", hex.Dump(out.Bytes()))
	}
	if report := s.Report(); report.Packets != 3 || report.Addresses != 2 || report.Emptied != 0 {
		t.Errorf("report %+v", report)
	}
	r, err := pcapng.NewReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	var p pcapng.Packet
	n := 0
	for ; err == nil; n++ {
		if err = r.Next(&p); err == nil && (p.Time != 5e9 || p.Direction != pcapng.Inbound || p.Dropped != 3) {
			t.Errorf("packet %d: time %d, direction %v, %d dropped", n+1, p.Time, p.Direction, p.Dropped)
		}
	}
	if err != io.EOF || n != 4 || r.Interfaces()[0].Stats.OSDropped.N != 7 {
		t.Errorf("read %d packets, error %v, interfaces %+v", n-1, err, r.Interfaces())
	}
}

func TestCutCaptureIsSanitizedAsFarAsItGoes(t *testing.T) {
	var in bytes.Buffer
	w := pcapng.NewWriter(&in, pcapng.Section{})
	if _, err := w.AddInterface(pcapng.Interface{LinkType: pcapng.LinkEthernet}); err != nil {
		t.Fatal(err)
	}
	f := segment("10.1.2.3", "10.1.2.200", "", "hello")
	for range 2 {
		if err := w.WritePacket(&pcapng.Packet{HasTime: true, Data: f, OrigLen: len(f)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	s := New()
	readErr, err := s.Capture("in", bytes.NewReader(in.Bytes()[:in.Len()-9]), &out)
	if err != nil || s.Report().Packets != 1 || readErr == nil {
		t.Errorf("errors %v, %v, report %+v", readErr, err, s.Report())
	}
	if _, err := New().Capture("in", strings.NewReader("no capture"), &out); err == nil {
		t.Error("what is no capture was sanitized")
	}
}

// FuzzFrame: whatever a frame is, it keeps its length and what the decoder says
// of it, or is emptied.
func FuzzFrame(f *testing.F) {
	f.Add(uint16(1), segment("10.1.2.3", "10.1.2.200", "\x01\x01\x08\x0a\x00\x00\x00\x01\x00\x00\x00\x00", "hello"), 0)
	f.Add(uint16(1), segment("2001:db8::1", "2001:db8::2", "\x1e\x0c\x01\x8112345678", "hello"), 3)
	f.Add(uint16(101), segment("10.1.2.3", "10.1.2.200", "", "hello")[14:], 0)
	f.Add(uint16(113), append(make([]byte, 14), append([]byte{8, 0}, segment("10.1.2.3", "10.1.2.200", "", "")[14:]...)...), 0)
	f.Fuzz(func(t *testing.T, link uint16, frame []byte, missing int) {
		if missing < 0 || missing > 1<<16 {
			return
		}
		s := newSanitizer(key)
		was := bytes.Clone(frame)
		p := &pcapng.Packet{Data: frame, OrigLen: len(frame) + missing, LinkType: link}
		out := s.frame(p)
		if !bytes.Equal(was, frame) {
			t.Fatal("the frame itself was changed")
		}
		if len(out) != len(frame) {
			t.Fatalf("%d bytes, had %d", len(out), len(frame))
		}
		if s.report.Emptied == 1 && !bytes.Equal(out, make([]byte, len(out))) {
			t.Fatalf("emptied, and yet % x", out)
		}
	})
}

func tokenOf(key []byte) []byte {
	sum := sha256.Sum256(key)
	return sum[:4]
}
