package nft

import (
	"net/netip"
	"strconv"
	"strings"

	"rstlab/internal/segment"
)

// reject reads what a reject answers with; alone it is the error that no port
// is there.
func (p *parser) reject(t segment.Token) *segment.Error {
	if err := p.in(t, Input, Forward, Output, Prerouting); err != nil {
		return err
	}
	if !p.Accept("with") {
		p.add(&Reject{With: ICMPX, Code: 1})
		return nil
	}
	answers := map[string]Answer{"icmp": ICMP, "icmpv6": ICMPv6, "icmpx": ICMPX}
	kind := p.Next()
	if kind.Text == "tcp" {
		if !p.Accept("reset") {
			return wants(p.Peek(), "reset")
		}
		p.add(&Reject{With: TCPReset})
		return nil
	}
	with, ok := answers[kind.Text]
	if !ok {
		return wants(kind, "tcp reset", "icmp", "icmpv6", "icmpx")
	}
	families := map[Answer]Family{ICMP: 4, ICMPv6: 6}
	if err := p.of(kind, families[with]); err != nil {
		return err
	}
	p.Accept("type")
	name := p.Next()
	code, ok := lookup(rejects[with], name.Text)
	if !ok {
		return wants(name, words(rejects[with])...)
	}
	p.add(&Reject{With: with, Code: uint8(code)})
	return nil
}

// nat reads what is translated to what.
func (p *parser) nat(t segment.Token) *segment.Error {
	n := &NAT{Kind: NATKind(t.Text)}
	hooks := []Hook{Prerouting, Output}
	switch n.Kind {
	case SNAT:
		hooks = []Hook{Input, Postrouting}
	case Masquerade:
		hooks = []Hook{Postrouting}
	}
	if err := p.in(t, hooks...); err != nil {
		return err
	}
	if err := p.target(n); err != nil {
		return err
	}
	if n.Kind == SNAT || n.Kind == Masquerade {
		n.Random = p.Accept("random")
		n.FullyRandom = p.Accept("fully-random")
	}
	p.add(n)
	return nil
}

// target reads "to ADDRESS[:PORT[-PORT]]"; redirect has a port alone, or none,
// masquerade nothing.
func (p *parser) target(n *NAT) *segment.Error {
	if n.Kind == Masquerade {
		return nil
	}
	needs := n.Kind != Redirect
	family := Family(0)
	if needs {
		switch {
		case p.Accept("ip"):
			family = 4
		case p.Accept("ip6"):
			family = 6
		}
	}
	if !p.Accept("to") {
		if !needs {
			return nil
		}
		return wants(p.Peek(), "to")
	}
	t := p.Next()
	host, ports := splitPorts(t.Text)
	switch {
	case t.Kind != segment.Word:
		return t.Expected("an address or a port")
	case !needs && host != "":
		return t.Errorf("%s goes to an address of the host's own; write the port alone, as in :8080", n.Kind)
	case needs && host == "" && ports == "":
		return t.Expected("an address or the name of an actor")
	}
	if err := n.setPorts(t, ports); err != nil {
		return err
	}
	if host == "" {
		return nil
	}
	at := segment.Token{Kind: segment.Word, Text: host, Col: t.Col}
	o, err := addressOperand(at, family)
	if err != nil {
		return err
	}
	o.Col, o.Len = t.Col, t.Len()
	if o.First.IsValid() {
		family = familyOf(o.First)
	}
	n.To = o
	return p.of(t, family)
}

// splitPorts takes what stands behind the last colon from an address or name.
func splitPorts(s string) (host, ports string) {
	if _, err := netip.ParseAddr(s); err == nil {
		return s, ""
	}
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"), ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(s[:i], "["), "]"), s[i+1:]
}

// setPorts reads PORT or FIRST-LAST; t is the whole word.
func (n *NAT) setPorts(t segment.Token, ports string) *segment.Error {
	if ports == "" && !strings.HasSuffix(t.Text, ":") {
		return nil
	}
	first, last, isRange := strings.Cut(ports, "-")
	if !isRange {
		last = first
	}
	a, err1 := strconv.ParseUint(first, 10, 16)
	b, err2 := strconv.ParseUint(last, 10, 16)
	if err1 != nil || err2 != nil || a == 0 || a > b {
		return t.Errorf("bad port in %q; write a port from 1 to 65535, or two as in 1024-65535", t.Text)
	}
	n.Port, n.Last = uint16(a), uint16(b)
	return nil
}

// set reads what is written into a field: a number, or numgen inc|random mod N
// [offset N].
func (p *parser) set(t segment.Token, f *Field) *segment.Error {
	if !f.settable {
		var names []string
		for _, f := range fields {
			if f.settable {
				names = append(names, f.Name)
			}
		}
		return t.Errorf("%s can't be set; what can be set is %s", f.Name, strings.Join(names, ", "))
	}
	s := &Set{Field: f}
	if p.Accept("numgen") {
		n, err := p.numgen(f)
		if err != nil {
			return err
		}
		s.Numgen = n
		p.add(s)
		return nil
	}
	v := p.Next()
	n, ok := segment.ParseNumber(v.Text)
	if !ok || n > f.Most() {
		return v.Errorf("bad %s %q; write a number from 0 to %d", f.Name, v.Text, f.Most())
	}
	s.Value = uint32(n)
	p.add(s)
	return nil
}

// numgen reads the rest of a generator. What it draws has to fill the field.
func (p *parser) numgen(f *Field) (*Numgen, *segment.Error) {
	kind := p.Next()
	if kind.Text != "inc" && kind.Text != "random" {
		return nil, wants(kind, "inc", "random")
	}
	if f.Name != "ip id" {
		return nil, kind.Errorf("numgen writes whole numbers, as into ip id; write a value into %s", f.Name)
	}
	n := &Numgen{Random: kind.Text == "random"}
	if !p.Accept("mod") {
		return nil, wants(p.Peek(), "mod")
	}
	t := p.Next()
	mod, ok := segment.ParseNumber(t.Text)
	if !ok || mod == 0 || mod > 1<<32-1 {
		return nil, t.Errorf("bad modulus %q; write a number from 1 to %d", t.Text, uint32(1<<32-1))
	}
	n.Modulus = uint32(mod)
	if p.Accept("offset") {
		t := p.Next()
		offset, ok := segment.ParseNumber(t.Text)
		if !ok || offset > 1<<32-1-mod {
			return nil, t.Errorf("bad offset %q; with the modulus it may reach %d", t.Text, uint32(1<<32-1))
		}
		n.Offset = uint32(offset)
	}
	return n, nil
}
