package sanitize

import (
	"crypto/aes"
	"encoding/binary"
	"net/netip"
)

// Purposes keep what is made from the key apart.
const (
	forIPv4 = iota + 1
	forIPv6
	forMAC
	forClock
	forOption
	forPayload
)

// random is a number that depends on a purpose, some bytes and the key only.
func (s *Sanitizer) random(purpose byte, b []byte) uint64 {
	var state [aes.BlockSize]byte
	state[aes.BlockSize-1] = purpose
	s.block.Encrypt(state[:], state[:])
	state[0] ^= byte(len(b))
	for len(b) > 0 { // CBC-MAC, the length first
		n := min(len(b), aes.BlockSize)
		for i, c := range b[:n] {
			state[i] ^= c
		}
		b = b[n:]
		s.block.Encrypt(state[:], state[:])
	}
	return binary.BigEndian.Uint64(state[:])
}

// bits maps the bits of an address: two that share a prefix share one after,
// too, of the same length (Xu, Fan, Ammar, Moon 2002). keep says which stay,
// given the bits before them.
func (s *Sanitizer) bits(purpose byte, b []byte, keep func(i int) bool) []byte {
	out := append([]byte(nil), b...)
	prefix := make([]byte, len(b)+1)
	for i := range len(b) * 8 {
		prefix[len(b)] = byte(i)
		if !keep(i) && s.random(purpose, prefix)>>63 == 1 {
			out[i/8] ^= 0x80 >> (i % 8)
		}
		prefix[i/8] |= b[i/8] & (0x80 >> (i % 8))
	}
	return out
}

// Nets whose meaning must stay: what is in one before is in it after, and
// nothing else is.
var (
	kept4 = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("224.0.0.0/3")}
	kept6 = []netip.Prefix{netip.MustParsePrefix("::/8"), netip.MustParsePrefix("2000::/3"), netip.MustParsePrefix("fc00::/7"),
		netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("ff00::/8")}
)

// solicited are the multicast groups that hold the end of an address (RFC
// 4291, section 2.7.1).
var solicited = netip.MustParsePrefix("ff02::1:ff00:0/104")

// addr maps an address.
func (s *Sanitizer) addr(a netip.Addr) netip.Addr {
	if m, known := s.addrs[a]; known {
		return m
	}
	switch {
	case solicited.Contains(a):
		return solicited.Addr()
	case a.IsUnspecified(), a.IsLoopback(), a.IsMulticast(), a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return a
	}
	purpose, nets := byte(forIPv4), kept4
	if a.Is6() {
		purpose, nets = forIPv6, kept6
	}
	out := s.bits(purpose, a.AsSlice(), func(i int) bool {
		for _, net := range nets {
			prefix, err := a.Prefix(i)
			if err == nil && i < net.Bits() && prefix.Contains(net.Addr()) {
				return true
			}
		}
		return false
	})
	m, _ := netip.AddrFromSlice(out)
	s.addrs[a] = m
	return m
}

// put maps the address that b is, in place.
func (s *Sanitizer) put(b []byte) {
	if a, ok := netip.AddrFromSlice(b); ok {
		copy(b, s.addr(a).AsSlice())
	}
}

// mac maps a link address in place. Groups and the kind of address stay.
func (s *Sanitizer) mac(b []byte) {
	if len(b) < 6 {
		return
	}
	a := [6]byte(b)
	switch {
	case a == [6]byte{}:
	case a[0] == 0x33 && a[1] == 0x33 && a[2] == 0xff: // of a solicited group
		b[3], b[4], b[5] = 0, 0, 0
	case a[0]&1 == 1:
	default:
		m, known := s.macs[a]
		if !known {
			m = [6]byte(s.bits(forMAC, b[:6], func(i int) bool { return i == 6 || i == 7 }))
			s.macs[a] = m
		}
		copy(b, m[:])
	}
}
