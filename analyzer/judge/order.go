package judge

import (
	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

// shuffle is by how much, in nanoseconds, packets can have changed places with
// nothing to betray it (causes.md, 4.3).
const shuffle = int64(2e6)

// slack is how near to each other two packets of the connection must be for
// their order to be in doubt.
func (k *Case) slack() int64 {
	if k.S.Knows(flow.Reordered) || k.P.Knows(flow.Reordered) {
		return allowance
	}
	return shuffle
}

// overtaken finds what may have drawn the reset though it was captured after
// it: the peer's first segment from which a bare RST can have its number, one
// with payload rather than another, so close behind it that the two may have
// changed places.
func (k *Case) overtaken(within int64) flow.Segment {
	var found flow.Segment
	if k.R.Is(segment.ACK) {
		return found // its acknowledgment tells what its sender had
	}
	k.after(1-k.from, func(s *flow.Segment) bool {
		if s.Time-k.R.Time > within {
			return false
		}
		if s.Is(segment.ACK) && !s.Is(segment.RST) && !s.Has(flow.Copy) && s.Ack == k.R.Seq && (!found.Exists() || s.Len > 0) {
			found = *s
		}
		return found.Len == 0
	})
	return found
}

// changedPlaces tells whether a reset and an earlier one of the same name may
// have changed places: both answer segments, and the number of the later one
// was acknowledged before that of the earlier; or the later one is an abort,
// and the earlier what a stack answers that has no socket left.
func (k *Case) changedPlaces(e *flow.Reset) bool {
	if e.From != k.from || e.Is(segment.ACK) || k.R.Time-e.Time > k.slack() {
		return false
	}
	for i := k.conn.Revived; i < min(k.conn.NumResets, flow.MaxResets); i++ {
		if r := &k.conn.Resets[i]; r.Frame != e.Frame && r.From == k.from && !r.Is(segment.ACK) && !r.Seq.After(k.R.Seq) {
			return false // with that number or a lower one it had answered before
		}
	}
	if k.R.Is(segment.ACK) {
		return k.form == spontaneous
	}
	return k.form == provoked && k.R.Seq.Before(e.Seq) && !e.Seq.After(k.S.Nxt) && (k.trigger.Frame < e.Frame || k.trigger.Len > 0)
}

// abortBehind tells whether an abort of the same sender was captured so close
// behind the reset that the two may have changed places.
func (k *Case) abortBehind() bool {
	found := false
	k.after(k.from, func(s *flow.Segment) bool {
		found = found || s.Time-k.R.Time <= k.slack() && s.Is(segment.RST|segment.ACK) && !s.Has(flow.Copy)
		return !found
	})
	return found && !k.R.Is(segment.ACK)
}

// sentBehind tells whether what was captured of the sender right behind the
// reset leads up to a number: it was sent before, then.
func (k *Case) sentBehind(n flow.Seq) bool {
	sent := false
	k.after(k.from, func(s *flow.Segment) bool {
		sent = sent || s.Time-k.R.Time <= allowance && !s.Is(segment.RST) && !s.Is(segment.SYN) && s.End() == n
		return !sent
	})
	return sent
}

// heardBehind tells whether the peer acknowledged a number so close behind the
// reset that it may have done so before: by an ACK alone, or by one that is new.
func (k *Case) heardBehind(n flow.Seq) bool {
	heard := false
	k.after(1-k.from, func(s *flow.Segment) bool {
		heard = heard || s.Time-k.R.Time <= k.slack() && s.Is(segment.ACK) && !s.Is(segment.RST) && s.Ack.After(n) && (s.Pure() || s.Ack.After(k.S.Una))
		return !heard
	})
	return heard
}

// reopened tells whether the reset's sender began a new connection on the same
// ports right behind it: then it may answer a packet of that one.
func (k *Case) reopened() bool {
	found := false
	to := k.conn.Key.Addr(1 - k.from)
	k.tries(k.from, 1<<62, func(a *attempt, _ outcome) {
		d := a.time - k.R.Time
		found = found || a.target() == to.Addr() && a.rport == to.Port() && a.oport == k.conn.Key.Port(k.from) && d >= 0 && d <= k.slack()
	})
	return found
}

// prompt tells whether a stack can have answered a segment by the reset: some
// round trips, or what a busy host takes, and not seconds later.
func (k *Case) prompt(t *flow.Segment) bool {
	if k.S.RTT.N == 0 {
		return k.since(t) <= 1e9
	}
	return k.since(t) <= max(200*ms, 20*k.S.RTT.Min)
}
