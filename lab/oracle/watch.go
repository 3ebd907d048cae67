//go:build linux

package oracle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"golang.org/x/sys/unix"
)

// A Watch collects the resets of some network namespaces.
type Watch struct {
	source *source
	err    error  // why it can't watch; Sync tells
	before uint64 // see source.missed

	// guarded by source.mu
	lost             map[uint32]uint64 // by inode: events lost before this watch
	events, accepted []Event
}

// Watch begins to collect the resets of the namespaces with these inodes, from
// now on. Any number of watches may run, of the same namespaces too. What
// prevents it from watching is told by Sync.
func (o *Oracle) Watch(netns ...uint64) *Watch {
	s := o.source
	w := &Watch{source: s, lost: map[uint32]uint64{}, before: s.missed()}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, inode := range netns {
		if err := w.add(inode); err != nil {
			w.err = fmt.Errorf("watch namespace %d: %w", inode, err)
			break
		}
	}
	return w
}

func (w *Watch) add(netns uint64) error {
	if netns > math.MaxUint32 {
		return errors.New("found more than 32 bits, expected the inode of a namespace")
	}
	inode := uint32(netns)
	if _, ok := w.lost[inode]; ok {
		return nil
	}
	s := w.source
	if len(s.watches[inode]) == 0 {
		if err := s.watched.Put(inode, uint64(0)); err != nil {
			return err
		}
	}
	var lost uint64
	if err := s.watched.Lookup(inode, &lost); err != nil {
		return err
	}
	w.lost[inode] = lost
	s.watches[inode] = append(s.watches[inode], w)
	return nil
}

// Events gives the resets that hosts of the watched namespaces sent, in the
// order of time.
func (w *Watch) Events() []Event { return w.sorted(&w.events) }

// Accepted gives the resets that sockets of the watched namespaces received and
// acted on, in the order of time: not those that were answered with a challenge
// ACK or ignored, and not those that met no socket or one in TIME-WAIT or
// SYN-RECEIVED (the kernel's tracepoint tcp:tcp_receive_reset).
func (w *Watch) Accepted() []Event { return w.sorted(&w.accepted) }

// Missed tells whether a reset may be missing in Events: the kernel could not
// report one, of this machine, since the watch began. Its counters have it
// (TcpOutRsts).
func (w *Watch) Missed() bool { return w.source.missed() > w.before }

func (w *Watch) sorted(events *[]Event) []Event {
	w.source.mu.Lock()
	defer w.source.mu.Unlock()
	sorted := slices.Clone(*events)
	slices.SortStableFunc(sorted, func(a, b Event) int { return cmp.Compare(a.Time, b.Time) })
	return sorted
}

// Sync waits until every reset that was sent before the call is in Events. It
// fails when ctx ends first, when the oracle is closed, and when events were
// lost because the kernel produced them faster than they could be read.
//
// The kernel reports a reset in answer to a segment before it sends it, any
// other one just after. Where a system call made the host send it (close,
// connect, a process's end), it is sure to be in Events only when Sync was
// called after the system call had returned.
func (w *Watch) Sync(ctx context.Context) error {
	if w.err != nil {
		return w.err
	}
	settle()
	emptied, err := w.source.emptied()
	if err != nil {
		return fmt.Errorf("read resets: %w", err)
	}
	select {
	case <-emptied:
		return w.checkLost()
	case <-w.source.done:
		return fmt.Errorf("read resets: %w", w.source.err)
	case <-ctx.Done():
		return fmt.Errorf("read resets: %w", context.Cause(ctx))
	}
}

// settle waits until a timer's reset that another processor has sent, but not
// yet reported, is reported: the kernel does both without a pause in which it
// would let a grace period of RCU end (membarrier(2): MEMBARRIER_CMD_GLOBAL is
// such a period, some 10 ms). Where the kernel has no such call, as with
// processors that run without a tick, that short gap remains.
func settle() {
	const global = 1
	_, _, _ = unix.Syscall(unix.SYS_MEMBARRIER, global, 0, 0)
}

func (w *Watch) checkLost() error {
	w.source.mu.Lock()
	defer w.source.mu.Unlock()
	for inode, before := range w.lost {
		var lost uint64
		if err := w.source.watched.Lookup(inode, &lost); err != nil {
			return fmt.Errorf("read resets of namespace %d: %w", inode, err)
		}
		if n := lost - before; n > 0 {
			return fmt.Errorf("read resets of namespace %d: %d lost, more than %d bytes at once", inode, n, ringSize)
		}
	}
	return nil
}

// Close ends the watch; Events and Accepted keep what came until then. More
// calls do nothing.
func (w *Watch) Close() error {
	s := w.source
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for inode := range w.lost {
		others := slices.DeleteFunc(s.watches[inode], func(o *Watch) bool { return o == w })
		if len(others) > 0 {
			s.watches[inode] = others
			continue
		}
		delete(s.watches, inode)
		if err := s.watched.Delete(inode); err != nil && s.err == nil {
			errs = append(errs, fmt.Errorf("end watch of namespace %d: %w", inode, err))
		}
	}
	clear(w.lost)
	return errors.Join(errs...)
}
