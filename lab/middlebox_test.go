//go:build linux

package lab

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"rstlab/internal/inet"
	"rstlab/internal/segment"
	"rstlab/lab/internal/packetsock"
)

// A boxTest has a client and a server, played by the test, and a box between
// them. The client's ISN is 1000, the server's 5000.
type boxTest struct {
	t     testing.TB
	hops  int
	box   *Middlebox
	conns map[string]*packetsock.Conn // of client and server, and the sides of the box as taps
	addrs map[string]netip.Addr
	round uint16
}

var (
	clientEnd = [6]byte{2, 0, 0, 0, 0, 0}
	serverEnd = [6]byte{2, 0, 0, 0, 0, 1}
	boxEnds   = [2][6]byte{{2, 0, 0, 0, 1, 0}, {2, 0, 0, 0, 1, 1}}
)

func newBoxTest(t testing.TB, hops int, config MiddleboxConfig) *boxTest {
	t.Helper()
	n := newTestNet(t, 2)
	b := &boxTest{t: t, hops: hops, addrs: map[string]netip.Addr{
		"client": netip.MustParseAddr("192.0.2.1"), "server": netip.MustParseAddr("198.51.100.2"),
	}}
	b.conns = map[string]*packetsock.Conn{
		"client": n.open("n0"), "server": n.open("n1"), "fw/client": n.open("f0"), "fw/server": n.open("f1"),
	}
	config.Hops = hops
	var err error
	b.box, err = startMiddlebox(config, []side{
		{n.open("f0"), boxEnds[0], []nextHop{{b.addrs["client"], clientEnd}}},
		{n.open("f1"), boxEnds[1], []nextHop{{b.addrs["server"], serverEnd}}},
	}, func(name string) []netip.Addr {
		if a, ok := b.addrs[name]; ok {
			return []netip.Addr{a}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.box.check(); err != nil {
			t.Error(err)
		}
		if err := b.box.close(); err != nil {
			t.Error(err)
		}
	})
	n.up("n0", "f0", "n1", "f1")
	return b
}

func parse(t testing.TB, text string) segment.Segment {
	t.Helper()
	s, err := segment.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

func (b *boxTest) match(text string, count int) Match {
	b.t.Helper()
	if !strings.Contains(text, ":") {
		return Match{Segment: segment.Segment{Src: parse(b.t, text+": .").Src, Dst: parse(b.t, text+": .").Dst}, AnyFlags: true, Count: count}
	}
	return Match{Segment: parse(b.t, text), Count: count}
}

func (b *boxTest) end(e segment.Endpoint) netip.AddrPort {
	if e.Addr.IsValid() {
		return netip.AddrPortFrom(e.Addr, e.Port)
	}
	return netip.AddrPortFrom(b.addrs[e.Name], e.Port)
}

func (b *boxTest) base(from string) segment.Base {
	if from == "client" {
		return segment.Base{Seq: 1000, SeqKnown: true, Ack: 5000, AckKnown: true}
	}
	return segment.Base{Seq: 5000, SeqKnown: true, Ack: 1000, AckKnown: true}
}

// send sends a segment from its source, with a TTL of 64.
func (b *boxTest) send(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		s := parse(b.t, text)
		from, to := clientEnd, boxEnds[0]
		if s.Src.Name == "server" {
			from, to = serverEnd, boxEnds[1]
		}
		if b.hops == 0 {
			to = map[[6]byte][6]byte{clientEnd: serverEnd, serverEnd: clientEnd}[from]
		}
		name := s.Src.Name
		full, err := fill(s.Absolute(b.base(name)), flow{b.end(s.Src), b.end(s.Dst)}, half{}, half{}, defaults{ttl: 64, win: 1000, id: 77})
		if err != nil {
			b.t.Fatal(err)
		}
		frame, err := buildTCP(from, to, b.end(s.Src), b.end(s.Dst), full)
		if err != nil {
			b.t.Fatal(err)
		}
		if err := b.conns[name].Write(frame); err != nil {
			b.t.Fatal(err)
		}
	}
}

// expect reads the next frame of an end, which must be that segment.
func (b *boxTest) expect(at string, texts ...string) *Frame {
	b.t.Helper()
	var f *Frame
	for _, text := range texts {
		want := parse(b.t, text)
		got := read(b.t, b.conns[at])
		f = newFrame(1, got.Time, got.Data)
		from := "server"
		if at == "server" {
			from = "client"
		}
		src, dst := f.Segment.Src, f.Segment.Dst
		ends := netip.AddrPortFrom(src.Addr, src.Port) == b.end(want.Src) && netip.AddrPortFrom(dst.Addr, dst.Port) == b.end(want.Dst)
		if diff := want.Diff(f.Segment, b.base(from)); diff != "" || !ends || f.Segment.BadSum {
			b.t.Fatalf("%s gets %v, want %s (%s)", at, f.Segment.Relative(b.base(from)), text, diff)
		}
		to := map[string][6]byte{"client": clientEnd, "server": serverEnd}[at]
		if [6]byte(got.Data) != to {
			b.t.Fatalf("%s gets a frame for %x: %s", at, got.Data[:6], text)
		}
	}
	return f
}

// quiet checks that nothing more is on its way to an end.
func (b *boxTest) quiet(at string) {
	b.t.Helper()
	from := map[string]string{"client": "server", "server": "client"}[at]
	b.round++
	m := marker{round: b.round}
	if err := b.conns[from].Write(m.frame(clientEnd)); err != nil {
		b.t.Fatal(err)
	}
	got := read(b.t, b.conns[at])
	if have, ok := readMarker(got.Data); !ok || have != m {
		b.t.Fatalf("%s gets %v, want nothing", at, newFrame(1, got.Time, got.Data).Segment)
	}
}

// handshake has the box see a connection of client.40001 and server.80.
func (b *boxTest) handshake() {
	b.t.Helper()
	b.send("client.40001 > server.80: S seq 0")
	b.expect("server", "client.40001 > server.80: S seq 0")
	b.send("server.80 > client.40001: S. seq 0 ack 1")
	b.expect("client", "server.80 > client.40001: S. seq 0 ack 1")
	b.send("client.40001 > server.80: . seq 1 ack 1")
	b.expect("server", "client.40001 > server.80: . seq 1 ack 1")
}

func (b *boxTest) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func TestBumpInTheWireChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBoxTest(t, 0, MiddleboxConfig{})
	b.send(`client.40001 > server.80: P. seq 1 ack 1 <nop,nop,TS val 1 ecr 2> payload "hello" tos=184`)
	sent := read(t, b.conns["fw/client"]).Data
	if got := read(t, b.conns["server"]).Data; string(got) != string(sent) {
		t.Errorf("%x came out as %x", sent, got)
	}
	arp := append(append([]byte{}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), numbered(0, 46)[6:]...)
	b.must(b.conns["client"].Write(arp))
	if got := read(t, b.conns["server"]).Data; string(got) != string(arp) {
		t.Errorf("broadcast %x came out as %x", arp, got)
	}
	b.quiet("client")
}

