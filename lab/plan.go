//go:build linux

package lab

import (
	"net/netip"
)

// A plan is a checked Config laid out: who is where, with which addresses, and
// how everybody reaches everybody. Nothing of it exists yet.
type plan struct {
	nodes   []*node // hosts, peers, middleboxes, each in the order of the Config
	byName  map[string]*node
	links   []*link
	subnets []*subnet
}

// A node is an actor.
type node struct {
	name     string
	number   int // from 1, for link addresses
	host     *HostConfig
	peer     *PeerConfig
	box      *MiddleboxConfig
	addrs    []netip.Addr
	ports    []*port
	forwards bool
}

// bump reports whether the node joins its links into one net.
func (n *node) bump() bool { return n.box != nil && n.box.Hops == 0 }

// A link is one LinkConfig; ends[0] is A's.
type link struct {
	config LinkConfig
	ends   [2]*port
	wire   [2]*iface // of a delayed link: what faces its ends
}

// delayed reports whether the link needs a forwarder of its own.
func (l *link) delayed() bool { return l.config.Delay > 0 || l.config.Rate > 0 }

// A port is a node's end of a link.
type port struct {
	node   *node
	link   *link
	other  *port // the far end of the link
	dev    *iface
	tap    string
	mac    [6]byte
	subnet *subnet
	addrs  []netip.Prefix // with the length of the segment's net; whole for addresses outside it
}

// A subnet is a net: links joined by middleboxes that are bumps in the wire.
type subnet struct {
	net     netip.Prefix
	members []*port // of hosts, peers and routers, in the order of the links
	loop    bool    // it bites its tail
}

// A hop is how a node reaches an address: out of a port, to the link address
// of another.
type hop struct {
	dst netip.Addr
	out *port
	to  *port
}

// defaultNets are the nets of links that name none (RFC 5737).
var defaultNets = []netip.Prefix{
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
}

// nth returns the n-th address of a net, counted from its base.
func nth(net netip.Prefix, n int) (netip.Addr, bool) {
	a := net.Masked().Addr()
	for range n {
		a = a.Next()
	}
	return a, net.Contains(a)
}

// wanted gives the addresses that a node's Config asks for.
func (n *node) wanted() []netip.Addr {
	switch {
	case n.host != nil:
		return n.host.Addrs
	case n.peer != nil && n.peer.Addr.IsValid():
		return []netip.Addr{n.peer.Addr}
	}
	return nil
}

// address gives the members of each segment their addresses, by their order.
func (p *plan) address() error {
	for _, s := range p.subnets {
		for i, m := range s.members {
			if len(m.node.wanted()) > 0 {
				continue
			}
			a, ok := nth(s.net, i+1)
			if !ok {
				return configErrorf("link %s %s: net %v is full; write a larger one", m.link.config.A, m.link.config.B, s.net)
			}
			m.addrs = []netip.Prefix{netip.PrefixFrom(a, s.net.Bits())}
			m.node.addrs = append(m.node.addrs, a)
		}
	}
	for _, n := range p.nodes {
		n.addrs = append(n.addrs, n.wanted()...)
		if len(n.ports) == 0 {
			continue
		}
		for _, a := range n.wanted() {
			n.place(a)
		}
	}
	return nil
}

// place puts an address that was asked for on the port whose net holds it,
// else on the first.
func (n *node) place(a netip.Addr) {
	for _, m := range n.ports {
		if m.subnet.net.Contains(a) {
			m.addrs = append(m.addrs, netip.PrefixFrom(a, m.subnet.net.Bits()))
			return
		}
	}
	n.ports[0].addrs = append(n.ports[0].addrs, netip.PrefixFrom(a, a.BitLen()))
}

// hops gives n's way to every address of the lab but its own: the one with the
// fewest routers, and among equals the first in the order of the Config. For a
// bump in the wire it is the way of the nets that it joins.
func (p *plan) hops(n *node) []hop {
	type step struct {
		at      *node
		out, to *port
	}
	var hops []hop
	known := map[netip.Addr]bool{}
	for _, a := range n.addrs {
		known[a] = true
	}
	seen := map[*node]bool{n: true}
	queue := []step{{at: n}}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		for _, a := range s.at.addrs {
			if !known[a] {
				known[a] = true
				hops = append(hops, hop{dst: a, out: s.out, to: s.to})
			}
		}
		if s.at != n && !s.at.forwards {
			continue
		}
		for _, out := range s.at.ports {
			for _, m := range out.neighbours() {
				if seen[m.node] {
					continue
				}
				seen[m.node] = true
				next := step{at: m.node, out: s.out, to: s.to}
				if s.at == n {
					next.out, next.to = out, m
				}
				queue = append(queue, next)
			}
		}
	}
	return hops
}

// neighbours gives the ports of hosts, peers and routers that p's node reaches
// here without a router.
func (p *port) neighbours() []*port {
	far := p.other
	if !far.node.bump() {
		return []*port{far}
	}
	var ports []*port
	for _, side := range far.node.ports {
		if side != far {
			ports = append(ports, side.neighbours()...)
		}
	}
	return ports
}

// source is the address from which p's node speaks to dst, when it goes out
// here: one of p's own, else any of the node's.
func (p *port) source(dst netip.Addr) netip.Addr {
	for _, a := range p.addrs {
		if a.Addr().Is4() == dst.Is4() {
			return a.Addr()
		}
	}
	for _, a := range p.node.addrs {
		if a.Is4() == dst.Is4() {
			return a
		}
	}
	return netip.Addr{}
}
