//go:build linux

package lab

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

func TestCheck(t *testing.T) {
	t.Parallel()
	hosts := func(names ...string) (h []HostConfig) {
		for _, n := range names {
			h = append(h, HostConfig{Name: n})
		}
		return h
	}
	boxes := func(hops int, names ...string) (m []MiddleboxConfig) {
		for _, n := range names {
			m = append(m, MiddleboxConfig{Name: n, Hops: hops})
		}
		return m
	}
	for _, test := range []struct {
		name   string
		config Config
		want   string
	}{
		{"nothing", Config{}, ""},
		{"two hosts", twoHosts(), ""},
		{"names", Config{Hosts: hosts("", "a b", "a", "a")},
			`lab config: host name "": expected letters, digits, _ and -, a letter first
lab config: host name "a b": expected letters, digits, _ and -, a letter first
lab config: host a: the name is taken`},
		{"links", Config{Hosts: hosts("a", "b"), Links: []LinkConfig{
			{A: "a", B: "c"}, {A: "a", B: "a"}, {A: "a", B: "b"}, {A: "b", B: "a"},
		}},
			`lab config: link a c: no actor is named "c"
lab config: link a a: both ends are the same actor
lab config: link b a: there is a link between the two already`},
		{"a link's own", Config{Hosts: hosts("a", "b", "c", "d"), Links: []LinkConfig{
			{A: "a", B: "b", MTU: 20, Delay: -time.Second}, {A: "a", B: "c", MTU: 100_000}, {A: "a", B: "d", MTU: 1000, Net: prefix("2001:db8::/64")},
		}},
			`lab config: link a b: mtu 20, expected 68 to 9216
lab config: link a b: delay -1s is negative
lab config: link a c: mtu 100000, expected 68 to 9216
lab config: link a d: mtu 1000, expected 1280 to 9216`},
		{"actors without enough links", Config{
			Hosts: []HostConfig{{Name: "a", Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}},
			Peers: []PeerConfig{{Name: "p"}}, Middleboxes: boxes(3, "m"), Links: nil,
		},
			`lab config: host a: addresses, but no link
lab config: peer p: 0 links, expected one
lab config: middlebox m: 0 links, expected two or more`},
		{"hops", Config{Hosts: hosts("a", "b"), Middleboxes: boxes(3, "m"), Links: []LinkConfig{{A: "a", B: "m"}, {A: "m", B: "b"}}},
			`lab config: middlebox m: hops 3, expected 0 or 1`},
		{"addresses", Config{
			Hosts: []HostConfig{{Name: "a", Addrs: []netip.Addr{{}, netip.MustParseAddr("0.0.0.0"), netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("224.0.0.1"), netip.MustParseAddr("::ffff:192.0.2.1"), netip.MustParseAddr("fe80::1%eth0")}}, {Name: "b"}},
			Links: []LinkConfig{{A: "a", B: "b"}},
		},
			`lab config: a: address invalid IP is none that an actor can have
lab config: a: address 0.0.0.0 is none that an actor can have
lab config: a: address 127.0.0.1 is none that an actor can have
lab config: a: address 224.0.0.1 is none that an actor can have
lab config: a: address ::ffff:192.0.2.1 is none that an actor can have
lab config: a: address fe80::1%eth0 is none that an actor can have`},
		{"sysctls", Config{Hosts: []HostConfig{{Name: "a", Sysctls: map[string]string{"../x": "1"}}}},
			`lab config: host a: sysctl key "../x", expected words joined by dots`},
		{"nets that overlap", Config{Hosts: hosts("a", "b", "c"), Links: []LinkConfig{
			{A: "a", B: "b", Net: prefix("192.0.2.0/24")}, {A: "b", B: "c", Net: prefix("192.0.2.128/25")},
		}},
			`lab config: link b c: net 192.0.2.128/25 overlaps 192.0.2.0/24 of another link`},
		{"nets of one segment", Config{Hosts: hosts("a", "b"), Middleboxes: boxes(0, "m"), Links: []LinkConfig{
			{A: "a", B: "m", Net: prefix("192.0.2.0/24")}, {A: "m", B: "b", Net: prefix("198.51.100.0/24")},
		}},
			`lab config: link m b: net 198.51.100.0/24, but a middlebox with hops 0 joins it to a link with 192.0.2.0/24`},
		{"more links than nets", Config{Hosts: hosts("a", "b", "c", "d", "e"), Links: []LinkConfig{
			{A: "a", B: "b"}, {A: "b", B: "c"}, {A: "c", B: "d"}, {A: "d", B: "e"},
		}},
			`lab config: link d e: all nets of RFC 5737 are in use; write another`},
		{"a net that is full", Config{Hosts: hosts("a", "b"), Links: []LinkConfig{{A: "a", B: "b", Net: prefix("192.0.2.0/31")}}},
			`lab config: link a b: net 192.0.2.0/31 is full; write a larger one`},
		{"loop of bumps", Config{Hosts: hosts("a"), Middleboxes: boxes(0, "x", "y", "z"), Links: []LinkConfig{
			{A: "a", B: "x"}, {A: "x", B: "y"}, {A: "y", B: "z"}, {A: "z", B: "x"},
		}},
			`lab config: link z x: middleboxes with hops 0 form a loop`},
		{"a host twice in a net", Config{Hosts: hosts("a"), Middleboxes: boxes(0, "x", "y"), Links: []LinkConfig{
			{A: "a", B: "x"}, {A: "x", B: "y"}, {A: "y", B: "a"},
		}},
			`lab config: link y a: a has another link in the same net`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			have := ""
			if err := test.config.Check(); err != nil {
				have = err.Error()
			}
			if have != test.want {
				t.Errorf("have %s\nwant %s", have, test.want)
			}
			if _, err := Start(withDeadline(t), test.config); have != "" && (err == nil || err.Error() != have) {
				t.Errorf("start: %v, want the same", err)
			}
		})
	}
}

