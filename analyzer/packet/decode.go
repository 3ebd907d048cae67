package packet

import (
	"encoding/binary"

	"rstlab/internal/pcapng"
)

// A Decoder decodes frames. It remembers the last few first fragments, so that
// later ones find their segment; the zero value is ready. One Decoder serves
// one goroutine.
type Decoder struct {
	Seen [numWhat]uint64 // how many frames were no TCP, by What

	// Passed, unless nil, is called for each header of a frame on the way in: n
	// bytes from at on. What is in none of them has no part in the result.
	Passed func(h Header, at, n int)

	// OneNetwork says that a connection's packets may be in any tunnel, so that
	// tunnels tell no connections apart.
	OneNetwork bool

	fragments fragments

	// Of the frame being decoded.
	capacity int  // of its slice
	missing  int  // bytes of the frame that were not captured
	depth    int  // headers passed
	quoting  bool // within what an ICMP error quotes
}

// maxDepth bounds the headers within each other that are followed.
const maxDepth = 32

// Decode reads the frame of p, which is of the link type p.LinkType, into info,
// sets all of it and returns its Kind. It never fails: a frame that can't be
// read is Other, and What says why.
func (d *Decoder) Decode(p *pcapng.Packet, info *Info) Kind {
	*info = Info{} // not by a literal, which is built aside and copied
	info.WScale, info.Direction = -1, p.Direction
	info.Tunnel.One = d.OneNetwork
	d.missing = max(0, p.OrigLen-len(p.Data))
	d.capacity = cap(p.Data)
	d.depth = 0
	d.quoting = false
	if what := d.link(info, p.LinkType, p.Data); what != Nothing {
		info.Kind = Other
		info.What = what
		d.Seen[what]++
	}
	return info.Kind
}

// deeper counts a header, and tells whether there are too many.
func (d *Decoder) deeper() bool {
	d.depth++
	return d.depth > maxDepth
}

// short says why there are fewer bytes than a header has.
func (d *Decoder) short() What {
	if d.missing > 0 {
		return CutShort
	}
	return Malformed
}

func u16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func u32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
