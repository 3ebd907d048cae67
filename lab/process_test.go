//go:build linux

package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"rstlab/internal/segment"
)

// oneProcess is twoHosts with the server's sockets in a process.
func oneProcess() Config {
	c := twoHosts()
	c.Hosts[1].Process = true
	return c
}

func isRST(f *Frame) bool { return f.IsTCP && f.Segment.Flags&segment.RST != 0 }
func isFIN(f *Frame) bool { return f.IsTCP && f.Segment.Flags&segment.FIN != 0 }

func TestProcessHostTalks(t *testing.T) {
	t.Parallel()
	ctx := withDeadline(t)
	l := start(t, oneProcess())
	c := dial(t, l, "client", "server", 80)
	if have, want := c.server.Remote(), c.client.Local(); have != want {
		t.Errorf("the server's remote end is %v, want %v", have, want)
	}
	_, err := c.server.Send(ctx, []byte("hello"))
	check(t, err)
	b, err := c.client.Recv(ctx, 10)
	check(t, err)
	if string(b) != "hello" {
		t.Errorf("received %q, want %q", b, "hello")
	}
	check(t, c.client.Set("linger", 0))
	check(t, c.client.Close())
	_, err = c.server.Recv(ctx, 10)
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("receive after a reset: %v, want ECONNRESET", err)
	}
	if err := c.server.Set("colour", 1); err == nil || !strings.Contains(err.Error(), "unknown option") {
		t.Errorf("set of an unknown option: %v", err)
	}
}

func TestProcessHostCancel(t *testing.T) {
	t.Parallel()
	l := start(t, oneProcess())
	c := dial(t, l, "client", "server", 80)
	ctx, cancel := cancelled(t)
	received := make(chan error)
	go func() {
		_, err := c.server.Recv(ctx, 1)
		received <- err
	}()
	cancel()
	if err := <-received; !errors.Is(err, ctx.Err()) {
		t.Errorf("cancelled receive: %v, want %v", err, ctx.Err())
	}
	_, err := c.client.Send(withDeadline(t), []byte("x"))
	check(t, err)
	if _, err := c.server.Recv(withDeadline(t), 1); err != nil {
		t.Errorf("receive after a cancelled one: %v", err)
	}
}

// What a kernel sends for a killed process depends on what it had not read.
func TestKill(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		unread bool
		sent   func(*Frame) bool
	}{
		{"with unread data", true, isRST},
		{"with nothing unread", false, isFIN},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx := withDeadline(t)
			l := start(t, oneProcess())
			c := dial(t, l, "client", "server", 80)
			if test.unread {
				_, err := c.client.Send(ctx, []byte("unread"))
				check(t, err)
				_, err = l.Tap("client").Wait(ctx, 4, func(f *Frame) bool { return f.Src.Port() == 80 }) // its ACK
				check(t, err)
			}
			pid := l.Host("server").process.process.PID()
			check(t, l.Host("server").Kill())
			if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); !os.IsNotExist(err) {
				t.Errorf("process %d is still there: %v", pid, err)
			}
			_, err := l.Tap("client").Wait(ctx, 0, test.sent)
			check(t, err)
			if _, err := c.server.Recv(ctx, 1); !errors.Is(err, errProcessGone) {
				t.Errorf("receive from a killed process: %v, want %v", err, errProcessGone)
			}
			again := dial(t, l, "client", "server", 80)
			check(t, again.client.Close())
			if _, err := again.server.Recv(ctx, 1); err != io.EOF {
				t.Errorf("receive in the next process: %v, want EOF", err)
			}
		})
	}
}

func TestKillWithoutProcess(t *testing.T) {
	t.Parallel()
	l := start(t, twoHosts())
	err := l.Host("server").Kill()
	if want := "host server: kill: its sockets have no process of their own"; err == nil || err.Error() != want {
		t.Errorf("kill: %v, want %s", err, want)
	}
}

