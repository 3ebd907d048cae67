package pcapng

import (
	"encoding/binary"
	"io"
	"math/bits"
	"slices"
)

const (
	// windowLen is how much is read at once: less costs more calls, more does
	// not stay in the processor's cache until it is decoded.
	windowLen = 128 << 10

	// maxPacketLen bounds what one packet may hold. libpcap's own bound for
	// network links is 256 KiB; more is allowed to a file that announces it.
	maxPacketLen = 16 << 20
	snapLenMax   = 256 << 10

	// maxBlockLen bounds the blocks that are read whole: a packet with its
	// options, an interface, a section. Others are passed over in any length.
	maxBlockLen = maxPacketLen + 1<<20

	magicLen = 4
	maxIdle  = 100 // reads without a byte or an error, before the stream is given up
)

// A Reader reads a capture, forwards. It allocates nothing for a packet without
// comments.
type Reader struct {
	src io.Reader
	err error // src's last word

	// The window: buf[pos:end] is read and not yet parsed.
	buf      []byte
	pos, end int
	start    int64 // the stream's offset of buf[0]
	skip     int64 // bytes still to be passed over

	frame  int64                      // packets read so far
	at     int                        // where in buf the last one's data begins
	packet Packet                     // of a batch: the last one
	parse  func(*Packet) (int, error) // of the file's format
	swap   bool                       // the section or file is big-endian
	links  []link                     // beside interfaces
	ifaces []Interface
	notes  []string
	texts  int // bytes of names and comments met

	record recordFormat // pcap

	blocks blockFormat // pcapng

	carry          func(Block) // see Carry
	rest           []Option    // of the last packet
	turned         []byte      // the block that is handed over
	local, unknown int         // blocks left
}

// link is what each packet needs to know of its interface.
type link struct {
	clock
	kind    uint16
	snapLen uint32
}

// NewReader reads the file's header from src. The error is a *FormatError.
func NewReader(src io.Reader) (*Reader, error) {
	r := &Reader{src: src, buf: make([]byte, 4<<10)}
	if err := r.more(magicLen); err != nil {
		return nil, noHeader(err)
	}
	if binary.LittleEndian.Uint32(r.buf) == blockSection { // a palindrome
		r.parse = r.nextBlock
		return r, nil
	}
	if err := r.readPcapHeader(); err != nil {
		return nil, err
	}
	r.parse = r.nextRecord
	return r, nil
}

// Next reads the next packet into p, all of it. p.Data is valid until the next
// call. At a clean end it returns io.EOF; what can't be read is a *FormatError,
// and ends the reading.
func (r *Reader) Next(p *Packet) error {
	for {
		need, err := r.parse(p)
		if err != nil {
			return err
		}
		if need == 0 {
			return nil
		}
		if len(r.buf) < windowLen {
			r.moveTo(make([]byte, windowLen))
		}
		if err := r.more(need); err != nil {
			return err
		}
	}
}

// ReadBatch fills b with the next packets, at least one, and shows each of them as
// Next would: until the next one. From the batch they can be had until it is given
// to ReadBatch again, so several may be in flight. Errors are Next's; with an error
// b is empty. Next and ReadBatch are not to be mixed.
func (r *Reader) ReadBatch(b *Batch, show func(*Packet)) error {
	b.begin(max(windowLen, len(r.window())))
	r.moveTo(b.buf)
	for {
		need, err := r.parse(&r.packet)
		if need == 0 && err == nil {
			b.keep(&r.packet, r.at)
			show(&r.packet)
			continue
		}
		if len(b.kept) > 0 { // an error comes again with the next call
			b.Dry = r.end < len(r.buf)
			return nil
		}
		if err == nil {
			err = r.more(need)
			b.buf = r.buf
		}
		if err != nil {
			return err
		}
	}
}

// Interfaces gives the interfaces met so far, of all sections in their order.
// Their Stats are complete at the end of the file only.
func (r *Reader) Interfaces() []Interface { return r.ifaces }

// Notes says what is odd about the file and was read all the same.
func (r *Reader) Notes() []string { return r.notes }

// note adds a note once.
func (r *Reader) note(s string) {
	if !slices.Contains(r.notes, s) {
		r.notes = append(r.notes, s)
	}
}

// offset is where in the stream the reader stands.
func (r *Reader) offset() int64 { return r.start + int64(r.pos) }

// window gives what is read and not yet parsed.
func (r *Reader) window() []byte { return r.buf[r.pos:r.end] }

// moveTo makes buf the window's buffer and takes the window along.
func (r *Reader) moveTo(buf []byte) {
	n := copy(buf, r.window()) // the window is smaller: it is what was left of a buffer
	r.start += int64(r.pos)
	r.buf, r.pos, r.end = buf, 0, n
}

// more reads until the window holds need bytes. It may move the window. If
// nothing but the end of the stream is left, the error is io.EOF.
func (r *Reader) more(need int) error {
	if need > len(r.buf) {
		// Twice the size at most: the bytes must come before the room grows
		// again, whatever a length field promises.
		r.moveTo(make([]byte, min(need, 2*len(r.buf))))
	} else if r.pos > 0 {
		r.moveTo(r.buf)
	}
	for idle := 0; r.end < need; idle++ {
		switch {
		case r.end == len(r.buf):
			return r.more(need)
		case r.err == io.EOF && r.end == 0 && r.skip == 0:
			return io.EOF
		case r.err != nil:
			return r.ended(need)
		case idle == maxIdle:
			r.err = io.ErrNoProgress
			continue
		}
		var n int
		n, r.err = r.src.Read(r.buf[r.end:])
		r.end += n
		if n > 0 {
			idle = 0
		}
	}
	return nil
}

// u16 reads a number in the file's byte order.
func (r *Reader) u16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if r.swap {
		v = bits.ReverseBytes16(v)
	}
	return v
}

// u32 reads a number in the file's byte order.
func (r *Reader) u32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if r.swap {
		v = bits.ReverseBytes32(v)
	}
	return v
}

// u64 reads a number in the file's byte order.
func (r *Reader) u64(b []byte) uint64 {
	v := binary.LittleEndian.Uint64(b)
	if r.swap {
		v = bits.ReverseBytes64(v)
	}
	return v
}
