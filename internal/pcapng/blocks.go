package pcapng

import (
	"encoding/binary"
	"math/bits"
)

// maxInterfaces bounds what a file of nothing but interfaces needs of memory.
const maxInterfaces = 1 << 16

// blockFormat is what pcapng's parser knows of the section it is in.
type blockFormat struct {
	begun   bool
	first   int     // index of the section's first interface
	draft   bool    // bodies are in the other byte order than lengths, which leave out the padding
	section Section // the file's first
}

// Section gives the description of the file's first section; of pcap files
// there is none.
func (r *Reader) Section() Section { return r.blocks.section }

// nextBlock parses blocks from the window's begin up to the next packet, into
// p. If the window is too short, it tells how long it must be, at least.
func (r *Reader) nextBlock(p *Packet) (need int, err error) {
	for {
		if r.skip > 0 && !r.skipped() {
			return 1, nil
		}
		b := r.window()
		if len(b) < blockOverhead {
			return blockOverhead, nil
		}
		kind := r.u32(b)
		if kind == blockSection { // in either byte order
			if err := r.setByteOrder(b[8:]); err != nil {
				return 0, err
			}
		} else if !r.blocks.begun {
			return 0, r.damaged("block type %#x before any section header", kind)
		}
		length := r.u32(b[4:])
		if length < blockOverhead || length%4 != 0 && !r.blocks.draft {
			return 0, r.noBlock(b, kind, length)
		}
		switch kind {
		case blockEnhanced, blockPacket, blockSimple, blockSection, blockInterface, blockStats:
		default: // names, secrets and all that is to come
			if need, err := r.passOver(b, kind, length); need > 0 || err != nil {
				return need, err
			}
			continue
		}
		if length > maxBlockLen {
			return 0, r.damaged("block type %d of %d bytes, want at most %d", kind, length, maxBlockLen)
		}
		n := padded(int(length)) // a draft's length leaves the padding out
		if len(b) < n {
			return n, nil
		}
		if again := r.u32(b[n-4:]); again != length {
			return 0, r.damaged("block length %d at its begin and %d at its end", length, again)
		}
		if err := r.readBlock(kind, b[blockBodyAt:n-4], p); err != nil {
			return 0, err
		}
		r.pos += n
		if kind == blockEnhanced || kind == blockPacket || kind == blockSimple {
			r.frame++
			p.Frame = r.frame
			return 0, nil
		}
	}
}

// skipped moves on over what is to be skipped, and tells whether that was all of it.
func (r *Reader) skipped() bool {
	n := min(r.skip, int64(r.end-r.pos))
	r.pos += int(n)
	r.skip -= n
	return r.skip == 0
}

// noBlock says what the window begins with instead of a block.
func (r *Reader) noBlock(b []byte, kind, length uint32) error {
	switch {
	case kind == 0 && length == 0:
		return r.unwritten()
	case beginsPcap(b):
		return r.joined()
	}
	return r.damaged("block length %d, want a multiple of 4 from %d on", length, blockOverhead)
}

// passOver skips a block that tells nothing of packets, handing it over where
// somebody asked for it. If the window is too short for that, it tells how long
// it must be.
func (r *Reader) passOver(b []byte, kind, length uint32) (need int, err error) {
	if beginsPcap(b) {
		return 0, r.joined()
	}
	carried := r.carried(kind, length)
	if n := padded(int(length)); carried && len(b) < n {
		return n, nil
	}
	if kind == blockCustom || kind == blockCustomLocal || kind == blockJournal {
		r.frame++ // as Wireshark counts
	}
	if carried && r.u32(b[length-4:]) == length {
		r.handOver(kind, b[blockBodyAt:length-4])
	} else if carried {
		r.unknown++
	}
	r.skip = (int64(length) + 3) &^ 3 // 64 bits: a draft's length may be the largest
	return 0, nil
}

// readBlock reads the body of a block, a packet into p.
func (r *Reader) readBlock(kind uint32, body []byte, p *Packet) error {
	if kind == blockSection {
		return r.beginSection(body)
	}
	if r.blocks.draft {
		r.swap = !r.swap
		defer func() { r.swap = !r.swap }()
	}
	switch kind {
	case blockEnhanced, blockPacket:
		return r.stamped(kind, body, p)
	case blockSimple:
		return r.simple(body, p)
	case blockInterface:
		return r.addInterface(body)
	}
	return r.addStats(body)
}

