package pcapng

import "encoding/binary"

// A Block stands between packets and describes none of them: names, secrets, custom
// data. It may stand in another file as well.
type Block struct {
	Kind uint32
	Body []byte // its numbers little-endian, as Writer writes them; valid until the reader reads on
}

// An Option is one that is carried from file to file as it stands, but for numbers
// in it, which are little-endian.
type Option struct {
	Code  uint16
	Value []byte
}

// Carry has the reader hand over each block that can be carried to another file, when
// it meets it, and keep such options as well, of sections, interfaces and packets.
// Blocks that can't be are counted, see Left. It is called before anything is read.
func (r *Reader) Carry(f func(Block)) { r.carry = f }

// Options gives the options of the last packet that are carried along, with Carry.
// They are valid until the next packet is read.
func (r *Reader) Options() []Option { return r.rest }

// Left counts the blocks that were not carried along, with Carry: those that ask not
// to be copied, and those of a kind that is not known here, in which numbers of
// interfaces may stand.
func (r *Reader) Left() (local, unknown int) { return r.local, r.unknown }

// carried tells whether a block of this kind and length is to be read whole, to be
// handed over.
func (r *Reader) carried(kind, length uint32) bool {
	if r.carry == nil {
		return false
	}
	switch kind {
	case blockNames, blockSecrets, blockCustom, blockJournal:
		if length <= maxBlockLen && !r.blocks.draft {
			return true
		}
		r.unknown++
	case blockCustomLocal:
		r.local++
	default:
		r.unknown++
	}
	return false
}

// handOver gives a block to Carry's function.
func (r *Reader) handOver(kind uint32, body []byte) {
	b, whole := r.turned[:0], true
	switch kind {
	case blockCustom: // the number of who made it; where its data ends only they know
		if whole = len(body) >= 4; whole {
			b = append(r.turn(b, body[:4], 4), body[4:]...)
		}
	case blockSecrets: // kind and length of the secrets
		if whole = len(body) >= 8 && uint64(r.u32(body[4:]))+8 <= uint64(len(body)); whole {
			end := min(padded(8+int(r.u32(body[4:]))), len(body))
			b = append(r.turn(b, body[:8], 4), body[8:end]...)
			b = r.turnOptions(b, body[end:])
		}
	case blockNames:
		b, whole = r.turnNames(b, body)
	default:
		b = append(b, body...)
	}
	if !whole {
		r.unknown++
		return
	}
	r.turned = b
	r.carry(Block{Kind: kind, Body: b})
}

// turnNames appends the records and options of a Name Resolution Block.
func (r *Reader) turnNames(to, b []byte) (_ []byte, whole bool) {
	for len(b) >= 4 {
		kind, end := r.u16(b), 4+padded(int(r.u16(b[2:])))
		if end > len(b) {
			return to, false
		}
		to = append(r.turn(to, b[:4], 2), b[4:end]...)
		b = b[end:]
		if kind == 0 {
			return r.turnOptions(to, b), true
		}
	}
	return to, len(b) == 0
}

// turnOptions appends options that may stand anywhere.
func (r *Reader) turnOptions(to, b []byte) []byte {
	n := len(to)
	r.options(b, func(code uint16, v []byte) {
		if code == optCustomTextLocal || code == optCustomLocal {
			return
		}
		to = binary.LittleEndian.AppendUint16(to, code)
		to = binary.LittleEndian.AppendUint16(to, uint16(len(v)))
		if code == optCustomText || code == optCustom {
			to = r.turnFirst(to, v)
		} else {
			to = append(to, v...)
		}
		for len(to)%4 != 0 {
			to = append(to, 0)
		}
	})
	if len(to) > n {
		to = append(to, 0, 0, 0, 0)
	}
	return to
}

// turn appends the numbers of b, each of so many bytes.
func (r *Reader) turn(to, b []byte, size int) []byte {
	for ; len(b) >= size; b = b[size:] {
		switch size {
		case 2:
			to = binary.LittleEndian.AppendUint16(to, r.u16(b))
		case 4:
			to = binary.LittleEndian.AppendUint32(to, r.u32(b))
		default:
			to = binary.LittleEndian.AppendUint64(to, r.u64(b))
		}
	}
	return append(to, b...)
}

// turnFirst appends a number of four bytes and what follows it as it stands.
func (r *Reader) turnFirst(to, v []byte) []byte {
	n := min(4, len(v))
	return append(r.turn(to, v[:n], 4), v[n:]...)
}

// keepOption adds an option to those that are carried along, if it can be: sizes
// says by its code how long the numbers in it are, 1 for bytes and text.
func (r *Reader) keepOption(to []Option, sizes map[uint16]int, code uint16, v []byte) []Option {
	if r.carry == nil {
		return to
	}
	switch size := sizes[code]; {
	case code == optCustomText || code == optCustom:
		return append(to, Option{code, r.turnFirst(nil, v)})
	case size == 1:
		return append(to, Option{code, append([]byte(nil), v...)})
	case size > 1 && len(v)%size == 0:
		return append(to, Option{code, r.turn(nil, v, size)})
	}
	return to
}

// keepOfFile does so with one about the file, of which no more than maxText is kept.
func (r *Reader) keepOfFile(to []Option, sizes map[uint16]int, code uint16, v []byte) []Option {
	if r.texts > maxText {
		return to
	}
	n := len(to)
	if to = r.keepOption(to, sizes, code, v); len(to) > n {
		r.texts += optionLen + len(v)
	}
	return to
}

// Options of interfaces and packets that nothing here is made of.
var (
	carriedOfInterface = map[uint16]int{
		4: 1, 5: 1, 6: 1, 7: 1, // addresses
		8: 8, 16: 8, 17: 8, // speed, also apart for sending and receiving
		13: 1, // length of the frame check sequence
		15: 1, // hardware
		18: 1, // time zone
	}
	carriedOfPacket = map[uint16]int{
		3: 1, // hash
		5: 8, // number, the same where it was captured twice
		6: 4, // queue
		8: 4, // process and thread
	}
)

// keepVerdict adds a packet's verdict: a kind, then bytes of hardware or a number of a
// program's.
func (r *Reader) keepVerdict(v []byte) {
	const hardware = 0
	if r.carry == nil || len(v) == 0 || len(r.rest) >= maxKept {
		return
	}
	if v[0] == hardware {
		r.rest = append(r.rest, Option{optPacketVerdict, append([]byte(nil), v...)})
	} else if len(v) == 9 {
		r.rest = append(r.rest, Option{optPacketVerdict, r.turn(v[:1:1], v[1:], 8)})
	}
}
