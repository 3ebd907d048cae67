package judge_test

import (
	"fmt"
	"strings"
	"testing"
)

// atRouter writes what a capture on all interfaces of a forwarding host shows:
// each packet comes in and goes out, those marked "kept" come in alone, and
// those marked "own" go out without having come in.
func atRouter(packets string) string {
	var b strings.Builder
	b.WriteString("client: linux\nserver: linux\n")
	n := 100
	for line := range strings.Lines(packets) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		n++
		id := n
		how, rest, ok := strings.Cut(line, " ")
		if !ok || how != "own" && how != "kept" {
			how, rest = "", line
		}
		pause, packet := "", rest
		if rest[0] == '+' {
			pause, packet, _ = strings.Cut(rest, " ")
		}
		who, _, _ := strings.Cut(packet, ".")
		if strings.Contains(packet, ": R ") {
			id = 0
		}
		if how != "own" {
			fmt.Fprintf(&b, "%s: in\n%s %s id=%d\n", who, pause, packet, id)
			pause = ""
		} else {
			id = 0
		}
		if how != "kept" {
			ttl := 63
			if how == "own" {
				ttl = 64
			}
			fmt.Fprintf(&b, "%s: out\n%s %s id=%d ttl=%d\n", who, pause, packet, id, ttl)
		}
	}
	return b.String()
}

const throughRouter = `
	client.1000 > server.80: S
	+1ms server.80 > client.1000: S.
	+1ms client.1000 > server.80: .
	client.1000 > server.80: P. seq 1:101
	+1ms server.80 > client.1000: . ack 101
	server.80 > client.1000: P. seq 1:101 ack 101
	+1ms client.1000 > server.80: . ack 101
`

// A host that forwards and rejects is told by its own capture, on all its
// interfaces (tcpdump -i any): what it sends in another's name did not come in.
func TestAtRouter(t *testing.T) {
	runRules(t, []ruleTest{{
		name: "a SYN that the router's filter refuses, where the server is known to lie beyond",
		text: atRouter(throughRouter + `
			kept client.1001 > server.81: S
			own server.81 > client.1001: R. seq 0 ack 1 win 0`),
		wants: []string{"16 likely firewall-reject-syn by likely middlebox or port-closed"},
	}, {
		name: "one that comes back from the server",
		text: atRouter(throughRouter + `
			client.1001 > server.81: S
			+1ms server.81 > client.1001: R. seq 0 ack 1 win 0`),
		wants: []string{"17 likely port-closed by likely responder or firewall-reject-syn"},
	}, {
		name: "a request that the router's filter refuses",
		text: atRouter(throughRouter + `
			kept client.1000 > server.80: P. length 100
			own server.80 > client.1000: R seq 101 win 0`),
		wants: []string{"16 possible inline-policy-reset by likely middlebox or middlebox-state-loss half-open; frames 15 16"},
	}, {
		name: "one that it refuses out of a pause: it may have forgotten the connection",
		text: atRouter(throughRouter + `
			kept +10s client.1000 > server.80: P. length 100
			own server.80 > client.1000: R seq 101 win 0`),
		wants: []string{"16 possible inline-policy-reset by likely middlebox or middlebox-state-loss half-open"},
	}, {
		name: "an ACK that it refuses: no policy finds anything in it",
		text: atRouter(throughRouter + `
			server.80 > client.1000: P. seq 101:201
			kept +1ms client.1000 > server.80: . ack 201
			own server.80 > client.1000: R seq 201 win 0`),
		wants: []string{"18 possible inline-policy-reset by likely middlebox or middlebox-state-loss half-open"},
	}, {
		name: "a request that reaches a server which has forgotten the connection",
		text: atRouter(throughRouter + `
			client.1000 > server.80: P. seq 101:201
			+1ms server.80 > client.1000: R seq 101 win 0`),
		wants: []string{"17 possible half-open by likely responder or middlebox-state-loss"},
	}, {
		name: "a segment that the router has ceased to translate: what it draws passes as one reset",
		text: `
			client: linux in
			server: linux out
			client.1000 > server.80: S id=101
			+1ms server.80 > client.1000: S. ttl=63
			+1ms client.1000 > server.80: . id=102
			client.1000 > server.80: P. length 100 id=103
			+1ms server.80 > client.1000: P. length 100 id=201 ttl=63
			+1ms client.1000 > server.80: . id=104
			+1s client.1000 > server.80: P. length 100 id=105
			client: out
			client.1000 > server.80: P. seq 101:201 id=105 ttl=63
			server: in
			+1ms server.80 > client.1000: R seq 101 win 0
			server: out
			server.80 > client.1000: R seq 101 win 0 ttl=63`,
		wants: []string{"9 possible half-open by possible responder"},
	}})
}

// What comes in to the host that refuses has not passed it.
func TestAtRouterAndServer(t *testing.T) {
	t.Parallel()
	router := atRouter(throughRouter + `
		server.80 > client.1000: P. seq 101:201
		kept +1ms client.1000 > server.80: . ack 201
		own server.80 > client.1000: R seq 201 win 0
		kept +200ms server.80 > client.1000: P. seq 101:201`)
	server := `
		client: linux
		server: linux
		client.1000 > server.80: S id=101 ttl=63
		server.80 > client.1000: S. id=102
		+2ms client.1000 > server.80: . id=103 ttl=63
		client.1000 > server.80: P. length 100 id=104 ttl=63
		server.80 > client.1000: . ack 101 id=105
		server.80 > client.1000: P. seq 1:101 ack 101 id=106
		+2ms client.1000 > server.80: . ack 101 id=107 ttl=63
		server.80 > client.1000: P. seq 101:201 id=108
		+202ms server.80 > client.1000: P. seq 101:201 id=111`
	var said []string
	for _, v := range correlate(t, tap{name: "router", text: router}, tap{name: "server", text: server}) {
		said = append(said, say(v))
	}
	if want := "18 possible inline-policy-reset by proven middlebox"; len(said) != 1 || said[0] != want {
		t.Errorf("got %q, want %q", said, want)
	}
}
