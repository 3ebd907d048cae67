//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"rstlab/lab/oracle"
)

// A Host is a running host: a network namespace with a kernel's whole stack.
type Host struct {
	lab  *Lab
	node *node
	ns   *netns
	diag *diag

	mu      sync.Mutex
	routes  []route // in the order in which they were set
	sockets map[*Socket]bool
	process *process // nil without Process, or killed
}

func newHost(l *Lab, n *node, space *netns) *Host {
	return &Host{lab: l, node: n, ns: space, sockets: map[*Socket]bool{}}
}

// configure gives the host its addresses and routes, and last its own sysctls.
func (h *Host) configure() error {
	if err := h.ns.Do(func() (err error) {
		h.diag, err = openDiag()
		return err
	}); err != nil {
		return err
	}
	h.lab.onClose(h.diag.close)
	for _, hop := range h.lab.plan.hops(h.node) {
		h.routes = append(h.routes, route{
			dst:    netip.PrefixFrom(hop.dst, hop.dst.BitLen()),
			out:    hop.out.dev,
			mac:    hop.to.mac,
			source: hop.out.source(hop.dst),
		})
	}
	if err := h.setAddresses(); err != nil {
		return err
	}
	return h.ns.Do(func() error {
		if h.node.forwards {
			if err := writeSettings(forwarding); err != nil {
				return err
			}
		}
		for key, value := range h.node.host.Sysctls {
			if err := writeSysctl(key, value); err != nil {
				return err
			}
		}
		return nil
	})
}

// setAddresses sets addresses and routes, on interfaces that are up.
func (h *Host) setAddresses() error {
	for _, p := range h.node.ports {
		for _, a := range p.addrs {
			if err := p.dev.address(a); err != nil {
				return err
			}
		}
	}
	h.mu.Lock()
	routes := slices.Clone(h.routes)
	h.mu.Unlock()
	for _, r := range routes {
		if err := r.apply(); err != nil {
			return err
		}
	}
	for _, p := range h.node.ports {
		for _, a := range p.addrs {
			if err := h.ns.waitLocal(a.Addr()); err != nil {
				return err
			}
		}
	}
	return nil
}

// Name returns the host's name.
func (h *Host) Name() string { return h.node.name }

// Addrs returns the host's addresses.
func (h *Host) Addrs() []netip.Addr { return slices.Clone(h.node.addrs) }

// NetNS returns the inode of the host's network namespace, as
// "readlink /proc/self/ns/net" shows it inside.
func (h *Host) NetNS() uint64 { return h.ns.Inode() }

// errorf names the host in an error.
func (h *Host) errorf(format string, args ...any) error {
	return fmt.Errorf("host %s: "+format, append([]any{h.node.name}, args...)...)
}

// Sysctl sets a key of the host's namespace, named as in [HostConfig.Sysctls].
// The error unwraps to [syscall.ENOENT] when this kernel's namespaces have no
// such key.
func (h *Host) Sysctl(key, value string) error {
	if !sysctlPattern.MatchString(key) {
		return h.errorf("sysctl key %q, expected words joined by dots", key)
	}
	if err := h.ns.Do(func() error { return writeSysctl(key, value) }); err != nil {
		return h.errorf("%w", err)
	}
	return nil
}

// Route replaces the host's route to r.Dst.
func (h *Host) Route(r RouteConfig) error {
	next, err := h.nextRoute(r)
	if err != nil {
		return h.errorf("route to %v: %w", r.Dst, err)
	}
	if err := next.apply(); err != nil {
		return h.errorf("%w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.routes = slices.DeleteFunc(h.routes, func(old route) bool { return old.dst == next.dst })
	h.routes = append(h.routes, next)
	return nil
}

// nextRoute turns a RouteConfig into a route out of one of the host's ports.
func (h *Host) nextRoute(r RouteConfig) (route, error) {
	if !r.Dst.IsValid() {
		return route{}, errors.New("no destination")
	}
	next := route{dst: r.Dst.Masked()}
	if r.Via == "" {
		found := false
		h.mu.Lock()
		for _, old := range h.routes { // the last is the one in force
			if old.dst == next.dst {
				next, found = old, true
			}
		}
		h.mu.Unlock()
		if !found {
			return route{}, errors.New("the host has none yet; say via whom")
		}
	} else {
		out, via := h.neighbour(r.Via)
		if via == nil {
			return route{}, fmt.Errorf("%q is no neighbour of the host", r.Via)
		}
		next.out, next.mac = out.dev, via.mac
		next.source = out.source(r.Dst.Addr())
		if !r.Dst.IsSingleIP() {
			if next.gateway = via.source(r.Dst.Addr()); !next.gateway.IsValid() {
				return route{}, fmt.Errorf("%s has no address of its family", r.Via)
			}
		}
	}
	next.rtoMin = r.RTOMin
	next.delayed = r.QuickACK != nil && !*r.QuickACK
	return next, nil
}

// neighbour finds the port on which an actor is a neighbour, and the actor's.
func (h *Host) neighbour(name string) (out, via *port) {
	for _, out := range h.node.ports {
		for _, m := range out.neighbours() {
			if m.node.name == name {
				return out, m
			}
		}
	}
	return nil, nil
}

// Counters reads the counters of the host's TCP.
func (h *Host) Counters() (oracle.Counters, error) {
	var c oracle.Counters
	err := h.ns.Do(func() (err error) {
		c, err = oracle.ReadCounters()
		return err
	})
	if err != nil {
		return nil, h.errorf("%w", err)
	}
	return c, nil
}

// Socket makes a TCP socket on the host.
func (h *Host) Socket(o SocketOptions) (*Socket, error) {
	end, err := h.newEndpoint(o)
	if err != nil {
		return nil, h.errorf("%w", err)
	}
	return h.own(end), nil
}

func (h *Host) newEndpoint(o SocketOptions) (endpoint, error) {
	if h.node.host.Process {
		p, err := h.running()
		if err != nil {
			return nil, err
		}
		return p.socket(o)
	}
	var s *kernelSocket
	err := h.ns.Do(func() (err error) {
		s, err = newKernelSocket(o)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !o.MPTCP { // whose first subflow outlives its close
		s.diag = h.diag
	}
	return s, nil
}

// own counts an endpoint among the host's sockets.
func (h *Host) own(end endpoint) *Socket {
	s := &Socket{host: h, end: end}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sockets[s] = true
	return s
}

// disown does the opposite.
func (h *Host) disown(s *Socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sockets, s)
}

// WaitState waits until the connection between local and remote is in a state
// of RFC 9293, "TIME-WAIT" or "SYN-SENT"; "CLOSED" means that the kernel has no
// such socket. For a listener remote is zero.
func (h *Host) WaitState(ctx context.Context, local, remote netip.AddrPort, state string) error {
	if err := h.diag.waitState(ctx, local, remote, state); err != nil {
		return h.errorf("%w", err)
	}
	return nil
}

// endSockets gets rid of all sockets of the host, also those that no program
// holds any more.
func (h *Host) endSockets() {
	h.mu.Lock()
	sockets := h.sockets
	h.sockets = map[*Socket]bool{}
	h.mu.Unlock()
	for s := range sockets {
		if s.end.forget() != nil { // a listener, or a socket of MPTCP
			_ = s.end.close()
		}
	}
	// What can't be destroyed ends by itself, and the namespace with it.
	h.diag.destroyAll()
}
