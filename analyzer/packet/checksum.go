package packet

import "rstlab/internal/inet"

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
	if inet.Fold(inet.Sum(i.Header)+inet.Sum(i.Payload)+pseudo+length) == 0xffff {
		return SumGood
	}
	// Network cards want the pseudo-header's sum, some of them for
	// segmentation without the length.
	if i.Sum == inet.Fold(pseudo+length) || i.Sum == inet.Fold(pseudo) {
		return SumPartial
	}
	return SumBad
}

// addressSum adds the addresses up as the pseudo-header has them.
func (i *Info) addressSum() uint64 {
	if i.V6 {
		return inet.Sum(i.Src[:]) + inet.Sum(i.Dst[:])
	}
	return inet.Sum(i.Src[12:]) + inet.Sum(i.Dst[12:])
}
