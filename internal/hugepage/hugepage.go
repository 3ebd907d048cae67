// Package hugepage makes large slices in memory for which the system is asked to
// use huge pages: memory that is used here and there costs the processor one more
// look-up for each ordinary page, and the system a fault for each new one. It is
// only advice, and no error where the system knows of none.
package hugepage

import "unsafe"

// size is that of a huge page on most systems, in bytes.
const size = 2 << 20

// Make makes a slice of n zero values. If it is much smaller than a huge page,
// nothing is asked for.
func Make[T any](n int) []T {
	s := make([]T, n)
	if length := uintptr(n) * unsafe.Sizeof(*new(T)); length >= size/2 {
		// Rounded outwards: Go maps its heap in pieces of 4 MB (mheap.grow), so what
		// lies around the slice is heap as well.
		from := uintptr(unsafe.Pointer(unsafe.SliceData(s)))
		advise(from&^(size-1), (from+length+size-1)&^(size-1))
	}
	return s
}
