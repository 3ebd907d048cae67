package heap

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// size is that of a huge page on most systems, in bytes.
const size = 2 << 20

// advise asks for huge pages (madvise(2), MADV_HUGEPAGE). It is only advice, and no
// error where the system has none.
func advise(room []byte) {
	from := uintptr(unsafe.Pointer(unsafe.SliceData(room)))
	// Rounded outwards: what lies around is heap as well, mapped in pieces of 4 MB
	// (mheap.grow).
	to := (from + uintptr(len(room)) + size - 1) &^ (size - 1)
	from &^= size - 1
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_HUGEPAGE)
}
