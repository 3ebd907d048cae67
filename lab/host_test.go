//go:build linux

package lab

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"rstlab/internal/segment"
)

func TestHostSysctl(t *testing.T) {
	t.Parallel()
	c := twoHosts()
	c.Hosts[0].Sysctls = map[string]string{"tcp_timestamps": "0", "net.ipv4.tcp_sack": "0"}
	l := start(t, c)
	client := l.Host("client")
	check(t, client.Sysctl("tcp_fin_timeout", "7"))
	for key, want := range map[string]string{
		"tcp_timestamps": "0", "tcp_sack": "0", "tcp_fin_timeout": "7",
		"tcp_congestion_control": "reno", "ip_default_ttl": "64", "tcp_rmem": "4096\t131072\t6291456",
	} {
		var have []byte
		check(t, client.ns.Do(func() (err error) {
			have, err = os.ReadFile(sysctlPath(key))
			return err
		}))
		if strings.TrimSpace(string(have)) != want {
			t.Errorf("%s is %q, want %q", key, have, want)
		}
	}
	if err := client.Sysctl("tcp_max_orphans", "0"); !errors.Is(err, syscall.ENOENT) { // the machine's, not the namespace's
		t.Errorf("a key of the machine: %v, want ENOENT", err)
	}
	const notHere = "set sysctl net.core.rmem_max: it is the machine's and not the namespace's, or is only to be read: permission denied"
	if err := client.Sysctl("net.core.rmem_max", "0"); err == nil || !strings.Contains(err.Error(), notHere) {
		t.Errorf("a key of the machine that can be read here: %v, want %s", err, notHere)
	}
	for _, key := range []string{"../../kernel/panic", "", "net..core", "kernel/panic"} {
		if err := client.Sysctl(key, "0"); err == nil || !strings.Contains(err.Error(), "expected words joined by dots") {
			t.Errorf("key %q: %v", key, err)
		}
	}
	if err := client.Sysctl("kernel.panic", "0"); !errors.Is(err, syscall.ENOENT) { // below net.ipv4. there is none
		t.Errorf("a key outside net: %v, want ENOENT", err)
	}
	c.Hosts[0].Sysctls["tcp_nonsense"] = "1"
	_, err := Start(withDeadline(t), c)
	if want := "start lab: host client: set sysctl tcp_nonsense: no such key in the namespace on this kernel: no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("start: %v\nwant %s", err, want)
	}
}

// A route has its own shortest time before the kernel retransmits.
func TestRoute(t *testing.T) {
	t.Parallel()
	ctx := withDeadline(t)
	c := Config{
		Hosts:       []HostConfig{{Name: "client", Sysctls: map[string]string{"tcp_early_retrans": "0"}}, {Name: "server"}},
		Middleboxes: []MiddleboxConfig{{Name: "path"}},
		Links:       []LinkConfig{{A: "client", B: "path"}, {A: "path", B: "server"}},
	}
	l := start(t, c)
	server := netip.PrefixFrom(l.Addr("server")[0], 32)
	check(t, l.Host("client").Route(RouteConfig{Dst: server, RTOMin: 30 * time.Millisecond}))
	conn := dial(t, l, "client", "server", 80)
	check(t, l.Middlebox("path").Drop(Match{
		Segment:  segment.Segment{Src: segment.Endpoint{Name: "client"}, Dst: segment.Endpoint{Name: "server"}},
		AnyFlags: true,
	}))
	_, err := conn.client.Send(ctx, []byte("lost"))
	check(t, err)
	data := func(f *Frame) bool { return f.IsTCP && *f.Segment.Length == 4 }
	first, err := l.Tap("client").Wait(ctx, 0, data)
	check(t, err)
	_, err = l.Tap("client").Wait(ctx, first.N, data)
	check(t, err)
	var routes []netlink.Route
	check(t, l.Host("client").ns.Do(func() (err error) {
		dst := &net.IPNet{IP: server.Addr().AsSlice(), Mask: net.CIDRMask(32, 32)}
		routes, err = l.Host("client").ns.nl.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Dst: dst}, netlink.RT_FILTER_DST)
		return err
	}))
	if len(routes) != 1 || routes[0].RtoMin != 30 {
		t.Errorf("the kernel's routes are %v, want one with a shortest time of 30 ms", routes)
	}
	for _, test := range []struct {
		route RouteConfig
		want  string
	}{
		{RouteConfig{}, "host client: route to invalid Prefix: no destination"},
		{RouteConfig{Dst: netip.MustParsePrefix("203.0.113.0/24")}, "host client: route to 203.0.113.0/24: the host has none yet; say via whom"},
		{RouteConfig{Dst: server, Via: "nobody"}, `host client: route to 192.0.2.2/32: "nobody" is no neighbour of the host`},
	} {
		if err := l.Host("client").Route(test.route); err == nil || err.Error() != test.want {
			t.Errorf("route: %v\nwant %s", err, test.want)
		}
	}
}

