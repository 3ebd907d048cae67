//go:build linux

package lab

import (
	"net/netip"
	"time"
)

// A Config describes a lab: its actors and the links between them. The order
// of links and actors decides addresses and which of two equally short paths
// is taken, so that a lab is the same each time.
type Config struct {
	Hosts       []HostConfig
	Peers       []PeerConfig
	Middleboxes []MiddleboxConfig
	Links       []LinkConfig
}

// A HostConfig describes a host: a real kernel stack, driven through real
// sockets.
type HostConfig struct {
	Name    string
	Addrs   []netip.Addr      // empty: one from the net of each of its links
	TTL     uint8             // of what it sends, hop limit in IPv6; 0: 64
	Forward bool              // forwards between its links, as a router does
	Sysctls map[string]string // keys below net.ipv4. or whole ("net.netfilter.…"); set last, so they win over the lab's own
	Process bool              // its sockets live in a process of their own, for Kill; the program calls Main or Reexec
}

// A PeerConfig describes a peer: an end without a stack, which sends only the
// segments it is told to send.
type PeerConfig struct {
	Name   string
	Addr   netip.Addr // zero: from the net of its link
	TTL    uint8      // 0: 128
	ISN    *uint32    // nil: random
	Window uint16     // 0: 65535
}

// A MiddleboxConfig describes a box that forwards in user space, by rules.
type MiddleboxConfig struct {
	Name string
	Hops int   // 1: a router that lowers the TTL; 0: a bump in the wire, which joins its links into one net
	TTL  uint8 // of what it injects; 0: 64
}

// A LinkConfig describes a link between two actors: a pair of virtual Ethernet
// interfaces with all offloads off. Between two actors there is one link at
// most.
type LinkConfig struct {
	A, B  string
	Delay time.Duration // each way
	MTU   int           // bytes; 0: 1500
	Rate  uint64        // bits a second, each way; 0: no limit
	Net   netip.Prefix  // zero: 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 in turn
}

// A RouteConfig describes a route of one host.
type RouteConfig struct {
	Dst      netip.Prefix
	Via      string        // name of the neighbour that leads there; "": the way that Dst has now
	RTOMin   time.Duration // lowest retransmission timeout towards Dst; 0: the kernel's
	QuickACK *bool         // acknowledge each segment at once; nil: yes
}
