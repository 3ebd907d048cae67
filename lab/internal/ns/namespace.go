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

// A Namespace is a network namespace without a name. It lives as long as its
// thread, a process or a socket in it, or a descriptor of it; when this
// process dies, all of them go.
type Namespace struct {
	file  *os.File
	inode uint64

	work  chan func()
	close sync.Once
	gone  chan struct{} // closed by Close
	ended chan struct{} // closed when the thread has done its last work
}

// New makes a network namespace, in which nothing is set up.
func New() (*Namespace, error) {
	n := &Namespace{work: make(chan func()), gone: make(chan struct{}), ended: make(chan struct{})}
	made := make(chan error)
	onThread(func() {
		err := n.enter()
		made <- err
		if err == nil {
			n.serve()
		}
	})
	if err := <-made; err != nil {
		return nil, fmt.Errorf("make network namespace: %w", err)
	}
	return n, nil
}

// enter moves the calling thread into a new namespace.
func (n *Namespace) enter() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
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

func (n *Namespace) serve() {
	defer close(n.ended)
	for {
		select {
		case f := <-n.work:
			f()
		case <-n.gone:
			return
		}
	}
}

// Do runs f on the namespace's thread and waits for it. One f runs at a time,
// so it must not block. What f opens (sockets, handles, files below
// /proc/thread-self/net) belongs to the namespace and is used from anywhere;
// goroutines that f starts run elsewhere.
func (n *Namespace) Do(f func() error) error {
	var err error
	done := make(chan struct{})
	select {
	case n.work <- func() { defer close(done); err = f() }:
		<-done
		return err
	case <-n.gone:
		return ErrClosed
	case <-n.ended: // an earlier f ended its goroutine
		return ErrClosed
	}
}

// FD returns a descriptor of the namespace, valid until Close.
func (n *Namespace) FD() int { return int(n.file.Fd()) }

// Inode returns the number by which the kernel names the namespace, as in
// "readlink /proc/self/ns/net".
func (n *Namespace) Inode() uint64 { return n.inode }

// Close gives the namespace up. The kernel frees it when no process and no
// socket is left in it.
func (n *Namespace) Close() error {
	var err error
	n.close.Do(func() {
		close(n.gone)
		<-n.ended
		err = n.file.Close()
	})
	return err
}
