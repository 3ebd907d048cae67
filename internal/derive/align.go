package derive

import (
	"slices"

	"rstlab/internal/segment"
)

// align finds the counterparts of the story's packets in a replay. Each pair is
// a point of the story and the point of the replay that stands for it.
func (s *story) align(r *story, points [][2]int) *Comparison {
	out := &Comparison{partner: map[*pkt]*pkt{}}
	of := map[string][]*conn{}
	for _, c := range r.conns {
		k := r.portsOf(c)
		of[k] = append(of[k], c)
	}
	for _, c := range s.conns {
		k := s.portsOf(c)
		var d *conn
		if len(of[k]) > 0 {
			d, of[k] = of[k][0], of[k][1:]
		}
		for _, x := range []side{originator, responder} {
			for _, at := range points {
				pairs, only := align(row(c, x, at[0]), row(d, x, at[1]))
				for p, q := range pairs {
					out.partner[p] = q
				}
				for _, q := range only {
					if at[1] == 0 || q.frame() == none {
						out.extra = append(out.extra, q)
					}
				}
			}
		}
	}
	known := map[*pkt]bool{} // at one of the points
	for _, q := range out.partner {
		known[q] = true
	}
	out.extra = slices.DeleteFunc(out.extra, func(q *pkt) bool { return known[q] })
	for _, rest := range of {
		for _, d := range rest {
			for _, p := range d.packets {
				if !p.plain() {
					out.extra = append(out.extra, p)
				}
			}
		}
	}
	return out
}

// row gives what one side of a connection sent, as far as it passed a point.
func row(c *conn, x side, point int) []*pkt {
	if c == nil {
		return nil
	}
	var row []*pkt
	for _, p := range c.packets {
		passed := p.frames[point].frame != none || p.assumed != "" && p.lost != lostBefore && !p.beyond
		if p.from == x && passed && p.seg.ICMP == "" {
			row = append(row, p)
		}
	}
	return row
}

// key is what two packets must have in common.
type key struct {
	flags    segment.Flags
	seq, end int64
	ack      int64
}

func keyOf(p *pkt) key {
	c := p.conn
	k := key{flags: p.seg.Flags &^ (segment.PSH | segment.ECE | segment.CWR), seq: p.seq, end: p.end, ack: p.ack}
	switch {
	case p.rst() && p.seg.Seq.Start == 0:
		k.seq, k.end = 0, 0
	case p.pure() && !p.probe:
		k.seq, k.end = -1, -1
	case p.syn() && !p.rst():
		k.seq, k.end = 0, p.end-p.seq
	case !c.counts(p.from) && c.before != nil:
		k.seq, k.end = -1, -1 // counts from another connection's ISN
	}
	if !p.hasACK() || !c.counts(p.to()) && c.before != nil {
		k.ack = 0
	} else if c.before != nil && (p.ack < 0 || p.ack > widest) {
		k.ack = -1 // it answers what belonged to that one
	}
	return k
}

// align finds the counterparts of packets: the longest row that both have in
// common, packets that tell something before plain ACKs. It returns those of b
// that tell something and have none.
func align(a, b []*pkt) (pairs map[*pkt]*pkt, only []*pkt) {
	const telling, plain = 100, 1
	score := func(p, q *pkt) int {
		if keyOf(p) != keyOf(q) {
			return 0
		}
		if p.pure() {
			return plain
		}
		return telling
	}
	n, m := len(a), len(b)
	best := make([][]int, n+1)
	for i := range best {
		best[i] = make([]int, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			best[i][j] = max(best[i+1][j], best[i][j+1])
			if v := score(a[i], b[j]); v > 0 {
				best[i][j] = max(best[i][j], v+best[i+1][j+1])
			}
		}
	}
	pairs = map[*pkt]*pkt{}
	i, j := 0, 0
	for i < n || j < m {
		switch {
		case i < n && j < m && score(a[i], b[j]) > 0 && best[i][j] == score(a[i], b[j])+best[i+1][j+1]:
			pairs[a[i]] = b[j]
			i, j = i+1, j+1
		case i < n && (j == m || best[i+1][j] >= best[i][j+1]):
			i++
		default:
			if !b[j].plain() {
				only = append(only, b[j])
			}
			j++
		}
	}
	return pairs, only
}
