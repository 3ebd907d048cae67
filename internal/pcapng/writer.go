package pcapng

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"time"
)

// A Section describes a capture as a whole.
type Section struct {
	Hardware    string
	OS          string
	Application string
	Comments    []string
	Options     []Option // others, that are carried along: see Reader.Carry
}

// A Writer writes a pcapng file of one section, little-endian. What it writes
// depends on its input only, byte for byte.
type Writer struct {
	w     *bufio.Writer
	units []time.Duration // of each interface's stamps
	err   error

	block   []byte // the block being made, used again for each
	options int    // its options
	tooLong int    // the length of an option that is too long for it
}

// NewWriter starts a file on w. Errors are kept and returned by the next call
// that can return one.
func NewWriter(w io.Writer, s Section) *Writer {
	out := &Writer{w: bufio.NewWriter(w)}
	out.begin(blockSection)
	out.u32(byteOrderMagic)
	out.u16(1) // major version
	out.u16(0) // minor
	out.u64(math.MaxUint64)
	out.comments(s.Comments)
	out.text(optSectionHardware, s.Hardware)
	out.text(optSectionOS, s.OS)
	out.text(optSectionApplication, s.Application)
	out.carried(s.Options)
	out.err = out.end()
	return out
}

// AddInterface describes an interface and gives its index, for
// Packet.Interface.
func (w *Writer) AddInterface(i Interface) (int, error) {
	unit, exponent := powerOfTen(i.Unit)
	w.begin(blockInterface)
	w.u16(i.LinkType)
	w.u16(0)
	w.u32(i.SnapLen)
	w.comments(i.Comments)
	w.text(optInterfaceName, i.Name)
	w.text(optInterfaceDescription, i.Description)
	w.option(optInterfaceResolution, exponent)
	if i.Filter != "" {
		w.option(optInterfaceFilter, append([]byte{0}, i.Filter...)...) // 0: text, not a BPF program
	}
	w.text(optInterfaceOS, i.OS)
	w.carried(i.Options)
	if err := w.end(); err != nil {
		return 0, fmt.Errorf("write interface %q: %w", i.Name, err)
	}
	w.units = append(w.units, unit)
	return len(w.units) - 1, nil
}

// powerOfTen gives the unit to write stamps of unit u in, and its if_tsresol.
func powerOfTen(u time.Duration) (time.Duration, byte) {
	exponent := byte(0)
	for p := time.Second; p > time.Nanosecond; p /= 10 {
		if p == u {
			return p, exponent
		}
		exponent++
	}
	return time.Nanosecond, 9
}

// WritePacket writes p as an Enhanced Packet Block, with options that were carried
// along.
func (w *Writer) WritePacket(p *Packet, more ...Option) error {
	if p.OrigLen < len(p.Data) || uint64(p.OrigLen) > math.MaxUint32 {
		return fmt.Errorf("write packet: original length %d, want at least the %d bytes captured", p.OrigLen, len(p.Data))
	}
	ticks, err := w.ticks(p.Interface, p.Time)
	if err != nil {
		return fmt.Errorf("write packet: %w", err)
	}
	w.begin(blockEnhanced)
	w.u32(uint32(p.Interface))
	w.u32(uint32(ticks >> 32))
	w.u32(uint32(ticks))
	w.u32(uint32(len(p.Data)))
	w.u32(uint32(p.OrigLen))
	w.block = append(w.block, p.Data...)
	w.pad()
	w.comments(p.Comments)
	if flags := p.Flags&^3 | uint32(p.Direction); flags != 0 {
		w.option(optPacketFlags, binary.LittleEndian.AppendUint32(nil, flags)...)
	}
	if p.Dropped != 0 {
		w.option(optPacketDropped, binary.LittleEndian.AppendUint64(nil, p.Dropped)...)
	}
	w.carried(more)
	if err := w.end(); err != nil {
		return fmt.Errorf("write packet: %w", err)
	}
	return nil
}

// WriteBlock writes a block that a Reader handed over.
func (w *Writer) WriteBlock(b Block) error {
	w.begin(b.Kind)
	w.block = append(w.block, b.Body...)
	w.pad()
	if err := w.end(); err != nil {
		return fmt.Errorf("write block of type %#x: %w", b.Kind, err)
	}
	return nil
}

