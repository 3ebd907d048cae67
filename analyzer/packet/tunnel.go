package packet

import "strconv"

// An Encap is one thing around a packet that is not plain Ethernet and IP.
type Encap struct {
	Kind EncapKind
	ID   uint32 // VLAN, VNI, TEID, label, session or key; 0 where there is none
}

// EncapKind is the kind of an Encap.
type EncapKind uint8

// Encapsulations.
const (
	VLAN EncapKind = iota + 1
	PPPoE
	MPLS
	GRE
	ERSPAN
	VXLAN
	Geneve
	GTPU
	IPIP   // IPv4 or IPv6 in IPv4 or IPv6 of the same version
	SixIn4 // IPv6 in IPv4
	FourIn6
	EtherIP
	L2TP // the ID is the tunnel's in the high half, the session's in the low one
	TZSP
	L2TPv3
	GUE
	LISP
	NSH
	Teredo
	CAPWAP
	PBB
	TRILL
	FabricPath
	FrameRelay
	EtherInIP // without a header of its own
)

var encaps = [...]struct {
	name   string
	bothID bool // both directions of a connection bear the same ID
}{
	VLAN:       {"vlan", true},
	PPPoE:      {"pppoe", true},
	MPLS:       {"mpls", false},   // label switched paths are one-way (RFC 3031, 2.2)
	GRE:        {"gre", false},    // a key is the receiver's choice
	ERSPAN:     {"erspan", false}, // each direction may be mirrored by a session of its own
	VXLAN:      {"vxlan", true},
	Geneve:     {"geneve", true},
	GTPU:       {"gtp-u", false}, // a TEID is the receiver's (3GPP TS 29.281, 5.1)
	IPIP:       {"ip-in-ip", true},
	SixIn4:     {"6in4", true},
	FourIn6:    {"4in6", true},
	EtherIP:    {"etherip", true},
	L2TP:       {"l2tp", false}, // each end chooses its own (RFC 2661, 3.1)
	TZSP:       {"tzsp", false},
	L2TPv3:     {"l2tpv3", false}, // as L2TP (RFC 3931, 4.1)
	GUE:        {"gue", true},
	LISP:       {"lisp", true},
	NSH:        {"nsh", false}, // a path is one-way (RFC 7665, 2.2)
	Teredo:     {"teredo", true},
	CAPWAP:     {"capwap", true},
	PBB:        {"pbb", true},
	TRILL:      {"trill", true},
	FabricPath: {"fabricpath", true},
	FrameRelay: {"frame-relay", true},
	EtherInIP:  {"ethernet-in-ip", true},
}

// maxEncaps is how many encapsulations a Tunnel remembers; those further in
// are decoded and not named.
const maxEncaps = 4

// A Tunnel is what a segment's IP packet was wrapped in, outermost first. It
// is comparable; the zero value is no tunnel.
type Tunnel struct {
	N     uint8
	One   bool // all of the capture is one network: see Decoder.OneNetwork
	Stack [maxEncaps]Encap
}

func (t *Tunnel) push(k EncapKind, id uint32) {
	if int(t.N) < len(t.Stack) {
		t.Stack[t.N] = Encap{k, id}
		t.N++
	}
}

// String gives "vlan 10, vxlan 7", or "" for no tunnel.
func (t Tunnel) String() string {
	var b []byte
	for i, e := range t.Stack[:t.N] {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, encaps[e.Kind].name...)
		if e.ID != 0 {
			b = append(b, ' ')
			b = strconv.AppendUint(b, uint64(e.ID), 10)
		}
	}
	return string(b)
}

// Key is a number for tables of connections: it is the same for both
// directions of a connection and, but for chance, differs between networks
// that may use the same addresses. IDs that each direction chooses for itself
// (MPLS labels, GRE keys, GTP-U TEIDs) and those of mirrors are left out of it.
// 0 is no tunnel, or one network.
func (t *Tunnel) Key() uint64 {
	if t.N == 0 || t.One {
		return 0
	}
	h := uint64(14695981039346656037) // FNV-1a
	for _, e := range t.Stack[:t.N] {
		v := uint64(e.Kind) << 32
		if encaps[e.Kind].bothID {
			v |= uint64(e.ID)
		}
		h = (h ^ v) * 1099511628211
		h ^= h >> 29
	}
	return h
}
