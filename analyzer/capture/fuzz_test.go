package capture_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"rstlab/analyzer/capture"
	"rstlab/internal/pcapng"
)

// FuzzOpen feeds two files of anything, plain or compressed, to a set. It must
// not panic, must come to an end, and its errors must be of one of the files.
func FuzzOpen(f *testing.F) {
	whole := pcapFile(one{1, "first"}, one{2, "second"})
	f.Add(whole, gz(whole))
	f.Add(zst(whole), whole[:50])
	f.Add([]byte("GMBU\x00\x02"), []byte("text, and more of it"))
	f.Add(append(whole, gz(whole)...), append(gz(whole), whole...))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		var readers []*capture.Reader
		for _, src := range [][]byte{a, b} {
			r, err := capture.NewReader("a.pcap", bytes.NewReader(src))
			if err != nil {
				isError(t, err)
				continue
			}
			readers = append(readers, r)
		}
		s := capture.NewSet(readers)
		errs := 0
		for range 100_000 {
			var p pcapng.Packet
			i, err := s.Next(&p)
			if err == io.EOF {
				return
			}
			if i < 0 || i >= len(readers) {
				t.Fatalf("file %d of %d", i, len(readers))
			}
			if err != nil {
				isError(t, err)
				if errs++; errs > len(readers) {
					t.Fatalf("more errors than files: %v", err)
				}
				continue
			}
			if s.Point(i) < 0 || s.Point(i) >= len(readers) {
				t.Fatalf("point %d of %d files", s.Point(i), len(readers))
			}
		}
	})
}

func isError(t *testing.T, err error) {
	t.Helper()
	var e *capture.Error
	if !errors.As(err, &e) || e.File != "a.pcap" {
		t.Fatalf("%T: %v", err, err)
	}
}
