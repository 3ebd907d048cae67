package judge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/internal/transcript"
	"rstlab/analyzer/judge"
)

// Captures as engineers bring them, odd and yet ordinary: what an expert would
// say of each, and no more than the packets carry.
func TestOddCaptures(t *testing.T) {
	var crawler strings.Builder
	var gaveUp []string
	for i := range 12 {
		fmt.Fprintf(&crawler, `
			client.%[1]d > host%[2]d.80: S
			+1s client.%[1]d > host%[2]d.80: S
			+10ms host%[2]d.80 > client.%[1]d: S.
			client.%[1]d > host%[2]d.80: R seq 1`, 1000+i, i)
		gaveUp = append(gaveUp, fmt.Sprintf("%d likely syn-sent-abort by likely originator or syn-scan", 4*i+4))
	}
	runRules(t, []ruleTest{{name: "a crawler that gave up twelve slow hosts: no scan", text: crawler.String(), wants: gaveUp}})
	runRules(t, oddCaptures)
}

// Nobody can say that there was no answer where the capture says that it lost
// packets.
func TestDroppedAnswers(t *testing.T) {
	t.Parallel()
	frames, err := transcript.Parse(hand + `
		+1s server.80 > client.1000: . seq 0 ack 1
		+1s server.80 > client.1000: . seq 0 ack 1
		+1s server.80 > client.1000: . seq 0 ack 1
		+1s server.80 > client.1000: R. seq 1 ack 1`)
	if err != nil {
		t.Fatal(err)
	}
	for drops, want := range map[bool]string{
		false: "7 likely keepalive-timeout by likely responder",
		true:  "7 possible keepalive-timeout by likely responder",
	} {
		var got []string
		j := judge.Judge{Follower: judge.Follower{Drops: drops}, Emit: func(v *judge.Verdict, _ *judge.Case) error { got = append(got, say(v)); return nil }}
		feed(t, &j, frames, 1<<16)
		if !slices.Equal(got, []string{want}) {
			t.Errorf("drops %v: got %q, want %q", drops, got, want)
		}
	}
}

// What harms a capture makes no cause likely that was not open without it: of 20
// likely ones at most one is.
func TestOddCapturesHarmed(t *testing.T) {
	sure, other := 0, 0
	for _, tc := range oddCaptures {
		frames, err := transcript.Parse(tc.text)
		if err != nil {
			t.Fatal(err)
		}
		plain := verdictsOf(t, frames, 1<<16)
		check := func(harm string, frames []transcript.Frame, snap int, was func(uint32) uint32) {
			for frame, v := range verdictsOf(t, frames, snap) {
				w := plain[was(frame)]
				if w == nil || v.Strength < cause.Likely {
					continue
				}
				sure++
				if v.Cause != w.Cause && !slices.ContainsFunc(w.Alternatives, func(a judge.Alternative) bool { return a.Cause == v.Cause }) {
					other++
					t.Logf("%s, %s: got %s; without it %s", tc.name, harm, say(v), say(w))
				}
			}
		}
		same := func(n uint32) uint32 { return n }
		for _, snap := range []int{54, 68} {
			check(fmt.Sprintf("snap length %d", snap), frames, snap, same)
		}
		without := func(gone func(int) bool) []transcript.Frame {
			some := slices.Clone(frames)
			for i := range some {
				if gone(i) {
					some[i].Data = nil
				}
			}
			return some
		}
		check("its beginning lost", without(func(i int) bool { return i < 3 }), 1<<16, same)
		for n := range frames {
			check(fmt.Sprintf("frame %d lost", n+1), without(func(i int) bool { return i == n }), 1<<16, same)
			const source = 26 // of IPv4 on Ethernet
			check(fmt.Sprintf("the direction of frame %d only", n+1), without(func(i int) bool {
				return string(frames[i].Data[source:source+4]) != string(frames[n].Data[source:source+4])
			}), 1<<16, same)
			if n+1 == len(frames) || frames[n+1].Time.Sub(frames[n].Time) > 2*time.Millisecond {
				continue
			}
			turned := slices.Clone(frames)
			turned[n].Data, turned[n+1].Data = turned[n+1].Data, turned[n].Data
			check(fmt.Sprintf("frames %d and %d in turned order", n+1, n+2), turned, 1<<16, func(f uint32) uint32 {
				switch int(f) {
				case n + 1:
					return f + 1
				case n + 2:
					return f - 1
				}
				return f
			})
		}
	}
	if sure < 500 || other*20 > sure {
		t.Errorf("%d of %d likely causes were not open without the harm", other, sure)
	}
}

// verdictsOf gives the verdicts on frames by the frame of the reset.
func verdictsOf(t *testing.T, frames []transcript.Frame, snap int) map[uint32]*judge.Verdict {
	t.Helper()
	all := map[uint32]*judge.Verdict{}
	feed(t, &judge.Judge{Emit: func(v *judge.Verdict, _ *judge.Case) error { all[v.Frame] = v; return nil }}, frames, snap)
	return all
}

