//go:build linux

package oracle

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
)

const (
	ringSize    = 1 << 20 // bytes, a power of two; room for some 6000 records
	watchedSize = 4096    // namespaces that can be watched at a time
)

// A source is the programs in the kernel, and the goroutine that hands out what
// they report.
type source struct {
	kernel  *kernel
	closers []io.Closer // in the order of making
	loaded  []*ebpf.Program
	watched *ebpf.Map // namespace's inode -> events lost
	reader  *ringbuf.Reader
	done    chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	watches map[uint32][]*Watch
	err     error // why the goroutine ended

	// Who waits until the ring buffer has been emptied: awaited for the round
	// under way, which began after they asked; asked for the next one.
	awaited, asked []chan struct{}
}

var errClosed = errors.New("oracle is closed")

// load puts the programs into the kernel. The source is at work once its run is
// called.
func load() (*source, error) {
	k, err := readKernel()
	if err != nil {
		return nil, err
	}
	s := &source{kernel: k, done: make(chan struct{}), watches: map[uint32][]*Watch{}}
	if err := s.attach(); err != nil {
		return nil, errors.Join(readCircumstances().explain(err), s.release())
	}
	return s, nil
}

func (s *source) attach() error {
	var err error
	s.watched, err = ebpf.NewMap(&ebpf.MapSpec{Name: "rstlab_watched", Type: ebpf.Hash,
		KeySize: 4, ValueSize: 8, MaxEntries: watchedSize})
	if err != nil {
		return fmt.Errorf("make map: %w", err)
	}
	s.closers = append(s.closers, s.watched)
	ring, err := ebpf.NewMap(&ebpf.MapSpec{Name: "rstlab_resets", Type: ebpf.RingBuf, MaxEntries: ringSize})
	if err != nil {
		return fmt.Errorf("make ring buffer: %w", err)
	}
	s.closers = append(s.closers, ring)
	if s.reader, err = ringbuf.NewReader(ring); err != nil {
		return fmt.Errorf("map ring buffer: %w", err)
	}
	s.closers = append(s.closers, s.reader)
	for tracepoint, spec := range s.kernel.programs(s.watched, ring) {
		program, err := ebpf.NewProgram(spec)
		if err != nil {
			return fmt.Errorf("load program %s: %w", spec.Name, err)
		}
		s.closers = append(s.closers, program)
		s.loaded = append(s.loaded, program)
		attached, err := link.AttachRawTracepoint(link.RawTracepointOptions{Name: tracepoint, Program: program})
		if err != nil {
			return fmt.Errorf("attach program %s to tracepoint %s: %w", spec.Name, tracepoint, err)
		}
		s.closers = append(s.closers, attached)
	}
	return nil
}

// missed counts the resets of the whole machine that were not reported: the
// kernel runs no program within itself, so what an interrupt sends while the
// same processor reports another reset goes unseen (bpf_prog_inc_misses_counter
// in kernel/trace/bpf_trace.c). A kernel that does not count them gives 0.
func (s *source) missed() uint64 {
	var n uint64
	for _, p := range s.loaded {
		if stats, err := p.Stats(); err == nil {
			n += stats.RecursionMisses
		}
	}
	return n
}

// close takes the programs out of the kernel and ends the goroutine.
func (s *source) close() error {
	err := s.release()
	<-s.done
	return err
}

func (s *source) release() error {
	var errs []error
	for _, c := range slices.Backward(s.closers) {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// run hands out events until the reader is closed.
func (s *source) run() {
	defer close(s.done)
	var raw ringbuf.Record
	for {
		err := s.reader.ReadInto(&raw)
		s.mu.Lock()
		switch {
		case err == nil:
			err = s.deliver(raw.RawSample)
		case errors.Is(err, ringbuf.ErrFlushed):
			err = s.nextRound()
		}
		if errors.Is(err, ringbuf.ErrClosed) {
			err = errClosed
		}
		s.err = err
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// deliver gives a record to those who watch its namespace.
func (s *source) deliver(raw []byte) error {
	e, accepted, err := s.kernel.event(raw)
	if err != nil {
		return err
	}
	for _, w := range s.watches[uint32(e.NetNS)] {
		if accepted {
			w.accepted = append(w.accepted, e)
		} else {
			w.events = append(w.events, e)
		}
	}
	return nil
}

// nextRound is called when the ring buffer has been emptied. Those who asked
// while that went on may have asked for a record that came behind its back:
// they get a round of their own.
func (s *source) nextRound() error {
	for _, c := range s.awaited {
		close(c)
	}
	s.awaited, s.asked = s.asked, nil
	if len(s.awaited) == 0 {
		return nil
	}
	return s.reader.Flush()
}

// emptied gives a channel that is closed when the ring buffer has been emptied
// once from now on. It is not, when the goroutine has ended.
func (s *source) emptied() (<-chan struct{}, error) {
	c := make(chan struct{})
	s.mu.Lock()
	s.asked = append(s.asked, c)
	s.mu.Unlock()
	if err := s.reader.Flush(); err != nil && !errors.Is(err, ringbuf.ErrClosed) {
		return nil, err
	}
	return c, nil
}
