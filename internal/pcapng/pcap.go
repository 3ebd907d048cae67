package pcapng

import (
	"encoding/binary"
	"math/bits"
	"time"
)

// recordFormat is what a pcap file's header tells of its records.
type recordFormat struct {
	headerLen int
	maxLen    uint32
	lengths   lengthOrder
	kuznetsov bool
}

// lengthOrder is the order of a record's two lengths.
type lengthOrder uint8

const (
	capturedFirst lengthOrder = iota
	capturedLast              // before version 2.3
	capturedLess              // in version 2.3, of either order
)

// Magic numbers of pcap files, as a file of their own byte order bears
// them.
const (
	magicMicro     = 0xa1b2c3d4
	magicNano      = 0xa1b23c4d
	magicKuznetsov = 0xa1b2cd34 // records have the interface, the protocol and the direction, too
)

const (
	pcapHeaderLen      = 24
	recordHeaderLen    = 16
	kuznetsovHeaderLen = 24

	packetOutgoing = 4 // Linux's PACKET_OUTGOING, in Kuznetsov's records
	packetOther    = 3 // PACKET_OTHERHOST
)

// readPcapHeader reads the header of a pcap file.
func (r *Reader) readPcapHeader() error {
	magic := binary.LittleEndian.Uint32(r.window())
	if !isPcap(magic) {
		if !isPcap(bits.ReverseBytes32(magic)) {
			return notCapture("it begins with % x, which is neither pcap nor pcapng", r.buf[:magicLen])
		}
		r.swap = true
		magic = bits.ReverseBytes32(magic)
	}
	if err := r.more(pcapHeaderLen); err != nil {
		return noHeader(err)
	}
	b := r.window()
	major, minor := r.u16(b[4:]), r.u16(b[6:])
	if major != 2 && major != 543 { // 543.0 is 2.4's from a DG/UX that swapped it
		return notCapture("pcap version %d.%d, want 2.4", major, minor)
	}
	snapLen, linkType := r.u32(b[16:]), uint16(r.u32(b[20:])) // the high half is about the frame check sequence

	f := recordFormat{headerLen: recordHeaderLen, maxLen: min(max(snapLen, snapLenMax), maxPacketLen)}
	if major == 2 && minor < 3 {
		f.lengths = capturedLast
	} else if major == 2 && minor == 3 || major == 543 {
		f.lengths = capturedLess
	}
	c := clock{mul: uint64(time.Microsecond)}
	switch magic {
	case magicNano:
		c.mul = 1
	case magicKuznetsov:
		f.headerLen, f.kuznetsov = kuznetsovHeaderLen, true
		r.note("a modified pcap file (Kuznetsov's patch), read as such")
	}
	r.record = f
	r.links = []link{{clock: c, kind: linkType, snapLen: snapLen}}
	r.ifaces = []Interface{{LinkType: linkType, SnapLen: snapLen, Unit: c.unit()}}
	r.pos += pcapHeaderLen
	return nil
}

func isPcap(magic uint32) bool {
	return magic == magicMicro || magic == magicNano || magic == magicKuznetsov
}

// beginsPcap tells whether b looks like the header of a pcap file of version 2.4, in
// either byte order.
func beginsPcap(b []byte) bool {
	magic := binary.LittleEndian.Uint32(b)
	switch binary.LittleEndian.Uint32(b[4:]) {
	case 4<<16 | 2:
		return isPcap(magic)
	case 2<<8 | 4<<24:
		return isPcap(bits.ReverseBytes32(magic))
	}
	return false
}

// nextRecord parses the pcap record at the window's begin into p. If the window
// is too short, it tells how long it must be, at least.
func (r *Reader) nextRecord(p *Packet) (need int, err error) {
	b, f := r.window(), &r.record
	if len(b) < f.headerLen {
		return f.headerLen, nil
	}
	h := (*[recordHeaderLen]byte)(b)
	seconds, fraction := binary.LittleEndian.Uint32(h[:]), binary.LittleEndian.Uint32(h[4:])
	captured, original := binary.LittleEndian.Uint32(h[8:]), binary.LittleEndian.Uint32(h[12:])
	if r.swap {
		seconds, fraction = bits.ReverseBytes32(seconds), bits.ReverseBytes32(fraction)
		captured, original = bits.ReverseBytes32(captured), bits.ReverseBytes32(original)
	}
	if captured|original|seconds|fraction == 0 {
		return 0, r.unwritten()
	}
	if captured|original == 0 && beginsPcap(b) { // no packet is empty and of the year 2055 or so
		return 0, r.joined()
	}
	if f.lengths == capturedLast || f.lengths == capturedLess && captured > original {
		captured, original = original, captured
	}
	if captured > f.maxLen {
		return 0, r.damaged("captured length %d, want at most %d", captured, f.maxLen)
	}
	n := f.headerLen + int(captured)
	if len(b) < n {
		return n, nil
	}
	l := &r.links[0]
	r.frame++
	// Not by a literal: that is built aside and copied, which waits for what was
	// just written.
	*p = Packet{}
	p.Frame = r.frame
	p.Time = int64(seconds)*int64(time.Second) + int64(uint64(fraction)*l.mul)
	p.HasTime = true
	p.Data = b[f.headerLen:n:n]
	p.OrigLen = int(max(captured, original))
	p.LinkType = l.kind
	if f.kuznetsov {
		switch b[22] {
		case packetOutgoing:
			p.Direction = Outbound
		case packetOther:
		default:
			p.Direction = Inbound
		}
	}
	r.at = r.pos + f.headerLen
	r.pos += n
	return 0, nil
}
