package derive

import (
	"fmt"
	"strings"
	"testing"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
)

// eventsOf gives the lines of a scenario from the first of its events on.
func eventsOf(t *testing.T, list string) string {
	t.Helper()
	_, events, _ := strings.Cut(derived(t, Options{}, list), "\n\n")
	return strings.Join(strings.Fields(events), " ")
}

// What the reset of a close does not acknowledge had not come when the program
// closed, however many segments are between; each then draws a reset.
func TestSegmentsOnTheirWayComeBehindTheReset(t *testing.T) {
	text := eventsOf(t, handshakeNear+`
		client.40001 > server.80: .  seq 1:1461 ack 1
		client.40001 > server.80: .  seq 1461:2921 ack 1
		client.40001 > server.80: .  seq 2921:4381 ack 1
		client.40001 > server.80: P. seq 4381:4481 ack 1
		+400us server.80 > client.40001: R. seq 1 ack 1461
		server.80 > client.40001: R seq 1 win 0 id=0
		server.80 > client.40001: R seq 1 win 0 id=0
		server.80 > client.40001: R seq 1 win 0 id=0`)
	for _, want := range []string{
		"client.40001 send 1460 client.40001 > server.80: . seq 1:1461 path hold client.40001 > server.80 # frames 5 to 7 are on their way meanwhile",
		"client.40001 send 3020 client.40001 > server.80: P. seq 4381:4481 @client server.80 accept server.80 close # without reading what came",
		"path pass client.40001 > server.80 server.80 > client.40001: R. seq 1 ack 1461",
		"server.80 > client.40001: R seq 1 win 0 x3 # frames 9 to 11 => secondary-reset by server",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "overtaken") {
		t.Errorf("a reset is kept back that answers what is kept back itself:\n%s", text)
	}
}

const handshakeNear = `
	client.40001 > server.80: S  seq 0 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>
	server.80 > client.40001: S. seq 0 ack 1 id=0 <mss 1460,sackOK,TS val 1 ecr 1,nop,wscale 7>
	client.40001 > server.80: .  ack 1
`

