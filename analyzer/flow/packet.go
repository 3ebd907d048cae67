package flow

import (
	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

// A Packet is a packet as a Table takes it, before its connection is known. It
// is made of the packet alone, so that one goroutine can read ahead of another
// that keeps the connections; and it holds all that most segments have to say,
// so that the other seldom looks at the packet itself. It is as long as a line of
// the processor's cache: what few have to say is in its Opening.
type Packet struct {
	Seg  Segment // but with Other; Frame always
	pair uint64  // of its endpoints, see Key.pair
	mac  [6]byte // source link address
	is   trait
	Kind packet.Kind
}

// An Opening is what a connection takes of the Packet with which it begins, or a
// SYN of it. Only those of packets that Open something are to be kept: of a
// connection whose SYN was not captured, it is read once more.
type Opening struct {
	key   Key
	offer offer // of a SYN
	v6    bool
}

// A trait is a property of a Packet.
type trait uint8

const (
	special   trait = 1 << iota // there is more to it than a Packet holds
	hasMAC                      // a source link address
	multipath                   // MPTCP options
	tunnelled
	opens // a SYN, or what cannot be read once more
)

// where is t where there is such a property.
func (t trait) where(there bool) trait {
	if there {
		return t
	}
	return 0
}

// An offer is what the options and bits of a SYN say.
type offer struct {
	known  Known
	mss    uint16
	scale  int8
	layout Layout
	signed bool
}

// Read fills s and o from the decoded packet with this number.
func (s *Packet) Read(o *Opening, frame uint32, time int64, in *packet.Info) {
	s.Kind, s.Seg.Frame, s.is = in.Kind, frame, 0
	if in.Kind == packet.Other {
		return
	}
	s.Seg.read(frame, time, in)
	if in.Kind == packet.TCPRest { // the next bytes of a segment that was there
		s.Seg.Flags &^= segment.SYN | segment.FIN | segment.RST
		s.Seg.Marks &^= HasID // it is the first's
		s.Seg.ID = 0
	}
	s.Seg.from = o.read(in)
	s.pair = o.key.pair()
	s.mac = in.SrcMAC
	isMultipath := in.MPTCP.Subtypes != 0
	s.is = hasMAC.where(in.HasMAC) | multipath.where(isMultipath) | tunnelled.where(in.Tunnel.N != 0 && s.Kind != packet.TCPRest) |
		special.where(isMultipath || s.Seg.Is(segment.RST) || s.Kind == packet.ICMPError) |
		opens.where(s.Seg.Is(segment.SYN) || s.Kind == packet.TCPRest)
	if s.Seg.Is(segment.SYN) {
		o.offer.read(&s.Seg, &in.TCPOptions, in.Options(), in.AE || in.Reserved != 0)
	}
}

// Opens tells whether its Opening may be asked for.
func (s *Packet) Opens() bool { return s.is&opens != 0 }

// Special tells whether there is more to the packet than a Packet holds: then
// it takes the packet.Info to find and apply it.
func (s *Packet) Special() bool { return s.is&(special|tunnelled) != 0 }

// read fills o from a decoded packet, but for the offer, and tells which side
// sent it.
func (o *Opening) read(in *packet.Info) (from uint8) {
	o.v6 = in.V6
	return uint8(o.key.read(in))
}

// read fills o from a SYN; reserved tells of bits in its header that have no
// name, or the name of accurate ECN.
func (o *offer) read(s *Segment, in *packet.TCPOptions, options []byte, reserved bool) {
	o.known, o.mss, o.scale = 0, in.MSS, in.WScale
	o.layout, o.signed = layoutOf(options), in.HasMD5 || in.HasAO
	if in.HasTS {
		o.known |= OffersTS
	}
	if in.SACKPermitted {
		o.known |= OffersSACK
	}
	if s.Flags&(segment.ECE|segment.CWR) != 0 || reserved || in.HasFastOpen || in.MPTCP.Subtypes != 0 || s.Len > 0 {
		o.known |= SYNFeature
	}
}
