package flow

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// An index finds connections by their keys: open addressing with linear
// probing, and no deletions that leave gaps behind. What it points to keeps the
// keys. A reference above 0 is a connection, below 0 a past one.
type index struct {
	slots []slot
	used  int
	seed  uint64
}

type slot struct {
	hash uint32
	ref  int32 // 0: empty
}

// hash mixes a key. The seed keeps captures from being made that put all of
// their connections into one slot.
func (x *index) hash(k *Key) uint32 {
	if x.seed == 0 {
		x.seed = maphash.Bytes(maphash.MakeSeed(), nil) | 1
	}
	h := mix(half(&k.A, 0)^x.seed, half(&k.A, 8)^0x9e3779b97f4a7c15)
	h = mix(half(&k.B, 0)^h, half(&k.B, 8)^0xbf58476d1ce4e5b9)
	h = mix(uint64(k.PortA)<<16|uint64(k.PortB)^h, k.Tunnel^0x94d049bb133111eb)
	return uint32(h) ^ uint32(h>>32)
}

func half(b *[16]byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
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
	mask := uint32(len(x.slots) - 1)
	i := hash & mask
	for x.slots[i].ref != 0 {
		i = (i + 1) & mask
	}
	x.slots[i] = slot{hash, ref}
}

func (x *index) grow() {
	old := x.slots
	x.slots = make([]slot, max(1<<10, 2*len(old)))
	for _, s := range old {
		if s.ref != 0 {
			x.place(s.hash, s.ref)
		}
	}
}

// remove takes a reference out and closes the gap: what stands behind it and
// could stand in it moves up.
func (x *index) remove(hash uint32, ref int32) {
	mask := uint32(len(x.slots) - 1)
	i := hash & mask
	for x.slots[i].ref != ref {
		if x.slots[i].ref == 0 {
			return
		}
		i = (i + 1) & mask
	}
	x.used--
	for j := i; ; {
		x.slots[i] = slot{}
		for {
			j = (j + 1) & mask
			if x.slots[j].ref == 0 {
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