func TestRouterLowersTTL(t *testing.T) {
	t.Parallel()
	b := newBoxTest(t, 1, MiddleboxConfig{})
	b.send(`client.40001 > server.80: P. seq 1 ack 1 payload "hello" id=5`)
	f := b.expect("server", `client.40001 > server.80: P. seq 1:6 ack 1 payload "hello" ttl=63 id=5`)
	if [6]byte(f.Data[6:]) != boxEnds[1] {
		t.Errorf("routed frame comes from %x", f.Data[6:12])
	}
	if ^inet.Fold(inet.Sum(f.Data[etherLen:etherLen+ipv4Len])) != 0 {
		t.Error("the IPv4 header's checksum is wrong")
	}
	b.send("client.40001 > server.80: . seq 6 ttl=1", "client.40001 > server.80: . seq 7 ttl=2")
	b.expect("server", "client.40001 > server.80: . seq 7 ttl=1")
}

func TestDropTheFirstN(t *testing.T) {
	t.Parallel()
	b := newBoxTest(t, 1, MiddleboxConfig{})
	b.must(b.box.Drop(b.match("client > server.80: S", 2)))
	b.send("client.1 > server.80: S seq 0", "client.1 > server.81: S seq 0", "client.1 > server.80: R seq 1", "client.2 > server.80: S seq 0", "client.1 > server.80: S seq 0")
	b.expect("server", "client.1 > server.81: S", "client.1 > server.80: R", "client.1 > server.80: S")
	b.quiet("server")
}

