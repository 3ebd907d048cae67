package golden

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rstlab/internal/play"
	"rstlab/internal/script"
)

// An Outcome is what became of one scenario: a case, or why there is none.
type Outcome struct {
	File   *script.File
	Case   *Case  // nil: none, for one of these reasons
	Listed string // it is among those without, and why
	Skip   string // this machine can't play it
	Fail   string // it failed twice, its story; or no two runs of it were alike
	Runs   int    // how often it was played
}

// maxRuns is how often a scenario is played at most until two runs are alike.
const maxRuns = 5

// Make plays scenarios, jobs at a time, until good accepts the case of one or
// two of its runs are alike, which is not owed to chance: on a busy machine a
// timer may run out that should not have. Outcomes come in the order of the
// files. The summary is of the first round.
func Make(ctx context.Context, files []*script.File, jobs int, good func(*Case) bool) ([]Outcome, play.RunSummary, error) {
	m := &maker{good: good, made: make([]made, len(files))}
	var todo []int
	for i, f := range files {
		m.made[i].File = f
		if why := Without(f); why != "" {
			m.made[i].Listed = why
		} else {
			todo = append(todo, i)
		}
	}
	first, err := m.round(ctx, todo, jobs)
	for n := 2; err == nil && n <= maxRuns; n++ {
		if todo = m.open(todo); len(todo) == 0 {
			break
		}
		if n > 2 {
			jobs = 1 // whatever disturbed them, they don't disturb each other
		}
		_, err = m.round(ctx, todo, jobs)
	}
	out := make([]Outcome, len(files))
	for i := range m.made {
		out[i] = m.made[i].settled()
	}
	return out, first, err
}

type maker struct {
	good func(*Case) bool
	made []made
}

// made is what the runs of one scenario gave so far.
type made struct {
	Outcome
	runs   []*Case
	errs   []error
	failed bool // once
}

// open are the scenarios of which nothing is settled yet.
func (m *maker) open(todo []int) []int {
	return slices.DeleteFunc(slices.Clone(todo), func(i int) bool {
		x := &m.made[i]
		return x.Case != nil || x.Skip != "" || x.Fail != ""
	})
}

// round plays each of these scenarios once.
func (m *maker) round(ctx context.Context, todo []int, jobs int) (play.RunSummary, error) {
	var files []*script.File
	for _, i := range todo {
		files = append(files, m.made[i].File)
	}
	n := 0
	return play.Run(ctx, files, play.Options{Jobs: jobs, Record: true}, func(r *play.Result) {
		m.take(ctx, &m.made[todo[n]], r)
		n++
	})
}

// take notes one run's result.
func (m *maker) take(ctx context.Context, x *made, r *play.Result) {
	x.Runs++
	switch r.Result {
	case play.Skip:
		x.Skip = r.Why
		return
	case play.Fail:
		if x.failed {
			x.Fail = strings.TrimSpace(r.Story)
		}
		x.failed = true
		return
	}
	c, err := newCase(ctx, x.File, r)
	switch {
	case c != nil && m.good(c):
		x.Case = c
	case err != nil:
		x.errs = append(x.errs, err)
	default:
		if slices.ContainsFunc(x.runs, c.equal) {
			x.Case = c
		}
		x.runs = append(x.runs, c)
	}
}

// settled is the outcome when all rounds are over.
func (x *made) settled() Outcome {
	o := x.Outcome
	if o.Case != nil || o.Skip != "" || o.Fail != "" || o.Listed != "" || o.Runs == 0 {
		return o
	}
	o.Fail = fmt.Sprintf("no two of %d runs were alike: fix the scenario, so that no line depends on what happens to be quicker", o.Runs)
	if len(x.errs) > 0 {
		o.Fail += "\n" + errors.Join(x.errs...).Error()
	}
	if n := len(x.runs); n > 1 {
		o.Fail += "\n" + x.runs[n-2].Diff(x.runs[n-1]).String()
	}
	return o
}
