package judge

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"

	"rstlab/analyzer/flow"
	"rstlab/analyzer/packet"
)

// A multipath is a multipath connection, of which each subflow is a connection
// of its own: what on one of them explains a reset on another.
type multipath struct {
	fastclose flow.Stamp // MP_FASTCLOSE
	on        int        // the subflow that bore it
	removed   flow.Stamp // the last REMOVE_ADDR
	removedOn int        // the subflow that bore it
}

// maxMultipaths bounds how many are known at once.
const maxMultipaths = 1 << 12

// multipaths knows them by the token of either end: a hash of its key, by SHA-256
// in version 1 and by SHA-1 in version 0 (RFC 8684, 3.2; RFC 6824).
type multipaths struct{ byToken map[uint32]*multipath }

// read follows the multipath options of a segment.
func (m *multipaths) read(c *flow.Conn, s *flow.Segment, in *packet.Info) {
	o := &in.MPTCP
	if o.Subtypes == 0 {
		return
	}
	if o.Has(packet.MPCapable) && o.Key != 0 && m.find(c) == nil && len(m.byToken) < maxMultipaths {
		group := new(multipath)
		if m.byToken == nil {
			m.byToken = map[uint32]*multipath{}
		}
		for _, t := range tokens(o.Key) {
			m.byToken[t] = group
		}
	}
	if g := m.find(c); g != nil {
		if o.Has(packet.MPCapable) && o.Key != 0 && len(m.byToken) < maxMultipaths {
			for _, t := range tokens(o.Key) {
				m.byToken[t] = g
			}
		}
		if o.Has(packet.MPFastClose) && !g.fastclose.Exists() {
			g.fastclose, g.on = s.Stamp(), c.ID
		}
		if o.Has(packet.MPRemove) {
			g.removed, g.removedOn = s.Stamp(), c.ID
		}
	}
}

// find gives the multipath connection of a subflow, nil where none is known.
func (m *multipaths) find(c *flow.Conn) *multipath {
	if len(m.byToken) == 0 {
		return nil
	}
	if c.MPTCP.Join {
		return m.byToken[c.MPTCP.Token]
	}
	for _, key := range c.MPTCP.Key {
		if key != 0 {
			for _, t := range tokens(key) {
				if g := m.byToken[t]; g != nil {
					return g
				}
			}
		}
	}
	return nil
}

func tokens(key uint64) [2]uint32 {
	b := binary.BigEndian.AppendUint64(nil, key)
	one, two := sha256.Sum256(b), sha1.Sum(b)
	return [2]uint32{binary.BigEndian.Uint32(one[:]), binary.BigEndian.Uint32(two[:])}
}