// WriteStats writes an Interface Statistics Block for the interface; at is its
// time in nanoseconds since 1970.
func (w *Writer) WriteStats(iface int, at int64, s Stats) error {
	ticks, err := w.ticks(iface, at)
	if err != nil {
		return fmt.Errorf("write statistics: %w", err)
	}
	w.begin(blockStats)
	w.u32(uint32(iface))
	w.u32(uint32(ticks >> 32))
	w.u32(uint32(ticks))
	for _, t := range []struct {
		code uint16
		at   int64
	}{{optStatsStart, s.Start}, {optStatsEnd, s.End}} {
		if t.at > 0 {
			ticks := uint64(t.at) / uint64(w.units[iface])
			w.option(t.code, binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, uint32(ticks>>32)), uint32(ticks))...)
		}
	}
	for _, c := range []struct {
		code uint16
		Count
	}{
		{optStatsReceived, s.Received},
		{optStatsDropped, s.Dropped},
		{optStatsAccepted, s.Accepted},
		{optStatsOSDropped, s.OSDropped},
		{optStatsDelivered, s.Delivered},
	} {
		if c.Known {
			w.option(c.code, binary.LittleEndian.AppendUint64(nil, c.N)...)
		}
	}
	if err := w.end(); err != nil {
		return fmt.Errorf("write statistics: %w", err)
	}
	return nil
}

// Flush hands everything to the underlying writer.
func (w *Writer) Flush() error {
	if w.err != nil {
		return w.err
	}
	return w.w.Flush()
}

// ticks turns nanoseconds into the units of an interface.
func (w *Writer) ticks(iface int, ns int64) (uint64, error) {
	if iface < 0 || iface >= len(w.units) {
		return 0, fmt.Errorf("interface %d, want one of the %d added", iface, len(w.units))
	}
	if ns < 0 {
		return 0, fmt.Errorf("time %dns is before 1970, which pcapng can't say", ns)
	}
	return uint64(ns) / uint64(w.units[iface]), nil
}

// begin starts a block.
func (w *Writer) begin(kind uint32) {
	w.block = w.block[:0]
	w.options, w.tooLong = 0, 0
	w.u32(kind)
	w.u32(0) // the length, known at the end
}

// end completes the block that was begun and writes it, whole or not at all.
func (w *Writer) end() error {
	if w.err != nil {
		return w.err
	}
	if w.tooLong != 0 {
		return fmt.Errorf("option of %d bytes, want at most %d", w.tooLong, math.MaxUint16)
	}
	if w.options > 0 {
		w.u32(optEnd)
	}
	n := uint32(len(w.block) + 4)
	binary.LittleEndian.PutUint32(w.block[4:], n)
	w.u32(n)
	_, w.err = w.w.Write(w.block)
	return w.err
}

func (w *Writer) u16(v uint16) { w.block = binary.LittleEndian.AppendUint16(w.block, v) }
func (w *Writer) u32(v uint32) { w.block = binary.LittleEndian.AppendUint32(w.block, v) }
func (w *Writer) u64(v uint64) { w.block = binary.LittleEndian.AppendUint64(w.block, v) }

// pad fills the block up to a multiple of four.
func (w *Writer) pad() {
	for len(w.block)%4 != 0 {
		w.block = append(w.block, 0)
	}
}

// option adds an option to the block.
func (w *Writer) option(code uint16, value ...byte) {
	if len(value) > math.MaxUint16 {
		w.tooLong = len(value)
		return
	}
	w.options++
	w.u16(code)
	w.u16(uint16(len(value)))
	w.block = append(w.block, value...)
	w.pad()
}

// text adds an option unless s is empty.
func (w *Writer) text(code uint16, s string) {
	if s != "" {
		w.option(code, []byte(s)...)
	}
}

// comments adds a comment for each of cs.
func (w *Writer) comments(cs []string) {
	for _, c := range cs {
		w.option(optComment, []byte(c)...)
	}
}

// carried adds options that were carried along.
func (w *Writer) carried(options []Option) {
	for _, o := range options {
		w.option(o.Code, o.Value...)
	}
}
