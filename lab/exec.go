//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"rstlab/lab/internal/ns"
)

// execName is the name under which this program runs again to become a
// program of the user's.
const execName = "rstlab-exec"

// ExecOptions say how a program is run.
type ExecOptions struct {
	Stdout, Stderr io.Writer // nil: thrown away
	Env            []string  // as in os/exec; nil: this process's own
}

// A Program is a program that [Host.Exec] started.
type Program struct {
	name    string
	process *ns.Process
}

// Exec starts a program of the user's on the host; args[0] is its name or path.
// The names of the lab's actors resolve inside.
func (h *Host) Exec(args []string, o ExecOptions) (*Program, error) {
	if len(args) == 0 {
		return nil, h.errorf("exec: no program")
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return nil, h.errorf("%w", err)
	}
	group, err := h.lab.processes()
	if err != nil {
		return nil, h.errorf("%w", err)
	}
	p, err := group.Start(&exec.Cmd{
		Path:        "/proc/self/exe",
		Args:        append([]string{execName, h.lab.plan.hostsFile(), path}, args...),
		Env:         o.Env,
		Stdout:      o.Stdout,
		Stderr:      o.Stderr,
		SysProcAttr: &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS},
	}, h.ns.Namespace)
	if err != nil {
		return nil, h.errorf("exec %s: %w", args[0], err)
	}
	return &Program{name: args[0], process: p}, nil
}

// hostsFile is the file /etc/hosts that programs see.
func (p *plan) hostsFile() string {
	var b strings.Builder
	b.WriteString("127.0.0.1 localhost\n::1 localhost\n")
	for _, n := range p.nodes {
		for _, a := range n.addrs {
			fmt.Fprintf(&b, "%v %s\n", a, n.name)
		}
	}
	return b.String()
}

// execMain turns this process, in a mount namespace of its own, into the
// program. Its arguments are the hosts file, the program's path and its
// arguments.
func execMain() {
	hosts, path, args := os.Args[1], os.Args[2], os.Args[3:]
	err := overlayHosts(hosts)
	if err == nil {
		err = unix.Exec(path, args, os.Environ())
	}
	fmt.Fprintf(os.Stderr, "exec %s: %v\n", path, err)
	os.Exit(126)
}

// overlayHosts lays a file over /etc/hosts, in this mount namespace only. It
// lives in memory and dies with the namespace.
func overlayHosts(content string) error {
	const place = "/sys" // any folder that is there
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("tmpfs", place, "tmpfs", 0, ""); err != nil {
		return fmt.Errorf("mount tmpfs: %w", err)
	}
	if err := os.WriteFile(place+"/hosts", []byte(content), 0o644); err != nil {
		return fmt.Errorf("write hosts file: %w", err)
	}
	err := unix.Mount(place+"/hosts", "/etc/hosts", "", unix.MS_BIND, "")
	if err != nil && err != unix.ENOENT { // a system without the file resolves nothing by it
		return fmt.Errorf("mount hosts file: %w", err)
	}
	if err := unix.Unmount(place, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount tmpfs: %w", err)
	}
	return nil
}

// Wait waits for the program and returns its exit status, or -N if signal N ended
// it. Of a program that has ended it tells also when ctx has.
func (p *Program) Wait(ctx context.Context) (int, error) {
	select {
	case <-p.process.Done():
	default:
		select {
		case <-p.process.Done():
		case <-ctx.Done():
			return 0, fmt.Errorf("wait for %s: %w", p.name, ctx.Err())
		}
	}
	err := p.process.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit):
		if s, ok := exit.Sys().(syscall.WaitStatus); ok && s.Signaled() {
			return -int(s.Signal()), nil
		}
		return exit.ExitCode(), nil
	}
	return 0, fmt.Errorf("wait for %s: %w", p.name, err)
}

// Kill sends SIGKILL to the program and waits until it is gone.
func (p *Program) Kill() error {
	if err := p.process.Kill(); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	return nil
}
