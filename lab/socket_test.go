//go:build linux

package lab

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"rstlab/internal/segment"
)

// bothKinds runs a test with sockets of this process and of one of the host's.
func bothKinds(t *testing.T, f func(t *testing.T, c Config)) {
	t.Parallel()
	for name, config := range map[string]func() Config{"in this process": twoHosts, "in another": oneProcess} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, config())
		})
	}
}

// fromServer waits at the client's tap for a segment of the server's with
// exactly these flags.
func fromServer(t *testing.T, l *Lab, flags segment.Flags) *Frame {
	t.Helper()
	f, err := l.Tap("client").Wait(withDeadline(t), 0, func(f *Frame) bool {
		return f.IsTCP && f.Src.Port() == 80 && f.Segment.Flags == flags
	})
	check(t, err)
	return f
}

// firstSYN waits for the first SYN at a tap.
func firstSYN(t *testing.T, l *Lab, tap string) *Frame {
	t.Helper()
	f, err := l.Tap(tap).Wait(withDeadline(t), 0, isSYN)
	check(t, err)
	return f
}

// Every way to end a connection that a program or an administrator has.
func TestEndings(t *testing.T) {
	for _, test := range []struct {
		name  string
		end   func(t *testing.T, l *Lab, c pair) error
		flags segment.Flags // of what the server sends; 0: nothing
		state string        // of the server afterwards
	}{
		{"close", func(_ *testing.T, _ *Lab, c pair) error { return c.server.Close() }, segment.FIN | segment.ACK, "FIN-WAIT-2"},
		{"shutdown write", func(_ *testing.T, _ *Lab, c pair) error { return c.server.Shutdown("write") }, segment.FIN | segment.ACK, "FIN-WAIT-2"},
		{"shutdown both", func(_ *testing.T, _ *Lab, c pair) error { return c.server.Shutdown("both") }, segment.FIN | segment.ACK, "FIN-WAIT-2"},
		{"shutdown read", func(_ *testing.T, _ *Lab, c pair) error { return c.server.Shutdown("read") }, 0, "ESTABLISHED"},
		{"linger 0", func(_ *testing.T, _ *Lab, c pair) error {
			return errors.Join(c.server.Set("linger", 0), c.server.Close())
		}, segment.RST | segment.ACK, "CLOSED"},
		{"close with unread data", func(t *testing.T, l *Lab, c pair) error {
			if _, err := c.client.Send(withDeadline(t), []byte("unread")); err != nil {
				return err
			}
			_, err := l.Tap("client").Wait(withDeadline(t), 0, func(f *Frame) bool {
				return f.Src.Port() == 80 && f.Segment.Ack.N == firstSYN(t, l, "client").Segment.Seq.Start+1+uint32(len("unread"))
			})
			return errors.Join(err, c.server.Close())
		}, segment.RST | segment.ACK, "CLOSED"},
		{"disconnect", func(_ *testing.T, _ *Lab, c pair) error { return c.server.Disconnect() }, segment.RST | segment.ACK, "CLOSED"},
		{"destroy", func(_ *testing.T, _ *Lab, c pair) error { return c.server.Destroy() }, segment.RST | segment.ACK, "CLOSED"},
		{"forget", func(_ *testing.T, _ *Lab, c pair) error { return c.server.Forget() }, 0, "CLOSED"},
	} {
		t.Run(test.name, func(t *testing.T) {
			bothKinds(t, func(t *testing.T, config Config) {
				ctx := withDeadline(t)
				l := start(t, config)
				c := dial(t, l, "client", "server", 80)
				check(t, test.end(t, l, c))
				if test.flags != 0 {
					fromServer(t, l, test.flags)
				}
				check(t, l.Host("server").WaitState(ctx, c.server.Local(), c.server.Remote(), test.state))
				check(t, l.Drain(ctx))
				last := l.Tap("client").Frames()[len(l.Tap("client").Frames())-1]
				if test.flags == 0 && last.Segment.Flags != segment.ACK {
					t.Errorf("the last segment is %v, want nothing behind the handshake", last.Segment)
				}
			})
		})
	}
}

