package pcapng

import "slices"

// usualLen is about how long packets are, for what is made for a window's.
const usualLen = 256

// A Batch is a run of packets in a buffer of its own.
type Batch struct {
	Dry bool // the stream had no more, for now

	buf  []byte
	kept []kept
	rare []Packet
}

// kept is what a Batch keeps of a packet: little, since it is written of each and
// read of few.
type kept struct {
	frame, time int64
	at          uint32 // of its data, in the buffer
	captured    uint32
	original    uint32
	iface       uint32
	flags       uint32
	rare        uint32 // its place among the rare ones, of which there is more to keep, and 1
	link        uint16
	hasTime     bool
	direction   Direction
}

// Len is how many packets the batch holds.
func (b *Batch) Len() int { return len(b.kept) }

// Size is how many bytes of memory the batch takes.
func (b *Batch) Size() int { return len(b.buf) }

// Packet fills p with a packet of the batch.
func (b *Batch) Packet(i int, p *Packet) {
	k := &b.kept[i]
	if k.rare > 0 {
		*p = b.rare[k.rare-1]
		return
	}
	end := k.at + k.captured
	*p = Packet{Frame: k.frame, Time: k.time, HasTime: k.hasTime, Data: b.buf[k.at:end:end], OrigLen: int(k.original),
		Interface: int(k.iface), LinkType: k.link, Direction: k.direction, Flags: k.flags}
}

// Put makes b a batch of packets that were read before, and shows each of them.
func (b *Batch) Put(packets []Packet, show func(*Packet)) {
	b.begin(0)
	b.Dry = true
	for i := range packets {
		b.keepRare(&packets[i])
		show(&packets[i])
	}
}

// begin empties b and gives it a buffer of n bytes, or somewhat more.
func (b *Batch) begin(n int) {
	clear(b.rare)
	b.kept, b.rare = b.kept[:0], b.rare[:0]
	if len(b.buf) < n || len(b.buf) > 2*n { // not for ever what one large packet took
		b.buf = make([]byte, n)
	}
	b.kept = slices.Grow(b.kept, n/usualLen)
}

// keep adds a packet, whose data is in the buffer.
func (b *Batch) keep(p *Packet, at int) {
	if p.Dropped != 0 || p.Comments != nil {
		b.keepRare(p)
		return
	}
	b.kept = append(b.kept, kept{})
	k := &b.kept[len(b.kept)-1]
	k.frame, k.time, k.hasTime = p.Frame, p.Time, p.HasTime
	k.at, k.captured, k.original = uint32(at), uint32(len(p.Data)), uint32(p.OrigLen)
	k.iface, k.link, k.direction, k.flags = uint32(p.Interface), p.LinkType, p.Direction, p.Flags
}

// keepRare adds a packet as it stands.
func (b *Batch) keepRare(p *Packet) {
	b.rare = append(b.rare, *p)
	b.kept = append(b.kept, kept{rare: uint32(len(b.rare))})
}
