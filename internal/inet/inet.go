// Package inet is what reading and rewriting packets in place takes: Internet
// checksums and the walk over a TCP header's options.
package inet

import (
	"encoding/binary"
	"net/netip"
)

// Sum adds up big-endian 16-bit words, the last one padded by a zero (RFC
// 1071). Sums of parts may be added where all but the last are of even length.
func Sum(b []byte) uint64 {
	var s uint64
	for ; len(b) >= 4; b = b[4:] { // words of 32 bits fold to the same
		s += uint64(binary.BigEndian.Uint32(b))
	}
	if len(b) >= 2 {
		s += uint64(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		s += uint64(b[0]) << 8
	}
	return s
}

// Fold adds the carries back in. The checksum is its complement.
func Fold(s uint64) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}

// Pseudo is the sum of a pseudo-header (RFC 9293, section 3.1; RFC 8200,
// section 8.1).
func Pseudo(src, dst netip.Addr, proto uint8, length int) uint64 {
	return Sum(src.AsSlice()) + Sum(dst.AsSlice()) + uint64(proto) + uint64(length)
}

// MendIPv4 makes the checksum of an IPv4 packet's header right; the header must
// be whole.
func MendIPv4(packet []byte) {
	header := packet[:int(packet[0]&15)*4]
	header[10], header[11] = 0, 0
	binary.BigEndian.PutUint16(header[10:], ^Fold(Sum(header)))
}

// TCP option kinds (IANA).
const (
	OptEnd      = 0
	OptNOP      = 1
	OptMSS      = 2
	OptWScale   = 3
	OptSACKOK   = 4
	OptSACK     = 5
	OptTS       = 8
	OptMD5      = 19
	OptAO       = 29
	OptMPTCP    = 30
	OptFastOpen = 34
	OptExpA     = 253
	OptExpB     = 254
)

// TCPHeaderLen is the length of a TCP header without options.
const TCPHeaderLen = 20

// Options calls f for each option of a TCP header that is whole, with its
// value, which lies in the header. What stands behind one that is not is given
// back.
func Options(header []byte, f func(kind uint8, value []byte)) (rest []byte) {
	if len(header) < TCPHeaderLen {
		return nil
	}
	b := header[TCPHeaderLen:]
	for len(b) > 0 {
		switch {
		case b[0] == OptEnd:
			return b[1:]
		case b[0] == OptNOP:
			b = b[1:]
			continue
		case len(b) < 2 || b[1] < 2 || int(b[1]) > len(b):
			return b
		}
		n := int(b[1])
		f(b[0], b[2:n:n])
		b = b[n:]
	}
	return nil
}
