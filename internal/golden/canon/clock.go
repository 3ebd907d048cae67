package canon

import (
	"fmt"
	"slices"
	"time"

	"rstlab/internal/play"
	"rstlab/internal/script"
)

// A pace says how long what is no wait takes.
type pace struct {
	kernel time.Duration // a kernel's answer, a link without delay, the next frame of a connection
	box    time.Duration // the way through a middlebox
	script time.Duration // a line of the script that acts
}

// steps is the pace of canonical captures, of the order of what a quiet machine
// needs.
var steps = pace{kernel: 20 * time.Microsecond, box: 100 * time.Microsecond, script: 100 * time.Microsecond}

// A clock tells the time of a scene anew. Each frame is as late as what caused
// it and the cause's own delay say, and one step behind the frame before it of
// its connection at its tap. Frames of different connections may so change
// places: chance had decided which came first.
type clock struct {
	*scene
	pace
	now   time.Duration                // of the script
	begun map[*play.Line]time.Duration // when each line acted
	last  map[connection]*sighting     // the latest frame
}

// A connection is one as a tap sees it.
type connection struct {
	tap *tap
	flow
}

// connection is that of a sighting, whatever its direction.
func (x *sighting) connection() connection {
	f := x.flow()
	if f.src.Compare(f.dst) > 0 {
		f = f.reverse()
	}
	return connection{x.tap, f}
}

// A moment is something that the clock looks at: a frame, or a line of the
// script that begins or is through.
type moment struct {
	at   time.Time
	what func() error
}

// tell gives every sighting its canonical time, and the taps their canonical
// order.
//
// It does so twice: how much of the time is waits is what timestamp clocks are
// told by, so that segments of one tick have canonical stamps that are the
// same, too.
func (s *scene) tell() error {
	if err := s.tellAt(pace{}); err != nil {
		return err
	}
	for _, x := range s.all {
		x.waits = x.at
	}
	if err := s.tellAt(steps); err != nil {
		return err
	}
	for _, t := range s.taps {
		slices.SortStableFunc(t.frames, byAppearance)
	}
	return nil
}

func (s *scene) tellAt(p pace) error {
	for _, a := range s.file.Actors {
		n := s.nodes[a.Name]
		n.host = newHost(p.kernel)
		for _, at := range a.Attrs {
			if err := n.sysctl(at); err != nil {
				return fmt.Errorf("line %d: %w", a.Pos.Line, err)
			}
		}
	}
	for _, t := range s.taps {
		t.busy = 0
	}
	c := &clock{scene: s, pace: p, begun: map[*play.Line]time.Duration{}, last: map[connection]*sighting{}}
	var all []moment
	for _, x := range s.all {
		all = append(all, moment{x.raw, func() error { return c.see(x) }})
	}
	for i := range s.rec.Lines {
		l := &s.rec.Lines[i]
		all = append(all, moment{l.Begun, func() error { return c.begin(l) }}, moment{l.Ended, func() error { c.end(l); return nil }})
	}
	slices.SortStableFunc(all, func(a, b moment) int { return a.at.Compare(b.at) })
	for _, m := range all {
		if err := m.what(); err != nil {
			return err
		}
	}
	return nil
}

// begin takes a line that acts or begins to wait.
func (c *clock) begin(l *play.Line) error {
	head := l.Event.Head()
	c.now += head.Delay
	a, isAction := l.Event.(*script.Action)
	if before := c.awaited(l); before != nil {
		c.join(before)
	}
	if isAction || l.Tap == "" {
		c.now += c.script
	}
	c.begun[l] = c.now
	if !isAction || c.nodes[a.Actor.Name].kind != script.Host {
		return nil
	}
	if err := c.nodes[a.Actor.Name].configure(a); err != nil {
		return fmt.Errorf("line %d: %w", head.Pos.Line, err)
	}
	c.nodes[a.Actor.Name].act(a, l.Begun, c.now)
	return nil
}

// end takes a line that is through: the script goes on when what it waited for
// has come.
func (c *clock) end(l *play.Line) {
	for _, n := range l.Frames[l.Tap] {
		if x := c.sighting(l.Tap, n); x != nil {
			c.now = max(c.now, x.at)
		}
	}
	if a, ok := l.Event.(*script.Action); ok && a.Verb == "state" {
		c.reach(c.latest(a, l.Ended, func(*sighting) bool { return true }))
		c.silence(a, l.Ended)
	}
}

// sighting finds a frame by its number in the raw capture.
func (s *scene) sighting(tap string, n int) *sighting {
	for _, t := range s.taps {
		if t.name != tap {
			continue
		}
		for _, x := range t.frames {
			if x.n == n {
				return x
			}
		}
	}
	return nil
}

// see gives a sighting its time.
func (c *clock) see(x *sighting) error {
	n := x.tap.node
	before := c.last[x.connection()]
	var due time.Duration
	switch {
	case x.in:
		due = c.arrival(x.from)
	case x.from != nil:
		due = c.passed(x)
	case x.line != nil:
		due = c.begun[x.line]
	case n.kind == script.Host && x.isTCP():
		var err error
		if due, err = n.sends(x); err != nil {
			return fmt.Errorf("tell time of %v: %w", x, err)
		}
	case n.kind == script.Middlebox && before != nil: // it answers in another's name
		due = before.at + c.box
	}
	if before != nil {
		due = max(due, before.at+c.kernel)
	}
	x.at = due
	c.last[x.connection()] = x
	n.latest = x
	if x.in {
		n.arrived = append(n.arrived, x)
	}
	if n.kind == script.Host && x.isTCP() {
		n.note(x)
	}
	return nil
}

// arrival is when a frame that was sent over a link arrives.
func (c *clock) arrival(x *sighting) time.Duration {
	t := x.tap
	switch {
	case t.rate > 0:
		line := time.Duration(float64(len(x.was)*8) / float64(t.rate) * float64(time.Second))
		t.busy = max(t.busy, x.at) + line
		return t.busy + t.delay
	case t.delay > 0:
		return x.at + t.delay
	}
	return x.at + c.kernel
}

// passed is when a node passes a frame on: at once, or as its rules and the
// script have it.
func (c *clock) passed(x *sighting) time.Duration {
	n := x.tap.node
	if n.kind == script.Host {
		return x.from.at + c.kernel
	}
	due := x.from.at + c.box
	var longest time.Duration
	holds := false
	for i := range c.rec.Lines {
		l := &c.rec.Lines[i]
		a, ok := l.Event.(*script.Action)
		if !ok || a.Actor.Name != n.name || l.Begun.After(x.raw) {
			continue
		}
		switch a.Verb {
		case "hold":
			holds = true
		case "delay":
			if d := *a.Args[1].Duration; d > longest && x.raw.Sub(x.from.raw) >= d {
				longest = d
			}
		case "pass":
			if holds && l.Begun.After(x.from.raw) {
				due = max(due, c.begun[l])
			}
		}
	}
	return due + longest
}
