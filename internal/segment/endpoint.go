package segment

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// String writes e as tcpdump does: "server.80", "192.0.2.1.80",
// "2001:db8::1.80"; without a port where it is 0.
func (e Endpoint) String() string {
	s := e.Name
	if e.Addr.IsValid() {
		s = e.Addr.String()
	}
	if e.Port == 0 {
		return s
	}
	return s + "." + strconv.Itoa(int(e.Port))
}

// ParseEndpoint reads a name or an address, and a port where one follows. Its
// errors are of type *[Error]; columns count in s.
func ParseEndpoint(s string) (Endpoint, error) {
	e, err := parseEndpoint(s)
	if err != nil {
		return e, err
	}
	return e, nil
}

func parseEndpoint(s string) (Endpoint, *Error) {
	if s == "" {
		return Endpoint{}, &Error{1, 1, "no host; write a name or an address"}
	}
	if !isAddress(s) {
		name, port, hasPort := strings.Cut(s, ".")
		if !IsName(name) {
			return Endpoint{}, &Error{1, max(Runes(name), 1), fmt.Sprintf("bad name %q; names are lower-case letters, digits, - and _, a letter first", name)}
		}
		e := Endpoint{Name: name}
		if !hasPort {
			return e, nil
		}
		n, err := parsePort(port, len(name)+2)
		e.Port = n
		return e, err
	}
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
		return Endpoint{Addr: addr}, nil
	}
	if i := strings.LastIndexByte(s, '.'); i >= 0 {
		if addr, err := netip.ParseAddr(s[:i]); err == nil && addr.Zone() == "" {
			port, err := parsePort(s[i+1:], i+2)
			return Endpoint{Addr: addr, Port: port}, err
		}
	}
	if end, flags, ok := strings.Cut(s, ":"); ok && end != "" && !isAddress(end) && flags != "" && flags[0] != ':' {
		if _, number := ParseNumber(flags); number {
			return Endpoint{}, &Error{1, Runes(s), fmt.Sprintf("bad endpoint %q; a port is written %s.%s", s, end, flags)}
		}
		return Endpoint{}, &Error{1, Runes(s), fmt.Sprintf("%q is two words; write %s: %s", s, end, flags)}
	}
	return Endpoint{}, &Error{1, Runes(s), fmt.Sprintf("bad address %q; write IPv4 or IPv6, a port behind a dot: 192.0.2.1.80", s)}
}

func parsePort(s string, col int) (uint16, *Error) {
	n, ok := ParseNumber(s)
	if !ok || n == 0 || n > 65535 {
		return 0, &Error{col, max(Runes(s), 1), fmt.Sprintf("bad port %q; ports are 1 to 65535", s)}
	}
	return uint16(n), nil
}

// isAddress reports whether s can only be an address: names have no colon and
// begin with a letter.
func isAddress(s string) bool {
	return strings.ContainsRune(s, ':') || s[0] >= '0' && s[0] <= '9'
}
