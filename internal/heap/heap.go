// Package heap has the heap of one large job grow in memory for which the system is
// asked to use huge pages, and stay within that memory. What is used here and there
// costs the processor one more look-up for each ordinary page, and the system a fault
// for each new one.
package heap

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Reserve gives the heap room for n more bytes, and asks for huge pages there.
// Memory is taken from the system as it is used, and not before. From then on the
// collector begins when that keeps the heap within the room: see goal.
//
// The advice lasts for a mapping, and Go maps its heap anew wherever it grows: so
// the room is taken in one piece, and given back to the collector, which keeps it.
func Reserve(n int) {
	// So much at once would have the collector begin, only to wait for it below.
	percent := debug.SetGCPercent(-1)
	room := make([]byte, n)
	advise(room)
	runtime.KeepAlive(room)
	runtime.GC()
	if percent > 0 {
		pace(uint64(n), uint64(percent))
	} else {
		debug.SetGCPercent(percent)
	}
}

// leastGoal is at which size of the heap, in bytes, the collector begins at the
// earliest at 100 percent; in proportion at others (runtime, GOGC).
const leastGoal = 4 << 20

// pace says when the collector is to begin, and again each time that it has run.
func pace(n, percent uint64) {
	live := max(1, number("/gc/heap/live:bytes"))
	next := goal(live, n, percent)
	debug.SetGCPercent(int(min((next-live)*100/live, next*100/leastGoal)))
	runtime.AddCleanup(new([16]byte), func(n uint64) { pace(n, percent) }, n)
}

// goal is at which size of the heap the collector is to begin, where live bytes are
// of use and it would begin when so many percent of them are added. Not while a
// third of the room is free: what is taken while tables grow is of use. Before the
// heap fills three quarters of the room: the rest is for what lies around it. Above
// that when it would have to run all the time, and where the room does not do at
// all, as it would anyway.
func goal(live, n, percent uint64) uint64 {
	usual := live + live*percent/100
	if live > n {
		return usual
	}
	return max(n/3, min(usual, max(n*3/4, live+live/4)))
}

// number reads one of the runtime's metrics.
func number(name string) uint64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