// oddCaptures are of the kinds that a network engineer is asked about.
var oddCaptures = []ruleTest{{
	name: "midstream: a client's bare abort right behind what it acknowledged",
	text: `
			client.50000 > server.443: . rawseq 1000 rawack 5000
			server.443 > client.50000: P. rawseq 5000 rawack 1000 length 1000
			client.50000 > server.443: . rawseq 1000 rawack 6000
			client.50000 > server.443: R rawseq 1000`,
	wants: []string{"4 possible abortive-close by likely originator; accepted"},
}, {
	name: "midstream, one direction: only the server's packets, then its RA",
	text: `
			server.443 > client.50000: P. rawseq 5000 rawack 1000 length 1000
			+10ms server.443 > client.50000: P. rawseq 6000 rawack 1000 length 1000
			+5s server.443 > client.50000: R. rawseq 7000 rawack 1200`,
	wants: []string{"3 undetermined undetermined (one-direction) by possible responder; unknown"},
}, {
	name: "one direction: only client's packets, its R",
	text: `
			client.1000 > server.80: S
			+10ms client.1000 > server.80: . seq 1 rawack 77
			client.1000 > server.80: P. seq 1:101 rawack 77
			+10ms client.1000 > server.80: . seq 101 rawack 277
			client.1000 > server.80: R. seq 101 rawack 277`,
	wants: []string{"5 possible abortive-close by likely originator; unknown"},
}, {
	name: "one direction: server's SYN-ACKs and RA only",
	text: `
			server.80 > client.1000: S. rawack 500
			+20ms server.80 > client.1000: . rawack 600
			server.80 > client.1000: R. seq 1 rawack 600`,
	wants: []string{"3 possible abortive-close by likely responder or listener-closed; unknown"},
}, {
	name: "one direction: client's RST to unseen SYN-ACK",
	text: `
			client.1000 > server.80: S
			+10ms client.1000 > server.80: R seq 1`,
	wants: []string{"2 possible syn-scan by likely originator or syn-sent-abort; unknown"},
}, {
	name: "SACK hole then RST by receiver (unread)",
	text: hand + `
			client.1000 > server.80: . seq 1:1461
			client.1000 > server.80: . seq 2921:4381
			server.80 > client.1000: . ack 1461 <nop,nop,TS val 900000 ecr 1000,nop,nop,sack 2921:4381>
			+1ms server.80 > client.1000: R. seq 1 ack 1461`,
	wants: []string{"7 possible close-unread-data by likely responder or listener-closed abortive-close; accepted"},
}, {
	name: "keepalive probes answered, idle 1h, client sends, bare R",
	text: hand + `
			client.1000 > server.80: P. length 10
			server.80 > client.1000: .
			+3600s client.1000 > server.80: . seq 10 ack 1
			server.80 > client.1000: .
			+3600s client.1000 > server.80: P. length 10
			server.80 > client.1000: R seq 1 win 0`,
	wants: []string{"9 possible half-open by likely responder or middlebox-idle-timeout middlebox-state-loss; accepted"},
}, {
	name: "keepalive probe meets host without the connection",
	text: hand + `
			client.1000 > server.80: P. length 10
			server.80 > client.1000: P. length 10
			client.1000 > server.80: .
			+7200s client.1000 > server.80: . seq 10 ack 11
			server.80 > client.1000: R seq 11 win 0`,
	wants: []string{"8 possible half-open by likely responder or middlebox-idle-timeout middlebox-state-loss; accepted"},
}, {
	name: "zero-window probes answered, then program aborts",
	text: hand + `
			client.1000 > server.80: . win 0
			+200ms server.80 > client.1000: . seq 0 ack 1
			client.1000 > server.80: . win 0
			+400ms server.80 > client.1000: . seq 0 ack 1
			client.1000 > server.80: . win 0
			+800ms server.80 > client.1000: R. seq 1 ack 1`,
	wants: []string{"9 possible abortive-close by likely responder or listener-closed; accepted"},
}, {
	name: "zero window: receiver resets with unread data",
	text: hand + `
			client.1000 > server.80: P. length 1460
			server.80 > client.1000: . win 0
			+5s client.1000 > server.80: . seq 1460 ack 1
			server.80 > client.1000: . win 0
			+5s server.80 > client.1000: R. seq 1 ack 1461`,
	wants: []string{"8 likely close-unread-data by likely responder or listener-closed abortive-close; accepted"},
}, {
	name: "zero window: the one acknowledgment that closes it, then the reset",
	text: hand + `
			client.1000 > server.80: P. length 1460
			server.80 > client.1000: . win 0
			+2ms server.80 > client.1000: R. seq 1 ack 1461`,
	wants: []string{"6 likely close-unread-data by likely responder or listener-closed abortive-close; accepted"},
}, {
	name: "zero window, opened again before the reset: all may have been read",
	text: hand + `
			client.1000 > server.80: P. length 1460
			server.80 > client.1000: . win 0
			+1ms server.80 > client.1000: . win 29200
			+300ms server.80 > client.1000: R. seq 1 ack 1461`,
	wants: []string{"7 possible abortive-close by likely responder or listener-closed close-unread-data; accepted"},
}, {
	name: "TFO: data in SYN, server RA",
	text: `
			client.1000 > server.80: S length 100
			server.80 > client.1000: S. ack 101
			client.1000 > server.80: .
			server.80 > client.1000: P. length 500
			client.1000 > server.80: R.`,
	wants: []string{"5 possible abortive-close by likely originator or close-unread-data; accepted"},
}, {
	name: "simultaneous open then reset",
	text: `
			a.1000 > b.2000: S
			b.2000 > a.1000: S
			a.1000 > b.2000: S.
			b.2000 > a.1000: S.
			a.1000 > b.2000: .
			b.2000 > a.1000: R.`,
	wants: []string{"6 possible abortive-close by likely responder; accepted"},
}, {
	name: "simultaneous close then stray R",
	text: hand + `
			client.1000 > server.80: F.
			server.80 > client.1000: F. ack 1
			client.1000 > server.80: . ack 2
			server.80 > client.1000: . ack 2
			+1ms server.80 > client.1000: R. seq 2 ack 2`,
	wants: []string{"8 possible late-segment by likely responder or abortive-close; accepted"},
}, {
	name: "urgent pointer then abort",
	text: `
			client: linux ts=1000 id=100
			server: linux ts=900000 id=7000
			client.1000 > server.23: S
			server.23 > client.1000: S.
			client.1000 > server.23: .
			client.1000 > server.23: PU. length 1
			server.23 > client.1000: .
			server.23 > client.1000: R. seq 1`,
	wants: []string{"6 possible close-unread-data by likely responder or listener-closed abortive-close; accepted"},
}, {
	name: "port reuse in the file: complete conn then refused",
	text: hand + `
			client.1000 > server.80: F.
			server.80 > client.1000: F.
			client.1000 > server.80: .
			+300s client.1000 > server.80: S rawseq 77777
			server.80 > client.1000: R. rawseq 0 rawack 77778 win 0`,
	wants: []string{"8 likely port-closed by likely responder or firewall-reject-syn; accepted"},
}, {
	name: "port reuse after a reset",
	text: hand + `
			client.1000 > server.80: R.
			+1s client.1000 > server.80: S rawseq 77777
			server.80 > client.1000: S. rawseq 999 rawack 77778
			client.1000 > server.80: .
			client.1000 > server.80: R.`,
	wants: []string{
		"4 possible abortive-close by likely originator; accepted",
		"8 possible abortive-close by likely originator; accepted",
	},
}, {
	name: "dup frames both VLANs",
	text: hand + `
			client.1000 > server.80: P. length 10 id=200
			+5us client.1000 > server.80: P. seq 1:11 ack 1 id=200 ttl=63
			server.80 > client.1000: R. seq 1 ack 11 id=7001
			+5us server.80 > client.1000: R. seq 1 ack 11 id=7001 ttl=63`,
	wants: []string{"6 possible close-unread-data by likely responder or listener-closed abortive-close; accepted"},
}, {
	name: "reordering: RST overtakes last data by 3 ms",
	text: hand + `
			server.80 > client.1000: P. seq 1:1001 ack 1 id=7001
			client.1000 > server.80: . ack 1001
			server.80 > client.1000: R. seq 2001 ack 1 id=7003
			+3ms server.80 > client.1000: P. seq 1001:2001 ack 1 id=7002`,
	wants: []string{"6 possible abortive-close by likely responder; challenged"},
}, {
	name: "reordering: bare R 1 ms before the data which drew it",
	text: hand + `
			server.80 > client.1000: F.
			client.1000 > server.80: .
			+2s server.80 > client.1000: R seq 2 win 0
			+1ms client.1000 > server.80: P. seq 1:101 ack 2`,
	wants: []string{"6 possible data-after-close by likely responder or close-then-abort fin-wait-2-timeout abortive-close; accepted"},
}, {
	name: "capture drops: ACK of unseen data",
	text: hand + `
			client.1000 > server.80: P. seq 1:101
			server.80 > client.1000: . ack 5001
			server.80 > client.1000: F. seq 3001 ack 5001
			server.80 > client.1000: R. seq 3002 ack 5001`,
	wants: []string{"7 possible close-then-abort by likely responder or abortive-close resource-abort; accepted"},
}, {
	name: "TSO super segment 64K then RST",
	text: hand + `
			client.1000 > server.80: P. seq 1:60001
			server.80 > client.1000: . ack 30001
			server.80 > client.1000: R. seq 1 ack 30001`,
	wants: []string{"6 possible close-unread-data by likely responder or listener-closed abortive-close; accepted"},
}, {
	name: "checksums left to the network card: all bad, and an abort",
	text: `
			client.1000 > server.80: S badsum=yes
			server.80 > client.1000: S.
			client.1000 > server.80: . badsum=yes
			client.1000 > server.80: P. length 100 badsum=yes
			server.80 > client.1000: .
			client.1000 > server.80: R. badsum=yes`,
	wants: []string{"6 possible abortive-close by likely originator; accepted"},
}, {
	name: "RST with payload text",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: R. seq 1 ack 101 payload "No TCP listener"`,
	wants: []string{"5 possible close-unread-data by likely responder or listener-closed abortive-close; accepted"},
}, {
	name: "RA with ack 0 mid-connection",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: .
			server.80 > client.1000: R. seq 1 rawack 0`,
	wants: []string{"6 undetermined undetermined (no-match) by likely responder; accepted"},
}, {
	name: "RST in TIME-WAIT of peer",
	text: hand + `
			client.1000 > server.80: F.
			server.80 > client.1000: F. ack 2
			client.1000 > server.80: . ack 2
			+5s server.80 > client.1000: R. seq 2 ack 2`,
	wants: []string{"7 possible late-segment by likely responder or abortive-close; accepted"},
}, {
	name: "Windows: RST after graceful close by both",
	text: `
			client: bsd
			server: bsd ttl=128
			client.1000 > server.80: S
			server.80 > client.1000: S.
			client.1000 > server.80: .
			client.1000 > server.80: P. length 100
			server.80 > client.1000: P. length 100
			server.80 > client.1000: F.
			client.1000 > server.80: .
			client.1000 > server.80: R. seq 101 ack 102 win 0`,
	wants: []string{"8 possible close-then-abort by likely originator or close-unread-data abortive-close; accepted"},
}, {
	name: "browser: FIN of server, client RA later",
	text: `
			client: linux ts=1000 id=100
			server: linux ts=900000 id=7000
			client.1000 > server.443: S
			server.443 > client.1000: S.
			client.1000 > server.443: .
			client.1000 > server.443: P. length 500
			server.443 > client.1000: P. length 500
			client.1000 > server.443: .
			+60s server.443 > client.1000: F.
			client.1000 > server.443: .
			+30s client.1000 > server.443: R.`,
	wants: []string{"9 possible close-then-abort by likely originator or close-unread-data abortive-close; accepted"},
}, {
	name: "half-open challenge: SYN gets ACK, R",
	text: `
			client: linux ts=1000
			server: linux ts=900000
			+0s client.1000 > server.80: S rawseq 500000
			server.80 > client.1000: . rawseq 8000 rawack 123456
			client.1000 > server.80: R rawseq 123456
			+8ms client.1000 > server.80: S rawseq 500000
			server.80 > client.1000: S. rawseq 9000 rawack 500001`,
	wants: []string{"3 possible synack-bad-ack by likely originator or time-wait-reuse half-open; accepted"},
}, {
	name: "a balancer's health check: SYN, SYN-ACK, RST+ACK",
	text: `
			lb.1000 > server.80: S
			server.80 > lb.1000: S.
			lb.1000 > server.80: R. seq 1 ack 1
			+5s lb.1001 > server.80: S
			server.80 > lb.1001: S.
			lb.1001 > server.80: R. seq 1 ack 1`,
	wants: []string{
		"3 possible abortive-close by likely originator; accepted",
		"6 possible abortive-close by likely originator; accepted",
	},
}, {
	name: "a balancer's health check: SYN, SYN-ACK, RST",
	text: `
			lb.1000 > server.80: S
			server.80 > lb.1000: S.
			lb.1000 > server.80: R seq 1
			+5s lb.1001 > server.80: S
			server.80 > lb.1001: S.
			lb.1001 > server.80: R seq 1
			+5s lb.1002 > server.80: S
			server.80 > lb.1002: S.
			lb.1002 > server.80: R seq 1`,
	wants: []string{
		"3 possible syn-scan by likely originator or syn-sent-abort; accepted",
		"6 possible syn-scan by likely originator or syn-sent-abort; accepted",
		"9 possible syn-scan by likely originator or syn-sent-abort; accepted",
	},
}, {
	name: "a balancer's health check: a whole handshake, then RST+ACK",
	text: `
			lb.1000 > server.80: S
			server.80 > lb.1000: S.
			lb.1000 > server.80: .
			lb.1000 > server.80: R. seq 1 ack 1
			+5s lb.1001 > server.80: S
			server.80 > lb.1001: S.
			lb.1001 > server.80: .
			lb.1001 > server.80: R. seq 1 ack 1`,
	wants: []string{
		"4 possible abortive-close by likely originator; accepted",
		"8 possible abortive-close by likely originator; accepted",
	},
}, {
	name: "connect scan: 3 closed ports",
	text: `
			scan.1000 > server.21: S
			server.21 > scan.1000: R. seq 0 ack 1 win 0
			scan.1001 > server.22: S
			server.22 > scan.1001: R. seq 0 ack 1 win 0
			scan.1002 > server.23: S
			server.23 > scan.1002: R. seq 0 ack 1 win 0`,
	wants: []string{
		"2 possible port-closed by possible responder or firewall-reject-syn; accepted",
		"4 possible port-closed by possible responder or firewall-reject-syn; accepted",
		"6 possible port-closed by possible responder or firewall-reject-syn; accepted",
	},
}, {
	name: "TLS close_notify then RST by client with FIN of server",
	text: `
			client: linux ts=1000 id=100
			server: linux ts=900000 id=7000
			client.1000 > server.443: S
			server.443 > client.1000: S.
			client.1000 > server.443: .
			client.1000 > server.443: P. length 500
			server.443 > client.1000: P. length 500
			client.1000 > server.443: .
			server.443 > client.1000: P. length 31
			server.443 > client.1000: F.
			client.1000 > server.443: R seq 501 win 0
			client.1000 > server.443: R seq 501 win 0`,
	wants: []string{
		"9 possible half-open by likely originator or middlebox-state-loss close-then-abort; accepted",
		"10 likely secondary-reset by likely originator after 9; ignored",
	},
}, {
	name: "TLS: client close_notify + FIN, server had data in flight, client R's",
	text: `
			client: linux ts=1000 id=100
			server: linux ts=900000 id=7000
			client.1000 > server.443: S
			server.443 > client.1000: S.
			client.1000 > server.443: .
			client.1000 > server.443: P. seq 1:500
			client.1000 > server.443: P. seq 500:531
			client.1000 > server.443: F. seq 531
			+10ms server.443 > client.1000: P. seq 1:1001 ack 500
			client.1000 > server.443: R seq 500 win 0
			server.443 > client.1000: F. seq 1001 ack 532
			client.1000 > server.443: R seq 532 win 0`,
	wants: []string{
		"8 likely data-after-close by likely originator; accepted",
		"10 likely secondary-reset by likely originator after 8; ignored",
	},
}, {
	name: "TLS: close_notify of the server after client's FIN, RST",
	text: `
			client: linux ts=1000 id=100
			server: linux ts=900000 id=7000
			client.1000 > server.443: S
			server.443 > client.1000: S.
			client.1000 > server.443: .
			client.1000 > server.443: P. length 500
			server.443 > client.1000: P. length 500
			client.1000 > server.443: F.
			+10ms server.443 > client.1000: P. seq 501:532 ack 502
			client.1000 > server.443: R seq 502 win 0
			server.443 > client.1000: F. seq 532 ack 502
			client.1000 > server.443: R seq 502 win 0`,
	wants: []string{
		"8 likely data-after-close by likely originator; accepted",
		"10 likely secondary-reset by likely originator after 8; ignored",
	},
}, {
	name: "HTTP keep-alive race crossing",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: P. length 100
			client.1000 > server.80: .
			+5s server.80 > client.1000: F.
			+2ms client.1000 > server.80: P. seq 101:201 ack 101
			+20ms server.80 > client.1000: R seq 101 win 0`,
	wants: []string{"9 likely data-after-close by likely responder; accepted"},
}, {
	name: "a server ends an idle connection by an abort",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: P. length 100
			client.1000 > server.80: .
			+5s server.80 > client.1000: R. seq 101 ack 101`,
	wants: []string{"7 possible abortive-close by likely responder or close-unread-data; accepted"},
}, {
	name: "lwIP fixed ISN refuses",
	text: `
			client.1000 > iot.80: S
			iot.80 > client.1000: R. rawseq 0 ack 1 win 5840 ttl=255`,
	wants: []string{"2 possible port-closed by possible responder or firewall-reject-syn; accepted"},
}, {
	name: "lwIP abort: R. with seq and ack, IP ID counter, TTL 255",
	text: `
			iot: ttl=255 id=10 df=no
			client: linux ts=1000 id=100
			client.1000 > iot.80: S
			+5ms iot.80 > client.1000: S. rawseq 6510
			client.1000 > iot.80: .
			client.1000 > iot.80: P. length 100
			+5ms iot.80 > client.1000: .
			+1s iot.80 > client.1000: R.`,
	wants: []string{"6 possible abortive-close by likely responder or inline-policy-reset listener-closed close-unread-data; accepted"},
}, {
	name: "IP ID 0 everywhere, ECMP TTL 57/58",
	text: `
			server: ttl=57 id=0
			client.1000 > server.80: S
			+1ms server.80 > client.1000: S.
			client.1000 > server.80: .
			client.1000 > server.80: P. length 100
			server.80 > client.1000: . ttl=58
			server.80 > client.1000: P. length 100 ttl=57
			client.1000 > server.80: .
			+1ms server.80 > client.1000: R. ttl=58`,
	wants: []string{"8 possible abortive-close by likely responder or close-unread-data; accepted"},
}, {
	name: "hop limit changes for all later packets",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: .
			server.80 > client.1000: P. length 100
			server: ttl=62
			server.80 > client.1000: P. length 100
			client.1000 > server.80: .
			server.80 > client.1000: R.`,
	wants: []string{"9 possible abortive-close by likely responder or close-unread-data; accepted"},
}, {
	name: "PAWS: old duplicate answered with ACK, no RST; then RST off clock",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: .
			server.80 > client.1000: R. <nop,nop,TS val 5 ecr 1000>`,
	wants: []string{"6 possible injected-reset by likely middlebox or inline-policy-reset listener-closed close-unread-data abortive-close; accepted"},
}, {
	name: "ISN wrap within data, abort",
	text: `
			client.1000 > server.80: S rawseq 4294967290
			server.80 > client.1000: S. rawseq 4294967295
			client.1000 > server.80: .
			client.1000 > server.80: P. length 100
			server.80 > client.1000: P. length 100
			client.1000 > server.80: .
			server.80 > client.1000: R.`,
	wants: []string{"7 possible abortive-close by likely responder or close-unread-data; accepted"},
}, {
	name: "RST TTL 255 vs data 64 from own host, bare R to data (Solaris/lwIP style) with FIN",
	text: hand + `
			server.80 > client.1000: F.
			client.1000 > server.80: .
			client.1000 > server.80: P. length 100
			server.80 > client.1000: R seq 2 win 0 ttl=255`,
	wants: []string{"7 likely data-after-close by possible responder; accepted"},
}, {
	name: "RST TTL 128 refused, host otherwise 64",
	text: hand + `
			client.1001 > server.81: S
			+1ms server.81 > client.1001: R. seq 0 ack 1 win 0 ttl=128`,
	wants: []string{"5 possible port-closed by possible responder or firewall-reject-syn; accepted"},
}, {
	name: "a server answers an upload and aborts at once",
	text: hand + `
			client.1000 > server.80: . seq 1:1461
			client.1000 > server.80: . seq 1461:2921
			server.80 > client.1000: P. seq 1:201 ack 2921
			server.80 > client.1000: R. seq 201 ack 2921`,
	wants: []string{"7 possible abortive-close by likely responder or close-unread-data; accepted"},
}, {
	name: "server sends response and FIN, client's data in flight",
	text: hand + `
			client.1000 > server.80: . seq 1:1461
			server.80 > client.1000: P. seq 1:201 ack 1461
			server.80 > client.1000: F. seq 201 ack 1461
			client.1000 > server.80: . seq 1461:2921 ack 1
			server.80 > client.1000: R seq 1 win 0`,
	wants: []string{"8 likely data-after-close by likely responder; accepted"},
}, {
	name: "RA duplicate with rising seq (GFW type2)",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: R. seq 1 ack 101 ttl=47 id=5
			server.80 > client.1000: R. seq 1461 ack 101 ttl=48 id=6
			server.80 > client.1000: R. seq 4381 ack 101 ttl=49 id=7
			+40ms server.80 > client.1000: P. seq 1:500 ack 101
			client.1000 > server.80: R seq 101 win 0`,
	wants: []string{
		"5 likely injected-reset by likely middlebox or rewritten-reset; accepted",
		"6 likely injected-reset by likely middlebox after 5 or rewritten-reset; ignored",
		"7 likely injected-reset by likely middlebox after 5 or rewritten-reset; ignored",
		"9 likely secondary-reset by likely originator after 7; accepted",
	},
}, {
	name: "firewall drops: SYN retries then RST from client program",
	text: `
			client.1000 > server.80: S
			+1s client.1000 > server.80: S
			+2s client.1000 > server.80: S
			+4s client.1000 > server.80: S
			+1s client.1000 > server.80: R. seq 1`,
	wants: []string{"5 possible abortive-close by likely originator or retransmission-timeout; unknown"},
}, {
	name: "ICMP-less refuse with TTL of other hop, first contact",
	text: `
			server: ttl=50
			client.1000 > server.80: S
			+1ms server.80 > client.1000: R. seq 0 ack 1 win 0 ttl=63`,
	wants: []string{"2 possible port-closed by possible responder or firewall-reject-syn; accepted"},
}, {
	name: "SYN retransmitted, both SYN-ACKs, RST for dup SYN-ACK",
	text: `
			client.1000 > server.80: S
			+1s client.1000 > server.80: S
			+10ms server.80 > client.1000: S.
			client.1000 > server.80: .
			+1s server.80 > client.1000: S.
			client.1000 > server.80: .
			+1s client.1000 > server.80: R.`,
	wants: []string{"7 possible abortive-close by likely originator; accepted"},
}, {
	name: "a stale reset of an earlier connection on the ports",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: R rawseq 12345 win 0
			+30ms server.80 > client.1000: .
			server.80 > client.1000: P. length 100
			client.1000 > server.80: .`,
	wants: []string{"5 undetermined undetermined (no-match) by possible responder; challenged"},
}, {
	name: "server restarts: data retransmitted 3x no answer, then R",
	text: hand + `
			client.1000 > server.80: P. seq 1:101
			server.80 > client.1000: .
			+100s client.1000 > server.80: P. seq 101:201
			+200ms client.1000 > server.80: P. seq 101:201
			+400ms client.1000 > server.80: P. seq 101:201
			+800ms client.1000 > server.80: P. seq 101:201
			+1600ms client.1000 > server.80: P. seq 101:201
			server.80 > client.1000: R seq 1 win 0`,
	wants: []string{"11 possible half-open by likely responder or middlebox-state-loss; accepted"},
}, {
	name: "idle exactly 300 s then RA from server with its own ts",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: P. length 100
			client.1000 > server.80: .
			+300s server.80 > client.1000: R. seq 101 ack 101`,
	wants: []string{"7 possible abortive-close by likely responder or close-unread-data; accepted"},
}, {
	name: "idle 350 s, then client data, bare R same TTL",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: P. length 100
			client.1000 > server.80: .
			+350s client.1000 > server.80: P. length 100
			+1ms server.80 > client.1000: R seq 101 win 0`,
	wants: []string{"8 possible half-open by likely responder or middlebox-idle-timeout middlebox-state-loss; accepted"},
}, {
	name: "240 s idle: bare R to both",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: P. length 100
			client.1000 > server.80: .
			+240s server.80 > client.1000: R seq 101 win 0
			client.1000 > server.80: R seq 101 win 0`,
	wants: []string{
		"7 likely middlebox-idle-timeout by likely middlebox or injected-reset abortive-close; accepted",
		"8 likely middlebox-idle-timeout by likely middlebox or injected-reset abortive-close; accepted",
	},
}, {
	name: "FIN retransmitted without ack, then RA",
	text: hand + `
			client.1000 > server.80: F.
			+200ms client.1000 > server.80: F. seq 1
			+400ms client.1000 > server.80: F. seq 1
			+800ms client.1000 > server.80: F. seq 1
			+1600ms client.1000 > server.80: F. seq 1
			+3200ms client.1000 > server.80: F. seq 1
			+6400ms client.1000 > server.80: R. seq 2`,
	wants: []string{"10 likely retransmission-timeout by likely originator or close-then-abort abortive-close; accepted"},
}, {
	name: "FTP data: server closes listener (RA), TCP half-close then abort",
	text: hand + `
			client.1000 > server.80: P. length 100
			client.1000 > server.80: F.
			server.80 > client.1000: .
			server.80 > client.1000: P. length 1000
			client.1000 > server.80: .
			server.80 > client.1000: P. length 1000
			client.1000 > server.80: .
			server.80 > client.1000: R.`,
	wants: []string{"11 possible close-then-abort by likely responder or close-unread-data abortive-close; accepted"},
}, {
	name: "half-close: client shut, server streams, client's process dies (R)",
	text: hand + `
			client.1000 > server.80: P. length 100
			client.1000 > server.80: F.
			server.80 > client.1000: .
			server.80 > client.1000: P. length 1000
			client.1000 > server.80: .
			server.80 > client.1000: P. length 1000
			client.1000 > server.80: R seq 102 win 0`,
	wants: []string{"10 possible data-after-close by likely originator; accepted"},
}, {
	name: "RST flags with SYN",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: SR. seq 1 ack 101`,
	wants: []string{"5 possible close-unread-data by possible responder or injected-reset listener-closed abortive-close; accepted"},
}, {
	name: "FIN+RST",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: FR. seq 1 ack 101`,
	wants: []string{"5 possible close-unread-data by possible responder or injected-reset listener-closed abortive-close; accepted"},
}, {
	name: "SYN cookies: third ACK lost, client data meets listener",
	text: `
			client.1000 > server.80: S
			server.80 > client.1000: S.
			+40s client.1000 > server.80: P. seq 1:11 ack 1
			server.80 > client.1000: R seq 1 win 0`,
	wants: []string{"4 possible handshake-ack-rejected by likely responder or middlebox-state-loss listener-backlog-full; accepted"},
}, {
	name: "duplicate SYN-ACK with other ISN (two LB nodes)",
	text: `
			client.1000 > server.80: S
			+10ms server.80 > client.1000: S. rawseq 1000
			+1ms server.80 > client.1000: S. rawseq 9000
			client.1000 > server.80: . rawack 1001
			+10ms server.80 > client.1000: R rawseq 1001 win 0`,
	wants: []string{"5 likely handshake-ack-rejected by likely responder or middlebox-state-loss; accepted"},
}, {
	name: "a client aborts ten seconds after the ACK of its request",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: .
			+10s client.1000 > server.80: R. seq 101 ack 1`,
	wants: []string{"6 possible abortive-close by likely originator; accepted"},
}, {
	name: "RST right after data by same side (send then linger-0 close)",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: .
			server.80 > client.1000: P. length 500
			server.80 > client.1000: R. seq 501 ack 101`,
	wants: []string{"7 possible abortive-close by likely responder or close-unread-data; accepted"},
}, {
	name: "an abort with the first number that is not acknowledged",
	text: hand + `
			server.80 > client.1000: P. seq 1:501
			+20ms server.80 > client.1000: R. seq 1 ack 1`,
	wants: []string{"5 possible abortive-close by likely responder; accepted"},
}, {
	name: "client cancels download: RA then R R R to in-flight",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: . seq 1:1461 ack 101
			server.80 > client.1000: . seq 1461:2921 ack 101
			client.1000 > server.80: . ack 2921
			server.80 > client.1000: . seq 2921:4381 ack 101
			client.1000 > server.80: R. seq 101 ack 2921
			server.80 > client.1000: . seq 4381:5841 ack 101
			client.1000 > server.80: R seq 101 win 0
			client.1000 > server.80: R seq 101 win 0`,
	wants: []string{
		"9 possible abortive-close by likely originator or close-unread-data; accepted",
		"11 likely secondary-reset by likely originator after 9; ignored",
		"12 likely secondary-reset by likely originator after 9; ignored",
	},
}, {
	name: "client cancels download: FIN then R R R",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: . seq 1:1461 ack 101
			client.1000 > server.80: . ack 1461
			client.1000 > server.80: F. seq 101 ack 1461
			server.80 > client.1000: . seq 1461:2921 ack 101
			client.1000 > server.80: R seq 101 win 0
			server.80 > client.1000: . seq 2921:4381 ack 102
			client.1000 > server.80: R seq 102 win 0`,
	wants: []string{
		"9 likely data-after-close by likely originator; accepted",
		"11 likely secondary-reset by likely originator after 9; ignored",
	},
}, {
	name: "a balancer's limit of 300 s: RST+ACK of another distance, without timestamps",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: P. length 100
			client.1000 > server.80: .
			+300s server.80 > client.1000: R. seq 101 ack 101 win 0 <nop> ttl=255 id=0`,
	wants: []string{"7 likely middlebox-idle-timeout by likely middlebox or inline-policy-reset injected-reset close-unread-data abortive-close; accepted"},
}, {
	name: "a firewall's limit was over: RST+ACK of another distance to the next request",
	text: `
			client: linux ts=1000 id=100
			server: linux ts=900000 id=7000
			client.1000 > server.1521: S
			server.1521 > client.1000: S.
			client.1000 > server.1521: .
			client.1000 > server.1521: P. length 100
			server.1521 > client.1000: P. length 100
			client.1000 > server.1521: .
			+3700s client.1000 > server.1521: P. length 100
			+200us server.1521 > client.1000: R. seq 101 ack 201 win 8192 <nop> ttl=255 id=0`,
	wants: []string{"8 possible middlebox-idle-timeout by likely middlebox or inline-policy-reset injected-reset close-unread-data abortive-close; accepted"},
}, {
	name: "retransmission run 3 then FIN and RA",
	text: hand + `
			server.80 > client.1000: P. length 100
			+200ms server.80 > client.1000: P. seq 1:101
			+400ms server.80 > client.1000: P. seq 1:101
			+800ms server.80 > client.1000: P. seq 1:101
			+1600ms server.80 > client.1000: F. seq 101
			+10ms server.80 > client.1000: R. seq 102`,
	wants: []string{"9 possible close-then-abort by likely responder or retransmission-timeout abortive-close resource-abort; accepted"},
}, {
	name: "retransmission after peer's window zero (persist) with data",
	text: hand + `
			client.1000 > server.80: . win 0
			+1s server.80 > client.1000: . length 1
			+2s server.80 > client.1000: . seq 1:2
			+4s server.80 > client.1000: . seq 1:2
			+8s server.80 > client.1000: . seq 1:2
			+16s server.80 > client.1000: . seq 1:2
			+32s server.80 > client.1000: R. seq 2`,
	wants: []string{"10 possible zero-window-timeout by likely responder or abortive-close; accepted"},
}, {
	name: "keepalive every 10 s unanswered 5, RA",
	text: hand + `
			+60s server.80 > client.1000: . seq 0 ack 1
			+10s server.80 > client.1000: . seq 0 ack 1
			+10s server.80 > client.1000: . seq 0 ack 1
			+10s server.80 > client.1000: . seq 0 ack 1
			+10s server.80 > client.1000: . seq 0 ack 1
			+10s server.80 > client.1000: R. seq 1 ack 1`,
	wants: []string{"9 likely keepalive-timeout by likely responder or listener-closed user-timeout abortive-close; accepted"},
}, {
	name: "keepalive one direction capture (replies not visible)",
	text: `
			server.80 > client.1000: . rawseq 1000 rawack 5000
			+10s server.80 > client.1000: . rawseq 999 rawack 5000
			+10s server.80 > client.1000: . rawseq 999 rawack 5000
			+10s server.80 > client.1000: . rawseq 999 rawack 5000
			+10s server.80 > client.1000: R. rawseq 1000 rawack 5000`,
	wants: []string{"5 possible keepalive-timeout by likely responder or user-timeout abortive-close; unknown"},
}, {
	name: "SYN-ACK retransmitted five times, no R (synflood) then R from client late",
	text: `
			client.1000 > server.80: S
			server.80 > client.1000: S.
			+1s server.80 > client.1000: S.
			+2s server.80 > client.1000: S.
			+4s client.1000 > server.80: R seq 1`,
	wants: []string{"5 possible syn-scan by likely originator or syn-sent-abort; accepted"},
}, {
	name: "backscatter: SYN-ACK to unknown late in capture",
	text: hand + `
			+100s victim.80 > client.5555: S. rawack 1234
			client.5555 > victim.80: R rawseq 1234`,
	wants: []string{"5 possible unsolicited-synack by likely originator; accepted"},
}, {
	name: "lone ACKs to three ports",
	text: `
			scan.40000 > server.80: . rawseq 0 rawack 777 win 1024
			server.80 > scan.40000: R rawseq 777 win 0
			scan.40000 > server.81: . rawseq 0 rawack 777 win 1024
			server.81 > scan.40000: R rawseq 777 win 0
			scan.40000 > server.82: . rawseq 0 rawack 777 win 1024
			server.82 > scan.40000: R rawseq 777 win 0`,
	wants: []string{
		"2 likely stealth-scan by possible responder or half-open; accepted",
		"4 likely stealth-scan by possible responder or half-open; accepted",
		"6 likely stealth-scan by possible responder or half-open; accepted",
	},
}, {
	name: "one lone FIN",
	text: `
			scan.40000 > server.80: F rawseq 5 win 1024
			server.80 > scan.40000: R. rawseq 0 rawack 6 win 0`,
	wants: []string{"2 possible stealth-scan by possible responder; unknown"},
}, {
	name: "server process restarts, port closed for a while (refused x3 then ok)",
	text: `
			client.1000 > server.80: S
			server.80 > client.1000: R. seq 0 ack 1 win 0
			+1s client.1001 > server.80: S
			server.80 > client.1001: R. seq 0 ack 1 win 0
			+1s client.1002 > server.80: S
			server.80 > client.1002: S.
			client.1002 > server.80: .
			client.1002 > server.80: P. length 10`,
	wants: []string{
		"2 likely port-closed by likely responder or firewall-reject-syn; accepted",
		"4 likely port-closed by likely responder or firewall-reject-syn; accepted",
	},
}, {
	name: "windows client: SYN x3 refused 500 ms apart same port",
	text: `
			client: bsd ttl=128
			client.1000 > server.80: S
			server.80 > client.1000: R. seq 0 ack 1 win 0
			+500ms client.1000 > server.80: S
			server.80 > client.1000: R. seq 0 ack 1 win 0
			+500ms client.1000 > server.80: S
			server.80 > client.1000: R. seq 0 ack 1 win 0`,
	wants: []string{
		"2 possible port-closed by possible responder or firewall-reject-syn; accepted",
		"4 possible port-closed by possible responder or firewall-reject-syn; accepted",
		"6 possible port-closed by possible responder or firewall-reject-syn; accepted",
	},
}, {
	name: "happy eyeballs: v4 cancelled after SYN-ACK, RA",
	text: `
			client: linux ts=1
			client.1000 > server.443: S
			client.1001 > server.443: S
			server.443 > client.1000: S.
			client.1000 > server.443: .
			client.1000 > server.443: P. length 100
			server.443 > client.1001: S.
			client.1001 > server.443: .
			client.1001 > server.443: R.`,
	wants: []string{"8 possible abortive-close by likely originator or parallel-connect-loser; accepted"},
}, {
	name: "chrome: spare connection reset unused after 60s",
	text: `
			client: linux ts=1000 id=100
			server: linux ts=900000 id=7000
			client.1000 > server.443: S
			server.443 > client.1000: S.
			client.1000 > server.443: .
			+60s client.1000 > server.443: R.`,
	wants: []string{"4 possible abortive-close by likely originator; accepted"},
}, {
	name: "ssh MaxStartups drop: banner none, server FIN, client data R",
	text: `
			client: linux ts=1000 id=100
			server: linux ts=900000 id=7000
			client.1000 > server.22: S
			server.22 > client.1000: S.
			client.1000 > server.22: .
			+1ms server.22 > client.1000: F.
			client.1000 > server.22: P. length 21
			server.22 > client.1000: R seq 2 win 0`,
	wants: []string{"6 likely data-after-close by likely responder; accepted"},
}, {
	name: "server crash: kernel panic reboot, client data meets new kernel (ts restart via new conn)",
	text: `
			client: linux ts=1000
			server: linux ts=900000
			client.1000 > server.80: S
			server.80 > client.1000: S.
			client.1000 > server.80: .
			client.1000 > server.80: P. length 10
			server.80 > client.1000: .
			+60s client.1000 > server.80: P. length 10
			server.80 > client.1000: R seq 1 win 0
			server: ts=10
			client.1001 > server.80: S
			server.80 > client.1001: S.`,
	wants: []string{"7 possible half-open by likely responder or middlebox-idle-timeout middlebox-state-loss; accepted"},
}, {
	name: "dup SYN with different ISN after lost SYN-ACK, out-of-window; RA",
	text: `
			client.1000 > server.80: S rawseq 1000
			server.80 > client.1000: S.
			+3s client.1000 > server.80: S rawseq 900000000
			server.80 > client.1000: R. rawseq 0 rawack 900000001 win 0`,
	wants: []string{"4 possible port-closed by likely responder or firewall-reject-syn; accepted"},
}, {
	name: "middlebox sends R to both after ClientHello (bare, ttl differs)",
	text: `
			client: linux ts=1000 id=100
			server: linux ts=900000 id=7000
			client.1000 > server.443: S
			+10ms server.443 > client.1000: S.
			client.1000 > server.443: .
			client.1000 > server.443: P. length 517
			+2ms server.443 > client.1000: R. seq 1 ack 518 ttl=60 id=0`,
	wants: []string{"5 possible close-unread-data by likely responder or listener-closed abortive-close; accepted"},
}, {
	name: "conntrack: out of window RST ignored then real",
	text: hand + `
			server.80 > client.1000: P. seq 1:1001 ack 1
			client.1000 > server.80: . ack 1001
			server.80 > client.1000: R rawseq 4294960000 win 0
			+50ms server.80 > client.1000: P. seq 1001:2001 ack 1
			client.1000 > server.80: . ack 2001`,
	wants: []string{"6 possible evasion-reset by possible responder or nat-bypass injected-reset; ignored"},
}, {
	name: "both FINs, then duplicate RA from server with old seq",
	text: hand + `
			client.1000 > server.80: F.
			server.80 > client.1000: F. ack 2
			client.1000 > server.80: . ack 2
			+100ms server.80 > client.1000: R. seq 1 ack 2`,
	wants: []string{"7 possible late-segment by likely responder or abortive-close; accepted"},
}, {
	name: "retransmitted FIN of client, server has closed: R",
	text: hand + `
			client.1000 > server.80: F.
			server.80 > client.1000: F. ack 2
			+1s client.1000 > server.80: F. seq 1 ack 1
			server.80 > client.1000: R seq 1 win 0`,
	wants: []string{"7 possible late-segment by likely responder or close-then-abort; accepted"},
}, {
	name: "client FIN, server replies FIN, last ACK lost, server RA",
	text: hand + `
			client.1000 > server.80: F.
			server.80 > client.1000: F. ack 2
			+200ms server.80 > client.1000: F. seq 1 ack 2
			+400ms server.80 > client.1000: F. seq 1 ack 2
			+800ms server.80 > client.1000: R. seq 2 ack 2`,
	wants: []string{"8 possible close-then-abort by likely responder or retransmission-timeout abortive-close; accepted"},
}, {
	name: "RST in the middle by client with data unsent window 0 of server",
	text: hand + `
			server.80 > client.1000: . win 0
			+5s client.1000 > server.80: P. length 1
			+5s client.1000 > server.80: R. seq 1 ack 1`,
	wants: []string{"6 possible abortive-close by likely originator; accepted"},
}, {
	name: "mirrored one way + 10 ms jitter: ACK before data",
	text: hand + `
			server.80 > client.1000: . ack 101
			client.1000 > server.80: P. seq 1:101 ack 1
			server.80 > client.1000: P. seq 1:101 ack 101
			client.1000 > server.80: R. seq 101 ack 101`,
	wants: []string{"7 possible abortive-close by likely originator or close-unread-data; accepted"},
}, {
	name: "R with seq 0 (broken device) mid-connection",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: .
			server.80 > client.1000: R rawseq 0 win 0`,
	wants: []string{"6 undetermined undetermined (no-match) by possible responder; challenged"},
}, {
	name: "RST answering a FIN directly: bare",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: P. length 100
			client.1000 > server.80: F. ack 101
			+1ms server.80 > client.1000: R seq 101 win 0`,
	wants: []string{"7 possible half-open by likely responder or middlebox-state-loss close-then-abort; accepted"},
}, {
	name: "app closes with unread FIN'd data: server FIN then RA at once (412 upload)",
	text: hand + `
			client.1000 > server.80: . seq 1:1461
			client.1000 > server.80: . seq 1461:2921
			server.80 > client.1000: . ack 1461
			server.80 > client.1000: P. seq 1:201 ack 1461
			server.80 > client.1000: F. seq 201 ack 1461
			server.80 > client.1000: R. seq 202 ack 2921`,
	wants: []string{"9 possible close-unread-data by likely responder or data-after-close resource-abort; accepted"}, // Linux answers data after a close without an ACK
}, {
	name: "client RA crossing server FIN (ack not covering FIN)",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: P. seq 1:101 ack 101
			server.80 > client.1000: F. seq 101 ack 101
			client.1000 > server.80: R. seq 101 ack 101`,
	wants: []string{"7 possible abortive-close by likely originator or close-unread-data close-then-abort; accepted"},
}, {
	name: "NAT GW: RST from gateway, new outbound packet, TTL 64 vs 50",
	text: `
			server: ttl=50 id=7000 linux ts=900000
			client: linux ts=1000
			client.1000 > server.443: S
			+30ms server.443 > client.1000: S.
			client.1000 > server.443: .
			client.1000 > server.443: P. length 100
			+30ms server.443 > client.1000: P. length 100
			client.1000 > server.443: .
			+350s client.1000 > server.443: P. length 100
			+1ms server.443 > client.1000: R seq 101 win 0 ttl=64 id=0`,
	wants: []string{"8 likely middlebox-idle-timeout by likely middlebox or inline-policy-reset injected-reset middlebox-state-loss backend-switch half-open; accepted"},
}, {
	name: "RST+ACK 30 ms after the handshake, before any data",
	text: `
			client: linux ts=1000 id=100
			server: linux ts=900000 id=7000
			client.1000 > server.443: S
			server.443 > client.1000: S.
			client.1000 > server.443: .
			+30ms server.443 > client.1000: R. seq 1 ack 1`,
	wants: []string{"4 possible abortive-close by likely responder or listener-closed; accepted"},
}, {
	name: "client RA after SYN-ACK retransmit, slow ack",
	text: `
			client: linux ts=1000
			server: linux ts=900000
			client.1000 > server.443: S
			+3s server.443 > client.1000: S.
			client.1000 > server.443: .
			client.1000 > server.443: R.`,
	wants: []string{"4 possible abortive-close by likely originator; accepted"},
}, {
	name: "capture truncated start: FIN first seen then R",
	text: `
			client.50000 > server.80: F. rawseq 100 rawack 500
			server.80 > client.50000: . rawseq 500 rawack 101
			server.80 > client.50000: R. rawseq 500 rawack 101`,
	wants: []string{"3 likely close-then-abort by likely responder or abortive-close; accepted"},
}, {
	name: "midstream: bare R with no data",
	text: `
			client.50000 > server.80: . rawseq 100 rawack 500
			+75s client.50000 > server.80: . rawseq 99 rawack 500
			server.80 > client.50000: R rawseq 500`,
	wants: []string{"3 possible half-open by possible responder or middlebox-idle-timeout middlebox-state-loss; accepted"},
}, {
	name: "RST retransmitted by client 3x after server data (Windows)",
	text: hand + `
			server.80 > client.1000: P. seq 1:101 ack 1
			client.1000 > server.80: R. seq 1 ack 101
			+300ms server.80 > client.1000: P. seq 1:101 ack 1
			client.1000 > server.80: R seq 1 win 0`,
	wants: []string{
		"5 possible close-unread-data by likely originator or abortive-close; accepted",
		"7 likely secondary-reset by likely originator after 5; ignored",
	},
}, {
	name: "a reset and the probe that drew it have changed places",
	text: hand + `
			server.80 > client.1000: F.
			client.1000 > server.80: .
			+1s server.80 > client.1000: R seq 2 win 0
			+60us client.1000 > server.80: . seq 0 ack 2`,
	wants: []string{"6 possible data-after-close by likely responder or close-then-abort fin-wait-2-timeout abortive-close; accepted"},
}, {
	name: "the first packets overtook the SYN: one connection",
	text: `
			client: linux ts=1000 id=100
			server: linux ts=900000 id=7000
			server.80 > client.1000: S. rawseq 5000 rawack 1001
			+200us client.1000 > server.80: . rawseq 1001 rawack 5001
			+200us client.1000 > server.80: S rawseq 1000
			+10ms client.1000 > server.80: P. rawseq 1001 rawack 5001 length 100
			+1ms server.80 > client.1000: . rawseq 5001 rawack 1101
			server.80 > client.1000: R. rawseq 5001 rawack 1101`,
	wants: []string{"6 possible close-unread-data by likely responder or listener-closed abortive-close; accepted"},
}, {
	name: "the last ACK overtook the FIN, then a late segment",
	text: hand + `
			client.1000 > server.80: P. seq 1:101
			server.80 > client.1000: . ack 101
			client.1000 > server.80: F. seq 101 ack 1
			server.80 > client.1000: . ack 102
			client.1000 > server.80: . seq 102 ack 2
			+300us server.80 > client.1000: F. seq 1 ack 102
			+1s client.1000 > server.80: P. seq 1:101 ack 1
			server.80 > client.1000: R seq 1 win 0`,
	wants: []string{"11 likely late-segment by likely responder; accepted"},
}, {
	name: "two answers have changed places",
	text: hand + `
			client.1000 > server.80: P. seq 1:101
			server.80 > client.1000: P. seq 1:201 ack 101
			client.1000 > server.80: . ack 201
			+50ms server.80 > client.1000: R seq 202 win 0
			server.80 > client.1000: F. seq 201 ack 101
			client.1000 > server.80: P. seq 101:201 ack 201
			client.1000 > server.80: . seq 201 ack 202
			+400us server.80 > client.1000: R seq 201 win 0`,
	wants: []string{
		"7 undetermined undetermined (no-match) by possible responder; challenged",
		"11 likely data-after-close by likely responder or secondary-reset; accepted",
	},
}, {
	name: "a new SYN right behind the reset that seems to end the old connection",
	text: hand + `
			client.1000 > server.80: F.
			server.80 > client.1000: .
			client.1000 > server.80: R. seq 2
			+1ms client.1000 > server.80: S rawseq 77777`,
	wants: []string{"6 possible close-then-abort by likely originator or abortive-close; accepted"},
}, {
	name: "a close with packets missing: what came between was perhaps not captured",
	text: hand + `
			client.1000 > server.80: P. seq 1:101
			server.80 > client.1000: . ack 901
			server.80 > client.1000: F. seq 1 ack 901
			client.1000 > server.80: . seq 901 ack 2
			server.80 > client.1000: R seq 2 win 0`,
	wants: []string{"8 possible close-then-abort by likely responder; accepted"},
}, {
	name: "a bare abort long after the last packet is no answer to it",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: P. length 100
			client.1000 > server.80: .
			+20s server.80 > client.1000: R seq 101`,
	wants: []string{"7 possible abortive-close by possible responder or injected-reset; accepted"},
}, {
	name: "an ACK out of TIME-WAIT, and what drew it did not come by",
	text: hand + `
			server.80 > client.1000: F.
			client.1000 > server.80: F. ack 2
			server.80 > client.1000: . ack 2
			+30s server.80 > client.1000: . ack 2
			client.1000 > server.80: R seq 2 win 0`,
	wants: []string{"8 possible time-wait-assassination by likely originator or late-segment; accepted"},
}, {
	name: "a low TTL, no IP identification: its own or a device's",
	text: `
			client: id=0
			client.1000 > server.80: S
			+1ms server.80 > client.1000: S.
			client.1000 > server.80: .
			client.1000 > server.80: P. length 100
			server.80 > client.1000: .
			client.1000 > server.80: R. seq 101 ttl=8
			+30ms client.1000 > server.80: P. seq 101:201`,
	wants: []string{"6 possible injected-reset by possible middlebox or evasion-reset inline-policy-reset; accepted"},
}, {
	name: "what should stand at the reset's number never comes",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: .
			server.80 > client.1000: R. seq 1 ack 101
			+30ms server.80 > client.1000: P. seq 101:141 ack 101`,
	wants: []string{"6 possible rewritten-reset by likely middlebox or inline-policy-reset injected-reset; accepted"},
}, {
	name: "a SYN of another host on the ports of a living connection",
	text: `
			client: linux ts=1000
			server: linux ts=900000
			client.1000 > server.80: S rawseq 1000
			server.80 > client.1000: S. rawseq 5000 rawack 1001
			client.1000 > server.80: . rawseq 1001 rawack 5001
			client: ts=3000000
			client.1000 > server.80: S rawseq 900000
			server.80 > client.1000: . rawseq 5001 rawack 1001
			client.1000 > server.80: R rawseq 1001 win 0`,
	wants: []string{"6 likely synack-bad-ack by likely originator; accepted"},
}, {
	name: "TIME-WAIT that Linux would have let go: the SYN's timestamp is newer",
	text: `
			client: linux ts=1000
			server: linux ts=900000
			client.1000 > server.80: S rawseq 1000
			server.80 > client.1000: S. rawseq 5000 rawack 1001
			client.1000 > server.80: . rawseq 1001 rawack 5001
			server.80 > client.1000: F. rawseq 5001 rawack 1001
			client.1000 > server.80: F. rawseq 1001 rawack 5002
			server.80 > client.1000: . rawseq 5002 rawack 1002
			+5s client.1000 > server.80: S rawseq 500
			server.80 > client.1000: . rawseq 5002 rawack 1002
			client.1000 > server.80: R rawseq 1002 win 0`,
	wants: []string{"9 likely synack-bad-ack by likely originator; unknown"},
}, {
	name: "a segment far beyond, with no handshake in the capture, is no proof that the next was kept",
	text: `
			client.1000 > server.80: P. rawseq 1001 rawack 5001 length 100
			server.80 > client.1000: . rawseq 5001 rawack 1101
			client.1000 > server.80: P. rawseq 5001101 rawack 5001 length 100
			server.80 > client.1000: R rawseq 5001
			+30ms server.80 > client.1000: P. rawseq 5001 rawack 1101 length 100`,
	wants: []string{"4 possible nat-bypass by possible middlebox or injected-reset middlebox-state-loss; accepted"},
}, {
	name: "resets in steps, the second of which hits: the first may have been that",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: R seq 1461 ttl=99
			server.80 > client.1000: R seq 1 ttl=99
			server.80 > client.1000: R seq 4381 ttl=99`,
	wants: []string{
		"5 possible injected-reset by likely middlebox or blind-reset inline-policy-reset; challenged",
		"6 possible injected-reset by likely middlebox after 5 or blind-reset inline-policy-reset; accepted",
		"7 possible injected-reset by likely middlebox after 5 or blind-reset inline-policy-reset; ignored",
	},
}, {
	name: "a FIN without the timestamp that all else has",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: .
			client.1000 > server.80: F. seq 101 ack 1 <nop>
			server.80 > client.1000: . ack 102
			client.1000 > server.80: R seq 102 win 0`,
	wants: []string{"8 possible close-then-abort by likely originator or secondary-reset; accepted"},
}, {
	name: "the ACK that a retransmitter waited for comes right behind its reset",
	text: hand + `
			server.80 > client.1000: P. seq 1:101 ack 1
			+30ms server.80 > client.1000: P. seq 1:101 ack 1
			+60ms server.80 > client.1000: P. seq 1:101 ack 1
			+120ms server.80 > client.1000: P. seq 1:101 ack 1
			+240ms server.80 > client.1000: P. seq 1:101 ack 1
			+480ms server.80 > client.1000: P. seq 1:101 ack 1
			+960ms server.80 > client.1000: R. seq 101 ack 1
			+500us client.1000 > server.80: . ack 101`,
	wants: []string{"10 possible retransmission-timeout by likely responder or abortive-close; accepted"},
}, {
	name: "a SYN is accepted, and refused behind that",
	text: hand + `
			client.1001 > server.80: S
			+1ms server.80 > client.1001: S.
			+1ms server.80 > client.1001: R. rawseq 0 ack 1 win 1980
			client.1001 > server.80: . ack 1
			client.1001 > server.80: P. length 100`,
	wants: []string{"6 likely injected-reset by likely middlebox; accepted"},
}, {
	name: "what a stack without a socket answers, and the abort that must have come before",
	text: hand + `
			server.80 > client.1000: P. seq 1:101 ack 1
			+30ms server.80 > client.1000: P. seq 1:101 ack 1
			+60ms server.80 > client.1000: P. seq 1:101 ack 1
			+120ms server.80 > client.1000: P. seq 1:101 ack 1
			+240ms server.80 > client.1000: P. seq 1:101 ack 1
			+480ms server.80 > client.1000: P. seq 1:101 ack 1
			+960ms client.1000 > server.80: P. seq 1:11 ack 1
			server.80 > client.1000: R seq 1 win 0
			+1ms server.80 > client.1000: R. seq 101 ack 1`,
	wants: []string{
		"11 possible half-open by likely responder or middlebox-state-loss; accepted",
		"12 likely retransmission-timeout by likely responder or close-unread-data abortive-close; ignored",
	},
}, {
	name: "the answer to a SYN that was refused for another's sake: the reset's number is the SYN-ACK's next",
	text: `
			client.1000 > server.80: S
			+1ms server.80 > client.1000: R seq 1 win 0
			+1ms server.80 > client.1000: S.
			client.1000 > server.80: . ack 1`,
	wants: []string{"2 undetermined undetermined (no-handshake) by possible responder or firewall-reject-syn; ignored"},
}, {
	name: "data lies below what the SYN-ACK acknowledges: it was sent before, and captured behind",
	text: `
			client: linux ts=1000
			server: linux ts=900000
			client.1000 > server.80: S
			server.80 > client.1000: S.
			server.80 > client.1000: . seq 1 ack 101
			client.1000 > server.80: R seq 101 win 0
			+300us client.1000 > server.80: P. seq 1:101 ack 1`,
	wants: []string{"4 undetermined undetermined (no-match) by possible originator; challenged"},
}, {
	name: "resets whose acknowledgments grow beyond all that was sent",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: R. seq 1 ack 101
			server.80 > client.1000: R. seq 1 ack 1561
			server.80 > client.1000: R. seq 1 ack 4481`,
	wants: []string{
		"5 possible close-unread-data by possible responder or injected-reset; accepted",
		"6 possible close-unread-data by possible responder after 5 or injected-reset; ignored",
		"7 possible close-unread-data by possible responder after 5 or injected-reset; ignored",
	},
}, {
	name: "a connection on the same ports after a reset, its SYN not captured",
	text: hand + `
			client.1000 > server.80: R.
			+1s server.80 > client.1000: S. rawseq 9999 rawack 77778
			client.1000 > server.80: . rawseq 77778 rawack 10000
			client.1000 > server.80: P. rawseq 77778 rawack 10000 length 100`,
	wants: []string{"4 possible abortive-close by likely originator; accepted"},
}, {
	name: "a second answer whose number was acknowledged in between is no step",
	text: hand + `
			client.1000 > server.80: P. seq 1:500
			client.1000 > server.80: P. seq 500:531
			+10ms server.80 > client.1000: P. seq 1:1001 ack 500
			client.1000 > server.80: R seq 500 win 0
			server.80 > client.1000: F. seq 1001 ack 532
			client.1000 > server.80: R seq 532 win 0`,
	wants: []string{
		"7 possible half-open by likely originator or middlebox-state-loss; accepted",
		"9 likely secondary-reset by likely originator after 7; ignored",
	},
}, {
	name: "Linux' bare reset behind its FIN, and nothing that drew it",
	text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: P. length 100
			server.80 > client.1000: F.
			client.1000 > server.80: . ack 102
			+1s server.80 > client.1000: R seq 102 win 0`,
	wants: []string{"8 possible close-then-abort by likely responder or data-after-close fin-wait-2-timeout abortive-close; accepted"},
}, {
	name: "TIME-WAIT reuse, one FIN not captured but for its acknowledgment",
	text: `
		client.1000 > server.80: S rawseq 1000000
		server.80 > client.1000: S. rawseq 5000 rawack 1000001
		client.1000 > server.80: . rawseq 1000001 rawack 5001
		client.1000 > server.80: P. rawseq 1000001 rawack 5001 length 100
		server.80 > client.1000: . rawseq 5001 rawack 1000101
		client.1000 > server.80: . rawseq 1000101 rawack 5002
		client.1000 > server.80: F. rawseq 1000101 rawack 5002
		server.80 > client.1000: . rawseq 5002 rawack 1000102
		+2s client.1000 > server.80: S rawseq 500000
		server.80 > client.1000: . rawseq 5002 rawack 1000102
		client.1000 > server.80: R rawseq 1000102 win 0`,
	wants: []string{"11 likely time-wait-reuse by likely originator or synack-bad-ack; unknown"},
}, {
	name: "data, a bare R 300 ms later by a Linux host, which never aborts like that",
	text: hand + `
			client.1000 > server.80: P. length 100
			+1ms server.80 > client.1000: .
			server.80 > client.1000: P. length 100
			+300ms client.1000 > server.80: R seq 101 win 0`,
	wants: []string{"7 possible half-open by likely originator or middlebox-state-loss; accepted"},
}, {
	name: "data, a bare R 300 ms later by a host of which that is not known",
	text: `
			client.1000 > server.80: S <mss 1460,nop,wscale 8,nop,nop,sackOK>
			+1ms server.80 > client.1000: S. <mss 1460,nop,wscale 8,nop,nop,sackOK>
			client.1000 > server.80: .
			client.1000 > server.80: P. length 100
			+1ms server.80 > client.1000: .
			server.80 > client.1000: P. length 100
			+300ms client.1000 > server.80: R seq 101 win 0`,
	wants: []string{"7 possible abortive-close by likely originator; accepted"},
}}
