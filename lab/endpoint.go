//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// An endpoint is a socket where it lives: in this process, or in the process
// that holds a host's sockets. Its methods are those of [Socket].
type endpoint interface {
	bind(local netip.AddrPort) error
	listen(backlog int) error
	connect(ctx context.Context, dst netip.AddrPort, o ConnectOptions) error
	accept(ctx context.Context) (endpoint, error)
	send(ctx context.Context, b []byte) (int, error)
	recv(ctx context.Context, most int) ([]byte, error)
	set(option string, value int) error
	shutdown(how string) error
	close() error
	disconnect() error
	forget() error
	addrs() (local, remote netip.AddrPort)
}

// A kernelSocket is an endpoint of this process.
type kernelSocket struct {
	file *os.File // non-blocking, watched by the runtime's poller
	raw  syscall.RawConn
	ipv6 bool
	diag *diag // of its network namespace; nil where close needs not wait for the kernel

	mu            sync.Mutex
	local, remote netip.AddrPort // as last known
}

// newKernelSocket makes a socket in the calling thread's network namespace.
func newKernelSocket(o SocketOptions) (*kernelSocket, error) {
	domain, protocol := unix.AF_INET, unix.IPPROTO_TCP
	if o.IPv6 {
		domain = unix.AF_INET6
	}
	if o.MPTCP {
		protocol = unix.IPPROTO_MPTCP
	}
	fd, err := unix.Socket(domain, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return nil, fmt.Errorf("make socket: %w", err)
	}
	s, err := wrapSocket(fd, o.IPv6)
	if err != nil {
		return nil, err
	}
	err = s.control("set up socket", func(fd int) error {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
			return err
		}
		if o.IPv6 { // so that IPv4 may have the same port
			if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1); err != nil {
				return err
			}
		}
		if o.MD5Key != "" {
			return setMD5Key(fd, domain, o.MD5Key)
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func wrapSocket(fd int, ipv6 bool) (*kernelSocket, error) {
	file := os.NewFile(uintptr(fd), "socket")
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &kernelSocket{file: file, raw: raw, ipv6: ipv6}, nil
}

// control runs a call that doesn't block.
func (s *kernelSocket) control(what string, call func(fd int) error) error {
	var err error
	if s.raw.Control(func(fd uintptr) { err = call(int(fd)) }) != nil {
		err = os.ErrClosed
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// wait runs a call until it is done, whenever the socket is ready to read or
// to write, or until ctx ends.
func (s *kernelSocket) wait(ctx context.Context, write bool, what string, call func(fd int) (done bool, err error)) error {
	ready, setDeadline := s.raw.Read, s.file.SetReadDeadline
	if write {
		ready, setDeadline = s.raw.Write, s.file.SetWriteDeadline
	}
	for {
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", what, ctx.Err())
		}
		ended := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			_ = setDeadline(time.Unix(1, 0)) // a closed socket waits for nothing
			close(ended)
		})
		var err error
		closed := ready(func(fd uintptr) (done bool) {
			if done, err = call(int(fd)); !done {
				waiting(ctx)
			}
			return done
		})
		if !stop() {
			<-ended
			_ = setDeadline(time.Time{})
		}
		switch {
		case errors.Is(closed, os.ErrDeadlineExceeded):
			continue // this context's end, or that of a call beside this one
		case closed != nil:
			err = os.ErrClosed // the poller's own error is not exported
		case err == nil || err == io.EOF:
			return err
		}
		return fmt.Errorf("%s: %w", what, err)
	}
}

func (s *kernelSocket) bind(local netip.AddrPort) error {
	switch {
	case !local.Addr().IsValid() && s.ipv6:
		local = netip.AddrPortFrom(netip.IPv6Unspecified(), local.Port())
	case !local.Addr().IsValid():
		local = netip.AddrPortFrom(netip.IPv4Unspecified(), local.Port())
	}
	err := s.control(fmt.Sprintf("bind %v", local), func(fd int) error {
		sa, err := s.sockaddr(local)
		if err != nil {
			return err
		}
		return unix.Bind(fd, sa)
	})
	s.learn()
	return err
}

func (s *kernelSocket) listen(backlog int) error {
	err := s.control("listen", func(fd int) error {
		// Without the host's tcp_fastopen this changes nothing.
		err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_FASTOPEN, max(backlog, 1))
		if err != nil && err != unix.EOPNOTSUPP && err != unix.ENOPROTOOPT { // Multipath TCP of older kernels has none
			return fmt.Errorf("set TCP_FASTOPEN: %w", err)
		}
		return unix.Listen(fd, backlog)
	})
	s.learn()
	return err
}

