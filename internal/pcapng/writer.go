package pcapng

import "io"

// A Section describes a capture as a whole.
type Section struct {
	Hardware    string
	OS          string
	Application string
	Comments    []string
}

// A Writer writes a pcapng file of one section.
type Writer struct{}

// NewWriter starts a file on w. Errors are kept and returned by the next call
// that can return one.
func NewWriter(w io.Writer, s Section) *Writer { panic("not built yet") }

// AddInterface describes an interface and gives its index, for
// Packet.Interface.
func (w *Writer) AddInterface(i Interface) (int, error) { panic("not built yet") }

// WritePacket writes p as an Enhanced Packet Block.
func (w *Writer) WritePacket(p *Packet) error { panic("not built yet") }

// WriteStats writes an Interface Statistics Block for the interface; at is its
// time in nanoseconds since 1970.
func (w *Writer) WriteStats(iface int, at int64, s Stats) error { panic("not built yet") }

// Flush hands everything to the underlying writer.
func (w *Writer) Flush() error { panic("not built yet") }
