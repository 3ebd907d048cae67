//go:build linux

package lab

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rstlab/internal/segment"
	"rstlab/lab/internal/ns"
)

// roleEnv tells a copy of the test binary which part it plays.
const roleEnv = "RSTLAB_TEST_ROLE"

// again is this test binary, run again for one test in a role.
func again(test, role string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), roleEnv+"="+role)
	return cmd
}

// TestNothingIsLeft kills labs at random moments. It does so in a user
// namespace of its own, where network namespaces can be counted: by a limit
// that leaves room for the one only that the count itself makes.
func TestNothingIsLeft(t *testing.T) {
	switch os.Getenv(roleEnv) {
	case "victim":
		runLabsForever(t)
	case "judge":
		judge(t)
	default:
		t.Parallel()
		cmd := again("TestNothingIsLeft", "judge")
		cmd.SysProcAttr = inUserNamespace()
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: TestNothingIsLeft") {
			t.Errorf("%v:\n%s", err, out)
		}
	}
}

func judge(t *testing.T) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	check(t, err)
	temp := t.TempDir()
	for range 6 {
		killOne(t, temp)
		died := time.Now()
		for {
			left := leftBehind(t)
			if len(left) == 0 {
				break
			}
			if time.Since(died) > patience {
				t.Fatalf("%v after SIGKILL there are still: %s", patience, strings.Join(left, ", "))
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Logf("nothing left after %v", time.Since(died))
	}
	if now, err := os.ReadFile("/proc/self/mountinfo"); err != nil || string(now) != string(mounts) {
		t.Errorf("mounts have changed: %v\n%s\nwere\n%s", err, now, mounts)
	}
	if files, err := filepath.Glob(temp + "/*"); err != nil || len(files) > 0 {
		t.Errorf("temporary files are left: %v %v", files, err)
	}
}

// killOne starts a process that runs labs and kills it at a random moment.
func killOne(t *testing.T, temp string) {
	cmd := again("TestNothingIsLeft", "victim")
	cmd.Env = append(cmd.Env, "TMPDIR="+temp)
	stdin, err := cmd.StdinPipe() // its end tells the victim that the judge is gone
	check(t, err)
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && lines.Text() != "lab is running" {
		t.Log(lines.Text())
	}
	time.Sleep(rand.N(200 * time.Millisecond)) // the random moment
	check(t, cmd.Process.Kill())
	cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() {
		t.Fatalf("the labs ended before they were killed: %v", cmd.ProcessState)
	}
}

// runLabsForever runs several labs at a time, with all that a lab may hold.
func runLabsForever(t *testing.T) {
	for range 3 {
		go func() {
			for {
				runEverything(loud{t})
			}
		}()
	}
	io.Copy(io.Discard, os.Stdin)
}

// loud is a test that ends its process when it fails, in any goroutine.
type loud struct{ *testing.T }

func (l loud) Fatal(args ...any) {
	fmt.Println(args...)
	os.Exit(1)
}

func runEverything(t testing.TB) {
	ctx := withDeadline(t)
	l, err := Start(ctx, Config{
		Hosts:       []HostConfig{{Name: "client"}, {Name: "server", Process: true}},
		Middleboxes: []MiddleboxConfig{{Name: "fw"}},
		Links:       []LinkConfig{{A: "client", B: "fw", Delay: time.Millisecond}, {A: "fw", B: "server"}},
	})
	check(t, err)
	c := dial(t, l, "client", "server", 80)
	_, err = l.Host("client").Exec([]string{"sh", "-c", "sleep 1000 & sleep 1000"}, ExecOptions{})
	check(t, err)
	// Unacknowledged data outlives its process.
	check(t, l.Middlebox("fw").Drop(Match{
		Segment:  segment.Segment{Src: segment.Endpoint{Name: "client"}, Dst: segment.Endpoint{Name: "server"}},
		AnyFlags: true,
	}))
	_, err = c.client.Send(ctx, []byte("lost"))
	check(t, err)
	fmt.Println("lab is running")
	_, err = l.Tap("client").Wait(ctx, 0, func(f *Frame) bool { return f.N > 6 }) // retransmissions
	check(t, err)
	check(t, l.Drain(ctx))
	check(t, l.Close())
}

// leftBehind lists what is left in this user namespace besides this process.
func leftBehind(t *testing.T) []string {
	var left []string
	own, err := os.Readlink("/proc/self/ns/user")
	check(t, err)
	processes, err := filepath.Glob("/proc/[0-9]*")
	check(t, err)
	for _, dir := range processes {
		space, err := os.Readlink(dir + "/ns/user")
		if err != nil || space != own || dir == "/proc/"+strconv.Itoa(os.Getpid()) {
			continue
		}
		// One without a command line is dead, and holds nothing: the machine's
		// init has yet to take note.
		if name, _ := os.ReadFile(dir + "/cmdline"); len(name) > 0 {
			left = append(left, fmt.Sprintf("process %s (%q)", dir, name))
		}
	}
	const limit = "/proc/sys/user/max_net_namespaces"
	check(t, os.WriteFile(limit, []byte("1"), 0))
	defer os.WriteFile(limit, []byte("10000"), 0)
	n, err := ns.New()
	if errors.Is(err, unix.ENOSPC) {
		return append(left, "network namespaces")
	}
	check(t, err)
	check(t, n.Close())
	return left
}

// Close leaves nothing either, and at once but for the kernel's own pace.
func TestCloseFrees(t *testing.T) {
	t.Parallel()
	l := start(t, Config{
		Hosts:       []HostConfig{{Name: "client"}, {Name: "server", Process: true}},
		Middleboxes: []MiddleboxConfig{{Name: "fw"}},
		Peers:       []PeerConfig{{Name: "peer"}},
		Links:       []LinkConfig{{A: "client", B: "fw", Delay: time.Millisecond}, {A: "fw", B: "server"}, {A: "client", B: "peer"}},
	})
	dial(t, l, "client", "server", 80)
	pid := l.Host("server").process.process.PID()
	check(t, l.Close())
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); !os.IsNotExist(err) {
		t.Errorf("process %d is still there: %v", pid, err)
	}
	if _, err := l.Host("client").Socket(SocketOptions{}); !errors.Is(err, ns.ErrClosed) {
		t.Errorf("socket of a closed lab: %v, want %v", err, ns.ErrClosed)
	}
	if _, err := l.Host("server").Socket(SocketOptions{}); err == nil {
		t.Error("a closed lab has started a process")
	}
	check(t, l.Close())
}

