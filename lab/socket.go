//go:build linux

package lab

import (
	"context"
	"net/netip"
)

// SocketOptions say what kind of socket [Host.Socket] makes.
type SocketOptions struct {
	IPv6   bool   // else IPv4
	MPTCP  bool   // Multipath TCP (RFC 8684)
	MD5Key string // TCP MD5 signatures (RFC 2385) with whoever is at the other end; "": none
}

// ConnectOptions say how [Socket.Connect] connects.
type ConnectOptions struct {
	ISN      *uint32 // initial sequence number, not 0; nil: the kernel's
	FastOpen []byte  // sent in the SYN (RFC 7413), or behind the handshake where the host has no cookie yet
	Pending  bool    // return EINPROGRESS at once
}

// A Socket is a TCP socket of a host. Errors of its methods unwrap to
// [syscall.Errno] where the kernel gave one, and to the context's error where
// that ended the wait. Methods may be called at the same time; Close ends those
// that wait.
type Socket struct {
	host *Host
	end  endpoint
}

// Bind binds the socket to a port, with SO_REUSEADDR: of one address of its
// host, or of all where local has none.
func (s *Socket) Bind(local netip.AddrPort) error { return s.end.bind(local) }

// Listen makes a listener of the socket. It takes Fast Open data too, if the
// host's tcp_fastopen says so.
func (s *Socket) Listen(backlog int) error { return s.end.listen(backlog) }

// Connect connects to dst and waits until the connection stands.
func (s *Socket) Connect(ctx context.Context, dst netip.AddrPort, o ConnectOptions) error {
	return s.end.connect(ctx, dst, o)
}

// Accept waits for a connection and takes it.
func (s *Socket) Accept(ctx context.Context) (*Socket, error) {
	end, err := s.end.accept(ctx)
	if err != nil {
		return nil, err
	}
	return s.host.own(end), nil
}

// Send sends all of b and returns how much the kernel took.
func (s *Socket) Send(ctx context.Context, b []byte) (int, error) { return s.end.send(ctx, b) }

// Recv waits for data and reads it once, so many bytes at most; [io.EOF] after the
// other end's FIN.
func (s *Socket) Recv(ctx context.Context, most int) ([]byte, error) { return s.end.recv(ctx, most) }

// Set sets an option of the socket: linger (seconds, as in C), user_timeout
// (milliseconds), keepidle, keepintvl (seconds) and keepcnt, which also turn
// keepalive on, rcvbuf and sndbuf (bytes, doubled by the kernel), nodelay,
// linger2 (seconds), reuseport, tos, ttl.
func (s *Socket) Set(option string, value int) error { return s.end.set(option, value) }

// Shutdown shuts down one side of the connection, "read" or "write", or "both".
func (s *Socket) Shutdown(how string) error { return s.end.shutdown(how) }

// Close closes the socket, as close(2).
func (s *Socket) Close() error {
	s.host.disown(s)
	return s.end.close()
}

// Disconnect dissolves the connection, as connect(2) to AF_UNSPEC.
func (s *Socket) Disconnect() error { return s.end.disconnect() }

// Destroy aborts the connection from outside, as "ss -K" does (SOCK_DESTROY).
func (s *Socket) Destroy() error {
	local, remote := s.end.addrs()
	return s.host.diag.destroy(local, remote)
}

// Forget makes the kernel lose the connection; nothing is sent (TCP_REPAIR and
// close). The kernel refuses it for listeners and for Multipath TCP.
func (s *Socket) Forget() error {
	if err := s.end.forget(); err != nil {
		return err
	}
	s.host.disown(s)
	return nil
}

// Local returns the socket's own address as it was last known, zero if it has
// none yet.
func (s *Socket) Local() netip.AddrPort {
	local, _ := s.end.addrs()
	return local
}

// Remote returns the address of the other end as it was last known, zero if
// there was none.
func (s *Socket) Remote() netip.AddrPort {
	_, remote := s.end.addrs()
	return remote
}
