package hugepage_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"unsafe"

	"rstlab/internal/hugepage"
)

// What is made after Reserve lies in memory advised for huge pages, but for what
// fits into the room that the heap had before.
func TestReserve(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); errors.Is(err, fs.ErrNotExist) {
		t.Skip("this kernel has no transparent huge pages")
	}
	hugepage.Reserve(64 << 20)
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

// The collector begins when a third of the room is used, and from then on goes by
// the percentage that was set.
func TestCollectorWaits(t *testing.T) {
	const percent = 150
	defer debug.SetGCPercent(debug.SetGCPercent(percent))
	hugepage.Reserve(64 << 20)
	if goal := metric("/gc/heap/goal:bytes"); goal < 64<<20/3-4<<20 {
		t.Errorf("the collector begins at %d bytes, want about a third of the room", goal)
	}
	for range 10000 { // it is set by a goroutine of the runtime's
		if metric("/gc/gogc:percent") == percent {
			return
		}
		runtime.GC()
	}
	t.Error("the percentage was not set again")
}

// metric reads one of the runtime's numbers.
func metric(name string) uint64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
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
