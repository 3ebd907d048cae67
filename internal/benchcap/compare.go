package benchcap

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// File makes a capture for a benchmark, which takes it away again.
func File(b *testing.B, o Options) string {
	b.Helper()
	name := filepath.Join(b.TempDir(), "bench.pcap")
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	stats, err := Write(f, o)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d packets, %d connections, %d resets, %d MB", stats.Packets, stats.Connections, stats.Resets, stats.Bytes/1e6)
	return name
}

// Compare measures work on a file, b.N times in turn with `capinfos -c`, which
// counts its packets only, and reports how many times capinfos' wall time work
// takes, median by median. Without capinfos installed it measures work alone.
func Compare(b *testing.B, file string, work func() error) {
	b.Helper()
	info, err := os.Stat(file)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	capinfos, lookErr := exec.LookPath("capinfos")
	var ours, theirs []time.Duration
	for b.Loop() {
		begin := time.Now()
		if err := work(); err != nil {
			b.Fatal(err)
		}
		ours = append(ours, time.Since(begin))
		if lookErr != nil {
			continue
		}
		b.StopTimer()
		begin = time.Now()
		if out, err := exec.Command(capinfos, "-c", file).CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		theirs = append(theirs, time.Since(begin))
		b.StartTimer()
	}
	if len(theirs) > 0 {
		b.ReportMetric(float64(median(ours))/float64(median(theirs)), "x-capinfos")
	}
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
