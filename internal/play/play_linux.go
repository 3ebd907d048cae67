package play

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"rstlab/internal/catalogue"
	"rstlab/internal/script"
	"rstlab/lab"
	"rstlab/lab/oracle"
)

// Options steer a run. The zero value plays each file once, one at a time, and
// keeps the captures of failed scenarios only.
type Options struct {
	Jobs      int    // scenarios at the same time; 0: one
	Repeat    int    // how often each file is played; 0: once
	Save      string // folder for the captures of every scenario; "": those of failures, in rstlab-NAME/
	AllowExec bool   // files from outside the catalogue may run programs
	Record    bool   // hand over Recordings of what passed
	Memory    bool   // hand over Recordings of all, and write no captures
}

// Run plays the files and calls done for each, in their order, as soon as it
// and those before it have ended. When ctx ends, scenarios that were not
// finished are not reported and ctx's error is returned with the summary of
// those that were.
func Run(ctx context.Context, files []*script.File, o Options, done func(*Result)) (RunSummary, error) {
	begin := time.Now()
	sum := RunSummary{Type: "run", Kernel: kernelRelease()}
	if err := lab.Available(); err != nil {
		return sum, err
	}
	kernel, kernelErr := openOracle()
	if kernel != nil {
		defer kernel.Close()
	}
	env := environment{kernel: kernel, kernelErr: kernelErr, release: sum.Kernel, opts: o}

	results, wait := env.playAll(ctx, files)
	var err error
	for i := range results {
		var r *Result
		select {
		case r = <-results[i]:
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			break
		}
		if r == nil { // ended by ctx while it played
			err = context.Cause(ctx)
			break
		}
		switch r.Result {
		case Pass:
			sum.Passed++
		case Fail:
			sum.Failed++
		case Skip:
			sum.Skipped++
		}
		done(r)
	}
	wait()
	sum.Unplayed = len(results) - sum.Passed - sum.Failed - sum.Skipped
	sum.Seconds = time.Since(begin).Seconds()
	return sum, err
}

// playAll begins to play the files, some at the same time and each as often as
// is asked for. What comes of each play is sent once, nil where ctx ended it;
// wait waits until nothing plays any more.
func (env *environment) playAll(ctx context.Context, files []*script.File) (results []chan *Result, wait func()) {
	kept := folders(files, max(env.opts.Repeat, 1))
	results = make([]chan *Result, len(kept))
	for i := range results {
		results[i] = make(chan *Result, 1)
	}
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(max(env.opts.Jobs, 1), len(results)) {
		wg.Go(func() {
			for i := range next {
				results[i] <- env.play(ctx, files[i%len(files)], kept[i])
			}
		})
	}
	go func() {
		defer close(next)
		for i := range results {
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	return results, wg.Wait
}

// folders names a folder for the captures of each result: as its scenario, and where a
// name comes again, by Repeat or by files of several folders, with a number behind it.
func folders(files []*script.File, repeat int) []string {
	var all []string
	again, taken := map[string]int{}, map[string]bool{}
	for range repeat {
		for _, f := range files {
			name := f.Name
			for taken[name] {
				again[f.Name]++
				name = fmt.Sprintf("%s-%d", f.Name, again[f.Name]+1)
			}
			taken[name] = true
			all = append(all, name)
		}
	}
	return all
}

// openOracle opens the kernel's trace where this process may; nil and the
// reason where it may not, and then the counters stand in.
func openOracle() (*oracle.Oracle, error) {
	if lab.Rootless() {
		return nil, errors.New("the trace needs root of the machine")
	}
	return oracle.Open()
}

func kernelRelease() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}

// An environment is what all scenarios of a run share.
type environment struct {
	kernel    *oracle.Oracle // nil: counters only
	kernelErr error
	release   string
	opts      Options
}

// play plays one file from start to verdict; folder is for its captures. It
// returns nil only when ctx ended it.
func (env *environment) play(ctx context.Context, f *script.File, folder string) *Result {
	begin := time.Now()
	r := &Result{Type: "scenario", Name: f.Name, Family: catalogue.Family(f), Labels: f.Labels,
		Oracle: "counters", Resets: []ResetResult{}, Captures: []string{}}
	if !f.Catalogue {
		r.Path = f.Path
	}
	if env.kernel != nil {
		r.Oracle = "trace"
	}
	if r.Labels == nil {
		r.Labels = []string{}
	}
	defer func() { r.Seconds = time.Since(begin).Seconds() }()

	if why := env.unmet(f); why != "" {
		r.Result, r.Why = Skip, why
		return r
	}
	p := &player{env: env, file: f, result: r}
	err := p.play(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		p.fail(mismatch{text: err.Error()})
	}
	r.Result = Pass
	if o := env.opts; o.Memory || o.Record && len(p.failures) == 0 {
		r.Recording = p.recording()
	}
	if len(p.failures) > 0 {
		r.Result = Fail
		r.Why, r.Line = p.failures[0].line(f), p.failures[0].pos.Line
	}
	if err := p.save(folder); err != nil {
		text := fmt.Sprintf("keep captures: %v; --save names another folder for them", err)
		p.fail(mismatch{text: text})
		r.Result = Fail
		r.Why = cmp.Or(r.Why, text)
	}
	if r.Result == Fail {
		r.Story = p.story()
	}
	return r
}

// save writes the captures: all of them into a folder below --save's, those of a
// failure into one here.
func (p *player) save(folder string) error {
	dir := p.env.opts.Save
	switch {
	case p.env.opts.Memory:
		return nil
	case dir != "":
		dir = filepath.Join(dir, folder)
	case len(p.failures) > 0 && len(p.captures) > 0:
		dir = "rstlab-" + folder
	default:
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, c := range p.captures {
		name := filepath.Join(dir, c.file())
		if err := os.WriteFile(name, c.data, 0o644); err != nil {
			return err
		}
		p.result.Captures = append(p.result.Captures, name)
	}
	return nil
}

// A capture is what one tap held at the end.
type capture struct {
	tap  string
	data []byte
}

// file names the capture's file: "client.pcapng", "fw-client.pcapng".
func (c capture) file() string { return strings.ReplaceAll(c.tap, "/", "-") + ".pcapng" }
