package derive

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

const handshakeList = `
	client.40001 > server.80: S  seq 0 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>
	+20ms server.80 > client.40001: S. seq 0 ack 1 id=0 <mss 1460,sackOK,TS val 1 ecr 1,nop,wscale 7> ttl=52
	client.40001 > server.80: .  ack 1
`

// Each capture is followed by the scenario that a reader of it would write.
func TestScenarioOf(t *testing.T) {
	for _, test := range []struct{ name, list, want string }{{
		"refused", `
		client.40001 > server.80: S  seq 0 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>
		+300us server.80 > client.40001: R. rawseq 0 ack 1 win 0 id=0`, `
# Port-closed by the server: the SYN met a port on which nothing listens.
#
# The ends are near each other.
# See: trouble.pcapng, frames 1 to 2, connection 0
host client
host server
link client server

client.40001 connect server.80 = ECONNREFUSED
client.40001 > server.80: S
server.80 > client.40001: R. seq 0 ack 1 win 0   # frame 2
    => port-closed by server
`}, {
		// The link is as long as the capture says, the TTL what came of it, and
		// nobody waits where the wait is no evidence.
		"aborted after a pause", handshakeList + `
		client.40001 > server.80: P. seq 1:101 ack 1
		+20ms server.80 > client.40001: .  ack 101 ttl=52
		+5s server.80 > client.40001: R. seq 1 ack 101 ttl=52 id=3`, `
# Abortive-close by the server: a program ended the connection by aborting it.
#
# Captured near the client, 20ms from the server and back. The 5.04s of the
# capture are told faster.
# See: trouble.pcapng, frames 1 to 6, connection 0
host client
host server  ttl=52                          # 64 at its source, 12 hops away
link client server  delay=10ms

server.80 listen
client.40001 connect server.80 = ok
client.40001 > server.80: S
server.80 > client.40001: S.
client.40001 send 100
client.40001 > server.80: P. seq 1:101
server.80 > client.40001: .  ack 101
+100ms server.80 accept
server.80 recv = 100
server.80 set linger=0
server.80 close
server.80 > client.40001: R. seq 1 ack 101   # frame 6
    => abortive-close by server
    seen as possible abortive-close or close-unread-data by server
client.40001 recv = ECONNRESET
`}, {
		// What the client sends into its end, and what its kernel says to that.
		"data after close", handshakeList + `
		client.40001 > server.80: P. seq 1:101 ack 1
		+20ms server.80 > client.40001: F. seq 1 ack 101 ttl=52
		+1ms client.40001 > server.80: P. seq 101:201 ack 2
		+20ms server.80 > client.40001: R seq 2 win 0 id=0 ttl=52`, `
# Data-after-close by the server: data arrived at an endpoint that had already closed.
#
# Captured near the client, 20ms from the server and back.
# See: trouble.pcapng, frames 1 to 7, connection 0
host client
host server  ttl=52                          # 64 at its source, 12 hops away
link client server  delay=10ms

client route server rto_min=10s              # nothing is sent twice, however slow the machine
server.80 listen
client.40001 connect server.80 = ok
client.40001 > server.80: S
server.80 > client.40001: S.
client.40001 send 100
client.40001 > server.80: P. seq 1:101
server.80 accept
server.80 recv = 100
server.80 close
server.80 > client.40001: F. seq 1 ack 101
client.40001 send 100
client.40001 > server.80: P. seq 101:201
server.80 > client.40001: R  seq 2 win 0     # frame 7
    => data-after-close by server
`}, {
		// A stack that resets by itself is none of Linux's.
		"five retransmissions", `
		client.40001 > server.80: S  seq 0 <mss 1460,nop,wscale 8,nop,nop,sackOK>
		+200us server.80 > client.40001: S. seq 0 ack 1 win 8192 <mss 1460> ttl=128
		client.40001 > server.80: .  ack 1
		server.80 > client.40001: P. seq 1:101 ack 1 ttl=128
		+300ms  server.80 > client.40001: P. seq 1:101 ack 1 ttl=128
		+600ms  server.80 > client.40001: P. seq 1:101 ack 1 ttl=128
		+1200ms server.80 > client.40001: P. seq 1:101 ack 1 ttl=128
		+2400ms server.80 > client.40001: P. seq 1:101 ack 1 ttl=128
		+4800ms server.80 > client.40001: P. seq 1:101 ack 1 ttl=128
		+9600ms server.80 > client.40001: R. seq 101 ack 1 win 0 ttl=128`, `
# Retransmission-timeout by the server: the same segment was sent again and again without an answer, then the sender reset.
#
# The ends are near each other. The 18.9s of the capture are told faster. The
# server is scripted: Linux gives up retransmitting in silence.
# See: trouble.pcapng, frames 1 to 10, connection 0
host      client  tcp_timestamps=0
middlebox path  hops=0
peer      server
link client path
link path server

client.40001 connect server.80 = ok
client.40001 > server.80: S
server.80 > client.40001: S. ack 1 win 8192 <mss 1460>
client.40001 > server.80: .  ack 1
path drop client.40001 > server.80           # its ACKs of frame 4 are lost; it may be the data that was
       server.80 > client.40001: P. seq 1:101 ack 1
+65ms  server.80 > client.40001: P. seq 1:101 ack 1
+129ms server.80 > client.40001: P. seq 1:101 ack 1
+258ms server.80 > client.40001: P. seq 1:101 ack 1
+516ms server.80 > client.40001: P. seq 1:101 ack 1
+1.03s server.80 > client.40001: P. seq 1:101 ack 1
+2.06s server.80 > client.40001: R. seq 101 ack 1    # frame 10
    => retransmission-timeout by server
client.40001 recv 100 = 100
client.40001 recv = ECONNRESET
`}, {
		// What came before the capture is assumed, and said so.
		"no handshake", `
		client.40001 > server.80: P. seq 1:101 ack 1
		+200us server.80 > client.40001: .  ack 101
		+1ms server.80 > client.40001: P. seq 1:51 ack 101
		client.40001 > server.80: .  ack 51
		+2ms server.80 > client.40001: R. seq 51 ack 101`, `
# Abortive-close by the server: a program ended the connection by aborting it.
#
# The ends are near each other.
# See: trouble.pcapng, frames 1 to 5, connection 0
host client  tcp_timestamps=0
host server  tcp_timestamps=0
link client server

server.80 listen
client.40001 connect server.80 = ok          # the capture begins with frame 1
client.40001 > server.80: S                  # the capture begins with frame 1
server.80 > client.40001: S.                 # the capture begins with frame 1
client.40001 send 100
client.40001 > server.80: P. seq 1:101
server.80 accept
server.80 recv = 100
server.80 send 50
server.80 > client.40001: P. seq 1:51
client.40001 > server.80: .  ack 51
server.80 set linger=0
server.80 close
server.80 > client.40001: R. seq 51 ack 101  # frame 5
    => abortive-close by server
    seen as possible abortive-close or close-unread-data by server
client.40001 recv 50 = 50
client.40001 recv = ECONNRESET
`}, {
		// What a capture's first ACK answers nobody knows: no line waits for it.
		"one direction, from the middle", `
		server.80 > client.40001: .  ack 101
		+1ms server.80 > client.40001: R. seq 1 ack 101`, `
# Abortive-close by the server: a program ended the connection by aborting it.
#
# The ends are near each other.
# See: trouble.pcapng, frames 1 to 2, connection 0
host client  tcp_timestamps=0
host server  tcp_timestamps=0
link client server

server.80 listen
client.40001 connect server.80 = ok          # the capture begins with frame 1
client.40001 > server.80: S                  # the capture begins with frame 1
server.80 > client.40001: S.                 # the capture begins with frame 1
client.40001 > server.80: .  ack 1           # the capture begins with frame 1
server.80 accept
server.80 set linger=0
server.80 close
server.80 > client.40001: R. seq 1 ack 1     # frame 2
    => abortive-close by server
    seen as possible abortive-close or close-unread-data by server
`}, {
		// A device's reset in the server's name, which goes on.
		"forged", handshakeList + `
		client.40001 > server.80: P. seq 1:101 ack 1
		+20ms server.80 > client.40001: .  ack 101 ttl=52
		+5ms server.80 > client.40001: R. seq 1 ack 101 win 0 ttl=61 id=4711
		+30ms server.80 > client.40001: P. seq 1:51 ack 101 ttl=52
		client.40001 > server.80: R seq 101 win 0 id=0`, `
# Injected-reset by a device on the path: a device forged the reset in an endpoint's name while the real packets passed.
#
# Captured near the client, 20ms from the server and back.
# See: trouble.pcapng, frames 1 to 8, connection 0
host      client
middlebox device  hops=0
host      server  ttl=52                     # 64 at its source, 12 hops away
link client device
link device server  delay=10ms

server route client rto_min=10s              # nothing is sent twice, however slow the machine
server.80 listen
client.40001 connect server.80 = ok
client.40001 > server.80: S
server.80 > client.40001: S.
client.40001 send 100
client.40001 > server.80: P. seq 1:101
server.80 > client.40001: .  ack 101
device inject server.80 > client.40001: R. seq 1 ack 101 ttl=61 id=4711  # frame 6
    => injected-reset by device
client.40001 recv = ECONNRESET
+20ms server.80 accept
server.80 recv = 100
server.80 send 50
server.80 > client.40001: P. seq 1:51
client.40001 > server.80: R  seq 101 win 0   # frame 8
    => secondary-reset by client
server.80 recv = ECONNRESET
`}} {
		t.Run(test.name, func(t *testing.T) {
			if got, want := derived(t, Options{}, test.list), strings.TrimPrefix(test.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// Nothing of a customer's bytes and addresses goes into the file unasked.
func TestPayloadAndAddresses(t *testing.T) {
	list := handshakeList + `
		client.40001 > server.80: P. seq 1:13 ack 1
		+20ms server.80 > client.40001: R. seq 1 ack 13 ttl=52`
	for _, test := range []struct {
		name      string
		o         Options
		has, lack []string
	}{
		{"filler", Options{}, []string{"send 12\n"}, []string{"secret", "10.9.8.7", "172.16"}},
		{"payload", Options{KeepPayload: true}, []string{`send "secretsecret"`}, []string{"10.9.8.7"}},
		{"addresses", Options{KeepAddresses: true}, []string{"client  ip=10.9.8.7\n", "ip=172.16.5.4 ttl=52"}, []string{"secret"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := derived(t, test.o, list)
			for _, want := range test.has {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
			for _, not := range test.lack {
				if strings.Contains(text, not) {
					t.Errorf("%q in\n%s", not, text)
				}
			}
		})
	}
}

// A long transfer is told by its beginning and its end, and the file says what
// is missing; the reset's numbers are those of what is left. It may be longer
// than what is kept in memory.
func TestLongTransferIsFolded(t *testing.T) {
	for _, segments := range []int{200, keptAtBegin + 3*keptAtEnd} {
		t.Run(fmt.Sprint(segments), func(t *testing.T) {
			var list strings.Builder
			list.WriteString(handshakeList + "client.40001 > server.80: P. seq 1:101 ack 1\n+20ms server.80 > client.40001: .  ack 101 ttl=52\n")
			const size = 1000
			for i := range segments {
				fmt.Fprintf(&list, "+1ms server.80 > client.40001: P. seq %d:%d ack 101 ttl=52\n", 1+i*size, 1+(i+1)*size)
				fmt.Fprintf(&list, "client.40001 > server.80: . seq 101 ack %d\n", 1+(i+1)*size)
			}
			fmt.Fprintf(&list, "+30ms client.40001 > server.80: R. seq 101 ack %d\n", 1+segments*size)
			text := derived(t, Options{}, list.String())
			if n := strings.Count(text, "server.80 send 1000\n"); n != foldBegin+foldEnd {
				t.Errorf("%d sends are left, want %d:\n%s", n, foldBegin+foldEnd, text)
			}
			for _, want := range []string{"bytes of the responder", "client.40001 > server.80: R. seq 101 ack 7001"} {
				if !strings.Contains(strings.ReplaceAll(text, "\n# ", " "), want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
		})
	}
}

// What a network card cuts into segments takes no more room than they would.
func TestLongTransferOfLongSegmentsIsFolded(t *testing.T) {
	var list strings.Builder
	list.WriteString(handshakeList + "client.40001 > server.80: P. seq 1:101 ack 1\n+20ms server.80 > client.40001: .  ack 101 ttl=52\n")
	const segments, size = 1000, 58400
	for i := range segments {
		fmt.Fprintf(&list, "+1ms server.80 > client.40001: . seq %d:%d ack 101 ttl=52\n", 1+i*size, 1+(i+1)*size)
	}
	fmt.Fprintf(&list, "+30ms client.40001 > server.80: R. seq 101 ack %d\n", 1+segments*size)
	in := []Input{input(t, "long.pcapng", list.String())}
	trouble, err := Read(t.Context(), in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for _, p := range trouble.recs[0].packets {
		kept += p.segments()
	}
	if kept > keptAtBegin+2*keptAtEnd {
		t.Errorf("%d segments are kept, want %d at most", kept, keptAtBegin+2*keptAtEnd)
	}
	sc, err := trouble.Scenario("long")
	if err != nil {
		t.Fatal(err)
	}
	folds := sc.story.folds
	if len(folds) != 1 {
		t.Fatalf("%d folds, want one for the whole:\n%s", len(folds), sc.Text)
	}
	var told int64
	for _, p := range sc.story.packets {
		if p.from == responder {
			told += p.len()
		}
	}
	if got := folds[0].bytes[responder] + told; got != segments*size {
		t.Errorf("%d bytes are told or said to be left out, want %d", got, segments*size)
	}
}

// Where no handshake tells how far away a host is, its reset answers what came
// last, not what a program once took as long to answer.
func TestResetAnswersTheLatest(t *testing.T) {
	const late = `
		client.40001 > server.80: P. seq 1:101 ack 1
		+300ms server.80 > client.40001: P. seq 1:51 ack 101 ttl=52
		client.40001 > server.80: .  ack 51
		+50ms client.40001 > server.80: P. seq 101:201 ack 51
		+300ms server.80 > client.40001: .  ack 201 ttl=52
		+1ms server.80 > client.40001: F. seq 51 ack 201 ttl=52
		+1ms client.40001 > server.80: .  ack 52
		+281ms client.40001 > server.80: P. seq 201:301 ack 52
		+20ms server.80 > client.40001: R seq 52 win 0 id=0 ttl=52`
	for _, test := range []struct{ name, list string }{
		{"handshake seen", handshakeList + late},
		{"capture begins later", late},
	} {
		t.Run(test.name, func(t *testing.T) {
			trouble, err := Read(t.Context(), []Input{input(t, "a.pcapng", test.list)}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			sc, err := trouble.Scenario("a")
			if err != nil {
				t.Fatal(err)
			}
			reset := sc.story.firstReset()
			answers := none
			if reset.trigger != nil {
				answers = reset.trigger.frame()
			}
			if answers != reset.frame()-1 {
				t.Errorf("it answers frame %d, want %d:\n%s", answers, reset.frame()-1, sc.Text)
			}
			if strings.Contains(string(sc.Text), "drop") {
				t.Errorf("something is lost:\n%s", sc.Text)
			}
		})
	}
}

// Linux sends again what it sent in the pieces that it sent it in: who does
// otherwise is scripted.
func TestOtherPiecesAreScripted(t *testing.T) {
	text := derived(t, Options{}, handshakeList+`
		client.40001 > server.80: P. seq 501:1501 ack 1
		+20ms server.80 > client.40001: .  ack 1 ttl=52
		+1s client.40001 > server.80: P. seq 1:1001 ack 1
		+20ms server.80 > client.40001: .  ack 1501 ttl=52
		+1ms server.80 > client.40001: R. seq 1 ack 1501 ttl=52`)
	const want = "The client is scripted: frame 6 ends within what frame 4 had sent."
	if !strings.Contains(strings.ReplaceAll(text, "\n# ", " "), want) {
		t.Errorf("no %q in\n%s", want, text)
	}
}

// Linux doubles the distance of its retransmissions: who does not is scripted,
// and a run that a kernel would take minutes for is, too.
func TestRetransmissionsOfNoKernelAreScripted(t *testing.T) {
	run := func(n int, next func(time.Duration) time.Duration) string {
		var list strings.Builder
		list.WriteString(handshakeList)
		d := 200 * time.Millisecond
		list.WriteString("client.40001 > server.80: P. seq 1:101 ack 1\n")
		for range n {
			fmt.Fprintf(&list, "+%v client.40001 > server.80: P. seq 1:101 ack 1\n", d)
			d = next(d)
		}
		fmt.Fprintf(&list, "+%v client.40001 > server.80: R. seq 101 ack 1\n", 3*d)
		return list.String()
	}
	twice := func(d time.Duration) time.Duration { return 2 * d }
	for _, test := range []struct{ name, list, want string }{
		{"doubled", run(4, twice), ""},
		{"even", run(5, func(d time.Duration) time.Duration { return d }), "The client is scripted: Linux sends again at twice the distance, frame 9 came as soon as the one before."},
		{"many", run(13, twice), "The client is scripted: a kernel's 14 transmissions would take 409.6s."},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := strings.ReplaceAll(derived(t, Options{}, test.list), "\n# ", " ")
			if test.want == "" && strings.Contains(text, "scripted") || !strings.Contains(text, test.want) {
				t.Errorf("want %q in\n%s", test.want, text)
			}
		})
	}
}

// A scripted end's numbers follow from what has come to it, and a box may hold
// that: it waits, and so does the device.
func TestScriptedEndsWait(t *testing.T) {
	trouble, err := Read(t.Context(), []Input{input(t, "forged.pcapng", handshakeList+`
		client.40001 > server.80: P. seq 1:101 ack 1
		+20ms server.80 > client.40001: .  ack 101 ttl=52
		+5ms server.80 > client.40001: R. seq 1 ack 101 win 0 ttl=61 id=4711
		+30ms server.80 > client.40001: P. seq 1:51 ack 101 ttl=52`)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sc, err := trouble.derive("forged", variant{scripted: [2]string{"so", "so"}})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(sc.Text), "\n")
	for _, order := range [][2]string{
		{"client.40001 > server.80: S @server", "server.80 > client.40001: S. ack 1 win "},
		{"server.80 > client.40001: S. @client", "client.40001 > server.80: P. seq 1:101 ack 1 win "},
		{"client.40001 > server.80: P. seq 1:101 @server", "server.80 > client.40001: .  ack 101 win "},
		{"server.80 > client.40001: .  ack 101 @client", "device inject server.80 > client.40001: R. "},
	} {
		at := func(part string) int {
			return slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, part) })
		}
		if before, behind := at(order[0]), at(order[1]); before < 0 || before > behind {
			t.Errorf("no %q before %q:\n%s", order[0], order[1], sc.Text)
		}
	}
}

// A mirror that shows each packet twice shows one reset.
func TestMirroredResetIsOne(t *testing.T) {
	const list = handshakeList + `
		client.40001 > server.80: P. seq 1:101 ack 1
		+20ms server.80 > client.40001: F. seq 1 ack 101 ttl=52
		+1ms client.40001 > server.80: P. seq 101:201 ack 2
		+20ms server.80 > client.40001: R seq 2 win 0 id=0 ttl=52`
	var twice strings.Builder
	ids := map[string]int{}
	for line := range strings.Lines(strings.TrimSpace(list)) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		_, bare, moved := strings.Cut(line, " ")
		if !moved || !strings.HasPrefix(line, "+") {
			bare = line
		}
		from, _, _ := strings.Cut(bare, ".")
		ids[from]++
		id := ""
		if !strings.Contains(line, "id=0") {
			id = fmt.Sprintf(" id=%d", 100+ids[from])
		}
		fmt.Fprintf(&twice, "%s%s\n%s%s\n", line, id, bare, id)
	}
	text := derived(t, Options{}, twice.String())
	if n := strings.Count(text, "=>"); n != 1 {
		t.Errorf("%d resets are told, want 1:\n%s", n, text)
	}
}

// A host is at one place: a connection whose answer took longer is told by the
// distance that the others show, so that all keep their order.
func TestDistanceIsTheHosts(t *testing.T) {
	var list strings.Builder
	const ports, busy = 12, 6
	for i := range ports {
		away := 2 * time.Millisecond
		if i == busy {
			away *= 20
		}
		fmt.Fprintf(&list, `
			+50ms client.40001 > server.%[1]d: S  seq 0 <mss 1460>
			+%[2]v server.%[1]d > client.40001: S. seq 0 ack 1 <mss 1460> ttl=60
			client.40001 > server.%[1]d: R  seq 1 win 0 id=0`, 8000+i, away)
	}
	trouble, err := Read(t.Context(), []Input{input(t, "scan.pcapng", list.String())}, Options{Stream: 1})
	if err != nil {
		t.Fatal(err)
	}
	sc, err := trouble.Scenario("scan")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(sc.story.conns); n != ports {
		t.Fatalf("%d connections are told, want %d:\n%s", n, ports, sc.Text)
	}
	for i, c := range sc.story.conns {
		if got, want := c.rtt[responder], 2*time.Millisecond; got != want {
			t.Errorf("connection %d: the server is %v away, want %v", i, got, want)
		}
	}
}

// Of a flood the beginning is told.
func TestFloodIsCutShort(t *testing.T) {
	var list strings.Builder
	list.WriteString(handshakeList)
	const resets = 3000
	for i := range resets {
		fmt.Fprintf(&list, "server.80 > client.40001: R seq %d ttl=40 id=7\n", 70000+i*500)
	}
	text := derived(t, Options{}, list.String())
	if n := strings.Count(text, "=>"); n == 0 || n > mostPackets {
		t.Errorf("%d resets are told, of %d; want some, and at most %d", n, resets, mostPackets)
	}
	if !strings.Contains(strings.ReplaceAll(text, "\n# ", " "), "Left out: frames ") {
		t.Errorf("what is left out is not said:\n%s", text[:400])
	}
}

// Of several connections one must be chosen, and a verdict is needed.
func TestChoice(t *testing.T) {
	refused := func(port string) string {
		return strings.ReplaceAll(`
			client.40001 > server.80: S  seq 0 <mss 1460>
			server.80 > client.40001: R. rawseq 0 ack 1 win 0
		`, "40001", port)
	}
	two := []Input{input(t, "two.pcapng", refused("40001")+"+2s "+strings.TrimSpace(refused("40002")))}
	_, err := Read(t.Context(), two, Options{})
	var choice *ChoiceError
	if !errors.As(err, &choice) || len(choice.Choices) != 2 {
		t.Fatalf("error %v, want a choice of two", err)
	}
	if got, want := err.Error(), "choose connection: 2 have resets; take one of 0, 1"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
	if got, want := choice.Choices[1].Headline(), "10.9.8.7:40002 > 172.16.5.4:80: port-closed ("; !strings.HasPrefix(got, want) {
		t.Errorf("headline %q, want %q…", got, want)
	}
	if trouble, err := Read(t.Context(), two, Options{Stream: 2}); err != nil || trouble.Choice.Stream != 1 {
		t.Errorf("stream 1: %v, %v", trouble, err)
	}
	if _, err := Read(t.Context(), two, Options{Stream: 8}); err == nil || err.Error() != "choose connection: that one has no reset; those with resets are 0, 1" {
		t.Errorf("stream 7: %v", err)
	}
	none := []Input{input(t, "none.pcapng", handshakeList)}
	if _, err := Read(t.Context(), none, Options{}); err == nil || err.Error() != "choose connection: no reset in the capture" {
		t.Errorf("no reset: %v", err)
	}
}

// A reset that nothing comes before tells nothing that could be played.
func TestNothingToPlay(t *testing.T) {
	trouble, err := Read(t.Context(), []Input{input(t, "a.pcapng", "server.80 > client.40001: R seq 7")}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = trouble.Scenario("a")
	var undetermined *UndeterminedError
	if !errors.As(err, &undetermined) || err.Error() != "the capture does not tell what to play: frame 1 is undetermined (no-handshake): the connection's beginning was not captured" {
		t.Errorf("error %v", err)
	}
}

// A capture that is none is an error, not a panic.
func TestUnreadable(t *testing.T) {
	broken := Input{Name: "x", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("no capture at all")), nil }}
	if _, err := Read(t.Context(), []Input{broken}, Options{}); err == nil {
		t.Error("no error")
	}
	missing := Input{Name: "x", Open: func() (io.ReadCloser, error) { return nil, os.ErrNotExist }}
	if _, err := Read(t.Context(), []Input{missing}, Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}