func TestConnectErrors(t *testing.T) {
	bothKinds(t, func(t *testing.T, config Config) {
		ctx := withDeadline(t)
		config.Hosts[0].Process = config.Hosts[1].Process
		config.Hosts[0].Sysctls = map[string]string{"tcp_syn_retries": "1"}
		l := start(t, config)
		server := netip.AddrPortFrom(l.Addr("server")[0], 80)
		socket := func() *Socket {
			s, err := l.Host("client").Socket(SocketOptions{})
			check(t, err)
			return s
		}
		refused := socket()
		err := refused.Connect(ctx, server, ConnectOptions{})
		if !errors.Is(err, syscall.ECONNREFUSED) || err.Error() != "connect 192.0.2.2:80: connection refused" {
			t.Errorf("connect to a closed port: %v", err)
		}
		if refused.Remote() != server || refused.Local().Addr() != l.Addr("client")[0] || refused.Local().Port() == 0 {
			t.Errorf("after a refused connect: local %v, remote %v", refused.Local(), refused.Remote())
		}
		if err := socket().Connect(ctx, netip.MustParseAddrPort("203.0.113.1:80"), ConnectOptions{}); !errors.Is(err, syscall.ENETUNREACH) {
			t.Errorf("connect out of the lab: %v, want ENETUNREACH", err)
		}
		if err := socket().Connect(ctx, netip.MustParseAddrPort("[2001:db8::1]:80"), ConnectOptions{}); !errors.Is(err, syscall.EAFNOSUPPORT) {
			t.Errorf("connect to the other version of IP: %v, want EAFNOSUPPORT", err)
		}
		check(t, l.Host("server").Down())
		if err := socket().Connect(ctx, server, ConnectOptions{}); !errors.Is(err, syscall.ETIMEDOUT) {
			t.Errorf("connect to a host that is down: %v, want ETIMEDOUT", err)
		}
		short, cancel := context.WithCancel(ctx)
		pending := socket()
		connected := make(chan error)
		go func() { connected <- pending.Connect(short, server, ConnectOptions{}) }()
		cancel()
		if err := <-connected; !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled connect: %v", err)
		}
		isn := uint32(0)
		if err := socket().Connect(ctx, server, ConnectOptions{ISN: &isn}); err == nil || !strings.Contains(err.Error(), "ISN 0") {
			t.Errorf("connect with ISN 0: %v", err)
		}
	})
}

func TestConnectISN(t *testing.T) {
	bothKinds(t, func(t *testing.T, config Config) {
		config.Hosts[0].Process = config.Hosts[1].Process
		l := start(t, config)
		listen(t, l, "server", SocketOptions{}, 80)
		client, err := l.Host("client").Socket(SocketOptions{})
		check(t, err)
		check(t, client.Bind(netip.AddrPortFrom(netip.Addr{}, 40000)))
		check(t, client.Connect(withDeadline(t), netip.AddrPortFrom(l.Addr("server")[0], 80), ConnectOptions{ISN: ptr(uint32(500000))}))
		if syn := firstSYN(t, l, "client"); syn.Segment.Seq.Start != 500000 || syn.Src.Port() != 40000 {
			t.Errorf("the SYN is %v, want rawseq 500000 from port 40000", syn.Segment)
		}
	})
}

// listen opens a listener.
func listen(t *testing.T, l *Lab, host string, o SocketOptions, port uint16) *Socket {
	t.Helper()
	s, err := l.Host(host).Socket(o)
	check(t, err)
	check(t, s.Bind(netip.AddrPortFrom(netip.Addr{}, port)))
	check(t, s.Listen(8))
	return s
}

// A pending connect can be closed before the answer comes; the answer is then
// reset.
func TestConnectPending(t *testing.T) {
	bothKinds(t, func(t *testing.T, config Config) {
		ctx := withDeadline(t)
		config.Hosts[0].Process = config.Hosts[1].Process
		config.Middleboxes = []MiddleboxConfig{{Name: "path"}}
		config.Links = []LinkConfig{{A: "client", B: "path"}, {A: "path", B: "server"}}
		l := start(t, config)
		syn, err := ParseMatch("client > server: S")
		check(t, err)
		check(t, l.Middlebox("path").Hold(syn))
		listen(t, l, "server", SocketOptions{}, 80)
		client, err := l.Host("client").Socket(SocketOptions{})
		check(t, err)
		err = client.Connect(ctx, netip.AddrPortFrom(l.Addr("server")[0], 80), ConnectOptions{Pending: true})
		if !errors.Is(err, syscall.EINPROGRESS) {
			t.Errorf("pending connect: %v, want EINPROGRESS", err)
		}
		check(t, l.Host("client").WaitState(ctx, client.Local(), client.Remote(), "SYN-SENT"))
		firstSYN(t, l, "path/client")
		check(t, client.Close())
		check(t, l.Middlebox("path").Pass(&syn))
		fromServer(t, l, segment.SYN|segment.ACK)
		_, err = l.Tap("server").Wait(ctx, 0, isRST)
		check(t, err)
	})
}

