package golden

import (
	"context"
	"slices"

	"rstlab/internal/script"
)

// Verify plays the scenarios and compares what their golden files would be
// today with those of a set. tell is called for each, in their order. all says
// that they are the whole catalogue. Where the set was written on another
// release of the kernel, packets that differ are told, and are not wrong.
func Verify(ctx context.Context, s *Set, files []*script.File, jobs int, all bool, tell func(Change)) (Tally, error) {
	was := map[string]*Case{}
	for _, f := range files {
		c, err := s.Case(f.Name)
		if err != nil {
			return nil, err
		}
		was[f.Name] = c
	}
	outcomes, run, err := Make(ctx, files, jobs, func(c *Case) bool {
		have := was[c.Name]
		return have == nil || have.equal(c)
	})
	if err != nil {
		return nil, err
	}
	tally := Tally{}
	say := func(c Change) {
		tally[c.Kind]++
		tell(c)
	}
	foreign := Release(run.Kernel) != Release(s.Machine.Kernel)
	for _, out := range outcomes {
		say(compare(out, was[out.File.Name], foreign))
	}
	if all {
		for _, name := range s.Scenarios() {
			if !slices.ContainsFunc(files, func(f *script.File) bool { return f.Name == name }) {
				say(Change{name, Stale, "the catalogue has no such scenario; golden write removes its files"})
			}
		}
	}
	return tally, nil
}

// compare tells how one scenario's golden files differ from what it gives
// today.
func compare(out Outcome, was *Case, foreign bool) Change {
	name := out.File.Name
	switch {
	case out.Listed != "" && was != nil:
		return Change{name, Stale, "it is listed as without golden files: " + out.Listed}
	case out.Listed != "":
		return Change{name, Listed, out.Listed}
	case out.Fail != "":
		return Change{name, Failed, out.Fail}
	case out.Skip != "":
		return Change{name, Skipped, out.Skip}
	case was == nil:
		return Change{name, Missing, "golden write makes them"}
	}
	d := was.Diff(out.Case)
	switch {
	case was.equal(out.Case):
		return Change{name, Same, d.String()}
	case foreign && len(d.Wire) > 0:
		return Change{name, Other, d.String()}
	case d.Same(): // a summary or a source that was rewritten
		return Change{name, Differs, "script    its words have changed, not what they say"}
	}
	return Change{name, Differs, d.String()}
}
