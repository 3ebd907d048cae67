package benchcap

import "encoding/binary"

const (
	ipv4Len = 20
	ipv6Len = 40
	tcpLen  = 20
)

// Options of segments, as Linux writes them.
var (
	synOptions = []byte{2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7}
	tsOptions  = []byte{1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0}
)

// frame appends the Ethernet frame of a packet to b.
func (c *connection) frame(b []byte, p *packet, payload []byte) []byte {
	me, peer := &c.ends[p.from], &c.ends[1-p.from]
	b = append(b, 2, 0, 0, 0, 1-p.from, byte(peer.host), 2, 0, 0, 0, p.from, byte(me.host))
	options := tsOptions
	switch {
	case p.flags&syn != 0:
		options = synOptions
	case p.flags&rst != 0 && p.flags&ack == 0:
		options = nil
	}
	length := tcpLen + len(options) + int(p.length)
	var at, addresses int
	if c.v6 {
		b = append(b, 0x86, 0xdd, 0x60, 0, 0, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(length))
		b = append(b, 6, p.ttl)
		addresses = len(b)
		b = address6(b, p.from, me)
		b = address6(b, 1-p.from, peer)
	} else {
		b = append(b, 8, 0)
		at = len(b)
		b = append(b, 0x45, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(ipv4Len+length))
		b = binary.BigEndian.AppendUint16(b, p.id)
		b = append(b, 0x40, 0, p.ttl, 6, 0, 0)
		addresses = len(b)
		b = address4(b, p.from, me)
		b = address4(b, 1-p.from, peer)
		binary.BigEndian.PutUint16(b[at+10:], ^sum(0, b[at:at+ipv4Len]))
	}
	pseudo := uint32(sum(0, b[addresses:])) + 6 + uint32(length)
	at = len(b)
	b = binary.BigEndian.AppendUint16(b, me.port)
	b = binary.BigEndian.AppendUint16(b, peer.port)
	b = binary.BigEndian.AppendUint32(b, p.seq)
	b = binary.BigEndian.AppendUint32(b, p.ack)
	b = append(b, byte(tcpLen+len(options))<<2, p.flags)
	b = binary.BigEndian.AppendUint16(b, p.window)
	b = append(b, 0, 0, 0, 0)
	b = append(b, options...)
	if stamp := uint32(p.at / 1000); p.flags&syn != 0 {
		binary.BigEndian.PutUint32(b[at+tcpLen+8:], stamp)
	} else if options != nil {
		binary.BigEndian.PutUint32(b[at+tcpLen+4:], stamp)
		binary.BigEndian.PutUint32(b[at+tcpLen+8:], stamp)
	}
	from := int(p.seq) % (len(payload) - mss)
	b = append(b, payload[from:from+int(p.length)]...)
	binary.BigEndian.PutUint16(b[at+16:], ^sum(pseudo, b[at:]))
	return b
}

// address4 appends an end's address: originators live in 192.0.2.0/24,
// responders in 198.51.100.0/24.
func address4(b []byte, side uint8, e *end) []byte {
	if side == client {
		return append(b, 192, 0, 2, byte(e.host))
	}
	return append(b, 198, 51, 100, byte(e.host))
}

// address6 appends an end's address of 2001:db8::/32.
func address6(b []byte, side uint8, e *end) []byte {
	return append(b, 0x20, 1, 0x0d, 0xb8, 0, side, 0, 0, 0, 0, 0, 0, 0, 0, 0, byte(e.host))
}

// sum is the internet checksum's sum of s and b.
func sum(s uint32, b []byte) uint16 {
	t := uint64(s)
	for ; len(b) >= 4; b = b[4:] {
		t += uint64(binary.BigEndian.Uint32(b))
	}
	if len(b) >= 2 {
		t += uint64(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		t += uint64(b[0]) << 8
	}
	for t > 0xffff {
		t = t>>16 + t&0xffff
	}
	return uint16(t)
}
