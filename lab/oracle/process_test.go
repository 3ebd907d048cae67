//go:build linux

package oracle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// childVariable makes the test binary do something else, in a process of its own.
const childVariable = "RSTLAB_ORACLE_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childVariable) {
	case "hold":
		hold()
	case "open":
		_, err := Open()
		fmt.Println(err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// hold opens the oracle, tells its programs' ids and waits to be killed.
func hold() {
	o, err := Open()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, c := range o.source.closers {
		if p, ok := c.(*ebpf.Program); ok {
			info, err := p.Info()
			if err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			id, _ := info.ID()
			fmt.Println(id)
		}
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin) // ends with the test, should the test fail
	os.Exit(0)
}

func child(t *testing.T, task string) *exec.Cmd {
	t.Helper()
	c := exec.Command("/proc/self/exe")
	c.Env = append(os.Environ(), childVariable+"="+task)
	c.Stderr = os.Stderr
	return c
}

// Nothing is left in the kernel after a kill that nobody can catch.
func TestNothingIsLeftAfterKill(t *testing.T) {
	t.Parallel()
	mustOpen(t)
	c := child(t, "hold")
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ids := map[ebpf.ProgramID]bool{}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && lines.Text() != "ready" {
		var id ebpf.ProgramID
		if _, err := fmt.Sscan(lines.Text(), &id); err != nil {
			t.Fatalf("child: %s", lines.Text())
		}
		ids[id] = true
	}
	if got := loaded(t, ids); len(ids) != 2 || got != 2 {
		t.Fatalf("before the kill: %d programs of %d are loaded, want 2 of 2", got, len(ids))
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := c.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("child: got %v, want killed", err)
	}
	// The kernel frees them a little after the process.
	for deadline := time.Now().Add(patience); loaded(t, ids) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%v after the kill: %d of the programs are still loaded, want none", patience, loaded(t, ids))
		}
	}
}

// loaded counts which of the programs the kernel has.
func loaded(t *testing.T, ids map[ebpf.ProgramID]bool) (n int) {
	t.Helper()
	var id ebpf.ProgramID
	for {
		var err error
		if id, err = ebpf.ProgramGetNextID(id); errors.Is(err, os.ErrNotExist) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		if ids[id] {
			n++
		}
	}
}

// Who may not load programs is told why.
func TestNotPermitted(t *testing.T) {
	t.Parallel()
	mustOpen(t)
	for _, test := range []struct {
		name string
		attr *syscall.SysProcAttr
		want string
	}{
		{"ordinary user", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}},
			"open oracle: no permission to load eBPF programs: the process lacks CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN"},
		{"user namespace", &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}},
			"open oracle: no permission to load eBPF programs: the process is in a user namespace, whose root may not"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := child(t, "open")
			c.SysProcAttr = test.attr
			out, err := c.Output()
			if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EACCES) {
				t.Skip("can't start a process of this kind: ", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimSpace(string(out)); got != test.want {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
		})
	}
}
