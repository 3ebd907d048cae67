package judge_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestDevices(t *testing.T) {
	// Several connections that are quiet for 350 s, then meet a bare RST of another hop.
	var idle strings.Builder
	for i := range 3 {
		fmt.Fprintf(&idle, `
			server: ttl=50
			client.%[1]d > server.443: S
			+10ms server.443 > client.%[1]d: S.
			client.%[1]d > server.443: P. seq 1:101 ack 1
			+10ms server.443 > client.%[1]d: . ack 101
			+350s client.%[1]d > server.443: P. seq 101:201 ack 1
			server.443 > client.%[1]d: R seq 1 win 0 ttl=63`, 1000+i)
	}
	// Ten connections to two servers refused in one moment.
	var lost strings.Builder
	for i := range 10 {
		fmt.Fprintf(&lost, `
			client.%[1]d > server%[2]d.80: S
			server%[2]d.80 > client.%[1]d: S.
			client.%[1]d > server%[2]d.80: P. seq 1:11 ack 1
			server%[2]d.80 > client.%[1]d: . ack 11`, 1000+i, i%2)
	}
	var lostWants []string
	for i := range 10 {
		fmt.Fprintf(&lost, `
			+1ms client.%[1]d > server%[2]d.80: P. seq 11:21 ack 1
			server%[2]d.80 > client.%[1]d: R seq 1 win 0`, 1000+i, i%2)
		lostWants = append(lostWants, fmt.Sprintf("%d possible middlebox-state-loss by possible middlebox or half-open", 42+2*i))
	}
	runRules(t, []ruleTest{{
		name: "a NAT gateway forgets idle flows",
		text: idle.String(),
		wants: []string{
			"6 possible half-open by possible responder or middlebox-idle-timeout injected-reset",
			"12 possible half-open by possible responder or middlebox-idle-timeout",
			"18 likely middlebox-idle-timeout by likely middlebox or half-open",
		},
	}, {
		name: "a device lost its table", text: lost.String(), wants: lostWants,
	}, {
		name: "ECN is refused, without it let in, twice",
		text: `
			client.1000 > server.80: SEW
			server.80 > client.1000: R. seq 0 ack 1 win 0
			client.1001 > server.80: S
			server.80 > client.1001: S.
			client.1002 > server.80: SEW
			server.80 > client.1002: R. seq 0 ack 1 win 0
			client.1003 > server.80: S
			server.80 > client.1003: S.`,
		wants: []string{
			"2 likely option-intolerance by likely middlebox; frames 1 3",
			"6 likely option-intolerance by likely middlebox; frames 5 7",
		},
	}, {
		name: "a proxy passes on what its origin did, both legs here",
		text: `
			client.1000 > proxy.80: S
			proxy.80 > client.1000: S.
			client.1000 > proxy.80: P. seq 1:51 ack 1
			proxy.2000 > origin.8080: S
			origin.8080 > proxy.2000: S.
			proxy.2000 > origin.8080: P. seq 1:51 ack 1
			origin.8080 > proxy.2000: R. seq 1 ack 51
			+2ms proxy.80 > client.1000: R. seq 1 ack 51`,
		wants: []string{
			"7 possible close-unread-data by likely responder",
			"8 possible proxy-propagated-reset by likely responder or close-unread-data abortive-close; frames 7",
		},
	}, {
		name: "a segment of a pod escapes translation",
		text: `
			service: ip=203.0.113.9
			pod: ip=203.0.113.77
			client.40000 > service.80: S rawseq 1000
			service.80 > client.40000: S. rawseq 5000 rawack 1001
			client.40000 > service.80: P. rawseq 1001 rawack 5001 length 100
			service.80 > client.40000: . rawseq 5001 rawack 1101
			pod.8080 > client.40000: P. rawseq 5005001 rawack 1101 length 100
			client.40000 > pod.8080: R rawseq 1101 win 0
			+5ms client.40000 > service.80: P. rawseq 1101 rawack 5001 length 100
			service.80 > client.40000: R rawseq 5001 win 0`,
		wants: []string{
			"6 possible nat-bypass by likely originator or half-open; frames 1 5",
			"8 likely secondary-reset by likely responder after 6 or half-open",
		},
	}, {
		name: "an old stack resets on a SYN in its window",
		text: `
			server: bsd
			client.1000 > server.23: S rawseq 1000
			server.23 > client.1000: S.
			client.1000 > server.23: P. rawseq 1001 length 10
			server.23 > client.1000: .
			+5s client.1000 > server.23: S rawseq 2000
			server.23 > client.1000: R. seq 1 rawack 1011`,
		wants: []string{"6 likely syn-in-window by likely responder; frames 4 5"},
	}})
}

