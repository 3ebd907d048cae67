package sanitize

import (
	"crypto/sha256"
	"encoding/binary"
	"net/netip"

	"rstlab/analyzer/packet"
	"rstlab/internal/inet"
)

// header maps what a header holds of addresses and of what identifies hosts.
func (s *Sanitizer) header(out []byte, i int) {
	l := s.layers[i]
	b := out[l.at : l.at+l.n]
	switch l.kind {
	case packet.HeaderEthernet:
		s.mac(b)
		s.mac(b[6:])
	case packet.HeaderSubframe:
		s.mac(b)
		s.mac(b[6:])
	case packet.HeaderSLL:
		s.mac(b[6:])
	case packet.HeaderSLL2:
		s.mac(b[12:])
	case packet.HeaderWireless:
		s.wireless(b)
	case packet.HeaderIPv4:
		s.put(b[12:16])
		s.put(b[16:20])
		s.ipOptions(b[20:])
	case packet.HeaderIPv6:
		s.put(b[8:24])
		s.put(b[24:40])
	case packet.HeaderExtension:
		clear(b[2:])
	case packet.HeaderRouting:
		s.routing(b)
	case packet.HeaderTCP:
		src, dst, _ := s.packetOf(out, i)
		s.tcpOptions(b, src, dst)
	}
}

// wireless maps the addresses of an 802.11 header.
func (s *Sanitizer) wireless(b []byte) {
	const bothWays = 3 // to and from the distribution system
	for _, at := range []int{4, 10, 16} {
		s.mac(b[at:])
	}
	if b[1]&bothWays == bothWays {
		s.mac(b[24:])
	}
}

// ipOptions maps the routes in IPv4 options and empties all others.
func (s *Sanitizer) ipOptions(b []byte) {
	const end, nop, recordRoute, looseRoute, strictRoute, pointerLen = 0, 1, 7, 131, 137, 3
	for len(b) > 0 && b[0] != end {
		if b[0] == nop {
			b = b[1:]
			continue
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			break
		}
		n := int(b[1])
		switch b[0] {
		case recordRoute, looseRoute, strictRoute:
			for at := pointerLen; at+4 <= n; at += 4 {
				s.put(b[at : at+4])
			}
		default:
			clear(b[2:n])
		}
		b = b[n:]
	}
	clear(b)
}

// routing maps the addresses of an IPv6 routing header: of types 0 and 2, and
// of segment routing (RFC 8754); what stands behind them, and in other types,
// is emptied.
func (s *Sanitizer) routing(b []byte) {
	const fixed = 8
	switch b[2] {
	case 0, 2, 4:
		at := fixed
		for ; at+16 <= len(b); at += 16 {
			s.put(b[at : at+16])
		}
		clear(b[at:])
	default:
		clear(b[4:])
	}
}

// enclosing is the IP header next around a layer, -1 where there is none.
func (s *Sanitizer) enclosing(i int) int {
	for j := i - 1; j >= 0; j-- {
		if k := s.layers[j].kind; k == packet.HeaderIPv4 || k == packet.HeaderIPv6 {
			return j
		}
	}
	return -1
}

// tcpOptions keeps options in relation: clocks are moved for each host, keys,
// tokens and cookies become others, signatures and what is not known are
// emptied.
func (s *Sanitizer) tcpOptions(header []byte, src, dst netip.Addr) {
	rest := inet.Options(header, func(kind uint8, v []byte) {
		switch kind {
		case inet.OptMSS, inet.OptWScale, inet.OptSACKOK, inet.OptSACK:
		case inet.OptTS:
			if len(v) == 8 {
				s.shift(v, src)
				s.shift(v[4:], dst)
			}
		case inet.OptMPTCP:
			s.multipath(v)
		case inet.OptFastOpen:
			s.replace(v)
		case inet.OptExpA, inet.OptExpB:
			if len(v) > 2 {
				s.replace(v[2:]) // behind the number of the experiment
			}
		default:
			clear(v)
		}
	})
	clear(rest)
}

// shift moves a timestamp by what belongs to a host. 0 means that there is none.
func (s *Sanitizer) shift(b []byte, host netip.Addr) {
	if n := binary.BigEndian.Uint32(b); n != 0 {
		binary.BigEndian.PutUint32(b, n+uint32(s.random(forClock, host.AsSlice())))
	}
}

// replace puts other bytes in the place of some, the same for the same.
func (s *Sanitizer) replace(b []byte) {
	r := s.random(forOption, b)
	for i := range b {
		if i%8 == 0 && i > 0 {
			r = s.random(forOption, b[i-8:i])
		}
		b[i] = byte(r >> (8 * (i % 8)))
	}
}

// multipath replaces what an MPTCP option has of keys, tokens and hashes, from
// its subtype on (RFC 8684, section 3).
func (s *Sanitizer) multipath(v []byte) {
	if len(v) < 2 {
		return
	}
	const keyLen = 8
	switch v[0] >> 4 {
	case packet.MPCapable:
		for at := 2; at+keyLen <= len(v) && at <= 2+keyLen; at += keyLen {
			s.key(v[at : at+keyLen])
		}
		if len(v) > 2+2*keyLen+2 {
			clear(v[2+2*keyLen+2:]) // a checksum over data
		}
	case packet.MPFastClose:
		if len(v) >= 2+keyLen {
			s.key(v[2 : 2+keyLen])
		}
	case packet.MPJoin:
		const onSYN, tokenLen = 10, 4
		if len(v) == onSYN {
			s.token(v[2 : 2+tokenLen])
			v = v[tokenLen:]
		}
		clear(v[2:]) // random numbers and their hashes
	case packet.MPAddAddr:
		clear(v[2:])
	case packet.MPDSS:
		s.dataSum(v)
	}
}

// dataSum empties the checksum over data of a data sequence signal.
func (s *Sanitizer) dataSum(v []byte) {
	const hasAck, ack8, hasMap, map8 = 1, 2, 4, 8
	if v[1]&hasMap == 0 {
		return
	}
	n := 2 + 4 + 4 + 2 // flags, data and subflow sequence number, length
	if v[1]&map8 != 0 {
		n += 4
	}
	if v[1]&hasAck != 0 {
		n += 4
		if v[1]&ack8 != 0 {
			n += 4
		}
	}
	if n < len(v) {
		clear(v[n:])
	}
}

// key replaces an MPTCP key, and remembers what that makes of its token.
func (s *Sanitizer) key(b []byte) {
	was := sha256.Sum256(b)
	s.replace(b)
	is := sha256.Sum256(b)
	s.tokens[binary.BigEndian.Uint32(was[:])] = binary.BigEndian.Uint32(is[:])
}

// token replaces an MPTCP token: as its key was, where that was seen.
func (s *Sanitizer) token(b []byte) {
	if is, known := s.tokens[binary.BigEndian.Uint32(b)]; known {
		binary.BigEndian.PutUint32(b, is)
		return
	}
	s.replace(b)
}
