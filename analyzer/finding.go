package analyzer

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/analyzer/judge"
)

const (
	// findingMin is how many resets of one kind make a finding.
	findingMin = 3
	// findingFrames is how many frames a finding names.
	findingFrames = 20
	// findingKinds bounds how many kinds are counted at once.
	findingKinds = 1 << 14
)

// findings group resets by cause and pair: who reset whom, and which service.
type findings struct {
	groups map[kind]*group
	order  []*group
	full   bool
}

type kind struct {
	cause    cause.ID
	from, to netip.Addr
	port     uint16 // the responder's
}

type group struct {
	kind
	service        uint64 // flow.Service
	sender         judge.Sender
	count          int
	conns          int // runs of resets on one connection
	conn           int // the last one
	frames         []int
	file           string
	last           int64 // its first reset
	shortest, long int64 // between two connections' first ones
	idle           [2]int64
	survived       int64
	benign         bool
	checker        bool // it has shown itself as one, see probe
}

// add counts a verdict, and gives the group that it belongs to.
func (f *findings) add(v *judge.Verdict, file string, frame int) *group {
	if v.Cause == cause.NoCauseDecided || v.Repeats {
		return nil
	}
	to, port := v.Conn.Responder.Addr(), v.Conn.Responder.Port()
	if v.From == v.Conn.Responder {
		to = v.Conn.Originator.Addr()
	}
	k := kind{v.Cause, v.From.Addr(), to, port}
	g := f.groups[k]
	if g == nil {
		if len(f.groups) >= findingKinds {
			f.full = true
			return nil
		}
		if f.groups == nil {
			f.groups = map[kind]*group{}
		}
		client, server := v.Conn.Originator.Addr().As16(), v.Conn.Responder.Addr().As16()
		g = &group{kind: k, service: flow.Service(&client, &server, port), sender: v.Sender, file: file, benign: v.Benign, idle: [2]int64{v.Idle, v.Idle}}
		f.groups[k] = g
		f.order = append(f.order, g)
	}
	if g.count == 0 || v.Conn.ID != g.conn {
		if d := v.Time - g.last; g.conns > 0 {
			if g.conns == 1 || d < g.shortest {
				g.shortest = d
			}
			g.long = max(g.long, d)
		}
		g.conns++
		g.conn, g.last = v.Conn.ID, v.Time
	}
	g.count++
	g.idle[0], g.idle[1] = min(g.idle[0], v.Idle), max(g.idle[1], v.Idle)
	g.survived = max(g.survived, v.Survived)
	if file == g.file && len(g.frames) < findingFrames {
		g.frames = append(g.frames, frame)
	}
	return g
}

// period is the time between two of a group's resets where that is the same,
// within a tenth, between all of them; 0 where it is not.
func (g *group) period() time.Duration {
	mean := (g.shortest + g.long) / 2
	if g.conns < findingMin || g.shortest <= int64(100*time.Millisecond) || g.long-g.shortest > mean/10 {
		return 0
	}
	return tidy(mean)
}

// probe tells whether a group is that of a checker which connects and resets
// at a fixed period, as health checks do.
func (g *group) probe(v *judge.Verdict) bool {
	return v.Cause == cause.AbortiveClose && v.Sender == judge.Originator && v.Empty && g.period() > 0
}

// records gives the findings, those with most resets first: a connection of
// its own makes none, its resets are chained. Each gets the
// longest pause that did no harm between its hosts.
func (f *findings) records(points []*point) []*Finding {
	slices.SortStableFunc(f.order, func(a, b *group) int { return b.count - a.count })
	var all []*Finding
	for _, g := range f.order {
		if g.count < findingMin {
			break
		}
		if g.conns < 2 {
			continue
		}
		for _, p := range points {
			g.survived = max(g.survived, p.pauses.of(g.service))
		}
		all = append(all, g.record())
	}
	return all
}

// limits says what was not counted.
func (f *findings) limits() []string {
	if f.full {
		return []string{fmt.Sprintf("findings: more than %d kinds of resets, those that came last are not grouped", findingKinds)}
	}
	return nil
}

func (g *group) record() *Finding {
	from, to := g.from.String(), netip.AddrPortFrom(g.to, g.port).String()
	if g.sender == judge.Responder {
		from, to = netip.AddrPortFrom(g.from, g.port).String(), g.to.String()
	}
	r := &Finding{Type: "finding", File: g.file, Cause: g.cause, Count: g.count, Pair: [2]string{from, to}, Period: Duration(g.period()),
		IdleBefore: [2]Duration{Duration(tidy(g.idle[0])), Duration(tidy(g.idle[1]))}, IdleSurvived: Duration(tidy(g.survived)), Frames: g.frames}
	r.Summary = fmt.Sprintf("%d resets on %d connections in the name of %s towards %s: %s", g.count, g.conns, from, to, g.cause)
	if p := g.period(); p > 0 {
		r.Summary += fmt.Sprintf(", one every %v", p)
	}
	if g.idle[0] > 0 {
		r.Summary += g.bracket()
	}
	switch {
	case g.checker:
		r.Summary += "; a checker at work, as balancers and monitors have them: benign"
	case g.benign:
		r.Summary += "; benign"
	}
	return r
}

// bracket says which pauses killed and which did not.
func (g *group) bracket() string {
	died, kept := tidy(g.idle[0]), tidy(g.survived)
	s := fmt.Sprintf(", after pauses of %v to %v", died, tidy(g.idle[1]))
	switch {
	case g.survived == 0:
		return s + "; no shorter pause was seen that did no harm"
	case g.survived >= g.idle[0]:
		return s + fmt.Sprintf("; but pauses of up to %v did no harm: it is not the pause alone", kept)
	}
	return s + fmt.Sprintf("; pauses of up to %v did no harm: a timeout lies between %v and %v", kept, kept, died)
}

// tidy rounds nanoseconds to three or four figures, none below a millisecond.
func tidy(ns int64) time.Duration {
	step := time.Millisecond
	for step*1000 <= time.Duration(ns) {
		step *= 10
	}
	return time.Duration(ns).Round(step)
}
