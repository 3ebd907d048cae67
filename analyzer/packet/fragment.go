package packet

import "rstlab/internal/segment"

// fragments remembers the first fragments of TCP segments, so that the ports
// and numbers of later ones are known. Fragments are not put together: the
// first is judged by itself, each later one tells what it adds to the segment.
// The oldest is forgotten for the newest.
type fragments struct {
	known [64]firstFragment
	next  int
}

// firstFragment is what later fragments need to know of it.
type firstFragment struct {
	src, dst         [16]byte
	tunnel           uint64
	id               uint32
	v6               bool
	seen             bool
	srcPort, dstPort uint16
	ack              uint32
	flags            segment.Flags
	window           uint16
	hasTS            bool
	tsVal, tsEcr     uint32
	header           int    // its length, options included
	origin           uint32 // the sequence number of the byte at offset 0, were the header data
}

// remember keeps a segment of which info has the first fragment, and which has
// a header of n bytes, not all of them in that fragment perhaps.
func (f *fragments) remember(info *Info, n int) {
	first := firstFragment{
		src: info.Src, dst: info.Dst, tunnel: info.Tunnel.Key(), id: info.ID, v6: info.V6, seen: true,
		srcPort: info.SrcPort, dstPort: info.DstPort, ack: info.Ack, flags: info.Flags,
		window: info.Window, hasTS: info.HasTS, tsVal: info.TSVal, tsEcr: info.TSEcr,
		header: n, origin: info.Seq - uint32(n),
	}
	if info.Flags&segment.SYN != 0 {
		first.origin++
	}
	f.known[f.next] = first
	f.next = (f.next + 1) % len(f.known)
}

// laterFragment decodes a later fragment of a TCP segment.
func (d *Decoder) laterFragment(info *Info, b []byte, wire, offset int) What {
	tunnel := info.Tunnel.Key()
	for back := 1; back <= len(d.fragments.known); back++ { // the newest first: IDs come again
		first := &d.fragments.known[(d.fragments.next-back+len(d.fragments.known))%len(d.fragments.known)]
		if !first.seen || first.id != info.ID || first.v6 != info.V6 || first.tunnel != tunnel || first.src != info.Src || first.dst != info.Dst {
			continue
		}
		if n := first.header - offset; n > 0 { // options
			if n >= wire {
				return FragmentRest
			}
			offset, wire, b = offset+n, wire-n, b[min(n, len(b)):]
		}
		info.Kind = TCPRest
		info.SrcPort, info.DstPort = first.srcPort, first.dstPort
		info.Seq, info.Ack = first.origin+uint32(offset), first.ack
		info.Flags, info.Window = first.flags, first.window
		info.HasTS, info.TSVal, info.TSEcr = first.hasTS, first.tsVal, first.tsEcr
		info.PayloadLen = uint32(wire)
		info.Payload = b
		if len(b) < wire {
			info.Cut = CutPayload
		}
		return Nothing
	}
	return FragmentRest
}
