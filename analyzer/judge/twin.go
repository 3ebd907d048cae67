package judge

// maxTwinLines is of how many packets of two points it is asked whether they are one
// sighting.
const maxTwinLines = 4096

// twins tells whether two points are one: nine in ten of the packets that came by at
// both did so in the same microsecond, with the same TTL. It is a capture and a copy
// of it, or a part that a filter left, or two programs that captured at one interface.
// The one proves nothing of the other: what it lacks was filtered out, and what it has
// went no way from there. A way that takes no microsecond, there and back, is none.
func (c *correlation) twins(p, q int) bool {
	if p == q {
		return false
	}
	if p > q {
		p, q = q, p
	}
	at := [2]int{p, q}
	if known, ok := c.twin[at]; ok {
		return known
	}
	both, same := 0, 0
	for _, g := range c.groups {
		a, b := g[p], g[q]
		if a == nil || b == nil || both > maxTwinLines {
			continue
		}
		for i, n := range a.with(b).there {
			if n < 0 {
				continue
			}
			both++
			if x, y := &a.lines[i], &b.lines[n]; x.time/1e3 == y.time/1e3 && x.ttl == y.ttl {
				same++
			}
		}
	}
	if c.twin == nil {
		c.twin = map[[2]int]bool{}
	}
	c.twin[at] = both > 0 && 10*same >= 9*both
	return c.twin[at]
}

// firstTwin is the first of the points that are one with p: p itself, if there is no
// other.
func (c *correlation) firstTwin(p int) int {
	for q := range p {
		if c.twins(q, p) {
			return q
		}
	}
	return p
}

// fullest gives the verdict on the reset of v from that of the points that are one
// with v's where most was seen of its connection.
func (c *correlation) fullest(v *Verdict, logs []*connLog) *Verdict {
	mine := logs[v.Point]
	me, most := mine.at(v.Frame), len(mine.lines)
	for p, l := range logs {
		if l == nil || len(l.lines) <= most || !c.twins(v.Point, p) {
			continue
		}
		if x := mine.find(me, l); x != nil {
			if other := c.verdictAt(p, x.frame); other != nil {
				v, most = other, len(l.lines)
			}
		}
	}
	return v
}