// Of the resets that answer what was on its way, and of that, a few are enough.
func TestFloodOfAnswersIsFolded(t *testing.T) {
	const segments = 40
	var list strings.Builder
	list.WriteString(handshakeNear + "client.40001 > server.80: P. seq 1:101 ack 1\nserver.80 > client.40001: .  ack 101\n")
	data := func(i int) {
		fmt.Fprintf(&list, "server.80 > client.40001: . seq %d:%d ack 101\n", 1+i*1448, 1+(i+1)*1448)
	}
	data(0)
	list.WriteString("client.40001 > server.80: F. seq 101 ack 1449\n")
	for i := 1; i <= segments; i++ {
		data(i)
		list.WriteString("client.40001 > server.80: R seq 101 win 0 id=0\n")
	}
	text := derived(t, Options{}, list.String())
	if n := strings.Count(text, "=> secondary-reset by client"); n > floodBegin+1 {
		t.Errorf("%d rows of further resets are told, want %d at most:\n%s", n, floodBegin+1, text)
	}
	// The first reset, two further ones and the last are told, with what each answers.
	if n := strings.Count(text, "R  seq 101"); n != 4 {
		t.Errorf("%d lines have resets, want 4:\n%s", n, text)
	}
	for _, want := range []string{"36 resets that answer what was on its way", "client.40001 > server.80: R  seq 101"} {
		if !strings.Contains(strings.ReplaceAll(text, "\n# ", " "), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// Where a FIN was not acknowledged before a reset came, its receiver's kernel
// must not be quick with ACKs: that one would draw another reset.
func TestFINThatWasNotAcknowledged(t *testing.T) {
	text := eventsOf(t, handshakeNear+`
		client.40001 > server.80: P. seq 1:101 ack 1
		server.80 > client.40001: .  ack 101
		server.80 > client.40001: F. seq 1 ack 101
		client.40001 > server.80: P. seq 101:201 ack 1
		server.80 > client.40001: R seq 1 win 0 id=0`)
	want := "client route server quickack=0 rto_min=10s # frame 6 was not acknowledged before the reset came; nothing is sent twice, however slow the machine"
	if !strings.Contains(text, want) || strings.Count(text, "client route server") != 1 {
		t.Errorf("want once %q in\n%s", want, text)
	}
}

// What passes behind the reset of the end that it goes to is sent behind it, though
// it went with the same write.
func TestSendEndsAtTheReset(t *testing.T) {
	text := eventsOf(t, handshakeNear+`
		client.40001 > server.80: P. seq 1:101 ack 1
		server.80 > client.40001: .  ack 101
		server.80 > client.40001: .  seq 1:1461 ack 101
		server.80 > client.40001: .  seq 1461:2921 ack 101
		client.40001 > server.80: R. seq 101 ack 2921
		server.80 > client.40001: .  seq 2921:4381 ack 101
		client.40001 > server.80: R seq 101 win 0 id=0`)
	for _, want := range []string{"server.80 send 2920 ", "server.80 send 1460 server.80 > client.40001: . seq 2921:4381", "client.40001 recv 2920 = 2920 client.40001 set linger=0"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// Of an undetermined verdict's alternatives the first is played that a kernel
// shows, else the first.
func TestAlternativeThatAKernelShows(t *testing.T) {
	late := analyzer.Alternative{Cause: cause.DataAfterClose, Sender: analyzer.Originator}
	unread := analyzer.Alternative{Cause: cause.CloseUnreadData, Sender: analyzer.Originator}
	for _, test := range []struct {
		all  []analyzer.Alternative
		want cause.ID
	}{
		{[]analyzer.Alternative{late, unread}, cause.CloseUnreadData},
		{[]analyzer.Alternative{late}, cause.DataAfterClose},
	} {
		p := &pkt{form: spontaneous, verdict: &analyzer.Verdict{Cause: cause.NoCauseDecided, Sender: analyzer.Originator, Alternatives: test.all}}
		if c := (&story{}).claim(p); c.cause != test.want {
			t.Errorf("of %v %s is played, want %s", test.all, c.cause, test.want)
		}
	}
}

// A rule for a segment stands before the write that it is a part of: the kernel
// sends all of that at once.
func TestLossWithinAWrite(t *testing.T) {
	text := eventsOf(t, handshakeNear+`
		client.40001 > server.80: .  seq 1:1461 ack 1
		client.40001 > server.80: P. seq 1461:1501 ack 1
		server.80 > client.40001: .  ack 1461
		+300ms client.40001 > server.80: P. seq 1461:1501 ack 1
		server.80 > client.40001: .  ack 1501
		+100ms server.80 > client.40001: R. seq 1 ack 1501`)
	want := "path drop client.40001 > server.80: . seq 1461:1501 x1 # lost: frame 7 sends it again client.40001 send 1500 "
	if !strings.Contains(text, want) {
		t.Errorf("no %q in\n%s", want, text)
	}
}

// Linux puts small segments together when it sends them again, a FIN too: all of
// them were lost, and no end is scripted for that.
func TestSentAgainTogether(t *testing.T) {
	text := derived(t, Options{}, handshakeNear+`
		server.80 > client.40001: P. seq 1:101 ack 1
		+50ms server.80 > client.40001: P. seq 101:201 ack 1
		+50ms server.80 > client.40001: F. seq 201 ack 1
		+100ms server.80 > client.40001: FP. seq 1:201 ack 1
		client.40001 > server.80: .  ack 202
		+100ms client.40001 > server.80: R. seq 1 ack 202`)
	for _, want := range []string{
		"drop server.80 > client.40001: .  seq 1:101 x1", "drop server.80 > client.40001: .  seq 101:201 x1",
		"drop server.80 > client.40001: F. seq 201 x1", "server.80 > client.40001: FP. seq 1:201", "client.40001 recv = 200",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "scripted") {
		t.Errorf("an end is scripted:\n%s", text)
	}
}

// Where copies of a segment are counted at a tap, the next one waits there, too:
// the count goes as far as that.
func TestCountEndsAtItsTap(t *testing.T) {
	text := eventsOf(t, handshakeNear+`
		client.40001 > server.80: P. seq 1:101 ack 1
		+300ms client.40001 > server.80: P. seq 1:101 ack 1
		+600ms client.40001 > server.80: P. seq 1:101 ack 1
		server.80 > client.40001: .  ack 101
		+200ms server.80 > client.40001: R. seq 1 ack 101`)
	want := "client.40001 > server.80: P. seq 1:101 x2 @client client.40001 > server.80: P. seq 1:101 @client "
	if !strings.Contains(text, want) {
		t.Errorf("no %q in\n%s", want, text)
	}
}

// A program that aborts had read what the window tells that it had read: else it
// would look as if it closed with that unread. Where the window stands still, it
// reads nothing.
func TestReadsAsTheWindowTells(t *testing.T) {
	list := func(win int) string {
		var b strings.Builder
		b.WriteString(handshakeNear + "client.40001 > server.80: P. seq 1:101 ack 1 win 500\nserver.80 > client.40001: .  ack 101 win 500\n")
		for i := range 6 {
			fmt.Fprintf(&b, "+5ms server.80 > client.40001: . seq %d:%d ack 101 win 500\n", 1+i*1460, 1+(i+1)*1460)
			fmt.Fprintf(&b, "client.40001 > server.80: . seq 101 ack %d win %d\n", 1+(i+1)*1460, 500-i*win)
		}
		b.WriteString("+50ms client.40001 > server.80: R. seq 101 ack 8761 win 500\n")
		return b.String()
	}
	if text := eventsOf(t, list(0)); !strings.Contains(text, "client.40001 recv 2920 = 2920 server.80 > client.40001: . seq 4381") || strings.Count(text, "client.40001 recv") < 2 {
		t.Errorf("want reads as the data comes:\n%s", text)
	}
	if text := eventsOf(t, list(12)); strings.Contains(text, "client.40001 recv 2920 = 2920") {
		t.Errorf("want no read before the end:\n%s", text)
	}
}

// An ACK that draws a reset came behind the one that ended the connection: it is
// kept back until that is out.
func TestACKThatDrawsAReset(t *testing.T) {
	text := eventsOf(t, handshakeNear+`
		client.40001 > server.80: P. seq 1:101 ack 1
		server.80 > client.40001: .  ack 101
		server.80 > client.40001: P. seq 1:9 ack 101
		client.40001 > server.80: .  ack 9
		server.80 > client.40001: R. seq 9 ack 101
		server.80 > client.40001: R seq 9 win 0 id=0`)
	want := "path pass client.40001 > server.80: . ack 9"
	end := strings.Index(text, "server.80 close")
	if i := strings.Index(text, want); i < end || end < 0 {
		t.Errorf("no %q behind the close in\n%s", want, text)
	}
}

// The ACKs of what was left out go with it: they would acknowledge the same again
// and again.
func TestACKsOfWhatIsLeftOut(t *testing.T) {
	const segments = 40
	var list strings.Builder
	list.WriteString(handshakeNear + "client.40001 > server.80: P. seq 1:101 ack 1\nserver.80 > client.40001: .  ack 101\n")
	for i := range segments {
		fmt.Fprintf(&list, "server.80 > client.40001: . seq %d:%d ack 101\n", 1+i*1000, 1+(i+1)*1000)
	}
	for i := range segments {
		fmt.Fprintf(&list, "client.40001 > server.80: . seq 101 ack %d\n", 1+(i+1)*1000)
	}
	list.WriteString("+30ms client.40001 > server.80: R. seq 101 ack 40001\n")
	trouble, err := Read(t.Context(), []Input{input(t, "trouble.pcapng", list.String())}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sc, err := trouble.Scenario("trouble")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int64]int{}
	for _, p := range sc.story.packets {
		if p.from == originator && p.pure() {
			if seen[p.ack]++; seen[p.ack] > 1 {
				t.Errorf("%d is acknowledged again in frame %d", p.ack, p.frame())
			}
		}
	}
}

// What a device answered with a bare reset, and nobody acknowledged, it kept back.
func TestDeviceKeepsBackWhatItAnswers(t *testing.T) {
	text := derived(t, Options{}, `
		client.40001 > server.443: S  seq 0 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>
		+400us server.443 > client.40001: S. seq 0 ack 1 id=0 ttl=63 <mss 1460,sackOK,TS val 1 ecr 1,nop,wscale 7>
		client.40001 > server.443: .  ack 1
		client.40001 > server.443: P. seq 1:30 ack 1
		server.443 > client.40001: R seq 1 win 0 id=0 ttl=64
		+20ms server.443 > client.40001: P. seq 1:8 ack 1 ttl=63
		client.40001 > server.443: R seq 1 win 0 id=0`)
	if !strings.Contains(text, "device drop client.40001 > server.443: .  seq 1:30 x1") || strings.Contains(text, "hold") {
		t.Errorf("want what the device answers dropped:\n%s", text)
	}
}

// Two points between which addresses are translated see one connection, and the
// scenario says that it has no translator.
func TestTranslatedBetweenThePoints(t *testing.T) {
	list := func(client, ttl, far string) string {
		return strings.NewReplacer("CLIENT", client, "TTL", ttl, "FAR", far).Replace(`
		CLIENT.40001 > server.80: S  rawseq 1000 id=1 <mss 1460> ttl=TTL
		server.80 > CLIENT.40001: S. rawseq 5000 rawack 1001 id=1 <mss 1460> ttl=FAR
		CLIENT.40001 > server.80: .  rawseq 1001 rawack 5001 id=2 ttl=TTL
		CLIENT.40001 > server.80: P. rawseq 1001:1101 rawack 5001 id=3 ttl=TTL
		server.80 > CLIENT.40001: .  rawseq 5001 rawack 1101 id=2 ttl=FAR
		+100ms server.80 > CLIENT.40001: R. rawseq 5001 rawack 1101 id=3 ttl=FAR`)
	}
	trouble, err := Read(t.Context(), []Input{
		input(t, "client.pcapng", list("client", "64", "63")), input(t, "server.pcapng", list("other", "63", "64"))}, Options{Stream: 1})
	if err != nil {
		t.Fatal(err)
	}
	sc, err := trouble.Scenario("nat")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(sc.Text), "\n# ", " ")
	for _, want := range []string{"Between the two points a device translates addresses; here none does.", "# frame 6, and 6 of "} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, sc.Text)
		}
	}
}

// A segment out of order is a late one, unless its sender's counting of IP packets
// says that it was sent behind: then its first transmission was lost.
func TestLateOrSentAgain(t *testing.T) {
	list := handshakeNear + `
		client.40001 > server.80: .  seq 1461:2921 ack 1 id=%d
		client.40001 > server.80: P. seq 1:1461 ack 1 id=%d
		server.80 > client.40001: .  ack 2921
		+100ms server.80 > client.40001: R. seq 1 ack 2921`
	if text := eventsOf(t, fmt.Sprintf(list, 12, 11)); strings.Contains(text, "drop") {
		t.Errorf("a late segment was lost:\n%s", text)
	}
	if text := eventsOf(t, fmt.Sprintf(list, 11, 12)); !strings.Contains(text, "drop client.40001 > server.80: . seq 1:1461 x1") {
		t.Errorf("want the first transmission lost:\n%s", text)
	}
}
