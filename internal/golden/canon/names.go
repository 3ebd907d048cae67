package canon

import (
	"encoding/binary"

	"rstlab/internal/script"
	"rstlab/internal/segment"
)

// firstPort is the least canonical ephemeral port (RFC 6335, section 6).
const firstPort = 49152

// ephemeral gives the ports that a kernel chose their canonical numbers.
func (s *scene) ephemeral(l *literals) map[uint16]uint16 {
	ports := map[uint16]uint16{}
	next := uint16(firstPort)
	add := func(p uint16) {
		if _, known := ports[p]; known || l.ports[p] || p == 0 {
			return
		}
		for l.ports[next] {
			next++
		}
		ports[p] = next
		next++
	}
	copies := s.copies()
	for _, x := range s.origins() {
		for _, y := range copies[x] {
			add(y.info.SrcPort)
			add(y.info.DstPort)
		}
	}
	return ports
}

// idStep is the distance between the canonical IPv4 identifications of sockets.
// It is a prime, and more than any socket of a scenario sends.
const idStep = 4099

// idJump is the greatest step from one identification to the next that is of
// one counter.
const idJump = 256

// A counter is a kernel's counter of IPv4 identifications.
type counter struct{ raw, canonical uint16 }

// count gives the IPv4 packets of kernels canonical identifications: those of
// a flow count as they did, from a fixed number. Those of peers and middleboxes,
// which the lab counts from 1, and those that a rule of the script sets stay, as
// does 0.
func (s *scene) count() {
	counters := map[any]*counter{}
	bases := uint16(0)
	for _, x := range s.origins() {
		id := x.idHere()
		x.id = id
		if x.tap.node.kind != script.Host || x.tap.node.numbersIDs || isIPv6(x.was) {
			continue
		}
		var key any = x.flow()
		if !x.isTCP() { // a counter that all share, and that time moves too
			key = x.tap.node
		}
		c := counters[key]
		switch {
		case id == 0 && x.bearsNone() && (c == nil || c.raw != 0xffff):
			continue
		case c == nil || x.isTCP() && id-c.raw > idJump:
			bases++
			c = &counter{id, bases * idStep}
			counters[key] = c
		case !x.isTCP():
			c.canonical++
		default:
			c.canonical += id - c.raw
		}
		c.raw = id
		x.id = c.canonical
	}
}

// bearsNone tells a packet for which Linux counts none: that of no socket.
// Others have 0 by chance.
func (x *sighting) bearsNone() bool {
	return x.info.Flags != segment.SYN && x.info.PayloadLen == 0
}

// idHere is the IPv4 identification that a sighting bore; 0 for IPv6.
func (x *sighting) idHere() uint16 {
	if isIPv6(x.was) {
		return 0
	}
	return binary.BigEndian.Uint16(x.was[etherLen+4:])
}

// labelStep keeps canonical flow labels apart.
const labelStep = 0x01001

// label gives the flow labels of kernels canonical numbers; 0 stays 0.
func (s *scene) label() {
	labels := map[uint32]uint32{}
	for _, x := range s.origins() {
		x.flowLabel = x.labelHere()
		if x.tap.node.kind != script.Host || x.flowLabel == 0 {
			continue
		}
		if labels[x.flowLabel] == 0 {
			labels[x.flowLabel] = uint32(len(labels)+1) * labelStep
		}
		x.flowLabel = labels[x.flowLabel]
	}
}

// labelHere is the flow label that a sighting bore; 0 for IPv4.
func (x *sighting) labelHere() uint32 {
	if !isIPv6(x.was) {
		return 0
	}
	return binary.BigEndian.Uint32(x.was[etherLen:]) & 0xfffff
}
