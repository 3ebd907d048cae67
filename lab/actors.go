//go:build linux

package lab

import (
	"errors"
	"fmt"

	"rstlab/lab/internal/packetsock"
)

// startActors starts all that moves packets in user space, and the processes
// that hosts ask for.
func (l *Lab) startActors() error {
	for _, link := range l.plan.links {
		if link.delayed() {
			if err := l.startWire(link); err != nil {
				return fmt.Errorf("link %s %s: %w", link.config.A, link.config.B, err)
			}
		}
	}
	for _, n := range l.plan.nodes {
		h := l.hosts[n.name]
		if h == nil {
			continue
		}
		l.onClose(func() error { h.endSockets(); return nil })
		if n.host.Process {
			if _, err := h.running(); err != nil {
				return fmt.Errorf("host %s: %w", n.name, err)
			}
		}
	}
	l.onClose(l.endProcesses)
	return nil
}

func (l *Lab) startWire(link *link) error {
	a, err := openSocket(link.wire[0], link)
	if err != nil {
		return err
	}
	b, err := openSocket(link.wire[1], link)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	w, err := startWire(a, b, link.config.Delay, link.config.Rate)
	if err != nil {
		return errors.Join(err, a.Close(), b.Close())
	}
	l.onClose(w.close)
	return nil
}

// openSocket opens an interface for one who moves packets.
func openSocket(dev *iface, link *link) (*packetsock.Conn, error) {
	var conn *packetsock.Conn
	err := dev.ns.Do(func() (err error) {
		conn, err = packetsock.Open(dev.index, packetsock.Options{SnapLen: frameLen(link.config.MTU)})
		return err
	})
	return conn, err
}
