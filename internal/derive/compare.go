package derive

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/internal/segment"
)

// tolerance says what a comparison does not hold against a replay.
const tolerance = "the order in each direction, flags but PSH, seq, ack and length; the proportions of retransmissions and probes, to a half; " +
	"not ISNs, ports, addresses, other stamps, windows, options, how many plain ACKs there are, whether a FIN rides on data, " +
	"and which of abortive-close and close-unread-data stands first where both are possible"

// A Mark says how two lines of a comparison differ.
type Mark byte

// Marks.
const (
	Same      Mark = '='
	Tolerated Mark = '~' // a plain ACK, or an assumed packet, on one side only
	Differs   Mark = '!'
)

// A Row is a packet of the capture beside its counterpart in the replay; one of
// them may be missing.
type Row struct {
	Mark            Mark
	Capture, Replay string // in the notation; "" where there is none
	CaptureFrame    int
	ReplayFrame     int
	Note            string // why it is here, or what differs
}

// A Comparison is a capture beside its replay.
type Comparison struct {
	Rows        []Row
	Differences []string // in the packets
	Verdicts    []string // verdicts that are not the same
	resets      []pairOfResets
	partner     map[*pkt]*pkt // counterparts
	extra       []*pkt        // of the replay, without one
}

// A pairOfResets is a reset and its replay.
type pairOfResets struct{ capture, replay *pkt }

// alike tells whether the replay shows the same packets.
func (c *Comparison) alike() bool { return len(c.Differences) == 0 }

// compare holds a replay against the story, with verdicts on what the capture
// has of it.
func (s *story) compare(ctx context.Context, r *story) (*Comparison, error) {
	pairs := [][2]int{{0, 0}}
	if s.points == 2 {
		pairs = append(pairs, [2]int{1, 1})
	}
	out := s.align(r, pairs)
	if err := s.trimmed(ctx, r, out); err != nil {
		return nil, err
	}
	out.lay(s, r)
	out.judge(s)
	out.proportions(s)
	return out, nil
}

// proportions compares the distances of retransmissions and probes: each with
// the share of the whole run that it has in the capture, give or take a half of
// it and what a busy machine adds.
func (c *Comparison) proportions(s *story) {
	const busy = 100 * time.Millisecond
	check := func(run []*pkt) {
		var replay []*pkt
		for _, p := range run {
			if q := c.partner[p]; q != nil {
				replay = append(replay, q)
			}
		}
		n := len(run)
		if n < 3 || len(replay) != n {
			return // where one is missing, that is the difference
		}
		scale := float64(replay[n-1].at-replay[0].at) / float64(run[n-1].at-run[0].at)
		for i := 1; i < n; i++ {
			want := time.Duration(float64(run[i].at-run[i-1].at) * scale)
			have := replay[i].at - replay[i-1].at
			if (have - want).Abs() > want/2+busy {
				c.Differences = append(c.Differences, fmt.Sprintf("frame %d came %s after the one before, in proportion %s here, the replay's %s",
					run[i].ref().frame, shown(run[i].at-run[i-1].at), shown(want), shown(have)))
				return
			}
		}
	}
	for _, d := range s.conns {
		for _, run := range d.runs() {
			check(run)
		}
		check(d.probesOf(originator))
		check(d.probesOf(responder))
	}
}

// pairResets makes resets counterparts that are not alike, where each direction
// of a connection has as many in both: at another tap a reset is the same one
// though the numbers before it were not seen.
func (c *Comparison) pairResets(s, r *story) {
	resets := func(t *story, ports string, x side) (all []*pkt) {
		for _, p := range t.packets {
			if p.rst() && p.from == x && t.portsOf(p.conn) == ports {
				all = append(all, p)
			}
		}
		return all
	}
	for _, d := range s.conns {
		for _, x := range []side{originator, responder} {
			a, b := resets(s, s.portsOf(d), x), resets(r, s.portsOf(d), x)
			for i := range a {
				if len(a) == len(b) && c.partner[a[i]] == nil {
					c.partner[a[i]] = b[i]
				}
			}
		}
	}
}

