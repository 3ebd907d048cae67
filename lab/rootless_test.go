//go:build linux

package lab

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"rstlab/lab/internal/ns"
)

const nobody = 65534

// ordinaryUser gives a command that runs this test binary as an ordinary user.
func ordinaryUser(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if os.Getuid() != 0 || Rootless() {
		t.Skip("this is an ordinary user already")
	}
	dir, err := os.MkdirTemp("", "lab")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	check(t, os.Chmod(dir, 0o755)) // for the binary to be found there
	binary := filepath.Join(dir, "lab.test")
	in, err := os.Open("/proc/self/exe")
	check(t, err)
	defer in.Close()
	out, err := os.OpenFile(binary, os.O_CREATE|os.O_WRONLY, 0o755)
	check(t, err)
	_, err = io.Copy(out, in)
	check(t, errors.Join(err, out.Close()))
	cmd := exec.Command(binary, args...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return cmd
}

// TestAsOrdinaryUser runs this package's tests without root, the long ones
// left out.
func TestAsOrdinaryUser(t *testing.T) {
	t.Parallel()
	cmd := ordinaryUser(t, "-test.v", "-test.skip=TestNothingIsLeft")
	cmd.Env = append(os.Environ(), roleEnv+"=rootless")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestRootlessRole") {
		t.Errorf("%v:\n%s", err, out)
	}
}

// TestRootlessRole shows that the tests above did run in a user namespace.
func TestRootlessRole(t *testing.T) {
	t.Parallel()
	if os.Getenv(roleEnv) != "rootless" {
		t.Skip("only run by TestAsOrdinaryUser")
	}
	if !Rootless() || !ns.Privileged() {
		t.Errorf("rootless %v, privileged %v, want both true", Rootless(), ns.Privileged())
	}
	check(t, Available())
}

// What happens to the program in the user namespace happens to the one that
// was started: its exit status, and signals the other way.
func TestReexecPassesOn(t *testing.T) {
	switch os.Getenv(roleEnv) {
	case "exit":
		os.Exit(7)
	case "sleep":
		os.Stdout.WriteString("started\n")
		select {}
	}
	t.Parallel()
	run := func(t *testing.T, role string) *exec.Cmd {
		cmd := ordinaryUser(t, "-test.run=^TestReexecPassesOn$")
		cmd.Env = append(os.Environ(), roleEnv+"="+role)
		return cmd
	}
	t.Run("exit status", func(t *testing.T) {
		t.Parallel()
		cmd := run(t, "exit")
		cmd.Run()
		if status := cmd.ProcessState.ExitCode(); status != 7 {
			t.Errorf("exit status %d, want 7", status)
		}
	})
	for _, signal := range []syscall.Signal{unix.SIGTERM, unix.SIGINT, unix.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			cmd := run(t, "sleep")
			stdout, err := cmd.StdoutPipe()
			check(t, err)
			check(t, cmd.Start())
			_, err = io.ReadFull(stdout, make([]byte, len("started\n")))
			check(t, err)
			check(t, cmd.Process.Signal(signal))
			// The pipe ends when both processes have.
			rest, err := io.ReadAll(stdout)
			if err != nil || !bytes.Equal(rest, nil) {
				t.Errorf("read %q, %v after the signal", rest, err)
			}
			cmd.Wait()
			status := cmd.ProcessState.Sys().(syscall.WaitStatus)
			if signal == unix.SIGKILL && status.Signal() != signal || signal != unix.SIGKILL && status.ExitStatus() == 0 {
				t.Errorf("status %v after %v", cmd.ProcessState, signal)
			}
		})
	}
}
