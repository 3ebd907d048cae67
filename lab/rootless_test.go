//go:build linux

package lab

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
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
	// A file that a child of another test holds open for writing can't be run.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
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
	cmd := ordinaryUser(t, "-test.v", "-test.parallel=8", "-test.skip=TestNothingIsLeft")
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

// TestUnavailable runs the test binary where user namespaces are forbidden, as
// a user without rights: it names the switch.
func TestUnavailable(t *testing.T) {
	switch os.Getenv(roleEnv) {
	case "forbidden":
		err := Available()
		var why *UnavailableError
		if !errors.As(err, &why) || why.Switch != "user.max_user_namespaces=more than 0" || !errors.Is(err, unix.ENOSPC) {
			t.Errorf("available: %v, want one that names user.max_user_namespaces", err)
		}
		if _, startErr := Start(withDeadline(t), twoHosts()); startErr == nil || startErr.Error() != err.Error() {
			t.Errorf("start: %v, want %v", startErr, err)
		}
	case "forbid":
		check(t, os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0))
		// What is not in the bounding set of the thread that starts a program
		// is not among the program's rights, root or not.
		runtime.LockOSThread()
		for c := 0; unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0) == nil; c++ {
		}
		cmd := again("TestUnavailable", "forbidden")
		cmd.Env = append(cmd.Env, "RSTLAB_USER_NAMESPACE=") // as if from outside one
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: TestUnavailable") {
			t.Errorf("%v:\n%s", err, out)
		}
	default:
		t.Parallel()
		cmd := again("TestUnavailable", "forbid")
		cmd.SysProcAttr = inUserNamespace()
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: TestUnavailable") {
			t.Errorf("%v:\n%s", err, out)
		}
	}
}

// inUserNamespace has a command run as root of a user namespace of its own.
func inUserNamespace() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
}
