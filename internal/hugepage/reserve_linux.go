package hugepage

import (
	"runtime"
	"runtime/debug"
	"unsafe"

	"golang.org/x/sys/unix"
)

// size is that of a huge page on most systems, in bytes.
const size = 2 << 20

// Reserve gives the heap room for n more bytes, and asks for huge pages there
// (madvise(2), MADV_HUGEPAGE). Memory is taken from the system as it is used, and
// not before. It is only advice, and no error where the system has none. The
// collector leaves the heap alone until it has grown to a third of that.
//
// The advice lasts for a mapping, and Go maps its heap anew wherever it grows: so
// the room is taken in one piece, and given back to the collector, which keeps it.
func Reserve(n int) {
	// So much at once would have the collector begin, only to wait for it below.
	percent := debug.SetGCPercent(-1)
	room := make([]byte, n)
	from := uintptr(unsafe.Pointer(unsafe.SliceData(room)))
	// Rounded outwards: what lies around is heap as well, mapped in pieces of 4 MB
	// (mheap.grow).
	to := (from + uintptr(n) + size - 1) &^ (size - 1)
	from &^= size - 1
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_HUGEPAGE)
	runtime.KeepAlive(room)
	runtime.GC()
	if percent > 0 {
		// The heap's least goal is 4 MB at 100 percent (runtime, GOGC). The cleanup
		// runs once the collector has.
		debug.SetGCPercent(max(percent, n/3/(4<<20)*100))
		runtime.AddCleanup(new([16]byte), func(percent int) { debug.SetGCPercent(percent) }, percent)
	}
}
