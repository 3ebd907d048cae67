//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"rstlab/lab/internal/ns"
)

// A Lab is a running lab. Its methods may be called from any goroutine.
type Lab struct {
	plan  *plan
	hosts map[string]*Host
	peers map[string]*Peer
	boxes map[string]*Middlebox
	taps  []*Tap
	wires *netns // of peers, middleboxes and delayed links; nil where there are none

	mu      sync.Mutex       // guards what is started at the same time
	engines map[string]mover // all that moves packets in user space, by what it is

	groupMu sync.Mutex
	group   *ns.Group // of the lab's processes; nil until there is one
	closing bool

	ends      []func() error // close the engines
	undo      []func() error // what Close does besides, last first
	closeOnce sync.Once
	closeErr  error
	stop      func() bool // of the watch over Start's context
}

// Start checks c, makes the lab and starts its captures. When ctx ends, the lab
// is torn down at once, as by [Lab.Close]. Errors are those of [Config.Check],
// those of [Available], and what the kernel refused.
func Start(ctx context.Context, c Config) (*Lab, error) {
	c.Hosts, c.Peers, c.Middleboxes = slices.Clone(c.Hosts), slices.Clone(c.Peers), slices.Clone(c.Middleboxes)
	p, err := newPlan(c)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start lab: %w", err)
	}
	if !ns.Privileged() {
		return nil, Available()
	}
	l := &Lab{
		plan: p, hosts: map[string]*Host{}, peers: map[string]*Peer{}, boxes: map[string]*Middlebox{},
		engines: map[string]mover{},
	}
	if err := l.build(); err != nil {
		err = errors.Join(err, l.Close())
		if why := Available(); why != nil {
			err = why
		}
		return nil, fmt.Errorf("start lab: %w", err)
	}
	started := make(chan struct{})
	l.stop = context.AfterFunc(ctx, func() {
		<-started
		l.Close()
	})
	close(started)
	return l, nil
}

// onClose has Close call f, before what was given to it earlier.
func (l *Lab) onClose(f func() error) { l.undo = append(l.undo, f) }

// build makes everything, in the order in which it depends on each other.
func (l *Lab) build() error {
	if err := l.makeNamespaces(); err != nil {
		return err
	}
	if err := l.makeLinks(); err != nil {
		return err
	}
	for _, n := range l.plan.nodes {
		if h := l.hosts[n.name]; h != nil {
			if err := h.configure(); err != nil {
				return fmt.Errorf("host %s: %w", n.name, err)
			}
		}
	}
	if err := l.openTaps(); err != nil {
		return err
	}
	return l.startActors()
}

// makeNamespaces makes one namespace for each host, and one for all whose
// packets are moved in user space: no kernel has an address there.
func (l *Lab) makeNamespaces() error {
	for _, n := range l.plan.nodes {
		if n.host == nil {
			continue
		}
		space, err := newNetNS(n.host.settings())
		if err != nil {
			return fmt.Errorf("host %s: %w", n.name, err)
		}
		l.onClose(space.Close)
		l.hosts[n.name] = newHost(l, n, space)
	}
	userSpace := slices.ContainsFunc(l.plan.nodes, func(n *node) bool { return n.host == nil }) ||
		slices.ContainsFunc(l.plan.links, (*link).delayed)
	if !userSpace {
		return nil
	}
	space, err := newNetNS(quiet)
	if err != nil {
		return err
	}
	l.onClose(space.Close)
	l.wires = space
	return nil
}

