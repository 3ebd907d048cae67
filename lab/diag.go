//go:build linux

package lab

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"rstlab/lab/internal/ns"
)

// A diag asks a namespace's kernel about its TCP sockets (sock_diag(7)).
type diag struct {
	mu  sync.Mutex
	fd  int
	seq uint32
}

const (
	sockDiagByFamily = 20 // SOCK_DIAG_BY_FAMILY (linux/sock_diag.h)
	sockDestroy      = 21 // SOCK_DESTROY
	diagRequestLen   = 56 // struct inet_diag_req_v2 (linux/inet_diag.h)
	diagIDOffset     = 8  // of id in it
	diagIDLen        = 48 // struct inet_diag_sockid
	diagMessageLen   = 72 // struct inet_diag_msg
	diagMsgIDOffset  = 4  // of id in it
	diagMsgInode     = 68 // of the inode in it
)

// states are the kernel's numbers (net/tcp_states.h) by the names of RFC 9293.
var states = map[string]uint8{
	"ESTABLISHED":  1,
	"SYN-SENT":     2,
	"SYN-RECEIVED": 3,
	"FIN-WAIT-1":   4,
	"FIN-WAIT-2":   5,
	"TIME-WAIT":    6,
	"CLOSED":       stateClosed,
	"CLOSE-WAIT":   8,
	"LAST-ACK":     9,
	"LISTEN":       10,
	"CLOSING":      11,
}

const (
	stateClosed         = 7
	stateSYNReceived    = 3
	stateNewSYNReceived = 12 // the kernel's second kind of it
)

// openDiag opens the calling thread's network namespace.
func openDiag() (*diag, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, fmt.Errorf("open sock_diag: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("open sock_diag: %w", err)
	}
	return &diag{fd: fd}, nil
}

func (d *diag) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fd < 0 {
		return nil
	}
	err := unix.Close(d.fd)
	d.fd = -1
	return err
}

