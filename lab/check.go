//go:build linux

package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
)

// maxMTU keeps the ring of a tap below 64 MB.
const maxMTU = 9216

var (
	namePattern   = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_-]*$`)
	sysctlPattern = regexp.MustCompile(`^[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*$`)
)

// Check finds every error of a configuration before anything is made. The
// error joins all of them, one a line.
func (c Config) Check() error {
	_, err := newPlan(c)
	return err
}

func configErrorf(format string, args ...any) error {
	return fmt.Errorf("lab config: "+format, args...)
}

// newPlan checks a Config and lays it out.
func newPlan(c Config) (*plan, error) {
	p := &plan{byName: map[string]*node{}}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, configErrorf(format, args...)) }
	p.addNodes(c, bad)
	p.addLinks(c, bad)
	p.checkNodes(bad)
	p.nameTaps()
	if len(errs) == 0 {
		p.join(bad)
	}
	if len(errs) == 0 {
		if err := p.address(); err != nil {
			errs = append(errs, err)
		}
	}
	return p, errors.Join(errs...)
}

func (p *plan) addNodes(c Config, bad func(string, ...any)) {
	add := func(kind string, n *node) {
		n.number = len(p.nodes) + 1
		switch {
		case !namePattern.MatchString(n.name):
			bad("%s name %q: expected letters, digits, _ and -, a letter first", kind, n.name)
		case p.byName[n.name] != nil:
			bad("%s %s: the name is taken", kind, n.name)
		default:
			p.byName[n.name] = n
		}
		p.nodes = append(p.nodes, n)
	}
	for i := range c.Hosts {
		h := &c.Hosts[i]
		add("host", &node{name: h.Name, host: h, forwards: h.Forward})
	}
	for i := range c.Peers {
		add("peer", &node{name: c.Peers[i].Name, peer: &c.Peers[i]})
	}
	for i := range c.Middleboxes {
		m := &c.Middleboxes[i]
		add("middlebox", &node{name: m.Name, box: m, forwards: m.Hops > 0})
	}
	if len(p.nodes) > 255 {
		bad("%d actors: expected 255 at most", len(p.nodes))
	}
}

func (p *plan) addLinks(c Config, bad func(string, ...any)) {
	for _, lc := range c.Links {
		if lc.MTU == 0 {
			lc.MTU = 1500
		}
		l := &link{config: lc}
		a, b := p.byName[lc.A], p.byName[lc.B]
		broken := false
		for _, name := range []string{lc.A, lc.B} {
			if p.byName[name] == nil {
				bad("link %s %s: no actor is named %q", lc.A, lc.B, name)
				broken = true
			}
		}
		if !broken && a == b {
			bad("link %s %s: both ends are the same actor", lc.A, lc.B)
			broken = true
		}
		for _, other := range p.links {
			if o := other.config; o.A == lc.A && o.B == lc.B || o.A == lc.B && o.B == lc.A {
				bad("link %s %s: there is a link between the two already", lc.A, lc.B)
				broken = true
			}
		}
		minMTU := 68
		if lc.Net.IsValid() && lc.Net.Addr().Is6() {
			minMTU = 1280
		}
		if lc.MTU < minMTU || lc.MTU > maxMTU {
			bad("link %s %s: mtu %d, expected %d to %d", lc.A, lc.B, lc.MTU, minMTU, maxMTU)
		}
		if lc.Delay < 0 {
			bad("link %s %s: delay %v is negative", lc.A, lc.B, lc.Delay)
		}
		if broken {
			continue
		}
		for i, n := range []*node{a, b} {
			port := &port{node: n, link: l, mac: [6]byte{0x02, 0, 0, 0, byte(n.number), byte(len(n.ports) + 1)}}
			n.ports = append(n.ports, port)
			l.ends[i] = port
		}
		l.ends[0].other, l.ends[1].other = l.ends[1], l.ends[0]
		p.links = append(p.links, l)
	}
}

func (p *plan) checkNodes(bad func(string, ...any)) {
	for _, n := range p.nodes {
		switch {
		case n.host != nil:
			for key := range n.host.Sysctls {
				if !sysctlPattern.MatchString(key) {
					bad("host %s: sysctl key %q, expected words joined by dots", n.name, key)
				}
			}
		case n.peer != nil && len(n.ports) != 1:
			bad("peer %s: %d links, expected one", n.name, len(n.ports))
		case n.box != nil && len(n.ports) < 2:
			bad("middlebox %s: %d links, expected two or more", n.name, len(n.ports))
		case n.box != nil && (n.box.Hops < 0 || n.box.Hops > 1):
			bad("middlebox %s: hops %d, expected 0 or 1", n.name, n.box.Hops)
		}
		for _, a := range n.wanted() {
			if !usable(a) {
				bad("%s: address %v is none that an actor can have", n.name, a)
			}
		}
		if len(n.wanted()) > 0 && len(n.ports) == 0 && n.host != nil {
			bad("host %s: addresses, but no link", n.name)
		}
		if len(n.ports) > 255 {
			bad("%s: %d links, expected 255 at most", n.name, len(n.ports))
		}
	}
}

// usable tells whether an interface can have an address.
func usable(a netip.Addr) bool {
	return a.IsValid() && !a.IsUnspecified() && !a.IsLoopback() && !a.IsMulticast() && a.Zone() == "" && !a.Is4In6()
}

// nameTaps names a tap after its actor, and where that has several after the
// neighbour as well.
func (p *plan) nameTaps() {
	for _, n := range p.nodes {
		for _, port := range n.ports {
			port.tap = n.name
			if n.box != nil || len(n.ports) > 1 {
				port.tap = n.name + "/" + port.other.node.name
			}
		}
	}
}

// join makes segments of the links and gives each its net.
func (p *plan) join(bad func(string, ...any)) {
	var taken []netip.Prefix
	for _, l := range p.links {
		if l.config.Net.IsValid() {
			taken = append(taken, l.config.Net.Masked())
		}
	}
	free := slices.DeleteFunc(slices.Clone(defaultNets), func(net netip.Prefix) bool {
		return slices.ContainsFunc(taken, net.Overlaps)
	})
	for _, l := range p.links {
		if l.ends[0].subnet != nil {
			continue
		}
		s := new(subnet)
		s.spread(l, nil, bad)
		s.collect(p.links, bad)
		if !s.net.IsValid() {
			if len(free) == 0 {
				bad("link %s %s: all nets of RFC 5737 are in use; write another", l.config.A, l.config.B)
				return
			}
			s.net = free[0]
			free = free[1:]
		}
		for _, other := range p.subnets {
			if s.net.Overlaps(other.net) {
				bad("link %s %s: net %v overlaps %v of another link", l.config.A, l.config.B, s.net, other.net)
			}
		}
		p.subnets = append(p.subnets, s)
	}
}

// spread lays the segment over l and over all that bumps in the wire join to
// it; from is the bump that led here.
func (s *subnet) spread(l *link, from *node, bad func(string, ...any)) {
	if net := l.config.Net.Masked(); net.IsValid() {
		if s.net.IsValid() && s.net != net {
			bad("link %s %s: net %v, but a middlebox with hops 0 joins it to a link with %v", l.config.A, l.config.B, net, s.net)
		}
		s.net = net
	}
	for _, end := range l.ends {
		end.subnet = s
	}
	for _, end := range l.ends {
		if !end.node.bump() || end.node == from {
			continue
		}
		for _, side := range end.node.ports {
			switch {
			case side == end || s.loop:
			case side.subnet != nil:
				s.loop = true
				bad("link %s %s: middleboxes with hops 0 form a loop", l.config.A, l.config.B)
			default:
				s.spread(side.link, end.node, bad)
			}
		}
	}
}

// collect lists the members in the order of the links.
func (s *subnet) collect(links []*link, bad func(string, ...any)) {
	for _, l := range links {
		for _, end := range l.ends {
			if end.subnet != s || end.node.bump() {
				continue
			}
			if slices.ContainsFunc(s.members, func(m *port) bool { return m.node == end.node }) {
				bad("link %s %s: %s has another link in the same net", l.config.A, l.config.B, end.node.name)
			}
			s.members = append(s.members, end)
		}
	}
}
