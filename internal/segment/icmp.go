package segment

import (
	"fmt"
)

// An icmpError is an ICMP error that a TCP connection can meet, and its type
// and code in IPv4 and IPv6 (RFC 792, RFC 1122, RFC 1812, RFC 4443); -1 where
// the family has none. The words are nft's, where it has one.
type icmpError struct {
	name         string
	type4, code4 int
	type6, code6 int
}

var icmpErrors = []icmpError{
	{"net-unreachable", 3, 0, 1, 0},
	{"host-unreachable", 3, 1, 1, 3},
	{"prot-unreachable", 3, 2, -1, -1},
	{"port-unreachable", 3, 3, 1, 4},
	{"frag-needed", 3, 4, -1, -1},
	{"packet-too-big", -1, -1, 2, 0},
	{"net-prohibited", 3, 9, -1, -1},
	{"host-prohibited", 3, 10, -1, -1},
	{"admin-prohibited", 3, 13, 1, 1},
	{"policy-fail", -1, -1, 1, 5},
	{"reject-route", -1, -1, 1, 6},
	{"time-exceeded", 11, 0, 3, 0},
	{"parameter-problem", 12, 0, 4, 0},
}

// ICMPNames lists the ICMP errors that have a name.
func ICMPNames() []string {
	names := make([]string, len(icmpErrors))
	for i, e := range icmpErrors {
		names[i] = e.name
	}
	return names
}

// ICMPName names an ICMP or, with v6, ICMPv6 error: "port-unreachable", or
// "type-3-code-15" where it has no name.
func ICMPName(v6 bool, typ, code uint8) string {
	for _, e := range icmpErrors {
		if t, c := e.numbers(v6); t == int(typ) && c == int(code) {
			return e.name
		}
	}
	return fmt.Sprintf("type-%d-code-%d", typ, code)
}

// ICMPType gives the type and code that a name stands for; ok is false where
// the family has no such error.
func ICMPType(v6 bool, name string) (typ, code uint8, ok bool) {
	for _, e := range icmpErrors {
		if e.name == name {
			t, c := e.numbers(v6)
			return uint8(t), uint8(c), t >= 0
		}
	}
	_, err := fmt.Sscanf(name, "type-%d-code-%d", &typ, &code)
	return typ, code, err == nil && ICMPName(v6, typ, code) == name
}

func (e icmpError) numbers(v6 bool) (typ, code int) {
	if v6 {
		return e.type6, e.code6
	}
	return e.type4, e.code4
}

// isICMPName reports whether either family has an error of that name.
func isICMPName(name string) bool {
	_, _, v4 := ICMPType(false, name)
	_, _, v6 := ICMPType(true, name)
	return v4 || v6
}
