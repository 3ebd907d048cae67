package judge

import (
	"maps"
	"slices"
	"sort"

	"rstlab/internal/segment"
)

// A clock leads the stamps of one capture point to those of the first. Clocks
// are set apart, drift and are stepped, so it is known piece by piece, where
// packets passed both points, and in between it is drawn straight. The zero
// clock goes as the first one does.
type clock struct{ pieces []piece }

// A piece is what to add to the stamps around a time, both in nanoseconds, and
// how long the way between the points was at least: no more than that the sum
// can be wrong (causes.md, 5.1).
type piece struct{ at, add, way int64 }

// pieceLen is how long, in nanoseconds, a piece is: clocks drift by less than a
// millisecond in a quarter of a minute (50 ppm).
const pieceLen = int64(15e9)

// maxCompared is how many packets of two points are compared at most.
const maxCompared = 200000

// lead is a stamp in the first point's time.
func (c clock) lead(t int64) int64 {
	p := c.pieces
	i := sort.Search(len(p), func(i int) bool { return p[i].at >= t })
	switch {
	case len(p) == 0:
		return t
	case i == 0:
		return t + p[0].add
	case i == len(p):
		return t + p[i-1].add
	}
	a, b := p[i-1], p[i]
	return t + a.add + int64(float64(b.add-a.add)*float64(t-a.at)/float64(b.at-a.at))
}

// way is how long the way between the points is at least.
func (c clock) way() int64 {
	var most int64
	for _, p := range c.pieces {
		most = max(most, p.way)
	}
	return most
}

// A trip is the least that the stamps of packets on one way differ by.
type trip struct {
	least int64
	n     int
}

func (t *trip) add(d int64) {
	if t.n == 0 || d < t.least {
		t.least = d
	}
	t.n++
}

// compare finds how a point's clock goes: by half the difference of the
// shortest ways there and back. Points without a common packet are taken to
// have one clock.
func (c *correlation) compare(p int) clock {
	pieces := map[int64]*[2]trip{} // there and back, by piece
	var all [2]trip
	for _, g := range c.groups {
		a, b := g[0], g[p]
		if a == nil || b == nil || all[0].n+all[1].n > maxCompared {
			continue
		}
		m := a.with(b)
		for i, n := range m.there {
			x := &a.lines[i]
			if n < 0 || x.len == 0 && !x.is(segment.SYN) {
				continue
			}
			y := &b.lines[n]
			way, d := 0, y.time-x.time
			if (int(x.from) == a.orig) == (m.closer < 0) {
				way, d = 1, -d
			}
			at := y.time / pieceLen
			if pieces[at] == nil {
				pieces[at] = new([2]trip)
			}
			pieces[at][way].add(d)
			all[way].add(d)
		}
	}
	var k clock
	for _, at := range slices.Sorted(maps.Keys(pieces)) {
		if t := pieces[at]; t[0].n > 0 && t[1].n > 0 {
			k.pieces = append(k.pieces, piece{at*pieceLen + pieceLen/2, (t[1].least - t[0].least) / 2, (t[0].least + t[1].least) / 2})
		}
	}
	switch {
	case len(k.pieces) > 0:
	case all[0].n > 0 && all[1].n > 0:
		k.pieces = []piece{{0, (all[1].least - all[0].least) / 2, (all[0].least + all[1].least) / 2}}
	case all[0].n > 0:
		k.pieces = []piece{{0, -all[0].least, 0}}
	case all[1].n > 0:
		k.pieces = []piece{{0, all[1].least, 0}}
	}
	return k
}

// common is a stamp of a point in the first point's time.
func (c *correlation) common(p int, t int64) int64 { return c.clocks[p].lead(t) }

// doubt is how far the common time of two points may be wrong.
func (c *correlation) doubt(p, q int) int64 {
	return c.clocks[p].way() + c.clocks[q].way() + allowance
}
