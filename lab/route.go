//go:build linux

package lab

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A route is a host's way to a net, and all that the lab sets with it.
type route struct {
	dst     netip.Prefix
	out     *iface
	mac     [6]byte    // whom frames to dst go to
	gateway netip.Addr // where dst is more than one address
	source  netip.Addr
	rtoMin  time.Duration
	delayed bool // ACKs may be delayed
}

// apply puts the route into the kernel, in place of one to the same net.
func (r route) apply() error {
	next := r.dst.Addr()
	if r.gateway.IsValid() {
		next = r.gateway
	}
	if err := r.out.neighbour(next, r.mac); err != nil {
		return err
	}
	kernel := &netlink.Route{
		LinkIndex: r.out.index,
		Dst:       ipNet(r.dst),
		Scope:     netlink.SCOPE_LINK,
		Src:       ip(r.source),
		Protocol:  unix.RTPROT_STATIC,
	}
	if r.gateway.IsValid() {
		kernel.Gw = ip(r.gateway)
		kernel.Flags = int(netlink.FLAG_ONLINK)
		kernel.Scope = netlink.SCOPE_UNIVERSE
	}
	if !r.delayed {
		kernel.QuickACK = 1
	}
	if r.rtoMin > 0 {
		kernel.RtoMin = int(r.rtoMin.Milliseconds())
		kernel.RtoMinLock = true // tcp_rto_min() heeds a locked value only
	}
	if err := r.out.ns.nl.RouteReplace(kernel); err != nil {
		return fmt.Errorf("set route to %v: %w", r.dst, err)
	}
	return nil
}

// neighbour makes known, for good, whose link address belongs to an address.
func (i *iface) neighbour(a netip.Addr, mac [6]byte) error {
	err := i.ns.nl.NeighSet(&netlink.Neigh{
		LinkIndex:    i.index,
		State:        netlink.NUD_PERMANENT,
		IP:           ip(a),
		HardwareAddr: mac[:],
	})
	if err != nil {
		return fmt.Errorf("set neighbour %v: %w", a, err)
	}
	return nil
}

// address gives the interface an address, usable at once. No route to its net
// comes with it.
func (i *iface) address(a netip.Prefix) error {
	err := i.ns.nl.AddrReplace(nil, &netlink.Addr{
		IPNet:     &net.IPNet{IP: ip(a.Addr()), Mask: net.CIDRMask(a.Bits(), a.Addr().BitLen())},
		LinkIndex: i.index,
		Flags:     unix.IFA_F_NODAD | unix.IFA_F_NOPREFIXROUTE,
	})
	if err != nil {
		return fmt.Errorf("set address %v: %w", a, err)
	}
	return nil
}

// waitLocal waits until the namespace takes packets to an address of its own.
// With IPv6 the kernel sees to that some time after the address is set, also
// where it is not to look for duplicates (addrconf_dad_work).
func (n *netns) waitLocal(a netip.Addr) error {
	return poll(func() (bool, error) {
		routes, err := n.nl.RouteGet(ip(a))
		switch {
		case errors.Is(err, unix.ENETUNREACH) || errors.Is(err, unix.EHOSTUNREACH):
			return false, nil
		case err != nil:
			return false, fmt.Errorf("find route to own address %v: %w", a, err)
		}
		return len(routes) > 0 && routes[0].Type == unix.RTN_LOCAL, nil
	}, fmt.Sprintf("address %v is not in use", a))
}

func ip(a netip.Addr) net.IP {
	if !a.IsValid() {
		return nil
	}
	return a.AsSlice()
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: ip(p.Masked().Addr()), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