func TestRelativeNumbersInMatches(t *testing.T) {
	t.Parallel()
	b := newBoxTest(t, 0, MiddleboxConfig{})
	b.handshake()
	b.must(b.box.Drop(b.match("server.80 > client: P. seq 1:101 ack 1", 0)))
	b.send("server.80 > client.40001: P. seq 1:101 ack 2", "server.80 > client.40001: P. seq 1:101 ack 1", "server.80 > client.40001: P. seq 101:201 ack 1")
	b.expect("client", "server.80 > client.40001: P. seq 1:101 ack 2", "server.80 > client.40001: P. seq 101:201 ack 1")
	b.quiet("client")
}

func TestHoldAndPass(t *testing.T) {
	t.Parallel()
	b := newBoxTest(t, 1, MiddleboxConfig{})
	acks, data := b.match("client > server: .", 0), b.match("client > server: P.", 0)
	b.must(b.box.Hold(acks))
	b.must(b.box.Hold(data))
	b.must(b.box.Rewrite(b.match("client > server", 0), Rewrite{Win: new(uint32(7))}))
	b.send("client.1 > server.80: . seq 1 ack 1", "client.1 > server.80: P. seq 1:2 ack 1", "client.1 > server.80: . seq 2 ack 1", "client.1 > server.80: P. seq 2:3 ack 1", "client.1 > server.80: F. seq 3 ack 1")
	b.expect("server", "client.1 > server.80: F. seq 3 win 7")
	b.quiet("server")
	b.must(b.box.Pass(&acks))
	b.expect("server", "client.1 > server.80: . seq 1 win 7", "client.1 > server.80: . seq 2 win 7") // the rules below still act
	b.quiet("server")
	b.send("client.1 > server.80: P. seq 3:4", "client.1 > server.80: . seq 4")
	b.expect("server", "client.1 > server.80: . seq 4 win 7")
	b.must(b.box.Pass(nil))
	b.expect("server", "client.1 > server.80: P. seq 1:2 win 1000", "client.1 > server.80: P. seq 2:3", "client.1 > server.80: P. seq 3:4")
	b.send("client.1 > server.80: P. seq 4:5")
	b.expect("server", "client.1 > server.80: P. seq 4:5 win 1000")
	if err := b.box.Pass(&acks); err == nil || !strings.Contains(err.Error(), "no rule") {
		t.Errorf("Pass of a rule that has ended gives %v", err)
	}
	b.must(b.box.Pass(nil)) // nothing to end is no error
}

func TestDelayIsOvertaken(t *testing.T) {
	t.Parallel()
	b := newBoxTest(t, 1, MiddleboxConfig{})
	b.must(b.box.Delay(b.match("client > server: P.", 0), time.Hour)) // longer than any machine takes to send the second
	b.send("client.1 > server.80: P. seq 1:2", "client.1 > server.80: F. seq 2")
	b.expect("server", "client.1 > server.80: F. seq 2")
}

func TestDelay(t *testing.T) {
	t.Parallel()
	b := newBoxTest(t, 1, MiddleboxConfig{})
	const d = 20 * time.Millisecond
	b.must(b.box.Delay(b.match("client > server: P.", 0), d))
	start := time.Now().Round(0)
	b.send("client.1 > server.80: P. seq 1:2", "client.1 > server.80: P. seq 2:3")
	f := b.expect("server", "client.1 > server.80: P. seq 1:2")
	if took := f.Time.Sub(start); took < d {
		t.Errorf("delayed by %v, want %v at least", took, d)
	}
	b.expect("server", "client.1 > server.80: P. seq 2:3")
	b.send("client.1 > server.80: P. seq 4:5")
	read(t, b.conns["fw/client"])
	b.round++
	m := marker{round: b.round}
	b.must(b.conns["client"].Write(m.frame(clientEnd)))
	b.expect("server", "client.1 > server.80: P. seq 4:5") // the marker waits behind what is delayed
}

