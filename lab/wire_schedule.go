//go:build linux

package lab

import (
	"container/heap"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A schedule calls functions when they are due, in order of their times and,
// among equal ones, in that of their coming. It stands on a timerfd: the
// runtime's own timers are late by up to a millisecond when nothing else runs
// (epoll_wait counts in milliseconds).
type schedule struct {
	timer *os.File
	raw   syscall.RawConn
	done  chan struct{}

	mu      sync.Mutex
	tasks   taskHeap
	running bool // one that was due
	n       uint64
	last    time.Time // the latest due time so far
}

type task struct {
	due time.Time
	n   uint64
	run func()
}

func startSchedule() (*schedule, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make timer: %w", err)
	}
	s := &schedule{timer: os.NewFile(uintptr(fd), "timer"), done: make(chan struct{})}
	if s.raw, err = s.timer.SyscallConn(); err != nil {
		s.timer.Close()
		return nil, fmt.Errorf("make timer: %w", err)
	}
	go s.loop()
	return s, nil
}

// at has run called at due, or at once where that has passed.
func (s *schedule) at(due time.Time, run func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	heap.Push(&s.tasks, task{due, s.n, run})
	if due.After(s.last) {
		s.last = due
	}
	if s.tasks[0].n == s.n {
		s.arm()
	}
}

// afterAll has run called when all that is in the schedule has been.
func (s *schedule) afterAll(run func()) {
	s.mu.Lock()
	last := s.last
	s.mu.Unlock()
	s.at(last, run)
}

// arm sets the timer to the first task.
func (s *schedule) arm() {
	if len(s.tasks) == 0 {
		return
	}
	wait := max(time.Until(s.tasks[0].due), 1) // zero would disarm
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(wait.Nanoseconds())}
	// The file is a timer and the time is valid; a closed one needs no arming.
	_ = s.raw.Control(func(fd uintptr) { _ = unix.TimerfdSettime(int(fd), 0, &spec, nil) })
}

func (s *schedule) loop() {
	defer close(s.done)
	expirations := make([]byte, 8)
	for {
		if _, err := s.timer.Read(expirations); err != nil {
			return
		}
		for {
			run := s.take()
			if run == nil {
				break
			}
			run()
		}
	}
}

// take removes the first task if it is due, else arms the timer for it.
func (s *schedule) take() func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = len(s.tasks) > 0 && !time.Now().Before(s.tasks[0].due)
	if !s.running {
		s.arm()
		return nil
	}
	return heap.Pop(&s.tasks).(task).run
}

// close ends the schedule; what was not due is not run.
func (s *schedule) close() {
	s.timer.Close()
	<-s.done
}

type taskHeap []task

func (h taskHeap) Len() int      { return len(h) }
func (h taskHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h taskHeap) Less(i, j int) bool {
	if h[i].due.Equal(h[j].due) {
		return h[i].n < h[j].n
	}
	return h[i].due.Before(h[j].due)
}
func (h *taskHeap) Push(t any) { *h = append(*h, t.(task)) }
func (h *taskHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	*h = old[:len(old)-1]
	return t
}
