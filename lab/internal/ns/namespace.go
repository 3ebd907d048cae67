//go:build linux

package ns

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// ErrClosed is the error of a namespace after Close.
var ErrClosed = errors.New("namespace is closed")

// A Namespace is a network namespace without a name. It lives as long as this
// descriptor of it, a process or a socket in it; when this process dies, all
// of them go.
type Namespace struct {
	inode uint64

	mu   sync.RWMutex
	file *os.File // nil once closed
}

// New makes a network namespace, in which nothing is set up.
func New() (*Namespace, error) {
	n := new(Namespace)
	err := runOnThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return err
		}
		return n.open()
	})
	if err != nil {
		return nil, fmt.Errorf("make network namespace: %w", err)
	}
	return n, nil
}

// open takes hold of the calling thread's namespace.
func (n *Namespace) open() error {
	file, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	var stat unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &stat); err != nil {
		file.Close()
		return err
	}
	n.file, n.inode = file, stat.Ino
	return nil
}

// Do runs f on a thread in the namespace and waits for it. What f opens
// (sockets, handles, files below /proc/thread-self/net) belongs to the
// namespace and is used from anywhere; goroutines that f starts run elsewhere.
func (n *Namespace) Do(f func() error) error {
	return runOnThread(func() error {
		if err := n.enter(); err != nil {
			return fmt.Errorf("enter network namespace: %w", err)
		}
		return f()
	})
}

func (n *Namespace) enter() error {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if n.file == nil {
		return ErrClosed
	}
	return unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET)
}

// FD returns a descriptor of the namespace, valid until Close.
func (n *Namespace) FD() int { return int(n.file.Fd()) }

// Inode returns the number by which the kernel names the namespace, as in
// "readlink /proc/self/ns/net".
func (n *Namespace) Inode() uint64 { return n.inode }

// Close gives the namespace up. The kernel frees it when no process and no
// socket is left in it.
func (n *Namespace) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.file == nil {
		return nil
	}
	err := n.file.Close()
	n.file = nil
	return err
}
