package judge

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

// legs finds resets that a proxy passed on: its connection onwards was reset or
// refused, and a moment later it reset the one that it served. Each leg was
// captured at a point of its own, so no packet is common to both. The same
// payload on both legs links them; else nothing but the time does, and that says
// something where the one came right behind the other and the last that the client
// sent was sent on, by the moment, on just that leg.
func (c *correlation) legs(verdicts []*Verdict) {
	var served []*Verdict
	for _, v := range verdicts {
		if v.mayPassOn() {
			served = append(served, v)
		}
	}
	if len(served) == 0 {
		return
	}
	together, sent := c.together(), c.sendings(served)
	for i, v := range verdicts {
		if !v.mayPassOn() {
			continue
		}
		at, said, links := c.common(v.Point, v.Time), c.lastSaid(v), c.sentOn(v, sent)
		var last, carrier *Verdict
		asked, carriers := c.carriers(v, together[v.Point])
		linked := false
		for n := i - 1; n >= 0 && !linked; n-- {
			w := verdicts[n]
			when := c.common(w.Point, w.Time)
			if at-when > legWindow || said > when || last != nil && len(links) == 0 && at-when > soon {
				break
			}
			if w.Point == v.Point || w.named() == Originator || w.Effect == Ignored || together[v.Point][w.Point] {
				continue
			}
			if last == nil {
				last = w
			}
			if l := carriers[w.Point]; carrier == nil && at-when <= soon && l != nil && l == c.logOf(w) && c.onlyServes(l, w.Point, v, asked) {
				carrier = w
			}
			if l, ok := links[c.logOf(w)]; ok && c.stillOn(v, w, l) {
				c.passedOn(v, w, l.x, l.y, true)
				linked = true
			}
		}
		switch {
		case linked:
		case carrier != nil:
			c.passedOn(v, carrier, nil, nil, true)
		case last != nil:
			c.passedOn(v, last, nil, nil, false)
		}
	}
}

// mayPassOn tells whether the reset is one that a proxy can have passed on to the
// connection that it serves.
func (v *Verdict) mayPassOn() bool {
	return v.Sender == Responder && v.raw.form == spontaneous && v.Strength <= cause.Possible
}

// lastSaid is when, in common time, the sender of v had last sent payload on its
// connection.
func (c *correlation) lastSaid(v *Verdict) int64 {
	last := int64(math.MinInt64)
	if l := c.logOf(v); l != nil {
		for i := range l.lines {
			if x := &l.lines[i]; int(x.from) == v.raw.from && x.len > 0 && x.frame < v.Frame {
				last = max(last, c.common(v.Point, x.time))
			}
		}
	}
	return last
}

