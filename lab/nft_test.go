//go:build linux

package lab

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"syscall"
	"testing"

	"rstlab/internal/segment"
)

// routed is client and server with a host that forwards between them.
func routed() Config {
	return Config{
		Hosts: []HostConfig{{Name: "client"}, {Name: "router", Forward: true}, {Name: "server"}},
		Links: []LinkConfig{{A: "client", B: "router"}, {A: "router", B: "server"}},
	}
}

// needsNft skips a test on a kernel without nf_tables.
func needsNft(t *testing.T) {
	t.Helper()
	if err := Supports("nftables"); err != nil {
		t.Skip(err)
	}
}

// connect tries to connect once, without a listener's help.
func tryConnect(t *testing.T, ctx context.Context, l *Lab, from string, dst netip.AddrPort) error {
	t.Helper()
	s, err := l.Host(from).Socket(SocketOptions{IPv6: dst.Addr().Is6()})
	check(t, err)
	return s.Connect(ctx, dst, ConnectOptions{})
}

func TestNftReject(t *testing.T) {
	t.Parallel()
	needsNft(t)
	for _, test := range []struct {
		host, rule string
		want       syscall.Errno
		sender     string // of what the client gets; "": nobody
	}{
		{"router", "forward tcp dport 80 reject with tcp reset", syscall.ECONNREFUSED, "router"},
		{"router", "forward ip daddr server tcp dport 79-81 tcp flags & (syn|ack) == syn reject with tcp reset", syscall.ECONNREFUSED, "router"},
		{"router", "forward ip saddr 192.0.2.0/24 ct state new meta l4proto tcp reject with tcp reset", syscall.ECONNREFUSED, "router"},
		{"router", "forward iifname eth0 oifname eth1 reject with icmpx admin-prohibited", syscall.EHOSTUNREACH, "router"},
		{"server", "input tcp dport != 79 counter reject with tcp reset", syscall.ECONNREFUSED, "server"},
		{"client", "output tcp flags syn reject with tcp reset", syscall.ECONNREFUSED, ""},
	} {
		t.Run(test.rule, func(t *testing.T) {
			t.Parallel()
			ctx := withDeadline(t)
			l := start(t, routed())
			check(t, l.Host(test.host).Nft(test.rule))
			server, err := l.Host("server").Socket(SocketOptions{})
			check(t, err)
			check(t, server.Bind(netip.AddrPortFrom(netip.Addr{}, 80)))
			check(t, server.Listen(1))
			if err := tryConnect(t, ctx, l, "client", netip.AddrPortFrom(l.Addr("server")[0], 80)); !errors.Is(err, test.want) {
				t.Errorf("connect: %v, want %v", err, test.want)
			}
			check(t, l.Drain(ctx))
			ttl := map[string]uint8{"router": 64, "server": 63}[test.sender]
			frames := l.Tap("client").Frames()
			if test.sender == "" {
				if len(frames) > 0 {
					t.Errorf("frames were sent: %v", frames[0].Segment)
				}
				return
			}
			// A socket that is just in use takes no ICMP error (Linux tcp_v4_err()): the
			// SYN is sent again, and refused again.
			answers := slices.DeleteFunc(frames, isSYN)
			if len(answers) == 0 {
				t.Error("no answer at the client")
			}
			for _, f := range answers {
				if *f.Segment.TTL != ttl {
					t.Errorf("an answer at the client is %v with TTL %d, want %d", f.Segment, *f.Segment.TTL, ttl)
				}
			}
		})
	}
}

func TestNftDrop(t *testing.T) {
	t.Parallel()
	needsNft(t)
	l := start(t, routed())
	ctx, cancel := cancelled(t)
	check(t, l.Host("router").Nft("forward ip daddr server tcp flags syn drop"))
	connected := make(chan error)
	go func() {
		connected <- tryConnect(t, ctx, l, "client", netip.AddrPortFrom(l.Addr("server")[0], 80))
	}()
	_, err := l.Tap("router/client").Wait(ctx, 0, isSYN)
	check(t, err)
	check(t, l.Drain(ctx))
	cancel()
	if err := <-connected; !errors.Is(err, context.Canceled) {
		t.Errorf("connect: %v, want %v", err, context.Canceled)
	}
	if n := len(l.Tap("router/server").Frames()); n > 0 {
		t.Errorf("%d frames have passed the router", n)
	}
}

