package heap

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestGoal(t *testing.T) {
	const n = 96
	for _, x := range []struct{ live, percent, want uint64 }{
		{1, 100, 32},   // a third of the room
		{20, 100, 40},  // as usual
		{20, 50, 32},   // not before a third
		{40, 100, 72},  // three quarters
		{70, 100, 87},  // not all the time
		{97, 100, 194}, // the room does not do: as usual
		{500, 200, 1500},
	} {
		if got := goal(x.live, n, x.percent); got != x.want {
			t.Errorf("%d of %d in use, %d percent: begins at %d, want %d", x.live, n, x.percent, got, x.want)
		}
	}
}

// The heap grows to a third of the room before the collector begins, and what is of
// use leaves less than usual to what is not.
func TestReservePaces(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	const n = 64 << 20
	Reserve(n)
	within(t, n/3)
	live := make([]byte, n/2)
	runtime.GC()
	within(t, n*3/4)
	runtime.KeepAlive(live)
}

// within waits until the collector is to begin near a size of the heap, which a
// goroutine of the runtime's says once it has run.
func within(t *testing.T, want uint64) {
	t.Helper()
	const near = 6 << 20 // what else counts: stacks, other tests
	const patience = time.Minute
	var got uint64
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if got = number("/gc/heap/goal:bytes"); got > want-near && got < want+near {
			return
		}
	}
	t.Errorf("the collector begins at %d bytes, want about %d", got, want)
}
