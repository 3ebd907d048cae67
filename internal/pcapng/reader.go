package pcapng

import "io"

// A Reader reads a capture. It allocates nothing per packet that has no
// comments.
type Reader struct{}

// NewReader reads the file's header from r. The error is a *FormatError, or
// r's own.
func NewReader(r io.Reader) (*Reader, error) { panic("not built yet") }

// Next reads the next packet into p, all of it. p.Data is valid until the next
// call. At a clean end it returns io.EOF; what can't be read is a
// *FormatError, and ends the reading.
func (r *Reader) Next(p *Packet) error { panic("not built yet") }

// A Batch is a run of packets in a buffer of its own.
type Batch struct {
	Packets []Packet
	Frame   int64 // number of the first of Packets, from 1
	buf     []byte
}

// ReadBatch fills b with the next packets, at least one. They are valid until
// b is given to ReadBatch again, so several batches may be in flight. Errors
// are Next's; with an error b is empty.
func (r *Reader) ReadBatch(b *Batch) error { panic("not built yet") }

// Interfaces gives the interfaces met so far, of all sections. Their Stats are
// complete at the end of the file only.
func (r *Reader) Interfaces() []Interface { panic("not built yet") }

// A FormatError says what in a capture could not be read, and where.
type FormatError struct {
	Offset int64  // of the record or block, from the start of the stream
	Frame  int64  // the packet it is or would be, from 1; 0: the file's header
	Found  string // what was found, and what was expected
	Hint   string // what to do; may be ""
	Err    error  // io.ErrUnexpectedEOF for a file that is cut; may be nil
}
