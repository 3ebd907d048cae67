package judge_test

import "testing"

// A reset that one point saw and the other did not: was it made between the two, or
// did the other capture lose just this packet?
func TestLostAlone(t *testing.T) {
	const runsOn = `
		+2s other.1 > other2.2: . rawseq 5 rawack 6`
	runPoints(t, []pointTest{{
		name: "the server's own count goes on in an abort that its capture lost",
		taps: []tap{
			{name: "client", text: atClient + `+20ms server.445 > client.2301: R. seq 1 ack 101 ttl=63`},
			{name: "server", text: atServer + runsOn},
		},
		wants: []string{"6 possible close-unread-data by likely responder; client:6"},
	}, {
		name: "the same bytes, and the server goes on with that count: it had not sent them",
		taps: []tap{
			{name: "client", text: atClient + `+20ms server.445 > client.2301: R. seq 1 ack 101 ttl=63`},
			{name: "server", text: atServer + `+200ms server.445 > client.2301: P. seq 1:101 ack 101` + runsOn},
		},
		wants: []string{"6 proven injected-reset by proven middlebox; client:6"},
	}, {
		name: "the same bytes, and the server goes on beyond that count: a packet that its capture lost may have been made the reset",
		taps: []tap{
			{name: "client", text: atClient + `+20ms server.445 > client.2301: R. seq 1 ack 101 ttl=63`},
			{name: "server", text: atServer + `+200ms server.445 > client.2301: P. seq 1:101 ack 101 id=7010` + runsOn},
		},
		wants: []string{"6 possible injected-reset by proven middlebox; client:6"},
	}, {
		name: "a bare reset like any stack's, from the server's distance, and the server never answers what it got",
		taps: []tap{
			{name: "client", text: atClient + `client.2301 > server.445: P. seq 101:201
				+20ms server.445 > client.2301: R seq 1 win 0 ttl=63 id=0`},
			{name: "server", text: atServer + `client.2301 > server.445: P. seq 101:201 ttl=63` + runsOn},
		},
		wants: []string{"7 possible half-open by likely responder; client:7"},
	}, {
		name: "the same, and the capture at the server ends before it would answer: either",
		taps: []tap{
			{name: "client", text: atClient + `client.2301 > server.445: P. seq 101:201
				+20ms server.445 > client.2301: R seq 1 win 0 ttl=63 id=0`},
			{name: "server", text: atServer + `client.2301 > server.445: P. seq 101:201 ttl=63
				+50ms other.1 > other2.2: . rawseq 5 rawack 6`},
		},
		wants: []string{"7 possible injected-reset by possible middlebox; client:7"},
	}, {
		name: "the same, sooner than the request can have been at the server and back",
		taps: []tap{
			{name: "client", text: atClient + `client.2301 > server.445: P. seq 101:201
				+2ms server.445 > client.2301: R seq 1 win 0 ttl=63 id=0`},
			{name: "server", text: atServer + `client.2301 > server.445: P. seq 101:201 ttl=63` + runsOn},
		},
		wants: []string{"7 proven injected-reset by proven middlebox; client:7"},
	}, {
		name: "the victim of a forged reset answers what comes afterwards, and its own capture lost that",
		taps: []tap{
			{name: "client", text: atClient + `+1ms server.445 > client.2301: R. seq 1 ack 101 win 0 ttl=200 id=1
				+49ms server.445 > client.2301: P. seq 1:101 ack 101 ttl=63`},
			{name: "server", text: atServer + `+40ms server.445 > client.2301: P. seq 1:101 ack 101
				+20ms client.2301 > server.445: R seq 101 win 0 ttl=63 id=0`},
		},
		wants: []string{"6 proven injected-reset by proven middlebox; client:6", "7 possible half-open by likely originator; server:7"},
	}, {
		name: "a device beyond both points kept the request back, and the farther capture lost its reset",
		taps: []tap{
			{name: "client", text: atClient + `+50ms client.2301 > server.445: P. seq 101:201
				+25ms server.445 > client.2301: R. seq 1 ack 201 win 0 ttl=253 id=1
				+40ms server.445 > client.2301: P. seq 1:11 ack 101 ttl=63`},
			{name: "middle", text: atServer + `+60ms client.2301 > server.445: P. seq 101:201 ttl=63
				+45ms server.445 > client.2301: P. seq 1:11 ack 101` + runsOn},
		},
		wants: []string{"7 likely inline-policy-reset by proven middlebox; client:7"},
	}, {
		name: "the capture at the client lost the request that a device kept back: the reset acknowledges it",
		taps: []tap{
			{name: "client", text: atClient + `+30ms server.445 > client.2301: R. seq 1 ack 201 win 0 ttl=255 id=1`},
			{name: "server", text: atServer + `+500ms server.445 > client.2301: P. seq 1:11 ack 101`},
		},
		wants: []string{"6 possible injected-reset by proven middlebox; client:6"},
	}, {
		name: "the capture at the client lost what the server had sent, which the client acknowledges: nobody kept it back",
		taps: []tap{
			{name: "client", text: atClient + `+50ms client.2301 > server.445: . seq 101 ack 51
				+5ms server.445 > client.2301: R. seq 1 ack 101 win 0 ttl=255 id=1`},
			{name: "server", text: atServer + `+20ms server.445 > client.2301: P. seq 1:51 ack 101
				+30ms client.2301 > server.445: . seq 101 ack 51 ttl=63
				+500ms server.445 > client.2301: P. seq 51:101 ack 101`},
		},
		wants: []string{"7 proven injected-reset by proven middlebox; client:7"},
	}, {
		name: "the capture at the client lost its SYN, and nothing else: the client refuses the SYN-ACK that it had asked for",
		taps: []tap{
			{name: "client", text: `
				other.1 > other2.2: . rawseq 5 rawack 6
				+1s server.445 > client.2301: S. rawseq 9000 rawack 5001 ttl=63
				client.2301 > server.445: R rawseq 5001 win 0 id=0` + runsOn},
			{name: "server", text: `
				other.1 > other2.2: . rawseq 5 rawack 6
				+990ms client.2301 > server.445: S rawseq 5000 ttl=63
				server.445 > client.2301: S. rawseq 9000 rawack 5001
				+20ms client.2301 > server.445: R rawseq 5001 win 0 id=0 ttl=63`},
		},
		wants: []string{"3 possible syn-scan by proven originator; client:3 server:4"},
	}, {
		name: "a device refuses a SYN that asks for ECN: its port, or that",
		taps: []tap{
			{name: "client", text: atClient + `+50ms client.2302 > server.446: SEW
				+1ms server.446 > client.2302: R. seq 0 ack 1 win 0`},
			{name: "server", text: atServer + `+500ms server.445 > client.2301: P. seq 1:101`},
		},
		wants: []string{"7 likely firewall-reject-syn by proven middlebox; client:7"},
	}})
}