func TestCrowds(t *testing.T) {
	// Two dozen connections of one host to a dozen peers, aborted some time apart.
	crowd := func(apart string) (text string, aborts []int) {
		var b strings.Builder
		frame := 0
		for i := range 24 {
			fmt.Fprintf(&b, "client.%[1]d > peer%[2]d.80: S\npeer%[2]d.80 > client.%[1]d: S.\nclient.%[1]d > peer%[2]d.80: .\n", 1000+i, i/2)
			frame += 3
		}
		for i := range 24 {
			fmt.Fprintf(&b, "+%s client.%d > peer%d.80: R.\n", apart, 1000+i, i/2)
			frame++
			aborts = append(aborts, frame)
		}
		return b.String(), aborts
	}
	timers, frames := crowd("5ms")
	exit, _ := crowd("10us")
	var byTimers, byExit []string
	for _, n := range frames {
		byTimers = append(byTimers, fmt.Sprintf("%d possible abortive-close by likely originator or resource-abort", n))
		byExit = append(byExit, fmt.Sprintf("%d possible abortive-close by likely originator; not resource-abort", n))
	}
	runRules(t, []ruleTest{
		{name: "one by one, as a kernel short of memory lets go", text: timers, wants: byTimers},
		{name: "in one sweep, as a process ends", text: exit, wants: byExit},
	})
}

func TestMultipath(t *testing.T) {
	runRules(t, []ruleTest{{
		name: "a subflow is refused with a reason",
		text: `
			client.1000 > server.80: S <mss 1460,mptcp join flags 0 "00deadbeefcafebabe">
			server.80 > client.1000: R. seq 0 ack 1 <mptcp rst reason 1>`,
		wants: []string{"2 likely mptcp-subflow-reset by possible responder; not port-closed; frames 1"},
	}, {
		name: "fast close and reset in one",
		text: hand + `
			client.1000 > server.80: R. <TS val 1001 ecr 900001,mptcp fastclose "000011223344556677",mptcp rst reason 0>`,
		wants: []string{"4 likely mptcp-fastclose by likely originator"},
	}, {
		name: "fast close on the other subflow, linked by the token of its key",
		text: `
			client.1000 > server.80: S <mss 1460,mptcp capable version 1 "01">
			server.80 > client.1000: S. <mss 1460,mptcp capable version 1 "010000000000000002">
			client.1000 > server.80: . <mptcp capable version 1 "0100000000000000010000000000000002">
			client.1001 > server.80: S <mss 1460,mptcp join flags 0 "01cd04a47500000007">
			server.80 > client.1001: S.
			client.1001 > server.80: .
			client.1000 > server.80: R. <mptcp fastclose "000000000000000002">
			client.1001 > server.80: R.`,
		wants: []string{
			"7 likely mptcp-fastclose by likely originator",
			"8 likely mptcp-fastclose by likely originator; frames 7",
		},
	}})
}

func TestConnectMore(t *testing.T) {
	runRules(t, []ruleTest{{
		name: "a health check aborts in place of the third packet",
		text: `
			client: linux ts=1 id=5
			client.1000 > server.80: S
			server.80 > client.1000: S.
			client.1000 > server.80: R. ack 1`,
		wants: []string{"3 possible abortive-close by likely originator; not syn-sent-abort"},
	}, {
		name: "both ends abort at once",
		text: hand + `
			client.1000 > server.80: R.
			server.80 > client.1000: R. seq 1`,
		wants: []string{
			"4 possible abortive-close by likely originator; not injected-reset; accepted",
			"5 possible abortive-close by likely responder; ignored",
		},
	}, {
		name: "fast open data unread, closed before the handshake's end",
		text: `
			client.1000 > server.80: S length 50
			server.80 > client.1000: S. ack 51
			server.80 > client.1000: R. seq 1 ack 51`,
		wants: []string{"3 possible close-unread-data by likely responder or abortive-close"},
	}, {
		name: "a SYN that may be forged",
		text: `
			client.1000 > server.80: S ttl=211
			server.80 > client.1000: S.
			client.1000 > server.80: R seq 1`,
		wants: []string{"3 possible syn-scan by possible originator or unsolicited-synack"},
	}, {
		name: "an abort whose last data was lost before the tap",
		text: hand + `
			client.1000 > server.80: P. seq 1:101
			server.80 > client.1000: . ack 101
			client.1000 > server.80: R. seq 201 ack 1 id=104`,
		wants: []string{"6 possible abortive-close by likely originator"},
	}, {
		name: "a blind sweep",
		text: hand + `
			client.1000 > server.80: P. seq 1:101
			server.80 > client.1000: R seq 900000000 ttl=99
			server.80 > client.1000: R seq 900065536 ttl=99
			server.80 > client.1000: R seq 900131072 ttl=99
			+50ms server.80 > client.1000: P. seq 1:101 ack 101`,
		wants: []string{
			"5 likely blind-reset by likely middlebox or injected-reset; ignored",
			"6 likely blind-reset by likely middlebox after 5; ignored",
			"7 likely blind-reset by likely middlebox after 5; ignored",
		},
	}})
}

