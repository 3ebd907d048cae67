//go:build linux

package lab

import (
	"time"

	"rstlab/lab/internal/packetsock"
)

// A wire carries frames between two interfaces, as a link with delay and rate
// does. It loses none and keeps their order in each direction.
type wire struct {
	engine
	schedule *schedule
	delay    time.Duration
	rate     uint64

	busy [2]time.Time // when the last frame's last bit has left, by the end it came from
	last [2]time.Time // when the last frame arrives
}

// startWire carries frames between a and b, each way delay after they came.
// With a rate, in bits a second, a frame also takes its time on the line, and
// those behind it wait. The wire owns the sockets from here on.
func startWire(a, b *packetsock.Conn, delay time.Duration, rate uint64) (*wire, error) {
	s, err := startSchedule()
	if err != nil {
		return nil, err
	}
	w := &wire{schedule: s, delay: delay, rate: rate}
	w.engine = engine{conns: []*packetsock.Conn{a, b}, handle: w.carry}
	w.start()
	return w, nil
}

func (w *wire) carry(from int, f packetsock.Frame) {
	to := w.conns[1-from]
	due := arrival(f.Time, w.delay)
	if w.rate > 0 {
		due = later(due, w.busy[from])
		due = due.Add(time.Duration(float64(len(f.Data)*8) / float64(w.rate) * float64(time.Second)))
		w.busy[from] = due
	}
	due = later(due.Add(w.delay), w.last[from])
	w.last[from] = due
	w.schedule.at(due, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.write(to, f.Data)
	})
}

// arrival is when a frame came by its stamp, however late it is read, but at
// most as long ago as it is delayed: the real-time clock may have been set.
func arrival(stamp time.Time, delay time.Duration) time.Time {
	now := time.Now()
	return now.Add(-min(max(now.Sub(stamp), 0), delay))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// close ends the wire; frames on their way are lost.
func (w *wire) close() error {
	err := w.engine.close()
	w.schedule.close()
	return err
}