// together tells of each two points whether they saw a common connection: then
// they lie on one path, and not on two legs.
func (c *correlation) together() [][]bool {
	t := make([][]bool, len(c.points))
	for p := range t {
		t[p] = make([]bool, len(c.points))
	}
	for _, g := range c.groups {
		for p := range g {
			for q := range g {
				if g[p] != nil && g[q] != nil {
					t[p][q] = true
				}
			}
		}
	}
	return t
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

// A payloadAt is what a segment at a point brings, as far as it is known.
type payloadAt struct {
	point     int
	len, hash uint32
}

// A sending is a line of a connection's originator.
type sending struct {
	conn *connLog
	line *line
}

// sendings gives what originators sent of the payloads that the connections of the
// verdicts brought, by point, in order of time: where no other connection there sent
// the same about then, for requests may all be alike.
func (c *correlation) sendings(of []*Verdict) map[payloadAt][]sending {
	all := map[payloadAt][]sending{}
	for _, v := range of {
		for x := range c.requests(v) {
			for p := range c.points {
				all[payloadAt{p, x.len, x.hash}] = nil
			}
		}
	}
	for p := range c.points {
		if c.points[p].Judge.Log == nil || c.firstTwin(p) != p {
			continue
		}
		for _, l := range c.points[p].Judge.Log.conns {
			for i := range l.lines {
				y := &l.lines[i]
				key := payloadAt{p, y.len, y.hash}
				if _, wanted := all[key]; wanted && y.len > 0 && int(y.from) == l.orig {
					all[key] = append(all[key], sending{l, y})
				}
			}
		}
	}
	for key, list := range all {
		slices.SortFunc(list, func(a, b sending) int {
			return cmp.Or(cmp.Compare(a.line.time, b.line.time), cmp.Compare(a.line.frame, b.line.frame))
		})
		all[key] = unlike(list)
	}
	return all
}

// unlike gives those of sendings of one payload, in order of time, beside which no
// other connection has one within legWindow.
func unlike(list []sending) []sending {
	var kept []sending
	for i, y := range list {
		other := false
		for n := i - 1; n >= 0 && !other && y.line.time-list[n].line.time <= legWindow; n-- {
			other = list[n].conn != y.conn
		}
		for n := i + 1; n < len(list) && !other && list[n].line.time-y.line.time <= legWindow; n++ {
			other = list[n].conn != y.conn
		}
		if !other {
			kept = append(kept, y)
		}
	}
	return kept
}

// requests gives the payload that the originator of v's connection sent, as far as
// it is known.
func (c *correlation) requests(v *Verdict) iter.Seq[*line] {
	return func(yield func(*line) bool) {
		l := c.logOf(v)
		if l == nil {
			return
		}
		for i := range l.lines {
			if x := &l.lines[i]; x.hash != 0 && int(x.from) == l.orig && !x.is(segment.SYN) && !yield(x) {
				return
			}
		}
	}
}

// A handover is payload of one leg, and the same on the other.
type handover struct{ x, y *line }

// sentOn finds the connections whose originator sent on what that of v's connection
// had sent, each with the last of it.
func (c *correlation) sentOn(v *Verdict, sent map[payloadAt][]sending) map[*connLog]handover {
	var links map[*connLog]handover
	for x := range c.requests(v) {
		at := c.common(v.Point, x.time)
		for p := range c.points {
			list := sent[payloadAt{p, x.len, x.hash}]
			first, _ := slices.BinarySearchFunc(list, at-allowance, func(y sending, t int64) int { return cmp.Compare(c.common(p, y.line.time), t) })
			for _, y := range list[first:] {
				if c.common(p, y.line.time)-at > legWindow {
					break
				}
				if links == nil {
					links = map[*connLog]handover{}
				}
				links[y.conn] = handover{x, y.line}
			}
		}
	}
	return links
}

// stillOn tells whether the leg of w, which once carried payload of v's, still did when it
// failed: from then on as many bytes came in on the one as went out on the other. A
// connection of a pool has served others since.
func (c *correlation) stillOn(v, w *Verdict, h handover) bool {
	until := c.common(w.Point, w.Time)
	return c.pushedSince(c.logOf(v), v.Point, h.x, until) == c.pushedSince(c.logOf(w), w.Point, h.y, until)
}

// pushedSince is how many bytes of payload the originator sent after a line, until a
// time, sent again ones aside.
func (c *correlation) pushedSince(l *connLog, p int, from *line, until int64) int32 {
	end := from.seq + flow.Seq(from.len)
	begin := end
	for i := range l.lines {
		if x := &l.lines[i]; x.frame > from.frame && l.pushes(x) && c.common(p, x.time) <= until && (x.seq + flow.Seq(x.len)).After(end) {
			end = x.seq + flow.Seq(x.len)
		}
	}
	return end.Minus(begin)
}

// A push is what an originator sent, a SYN or payload, in the first point's time.
type push struct {
	time int64
	conn *connLog
}

// pushed gives what originators sent at a point, in order of time.
func (c *correlation) pushed(p int) []push {
	if c.pushes == nil {
		c.pushes = make([][]push, len(c.points))
	}
	if c.pushes[p] == nil {
		list := []push{}
		for _, id := range c.points[p].Judge.Log.ids() {
			l := c.points[p].Judge.Log.conns[id]
			for i := range l.lines {
				if x := &l.lines[i]; l.pushes(x) {
					list = append(list, push{c.common(p, x.time), l})
				}
			}
		}
		slices.SortStableFunc(list, func(a, b push) int { return cmp.Compare(a.time, b.time) })
		c.pushes[p] = list
	}
	return c.pushes[p]
}

// pushes tells whether a line is a SYN or payload of the originator's.
func (l *connLog) pushes(x *line) bool {
	return int(x.from) == l.orig && (x.len > 0 || x.is(segment.SYN)) && !x.is(segment.RST)
}

// lastPush is when, in common time, the originator of a verdict's connection last sent
// something before a time.
func (c *correlation) lastPush(l *connLog, p int, until int64) (at int64, ok bool) {
	for i := len(l.lines) - 1; i >= 0; i-- {
		if x := &l.lines[i]; l.pushes(x) && c.common(p, x.time) <= until {
			return c.common(p, x.time), true
		}
	}
	return 0, false
}

// alone tells whether at a point, from a time to another, just one connection's
// originator sent something, and which.
func (c *correlation) alone(p int, from, to int64) *connLog {
	list := c.pushed(p)
	first, _ := slices.BinarySearchFunc(list, from, func(x push, t int64) int { return cmp.Compare(x.time, t) })
	var one *connLog
	for _, x := range list[first:] {
		if x.time > to {
			break
		}
		if one != nil && one != x.conn {
			return nil
		}
		one = x.conn
	}
	return one
}

// carriers gives, by point, the connection that carries on what that of v serves, as far
// as the moments tell: of all that is sent there, only its SYN or payload follows right
// behind the last that v's client sent, which was then.
func (c *correlation) carriers(v *Verdict, together []bool) (asked int64, carriers []*connLog) {
	carriers = make([]*connLog, len(c.points))
	l := c.logOf(v)
	if l == nil {
		return 0, carriers
	}
	asked, ok := c.lastPush(l, v.Point, c.common(v.Point, v.Time))
	for p := range c.points {
		if ok && p != v.Point && !together[p] && c.points[p].Judge.Log != nil {
			carriers[p] = c.alone(p, asked-shuffle, asked+allowance)
		}
	}
	return asked, carriers
}

// onlyServes tells whether the last that was sent on a connection is what v's client had
// asked for, and no other client's request precedes it.
func (c *correlation) onlyServes(l *connLog, p int, v *Verdict, asked int64) bool {
	sent, ok := c.lastPush(l, p, math.MaxInt64)
	return ok && sent >= asked-shuffle && sent <= asked+allowance && c.alone(v.Point, sent-allowance, sent+shuffle) == c.logOf(v)
}
