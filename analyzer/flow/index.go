package flow

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// An index finds references by the hashes of keys: open addressing with linear
// probing, and no deletions that leave gaps behind. What it refers to keeps the
// keys.
type index struct {
	slots []slot
	used  int
}

type slot struct {
	hash uint32
	at   int32 // the reference and 1; 0: empty
}

// seed and seed2 keep captures from being made that put all of their connections
// into one slot, or two of them into one number.
var seed, seed2 = maphash.Bytes(maphash.MakeSeed(), nil) | 1, maphash.Bytes(maphash.MakeSeed(), nil)

// pair stands for a key: a number that no two of them share, but by a chance of
// one in 10^9 with the 2^17 of a Table. It is another one each time the program
// runs.
func (k *Key) pair() uint64 {
	h := mixAddr(&k.B, mixAddr(&k.A, seed))
	return mix(uint64(k.PortA)<<16|uint64(k.PortB)^h, k.Tunnel^seed2)
}

// hashOf mixes an address.
func hashOf(a *[16]byte) uint32 { return uint32(mixAddr(a, seed)) }

// Service stands for two hosts and the port at which one serves the other: a
// number, not 0, that no two of them share, but by a chance of one in 10^11 with
// 2^14 of them. It is another one each time the program runs.
func Service(client, server *[16]byte, port uint16) uint64 {
	return mix(mixAddr(server, mixAddr(client, seed))^uint64(port), seed2) | 1<<63
}

func mixAddr(a *[16]byte, h uint64) uint64 {
	return mix(half(a, 0)^h, half(a, 8)^seed2)
}

func half(b *[16]byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// first gives the place at which to begin to look for a hash, next the one
// after it.
func (x *index) first(hash uint32) uint32 { return hash & uint32(len(x.slots)-1) }
func (x *index) next(i uint32) uint32     { return (i + 1) & uint32(len(x.slots)-1) }

// at gives the reference at a place and whether it is one of this hash; none
// where nothing stands: then the hash has no more.
func (x *index) at(i, hash uint32) (ref int32, same bool) {
	if len(x.slots) == 0 {
		return none, false
	}
	s := x.slots[i]
	return s.at - 1, s.hash == hash
}

// none is no reference.
const none = -1

// near reads the place at which a hash is looked for first.
func (x *index) near(hash uint32) int64 {
	ref, _ := x.at(x.first(hash), hash)
	return int64(ref)
}

// put adds a reference, whose key is not there.
func (x *index) put(hash uint32, ref int32) {
	if (x.used+1)*4 > len(x.slots)*3 {
		x.grow()
	}
	x.place(hash, ref)
	x.used++
}

func (x *index) place(hash uint32, ref int32) {
	i := x.first(hash)
	for x.slots[i].at != 0 {
		i = x.next(i)
	}
	x.slots[i] = slot{hash, ref + 1}
}

func (x *index) grow() {
	old := x.slots
	x.slots = make([]slot, max(1<<10, 2*len(old)))
	for _, s := range old {
		if s.at != 0 {
			x.place(s.hash, s.at-1)
		}
	}
}

// remove takes a reference out and closes the gap: what stands behind it and
// could stand in it moves up.
func (x *index) remove(hash uint32, ref int32) {
	i := x.first(hash)
	for x.slots[i].at != ref+1 {
		if x.slots[i].at == 0 {
			return
		}
		i = x.next(i)
	}
	x.used--
	mask := uint32(len(x.slots) - 1)
	for j := i; ; {
		x.slots[i] = slot{}
		for {
			j = x.next(j)
			if x.slots[j].at == 0 {
				return
			}
			if home := x.slots[j].hash & mask; (j-home)&mask >= (j-i)&mask {
				break
			}
		}
		x.slots[i] = x.slots[j]
		i = j
	}
}
