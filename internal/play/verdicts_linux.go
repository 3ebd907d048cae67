package play

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/internal/script"
	"rstlab/internal/segment"
	"rstlab/lab"
)

// compare holds the three witnesses against each other: every reset of the
// script, what its sender's kernel says, what the analyzer concludes at each
// judged tap.
func (p *player) compare(ctx context.Context) error {
	p.wire.verify()
	p.judged = p.resets()
	kernel := p.kernelStory()
	judge := &judge{p: p, verdicts: map[string][]*analyzer.Verdict{}}
	said := kernel.hear(p.judged)
	for _, r := range p.judged {
		for _, f := range r.sent() {
			if err := judge.hear(ctx, r, f, said[f]); err != nil {
				return err
			}
		}
	}
	kernel.count()
	return judge.noOthers(ctx)
}

// sent gives one frame for each packet of the reset, from the tap that saw
// most of them.
func (r reset) sent() []*lab.Frame {
	var most []*lab.Frame
	for _, tap := range r.taps() {
		if len(r.frames[tap]) > len(most) {
			most = r.frames[tap]
		}
	}
	return most
}

// A judge is the third witness, asked once for each set of taps.
type judge struct {
	p        *player
	verdicts map[string][]*analyzer.Verdict // by "client" or "client+server"
}

// ask analyzes the captures of a set of taps.
func (j *judge) ask(ctx context.Context, taps []string) ([]*analyzer.Verdict, error) {
	key := strings.Join(taps, "+")
	if v, ok := j.verdicts[key]; ok {
		return v, nil
	}
	var inputs []analyzer.Input
	for _, c := range j.p.captures {
		if slices.Contains(taps, c.tap) {
			inputs = append(inputs, analyzer.Input{Name: c.file(), R: bytes.NewReader(c.data)})
		}
	}
	verdicts := []*analyzer.Verdict{}
	err := analyzer.Analyze(ctx, inputs, analyzer.Options{}, func(r analyzer.Record) error {
		switch r := r.(type) {
		case *analyzer.Verdict:
			verdicts = append(verdicts, r)
		case *analyzer.Error:
			return fmt.Errorf("analyze %w", r)
		}
		return nil
	})
	j.verdicts[key] = verdicts
	return verdicts, err
}

// hear compares the verdicts on one reset with the script at each judged tap
// and set of taps.
func (j *judge) hear(ctx context.Context, r reset, f *lab.Frame, kernel *KernelReset) error {
	n := slices.IndexFunc(r.sent(), func(g *lab.Frame) bool { return g == f })
	for _, taps := range j.judged(r) {
		tap, frame := r.at(taps, n)
		if frame == nil {
			continue
		}
		verdicts, err := j.ask(ctx, taps)
		if err != nil {
			return err
		}
		name := strings.Join(taps, "+")
		v := verdictOn(verdicts, capture{tap: tap}.file(), frame.N)
		before := len(j.p.failures)
		j.hold(r, name, tap, frame, v)
		j.p.result.Resets = append(j.p.result.Resets, ResetResult{Tap: name, Frame: frame.N,
			Expected: Expected{Cause: r.head.Truth.Cause, By: r.head.Truth.By},
			Kernel:   kernel, Verdict: v, Agree: len(j.p.failures) == before})
	}
	return nil
}

// at is the n-th packet of the reset at the first of the taps that saw it.
func (r reset) at(taps []string, n int) (string, *lab.Frame) {
	for _, t := range taps {
		if fs := r.frames[t]; n < len(fs) {
			return t, fs[n]
		}
	}
	return "", nil
}

// judged lists the taps, and sets of taps, at which a reset is judged: each
// end's, the sides of boxes that lines name, the sets that "seen" names.
func (j *judge) judged(r reset) [][]string {
	var sets [][]string
	add := func(set ...string) {
		if !slices.ContainsFunc(sets, func(s []string) bool { return slices.Equal(s, set) }) {
			sets = append(sets, set)
		}
	}
	for _, tap := range j.p.endTaps(r) {
		add(tap)
	}
	for _, tap := range j.p.namedTaps() {
		if strings.Contains(tap, "/") {
			add(tap)
		}
	}
	for _, s := range r.head.Seen {
		if len(s.Taps) > 0 {
			add(tapNames(s.Taps)...)
		}
	}
	return sets
}

