package hugepage

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"unsafe"
)

// The memory of a large slice is advised, from its first value to its last.
func TestMake(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); errors.Is(err, fs.ErrNotExist) {
		t.Skip("this kernel has no transparent huge pages")
	}
	s := Make[[3]int64](size / 8)
	for _, i := range []int{0, len(s) / 2, len(s) - 1} {
		if !advised(t, uintptr(unsafe.Pointer(&s[i]))) {
			t.Errorf("value %d is not in memory advised for huge pages", i)
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