// A router that translates addresses, and one that has forgotten that it did.
func TestNftTranslation(t *testing.T) {
	t.Parallel()
	needsNft(t)
	ctx := withDeadline(t)
	l := start(t, routed())
	router, routerAddrs := l.Host("router"), l.Addr("router")
	check(t, router.Nft("postrouting ip saddr client tcp dport 8080 snat to "+routerAddrs[1].String()+":2000-2000"))
	check(t, router.Nft("prerouting ip daddr "+routerAddrs[0].String()+" tcp dport 80 dnat to server:8080"))
	listener, err := l.Host("server").Socket(SocketOptions{})
	check(t, err)
	check(t, listener.Bind(netip.AddrPortFrom(netip.Addr{}, 8080)))
	check(t, listener.Listen(1))
	client, err := l.Host("client").Socket(SocketOptions{})
	check(t, err)
	check(t, client.Connect(ctx, netip.AddrPortFrom(routerAddrs[0], 80), ConnectOptions{}))
	server, err := listener.Accept(ctx)
	check(t, err)
	if want := netip.AddrPortFrom(routerAddrs[1], 2000); server.Remote() != want {
		t.Errorf("the server sees %v, want %v", server.Remote(), want)
	}
	check(t, router.FlushConntrack())
	check(t, router.Sysctl("net.netfilter.nf_conntrack_tcp_loose", "0"))
	_, err = client.Send(ctx, []byte("late"))
	check(t, err)
	if _, err := client.Recv(ctx, 1); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("receive from a router that has forgotten: %v, want ECONNRESET", err)
	}
	rst, err := l.Tap("client").Wait(ctx, 0, isRST)
	check(t, err)
	if *rst.Segment.TTL != 64 {
		t.Errorf("the reset has TTL %d, want the router's own 64", *rst.Segment.TTL)
	}
}

func TestNftSetsFields(t *testing.T) {
	t.Parallel()
	needsNft(t)
	ctx := withDeadline(t)
	l := start(t, twoHosts())
	check(t, l.Host("client").Nft("postrouting ip ttl set 99"))
	check(t, l.Host("client").Nft("postrouting ip ttl 99 ip id set 0x1234"))
	check(t, l.Host("server").Nft("input ip id != 0x1234 drop"))
	dial(t, l, "client", "server", 80)
	syn, err := l.Tap("server").Wait(ctx, 0, isSYN)
	check(t, err)
	if *syn.Segment.TTL != 99 || *syn.Segment.ID != 0x1234 {
		t.Errorf("the SYN has TTL %d and ID %#x, want 99 and 0x1234", *syn.Segment.TTL, *syn.Segment.ID)
	}
}

func TestNftIPv6(t *testing.T) {
	t.Parallel()
	needsNft(t)
	ctx := withDeadline(t)
	c := routed()
	c.Links[0].Net = netip.MustParsePrefix("2001:db8:1::/64")
	c.Links[1].Net = netip.MustParsePrefix("2001:db8:2::/64")
	l := start(t, c)
	check(t, l.Host("router").Nft("forward ip6 daddr server ip6 hoplimit 63 tcp dport 80 reject with tcp reset"))
	dial(t, l, "client", "server", 81)
	if err := tryConnect(t, ctx, l, "client", netip.AddrPortFrom(l.Addr("server")[0], 80)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("connect: %v, want ECONNREFUSED", err)
	}
}

// A raw peer's SYN-ACK is reset by a kernel that asked for none; the rule that
// lets a script play that kernel.
func TestNftDropsOwnReset(t *testing.T) {
	t.Parallel()
	needsNft(t)
	ctx := withDeadline(t)
	l := start(t, Config{
		Hosts: []HostConfig{{Name: "client"}},
		Peers: []PeerConfig{{Name: "peer"}},
		Links: []LinkConfig{{A: "client", B: "peer"}},
	})
	check(t, l.Host("client").Nft("output tcp flags & rst == rst drop"))
	_, err := l.Peer("peer").Send(ctx, segment.Segment{
		Src: segment.Endpoint{Name: "peer", Port: 80}, Dst: segment.Endpoint{Name: "client", Port: 1000},
		Flags: segment.SYN | segment.ACK,
	})
	check(t, err)
	check(t, l.Drain(ctx))
	if frames := l.Tap("client").Frames(); len(frames) != 1 {
		t.Errorf("%d frames, want the SYN-ACK alone", len(frames))
	}
	counters, err := l.Host("client").Counters()
	check(t, err)
	if n := counters["TcpOutRsts"]; n != 1 {
		t.Errorf("TcpOutRsts %d, want 1: the kernel did reset", n)
	}
}
