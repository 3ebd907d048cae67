package derive

import (
	"fmt"
	"slices"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/internal/segment"
)

// What is kept of a transfer: so many data segments of each direction at its
// beginning, and before everything that stands out.
const (
	foldBegin = 4
	foldEnd   = 3
	foldLeast = 6 // fewer are not worth a gap
)

// A fold is a part of a transfer that was left out.
type fold struct {
	conn        *conn
	first, last int      // frames
	packets     int      // that tell something
	bytes       [2]int64 // of data
	resets      int      // that answer what was on its way
	ending      bool     // the rest of a connection that keeps the chosen one company
}

// String says what was left out.
func (f fold) String() string {
	text := fmt.Sprintf("frames %d to %d, ", f.first, f.last)
	const answers = "%d resets that answer what was on its way"
	switch {
	case f.ending:
		return text + fmt.Sprintf("how connection %d goes on", f.conn.record.Ref.ID)
	case f.resets > 0 && f.resets == f.packets:
		return text + fmt.Sprintf(answers, f.resets)
	case f.resets > 0:
		g := f
		g.resets = 0
		return g.String() + " and " + fmt.Sprintf(answers, f.resets)
	case f.bytes[originator] > 0 && f.bytes[responder] > 0:
		return text + fmt.Sprintf("%d bytes one way and %d the other", f.bytes[originator], f.bytes[responder])
	case f.bytes[originator] > 0:
		return text + fmt.Sprintf("%d bytes of the originator", f.bytes[originator])
	case f.bytes[responder] == 0:
		return text + fmt.Sprintf("%d packets", f.packets)
	}
	return text + fmt.Sprintf("%d bytes of the responder", f.bytes[responder])
}

// mostPackets of a connection are told, around the first reset that is asked
// for: a flood of resets, or an hour of retransmissions, is known by its
// beginning.
const mostPackets = 400

// limit leaves out what lies too far from the reset.
func (s *story) limit(c *conn) {
	if len(c.packets) <= mostPackets {
		return
	}
	reset := slices.IndexFunc(c.packets, func(p *pkt) bool { return p.rst() && slices.Contains(s.chosen.Verdicts, p.verdict) })
	if reset < 0 {
		reset = slices.IndexFunc(c.packets, (*pkt).rst)
	}
	const begin, behind = 10, 50
	end := min(max(reset, 0)+behind, len(c.packets))
	start := max(end-mostPackets+begin, begin)
	if end < len(c.packets) {
		rest := c.packets[end:]
		s.folds = append(s.folds, fold{conn: c, first: rest[0].frame(), last: rest[len(rest)-1].frame(), ending: true})
	}
	if start > begin {
		middle := c.packets[begin:start]
		s.folds = append(s.folds, fold{conn: c, first: middle[0].frame(), last: middle[len(middle)-1].frame(), packets: len(middle)})
	}
	kept := slices.Concat(c.packets[:begin], c.packets[start:end])
	for _, p := range kept {
		if p.again != nil && !slices.Contains(kept, p.again) {
			p.again = nil // it is the first that is told
		}
	}
	c.packets = kept
	for _, x := range []side{originator, responder} {
		var nxt int64
		for i, p := range kept {
			if p.from != x || p.rst() || p.stray {
				continue
			}
			if i >= begin && p.seq > nxt && nxt > 0 {
				c.shorten(x, begin, cut{nxt, p.seq})
				break
			}
			nxt = max(nxt, p.end)
		}
	}
}

// curtail ends a connection that only keeps the chosen one company: after the
// last packet that a verdict on that one names, its own resets, and what it
// takes to see that it lives.
func (s *story) curtail(c *conn) {
	if c.next != nil || slices.ContainsFunc(s.chosen.Verdicts, func(v *analyzer.Verdict) bool { return v.Connection.ID == c.record.Ref.ID && v.File == c.record.File }) {
		return
	}
	named := map[frameRef]bool{}
	for _, v := range s.chosen.Verdicts {
		for _, e := range v.Evidence {
			file := e.File
			if file == "" {
				file = v.File
			}
			named[frameRef{file, e.Frame}] = true
		}
	}
	last, data := 0, false
	for i, p := range c.packets {
		first := p.len() > 0 && !data
		data = data || first
		if named[p.frames[0]] || named[p.frames[1]] || p.rst() || first || p.syn() {
			last = i
		}
	}
	if rest := c.packets[last+1:]; len(rest) >= foldLeast {
		f := fold{conn: c, first: rest[0].frame(), last: rest[len(rest)-1].frame(), ending: true}
		s.folds = append(s.folds, f)
		c.packets = c.packets[:last+1]
	}
}

// A cut is a range of a direction's numbers that was left out.
type cut struct{ from, to int64 }

