package benchcap_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"rstlab/internal/benchcap"
)

// BenchmarkAnalyze is the whole judgement of a capture of the full size by the
// command, from its start to its end: every packet decoded, every connection
// followed, every reset explained. It tells the memory, too.
func BenchmarkAnalyze(b *testing.B) {
	file := benchcap.File(b, benchcap.Options{Seed: 1})
	rstlab := filepath.Join(b.TempDir(), "rstlab")
	if out, err := exec.Command("go", "build", "-o", rstlab, "rstlab/cmd/rstlab").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	for _, cores := range []int{1, 2} {
		b.Run(fmt.Sprintf("cores=%d", cores), func(b *testing.B) {
			run(b, file, fmt.Sprintf("GOMAXPROCS=%d", cores), rstlab, "analyze", "-o", "text", file)
		})
	}
}

// BenchmarkPeers is what other programs that are installed take to find the
// resets of a capture, of a tenth of the size: some take minutes for all of it.
func BenchmarkPeers(b *testing.B) {
	file := benchcap.File(b, benchcap.Options{Seed: 1, Connections: 20_500})
	for _, peer := range [][]string{
		{"tcpdump", "-n", "-r", file, "tcp[tcpflags] & tcp-rst != 0"},
		{"tcptrace", "-n", file},
		{"tshark", "-n", "-r", file, "-Y", "tcp.flags.reset == 1"},
	} {
		b.Run(peer[0], func(b *testing.B) {
			if _, err := exec.LookPath(peer[0]); err != nil {
				b.Skip(err)
			}
			run(b, file, "LC_ALL=C", peer...)
		})
	}
}

// run measures a command and how much memory it had resident at most.
func run(b *testing.B, file, env string, command ...string) {
	most := int64(0)
	benchcap.Compare(b, file, func() error {
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Env = append(os.Environ(), env)
		if err := cmd.Run(); err != nil {
			return err
		}
		most = max(most, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
		return nil
	})
	b.ReportMetric(float64(most)/1e3, "MB-resident")
}
