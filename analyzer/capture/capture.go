// Package capture opens captures in any state: pcap and pcapng, plain or
// compressed by gzip, zstd or bzip2, from a file or a pipe. What is no such capture is
// named, with the tool that turns it into one. Several captures are read as one
// stream in order of time (see Set), in which rotated files are one capture.
package capture

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"rstlab/internal/pcapng"
)

// A Reader reads one capture, forwards.
type Reader struct {
	name   string
	in     counter
	packed string // the compression's name, or ""
	file   *pcapng.Reader

	ahead []pcapng.Packet // read ahead, and not yet given
	err   error           // met behind them
}

// An Error is what in a capture could not be read.
type Error struct {
	File   string
	Offset int64  // of the record or block, in the decompressed stream where Packed
	Frame  int64  // the packet that it is, or that would come next; 0: the file's header
	Packed string // "gzip", "zstd" or "bzip2" where the file is compressed
	Err    error  // what was found, what was expected and what to do
}

// Error gives "client.pcap: read packet 17 at byte 2040: …".
func (e *Error) Error() string {
	if e.Packed != "" {
		return fmt.Sprintf("%s (%s, bytes count when decompressed): %v", e.File, e.Packed, e.Err)
	}
	return e.File + ": " + e.Err.Error()
}

// Unwrap gives Err.
func (e *Error) Unwrap() error { return e.Err }

// NewReader opens the capture that src holds; name stands in errors. It reads
// no more than it needs to know what the capture is. The error is an *Error.
func NewReader(name string, src io.Reader) (*Reader, error) {
	r := &Reader{name: name}
	r.in.src = src
	in := bufio.NewReaderSize(&r.in, sniffLen)
	in, err := r.unpack(in)
	if err != nil {
		return nil, r.wrap(err)
	}
	if err := foreign(in); err != nil {
		return nil, r.wrap(err)
	}
	if r.file, err = pcapng.NewReader(in); err != nil {
		return nil, r.wrap(err)
	}
	return r, nil
}

// maxZstdWindow bounds the memory for one zstd stream. It is what zstd's levels
// up to 19 stay far below; --ultra and --long can ask for more.
const maxZstdWindow = 64 << 20

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
	bzipMagic = []byte("BZh")
)

// unpack gives what in holds, decompressed if it is compressed.
func (r *Reader) unpack(in *bufio.Reader) (*bufio.Reader, error) {
	head, _ := in.Peek(len(zstdMagic)) // too short is for the next reader to say
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		r.packed = "gzip"
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, broken{r.packed, err}
		}
		return bufio.NewReaderSize(unpacker{r.packed, z}, sniffLen), nil
	case bytes.Equal(head, zstdMagic) || isZstdSkippable(head):
		r.packed = "zstd"
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return nil, broken{r.packed, err}
		}
		return bufio.NewReaderSize(unpacker{r.packed, z}, sniffLen), nil
	case bytes.HasPrefix(head, bzipMagic):
		r.packed = "bzip2"
		return bufio.NewReaderSize(unpacker{r.packed, bzip2.NewReader(in)}, sniffLen), nil
	}
	return in, nil
}

// isZstdSkippable tells a frame of other data before zstd's own (RFC 8878,
// section 3.1.2).
func isZstdSkippable(head []byte) bool {
	return len(head) == 4 && head[0]&0xf0 == 0x50 && head[1] == 0x2a && head[2] == 0x4d && head[3] == 0x18
}

// An unpacker names the compression in its errors.
type unpacker struct {
	packed string
	src    io.Reader
}

func (u unpacker) Read(b []byte) (int, error) {
	n, err := u.src.Read(b)
	if err != nil && err != io.EOF {
		err = broken{u.packed, err}
	}
	return n, err
}

// broken is an error of a compressed stream.
type broken struct {
	packed string
	err    error
}

