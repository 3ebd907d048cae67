package derive

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"rstlab/internal/pcapng"
	"rstlab/internal/script"
	"rstlab/internal/segment"
)

// Who the names in a packet list are, and with which number they begin.
var (
	hosts = map[string]netip.Addr{
		"client": netip.MustParseAddr("10.9.8.7"), "server": netip.MustParseAddr("172.16.5.4"), "other": netip.MustParseAddr("172.16.5.9"),
	}
	isns = map[string]uint32{"client": 1000, "server": 5000, "other": 9000}
)

// input makes a capture of a packet list: a line a packet, "+D" before it for
// the time since the one above.
func input(t testing.TB, name, list string) Input {
	t.Helper()
	data := packets(t, list)
	return Input{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

func packets(t testing.TB, list string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := pcapng.NewWriter(&out, pcapng.Section{})
	if _, err := w.AddInterface(pcapng.Interface{LinkType: pcapng.LinkEthernet}); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	ids := map[string]uint16{}
	for line := range strings.Lines(strings.TrimSpace(list)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		gap := 10 * time.Microsecond
		if rest, found := strings.CutPrefix(line, "+"); found {
			word, after, _ := strings.Cut(rest, " ")
			d, err := time.ParseDuration(word)
			if err != nil {
				t.Fatal(err)
			}
			gap, line = d, strings.TrimSpace(after)
		}
		at = at.Add(gap)
		s, err := segment.Parse(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		ids[s.Src.Name]++
		data := frame(t, s, ids[s.Src.Name])
		if err := w.WritePacket(&pcapng.Packet{Time: at.UnixNano(), HasTime: true, Data: data, OrigLen: len(data)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// frame makes an Ethernet frame of a segment. Raw numbers are taken as they
// are; others count from the ISNs of the ends.
func frame(t testing.TB, s segment.Segment, id uint16) []byte {
	t.Helper()
	s = s.Absolute(segment.Base{Seq: isns[s.Src.Name], SeqKnown: true, Ack: isns[s.Dst.Name], AckKnown: true})
	options, err := segment.EncodeOptions(s.Options)
	if err != nil {
		t.Fatal(err)
	}
	n := s.Bytes()
	ttl, win := uint8(64), uint32(500)
	if s.TTL != nil {
		ttl = *s.TTL
	}
	if s.Win != nil {
		win = *s.Win
	}
	if s.ID != nil {
		id = *s.ID
	}
	src, dst := hosts[s.Src.Name].As4(), hosts[s.Dst.Name].As4()
	length := 20 + len(options) + int(n)
	b := append([]byte{2, 0, 0, 0, 0, dst[3], 2, 0, 0, 0, 0, src[3], 8, 0}, 0x45, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(20+length))
	b = binary.BigEndian.AppendUint16(b, id)
	b = append(b, 0x40, 0, ttl, 6, 0, 0)
	b = append(append(b, src[:]...), dst[:]...)
	tcp := len(b)
	b = binary.BigEndian.AppendUint16(b, s.Src.Port)
	b = binary.BigEndian.AppendUint16(b, s.Dst.Port)
	seq, ack := isns[s.Src.Name], uint32(0)
	if s.Flags&segment.SYN == 0 {
		seq++
	}
	if s.Seq != nil {
		seq = s.Seq.Start
	}
	if s.Ack != nil {
		ack = s.Ack.N
	}
	b = binary.BigEndian.AppendUint32(b, seq)
	b = binary.BigEndian.AppendUint32(b, ack)
	b = append(b, byte(20+len(options))<<2, byte(s.Flags))
	b = binary.BigEndian.AppendUint16(b, uint16(win))
	b = append(b, 0, 0, 0, 0)
	b = append(b, options...)
	for i := range n {
		b = append(b, "secret"[(i)%6])
	}
	binary.BigEndian.PutUint16(b[14+10:], ^sum(0, b[14:34]))
	pseudo := sum(uint32(6+length), b[26:34])
	binary.BigEndian.PutUint16(b[tcp+16:], ^sum(uint32(pseudo), b[tcp:]))
	return b
}

// sum is the Internet checksum without its complement (RFC 1071).
func sum(n uint32, b []byte) uint16 {
	for i := 0; i+1 < len(b); i += 2 {
		n += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	if len(b)%2 == 1 {
		n += uint32(b[len(b)-1]) << 8
	}
	for n > 0xffff {
		n = n>>16 + n&0xffff
	}
	return uint16(n)
}

// derived gives the scenario of a packet list, which must be in its one form.
func derived(t testing.TB, o Options, list string) string {
	t.Helper()
	trouble, err := Read(t.Context(), []Input{input(t, "dir/trouble.pcapng", list)}, o)
	if err != nil {
		t.Fatal(err)
	}
	sc, err := trouble.Scenario("trouble")
	if err != nil {
		t.Fatal(err)
	}
	again, err := script.Format(sc.Text, "trouble.scenario")
	if err != nil || !bytes.Equal(again, sc.Text) {
		t.Errorf("not in its form (%v):\n%s", err, sc.Text)
	}
	return string(sc.Text)
}
