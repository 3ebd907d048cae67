package pcapng

import "bytes"

const (
	// maxText bounds what of a file's names and comments is kept, those of packets
	// apart.
	maxText = 4 << 20

	// optionLen is about what an option takes that is kept, without its value.
	optionLen = 32

	// maxKept is how many comments of a packet are kept, and how many of its options
	// are carried along.
	maxKept = 1000
)

// options calls f for each option of a block. It ends at what is no option:
// options are asides, and a packet is not given up for a bad one.
func (r *Reader) options(b []byte, f func(code uint16, value []byte)) {
	for len(b) >= 4 {
		code, n := r.u16(b), int(r.u16(b[2:]))
		b = b[4:]
		if code == optEnd || n > len(b) {
			return
		}
		f(code, b[:n])
		b = b[min(padded(n), len(b)):]
	}
}

// padded is n, rounded up to the next multiple of four.
func padded(n int) int { return (n + 3) &^ 3 }

// text reads a string about the file, which some writers end by a NUL. Past
// maxText of them in a file it gives "".
func (r *Reader) text(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	if r.texts += len(b); r.texts > maxText {
		return ""
	}
	return string(b)
}

// comment adds a comment about the file.
func (r *Reader) comment(to []string, b []byte) []string {
	if r.texts += optionLen; r.texts > maxText {
		return to
	}
	return append(to, r.text(b))
}
