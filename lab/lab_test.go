//go:build linux

package lab

import (
	"context"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) { Main(m) }

// patience bounds how long a wait that fails takes; it orders nothing.
const patience = time.Minute

// withDeadline bounds a test's waits.
func withDeadline(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// shortly gives a context for what is not to happen: long enough for it to
// come in practice, and never too short for a test to pass.
func shortly(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 1200*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// cancelled gives a context for a test to cancel.
func cancelled(t testing.TB) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(withDeadline(t))
	t.Cleanup(cancel)
	return ctx, cancel
}

// start starts a lab that ends with the test.
func start(t testing.TB, c Config) *Lab {
	t.Helper()
	l, err := Start(withDeadline(t), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// check fails the test at once if err is not nil.
func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// twoHosts is client and server on one link.
func twoHosts() Config {
	return Config{
		Hosts: []HostConfig{{Name: "client"}, {Name: "server"}},
		Links: []LinkConfig{{A: "client", B: "server"}},
	}
}

// A pair is an established connection.
type pair struct {
	listener, client, server *Socket
}

// dial connects two hosts.
func dial(t testing.TB, l *Lab, from, to string, port uint16) pair {
	t.Helper()
	ctx := withDeadline(t)
	addr := l.Addr(to)[0]
	o := SocketOptions{IPv6: addr.Is6()}
	listener, err := l.Host(to).Socket(o)
	check(t, err)
	check(t, listener.Bind(netip.AddrPortFrom(netip.Addr{}, port)))
	check(t, listener.Listen(8))
	client, err := l.Host(from).Socket(o)
	check(t, err)
	check(t, client.Connect(ctx, netip.AddrPortFrom(addr, port), ConnectOptions{}))
	server, err := listener.Accept(ctx)
	check(t, err)
	return pair{listener, client, server}
}

func TestConversation(t *testing.T) {
	t.Parallel()
	ctx := withDeadline(t)
	l := start(t, twoHosts())
	c := dial(t, l, "client", "server", 80)
	n, err := c.client.Send(ctx, []byte("hello"))
	check(t, err)
	if n != 5 {
		t.Errorf("sent %d bytes, want 5", n)
	}
	b, err := c.server.Recv(ctx, 100)
	check(t, err)
	if string(b) != "hello" {
		t.Errorf("received %q, want %q", b, "hello")
	}
	check(t, c.client.Close())
	if _, err := c.server.Recv(ctx, 100); err != io.EOF {
		t.Errorf("receive after the FIN: %v, want EOF", err)
	}
	check(t, l.Host("client").WaitState(ctx, c.client.Local(), c.client.Remote(), "FIN-WAIT-2"))
	check(t, c.server.Close())
	check(t, l.Host("client").WaitState(ctx, c.client.Local(), c.client.Remote(), "TIME-WAIT"))
	check(t, l.Host("server").WaitState(ctx, c.server.Local(), c.server.Remote(), "CLOSED"))
	check(t, l.Drain(ctx))
	for _, tap := range l.Taps() {
		var flags []string
		for _, f := range tap.Frames() {
			flags = append(flags, f.Segment.Flags.String())
		}
		if have, want := strings.Join(flags, " "), "S S. . P. . F. . F. ."; have != want {
			t.Errorf("tap %s: %s, want %s", tap.Name(), have, want)
		}
	}
}
