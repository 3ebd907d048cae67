//go:build linux

package ns

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	if os.Args[0] == InitName {
		InitMain()
	}
	if !Privileged() && !Inside() {
		if status, err := RunInUserNamespace(); err == nil {
			os.Exit(status)
		}
	}
	os.Exit(m.Run())
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newNamespace(t *testing.T) *Namespace {
	t.Helper()
	if !Privileged() {
		t.Skip("needs user namespaces, or root")
	}
	n, err := New()
	check(t, err)
	t.Cleanup(func() { check(t, n.Close()) })
	return n
}

// current is the namespace of the calling thread.
func current() string {
	name, _ := os.Readlink("/proc/thread-self/ns/net")
	return name
}

// No goroutine but the one of Do is ever inside, whatever threads the runtime
// uses, the main thread among them.
func TestDo(t *testing.T) {
	outside := current()
	seen := map[string]bool{}
	for range 20 {
		n := newNamespace(t)
		want := "net:[" + strconv.FormatUint(n.Inode(), 10) + "]"
		if seen[want] || want == outside {
			t.Errorf("%s is not new", want)
		}
		seen[want] = true
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				check(t, n.Do(func() error {
					if have := current(); have != want {
						t.Errorf("inside is %s, want %s", have, want)
					}
					return nil
				}))
				runtime.Gosched()
				if have := current(); have != outside {
					t.Errorf("outside is %s, want %s", have, outside)
				}
			})
		}
		wg.Wait()
	}
	if main, err := os.Readlink("/proc/self/ns/net"); err != nil || main != outside {
		t.Errorf("the main thread is in %s, %v, want %s", main, err, outside)
	}
}

// What is opened inside stays inside.
func TestDescriptorsStay(t *testing.T) {
	n := newNamespace(t)
	var file *os.File
	check(t, n.Do(func() (err error) {
		file, err = os.Open("/proc/thread-self/net/dev")
		return err
	}))
	defer file.Close()
	b, err := io.ReadAll(file)
	check(t, err)
	if lines := strings.Split(strings.TrimSpace(string(b)), "\n"); len(lines) != 3 || !strings.Contains(lines[2], "lo:") {
		t.Errorf("a new namespace has the interfaces\n%s\nwant lo alone", b)
	}
}

func TestDoEnds(t *testing.T) {
	n := newNamespace(t)
	want := errors.New("no")
	if err := n.Do(func() error { return want }); err != want {
		t.Errorf("do: %v, want %v", err, want)
	}
	if err := n.Do(func() error { runtime.Goexit(); return nil }); err == nil {
		t.Error("a function that ended its goroutine gave no error")
	}
	check(t, n.Do(func() error { return nil }))
	check(t, n.Close())
	if err := n.Do(func() error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("do after close: %v, want %v", err, ErrClosed)
	}
}

func TestOnEachCPU(t *testing.T) {
	var before, after unix.CPUSet
	check(t, unix.SchedGetaffinity(0, &before))
	seen := map[int]bool{}
	check(t, OnEachCPU(func(cpu int) error {
		var here unix.CPUSet
		if err := unix.SchedGetaffinity(0, &here); err != nil || here.Count() != 1 || !here.IsSet(cpu) {
			t.Errorf("on CPUs %v, %v, want %d alone", here, err, cpu)
		}
		seen[cpu] = true
		return nil
	}))
	if len(seen) != before.Count() {
		t.Errorf("ran on %d CPUs, want %d", len(seen), before.Count())
	}
	check(t, unix.SchedGetaffinity(0, &after))
	if before != after {
		t.Error("the caller's own affinity has changed")
	}
	want := errors.New("no")
	if err := OnEachCPU(func(int) error { return want }); err != want {
		t.Errorf("error %v, want %v", err, want)
	}
}

// A group's processes are in their network namespace, end with the group, and
// take with them what they have started.
func TestGroup(t *testing.T) {
	n := newNamespace(t)
	g, err := NewGroup()
	check(t, err)
	defer g.Close()
	r, w, err := os.Pipe()
	check(t, err)
	defer r.Close()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	p, err := g.Start(&exec.Cmd{Path: sh, Args: []string{"sh", "-c", "readlink /proc/self/ns/net; (trap '' TERM HUP; sleep 1000) & wait"}, Stdout: w}, n)
	check(t, err)
	w.Close()
	out := bufio.NewReader(r)
	line, err := out.ReadString('\n')
	check(t, err)
	if want := "net:[" + strconv.FormatUint(n.Inode(), 10) + "]\n"; line != want {
		t.Errorf("the process is in %s, want %s", line, want)
	}
	check(t, g.Close())
	if _, err := out.ReadByte(); err != io.EOF { // nobody holds the pipe any more
		t.Errorf("read %v, want EOF", err)
	}
	var exit *exec.ExitError
	if err := p.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != unix.SIGKILL {
		t.Errorf("the process ended by %v, want SIGKILL", err)
	}
	if _, err := g.Start(&exec.Cmd{Path: sh, Args: []string{"sh"}}, n); err == nil {
		t.Error("a group that is closed has started a process")
	}
}
