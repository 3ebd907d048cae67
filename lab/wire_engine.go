//go:build linux

package lab

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"rstlab/lab/internal/packetsock"
)

// An engine takes frames from sockets and hands them to handle, one at a time,
// those of a socket in the order of their coming. It owns the sockets.
type engine struct {
	conns  []*packetsock.Conn
	handle func(from int, f packetsock.Frame) // called with mu held

	mu  sync.Mutex
	err error // the first write that failed
	wg  sync.WaitGroup
}

func (e *engine) start() {
	for _, c := range e.conns {
		e.wg.Go(func() {
			for c.Wait() == nil {
				e.mu.Lock()
				e.drain()
				e.mu.Unlock()
			}
		})
	}
}

// drain handles every frame that has come before the call. What is done after
// it, with mu still held, is done after these frames.
func (e *engine) drain() {
	for from, c := range e.conns {
		for {
			f, ok := c.TryRead()
			if !ok {
				break
			}
			if !f.Outgoing {
				e.handle(from, f)
			}
		}
	}
}

// write sends a frame. Links lose frames beyond their MTU; that is no error of
// the lab. It is called with mu held.
func (e *engine) write(to *packetsock.Conn, frame []byte) {
	err := transmit(to, frame)
	if e.err == nil && !errors.Is(err, unix.EMSGSIZE) && !errors.Is(err, os.ErrClosed) {
		e.err = err
	}
}

// transmit sends a frame, which is lost where one end of the link is down.
func transmit(to *packetsock.Conn, frame []byte) error {
	err := to.Write(frame)
	if errors.Is(err, unix.ENETDOWN) || errors.Is(err, unix.ENOBUFS) { // this end; the far one
		return nil
	}
	return err
}

// check tells whether frames were lost that nothing in the lab was told to
// drop, before close.
func (e *engine) check() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	errs := []error{e.err}
	for _, c := range e.conns {
		dropped, err := c.Dropped()
		if dropped > 0 {
			err = fmt.Errorf("the kernel dropped %d frames on their way in", dropped)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// close ends the engine and closes its sockets. It returns when no goroutine
// of the engine is left.
func (e *engine) close() error {
	errs := make([]error, len(e.conns))
	for i, c := range e.conns {
		e.wg.Go(func() { errs[i] = c.Close() }) // the kernel takes its time for each, some 20 ms
	}
	e.wg.Wait()
	return errors.Join(errs...)
}
