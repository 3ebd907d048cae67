package judge

import (
	"cmp"
	"net/netip"
	"slices"

	"rstlab/analyzer/flow"
)

// A Point is one capture point for Correlate: its judge, closed, whose Log was
// set, its verdicts, and its name for texts.
type Point struct {
	Judge    *Judge
	Verdicts []*Verdict
	Name     string
	Twin     string // set by Correlate: an earlier point with the same packets at the same time, if there is one
}

// Correlate joins what several points saw (causes.md, section 5): one verdict
// for each reset, in order of time, which names all its sightings. A reset
// that did not pass a point nearer to its named sender was made behind that
// point; one that did pass comes from beyond. It also counts the connections,
// each once, at however many points it was seen.
func Correlate(points []Point) (verdicts []*Verdict, connections int) {
	c := &correlation{points: points, first: map[Frame]*Verdict{}, final: map[Frame]*Verdict{}}
	c.match()
	var all []*Verdict
	for p, pt := range points {
		for _, v := range pt.Verdicts {
			c.setPoint(v, p)
			c.first[Frame{p, v.Frame}] = v
			for _, k := range v.Copies {
				c.first[k] = v
			}
			all = append(all, v)
		}
	}
	slices.SortStableFunc(all, func(a, b *Verdict) int { return cmp.Compare(c.common(a.Point, a.Time), c.common(b.Point, b.Time)) })
	var out []*Verdict
	var seen []*sightings
	for _, v := range all {
		if c.final[Frame{v.Point, v.Frame}] == nil {
			v, s := c.join(v)
			out, seen = append(out, v), append(seen, s)
		}
	}
	c.legs(out)
	for p := range points {
		if q := c.firstTwin(p); q < p {
			points[p].Twin = points[q].Name
		}
	}
	for i, v := range out {
		if seen[i] != nil {
			seen[i].transcript(v)
		}
		if v.After != nil {
			if f := c.final[Frame{v.After.Point, v.After.Frame}]; f != nil {
				v.After.Cause = f.Cause
			}
		}
	}
	return out, c.connections()
}

type correlation struct {
	points []Point
	groups [][]*connLog              // one connection: its log at each point, nil where it was not seen
	of     []map[int]int             // group of a connection's id, by point
	clocks []clock                   // by point, against the first one's
	strays []map[number]place        // see lone
	ends   []map[number]*connLog     // connections with a handshake, by their last numbers
	byKey  []map[flow.Key][]*connLog // see keyed
	gapped map[[2]int]bool           // see gaps
	far    []map[netip.Addr]int      // see farthest
	pushes [][]push                  // see pushed
	first  map[Frame]*Verdict        // verdicts of the single points, by each sighting
	final  map[Frame]*Verdict        // verdicts that were joined, by each sighting
	twin   map[[2]int]bool           // see twins
}

// setPoint tells a verdict at which point it was made.
func (c *correlation) setPoint(v *Verdict, p int) {
	v.Point = p
	for i := range v.Evidence {
		v.Evidence[i].Point = p
	}
	for i := range v.Copies {
		v.Copies[i].Point = p
	}
	for i := range v.Packets {
		v.Packets[i].Point = p
	}
	if v.After != nil {
		after := *v.After // a volley's verdicts share it
		after.Point = p
		v.After = &after
	}
}

// join makes the verdict on the reset of v out of all points' views, which it
// gives, too; nil where nothing was kept of them.
func (c *correlation) join(v *Verdict) (*Verdict, *sightings) {
	g, ok := c.of[v.Point][v.Conn.ID]
	logs := make([]*connLog, len(c.points))
	if ok {
		logs = c.groups[g]
	}
	mine := logs[v.Point]
	var me *line
	if mine != nil {
		me = mine.at(v.Frame)
	}
	c.final[Frame{v.Point, v.Frame}] = v
	if me == nil {
		return v, nil
	}
	if fuller := c.fullest(v, logs); fuller != v {
		v, mine = fuller, logs[fuller.Point]
		me = mine.at(v.Frame)
	}
	s := &sightings{correlation: c, logs: slices.Clone(logs), lines: make([]*line, len(c.points)), verdicts: make([]*Verdict, len(c.points)), paths: map[int][2]*connLog{}}
	s.lines[v.Point], s.verdicts[v.Point] = me, v
	s.sender = v.raw.from
	s.home = v.Point
	s.addStrays()
	s.addUntranslated()
	var again []Frame
	for p, l := range s.logs {
		if p == v.Point || l == nil {
			continue
		}
		x := mine.find(me, l)
		if x == nil {
			x = mine.alike(me, l)
		}
		if c.twins(v.Point, p) {
			s.logs[p] = nil
			if x != nil {
				again = append(again, Frame{p, x.frame})
			}
		} else if x != nil {
			s.lines[p], s.verdicts[p] = x, c.verdictAt(p, x.frame)
		}
	}
	s.addPaths()
	out := s.judge()
	if s.unresolved(out) {
		out.Why = NATUnresolved
		describe(out)
	}
	for p, x := range s.lines {
		if x != nil {
			c.final[Frame{p, x.frame}] = out
		}
	}
	for _, f := range again {
		out.Copies = append(out.Copies, f)
		c.final[f] = out
	}
	return out, s
}

func (c *correlation) verdictAt(p int, frame uint32) *Verdict {
	return c.first[Frame{p, frame}]
}
