package judge

import "slices"

const (
	// maxTwinLines is of how many packets of two points it is asked whether they are
	// one sighting.
	maxTwinLines = 4096

	// noWay is how far apart, in nanoseconds, one place stamps packets for two programs
	// that capture there, the order of the two aside, which is always the same: Linux
	// tpacket_rcv() asks for the time itself.
	noWay = int64(1e3)
)

// twins tells whether two points are one: nine in ten of the packets that came by at both
// did so at the one as long after the other, whichever way they went, and with the same
// TTL. Between two places one way makes it longer and the other one shorter. It is a
// capture and a copy of it, or a part that a filter left, or two programs captured at one
// place. The one proves nothing of the other: what it lacks was filtered out, and what it
// has went no way from there.
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
	if c.twin == nil {
		c.twin = map[[2]int]bool{}
	}
	c.twin[at] = c.compared(p, q)
	return c.twin[at]
}

func (c *correlation) compared(p, q int) bool {
	var later [2][]int64 // at q than at p: what originators sent, and responders
	same := 0
	for _, g := range c.groups {
		a, b := g[p], g[q]
		if a == nil || b == nil {
			continue
		}
		for i, n := range a.with(b).there {
			if n < 0 {
				continue
			}
			x, y := &a.lines[i], &b.lines[n]
			if x.ttl == y.ttl {
				same++
			}
			way := 0
			if int(x.from) != a.orig {
				way = 1
			}
			later[way] = append(later[way], y.time-x.time)
		}
		if len(later[0])+len(later[1]) > maxTwinLines {
			break
		}
	}
	all := slices.Concat(later[0], later[1])
	if len(all) == 0 || 10*same < 9*len(all) {
		return false
	}
	usual := middle(all)
	if len(later[0]) == 0 || len(later[1]) == 0 {
		usual = 0 // clocks may be as far apart as the one way is long
	} else if abs(middle(later[0])-middle(later[1])) > noWay {
		return false
	}
	near := 0
	for _, d := range all {
		if abs(d-usual) <= noWay {
			near++
		}
	}
	return 10*near >= 9*len(all)
}

// middle gives the median.
func middle(d []int64) int64 {
	slices.Sort(d)
	return d[len(d)/2]
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
