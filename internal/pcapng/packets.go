package pcapng

// link finds an interface of the current section, and its index of all.
func (r *Reader) link(id uint32) (*link, int, error) {
	i := r.blocks.first + int(id)
	if i >= len(r.links) {
		return nil, 0, r.damaged("interface %d, want one of the section's %d", id, len(r.links)-r.blocks.first)
	}
	return &r.links[i], i, nil
}

// stamped reads the body of an Enhanced Packet Block, or of the obsolete Packet
// Block that differs in its first four bytes, into p.
func (r *Reader) stamped(kind uint32, b []byte, p *Packet) error {
	if len(b) < stampedBodyLen {
		return r.damaged("packet block type %d of %d bytes, want at least %d", kind, len(b), stampedBodyLen)
	}
	id, dropped := r.u32(b), uint16(0)
	if kind == blockPacket {
		id, dropped = uint32(r.u16(b)), r.u16(b[2:])
		if dropped == 0xffff { // not known
			dropped = 0
		}
	}
	l, i, err := r.link(id)
	if err != nil {
		return err
	}
	captured := int(r.u32(b[12:]))
	if rest := len(b) - stampedBodyLen; captured < 0 || captured > rest {
		return r.damaged("captured length %d, want at most the %d bytes left in the block", uint32(captured), rest)
	}
	end := stampedBodyLen + captured
	*p = Packet{} // see nextRecord
	p.Time, p.HasTime = l.nanoseconds(uint64(r.u32(b[4:]))<<32|uint64(r.u32(b[8:]))), true
	p.Data = b[stampedBodyLen:end:end]
	r.at = r.pos + blockBodyAt + stampedBodyLen
	p.OrigLen = max(captured, int(r.u32(b[16:])))
	p.Interface, p.LinkType = i, l.kind
	p.Dropped = uint64(dropped)
	r.rest = r.rest[:0]
	if options := b[min(padded(end), len(b)):]; len(options) > 0 {
		r.packetOptions(options, p)
	}
	return nil
}

// simple reads the body of a Simple Packet Block into p. It is of the section's
// first interface, and has no stamp.
func (r *Reader) simple(b []byte, p *Packet) error {
	if len(b) < simpleBodyLen {
		return r.damaged("simple packet block of %d bytes, want at least %d", len(b), simpleBodyLen)
	}
	l, i, err := r.link(0)
	if err != nil {
		return err
	}
	original := r.u32(b)
	data := b[simpleBodyLen:]
	captured := min(uint64(original), uint64(len(data)))
	if l.snapLen != 0 {
		captured = min(captured, uint64(l.snapLen))
	}
	r.rest = r.rest[:0]
	r.at = r.pos + blockBodyAt + simpleBodyLen
	*p = Packet{
		Data:      data[:captured:captured],
		OrigLen:   int(original),
		Interface: i,
		LinkType:  l.kind,
	}
	return nil
}

// packetOptions reads a packet's options into p.
func (r *Reader) packetOptions(b []byte, p *Packet) {
	r.options(b, func(code uint16, v []byte) {
		switch {
		case code == optComment:
			if len(p.Comments) < maxKept {
				p.Comments = append(p.Comments, string(v))
			}
		case code == optPacketFlags && len(v) == 4:
			p.Flags = r.u32(v)
			p.Direction = [...]Direction{Unknown, Inbound, Outbound, Unknown}[p.Flags&3]
		case code == optPacketDropped && len(v) == 8:
			p.Dropped = r.u64(v)
		case code == optPacketVerdict:
			r.keepVerdict(v)
		case len(r.rest) < maxKept:
			r.rest = r.keepOption(r.rest, carriedOfPacket, code, v)
		}
	})
}
