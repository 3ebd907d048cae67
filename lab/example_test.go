//go:build linux

package lab_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"syscall"

	"rstlab/lab"
)

// fail ends an example; a test would call t.Fatal.
func fail(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// A client connects to a port on which nobody listens, and is reset.
func Example() {
	ctx := context.Background()
	l, err := lab.Start(ctx, lab.Config{
		Hosts: []lab.HostConfig{{Name: "client"}, {Name: "server"}},
		Links: []lab.LinkConfig{{A: "client", B: "server"}},
	})
	fail(err)
	defer l.Close()

	client, err := l.Host("client").Socket(lab.SocketOptions{})
	fail(err)
	err = client.Connect(ctx, netip.AddrPortFrom(l.Addr("server")[0], 80), lab.ConnectOptions{})
	fmt.Println(err, errors.Is(err, syscall.ECONNREFUSED))

	fail(l.Drain(ctx)) // now the captures hold all that was sent
	for _, f := range l.Tap("client").Frames() {
		fmt.Println(f.Src.Addr(), f.Segment.Flags)
	}
	// Output:
	// connect 192.0.2.2:80: connection refused true
	// 192.0.2.1 S
	// 192.0.2.2 R.
}

// A server is killed with data that it has not read: its kernel resets.
func ExampleHost_Kill() {
	ctx := context.Background()
	l, err := lab.Start(ctx, lab.Config{
		Hosts: []lab.HostConfig{{Name: "client"}, {Name: "server", Process: true}},
		Links: []lab.LinkConfig{{A: "client", B: "server"}},
	})
	fail(err)
	defer l.Close()

	listener, err := l.Host("server").Socket(lab.SocketOptions{})
	fail(err)
	fail(listener.Bind(netip.AddrPortFrom(netip.Addr{}, 80)))
	fail(listener.Listen(1))
	client, err := l.Host("client").Socket(lab.SocketOptions{})
	fail(err)
	fail(client.Connect(ctx, netip.AddrPortFrom(l.Addr("server")[0], 80), lab.ConnectOptions{}))
	_, err = listener.Accept(ctx)
	fail(err)
	_, err = client.Send(ctx, []byte("never read"))
	fail(err)
	_, err = l.Tap("server").Wait(ctx, 0, func(f *lab.Frame) bool { return f.Segment.Flags.String() == "P." })
	fail(err)

	fail(l.Host("server").Kill())
	_, err = client.Recv(ctx, 1)
	fmt.Println(err)
	// Output:
	// receive: connection reset by peer
}

// A middlebox, no host, resets a connection in the server's name.
func ExampleMiddlebox_Inject() {
	ctx := context.Background()
	l, err := lab.Start(ctx, lab.Config{
		Hosts:       []lab.HostConfig{{Name: "client"}, {Name: "server"}},
		Middleboxes: []lab.MiddleboxConfig{{Name: "ips"}},
		Links:       []lab.LinkConfig{{A: "client", B: "ips"}, {A: "ips", B: "server"}},
	})
	fail(err)
	defer l.Close()

	listener, err := l.Host("server").Socket(lab.SocketOptions{})
	fail(err)
	fail(listener.Bind(netip.AddrPortFrom(netip.Addr{}, 80)))
	fail(listener.Listen(1))
	client, err := l.Host("client").Socket(lab.SocketOptions{})
	fail(err)
	fail(client.Connect(ctx, netip.AddrPortFrom(l.Addr("server")[0], 80), lab.ConnectOptions{}))

	reset, err := lab.ParseSegment("server.80 > client: R. seq 1 ack 1")
	fail(err)
	_, err = l.Middlebox("ips").Inject(ctx, reset)
	fail(err)
	_, err = client.Recv(ctx, 1)
	fmt.Println(err)
	// Output:
	// receive: connection reset by peer
}

// A firewall drops the first two SYNs.
func ExampleMiddlebox_Drop() {
	ctx := context.Background()
	l, err := lab.Start(ctx, lab.Config{
		Hosts:       []lab.HostConfig{{Name: "client", Sysctls: map[string]string{"tcp_syn_retries": "1"}}, {Name: "server"}},
		Middleboxes: []lab.MiddleboxConfig{{Name: "fw", Hops: 1}},
		Links:       []lab.LinkConfig{{A: "client", B: "fw"}, {A: "fw", B: "server"}},
	})
	fail(err)
	defer l.Close()

	m, err := lab.ParseMatch("client > server: S x2")
	fail(err)
	fail(l.Middlebox("fw").Drop(m))
	client, err := l.Host("client").Socket(lab.SocketOptions{})
	fail(err)
	err = client.Connect(ctx, netip.AddrPortFrom(l.Addr("server")[0], 80), lab.ConnectOptions{})
	fmt.Println(err)

	fail(l.Drain(ctx))
	fmt.Println(len(l.Tap("fw/client").Frames()), "came,", len(l.Tap("fw/server").Frames()), "went on")
	// Output:
	// connect 198.51.100.2:80: connection timed out
	// 2 came, 0 went on
}

// A peer has no stack: it answers with just what it is told to send.
func ExamplePeer_Send() {
	ctx := context.Background()
	l, err := lab.Start(ctx, lab.Config{
		Hosts: []lab.HostConfig{{Name: "client"}},
		Peers: []lab.PeerConfig{{Name: "server"}},
		Links: []lab.LinkConfig{{A: "client", B: "server"}},
	})
	fail(err)
	defer l.Close()

	client, err := l.Host("client").Socket(lab.SocketOptions{})
	fail(err)
	connected := make(chan error)
	go func() {
		connected <- client.Connect(ctx, netip.AddrPortFrom(l.Addr("server")[0], 80), lab.ConnectOptions{})
	}()
	_, err = l.Tap("server").Wait(ctx, 0, func(f *lab.Frame) bool { return f.Segment.Flags.String() == "S" })
	fail(err)
	synAck, err := lab.ParseSegment("server.80 > client: S. <mss 1460>")
	fail(err)
	_, err = l.Peer("server").Send(ctx, synAck)
	fail(err)
	fmt.Println(<-connected)
	// Output:
	// <nil>
}
