package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"rstlab/internal/play"
)

// A tally counts the scenarios of a run that have ended, for the progress.
type tally struct {
	total        int
	ended, fails atomic.Int64
}

// Result counts r, as an output of the run.
func (t *tally) Result(r *play.Result) error {
	t.ended.Add(1)
	if r.Result == play.Fail {
		t.fails.Add(1)
	}
	return nil
}

// Summary has nothing to add.
func (t *tally) Summary(play.RunSummary) error { return nil }

// line says how far the run is.
func (t *tally) line(elapsed time.Duration) string {
	s := fmt.Sprintf("played %d of %d", t.ended.Load(), t.total)
	if n := t.fails.Load(); n > 0 {
		s += fmt.Sprintf(", %d failed", n)
	}
	return fmt.Sprintf("%s, %v", s, elapsed.Round(time.Second))
}
