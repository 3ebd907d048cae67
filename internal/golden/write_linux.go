package golden

import (
	"context"
	"fmt"
	"slices"

	"rstlab/internal/script"
)

// WriteOptions steer Write.
type WriteOptions struct {
	Jobs int  // scenarios at the same time
	Raw  bool // keep the captures as they were taken, too
	All  bool // the files are the whole catalogue: what else the set has is removed
}

// Write plays the scenarios, each twice at least, and writes their golden files
// into a folder. tell is called for each, in their order.
func Write(ctx context.Context, dir string, files []*script.File, o WriteOptions, tell func(Change)) (Tally, error) {
	s, err := Create(dir)
	if err != nil {
		return nil, err
	}
	outcomes, run, err := Make(ctx, files, o.Jobs, func(*Case) bool { return false })
	if err != nil {
		return nil, err
	}
	w := &writer{Set: s, o: o, tally: Tally{}, tell: tell}
	for _, out := range outcomes {
		if err := w.put(out); err != nil {
			return w.tally, err
		}
	}
	if o.All {
		for _, name := range s.names() {
			if !slices.ContainsFunc(files, func(f *script.File) bool { return f.Name == name }) {
				if err := s.Remove(name); err != nil {
					return w.tally, err
				}
				w.say(Change{name, Removed, ""})
			}
		}
	}
	s.Machine.Kernel = run.Kernel
	return w.tally, s.Close()
}

type writer struct {
	*Set
	o     WriteOptions
	tally Tally
	tell  func(Change)
}

func (w *writer) say(c Change) {
	w.tally[c.Kind]++
	w.tell(c)
}

// put writes what became of one scenario.
func (w *writer) put(out Outcome) error {
	name := out.File.Name
	if out.Case == nil && out.Listed == "" {
		if out.Fail != "" {
			w.say(Change{name, Failed, out.Fail})
		} else {
			w.say(Change{name, Skipped, out.Skip})
		}
		return nil
	}
	was, err := w.Case(name)
	if err != nil {
		return err
	}
	if out.Listed != "" {
		if err := w.leave(name, out.Listed); err != nil {
			return err
		}
		w.say(Change{name, Listed, out.Listed})
		return nil
	}
	if n := len(out.Case.Counted); n > 0 {
		w.say(Change{name, Failed, fmt.Sprintf("the kernel's trace lacks %d of the resets, whose reasons would be lost: write it again", n)})
		return nil
	}
	if err := w.Put(out.Case, w.o.Raw); err != nil {
		return err
	}
	switch {
	case was == nil:
		w.say(Change{name, New, ""})
	case was.equal(out.Case):
		w.say(Change{name, Same, ""})
	default:
		w.say(Change{name, Changed, was.Diff(out.Case).String()})
	}
	return nil
}
