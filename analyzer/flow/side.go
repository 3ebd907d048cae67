package flow

import (
	"rstlab/internal/segment"
)

// RingLen is how many segments of each direction are kept. The last ones
// explain a reset: what provoked it, and what its sender had done before.
const RingLen = 8

// A Side is one end of a connection as its packets show it at the capture
// point: what it sent, and what it said of the other's.
type Side struct {
	Packets uint32 // segments, copies aside
	Put     uint32 // segments ever put into Ring
	Payload uint64 // bytes, those sent again counted again

	// Sequence numbers, as far as Known tells.
	Nxt       Seq // SND.NXT: beyond the highest number sent
	Una       Seq // SND.UNA: the highest acknowledgment of it by the peer
	Ack       Seq // the highest acknowledgment sent: RCV.NXT but for what is not acknowledged yet
	Edge      Seq // the highest right edge of the window offered
	EdgeStuck Seq // the acknowledgment with which Edge was first offered
	ISN       Seq
	First     Seq // of the first segment, whatever it was
	FinSeq    Seq // the FIN's own number
	HoleFrom  Seq // a hole in what was seen of it, empty when both are equal
	HoleTo    Seq
	Known     Known
	StuckAcks uint16 // acknowledgments that advanced since EdgeStuck and left Edge where it was
	StuckAt   int64
	HoleAt    int64
	WinZeroAt int64  // since when Win is 0
	Win       uint16 // the last one, unscaled
	MSS       uint16
	Scale     int8 // window scale of its SYN, -1: none
	MACs      uint8
	DupAcks   uint16 // in a row
	SYNs      uint16 // its SYNs, those sent again too
	FINs      uint16
	LastID    uint16
	Layout    Layout // of the options on its SYN
	Signed    bool   // its SYN bore an MD5 or AO option
	HasDirs   uint8  // the ways its packets went, resets aside: bit 0, in, bit 1, out

	samples  bool
	sampled  bool // the sample is a SYN
	sample   Seq  // end of the peer-bound segment that is being timed
	sampleAt int64

	LastTS    uint32 // timestamp clock: last value, last echoed, first value
	LastEcr   uint32
	FirstTS   uint32
	Resets    uint32
	LastTSAt  int64
	FirstTSAt int64
	IDSteps   IDSteps
	MAC       [2][6]byte  // source link addresses seen, resets aside
	TTLs      [4]TTLCount // values seen, resets aside

	FirstACK  Stamp // the first segment without SYN: of an originator it ends the handshake
	FirstData Stamp
	RTT       RTT // from the capture point to this side and back
	Host      *Host

	Sent     Run // transmissions of what begins at Una
	Ended    Run // the last such run of more than one that an answer ended
	LastData Segment
	Ring     [RingLen]Segment

	SYN     Segment // the first one, SYN-ACK too
	FIN     Segment // the first one
	LastSYN Stamp
	Probes  Run
}

// Known tells which numbers of a Side mean something.
type Known uint16

// What may be known of a side.
const (
	KnowsISN Known = 1 << iota
	KnowsNxt
	KnowsUna
	KnowsAck
	KnowsEdge
	HasFIN
	FINAcked
	OffersTS // timestamps on its SYN
	OffersSACK
	UsesTS     // timestamps on segments that are no SYN
	SYNFeature // its SYN asked for something that a device may not know: ECN, fast open, MPTCP, reserved bits
	Reordered  // segments of it came late
	UnseenFIN  // the peer acknowledged one number more than was seen: a FIN that was not captured, most likely
)

// A Layout is the order of the options on a SYN, which tells stacks apart.
type Layout uint8

// Layouts, by p0f's signatures (p0f.fp, version 3).
const (
	LayoutOther Layout = iota
	LayoutLinux        // mss,sok,ts,nop,ws, and mss,nop,nop,sok,nop,ws without timestamps (Linux tcp_options_write())
	LayoutMSS          // nothing but mss, or nothing at all: raw sockets, small stacks
	LayoutBSD          // mss,nop,ws,…: BSD, macOS, Windows
)

