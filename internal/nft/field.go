package nft

import (
	"encoding/binary"
	"slices"
)

// A Kind is what the values of a field are.
type Kind int

// The kinds of value.
const (
	Number    Kind = iota
	Address        // of Family
	Bits           // names for bits
	Names          // names for values
	Interface      // the name of one
	Present        // exists or missing
)

// A Base is what an offset counts from.
type Base int

// The bases, and what is no part of the packet.
const (
	Network   Base = iota // the header of IP
	Transport             // the header of TCP
	Inner                 // behind the header of TCP; from Linux 6.2 on
	Option                // a TCP option; Offset is its kind
	Meta                  // what the kernel knows of the packet
	Conntrack             // what it knows of the connection
)

// A Field is what a match looks at.
type Field struct {
	Name   string
	Base   Base
	Offset uint32 // bytes
	Size   uint32 // bytes
	Shift  uint32 // bits behind the value, in its Size bytes
	Kind   Kind
	Values []Value // of Bits and Names
	Family Family  // that it belongs to
	TCP    bool    // only TCP has it

	bits     uint32 // of the value, 0 for what Size and Shift leave
	settable bool
}

// A Value is a word that stands for a number.
type Value struct {
	Name  string
	Value uint32
}

// The fields that are no part of a packet.
const (
	IIFName  = "iifname"
	OIFName  = "oifname"
	L4Proto  = "meta l4proto"
	NFProto  = "meta nfproto"
	CtState  = "ct state"
	CtStatus = "ct status"
)

// fields are all fields but those given by offset, and options.
var fields = []*Field{
	{Name: "ip saddr", Offset: 12, Size: 4, Kind: Address, Family: 4},
	{Name: "ip daddr", Offset: 16, Size: 4, Kind: Address, Family: 4},
	{Name: "ip dscp", Offset: 1, Size: 1, Shift: 2, Family: 4, settable: true},
	{Name: "ip length", Offset: 2, Size: 2, Family: 4},
	{Name: "ip id", Offset: 4, Size: 2, Family: 4, settable: true},
	{Name: "ip ttl", Offset: 8, Size: 1, Family: 4, settable: true},
	{Name: "ip6 saddr", Offset: 8, Size: 16, Kind: Address, Family: 6},
	{Name: "ip6 daddr", Offset: 24, Size: 16, Kind: Address, Family: 6},
	{Name: "ip6 dscp", Offset: 0, Size: 2, Shift: 6, bits: 6, Family: 6, settable: true},
	{Name: "ip6 length", Offset: 4, Size: 2, Family: 6},
	{Name: "ip6 hoplimit", Offset: 7, Size: 1, Family: 6, settable: true},
	{Name: "tcp sport", Base: Transport, Offset: 0, Size: 2, TCP: true},
	{Name: "tcp dport", Base: Transport, Offset: 2, Size: 2, TCP: true},
	{Name: "tcp sequence", Base: Transport, Offset: 4, Size: 4, TCP: true},
	{Name: "tcp ackseq", Base: Transport, Offset: 8, Size: 4, TCP: true},
	{Name: "tcp flags", Base: Transport, Offset: 13, Size: 1, Kind: Bits, TCP: true, Values: []Value{
		{"fin", 1}, {"syn", 2}, {"rst", 4}, {"psh", 8}, {"ack", 16}, {"urg", 32}, {"ecn", 64}, {"cwr", 128},
	}},
	{Name: "tcp window", Base: Transport, Offset: 14, Size: 2, TCP: true},
	{Name: L4Proto, Base: Meta, Size: 1, Kind: Names, Values: []Value{
		{"tcp", 6}, {"udp", 17}, {"icmp", 1}, {"icmpv6", 58},
	}},
	{Name: NFProto, Base: Meta, Size: 1, Kind: Names, Values: []Value{{"ipv4", 2}, {"ipv6", 10}}},
	{Name: IIFName, Base: Meta, Size: 16, Kind: Interface},
	{Name: OIFName, Base: Meta, Size: 16, Kind: Interface},
	{Name: CtState, Base: Conntrack, Size: 4, Kind: Bits, Values: []Value{
		{"invalid", 1}, {"established", 2}, {"related", 4}, {"new", 8}, {"untracked", 64},
	}},
	{Name: CtStatus, Base: Conntrack, Size: 4, Kind: Bits, Values: []Value{
		{"expected", 1}, {"seen-reply", 2}, {"assured", 4}, {"confirmed", 8}, {"snat", 16}, {"dnat", 32}, {"dying", 512},
	}},
}

// options are the TCP options that have a name in nft.
var options = []Value{
	{"maxseg", 2}, {"window", 3}, {"sack-perm", 4}, {"sack", 5}, {"timestamp", 8},
	{"md5sig", 19}, {"mptcp", 30}, {"fastopen", 34},
}

// rejects are the codes of the errors that a filter may answer with.
var rejects = map[Answer][]Value{
	ICMP: {
		{"net-unreachable", 0}, {"host-unreachable", 1}, {"prot-unreachable", 2}, {"port-unreachable", 3},
		{"frag-needed", 4}, {"net-prohibited", 9}, {"host-prohibited", 10}, {"admin-prohibited", 13},
	},
	ICMPv6: {
		{"no-route", 0}, {"admin-prohibited", 1}, {"addr-unreachable", 3}, {"port-unreachable", 4},
		{"policy-fail", 5}, {"reject-route", 6},
	},
	ICMPX: {
		{"no-route", 0}, {"port-unreachable", 1}, {"host-unreachable", 2}, {"admin-prohibited", 3},
	},
}

// Most is the greatest value of a field of 8 bytes at most.
func (f *Field) Most() uint64 {
	switch {
	case f.bits > 0:
		return 1<<f.bits - 1
	case f.Size >= 8:
		return 1<<64 - 1
	}
	return 1<<(8*f.Size-f.Shift) - 1
}

// Native turns a value from the order of the wire into the one in which the
// kernel has it: its own for what is no part of the packet.
func (f *Field) Native(b []byte) []byte {
	if f.Base != Meta && f.Base != Conntrack || binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		return b
	}
	b = slices.Clone(b)
	slices.Reverse(b)
	return b
}

// field returns the field of a name, nil where there is none.
func field(name string) *Field {
	i := slices.IndexFunc(fields, func(f *Field) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return fields[i]
}

// lookup returns the number that a word stands for.
func lookup(values []Value, name string) (uint32, bool) {
	i := slices.IndexFunc(values, func(v Value) bool { return v.Name == name })
	if i < 0 {
		return 0, false
	}
	return values[i].Value, true
}

// words lists the words of values.
func words(values []Value) []string {
	w := make([]string, len(values))
	for i, v := range values {
		w[i] = v.Name
	}
	return w
}
