//go:build linux

package lab

import (
	"testing"
)

// BenchmarkLab is one small lab, from Start over a handshake and Drain to
// Close.
func BenchmarkLab(b *testing.B) {
	for b.Loop() {
		benchmarkOnce(b)
	}
}

// BenchmarkLabs is the same, eight at a time on two CPUs.
func BenchmarkLabs(b *testing.B) {
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			benchmarkOnce(b)
		}
	})
}

func benchmarkOnce(b *testing.B) {
	ctx := withDeadline(b)
	l, err := Start(ctx, twoHosts())
	if err != nil {
		b.Error(err)
		return
	}
	dial(b, l, "client", "server", 80)
	if err := l.Drain(ctx); err != nil {
		b.Error(err)
	}
	if err := l.Close(); err != nil {
		b.Error(err)
	}
}
