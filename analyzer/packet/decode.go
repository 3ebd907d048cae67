package packet

import "rstlab/internal/pcapng"

// A Decoder decodes frames. It remembers the last few first fragments, so that
// later ones find their segment; the zero value is ready. One Decoder serves
// one goroutine.
type Decoder struct {
	Seen [numWhat]uint64 // how many frames were no TCP, by What
}

// Decode reads the frame of p, which is of the link type p.LinkType, into info,
// sets all of it and returns its Kind. It never fails: a frame that can't be
// read is Other, and What says why.
func (d *Decoder) Decode(p *pcapng.Packet, info *Info) Kind {
	*info = Info{WScale: -1}
	panic("not built yet")
}

// Checksum says whether the TCP checksum is right. It is computed on demand.
func (i *Info) Checksum() Checksum { panic("not built yet") }

// Checksum is the state of a TCP checksum.
type Checksum uint8

// States of a checksum.
const (
	SumUnknown Checksum = iota // the segment is cut or in fragments
	SumGood
	SumBad
	SumPartial // the pseudo-header's only: left to the network card, not yet done when captured
)
