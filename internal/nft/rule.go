// Package nft reads rules of a firewall in the words of the nft program: a
// hook, matches, and what happens to the packets that match.
//
//	forward tcp dport 445 reject with tcp reset
//	postrouting oifname server masquerade
//	forward ct state established,related accept
//
// It reads what tells a story about resets, not the whole of nft. Where an
// address stands, the name of an actor may stand; the package does not know
// them, whoever puts the rule into a kernel does.
package nft

import "net/netip"

// A Family is that of the Internet protocol: 0 (either), 4 or 6.
type Family int

// A Hook is a place in a packet's way through the kernel.
type Hook string

// The hooks, by the words that begin a rule.
const (
	Prerouting  Hook = "prerouting"
	Input       Hook = "input"
	Forward     Hook = "forward"
	Output      Hook = "output"
	Postrouting Hook = "postrouting"
)

// A Rule is one rule, read.
type Rule struct {
	Hook       Hook
	Family     Family // that its words tell, 0 where none does
	Statements []Statement
}

// A Statement is a *[Match], *[Verdict], *[Reject], *[NAT], *[Set], *[Limit],
// [Counter] or [Notrack].
type Statement any

// A Verdict ends the packet's way through the chain.
type Verdict struct{ Accept bool } // else drop

// A Reject drops the packet and answers its sender.
type Reject struct {
	With Answer
	Code uint8 // of the ICMP error
}

// An Answer is what a [Reject] sends.
type Answer int

// The answers. ICMPX is the error of either family, its codes nft's own.
const (
	TCPReset Answer = iota
	ICMP
	ICMPv6
	ICMPX
)

// A NAT translates an address. Port 0 leaves the port alone.
type NAT struct {
	Kind        NATKind
	To          Operand // of SNAT and DNAT; zero where only a port is given
	Port, Last  uint16  // the first and last port
	Random      bool    // of SNAT and Masquerade: any free port
	FullyRandom bool    // and not one that depends on the addresses
}

// A NATKind is which address is translated, to what.
type NATKind string

// The kinds, by their words.
const (
	SNAT       NATKind = "snat"
	DNAT       NATKind = "dnat"
	Masquerade NATKind = "masquerade"
	Redirect   NATKind = "redirect"
)

// A Set writes a value into a field of the packet.
type Set struct {
	Field  *Field
	Value  uint32
	Numgen *Numgen // instead of Value
}

// A Numgen counts from Offset up to Offset+Modulus-1 and begins anew, or draws
// from there.
type Numgen struct {
	Random          bool
	Modulus, Offset uint32
}

// A Limit matches up to a rate, or beyond it.
type Limit struct {
	Over  bool
	Rate  uint64
	Unit  uint64 // seconds
	Burst uint32 // packets
}

// A Counter counts, for nobody.
type Counter struct{}

// A Notrack keeps the packet out of connection tracking.
type Notrack struct{}

// An Op compares.
type Op string

// The comparisons.
const (
	Equal          Op = "=="
	NotEqual       Op = "!="
	Less           Op = "<"
	Greater        Op = ">"
	LessOrEqual    Op = "<="
	GreaterOrEqual Op = ">="
)

// A Match lets packets pass on to the next statement whose field compares with
// one of the operands; with NotEqual, with none. With a mask, Mask is laid over
// the field first.
type Match struct {
	Field    *Field
	Mask     []byte
	Op       Op
	Operands []Operand
}

// An Operand is what a field is compared with: a range of values, an address
// range, or a name. Col and Len are its place in the rule.
type Operand struct {
	Col, Len int
	From, To []byte     // in the order of the wire, as long as the field
	First    netip.Addr // of an address field
	Last     netip.Addr
	Name     string // of an actor or an interface
}
