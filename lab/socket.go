//go:build linux

package lab

import (
	"context"
	"net/netip"
)

// SocketOptions say what kind of socket [Host.Socket] makes.
type SocketOptions struct {
	IPv6   bool
	MPTCP  bool
	MD5Key string // TCP MD5 signatures (RFC 2385) with whoever is at the other end; "": none
}

// ConnectOptions say how [Socket.Connect] connects.
type ConnectOptions struct {
	ISN      *uint32 // initial sequence number; nil: the kernel's
	FastOpen []byte  // sent in the SYN (RFC 7413)
	Pending  bool    // return EINPROGRESS at once
}

// A Socket is a TCP socket of a host. Errors of its methods unwrap to
// [syscall.Errno] where the kernel gave one, and to the context's error where
// that ended the wait.
type Socket struct{}

// Bind binds the socket to a port of all its host's addresses, with
// SO_REUSEADDR.
func (s *Socket) Bind(port uint16) error { panic("not built yet") }

// Listen makes a listener of the socket.
func (s *Socket) Listen(backlog int) error { panic("not built yet") }

// Connect connects to dst and waits until the connection stands.
func (s *Socket) Connect(ctx context.Context, dst netip.AddrPort, o ConnectOptions) error {
	panic("not built yet")
}

// Accept waits for a connection and takes it.
func (s *Socket) Accept(ctx context.Context) (*Socket, error) { panic("not built yet") }

// Send sends all of b and returns how much the kernel took.
func (s *Socket) Send(ctx context.Context, b []byte) (int, error) { panic("not built yet") }

// Recv waits for data and reads it once, max bytes at most; [io.EOF] after the
// other end's FIN.
func (s *Socket) Recv(ctx context.Context, max int) ([]byte, error) { panic("not built yet") }

// Set sets an option of the socket: linger (seconds, as in C), user_timeout
// (milliseconds), keepidle, keepintvl (seconds) and keepcnt, which also turn
// keepalive on, rcvbuf and sndbuf (bytes), nodelay, linger2 (seconds),
// reuseport, tos, ttl.
func (s *Socket) Set(option string, value int) error { panic("not built yet") }

// Shutdown shuts down one side of the connection, "read", "write" or "both".
func (s *Socket) Shutdown(how string) error { panic("not built yet") }

// Close closes the socket, as close(2).
func (s *Socket) Close() error { panic("not built yet") }

// Disconnect dissolves the connection, as connect(2) to AF_UNSPEC.
func (s *Socket) Disconnect() error { panic("not built yet") }

// Destroy aborts the connection from outside, as "ss -K" does (SOCK_DESTROY).
func (s *Socket) Destroy() error { panic("not built yet") }

// Forget makes the kernel lose the connection; nothing is sent (TCP_REPAIR and
// close).
func (s *Socket) Forget() error { panic("not built yet") }

// Local returns the socket's own address.
func (s *Socket) Local() netip.AddrPort { panic("not built yet") }

// Remote returns the address of the other end, zero if there is none.
func (s *Socket) Remote() netip.AddrPort { panic("not built yet") }
