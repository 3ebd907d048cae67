package judge

import (
	"rstlab/analyzer/flow"
	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

// effectOf says what the receiver made of the reset: by its numbers (RFC 9293,
// 3.10.7.4; RFC 5961, 3.2), corrected by what the receiver did afterwards.
func (k *Case) effectOf() Effect {
	side := 1 - k.from
	if k.phase == alone {
		return UnknownEffect
	}
	if k.state(side) == stateClosed || k.badSum() {
		return Ignored
	}
	lives, challenged := k.receiverLives(), k.challenged()
	switch k.conn.Accepts(side, &k.R) {
	case flow.Yes:
		exact := k.R.Seq == k.P.Ack || !k.P.Knows(flow.KnowsAck)
		switch {
		case challenged && !exact:
			return Challenged
		case lives:
			return Ignored
		}
		return Accepted
	case flow.No:
		if challenged || k.inWindow() && k.P.FirstACK.Exists() {
			return Challenged
		}
		return Ignored
	}
	switch {
	case challenged:
		return Challenged
	case lives:
		return Ignored
	}
	return UnknownEffect
}

const stateClosed = "CLOSED"

// state is the state of a side before the reset: CLOSED when it had sent an
// earlier reset, or had got one that it acted upon.
func (k *Case) state(side int) string {
	for i := k.conn.Revived; i < min(k.conn.NumResets, flow.MaxResets); i++ {
		r := &k.conn.Resets[i]
		if r.From == side {
			if v := k.verdictOn(r.Frame); v == nil || v.Sender != Middlebox {
				return stateClosed
			}
			continue
		}
		effect := UnknownEffect
		if v := k.verdictOn(r.Frame); v != nil {
			effect = v.Effect
		} else if k.conn.Accepts(side, &r.Segment) == flow.Yes {
			effect = Accepted
		}
		if effect == Accepted {
			return stateClosed
		}
	}
	return k.conn.State(side)
}

// badSum tells whether the reset's checksum is wrong where those of its
// direction are right. One of the pseudo-header only is no damage: it was left
// to the network card.
func (k *Case) badSum() bool {
	return k.sum == packet.SumBad && k.S.Host.GoodSums
}

// garbled tells whether the reset is more likely another segment that was damaged:
// its checksum is wrong, and its flags are such as no stack sends together.
func (k *Case) garbled() bool {
	return k.badSum() && k.R.Flags&(segment.SYN|segment.FIN) != 0
}

// inWindow tells whether the reset's number lies in the receiver's window and
// is not the next that it expects: it must be challenged (RFC 5961, 3.2).
func (k *Case) inWindow() bool {
	return k.conn.Windows() && k.P.Knows(flow.KnowsEdge) && k.R.Seq.After(k.P.Ack) && k.R.Seq.Before(k.P.Edge)
}

// receiverLives tells whether the receiver goes on after the reset as if there
// had been none, later than what it had on the way.
func (k *Case) receiverLives() bool {
	wait := allowance + 2*k.P.RTT.Min
	if k.P.RTT.N == 0 {
		wait = 200 * ms // nothing is known of the way; as long as a delayed ACK
	}
	lives := false
	k.after(1-k.from, func(s *flow.Segment) bool {
		if s.Is(segment.RST) || s.Is(segment.SYN) || s.Has(flow.Copy) || s.Has(flow.Aimless) || s.Time-k.R.Time < wait {
			return true
		}
		lives = s.Has(flow.Fresh) || s.Is(segment.ACK) && k.P.Knows(flow.KnowsAck) && s.Ack.After(k.P.Ack)
		return !lives
	})
	return lives
}

// challenged tells whether the receiver answered the reset by an empty ACK
// that repeats its last one (RFC 5961, 3.2).
func (k *Case) challenged() bool { return k.challenge() != nil }

func (k *Case) challenge() *flow.Segment {
	if !k.P.Knows(flow.KnowsAck) {
		return nil
	}
	var found *flow.Segment
	k.after(1-k.from, func(s *flow.Segment) bool {
		if s.Is(segment.RST) || s.Has(flow.Copy) {
			return true
		}
		if s.Pure() && s.Ack == k.P.Ack && s.Seq == k.P.Nxt && s.Time-k.R.Time <= 2*k.P.RTT.Min+100*ms {
			found = s
		}
		return false // only the first thing that it does
	})
	return found
}