func layoutOf(options []byte) Layout {
	var kinds [7]byte
	n := 0
	for i := 0; i < len(options) && n < len(kinds); {
		kind := options[i]
		if kind == 0 {
			break
		}
		kinds[n] = kind
		n++
		if kind == 1 {
			i++
		} else if i+1 < len(options) && options[i+1] >= 2 {
			i += int(options[i+1])
		} else {
			break
		}
	}
	switch k := kinds; {
	case [5]byte(k[:]) == [5]byte{2, 4, 8, 1, 3}, k == [7]byte{2, 1, 1, 4, 1, 3}:
		return LayoutLinux
	case n == 0 || n == 1 && k[0] == 2:
		return LayoutMSS
	case k[0] == 2 && k[1] == 1 && k[2] == 3:
		return LayoutBSD
	}
	return LayoutOther
}

// A TTLCount is how often a TTL was seen.
type TTLCount struct {
	TTL uint8
	N   uint32
}

// IDSteps counts how the IPv4 identification went from one packet to the next.
type IDSteps struct {
	One   uint32 // by one: a counter of the socket
	Small uint32 // by two to 1024: a counter that others use too
	Zero  uint32 // both 0
	Same  uint32 // both the same, not 0
	Other uint32
}

// An RTT is the least time between a segment and its acknowledgment.
type RTT struct {
	Min       int64
	Handshake int64 // by the SYN, 0 where it was not to be had
	N         uint32
}

func (r *RTT) add(d int64, handshake bool) {
	if d < 0 {
		return // stamps out of order
	}
	if r.N == 0 || d < r.Min {
		r.Min = d
	}
	if handshake {
		r.Handshake = max(d, 1)
	}
	r.N++
}

// Knows tells whether all of k is known.
func (s *Side) Knows(k Known) bool { return s.Known&k == k }

// Last is the i-th last segment, 0 the last; nil where there is none. Copies
// are not among them.
func (s *Side) Last(i int) *Segment {
	if i >= RingLen || uint32(i) >= s.Put {
		return nil
	}
	return &s.Ring[(s.Put-1-uint32(i))%RingLen]
}

func (s *Side) put(seg *Segment) {
	s.Ring[s.Put%RingLen] = *seg
	s.Put++
}

// UsedTTL is the TTL that all its packets but resets had, ok only when it was
// one value.
func (s *Side) UsedTTL() (ttl uint8, n uint32, ok bool) {
	return s.TTLs[0].TTL, s.TTLs[0].N, s.TTLs[0].N > 0 && s.TTLs[1].N == 0
}

func (s *Side) countID(seg *Segment, first bool) {
	if !seg.Has(HasID) {
		return
	}
	if !first {
		switch d := seg.ID - s.LastID; {
		case d == 0 && seg.ID == 0:
			s.IDSteps.Zero++
		case d == 0:
			s.IDSteps.Same++
		case d == 1:
			s.IDSteps.One++
		case d <= 1024:
			s.IDSteps.Small++
		default:
			s.IDSteps.Other++
		}
	}
	s.LastID = seg.ID
}

func (s *Side) countMAC(mac [6]byte) {
	for i := range s.MACs {
		if s.MAC[i] == mac {
			return
		}
	}
	if int(s.MACs) < len(s.MAC) {
		s.MAC[s.MACs] = mac
		s.MACs++
	}
}

// scale is the factor of the side's windows: right only where both SYNs were
// seen, since one that does not offer scaling turns it off.
func (s *Side) scaled(peer *Side, win uint16, flags segment.Flags) uint32 {
	if flags&segment.SYN != 0 || s.Scale < 0 || peer.Scale < 0 {
		return uint32(win)
	}
	return uint32(win) << min(s.Scale, 14) // RFC 7323, 2.3
}
