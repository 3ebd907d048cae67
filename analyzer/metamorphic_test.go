package analyzer_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"slices"
	"testing"

	"rstlab/analyzer"
	"rstlab/analyzer/packet"
	"rstlab/internal/benchcap"
	"rstlab/internal/pcapng"
	"rstlab/internal/segment"
)

// small is a generated capture with some dozens of resets.
func small(t *testing.T, seed uint64) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := benchcap.Write(&b, benchcap.Options{Seed: seed, Connections: 1500}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// changeEach gives a capture with each packet changed.
func changeEach(t *testing.T, src []byte, link uint16, change func(*pcapng.Packet)) []byte {
	t.Helper()
	r, err := pcapng.NewReader(bytes.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := pcapng.NewWriter(&b, pcapng.Section{})
	i, err := w.AddInterface(pcapng.Interface{LinkType: link})
	if err != nil {
		t.Fatal(err)
	}
	for {
		var p pcapng.Packet
		if err := r.Next(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		p.Data, p.Interface = bytes.Clone(p.Data), i
		change(&p)
		if err := w.WritePacket(&p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const etherLen = 14

// headers finds the addresses and the TCP segment in a frame of benchcap's.
func headers(frame []byte) (addresses, tcp []byte) {
	if frame[etherLen]>>4 == 6 {
		return frame[etherLen+8 : etherLen+40], frame[etherLen+40:]
	}
	return frame[etherLen+12 : etherLen+20], frame[etherLen+20:]
}

// adjust changes 32 bits of a TCP segment, or of what its checksum covers, and
// the checksum along (RFC 1624).
func adjust(tcp, field []byte, value uint32) {
	old := binary.BigEndian.Uint32(field)
	sum := uint32(^binary.BigEndian.Uint16(tcp[16:])) + ^old>>16 + uint32(uint16(^old)) + value>>16 + value&0xffff
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint32(field, value)
	binary.BigEndian.PutUint16(tcp[16:], ^uint16(sum))
}

// mapAddresses changes the last 32 bits of both addresses of a frame.
func mapAddresses(frame []byte, to func(uint32) uint32) {
	addresses, tcp := headers(frame)
	for n := len(addresses) / 2; len(addresses) > 0; addresses = addresses[n:] {
		field := addresses[n-4 : n]
		adjust(tcp, field, to(binary.BigEndian.Uint32(field)))
	}
}

// verdicts is what a capture's records say of each reset, in the order of the
// resets, without what a change of the packets may change: times, addresses,
// numbers in texts.
func verdicts(t *testing.T, b []byte) []string {
	t.Helper()
	all, err := analyze(t, analyzer.Options{}, input("x", b))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, v := range pick[*analyzer.Verdict](all) {
		var others []string
		for _, a := range v.Alternatives {
			others = append(others, string(a.Cause))
		}
		slices.Sort(others)
		lines = append(lines, fmt.Sprint(v.Frame, v.Cause, v.Strength, v.Why, v.Sender, v.SenderStrength, v.Effect, v.Benign, v.Connection.ID, v.Connection.State, others))
	}
	if len(lines) == 0 {
		t.Fatal("the capture has no reset")
	}
	return lines
}

// What means nothing changes no verdict.
func TestMeaningless(t *testing.T) {
	const shift = 0xfff0_0000 // wraps nearly all sequence numbers
	for _, tc := range []struct {
		name   string
		link   uint16
		change func(*pcapng.Packet)
	}{
		{"payload stripped by the snap length", pcapng.LinkEthernet, func(p *pcapng.Packet) {
			_, tcp := headers(p.Data)
			p.Data = p.Data[:len(p.Data)-len(tcp)+int(tcp[12]>>4)*4]
		}},
		{"stamps shifted", pcapng.LinkEthernet, func(p *pcapng.Packet) { p.Time -= 12345678901234567 }},
		{"ISNs shifted", pcapng.LinkEthernet, func(p *pcapng.Packet) {
			_, tcp := headers(p.Data)
			flags := segment.Flags(tcp[13])
			if seq := binary.BigEndian.Uint32(tcp[4:]); seq != 0 || flags&segment.RST == 0 { // RFC 9293, 3.5.2, group 1: a number of nobody's
				adjust(tcp, tcp[4:8], seq+shift)
			}
			if flags&segment.ACK != 0 {
				adjust(tcp, tcp[8:12], binary.BigEndian.Uint32(tcp[8:])+shift)
			}
		}},
		{"addresses mapped in their order", pcapng.LinkEthernet, func(p *pcapng.Packet) {
			mapAddresses(p.Data, func(a uint32) uint32 { return a + 256 })
		}},
		{"addresses mapped out of their order", pcapng.LinkEthernet, func(p *pcapng.Packet) {
			mapAddresses(p.Data, func(a uint32) uint32 { return a ^ 0x7f0000ff })
		}},
		{"in a VLAN", pcapng.LinkEthernet, func(p *pcapng.Packet) {
			p.Data = slices.Insert(p.Data, 12, 0x81, 0, 0, 7)
			p.OrigLen += 4
		}},
		{"on Linux' any", pcapng.LinkSLL, func(p *pcapng.Packet) {
			const otherHost = 3
			sll := append([]byte{0, otherHost, 0, 1, 0, 6}, p.Data[6:12]...)
			p.Data = append(append(sll, 0, 0), p.Data[12:]...)
			p.OrigLen += 2
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(3) {
				src := small(t, seed)
				want, got := verdicts(t, src), verdicts(t, changeEach(t, src, tc.link, tc.change))
				for i := range want {
					if i >= len(got) || got[i] != want[i] {
						t.Fatalf("seed %d: got %q, want %q", seed, got[min(i, len(got)-1)], want[i])
					}
				}
				if len(got) != len(want) {
					t.Fatalf("seed %d: %d verdicts, want %d", seed, len(got), len(want))
				}
			}
		})
	}
}

// A capture without stamps, as some tools write them, has all of its resets judged.
func TestNoStamps(t *testing.T) {
	src := small(t, 1)
	bare := changeEach(t, src, pcapng.LinkEthernet, func(p *pcapng.Packet) { p.Time = 0 })
	if want, got := len(verdicts(t, src)), len(verdicts(t, bare)); got == 0 || got > want {
		t.Errorf("%d verdicts, want up to %d: some resets look like copies", got, want)
	}
}

// The records are the same on however many cores.
func TestCoresChangeNothing(t *testing.T) {
	src := small(t, 7)
	var want []string
	for _, cores := range []int{1, 2, 8} {
		was := runtime.GOMAXPROCS(cores)
		got := verdicts(t, src)
		runtime.GOMAXPROCS(was)
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%d cores: got %q, want %q", cores, got, want)
		}
	}
}

// In the steady state a packet costs no allocation: a connection that sends on
// and on makes no more of them than a shorter one.
func TestNoAllocationPerPacket(t *testing.T) {
	capture := func(n int) []byte {
		src := small(t, 1)
		var first []byte
		var d packet.Decoder
		var in packet.Info
		changeEach(t, src, pcapng.LinkEthernet, func(p *pcapng.Packet) {
			p.LinkType = pcapng.LinkEthernet
			if d.Decode(p, &in); first == nil && in.PayloadLen > 0 {
				first = p.Data
			}
		})
		var b bytes.Buffer
		w := pcapng.NewWriter(&b, pcapng.Section{})
		i, err := w.AddInterface(pcapng.Interface{LinkType: pcapng.LinkEthernet})
		if err != nil {
			t.Fatal(err)
		}
		for k := range n {
			_, tcp := headers(first)
			length := uint32(len(tcp) - int(tcp[12]>>4)*4)
			adjust(tcp, tcp[4:8], binary.BigEndian.Uint32(tcp[4:])+length)
			if err := w.WritePacket(&pcapng.Packet{Time: int64(k) * 1e6, HasTime: true, Data: first, OrigLen: len(first), Interface: i}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	allocs := func(b []byte) float64 {
		return testing.AllocsPerRun(3, func() {
			if _, err := analyze(t, analyzer.Options{}, input("x", b)); err != nil {
				t.Error(err)
			}
		})
	}
	const n = 50_000 // by then the batches that are read ahead are all made
	short, long := allocs(capture(n)), allocs(capture(3*n))
	if more := long - short; more > n/1000 {
		t.Fatalf("%d packets more cost %.0f allocations more", 2*n, more)
	}
}