func TestRuleActsFromTheCallOn(t *testing.T) {
	t.Parallel()
	b := newBoxTest(t, 1, MiddleboxConfig{})
	for range 20 {
		b.send("client.1 > server.80: . seq 1")
		read(t, b.conns["fw/client"]) // it is there, whether the box has read it or not
		b.must(b.box.Drop(b.match("client > server", 0)))
		b.send("client.1 > server.80: . seq 2")
		b.expect("server", "client.1 > server.80: . seq 1")
		read(t, b.conns["fw/client"])
		b.must(b.box.Pass(nil))
	}
	b.quiet("server")
}

func TestRewriteEachField(t *testing.T) {
	t.Parallel()
	b := newBoxTest(t, 1, MiddleboxConfig{})
	b.handshake()
	match := b.match("client.40001 > server: P.", 0)
	for _, c := range []struct {
		rewrite Rewrite
		want    string
	}{
		{Rewrite{Attrs: segment.Attrs{TTL: new(uint8(1))}}, "client.40001 > server.80: P. ttl=1"},
		{Rewrite{Attrs: segment.Attrs{ID: new(uint16(9)), DF: new(false), TOS: new(uint8(4))}}, "client.40001 > server.80: P. ttl=63 id=9 df=no tos=4"},
		{Rewrite{Seq: &segment.Seq{Start: 301}}, "client.40001 > server.80: P. seq 301:306 ack 1"},
		{Rewrite{SeqAdd: 100, AckAdd: -1}, "client.40001 > server.80: P. seq 101:106 ack 0"},
		{Rewrite{Ack: &segment.Ack{N: 9, Raw: true}}, "client.40001 > server.80: P. seq 1:6 rawack 9"},
		{Rewrite{Flags: new(segment.RST)}, `client.40001 > server.80: R seq 1:6 payload "hello"`},
		{Rewrite{Win: new(uint32(0))}, "client.40001 > server.80: P. win 0 ack 1"},
		{Rewrite{Options: []segment.Option{{Kind: "nop"}, {Kind: "nop"}, {Kind: "sack", Args: []string{"1:101"}}}}, `client.40001 > server.80: P. seq 1:6 ack 1 <nop,nop,sack 1:101> payload "hello"`},
		{Rewrite{Options: []segment.Option{}}, `client.40001 > server.80: P. seq 1:6 ack 1 payload "hello"`},
		{Rewrite{Payload: new("good day")}, `client.40001 > server.80: P. seq 1:9 ack 1 payload "good day"`},
		{Rewrite{Src: &segment.Endpoint{Addr: netip.MustParseAddr("203.0.113.9"), Port: 7}}, `203.0.113.9.7 > server.80: P. seq 1:6`},
		{Rewrite{Dst: &segment.Endpoint{Name: "server", Port: 8080}}, "client.40001 > server.8080: P. seq 1:6"},
	} {
		b.must(b.box.Rewrite(match, c.rewrite))
		b.send(`client.40001 > server.80: P. seq 1:6 ack 1 <nop,nop,TS val 1 ecr 1> payload "hello" tos=8`)
		f := b.expect("server", c.want)
		if c.rewrite.Options != nil && len(c.rewrite.Options) != len(f.Segment.Options) {
			t.Errorf("options are %v", f.Segment.Options)
		}
		if ^inet.Fold(inet.Sum(f.Data[etherLen:etherLen+ipv4Len])) != 0 {
			t.Error("the IPv4 header's checksum is wrong")
		}
		b.must(b.box.Pass(&match))
	}
	if err := b.box.Rewrite(match, Rewrite{Win: new(uint32(65536))}); err == nil {
		t.Error("a window of 65536 is taken")
	}
}

