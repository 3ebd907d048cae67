package judge

import (
	"cmp"
	"net/netip"
	"slices"

	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

// A Packet is a segment that a verdict's transcript shows.
type Packet struct {
	Point        int
	Seg          flow.Segment
	Src, Dst     netip.AddrPort
	ByOriginator bool         // it bears the originator's address
	Base         segment.Base // from which its numbers count
	MSS          uint16       // of its end's SYN, 0 where it had none or was not seen
	Scale        int8         // window scale of that, -1: none
	SACK         bool         // that offered selective acknowledgments
	Omitted      int          // packets of the connection that are left out before it, as far as is known

	Also   []Passage // the same packet at other points
	Missed []int     // points that ran at its time and at which it never came by
}

// A Passage is a packet's at another point.
type Passage struct {
	Frame
	Time int64
}

// What a transcript shows beside the frames that a verdict names.
const (
	maxTranscript = 16 // packets in all
	shownBefore   = 5  // right before the reset
	shownAfter    = 3  // right after it
)

// A known segment is one that is still remembered whole, and its side.
type known struct {
	*flow.Segment
	from int
}

// Packets picks, of what is still remembered of the connection, the packets
// that matter to a verdict, in their order.
func (k *Case) Packets(v *Verdict) []Packet {
	var room [2*(flow.RingLen+3) + flow.MaxResets + 1 + maxLater]known
	all := k.remembered(room[:0])
	at := slices.IndexFunc(all, func(s known) bool { return s.Frame == k.R.Frame })
	var ranks [len(room)]rank
	for i, s := range all {
		ranks[i] = k.rank(v, s.Segment, i-at)
	}
	show := chosen(ranks[:len(all)], at)
	first, gone := k.forgotten(all[:at])
	isn, knows := [2]flow.Seq{}, [2]bool{}
	for side := range k.conn.Sides {
		isn[side], knows[side] = k.conn.Sides[side].ISN, k.conn.Sides[side].Knows(flow.KnowsISN)
	}
	list := make([]Packet, 0, min(len(all), maxTranscript))
	omitted := 0
	for i, s := range all {
		if s.Is(segment.SYN) && !s.Is(segment.RST) {
			isn[s.from], knows[s.from] = s.Seq, true
		}
		for side, frame := range first {
			if s.Frame >= frame {
				omitted += gone[side]
				gone[side] = 0
			}
		}
		if !show[i] {
			omitted++
			continue
		}
		me := &k.conn.Sides[s.from]
		list = append(list, Packet{
			Seg: *s.Segment, Src: k.conn.Key.Addr(s.from), Dst: k.conn.Key.Addr(1 - s.from), ByOriginator: s.from == k.conn.Orig,
			Base: segment.Base{Seq: uint32(isn[s.from]), SeqKnown: knows[s.from], Ack: uint32(isn[1-s.from]), AckKnown: knows[1-s.from]},
			MSS:  me.MSS, Scale: me.Scale, SACK: me.Knows(flow.OffersSACK), Omitted: omitted,
		})
		omitted = 0
	}
	return list
}

// remembered adds to all the packets of the connection that are still known
// whole, in their order.
func (k *Case) remembered(all []known) []known {
	add := func(s *flow.Segment, from int) {
		if s.Exists() {
			all = append(all, known{s, from})
		}
	}
	add(&k.R, k.from)
	for from := range k.conn.Sides {
		s := &k.conn.Sides[from]
		add(&s.LastData, from)
		if !k.conn.Recalled { // else they are made up of their numbers
			add(&s.SYN, from)
			add(&s.FIN, from)
		}
		for i := range int(min(s.Put, flow.RingLen)) {
			add(s.Last(i), from)
		}
	}
	for i := range min(k.conn.NumResets, flow.MaxResets) {
		add(&k.conn.Resets[i].Segment, k.conn.Resets[i].From)
	}
	for i := range k.later {
		add(&k.later[i].Segment, k.later[i].from)
	}
	slices.SortFunc(all, func(a, b known) int { return cmp.Compare(a.Frame, b.Frame) })
	return slices.CompactFunc(all, func(a, b known) bool { return a.Frame == b.Frame })
}

// A rank says why a packet is in a transcript: the lower, the sooner there is
// room for it.
type rank uint8

const (
	isReset rank = iota
	isNamed      // by evidence
	isNear
	isHandshake
	isExclusion
	isOther // no reason to show it
)

// rank gives a packet its rank; by is its distance from the reset.
func (k *Case) rank(v *Verdict, s *flow.Segment, by int) rank {
	is := func(f Fact) bool { return f.Frame == s.Frame }
	switch {
	case by == 0:
		return isReset
	case slices.ContainsFunc(v.Evidence, is), v.After != nil && v.After.Frame == s.Frame:
		return isNamed
	case by < 0 && by >= -shownBefore, by > 0 && by <= shownAfter:
		return isNear
	case s.Is(segment.SYN), s.Frame == k.conn.O().FirstACK.Frame:
		return isHandshake
	case slices.ContainsFunc(v.Excluded, func(x Exclusion) bool { return slices.Contains(x.Frames, s.Frame) }):
		return isExclusion
	}
	return isOther
}

// chosen tells which packets are shown: as many as there is room for, by their
// ranks, and of one rank the nearest to the reset.
func chosen(ranks []rank, at int) []bool {
	order := make([]int, len(ranks))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(ranks[a], ranks[b]), cmp.Compare(max(a-at, at-a), max(b-at, at-b)))
	})
	show := make([]bool, len(ranks))
	for _, i := range order[:min(len(order), maxTranscript)] {
		show[i] = ranks[i] < isOther
	}
	return show
}

// forgotten is, by side, how many packets before the reset are not among those
// that are remembered, and before which frame they lie.
func (k *Case) forgotten(before []known) (first [2]uint32, gone [2]int) {
	for side := range k.conn.Sides {
		s := &k.conn.Sides[side]
		gone[side] = int(s.Put)
		if oldest := s.Last(int(min(s.Put, flow.RingLen)) - 1); oldest != nil {
			first[side] = oldest.Frame
		}
	}
	for _, s := range before {
		gone[s.from] = max(gone[s.from]-1, 0)
	}
	return first, gone
}
