//go:build linux

package oracle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The addresses that every namespace of these tests has, all at once.
var (
	ipv4 = netip.MustParseAddr("192.0.2.1")
	ipv6 = netip.MustParseAddr("2001:db8::1")
)

// inNamespace runs f on a thread of its own, inside a new network namespace
// whose loopback is up and has both addresses. f must not call t.FailNow.
func inNamespace(t *testing.T, f func(netns uint64) error) {
	t.Helper()
	done := make(chan error)
	go func() {
		// Never unlocked: the thread ends with the goroutine, and the namespace
		// with the thread.
		runtime.LockOSThread()
		done <- func() error {
			if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
				return fmt.Errorf("make namespace: %w", err)
			}
			netns, err := setUp()
			if err != nil {
				return err
			}
			return f(netns)
		}()
	}()
	err := <-done
	if errors.Is(err, unix.EPERM) && os.Geteuid() != 0 {
		t.Skip("needs root: ", err)
	}
	if err != nil {
		t.Error(err)
	}
}

func setUp() (netns uint64, err error) {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return 0, fmt.Errorf("find loopback: %w", err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return 0, fmt.Errorf("set loopback up: %w", err)
	}
	for _, addr := range []string{"192.0.2.1/32", "2001:db8::1/128"} {
		a, err := netlink.ParseAddr(addr)
		if err != nil {
			return 0, err
		}
		a.Flags = unix.IFA_F_NODAD
		if err := netlink.AddrAdd(lo, a); err != nil {
			return 0, fmt.Errorf("add address %s: %w", addr, err)
		}
	}
	// The kernel makes this route by itself, but some time after the address.
	dst := &net.IPNet{IP: ipv6.AsSlice(), Mask: net.CIDRMask(128, 128)}
	local := &netlink.Route{LinkIndex: lo.Attrs().Index, Dst: dst, Table: unix.RT_TABLE_LOCAL, Type: unix.RTN_LOCAL}
	if err := netlink.RouteAdd(local); err != nil && !errors.Is(err, unix.EEXIST) {
		return 0, fmt.Errorf("add route to %s: %w", dst, err)
	}
	var st unix.Stat_t
	if err := unix.Stat("/proc/thread-self/ns/net", &st); err != nil {
		return 0, fmt.Errorf("read namespace: %w", err)
	}
	return st.Ino, nil
}

// A story makes the kernel send one reset, on the calling thread's namespace.
type story struct {
	name     string
	reason   string
	state    string // of the sender's socket
	provoked bool
	run      func(addr netip.Addr) error // returns when the other end has accepted it
}

var stories = []story{
	{"closed port", "NO_SOCKET", "", true, closedPort},
	{"linger 0", "TCP_STATE", "CLOSED", false, lingerZero},
	{"unread data", "TCP_ABORT_ON_CLOSE", "CLOSED", false, unreadData},
	{"ACK to a listener", "TCP_FLAGS", "LISTEN", true, ackToListener},
}

func closedPort(addr netip.Addr) error {
	s, err := open(addr)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	if err := unix.Connect(s, sockaddr(addr, 9)); !errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Errorf("connect to a closed port: got %v, want %v", err, unix.ECONNREFUSED)
	}
	return nil
}

func lingerZero(addr netip.Addr) error {
	return connected(addr, func(client, server int) error {
		linger := unix.Linger{Onoff: 1}
		return unix.SetsockoptLinger(client, unix.SOL_SOCKET, unix.SO_LINGER, &linger)
	})
}

func unreadData(addr netip.Addr) error {
	return connected(addr, func(client, server int) error {
		_, err := unix.Write(server, []byte("unread"))
		return err
	})
}

// connected makes a connection, lets f prepare it and closes the client.
func connected(addr netip.Addr, f func(client, server int) error) error {
	client, server, listener, err := connect(addr)
	if err != nil {
		return err
	}
	defer unix.Close(listener)
	defer unix.Close(server)
	if err := errors.Join(f(client, server), unix.Close(client)); err != nil {
		return err
	}
	return wasReset(server)
}

// ackToListener has a client whose connection the listener's host forgot
// (TCP_REPAIR) send on it.
func ackToListener(addr netip.Addr) error {
	client, server, listener, err := connect(addr)
	if err != nil {
		return err
	}
	defer unix.Close(listener)
	defer unix.Close(client)
	if err := unix.SetsockoptInt(server, unix.SOL_TCP, unix.TCP_REPAIR, 1); err != nil {
		return fmt.Errorf("repair: %w", err)
	}
	if err := unix.Close(server); err != nil {
		return err
	}
	if _, err := unix.Write(client, []byte("anyone there?")); err != nil {
		return err
	}
	return wasReset(client)
}

// dataAfterClose has a server send when its client is closed and its FIN
// acknowledged. It tells whether the kernel had put the client into TIME-WAIT by
// then, as it does unless the acknowledgment came while close was at work.
func dataAfterClose(addr netip.Addr) (timeWait bool, err error) {
	client, server, listener, err := connect(addr)
	if err != nil {
		return false, err
	}
	defer unix.Close(listener)
	defer unix.Close(server)
	if err := unix.Close(client); err != nil {
		return false, err
	}
	if timeWait, err = finAcknowledged(addr); err != nil {
		return false, err
	}
	if _, err := unix.Write(server, []byte("too late")); err != nil {
		return false, err
	}
	return timeWait, wasReset(server)
}

