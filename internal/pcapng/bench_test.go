package pcapng_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"

	"rstlab/internal/pcapng"
)

// BenchmarkRead reads 370-byte packets, the mean of many captures, in batches.
func BenchmarkRead(b *testing.B) {
	const packets, size = 20_000, 370
	data := strings.Repeat("x", size)
	pcap := (&file{order: binary.LittleEndian}).pcapHeader(0xa1b2c3d4, 2, 4, 65535, 1)
	ng := (&file{order: binary.LittleEndian}).section().iface(1, 0)
	for i := range uint32(packets) {
		pcap.record(i, 0, size, size, data)
		ng.enhanced(0, uint64(i), size, data)
	}
	for _, c := range []struct {
		name string
		f    *file
	}{{"pcap", pcap}, {"pcapng", ng}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.f.b)))
			var batch pcapng.Batch
			for b.Loop() {
				r, err := pcapng.NewReader(bytes.NewReader(c.f.b))
				for err == nil {
					err = r.ReadBatch(&batch, func(*pcapng.Packet) {})
				}
				if err != io.EOF {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/packets, "ns/packet")
		})
	}
}
