package pcapng

// link finds an interface of the current section, and its index of all.
func (r *Reader) link(id uint32) (*link, int, error) {
	i := r.blocks.first + int(id)
	if i >= len(r.links) {
		return nil, 0, r.damaged("interface %d, want one of the section's %d", id, len(r.links)-r.blocks.first)
	}
	return &r.links[i], i, nil
}

// enhanced reads the body of an Enhanced Packet Block into p.
func (r *Reader) enhanced(b []byte, p *Packet) error {
	if len(b) < enhancedBodyLen {
		return r.damaged("enhanced packet block of %d bytes, want at least %d", len(b), enhancedBodyLen)
	}
	l, i, err := r.link(r.u32(b))
	if err != nil {
		return err
	}
	data, options, err := r.packetData(b[enhancedBodyLen:], r.u32(b[12:]))
	if err != nil {
		return err
	}
	*p = Packet{
		Time:      l.nanoseconds(uint64(r.u32(b[4:]))<<32 | uint64(r.u32(b[8:]))),
		HasTime:   true,
		Data:      data,
		OrigLen:   max(len(data), int(r.u32(b[16:]))),
		Interface: i,
		LinkType:  l.kind,
	}
	if len(options) > 0 {
		r.packetOptions(options, p)
	}
	return nil
}

// oldPacket reads the body of the obsolete Packet Block into p.
func (r *Reader) oldPacket(b []byte, p *Packet) error {
	if len(b) < oldPacketBodyLen {
		return r.damaged("packet block of %d bytes, want at least %d", len(b), oldPacketBodyLen)
	}
	l, i, err := r.link(uint32(r.u16(b)))
	if err != nil {
		return err
	}
	data, options, err := r.packetData(b[oldPacketBodyLen:], r.u32(b[12:]))
	if err != nil {
		return err
	}
	*p = Packet{
		Time:      l.nanoseconds(uint64(r.u32(b[4:]))<<32 | uint64(r.u32(b[8:]))),
		HasTime:   true,
		Data:      data,
		OrigLen:   max(len(data), int(r.u32(b[16:]))),
		Interface: i,
		LinkType:  l.kind,
	}
	if dropped := r.u16(b[2:]); dropped != 0xffff { // 0xffff: not known
		p.Dropped = uint64(dropped)
	}
	r.packetOptions(options, p)
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
	*p = Packet{
		Data:      data[:captured:captured],
		OrigLen:   int(original),
		Interface: i,
		LinkType:  l.kind,
	}
	return nil
}

// packetData splits what stands behind a packet's fixed fields.
func (r *Reader) packetData(b []byte, captured uint32) (data, options []byte, err error) {
	if uint64(captured) > uint64(len(b)) {
		return nil, nil, r.damaged("captured length %d, want at most the %d bytes left in the block", captured, len(b))
	}
	n := int(captured)
	return b[:n:n], b[min(padded(n), len(b)):], nil
}

// packetOptions reads a packet's options into p.
func (r *Reader) packetOptions(b []byte, p *Packet) {
	r.options(b, func(code uint16, v []byte) {
		switch {
		case code == optComment:
			p.Comments = append(p.Comments, string(v))
		case code == optPacketFlags && len(v) == 4:
			p.Flags = r.u32(v)
			p.Direction = [...]Direction{Unknown, Inbound, Outbound, Unknown}[p.Flags&3]
		case code == optPacketDropped && len(v) == 8:
			p.Dropped = r.u64(v)
		}
	})
}
