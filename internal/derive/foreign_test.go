package derive

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A clock that stands still takes nothing of the order: it is the capture's.
func TestEqualStampsKeepTheOrder(t *testing.T) {
	var list strings.Builder
	want := []string{"client.40001 > server.80: S  ", "server.80 > client.40001: S."}
	list.WriteString(`
		client.40001 > server.80: S  seq 0 <mss 1460>
		+0s server.80 > client.40001: S. seq 0 ack 1 <mss 1460> ttl=52
		+0s client.40001 > server.80: .  ack 1`)
	const turns = 6
	for i := range turns {
		ask, answer := 1+100*i, 1+2920*i
		fmt.Fprintf(&list, `
		+0s client.40001 > server.80: P. seq %d:%d ack %d
		+0s server.80 > client.40001: P. seq %d:%d ack %d ttl=52
		+0s client.40001 > server.80: .  ack %d`, ask, ask+100, answer, answer, answer+2920, ask+100, answer+2920)
		want = append(want, fmt.Sprintf("client.40001 > server.80: P. seq %d:", ask), fmt.Sprintf("server.80 > client.40001: P. seq %d:", answer))
	}
	fmt.Fprintf(&list, `
		+0s server.80 > client.40001: R. seq %d ack %d ttl=52`, 1+2920*turns, 1+100*turns)
	trouble, err := Read(t.Context(), []Input{input(t, "still.pcapng", list.String())}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sc, err := trouble.derive("still", variant{scripted: [2]string{"so", "so"}})
	if err != nil {
		t.Fatal(err)
	}
	inOrder(t, string(sc.Text), append(want, "server.80 > client.40001: R. ")...)
}

// inOrder looks for parts of a text, one behind the other.
func inOrder(t *testing.T, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, part := range parts {
		_, behind, found := strings.Cut(rest, part)
		if !found {
			t.Fatalf("no %q behind what comes before it in\n%s", part, text)
		}
		rest = behind
	}
}

// What the capture lost went in segments as any other: a kernel sends no longer
// ones, and no link takes a scripted end's. Of much that was lost little is sent.
func TestUnseenBytesGoInSegments(t *testing.T) {
	const acknowledged = `
		client.40001 > server.80: .  ack 2897
		client.40001 > server.80: .  ack 4369`
	for _, test := range []struct {
		name, list string
		want       []string
	}{
		{"acknowledged", acknowledged + `
			+20ms server.80 > client.40001: R. seq 4369 ack 1 ttl=52`,
			[]string{"seq 1:1461 ", "seq 1461:2897 ", "seq 2897:4357 ", "seq 4357:4369 ", "R. seq 4369"}},
		{"skipped", `
			+20ms server.80 > client.40001: P. seq 100001:100101 ack 1 ttl=52
			client.40001 > server.80: .  ack 100101
			+20ms server.80 > client.40001: R. seq 100101 ack 1 ttl=52`,
			[]string{"seq 1:1461 ", "seq 4381:5841 ", "seq 5841:5941", "R. seq 5941"}},
		{"lost, and sent again", `
			+20ms server.80 > client.40001: P. seq 2921:3021 ack 1 ttl=52
			+20ms server.80 > client.40001: .  seq 1:1461 ack 1 ttl=52
			+20ms server.80 > client.40001: .  seq 1461:2921 ack 1 ttl=52
			client.40001 > server.80: .  ack 3021
			+20ms server.80 > client.40001: R. seq 3021 ack 1 ttl=52`,
			[]string{"seq 2921:3021", "seq 1:1461", "seq 1461:2921", "R. seq 3021"}},
	} {
		for _, scripted := range [][2]string{{}, {"", "so"}} {
			t.Run(test.name+scripted[1], func(t *testing.T) {
				handshake := strings.ReplaceAll(handshakeList, "TS val 1 ecr 0,", "")
				handshake = strings.ReplaceAll(handshake, "TS val 1 ecr 1,", "")
				trouble, err := Read(t.Context(), []Input{input(t, "a.pcapng", handshake+test.list)}, Options{})
				if err != nil {
					t.Fatal(err)
				}
				sc, err := trouble.derive("a", variant{scripted: scripted})
				if err != nil {
					t.Fatal(err)
				}
				inOrder(t, string(sc.Text), test.want...)
			})
		}
	}
}

// An option that nobody knows may hold the client's address, as balancers write
// it for the server behind them; MPTCP has one for addresses.
func TestOptionsTellNoAddress(t *testing.T) {
	const list = `
		client.40001 > server.80: S  seq 0 <mss 1460,unknown-254 "9c410a090807">
		+20ms server.80 > client.40001: S. seq 0 ack 1 <mss 1460> ttl=52
		client.40001 > server.80: .  ack 1 <mptcp add-addr flags 1 "010a090807">
		client.40001 > server.80: P. seq 1:101 ack 1
		+20ms server.80 > client.40001: R. seq 1 ack 101 ttl=52`
	for _, test := range []struct {
		o    Options
		want bool
	}{{Options{}, false}, {Options{KeepAddresses: true}, true}} {
		trouble, err := Read(t.Context(), []Input{input(t, "a.pcapng", list)}, test.o)
		if err != nil {
			t.Fatal(err)
		}
		sc, err := trouble.derive("a", variant{scripted: [2]string{"so", "so"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(sc.Text), "0a090807"); got != test.want {
			t.Errorf("KeepAddresses %v: the address is there: %v\n%s", test.o.KeepAddresses, got, sc.Text)
		}
		if !strings.Contains(string(sc.Text), "unknown-254") || !strings.Contains(string(sc.Text), "add-addr") {
			t.Errorf("the options themselves are gone:\n%s", sc.Text)
		}
	}
}

// What scripted ends send is as long as it was, options and all: the links
// take it.
func TestLinksTakeOptions(t *testing.T) {
	trouble, err := Read(t.Context(), []Input{input(t, "a.pcapng", `
		client.40001 > server.80: S  seq 0 <mss 1460>
		+20ms server.80 > client.40001: S. seq 0 ack 1 <mss 1460> ttl=52
		client.40001 > server.80: .  ack 1
		server.80 > client.40001: P. seq 1:1461 ack 1 <unknown-254 "0000",nop,nop> ttl=52
		server.80 > client.40001: R. seq 1461 ack 1 ttl=52`)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sc, err := trouble.derive("a", variant{scripted: [2]string{"so", "so"}})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(sc.Text), "mtu=1508") {
		t.Errorf("no mtu=1508 in\n%s", sc.Text)
	}
}

// A reset that a segment drew tells how far away its sender is, where all
// before it took a program's time.
func TestResetTellsTheDistance(t *testing.T) {
	trouble, err := Read(t.Context(), []Input{input(t, "a.pcapng", `
		client.40001 > server.80: S  seq 0 <mss 1460>
		+100ms server.80 > client.40001: S. seq 0 ack 1 <mss 1460>
		client.40001 > server.80: .  ack 1
		+200us server.80 > client.40001: P. seq 1:101 ack 1
		client.40001 > server.80: F. seq 1 ack 101
		+100ms server.80 > client.40001: F. seq 101 ack 2
		client.40001 > server.80: .  ack 102
		+600us server.80 > client.40001: R  seq 102 win 0 id=0`)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sc, err := trouble.Scenario("a")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := sc.story.conns[0].rtt[responder], 600*time.Microsecond; got != want {
		t.Errorf("the server is %v away, want %v:\n%s", got, want, sc.Text)
	}
}

// What the replay's taps showed takes the place of what was expected of them,
// also where they showed the truth itself.
func TestSeenIsWhatWasSeen(t *testing.T) {
	trouble, err := Read(t.Context(), []Input{input(t, "a.pcapng", `
		client.40001 > server.80: P. seq 1:46 ack 1
		+1s client.40001 > server.80: R. seq 46 ack 1`)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		seen map[frameRef][]string
		want bool
	}{{nil, true}, {map[frameRef][]string{}, false}} {
		sc, err := trouble.derive("a", variant{seen: test.seen})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(sc.Text), "seen as possible abortive-close or close-unread-data"); got != test.want {
			t.Errorf("seen %v: expected to be open: %v\n%s", test.seen, got, sc.Text)
		}
	}
}

// The handshake that is assumed before a capture is over when the server sends
// the first packet that was captured: its program can only then.
func TestServerFirstAfterTheHandshake(t *testing.T) {
	const list = `
		server.80 > client.40001: P. seq 1:32 ack 1
		+1ms server.80 > client.40001: F. seq 32 ack 1
		+160ms client.40001 > server.80: P. seq 1:32 ack 1
		+1ms client.40001 > server.80: F. seq 32 ack 1
		+3ms client.40001 > server.80: R  seq 1 win 0 id=0
		+100us client.40001 > server.80: R  seq 1 win 0 id=0`
	text := derived(t, Options{}, list)
	inOrder(t, text, "server.80 accept", "server.80 send 31")
	trouble, err := Read(t.Context(), []Input{input(t, "a.pcapng", list)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sc, err := trouble.derive("a", variant{scripted: [2]string{"", "so"}})
	if err != nil {
		t.Fatal(err)
	}
	inOrder(t, string(sc.Text), "client.40001 connect server.80 = ok", "server.80 > client.40001: S.", "server.80 > client.40001: P. seq 1:32")
}

// A capture may have any name that a system allows.
func TestCaptureOfAnyName(t *testing.T) {
	const list = `
		client.40001 > server.80: S  seq 0 <mss 1460>
		server.80 > client.40001: R. rawseq 0 ack 1 win 0`
	for name, want := range map[string]string{
		"dir/it's a # \"capture\".pcap": `See: it's a # "capture".pcap, frames`,
		"dir/two\nlines\x1b[31m.pcapng": `See: two\nlines\x1b[31m.pcapng, frames`,
		"dir/caf\xe9.pcap":              `See: caf\xe9.pcap, frames`,
		"dir/Prüfstand.pcap":            `See: Prüfstand.pcap, frames`,
	} {
		trouble, err := Read(t.Context(), []Input{input(t, name, list)}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		sc, err := trouble.Scenario("a")
		if err != nil {
			t.Errorf("%q: %v", name, err)
		} else if !strings.Contains(string(sc.Text), want) {
			t.Errorf("%q: no %q in\n%s", name, want, sc.Text)
		}
	}
}

// Clocks of two points need not agree: what one of them saw of a connection is
// found by the other's beside it, and the story is told where the reset was seen.
func TestTwoClocks(t *testing.T) {
	const open = `
		client.40001 > server.22: S  seq 0 <mss 1460> id=1
		+100us server.22 > client.40001: S. seq 0 ack 1 <mss 1460> ttl=63 id=0
		client.40001 > server.22: .  ack 1 id=2`
	client := input(t, "client.pcapng", open+`
		+1ms client.40002 > server.445: S  seq 0 <mss 1460> id=7
		+50us server.445 > client.40002: R. rawseq 0 ack 1 win 0 id=0`)
	server := input(t, "server.pcapng", `
		+2h client.40001 > server.22: S  seq 0 <mss 1460> id=1 ttl=63
		+20us server.22 > client.40001: S. seq 0 ack 1 <mss 1460> id=0
		+100us client.40001 > server.22: .  ack 1 id=2 ttl=63`)
	for _, both := range [][]Input{{client, server}, {server, client}} {
		trouble, err := Read(t.Context(), both, Options{})
		if err != nil {
			t.Fatal(err)
		}
		sc, err := trouble.Scenario("both")
		if err != nil {
			t.Fatal(err)
		}
		inOrder(t, string(sc.Text), "client.40001 connect server.22 = ok", "inject server.445 > client.40002: R.", "# frame 5 of client.pcapng", "=> firewall-reject-syn by ")
	}
}

// The segment that a device turned into a reset came before that, where two clocks
// have them at one moment, too.
func TestTurnedSegmentComesFirst(t *testing.T) {
	client := input(t, "client.pcapng", `
		client.40001 > server.443: S  seq 0 <mss 1460> id=1
		+300us server.443 > client.40001: S. seq 0 ack 1 <mss 1460> id=0
		+20us client.40001 > server.443: .  ack 1 id=2
		+80us client.40001 > server.443: P. seq 1:201 ack 1 id=3
		+300us server.443 > client.40001: .  ack 201 id=10
		+340us server.443 > client.40001: R. seq 1 ack 201 id=11
		+100540us server.443 > client.40001: P. seq 101:141 ack 201 id=12
		+20us client.40001 > server.443: R  seq 201 win 0 id=0`)
	server := input(t, "server.pcapng", `
		+150us client.40001 > server.443: S  seq 0 <mss 1460> id=1
		+20us server.443 > client.40001: S. seq 0 ack 1 <mss 1460> id=0
		+300us client.40001 > server.443: .  ack 1 id=2
		+80us client.40001 > server.443: P. seq 1:201 ack 1 id=3
		+20us server.443 > client.40001: .  ack 201 id=10
		+340us server.443 > client.40001: P. seq 1:101 ack 201 id=11
		+100540us server.443 > client.40001: P. seq 101:141 ack 201 id=12
		+300us client.40001 > server.443: R  seq 201 win 0 id=0`)
	trouble, err := Read(t.Context(), []Input{client, server}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sc, err := trouble.Scenario("both")
	if err != nil {
		t.Fatal(err)
	}
	inOrder(t, string(sc.Text), "rewrite server.443 > client.40001: ", "server.443 send 100", "server.443 > client.40001: R. seq 1 ack 201")
}

// What no scenario can write is told, and not found by playing.
func TestPortZero(t *testing.T) {
	trouble, err := Read(t.Context(), []Input{input(t, "a.pcapng", `
		client.40001 > server.80: S  seq 0 <mss 1460>
		server.80 > client.40001: R. rawseq 0 ack 1 win 0`)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range trouble.recs {
		r.Ref.Originator = "10.9.8.7:0"
	}
	const want = "derive scenario: 10.9.8.7:0 and 172.16.5.4:80 talk from port 0 or to it, which a scenario can't write"
	if _, err := trouble.Scenario("a"); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
