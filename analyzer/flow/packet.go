package flow

import (
	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

// A Packet is a packet as a Table takes it, before its connection is known. It
// is made of the packet alone, so that one goroutine can read ahead of another
// that keeps the connections; and it holds all that most segments have to say,
// so that the other seldom looks at the packet itself.
type Packet struct {
	Seg  Segment // with TCP and ICMPError; Frame always
	Kind packet.Kind

	special   bool // there is more to it than stands here
	hasMAC    bool
	multipath bool // it has MPTCP options
	tunnelled bool
	v6        bool
	mac       [6]byte // source link address
	hash      uint32
	offer     offer // of a SYN
	key       Key
}

// An offer is what the options and bits of a SYN say.
type offer struct {
	known  Known
	mss    uint16
	scale  int8
	layout Layout
	signed bool
}

// Read fills s from the decoded packet with this number.
func (s *Packet) Read(frame uint32, time int64, in *packet.Info) {
	s.Kind, s.Seg.Frame = in.Kind, frame
	if in.Kind != packet.TCP && in.Kind != packet.ICMPError {
		return
	}
	s.Seg.read(frame, time, in)
	s.Seg.from = uint8(s.key.read(in))
	s.hash = s.key.hash()
	s.hasMAC, s.mac = in.HasMAC, in.SrcMAC
	s.multipath = in.MPTCP.Subtypes != 0
	s.tunnelled = in.Tunnel.N != 0
	s.v6 = in.V6
	s.special = s.multipath || s.Seg.Is(segment.RST) || s.Kind != packet.TCP
	if s.Seg.Is(segment.SYN) {
		s.offer.read(&s.Seg, &in.TCPOptions, in.Options(), in.AE || in.Reserved != 0)
	}
}

// Special tells whether there is more to the packet than a Packet holds: then
// it takes the packet.Info to find and apply it.
func (s *Packet) Special() bool { return s.special || s.tunnelled }

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
