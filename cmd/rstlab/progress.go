package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
)

// A progress is a line on the terminal that says how far a long work is. It
// uses no colours. The nil progress shows nothing.
type progress struct {
	terminal io.Writer
	line     func(elapsed time.Duration) string
	begun    time.Time

	mu    sync.Mutex
	shown int // characters of the line that stands there
	stop  chan struct{}
	done  sync.WaitGroup
}

const (
	progressAfter = time.Second // what takes less shows none
	progressEvery = 250 * time.Millisecond
)

// startProgress shows what line says on cmd's standard error, if that is a
// terminal.
func startProgress(cmd *cobra.Command, line func(elapsed time.Duration) string) *progress {
	w := cmd.ErrOrStderr()
	if !isTerminal(w) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	p := &progress{terminal: w, line: line, begun: time.Now(), stop: make(chan struct{})}
	p.done.Go(p.run)
	return p
}

// playing is the line of work of which no more is known than that it goes on.
func playing(what string) func(time.Duration) string {
	return func(elapsed time.Duration) string {
		return fmt.Sprintf("playing %s, %v", what, elapsed.Round(time.Second))
	}
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
		p.mu.Lock()
		defer p.mu.Unlock()
		p.clear()
	}
}

// show writes the line in place of the last one.
func (p *progress) show(elapsed time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := p.line(elapsed)
	if width := style(p.terminal).Width; width > 0 && len(line) >= width {
		line = line[:width-1] // a line that goes on below could not be taken away again
	}
	pad := max(p.shown-len(line), 0)
	fmt.Fprintf(p.terminal, "\r%s%*s", line, pad, "")
	p.shown = len(line)
}

// clear takes the line away; p.mu is held.
func (p *progress) clear() {
	if p.shown > 0 {
		fmt.Fprintf(p.terminal, "\r%s\r", strings.Repeat(" ", p.shown))
		p.shown = 0
	}
}

// above makes what is written to w stand above the line: both may be on one
// terminal.
func (p *progress) above(w io.Writer) io.Writer {
	if p == nil {
		return w
	}
	return writeFunc(func(b []byte) (int, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.clear()
		return w.Write(b)
	})
}

type writeFunc func([]byte) (int, error)

func (f writeFunc) Write(b []byte) (int, error) { return f(b) }
