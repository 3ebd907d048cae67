package nft

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

// num is an operand of one number, span one of a range.
func num(col, length int, b ...byte) Operand { return Operand{Col: col, Len: length, From: b, To: b} }

func span(col, length int, from, to []byte) Operand {
	return Operand{Col: col, Len: length, From: from, To: to}
}

func addr(col, length int, first, last string) Operand {
	return Operand{Col: col, Len: length, First: netip.MustParseAddr(first), Last: netip.MustParseAddr(last)}
}

func name(col int, name string) Operand { return Operand{Col: col, Len: len(name), Name: name} }

func TestParse(t *testing.T) {
	drop, accept := &Verdict{}, &Verdict{Accept: true}
	bits := func(field string, mask byte, op Op, value byte) *Match {
		return &Match{Field: lookupField(field), Mask: []byte{mask}, Op: op, Operands: []Operand{{From: []byte{value}, To: []byte{value}}}}
	}
	states := func(mask byte, op Op) *Match {
		zero := make([]byte, 4)
		return &Match{Field: lookupField(CtState), Mask: []byte{0, 0, 0, mask}, Op: op, Operands: []Operand{{From: zero, To: zero}}}
	}
	match := func(field string, op Op, operands ...Operand) *Match {
		return &Match{Field: lookupField(field), Op: op, Operands: operands}
	}
	for _, test := range []struct {
		rule string
		want Rule
	}{
		{"forward tcp dport 445 reject with tcp reset", Rule{Forward, 0, []Statement{
			match("tcp dport", Equal, num(19, 3, 1, 189)), &Reject{With: TCPReset},
		}}},
		{"forward tcp dport != {80, 1000-2000} drop", Rule{Forward, 0, []Statement{
			match("tcp dport", NotEqual, num(23, 2, 0, 80), span(27, 9, []byte{3, 232}, []byte{7, 208})), drop,
		}}},
		{"forward tcp window<100 drop", Rule{Forward, 0, []Statement{
			match("tcp window", Less, num(20, 3, 0, 100)), drop,
		}}},
		{"forward ip saddr client accept", Rule{Forward, 4, []Statement{
			match("ip saddr", Equal, name(18, "client")), accept,
		}}},
		{"forward ip6 daddr 2001:db8:1::/48 accept", Rule{Forward, 6, []Statement{
			match("ip6 daddr", Equal, addr(19, 15, "2001:db8:1::", "2001:db8:1:ffff:ffff:ffff:ffff:ffff")), accept,
		}}},
		{"forward ip daddr {192.0.2.3-192.0.2.9, 198.51.100.0/24} accept", Rule{Forward, 4, []Statement{
			match("ip daddr", Equal, addr(19, 19, "192.0.2.3", "192.0.2.9"), addr(40, 15, "198.51.100.0", "198.51.100.255")), accept,
		}}},
		{"forward iifname client oifname \"eth1\" meta l4proto tcp accept", Rule{Forward, 0, []Statement{
			match(IIFName, Equal, name(17, "client")),
			match(OIFName, Equal, Operand{Col: 32, Len: 6, Name: "eth1"}),
			match(L4Proto, Equal, num(52, 3, 6)), accept,
		}}},
		{"output tcp flags & rst == rst drop", Rule{Output, 0, []Statement{bits("tcp flags", 4, Equal, 4), drop}}},
		{"output tcp flags & (syn | ack) != syn drop", Rule{Output, 0, []Statement{bits("tcp flags", 18, NotEqual, 2), drop}}},
		{"output tcp flags syn / syn,ack drop", Rule{Output, 0, []Statement{bits("tcp flags", 18, Equal, 2), drop}}},
		{"output tcp flags != syn / syn,ack drop", Rule{Output, 0, []Statement{bits("tcp flags", 18, NotEqual, 2), drop}}},
		{"output tcp flags syn,ack drop", Rule{Output, 0, []Statement{bits("tcp flags", 18, NotEqual, 0), drop}}},
		{"output tcp flags == syn|ack drop", Rule{Output, 0, []Statement{bits("tcp flags", 255, Equal, 18), drop}}},
		{"output tcp flags == 0x0 drop", Rule{Output, 0, []Statement{bits("tcp flags", 255, Equal, 0), drop}}},
		{"forward ct state established,related accept", Rule{Forward, 0, []Statement{states(6, NotEqual), accept}}},
		{"forward ct state {new, invalid} accept", Rule{Forward, 0, []Statement{states(9, NotEqual), accept}}},
		{"forward ct state != established accept", Rule{Forward, 0, []Statement{states(2, Equal), accept}}},
		{"forward @ih,0,32 0x47455420 drop", Rule{Forward, 0, []Statement{
			&Match{Field: &Field{Name: "@ih,0,32", Base: Inner, Size: 4, TCP: true}, Op: Equal, Operands: []Operand{num(18, 10, 'G', 'E', 'T', ' ')}}, drop,
		}}},
		{"forward @nh,8,72 0x010203040506070809 drop", Rule{Forward, 0, []Statement{
			&Match{Field: &Field{Name: "@nh,8,72", Base: Network, Offset: 1, Size: 9}, Op: Equal, Operands: []Operand{num(18, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9)}}, drop,
		}}},
		{"forward tcp option mptcp exists drop", Rule{Forward, 0, []Statement{
			&Match{Field: &Field{Name: "tcp option", Base: Option, Offset: 30, Size: 1, Kind: Present, TCP: true}, Op: Equal, Operands: []Operand{{From: []byte{1}, To: []byte{1}}}}, drop,
		}}},
		{"forward ip dscp 46 drop", Rule{Forward, 4, []Statement{
			&Match{Field: lookupField("ip dscp"), Mask: []byte{0xfc}, Op: Equal, Operands: []Operand{num(17, 2, 0xb8)}}, drop,
		}}},
		{"forward ip6 dscp 46 drop", Rule{Forward, 6, []Statement{
			&Match{Field: lookupField("ip6 dscp"), Mask: []byte{0x0f, 0xc0}, Op: Equal, Operands: []Operand{num(18, 2, 0x0b, 0x80)}}, drop,
		}}},
		{"forward limit rate 1/day burst 1 packets drop", Rule{Forward, 0, []Statement{&Limit{Rate: 1, Unit: 86400, Burst: 1}, drop}}},
		{"forward limit rate over 10/second drop", Rule{Forward, 0, []Statement{&Limit{Over: true, Rate: 10, Unit: 1, Burst: 5}, drop}}},
		{"forward counter reject", Rule{Forward, 0, []Statement{Counter{}, &Reject{With: ICMPX, Code: 1}}}},
		{"forward reject with icmp type host-unreachable", Rule{Forward, 4, []Statement{&Reject{With: ICMP, Code: 1}}}},
		{"forward reject with icmpv6 no-route", Rule{Forward, 6, []Statement{&Reject{With: ICMPv6}}}},
		{"forward reject with icmpx admin-prohibited", Rule{Forward, 0, []Statement{&Reject{With: ICMPX, Code: 3}}}},
		{"postrouting snat to 192.0.2.7:1024-65535 fully-random", Rule{Postrouting, 4, []Statement{
			&NAT{Kind: SNAT, To: addr(21, 20, "192.0.2.7", "192.0.2.7"), Port: 1024, Last: 65535, FullyRandom: true},
		}}},
		{"prerouting dnat to server:8080", Rule{Prerouting, 0, []Statement{
			&NAT{Kind: DNAT, To: Operand{Col: 20, Len: 11, Name: "server"}, Port: 8080, Last: 8080},
		}}},
		{"prerouting dnat ip6 to server", Rule{Prerouting, 6, []Statement{&NAT{Kind: DNAT, To: name(24, "server")}}}},
		{"prerouting dnat to [2001:db8::9]:8080", Rule{Prerouting, 6, []Statement{
			&NAT{Kind: DNAT, To: addr(20, 18, "2001:db8::9", "2001:db8::9"), Port: 8080, Last: 8080},
		}}},
		{"prerouting dnat to 2001:db8::9", Rule{Prerouting, 6, []Statement{
			&NAT{Kind: DNAT, To: addr(20, 11, "2001:db8::9", "2001:db8::9")},
		}}},
		{"postrouting masquerade random", Rule{Postrouting, 0, []Statement{&NAT{Kind: Masquerade, Random: true}}}},
		{"prerouting redirect to :8080", Rule{Prerouting, 0, []Statement{&NAT{Kind: Redirect, Port: 8080, Last: 8080}}}},
		{"prerouting notrack", Rule{Prerouting, 0, []Statement{Notrack{}}}},
		{"postrouting ip ttl set 3", Rule{Postrouting, 4, []Statement{&Set{Field: lookupField("ip ttl"), Value: 3}}}},
		{"postrouting ip id set numgen inc mod 100 offset 7", Rule{Postrouting, 4, []Statement{
			&Set{Field: lookupField("ip id"), Numgen: &Numgen{Modulus: 100, Offset: 7}},
		}}},
	} {
		have, err := Parse(test.rule)
		if err != nil {
			t.Errorf("%s: %v", test.rule, err)
			continue
		}
		if !reflect.DeepEqual(*have, test.want) {
			t.Errorf("%s\nhave %+v\nwant %+v", test.rule, *have, test.want)
		}
	}
}

