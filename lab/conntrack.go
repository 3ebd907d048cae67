//go:build linux

package lab

import (
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// FlushConntrack makes the host forget its NAT and firewall state: all
// connections of both families. Its rules stay.
func (h *Host) FlushConntrack() error {
	err := h.ns.Do(func() error {
		nl, err := netlink.NewHandle(unix.NETLINK_NETFILTER)
		if err != nil {
			return fmt.Errorf("open netfilter: %w", err)
		}
		defer nl.Close()
		return nl.ConntrackTableFlush(netlink.ConntrackTable)
	})
	if err != nil {
		return h.errorf("flush conntrack: %w", err)
	}
	return nil
}
