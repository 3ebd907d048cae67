//go:build linux

package lab

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
)

// Passed counts the frames that have passed the taps.
func (l *Lab) Passed() int {
	n := 0
	for _, t := range l.taps {
		t.mu.Lock()
		t.catchUp()
		n += len(t.raw)
		t.mu.Unlock()
	}
	return n
}

// Idle tells whether the lab does nothing by itself within a time to come: no
// link or middlebox has a frame that is due later, and no timer of a host's TCP
// ends. The kernel does not tell of delayed ACKs (TCP_DELACK_MAX, 200 ms), nor of
// MPTCP's own timers; programs may do anything.
func (l *Lab) Idle(within time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.engines {
		if e.underWay() {
			return false
		}
	}
	for _, h := range l.hosts {
		if h.diag.timerWithin(within) {
			return false
		}
	}
	return true
}

// underWay handles what has come; an engine alone has nothing to send later.
func (e *engine) underWay() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.drain()
	return false
}

func (w *wire) underWay() bool { return w.engine.underWay() || w.schedule.pending() }

func (b *Middlebox) underWay() bool { return b.engine.underWay() || b.later.pending() }

// pending tells whether something is due later, or is being done.
func (s *schedule) pending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tasks) > 0 || s.running
}

// Of struct inet_diag_msg: which timer runs, and in how many milliseconds it
// ends.
const (
	diagMsgTimer   = 2
	diagMsgExpires = 52
)

// timerWithin tells whether a timer of a socket ends within a time, or may: of
// what can't be listed nothing is known. That of TIME-WAIT sends nothing.
func (d *diag) timerWithin(within time.Duration) bool {
	found := false
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		all := ^uint32(0) &^ (1 << states["TIME-WAIT"])
		err := d.ask(sockDiagByFamily, unix.NLM_F_DUMP, diagRequest(family, all), func(m []byte) {
			if len(m) < diagMessageLen || m[diagMsgTimer] == 0 {
				return
			}
			expires := time.Duration(binary.NativeEndian.Uint32(m[diagMsgExpires:])) * time.Millisecond
			found = found || expires < within
		})
		found = found || err != nil
	}
	return found
}