func (s *kernelSocket) connect(ctx context.Context, dst netip.AddrPort, o ConnectOptions) error {
	what := fmt.Sprintf("connect %v", dst)
	to, err := s.sockaddr(dst)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	var inSYN int
	err = s.control(what, func(fd int) (err error) {
		if o.ISN != nil {
			if err := setISN(fd, *o.ISN); err != nil {
				return err
			}
		}
		if o.FastOpen == nil {
			return unix.Connect(fd, to)
		}
		inSYN, err = unix.SendmsgN(fd, o.FastOpen, nil, to, unix.MSG_FASTOPEN|unix.MSG_NOSIGNAL)
		if err == nil {
			err = unix.EINPROGRESS // the SYN and its data are under way
		}
		return err
	})
	s.mu.Lock()
	s.remote = dst
	s.mu.Unlock()
	s.learn()
	if !errors.Is(err, unix.EINPROGRESS) || o.Pending {
		return err
	}
	if err := s.established(ctx, what); err != nil {
		return err
	}
	if rest := o.FastOpen[max(inSYN, 0):]; len(rest) > 0 { // the host had no cookie yet
		if _, err := s.send(ctx, rest); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

// established waits until a connection that was begun stands.
func (s *kernelSocket) established(ctx context.Context, what string) error {
	return s.wait(ctx, true, what, func(fd int) (bool, error) {
		no, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err != nil {
			return true, err
		}
		if no != 0 {
			return true, syscall.Errno(no)
		}
		// Nothing wrong, but ready only when there is somebody at the other
		// end: the poller wakes for less.
		_, err = unix.Getpeername(fd)
		return err == nil, nil
	})
}

// sockaddr gives an address in the form that the socket's family takes.
func (s *kernelSocket) sockaddr(a netip.AddrPort) (unix.Sockaddr, error) {
	addr := a.Addr()
	switch {
	case addr.Is4() && !s.ipv6:
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: addr.As4()}, nil
	case addr.Is6() && s.ipv6:
		return &unix.SockaddrInet6{Port: int(a.Port()), Addr: addr.As16()}, nil
	}
	return nil, unix.EAFNOSUPPORT
}

func (s *kernelSocket) accept(ctx context.Context) (endpoint, error) {
	var conn *kernelSocket
	err := s.wait(ctx, false, "accept", func(fd int) (bool, error) {
		made, _, err := unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		for err == unix.EINTR {
			made, _, err = unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		}
		if err == nil {
			conn, err = wrapSocket(made, s.ipv6)
		}
		return err != unix.EAGAIN, err
	})
	if err != nil {
		return nil, err
	}
	conn.diag = s.diag
	conn.learn()
	return conn, nil
}

func (s *kernelSocket) send(ctx context.Context, b []byte) (int, error) {
	sent := 0
	err := s.wait(ctx, true, fmt.Sprintf("send %d bytes", len(b)), func(fd int) (bool, error) {
		for {
			n, err := unix.SendmsgN(fd, b[sent:], nil, nil, unix.MSG_NOSIGNAL)
			sent += max(n, 0)
			switch {
			case err == unix.EAGAIN:
				return false, nil
			case err == unix.EINTR:
			case err != nil || sent == len(b):
				return true, err
			}
		}
	})
	return sent, err
}

func (s *kernelSocket) recv(ctx context.Context, most int) ([]byte, error) {
	if most < 0 {
		return nil, fmt.Errorf("receive %d bytes: %w", most, unix.EINVAL)
	}
	b := make([]byte, most)
	var n int
	err := s.wait(ctx, false, "receive", func(fd int) (bool, error) {
		var err error
		n, err = unix.Read(fd, b)
		for err == unix.EINTR {
			n, err = unix.Read(fd, b)
		}
		if err == nil && n == 0 && most > 0 {
			err = io.EOF
		}
		return err != unix.EAGAIN, err
	})
	if err != nil {
		return nil, err
	}
	return b[:n], nil
}

func (s *kernelSocket) shutdown(how string) error {
	side, ok := map[string]int{"read": unix.SHUT_RD, "write": unix.SHUT_WR, "both": unix.SHUT_RDWR}[how]
	if !ok {
		return fmt.Errorf("shutdown %q: expected read, write or both", how)
	}
	return s.control("shutdown "+how, func(fd int) error { return unix.Shutdown(fd, side) })
}

// close closes the socket and waits until the kernel has. A process that was
// just forked holds copies of all descriptors until it executes, and what is
// closed meanwhile stays open.
func (s *kernelSocket) close() error {
	var stat unix.Stat_t
	_ = s.control("read inode", func(fd int) error { return unix.Fstat(fd, &stat) }) // fails when closed, as Close then tells
	if err := s.file.Close(); err != nil {
		return fmt.Errorf("close socket: %w", err)
	}
	if s.diag != nil {
		local, remote := s.addrs()
		s.diag.waitReleased(local, remote, uint32(stat.Ino))
	}
	return nil
}

func (s *kernelSocket) disconnect() error {
	return s.control("disconnect", func(fd int) error {
		unspec := unix.RawSockaddr{Family: unix.AF_UNSPEC}
		return connectRaw(fd, &unspec)
	})
}

func (s *kernelSocket) forget() error {
	err := s.control("forget", func(fd int) error {
		return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_REPAIR, repairOn)
	})
	if err != nil {
		return err // still open: closing it would speak
	}
	return s.close()
}

// learn notes the socket's addresses, which the kernel forgets with the
// connection.
func (s *kernelSocket) learn() {
	s.raw.Control(func(fd uintptr) {
		local, remote := netip.AddrPort{}, netip.AddrPort{}
		if a, err := unix.Getsockname(int(fd)); err == nil {
			local = addrPort(a)
		}
		if a, err := unix.Getpeername(int(fd)); err == nil {
			remote = addrPort(a)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if local.IsValid() && local.Port() != 0 {
			s.local = local
		}
		if remote.IsValid() {
			s.remote = remote
		}
	})
}

func (s *kernelSocket) addrs() (local, remote netip.AddrPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.local, s.remote
}

func addrPort(a unix.Sockaddr) netip.AddrPort {
	switch a := a.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port))
	}
	return netip.AddrPort{}
}
