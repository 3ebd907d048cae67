package heap_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"rstlab/internal/heap"
)

// What is made after Reserve lies in memory advised for huge pages, but for what
// fits into the room that the heap had before.
func TestReserveAdvises(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); errors.Is(err, fs.ErrNotExist) {
		t.Skip("this kernel has no transparent huge pages")
	}
	heap.Reserve(64 << 20)
	const pieces = 64
	var made [pieces][]byte
	n := 0
	for i := range made {
		made[i] = make([]byte, 512<<10)
		if advised(t, uintptr(unsafe.Pointer(&made[i][0]))) {
			n++
		}
	}
	runtime.KeepAlive(&made)
	if want := pieces - 4<<20/(512<<10); n < want { // the heap grows by 4 MB
		t.Errorf("%d of %d pieces lie in memory advised for huge pages, want at least %d", n, pieces, want)
	}
}

// advised tells whether the mapping with an address has the flag that
// MADV_HUGEPAGE sets (proc_pid_smaps(5), VmFlags).
func advised(t *testing.T, addr uintptr) bool {
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	inside := false
	for s := bufio.NewScanner(f); s.Scan(); {
		var from, to uintptr
		if n, _ := fmt.Sscanf(s.Text(), "%x-%x ", &from, &to); n == 2 {
			inside = from <= addr && addr < to
		} else if flags, ok := strings.CutPrefix(s.Text(), "VmFlags:"); ok && inside {
			return strings.Contains(flags, " hg")
		}
	}
	return false
}