// setByteOrder learns the byte order of the section that begins.
func (r *Reader) setByteOrder(magic []byte) error {
	switch binary.LittleEndian.Uint32(magic) {
	case byteOrderMagic:
		r.swap = false
	case bits.ReverseBytes32(byteOrderMagic):
		r.swap = true
	default:
		return r.damaged("byte-order magic % x, want 1a 2b 3c 4d in either order", magic[:4])
	}
	return nil
}

// beginSection reads the body of a Section Header Block.
func (r *Reader) beginSection(b []byte) error {
	if len(b) < sectionBodyLen {
		return r.damaged("section header of %d bytes, want at least %d", len(b), sectionBodyLen)
	}
	major, minor := r.u16(b[4:]), r.u16(b[6:])
	draft := major == 0x100 && minor == 0
	if major != 1 && !draft {
		return r.damaged("pcapng version %d.%d, want 1.0", major, minor)
	}
	if draft {
		r.note("a pcapng draft of 2004 or so, lengths in one byte order and the rest in the other, read as such")
	}
	f := blockFormat{begun: true, first: len(r.ifaces), draft: draft, section: r.blocks.section}
	if !r.blocks.begun {
		r.options(b[sectionBodyLen:], func(code uint16, v []byte) {
			switch code {
			case optComment:
				f.section.Comments = r.comment(f.section.Comments, v)
			case optSectionHardware:
				f.section.Hardware = r.text(v)
			case optSectionOS:
				f.section.OS = r.text(v)
			case optSectionApplication:
				f.section.Application = r.text(v)
			default:
				f.section.Options = r.keepOfFile(f.section.Options, nil, code, v)
			}
		})
	}
	r.blocks = f
	return nil
}

// addInterface reads the body of an Interface Description Block.
func (r *Reader) addInterface(b []byte) error {
	if len(b) < interfaceBodyLen {
		return r.damaged("interface description of %d bytes, want at least %d", len(b), interfaceBodyLen)
	}
	if len(r.ifaces) == maxInterfaces {
		return r.tooMany()
	}
	i := Interface{LinkType: r.u16(b), SnapLen: r.u32(b[4:])}
	resolution, offset := uint8(6), int64(0)
	r.options(b[interfaceBodyLen:], func(code uint16, v []byte) {
		switch code {
		case optComment:
			i.Comments = r.comment(i.Comments, v)
		case optInterfaceName:
			i.Name = r.text(v)
		case optInterfaceDescription:
			i.Description = r.text(v)
		case optInterfaceFilter:
			if len(v) > 0 && v[0] == 0 { // 0: text, not a BPF program
				i.Filter = r.text(v[1:])
			}
		case optInterfaceOS:
			i.OS = r.text(v)
		case optInterfaceResolution:
			if len(v) == 1 {
				resolution = v[0]
			}
		case optInterfaceOffset:
			if len(v) == 8 {
				offset = int64(r.u64(v))
			}
		default:
			i.Options = r.keepOfFile(i.Options, carriedOfInterface, code, v)
		}
	})
	c := newClock(resolution, offset)
	i.Unit = c.unit()
	r.ifaces = append(r.ifaces, i)
	r.links = append(r.links, link{clock: c, kind: i.LinkType, snapLen: i.SnapLen})
	return nil
}

// addStats reads the body of an Interface Statistics Block.
func (r *Reader) addStats(b []byte) error {
	if len(b) < statsBodyLen {
		return r.damaged("interface statistics of %d bytes, want at least %d", len(b), statsBodyLen)
	}
	l, i, err := r.link(r.u32(b))
	if err != nil {
		r.note("statistics of an interface that its section does not have, passed over")
		return nil
	}
	s := &r.ifaces[i].Stats
	s.At = l.nanoseconds(uint64(r.u32(b[4:]))<<32 | uint64(r.u32(b[8:])))
	r.options(b[statsBodyLen:], func(code uint16, v []byte) {
		if len(v) != 8 {
			return
		}
		c := Count{N: r.u64(v), Known: true}
		switch code {
		case optStatsStart:
			s.Start = l.nanoseconds(uint64(r.u32(v))<<32 | uint64(r.u32(v[4:])))
		case optStatsEnd:
			s.End = l.nanoseconds(uint64(r.u32(v))<<32 | uint64(r.u32(v[4:])))
		case optStatsReceived:
			s.Received = c
		case optStatsDropped:
			s.Dropped = c
		case optStatsAccepted:
			s.Accepted = c
		case optStatsOSDropped:
			s.OSDropped = c
		case optStatsDelivered:
			s.Delivered = c
		}
	})
	return nil
}