func TestFastOpen(t *testing.T) {
	bothKinds(t, func(t *testing.T, config Config) {
		ctx := withDeadline(t)
		config.Hosts[0].Process = config.Hosts[1].Process
		config.Hosts[0].Sysctls = map[string]string{"tcp_fastopen": "5"}     // client, without a cookie
		config.Hosts[1].Sysctls = map[string]string{"tcp_fastopen": "0x203"} // server, likewise
		l := start(t, config)
		listener := listen(t, l, "server", SocketOptions{}, 80)
		client, err := l.Host("client").Socket(SocketOptions{})
		check(t, err)
		check(t, client.Connect(ctx, netip.AddrPortFrom(l.Addr("server")[0], 80), ConnectOptions{FastOpen: []byte("early")}))
		server, err := listener.Accept(ctx)
		check(t, err)
		b, err := server.Recv(ctx, 10)
		check(t, err)
		if syn := firstSYN(t, l, "client").Segment; string(b) != "early" || *syn.Length != 5 || syn.Flags != segment.SYN {
			t.Errorf("received %q; the SYN is %v, want one with these 5 bytes", b, syn)
		}
	})
}

// Without a cookie Fast Open data comes behind the handshake.
func TestFastOpenWithoutCookie(t *testing.T) {
	t.Parallel()
	ctx := withDeadline(t)
	l := start(t, twoHosts())
	listener := listen(t, l, "server", SocketOptions{}, 80)
	client, err := l.Host("client").Socket(SocketOptions{})
	check(t, err)
	check(t, client.Connect(ctx, netip.AddrPortFrom(l.Addr("server")[0], 80), ConnectOptions{FastOpen: []byte("early")}))
	server, err := listener.Accept(ctx)
	check(t, err)
	b, err := server.Recv(ctx, 10)
	check(t, err)
	if string(b) != "early" {
		t.Errorf("received %q, want %q", b, "early")
	}
}

func TestMD5AndMPTCP(t *testing.T) {
	for _, test := range []struct {
		name, feature, option string
		options               SocketOptions
	}{
		{"MD5", "md5", "md5", SocketOptions{MD5Key: "secret"}},
		{"MD5 over IPv6", "md5", "md5", SocketOptions{MD5Key: "secret", IPv6: true}},
		{"MPTCP", "mptcp", "mptcp", SocketOptions{MPTCP: true}},
		{"MPTCP over IPv6", "mptcp", "mptcp", SocketOptions{MPTCP: true, IPv6: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			bothKinds(t, func(t *testing.T, config Config) {
				if err := Supports(test.feature); err != nil {
					t.Skip(err)
				}
				ctx := withDeadline(t)
				config.Hosts[0].Process = config.Hosts[1].Process
				if test.options.IPv6 {
					config.Links[0].Net = netip.MustParsePrefix("2001:db8::/64")
				}
				l := start(t, config)
				listener := listen(t, l, "server", test.options, 80)
				client, err := l.Host("client").Socket(test.options)
				check(t, err)
				check(t, client.Connect(ctx, netip.AddrPortFrom(l.Addr("server")[0], 80), ConnectOptions{}))
				server, err := listener.Accept(ctx)
				check(t, err)
				_, err = client.Send(ctx, []byte("hello"))
				check(t, err)
				b, err := server.Recv(ctx, 10)
				check(t, err)
				if string(b) != "hello" {
					t.Errorf("received %q, want %q", b, "hello")
				}
				var kinds []string
				for _, o := range firstSYN(t, l, "server").Segment.Options {
					kinds = append(kinds, o.Kind)
				}
				if !slices.Contains(kinds, test.option) {
					t.Errorf("the SYN has the options %q, want %q among them", kinds, test.option)
				}
			})
		})
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	for _, v6 := range []bool{false, true} {
		l := start(t, twoHosts())
		s, err := l.Host("client").Socket(SocketOptions{IPv6: v6})
		check(t, err)
		tos, ttl := [2]int{unix.IPPROTO_IP, unix.IP_TOS}, [2]int{unix.IPPROTO_IP, unix.IP_TTL}
		if v6 {
			tos, ttl = [2]int{unix.IPPROTO_IPV6, unix.IPV6_TCLASS}, [2]int{unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS}
		}
		tcp := func(name int) [2]int { return [2]int{unix.IPPROTO_TCP, name} }
		for _, test := range []struct {
			option      string
			value, want int
			kernel      [2]int
		}{
			{"user_timeout", 600, 600, tcp(unix.TCP_USER_TIMEOUT)},
			{"keepidle", 3, 3, tcp(unix.TCP_KEEPIDLE)},
			{"keepintvl", 4, 4, tcp(unix.TCP_KEEPINTVL)},
			{"keepcnt", 5, 5, tcp(unix.TCP_KEEPCNT)},
			{"keepcnt", 5, 1, [2]int{unix.SOL_SOCKET, unix.SO_KEEPALIVE}},
			{"linger2", -1, -1, tcp(unix.TCP_LINGER2)},
			{"nodelay", 1, 1, tcp(unix.TCP_NODELAY)},
			{"rcvbuf", 10_000, 20_000, [2]int{unix.SOL_SOCKET, unix.SO_RCVBUF}},
			{"sndbuf", 10_000, 20_000, [2]int{unix.SOL_SOCKET, unix.SO_SNDBUF}},
			{"reuseport", 1, 1, [2]int{unix.SOL_SOCKET, unix.SO_REUSEPORT}},
			{"tos", 0xb8, 0xb8, tos},
			{"ttl", 9, 9, ttl},
		} {
			check(t, s.Set(test.option, test.value))
			var have int
			check(t, s.end.(*kernelSocket).control("read option", func(fd int) (err error) {
				have, err = unix.GetsockoptInt(fd, test.kernel[0], test.kernel[1])
				return err
			}))
			if have != test.want {
				t.Errorf("IPv6 %v: %s=%d gives %d, want %d", v6, test.option, test.value, have, test.want)
			}
		}
	}
}

func TestListenerDestroyed(t *testing.T) {
	t.Parallel()
	ctx := withDeadline(t)
	l := start(t, twoHosts())
	listener := listen(t, l, "server", SocketOptions{}, 80)
	check(t, l.Host("server").WaitState(ctx, listener.Local(), netip.AddrPort{}, "LISTEN"))
	accepted := make(chan error)
	go func() {
		_, err := listener.Accept(ctx)
		accepted <- err
	}()
	check(t, listener.Close())
	if err := <-accepted; err == nil {
		t.Error("accept of a closed listener gave a connection")
	}
	check(t, l.Host("server").WaitState(ctx, listener.Local(), netip.AddrPort{}, "CLOSED"))
	if err := l.Host("server").WaitState(ctx, listener.Local(), netip.AddrPort{}, "CLOSE"); err == nil || !strings.Contains(err.Error(), "no such state") {
		t.Errorf("wait for an unknown state: %v", err)
	}
	short, cancel := cancelled(t)
	cancel()
	err := l.Host("server").WaitState(short, listener.Local(), netip.AddrPort{}, "LISTEN")
	if want := "host server: wait for 0.0.0.0:80 in state LISTEN: it is CLOSED, and nothing listens on this host: context canceled"; err == nil || err.Error() != want {
		t.Errorf("cancelled wait: %v, want %s", err, want)
	}
	listen(t, l, "server", SocketOptions{}, 8080)
	err = l.Host("server").WaitState(short, listener.Local(), netip.AddrPort{}, "LISTEN")
	if want := "it is CLOSED, and what listens on this host is 0.0.0.0:8080: context canceled"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("cancelled wait: %v, want %s", err, want)
	}
}

