// Package derive makes a scenario of a capture: a file that a person could have
// written, which shows the same resets between real kernels; and it measures
// how alike the two are.
//
// It works in steps. The captures are judged and one connection is chosen
// (choose.go), with those that its verdicts speak of; they make a story
// (story.go): their packets are read (read.go), given relative numbers
// (number.go), put in the order in which they were sent (order.go), joined where
// two points saw them (join.go) and cut down to what matters (fold.go), and what
// no capture shows is filled in (fill.go). Then it is told where each packet was
// sent and where it arrived, or was lost (way.go), who can be a kernel and who
// must be scripted (ends.go), what stands between them (stage.go) and how each
// reset is made on Linux (means.go), and the lines are written (lines.go,
// acts.go, text.go). A replay is played and read (replay.go) and held against
// the capture (compare.go).
package derive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/internal/script"
)

// An Input is a capture. It is opened more than once.
type Input struct {
	Name string // as it stands in reports; its last part is cited in the scenario
	Open func() (io.ReadCloser, error)
}

// Options steer a derivation. The zero value takes the only connection with a
// reset, and nothing of the capture's payload and addresses into the scenario.
type Options struct {
	Stream        int  // 1 + the number of the connection, as Wireshark's tcp.stream counts; 0: the only one with a reset
	KeepPayload   bool // the payload's bytes in place of filler
	KeepAddresses bool // the capture's addresses in place of documentation ranges
	RealTime      bool // waits as long as in the capture
}

// A Trouble is what the captures hold of the connections to reproduce.
type Trouble struct {
	Choice Choice // the connection, and the verdicts on its resets
	Limits []string

	inputs   []Input
	opts     Options
	recs     []*recording
	verdicts []*analyzer.Verdict
}

// Read judges the captures and reads the connection that is to be reproduced,
// with those that its verdicts speak of. A *ChoiceError says that one must be
// chosen.
func Read(ctx context.Context, inputs []Input, opts Options) (*Trouble, error) {
	s, err := look(ctx, inputs)
	if err != nil {
		return nil, err
	}
	chosen, err := s.choose(opts.Stream)
	if err != nil {
		return nil, err
	}
	group, err := s.group(ctx, inputs, chosen)
	if err != nil {
		return nil, err
	}
	recs, err := s.record(ctx, inputs, group, opts)
	if err != nil {
		return nil, err
	}
	return &Trouble{Choice: *chosen, Limits: s.limits, inputs: inputs, opts: opts, recs: recs, verdicts: s.verdicts}, nil
}

// Scenario derives the scenario of the verdicts.
func (t *Trouble) Scenario(name string) (*Scenario, error) { return t.derive(name, variant{}) }

// derive tells the story in one way. Where its packets are such nonsense that no
// program's lines can be made of them, both ends are scripted.
func (t *Trouble) derive(name string, v variant) (*Scenario, error) {
	sc, err := t.tell(name, v)
	var mistakes script.Errors
	if errors.As(err, &mistakes) && (v.scripted[0] == "" || v.scripted[1] == "") {
		for i := range v.scripted {
			if v.scripted[i] == "" {
				v.scripted[i] = "no program does what its packets say"
			}
		}
		return t.tell(name, v)
	}
	return sc, err
}

// tell makes a scenario of a story of its own: telling it marks its packets.
func (t *Trouble) tell(name string, v variant) (*Scenario, error) {
	s := &story{inputs: t.inputs, opts: t.opts, chosen: &t.Choice, verdicts: t.verdicts,
		variant: v}
	s.tell(t.recs)
	if len(s.packets) == 0 {
		return nil, errors.New("derive scenario: the capture shows no packet of that connection")
	}
	p := s.firstReset()
	if p == nil {
		return nil, errors.New("derive scenario: the capture shows no reset of that connection")
	}
	if p.verdict == nil || s.claim(p).cause == cause.NoCauseDecided {
		return nil, &UndeterminedError{p.verdict}
	}
	if v.instead != nil {
		s.instead = &instead{s.firstReset(), *v.instead}
	}
	if err := s.cast(); err != nil {
		return nil, fmt.Errorf("derive scenario: %w", err)
	}
	s.address()
	for _, c := range s.conns {
		if s.scripted() {
			c.asSeen()
		} else {
			c.ways()
		}
	}
	s.keepBack()
	s.follow()
	if !s.scripted() {
		s.crossings()
	}
	return s.write(name)
}

// An UndeterminedError says that the capture does not tell what to play.
type UndeterminedError struct{ Verdict *analyzer.Verdict }

func (e *UndeterminedError) Error() string {
	text := fmt.Sprintf("the capture does not tell what to play: frame %d is undetermined (%s)", e.Verdict.Frame, e.Verdict.Why)
	if lack := e.Verdict.Lack(); lack != "" {
		text += ": " + lack
	}
	return text
}

// none is the number of no frame: of a packet that was not captured.
const none = 0

// shown writes a duration as a scenario does, with three digits at most.
func shown(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		d = d.Round(time.Second / 10)
	case d >= time.Second:
		d = d.Round(time.Second / 100)
	case d >= 10*time.Millisecond:
		d = d.Round(time.Millisecond)
	case d >= time.Millisecond:
		d = d.Round(time.Millisecond / 10)
	default:
		d = d.Round(time.Microsecond)
	}
	switch {
	case d%time.Second == 0 || d > time.Second:
		return trimmed(d.Seconds()) + "s"
	case d >= time.Millisecond:
		return trimmed(float64(d)/1e6) + "ms"
	}
	return fmt.Sprintf("%dus", d.Microseconds())
}

func trimmed(f float64) string { return fmt.Sprintf("%.4g", f) }