// Two hosts have one address; a route decides which is meant.
func TestRouteBetweenTwins(t *testing.T) {
	t.Parallel()
	ctx := withDeadline(t)
	shared := netip.MustParseAddr("203.0.113.9")
	l := start(t, Config{
		Hosts: []HostConfig{
			{Name: "client"}, {Name: "balancer", Forward: true},
			{Name: "one", Addrs: []netip.Addr{shared}}, {Name: "two", Addrs: []netip.Addr{shared}},
		},
		Links: []LinkConfig{{A: "client", B: "balancer"}, {A: "balancer", B: "one"}, {A: "balancer", B: "two"}},
	})
	listen(t, l, "one", SocketOptions{}, 80)
	listen(t, l, "two", SocketOptions{}, 80)
	connect := func(to string) {
		t.Helper()
		check(t, tryConnect(t, ctx, l, "client", netip.AddrPortFrom(shared, 80)))
		_, err := l.Tap(to).Wait(ctx, 0, isSYN)
		check(t, err)
	}
	connect("one")
	check(t, l.Host("balancer").Route(RouteConfig{Dst: netip.PrefixFrom(shared, 32), Via: "two"}))
	connect("two")
	check(t, l.Drain(ctx))
	if n := len(l.Tap("two").Frames()); n != 3 {
		t.Errorf("%d frames at two, want one handshake", n)
	}
}

// A net behind a neighbour is reached by its address there.
func TestRouteToNet(t *testing.T) {
	t.Parallel()
	ctx := withDeadline(t)
	l := start(t, routed())
	check(t, l.Host("client").Route(RouteConfig{Dst: netip.MustParsePrefix("203.0.113.0/24"), Via: "router"}))
	err := tryConnect(t, ctx, l, "client", netip.MustParseAddrPort("203.0.113.1:80"))
	if !errors.Is(err, syscall.ENETUNREACH) { // the router's word, by ICMP
		t.Errorf("connect: %v, want ENETUNREACH", err)
	}
	if _, err := l.Tap("client").Wait(ctx, 0, func(f *Frame) bool { return f.Segment.ICMP != "" }); err != nil {
		t.Error(err)
	}
}

func TestDownAndUp(t *testing.T) {
	t.Parallel()
	for _, net := range []string{"192.0.2.0/24", "2001:db8::/64"} {
		t.Run(net, func(t *testing.T) {
			t.Parallel()
			ctx := withDeadline(t)
			c := twoHosts()
			c.Links[0].Net = netip.MustParsePrefix(net)
			l := start(t, c)
			conn := dial(t, l, "client", "server", 80)
			check(t, l.Host("server").Down())
			if _, err := conn.client.Send(ctx, []byte("x")); err != nil { // goes nowhere
				t.Error(err)
			}
			check(t, l.Host("server").Up())
			b, err := conn.server.Recv(ctx, 1) // the retransmission does
			if err != nil || string(b) != "x" {
				t.Errorf("received %q, %v; want what was sent while the host was down", b, err)
			}
			check(t, l.Drain(ctx))
		})
	}
}

// A lab with a host that is down can be drained: nothing is waited for that
// can't come.
func TestDrainWhileDown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Config{
		"one link": twoHosts(),
		"delayed": {
			Hosts: []HostConfig{{Name: "client"}, {Name: "server"}},
			Links: []LinkConfig{{A: "client", B: "server", Delay: time.Millisecond}},
		},
		"middlebox": {
			Hosts:       []HostConfig{{Name: "client"}, {Name: "server"}},
			Middleboxes: []MiddleboxConfig{{Name: "fw"}},
			Links:       []LinkConfig{{A: "client", B: "fw"}, {A: "fw", B: "server", Delay: time.Millisecond}},
		},
	} {
		for _, down := range []string{"client", "server"} {
			t.Run(name+", "+down, func(t *testing.T) {
				t.Parallel()
				l := start(t, c)
				check(t, l.Host(down).Down())
				check(t, l.Drain(withDeadline(t)))
			})
		}
	}
}

