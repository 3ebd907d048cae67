package judge_test

import (
	"strings"
	"testing"
)

// What two points seem to prove, and do not.
func TestLookalikePoints(t *testing.T) {
	runPoints(t, []pointTest{{
		name: "two files of one host, one after the other: it forgot the connection, and is no second host",
		taps: []tap{
			{name: "first", text: atServer + `+20ms client.2301 > server.445: P. seq 101:201 ack 1 ttl=63
				server.445 > client.2301: . seq 1 ack 201`},
			{name: "second", text: `
				client: linux id=300
				other.1 > other2.2: . rawseq 5 rawack 6
				+1s client.2301 > server.445: P. rawseq 86 rawack 4294967182 length 10 ttl=63
				server.445 > client.2301: R rawseq 4294967182 win 0 id=0`, clock: 60e9},
		},
		wants: []string{"3 possible half-open by possible responder; second:3"},
	}, {
		name: "a router before the server refuses at its own distance, and both points lie before that",
		taps: []tap{
			{name: "client", text: `
				client: linux id=100
				server: linux id=7000
				client.2301 > server.445: S
				+20ms server.445 > client.2301: S. ttl=62
				client.2301 > server.445: .
				client.2301 > server.445: P. seq 1:101
				+20ms server.445 > client.2301: . ttl=62 ack 101
				client.2301 > server.445: P. seq 101:201
				+18ms server.445 > client.2301: R seq 1 ttl=63`},
			{name: "middle", text: `
				client: linux id=100
				server: linux id=7000
				+10ms client.2301 > server.445: S ttl=63
				+1ms server.445 > client.2301: S. ttl=63
				+19ms client.2301 > server.445: . ttl=63
				client.2301 > server.445: P. seq 1:101 ttl=63
				+1ms server.445 > client.2301: . ack 101 ttl=63
				+19ms client.2301 > server.445: P. seq 101:201 ttl=63
				server.445 > client.2301: R seq 1 ttl=64`},
		},
		wants: []string{"7 possible half-open by possible responder; middle:7 client:7"},
	}, {
		name: "one of two parallel links does not see the connection that the other carries",
		taps: []tap{
			{name: "client", text: atClient + `
				client.2302 > server.446: S
				+20ms server.446 > client.2302: R. seq 0 ack 1 win 0 ttl=63 id=0
				+1s client.2301 > server.445: P. seq 101:201`},
			{name: "link", text: `
				client: linux id=100
				server: linux id=7000 ttl=63
				+10ms client.2301 > server.445: S ttl=63
				server.445 > client.2301: S.
				+20ms client.2301 > server.445: . ttl=63
				client.2301 > server.445: P. seq 1:101 ttl=63
				server.445 > client.2301: . ack 101
				+1s client.2301 > server.445: P. seq 101:201 ttl=63`},
		},
		wants: []string{"7 likely firewall-reject-syn by likely middlebox; client:7"},
	}, {
		name: "a device was started again in the ten minutes that the client rested",
		taps: []tap{
			{name: "client", text: atClient + `+600s client.2301 > server.445: P. seq 101:201
				+2ms server.445 > client.2301: R seq 1 ttl=64`},
			{name: "server", text: atServer + `+601s client.2302 > server.445: S ttl=63`},
		},
		wants: []string{"7 likely middlebox-idle-timeout by proven middlebox; client:7"},
	}, {
		name: "the server's host has two interfaces, and its stack without a socket takes the other one",
		taps: []tap{
			{name: "client", text: atClient + `+5s client.2301 > server.445: P. seq 101:201
				+20ms server.445 > client.2301: R seq 1 ttl=63 id=0`},
			{name: "server", text: atServer + `+5s client.2301 > server.445: P. seq 101:201 ttl=63
				+2s other.1 > other2.2: . rawseq 5 rawack 6`},
		},
		wants: []string{"7 possible half-open by likely responder; client:7"},
	}, {
		name: "the same, but the server goes on: it did not reset",
		taps: []tap{
			{name: "client", text: atClient + `+5s client.2301 > server.445: P. seq 101:201
				+20ms server.445 > client.2301: R seq 1 ttl=63 id=0`},
			{name: "server", text: atServer + `+5s client.2301 > server.445: P. seq 101:201 ttl=63
				+40ms server.445 > client.2301: . ack 201
				+2s other.1 > other2.2: . rawseq 5 rawack 6`},
		},
		wants: []string{"7 proven injected-reset by proven middlebox; client:7"},
	}, {
		name: "a device cuts both ends at once and keeps the request, and the server's capture sees nothing after that",
		taps: []tap{
			{name: "client", text: atClient + `+200ms client.2301 > server.445: P. seq 101:201
				+300us server.445 > client.2301: R. seq 1 ack 201 win 0 ttl=64 id=0`},
			{name: "server", text: atServer + `+190ms client.2301 > server.445: R. seq 101 ack 1 win 0 ttl=64 id=0`},
		},
		wants: []string{"7 likely inline-policy-reset by likely middlebox; client:7", "6 possible inline-policy-reset by proven middlebox; server:6"},
	}, {
		name: "a device refuses after a minute's rest, and what the server sends goes another way",
		taps: []tap{
			{name: "client", text: atClient + `+62s client.2301 > server.445: P. seq 101:201
				+1ms server.445 > client.2301: R seq 1 ttl=64 win 0 id=0
				+500ms server.445 > client.2301: F. seq 1 ack 101 ttl=63`},
			{name: "server", text: atServer + `+62490ms server.445 > client.2301: F. seq 1 ack 101`},
		},
		wants: []string{"7 possible middlebox-idle-timeout by proven middlebox; client:7"},
	}, {
		name: "a translator leads the connection to another server, which is as far and does not know it",
		taps: []tap{
			{name: "client", text: atClient + `
				+1s client.2301 > server.445: P. seq 101:201
				+20ms server.445 > client.2301: R seq 1 ttl=63 win 0 id=0
				+1s other.1 > other2.2: . rawseq 5 rawack 6`},
			{name: "backend", text: "server: ip=198.51.100.99\n" + strings.ReplaceAll(atServer, "445", "8445") + `
				+5s other.1 > other2.2: . rawseq 5 rawack 6`},
		},
		wants: []string{"7 possible backend-switch by possible responder; client:7"},
	}, {
		name: "a forged SYN made two connections of one, where the server's capture shows it",
		taps: []tap{
			{name: "client", text: `
				client: linux id=100
				server: linux id=7000 ttl=63
				client.2301 > server.445: S rawseq 1000
				+20ms server.445 > client.2301: S. rawseq 5000 rawack 1001
				client.2301 > server.445: . rawseq 1001 rawack 5001
				client.2301 > server.445: P. rawseq 1001 rawack 5001 length 100
				+20ms server.445 > client.2301: . rawseq 5001 rawack 1101
				server.445 > client.2301: P. rawseq 5001 rawack 1101 length 1
				client.2301 > server.445: . rawseq 1101 rawack 5002
				+200ms server.445 > client.2301: . rawseq 5002 rawack 1101
				+200ms client.2301 > server.445: P. rawseq 1101 rawack 5002 length 100
				+20ms server.445 > client.2301: . rawseq 5002 rawack 1201
				+100ms server.445 > client.2301: R. rawseq 5002 rawack 1201`},
			{name: "server", text: `
				client: linux id=100 ttl=63
				server: linux id=7000
				+10ms client.2301 > server.445: S rawseq 1000
				server.445 > client.2301: S. rawseq 5000 rawack 1001
				+20ms client.2301 > server.445: . rawseq 1001 rawack 5001
				client.2301 > server.445: P. rawseq 1001 rawack 5001 length 100
				server.445 > client.2301: . rawseq 5001 rawack 1101
				server.445 > client.2301: P. rawseq 5001 rawack 1101 length 1
				+20ms client.2301 > server.445: . rawseq 1101 rawack 5002
				+170ms client.2301 > server.445: S rawseq 900000 id=9 ttl=60
				server.445 > client.2301: . rawseq 5002 rawack 1101
				+220ms client.2301 > server.445: P. rawseq 1101 rawack 5002 length 100
				server.445 > client.2301: . rawseq 5002 rawack 1201
				+100ms server.445 > client.2301: R. rawseq 5002 rawack 1201`},
		},
		wants: []string{"11 possible abortive-close by likely responder; client:11", "12 possible abortive-close by likely responder; server:12"},
	}, {
		name: "a device lost its table in the midst of a connection, or had a rule against what came then",
		taps: []tap{
			{name: "client", text: atClient + `+1ms client.2301 > server.445: P. seq 101:201
				+1ms server.445 > client.2301: R seq 1 win 0 ttl=64 id=0`},
			{name: "server", text: atServer + `+500ms other.1 > other2.2: . rawseq 5 rawack 6`},
		},
		wants: []string{"7 possible inline-policy-reset by proven middlebox; client:7"},
	}, {
		name: "the balancer sent a segment to another server, as far away, which knows nothing of the connection",
		taps: []tap{
			{name: "client", text: atClient + `+1ms client.2301 > server.445: P. seq 101:201
				+20ms server.445 > client.2301: R seq 1 win 0 ttl=127 id=0`},
			{name: "server", text: atServer + `+500ms other.1 > other2.2: . rawseq 5 rawack 6`},
		},
		wants: []string{"7 possible inline-policy-reset by possible middlebox; client:7"},
	}, {
		name: "an abort behind a FIN whose data nobody acknowledged: its host may have been short of memory",
		taps: []tap{
			{name: "client", text: atClient + `+20ms server.445 > client.2301: P. seq 1:101 ack 101 ttl=63
				+10us server.445 > client.2301: F. seq 101 ack 101 ttl=63
				+200ms server.445 > client.2301: R. seq 102 ack 101 ttl=63`},
			{name: "server", text: atServer + `+10ms server.445 > client.2301: P. seq 1:101 ack 101
				+10us server.445 > client.2301: F. seq 101 ack 101
				+200ms server.445 > client.2301: R. seq 102 ack 101`},
		},
		wants: []string{"8 likely close-then-abort by proven responder; server:8 client:8"},
	}})
}
