package canon

import (
	"strconv"
	"time"

	"rstlab/internal/play"
	"rstlab/internal/script"
	"rstlab/internal/segment"
)

// grain is to what multiple a silent wait is rounded down: one in which the
// script waited for a timer of a host that sent and received nothing. Timers
// fire late, never early.
const grain = 500 * time.Millisecond

// awaited is the line of the same socket for whose result a line waited before
// it began; nil where there is none.
func (c *clock) awaited(l *play.Line) *play.Line {
	a, ok := l.Event.(*script.Action)
	if !ok || a.Verb == "destroy" {
		return nil
	}
	var before *play.Line
	for i := range c.rec.Lines {
		m := &c.rec.Lines[i]
		if m == l {
			break
		}
		b, ok := m.Event.(*script.Action)
		if !ok || m.Done.IsZero() || b.Actor.Name != a.Actor.Name {
			continue
		}
		if b.Actor.Port == a.Actor.Port && b.Actor.Socket == a.Actor.Socket || b.Verb == "accept" && b.As != "" && b.As == a.Actor.Socket {
			before = m
		}
	}
	return before
}

// join lets the script go on no sooner than what gave an action its result had
// come to its host.
func (c *clock) join(l *play.Line) {
	a := l.Event.(*script.Action)
	word := "ok"
	if a.Result != nil {
		word = a.Result.Word
	}
	by := func(what func(*sighting) bool) { c.reach(c.latest(a, l.Done, what)) }
	_, notNumber := strconv.Atoi(word)
	switch {
	case word == "ETIMEDOUT":
		c.silence(a, l.Done)
	case word == "ECONNRESET", word == "ECONNREFUSED", word == "EPIPE":
		by(func(x *sighting) bool { return !x.isTCP() || x.is(segment.RST) })
	case a.Verb == "connect":
		by(func(x *sighting) bool { return x.is(segment.SYN | segment.ACK) })
	case a.Verb == "accept":
		c.reach(c.accepted(l))
	case a.Verb == "recv" && word == "EOF":
		by(func(x *sighting) bool { return x.is(segment.FIN) })
	case a.Verb == "recv" && notNumber == nil:
		c.reach(c.received(l))
	case a.Verb == "recv":
		by(func(x *sighting) bool { return x.info.PayloadLen > 0 })
	}
}

// reach lets the script go on no sooner than a sighting.
func (c *clock) reach(x *sighting) {
	if x != nil {
		c.now = max(c.now, x.at)
	}
}

// silence lets the script go on no sooner than an action's host was silent
// until some moment.
func (c *clock) silence(a *script.Action, until time.Time) {
	if x := c.nodes[a.Actor.Name].latest; x != nil {
		c.now = max(c.now, x.at+until.Sub(x.raw).Truncate(grain))
	}
}

// came calls f for what came to an action's port until some moment.
func (c *clock) came(a *script.Action, until time.Time, f func(*sighting)) {
	for _, x := range c.nodes[a.Actor.Name].arrived {
		if !x.raw.After(until) && (a.Actor.Port == 0 || a.Actor.Port == x.info.DstPort) {
			f(x)
		}
	}
}

// latest is the last that came to an action's port until some moment and is as
// wanted.
func (c *clock) latest(a *script.Action, until time.Time, wanted func(*sighting) bool) (last *sighting) {
	c.came(a, until, func(x *sighting) {
		if wanted(x) && (last == nil || x.at > last.at) {
			last = x
		}
	})
	return last
}

// accepted is the ACK that ended the handshake of the connection which a line
// accepted: the first accept of a port takes the first that was ended.
func (c *clock) accepted(l *play.Line) (last *sighting) {
	a := l.Event.(*script.Action)
	n := 0
	for i := range c.rec.Lines {
		b, ok := c.rec.Lines[i].Event.(*script.Action)
		if ok && b.Verb == "accept" && b.Actor.Name == a.Actor.Name && b.Actor.Port == a.Actor.Port {
			n++
		}
		if &c.rec.Lines[i] == l {
			break
		}
	}
	open := map[flow]bool{}
	c.came(a, l.Done, func(x *sighting) {
		switch {
		case !x.isTCP() || n == 0:
		case x.isSYN():
			open[x.flow()] = true
		case open[x.flow()] && x.is(segment.ACK) && !x.is(segment.RST):
			open[x.flow()] = false
			n--
			last = x
		}
	})
	return last
}

// received is the segment that completed what a line read.
func (c *clock) received(l *play.Line) (last *sighting) {
	a := l.Event.(*script.Action)
	want := 0
	for i := range c.rec.Lines {
		b, ok := c.rec.Lines[i].Event.(*script.Action)
		if ok && b.Verb == "recv" && b.Actor == a.Actor && b.Result != nil {
			if n, err := strconv.Atoi(b.Result.Word); err == nil {
				want += n
			}
		}
		if &c.rec.Lines[i] == l {
			break
		}
	}
	seen := map[flow]map[uint32]bool{}
	c.came(a, l.Done, func(x *sighting) {
		f := x.flow()
		if x.info.PayloadLen == 0 || want <= 0 || seen[f][x.info.Seq] {
			return
		}
		if seen[f] == nil {
			seen[f] = map[uint32]bool{}
		}
		seen[f][x.info.Seq] = true
		want -= int(x.info.PayloadLen)
		last = x
	})
	return last
}
