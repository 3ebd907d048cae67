//go:build linux

package lab

import (
	"errors"
	"fmt"

	"rstlab/lab/internal/packetsock"
)

// A mover takes packets from one place to another, in user space.
type mover interface {
	check() error   // whether it has lost a frame that it was not told to lose
	underWay() bool // whether it has something to send later
}

// startActors starts all that moves packets in user space, and the processes
// that hosts ask for.
func (l *Lab) startActors() error {
	var starts []func() error
	for _, link := range l.plan.links {
		if link.delayed() {
			starts = append(starts, func() error { return l.startWire(link) })
		}
	}
	for _, n := range l.plan.nodes {
		switch {
		case n.host != nil:
			h := l.hosts[n.name]
			l.onClose(func() error { h.endSockets(); return nil })
			if n.host.Process {
				starts = append(starts, func() error { return h.ready() })
			}
		case n.peer != nil:
			starts = append(starts, func() error { return l.startPeer(n) })
		default:
			starts = append(starts, func() error { return l.startMiddlebox(n) })
		}
	}
	l.onClose(l.endProcesses)
	return each(len(starts), func(i int) error { return starts[i]() })
}

// run counts an engine among those that Drain checks and Close ends.
func (l *Lab) run(what string, engine mover, end func() error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.engines[what] = engine
	l.ends = append(l.ends, end)
}

func (l *Lab) startWire(link *link) error {
	what := fmt.Sprintf("link %s %s", link.config.A, link.config.B)
	conns, err := openSockets([]*iface{link.wire[0], link.wire[1]}, []*port{link.ends[0], link.ends[1]})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	w, err := startWire(conns[0], conns[1], link.config.Delay, link.config.Rate)
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", what, err), conns[0].Close(), conns[1].Close())
	}
	l.run(what, w, w.close)
	return nil
}

func (l *Lab) startPeer(n *node) error {
	sides, err := l.openSides(n)
	if err != nil {
		return fmt.Errorf("peer %s: %w", n.name, err)
	}
	p := startPeer(*n.peer, n.addrs, sides[0], l.Addr)
	l.run("peer "+n.name, p, p.close)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.peers[n.name] = p
	return nil
}

func (l *Lab) startMiddlebox(n *node) error {
	sides, err := l.openSides(n)
	if err != nil {
		return fmt.Errorf("middlebox %s: %w", n.name, err)
	}
	b, err := startMiddlebox(*n.box, sides, l.Addr)
	if err != nil {
		err = fmt.Errorf("middlebox %s: %w", n.name, err)
		for _, s := range sides {
			err = errors.Join(err, s.conn.Close())
		}
		return err
	}
	l.run("middlebox "+n.name, b, b.close)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.boxes[n.name] = b
	return nil
}

// openSides opens all ports of an actor without a stack.
func (l *Lab) openSides(n *node) ([]side, error) {
	var devs []*iface
	for _, p := range n.ports {
		devs = append(devs, p.dev)
	}
	conns, err := openSockets(devs, n.ports)
	if err != nil {
		return nil, err
	}
	hops := l.plan.hops(n)
	var sides []side
	for i, p := range n.ports {
		s := side{conn: conns[i], mac: p.mac}
		for _, h := range hops {
			if h.out == p {
				s.hops = append(s.hops, nextHop{dst: h.dst, mac: h.to.mac})
			}
		}
		sides = append(sides, s)
	}
	return sides, nil
}

// openSockets opens interfaces on the links of ports, all at the same time.
func openSockets(devs []*iface, ports []*port) ([]*packetsock.Conn, error) {
	conns := make([]*packetsock.Conn, len(devs))
	err := each(len(devs), func(i int) error {
		return devs[i].ns.Do(func() (err error) {
			conns[i], err = packetsock.Open(devs[i].index, packetsock.Options{SnapLen: frameLen(ports[i].link.config.MTU)})
			return err
		})
	})
	if err != nil {
		for _, c := range conns {
			if c != nil {
				err = errors.Join(err, c.Close())
			}
		}
		return nil, err
	}
	return conns, nil
}
