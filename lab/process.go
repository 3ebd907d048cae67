//go:build linux

package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"rstlab/lab/internal/ns"
)

// processName is the name under which this program runs again as the process
// that holds a host's sockets.
const processName = "rstlab-host"

// reexecCalled tells that this program can play its own helper processes.
var reexecCalled atomic.Bool

// A process holds the sockets of a host with [HostConfig.Process].
type process struct {
	process *ns.Process
	client  *rpcClient
}

// processes gives the group of the lab's processes, made when first needed.
func (l *Lab) processes() (*ns.Group, error) {
	if !reexecCalled.Load() {
		return nil, errors.New("start process: call lab.Main in TestMain, or lab.Reexec first thing in main")
	}
	l.groupMu.Lock()
	defer l.groupMu.Unlock()
	if l.closing {
		return nil, errors.New("start process: the lab is closed")
	}
	if l.group == nil {
		group, err := ns.NewGroup()
		if err != nil {
			return nil, err
		}
		l.group = group
	}
	return l.group, nil
}

// endProcesses kills the lab's processes; no new ones start.
func (l *Lab) endProcesses() error {
	l.groupMu.Lock()
	defer l.groupMu.Unlock()
	l.closing = true
	if l.group == nil {
		return nil
	}
	return l.group.Close()
}

// startProcess starts a process for a host's sockets.
func (h *Host) startProcess() (*process, error) {
	group, err := h.lab.processes()
	if err != nil {
		return nil, err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("make socket pair: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "host process"), os.NewFile(uintptr(pair[1]), "host process")
	defer theirs.Close()
	client, err := newRPCClient(ours)
	if err != nil {
		return nil, err
	}
	p, err := group.Start(&exec.Cmd{
		Path:       "/proc/self/exe",
		Args:       []string{processName},
		ExtraFiles: []*os.File{theirs},
		Stderr:     os.Stderr, // of a crash
	}, h.ns.Namespace)
	if err != nil {
		client.close()
		return nil, fmt.Errorf("start process: %w", err)
	}
	return &process{process: p, client: client}, nil
}

// processMain is what the process does: serve the socket that it was given.
func processMain() {
	serveRPC(os.NewFile(3, "lab"))
	os.Exit(0)
}

func (p *process) kill() error {
	err := p.process.Kill()
	p.client.close()
	return err
}

// running gives the process that holds the host's sockets, started if there is
// none.
func (h *Host) running() (*process, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.process == nil {
		p, err := h.startProcess()
		if err != nil {
			return nil, err
		}
		h.process = p
	}
	return h.process, nil
}

// ready starts the process before it is needed.
func (h *Host) ready() error {
	if _, err := h.running(); err != nil {
		return h.errorf("%w", err)
	}
	return nil
}

// Kill sends SIGKILL to the process that holds the host's sockets and waits
// until it is gone, and its sockets closed; the next socket starts another. It
// is an error on a host without [HostConfig.Process].
func (h *Host) Kill() error {
	if !h.node.host.Process {
		return h.errorf("kill: its sockets have no process of their own")
	}
	h.mu.Lock()
	p := h.process
	h.process = nil
	h.sockets = map[*Socket]bool{}
	h.mu.Unlock()
	if p == nil {
		return h.errorf("kill: its process is gone already")
	}
	if err := p.kill(); err != nil {
		return h.errorf("%w", err)
	}
	return nil
}
