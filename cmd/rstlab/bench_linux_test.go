package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"rstlab/lab"
)

// benchmarkRun measures the built binary, from process start to exit status.
func benchmarkRun(b *testing.B, args ...string) {
	if err := lab.Available(); err != nil {
		b.Skip(err)
	}
	work := b.TempDir()
	binary := filepath.Join(work, "rstlab")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	for b.Loop() {
		cmd := exec.Command(binary, append([]string{"run"}, args...)...)
		cmd.Dir = work // where a failure keeps its captures
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("run %v: %v\n%s", args, err, out)
		}
	}
}

func BenchmarkOneScenario(b *testing.B)         { benchmarkRun(b, "port-closed") }
func BenchmarkTwoHundredScenarios(b *testing.B) { benchmarkRun(b, "--repeat", "200", "port-closed") }
func BenchmarkCatalogue(b *testing.B)           { benchmarkRun(b) }
func BenchmarkCatalogueOneByOne(b *testing.B)   { benchmarkRun(b, "-j", "1") }