// A context's end tears the lab down, under whoever waits in it.
func TestCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := cancelled(t)
	l, err := Start(ctx, twoHosts())
	check(t, err)
	c := dial(t, l, "client", "server", 80)
	received := make(chan error)
	go func() {
		_, err := c.server.Recv(withDeadline(t), 1)
		received <- err
	}()
	cancel()
	if err := <-received; !errors.Is(err, os.ErrClosed) {
		t.Errorf("receive in a lab that was cancelled: %v, want %v", err, os.ErrClosed)
	}
	check(t, l.Close())
	if _, err := l.Host("client").Socket(SocketOptions{}); !errors.Is(err, ns.ErrClosed) {
		t.Errorf("socket of a lab that was cancelled: %v, want %v", err, ns.ErrClosed)
	}
	if _, err := Start(ctx, twoHosts()); !errors.Is(err, ctx.Err()) {
		t.Errorf("start with a context that has ended: %v, want %v", err, ctx.Err())
	}
}

// Labs that were closed leave no descriptor, goroutine or memory map in this
// process.
func TestProcessIsClean(t *testing.T) {
	state := func() map[string]int {
		fds, err := os.ReadDir("/proc/self/fd")
		check(t, err)
		maps, err := os.ReadFile("/proc/self/maps")
		check(t, err)
		return map[string]int{
			"descriptors": len(fds), "goroutines": runtime.NumGoroutine(), "packet rings": strings.Count(string(maps), "socket:"),
		}
	}
	lab := func() {
		l, err := Start(withDeadline(t), Config{
			Hosts:       []HostConfig{{Name: "client"}, {Name: "server", Process: true}},
			Peers:       []PeerConfig{{Name: "peer"}},
			Middleboxes: []MiddleboxConfig{{Name: "fw"}},
			Links:       []LinkConfig{{A: "client", B: "fw", Delay: time.Microsecond}, {A: "fw", B: "server"}, {A: "client", B: "peer"}},
		})
		check(t, err)
		c := dial(t, l, "client", "server", 80)
		_, err = l.Host("client").Counters()
		check(t, err)
		_, err = c.client.Send(withDeadline(t), []byte("x"))
		check(t, err)
		check(t, l.Drain(withDeadline(t)))
		l.Taps()[0].Capture()
		check(t, l.Close())
	}
	lab() // what the first one makes for all
	before := state()
	for range 10 {
		lab()
	}
	// A context's watch and a thread's end take a moment.
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		after, more := state(), ""
		for what, n := range after {
			if n > before[what] {
				more += fmt.Sprintf("%s: %d, were %d; ", what, n, before[what])
			}
		}
		if more == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(more)
		}
	}
}

// TestMachineIsUntouched compares the machine's own links and sysctls before
// and after labs.
func TestMachineIsUntouched(t *testing.T) {
	state := func() []string {
		var all []string
		check(t, filepath.WalkDir("/proc/sys/net", func(path string, d os.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && !strings.HasSuffix(path, "_count") { // of connections: the machine's own come and go
				b, _ := os.ReadFile(path) // some can't be read
				all = append(all, path+" "+string(b))
			}
			return nil
		}))
		for _, path := range []string{"/proc/net/dev", "/proc/net/route", "/proc/net/ipv6_route", "/proc/net/if_inet6", "/proc/net/packet"} {
			b, _ := os.ReadFile(path)
			for line := range strings.Lines(string(b)) {
				all = append(all, path+" "+strings.Fields(line + " -")[0])
			}
		}
		return all
	}
	before := state()
	for range 3 {
		l := start(t, twoHosts())
		dial(t, l, "client", "server", 80)
		check(t, l.Drain(withDeadline(t)))
		check(t, l.Close())
	}
	for _, line := range state() {
		if !slices.Contains(before, line) {
			t.Errorf("the machine has changed: %s", line)
		}
	}
}
