package judge_test

import (
	"fmt"
	"strings"
	"testing"
)

// Incidents as others have documented them, packet by packet, with the cause
// that they found.
func TestDocumented(t *testing.T) {
	// A firewall pair switched over without its table: connections to a dozen hosts
	// are refused in one moment, from nearer by than those are.
	var failover strings.Builder
	var failoverWants []string
	failover.WriteString("client: linux ts=1000\n")
	for i := range 12 {
		fmt.Fprintf(&failover, `
			h%[1]d: linux ts=%[1]d00000
			client.%[2]d > h%[1]d.443: S
			+20ms h%[1]d.443 > client.%[2]d: S. ttl=54
			client.%[2]d > h%[1]d.443: P. length 100
			+20ms h%[1]d.443 > client.%[2]d: P. length 100 ttl=54
			client.%[2]d > h%[1]d.443: P. length 100
			+20ms h%[1]d.443 > client.%[2]d: P. length 100 ttl=54`, i+1, 1000+i)
	}
	for i := range 12 {
		at := "+20ms"
		if i == 0 {
			at = "+30s"
		}
		fmt.Fprintf(&failover, `
			%[3]s client.%[2]d > h%[1]d.443: P. length 100
			+1ms h%[1]d.443 > client.%[2]d: R seq 201 win 0 ttl=64 id=0`, i+1, 1000+i, at)
		failoverWants = append(failoverWants, fmt.Sprintf("%d possible middlebox-state-loss by likely middlebox or inline-policy-reset injected-reset half-open", 12*6+2*i+2))
	}
	runRules(t, []ruleTest{{
		// noahdavids.org, firewall_reset_trace
		name: "a firewall forgot the connection, and turns the keepalive round: its number, its identification, its window",
		text: `
			client: ttl=30 id=0x1150 win=11468 df=no
			server: ttl=58 id=500 df=no
			client.1562 > server.3020: S
			+20ms server.3020 > client.1562: S. win 8760
			client.1562 > server.3020: . win 11468
			+7200s client.1562 > server.3020: . seq 0 length 1 win 11468 id=0x1152
			+2ms server.3020 > client.1562: R. seq 1 ack 0 win 11468 ttl=28 id=0x1152`,
		wants: []string{"5 possible middlebox-idle-timeout by likely middlebox or inline-policy-reset injected-reset half-open"},
	}, {
		// lwIP, tcp_rst()
		name: "a small stack that began anew answers a keepalive by RST+ACK with the keepalive's number",
		text: `
			client: linux ts=1000
			server: ttl=255 id=500 df=no
			client.1000 > server.502: S
			+10ms server.502 > client.1000: S. win 5744
			client.1000 > server.502: P. length 12
			+10ms server.502 > client.1000: P. length 11
			client.1000 > server.502: .
			+40s client.1000 > server.502: . seq 12
			+10ms server.502 > client.1000: R. seq 12 ack 12 win 5744`,
		wants: []string{"7 possible half-open by likely responder; accepted"},
	}, {
		name: "a small stack answers payload by RST+ACK: it may have closed, or have no such connection",
		text: `
			client: linux ts=1000
			server: ttl=255 id=500 df=no
			client.1000 > server.502: S
			+10ms server.502 > client.1000: S. win 5744
			client.1000 > server.502: P. length 12
			+10ms server.502 > client.1000: P. length 11
			client.1000 > server.502: .
			+20s client.1000 > server.502: P. length 12
			+10ms server.502 > client.1000: R. seq 12 ack 25 win 5744`,
		wants: []string{"7 possible close-unread-data by likely responder or half-open abortive-close"},
	}, {
		name: "a Linux host answers payload by RST+ACK: that is no stack without a connection",
		text: hand + `
			client.1000 > server.80: P. length 12
			server.80 > client.1000: P. length 11
			client.1000 > server.80: .
			+20s client.1000 > server.80: P. length 12
			server.80 > client.1000: R. seq 12 ack 25`,
		wants: []string{"8 possible close-unread-data by likely responder or abortive-close; not injected-reset"},
	}, {
		// noahdavids.org, Win2K_backlog_exceeded
		name: "a queue of Windows is full: a connection that was accepted before lives on",
		text: `
			client: ttl=128 id=100
			server: ttl=128 id=500
			client.4679 > server.2080: S
			+1ms server.2080 > client.4679: S.
			client.4679 > server.2080: P. length 1460
			+1ms server.2080 > client.4679: . win 0
			+9s client.4686 > server.2080: S
			+1ms server.2080 > client.4686: R. seq 0 ack 1 win 0
			+500ms client.4686 > server.2080: S seq 0
			+1ms server.2080 > client.4686: R. seq 0 ack 1 win 0`,
		wants: []string{
			"6 possible listener-backlog-full by likely responder or port-closed firewall-reject-syn",
			"8 possible listener-backlog-full by likely responder or port-closed firewall-reject-syn",
		},
	}, {
		name: "the same of another stack, which says nothing when a queue is full: the program may listen no more",
		text: hand + `
			client.1000 > server.80: P. length 100
			+1ms server.80 > client.1000: .
			+9s client.1001 > server.80: S
			+1ms server.80 > client.1001: R. seq 0 ack 1 win 0 id=0`,
		wants: []string{"7 possible port-closed by likely responder or listener-backlog-full firewall-reject-syn"},
	}, {
		name: "the program ended, and its connection with it: nothing listens there any more",
		text: hand + `
			client.1000 > server.80: P. length 100
			+1ms server.80 > client.1000: .
			+8s server.80 > client.1000: F.
			+1ms client.1000 > server.80: F.
			server.80 > client.1000: .
			+64s client.1001 > server.80: S
			+1ms server.80 > client.1001: R. seq 0 ack 1 win 0 id=0`,
		wants: []string{"10 likely port-closed by likely responder or firewall-reject-syn"},
	}, {
		// F5, monitor tcp_half_open
		name: "a balancer's check with a stack of its own",
		text: `
			lb: ttl=255 id=100 ts=1000
			lb.1000 > server.80: S <mss 1460,sackOK,TS val 1000 ecr 0>
			server.80 > lb.1000: S.
			lb.1000 > server.80: R seq 1 win 0
			+5s lb.1001 > server.80: S <mss 1460,sackOK,TS val 6000 ecr 0>
			server.80 > lb.1001: S.
			lb.1001 > server.80: R seq 1 win 0`,
		wants: []string{
			"3 possible syn-sent-abort by likely originator or syn-scan",
			"6 possible syn-sent-abort by likely originator or syn-scan",
		},
	}, {
		name: "a host of Windows counts all its packets: in a pause it came far",
		text: `
			client: linux ts=1000
			server: bsd ttl=128 id=500
			client.1000 > server.80: S
			+1ms server.80 > client.1000: S.
			client.1000 > server.80: P. length 100
			+1ms server.80 > client.1000: P. length 100
			client.1000 > server.80: P. length 100
			+1ms server.80 > client.1000: P. length 100
			client.1000 > server.80: .
			+20s server.80 > client.1000: R. seq 201 ack 201 win 0 id=900`,
		wants: []string{"8 possible abortive-close by likely responder or close-unread-data"},
	}, {
		name: "twelve hosts' connections refused in one moment, from nearer by", text: failover.String(), wants: failoverWants,
	}, {
		// Docker, Kubernetes: hairpin without masquerading, bridge-nf-call-iptables=0
		name: "the SYN-ACK comes from the server itself, past the translator",
		text: `
			client: linux ts=1000
			server: linux ts=900000
			client.1000 > vip.80: S rawseq 5000
			+1ms server.8080 > client.1000: S. rawseq 77 rawack 5001
			client.1000 > server.8080: R rawseq 5001 win 0
			+1s client.1000 > vip.80: S rawseq 5000
			+1ms server.8080 > client.1000: S. rawseq 99977 rawack 5001
			client.1000 > server.8080: R rawseq 5001 win 0`,
		wants: []string{
			"3 likely nat-bypass by likely originator; not syn-scan",
			"6 likely nat-bypass by likely originator",
		},
	}, {
		// kubernetes issue 122174
		name: "the same on a bridge, which shows the SYN once more, translated",
		text: `
			client: linux ts=1000 id=100
			server: linux ts=900000
			client.1000 > vip.80: S rawseq 5000 id=100
			client.1000 > server.8080: S rawseq 5000 ttl=63 id=100
			server.8080 > client.1000: S. rawseq 77 rawack 5001
			client.1000 > server.8080: R rawseq 5001 win 0 id=0`,
		wants: []string{"4 likely nat-bypass by possible originator; not syn-scan"},
	}, {
		name: "the same at the server: the SYN came over a router, the reset did not",
		text: `
			client: linux ts=1000
			server: linux ts=900000
			client.1000 > server.8080: S ttl=63
			server.8080 > client.1000: S.
			client.1000 > server.8080: R seq 1 win 0 id=0`,
		wants: []string{"3 possible nat-bypass by possible originator or unsolicited-synack syn-scan syn-sent-abort"},
	}, {
		name: "a scanner gives all its SYNs one number: no translation",
		text: `
			scan.4000 > server.80: S rawseq 5000 win 1024 ttl=51
			scan.4000 > server.22: S rawseq 5000 win 1024 ttl=43
			server.22 > scan.4000: S. rawseq 77 rawack 5001
			scan.4000 > server.22: R rawseq 5001 win 0 ttl=64`,
		wants: []string{"4 possible syn-scan by possible originator or unsolicited-synack syn-sent-abort"},
	}, {
		// kube-vip issue 1318
		name: "an address lies on two hosts of the link: the other one gets the segment",
		text: `
			client: linux ts=1000
			server: linux ts=900000 ip=198.51.100.2
			other: ip=198.51.100.2
			client.1000 > server.443: S
			+1ms server.443 > client.1000: S.
			client.1000 > server.443: P. length 100
			+1ms server.443 > client.1000: P. length 100
			client.1000 > server.443: P. length 100
			+1ms other.443 > client.1000: R rawseq 0xfffffff2 win 0 id=0`,
		wants: []string{"6 possible backend-switch by possible responder or half-open injected-reset"},
	}, {
		// Cisco document 220486, case of asymmetric routes
		name: "the SYN-ACK is refused in the client's name, from elsewhere, and the client asks again",
		text: `
			client: linux ts=1000 ttl=54
			server: linux ts=900000
			client.1000 > server.443: S
			server.443 > client.1000: S.
			+1ms client.1000 > server.443: R seq 1 win 0 ttl=250 id=77
			+999ms client.1000 > server.443: S seq 0`,
		wants: []string{"3 possible middlebox-state-loss by possible middlebox or unsolicited-synack syn-sent-abort syn-scan"},
	}, {
		name: "a SYN-ACK that nobody waits for is sent again, and refused again",
		text: `
			client: linux ts=1000
			server: linux ts=900000
			client.1000 > server.443: S
			+1500ms server.443 > client.1000: S.
			client.1000 > server.443: R seq 1 win 0 id=0
			+1s server.443 > client.1000: S. seq 0
			client.1000 > server.443: R seq 1 win 0 id=0`,
		wants: []string{
			"3 likely syn-sent-abort by likely originator or syn-scan",
			"5 likely syn-sent-abort by likely originator or syn-scan",
		},
	}, {
		// FreeRTOS-Plus-TCP issue 1235
		name: "a host gives up what was lost before it came by here, and answers the challenge",
		text: `
			client: ttl=255 id=100 df=no
			server: bsd ttl=128 id=500
			client.1000 > server.443: S win 5744
			+10ms server.443 > client.1000: S.
			client.1000 > server.443: P. length 100
			+10ms server.443 > client.1000: P. length 100
			client.1000 > server.443: .
			+25s server.443 > client.1000: R. seq 221 ack 101 win 0
			client.1000 > server.443: . ack 221
			+20ms server.443 > client.1000: R seq 221 win 0`,
		wants: []string{
			"6 possible abortive-close by likely responder or retransmission-timeout close-unread-data",
			"8 likely secondary-reset by likely responder after 6",
		},
	}, {
		name: "a host gives up what was lost before it came by here, and answers what crossed that",
		text: `
			client: ip=2001:db8::1 ttl=64
			server: ip=2001:db8::2 ttl=64
			client.1000 > server.443: S
			+10ms server.443 > client.1000: S.
			client.1000 > server.443: .
			client.1000 > server.443: P. length 100
			+10ms server.443 > client.1000: P. length 50
			client.1000 > server.443: . ack 51
			+3ms server.443 > client.1000: . seq 51 ack 101
			client.1000 > server.443: R. seq 301 ack 51 win 507
			+10ms client.1000 > server.443: R seq 101 win 0`,
		wants: []string{
			"8 possible abortive-close by likely originator or close-unread-data",
			"9 likely secondary-reset by likely originator after 8",
		},
	}, {
		name: "a device resets both ends: here the one's answer shows that it was reset, too",
		text: hand + `
			client.1000 > server.80: P. length 400
			server.80 > client.1000: P. length 1448
			+7ms client.1000 > server.80: R. seq 401 ack 1 win 4100 ttl=90 id=7 <nop>
			client.1000 > server.80: R. seq 1861 ack 1 win 4107 ttl=91 id=9 <nop>
			+30ms client.1000 > server.80: R seq 401 win 0 id=0`,
		wants: []string{
			"6 likely injected-reset by likely middlebox",
			"7 likely injected-reset by likely middlebox after 6",
			"8 possible secondary-reset by likely originator after 7",
		},
	}, {
		// bobsql.com, 17830: a driver tries all addresses of a listener
		name: "two addresses at once: the one that answers later is reset",
		text: `
			client: bsd ttl=128 id=100
			one: bsd ttl=128 id=500
			two: bsd ttl=128 id=700
			client.1000 > one.1433: S
			client.1001 > two.1433: S
			+2ms one.1433 > client.1000: S.
			client.1000 > one.1433: .
			+1ms two.1433 > client.1001: S.
			client.1001 > two.1433: R. seq 1 ack 1 win 0
			client.1000 > one.1433: P. length 88
			+2ms one.1433 > client.1000: P. length 43`,
		wants: []string{"6 possible abortive-close by likely originator or parallel-connect-loser"},
	}, {
		// keepalived issue 2306
		name: "two hosts of the link have the address: one refuses the SYN, the other accepts it",
		text: `
			client: linux ts=1000
			server: linux ts=900000 ip=198.51.100.2
			other: ip=198.51.100.2
			client.1000 > server.443: S
			+1ms other.443 > client.1000: R. seq 0 rawack 0xffffffc7 win 0 id=0
			+1ms server.443 > client.1000: S. rawack 0xffffffc7`,
		wants: []string{"2 possible port-closed by possible responder or injected-reset; not firewall-reject-syn"},
	}})
}

