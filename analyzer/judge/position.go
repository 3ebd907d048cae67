package judge

import (
	"fmt"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

// A position is what is known of where the reset was captured (causes.md, 4.0
// and 4.2, step 2).
type position uint8

const (
	anywhere  position = iota
	atSender           // at the sender's host, told or shown by the direction: the reset left it
	notItsOwn          // at the host whose address it bears, and coming in: it is forged
)

// madeHere: the reset goes out of the capturing host without having come in,
// where the sender's other packets come in: that host made it (causes.md, 4.2,
// step 2).
func (k *Case) madeHere() (sign, bool) {
	if !k.R.Has(flow.Out) || k.cameIn || k.knownDirs() != 1 {
		return sign{}, false
	}
	return sign{kind: signLink, proof: true, frame: k.R.Frame,
		text: fmt.Sprintf("went out of the capturing host without having come in, as the %s's other packets do", k.sender())}, true
}

// knownDirs are the ways, as in flow.Side, that packets of the sender's address
// went, resets aside: those of the connection, or where there are none others.
func (k *Case) knownDirs() uint8 {
	if k.S.Packets == 0 {
		return k.S.Host.HasDirs
	}
	return k.S.HasDirs
}

// keptHere finds the segment that the reset answers, where that came in to the
// capturing host, which forwards others of its side and has not let it out.
func (k *Case) keptHere() *flow.Segment {
	if _, ok := k.madeHere(); !ok || k.form != provoked || k.conn.Copies == 0 {
		return nil
	}
	for i := range flow.RingLen {
		t := k.P.Last(i)
		if t != nil && t.Has(flow.In) && !t.Has(flow.Passed) && t.Frame >= k.trigger.Frame && (t.Ack == k.R.Seq || k.R.Is(segment.ACK)) {
			return t
		}
	}
	return nil
}

// positionOf finds the position. A direction proves the host only where its
// address is the capturing host's own: an initial TTL, and nothing of that
// address ever came in.
func (k *Case) positionOf() position {
	own := k.S.HasDirs == 2 && k.ownTTL(k.S)
	if k.j.At.IsValid() && k.j.At == k.conn.Key.Addr(k.from).Addr() {
		if k.R.Has(flow.In) {
			return notItsOwn
		}
		return atSender
	}
	switch {
	case own && k.R.Has(flow.In) && k.S.Packets >= 2:
		return notItsOwn
	case k.R.Has(flow.Out) && k.knownDirs()&1 == 0 && initial(k.R.TTL) && (k.S.Packets == 0 || k.ownTTL(k.S)):
		return atSender
	}
	return anywhere
}

// ownTTL tells whether all packets of a side bear one initial TTL.
func (k *Case) ownTTL(s *flow.Side) bool {
	ttl, _, ok := s.UsedTTL()
	return ok && initial(ttl)
}

func initial(ttl uint8) bool { return flow.InitialTTL(ttl) == ttl }

func (k *Case) atSender() bool { return k.position == atSender }

// limit is the most that a cause can reach in this capture, by what it lacks
// (causes.md, 4.3).
func (k *Case) limit() cause.Strength {
	if k.phase == alone {
		return cause.Undetermined
	}
	if k.P.Packets == 0 && k.phase != synWaiting {
		return cause.Possible // one direction
	}
	if k.phase == noSYN {
		return cause.Likely
	}
	return cause.Proven
}

// compared tells whether the reset looks like the sender's other packets:
// there are some, and its distance is that of most of them. One that differs by more
// than a path that changes makes it (causes.md, 2.1) is another's.
func (k *Case) compared() bool {
	if k.S.Packets > 0 {
		var same, other uint32
		for _, t := range k.S.TTLs {
			switch d := abs(int64(hops(t.TTL) - hops(k.R.TTL))); {
			case t.TTL == k.R.TTL:
				same = t.N
			case d > 2:
				other += t.N
			}
		}
		return same > other
	}
	for _, t := range k.S.Host.TTLs {
		if t.N > 0 && t.TTL == k.R.TTL {
			return true
		}
	}
	return false
}
