package judge_test

import "testing"

// What a verdict says of the frames must be true of them.
func TestSentences(t *testing.T) {
	far := `
		client.1000 > server.80: S
		+40ms server.80 > client.1000: S.
		client.1000 > server.80: .
		client.1000 > server.80: P. length 10
		+40ms server.80 > client.1000: .`
	lost := `
		client.1000 > server.80: S
		+40ms server.80 > client.1000: S.
		client.1000 > server.80: .
		client.1000 > server.80: P. length 10
		+1s client.1000 > server.80: P. seq 1:11 ack 1`
	balancer := `
		client.1000 > server.443: S
		+40ms server.443 > client.1000: S. win 8190
		client.1000 > server.443: .
		client.1000 > server.443: P. length 100
		+40ms server.443 > client.1000: . win 928`
	subflows := `
		client.1000 > server.80: S <mss 1460,mptcp capable version 1 "01">
		server.80 > client.1000: S. <mss 1460,mptcp capable version 1 "010000000000000002">
		client.1000 > server.80: . <mptcp capable version 1 "0100000000000000010000000000000002">
		client.1001 > server.80: S <mss 1460,mptcp join flags 0 "01cd04a47500000007">
		server.80 > client.1001: S.
		client.1001 > server.80: .`
	runRules(t, []ruleTest{{
		name: "the ACK of a FIN comes just behind the reset: too soon for an answer to that",
		text: far + `
			client.1000 > server.80: F.
			+39ms server.80 > client.1000: P. seq 1:32 ack 11
			client.1000 > server.80: R seq 11 win 0
			+700us server.80 > client.1000: . seq 32 ack 12
			client.1000 > server.80: R seq 12 win 0`,
		wants: []string{
			"8 likely data-after-close by likely originator; says the client closed while the server still sent; unsaid idle timeout",
			"10 likely secondary-reset by likely originator after 8; says frame 9: the responder's ACK seq 32 ack 12 was on its way; unsaid challenges",
		},
	}, {
		name: "an ACK that says nothing new, a round trip behind a reset of too high a number, challenges it",
		text: far + `
			client.1000 > server.80: R. seq 511 ack 1
			+40ms server.80 > client.1000: . seq 1 ack 11
			client.1000 > server.80: R seq 11 win 0`,
		wants: []string{
			"6 possible abortive-close by likely originator; challenged",
			"8 likely secondary-reset by likely originator after 6; says the responder challenges it: ACK seq 1 ack 11",
		},
	}, {
		name: "payload that left long before the FIN and had not come to its sender",
		text: lost + `
			+1s server.80 > client.1000: F. seq 1 ack 1
			client.1000 > server.80: FP. seq 1:11 ack 1
			+40ms server.80 > client.1000: R seq 1 win 0`,
		wants: []string{"8 likely data-after-close by likely responder; not close-then-abort; says payload of the originator had not come to the responder when it sent its FIN [4 6]; unsaid sent payload after"},
	}, {
		name: "a FIN behind payload that never came draws the reset: its acknowledgment has the number",
		text: lost + `
			client.1000 > server.80: F. seq 11 ack 1
			+1s server.80 > client.1000: F. seq 1 ack 1
			client.1000 > server.80: F. seq 11 ack 2
			+40ms server.80 > client.1000: R seq 2 win 0`,
		wants: []string{"9 likely data-after-close by likely responder; frames 4 8; says frame 8: the originator's FIN seq 11 ack 2, behind that payload"},
	}, {
		name: "a FIN without an answer, and the capture begins with it: it may not have been the first",
		text: `
			client.4000 > server.80: F. rawseq 1000 rawack 2000 win 4096
			+22s client.4000 > server.80: R. rawseq 1001 rawack 2000 win 4096`,
		wants: []string{"2 possible close-then-abort by likely originator or retransmission-timeout"},
	}, {
		name: "a FIN without an answer, of which an earlier copy would have been captured",
		text: `
			client.5000 > host1.80: S
			+30s client.4000 > server.80: F. rawseq 1000 rawack 2000 win 4096
			+22s client.4000 > server.80: R. rawseq 1001 rawack 2000 win 4096`,
		wants: []string{"3 possible close-then-abort by likely originator; not retransmission-timeout"},
	}, {
		name: "copies whose answers came late, and silence since: no timer waits like that",
		text: far + `
			server.80 > client.1000: P. length 100
			+300ms server.80 > client.1000: P. seq 1:101 ack 11
			+20ms client.1000 > server.80: . seq 11 ack 101
			server.80 > client.1000: P. seq 1:101 ack 11
			client.1000 > server.80: . seq 11 ack 101
			+90s server.80 > client.1000: R. seq 101 ack 11`,
		wants: []string{"11 possible abortive-close by likely responder or middlebox-idle-timeout; unsaid without an answer"},
	}, {
		name: "a balancer says by the window of its reset that the connection was idle",
		text: balancer + `
			+95s server.443 > client.1000: R. seq 1 ack 101 win 9300`,
		wants: []string{"6 possible middlebox-idle-timeout by likely responder or abortive-close; frames 2; says its code for: idle connection cleaned up"},
	}, {
		name: "a balancer says by the window of its reset that its other leg was reset",
		text: balancer + `
			+700ms server.443 > client.1000: R. seq 1 ack 101 win 9701`,
		wants: []string{"6 possible proxy-propagated-reset by likely responder or abortive-close; frames 2; says the proxy's other leg"},
	}, {
		name: "the same window of a host that offered another in its SYN-ACK",
		text: far + `
			+95s server.80 > client.1000: R. seq 1 ack 11 win 9300`,
		wants: []string{"6 possible abortive-close by likely responder or middlebox-idle-timeout; unsaid its code for"},
	}, {
		name: "an address is taken back on one subflow, and its other end resets the other",
		text: subflows + `
			server.80 > client.1001: . <mptcp remove-addr flags 0 "00">
			client.1000 > server.80: R.`,
		wants: []string{"8 possible mptcp-subflow-reset by likely originator or abortive-close; frames 7"},
	}, {
		name: "an address was taken back long before",
		text: subflows + `
			server.80 > client.1001: . <mptcp remove-addr flags 0 "00">
			+3s client.1000 > server.80: R.`,
		wants: []string{"8 possible abortive-close by likely originator"},
	}, {
		name: "what drew the reset left before many resets that crossed it",
		text: far + `
			client.1000 > server.80: P. length 31
			client.1000 > server.80: F.
			+30ms server.80 > client.1000: P. seq 1:11 ack 11
			client.1000 > server.80: R seq 11 win 0
			server.80 > client.1000: P. seq 11:21 ack 11
			client.1000 > server.80: R seq 11 win 0
			server.80 > client.1000: P. seq 21:31 ack 11
			client.1000 > server.80: R seq 11 win 0
			server.80 > client.1000: P. seq 31:41 ack 11
			client.1000 > server.80: R seq 11 win 0
			server.80 > client.1000: P. seq 41:51 ack 11
			client.1000 > server.80: R seq 11 win 0
			server.80 > client.1000: P. seq 51:61 ack 11
			client.1000 > server.80: R seq 11 win 0
			server.80 > client.1000: P. seq 61:71 ack 11
			client.1000 > server.80: R seq 11 win 0
			server.80 > client.1000: F. seq 71 ack 11
			client.1000 > server.80: R seq 11 win 0
			server.80 > client.1000: R seq 1 win 0 id=9001
			server.80 > client.1000: R seq 1 win 0 id=9002`,
		wants: []string{
			"9 likely data-after-close by likely originator",
			"11 likely secondary-reset by likely originator after 9",
			"13 likely secondary-reset by likely originator after 9",
			"15 likely secondary-reset by likely originator after 9",
			"17 likely secondary-reset by likely originator after 9",
			"19 likely secondary-reset by likely originator after 9",
			"21 likely secondary-reset by likely originator after 9",
			"23 likely secondary-reset by likely originator after 9; frames 22",
			"24 likely data-after-close by likely responder; frames 6",
			"25 likely secondary-reset by likely responder after 24; frames 7",
		},
	}, {
		name: "what drew the reset is one of many segments on their way, and forgotten",
		text: far + `
			+1ms server.80 > client.1000: P. length 10
			client.1000 > server.80: P. length 10 ack 1
			client.1000 > server.80: . ack 11
			client.1000 > server.80: P. length 10 ack 11
			server.80 > client.1000: F. seq 11 ack 11
			client.1000 > server.80: P. length 10 ack 12
			client.1000 > server.80: P. length 10 ack 12
			client.1000 > server.80: P. length 10 ack 12
			client.1000 > server.80: P. length 10 ack 12
			client.1000 > server.80: P. length 10 ack 12
			client.1000 > server.80: P. length 10 ack 12
			client.1000 > server.80: P. length 10 ack 12
			client.1000 > server.80: F. ack 12
			+40ms server.80 > client.1000: R seq 1 win 0`,
		wants: []string{"19 possible data-after-close by likely responder; frames 10; says compare at the peer; says which the originator had acknowledged before"},
	}, {
		name: "of several answers to what came after a FIN two have changed places: only the first is the first",
		text: far + `
			server.80 > client.1000: F. seq 1 ack 11
			client.1000 > server.80: P. length 10 ack 1
			client.1000 > server.80: P. length 10 ack 1
			client.1000 > server.80: . ack 2
			client.1000 > server.80: P. length 10 ack 2
			client.1000 > server.80: P. length 10 ack 2
			+40ms server.80 > client.1000: R seq 1 win 0 id=1
			server.80 > client.1000: R seq 2 win 0 id=3
			server.80 > client.1000: R seq 1 win 0 id=2
			server.80 > client.1000: R seq 2 win 0 id=4`,
		wants: []string{
			"12 likely data-after-close by likely responder",
			"13 likely secondary-reset by likely responder after 12",
			"14 likely secondary-reset by likely responder after 12",
			"15 likely secondary-reset by likely responder after 12",
		},
	}, {
		name: "an abort behind the peer's FIN and payload of its own: not all of that was acknowledged",
		text: far + `
			server.80 > client.1000: F. seq 1 ack 11
			client.1000 > server.80: P. length 31 ack 2
			client.1000 > server.80: R. seq 42 ack 2`,
		wants: []string{"8 possible close-then-abort by likely originator; harmful; says not all data had been acknowledged"},
	}, {
		name: "an abort behind the peer's FIN, and all was acknowledged",
		text: far + `
			server.80 > client.1000: F. seq 1 ack 11
			client.1000 > server.80: R. seq 11 ack 2`,
		wants: []string{"7 likely close-then-abort by likely originator; benign"},
	}, {
		name: "a refusal with a number that no stack writes",
		text: `
			client.1000 > server.80: S
			+60ms server.80 > client.1000: R. rawseq 2462244745 ack 1 win 0`,
		wants: []string{"2 possible port-closed by possible responder or firewall-reject-syn; says a device on the way rewrites numbers"},
	}, {
		name: "why the sender is proven",
		text: "client: in\nserver: out\n" + far + `
			server.80 > client.1000: R. seq 1 ack 11`,
		wants: []string{"6 possible close-unread-data by proven responder; says captured as it left the host"},
	}})
}
