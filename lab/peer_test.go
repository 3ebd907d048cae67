//go:build linux

package lab

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"rstlab/internal/segment"
	"rstlab/lab/internal/packetsock"
)

// A peerTest has a real kernel, "host", and a peer, "peer", on one link. Nobody
// has told the kernel the peer's link address.
type peerTest struct {
	t    *testing.T
	net  *testNet
	peer *Peer
	tap  *packetsock.Conn // at the peer
	host netip.Addr
	addr netip.Addr // the peer's
	seen map[sending]bool
}

// A sending is what a segment and its retransmissions have in common.
type sending struct {
	flow
	flags  segment.Flags
	seq    uint32
	length uint32
}

func newPeerTest(t *testing.T, v6 bool, config PeerConfig) *peerTest {
	t.Helper()
	n := newTestNet(t, 1)
	p := &peerTest{t: t, net: n, host: netip.MustParseAddr("192.0.2.1"), addr: netip.MustParseAddr("192.0.2.2"), seen: map[sending]bool{}}
	bits := 24
	if v6 {
		p.host, p.addr, bits = netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2"), 64
	}
	n.do(func() error {
		host, err := netlink.LinkByName("n0")
		if err != nil {
			return err
		}
		if v6 {
			for key, value := range map[string]string{"disable_ipv6": "0", "accept_dad": "0", "router_solicitations": "0"} {
				if err := os.WriteFile("/proc/sys/net/ipv6/conf/n0/"+key, []byte(value), 0); err != nil {
					return err
				}
			}
		}
		return netlink.AddrAdd(host, &netlink.Addr{
			IPNet: &net.IPNet{IP: p.host.AsSlice(), Mask: net.CIDRMask(bits, p.host.BitLen())}, Flags: unix.IFA_F_NODAD,
		})
	})
	p.tap = n.open("f0") // before the peer's own socket
	p.peer = startPeer(config, []netip.Addr{p.addr}, side{n.open("f0"), boxEnds[0], []nextHop{{p.host, clientEnd}}},
		func(name string) []netip.Addr {
			return map[string][]netip.Addr{"host": {p.host}, "peer": {p.addr}}[name]
		})
	t.Cleanup(func() {
		if err := p.peer.check(); err != nil {
			t.Error(err)
		}
		if err := p.peer.close(); err != nil {
			t.Error(err)
		}
	})
	n.up("n0", "f0")
	return p
}

// expect waits for the host's next TCP segment, which must be that one but for
// retransmissions of what came before: a busy machine answers late.
func (p *peerTest) expect(text string) *Frame {
	p.t.Helper()
	want := parse(p.t, text)
	for {
		got := read(p.t, p.tap)
		f := newFrame(1, got.Time, got.Data)
		if got.Outgoing || !f.IsTCP {
			continue
		}
		b, s := p.baseOf(f), sending{flow{f.Src, f.Dst}, f.Segment.Flags, f.Segment.Seq.Start, *f.Segment.Length}
		if f.Segment.Flags != segment.ACK || s.length > 0 {
			if p.seen[s] {
				continue
			}
			p.seen[s] = true
		}
		if want.Match(f.Segment, b) {
			return f
		}
		p.t.Fatalf("the host sends %v, want %s (%s)", f.Segment.Relative(b), text, want.Diff(f.Segment, b))
	}
}

func (p *peerTest) baseOf(f *Frame) segment.Base {
	p.peer.mu.Lock()
	defer p.peer.mu.Unlock()
	p.peer.drain()
	fl := flow{f.Src, f.Dst}
	return base(p.peer.got.of(fl), p.peer.sent.of(fl.reverse()))
}

func (p *peerTest) send(text string) segment.Segment {
	p.t.Helper()
	sent, err := p.peer.Send(context.Background(), parse(p.t, text))
	if err != nil {
		p.t.Fatal(err)
	}
	return sent
}

// dial connects the host to the peer's port.
func (p *peerTest) dial() <-chan dialed {
	result := make(chan dialed, 1)
	go p.net.do(func() error {
		conn, err := net.DialTimeout("tcp", netip.AddrPortFrom(p.addr, 80).String(), 30*time.Second)
		result <- dialed{conn, err}
		return nil
	})
	return result
}

type dialed struct {
	net.Conn
	err error
}

func (p *peerTest) accepted(d <-chan dialed) net.Conn {
	p.t.Helper()
	conn := <-d
	if conn.err != nil {
		p.t.Fatal(conn.err)
	}
	p.t.Cleanup(func() { conn.Close() })
	return conn
}

