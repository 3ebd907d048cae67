package flow

import (
	"testing"
	"unsafe"
)

// Entries begin where a cache line does, on a 64-bit system, and those of one
// page spread over all places of the cache. Of one, a plain packet touches the
// first two lines, and the journal; and a Packet is a line.
func TestEntryLines(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("made for 64 bits")
	}
	if lines := float64(unsafe.Sizeof(Entry{})) / 64; lines != float64(int(lines)) || int(lines)%2 == 0 {
		t.Errorf("an Entry is %v cache lines long, want an odd number of whole ones", lines)
	}
	if e := (Entry{}); unsafe.Offsetof(e.sides) != 64 || unsafe.Sizeof(e.sides) != 64 {
		t.Errorf("the sides are the bytes from %d to %d, want a cache line", unsafe.Offsetof(e.sides), unsafe.Offsetof(e.sides)+unsafe.Sizeof(e.sides))
	}
	if n := unsafe.Sizeof(Packet{}); n != 64 {
		t.Errorf("a Packet has %d bytes, want a cache line", n)
	}
}
