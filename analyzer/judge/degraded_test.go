package judge_test

import (
	"fmt"
	"strings"
	"testing"
)

// Captures that lost packets, or show them twice: what is missing makes no cause
// likely, and what came twice no other reset.
func TestDegraded(t *testing.T) {
	var scan, probes strings.Builder
	var scanned, probed []string
	for i := range 3 {
		fmt.Fprintf(&scan, `
			scanner.50000 > server.%[1]d: S rawseq 7777
			server.%[1]d > scanner.50000: S. rawseq 5000 rawack 7778
			scanner.50000 > server.%[1]d: R rawseq 7778 win 0 id=0`, 8001+i)
		scanned = append(scanned, fmt.Sprintf("%d possible syn-scan by likely originator or syn-sent-abort", 3*i+3))
	}
	scan.WriteString("\nscanner.50000 > server.9000: S rawseq 7777")
	for n, seq := range []uint32{1000, 3_000_000_000} {
		for i := range 3 {
			for range 2 {
				fmt.Fprintf(&probes, `
					scanner.61000 > server.%[1]d: . rawseq %[2]d rawack %[2]d win 1024 id=0
					server.%[1]d > scanner.61000: R rawseq %[2]d win 0 id=0`, 8001+i, seq)
			}
			first := 12*n + 4*i + 2
			probed = append(probed, fmt.Sprintf("%d likely stealth-scan by possible responder", first), fmt.Sprintf("%d likely stealth-scan by possible responder", first+2))
		}
	}
	runRules(t, []ruleTest{{
		name: "a scanner gives one number to many from one port: where the capture lost a SYN nothing escaped translation",
		text: scan.String() + `
			server.8004 > scanner.50000: S. rawseq 5000 rawack 7778
			scanner.50000 > server.8004: R rawseq 7778 win 0 id=0`,
		wants: append(scanned, "12 undetermined undetermined (no-handshake) by possible originator or unsolicited-synack"),
	}, {
		name:  "a mirror shows probes twice, which bear no identification; they come again with other numbers",
		text:  probes.String(),
		wants: probed,
	}, {
		name: "a mirror shows a reset twice: the ACK long before the data that drew it drew none",
		text: hand + `
			server.80 > client.1000: F. seq 1
			client.1000 > server.80: . ack 2
			+300ms client.1000 > server.80: P. seq 1:51 ack 2
			server.80 > client.1000: R seq 2 win 0 id=0
			server.80 > client.1000: R seq 2 win 0 id=0`,
		wants: []string{"7 likely data-after-close by likely responder"},
	}, {
		name: "a Linux stack without timestamps: what was lost drew a bare reset behind its FIN",
		text: `
			client: linux id=100
			server: linux id=7000
			client.1000 > server.80: S
			server.80 > client.1000: S.
			client.1000 > server.80: .
			client.1000 > server.80: P. seq 1:101
			server.80 > client.1000: P. seq 1:101 ack 101
			client.1000 > server.80: . ack 101
			server.80 > client.1000: F. seq 101
			client.1000 > server.80: . ack 102
			+300ms server.80 > client.1000: R seq 102 win 0 id=0`,
		wants: []string{"9 possible close-then-abort by likely responder or data-after-close"},
	}, {
		name: "Linux without its FIN-WAIT-2 resets the ACK of its FIN at once: what was lost drew a later one",
		text: hand + `
			client.1000 > server.80: P. seq 1:101
			+1ms server.80 > client.1000: P. seq 1:101 ack 101
			client.1000 > server.80: . ack 101
			server.80 > client.1000: F. seq 101
			client.1000 > server.80: . ack 102
			+20ms server.80 > client.1000: R seq 102 win 0 id=0`,
		wants: []string{"9 possible close-then-abort by likely responder or data-after-close"},
	}, {
		name: "the handshake was lost, but for the SYN: an abort with a socket's window and timestamps refuses none",
		text: `
			client: linux ts=1000 id=100
			server: linux ts=900000 id=7000
			client.9 > server.22: S
			server.22 > client.9: S.
			client.1000 > server.80: S rawseq 1000
			+20ms server.80 > client.1000: R. rawseq 5001 rawack 1001 win 509`,
		wants: []string{"4 undetermined undetermined (no-handshake) by possible responder"},
	}, {
		name: "the originator's data was lost: a number beyond the handshake's is no wrong answer to the SYN",
		text: `
			client: linux ts=1000 id=100
			server: linux ts=900000 id=7000
			client.1000 > server.80: S
			+1ms server.80 > client.1000: S.
			server.80 > client.1000: . seq 1 ack 101
			server.80 > client.1000: P. seq 1:51 ack 101
			client.1000 > server.80: R seq 101 win 0 id=0`,
		wants: []string{"5 undetermined undetermined (no-match) by possible originator"},
	}, {
		name: "acknowledgments were lost behind this point: what was sent again was open for its sender",
		text: hand + `
			client.1000 > server.80: P. seq 1:101
			+1ms server.80 > client.1000: P. seq 1:201 ack 101
			client.1000 > server.80: . ack 201
			server.80 > client.1000: F. seq 201
			client.1000 > server.80: . ack 202
			+200ms server.80 > client.1000: P. seq 1:201 ack 101
			client.1000 > server.80: . ack 202
			server.80 > client.1000: R. seq 202`,
		wants: []string{"11 likely close-then-abort by likely responder or resource-abort abortive-close"},
	}})
}