// The same with two captures.
func TestDocumentedTwice(t *testing.T) {
	runPoints(t, []pointTest{{
		// as the scenario nat-bypass-hairpin plays it
		name: "the SYN that the server got was sent to another address, as the client's capture shows",
		taps: []tap{
			{name: "client", text: `
				client: linux ts=1000 id=100
				server: linux ts=900000
				client.1000 > vip.80: S rawseq 5000
				server.8080 > client.1000: S. rawseq 77 rawack 5001
				client.1000 > server.8080: R rawseq 5001 win 0 id=0`},
			{name: "server", text: `
				client: linux ts=1000 id=100
				server: linux ts=900000
				client.1000 > server.8080: S rawseq 5000 ttl=63
				server.8080 > client.1000: S. rawseq 77
				client.1000 > server.8080: R rawseq 5001 win 0 id=0`},
		},
		wants: []string{"3 proven nat-bypass by proven originator; client:3 server:3"},
	}, {
		// Cisco document 220486: a firewall sees the SYN-ACK and not the SYN
		name: "the SYN passes another way; a device refuses the SYN-ACK, which it does not expect",
		taps: []tap{
			{name: "client", text: `
				client: linux ts=1000
				client.1000 > server.443: S
				+1s client.1000 > server.443: S seq 0`},
			{name: "server", text: `
				client: linux ts=1000
				server: linux ts=900000
				+10ms client.1000 > server.443: S ttl=54
				server.443 > client.1000: S.
				+1ms client.1000 > server.443: R seq 1 win 0 ttl=250 id=77
				+999ms client.1000 > server.443: S seq 0 ttl=54`},
		},
		wants: []string{"3 possible middlebox-state-loss by proven middlebox; server:3"},
	}, {
		// stratus.com, "Do you know where your TCP connections really end?"
		name: "an accelerator acknowledges payload in the server's name, cannot deliver it, and resets both",
		taps: []tap{
			{name: "client", text: atClient + `
				client.2301 > server.445: P. seq 101:1549
				+5ms server.445 > client.2301: . ttl=63 ack 1549
				+45s server.445 > client.2301: R. ttl=63 seq 1 ack 1549`},
			{name: "server", text: atServer + `
				+45015ms client.2301 > server.445: R. ttl=63 seq 101`},
		},
		wants: []string{
			"8 possible proxy-propagated-reset by proven middlebox; client:8",
			"6 possible proxy-propagated-reset by proven middlebox; server:6",
		},
	}, {
		name: "a device keeps payload back and acknowledges nothing: it cut the connection itself",
		taps: []tap{
			{name: "client", text: atClient + `
				client.2301 > server.445: P. seq 101:1549
				+5ms server.445 > client.2301: R. ttl=63 seq 1 ack 1549 win 0 id=1 <nop>`},
			{name: "server", text: atServer + `+500ms server.445 > client.2301: P. seq 1:101`},
		},
		wants: []string{"7 proven inline-policy-reset by proven middlebox; client:7"},
	}})
}
