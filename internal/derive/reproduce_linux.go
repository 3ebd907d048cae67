package derive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"rstlab/internal/play"
	"rstlab/internal/script"
)

// Reproduce derives the scenario of the trouble, plays it and compares; then
// the same for every alternative that the first reset's verdict leaves open.
// Where a kernel shows other packets than the capture, an end is scripted.
func (t *Trouble) Reproduce(ctx context.Context, name string) (*Outcome, error) {
	r := &reproduction{t: t}
	best, err := r.best(ctx, name, variant{})
	if err != nil || best.Failed != "" {
		return best, err
	}
	others := best.Scenario.story.alternatives()
	best.Alternatives = make([]Alternative, len(others))
	var wg sync.WaitGroup
	for i, c := range others { // at once: they wait more than they compute
		wg.Go(func() { best.Alternatives[i] = r.instead(ctx, name, best.Scenario.story, c) })
	}
	wg.Wait()
	return best, ctx.Err()
}

// instead tells a story with another claim for its reset: with kernels where
// they can be, else with the ends scripted that are in the first.
func (r *reproduction) instead(ctx context.Context, name string, s *story, c claim) Alternative {
	a := Alternative{Claim: causeBy(c), Why: impossible(c)}
	if a.Why != "" {
		return a
	}
	v := s.variant
	v.instead = &c
	as := v
	as.scripted = [2]string{s.actors[0].scripted, s.actors[1].scripted}
	for _, v := range []variant{v, as} {
		out, err := r.once(ctx, fmt.Sprintf("%s-or-%s", name, c.cause), v)
		switch {
		case err != nil:
			a.Why = err.Error()
		case out.Failed == "" && out.Comparison.alike():
			a.Scenario, a.Alike, a.Why = out.Scenario, true, ""
			return a
		default:
			a.Scenario, a.Why = out.Scenario, out.why()
		}
		if ctx.Err() != nil || as.scripted == v.scripted {
			return a
		}
	}
	return a
}

// A reproduction is one call of Reproduce.
type reproduction struct{ t *Trouble }

// best plays the story with kernels at both ends where its packets are a
// kernel's; where the replay is another, with one end scripted, then both.
func (r *reproduction) best(ctx context.Context, name string, v variant) (*Outcome, error) {
	first, err := r.once(ctx, name, v)
	if err != nil || first.Reproduced() {
		return first, err
	}
	best := first
	for out := range r.atOnce(ctx, name, first.Scenario.story.otherCasts(first.why())) {
		if out.Reproduced() {
			return out, nil
		}
		if better(out, best) {
			best = out
		}
	}
	return best, ctx.Err()
}

// atOnce plays casts side by side, for one that does not fit is known by a wait
// in vain, and yields what became of them in their order, but for those that
// can't tell the story. Those that nobody asks for any more are ended.
func (r *reproduction) atOnce(ctx context.Context, name string, casts []variant) iter.Seq[*Outcome] {
	return func(yield func(*Outcome) bool) {
		ctx, end := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer end()
		played := make([]chan *Outcome, len(casts))
		for i, cast := range casts {
			played[i] = make(chan *Outcome, 1)
			wg.Go(func() {
				out, err := r.once(ctx, name, cast)
				if err != nil {
					out = nil
				}
				played[i] <- out
			})
		}
		for _, p := range played {
			if out := <-p; out != nil && ctx.Err() == nil && !yield(out) {
				return
			}
		}
	}
}

// otherCasts are the ways to tell the story when kernels with their usual
// manners show other packets: with ACKs that ride on answers, with one end
// scripted, with both.
func (s *story) otherCasts(why string) []variant {
	var all []variant
	v := s.variant
	v.seen = nil
	for _, a := range s.actors {
		if a.host() && s.piggybacks(a) && !v.delayed {
			w := v
			w.delayed = true
			all = append(all, w)
			break
		}
	}
	for _, ends := range [][]int{{0}, {1}, {0, 1}} {
		w, another := v, false
		for _, i := range ends {
			if s.actors[i].host() {
				w.scripted[i], another = "with a kernel here "+why, true
			}
		}
		if another {
			all = append(all, w)
		}
	}
	return all
}