// A send larger than all buffers waits for the reader, and gives up with its
// context.
func TestSendWaits(t *testing.T) {
	bothKinds(t, func(t *testing.T, config Config) {
		ctx := withDeadline(t)
		l := start(t, config)
		c := dial(t, l, "client", "server", 80)
		short, cancel := cancelled(t)
		check(t, c.server.Set("sndbuf", 10_000))
		check(t, c.client.Set("rcvbuf", 10_000))
		const size = 1_000_000
		type result struct {
			n   int
			err error
		}
		sent := make(chan result)
		go func() {
			n, err := c.server.Send(short, make([]byte, size))
			sent <- result{n, err}
		}()
		_, err := c.client.Recv(ctx, 1)
		check(t, err)
		cancel()
		r := <-sent
		if !errors.Is(r.err, context.Canceled) || r.n >= size {
			t.Errorf("cancelled send: %d bytes, %v", r.n, r.err)
		}
		check(t, c.server.Shutdown("write"))
		got := 1
		for {
			b, err := c.client.Recv(ctx, 1_000_000)
			if err == io.EOF {
				break
			}
			check(t, err)
			got += len(b)
		}
		if got != r.n {
			t.Errorf("received %d bytes, the sender counts %d", got, r.n)
		}
	})
}

// What is closed is closed, also while this process starts others: a process
// that was just forked holds copies of all that it will close when it executes.
func TestCloseWhileProcessesStart(t *testing.T) {
	t.Parallel()
	needs(t, "true")
	l := start(t, twoHosts())
	client, server := l.Host("client"), l.Host("server")
	started := make(chan struct{})
	go func() {
		defer close(started)
		for range 60 {
			p, err := server.Exec([]string{"true"}, ExecOptions{})
			if err == nil {
				_, err = p.Wait(withDeadline(t))
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
	}()
	defer func() { <-started }()
	for running := true; running; {
		s := listen(t, l, "client", SocketOptions{}, 80)
		check(t, s.Close())
		if state, err := client.diag.state(s.Local(), netip.AddrPort{}); err != nil || state != stateClosed {
			t.Fatalf("a closed listener is %s, %v", stateName(state), err)
		}
		select {
		case <-started:
			running = false
		default:
		}
	}
}