// needs skips a test on a system without programs or files.
func needs(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		_, err := os.Stat(name)
		if !strings.Contains(name, "/") {
			_, err = exec.LookPath(name)
		}
		if err != nil {
			t.Skip(err)
		}
	}
}

func TestExec(t *testing.T) {
	t.Parallel()
	ctx := withDeadline(t)
	l := start(t, twoHosts())
	needs(t, "sh", "/etc/hosts")
	var out bytes.Buffer
	p, err := l.Host("client").Exec([]string{"sh", "-c", "echo $GREETING; cat /etc/hosts; readlink /proc/self/ns/net; exit 7"},
		ExecOptions{Stdout: &out, Env: []string{"GREETING=hello", "PATH=" + os.Getenv("PATH")}})
	check(t, err)
	status, err := p.Wait(ctx)
	check(t, err)
	if status != 7 {
		t.Errorf("exit status %d, want 7", status)
	}
	want := fmt.Sprintf("hello\n127.0.0.1 localhost\n::1 localhost\n192.0.2.1 client\n192.0.2.2 server\nnet:[%d]\n", l.Host("client").NetNS())
	if out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
	if b, err := os.ReadFile("/etc/hosts"); err == nil && strings.Contains(string(b), "192.0.2.1 client") {
		t.Error("the machine's own /etc/hosts has changed")
	}
	if _, err := l.Host("client").Exec([]string{"no-such-program"}, ExecOptions{}); err == nil {
		t.Error("no error for a program that is not there")
	}
}

// A program that is killed has no exit status, and what it started dies with
// the lab.
func TestExecKill(t *testing.T) {
	t.Parallel()
	ctx := withDeadline(t)
	l := start(t, twoHosts())
	needs(t, "sh", "sleep")
	r, w, err := os.Pipe()
	check(t, err)
	defer r.Close()
	p, err := l.Host("client").Exec([]string{"sh", "-c", "sleep 1000 & echo started; wait"}, ExecOptions{Stdout: w})
	check(t, err)
	w.Close()
	b := make([]byte, 8)
	_, err = io.ReadFull(r, b)
	check(t, err)
	check(t, p.Kill())
	status, err := p.Wait(ctx)
	check(t, err)
	if status != -9 {
		t.Errorf("exit status %d, want -9", status)
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if again, err := p.Wait(over); again != status || err != nil {
		t.Errorf("exit status of a program that has ended, in a context that has: %d, %v", again, err)
	}
	check(t, l.Close())
	if _, err := r.Read(b); err != io.EOF { // the last holder of the pipe is gone
		t.Errorf("read from the pipe: %v, want EOF", err)
	}
}

func TestExecNeedsMain(t *testing.T) {
	reexecCalled.Store(false)
	defer reexecCalled.Store(true)
	_, err := Start(withDeadline(t), oneProcess())
	if want := "call lab.Main in TestMain, or lab.Reexec first thing in main"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("start: %v, want %s", err, want)
	}
}

// A program resolves the lab's names and connects by them.
func TestExecConnects(t *testing.T) {
	t.Parallel()
	ctx := withDeadline(t)
	l := start(t, twoHosts())
	needs(t, "bash", "/etc/hosts")
	listener, err := l.Host("server").Socket(SocketOptions{})
	check(t, err)
	check(t, listener.Bind(netip.AddrPortFrom(netip.Addr{}, 80)))
	check(t, listener.Listen(1))
	p, err := l.Host("client").Exec([]string{"bash", "-c", "echo hello > /dev/tcp/server/80"}, ExecOptions{Stderr: os.Stderr})
	check(t, err)
	conn, err := listener.Accept(ctx)
	check(t, err)
	b, err := conn.Recv(ctx, 10)
	check(t, err)
	if string(b) != "hello\n" {
		t.Errorf("received %q, want %q", b, "hello\n")
	}
	_, err = p.Wait(ctx)
	check(t, err)
}