// once derives one scenario, plays it and compares. What the other taps show
// is written into it, and then it is played again to see that it holds.
func (r *reproduction) once(ctx context.Context, name string, v variant) (*Outcome, error) {
	sc, err := r.t.derive(name, v)
	if err != nil {
		return nil, err
	}
	out := &Outcome{Scenario: sc}
	if err := r.play(ctx, out); err != nil || out.Failed != "" {
		return out, err
	}
	if out.Result.Result != play.Pass {
		seen, err := sc.witnesses(ctx, out.Result)
		if err != nil {
			return nil, err
		}
		v.seen = seen
		if out.Scenario, err = r.t.derive(name, v); err != nil {
			return nil, err
		}
		if err := r.play(ctx, out); err != nil || out.Failed != "" {
			return out, err
		}
		if out.Result.Result != play.Pass {
			out.fail()
		}
	}
	out.sum()
	return out, nil
}

// play plays the scenario of out and compares.
func (r *reproduction) play(ctx context.Context, out *Outcome) error {
	_, err := play.Run(ctx, []*script.File{out.Scenario.File}, play.Options{Memory: true}, func(res *play.Result) { out.Result = res })
	if err != nil {
		return err
	}
	res := out.Result
	if res == nil {
		return errors.New("play scenario: no result")
	}
	if res.Result == play.Skip {
		out.Failed = res.Why
		return nil
	}
	s := out.Scenario.story
	inputs := out.Scenario.captures(res)
	if len(inputs) == 0 {
		out.fail()
		return nil
	}
	replay, err := s.replayOf(ctx, inputs)
	if err != nil {
		return err
	}
	if out.Comparison, err = s.compare(ctx, replay); err != nil {
		return err
	}
	if len(res.Resets) == 0 && res.Result == play.Fail {
		out.fail()
	}
	return nil
}

// captures are those of a play that stand for the ones that were reproduced;
// none where one of them is missing.
func (sc *Scenario) captures(res *play.Result) []Input {
	inputs := captureOf(res, sc.Tap)
	if sc.stage.otherTap == "" {
		return inputs
	}
	other := captureOf(res, sc.stage.otherTap)
	if len(other) == 0 {
		return nil
	}
	return append(inputs, other...)
}

// captureOf finds the capture of a tap among those of a play.
func captureOf(res *play.Result, tap string) []Input {
	if res.Recording == nil {
		return nil
	}
	for _, c := range res.Recording.Captures {
		// A tap whose lab was never whole has nothing.
		if c.Tap == tap && len(c.Data) > 0 {
			name := strings.ReplaceAll(tap, "/", "-") + ".pcapng"
			return []Input{{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(c.Data)), nil }}}
		}
	}
	return nil
}

// witnesses gives the lines that say what each tap of a play showed of the
// resets.
func (sc *Scenario) witnesses(ctx context.Context, res *play.Result) (map[frameRef][]string, error) {
	s := sc.story
	taps := []string{s.actors[0].name, s.actors[1].name}
	sets := map[string][]Input{}
	for _, tap := range append(taps, sc.Tap, sc.stage.otherTap) {
		if in := captureOf(res, tap); tap != "" && len(in) > 0 {
			sets[tap] = in
		}
	}
	if both := sc.captures(res); len(both) == 2 {
		sets[sc.Tap+"+"+sc.stage.otherTap] = both
	}
	of := map[*pkt][]sighting{}
	for _, tap := range slices.Sorted(maps.Keys(sets)) {
		replay, err := s.replayOf(ctx, sets[tap])
		if err != nil {
			return nil, err
		}
		points := [][2]int{{0, 0}}
		switch {
		case len(sets[tap]) == 2:
			points = append(points, [2]int{1, 1})
		case tap == sc.stage.otherTap:
			points = [][2]int{{1, 0}}
		}
		c := s.align(replay, points)
		c.pairResets(s, replay)
		c.judge(s)
		for _, r := range c.resets {
			if r.replay != nil && r.replay.verdict != nil {
				of[r.capture] = append(of[r.capture], sighting{tap, r.replay.verdict})
			}
		}
	}
	seen := map[frameRef][]string{}
	for p, at := range of {
		if lines := s.seenLines(sc.stage, p, at, len(sets)); len(lines) > 0 {
			seen[p.ref()] = lines
		}
	}
	return seen, nil
}
