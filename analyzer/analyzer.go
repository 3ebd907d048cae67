// Package analyzer judges the TCP resets in captures: who sent each, why, how
// sure that is, by which frames, what else it could be and what would settle
// it. It is pure: readers in, records out, on any system.
package analyzer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"time"

	"rstlab/analyzer/capture"
	"rstlab/internal/pcapng"
)

// An Input is one capture of an analysis.
type Input struct {
	Name string     // as it shall stand in the records
	R    io.Reader  // pcap or pcapng, plain or compressed; read once, forwards
	At   netip.Addr // the host at which it was taken, where that is told; zero: derive it
}

// Analyze reads the inputs, which are captures of one trouble from different
// points, and calls emit for each record: verdicts in order of time, then
// connections and findings, errors where they are met, one Summary last. An
// error of emit ends the analysis and is returned; when ctx ends, what was
// found so far is emitted and ctx's error is returned. Bad input is an *Error
// record, and an error is returned only if nothing of any input was readable.
// A read that blocks is waited for: to stop it, end the input as well.
func Analyze(ctx context.Context, inputs []Input, opts Options, emit func(Record) error) error {
	if len(inputs) == 0 {
		return errors.New("analyze: no capture was given")
	}
	a := &analysis{opts: opts, emit: emit, started: time.Now()}
	for _, in := range inputs {
		r, err := capture.NewReader(in.Name, in.R)
		if err != nil {
			if err := a.report(err); err != nil {
				return err
			}
			continue
		}
		f := &file{in: in, reader: r, foresight: foresee(r)}
		a.files = append(a.files, f)
		a.several = a.several || f.apart || len(a.files) > 1
	}
	if len(a.files) == 0 {
		return a.broken[0]
	}
	err := a.read(ctx)
	if err != nil && !errors.Is(err, context.Cause(ctx)) {
		return err
	}
	if err := a.finish(); err != nil {
		return err
	}
	if err == nil && a.packets == 0 && len(a.broken) == len(inputs) {
		return a.broken[0]
	}
	return err
}

// An analysis is one call of Analyze.
type analysis struct {
	opts    Options
	emit    func(Record) error
	started time.Time
	begin   int64 // when the captures begin, in nanoseconds since 1970; 0: not yet known
	files   []*file
	points  []*point
	places  map[place]*point // of several points
	several bool             // points, or files
	packets int64
	resets  int
	broken  []error // what could not be read, one at most of each input

	connections int
	twins       []string // points that are no other ones
	leftOut     int      // resets that the options do not choose
	findings    findings
}

// A file is one input that is a capture.
type file struct {
	in     Input
	reader *capture.Reader
	foresight

	interfaces []pcapng.Interface // met so far, as far as that is judged
	packets    int64              // of one of several
}

// checkEvery is how many packets are read between two looks at the context.
const checkEvery = 1 << 12

// read reads all packets and judges them.
func (a *analysis) read(ctx context.Context) error {
	if !a.several {
		return a.readOne(ctx, a.files[0])
	}
	return a.readSet(ctx)
}

// readSet reads several captures in the order of their stamps.
func (a *analysis) readSet(ctx context.Context) error {
	readers := make([]*capture.Reader, len(a.files))
	for i, f := range a.files {
		readers[i] = f.reader
	}
	set := capture.NewSet(readers)
	var packet pcapng.Packet
	for n := 0; ; n++ {
		if n%checkEvery == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		i, err := set.Next(&packet)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			if err := a.report(err); err != nil {
				return err
			}
			continue
		}
		a.packets++
		f := a.files[i]
		f.packets++
		if err := a.pointOf(f, set.Point(i), &packet).packet(f, &packet); err != nil {
			return err
		}
	}
}

// report emits what could not be read of an input, and notes that it is not whole.
func (a *analysis) report(err error) error {
	a.broken = append(a.broken, err)
	e := &Error{Type: "error", Err: err.Error()}
	var c *capture.Error
	if errors.As(err, &c) {
		e.File, e.Offset, e.Packed, e.Frame, e.Err = c.File, c.Offset, c.Packed, int(c.Frame), c.Err.Error()
		for _, p := range a.points {
			if p.judge.Log != nil && slices.ContainsFunc(p.spans, func(s span) bool { return s.file.in.Name == c.File }) {
				p.judge.Log.Cut = true
			}
		}
	}
	return a.emit(e)
}

// finish judges what still waits and emits what comes last.
func (a *analysis) finish() error {
	for _, p := range a.points {
		if err := a.close(p); err != nil {
			return err
		}
	}
	if err := a.emitHeld(); err != nil {
		return err
	}
	for _, p := range a.points {
		for _, id := range slices.Sorted(maps.Keys(p.connections)) {
			if err := a.emit(p.connections[id]); err != nil {
				return err
			}
		}
	}
	for _, f := range a.findings.records(a.points) {
		if err := a.emit(f); err != nil {
			return err
		}
	}
	return a.emit(a.summary())
}

func (a *analysis) summary() *Summary {
	s := &Summary{Type: "summary", Files: len(a.files), Packets: a.packets, Connections: a.connections, Resets: a.resets, Limits: a.opts.limits(a.begin, a.leftOut), Seconds: time.Since(a.started).Seconds()}
	for _, f := range a.files {
		s.Bytes += f.reader.Consumed()
		if a.packets == 0 || a.several && f.packets == 0 {
			s.Limits = append(s.Limits, f.in.Name+": no packet was read of it")
		}
		if d := f.reader.Dropped(); d.N > 0 {
			s.Limits = append(s.Limits, fmt.Sprintf("%s: %d packets were lost while capturing", f.in.Name, d.N))
		}
		for _, note := range f.reader.Notes() {
			s.Limits = append(s.Limits, f.in.Name+": "+note)
		}
	}
	s.Limits = append(append(s.Limits, a.foreseen()...), a.twins...)
	for _, p := range a.points {
		s.Limits = append(s.Limits, p.limits()...)
	}
	s.Limits = append(s.Limits, a.findings.limits()...)
	slices.Sort(s.Limits)
	s.Limits = slices.Compact(s.Limits)
	return s
}