func lookupField(name string) *Field {
	f := field(name)
	if f == nil {
		panic("no field " + name)
	}
	return f
}

func TestErrors(t *testing.T) {
	for _, test := range []struct{ rule, want string }{
		{"", `column 1: expected prerouting, input, forward, output or postrouting at the end of the line`},
		{"foward drop", `column 1: expected prerouting, input, forward, output or postrouting, found "foward" (did you mean "forward"?)`},
		{"forward", `column 8: expected what happens to the packet (accept, drop, reject, snat, dnat, masquerade, redirect, notrack or counter) at the end of the line`},
		{"forward tcp dport 80", `column 21: expected what happens to the packet (accept, drop, reject, snat, dnat, masquerade, redirect, notrack or counter) at the end of the line`},
		{"forward tpc dport 80 drop", `column 9: expected ip, ip6, tcp, ct, meta, iifname, oifname, @th,OFFSET,LENGTH, limit, accept, drop, reject, snat, dnat, masquerade, redirect, notrack or counter, found "tpc" (did you mean "tcp"?)`},
		{"forward tcp dprot 80 drop", `column 13: expected sport, dport, sequence, ackseq, flags, window or option, found "dprot" (did you mean "dport"?)`},
		{"forward tcp", `column 12: expected sport, dport, sequence, ackseq, flags, window or option at the end of the line`},
		{"forward meta protocol ip drop", `column 14: expected l4proto, nfproto, iifname or oifname, found "protocol"`},
		{"forward tcp dport drop", `column 19: bad tcp dport "drop"; write a number from 0 to 65535`},
		{"forward tcp dport 65536 drop", `column 19: bad tcp dport "65536"; write a number from 0 to 65535`},
		{"forward tcp dport 90-80 drop", `column 19: bad range "90-80"; its end lies before its beginning`},
		{"forward tcp dport {80 443} drop", `column 23: expected "," or "}", found "443"`},
		{"forward tcp dport {80,", `column 23: expected a value of tcp dport at the end of the line`},
		{"forward tcp dport < 1-2 drop", `column 19: < compares with one value, not with several`},
		{"forward ip saddr < client drop", `column 18: ip saddr has no order; compare it with == or !=`},
		{"forward ip saddr 192.0.2.300 drop", `column 18: bad address "192.0.2.300"; write an address, ADDRESS/LENGTH, FIRST-LAST or the name of an actor`},
		{"forward ip saddr 2001:db8::1 drop", `column 18: "2001:db8::1" is not of IPv4`},
		{"forward ip saddr client ip6 daddr server drop", `column 25: "ip6 daddr" is of IPv6, but words before it are of IPv4`},
		{"forward ip saddr client reject with icmpv6 no-route", `column 37: "icmpv6" is of IPv6, but words before it are of IPv4`},
		{"forward tcp flags & (syn|akc) == syn drop", `column 26: expected fin, syn, rst, psh, ack, urg, ecn or cwr, found "akc" (did you mean "ack"?)`},
		{"forward tcp flags & (syn|ack == syn drop", `column 30: expected "|" or ")", found "=="`},
		{"forward tcp flags & syn drop", `column 25: expected "==" or "!=", found "drop"`},
		{"forward tcp flags syn|ack drop", `column 22: unexpected "|"; write a comma for "one of them", "==" before the first for "all of them"`},
		{"forward tcp flags syn / akc drop", `column 25: expected fin, syn, rst, psh, ack, urg, ecn or cwr, found "akc" (did you mean "ack"?)`},
		{"forward ct state news drop", `column 18: expected invalid, established, related, new or untracked, found "news" (did you mean "new"?)`},
		{"forward ct mark 1 drop", `column 12: expected state or status, found "mark"`},
		{"forward ct state & new == new drop", `column 20: ct state takes no mask; write the states that may be, with commas`},
		{"forward tcp option mpctp exists drop", `column 20: expected maxseg, window, sack-perm, sack, timestamp, md5sig, mptcp, fastopen or the option's number, found "mpctp" (did you mean "mptcp"?)`},
		{"forward tcp option mptcp drop", `column 26: expected exists or missing, found "drop"`},
		{"forward @xh,0,8 1 drop", `column 9: bad place "@xh,0,8"; it is written @nh,OFFSET,LENGTH (from the IP header), @th (from the TCP header) or @ih (from the payload), in bits`},
		{"forward @ih,3,8 1 drop", `column 9: bad offset "3"; it is in bits and a multiple of 8`},
		{"forward @ih,0,256 1 drop", `column 9: bad length 256; a place is 8 to 128 bits long`},
		{"forward @ih,0,72 0x123456789abcdef01234 drop", `column 18: bad @ih,0,72 "0x123456789abcdef01234"; write a hexadecimal number of 18 digits at most`},
		{"forward limit rate 3 drop", `column 20: bad rate "3"; it is written 10/second, or /minute, /hour, /day`},
		{"forward limit 3/second drop", `column 15: expected rate, found "3/second"`},
		{"forward limit rate 3/second burst 2 drop", `column 37: expected packets, found "drop"`},
		{"forward drop drop", `column 14: unexpected "drop"; nothing may stand behind drop`},
		{"forward reject with tcp", `column 24: expected reset at the end of the line`},
		{"forward reject with icmp type net-unreach", `column 31: expected net-unreachable, host-unreachable, prot-unreachable, port-unreachable, frag-needed, net-prohibited, host-prohibited or admin-prohibited, found "net-unreach" (did you mean "net-unreachable"?)`},
		{"postrouting reject", `column 13: reject does not work in postrouting; it does in input, forward, output, prerouting`},
		{"forward snat to client", `column 9: snat does not work in forward; it does in input, postrouting`},
		{"postrouting notrack", `column 13: notrack does not work in postrouting; it does in prerouting, output`},
		{"prerouting oifname eth0 drop", `column 12: oifname is not known in prerouting; the way out is known in forward, output, postrouting`},
		{"output iifname eth0 drop", `column 8: iifname is not known in output; the host's own packets came in nowhere`},
		{"prerouting dnat server", `column 17: expected to, found "server"`},
		{"prerouting dnat to server:http", `column 20: bad port in "server:http"; write a port from 1 to 65535, or two as in 1024-65535`},
		{"prerouting dnat to server:80-x", `column 20: bad port in "server:80-x"; write a port from 1 to 65535, or two as in 1024-65535`},
		{"prerouting dnat to server:", `column 20: bad port in "server:"; write a port from 1 to 65535, or two as in 1024-65535`},
		{"prerouting dnat to", `column 19: expected an address or a port at the end of the line`},
		{"prerouting dnat to Server", `column 20: bad address "Server"; write an address, ADDRESS/LENGTH, FIRST-LAST or the name of an actor`},
		{"prerouting redirect to server:80", `column 24: redirect goes to an address of the host's own; write the port alone, as in :8080`},
		{"prerouting dnat to server:80 fully-random", `column 30: unexpected "fully-random"; nothing may stand behind dnat`},
		{"postrouting ip saddr set 192.0.2.1", `column 13: ip saddr can't be set; what can be set is ip dscp, ip id, ip ttl, ip6 dscp, ip6 hoplimit`},
		{"postrouting ip ttl set 256", `column 24: bad ip ttl "256"; write a number from 0 to 255`},
		{"postrouting ip ttl set numgen inc mod 3", `column 31: numgen writes whole numbers, as into ip id; write a value into ip ttl`},
		{"postrouting ip id set numgen inc mod 0", `column 38: bad modulus "0"; write a number from 1 to 4294967295`},
		{"postrouting ip id set numgen inc mod 10 offset x", `column 48: bad offset "x"; with the modulus it may reach 4294967295`},
		{"forward ip saddr =client drop", `column 18: bad address "=client"; write an address, ADDRESS/LENGTH, FIRST-LAST or the name of an actor`},
	} {
		if _, err := Parse(test.rule); err == nil || err.Error() != test.want {
			t.Errorf("%q\nhave %v\nwant %s", test.rule, err, test.want)
		}
	}
}

