package flow

import (
	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
	"rstlab/internal/segment"
)

// A Segment is what is kept of a captured segment. The zero value, with Frame
// 0, is none.
type Segment struct {
	Time         int64 // nanoseconds since 1970
	Frame        uint32
	Seq, Ack     Seq
	Len          uint32 // payload bytes
	TSVal, TSEcr uint32 // with HasTS
	Flow         uint32 // IPv6 flow label
	Win          uint16 // as it stands, unscaled
	ID           uint16 // IPv4, with HasID
	Marks        Mark
	Flags        segment.Flags
	TTL, TOS     uint8

	Tap  uint8 // its interface, counted from 1; 0: not known, or beyond the 255th
	from uint8 // the side that sent it
	cut  packet.Cut
}

// TapOf is the Tap of a captured packet's segment.
func TapOf(p *pcapng.Packet) uint8 {
	if p.Interface >= 1<<8-1 {
		return 0
	}
	return uint8(p.Interface + 1)
}

// A Mark is a property of a segment, some in relation to what came before.
type Mark uint16

// Marks.
const (
	HasTS     Mark = 1 << iota // a timestamp option
	HasID                      // an IPv4 identification
	DF                         // IPv4 don't fragment
	Cut                        // the capture cut its options: absence of one proves nothing
	Copy                       // the same packet as an earlier frame: a mirror, or both sides of a router
	Again                      // bytes that were sent before, from the segment's first on
	Fresh                      // bytes that were not sent before
	Ahead                      // begins beyond what was seen: something is missing or comes late
	Late                       // fills what was missing: reordered, or a retransmission of what was not captured
	Probe                      // a keepalive or window probe: no or one byte, below the next number
	AckUnseen                  // acknowledges what was not seen
	In                         // the link or capture says: received by the capturing host
	Out                        // sent by it
	BadSum                     // the TCP checksum is wrong, and not merely left to the network card
	Aimless                    // without room for it in the connection: neither seq nor ack near it
	Passed                     // it came in, and was seen again going out: the capturing host forwards it
)

// Is tells whether the segment has all of the flags.
func (s *Segment) Is(f segment.Flags) bool { return s.Flags&f == f }

// Has tells whether the segment has all of the marks.
func (s *Segment) Has(m Mark) bool { return s.Marks&m == m }

// Exists tells whether there is such a segment.
func (s *Segment) Exists() bool { return s.Frame != 0 }

// End is the number after the segment's last byte, SYN and FIN counted.
func (s *Segment) End() Seq {
	end := s.Seq + Seq(s.Len)
	if s.Flags&segment.SYN != 0 {
		end++
	}
	if s.Flags&segment.FIN != 0 {
		end++
	}
	return end
}

// Pure tells whether the segment is an ACK and nothing else.
func (s *Segment) Pure() bool {
	return s.Len == 0 && s.Flags&(segment.SYN|segment.FIN|segment.RST|segment.ACK) == segment.ACK
}

// read fills s from a decoded packet.
func (s *Segment) read(frame uint32, time int64, in *packet.Info) {
	*s = Segment{} // not by a literal, which is built aside and copied
	s.Time, s.Frame = time, frame
	s.Seq, s.Ack, s.Len, s.Flags = Seq(in.Seq), Seq(in.Ack), in.PayloadLen, in.Flags
	s.TSVal, s.TSEcr, s.Flow = in.TSVal, in.TSEcr, in.FlowLabel
	s.Win, s.ID, s.TTL, s.TOS, s.cut = in.Window, uint16(in.ID), in.TTL, in.TOS, in.Cut
	if in.HasTS {
		s.Marks |= HasTS
	}
	if in.HasID && !in.V6 {
		s.Marks |= HasID
	}
	if in.DF {
		s.Marks |= DF
	}
	if in.Cut&packet.CutOptions != 0 {
		s.Marks |= Cut
	}
	s.direct(in.Direction)
}

// direct marks a segment by the way it went.
func (s *Segment) direct(d pcapng.Direction) {
	switch d {
	case pcapng.Inbound:
		s.Marks |= In
	case pcapng.Outbound:
		s.Marks |= Out
	}
}