// A real kernel finds the peer, connects, and takes and gives data: all that
// the script leaves out is right.
func TestKernelTalksToPeer(t *testing.T) {
	t.Parallel()
	for _, v6 := range []bool{false, true} {
		p := newPeerTest(t, v6, PeerConfig{})
		dialed := p.dial()
		p.expect("host > peer.80: S")
		syn := p.send("peer.80 > host: S.")
		mss := map[bool]string{false: "1460", true: "1440"}[v6]
		if *syn.Win != 65535 || *syn.TTL != 128 || segment.OptionsString(syn.Options) != "<mss "+mss+">" {
			t.Errorf("the peer's SYN is %v", syn)
		}
		if !v6 && (*syn.ID != 1 || !*syn.DF) {
			t.Errorf("the peer's SYN has id %d, df %v", *syn.ID, *syn.DF)
		}
		p.expect("host > peer.80: . seq 1 ack 1")
		conn := p.accepted(dialed)
		p.send(`peer > host: P. payload "hello"`)
		p.expect("host > peer.80: . ack 6")
		if _, err := conn.Write([]byte("good day")); err != nil {
			t.Fatal(err)
		}
		p.expect(`host > peer.80: P. seq 1:9 ack 6 payload "good day"`)
		if sent := p.send("peer > host: ."); !v6 && *sent.ID != 3 {
			t.Errorf("the third packet has id %d", *sent.ID)
		}
		first := p.send("peer > host: P. length 10")
		p.expect("host > peer.80: . ack 16")
		again := p.send("peer > host: P. seq 6:16")
		p.expect("host > peer.80: . ack 16") // a duplicate is acknowledged again
		if *first.Payload != *again.Payload {
			t.Errorf("%q is sent again as %q", *first.Payload, *again.Payload)
		}
		reset := p.send("peer > host: R.")
		if *reset.Win != 0 || len(reset.Options) != 0 {
			t.Errorf("the peer's reset is %v", reset)
		}
		got, err := io.ReadAll(conn)
		if string(got) != "hello"+*first.Payload || !errors.Is(err, unix.ECONNRESET) {
			t.Errorf("the host reads %q, %v", got, err)
		}
	}
}

// Where both SYNs had timestamps, all segments have: the kernel takes data only
// with newer ones (RFC 7323, section 5).
func TestPeerKeepsTimestamps(t *testing.T) {
	t.Parallel()
	p := newPeerTest(t, false, PeerConfig{ISN: new(uint32(7)), Window: 1000, TTL: 9})
	dialed := p.dial()
	p.expect("host > peer.80: S")
	sent := p.send("peer.80 > host: S. <mss 1000,sackOK,TS val 4294967295 ecr 0,nop,wscale 7>")
	if sent.Seq.Start != 7 || *sent.Win != 1000 || *sent.TTL != 9 {
		t.Errorf("the SYN is %v, want seq 7 win 1000 ttl=9", sent)
	}
	theirs, _ := timestamp(p.expect("host > peer.80: . ack 1").Segment.Options)
	conn := p.accepted(dialed)
	data := p.send("peer > host: P. length 3")
	if val, ok := timestamp(data.Options); !ok || before(val, 0xFFFFFFFF) || len(data.Options) != 3 {
		t.Fatalf("data has options %v", data.Options)
	}
	if ecr, want := data.Options[2].Args[3], strconv.Itoa(int(theirs)); ecr != want {
		t.Errorf("data echoes timestamp %s, want %s", ecr, want)
	}
	if _, err := io.ReadFull(conn, make([]byte, 3)); err != nil {
		t.Error(err)
	}
}

// A closed port, as a stack without a listener says it; and an ICMP error.
func TestPeerRefuses(t *testing.T) {
	t.Parallel()
	p := newPeerTest(t, false, PeerConfig{})
	dialed := p.dial()
	p.expect("host > peer.80: S")
	reset := p.send("peer.80 > host: R.")
	if reset.Seq.Start != 0 {
		t.Errorf("the reset is %v, want seq 0", reset)
	}
	if d := <-dialed; !errors.Is(d.err, unix.ECONNREFUSED) {
		t.Errorf("connect gives %v, want ECONNREFUSED", d.err)
	}
	dialed = p.dial()
	port := p.expect("host > peer.80: S").Src.Port()
	sent, err := p.peer.Send(context.Background(), segment.Segment{
		ICMP: "port-unreachable",
		Src:  segment.Endpoint{Name: "peer"}, Dst: segment.Endpoint{Name: "host", Port: port},
	})
	if err != nil || sent.Dst.Port != port {
		t.Fatal(sent, err)
	}
	if d := <-dialed; !errors.Is(d.err, unix.ECONNREFUSED) {
		t.Errorf("connect gives %v, want ECONNREFUSED", d.err)
	}
}