func (b broken) Error() string {
	hint := "compressed data is damaged: what stands before is read"
	switch {
	case errors.Is(b.err, io.ErrUnexpectedEOF):
		hint = "it was cut short: what stands before is read"
	case errors.Is(b.err, zstd.ErrWindowSizeExceeded):
		hint = fmt.Sprintf("it needs more than %d MiB of memory; decompress it with: zstd -d --long=31", maxZstdWindow>>20)
	}
	return fmt.Sprintf("decompress %s: %v; %s", b.packed, b.err, hint)
}

func (b broken) Unwrap() error { return b.err }

// Next reads the next packet into p. Its data is valid until the next call. At
// a clean end it returns io.EOF; any other error is an *Error and ends the
// reading, and what was read before it stands.
func (r *Reader) Next(p *pcapng.Packet) error {
	if len(r.ahead) > 0 {
		*p, r.ahead = r.ahead[0], r.ahead[1:]
		return nil
	}
	if r.err != nil {
		return r.wrap(r.err)
	}
	return r.wrap(r.file.Next(p))
}

// ReadBatch fills b with the next packets, at least one, without a copy of their
// data, and shows each of them; see pcapng.Reader. Errors are Next's.
func (r *Reader) ReadBatch(b *pcapng.Batch, show func(*pcapng.Packet)) error {
	if len(r.ahead) > 0 {
		b.Put(r.ahead, show)
		r.ahead = nil
		return nil
	}
	if r.err != nil {
		b.Put(nil, show)
		return r.wrap(r.err)
	}
	return r.wrap(r.file.ReadBatch(b, show))
}

// Ahead reads up to n packets of so many bytes ahead and shows them until look
// has seen enough. Next and ReadBatch give them all the same, and so the error
// that is behind them. It is called once, before either.
func (r *Reader) Ahead(n, bytes int, look func(*pcapng.Packet) bool) {
	for more := true; more && len(r.ahead) < n && bytes > 0; {
		var p pcapng.Packet
		if r.err = r.file.Next(&p); r.err != nil {
			return
		}
		p.Data = slices.Clone(p.Data)
		bytes -= len(p.Data)
		r.ahead = append(r.ahead, p)
		more = look(&p)
	}
}

// Interfaces gives the interfaces met so far. Their statistics are complete at
// the end of the capture only.
func (r *Reader) Interfaces() []pcapng.Interface { return r.file.Interfaces() }

// Section gives the description of the capture's first section.
func (r *Reader) Section() pcapng.Section { return r.file.Section() }

// Carry has what stands between packets handed over, see pcapng.Reader.
func (r *Reader) Carry(f func(pcapng.Block)) { r.file.Carry(f) }

// Options gives the options of the last packet that are carried along.
func (r *Reader) Options() []pcapng.Option { return r.file.Options() }

// Left counts the blocks that were not carried along.
func (r *Reader) Left() (local, unknown int) { return r.file.Left() }

// Notes says what is odd about the file and was read all the same.
func (r *Reader) Notes() []string { return r.file.Notes() }

// Consumed is how many bytes of the input were used, compressed as they are. It
// may be asked while another goroutine reads.
func (r *Reader) Consumed() int64 { return r.in.n.Load() }

// Dropped adds up what the statistics say was lost while capturing, by the
// interfaces and by the system. It is not known before the capture's end, nor
// where no interface has statistics: then it is not Known, which is not zero.
func (r *Reader) Dropped() pcapng.Count {
	var sum pcapng.Count
	for _, i := range r.Interfaces() {
		for _, c := range [...]pcapng.Count{i.Stats.Dropped, i.Stats.OSDropped} {
			sum.N += c.N
			sum.Known = sum.Known || c.Known
		}
	}
	return sum
}

// wrap gives err the file's name and place.
func (r *Reader) wrap(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	e := &Error{File: r.name, Packed: r.packed, Err: err}
	var f *pcapng.FormatError
	if errors.As(err, &f) {
		e.Offset, e.Frame = f.Offset, f.Frame
	}
	return e
}

// A counter counts what is read of src.
type counter struct {
	src io.Reader
	n   atomic.Int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.src.Read(b)
	c.n.Add(int64(n))
	return n, err
}
