package judge_test

import (
	"slices"
	"strings"
	"testing"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/internal/transcript"
	"rstlab/analyzer/judge"
)

// What other programs than the lab's peers and boxes left: a filter of the host's
// own, tools that forge, captures that begin late or lose packets.
var made = []lookalike{{
	name:  "a filter of the host's own refuses the SYN: no router on the way, and the DSCP is gone",
	truth: "firewall-reject-syn by any",
	at:    "198.51.100.2",
	text: `
		client: linux ts=1000 id=100 ttl=63
		server: out linux ts=900000
		client.1000 > server.80: S
		server.80 > client.1000: S.
		+1ms client.1000 > server.80: .
		client.1001 > server.81: S tos=0x20
		server.81 > client.1001: R. seq 0 ack 1 win 0 id=0`,
}, {
	name:  "a reset with a wrong checksum and without the timestamp, and its sender goes on",
	truth: "evasion-reset by originator",
	frame: 8,
	text: far + `
		client.1000 > server.80: R. seq 101 ack 101 badsum=yes <nop,nop,nop,nop> id=104
		client: ts=1200
		+50ms client.1000 > server.80: P. seq 101:201 ack 101 id=104
		+40ms server.80 > client.1000: . ack 201`,
}, {
	name:  "a low TTL, and packets before it were lost: the end's own, or a device's",
	truth: "evasion-reset injected-reset by any",
	frame: 8,
	text: far + `
		client.1000 > server.80: R. seq 101 ack 101 ttl=1 id=110
		+50ms client.1000 > server.80: P. seq 101:201 ack 101 id=110
		+40ms server.80 > client.1000: . ack 201`,
}, {
	name:  "a balancer's bare reset out of a pause, in the name of a Linux server and from as far",
	truth: "middlebox-idle-timeout by middlebox",
	text: far + `
		+3s server.80 > client.1000: R seq 101 win 0 id=0`,
}, {
	name:  "the capture begins with a SYN that was sent again, and the SYN-ACK echoes the first",
	truth: "syn-sent-abort by originator",
	text: `
		client: linux ts=2040
		client.1000 > server.80: S
		+10ms server.80 > client.1000: S. <mss 1460,sackOK,TS val 1 ecr 1000,nop,wscale 7>
		client.1000 > server.80: R seq 1 win 0 id=0`,
}, {
	name:  "the forwarding host's capture lost all but the SYN and a later segment, which a filter refused",
	truth: "middlebox-state-loss inline-policy-reset injected-reset by middlebox",
	text: atRouter(`
		client.1000 > server.80: S
		+1ms server.80 > client.1000: S.
		+1ms client.1000 > server.80: .
		client.1001 > server.80: S
		kept +250ms client.1001 > server.80: P. seq 5:9 rawack 3574523257
		own server.80 > client.1001: R rawseq 3574523257 win 0`),
}, {
	name:  "the capture lost all that the responder sent on the connection that it has forgotten since",
	truth: "half-open by responder",
	text: `
		client: linux ts=1000 id=100
		server: linux ts=900000 id=7000 ttl=56
		client.1000 > server.80: S
		+40ms server.80 > client.1000: S.
		client.1000 > server.80: .
		client.1000 > server.80: P. length 100
		+2s client.1000 > server.80: P. seq 101:201 ack 51
		+40ms server.80 > client.1000: R seq 51 win 0 id=0`,
}, {
	name:  "the capture lost the answer that the client had read before it aborted",
	truth: "abortive-close by originator",
	text: far + `
		client: ts=1300
		+200ms client.1000 > server.80: R. seq 101 ack 1701 id=105`,
}, {
	name:  "only what comes to the client was captured: the refusal of a SYN",
	truth: "port-closed by any",
	text: `
		server: linux
		server.81 > client.1001: R. rawseq 0 rawack 3711241207 win 0 id=0`,
}, {
	name:  "only what comes to the client was captured: the server closes, and resets what follows",
	truth: "data-after-close by responder",
	text: `
		server: linux ts=900000 id=7000
		server.80 > client.1001: S. rawseq 5000 rawack 1000
		server.80 > client.1001: F. rawseq 5001 rawack 1000
		server: ts=off
		+150ms server.80 > client.1001: R rawseq 5002 win 0 id=0`,
}, {
	name:  "somebody on the link asks in the name of a neighbour, who refuses the answer",
	truth: "unsolicited-synack by originator",
	text: `
		client: mac=7
		client.41000 > server.80: S win 1024 id=4711
		server.80 > client.41000: S.
		client: mac=1
		client.41000 > server.80: R seq 1 win 0 id=0`,
}, {
	name:  "the capture begins right before an abort, with an ACK of the peer's",
	truth: "abortive-close by originator",
	text: `
		server: linux ts=900000 id=7000 ttl=56
		client: linux ts=1000 id=105
		server.80 > client.1000: . rawseq 5000 rawack 1101
		+100ms client.1000 > server.80: R. rawseq 1101 rawack 5000 win 501`,
}, {
	name:  "the capture begins with an abort",
	truth: "abortive-close by responder",
	text: `
		server: linux ts=900000 id=7000 ttl=56
		server.80 > client.1000: R. rawseq 5000 rawack 1101 win 501`,
}, {
	name:  "the capture lost all between the handshake and a close with data unread",
	truth: "close-unread-data by responder",
	text: `
		client: linux ts=1000 id=100
		server: linux ts=900000 id=7000
		client.1000 > server.80: S
		server.80 > client.1000: S. id=0
		server: ts=900100 id=7001
		+100ms server.80 > client.1000: R. seq 1 ack 51 <nop,nop,TS val 900100 ecr 1002>`,
}, {
	name:  "a copy of an old segment meets a closed socket beyond the capture",
	truth: "late-segment by responder",
	text: far + `
		client.1000 > server.80: F. seq 101 ack 101
		+40ms server.80 > client.1000: F. seq 101 ack 102
		client.1000 > server.80: . seq 102 ack 102
		+300ms server.80 > client.1000: R seq 1 win 0 id=0`,
}, {
	name:  "a proxy with an address on each side passes a reset on",
	truth: "proxy-propagated-reset by responder",
	text: `
		proxy: ip=192.0.2.62 linux ts=5000 id=300
		inner: ip=10.0.0.62 linux ts=6000 id=400
		client: linux ts=1000 id=100
		server: linux ts=900000 id=7000
		client: in
		proxy: out
		inner: out
		server: in
		client.1000 > proxy.80: S
		proxy.80 > client.1000: S.
		client.1000 > proxy.80: .
		client.1000 > proxy.80: P. length 100
		proxy.80 > client.1000: .
		inner.2000 > server.80: S
		server.80 > inner.2000: S.
		inner.2000 > server.80: .
		inner.2000 > server.80: P. length 100
		server.80 > inner.2000: .
		+100ms server.80 > inner.2000: R.
		+1ms proxy.80 > client.1000: R.`,
}, {
	name:  "a server answers an upload by an error, shuts its sending down and closes with the rest unread",
	truth: "close-then-abort close-unread-data by responder",
	text:  shutFirst,
}, {
	name:  "a SYN proxy on the capturing host: the server's numbers and clock are others than the proxy's",
	truth: "abortive-close close-unread-data secondary-reset by responder",
	frame: 13,
	text: `
		client: linux ts=1000 id=100
		client.1000 > server.80: S rawseq 1000
		server: linux ts=15704929 id=0 win=0
		server.80 > client.1000: S. rawseq 5000 rawack 1001
		client.1000 > server.80: . rawseq 1001 rawack 5001
		server: ts=2615269000 id=7000 win=509
		+1s server.80 > client.1000: S. rawseq 3609923422 rawack 1001 id=0
		client.1000 > server.80: P. rawseq 1001 rawack 5001 length 100
		client.1000 > server.80: P. rawseq 1001 rawack 3609923423 length 100
		server.80 > client.1000: . rawseq 3609923423 rawack 1101
		server.80 > client.1000: . rawseq 5001 rawack 1101
		client.1000 > server.80: P. rawseq 1101 rawack 5001 length 100
		client.1000 > server.80: P. rawseq 1101 rawack 3609923423 length 100
		server.80 > client.1000: . rawseq 3609923423 rawack 1201
		server.80 > client.1000: . rawseq 5001 rawack 1201
		+200ms server.80 > client.1000: R. rawseq 3609923423 rawack 1201
		server.80 > client.1000: R. rawseq 5001 rawack 1201`,
}, {
	name:  "SMB over the old port, to its end, and then another connection to the new one, which is aborted",
	truth: "abortive-close by originator",
	text: `
		client.1000 > server.139: S
		server.139 > client.1000: S.
		client.1000 > server.139: .
		client.1000 > server.139: P. length 100
		server.139 > client.1000: P. length 100
		client.1000 > server.139: F.
		server.139 > client.1000: F. ack 102
		client.1000 > server.139: . ack 102
		+300ms client.1001 > server.445: S
		server.445 > client.1001: S.
		client.1001 > server.445: .
		+200ms client.1001 > server.445: R. seq 1`,
}}

const shutFirst = `
	client: linux ts=1000 id=100
	server: linux ts=900000 id=7000 ttl=56
	client.1000 > server.80: S
	+40ms server.80 > client.1000: S.
	client.1000 > server.80: .
	client.1000 > server.80: P. length 1400
	+40ms server.80 > client.1000: . ack 1401
	server.80 > client.1000: P. length 200
	+40ms client.1000 > server.80: . ack 201
	server.80 > client.1000: F.
	server.80 > client.1000: R. seq 202 ack 1401`

// A reset behind the sender's own FIN may cost its peer the answer, where that had not
// closed.
func TestShutFirstIsNotBenign(t *testing.T) {
	all := judgeAll(t, transcript.Variation{}, shutFirst, "")
	v := all[len(all)-1]
	if v.Benign || v.Cause != cause.CloseThenAbort || !slices.ContainsFunc(v.Alternatives, func(a judge.Alternative) bool { return a.Cause == cause.CloseUnreadData }) {
		t.Errorf("%s, benign %v, alternatives %v; want close-then-abort that is not benign, close-unread-data open", say(v), v.Benign, v.Alternatives)
	}
	if !strings.Contains(v.Next(), "lose the answer") {
		t.Errorf("next: %s", v.Next())
	}
}
