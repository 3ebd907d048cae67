package flow

import (
	"testing"
	"unsafe"
)

// Entries begin where a cache line does, on a 64-bit system, and those of one
// page spread over all places of the cache.
func TestEntryLines(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("made for 64 bits")
	}
	if lines := float64(unsafe.Sizeof(Entry{})) / 64; lines != float64(int(lines)) || int(lines)%2 == 0 {
		t.Errorf("an Entry is %v cache lines long, want an odd number of whole ones", lines)
	}
}
