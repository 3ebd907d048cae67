package benchcap_test

import (
	"bytes"
	"flag"
	"os"
	"runtime/pprof"
	"testing"

	"github.com/google/pprof/profile"

	"rstlab/analyzer"
	"rstlab/internal/benchcap"
)

var pgo = flag.String("pgo", "", "where to write what BenchmarkJudge spends its time on, for the compiler")

// BenchmarkJudge is the whole judgement within the process. With -args -pgo FILE
// it writes the profile by which the compiler lays out the command.
func BenchmarkJudge(b *testing.B) {
	file := benchcap.File(b, benchcap.Options{Seed: 1})
	var samples bytes.Buffer
	if *pgo != "" {
		if err := pprof.StartCPUProfile(&samples); err != nil {
			b.Fatal(err)
		}
	}
	benchcap.Compare(b, file, func() error {
		return with(file, func(f *os.File) error {
			brief := func(*analyzer.Verdict) bool { return true }
			return analyzer.Analyze(b.Context(), []analyzer.Input{{Name: file, R: f}}, analyzer.Options{Brief: brief}, func(analyzer.Record) error { return nil })
		})
	})
	pprof.StopCPUProfile()
	if *pgo == "" {
		return
	}
	p, err := profile.Parse(&samples)
	if err != nil {
		b.Fatal(err)
	}
	// The compiler needs the functions and lines alone, not where they were measured.
	p.Mapping, p.Comments, p.TimeNanos, p.DurationNanos = nil, nil, 0, 0
	for _, l := range p.Location {
		l.Mapping, l.Address = nil, 0
	}
	var out bytes.Buffer
	if err := p.Write(&out); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(*pgo, out.Bytes(), 0o666); err != nil {
		b.Fatal(err)
	}
}
