package hugepage_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"unsafe"

	"rstlab/internal/hugepage"
)

// What is made after Reserve lies in memory advised for huge pages, from its first
// byte to its last.
func TestReserve(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); errors.Is(err, fs.ErrNotExist) {
		t.Skip("this kernel has no transparent huge pages")
	}
	hugepage.Reserve(64 << 20)
	for range 8 {
		s := make([]byte, 4<<20)
		for _, i := range []int{0, len(s) / 2, len(s) - 1} {
			if !advised(t, uintptr(unsafe.Pointer(&s[i]))) {
				t.Errorf("byte %d is not in memory advised for huge pages", i)
			}
		}
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