// A box that translates addresses routes by the new ones, as a bump too, and
// tells each end the numbers that it knows.
func TestTranslateAddresses(t *testing.T) {
	t.Parallel()
	for _, hops := range []int{0, 1} {
		b := newBoxTest(t, hops, MiddleboxConfig{})
		outside := segment.Endpoint{Addr: netip.MustParseAddr("203.0.113.9"), Port: 600}
		b.must(b.box.Rewrite(b.match("client.40001 > server.80", 0), Rewrite{Src: &outside, SeqAdd: 100}))
		b.must(b.box.Rewrite(b.match("server.80 > 203.0.113.9.600", 0), Rewrite{Dst: &segment.Endpoint{Name: "client", Port: 40001}, AckAdd: -100}))
		b.send("client.40001 > server.80: S seq 0")
		b.expect("server", "203.0.113.9.600 > server.80: S seq 100")
		b.addrs["outside"] = outside.Addr
		b.send("server.80 > outside.600: S. seq 0 ack 101")
		b.expect("client", "server.80 > client.40001: S. seq 0 ack 1")
		_, err := b.box.Inject(context.Background(), parse(t, "server.80 > client: R. seq 1 ack 1"))
		b.must(err)
		b.expect("client", "server.80 > client.40001: R. seq 1 ack 1")
		_, err = b.box.Inject(context.Background(), parse(t, "203.0.113.9 > server: R"))
		if hops == 1 {
			b.must(err)
			b.expect("server", "203.0.113.9.600 > server.80: R seq 101")
		} else if err == nil {
			t.Error("a bump in the wire forges the link address of a host that it does not know")
		}
	}
}

func TestInject(t *testing.T) {
	t.Parallel()
	for _, hops := range []int{0, 1} {
		b := newBoxTest(t, hops, MiddleboxConfig{TTL: 255})
		b.handshake()
		b.send("client.40001 > server.80: P. seq 1:101 ack 1 win 900", "client.40001 > server.80: P. seq 201:301 ack 1 win 900")
		b.expect("server", "client.40001 > server.80: P. seq 1:101", "client.40001 > server.80: P. seq 201:301")
		for _, c := range []struct{ at, inject, want string }{
			// What is not written is what would be accepted: the gap at 101 is still open.
			{"client", "server > client: R.", "server.80 > client.40001: R. seq 1 ack 101 win 0 length 0 ttl=255 id=1 df=yes tos=0"},
			{"server", "client > server: .", "client.40001 > server.80: . seq 101 ack 1 win 900 ttl=255 id=2"},
			{"server", "client > server: R", "client.40001 > server.80: R seq 101 win 0"},
			{"server", `client.40001 > server: P. seq 1 ack 0 win 5 <nop,nop,sack 1:2> payload "evil" ttl=7 id=9 df=no tos=3`,
				`client.40001 > server.80: P. seq 1:5 ack 0 win 5 <nop,nop,sack 1:2> payload "evil" ttl=7 id=9 df=no tos=3`},
			{"server", "client > server.80: R rawseq 9", "client.40001 > server.80: R rawseq 9"},
			// In a direction without a SYN numbers are absolute.
			{"client", "server.9 > client.8: R. seq 5 ack 6", "server.9 > client.8: R. rawseq 5 rawack 6"},
			{"client", "server.80 > client.40001: icmp port-unreachable", "server.80 > client.40001: icmp port-unreachable ttl=255"},
			// Forged data that went through counts.
			{"server", "client.40001 > server.80: P. seq 101:201", "client.40001 > server.80: P. seq 101:201"},
			{"client", "server.80 > client.40001: R.", "server.80 > client.40001: R. seq 1 ack 301"},
		} {
			sent, err := b.box.Inject(context.Background(), parse(t, c.inject))
			if err != nil {
				t.Fatal(err)
			}
			f := b.expect(c.at, c.want)
			if got, want := f.Segment.String(), sent.String(); f.IsTCP && got != want {
				t.Errorf("Inject returns\n  %s, sent was\n  %s", want, got)
			}
			from := map[string][6]byte{"client": serverEnd, "server": clientEnd}[c.at]
			if hops == 1 {
				from = map[string][6]byte{"client": boxEnds[0], "server": boxEnds[1]}[c.at]
			}
			if [6]byte(f.Data[6:]) != from {
				t.Errorf("forged frame comes from %x, want %x", f.Data[6:12], from)
			}
		}
		sent, err := b.box.Inject(context.Background(), parse(t, "server > client.40001: R. badsum=yes"))
		if err != nil || !sent.BadSum {
			t.Fatal(err, sent)
		}
		if f := read(t, b.conns["client"]); !newFrame(1, f.Time, f.Data).Segment.BadSum {
			t.Error("the checksum is right, want a wrong one")
		}
	}
}

