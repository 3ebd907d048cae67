// Package judge says of each reset who sent it, why, how sure that is, by
// which frames, what else it could be and what would settle it. Its rules are
// a table (see rules.go) that can be read against the vocabulary of causes.
// It sees one capture point; Correlate joins several.
package judge

import (
	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

// A Judge judges the resets of one capture point. Feed it the packets in their
// order, then Close it; or let its Follower take the packets, and Hear what that
// tells, in a goroutine each.
type Judge struct {
	Follower
	// Emit is called for each verdict, in the order of the resets. The case gives
	// the verdict's Packets to whoever wants them, and is not kept.
	Emit func(*Verdict, *Case) error

	own      Events // of Take
	attempts attempts
	recents  recents
	told     map[int]*told // by connection
}

// Packet takes the next packet. It returns the error of Emit.
func (j *Judge) Packet(frame uint32, time int64, in *packet.Info) error {
	j.next.Read(&j.opening, frame, time, in)
	return j.Take(&j.next, &j.opening, func() *packet.Info { return in })
}

// Take is Packet for one that was read ahead, see Follow.
func (j *Judge) Take(s *flow.Packet, o *flow.Opening, look func() *packet.Info) error {
	j.Tell(&j.own)
	j.Follow(s, o, look)
	return j.Hear(&j.own)
}

// Close judges what still waits and lets all connections go.
func (j *Judge) Close() error {
	j.Tell(&j.own)
	j.End()
	return j.Hear(&j.own)
}

// Hear takes what happened, gives the verdicts that are due, and empties e. It
// returns the error of Emit.
func (j *Judge) Hear(e *Events) error {
	if j.told == nil {
		j.told = map[int]*told{}
	}
	var begun, turns int
	for _, m := range e.moments {
		j.attempts.learn(e.begun[begun:m.begun], e.turns[turns:m.turns])
		begun, turns = m.begun, m.turns
		switch m.what {
		case cameReset:
			j.remember(m.k)
		case dueVerdict:
			if err := j.settle(m.k); err != nil {
				return err
			}
			e.spent = append(e.spent, m.k)
		case left:
			if t := j.told[m.conn]; t != nil {
				t.left = true
				j.tidy(m.conn, t)
			}
		}
	}
	j.attempts.learn(e.begun[begun:], e.turns[turns:])
	e.reset()
	return nil
}

// remember keeps the reset for those on other connections.
func (j *Judge) remember(k *Case) {
	k.j = j
	t := j.told[k.conn.ID]
	if t == nil {
		t = new(told)
		j.told[k.conn.ID] = t
	}
	t.waiting++
	if a := j.attempts.get(k.slot); a != nil && k.conn.NumResets == 0 {
		a.reset, a.resetAt, a.resetFrom, a.resetBare = k.R.Frame, k.R.Time, uint8(k.from), !k.R.Is(segment.ACK)
	}
	idle, _ := k.idle()
	j.recents.add(recent{time: k.R.Time, frame: k.R.Frame, id: k.conn.ID, from: k.conn.Key.Addr(k.from), to: k.conn.Key.Addr(1 - k.from),
		idle: idle, form: k.form, phase: k.phase, silent: k.S.Payload == 0, toOrig: !k.byOriginator(),
		passedOn: k.form == spontaneous && k.passesOn(), bypass: k.bypasses, gotHere: k.R.Has(flow.In) && k.P.HasDirs == 2 && k.ownTTL(k.P)})
}

// told are the verdicts on the resets that a connection remembers, and the
// cases that wait for theirs.
type told struct {
	list [flow.MaxResets]*Verdict
	n    uint32

	waiting int  // resets that have no verdict yet
	left    bool // the table
}

// tidy forgets the verdicts on a connection that comes no more.
func (j *Judge) tidy(id int, t *told) {
	if t.left && t.waiting == 0 {
		delete(j.told, id)
	}
}

// settle gives the verdict on a reset.
func (j *Judge) settle(k *Case) error {
	v := k.judge()
	t := j.told[k.conn.ID]
	t.list[min(t.n, flow.MaxResets-1)] = v
	t.n++
	t.waiting--
	j.tidy(k.conn.ID, t)
	return j.Emit(v, k)
}

// verdictOn gives the verdict on an earlier reset of the case's connection.
func (k *Case) verdictOn(frame uint32) *Verdict {
	if t := k.j.told[k.conn.ID]; t != nil {
		for _, v := range t.list {
			if v != nil && v.Frame == frame {
				return v
			}
		}
	}
	return nil
}

// judge decides the case.
func (k *Case) judge() *Verdict {
	k.position = k.positionOf()
	k.signList = k.signs()
	v := k.begin()
	if e := k.volley(); e != nil {
		if first := k.verdictOn(e.Frame); first != nil && first.Cause != cause.SecondaryReset && !k.stackGoesOn(e, first) {
			return k.repeat(v, first)
		}
	}
	if k.garbled() {
		k.signList = nil
		k.undecided(v, nil)
		k.describe(v)
		return v
	}
	open, excluded := k.try(k.signList)
	v.Excluded = excluded
	i := best(open)
	if i < 0 {
		k.undecided(v, open)
	} else {
		k.decide(v, open, i)
	}
	if e := k.earlier(); e != nil && (v.Cause == cause.SecondaryReset || v.Cause == cause.NoCauseDecided) {
		v.After = &After{Frame: e.Frame, Cause: cause.NoCauseDecided}
		if first := k.verdictOn(e.Frame); first != nil {
			v.After.Cause = first.Cause
			if first.Cause == cause.SecondaryReset && first.After != nil {
				*v.After = *first.After // what began it all is what matters
			}
		}
	} else if v.Cause == cause.SecondaryReset {
		if x := k.bypass(); x != nil {
			v.After = &After{Frame: x.frame, Cause: cause.NATBypass}
		}
	}
	k.describe(v)
	return v
}
