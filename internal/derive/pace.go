package derive

import (
	"slices"
	"time"
)

// A pace says which of the capture's waits the scenario keeps.
type pace struct {
	s *story
	// A run of retransmissions or probes is as much faster as its factor.
	factor map[*pkt]float64
}

// longest is how long a story's timers may take where nothing asks for more.
const longest = 2 * time.Second

// paces finds how fast the story is told.
func (s *story) paces() pace {
	p := pace{s: s, factor: map[*pkt]float64{}}
	if s.opts.RealTime {
		return p
	}
	for _, c := range s.conns {
		for _, run := range c.runs() {
			f := p.of(run[len(run)-1].at - run[0].at)
			for _, q := range run[1:] {
				p.factor[q] = f
			}
			if next := c.resetAfter(run[len(run)-1]); next != nil {
				p.factor[next] = f
			}
		}
		p.probes(c)
	}
	return p
}

func (p pace) of(total time.Duration) float64 {
	if total <= longest {
		return 1
	}
	return float64(longest) / float64(total)
}

// probes sets the factor for keepalive probes and the reset behind them.
func (p pace) probes(c *conn) {
	for _, s := range []side{originator, responder} {
		var row []*pkt
		for _, q := range c.packets {
			if q.from == s && (q.probe || len(row) > 0 && q.rst()) {
				row = append(row, q)
			}
		}
		if len(row) < 2 {
			continue
		}
		f := p.of(row[len(row)-1].at - row[0].at)
		for _, q := range row {
			p.factor[q] = f
		}
	}
}

// resetAfter is the reset by which the sender of p ends a run, if nothing of
// it comes between.
func (c *conn) resetAfter(p *pkt) *pkt {
	after := false
	for _, q := range c.packets {
		if q == p {
			after = true
			continue
		}
		if after && q.from == p.from {
			if q.rst() && q.form != provoked {
				return q
			}
			if !q.plain() {
				return nil
			}
		}
	}
	return nil
}

// before is how long to wait before the moment m, which follows one at last.
func (p pace) before(m moment, last time.Duration) time.Duration {
	gap := m.at - last
	q := m.pkt
	if p.s.scripted() {
		return p.asSeen(q, gap)
	}
	if !p.s.acts(q) {
		return 0
	}
	if !p.s.opts.RealTime && q.drew() && !(q.syn() && !q.hasACK()) {
		if d := p.late(q); d > 0 {
			return d
		}
	}
	if d := p.afterReset(q); d > 0 && !p.s.opts.RealTime {
		return d
	}
	if gap < time.Millisecond {
		return 0
	}
	if p.s.opts.RealTime {
		return gap
	}
	if d := p.afterForgery(q); d > 0 {
		return d
	}
	if d := p.afterData(q); d > 0 {
		return d
	}
	f, kept := p.factor[q]
	switch {
	case !kept && q.syn() && q.from == originator:
		return p.apart(q)
	case !kept:
		return 0
	case !p.s.of(q.conn, q.from).host():
		return max(time.Duration(float64(gap)*f), p.due(q, f), time.Millisecond)
	case q.rst():
		return p.afterRun(q, gap)
	}
	return 0
}

// afterRun is how long a host's program waits after the last retransmission:
// as long in proportion as in the capture, and less than to the next one.
func (p pace) afterRun(q *pkt, gap time.Duration) time.Duration {
	for _, run := range q.conn.runs() {
		n := len(run)
		if run[n-1].from != q.from || run[n-1].at > q.at || n < 2 {
			continue
		}
		spacing := run[n-1].at - run[n-2].at
		ratio := min(float64(gap)/float64(spacing), 1.7)
		return time.Duration(float64(p.s.spacing(run)<<(n-2)) * ratio)
	}
	return 0
}

// due is how long a scripted end waits at least for the reset at which its next
// transmission was due: half as long again as for the last one, where in the
// capture it was no longer. A busy machine lengthens one distance and not the
// next, and a reset that comes too soon is no timer's.
func (p pace) due(q *pkt, f float64) time.Duration {
	if !q.rst() {
		return 0
	}
	for _, run := range q.conn.runs() {
		n := len(run)
		if run[0].from != q.from || n < 3 || q.conn.resetAfter(run[n-1]) != q {
			continue
		}
		last := run[n-1].at - run[n-2].at
		if gap := q.at - run[n-1].at; gap >= last*9/10 && gap < last*3/2 {
			return time.Duration(float64(last*3/2) * f)
		}
	}
	return 0
}

// spacing is the first distance of a host's retransmissions in the replay.
func (s *story) spacing(run []*pkt) time.Duration {
	if m := s.rtoMin(run[0].conn, run[0].from); m > 0 {
		return m
	}
	return kernelRTO
}

// kernelRTO is Linux' own least timeout (TCP_RTO_MIN); the lab's is longer.
const kernelRTO = 200 * time.Millisecond

// rtoMin is the route's rto_min by which a host sends again as soon as a
// kernel outside of the lab, or sooner where that would take too long, but so
// that once more is a second off when the run is over, for what ends it may come
// late on a busy machine; 0 where it sends nothing again.
func (s *story) rtoMin(c *conn, x side) time.Duration {
	var least time.Duration
	for _, run := range c.runs() {
		if run[0].from != x || run[0].syn() || len(run) < 2 {
			continue
		}
		d := kernelRTO
		if !s.opts.RealTime {
			d = min(d, max(longest/time.Duration(int64(1)<<(len(run)-1)-1), 50*time.Millisecond))
		}
		d = max(d, time.Second>>(len(run)-1))
		if least == 0 || d < least {
			least = d
		}
	}
	return least.Round(10 * time.Millisecond)
}

