package benchcap_test

import (
	"bytes"
	"io"
	"net/netip"
	"testing"

	"rstlab/analyzer/capture"
	"rstlab/analyzer/packet"
	"rstlab/internal/benchcap"
	"rstlab/internal/pcapng"
	"rstlab/internal/segment"
)

func write(t *testing.T, o benchcap.Options) ([]byte, benchcap.Stats) {
	t.Helper()
	var b bytes.Buffer
	stats, err := benchcap.Write(&b, o)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), stats
}

func TestWriteDependsOnTheSeedOnly(t *testing.T) {
	a, _ := write(t, benchcap.Options{Seed: 1, Connections: 200})
	b, _ := write(t, benchcap.Options{Seed: 1, Connections: 200})
	c, _ := write(t, benchcap.Options{Seed: 2, Connections: 200})
	if !bytes.Equal(a, b) {
		t.Error("one seed made two captures")
	}
	if bytes.Equal(a, c) {
		t.Error("two seeds made one capture")
	}
}

// TestWriteIsWhatItSays reads a capture back: all TCP, in order, with good
// checksums, of documentation addresses, and as many of each as it says.
func TestWriteIsWhatItSays(t *testing.T) {
	b, stats := write(t, benchcap.Options{Seed: 1, Connections: 3000})
	r, err := capture.NewReader("bench", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	allowed := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("2001:db8::/32")}
	var d packet.Decoder
	var p pcapng.Packet
	var info packet.Info
	got := benchcap.Stats{Bytes: int64(len(b))}
	syns := map[[2]netip.AddrPort]bool{}
	last, v6 := int64(0), 0
	for {
		if err := r.Next(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		got.Packets++
		if p.Time < last {
			t.Fatalf("packet %d is earlier than the one before", p.Frame)
		}
		last = p.Time
		if d.Decode(&p, &info) != packet.TCP || info.Checksum() != packet.SumGood {
			t.Fatalf("packet %d: kind %d, checksum %v", p.Frame, info.Kind, info.Checksum())
		}
		if info.Flags&segment.RST != 0 {
			got.Resets++
		}
		if info.Flags&(segment.SYN|segment.ACK) == segment.SYN {
			syns[[2]netip.AddrPort{info.Source(), info.Destination()}] = true
		}
		if info.V6 {
			v6++
		}
		for _, a := range []netip.Addr{info.Source().Addr(), info.Destination().Addr()} {
			if !allowed[0].Contains(a) && !allowed[1].Contains(a) && !allowed[2].Contains(a) {
				t.Fatalf("packet %d: address %v", p.Frame, a)
			}
		}
	}
	got.Connections = len(syns)
	if got != stats || stats.Connections != 3000 {
		t.Errorf("read %+v, written %+v", got, stats)
	}
	if got.Resets < 30 || v6 == 0 || v6 == got.Packets {
		t.Errorf("%d resets, %d packets of IPv6: not what is to be measured", got.Resets, v6)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestWriteToAFullDisk(t *testing.T) {
	if _, err := benchcap.Write(fullDisk{}, benchcap.Options{Connections: 10}); err != io.ErrShortWrite {
		t.Errorf("error %v, want %v", err, io.ErrShortWrite)
	}
}