// The greatest values are values still.
func TestGreatest(t *testing.T) {
	for _, rule := range []string{
		"forward tcp dport 65535 drop", "forward tcp option 255 exists drop", "forward @ih,0,128 1 drop",
		"postrouting ip id set 65535", "postrouting ip id set numgen inc mod 4294967295", "postrouting ip id set numgen inc mod 1 offset 4294967294",
	} {
		if _, err := Parse(rule); err != nil {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

// A rule that is read says where its operands stand, and errors lie inside it.
func FuzzParse(f *testing.F) {
	for _, rule := range []string{
		"forward tcp dport {80,443} reject with tcp reset",
		"output tcp flags & (rst|ack) == rst drop",
		"postrouting snat to [2001:db8::1]:1-2 fully-random",
		"forward @ih,0,32 0x47455420 ct state != new,invalid limit rate over 1/day burst 3 packets drop",
		"postrouting ip id set numgen inc mod 100 offset 7",
		"forward tcp option 3 missing ip6 dscp 1-2 accept",
	} {
		f.Add(rule)
	}
	f.Fuzz(func(t *testing.T, rule string) {
		r, err := Parse(rule)
		if err != nil {
			if n := len([]rune(rule)); err.Col < 1 || err.Col > n+1 || err.Len < 1 {
				t.Errorf("error at column %d, %d long, in a rule of %d characters", err.Col, err.Len, n)
			}
			return
		}
		for _, s := range r.Statements {
			m, ok := s.(*Match)
			if !ok {
				continue
			}
			for _, o := range m.Operands {
				if o.Name != "" && !strings.Contains(rule, o.Name) {
					t.Errorf("%q does not stand in %q", o.Name, rule)
				}
				if o.From != nil && (len(o.From) != int(m.Field.Size) || len(o.To) != len(o.From)) {
					t.Errorf("%s has %d bytes, its value %d", m.Field.Name, m.Field.Size, len(o.From))
				}
			}
		}
	})
}