// Addresses and ways follow from the order in which links and actors are
// written.
func TestPlan(t *testing.T) {
	t.Parallel()
	_, err := newPlan(Config{
		Hosts: []HostConfig{{Name: "a"}, {Name: "r", Forward: true}, {Name: "b"}, {Name: "c", Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.99"), netip.MustParseAddr("2001:db8::99")}}},
		Peers: []PeerConfig{{Name: "p"}},
		Middleboxes: []MiddleboxConfig{
			{Name: "x"}, {Name: "y", Hops: 1},
		},
		Links: []LinkConfig{
			{A: "a", B: "x"}, {A: "x", B: "r"}, {A: "x", B: "c"}, // 192.0.2.0/24
			{A: "r", B: "y"}, // 198.51.100.0/24
			{A: "y", B: "b", Net: prefix("203.0.113.128/25")},
			{A: "y", B: "p"}, // the rest of 203.0.113.0/24 is taken
		},
	})
	if want := "lab config: link y p: all nets of RFC 5737 are in use; write another"; err == nil || err.Error() != want {
		t.Fatalf("have %v, want %s", err, want)
	}
	p, err := newPlan(Config{
		Hosts: []HostConfig{{Name: "a"}, {Name: "r", Forward: true}, {Name: "b"}, {Name: "c", Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.99"), netip.MustParseAddr("2001:db8::99")}}},
		Peers: []PeerConfig{{Name: "p"}},
		Middleboxes: []MiddleboxConfig{
			{Name: "x"}, {Name: "y", Hops: 1},
		},
		Links: []LinkConfig{
			{A: "a", B: "x"}, {A: "x", B: "r"}, {A: "x", B: "c"},
			{A: "r", B: "y"},
			{A: "y", B: "b", Net: prefix("2001:db8:1::/64")},
			{A: "y", B: "p"},
		},
	})
	check(t, err)
	var have strings.Builder
	for _, n := range p.nodes {
		fmt.Fprintf(&have, "%s %v:", n.name, n.addrs)
		for _, h := range p.hops(n) {
			fmt.Fprintf(&have, " %v %s %s;", h.dst, h.out.tap, h.to.tap)
		}
		have.WriteString("\n")
	}
	want := `a [192.0.2.1]: 192.0.2.2 a r/x; 198.51.100.1 a r/x; 192.0.2.99 a c; 2001:db8::99 a c; 198.51.100.2 a r/x; 2001:db8:1::1 a r/x; 203.0.113.1 a r/x; 2001:db8:1::2 a r/x; 203.0.113.2 a r/x;
r [192.0.2.2 198.51.100.1]: 192.0.2.1 r/x a; 192.0.2.99 r/x c; 2001:db8::99 r/x c; 198.51.100.2 r/y y/r; 2001:db8:1::1 r/y y/r; 203.0.113.1 r/y y/r; 2001:db8:1::2 r/y y/r; 203.0.113.2 r/y y/r;
b [2001:db8:1::2]: 198.51.100.2 b y/b; 2001:db8:1::1 b y/b; 203.0.113.1 b y/b; 192.0.2.2 b y/b; 198.51.100.1 b y/b; 203.0.113.2 b y/b; 192.0.2.1 b y/b; 192.0.2.99 b y/b; 2001:db8::99 b y/b;
c [192.0.2.99 2001:db8::99]: 192.0.2.1 c a; 192.0.2.2 c r/x; 198.51.100.1 c r/x; 198.51.100.2 c r/x; 2001:db8:1::1 c r/x; 203.0.113.1 c r/x; 2001:db8:1::2 c r/x; 203.0.113.2 c r/x;
p [203.0.113.2]: 198.51.100.2 p y/p; 2001:db8:1::1 p y/p; 203.0.113.1 p y/p; 192.0.2.2 p y/p; 198.51.100.1 p y/p; 2001:db8:1::2 p y/p; 192.0.2.1 p y/p; 192.0.2.99 p y/p; 2001:db8::99 p y/p;
x []: 192.0.2.1 x/a a; 192.0.2.2 x/r r/x; 198.51.100.1 x/r r/x; 192.0.2.99 x/c c; 2001:db8::99 x/c c; 198.51.100.2 x/r r/x; 2001:db8:1::1 x/r r/x; 203.0.113.1 x/r r/x; 2001:db8:1::2 x/r r/x; 203.0.113.2 x/r r/x;
y [198.51.100.2 2001:db8:1::1 203.0.113.1]: 192.0.2.2 y/r r/y; 198.51.100.1 y/r r/y; 2001:db8:1::2 y/b b; 203.0.113.2 y/p p; 192.0.2.1 y/r r/y; 192.0.2.99 y/r r/y; 2001:db8::99 y/r r/y;
`
	if have.String() != want {
		t.Errorf("have\n%s\nwant\n%s", have.String(), want)
	}
}

// No configuration, however wrong, makes Check panic or run for long.
func FuzzCheck(f *testing.F) {
	f.Add("a b c", "a-b b-c a-c", uint8(0))
	f.Add("a x y b", "a-x x-y y-b x-b", uint8(0b0110))
	f.Fuzz(func(t *testing.T, names, links string, kinds uint8) {
		var c Config
		for i, name := range strings.Fields(names) {
			switch {
			case kinds>>(i%8)&1 == 0:
				c.Hosts = append(c.Hosts, HostConfig{Name: name, Forward: i%2 == 0})
			case i%3 == 0:
				c.Peers = append(c.Peers, PeerConfig{Name: name})
			default:
				c.Middleboxes = append(c.Middleboxes, MiddleboxConfig{Name: name, Hops: i % 2})
			}
		}
		for _, l := range strings.Fields(links) {
			a, b, _ := strings.Cut(l, "-")
			c.Links = append(c.Links, LinkConfig{A: a, B: b})
		}
		p, err := newPlan(c)
		if err != nil {
			return
		}
		for _, n := range p.nodes {
			for _, h := range p.hops(n) {
				if h.out == nil || h.to == nil {
					t.Errorf("%s reaches %v nowhere", n.name, h.dst)
				}
			}
		}
	})
}