// fold cuts long transfers down: data that was sent once, in order, and
// acknowledged, away from all that stands out.
func (c *conn) fold(verdicts []*analyzer.Verdict) []fold {
	flood := c.flood(verdicts)
	keep := c.keep(verdicts, flood)
	var cuts [2][]cut
	var folds []fold
	drop := map[*pkt]bool{}
	flush := func(run []*pkt) {
		f := fold{conn: c}
		least := foldLeast
		for _, p := range run {
			switch {
			case p.rst():
				f.resets++
				f.packets++
			case p.len() > 0:
				f.bytes[p.from] += p.len()
				f.packets++
			}
			if flood[p] {
				least = 1 // what it answers, or what answers it, is left out, too
			}
		}
		if f.packets < least {
			return
		}
		f.first, f.last = run[0].frame(), run[len(run)-1].frame()
		for _, p := range run {
			drop[p] = true
			if p.len() > 0 {
				cuts[p.from] = append(cuts[p.from], cut{p.seq, p.end})
			}
		}
		folds = append(folds, f)
	}
	var run []*pkt
	for _, p := range c.packets {
		if keep[p] {
			flush(run)
			run = nil
			continue
		}
		run = append(run, p)
	}
	flush(run)
	if c.skipped > 0 {
		folds = merged(folds, c.foldSkipped(&cuts))
	}
	c.apply(drop, cuts)
	return folds
}

// merged adds a fold to the others: to the one that it is a part of, if there is
// one.
func merged(folds []fold, f fold) []fold {
	for i, g := range folds {
		if g.first <= f.first && f.last <= g.last {
			folds[i].packets += f.packets
			for x, n := range f.bytes {
				folds[i].bytes[x] += n
			}
			return folds
		}
	}
	return append(folds, f)
}

// What is kept of a row of resets, each of which answers a segment that was on
// its way when its sender had ended: so many at its beginning, and the last.
const floodBegin = 2

// flood finds the resets that tell no more than those before them, and the
// segments that they answer: how many there are is how much was on its way.
func (c *conn) flood(verdicts []*analyzer.Verdict) map[*pkt]bool {
	flood := map[*pkt]bool{}
	for _, x := range []side{originator, responder} {
		var row []*pkt
		end := func() {
			if n := len(row) - floodBegin - 1; n >= foldLeast {
				for _, p := range row[floodBegin : floodBegin+n] {
					flood[p], flood[p.trigger] = true, true
				}
			}
			row = nil
		}
		for _, p := range c.packets {
			switch {
			case p.from != x || p.plain():
			case !p.answersData() || p.verdict == nil || p.verdict.Cause != cause.SecondaryReset:
				end()
			default:
				if len(row) > 0 && row[0].seq != p.seq {
					end()
				}
				row = append(row, p)
			}
		}
		end()
	}
	named := c.restedUpon(verdicts)
	for _, p := range c.packets {
		if flood[p] && p.rst() && (named[p.frame()] || named[p.trigger.frame()]) {
			delete(flood, p)
			delete(flood, p.trigger)
		}
	}
	return flood
}

// restedUpon are the frames that others rest upon: evidence of verdicts on other
// than secondary resets, and first transmissions.
func (c *conn) restedUpon(verdicts []*analyzer.Verdict) map[int]bool {
	named := map[int]bool{}
	for _, v := range verdicts {
		if v.Cause != cause.SecondaryReset {
			for _, e := range v.Evidence {
				named[e.Frame] = true
			}
		}
	}
	for _, p := range c.packets {
		if p.again != nil {
			named[p.again.frame()] = true
		}
	}
	return named
}

// answersData tells whether p is a reset that answers data, sent for the first time.
func (p *pkt) answersData() bool {
	return p.rst() && p.form == provoked && p.trigger.len() > 0 && p.trigger.again == nil && !p.trigger.probe && !p.trigger.fin()
}

// keep tells which packets stay.
func (c *conn) keep(verdicts []*analyzer.Verdict, flood map[*pkt]bool) map[*pkt]bool {
	special := c.special(verdicts)
	keep := map[*pkt]bool{}
	var begun [2]int
	for _, p := range c.packets {
		if p.again != nil {
			keep[p.again] = true
		}
		if p.rst() && p.trigger != nil && !flood[p] {
			keep[p.trigger] = true
		}
		if !flood[p] && (special[p] || begun[p.from] < foldBegin && p.len() > 0) {
			keep[p] = true
		}
		if p.len() > 0 {
			begun[p.from]++
		}
	}
	c.keepBefore(special, flood, keep)
	return keep
}

// special finds what is more than data and the ACKs of it, or is evidence.
func (c *conn) special(verdicts []*analyzer.Verdict) map[*pkt]bool {
	evidence := map[int]bool{}
	for _, v := range verdicts {
		for _, e := range v.Evidence {
			evidence[e.Frame] = true
		}
	}
	special := map[*pkt]bool{}
	for _, p := range c.packets {
		special[p] = p.end > p.seq+p.len() || p.len() == 0 && !p.plain() || p.again != nil || p.probe || p.assumed != "" || evidence[p.frame()]
	}
	return special
}

