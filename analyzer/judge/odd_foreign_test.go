package judge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rstlab/analyzer/internal/transcript"
	"rstlab/analyzer/judge"
)

// Resets of stacks and devices other than Linux, and what tells them apart.
func TestForeignStacks(t *testing.T) {
	var rebooted, woken strings.Builder
	var rebootedWants, wokenWants []string
	for i := range 12 {
		fmt.Fprintf(&rebooted, `
			+1s server.443 > client.%[1]d: . rawseq %[2]d rawack %[3]d
			client.%[1]d > server.443: R rawseq %[3]d win 0`, 40000+7*i, 1000*i+77, 2000*i+99)
		rebootedWants = append(rebootedWants, fmt.Sprintf("%d possible half-open by possible originator or stealth-scan", 2*i+2))
		fmt.Fprintf(&woken, `
			+1s client.%[1]d > host%[4]d.443: . rawseq %[2]d rawack %[3]d
			host%[4]d.443 > client.%[1]d: R rawseq %[3]d win 0`, 40000+7*i, 1000*i+77, 2000*i+99, i)
		wokenWants = append(wokenWants, fmt.Sprintf("%d possible half-open by possible responder or stealth-scan", 2*i+2))
	}
	// Three clients ask once a minute, until the server's host was started anew.
	polled, polledWants := "client: linux ts=1000\nserver: linux ts=900000\n", []string(nil)
	for round := range 4 {
		for i := range 3 {
			switch at := []string{"+1s", "+9s", "+50s"}[i]; round {
			case 0:
				polled += fmt.Sprintf("%[1]s client.%[2]d > server.80: S\nserver.80 > client.%[2]d: S.\nclient.%[2]d > server.80: .\n", at, 1000+i)
			case 3:
				polled += fmt.Sprintf("%[1]s client.%[2]d > server.80: P. length 10\nserver.80 > client.%[2]d: R seq 21 win 0\n", at, 1000+i)
				polledWants = append(polledWants, fmt.Sprintf("%d possible half-open by likely responder or middlebox-idle-timeout middlebox-state-loss", 9+18+2*i+2))
			default:
				polled += fmt.Sprintf("%[1]s client.%[2]d > server.80: P. length 10\nserver.80 > client.%[2]d: P. length 10\nclient.%[2]d > server.80: .\n", at, 1000+i)
			}
		}
	}
	// A balancer looks after twelve servers with bare handshakes.
	var checks strings.Builder
	var checksWants []string
	for i := range 36 {
		at := "+1ms"
		if i%12 == 0 {
			at = "+5s"
		}
		fmt.Fprintf(&checks, `
			%[1]s client.%[2]d > host%[3]d.80: S win 4380 <mss 1460>
			host%[3]d.80 > client.%[2]d: S.
			client.%[2]d > host%[3]d.80: R seq 1 win 0`, at, 1000+i, i%12)
		strength := "possible"
		if i < 12 {
			strength = "likely" // whether it comes again is not known yet
		}
		checksWants = append(checksWants, fmt.Sprintf("%d %s syn-scan by likely originator or syn-sent-abort", 3*i+3, strength))
	}
	// One host, or two, have forgotten twelve connections.
	forgot := func(hosts int) (text string, wants []string) {
		cause := "half-open by likely responder or middlebox-state-loss"
		if hosts > 1 {
			cause = "middlebox-state-loss by possible middlebox or half-open"
		}
		for i := range 12 {
			text += fmt.Sprintf("client.%[1]d > host%[2]d.80: S\nhost%[2]d.80 > client.%[1]d: S.\nclient.%[1]d > host%[2]d.80: P. length 10\nhost%[2]d.80 > client.%[1]d: P. length 10\n", 1000+i, i%hosts)
		}
		for i := range 12 {
			text += fmt.Sprintf("+20ms client.%[1]d > host%[2]d.80: P. length 10\nhost%[2]d.80 > client.%[1]d: R seq 11 win 0\n", 1000+i, i%hosts)
			wants = append(wants, fmt.Sprintf("%d possible %s", 48+2*i+2, cause))
		}
		return text, wants
	}
	oneForgot, oneForgotWants := forgot(1)
	twoForgot, twoForgotWants := forgot(2)
	runRules(t, []ruleTest{{
		name: "twelve connections of one host, forgotten at once: it was started anew",
		text: oneForgot, wants: oneForgotWants,
	}, {
		name: "twelve connections of two hosts, forgotten at once: a device before them",
		text: twoForgot, wants: twoForgotWants,
	}, {
		name: "polls as far apart as an idle limit, which had done no harm before the host was started anew",
		text: polled, wants: polledWants,
	}, {
		name: "a balancer's checks: a scanner does not come again",
		text: checks.String(), wants: checksWants,
	}, {
		name: "a server's keepalives reach a client that was started anew: no scan",
		text: rebooted.String(), wants: rebootedWants,
	}, {
		name: "a client that slept goes on with twelve servers: no scan",
		text: woken.String(), wants: wokenWants,
	}, {
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
		name: "from nearer by than the SYN-ACK, and without the timestamp of a stack like that one's",
		text: `
			client: linux ts=1000
			server: linux ts=900000
			client.1000 > server.443: S
			+40ms server.443 > client.1000: S. ttl=50
			client.1000 > server.443: .
			client.1000 > server.443: P. length 517
			+38ms server.443 > client.1000: R. seq 1 ack 518 win 0 ttl=57 <nop>`,
		wants: []string{"5 possible injected-reset by likely middlebox or inline-policy-reset listener-closed close-unread-data abortive-close"},
	}, {
		name: "a scanner's SYN has a TTL of its own, its host's answer another",
		text: `
			scanner.4000 > server.22: S ttl=44 win 1024 <mss 1460>
			server.22 > scanner.4000: S.
			scanner.4000 > server.22: R seq 1 win 0 ttl=58`,
		wants: []string{"3 possible syn-scan by possible originator or unsolicited-synack syn-sent-abort"},
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

// What captures lack, or have twice or in another order, makes no cause likely.
func TestFlawedCaptures(t *testing.T) {
	runRules(t, []ruleTest{{
		name: "a box refuses SYNs with ECN, and is nearer by: a rule would have met the plain SYN too",
		text: `
			client.1000 > server.80: SEW
			+4ms server.80 > client.1000: R. seq 0 ack 1 win 0 ttl=63
			+1ms client.1001 > server.80: S
			+40ms server.80 > client.1001: S. ttl=58
			client.1001 > server.80: .
			+40ms client.1001 > server.80: P. length 100
			+40ms server.80 > client.1001: . ttl=58
			+1ms client.1001 > server.80: P. length 100
			+40ms server.80 > client.1001: . ttl=58`,
		wants: []string{"2 possible option-intolerance by likely middlebox or firewall-reject-syn injected-reset port-closed listener-backlog-full"},
	}, {
		name: "one direction, a segment sent six times: that it went on like this says that nobody answered",
		text: `
			client.1000 > server.80: S
			+40ms client.1000 > server.80: . seq 1
			client.1000 > server.80: P. seq 1:201
			+40ms client.1000 > server.80: P. seq 201:401
			+300ms client.1000 > server.80: P. seq 201:401
			+600ms client.1000 > server.80: P. seq 201:401
			+1200ms client.1000 > server.80: P. seq 201:401
			+2400ms client.1000 > server.80: P. seq 201:401
			+4800ms client.1000 > server.80: P. seq 201:401
			+9600ms client.1000 > server.80: R. seq 401 win 0`,
		wants: []string{"10 possible retransmission-timeout by likely originator or abortive-close"},
	}, {
		name: "two aborts at once, and a third of which the capture lost all but the SYN: no SYN was refused",
		text: `
			client.1000 > server.80: S
			server.80 > client.1000: S.
			client.1000 > server.80: .
			client.1001 > server.80: S
			server.80 > client.1001: S.
			client.1001 > server.80: .
			+1s server.80 > client.1000: R.
			server.80 > client.1001: R.
			+1s client.1002 > server.80: S
			server.80 > client.1002: R. seq 301 ack 101`,
		wants: []string{
			"7 possible abortive-close by likely responder or listener-closed",
			"8 possible abortive-close by likely responder or listener-closed",
			"10 undetermined undetermined (no-handshake) by possible responder",
		},
	}, {
		name: "one direction, a bare reset: what drew it was not captured",
		text: `
			server.80 > client.1000: S. rawseq 5000 rawack 1001
			server.80 > client.1000: . rawseq 5001 rawack 1101
			+2s server.80 > client.1000: R rawseq 5001 win 0`,
		wants: []string{"3 undetermined undetermined (one-direction) by possible responder"},
	}, {
		name: "Linux' bare reset behind its FIN, long after the last ACK: data is missing",
		text: hand + `
			client.1000 > server.80: P. length 100
			+1ms server.80 > client.1000: P. length 100
			server.80 > client.1000: F.
			+1ms client.1000 > server.80: . ack 102
			+150ms server.80 > client.1000: R seq 102 win 0`,
		wants: []string{"8 possible close-then-abort by likely responder or data-after-close"},
	}, {
		name: "the ports used again, and of the connection before both FINs are among what is missing",
		text: `
			client.1000 > server.80: S rawseq 1000000
			server.80 > client.1000: S. rawseq 5000 rawack 1000001
			client.1000 > server.80: . rawseq 1000001 rawack 5001
			client.1000 > server.80: P. rawseq 1000001 rawack 5001 length 100
			server.80 > client.1000: . rawseq 5101 rawack 1000102
			+2s client.1000 > server.80: S rawseq 500000
			server.80 > client.1000: . rawseq 5101 rawack 1000102
			client.1000 > server.80: R rawseq 1000102 win 0`,
		wants: []string{"8 possible half-open by likely originator or time-wait-reuse synack-bad-ack"},
	}, {
		name: "the clock of the capture is set an hour on while data is on its way",
		text: hand + `
			client.1000 > server.80: P. length 100
			+1ms server.80 > client.1000: P. length 100 ack 101
			client.1000 > server.80: P. length 100
			+3600s server.80 > client.1000: R. seq 101 ack 101 win 0 ttl=200 id=4 <nop>`,
		wants: []string{"7 possible injected-reset by likely middlebox or inline-policy-reset close-unread-data abortive-close"},
	}, {
		name: "a lone ACK, and the clock of the capture is set an hour on before its answer",
		text: hand + `
			+70s scanner.4000 > server.25: . rawseq 77 rawack 99 win 1024
			+3600s server.25 > scanner.4000: R rawseq 99 win 0`,
		wants: []string{"5 possible half-open by likely responder or stealth-scan"},
	}, {
		name: "resets in steps, the third of which hits, some time later",
		text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: R seq 1461 ttl=99
			+3ms server.80 > client.1000: R seq 4381 ttl=99
			+3ms server.80 > client.1000: R seq 1 ttl=99`,
		wants: []string{
			"5 possible injected-reset by likely middlebox or blind-reset inline-policy-reset",
			"6 possible injected-reset by likely middlebox after 5 or blind-reset inline-policy-reset",
			"7 possible injected-reset by likely middlebox after 5 or blind-reset inline-policy-reset",
		},
	}})
}

// No timestamp is wrong where it is the clock of the capture that was set.
func TestClockIsSet(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text  string
		by    time.Duration
		after int // so many packets
		want  string
	}{{`
		client: linux ts=1000
		server: linux ts=900000
		client.1000 > server.80: S
		server.80 > client.1000: S.
		client.1000 > server.80: R seq 1 win 0`, -2 * time.Second, 1, "3 possible syn-sent-abort by likely originator"}, {
		hand + `
		client.1000 > server.80: P. length 100
		server.80 > client.1000: R. seq 1 ack 101`, -2 * time.Second, 1, "5 possible close-unread-data by likely responder"}, {
		hand + `
		client.1000 > server.80: P. length 100
		server.80 > client.1000: P. length 100 ack 101
		client.1000 > server.80: .
		+60s server.80 > client.1000: R.`, time.Hour, 4, "7 possible abortive-close by likely responder"}} {
		frames, err := transcript.Parse(test.text)
		if err != nil {
			t.Fatal(err)
		}
		for i := test.after; i < len(frames); i++ {
			frames[i].Time = frames[i].Time.Add(test.by)
		}
		var got []string
		j := judge.Judge{Emit: func(v *judge.Verdict, _ *judge.Case) error { got = append(got, say(v)); return nil }}
		feed(t, &j, frames, 1<<16)
		if !slices.Equal(got, []string{test.want}) {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