// finAcknowledged waits until the namespace has a socket in FIN-WAIT-2, and
// tells whether it is one of the kernel's small ones for TIME-WAIT.
func finAcknowledged(addr netip.Addr) (timeWait bool, err error) {
	file := "/proc/thread-self/net/tcp"
	if addr.Is6() {
		file += "6"
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		b, err := os.ReadFile(file)
		if err != nil {
			return false, err
		}
		const state, finWait2, timer, timeWaitTimer = 3, "05", 5, "03:"
		for line := range strings.Lines(string(b)) {
			if f := strings.Fields(line); f[state] == finWait2 {
				return strings.HasPrefix(f[timer], timeWaitTimer), nil
			}
		}
	}
	return false, fmt.Errorf("close: found no socket in FIN-WAIT-2 after %s, want one", patience)
}

const patience = time.Minute

// wasReset waits until the socket's connection has been reset.
func wasReset(s int) error {
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(s)}}, int(patience.Milliseconds()))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return fmt.Errorf("poll: %w", err)
		case n == 0:
			return fmt.Errorf("poll: no reset after %s, want one", patience)
		}
		return nil
	}
}

func connect(addr netip.Addr) (client, server, listener int, err error) {
	listener, port, err := listen(addr)
	if err != nil {
		return 0, 0, 0, err
	}
	if client, err = open(addr); err != nil {
		return 0, 0, 0, err
	}
	if err := unix.Connect(client, sockaddr(addr, port)); err != nil {
		return 0, 0, 0, fmt.Errorf("connect: %w", err)
	}
	if server, _, err = unix.Accept(listener); err != nil {
		return 0, 0, 0, fmt.Errorf("accept: %w", err)
	}
	return client, server, listener, nil
}

func listen(addr netip.Addr) (s int, port uint16, err error) {
	if s, err = open(addr); err != nil {
		return 0, 0, err
	}
	if err := unix.Bind(s, sockaddr(addr, 0)); err != nil {
		return 0, 0, fmt.Errorf("bind: %w", err)
	}
	if err := unix.Listen(s, 8); err != nil {
		return 0, 0, fmt.Errorf("listen: %w", err)
	}
	name, err := unix.Getsockname(s)
	if err != nil {
		return 0, 0, err
	}
	switch name := name.(type) {
	case *unix.SockaddrInet4:
		return s, uint16(name.Port), nil
	case *unix.SockaddrInet6:
		return s, uint16(name.Port), nil
	}
	return 0, 0, fmt.Errorf("listen: found address %T", name)
}

func open(addr netip.Addr) (int, error) {
	family := unix.AF_INET
	if addr.Is6() {
		family = unix.AF_INET6
	}
	s, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("open socket: %w", err)
	}
	return s, nil
}

func sockaddr(addr netip.Addr, port uint16) unix.Sockaddr {
	if addr.Is6() {
		return &unix.SockaddrInet6{Addr: addr.As16(), Port: int(port)}
	}
	return &unix.SockaddrInet4{Addr: addr.As4(), Port: int(port)}
}

// A tap holds the resets that pass a namespace's loopback.
type tap struct{ s int }

func openTap() (*tap, error) {
	s, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, int(htons(unix.ETH_P_ALL)))
	if err != nil {
		return nil, fmt.Errorf("open tap: %w", err)
	}
	return &tap{s}, nil
}

func htons(v uint16) uint16 { return binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, v)) }

// A reset is what its packet says.
type reset struct {
	Src, Dst netip.AddrPort
	Seq, Ack uint32
}

// resets reads what has passed until now.
func (t *tap) resets() ([]reset, error) {
	var found []reset
	for buf := make([]byte, 2048); ; {
		n, from, err := unix.Recvfrom(t.s, buf, 0)
		switch {
		case errors.Is(err, syscall.EAGAIN):
			return found, unix.Close(t.s)
		case err != nil:
			return nil, fmt.Errorf("read tap: %w", err)
		case from.(*unix.SockaddrLinklayer).Pkttype == unix.PACKET_OUTGOING:
			continue // loopback shows each packet on its way in as well
		}
		var src, dst netip.Addr
		var tcp []byte
		switch p := buf[:n]; p[0] >> 4 {
		case 4:
			src, dst, tcp = netip.AddrFrom4([4]byte(p[12:])), netip.AddrFrom4([4]byte(p[16:])), p[p[0]&15*4:]
			if p[9] != unix.IPPROTO_TCP {
				continue
			}
		case 6:
			src, dst, tcp = netip.AddrFrom16([16]byte(p[8:])), netip.AddrFrom16([16]byte(p[24:])), p[40:]
			if p[6] != unix.IPPROTO_TCP {
				continue
			}
		}
		if tcp[13]&4 == 0 {
			continue
		}
		found = append(found, reset{
			netip.AddrPortFrom(src, binary.BigEndian.Uint16(tcp)), netip.AddrPortFrom(dst, binary.BigEndian.Uint16(tcp[2:])),
			binary.BigEndian.Uint32(tcp[4:]), binary.BigEndian.Uint32(tcp[8:])})
	}
}

// mustOpen opens the oracle until the test ends.
func mustOpen(t testing.TB) *Oracle {
	t.Helper()
	o, err := Open()
	skipUnlessAvailable(t, err)
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	})
	return o
}

// mustLoad loads a source of the test's own. Its run must be started before the
// test ends.
func mustLoad(t *testing.T) *source {
	t.Helper()
	s, err := load()
	skipUnlessAvailable(t, err)
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// skipUnlessAvailable skips a test where the machine lacks what the oracle
// needs; every other error fails it.
func skipUnlessAvailable(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, ErrNotPermitted) || errors.Is(err, ErrNoReasons) || errors.Is(err, ErrLockdown) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// reasons lists the events' reasons.
func reasons(events []Event) string {
	var names []string
	for _, e := range events {
		names = append(names, e.Reason)
	}
	return strings.Join(names, " ")
}
