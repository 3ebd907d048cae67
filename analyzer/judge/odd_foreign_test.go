package judge_test

import "testing"

// Resets of stacks and devices other than Linux, and what tells them apart.
func TestForeignStacks(t *testing.T) {
	runRules(t, []ruleTest{{
		name: "too fast, and from a distance that no path change makes of the one other packet's",
		text: `
			client.1000 > server.443: S
			+40ms server.443 > client.1000: S. ttl=120
			client.1000 > server.443: .
			client.1000 > server.443: P. length 517
			+12ms server.443 > client.1000: R. seq 1 ack 518 win 0 ttl=58`,
		wants: []string{"5 possible injected-reset by likely middlebox or inline-policy-reset listener-closed close-unread-data abortive-close"},
	}, {
		name: "too fast, but a hop off only: the first answer may have been slow, the path may have changed",
		text: `
			client.1000 > server.443: S
			+40ms server.443 > client.1000: S. ttl=57
			client.1000 > server.443: .
			client.1000 > server.443: P. length 517
			+12ms server.443 > client.1000: R. seq 1 ack 518 win 0 ttl=58`,
		wants: []string{"5 possible close-unread-data by possible responder or inline-policy-reset injected-reset listener-closed abortive-close"},
	}, {
		name: "a SYN proxy's SYN-ACK, nearer by than the server that resets",
		text: `
			client.1000 > server.443: S
			+2ms server.443 > client.1000: S. ttl=120
			client.1000 > server.443: .
			client.1000 > server.443: P. length 517
			+40ms server.443 > client.1000: R. seq 1 ack 518 win 0 ttl=58`,
		wants: []string{"5 possible close-unread-data by possible responder or listener-closed abortive-close"},
	}, {
		name: "data close behind the reset, with the reset's own number: it was sent after it",
		text: hand + `
			client.1000 > server.80: P. length 100
			+20ms server.80 > client.1000: R. seq 1 ack 101 <nop> id=0
			+4ms server.80 > client.1000: P. seq 1:801 ack 101
			client.1000 > server.80: R seq 101 win 0`,
		wants: []string{
			"5 likely injected-reset by likely middlebox",
			"7 likely secondary-reset by likely originator after 5",
		},
	}, {
		name: "data close behind the reset, which has the number after it: the two changed places",
		text: hand + `
			client.1000 > server.80: P. length 100
			+20ms server.80 > client.1000: R. seq 801 ack 101
			+1ms server.80 > client.1000: P. seq 1:801 ack 101`,
		wants: []string{"5 possible close-unread-data by likely responder or abortive-close"},
	}, {
		name: "the prober had heard the last answer: its reset echoes that one's timestamp",
		text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: . ack 101
			+15s client.1000 > server.80: . seq 100
			server.80 > client.1000: . ack 101
			+15s client.1000 > server.80: . seq 100
			server.80 > client.1000: . ack 101
			+15s client.1000 > server.80: . seq 100
			server.80 > client.1000: . ack 101
			+15s client.1000 > server.80: R. seq 101`,
		wants: []string{"12 possible abortive-close by likely originator"},
	}, {
		name: "segments without SYN and ACK to three ports",
		text: `
			client.1000 > server.22: F. <nop>
			server.22 > client.1000: .
			+5s scanner.4000 > server.21: F rawseq 77 win 1024
			server.21 > scanner.4000: R. rawseq 0 rawack 78 win 0
			scanner.4000 > server.23: F rawseq 77 win 1024
			server.23 > scanner.4000: R. rawseq 0 rawack 78 win 0
			scanner.4000 > server.25: F rawseq 77 win 1024
			server.25 > scanner.4000: R. rawseq 0 rawack 78 win 0`,
		wants: []string{
			"4 likely stealth-scan by likely responder",
			"6 likely stealth-scan by likely responder",
			"8 likely stealth-scan by likely responder",
		},
	}, {
		name: "an old stack resets on a SYN in its window and acknowledges that",
		text: `
			server: bsd
			client.1000 > server.23: S rawseq 1000
			server.23 > client.1000: S.
			client.1000 > server.23: P. rawseq 1001 length 10
			server.23 > client.1000: .
			+5s client.1000 > server.23: S rawseq 2000
			server.23 > client.1000: R. seq 1 rawack 2001 win 0`,
		wants: []string{"6 likely syn-in-window by likely responder"},
	}})
}
