package pcapng_test

import (
	"encoding/binary"
	"math"
)

// A file builds captures byte by byte, so that the reader is not tested against
// the writer only.
type file struct {
	order binary.AppendByteOrder
	b     []byte
}

func (f *file) u16(v ...uint16) *file {
	for _, v := range v {
		f.b = f.order.AppendUint16(f.b, v)
	}
	return f
}

func (f *file) u32(v ...uint32) *file {
	for _, v := range v {
		f.b = f.order.AppendUint32(f.b, v)
	}
	return f
}

func (f *file) u64(v uint64) *file {
	f.b = f.order.AppendUint64(f.b, v)
	return f
}

func (f *file) raw(b ...byte) *file {
	f.b = append(f.b, b...)
	return f
}

func (f *file) pad() *file {
	for len(f.b)%4 != 0 {
		f.b = append(f.b, 0)
	}
	return f
}

// sub starts something in the file's byte order.
func (f *file) sub() *file { return &file{order: f.order} }

// pcapHeader writes a pcap file's header.
func (f *file) pcapHeader(magic uint32, major, minor uint16, snapLen, link uint32) *file {
	return f.u32(magic).u16(major, minor).u32(0, 0, snapLen, link)
}

// record writes a pcap record.
func (f *file) record(sec, frac, captured, original uint32, data string) *file {
	return f.u32(sec, frac, captured, original).raw([]byte(data)...)
}

// block writes a pcapng block around body.
func (f *file) block(kind uint32, body *file) *file {
	body.pad()
	n := uint32(len(body.b) + 12)
	return f.u32(kind, n).raw(body.b...).u32(n)
}

// option writes an option.
func (f *file) option(code uint16, value ...byte) *file {
	return f.u16(code, uint16(len(value))).raw(value...).pad()
}

// section writes a Section Header Block, with options if given.
func (f *file) section(options ...byte) *file {
	return f.block(0x0A0D0D0A, f.sub().u32(0x1A2B3C4D).u16(1, 0).u64(math.MaxUint64).raw(options...))
}

// iface writes an Interface Description Block, with options if given.
func (f *file) iface(link uint16, snapLen uint32, options ...byte) *file {
	return f.block(1, f.sub().u16(link, 0).u32(snapLen).raw(options...))
}

// enhanced writes an Enhanced Packet Block, with options if given.
func (f *file) enhanced(iface uint32, ticks uint64, original uint32, data string, options ...byte) *file {
	body := f.sub().u32(iface, uint32(ticks>>32), uint32(ticks), uint32(len(data)), original)
	return f.block(6, body.raw([]byte(data)...).pad().raw(options...))
}
