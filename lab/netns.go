//go:build linux

package lab

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"rstlab/lab/internal/ns"
)

// A netns is one of a lab's network namespaces, with the handles that were
// opened in it.
type netns struct {
	*ns.Namespace
	nl *netlink.Handle
}

// newNetNS makes a namespace, with its loopback interface up.
func newNetNS(settings []setting) (*netns, error) {
	space, err := ns.New()
	if err != nil {
		return nil, err
	}
	n := &netns{Namespace: space}
	err = n.Do(func() error {
		if err := writeSettings(settings); err != nil {
			return err
		}
		if n.nl, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
			return fmt.Errorf("open netlink: %w", err)
		}
		const loopback = 1
		return n.setFlags(loopback, unix.IFF_UP, unix.IFF_UP)
	})
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// Close gives up the namespace and its handles.
func (n *netns) Close() error {
	if n.nl != nil {
		n.nl.Close()
	}
	return n.Namespace.Close()
}

// setFlags sets those flags of an interface that mask names.
func (n *netns) setFlags(index int, flags, mask uint32) error {
	req := nl.NewNetlinkRequest(unix.RTM_NEWLINK, unix.NLM_F_ACK)
	msg := nl.NewIfInfomsg(unix.AF_UNSPEC)
	msg.Index = int32(index)
	msg.Flags = flags
	msg.Change = mask
	req.AddData(msg)
	if _, err := req.Execute(unix.NETLINK_ROUTE, 0); err != nil {
		return fmt.Errorf("set flags of interface %d: %w", index, err)
	}
	return nil
}

// An iface is one end of a pair of virtual Ethernet interfaces.
type iface struct {
	ns    *netns
	name  string
	mac   [6]byte
	index int
	off   atomic.Bool // taken down
}

// connect makes a pair of interfaces, each in its namespace from the start,
// with all offloads off, and brings it up.
func connect(a, b *iface, mtu int) error {
	pair := netlink.NewVeth(netlink.NewLinkAttrs())
	pair.Name, pair.PeerName = a.name, b.name
	pair.HardwareAddr, pair.PeerHardwareAddr = a.mac[:], b.mac[:]
	pair.MTU = mtu
	pair.NumTxQueues, pair.NumRxQueues = 1, 1
	pair.PeerNamespace = netlink.NsFd(b.ns.FD())
	if err := a.ns.nl.LinkAdd(pair); err != nil {
		return fmt.Errorf("make link: %w", err)
	}
	for _, end := range []*iface{a, b} {
		made, err := end.ns.nl.LinkByName(end.name)
		if err != nil {
			return fmt.Errorf("find end of link: %w", err)
		}
		end.index = made.Attrs().Index
		err = end.ns.Do(func() error {
			if err := disableOffloads(end.name); err != nil {
				return fmt.Errorf("turn off offloads: %w", err)
			}
			return end.up()
		})
		if err != nil {
			return err
		}
	}
	return errors.Join(a.waitCarrier(), b.waitCarrier())
}

// waitCarrier waits until the interface can send. The kernel sees to that some
// time after both ends are up (net/core/link_watch.c), and until then drops
// what is sent. From 6.8 on, asking for the link waits for it.
func (i *iface) waitCarrier() error {
	return poll(func() (bool, error) {
		l, err := i.ns.nl.LinkByIndex(i.index)
		if err != nil {
			return false, fmt.Errorf("find end of link: %w", err)
		}
		return l.Attrs().OperState == netlink.OperUp, nil
	}, "end of link is not up")
}

// poll waits for what the kernel does by itself, soon, and does not announce.
func poll(done func() (bool, error), missing string) error {
	const limit = 10 * time.Second
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		if ok, err := done(); ok || err != nil {
			return err
		}
		if time.Since(began) > limit {
			return fmt.Errorf("%s after %v", missing, limit)
		}
	}
}

// up brings the interface up, on its namespace's thread. It resolves no
// addresses, all neighbours being known, and joins no multicast groups: so the
// kernel sends nothing of its own, neither ARP nor neighbour discovery nor
// reports.
func (i *iface) up() error {
	i.off.Store(false)
	return i.ns.setFlags(i.index, unix.IFF_UP|unix.IFF_NOARP, unix.IFF_UP|unix.IFF_NOARP|unix.IFF_MULTICAST)
}

// down takes the interface down, on its namespace's thread.
func (i *iface) down() error {
	i.off.Store(true)
	return i.ns.setFlags(i.index, 0, unix.IFF_UP)
}
