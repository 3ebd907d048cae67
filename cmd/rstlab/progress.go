package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A progress is a line on the terminal that says how much of the captures is
// read. It uses no colours. The nil progress shows nothing.
type progress struct {
	terminal io.Writer
	total    int64 // bytes; 0: not known
	begun    time.Time
	read     atomic.Int64

	mu    sync.Mutex
	shown int // characters of the line that stands there
	stop  chan struct{}
	done  sync.WaitGroup
}

const (
	progressAfter = time.Second // what takes less shows none
	progressEvery = 250 * time.Millisecond
)

// startProgress shows the reading of sources on w, if that is a terminal.
func startProgress(w io.Writer, from []*source) *progress {
	if !isTerminal(w) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	p := &progress{terminal: w, begun: time.Now(), stop: make(chan struct{})}
	for _, s := range from {
		if s.size == 0 {
			p.total = 0
			break
		}
		p.total += s.size
	}
	p.done.Go(p.run)
	return p
}

func (p *progress) run() {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			if elapsed := now.Sub(p.begun); elapsed >= progressAfter {
				p.show(elapsed)
			}
		case <-p.stop:
			return
		}
	}
}

// end takes the line away for good.
func (p *progress) end() {
	if p != nil {
		close(p.stop)
		p.done.Wait()
		p.clear()
	}
}

// show writes the line in place of the last one.
func (p *progress) show(elapsed time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := p.line(elapsed)
	pad := max(p.shown-len(line), 0)
	fmt.Fprintf(p.terminal, "\r%s%*s", line, pad, "")
	p.shown = len(line)
}

// clear takes the line away.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown > 0 {
		fmt.Fprintf(p.terminal, "\r%s\r", strings.Repeat(" ", p.shown))
		p.shown = 0
	}
}

// line says how much is read, and how long the rest will take.
func (p *progress) line(elapsed time.Duration) string {
	read := p.read.Load()
	if p.total == 0 || read > p.total || read == 0 { // a file may grow
		return "read " + size(read)
	}
	left := time.Duration(float64(elapsed) * float64(p.total-read) / float64(read))
	return fmt.Sprintf("read %s of %s (%d %%), %v left", size(read), size(p.total), read*100/p.total, left.Round(time.Second))
}

// size prints a number of bytes.
func size(n int64) string {
	if n < 1e9 {
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}

// counting counts what is read of r.
func (p *progress) counting(r io.Reader) io.Reader {
	if p == nil {
		return r
	}
	return readFunc(func(b []byte) (int, error) {
		n, err := r.Read(b)
		p.read.Add(int64(n))
		return n, err
	})
}

// above makes what is written to w stand above the line: both may be on one
// terminal.
func (p *progress) above(w io.Writer) io.Writer {
	if p == nil {
		return w
	}
	return writeFunc(func(b []byte) (int, error) {
		p.clear()
		return w.Write(b)
	})
}

type (
	readFunc  func([]byte) (int, error)
	writeFunc func([]byte) (int, error)
)

func (f readFunc) Read(b []byte) (int, error)   { return f(b) }
func (f writeFunc) Write(b []byte) (int, error) { return f(b) }