// makeLinks makes each link, or the two halves of one that is delayed.
func (l *Lab) makeLinks() error {
	made := 0
	inWires := func() *iface {
		made++
		return &iface{ns: l.wires, name: fmt.Sprintf("p%d", made), mac: [6]byte{0x02, 0, 0, 0xff, byte(made >> 8), byte(made)}}
	}
	for _, link := range l.plan.links {
		for _, end := range link.ends {
			if h := l.hosts[end.node.name]; h != nil {
				end.dev = &iface{ns: h.ns, name: fmt.Sprintf("eth%d", slices.Index(end.node.ports, end))}
			} else {
				end.dev = inWires()
			}
			end.dev.mac = end.mac
		}
		pairs := [][2]*iface{{link.ends[0].dev, link.ends[1].dev}}
		if link.delayed() {
			link.wire = [2]*iface{inWires(), inWires()}
			pairs = [][2]*iface{{link.ends[0].dev, link.wire[0]}, {link.ends[1].dev, link.wire[1]}}
		}
		for _, pair := range pairs {
			if err := connect(pair[0], pair[1], link.config.MTU); err != nil {
				return fmt.Errorf("link %s %s: %w", link.config.A, link.config.B, err)
			}
		}
	}
	return nil
}

// openTaps starts a capture at each end of each link. Nobody has sent yet.
func (l *Lab) openTaps() error {
	var ports []*port
	for _, link := range l.plan.links {
		ports = append(ports, link.ends[:]...)
	}
	// Opening and closing a packet socket waits for the kernel's RCU, some
	// 20 ms whether for one or for many.
	taps := make([]*Tap, len(ports))
	err := each(len(ports), func(i int) (err error) {
		if taps[i], err = openTap(ports[i]); err != nil {
			return fmt.Errorf("tap %s: %w", ports[i].tap, err)
		}
		return nil
	})
	l.taps = slices.DeleteFunc(taps, func(t *Tap) bool { return t == nil })
	return err
}

// each calls f for 0 to n-1, all at the same time.
func each(n int, f func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Close ends the lab: programs and processes are killed, sockets destroyed,
// namespaces and links freed. What this would send is in no capture. It may be
// called more than once.
func (l *Lab) Close() error {
	l.closeOnce.Do(func() {
		if l.stop != nil {
			l.stop()
		}
		for _, t := range l.taps {
			_ = t.stop() // an error of the capture is Drain's to tell
		}
		// Packet sockets take some 20 ms to close, one or many.
		slow := slices.Clone(l.ends)
		for _, t := range l.taps {
			slow = append(slow, t.conn.Close)
		}
		slow = append(slow, func() error {
			var errs []error
			for _, f := range slices.Backward(l.undo) {
				errs = append(errs, f())
			}
			return errors.Join(errs...)
		})
		if err := each(len(slow), func(i int) error { return slow[i]() }); err != nil {
			l.closeErr = fmt.Errorf("close lab: %w", err)
		}
	})
	return l.closeErr
}

// Host returns the host of that name, nil if there is none.
func (l *Lab) Host(name string) *Host { return l.hosts[name] }

// Peer returns the peer of that name, nil if there is none.
func (l *Lab) Peer(name string) *Peer { return l.peers[name] }

// Middlebox returns the middlebox of that name, nil if there is none.
func (l *Lab) Middlebox(name string) *Middlebox { return l.boxes[name] }

// Tap returns the tap of that name, nil if there is none. The tap of an actor
// with one link has its name; the sides of a middlebox, and of a host with
// several links, are named "fw/client", after the neighbour on the link.
func (l *Lab) Tap(name string) *Tap {
	for _, t := range l.taps {
		if t.name == name {
			return t
		}
	}
	return nil
}

// Taps returns all taps, in the order of the links.
func (l *Lab) Taps() []*Tap { return slices.Clone(l.taps) }

// Addr returns the addresses of a host, peer or middlebox.
func (l *Lab) Addr(name string) []netip.Addr {
	if n := l.plan.byName[name]; n != nil {
		return slices.Clone(n.addrs)
	}
	return nil
}

// SameNet reports whether two addresses belong to one net of the lab.
func (l *Lab) SameNet(a, b netip.Addr) bool {
	return slices.ContainsFunc(l.plan.subnets, func(s *subnet) bool {
		return s.net.Contains(a) && s.net.Contains(b)
	})
}
