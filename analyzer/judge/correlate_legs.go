package judge

import (
	"fmt"

	"rstlab/analyzer/cause"
	"rstlab/internal/segment"
)

// legs finds resets that a proxy passed on: its connection onwards was reset or
// refused, and a moment later it reset the one that it served. Each leg was
// captured at a point of its own, so no packet is common to both. The same
// payload on both legs links them; else nothing but the time does, and that says
// something where the one came right behind the other and no third was near.
func (c *correlation) legs(verdicts []*Verdict) {
	for i, v := range verdicts {
		if v.Sender != Responder || v.raw.form != spontaneous || v.Strength > cause.Possible {
			continue
		}
		at := c.common(v.Point, v.Time)
		var last *Verdict
		failed, linked := 0, false
		for n := i - 1; n >= 0 && !linked; n-- {
			w := verdicts[n]
			d := at - c.common(w.Point, w.Time)
			if d > legWindow {
				break
			}
			if w.Point == v.Point || w.named() == Originator || w.Effect == Ignored || c.together(v.Point, w.Point) || c.saidSince(v, at-d) {
				continue
			}
			if failed++; last == nil {
				last = w
			}
			if x, y := c.sentOn(v, w); x != nil {
				c.passedOn(v, w, x, y, true)
				linked = true
			}
		}
		if !linked && last != nil {
			c.passedOn(v, last, nil, nil, failed == 1 && at-c.common(last.Point, last.Time) <= soon)
		}
	}
}

// saidSince tells whether the sender of v sent payload on its connection since
// a time.
func (c *correlation) saidSince(v *Verdict, t int64) bool {
	l := c.logOf(v)
	if l == nil {
		return false
	}
	for i := range l.lines {
		x := &l.lines[i]
		if int(x.from) == v.raw.from && x.len > 0 && c.common(v.Point, x.time) > t && x.frame < v.Frame {
			return true
		}
	}
	return false
}

// together tells whether two points saw a common connection: then they lie on
// one path, and not on two legs.
func (c *correlation) together(p, q int) bool {
	for _, g := range c.groups {
		if g[p] != nil && g[q] != nil {
			return true
		}
	}
	return false
}

// passedOn writes that v passed on what happened to the connection of w, a time
// before; where neither payload, x that was sent on as y, nor that time links the
// two, that it may have.
func (c *correlation) passedOn(v, w *Verdict, x, y *line, inTime bool) {
	d := c.common(v.Point, v.Time) - c.common(w.Point, w.Time)
	here, there := c.logOf(v), c.logOf(w)
	if here == nil || there == nil {
		return
	}
	if !initial(here.ttl(1-here.orig)) || !initial(there.ttl(there.orig)) {
		return // the points are not at one host
	}
	what := "its connection onwards is reset"
	if w.Conn.State == "SYN-SENT" {
		what = "its attempt to connect onwards is refused"
	}
	facts := []Fact{
		factOf(w.Point, w.Frame, "%v: %s", w.Conn.Originator, what),
		factOf(v.Point, v.Frame, "%s later %v resets the connection that it served", duration(d), v.From),
	}
	was := v.Cause
	if x == nil && !inTime && was != cause.NoCauseDecided {
		v.Alternatives = append(v.Alternatives, Alternative{cause.ProxyPropagatedReset, v.Sender, cause.Possible,
			fmt.Sprintf("%s before, %v saw a connection onwards fail, one of several or no more than by chance", duration(d), w.Conn.Originator)})
		return
	}
	v.Cause, v.Strength, v.Why = cause.ProxyPropagatedReset, cause.Likely, ""
	if x != nil {
		v.Strength = cause.Proven
		facts = append(facts, factOf(v.Point, x.frame, "a request"), factOf(w.Point, y.frame, "the same bytes, sent onwards"))
	} else if was != cause.NoCauseDecided {
		v.Alternatives = append([]Alternative{{was, v.Sender, cause.Possible, "nothing but the time links the two connections"}}, v.Alternatives...)
	}
	if v.Strength == cause.Proven {
		v.Alternatives = nil
	}
	v.SenderStrength = cause.Proven // both legs show the host at which they meet
	v.Evidence = append(append([]Fact(nil), v.Evidence...), facts...)
	describe(v)
}

func (c *correlation) logOf(v *Verdict) *connLog {
	if log := c.points[v.Point].Judge.Log; log != nil {
		return log.conns[v.Conn.ID]
	}
	return nil
}

// ttl is the TTL of a side's first packet.
func (l *connLog) ttl(side int) uint8 {
	for i := range l.lines {
		if int(l.lines[i].from) == side {
			return l.lines[i].ttl
		}
	}
	return 0
}

// sentOn finds payload that the originator of v's connection sent, and soon
// afterwards that of w's, and no other one there: requests may all be alike.
func (c *correlation) sentOn(v, w *Verdict) (x, y *line) {
	here, there := c.logOf(v), c.logOf(w)
	if here == nil || there == nil {
		return nil, nil
	}
	for i := range here.lines {
		x := &here.lines[i]
		if x.len == 0 || int(x.from) != here.orig || x.is(segment.SYN) {
			continue
		}
		for n := range there.lines {
			y := &there.lines[n]
			if d := c.common(w.Point, y.time) - c.common(v.Point, x.time); y.len == x.len && y.hash == x.hash && int(y.from) == there.orig && d >= -allowance && d <= legWindow && c.onlyOne(w, y) {
				return x, y
			}
		}
	}
	return nil, nil
}

// onlyOne tells whether no other connection at the point of w had its originator
// send what y is, about then.
func (c *correlation) onlyOne(w *Verdict, y *line) bool {
	for id, l := range c.points[w.Point].Judge.Log.conns {
		for i := range l.lines {
			z := &l.lines[i]
			if id != w.Conn.ID && int(z.from) == l.orig && z.len == y.len && z.hash == y.hash && abs(z.time-y.time) <= legWindow {
				return false
			}
		}
	}
	return true
}
