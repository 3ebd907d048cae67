package flow

import (
	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

// classify sets the marks of a segment that depend on its connection.
func (c *Conn) classify(from int, s *Segment) {
	me, peer := &c.Sides[from], &c.Sides[1-from]
	if first, ok := me.repeated(peer, s, c.doubled(), c.SameWay); ok {
		s.Marks |= Copy
		if first != nil {
			if first.Has(In) && s.Has(Out) {
				first.Marks |= Passed
			}
			c.SameWay = c.SameWay || dirsOf(first) == dirsOf(s)
		}
		return
	}
	if s.Is(segment.ACK) && peer.Knows(KnowsNxt) && s.Seq != 0 {
		if d := s.Ack.Minus(peer.Nxt); d > 0 {
			s.Marks |= AckUnseen
		}
	}
	if !me.Knows(KnowsNxt) || s.Is(segment.RST) || s.Is(segment.SYN) {
		if s.Is(segment.SYN) && me.Knows(KnowsISN) && me.ISN == s.Seq {
			s.Marks |= Again
		} else if s.End() != s.Seq {
			s.Marks |= Fresh
		}
		return
	}
	if me.isProbe(peer, s) {
		s.Marks |= Probe
		return
	}
	end := s.End()
	switch {
	case !s.Seq.After(me.Nxt):
		if s.Seq == me.Nxt {
			break
		}
		if end == s.Seq {
			return // an ACK that was overtaken
		}
		if me.HoleFrom != me.HoleTo && s.Seq.In(me.HoleFrom, me.HoleTo-1) {
			s.Marks |= Late
			return
		}
		s.Marks |= Again
	case c.within(me, peer, s):
		s.Marks |= Ahead
	default:
		s.Marks |= Aimless
		return
	}
	if end.After(me.Nxt) {
		s.Marks |= Fresh
	}
}

// within tells whether a segment that begins beyond all that was seen can
// still belong to the connection.
func (c *Conn) within(me, peer *Side, s *Segment) bool {
	if c.Windows() && peer.Knows(KnowsEdge) {
		return !s.Seq.After(peer.Edge + 1<<16) // the capture may lack the last window update
	}
	return s.Seq.Minus(me.Nxt) < jump
}

// isProbe tells whether a segment is shaped like a keepalive or a window
// probe: RFC 9293, 3.8.4 and 3.8.6.1; Linux tcp_xmit_probe_skb; BSD sends the
// byte at the window's edge.
func (s *Side) isProbe(peer *Side, seg *Segment) bool {
	if seg.Flags&(segment.SYN|segment.FIN|segment.RST|segment.ACK) != segment.ACK || seg.Len > 1 {
		return false
	}
	if seg.Seq+1 == s.Nxt && (s.Knows(KnowsUna) && !s.Una.Before(s.Nxt) || peer.Packets == 0 && seg.Len == 0) {
		return true // all is acknowledged, as far as was seen, and yet it sends below that
	}
	closed := peer.Packets > 0 && peer.Win == 0
	return closed && (seg.Seq+1 == s.Una || seg.Len == 1 && s.Knows(KnowsUna) && seg.Seq == s.Una)
}

// copyDepth is among how many of a side's last segments a copy is looked for.
const copyDepth = 4

// hostPackets is how many of a connection's packets count for what its hosts
// look like.
const hostPackets = 4

// repeated tells whether a segment is a second sighting, and of which one in the
// ring; nil where that is not remembered. Two equal resets that went the same way by
// a forwarding host are two, unless others of the connection were seen twice
// going the same way, as on a bridge and on its port.
func (s *Side) repeated(peer *Side, seg *Segment, doubled, sameWay bool) (first *Segment, ok bool) {
	depth := copyDepth
	if seg.Len > 0 && s.Knows(KnowsNxt) && seg.Seq.Before(s.Nxt) {
		depth = RingLen // one of a burst that a router passed on whole
	}
	window := copyWindow
	if n := s.IDSteps; seg.ID != 0 && n.Same == 0 && n.One+n.Small+n.Other > 0 || s.Packets == 1 && seg.ID != 0 {
		window = radioWindow
	}
	for i := range depth {
		old := s.Last(i)
		if old == nil || seg.Time-old.Time > window || old.Time-seg.Time > window {
			return nil, false
		}
		if !alike(old, seg) {
			continue
		}
		switch {
		case seg.ID != 0, seg.Len > 0, seg.Is(segment.SYN), seg.Is(segment.FIN):
			return old, true
		case !seg.Is(segment.RST):
			return old, seg.TTL != old.TTL // pure ACKs of a stack that sets no identification may repeat
		case !sameWay && sameDirs(old, seg) && s.twoTriggers(peer, old, seg):
			continue
		}
		return old, doubled || old.Has(In) && seg.Has(Out) && old.TTL == seg.TTL+1 || !s.twoTriggers(peer, old, seg)
	}
	return nil, depth == RingLen && s.sentBefore(seg)
}

// sameDirs tells whether two equal segments went the same way by a host: both in,
// both out, or the second out when the first had been passed on already.
func sameDirs(old, seg *Segment) bool {
	return dirsOf(seg) != 0 && dirsOf(seg) == dirsOf(old) || seg.Has(Out) && old.Has(Passed)
}

// alike tells whether two segments are one packet by all that is kept of them; a
// router between the sightings takes one off its TTL.
func alike(a, b *Segment) bool {
	d := int(a.TTL) - int(b.TTL)
	return a.Seq == b.Seq && a.Ack == b.Ack && a.Flags == b.Flags && a.Len == b.Len && a.Win == b.Win &&
		a.ID == b.ID && a.TSVal == b.TSVal && a.TSEcr == b.TSEcr && -1 <= d && d <= 1
}

// sentBefore tells whether payload that was seen already left before all that is
// remembered: the identification counts up, and what is sent again has a new one.
// It is the second sighting of one of a long burst.
func (s *Side) sentBefore(seg *Segment) bool {
	oldest, n := s.Last(RingLen-1), s.IDSteps
	if oldest == nil || seg.Len == 0 || n.One+n.Small < RingLen || n.Zero+n.Same+n.Other > 0 || s.HoleFrom != s.HoleTo && seg.Seq.In(s.HoleFrom, s.HoleTo-1) {
		return false
	}
	back, ttl := oldest.ID-seg.ID, int(oldest.TTL)-int(seg.TTL)
	return back > 0 && back < 1024 && ttl >= -1 && ttl <= 1 && seg.End().Minus(oldest.Seq) <= 0 && seg.Time-oldest.Time <= copyWindow && oldest.Time-seg.Time <= copyWindow
}

// dirsOf gives the way that a segment went: bit 0, it came in, bit 1, it went out.
func dirsOf(s *Segment) (dirs uint8) {
	if s.Has(In) {
		dirs |= 1
	}
	if s.Has(Out) {
		dirs |= 2
	}
	return dirs
}

// doubled tells whether the connection's packets come twice, as a mirror of both
// ways of a port shows them: most of those that can be told from others do.
func (c *Conn) doubled() bool {
	return 3*c.Copies > c.Sides[0].Packets+c.Sides[1].Packets
}

// twoTriggers tells whether the peer sent two segments to which the two equal
// resets can be the answers: a stack answers at once, so those come about as
// close to each other as the answers.
func (s *Side) twoTriggers(peer *Side, first, second *Segment) bool {
	var n int
	var last int64
	for i := range RingLen {
		p := peer.Last(i)
		if p == nil {
			break
		}
		if p.Frame > first.Frame {
			return true
		}
		if n > 0 && last-p.Time > second.Time-first.Time+copyWindow {
			break
		}
		if p.Is(segment.ACK) && p.Ack == second.Seq || !p.Is(segment.ACK) && p.End() == second.Ack {
			n++
			last = p.Time
		}
	}
	return n > 1 && !second.Is(segment.ACK)
}

// apply brings the connection up to date.
func (c *Conn) apply(from int, x *Packet, o *offer, in *packet.Info) {
	s := &x.Seg
	me, peer := &c.Sides[from], &c.Sides[1-from]
	if s.Has(Copy) {
		c.Copies++
		return
	}
	c.pass(s)
	if s.cut != 0 {
		c.Cuts++
	}
	if x.is&multipath != 0 {
		c.MPTCP.read(from, s, in)
	}
	if s.Is(segment.RST) {
		me.Resets++
		if me.Packets+me.Resets == 1 {
			me.First = s.Seq
		}
		c.Resets[min(c.NumResets, MaxResets-1)] = Reset{*s, from}
		c.NumResets++
		me.put(s)
		return
	}
	first := me.Packets == 0
	if first {
		me.First = s.Seq
	}
	me.Packets++
	me.HasDirs |= dirsOf(s)
	me.Payload += uint64(s.Len)
	countTTL(&me.TTLs, s.TTL)
	if me.Packets <= hostPackets {
		countTTL(&me.Host.TTLs, s.TTL)
		me.Host.HasDirs |= dirsOf(s)
	}
	// A SYN-ACK has no number of the socket's chain on Linux (it is 0 there), so
	// the first packet after it begins one.
	me.countID(s, first || s.Is(segment.SYN) || !me.FirstACK.Exists() && me.SYN.Is(segment.SYN|segment.ACK))
	if x.is&hasMAC != 0 {
		me.countMAC(x.mac)
	}
	if s.Is(segment.SYN) {
		c.syn(from, s, o)
	} else if !me.FirstACK.Exists() && s.Is(segment.ACK) {
		me.FirstACK = s.Stamp()
	}
	me.stamp(s)
	if s.Has(Aimless) {
		me.put(s)
		return
	}
	c.sent(me, s)
	if s.Is(segment.FIN) && peer.Knows(KnowsAck) && peer.Ack.After(me.FinSeq) {
		me.Known |= FINAcked // the acknowledgment overtook it
	}
	if s.Is(segment.ACK) {
		c.acked(me, peer, s)
	}
	me.window(peer, s, c.Windows())
	me.put(s)
}

// pass notes the time.
func (c *Conn) pass(s *Segment) {
	if d := s.Time - c.LastTime; d >= MinPause {
		c.Longest = max(c.Longest, c.Pause.To-c.Pause.From)
		c.Pause = Pause{From: c.LastTime, To: s.Time, After: s.Frame}
		for i := range c.Sides {
			if l := c.Sides[i].Last(0); l != nil {
				c.Pause.Before = max(c.Pause.Before, l.Frame)
			}
		}
	}
	c.LastTime = max(c.LastTime, s.Time)
}

// syn reads a SYN.
func (c *Conn) syn(from int, s *Segment, o *offer) {
	me := &c.Sides[from]
	if !c.Seen {
		// the capture holds later packets of it before: reordered, or another's
		c.Seen = true
		if s.Is(segment.ACK) {
			c.Orig = 1 - from
		} else {
			c.Orig = from
		}
	}
	if !me.SYN.Exists() {
		me.SYN = *s
	}
	me.LastSYN = s.Stamp()
	me.SYNs++
	if !s.Is(segment.ACK) {
		c.Revived = c.NumResets // a SYN sent again after a reset tries anew
	}
	me.ISN = s.Seq
	me.Known |= KnowsISN | o.known
	me.Scale, me.MSS, me.Layout, me.Signed = o.scale, o.mss, o.layout, o.signed
}

// stamp reads the timestamp option.
func (s *Side) stamp(seg *Segment) {
	if !seg.Has(HasTS) {
		return
	}
	if !seg.Is(segment.SYN) {
		s.Known |= UsesTS
	}
	if s.FirstTSAt == 0 {
		s.FirstTS, s.FirstTSAt = seg.TSVal, seg.Time
	} else if int32(seg.TSVal-s.LastTS) < 0 {
		return // reordered
	}
	s.LastTS, s.LastTSAt, s.LastEcr = seg.TSVal, seg.Time, seg.TSEcr
}

// sent follows the sequence numbers of what a side sent.
func (c *Conn) sent(me *Side, s *Segment) {
	end := s.End()
	switch {
	case !me.Knows(KnowsNxt):
		me.Nxt, me.Una = end, s.Seq
		me.Known |= KnowsNxt
	case s.Has(Ahead):
		me.HoleFrom, me.HoleTo, me.HoleAt = me.Nxt, s.Seq, s.Time
		c.Missing++
		me.Nxt = end
	case s.Has(Late):
		if s.Time-me.HoleAt <= lateWindow {
			me.Known |= Reordered
		}
		if s.Seq == me.HoleFrom {
			me.HoleFrom = end
		}
		if !me.HoleFrom.Before(me.HoleTo) {
			me.HoleFrom = me.HoleTo
			c.Missing -= min(c.Missing, 1)
		}
	case s.Is(segment.SYN) && me.SYNs == 1 && !me.Nxt.In(end, end+1<<16), end.After(me.Nxt):
		me.Nxt = end
	}
	if s.Is(segment.FIN) {
		me.FINs++
		if !me.FIN.Exists() {
			me.FIN = *s
		}
		me.FinSeq = end - 1
		me.Known |= HasFIN
	}
	if s.Len > 0 && !s.Has(Probe) {
		if !me.FirstData.Exists() {
			me.FirstData = s.Stamp()
		}
		if !s.Has(Again) {
			me.LastData = *s
		}
	}
	switch {
	case s.Has(Probe):
		me.probe(s)
	case end != s.Seq:
		me.Probes.N = 0
		me.transmit(s)
		me.time(s)
	}
}

// probe counts a probe.
func (s *Side) probe(seg *Segment) {
	p := &s.Probes
	switch {
	case p.N == 0 || p.Start != seg.Seq:
		p.begin(seg.Seq)
	case p.Heard.Exists():
		p.Beaten++
		p.Heard = Stamp{}
	}
	p.add(seg.Stamp(), seg.Len)
}

// transmit counts the transmissions of what begins at the first number that is
// not acknowledged.
func (s *Side) transmit(seg *Segment) {
	switch {
	case s.Sent.N > 0 && s.Sent.Start == seg.Seq:
		s.Sent.add(seg.Stamp(), seg.Len)
	case seg.Has(Again) && s.Ended.N > 0 && s.Ended.Start == seg.Seq:
		// An answer was seen here and did not reach the sender.
		s.Sent.end(&s.Ended)
		s.Sent.Beaten++
		s.Sent.Heard = Stamp{}
		s.Sent.add(seg.Stamp(), seg.Len)
	case !s.Knows(KnowsUna), s.Sent.N == 0 && (seg.Seq == s.Una || seg.Has(Again)): // without acknowledgments only what is sent next tells that it went on
		s.recall(seg.Seq)
		s.Sent.add(seg.Stamp(), seg.Len)
	}
}

// recall begins the run with the transmissions of a number that the ring still
// holds.
func (s *Side) recall(start Seq) {
	s.Sent.begin(start)
	for i := RingLen - 1; i >= 0; i-- {
		if old := s.Last(i); old != nil && old.Seq == start && old.End() != start && !old.Is(segment.RST) && !old.Has(Probe) {
			s.Sent.add(old.Stamp(), old.Len)
		}
	}
}

// time begins to time a segment towards the peer. What is sent again can't be
// timed (Karn).
func (s *Side) time(seg *Segment) {
	switch {
	case seg.Has(Again) || seg.Has(Late):
		s.samples = false
	case !s.samples:
		s.samples, s.sample, s.sampleAt = true, seg.End(), seg.Time
		s.sampled = seg.Is(segment.SYN)
	}
}

// acked follows the acknowledgments that a side sent of the peer's numbers.
func (c *Conn) acked(me, peer *Side, s *Segment) {
	if peer.Probes.N > 0 && !peer.Probes.Heard.Exists() && !s.Has(Probe) {
		peer.Probes.Heard = s.Stamp()
	}
	if s.Has(AckUnseen) && !c.misses(me, peer, s) {
		return
	}
	switch {
	case !me.Knows(KnowsAck) || s.Ack.After(me.Ack):
		me.Ack = s.Ack
		me.Known |= KnowsAck
		me.DupAcks = 0
	case s.Ack == me.Ack && s.Pure():
		me.DupAcks++
	case s.Ack.Before(me.Ack):
		return // overtaken
	}
	if !peer.Knows(KnowsNxt) {
		peer.Nxt, peer.Una = s.Ack, s.Ack
		peer.Known |= KnowsNxt | KnowsUna
		return
	}
	if peer.samples && !s.Ack.Before(peer.sample) {
		peer.samples = false
		d := s.Time - peer.sampleAt
		me.RTT.add(d, peer.sampled)
		me.Host.countRTT(d)
	}
	if peer.Knows(HasFIN) && s.Ack.After(peer.FinSeq) {
		peer.Known |= FINAcked
	}
	if peer.Knows(KnowsUna) && !s.Ack.After(peer.Una) {
		// An answer that repeats itself still ends a run that it covers: the run
		// was taken up again after an earlier one.
		peer.answered(s)
		return
	}
	peer.Una = s.Ack
	peer.Known |= KnowsUna
	peer.answered(s)
	if peer.Sent.N == 0 && peer.Una.Before(peer.Nxt) {
		peer.recall(peer.Una)
	}
}

// misses notes what an acknowledgment says that the capture lacks of the peer's,
// and tells whether it does: else its number is foreign.
func (c *Conn) misses(me, peer *Side, s *Segment) bool {
	if peer.Payload == 0 && peer.SYNs > 0 && !peer.FirstACK.Exists() && (!peer.SYN.Is(segment.ACK) || me.FirstACK.Frame == s.Frame) {
		return false // an answer to a SYN or SYN-ACK with another number
	}
	if s.Ack.Minus(peer.Nxt) >= jump {
		return false
	}
	c.Missing++
	if s.Ack == peer.Nxt+1 && s.Pure() {
		peer.Known |= UnseenFIN
	}
	peer.HoleFrom, peer.HoleTo, peer.HoleAt = peer.Nxt, s.Ack, s.Time // it may come late
	peer.Nxt = s.Ack
	return true
}

// answered ends the run that an acknowledgment covers.
func (s *Side) answered(by *Segment) {
	if s.Sent.N == 0 || !by.Ack.After(s.Sent.Start) {
		return
	}
	s.Sent.Heard = by.Stamp()
	if s.Sent.N == 1 && s.Ended.N > 1 && s.Ended.Start != s.Sent.Start && s.Ended.Start.After(s.Una-1<<16) {
		s.Sent.N = 0 // one of several transmissions is the better thing to remember
		return
	}
	s.Ended.end(&s.Sent)
}

// window follows the window that a side offers.
func (s *Side) window(peer *Side, seg *Segment, scaled bool) {
	if seg.Win == 0 && s.Win != 0 || seg.Win == 0 && s.WinZeroAt == 0 {
		s.WinZeroAt = seg.Time
	} else if seg.Win != 0 {
		s.WinZeroAt = 0
	}
	s.Win = seg.Win
	if !seg.Is(segment.ACK) || !scaled || seg.Ack.Before(s.Ack) {
		return
	}
	edge := seg.Ack + Seq(s.scaled(peer, seg.Win, seg.Flags))
	grain := Seq(1) << max(s.Scale, 0)
	switch {
	case !s.Knows(KnowsEdge) || edge.After(s.Edge+grain):
		s.Edge, s.EdgeStuck, s.StuckAt, s.StuckAcks = edge, seg.Ack, seg.Time, 0
		s.Known |= KnowsEdge
	case seg.Ack.After(s.EdgeStuck):
		s.StuckAcks++
		if edge.After(s.Edge) {
			s.Edge = edge
		}
	}
}

// read notes the multipath options.
func (m *MPTCP) read(from int, s *Segment, in *packet.Info) {
	o := &in.MPTCP
	if s.Is(segment.SYN) {
		m.Capable = m.Capable || o.Has(packet.MPCapable)
		if o.Has(packet.MPJoin) {
			m.Join = true
			if o.Token != 0 {
				m.Token = o.Token
			}
		}
	}
	if o.Key != 0 {
		m.Key[from] = o.Key
	}
	if o.PeerKey != 0 && !o.Has(packet.MPFastClose) {
		m.Key[1-from] = o.PeerKey
	}
	if o.Has(packet.MPFastClose) && m.Fastclose[from] == 0 {
		m.Fastclose[from] = s.Frame
	}
	if o.Has(packet.MPRemove) && m.Removed[from] == 0 {
		m.Removed[from] = s.Frame
	}
}
