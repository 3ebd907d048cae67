package main

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// A reading counts what is read of captures, for the progress.
type reading struct {
	total int64 // bytes; 0: not known
	read  atomic.Int64
}

func newReading(from []*source) *reading {
	r := &reading{}
	for _, s := range from {
		if s.size == 0 {
			r.total = 0
			break
		}
		r.total += s.size
	}
	return r
}

// line says how much is read, and how long the rest will take.
func (r *reading) line(elapsed time.Duration) string {
	read := r.read.Load()
	if r.total == 0 || read > r.total || read == 0 { // a file may grow
		return "read " + size(read)
	}
	left := time.Duration(float64(elapsed) * float64(r.total-read) / float64(read))
	return fmt.Sprintf("read %s of %s (%d %%), %v left", size(read), size(r.total), read*100/r.total, left.Round(time.Second))
}

// size prints a number of bytes.
func size(n int64) string {
	if n < 1e9 {
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}

// counting counts what is read of in.
func (r *reading) counting(in io.Reader) io.Reader {
	return readFunc(func(b []byte) (int, error) {
		n, err := in.Read(b)
		r.read.Add(int64(n))
		return n, err
	})
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(b []byte) (int, error) { return f(b) }
