package canon

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"rstlab/analyzer/packet"
)

// multipath rewrites what of MPTCP chance decides: the keys, and the data
// sequence numbers that begin where a hash of the key says (RFC 8684, section
// 3.1).
type multipath struct {
	keys   map[uint64]uint64 // canonical, by what they were
	sender map[flow]uint64   // the key of a flow's sender, as it was
}

func newMultipath() multipath {
	return multipath{map[uint64]uint64{}, map[flow]uint64{}}
}

const (
	keyAt  = 2 // in MP_CAPABLE and MP_FASTCLOSE
	keyLen = 8
)

// option rewrites one MPTCP option, from its subtype on, of a packet that began
// at x. Packets must come in the order of their canonical times.
func (m *multipath) option(x *sighting, v []byte) error {
	if len(v) < 2 {
		return nil
	}
	scripted := x.line != nil
	switch subtype := v[0] >> 4; {
	case subtype == packet.MPCapable && len(v) >= keyAt+keyLen:
		m.sender[x.flow()] = m.key(v[keyAt:], scripted)
		if len(v) >= keyAt+2*keyLen {
			m.key(v[keyAt+keyLen:], scripted)
		}
	case subtype == packet.MPFastClose && len(v) >= keyAt+keyLen:
		m.key(v[keyAt:], scripted)
	case scripted:
	case subtype == packet.MPDSS:
		return m.dss(x, v)
	case subtype == packet.MPJoin, subtype == packet.MPAddAddr, subtype == packet.MPFail:
		return fmt.Errorf("MPTCP option %d has no canonical form; list the scenario among those without golden files", subtype)
	}
	return nil
}

// key puts a key's canonical form in its place and returns what it was. What
// the script wrote stays.
func (m *multipath) key(b []byte, scripted bool) uint64 {
	raw := binary.BigEndian.Uint64(b)
	if _, known := m.keys[raw]; !known {
		m.keys[raw] = raw
		if !scripted {
			m.keys[raw] = uint64(len(m.keys)) * 0x0101010101010101
		}
	}
	binary.BigEndian.PutUint64(b, m.keys[raw])
	return raw
}

// moved is how far the data sequence numbers of a key's owner are moved.
func (m *multipath) moved(key uint64) uint64 { return firstData(m.keys[key]) - firstData(key) }

// firstData is the initial data sequence number that belongs to a key.
func firstData(key uint64) uint64 {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, key))
	return binary.BigEndian.Uint64(sum[24:])
}

// dss rewrites a data sequence signal (RFC 8684, section 3.3).
func (m *multipath) dss(x *sighting, v []byte) error {
	const hasAck, ack8, hasMap, map8 = 1, 2, 4, 8
	b := v[2:]
	move := func(present, long uint8, key uint64) bool {
		n := 4
		if v[1]&long != 0 {
			n = 8
		}
		if v[1]&present == 0 {
			return true
		}
		if len(b) < n {
			return false
		}
		if n == 8 {
			binary.BigEndian.PutUint64(b, binary.BigEndian.Uint64(b)+m.moved(key))
		} else {
			binary.BigEndian.PutUint32(b, binary.BigEndian.Uint32(b)+uint32(m.moved(key)))
		}
		b = b[n:]
		return true
	}
	const mapLen = 4 + 2 // subflow sequence number, length
	switch {
	case !move(hasAck, ack8, m.sender[x.flow().reverse()]), !move(hasMap, map8, m.sender[x.flow()]):
		return fmt.Errorf("a data sequence signal of %d bytes is cut", len(v))
	case v[1]&hasMap != 0 && len(b) > mapLen:
		return errors.New("a data sequence signal with a checksum has no canonical form; list the scenario among those without golden files")
	}
	return nil
}
