package flow

import "rstlab/internal/segment"

// An End is what a connection that leaves the table leaves behind: its numbers,
// and what it says about the capture.
type End struct {
	Past
	Recalled bool   // it had left the table before; only its numbers were kept
	OneWay   bool   // nothing was seen of one direction, though that had something to say
	Copies   uint32 // packets that were another's copy
	Missing  uint32 // acknowledgments of what was not captured, and holes
	Cuts     uint32 // segments whose payload or options were cut
	Survived int64  // the longest pause after which both sides went on, where no reset came; 0: none
}

// end fills x from an account.
func (c *Conn) end(x *End) {
	o, r := c.O(), c.R()
	*x = End{Past: c.past(), Recalled: c.Recalled, Copies: c.Copies, Missing: c.Missing, Cuts: c.Cuts, Survived: c.survived(),
		OneWay: o.Packets+o.Resets == 0 || r.Packets+r.Resets == 0 && o.Packets > uint32(o.SYNs)}
}

// survived is Survived of an End.
func (c *Conn) survived() int64 {
	if c.NumResets > 0 {
		return 0
	}
	for i := range c.Sides {
		if l := c.Sides[i].Last(0); l == nil || l.Time < c.Pause.To {
			return c.Longest
		}
	}
	return max(c.Longest, c.Pause.To-c.Pause.From)
}

// end fills x from the journal, which is all that there is of the connection: it
// began with a SYN, and all of its packets were plain ones. Making an account
// of the journal comes to the same, and takes several times as long.
func (e *Entry) end(x *End) {
	*x = End{Past: Past{LastTime: e.lastTime, ID: int32(e.ID), FirstFrame: e.firstFrame, Orig: e.orig, Seen: true}}
	now, pause := e.firstTime, [2]int64{} // the last pause is from one to the other
	var last [2]int64
	for i := range e.journal[:e.noted] {
		s := &e.journal[i]
		if s.cut != 0 {
			x.Cuts++
		}
		if s.Time-now >= MinPause {
			x.Survived = max(x.Survived, pause[1]-pause[0])
			pause = [2]int64{now, s.Time}
		}
		now = max(now, s.Time)
		last[s.from&1] = s.Time
		x.Sides[s.from&1].read(s)
		x.LastFrame = s.Frame
	}
	for i := range x.Sides {
		x.Sides[i].brief(&e.sides[i], &e.outsets[i], e.sides[1-i].is)
	}
	if x.Sides[0].Packets > 0 && x.Sides[1].Packets > 0 && min(last[0], last[1]) >= pause[1] {
		x.Survived = max(x.Survived, pause[1]-pause[0])
	}
	x.OneWay = x.Sides[1-e.orig].Packets == 0 && x.Sides[e.orig].Packets > 1
}

// read takes a plain packet of the side.
func (p *PastSide) read(s *Segment) {
	p.Packets++
	p.Payload += s.Len
	switch {
	case s.Is(segment.SYN):
		p.SYN = s.Stamp()
	case p.Handshake == 0:
		p.Handshake = s.Frame
	}
	if s.Is(segment.FIN) {
		if !p.FIN.Exists() {
			p.FINAck = s.Ack // one that is sent again acknowledges what came meanwhile
		}
		p.FIN = s.Stamp()
	}
	if !s.Has(HasTS) {
		return
	}
	if !s.Is(segment.SYN) {
		p.Known |= UsesTS
	}
	if p.LastTSAt == 0 || int32(s.TSVal-p.LastTS) >= 0 {
		p.LastTS, p.LastTSAt = s.TSVal, s.Time
	}
}

// brief adds what the side's brief knows, and what the peer's tells of it.
func (p *PastSide) brief(b *brief, o *outset, peer told) {
	p.ISN, p.Nxt, p.Ack, p.Scale, p.Layout = o.first, b.nxt, b.ack, o.offer.scale, o.offer.layout
	if b.is&toldSYN == 0 {
		p.Scale = -1
	}
	p.Known |= o.offer.known
	for _, x := range [...]struct {
		is    told
		known Known
	}{
		{b.is & toldSYN, KnowsISN}, {b.is & toldNxt, KnowsNxt}, {b.is & toldAck, KnowsAck | KnowsEdge},
		{b.is & toldFIN, HasFIN}, {b.is & toldFINAcked, FINAcked}, {peer & toldAck, KnowsUna},
	} {
		if x.is != 0 {
			p.Known |= x.known
		}
	}
}
