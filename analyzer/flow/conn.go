package flow

import (
	"encoding/binary"
	"net/netip"

	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

// A Key names a pair of endpoints, the same for both directions. A is the
// lesser of the two.
type Key struct {
	A, B         [16]byte
	PortA, PortB uint16
	Tunnel       uint64 // packet.Tunnel.Key
}

// read fills k from a segment and tells which side sent it: 0 is A.
func (k *Key) read(in *packet.Info) (from int) {
	k.Tunnel = in.Tunnel.Key()
	if less(&in.Dst, &in.Src) || in.Src == in.Dst && in.DstPort < in.SrcPort {
		k.A, k.B, k.PortA, k.PortB = in.Dst, in.Src, in.DstPort, in.SrcPort
		return 1
	}
	k.A, k.B, k.PortA, k.PortB = in.Src, in.Dst, in.SrcPort, in.DstPort
	return 0
}

// Ends gives the key of a segment's ends in no tunnel, and tells which side sent
// it: 0 is A.
func Ends(in *packet.Info) (k Key, from int) {
	from = k.read(in)
	k.Tunnel = 0
	return k, from
}

func less(a, b *[16]byte) bool {
	x, y := binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(b[:8])
	if x == y {
		x, y = binary.BigEndian.Uint64(a[8:]), binary.BigEndian.Uint64(b[8:])
	}
	return x < y
}

// Addr gives the address and port of a side.
func (k *Key) Addr(side int) netip.AddrPort {
	if side == 0 {
		return netip.AddrPortFrom(netip.AddrFrom16(k.A).Unmap(), k.PortA)
	}
	return netip.AddrPortFrom(netip.AddrFrom16(k.B).Unmap(), k.PortB)
}

// Port is the port of a side.
func (k *Key) Port(side int) uint16 {
	if side == 0 {
		return k.PortA
	}
	return k.PortB
}

// A Conn is one connection: a pair of endpoints from a SYN on, or from the
// first packet of it that was captured.
type Conn struct {
	// What each packet touches comes first and together, here and in Side: a
	// connection is in few of the processor's cache lines.
	Key      Key
	LastTime int64

	NumResets  uint32
	Revived    uint32 // how many of them a later SYN with the same number made void
	FirstFrame uint32
	Seen       bool // a SYN or SYN-ACK tells who the originator is
	V6         bool
	Recalled   bool // it had left the table; only its numbers were kept
	SameWay    bool // a packet was seen twice going the same way: on a bridge and its port, by a mirror
	Orig       int  // the side that is, or seems to be, the originator

	Sides [2]Side

	ID        int // counts as Wireshark's tcp.stream
	FirstTime int64

	Pause   Pause // the last one
	Longest int64 // the longest pause that it survived, not counting the last

	Missing uint32 // acknowledgments of what was not captured, and holes
	Copies  uint32
	Cuts    uint32 // segments whose payload or options were cut
	MPTCP   MPTCP
	Tunnel  packet.Tunnel
	ICMP    ICMP // the last error about it
	Resets  [MaxResets]Reset

	Past Past // the connection before on the same endpoints
}

// A Pause is a time without packets in either direction, longer than
// MinPause, and the frames around it.
type Pause struct {
	From, To      int64
	Before, After uint32
}

// MinPause is the least pause that is remembered.
const MinPause = int64(1e9)

// MaxResets is how many resets of a connection are remembered: the first ones
// and the last.
const MaxResets = 4

// A Reset is what is remembered of an earlier reset of a connection.
type Reset struct {
	Segment
	From int // its side
}

// An ICMP is an ICMP error that quoted the connection.
type ICMP struct {
	Frame      uint32
	Time       int64
	From       [16]byte
	Type, Code uint8
	About      int // the side that sent what was quoted
}

// MPTCP is what the multipath options of a connection said.
type MPTCP struct {
	Capable   bool      // MP_CAPABLE on a SYN
	Join      bool      // MP_JOIN on a SYN: a subflow
	Fastclose [2]uint32 // frame in which the side sent MP_FASTCLOSE
	Removed   [2]uint32 // frame in which it sent REMOVE_ADDR
	Token     uint32
	Key       [2]uint64
}

// A Past is what is kept of a connection when another takes its endpoints, or
// when it leaves the table: enough to know later segments of it.
type Past struct {
	LastTime   int64
	ID         int32
	FirstFrame uint32 // 0: there was none
	LastFrame  uint32
	Resets     uint32
	Orig       uint8
	Seen       bool
	Missing    bool // something of it was not captured
	Sides      [2]PastSide
}

// A PastSide is a side of a Past.
type PastSide struct {
	SYN, FIN      Stamp
	LastTSAt      int64
	ISN, Nxt, Ack Seq // Ack of what it sent: its RCV.NXT as far as it was acknowledged
	FINAck        Seq // what its first FIN acknowledged
	LastTS        uint32
	Handshake     uint32 // frame of its first segment without SYN
	Packets       uint32
	Payload       uint32
	Known         Known
	Scale         int8
	Layout        Layout
}

// Exists tells whether there was an earlier connection.
func (p *Past) Exists() bool { return p.FirstFrame != 0 }

// over is Conn.Over.
func (p *Past) over() bool {
	return p.Sides[0].Known&p.Sides[1].Known&FINAcked != 0 || p.Resets > 0
}

// Closed tells whether both sides had sent a FIN: one that was captured, and the
// other's too, or the peer acknowledged the number that it has.
func (p *Past) Closed() bool {
	a, b := &p.Sides[0], &p.Sides[1]
	return a.FIN.Exists() && (b.FIN.Exists() || b.Known&UnseenFIN != 0) || b.FIN.Exists() && a.Known&UnseenFIN != 0
}

// ClosedLast tells whether a side sent its FIN when it had got the other's: it waits
// for the ACK of its own in LAST-ACK, and in TIME-WAIT is the other one.
func (p *Past) ClosedLast(side int) bool {
	me, peer := &p.Sides[side], &p.Sides[1-side]
	return me.FIN.Exists() && peer.FIN.Exists() && me.FINAck == peer.Nxt
}

// past is what to keep of the connection.
func (c *Conn) past() Past {
	p := Past{ID: int32(c.ID), FirstFrame: c.FirstFrame, LastTime: c.LastTime, Orig: uint8(c.Orig), Seen: c.Seen, Resets: c.NumResets, Missing: c.Missing > 0}
	for i := range c.Sides {
		s := &c.Sides[i]
		p.Sides[i] = PastSide{Packets: s.Packets, Known: s.Known, ISN: s.ISN, Nxt: s.Nxt, Ack: s.Ack, Scale: s.Scale, Layout: s.Layout,
			SYN: s.SYN.Stamp(), FIN: s.FIN.Stamp(), FINAck: s.FIN.Ack, Payload: uint32(min(s.Payload, 1<<32-1)), LastTS: s.LastTS, LastTSAt: s.LastTSAt,
			Handshake: s.FirstACK.Frame}
		if l := s.Last(0); l != nil {
			p.LastFrame = max(p.LastFrame, l.Frame)
		}
	}
	return p
}

// recall makes the connection again of what was kept of it.
func (c *Conn) recall(p *Past) {
	c.ID, c.FirstFrame, c.FirstTime, c.LastTime = int(p.ID), p.FirstFrame, p.LastTime, p.LastTime
	c.Orig, c.Seen, c.NumResets, c.Revived, c.Recalled = int(p.Orig), p.Seen, p.Resets, p.Resets, true
	for i := range c.Sides {
		s, was := &c.Sides[i], &p.Sides[i]
		s.Packets, s.Known, s.ISN, s.First, s.Nxt, s.Ack, s.Scale = was.Packets, was.Known&^KnowsEdge, was.ISN, was.ISN, was.Nxt, was.Ack, was.Scale
		s.Una, s.Layout = p.Sides[1-i].Ack, was.Layout
		s.Payload, s.LastTS, s.LastTSAt = uint64(was.Payload), was.LastTS, was.LastTSAt
		s.FirstTS, s.FirstTSAt = was.LastTS, was.LastTSAt
		s.FirstACK.Frame = was.Handshake
		if was.SYN.Exists() {
			s.SYNs, s.LastSYN = 1, was.SYN
			s.SYN = Segment{Frame: was.SYN.Frame, Time: was.SYN.Time, Seq: was.ISN, Flags: segment.SYN}
			if i != c.Orig {
				s.SYN.Flags |= segment.ACK
			}
		}
		if was.FIN.Exists() {
			s.FINs, s.FinSeq = 1, was.Nxt-1
			s.FIN = Segment{Frame: was.FIN.Frame, Time: was.FIN.Time, Seq: s.FinSeq, Ack: was.FINAck, Flags: segment.FIN | segment.ACK}
		}
	}
}

// Over tells whether nothing more is to be expected of the connection: both
// FINs were acknowledged, or it was reset.
func (c *Conn) Over() bool {
	return c.Sides[0].Known&c.Sides[1].Known&FINAcked != 0 || c.NumResets > c.Revived
}

// O is the originator's side.
func (c *Conn) O() *Side { return &c.Sides[c.Orig] }

// R is the responder's side.
func (c *Conn) R() *Side { return &c.Sides[1-c.Orig] }

// Own gives a copied connection its own memory, apart from the one that goes
// on.
func (c *Conn) Own() {
	for i := range c.Sides {
		s := &c.Sides[i]
		s.Sent.own()
		s.Ended.own()
		s.Probes.own()
	}
}

// Windows tells whether both SYNs were seen, so that windows can be scaled.
func (c *Conn) Windows() bool { return c.Sides[0].SYNs > 0 && c.Sides[1].SYNs > 0 }

// assume guesses the originator when no SYN was seen: services mostly have the
// lower port; on equal ports the first packet's sender is the originator.
func (k *Key) assume(from uint8) uint8 {
	switch {
	case k.PortA < k.PortB:
		return 1
	case k.PortA > k.PortB:
		return 0
	}
	return from
}

// State is the state of a side as the packets show it (RFC 9293, 3.3.2),
// resets aside.
func (c *Conn) State(side int) string {
	me, peer := &c.Sides[side], &c.Sides[1-side]
	switch {
	case me.Packets == 0 && peer.SYNs > 0 && !peer.SYN.Is(segment.ACK):
		return "LISTEN"
	case me.SYNs > 0 && !me.SYN.Is(segment.ACK) && !me.FirstACK.Exists() && !peer.SYN.Exists():
		return "SYN-SENT"
	case me.SYNs > 0 && !me.SYN.Is(segment.ACK) && !me.FirstACK.Exists():
		// the SYN-ACK is on its way or was not to its liking
		return "SYN-SENT"
	case me.SYNs > 0 && me.SYN.Is(segment.ACK) && !peer.FirstACK.Exists():
		return "SYN-RECEIVED"
	case me.Knows(HasFIN) && peer.Knows(HasFIN):
		switch {
		case me.Knows(FINAcked) && me.FIN.Frame < peer.FIN.Frame:
			return "TIME-WAIT"
		case me.Knows(FINAcked):
			return "CLOSED"
		case me.FIN.Frame > peer.FIN.Frame:
			return "LAST-ACK"
		}
		return "CLOSING"
	case me.Knows(HasFIN) && me.Knows(FINAcked):
		return "FIN-WAIT-2"
	case me.Knows(HasFIN):
		return "FIN-WAIT-1"
	case peer.Knows(HasFIN):
		return "CLOSE-WAIT"
	}
	return "ESTABLISHED"
}

// An Answer is yes, no or not known.
type Answer uint8

// Answers.
const (
	DontKnow Answer = iota
	No
	Yes
)

// Accepts says whether a reset that arrives at the side is acted upon, as far
// as its sequence number decides that (RFC 9293, 3.10.7.3 and .4; RFC 5961,
// 3.2).
func (c *Conn) Accepts(side int, r *Segment) Answer {
	me, peer := &c.Sides[side], &c.Sides[1-side]
	if me.SYNs > 0 && !me.SYN.Is(segment.ACK) && !me.FirstACK.Exists() {
		// SYN-SENT, or SYN-ACK on its way
		switch {
		case !r.Is(segment.ACK) && !peer.SYN.Exists():
			return No
		case r.Is(segment.ACK) && r.Ack.In(me.ISN+1, me.Nxt):
			return Yes
		case r.Is(segment.ACK):
			return No
		}
		return DontKnow
	}
	if !me.Knows(KnowsAck) {
		return DontKnow
	}
	if r.Seq == me.Ack || peer.Knows(KnowsNxt) && r.Seq == peer.Nxt && !r.Seq.Before(me.Ack) {
		return Yes
	}
	// Linux takes one less when a FIN brought it there (tcp_reset_check).
	if peer.Knows(HasFIN) && r.Seq+1 == me.Ack {
		return Yes
	}
	if peer.Knows(KnowsNxt) && r.Seq.In(me.Ack, peer.Nxt) {
		return DontKnow // it depends on what had arrived there
	}
	return No
}
