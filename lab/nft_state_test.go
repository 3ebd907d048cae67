//go:build linux

package lab

import (
	"errors"
	"net/netip"
	"slices"
	"syscall"
	"testing"

	"rstlab/internal/nft"
	"rstlab/internal/segment"
)

// bothFamilies runs a test with client, router and server, over IPv4 and over
// IPv6.
func bothFamilies(t *testing.T, test func(t *testing.T, l *Lab)) {
	t.Parallel()
	needsNft(t)
	for name, nets := range map[string][2]string{
		"ipv4": {"192.0.2.0/24", "198.51.100.0/24"},
		"ipv6": {"2001:db8:1::/64", "2001:db8:2::/64"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := routed()
			for i, net := range nets {
				c.Links[i].Net = netip.MustParsePrefix(net)
			}
			test(t, start(t, c))
		})
	}
}

// hasReset waits for a reset at a tap and checks who sent it, by the TTL.
func hasReset(t *testing.T, l *Lab, tap string, ttl uint8) *Frame {
	t.Helper()
	rst, err := l.Tap(tap).Wait(withDeadline(t), 0, isRST)
	check(t, err)
	if *rst.Segment.TTL != ttl {
		t.Errorf("the reset at %s has TTL %d, want %d", tap, *rst.Segment.TTL, ttl)
	}
	return rst
}

// A filter that cuts a connection at what it says tells only who said it.
func TestNftPayloadReject(t *testing.T) {
	bothFamilies(t, func(t *testing.T, l *Lab) {
		ctx := withDeadline(t)
		check(t, l.Host("router").Nft("forward tcp dport 80 @ih,0,32 0x62616420 reject with tcp reset"))
		c := dial(t, l, "client", "server", 80)
		for _, text := range []string{"good", "bad word"} {
			_, err := c.client.Send(ctx, []byte(text))
			check(t, err)
			if text == "good" {
				if _, err := c.server.Recv(ctx, 100); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := c.client.Recv(ctx, 1); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("receive: %v, want ECONNRESET", err)
		}
		hasReset(t, l, "client", 64)
		check(t, l.Drain(ctx))
		isBad := func(f *Frame) bool { return f.Segment.Payload != nil && *f.Segment.Payload == "bad word" }
		if i := slices.IndexFunc(l.Tap("server").Frames(), isBad); i >= 0 {
			t.Error("the server has received what the filter cut")
		}
	})
}

// A filter that has lost its state rejects the middle of a connection.
func TestNftStateLost(t *testing.T) {
	bothFamilies(t, func(t *testing.T, l *Lab) {
		ctx := withDeadline(t)
		router := l.Host("router")
		check(t, router.Nft("forward ct state established,related accept"))
		check(t, router.Nft("forward tcp flags & (syn|ack) == syn ct state new accept"))
		check(t, router.Nft("forward reject with tcp reset"))
		check(t, router.Sysctl("net.netfilter.nf_conntrack_tcp_loose", "0"))
		c := dial(t, l, "client", "server", 80)
		_, err := c.client.Send(ctx, []byte("before"))
		check(t, err)
		_, err = c.server.Recv(ctx, 100)
		check(t, err)
		// The reader may be awake before the kernel has acknowledged what it reads.
		_, err = l.Tap("client").Wait(ctx, 0, func(f *Frame) bool {
			return f.Src.Port() == 80 && f.Segment.Ack.N == firstSYN(t, l, "client").Segment.Seq.Start+1+uint32(len("before"))
		})
		check(t, err)
		check(t, router.FlushConntrack())
		_, err = c.client.Send(ctx, []byte("after"))
		check(t, err)
		if _, err := c.client.Recv(ctx, 1); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("receive: %v, want ECONNRESET", err)
		}
		hasReset(t, l, "client", 64)
		check(t, l.Drain(ctx))
		if slices.ContainsFunc(l.Tap("server").Frames(), isRST) {
			t.Error("the server has been told, though it sent nothing")
		}
	})
}

// Both addresses are translated, and the port.
func TestNftBothAddresses(t *testing.T) {
	bothFamilies(t, func(t *testing.T, l *Lab) {
		ctx := withDeadline(t)
		router := l.Host("router")
		outside, inside := router.Addrs()[0], router.Addrs()[1]
		check(t, router.Nft("prerouting tcp dport { 79, 80 } dnat to server:8080"))
		check(t, router.Nft("postrouting iifname client oifname server snat to ["+inside.String()+"]:2000-2000"))
		listener, err := l.Host("server").Socket(SocketOptions{IPv6: inside.Is6()})
		check(t, err)
		check(t, listener.Bind(netip.AddrPortFrom(netip.Addr{}, 8080)))
		check(t, listener.Listen(1))
		client, err := l.Host("client").Socket(SocketOptions{IPv6: inside.Is6()})
		check(t, err)
		check(t, client.Connect(ctx, netip.AddrPortFrom(outside, 80), ConnectOptions{}))
		server, err := listener.Accept(ctx)
		check(t, err)
		if want := netip.AddrPortFrom(inside, 2000); server.Remote() != want {
			t.Errorf("the server sees %v, want %v", server.Remote(), want)
		}
		check(t, server.Set("linger", 0))
		check(t, server.Close())
		if rst := hasReset(t, l, "client", 63); rst.Src != netip.AddrPortFrom(outside, 80) {
			t.Errorf("the reset comes from %v, want the address that the client knows", rst.Src)
		}
	})
}

