package pcapng

import (
	"fmt"
	"io"
)

// A FormatError says what in a capture could not be read, and where.
type FormatError struct {
	Offset int64  // of the record or block, from the start of the stream
	Frame  int64  // the packet that it is, or that would come next, from 1; 0: the file's header
	Found  string // what was found and what was expected
	Hint   string // what to do; "" where nothing is to be done
	Err    error  // io.ErrUnexpectedEOF for a file that is cut, or the stream's own error; else nil
}

// Error gives all of it but the file's name, which is the caller's to know.
func (e *FormatError) Error() string {
	s := "read file header: "
	if e.Frame > 0 {
		s = fmt.Sprintf("read packet %d at byte %d: ", e.Frame, e.Offset)
	}
	s += e.Found
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// Unwrap gives Err.
func (e *FormatError) Unwrap() error { return e.Err }

const (
	hintDamaged = "the file is damaged here: what stands before is read, the rest is not"
	hintCut     = "it was cut short, or is still being written: what stands before is read"
	hintNothing = "it was cut short, or is still being written"
	hintJoined  = "files were put one behind the other: what stands before is read, the rest is not; name the files themselves, or join them with: mergecap -w OUT IN..."
)

// damaged makes the error for the record at the reader's position.
func (r *Reader) damaged(format string, args ...any) error {
	return &FormatError{Offset: r.offset(), Frame: r.frame + 1, Found: fmt.Sprintf(format, args...), Hint: hintDamaged}
}

// tooMany makes the error for one more interface than is kept.
func (r *Reader) tooMany() error {
	return &FormatError{Offset: r.offset(), Frame: r.frame + 1, Found: fmt.Sprintf("more than %d interfaces", maxInterfaces), Hint: "what stands before is read, the rest is not"}
}

// unwritten makes the error for zeros at the reader's position.
func (r *Reader) unwritten() error {
	return r.damaged("a record of zeros only, as a file has that was not written to its end")
}

// joined makes the error for another file that begins at the reader's position.
func (r *Reader) joined() error {
	return &FormatError{Offset: r.offset(), Frame: r.frame + 1, Found: "another pcap file begins here", Hint: hintJoined}
}

// ended makes the error for a stream that ended, by r.err, within the record at
// the reader's position, of which need bytes are wanted.
func (r *Reader) ended(need int) error {
	e := &FormatError{Offset: r.offset(), Frame: r.frame + 1, Err: r.err}
	switch {
	case r.err != io.EOF:
		e.Found = r.err.Error()
		return e
	case r.skip > 0:
		e.Found = fmt.Sprintf("the file ends %d bytes before the end of a block", r.skip)
	default:
		e.Found = fmt.Sprintf("the file ends after %d of at least %d bytes", r.end-r.pos, need)
	}
	e.Hint = hintCut
	e.Err = io.ErrUnexpectedEOF
	return e
}

// notCapture makes the error for a header that is none.
func notCapture(format string, args ...any) error {
	return &FormatError{Found: fmt.Sprintf(format, args...), Hint: "convert it to pcapng with the tool that made it, or try: editcap -F pcapng IN OUT"}
}

// noHeader makes the error for a stream that ended within the file's header.
func noHeader(err error) error {
	if err == io.EOF {
		return &FormatError{Found: "the file is empty", Err: io.ErrUnexpectedEOF}
	}
	if e, ok := err.(*FormatError); ok {
		e.Frame = 0
		if e.Hint == hintCut {
			e.Hint = hintNothing
		}
		return e
	}
	return err
}