// Of two captures that are not whole neither proves that a packet was not there.
func TestDegradedPoints(t *testing.T) {
	const other = `
		client.9 > server.80: S rawseq 1
		%s server.80 > client.9: S. rawseq 5 rawack 2
		client.9 > server.80: . rawseq 2 rawack 6`
	natted := `
		nat: linux id=100
		server: linux id=7000
		nat.30000 > server.80: S rawseq 1000
		server.80 > nat.30000: S. rawseq 5000 rawack 1001 ttl=%[1]s
		nat.30000 > server.80: . rawseq 1001 rawack 5001
		nat.30000 > server.80: P. rawseq 1001 rawack 5001 length 100
		server.80 > nat.30000: . rawseq 5001 rawack 1101 ttl=%[1]s
		+1ms nat.31000 > server.80: P. rawseq 1101 rawack 5001 length 100
		server.80 > nat.31000: R rawseq 5001 win 0 id=0 ttl=%[1]s`
	var near, far strings.Builder
	var refused []string
	for i := range 3 {
		fmt.Fprintf(&near, `
			client.%[1]d > server.80: S rawseq 1000
			+20ms server.80 > client.%[1]d: S. rawseq 5000 rawack 1001 ttl=63
			client.%[1]d > server.80: . rawseq 1001 rawack 5001`, 1001+i)
		fmt.Fprintf(&far, `
			client.%[1]d > server.80: S rawseq 1000 ttl=63
			+1ms server.80 > client.%[1]d: S. rawseq 5000 rawack 1001
			+19ms client.%[1]d > server.80: . rawseq 1001 rawack 5001 ttl=63`, 1001+i)
	}
	for i := range 3 {
		fmt.Fprintf(&near, `
			client.%[1]d > server.80: P. rawseq 1001 rawack 5001 length 100
			+1ms server.80 > client.%[1]d: R rawseq 5001 win 0 id=0 ttl=64`, 1001+i)
		refused = append(refused, fmt.Sprintf("%d possible inline-policy-reset by proven middlebox; client:%[1]d", 2*i+11))
	}
	far.WriteString(`
			+1s server.80 > client.1001: P. rawseq 5001 rawack 1001 length 10`)
	runPoints(t, []pointTest{{
		name: "the server's capture lost a packet of another connection, and so perhaps the reset",
		taps: []tap{
			{name: "client", text: atClient + `
				+20ms server.445 > client.2301: R. seq 1 ttl=63
				` + fmt.Sprintf(other, "server: ttl=63\n+20ms") + `
				+20ms server.80 > client.9: P. rawseq 6 rawack 2 length 10
				client.9 > server.80: P. rawseq 2 rawack 6 length 10`},
			{name: "server", text: atServer + `
				` + fmt.Sprintf(other, "+1ms") + `
				+30ms client.9 > server.80: P. rawseq 2 rawack 6 length 10`},
		},
		wants: []string{"6 possible close-unread-data by likely responder; client:6"},
	}, {
		name: "both points saw the connection under its other ports: the translator forgot it, and there is one server",
		taps: []tap{
			{name: "nat", text: fmt.Sprintf(natted, "63")},
			{name: "server", text: fmt.Sprintf(natted, "64")},
		},
		wants: []string{"7 possible nat-bypass by proven responder; server:7 nat:7"},
	}, {
		name: "a reset alone: that a device sent it is proven, what it answers was not captured",
		taps: []tap{
			{name: "client", text: fmt.Sprintf(other, "server: ttl=63\n+20ms") + `
				server.443 > client.40001: R. rawseq 12345 rawack 54321 win 0`},
			{name: "server", text: fmt.Sprintf(other, "+1ms") + `
				+1s client.9 > server.80: P. rawseq 2 rawack 6 length 10`},
		},
		wants: []string{"4 possible injected-reset by proven middlebox; client:4"},
	}, {
		name: "a firewall writes other numbers: the connection did come by at the server",
		taps: []tap{
			{name: "client", text: fmt.Sprintf(other, "server: ttl=63\n+20ms") + `
				client.1000 > server.443: S rawseq 1000
				server.443 > client.1000: R. rawseq 0 rawack 1001 win 0 ttl=63 id=0`},
			{name: "server", text: fmt.Sprintf(other, "+1ms") + `
				client.1000 > server.443: S rawseq 77777 ttl=63
				server.443 > client.1000: R. rawseq 0 rawack 77778 win 0 id=0
				+1s client.9 > server.80: P. rawseq 2 rawack 6 length 10`},
		},
		wants: []string{
			"5 possible port-closed by likely responder; client:5",
			"5 possible port-closed by likely responder; server:5",
		},
	}, {
		name: "the client's capture begins right behind its SYN",
		taps: []tap{
			{name: "client", text: `
				server.80 > client.1000: S. rawseq 5000 rawack 1001 ttl=63
				client.1000 > server.80: R rawseq 1001 win 0 id=0`},
			{name: "server", text: `
				client.1000 > server.80: S rawseq 1000 ttl=63
				server.80 > client.1000: S. rawseq 5000 rawack 1001
				client.1000 > server.80: R rawseq 1001 win 0 id=0 ttl=63`},
		},
		wants: []string{"2 possible syn-scan by proven originator; client:2 server:3"},
	}, {
		name: "the server's capture lost the data that drew the reset, the client's has it",
		taps: []tap{
			{name: "client", text: atClient + `
				+20ms server.445 > client.2301: F. seq 1 ttl=63
				client.2301 > server.445: . seq 101 ack 2
				client.2301 > server.445: P. seq 101:151 ack 2
				+20ms server.445 > client.2301: R seq 2 win 0 ttl=63 id=0`},
			{name: "server", text: atServer + `
				+10ms server.445 > client.2301: F. seq 1
				+20ms client.2301 > server.445: . seq 101 ack 2 ttl=63
				server.445 > client.2301: R seq 2 win 0 id=0`},
		},
		wants: []string{"8 possible close-then-abort by proven responder; server:8 client:9"},
	}, {
		name: "three connections at once, of which a device keeps the data back: it may have lost its table",
		taps: []tap{
			{name: "client", text: near.String()},
			{name: "server", text: far.String()},
		},
		wants: refused,
	}})
}
