package hugepage

import "golang.org/x/sys/unix"

// advise asks for huge pages between two addresses (madvise(2), MADV_HUGEPAGE).
func advise(from, to uintptr) {
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_HUGEPAGE)
}
