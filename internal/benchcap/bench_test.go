package benchcap_test

import (
	"io"
	"os"
	"testing"

	"rstlab/analyzer/capture"
	"rstlab/analyzer/packet"
	"rstlab/internal/benchcap"
	"rstlab/internal/pcapng"
)

// BenchmarkCapture reads a capture of the full size bare, packet by packet, and
// packet by packet with all of them decoded, on one core.
func BenchmarkCapture(b *testing.B) {
	file := benchcap.File(b, benchcap.Options{Seed: 1})
	b.Run("bare", func(b *testing.B) {
		buf := make([]byte, 1<<20)
		benchcap.Compare(b, file, func() error {
			return with(file, func(f *os.File) error {
				for {
					if _, err := f.Read(buf); err != nil {
						return err
					}
				}
			})
		})
	})
	b.Run("read", func(b *testing.B) {
		var batch pcapng.Batch
		benchcap.Compare(b, file, func() error {
			return packets(file, &batch, func(*pcapng.Packet) {})
		})
	})
	b.Run("decode", func(b *testing.B) {
		var batch pcapng.Batch
		var d packet.Decoder
		var info packet.Info
		benchcap.Compare(b, file, func() error {
			return packets(file, &batch, func(p *pcapng.Packet) { d.Decode(p, &info) })
		})
	})
}

// packets calls f for each packet of a capture.
func packets(file string, batch *pcapng.Batch, f func(*pcapng.Packet)) error {
	return with(file, func(src *os.File) error {
		r, err := capture.NewReader(file, src)
		for err == nil {
			err = r.ReadBatch(batch, f)
		}
		return err
	})
}

// with opens a file for f, whose io.EOF is no error.
func with(file string, f func(*os.File) error) error {
	src, err := os.Open(file)
	if err != nil {
		return err
	}
	defer src.Close()
	if err := f(src); err != io.EOF {
		return err
	}
	return nil
}
