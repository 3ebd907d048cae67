package packet

import "encoding/binary"

// Checksum is the state of a TCP checksum.
type Checksum uint8

// States of a checksum.
const (
	SumUnknown Checksum = iota // the segment is cut, in fragments or on a source route
	SumGood
	SumBad
	SumPartial // the pseudo-header's only: left to the network card, not yet done when captured
)

// String names the state.
func (c Checksum) String() string {
	return [...]string{"unknown", "good", "bad", "partial"}[c]
}

// Checksum says whether the TCP checksum is right (RFC 9293, section 3.1). It is
// computed on demand, from the frame: call it while that is valid.
func (i *Info) Checksum() Checksum {
	if i.Kind != TCP || i.Cut != 0 || i.Fragment || i.indirect || len(i.Header) < tcpHeaderLen {
		return SumUnknown
	}
	pseudo := i.addressSum() + protoTCP
	length := uint64(len(i.Header) + len(i.Payload))
	if fold(sum(i.Header)+sum(i.Payload)+pseudo+length) == 0xffff {
		return SumGood
	}
	// Network cards want the pseudo-header's sum, some of them for
	// segmentation without the length.
	if i.Sum == fold(pseudo+length) || i.Sum == fold(pseudo) {
		return SumPartial
	}
	return SumBad
}

// addressSum adds the addresses up as the pseudo-header has them.
func (i *Info) addressSum() uint64 {
	if i.V6 {
		return sum(i.Src[:]) + sum(i.Dst[:])
	}
	return sum(i.Src[12:]) + sum(i.Dst[12:])
}

// sum adds up big-endian 16-bit words, the last padded by a zero.
func sum(b []byte) uint64 {
	var s uint64
	for ; len(b) >= 4; b = b[4:] { // words of 32 bits fold to the same
		s += uint64(binary.BigEndian.Uint32(b))
	}
	if len(b) >= 2 {
		s += uint64(u16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		s += uint64(b[0]) << 8
	}
	return s
}

// fold adds the carries back in.
func fold(s uint64) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}
