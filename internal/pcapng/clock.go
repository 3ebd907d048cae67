package pcapng

import (
	"math"
	"math/bits"
	"time"
)

// A clock turns the stamps of an interface into nanoseconds since 1970. The
// zero value counts microseconds; stamps out of an int64's range (after 2262)
// become its ends.
type clock struct {
	mul   uint64 // nanoseconds in a unit, else
	div   uint64 // units in a nanosecond, else
	shift uint   // units in a second are 1<<shift
	plus  int64  // if_tsoffset in nanoseconds
}

// newClock reads if_tsresol: a negative power of ten or, with the high bit, of
// two.
func newClock(resolution uint8, offset int64) clock {
	c := clock{}
	switch n := resolution & 0x7f; {
	case resolution&0x80 != 0:
		c.shift = uint(min(n, 64))
		if n == 0 {
			c.mul = uint64(time.Second)
		}
	case n <= 9:
		c.mul = pow10(9 - n)
	default:
		c.div = pow10(min(n-9, 19))
	}
	if offset > math.MaxInt64/int64(time.Second) || offset < math.MinInt64/int64(time.Second) {
		offset = 0 // no clock is centuries off: not an offset
	}
	c.plus = offset * int64(time.Second)
	return c
}

// unit is the clock's unit, at least a nanosecond.
func (c clock) unit() time.Duration {
	switch {
	case c.mul != 0:
		return time.Duration(c.mul)
	case c.shift != 0 && c.shift < 30:
		return time.Second >> c.shift
	}
	return time.Nanosecond
}

func (c *clock) nanoseconds(ticks uint64) int64 {
	var ns uint64
	switch {
	case c.mul != 0:
		hi, lo := bits.Mul64(ticks, c.mul)
		ns = saturated(hi, lo)
	case c.div != 0:
		ns = ticks / c.div
	default:
		hi, lo := bits.Mul64(ticks, uint64(time.Second))
		if c.shift == 64 {
			ns = hi
		} else {
			ns = saturated(hi>>c.shift, hi<<(64-c.shift)|lo>>c.shift)
		}
	}
	t := int64(min(ns, math.MaxInt64))
	if sum := t + c.plus; c.plus == 0 || (sum > t) == (c.plus > 0) {
		return sum
	}
	return t
}

func saturated(hi, lo uint64) uint64 {
	if hi != 0 {
		return math.MaxUint64
	}
	return lo
}

func pow10(n uint8) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}
