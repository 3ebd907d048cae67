//go:build linux

package lab

import (
	"net/netip"
	"time"

	"rstlab/internal/inet"
	"rstlab/internal/segment"
	"rstlab/lab/internal/packetsock"
)

// A packet is a TCP segment or an ICMP error about one, on its way through a
// box.
type packet struct {
	from  int    // side
	frame *Frame // decoded from its data
	flow  flow   // that it came with
	base  segment.Base

	readdressed bool // its destination was rewritten
	ttlSet      bool // its TTL was rewritten
	delay       time.Duration
}

func (b *Middlebox) receive(from int, f packetsock.Frame) {
	if m, ok := readMarker(f.Data); ok {
		b.passMarker(from, m, f.Data)
		return
	}
	if len(f.Data) < etherLen || b.config.Hops > 0 && !b.routable(from, f.Data) {
		return
	}
	frame := newFrame(0, f.Time, f.Data)
	p := packet{from: from, frame: frame, flow: flow{frame.Src, frame.Dst}}
	if !frame.Src.IsValid() {
		b.send(p)
		return
	}
	if frame.IsTCP {
		b.in.see(p.flow, frame.Segment, f.Data[etherLen:])
	}
	p.base = base(b.in.of(p.flow), b.in.of(p.flow.reverse()))
	if lost := b.lost(p); lost != nil {
		switch lost.then {
		case "pass":
			b.send(p)
		case "reset":
			b.refuse(p)
		}
		return
	}
	b.apply(p, 0)
}

// apply takes a packet past the rules behind the one with id after.
func (b *Middlebox) apply(p packet, after int) {
	for _, r := range b.rules {
		if r.id <= after || !r.takes(p) {
			continue
		}
		switch r.action {
		case drop:
			return
		case hold:
			b.held++
			r.held = append(r.held, heldPacket{p, b.held, r.id})
			return
		case delay:
			p.delay += r.delay
		case rewrite:
			p = r.change.apply(p)
		}
	}
	if p.delay == 0 {
		b.send(p)
		return
	}
	due := arrival(p.frame.Time, p.delay).Add(p.delay)
	b.later.at(due, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.send(p)
	})
}

// routable reports whether a frame is a packet that was sent to the box to be
// routed, and has a TTL left.
func (b *Middlebox) routable(from int, data []byte) bool {
	if t := etherType(data); t != etherTypeIPv4 && t != etherTypeIPv6 || [6]byte(data) != b.sides[from].mac {
		return false
	}
	h, ok := parseIP(data[etherLen:])
	return ok && *h.ttl() > 1
}

// send passes a packet on.
func (b *Middlebox) send(p packet) {
	data := p.frame.Data
	var to side
	if b.config.Hops > 0 || p.readdressed {
		h, _ := parseIP(data[etherLen:])
		next, mac, ok := b.route(h.dst())
		if !ok {
			return
		}
		to, data = next, append([]byte(nil), data...)
		copy(data, mac[:])
	}
	if p.frame.IsTCP {
		b.out.see(flow{p.frame.Src, p.frame.Dst}, p.frame.Segment, p.frame.Data[etherLen:])
	}
	if b.config.Hops == 0 {
		b.bridge(p.from, data)
		return
	}
	copy(data[6:], to.mac[:])
	if !p.ttlSet {
		h, _ := parseIP(data[etherLen:])
		h.lowerTTL()
	}
	b.write(to.conn, data)
}

// bridge sends a frame to where its destination is, to all other sides where
// that is not known.
func (b *Middlebox) bridge(from int, data []byte) {
	for i, s := range b.sides {
		if s.leadsTo([6]byte(data)) {
			if i != from {
				b.write(s.conn, data)
			}
			return
		}
	}
	b.flood(from, data)
}

func (s side) leadsTo(mac [6]byte) bool {
	for _, h := range s.hops {
		if h.mac == mac {
			return true
		}
	}
	return false
}

func (b *Middlebox) flood(from int, data []byte) {
	for i, s := range b.sides {
		if i != from {
			b.write(s.conn, data)
		}
	}
}

// route finds the side and the link address that lead to an address.
func (b *Middlebox) route(dst netip.Addr) (side, [6]byte, bool) {
	for _, s := range b.sides {
		if mac, ok := s.nextHop(dst); ok {
			return s, mac, true
		}
	}
	return side{}, [6]byte{}, false
}

// refuse answers a segment as a stack does that has no such connection (RFC
// 9293, section 3.10.7.1).
func (b *Middlebox) refuse(p packet) {
	s := p.frame.Segment
	if s.Flags&segment.RST != 0 {
		return
	}
	reset := segment.Segment{Flags: segment.RST, Seq: &segment.Seq{Raw: true}, Ack: &segment.Ack{Raw: true}}
	if s.Flags&segment.ACK != 0 {
		reset.Seq.Start = s.Ack.N
	} else {
		reset.Flags |= segment.ACK
		reset.Ack.N = s.Seq.Start + s.Bytes()
		for _, f := range []segment.Flags{segment.SYN, segment.FIN} {
			if s.Flags&f != 0 {
				reset.Ack.N++
			}
		}
	}
	f := p.flow.reverse()
	reset, err := fill(reset, f, half{}, half{}, defaults{ttl: b.config.TTL, id: b.id})
	if err == nil {
		err = b.forge(f, reset, half{})
	}
	if err != nil && b.err == nil {
		b.err = err
	}
}

// passMarker hands a marker on, once, behind all that is on its way.
func (b *Middlebox) passMarker(from int, m marker, data []byte) {
	if b.markers[m] {
		return
	}
	b.markers[m] = true
	b.later.afterAll(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.flood(from, data)
	})
}

// ttl is where the TTL or hop limit stands.
func (h headers) ttl() *uint8 {
	if h.v6 {
		return &h.packet[7]
	}
	return &h.packet[8]
}

// lowerTTL does in place what a router does to a packet.
func (h headers) lowerTTL() {
	*h.ttl()--
	if !h.v6 {
		inet.MendIPv4(h.packet)
	}
}