// Masks, sets of names and ranges, and options choose the packets they say.
func TestNftMatches(t *testing.T) {
	bothFamilies(t, func(t *testing.T, l *Lab) {
		ctx := withDeadline(t)
		ip := "ip"
		if l.Addr("client")[0].Is6() {
			ip = "ip6"
		}
		for port, rule := range map[uint16]string{
			80: ip + " saddr { client, server } tcp dport 80",
			81: "tcp dport { 81, 90-99 } tcp option sack-perm exists",
			95: "tcp dport 95 tcp flags & (syn|ack|rst) == syn",
			82: "tcp dport 82 tcp window > 1000 " + ip + " dscp 0",
			83: "tcp dport 83 iifname client oifname eth1",
			84: "ct state new tcp dport 84 limit rate 10/second",
			85: "@th,16,16 85 meta l4proto tcp",
		} {
			check(t, l.Host("router").Nft("forward "+rule+" counter reject with tcp reset"))
			if err := tryConnect(t, ctx, l, "client", netip.AddrPortFrom(l.Addr("server")[0], port)); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("%s: connect: %v, want ECONNREFUSED", rule, err)
			}
		}
		for i, rule := range []string{
			ip + " saddr server tcp dport 100",
			"tcp dport 101 tcp option mptcp exists",
			"tcp dport 102 tcp flags & (syn|ack) == syn|ack",
			"tcp dport 103 " + ip + " dscp 1-9",
			"tcp dport 104 ct state invalid,untracked",
			"iifname client tcp dport { 1-104, 106-65535 }",
		} {
			check(t, l.Host("router").Nft("forward "+rule+" reject with tcp reset"))
			dial(t, l, "client", "server", uint16(100+i))
		}
		check(t, l.Drain(ctx))
		n := 0
		for _, f := range l.Tap("server").Frames() {
			if isRST(f) {
				n++
			}
		}
		if n > 0 {
			t.Errorf("%d resets came to the server", n)
		}
	})
}

// A counting generator is the chain of IPv4 IDs of one box.
func TestNftCountsIDs(t *testing.T) {
	t.Parallel()
	needsNft(t)
	l := start(t, twoHosts())
	check(t, l.Host("client").Nft("postrouting ip id set numgen inc mod 1000 offset 7"))
	check(t, l.Host("client").Nft("postrouting ip dscp set 46"))
	dial(t, l, "client", "server", 80)
	check(t, l.Drain(withDeadline(t)))
	next := uint16(7)
	for _, f := range l.Tap("server").Frames() {
		if f.Segment.Flags&segment.SYN != 0 && f.Segment.Flags&segment.ACK != 0 {
			continue // the server's own
		}
		if *f.Segment.ID != next || *f.Segment.TOS != 46<<2 {
			t.Errorf("%v has ID %d and TOS %#x, want %d and %#x", f.Segment, *f.Segment.ID, *f.Segment.TOS, next, 46<<2)
		}
		next++
	}
	if next < 9 {
		t.Errorf("the server got %d of the client's frames, want SYN and ACK", next-7)
	}
}

func TestNftNames(t *testing.T) {
	t.Parallel()
	c := routed()
	c.Hosts[2].Addrs = []netip.Addr{netip.MustParseAddr("198.51.100.2"), netip.MustParseAddr("2001:db8::2")}
	l := start(t, c)
	for _, test := range []struct{ rule, want string }{
		{"forward ip saddr clinet drop", `host router: nft "forward ip saddr clinet drop": column 18: unknown name "clinet"; the lab has client, router, server (did you mean "client"?)`},
		{"forward ip6 saddr client drop", `host router: nft "forward ip6 saddr client drop": column 19: client has no address of IPv6`},
		{"prerouting dnat to router", `host router: nft "prerouting dnat to router": column 20: router has the addresses [192.0.2.2 198.51.100.1]; write one of them`},
		{"forward iifname sever drop", `host router: nft "forward iifname sever drop": column 17: unknown interface "sever"; the host has eth0, eth1, client, server (did you mean "server"?)`},
		{"forward tcp dprot 1 drop", `host router: nft "forward tcp dprot 1 drop": column 13: expected sport, dport, sequence, ackseq, flags, window or option, found "dprot" (did you mean "dport"?)`},
	} {
		if err := l.Host("router").Nft(test.rule); err == nil || err.Error() != test.want {
			t.Errorf("have %v\nwant %s", err, test.want)
		}
	}
	read, err := l.Host("router").compileText("prerouting tcp dport 80 dnat to server")
	check(t, err)
	if len(read) != 2 {
		t.Errorf("an actor with addresses of both families gives %d rules, want 2", len(read))
	}
}

// compileText reads a rule without adding it.
func (h *Host) compileText(rule string) ([]kernelRule, error) {
	read, wrong := nft.Parse(rule)
	if wrong != nil {
		return nil, wrong
	}
	return h.compile(read)
}