// lay puts the packets side by side, in the order of the capture.
func (c *Comparison) lay(s, r *story) {
	after := c.extraBehind(r)
	c.putExtra(r, after[nil], false)
	end := s.lastTold()
	for _, p := range s.packets {
		if p.seg.ICMP != "" || p.assumed != "" && (p.lost == lostBefore || p.beyond) {
			continue
		}
		c.Rows = append(c.Rows, c.row(s, r, p))
		c.putExtra(r, after[p], p == end || p.at > end.at)
	}
}

// extraBehind gives the packets of the replay that have no counterpart, each
// behind the last packet of the capture that stands before it.
func (c *Comparison) extraBehind(r *story) map[*pkt][]*pkt {
	after := map[*pkt][]*pkt{}
	back := map[*pkt]*pkt{}
	for p, q := range c.partner {
		back[q] = p
	}
	isExtra := map[*pkt]bool{}
	for _, q := range c.extra {
		isExtra[q] = true
	}
	var last *pkt
	for _, q := range r.packets {
		if p := back[q]; p != nil {
			last = p
		}
		if isExtra[q] {
			after[last] = append(after[last], q)
		}
	}
	return after
}

// putExtra writes the rows of packets that only the replay has.
func (c *Comparison) putExtra(r *story, list []*pkt, atEnd bool) {
	for _, q := range list {
		row := Row{Mark: Differs, Replay: r.show(q), ReplayFrame: q.ref().frame, Note: "not in the capture"}
		if atEnd && !q.rst() {
			row.Mark, row.Note = Tolerated, "after the capture's end"
		} else {
			c.Differences = append(c.Differences, fmt.Sprintf("replay frame %d (%s) is not in the capture", row.ReplayFrame, row.Replay))
		}
		c.Rows = append(c.Rows, row)
	}
}

// row is a packet of the capture beside its counterpart.
func (c *Comparison) row(s, r *story, p *pkt) Row {
	q := c.partner[p]
	row := Row{Mark: Same, CaptureFrame: p.ref().frame, Capture: s.show(p)}
	if s.points == 2 && (p.frames[0].frame == none || p.frames[1].frame == none) {
		row.Note = s.where(p)
	}
	what := fmt.Sprintf("frame %d (%s)", row.CaptureFrame, row.Capture)
	if p.assumed != "" {
		what = "an assumed packet (" + row.Capture + ")"
		row.Capture, row.Note = "", "assumed: "+p.assumed
	}
	switch {
	case q == nil && p.plain():
		row.Mark = Tolerated
	case q == nil:
		row.Mark = Differs
		c.Differences = append(c.Differences, what+" has no counterpart")
	default:
		row.Replay, row.ReplayFrame = r.show(q), q.ref().frame
		if p.assumed != "" {
			row.Mark = Tolerated
		} else if s.points == 2 {
			c.places(s, r, p, q, what, &row)
		}
	}
	return row
}

// places compares at which of two points a packet was seen.
func (c *Comparison) places(s, r *story, p, q *pkt, what string, row *Row) {
	if (p.frame() == none) == (q.frame() == none) && (p.frames[1].frame == none) == (q.frames[1].frame == none) {
		return
	}
	row.Mark, row.Note = Differs, fmt.Sprintf("%s; the replay's %s", s.where(p), r.where(q))
	switch {
	case !p.rst() && (s.before(p, 0) || s.before(p, 1)):
		row.Mark, row.Note = Tolerated, s.where(p)+", for the other one had not begun"
	case p.plain():
		row.Mark = Tolerated
	default:
		c.Differences = append(c.Differences, fmt.Sprintf("%s was %s, the replay's %s", what, s.where(p), r.where(q)))
	}
}

