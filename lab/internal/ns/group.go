//go:build linux

package ns

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// InitName is the name under which this program runs again as the first
// process of a group; its main must then call [InitMain].
const InitName = "rstlab-init"

// A Group is a PID namespace: processes that all end, with whatever they have
// started, when the group is closed or this process dies.
type Group struct {
	init  *exec.Cmd
	stdin *os.File // its end tells the first process that this one is gone
	pidns *os.File
	ended chan struct{}
}

// NewGroup starts the first process of a group.
func NewGroup() (*Group, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make process group: %w", err)
	}
	defer r.Close()
	g := &Group{stdin: w, ended: make(chan struct{})}
	g.init = &exec.Cmd{
		Path:  "/proc/self/exe",
		Args:  []string{InitName},
		Stdin: r,
		SysProcAttr: &syscall.SysProcAttr{
			Cloneflags: unix.CLONE_NEWPID,
			Setsid:     true, // a terminal's Ctrl-C is for this process alone
			Pdeathsig:  unix.SIGKILL,
		},
	}
	started := make(chan error)
	// A parent-death signal comes when the thread that started the child
	// ends, so this one waits as long as the child lives.
	onThread(func() {
		defer close(g.ended)
		err := g.init.Start()
		started <- err
		if err == nil {
			_ = g.init.Wait()
		}
	})
	if err := <-started; err != nil {
		w.Close()
		return nil, fmt.Errorf("start process group: %w", err)
	}
	g.pidns, err = os.Open("/proc/" + strconv.Itoa(g.init.Process.Pid) + "/ns/pid")
	if err != nil {
		g.Close()
		return nil, fmt.Errorf("open process group: %w", err)
	}
	return g, nil
}

// InitMain is the first process of a group. It lives until its standard input
// ends; the kernel then kills all others of the group.
func InitMain() {
	signal.Ignore(unix.SIGCHLD) // orphans of the group are reaped by the kernel
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// A Process is a process of a group.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // of Wait, once done is closed
}

// Start starts cmd as a process of the group, in network namespace n.
func (g *Group) Start(cmd *exec.Cmd, n *Namespace) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Setsid = true
	err := n.Do(func() error {
		if err := unix.Setns(int(g.pidns.Fd()), unix.CLONE_NEWPID); err != nil {
			return fmt.Errorf("enter process group: %w", err)
		}
		return cmd.Start()
	})
	if err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// Done is closed when the process has ended and what it wrote is read.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for the process; its error is that of [exec.Cmd.Wait].
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// PID returns the process's number, as this process sees it.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Kill sends SIGKILL and waits until the process is gone and its sockets are
// closed.
func (p *Process) Kill() error {
	if err := p.cmd.Process.Kill(); err != nil && err != os.ErrProcessDone {
		return fmt.Errorf("kill process %d: %w", p.PID(), err)
	}
	<-p.done
	return nil
}

// Close kills all processes of the group and waits until they are gone.
func (g *Group) Close() error {
	g.stdin.Close()
	_ = g.init.Process.Kill() // it may have ended by itself
	<-g.ended
	if g.pidns != nil {
		return g.pidns.Close()
	}
	return nil
}
