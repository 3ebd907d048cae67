// Package judge says of each reset who sent it, why, how sure that is, by
// which frames, what else it could be and what would settle it. Its rules are
// a table (see rules.go) that can be read against the vocabulary of causes.
// It sees one capture point; Correlate joins several.
package judge

import (
	"net/netip"
	"slices"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

// Limits of the queue of resets that wait for what comes after them.
const (
	// patience is how long, in nanoseconds of capture time, a verdict waits for
	// evidence that follows the reset (causes.md, 4.1).
	patience = int64(3e9)
	// maxSums is of how many packets of a host the checksum is looked at, to know
	// whether it leaves them to its network card.
	maxSums = 8
	// maxPending is how many resets wait at once.
	maxPending = 2048
)

// A Judge judges the resets of one capture point. Feed it the packets in their
// order, then Close it. One goroutine uses it.
type Judge struct {
	At    netip.Addr                   // the host at which the capture was taken, where that is told
	Emit  func(*Verdict) error         // called for each verdict, in the order of the resets
	Ended func(*flow.Entry, *flow.End) // called for each connection that is over; neither is kept
	Drops bool                         // the capture says that it lost packets
	Log   *Log                         // where set, it keeps what Correlate needs

	Flows flow.Table
	Flood uint32 // resets judged before their time, for want of room

	began0     int64 // the first packet's time
	now        int64 // the latest time seen
	queue      []*Case
	attempts   attempts
	multipaths multipaths
	recents    recents
	told       map[int]*told // by connection
	err        error
	step       flow.Step
	next       flow.Packet
}

// Packet takes the next packet. It returns the error of Emit.
func (j *Judge) Packet(frame uint32, time int64, in *packet.Info) error {
	j.next.Read(frame, time, in)
	return j.Take(&j.next, func() *packet.Info { return in })
}

// Take is Packet for one that was read ahead. Most packets need no more than
// was read; look decodes the whole of one that does.
func (j *Judge) Take(s *flow.Packet, look func() *packet.Info) error {
	time := s.Seg.Time
	if j.told == nil {
		j.began0 = time
		j.told = make(map[int]*told)
		j.Flows.Ended = j.gone
	}
	j.now = max(j.now, time)
	switch s.Kind {
	case packet.TCP:
		j.segment(s, look)
	case packet.ICMPError:
		j.icmp(s.Seg.Frame, time, look())
	}
	for len(j.queue) > 0 && (j.queue[0].R.Time+patience < j.now || len(j.queue) > maxPending) {
		if j.queue[0].R.Time+patience >= j.now {
			j.Flood++
		}
		j.settle()
	}
	return j.err
}

// segment takes a TCP segment.
func (j *Judge) segment(s *flow.Packet, look func() *packet.Info) {
	st := &j.step
	if j.Flows.Plain(s, st) {
		if j.Log != nil {
			j.Log.add(st, look())
		}
		j.sum(st, look)
		if st.New {
			j.began(st)
		}
		return
	}
	var in *packet.Info
	if s.Special() {
		in = look()
	}
	j.Flows.Find(s, in, st)
	e := st.Entry
	if j.Log != nil {
		j.Log.add(st, look())
	}
	if e.Pending > 0 {
		j.observe(st)
	}
	var k *Case
	if st.Seg.Is(segment.RST) && !st.Seg.Has(flow.Copy) {
		k = j.newCase(st, in)
	}
	j.sum(st, look)
	j.Flows.Apply(st, in)
	if in != nil {
		j.multipaths.read(st.Conn, &st.Seg, in)
	}
	if st.New {
		j.began(st)
	}
	if k != nil {
		e.Pending++
		t := j.told[e.ID]
		if t == nil {
			t = new(told)
			j.told[e.ID] = t
		}
		t.waiting = append(t.waiting, k)
		j.remember(k)
		j.queue = append(j.queue, k)
	}
}

// sum looks at the checksums of a host's first packets.
func (j *Judge) sum(st *flow.Step, look func() *packet.Info) {
	if h := st.Entry.Host(st.From); h.Sums < maxSums && !st.Seg.Is(segment.RST) {
		h.Sums++
		h.GoodSums = h.GoodSums || look().Checksum() == packet.SumGood
	}
}

// observe shows the resets that wait on a connection what comes after them.
func (j *Judge) observe(st *flow.Step) {
	waiting := j.told[st.Entry.ID].waiting
	if st.Seg.Has(flow.Copy) && st.Seg.Is(segment.RST) {
		for _, k := range slices.Backward(waiting) { // of several alike, the last one's
			if st.From == k.from && st.Seg.Seq == k.R.Seq && st.Seg.Flags == k.R.Flags && st.Seg.ID == k.R.ID {
				k.copies = append(k.copies, Frame{N: st.Seg.Frame})
				return
			}
		}
		return
	}
	// Backwards: those before one that has all it keeps have theirs, too.
	for _, k := range slices.Backward(waiting) {
		if len(k.later) == maxLater {
			return
		}
		k.later = append(k.later, laterSegment{st.Seg, st.From})
	}
}

// remember keeps the reset for those on other connections.
func (j *Judge) remember(k *Case) {
	idle, _ := k.idle()
	j.recents.add(recent{time: k.R.Time, frame: k.R.Frame, id: k.conn.ID, from: k.conn.Key.Addr(k.from), to: k.conn.Key.Addr(1 - k.from),
		idle: idle, form: k.form, phase: k.phase, silent: k.S.Payload == 0, toOrig: !k.byOriginator(),
		passedOn: k.form == spontaneous && k.otherLeg() != nil,
		bypass:   k.form == provoked && k.S.Packets == 0 && !k.R.Is(segment.ACK) && k.trigger.Is(segment.ACK) && !k.trigger.Is(segment.SYN) && k.translated() != nil})
	if k.phase == synOnly && k.form == provoked && k.trigger.TOS>>2 != 0 && k.R.TOS>>2 == k.trigger.TOS>>2 {
		k.S.Host.Echoes = true
	}
}

// icmp notes an ICMP error about a connection.
func (j *Judge) icmp(frame uint32, time int64, in *packet.Info) {
	if c, from := j.Flows.Lookup(in); c != nil {
		c.ICMP = flow.ICMP{Frame: frame, Time: time, From: in.ICMP.From, Type: in.ICMP.Type, Code: in.ICMP.Code, About: from}
	}
}

// gone takes leave of a connection.
func (j *Judge) gone(e *flow.Entry, end *flow.End) {
	j.ended(e)
	if e.Pending == 0 && end.Resets > 0 {
		delete(j.told, e.ID)
	}
	if j.Ended != nil {
		j.Ended(e, end)
	}
}

// told are the verdicts on the resets that a connection remembers, and the
// cases that wait for theirs.
type told struct {
	list [flow.MaxResets]*Verdict
	n    uint32

	waiting []*Case // those that have no verdict yet, in their order
}

// settle gives the verdict on the first reset of the queue.
func (j *Judge) settle() {
	k := j.queue[0]
	j.queue[0] = nil
	j.queue = j.queue[1:]
	v := k.judge()
	v.Packets = k.transcript(v)
	k.live.Pending--
	t := j.told[k.conn.ID]
	t.waiting[0] = nil
	t.waiting = t.waiting[1:]
	t.list[min(t.n, flow.MaxResets-1)] = v
	t.n++
	if k.live.Gone() && k.live.Pending == 0 {
		delete(j.told, k.conn.ID)
	}
	if j.err == nil {
		j.err = j.Emit(v)
	}
}

// Close judges what still waits and lets all connections go.
func (j *Judge) Close() error {
	for len(j.queue) > 0 {
		j.settle()
	}
	j.Flows.Close()
	return j.err
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
	if k.overtook = k.overtaken(k.slack()); k.overtook.Exists() && k.form != provoked && k.earlier() != nil {
		k.form, k.trigger = provoked, k.overtook // no socket is left that could have sent it
	}
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