// What a box or a peer sends towards a host that is down is lost, as on any
// link, and no error of theirs.
func TestSendWhileDown(t *testing.T) {
	t.Parallel()
	hosts, peers := []HostConfig{{Name: "client"}}, []PeerConfig{{Name: "server"}}
	for name, c := range map[string]Config{
		"one link": {Hosts: hosts, Peers: peers, Links: []LinkConfig{{A: "client", B: "server"}}},
		"middlebox": {Hosts: hosts, Peers: peers, Middleboxes: []MiddleboxConfig{{Name: "fw"}},
			Links: []LinkConfig{{A: "client", B: "fw"}, {A: "fw", B: "server"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := withDeadline(t)
			l := start(t, c)
			check(t, l.Host("client").Down())
			_, err := l.Peer("server").Send(ctx, parse(t, "server.80 > client.40001: . seq 1 ack 1"))
			check(t, err)
			if fw := l.Middlebox("fw"); fw != nil {
				_, err := fw.Inject(ctx, parse(t, "server.80 > client.40001: R. seq 1 ack 1"))
				check(t, err)
			}
			check(t, l.Drain(ctx))
		})
	}
}

// A host that has rebooted knows nothing of what was before, and has not said
// so until it is asked.
func TestReboot(t *testing.T) {
	bothKinds(t, func(t *testing.T, c Config) {
		ctx := withDeadline(t)
		l := start(t, c)
		open := dial(t, l, "client", "server", 80)
		waiting := dial(t, l, "client", "server", 81)
		check(t, waiting.server.Close())
		if _, err := waiting.client.Recv(ctx, 1); err != io.EOF {
			t.Fatal(err)
		}
		check(t, waiting.client.Close())
		local, remote := waiting.server.Local(), waiting.server.Remote()
		check(t, l.Host("server").WaitState(ctx, local, remote, "TIME-WAIT"))
		check(t, l.Host("server").Reboot())
		check(t, l.Host("server").WaitState(ctx, local, remote, "CLOSED"))
		check(t, l.Host("server").WaitState(ctx, open.server.Local(), open.server.Remote(), "CLOSED"))
		check(t, l.Host("server").WaitState(ctx, open.listener.Local(), netip.AddrPort{}, "CLOSED"))
		_, err := open.client.Send(ctx, []byte("still there?"))
		check(t, err)
		if _, err := open.client.Recv(ctx, 1); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("receive from a host that has forgotten: %v, want ECONNRESET", err)
		}
		if rst, err := l.Tap("client").Wait(ctx, 0, isRST); err != nil || rst.Segment.Flags != segment.RST {
			t.Errorf("the answer is %v, %v, want a bare reset", rst, err)
		}
		dial(t, l, "client", "server", 80)
		check(t, l.Drain(ctx))
		var sent []string
		for _, f := range l.Tap("server").Frames() {
			if f.Src.Addr() == l.Addr("server")[0] && f.Segment.Flags&(segment.RST|segment.FIN) != 0 {
				sent = append(sent, f.Segment.Flags.String())
			}
		}
		if want := []string{"F.", "R"}; !slices.Equal(sent, want) { // before it and after it
			t.Errorf("the server has ended connections by %q, want %q", sent, want)
		}
	})
}

func TestCounters(t *testing.T) {
	t.Parallel()
	ctx := withDeadline(t)
	l := start(t, twoHosts())
	before, err := l.Host("server").Counters()
	check(t, err)
	tryConnect(t, ctx, l, "client", netip.AddrPortFrom(l.Addr("server")[0], 80))
	after, err := l.Host("server").Counters()
	check(t, err)
	if n := after.Since(before)["TcpOutRsts"]; n != 1 {
		t.Errorf("TcpOutRsts went up by %d, want 1", n)
	}
	client, err := l.Host("client").Counters()
	check(t, err)
	if n := client["TcpOutRsts"]; n != 0 {
		t.Errorf("the client's TcpOutRsts is %d, want 0: the reset was the server's", n)
	}
}