// ask sends a request and hands each message of the answer to each.
func (d *diag) ask(kind, flags uint16, request []byte, each func(message []byte)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fd < 0 {
		return ns.ErrClosed
	}
	d.seq++
	if err := unix.Sendto(d.fd, netlinkMessage(kind, unix.NLM_F_REQUEST|flags, d.seq, request), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	buffer := make([]byte, 1<<16)
	for {
		n, _, err := unix.Recvfrom(d.fd, buffer, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		for b := buffer[:n]; len(b) >= unix.SizeofNlMsghdr; {
			length := int(binary.NativeEndian.Uint32(b))
			if length < unix.SizeofNlMsghdr || length > len(b) {
				return fmt.Errorf("answer of %d bytes in %d", length, len(b))
			}
			body := b[unix.SizeofNlMsghdr:length]
			kind, msgFlags, seq := binary.NativeEndian.Uint16(b[4:]), binary.NativeEndian.Uint16(b[6:]), binary.NativeEndian.Uint32(b[8:])
			b = b[min(len(b), (length+3)&^3):]
			switch {
			case seq != d.seq:
				continue // left over from a request that failed
			case kind == unix.NLMSG_DONE:
				return nil
			case kind == unix.NLMSG_ERROR:
				if len(body) < 4 {
					return fmt.Errorf("error of %d bytes", len(body))
				}
				if no := int32(binary.NativeEndian.Uint32(body)); no != 0 {
					return unix.Errno(-no)
				}
				return nil
			}
			each(body)
			if msgFlags&unix.NLM_F_MULTI == 0 {
				return nil
			}
		}
	}
}

// netlinkMessage puts a header before a body: struct nlmsghdr.
func netlinkMessage(kind, flags uint16, seq uint32, body []byte) []byte {
	b := make([]byte, 0, unix.SizeofNlMsghdr+len(body))
	b = binary.NativeEndian.AppendUint32(b, uint32(unix.SizeofNlMsghdr+len(body)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = binary.NativeEndian.AppendUint16(b, flags)
	b = binary.NativeEndian.AppendUint32(b, seq)
	b = binary.NativeEndian.AppendUint32(b, 0) // from no port in particular: the kernel fills it in
	return append(b, body...)
}

// diagRequest asks for the TCP sockets of a family in the states of a mask.
func diagRequest(family uint8, states uint32) []byte {
	b := make([]byte, diagRequestLen)
	b[0] = family
	b[1] = unix.IPPROTO_TCP
	binary.NativeEndian.PutUint32(b[4:], states)
	return b
}

// diagFor asks for one socket. A zero remote means a listener.
func diagFor(local, remote netip.AddrPort) []byte {
	family := uint8(unix.AF_INET)
	if local.Addr().Is6() || remote.Addr().Is6() {
		family = unix.AF_INET6
	}
	b := diagRequest(family, ^uint32(0))
	id := b[diagIDOffset:]
	binary.BigEndian.PutUint16(id[0:], local.Port())
	binary.BigEndian.PutUint16(id[2:], remote.Port())
	if a := local.Addr(); a.IsValid() {
		copy(id[4:20], a.AsSlice())
	}
	if a := remote.Addr(); a.IsValid() {
		copy(id[20:36], a.AsSlice())
	}
	binary.NativeEndian.PutUint64(id[40:], ^uint64(0)) // INET_DIAG_NOCOOKIE
	return b
}

// state gives the state of the socket between local and remote, stateClosed
// when there is none.
func (d *diag) state(local, remote netip.AddrPort) (uint8, error) {
	found := uint8(stateClosed)
	err := d.ask(sockDiagByFamily, 0, diagFor(local, remote), func(m []byte) {
		if len(m) < diagMessageLen {
			return
		}
		// The kernel answers with a listener when there is no connection.
		if binary.BigEndian.Uint16(m[diagMsgIDOffset+2:]) == remote.Port() {
			found = m[1]
		}
	})
	if errors.Is(err, unix.ENOENT) {
		return stateClosed, nil
	}
	if found == stateNewSYNReceived {
		found = stateSYNReceived
	}
	return found, err
}

// waitState waits for a state. The kernel announces none but the end, so it is
// asked again and again.
func (d *diag) waitState(ctx context.Context, local, remote netip.AddrPort, state string) error {
	what := fmt.Sprintf("wait for %v to %v in state %s", local, remote, state)
	if !remote.IsValid() {
		what = fmt.Sprintf("wait for %v in state %s", local, state)
	}
	want, ok := states[state]
	if !ok {
		return fmt.Errorf("%s: no such state, expected one of %s", what, strings.Join(slices.Sorted(maps.Keys(states)), ", "))
	}
	if !local.IsValid() {
		return fmt.Errorf("%s: the socket has no address", what)
	}
	pause := 250 * time.Microsecond
	for {
		have, err := d.state(local, remote)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if have == want {
			return nil
		}
		select {
		case <-time.After(pause):
			pause = min(pause*2, 4*time.Millisecond)
		case <-ctx.Done():
			if state == "LISTEN" {
				return fmt.Errorf("%s: it is %s, %s: %w", what, stateName(have), d.listening(), ctx.Err())
			}
			return fmt.Errorf("%s: it is %s: %w", what, stateName(have), ctx.Err())
		}
	}
}

// listening says where the host listens: a program may do so elsewhere than one
// waits for.
func (d *diag) listening() string {
	var found []string
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		// What can't be listed is not told.
		_ = d.ask(sockDiagByFamily, unix.NLM_F_DUMP, diagRequest(family, 1<<states["LISTEN"]), func(m []byte) {
			if len(m) < diagMessageLen {
				return
			}
			id := m[diagMsgIDOffset:]
			size := 4
			if m[0] == unix.AF_INET6 {
				size = 16
			}
			addr, _ := netip.AddrFromSlice(id[4 : 4+size])
			found = append(found, netip.AddrPortFrom(addr, binary.BigEndian.Uint16(id)).String())
		})
	}
	if len(found) == 0 {
		return "and nothing listens on this host"
	}
	return "and what listens on this host is " + strings.Join(found, ", ")
}

// waitReleased waits until no descriptor leads any more to the socket between
// local and remote that had an inode. The kernel announces nothing of that.
func (d *diag) waitReleased(local, remote netip.AddrPort, inode uint32) {
	for pause := 250 * time.Microsecond; ; pause = min(pause*2, 4*time.Millisecond) {
		held := false
		err := d.ask(sockDiagByFamily, 0, diagFor(local, remote), func(m []byte) {
			held = len(m) >= diagMessageLen && binary.NativeEndian.Uint32(m[diagMsgInode:]) == inode
		})
		if err != nil || !held { // no such socket, or an orphan
			return
		}
		time.Sleep(pause)
	}
}

func stateName(number uint8) string {
	for name, n := range states {
		if n == number {
			return name
		}
	}
	return fmt.Sprintf("state %d", number)
}

// destroy aborts a connection or listener.
func (d *diag) destroy(local, remote netip.AddrPort) error {
	err := d.ask(sockDestroy, unix.NLM_F_ACK, diagFor(local, remote), func([]byte) {})
	if err != nil {
		return fmt.Errorf("destroy socket %v to %v: %w", local, remote, err)
	}
	return nil
}

// destroyAll aborts all sockets of the namespace that the kernel lets it:
// before 6.2 none in TIME-WAIT, before 6.12 none that no program holds.
func (d *diag) destroyAll() {
	const all = ^uint32(0)
	var requests [][]byte
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		// What can't be listed or destroyed is left to the kernel.
		_ = d.ask(sockDiagByFamily, unix.NLM_F_DUMP, diagRequest(family, all), func(m []byte) {
			if len(m) >= diagMessageLen {
				b := diagRequest(m[0], ^uint32(0))
				copy(b[diagIDOffset:diagIDOffset+diagIDLen], m[diagMsgIDOffset:])
				requests = append(requests, b)
			}
		})
	}
	for _, b := range requests {
		_ = d.ask(sockDestroy, unix.NLM_F_ACK, b, func([]byte) {})
	}
}