// endTaps are the taps of the connection's two ends.
func (p *player) endTaps(r reset) []string {
	var taps []string
	seen := r.any()
	for _, addr := range []netip.Addr{seen.Src.Addr(), seen.Dst.Addr()} {
		for _, actor := range p.names[addr] {
			for _, t := range p.lab.Taps() {
				if t.Name() == actor || strings.HasPrefix(t.Name(), actor+"/") {
					taps = append(taps, t.Name())
				}
			}
		}
	}
	return taps
}

// namedTaps are the taps that the file's lines name.
func (p *player) namedTaps() []string {
	var names []string
	for _, ev := range p.file.Events {
		if line, ok := ev.(*script.Packet); ok && line.Tap != nil {
			names = append(names, tapNames([]script.Tap{*line.Tap})...)
		}
	}
	return names
}

// verdictOn finds the verdict on a frame.
func verdictOn(verdicts []*analyzer.Verdict, file string, frame int) *analyzer.Verdict {
	for _, v := range verdicts {
		if v.File == file && v.Frame == frame || slices.Contains(v.Seen, analyzer.Sighting{File: file, Frame: frame}) {
			return v
		}
	}
	return nil
}

// hold compares one verdict with the script's word at one tap.
func (j *judge) hold(r reset, name, tap string, frame *lab.Frame, v *analyzer.Verdict) {
	p, truth := j.p, r.head.Truth
	say := func(format string, args ...any) {
		m := p.mismatch(r.head, fmt.Sprintf("at "+name+": "+format, args...))
		m.verdict = v
		p.fail(m)
	}
	if v == nil {
		say("the analyzer gives no verdict on frame %d", frame.N)
		return
	}
	want := expected{Expectation(r.head, name)}
	if why := want.differs(v, p.role(v, want.By)); why != "" {
		say("%s", why)
	}
	if slices.Contains(truth.Not, string(v.Cause)) {
		say("the verdict is %s, which the script excludes", v.Cause)
	}
	if tap == truth.By && name == tap {
		for _, not := range truth.Not {
			if !slices.ContainsFunc(v.Excluded, func(e analyzer.Exclusion) bool { return string(e.Cause) == not }) {
				say("%s is not among the excluded causes", not)
			}
		}
	}
	if string(v.Cause) != truth.Cause {
		return // this tap can't carry the truth, so neither its evidence
	}
	if truth.After != "" {
		p.holdAfter(v, truth.After, tap, say)
	}
	p.holdEvidence(v, truth, tap, say)
}

// role is what an actor is to the connection of a verdict.
func (p *player) role(v *analyzer.Verdict, actor string) analyzer.Sender {
	if actor == "" {
		return ""
	}
	end := func(address string) bool {
		ap, err := netip.ParseAddrPort(address)
		return err == nil && slices.Contains(p.names[ap.Addr()], actor)
	}
	switch {
	case p.file.Actor(actor).Kind == script.Middlebox:
		return analyzer.Middlebox
	case end(v.Connection.Originator):
		return analyzer.Originator
	case end(v.Connection.Responder):
		return analyzer.Responder
	}
	return analyzer.Middlebox
}

// holdAfter compares the chain: the earlier reset that drew this one.
func (p *player) holdAfter(v *analyzer.Verdict, after, tap string, say func(string, ...any)) {
	switch {
	case v.After == nil:
		say("the verdict follows no earlier reset, want after %s", after)
	case string(v.After.Cause) == after:
	default:
		for _, f := range p.lineFrames(after)[tap] {
			if f.N == v.After.Frame {
				return
			}
		}
		say("the verdict follows frame %d (%s), want after %s", v.After.Frame, v.After.Cause, after)
	}
}

