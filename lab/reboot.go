//go:build linux

package lab

import (
	"errors"
	"slices"

	"golang.org/x/sys/unix"
)

// Down takes the host's interfaces down: nothing comes in, nothing goes out.
func (h *Host) Down() error {
	err := h.ns.Do(func() error {
		var errs []error
		for _, p := range h.node.ports {
			errs = append(errs, p.dev.down())
		}
		return errors.Join(errs...)
	})
	if err != nil {
		return h.errorf("take down: %w", err)
	}
	return nil
}

// Up brings the host's interfaces up again, with its addresses and routes.
func (h *Host) Up() error {
	err := h.ns.Do(func() error {
		for _, p := range h.node.ports {
			if err := p.dev.up(); err != nil {
				return err
			}
		}
		return nil
	})
	for _, p := range h.node.ports {
		far := p.other.dev
		if p.link.delayed() {
			far = p.link.wire[slices.Index(p.link.ends[:], p)]
		}
		if err == nil && !far.off.Load() {
			err = errors.Join(p.dev.waitCarrier(), far.waitCarrier())
		}
	}
	if err == nil {
		err = h.setAddresses()
	}
	if err != nil {
		return h.errorf("bring up: %w", err)
	}
	return nil
}

// Reboot makes the host forget all connections and listeners, and its NAT and
// firewall state; nothing is sent. Addresses, routes, sysctls and rules stay,
// as if they were set again.
func (h *Host) Reboot() error {
	// A kernel that has no interface can tell nobody.
	if err := h.Down(); err != nil {
		return err
	}
	h.endSockets()
	if err := h.FlushConntrack(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.EPROTONOSUPPORT) {
		return err // the two mean that the kernel has no connection tracking to forget
	}
	return h.Up()
}