// keepBefore keeps of each side the last data before what is special, and before
// the end.
func (c *conn) keepBefore(special, flood, keep map[*pkt]bool) {
	var left [2]int
	for i := len(c.packets) - 1; i >= 0; i-- {
		p := c.packets[i]
		if flood[p] {
			continue
		}
		if special[p] && (p.rst() || p.fin() || p.again != nil || p.probe || p.told) {
			left = [2]int{foldEnd, foldEnd}
		}
		if i == len(c.packets)-1 {
			left = [2]int{foldEnd, foldEnd}
		}
		if p.len() > 0 && left[p.from] > 0 {
			left[p.from]--
			keep[p] = true
		}
	}
}

// foldSkipped cuts out what was not even kept in memory.
func (c *conn) foldSkipped(cuts *[2][]cut) fold {
	f := fold{conn: c, packets: c.skipped}
	var nxt [2]int64
	gap := false
	for _, p := range c.packets {
		gap = gap || p.afterGap
		if !gap {
			nxt[p.from] = max(nxt[p.from], p.end)
			f.first = p.frame() + 1
			continue
		}
		if f.last == 0 {
			f.last = p.frame() - 1
		}
		if p.seq > nxt[p.from] && f.bytes[p.from] == 0 {
			f.bytes[p.from] = p.seq - nxt[p.from]
			cuts[p.from] = append(cuts[p.from], cut{nxt[p.from], p.seq})
		}
	}
	return f
}

// apply takes out what was dropped and closes the gaps in the numbers.
func (c *conn) apply(drop map[*pkt]bool, cuts [2][]cut) {
	var kept []*pkt
	var acked [2]int64 // by each side, so far
	for _, p := range c.packets {
		if drop[p] {
			continue
		}
		n := p.end - p.seq
		p.seq = shortened(cuts[p.from], p.seq)
		p.end = p.seq + n
		if p.hasACK() {
			was := p.ack
			p.ack = shortened(cuts[p.to()], p.ack)
			if p.plain() && p.ack < was && p.ack <= acked[p.from] && within(cuts[p.to()], was) {
				continue // it acknowledges what was left out
			}
			acked[p.from] = max(acked[p.from], p.ack)
		}
		kept = append(kept, p)
	}
	c.packets = kept
	c.cuts = cuts
}

// within tells whether an acknowledgment is of what was left out.
func within(cuts []cut, ack int64) bool {
	return slices.ContainsFunc(cuts, func(c cut) bool { return c.from < ack && ack <= c.to })
}

// shortened is a number after the cuts.
func shortened(cuts []cut, n int64) int64 {
	short := n
	for _, c := range cuts {
		if n > c.from {
			short -= min(n, c.to) - c.from
		}
	}
	return short
}

// split cuts segments that were captured before the network card cut them, and
// takes a FIN off the data that it rides on: when a program closes decides that,
// and a kernel mostly sends it alone.
func (c *conn) split() {
	var all []*pkt
	var ended [2]bool // it had sent its FIN: one with data is both of them again
	for _, p := range c.packets {
		mss := int64(c.mss)
		rides := p.fin() && p.len() > 0 && !ended[p.from]
		ended[p.from] = ended[p.from] || p.fin()
		if p.rst() || p.syn() || !c.existed || p.len() <= mss && !rides {
			all = append(all, p)
			continue
		}
		if rides {
			fin := *p
			fin.seq, fin.data = p.seq+p.len(), nil
			fin.seg.Length, fin.seg.Seq = ptr(uint32(0)), ptr(*p.seg.Seq)
			fin.seg.Seq.Start += uint32(p.len())
			fin.seg.Seq.HasEnd = false
			fin.seg.Flags &^= segment.PSH
			p.seg.Flags &^= segment.FIN
			p.end--
			all = append(all, c.pieces(p)...)
			all = append(all, &fin)
			continue
		}
		c.tooLong = append(c.tooLong, p.frame())
		all = append(all, c.pieces(p)...)
	}
	c.packets = all
}

// pieces are a data segment as it went over the wire.
func (c *conn) pieces(p *pkt) []*pkt {
	mss := int64(c.mss)
	if p.len() <= mss {
		return []*pkt{p}
	}
	var all []*pkt
	for from := int64(0); from < p.len(); from += mss {
		q := *p
		n := min(mss, p.len()-from)
		q.seq, q.end = p.seq+from, p.seq+from+n
		q.seg.Length = ptr(uint32(n))
		q.seg.Seq = ptr(*p.seg.Seq)
		q.seg.Seq.Start += uint32(from)
		q.seg.Seq.End = q.seg.Seq.Start + uint32(n)
		if p.data != nil {
			q.data = p.data[min(from, int64(len(p.data))):min(from+n, int64(len(p.data)))]
		}
		all = append(all, &q)
	}
	return all
}
