//go:build linux

package lab

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"rstlab/internal/segment"
)

func ptr[T any](v T) *T { return &v }

// isSYN matches the first segment of a handshake.
func isSYN(f *Frame) bool { return f.IsTCP && f.Segment.Flags == segment.SYN }

// Every kind of actor between two hosts lets them talk; who routes lowers the
// TTL, who does not is not seen.
func TestPaths(t *testing.T) {
	t.Parallel()
	v6 := []netip.Prefix{netip.MustParsePrefix("2001:db8:1::/64"), netip.MustParsePrefix("2001:db8:2::/64")}
	for _, test := range []struct {
		name   string
		config Config
		ttl    uint8 // of the client's SYN at the server
		taps   []string
	}{
		{"delayed link", Config{
			Hosts: []HostConfig{{Name: "client"}, {Name: "server"}},
			Links: []LinkConfig{{A: "client", B: "server", Delay: 2 * time.Millisecond, Rate: 10_000_000}},
		}, 64, []string{"client", "server"}},
		{"bump in the wire", Config{
			Hosts:       []HostConfig{{Name: "client"}, {Name: "server"}},
			Middleboxes: []MiddleboxConfig{{Name: "fw"}},
			Links:       []LinkConfig{{A: "client", B: "fw"}, {A: "fw", B: "server"}},
		}, 64, []string{"client", "fw/client", "fw/server", "server"}},
		{"router in user space", Config{
			Hosts:       []HostConfig{{Name: "client"}, {Name: "server"}},
			Middleboxes: []MiddleboxConfig{{Name: "fw", Hops: 1}},
			Links:       []LinkConfig{{A: "client", B: "fw"}, {A: "fw", B: "server", Delay: time.Millisecond}},
		}, 63, []string{"client", "fw/client", "fw/server", "server"}},
		{"host that forwards", Config{
			Hosts: []HostConfig{{Name: "client"}, {Name: "router", Forward: true}, {Name: "server"}},
			Links: []LinkConfig{{A: "client", B: "router"}, {A: "router", B: "server"}},
		}, 63, []string{"client", "router/client", "router/server", "server"}},
		{"IPv6, host that forwards", Config{
			Hosts: []HostConfig{{Name: "client"}, {Name: "router", Forward: true}, {Name: "server"}},
			Links: []LinkConfig{{A: "client", B: "router", Net: v6[0]}, {A: "router", B: "server", Net: v6[1]}},
		}, 63, []string{"client", "router/client", "router/server", "server"}},
		{"IPv6, all kinds of middleboxes", Config{
			Hosts:       []HostConfig{{Name: "client", TTL: 100}, {Name: "server"}},
			Middleboxes: []MiddleboxConfig{{Name: "bump"}, {Name: "router", Hops: 1}},
			Links: []LinkConfig{
				{A: "client", B: "bump", Net: v6[0]}, {A: "bump", B: "router"}, {A: "router", B: "server", Net: v6[1]},
			},
		}, 99, []string{"client", "bump/client", "bump/router", "router/bump", "router/server", "server"}},
		{"addresses outside the nets", Config{
			Hosts: []HostConfig{
				{Name: "client", Addrs: []netip.Addr{netip.MustParseAddr("198.51.100.7")}},
				{Name: "router", Forward: true, Addrs: []netip.Addr{netip.MustParseAddr("198.51.100.8")}},
				{Name: "server", Addrs: []netip.Addr{netip.MustParseAddr("203.0.113.9")}},
			},
			Links: []LinkConfig{
				{A: "client", B: "router", Net: netip.MustParsePrefix("192.0.2.0/25")},
				{A: "router", B: "server", Net: netip.MustParsePrefix("192.0.2.128/25")},
			},
		}, 63, []string{"client", "router/client", "router/server", "server"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx := withDeadline(t)
			l := start(t, test.config)
			c := dial(t, l, "client", "server", 80)
			_, err := c.client.Send(ctx, make([]byte, 10_000))
			check(t, err)
			for got := 0; got < 10_000; {
				b, err := c.server.Recv(ctx, 10_000)
				check(t, err)
				got += len(b)
			}
			check(t, l.Drain(ctx))
			var taps []string
			for _, tap := range l.Taps() {
				taps = append(taps, tap.Name())
				frames := tap.Frames()
				if len(frames) == 0 || !isSYN(frames[0]) {
					t.Fatalf("tap %s: the first frame is not the SYN", tap.Name())
				}
				for _, f := range frames {
					if !f.IsTCP {
						t.Errorf("tap %s: frame %d is noise: % x", tap.Name(), f.N, f.Data)
					}
				}
			}
			if !slices.Equal(taps, test.taps) {
				t.Errorf("taps %q, want %q", taps, test.taps)
			}
			if have := *l.Tap("server").Frames()[0].Segment.TTL; have != test.ttl {
				t.Errorf("the SYN has TTL %d at the server, want %d", have, test.ttl)
			}
		})
	}
}

func TestPeerOnLab(t *testing.T) {
	t.Parallel()
	ctx := withDeadline(t)
	l := start(t, Config{
		Hosts: []HostConfig{{Name: "client"}},
		Peers: []PeerConfig{{Name: "server", ISN: ptr(uint32(1000))}},
		Links: []LinkConfig{{A: "client", B: "server"}},
	})
	client, err := l.Host("client").Socket(SocketOptions{})
	check(t, err)
	connected := make(chan error)
	go func() {
		connected <- client.Connect(ctx, netip.AddrPortFrom(l.Addr("server")[0], 80), ConnectOptions{})
	}()
	syn, err := l.Tap("server").Wait(ctx, 0, isSYN)
	check(t, err)
	_, err = l.Peer("server").Send(ctx, segment.Segment{
		Src:   segment.Endpoint{Name: "server", Port: 80},
		Dst:   segment.Endpoint{Name: "client", Port: syn.Src.Port()},
		Flags: segment.SYN | segment.ACK,
	})
	check(t, err)
	check(t, <-connected)
	check(t, l.Drain(ctx))
	var flags []string
	for _, f := range l.Tap("client").Frames() {
		flags = append(flags, f.Segment.Flags.String())
	}
	if flags = slices.Compact(flags); !slices.Equal(flags, []string{"S", "S.", "."}) { // a SYN that is answered late is sent again
		t.Errorf("the client's frames are %q, want a handshake", flags)
	}
}