// acts tells whether a program, a peer or a box does something at the departure
// of q, so that a line can wait before it.
func (s *story) acts(q *pkt) bool {
	if s.byDevice(q) {
		return true
	}
	if !s.of(q.conn, q.from).host() {
		return q.lost != lostBefore
	}
	switch {
	case q.rst():
		return q.how == byAbort || q.how == byUnread || q.how == byListener
	case q.syn():
		return !q.hasACK() && q.again == nil
	}
	return q.again == nil && !q.probe && !q.pure() && !q.carried
}

// patience is the "within" of a line that waits for n transmissions of q; 0
// where the usual one will do.
func (p pace) patience(q *pkt, n int) time.Duration {
	const more = 10 * time.Second // for a busy machine
	switch {
	case q.probe, q.rst() && q.how == byItself && q.conn.probes(q) > 0:
		idle, _ := q.conn.probing(q.from)
		if !p.s.opts.RealTime {
			idle = 0
		}
		return more + time.Duration(idle)*time.Second
	case q.again == nil && n == 1, q.syn() && q.refusedBefore():
		return 0
	}
	for _, run := range q.conn.runs() {
		i := slices.Index(run, q)
		if i < 0 {
			continue
		}
		first := p.s.spacing(run)
		if q.syn() {
			first = time.Second // RFC 6298, 2.1
		}
		last := first << (i + n - 1) // the longest distance that the line waits for
		switch {
		case last <= 1500*time.Millisecond: // half of the usual patience
			return 0
		case p.s.opts.RealTime:
			return more + run[len(run)-1].at - run[0].at
		}
		return more + (2 * last).Round(time.Second)
	}
	return 0
}

// connecting is the "within" of a connect.
func (p pace) connecting(q *pkt) time.Duration {
	for _, r := range q.conn.packets {
		if r.again != nil && r.syn() && !r.refusedBefore() {
			return 30 * time.Second
		}
	}
	return 0
}

// late is how long a segment that draws a reset is kept back behind the SYN or
// SYN-ACK that it answers: over a second if it was in the capture, for that
// tells a late answer from a prompt one (RFC 6298, 2.1).
func (p pace) late(answer *pkt) time.Duration {
	c := answer.conn
	if !answer.syn() && c.talked(slices.Index(c.packets, answer)) {
		return 0
	}
	for _, q := range c.packets {
		if !q.syn() || q.from == answer.from {
			continue
		}
		switch d := answer.at - q.at; {
		case p.s.opts.RealTime:
			return d
		case d >= time.Second && d < time.Minute:
			return 1100 * time.Millisecond
		}
		return 0
	}
	return 0
}

// apart is how long a connect waits behind the one before it: over a second if
// it was in the capture, for connections that begin together are judged
// together.
func (p pace) apart(q *pkt) time.Duration {
	if q.again != nil {
		return 0
	}
	i := q.conn.index - 1
	if i >= 0 && q.at-p.s.conns[i].packets[0].at >= time.Second {
		return 1100 * time.Millisecond
	}
	return 0
}

// What scripted ends wait: no less than their packets take to pass each other,
// and no more than is worth it where the capture's pause is no evidence.
const (
	passing = 2 * time.Millisecond
	pause   = 200 * time.Millisecond
)

// asSeen is how long scripted ends wait before q.
func (p pace) asSeen(q *pkt, gap time.Duration) time.Duration {
	turned := false
	for _, r := range p.s.packets {
		if r == q {
			break
		}
		turned = r.conn != q.conn || r.from != q.from
	}
	f, kept := p.factor[q]
	switch {
	case p.s.opts.RealTime:
	case kept:
		gap = time.Duration(float64(gap) * f)
	case gap >= time.Second && (q.drew() || q.rst() || q.syn()):
		gap = 1100 * time.Millisecond
	default:
		gap = min(gap, pause)
	}
	if turned {
		return max(gap, passing)
	}
	if gap < time.Millisecond {
		return 0
	}
	return gap
}

// afterForgery is how long an end waits that goes on after a reset in its name:
// so much that the two can't have changed places on their way (captures
// with several queues mix up 10 ms).
func (p pace) afterForgery(q *pkt) time.Duration {
	const enough = 20 * time.Millisecond
	var last *pkt
	for _, r := range q.conn.packets {
		if r == q {
			break
		}
		if r.from == q.from && !r.plain() {
			last = r
		}
	}
	if last == nil || !last.rst() || !p.s.byDevice(last) || q.rst() {
		return 0
	}
	return min(q.at-last.at, enough)
}

// afterData is how long a program waits that aborts some time after data came
// in: at once it would look as if it had not read it.
func (p pace) afterData(q *pkt) time.Duration {
	const soon = 50 * time.Millisecond // a delayed ACK, and a stack's own turn
	if q.how != byAbort || !p.s.of(q.conn, q.from).host() || p.factor[q] != 0 {
		return 0
	}
	var last *pkt
	for _, r := range q.conn.packets {
		if r.from != q.from && r.len() > 0 && r.arrived < q.sent && r.lost == delivered {
			last = r
		}
	}
	if last == nil || q.sent-last.arrived < soon {
		return 0
	}
	return min(q.sent-last.arrived, 2*soon)
}

// afterReset is how long a reset of another connection waits behind the last
// one: many at one moment are a process that ended, many in turn are not.
func (p pace) afterReset(q *pkt) time.Duration {
	const enough = 20 * time.Millisecond
	if !q.rst() {
		return 0
	}
	var last *pkt
	for _, r := range p.s.packets {
		if r == q {
			break
		}
		if r.rst() {
			last = r
		}
	}
	if last == nil || last.conn == q.conn || q.at-last.at < time.Millisecond {
		return 0
	}
	return min(q.at-last.at, enough)
}