// Cases as captures from the field have them.
func TestField(t *testing.T) {
	// Twelve segments on their way when the responder's stack forgets the connection.
	var flight strings.Builder
	flight.WriteString(hand + `
		server.80 > client.1000: P. seq 1:33 ack 1
		server.80 > client.1000: P. seq 33:65 ack 1
		client.1000 > server.80: P. seq 1:11 ack 33`)
	for i := range 12 {
		fmt.Fprintf(&flight, `
			client.1000 > server.80: P. seq %d:%d ack 65`, 11+10*i, 21+10*i)
	}
	flight.WriteString(`
		server.80 > client.1000: R seq 65 win 0
		server.80 > client.1000: R seq 33 win 0`)
	runRules(t, []ruleTest{{
		name: "a SYN-ACK with a timestamp that echoes 0, as Windows XP wrote it, is no reason to reset",
		text: `
			client: linux ts=4711
			client.1000 > server.80: S
			server.80 > client.1000: S. <mss 1460,nop,wscale 0,nop,nop,TS val 0 ecr 0,nop,nop,sackOK>
			+80ms client.1000 > server.80: R seq 1 win 0`,
		wants: []string{"3 possible syn-sent-abort by likely originator or syn-scan"},
	}, {
		name: "a bare reset after a pause is no answer to an ACK that the sender outlived",
		text: hand + `
			client.1000 > server.80: P. seq 1:101 ack 1
			server.80 > client.1000: . ack 101
			server.80 > client.1000: P. seq 1:51 ack 101
			client.1000 > server.80: . ack 51
			+13s client.1000 > server.80: R seq 101 win 0`,
		wants: []string{"8 possible abortive-close by possible originator or injected-reset"},
	}, {
		name: "the answer to a segment in flight that is not remembered any more",
		text: flight.String(),
		wants: []string{
			"19 possible half-open by likely responder",
			"20 possible secondary-reset by likely responder after 19; frames 19 20",
		},
	}, {
		name: "fast close in the peer's ACK, answered with RST and ACK",
		text: hand + `
			client.1000 > server.80: P. length 10
			server.80 > client.1000: .
			client.1000 > server.80: . <mptcp fastclose "000011223344556677">
			server.80 > client.1000: R.`,
		wants: []string{"7 likely mptcp-fastclose by likely responder or abortive-close; frames 6"},
	}, {
		name: "a mirror of both ways shows each packet twice, the reset as well, whatever could have drawn a second",
		text: `
			client: linux ts=1000
			server: linux ts=900000
			client.1000 > server.80: S id=100
			+3us client.1000 > server.80: S seq 0 id=100
			server.80 > client.1000: S. id=7000
			+3us server.80 > client.1000: S. seq 0 ack 1 id=7000
			client.1000 > server.80: F. seq 1 ack 1 id=101
			+3us client.1000 > server.80: F. seq 1 ack 1 id=101
			+1ms server.80 > client.1000: . seq 1 ack 2 id=7001
			+3us server.80 > client.1000: . seq 1 ack 2 id=7001
			server.80 > client.1000: F. seq 1 ack 2 id=7002
			+3us server.80 > client.1000: F. seq 1 ack 2 id=7002
			client.1000 > server.80: R seq 2 win 0 id=0
			+3us client.1000 > server.80: R seq 2 win 0 id=0`,
		wants: []string{"11 likely close-then-abort by likely originator"},
	}, {
		name: "a BGP speaker's sockets have TTL 1, its refusals do not",
		text: `
			client: ttl=1
			client.1000 > server.179: S
			server.179 > client.1000: S. ttl=1
			client.1000 > server.179: .
			server.1001 > client.179: S ttl=1
			+1ms client.179 > server.1001: R. seq 0 ack 1 win 0 ttl=64`,
		wants: []string{"5 possible port-closed by possible responder or firewall-reject-syn"},
	}, {
		name: "what drew the reset behind a FIN was not captured, as the next segment's number shows",
		text: hand + `
			client.1000 > server.80: F. seq 1 ack 1
			+1ms server.80 > client.1000: . ack 2
			client.1000 > server.80: R seq 2 win 0
			server.80 > client.1000: F. seq 275 ack 2`,
		wants: []string{"6 possible data-after-close by likely originator or close-then-abort; frames 4 6 7"},
	}, {
		name: "a segment that was damaged until it looked like a reset",
		text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: .
			server.80 > client.1000: FRU seq 1 ack 101 ttl=200 badsum=yes
			+1ms server.80 > client.1000: P. seq 1:101 ack 101`,
		wants: []string{"6 undetermined undetermined (corrupt) by possible responder"},
	}, {
		name: "data to an end of which nothing was captured: it may have closed before",
		text: `
			server.443 > client.1000: P. seq 1:37 ack 1
			client.1000 > server.443: R seq 1 win 0`,
		wants: []string{"2 possible half-open by possible originator or data-after-close"},
	}})
}
