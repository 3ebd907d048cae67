//go:build linux

package ns

import (
	"maps"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
)

// starting are the processes between their fork and [Started], each with a
// channel that is closed then. Until then a process holds copies of all
// descriptors of this one, of those too that are closed on exec.
var starting struct {
	mu  sync.Mutex
	all map[chan struct{}]bool
}

// startedFD is the descriptor whose end tells that a process has started.
const startedFD = 3

// start starts cmd, which is this program again and calls [Started] first
// thing. Its ExtraFiles stand behind startedFD.
func start(cmd *exec.Cmd) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer w.Close()
	cmd.ExtraFiles = append([]*os.File{w}, cmd.ExtraFiles...)
	done := make(chan struct{})
	starting.mu.Lock()
	if starting.all == nil {
		starting.all = map[chan struct{}]bool{}
	}
	starting.all[done] = true
	starting.mu.Unlock()
	go func() {
		_, _ = r.Read(make([]byte, 1)) // ends too when the start failed or the process died
		r.Close()
		starting.mu.Lock()
		delete(starting.all, done)
		starting.mu.Unlock()
		close(done)
	}()
	return cmd.Start()
}

// Started is what a process of a group calls first thing in main: from here on
// it holds no descriptor but its own.
func Started() { os.NewFile(startedFD, "started").Close() }

// Close closes a file, and with it what no other file stands for: a process
// that was being started meanwhile holds no copy of it any more.
func Close(f *os.File) error {
	if err := f.Close(); err != nil {
		return err
	}
	syscall.ForkLock.RLock() // also waits for processes that others start
	starting.mu.Lock()
	all := slices.Collect(maps.Keys(starting.all))
	starting.mu.Unlock()
	syscall.ForkLock.RUnlock()
	for _, done := range all {
		<-done
	}
	return nil
}