func TestInjectSaysWhatItLacks(t *testing.T) {
	t.Parallel()
	b := newBoxTest(t, 1, MiddleboxConfig{})
	for text, want := range map[string]string{
		"server > client: R.":                            "no connection yet",
		"server.80 > nobody.1: R.":                       `find "nobody"`,
		"server.80 > 203.0.113.1.5: R.":                  "no way leads to 203.0.113.1",
		"server.80 > client.1: icmp admin-prohibited":    "no segment of 192.0.2.1:1",
		"server.80 > client.1: P. length 65530":          "65530 bytes",
		`server.80 > client.1: P. seq 1:3 payload "abc"`: "3 bytes",
		"server.80 > client.1: P. length 9000":           "message too long",
	} {
		if _, err := b.box.Inject(context.Background(), parse(t, text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("inject %s\n  gives %v,\n  want %q", text, err, want)
		}
	}
	b.handshake()
	b.send("client.40002 > server.80: S seq 0")
	b.expect("server", "client.40002 > server.80: S")
	if _, err := b.box.Inject(context.Background(), parse(t, "server > client: R.")); err == nil || !strings.Contains(err.Error(), "2 connections, 198.51.100.2:80 > 192.0.2.1:40001, 198.51.100.2:80 > 192.0.2.1:40002") {
		t.Errorf("inject into one of two connections gives %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := b.box.Inject(ctx, parse(t, "server.80 > client.40001: R.")); err == nil {
		t.Error("injects after its context has ended")
	}
	if err := b.box.Drop(b.match("nobody > server", 0)); err == nil {
		t.Error("takes a rule for nobody")
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	client, server := segment.Endpoint{Name: "client"}, segment.Endpoint{Name: "server"}
	for _, then := range []string{"drop", "reset", "pass"} {
		b := newBoxTest(t, 1, MiddleboxConfig{TTL: 99})
		b.must(b.box.Rewrite(b.match("client > server", 0), Rewrite{Win: new(uint32(7))}))
		b.handshake()
		b.must(b.box.Forget(client, server, then))
		b.send("client.40001 > server.80: P. seq 1:101 ack 1 win 8", "server.80 > client.40001: F. seq 1 ack 1", "client.40001 > server.80: F seq 101", "server.80 > client.40001: R seq 2")
		switch then {
		case "reset":
			b.expect("client", "server.80 > client.40001: R seq 1 win 0 ttl=99", "server.80 > client.40001: R. rawseq 0 ack 102 win 0 ttl=99")
			b.expect("server", "client.40001 > server.80: R seq 1 win 0 ttl=99")
		case "pass":
			b.expect("server", "client.40001 > server.80: P. seq 1:101 win 8", "client.40001 > server.80: F seq 101")
			b.expect("client", "server.80 > client.40001: F. seq 1 ack 1", "server.80 > client.40001: R")
		}
		b.quiet("server")
		b.quiet("client")
		// A new SYN makes new state, for its connection only.
		b.send("client.40002 > server.80: S seq 0")
		b.expect("server", "client.40002 > server.80: S seq 0 win 7")
		b.send("server.80 > client.40002: S. seq 0 ack 1")
		b.expect("client", "server.80 > client.40002: S. seq 0 ack 1")
		if then == "drop" {
			b.send("client.40001 > server.80: . seq 101")
			b.quiet("server")
			b.must(b.box.Pass(nil))
			b.send("client.40001 > server.80: . seq 101")
			b.expect("server", "client.40001 > server.80: . seq 101")
		}
	}
	b := newBoxTest(t, 1, MiddleboxConfig{})
	if err := b.box.Forget(client, server, "sing"); err == nil {
		t.Error("forget takes an unknown end")
	}
	if err := b.box.Forget(client, segment.Endpoint{Name: "nobody"}, "drop"); err == nil {
		t.Error("forget takes an unknown actor")
	}
}

func TestMiddleboxEndsAtOnce(t *testing.T) {
	t.Parallel()
	b := newBoxTest(t, 1, MiddleboxConfig{})
	b.must(b.box.Delay(b.match("client > server", 0), time.Hour))
	b.must(b.box.Hold(b.match("server > client", 0)))
	b.send("client.1 > server.80: S", "server.80 > client.1: S.")
	read(t, b.conns["fw/client"])
	read(t, b.conns["fw/server"])
	// What newBoxTest leaves to the end of the test closes the box.
}
