package play

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// What is kept of a program's output: its end, where it says why it ends.
const (
	keptOutput = 8 << 10 // bytes
	keptLines  = 40
	widestLine = 500 // characters
)

// An output is what a program and its children print, to both streams. However
// much it is, they go on.
type output struct {
	r       *os.File
	mu      sync.Mutex
	tail    []byte
	dropped int
}

// newOutput returns an output and the file by which it is written. It ends when
// all who have that file have closed it.
func newOutput() (*output, *os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("make pipe: %w", err)
	}
	o := &output{r: r}
	raw, err := r.SyscallConn()
	if err != nil {
		return nil, nil, fmt.Errorf("read pipe: %w", err)
	}
	go func() {
		_ = raw.Read(func(fd uintptr) bool {
			for {
				if n := o.take(int(fd)); n <= 0 {
					return n == 0
				}
			}
		})
		r.Close()
	}()
	return o, w, nil
}

// take reads what the pipe holds, once: 0 is its end, less that it is empty now.
func (o *output) take(fd int) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	var buf [4096]byte
	n, err := unix.Read(fd, buf[:])
	switch {
	case err == unix.EINTR:
		return 1
	case err == unix.EAGAIN:
		return -1
	case err != nil:
		return 0
	}
	o.tail = append(o.tail, buf[:n]...)
	if more := len(o.tail) - keptOutput; more > 0 {
		o.dropped += more
		o.tail = append(o.tail[:0], o.tail[more:]...)
	}
	return n
}

// drain takes what had been printed by now.
func (o *output) drain() {
	raw, err := o.r.SyscallConn()
	if err != nil {
		return // it has ended
	}
	_ = raw.Control(func(fd uintptr) {
		const pipe = 64 << 10 // holds so much at most
		for taken := 0; taken < pipe; {
			n := o.take(int(fd))
			if n <= 0 {
				return
			}
			taken += n
		}
	})
}

// lines is what has been printed by now, its end at least.
func (o *output) lines() []string {
	o.drain()
	o.mu.Lock()
	defer o.mu.Unlock()
	text, dropped := o.tail, o.dropped
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if dropped > 0 && len(lines) > 1 { // the first is not whole
		dropped += bytes.IndexByte(text, '\n') + 1
		lines = lines[1:]
	}
	if n := len(lines) - keptLines; n > 0 {
		for _, line := range lines[:n] {
			dropped += len(line) + 1
		}
		lines = lines[n:]
	}
	for i, line := range lines {
		if r := []rune(line); len(r) > widestLine {
			lines[i] = "… " + string(r[len(r)-widestLine:])
		}
	}
	if dropped > 0 {
		lines = append([]string{fmt.Sprintf("(%d bytes before)", dropped)}, lines...)
	}
	if len(lines) == 1 && lines[0] == "" {
		return nil
	}
	return lines
}
