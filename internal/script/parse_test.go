package script_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"rstlab/internal/script"
)

func mustParse(t *testing.T, src string) *script.File {
	t.Helper()
	f, err := script.Parse("dir/some-case.scenario", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func readSample(t *testing.T, name string) string {
	t.Helper()
	src, err := os.ReadFile("testdata/" + name + ".scenario")
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

func TestDocumentation(t *testing.T) {
	f := mustParse(t, `

# What happens, in a line.
#
# Why it does,
# in prose.
# See: RFC 9293, 3.10.7.4; RFC 6191
# See: Linux tcp_v4_rcv()

# No documentation.
host client
host server
link client server
no reset
`)
	if f.Name != "some-case" || f.Path != "dir/some-case.scenario" || f.Summary != "What happens, in a line." {
		t.Errorf("name %q, path %q, summary %q", f.Name, f.Path, f.Summary)
	}
	if want := []string{"Why it does,", "in prose."}; !slices.Equal(f.Prose, want) {
		t.Errorf("prose %q, want %q", f.Prose, want)
	}
	if want := []string{"RFC 9293, 3.10.7.4", "RFC 6191", "Linux tcp_v4_rcv()"}; !slices.Equal(f.Sources, want) {
		t.Errorf("sources %q, want %q", f.Sources, want)
	}
}

func TestDeclarations(t *testing.T) {
	f := mustParse(t, `requires kernel>=6.10 root exec=curl
label control windows
host client  ip=192.0.2.1,192.0.2.9 ttl=0x40 forward=yes tcp_rmem="4096 8192 16384"
middlebox fw
peer server  isn=7
link client fw  delay=1.5ms mtu=1400 rate=1000000 net=192.0.2.0/24
link fw server
no reset
`)
	if want := []string{"control", "windows"}; !slices.Equal(f.Labels, want) {
		t.Errorf("labels %q, want %q", f.Labels, want)
	}
	kernel := f.Requires[0]
	if kernel.Name != "kernel" || kernel.Op != ">=" || kernel.Value != "6.10" || len(f.Requires) != 3 || f.Requires[2].Value != "curl" {
		t.Errorf("requires %+v", f.Requires)
	}
	client := f.Actor("client")
	if client.Kind != script.Host || f.Actor("server").Kind != script.Peer || f.Actor("nobody") != nil {
		t.Errorf("actors %+v", f.Actors)
	}
	attr := func(attrs []script.Attr, key string) script.Attr {
		a, ok := script.Find(attrs, key)
		if !ok {
			t.Fatalf("no %s= in %v", key, attrs)
		}
		return a
	}
	if addrs, err := attr(client.Attrs, "ip").Addrs(); err != nil || len(addrs) != 2 || addrs[1].String() != "192.0.2.9" {
		t.Errorf("ip %v, %v", addrs, err)
	}
	if n, err := attr(client.Attrs, "ttl").Number(); err != nil || n != 64 {
		t.Errorf("ttl %v, %v", n, err)
	}
	if yes, err := attr(client.Attrs, "forward").Bool(); err != nil || !yes {
		t.Errorf("forward %v, %v", yes, err)
	}
	if s, err := attr(client.Attrs, "tcp_rmem").Text(); err != nil || s != "4096 8192 16384" {
		t.Errorf("tcp_rmem %q, %v", s, err)
	}
	link := f.Links[0]
	if d, err := attr(link.Attrs, "delay").Duration(); err != nil || d != 1500*time.Microsecond {
		t.Errorf("delay %v, %v", d, err)
	}
	if p, err := attr(link.Attrs, "net").Prefix(); err != nil || p.String() != "192.0.2.0/24" {
		t.Errorf("net %v, %v", p, err)
	}
	if taps := f.Taps("fw"); len(taps) != 2 || taps[0].String() != "fw/client" || taps[1].String() != "fw/server" {
		t.Errorf("taps of fw %v", taps)
	}
	if taps := f.Taps("client"); len(taps) != 1 || taps[0].String() != "client" {
		t.Errorf("taps of client %v", taps)
	}
}

// The one event of a file below two hosts, a box and a peer.
func event(t *testing.T, line string) script.Event {
	t.Helper()
	f := mustParse(t, "host client\nmiddlebox fw\nhost server\npeer ghost\nlink client fw\nlink fw server\nlink fw ghost\n"+line+"\nno reset\n")
	return f.Events[len(f.Events)-1]
}

func TestPackets(t *testing.T) {
	p := event(t, "[kernel>=6.11] +1.5s client.40001 > server.80: P. seq 1:101 x3 @fw/client within 30s as data # why").(*script.Packet)
	h := p.Head()
	if h.Cond == nil || h.Cond.Value != "6.11" || h.Delay != 1500*time.Millisecond || h.Within != 30*time.Second || h.As != "data" {
		t.Errorf("head %+v", h)
	}
	if h.Text != "[kernel>=6.11] +1.5s client.40001 > server.80: P. seq 1:101 x3 @fw/client within 30s as data" || h.Pos.Line != 8 {
		t.Errorf("text %q at line %d", h.Text, h.Pos.Line)
	}
	if got := p.Segment.String(); got != "client.40001 > server.80: P. seq 1:101" || p.Count != 3 || p.Tap.String() != "fw/client" || p.Forbidden {
		t.Errorf("packet %s, %+v", got, p)
	}
	if p := event(t, "! client > server: R @server").(*script.Packet); !p.Forbidden || p.Tap.Name != "server" {
		t.Errorf("packet %+v", p)
	}
	if p := event(t, "ghost > client: . ack 1 badsum=yes").(*script.Packet); !p.Segment.BadSum || p.Tap != nil {
		t.Errorf("packet %+v", p)
	}
	if p := event(t, "fw > client: icmp port-unreachable").(*script.Packet); p.Segment.ICMP != "port-unreachable" {
		t.Errorf("packet %+v", p)
	}
}

func TestActions(t *testing.T) {
	action := func(line string) *script.Action { return event(t, line).(*script.Action) }

	a := action(`client connect 2001:db8::1.80 isn=7 fastopen=5 = ECONNREFUSED within 1m`)
	if a.Actor.Name != "client" || a.Verb != "connect" || len(a.Args) != 3 || a.Args[0].Endpoint.String() != "2001:db8::1.80" ||
		a.Args[1].Attr.Key != "isn" || a.Result.Word != "ECONNREFUSED" || a.Within != time.Minute {
		t.Errorf("%+v", a)
	}
	if a = action("server.80 listen\nserver.80 accept as conn\nserver.conn send \"a\\x00\""); a.Actor.Socket != "conn" || *a.Args[0].String != "a\x00" {
		t.Errorf("%+v", a)
	}
	if a = action("server.80 listen\nserver accept"); a.Actor.Port != 80 {
		t.Errorf("the one listener is not filled in: %+v", a.Actor)
	}
	if a = action("client connect server.80\nclient recv 10 = EOF"); *a.Args[0].Number != 10 || a.Actor.Port != 0 {
		t.Errorf("%+v", a)
	}
	if a = action("client.5 connect server.80\nclient state = TIME-WAIT"); a.Result.Word != "TIME-WAIT" || a.Actor.Port != 5 {
		t.Errorf("%+v", a)
	}
	if a = action("client socket mptcp md5=\"a b\""); a.Args[0].Word != "mptcp" || a.Args[1].Attr.Value != `"a b"` {
		t.Errorf("%+v", a)
	}
	if a = action("client exec \"curl server\" = exit 56 as curl\nclient kill curl"); a.Args[0].Word != "curl" {
		t.Errorf("%+v", a)
	}
	if a = action("client exec \"curl server\" = exit 56"); a.Result.Word != "exit" || a.Result.Exit != 56 {
		t.Errorf("%+v", a.Result)
	}
	if a = action("client sysctl net.netfilter.nf_conntrack_max=9 conf.all.rp_filter=0"); a.Args[0].Attr.Key != "net.netfilter.nf_conntrack_max" || a.Args[1].Attr.Value != "0" {
		t.Errorf("%+v", a)
	}
	if a = action("client route 203.0.113.0/24 via server rto_min=40ms"); a.Args[0].Prefix.Bits() != 24 || a.Args[1].Word != "via" || a.Args[2].Endpoint.Name != "server" || a.Args[3].Attr.Key != "rto_min" {
		t.Errorf("%+v", a)
	}
}

func TestMiddleboxActions(t *testing.T) {
	action := func(line string) *script.Action { return event(t, line).(*script.Action) }

	m := action("fw drop client > server: P. seq 1:101 x2").Args[0].Match
	if m.AnyFlags || m.Count != 2 || m.Segment.String() != "client > server: P. seq 1:101" {
		t.Errorf("%+v", m)
	}
	if m = action("fw hold client > server").Args[0].Match; !m.AnyFlags || m.Count != 0 {
		t.Errorf("%+v", m)
	}
	if a := action("fw delay client > server: S 20ms"); *a.Args[1].Duration != 20*time.Millisecond {
		t.Errorf("%+v", a)
	}
	if a := action("fw pass"); len(a.Args) != 0 {
		t.Errorf("%+v", a)
	}
	if a := action("fw forget client server.80 then=reset"); a.Args[1].Endpoint.Port != 80 || a.Args[2].Attr.Value != "reset" {
		t.Errorf("%+v", a)
	}
	if a := action("fw inject client > server: . ack 1 as forged"); a.Args[0].Segment.String() != "client > server: . ack 1" || a.As != "forged" {
		t.Errorf("%+v", a)
	}

	fields := action(`fw rewrite client > server: S to seq=+5 <mss 500,nop> dst=192.0.2.9.80 flags=.S payload "x"`).Args[1].Rewrite
	if len(fields) != 5 {
		t.Fatalf("fields %v", fields)
	}
	if n, by, err := fields[0].Shift(); n != 5 || !by || err != nil {
		t.Errorf("seq %d %v %v", n, by, err)
	}
	if opts, err := fields[1].Options(); err != nil || len(opts) != 2 || opts[0].Args[0] != "500" {
		t.Errorf("options %v %v", opts, err)
	}
	if e, err := fields[2].Endpoint(); err != nil || e.String() != "192.0.2.9.80" {
		t.Errorf("dst %v %v", e, err)
	}
	if f, err := fields[3].Flags(); err != nil || f.String() != "S." {
		t.Errorf("flags %v %v", f, err)
	}
	if s, err := fields[4].Text(); err != nil || s != "x" {
		t.Errorf("payload %q %v", s, err)
	}
}

func TestTruths(t *testing.T) {
	f := mustParse(t, readSample(t, "five-retransmit-timeout"))
	var head *script.EventHead
	for _, ev := range f.Events {
		if ev.Head().Truth != nil {
			head = ev.Head()
		}
	}
	if head == nil || head.Truth.Cause != "retransmission-timeout" || head.Truth.By != "server" || len(head.Truth.Evidence) != 6 || len(head.Seen) != 2 {
		t.Fatalf("head %+v", head)
	}
	one, two := head.Seen[0], head.Seen[1]
	if len(one.Taps) != 1 || one.Strength != "possible" || !slices.Equal(one.Causes, []string{"retransmission-timeout", "abortive-close"}) ||
		one.SenderStrength != "likely" || one.By != "server" {
		t.Errorf("seen %+v", one)
	}
	if len(two.Taps) != 2 || two.Taps[1].Name != "server" || two.Strength != "proven" || two.SenderStrength != "" {
		t.Errorf("seen %+v", two)
	}

	f = mustParse(t, `host client
host server
link client server
client > server: R as first

# Comments and blank lines may stand between a reset and its truth.
    => abortive-close by client not half-open, syn-scan
client > server: R
    => secondary-reset by client after first
    seen as undetermined why one-direction possible by client
`)
	if got := f.Events[0].Head().Truth.Not; !slices.Equal(got, []string{"half-open", "syn-scan"}) {
		t.Errorf("not %q", got)
	}
	second := f.Events[1].Head()
	if seen := second.Seen[0]; second.Truth.After != "first" || !seen.Undetermined || seen.Why != "one-direction" || seen.SenderStrength != "possible" || seen.By != "client" || seen.Taps != nil {
		t.Errorf("%+v", second)
	}
}

func TestNoReset(t *testing.T) {
	if f := mustParse(t, readSample(t, "graceful-close")); !f.NoReset || f.NoResetPos.Line != 16 {
		t.Errorf("no reset %v at %v", f.NoReset, f.NoResetPos)
	}
	if f := mustParse(t, readSample(t, "abortive-close")); f.NoReset {
		t.Error("no reset is claimed")
	}
}