// holdEvidence checks that the packets of the named lines are among the
// verdict's evidence, where this tap saw them. For a single one a repetition will
// do: what a busy machine answers late is sent again.
func (p *player) holdEvidence(v *analyzer.Verdict, truth *script.Truth, tap string, say func(string, ...any)) {
	file := capture{tap: tap}.file()
	for _, name := range truth.Evidence {
		frames := p.lineFrames(name)[tap]
		if len(frames) == 0 {
			continue
		}
		all := p.lab.Tap(tap).Frames()
		for _, f := range frames {
			if !slices.ContainsFunc(v.Evidence, func(e analyzer.Evidence) bool {
				here := e.File == file || e.File == "" && v.File == file
				return here && (e.Frame == f.N || len(frames) == 1 && repeats(all[e.Frame-1], f))
			}) {
				say("frame %d (%s) is not among the evidence", f.N, name)
			}
		}
	}
}

// repeats tells whether one frame is another's retransmission.
func repeats(again, f *lab.Frame) bool {
	return f.IsTCP && (*f.Segment.Length > 0 || f.Segment.Flags&(segment.SYN|segment.FIN) != 0) && same(f, again)
}

// lineFrames are the packets of a named line, by tap.
func (p *player) lineFrames(name string) map[string][]*lab.Frame {
	for _, ev := range p.file.Events {
		if h := ev.Head(); h.As == name {
			return p.wire.sightings(h, map[*lab.Frame]bool{})
		}
	}
	return nil
}

// An expected verdict, at one tap or set of taps.
type expected struct{ script.Seen }

// differs says how a verdict differs from what is expected; "" when it does
// not. by is what the expected sender is to the connection.
func (e expected) differs(v *analyzer.Verdict, by analyzer.Sender) string {
	got := fmt.Sprintf("the verdict is %s (%s) by %s (%s)", v.Cause, v.Strength, v.Sender, v.SenderStrength)
	switch {
	case e.Undetermined && v.Strength != cause.Undetermined:
		return got + ", want undetermined"
	case e.Undetermined && e.Why != "" && v.Why != e.Why:
		return fmt.Sprintf("%s because %s, want why %s", got, v.Why, e.Why)
	case e.By != "" && v.Sender != by:
		return fmt.Sprintf("%s, want it by %s, the %s", got, e.By, by)
	case e.SenderStrength != "" && v.SenderStrength.String() != e.SenderStrength:
		return fmt.Sprintf("%s, want the sender %s", got, e.SenderStrength)
	case e.Undetermined:
		return ""
	case !slices.Contains(e.Causes, string(v.Cause)):
		return fmt.Sprintf("%s, want %s", got, strings.Join(e.Causes, " or "))
	case v.Strength == cause.Undetermined:
		return got + ", want it determined"
	case e.Strength != "" && v.Strength.String() != e.Strength:
		return fmt.Sprintf("%s, want %s", got, e.Strength)
	}
	for _, c := range e.Causes {
		if c != string(v.Cause) && !slices.ContainsFunc(v.Alternatives, func(a analyzer.Alternative) bool { return string(a.Cause) == c }) {
			return fmt.Sprintf("%s, and %s is not among its alternatives", got, c)
		}
	}
	return ""
}

// noOthers checks that the analyzer finds no reset where the script has none.
func (j *judge) noOthers(ctx context.Context) error {
	if !j.p.file.NoReset {
		return nil
	}
	for _, c := range j.p.captures {
		verdicts, err := j.ask(ctx, []string{c.tap})
		if err != nil {
			return err
		}
		for _, v := range verdicts {
			if v.After != nil {
				continue // the one that drew it is told of
			}
			m := j.p.unclaimed(fmt.Sprintf("no reset is claimed, but the analyzer judges frame %d at %s: %s", v.Frame, c.tap, v.Cause))
			m.verdict = v
			j.p.fail(m)
		}
	}
	return nil
}