// before tells whether p passed before the first packet that a point saw: what that
// did not run for, it can't have missed.
func (s *story) before(p *pkt, point int) bool {
	for _, q := range s.packets {
		if q.frames[point].frame != none {
			return p.at < q.at
		}
	}
	return false
}

// where says which of two points saw a packet.
func (s *story) where(p *pkt) string {
	switch {
	case p.frames[1].frame == none:
		return "seen at the first point only"
	case p.frames[0].frame == none:
		return "seen at the second point only"
	}
	return "seen at both points"
}

// lastTold is the last packet of the capture that is no plain ACK.
func (s *story) lastTold() *pkt {
	for i := len(s.packets) - 1; i >= 0; i-- {
		if p := s.packets[i]; !p.plain() && p.frame() != none {
			return p
		}
	}
	return s.packets[len(s.packets)-1]
}

// show writes a packet in the notation with the actors' names.
func (s *story) show(p *pkt) string {
	name := func(x side) segment.Endpoint {
		who := "client"
		if (x == responder) != p.conn.turned {
			who = "server"
		}
		return segment.Endpoint{Name: who, Port: p.conn.addr[x].Port()}
	}
	seg := segment.Segment{Src: name(p.from), Dst: name(p.to()), Flags: p.seg.Flags, ICMP: p.seg.ICMP}
	if seg.ICMP != "" {
		return seg.String()
	}
	k := keyOf(p)
	if k.seq >= 0 && (p.end > p.seq || p.rst()) && !(p.syn() && k.seq == 0) {
		seg.Seq = &segment.Seq{Start: uint32(k.seq), End: uint32(k.seq + p.len()), HasEnd: p.len() > 0}
	}
	if p.hasACK() {
		seg.Ack = &segment.Ack{N: uint32(p.ack)}
	}
	return seg.String()
}

// judge compares the verdicts on the resets.
func (c *Comparison) judge(s *story) {
	for _, p := range s.packets {
		if !p.rst() {
			continue
		}
		q := c.partner[p]
		c.resets = append(c.resets, pairOfResets{p, q})
		if q == nil || p.verdict == nil || !slices.Contains(s.chosen.Verdicts, p.verdict) {
			continue // the packet itself is the difference, or it only keeps the chosen one company
		}
		if q.verdict == nil {
			c.Verdicts = append(c.Verdicts, fmt.Sprintf("frame %d is %s, the replay's has no verdict of its own", p.ref().frame, p.verdict.Cause))
			continue
		}
		have, want := q.verdict, p.verdict
		switch {
		case have.Sender == want.Sender && twins(s.claim(p), have) != nil && twins(s.claim(p), want) != nil:
		case s.instead.of(p):
		case have.Cause != want.Cause || have.Sender != want.Sender:
			c.Verdicts = append(c.Verdicts, fmt.Sprintf("frame %d is %s, the replay's %s", p.ref().frame, verdictWords(want), verdictWords(have)))
		}
	}
}

// sameVerdict tells whether two verdicts say the same, and are as sure.
func sameVerdict(a, b *analyzer.Verdict) bool {
	return a.Cause == b.Cause && a.Strength == b.Strength && a.Sender == b.Sender && a.SenderStrength == b.SenderStrength
}

// causeBy writes a claim.
func causeBy(c claim) string { return fmt.Sprintf("%s by the %s", c.cause, c.sender) }

// alternatives are the claims that the verdict on the first reset leaves open.
func (s *story) alternatives() []claim {
	p := s.firstReset()
	if p == nil || p.verdict == nil {
		return nil
	}
	var all []claim
	first := s.claim(p)
	for _, a := range p.verdict.Alternatives {
		c := claim{a.Cause, a.Sender}
		if c != first && !slices.Contains(all, c) && c.cause != cause.NoCauseDecided {
			all = append(all, c)
		}
	}
	return all
}