// A peer connects to a real listener.
func TestPeerConnects(t *testing.T) {
	t.Parallel()
	p := newPeerTest(t, false, PeerConfig{})
	var listener net.Listener
	p.net.do(func() (err error) {
		listener, err = net.Listen("tcp", netip.AddrPortFrom(p.host, 5000).String())
		return err
	})
	defer listener.Close()
	if _, err := p.peer.Send(context.Background(), parse(t, "peer > host.5000: S")); err == nil || !strings.Contains(err.Error(), "write both ports") {
		t.Errorf("a SYN from no port gives %v", err)
	}
	first := p.send("peer.40000 > host.5000: S")
	p.expect("host.5000 > peer.40000: S. ack 1")
	if again := p.send("peer.40000 > host.5000: S"); again.Seq.Start == first.Seq.Start {
		t.Error("a SYN that was acknowledged is sent again with its ISN")
	}
	p.send("peer.40001 > host.5000: S")
	for {
		f := newFrame(1, time.Time{}, read(t, p.tap).Data)
		if f.IsTCP && f.Dst.Port() == 40001 && f.Segment.Flags == segment.SYN|segment.ACK {
			break
		}
	}
	p.send("peer.40001 > host.5000: .")
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	p.send("peer.40001 > host.5000: F.")
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("read gives %v, want EOF", err)
	}
}

// What a sender leaves out follows from what was seen, without a lab.
func TestFillFollowsTheConnection(t *testing.T) {
	t.Parallel()
	out, in := flow{server4, client4}, flow{client4, server4}
	names := resolver(func(name string) []netip.Addr {
		return map[string][]netip.Addr{"server": {server4.Addr()}, "client": {client4.Addr()}}[name]
	})
	p := &Peer{config: PeerConfig{ISN: new(uint32(5000)), Window: 65535, TTL: 128}, names: names,
		sent: tracker{}, got: tracker{}, answered: map[flow]uint32{}}
	for _, step := range []struct{ got, send, want string }{
		{"", "server.80 > client.40001: R", "rawseq 0 rawack 0"},
		{". rawseq 70 rawack 90", "server.80 > client.40001: R", "rawseq 90 rawack 0"},
		{"S rawseq 1000", "server.80 > client.40001: R.", "rawseq 0 rawack 1001"},
		{"", "server.80 > client.40001: . seq 3 ack 4", "rawseq 3 rawack 1004"}, // without an own SYN absolute
		{"", "server.80 > client.40001: S.", "rawseq 5000 rawack 1001"},
		{"S rawseq 1000", "server > client: S.", "rawseq 5000 rawack 1001"},
		{". rawseq 1001 rawack 5001", "server > client: P. length 100", "rawseq 5001:5101 rawack 1001"},
		{"P. rawseq 1101:1201 rawack 5001", "server > client: .", "rawseq 5101 rawack 1001"}, // a gap
		{"P. rawseq 1001:1051 rawack 5101", "server > client: P. seq 1:11", "rawseq 5001:5011 rawack 1051"},
		{"P. rawseq 1041:1101 rawack 5101", "server > client: F.", "rawseq 5101 rawack 1201"}, // filled
		{"F. rawseq 1201 rawack 5102", "server > client: .", "rawseq 5102 rawack 1202"},
		{"R rawseq 9", "server > client: . seq 0", "rawseq 5000 rawack 1202"},
		{"", "server > client: . seq 1 ack 1", "rawseq 5001 rawack 1001"},
		{"", "server > client: . ack 201 <sack 301:401>", "rawseq 5102 rawack 1201"},
		{"S rawseq 4294967295", "server > client: .", "rawseq 5102 rawack 0"}, // the port is used again
		{"", "server > client: S. rawseq 4294967295 ack 1", "rawseq 4294967295 rawack 0"},
		{"P. rawseq 0:10 rawack 0", "server > client: P. length 5", "rawseq 0:5 rawack 10"},
	} {
		if step.got != "" {
			s := parse(t, "client.40001 > server.80: "+step.got)
			if s.Ack == nil {
				s.Ack = &segment.Ack{Raw: true}
			}
			p.got.see(in, s, nil)
		}
		s := parse(t, step.send)
		f, err := names.flow(s.Src, s.Dst, p.sent, p.got)
		if err != nil || f != out {
			t.Fatalf("%s is of %v, %v", step.send, f, err)
		}
		s, err = fill(s, f, p.sent.of(f), p.got.of(in), p.defaults(f, s))
		if err != nil {
			t.Fatal(err)
		}
		p.sent.see(f, s, nil)
		if s.Flags&segment.SYN != 0 {
			p.answered[f] = p.got.of(in).isn
		}
		if got := s.Seq.String() + " " + s.Ack.String(); got != step.want {
			t.Errorf("after %q, %q is sent with %s, want %s", step.got, step.send, got, step.want)
		}
		if step.send == "server > client: . ack 201 <sack 301:401>" && s.Options[0].Args[0] != "1301:1401" {
			t.Errorf("the sack is %v", s.Options)
		}
	}
}
