package judge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/internal/transcript"
	"rstlab/analyzer/judge"
)

// A lookalike is a capture of which the truth is known, and whose frames a
// tempting other cause would have left as well.
type lookalike struct {
	name string
	// truth is what happened: "CAUSE… by SENDER", the first cause in the closest
	// word, others that are true of it as well. "sure: " before it says that the
	// frames carry it.
	truth string
	frame uint32 // the reset's; 0: the last one's
	at    string
	text  string
}

// Nothing is likely that is not true, and what is true is always named.
func TestLookalikes(t *testing.T) {
	for _, tc := range lookalikes() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			truth, sure := strings.CutPrefix(tc.truth, "sure: ")
			list, sender, _ := strings.Cut(truth, " by ")
			causes := strings.Fields(list)
			holds := func(id cause.ID) bool { return slices.Contains(causes, string(id)) }
			all := judgeAll(t, transcript.Variation{}, tc.text, tc.at)
			i := len(all) - 1
			if tc.frame != 0 {
				i = slices.IndexFunc(all, func(v *judge.Verdict) bool { return v.Frame == tc.frame })
			}
			if i < 0 {
				t.Fatalf("no verdict on frame %d", tc.frame)
			}
			v := all[i]
			var problems []string
			switch {
			case v.Strength >= cause.Likely && !holds(v.Cause):
				problems = append(problems, "WRONG")
			case !holds(v.Cause) && !slices.ContainsFunc(v.Alternatives, func(a judge.Alternative) bool { return holds(a.Cause) }):
				problems = append(problems, "UNNAMED")
			case sure && v.Strength < cause.Likely:
				problems = append(problems, "VAGUE")
			}
			if v.SenderStrength >= cause.Likely && sender != "any" && senders[v.Sender] != sender {
				problems = append(problems, "WRONG SENDER")
			}
			if problems != nil {
				t.Errorf("%v\ngot   %s\ntruth %s\n%s", problems, say(v), tc.truth, texts(v))
			}
		})
	}
}

// Handshakes of other stacks than hand's.
const (
	windows = `
	client: ttl=128 id=100 bsd
	server: ttl=128 id=500 bsd
	client.1000 > server.80: S
	+1ms server.80 > client.1000: S.
	client.1000 > server.80: .
`
	// far is captured at the client, the server eight hops and 40 ms away.
	far = `
	client: linux ts=1000 id=100
	server: linux ts=900000 id=7000 ttl=56
	client.1000 > server.80: S
	+40ms server.80 > client.1000: S.
	client.1000 > server.80: .
	client.1000 > server.80: P. length 100
	+40ms server.80 > client.1000: . ack 101
	server.80 > client.1000: P. length 100
	client.1000 > server.80: .
`
	// plain is the same without timestamps, and no counter in the identification.
	plain = `
	client: linux id=0
	server: linux id=0 ttl=56
	client.1000 > server.80: S
	+40ms server.80 > client.1000: S.
	client.1000 > server.80: .
	client.1000 > server.80: P. length 100
	+40ms server.80 > client.1000: . ack 101
	server.80 > client.1000: P. length 100
	client.1000 > server.80: .
`
)

// each writes a text for several numbers.
func each(n int, format string) string {
	var s strings.Builder
	for i := range n {
		fmt.Fprintf(&s, format, i)
	}
	return s.String()
}

func lookalikes() []lookalike {
	var all []lookalike
	for _, l := range [][]lookalike{refused, answered, opened, living, ended, forged, more, yetMore, last, made} {
		all = append(all, l...)
	}
	return all
}

// A SYN that is refused.
var refused = []lookalike{{
	name:  "a closed port of a host whose other port is open, DSCP copied",
	truth: "sure: port-closed by responder",
	text: far + `
		client.1001 > server.81: S tos=0xb8
		+40ms server.81 > client.1001: R. seq 0 ack 1 win 0 id=0 tos=0xb8`,
}, {
	name:  "pf's return-rst on the host itself: it writes the DSCP that telnet asks for",
	truth: "firewall-reject-syn port-closed by responder",
	at:    "198.51.100.2",
	text: `
		client: linux ts=1000 id=100 ttl=58
		server: out bsd
		client.1000 > server.22: S
		server.22 > client.1000: S.
		+20ms client.1000 > server.22: .
		client.1001 > server.23: S tos=0x10
		server.23 > client.1001: R. seq 0 ack 1 win 0 tos=0x10`,
}, {
	name:  "a stack that copies another DSCP, captured on its host",
	truth: "sure: port-closed by responder",
	at:    "198.51.100.2",
	text: `
		client: linux ts=1000 id=100 ttl=58
		server: out linux
		client.1000 > server.22: S
		server.22 > client.1000: S.
		+20ms client.1000 > server.22: .
		client.1001 > server.23: S tos=0x28
		server.23 > client.1001: R. seq 0 ack 1 win 0 tos=0x28`,
}, {
	name:  "a limit of connections on the host rejects the third",
	truth: "firewall-reject-syn by any",
	text: far + `
		client.1001 > server.80: S
		+40ms server.80 > client.1001: S.
		client.1001 > server.80: .
		+2s client.1002 > server.80: S
		+40ms server.80 > client.1002: R. seq 0 ack 1 win 0 id=0`,
}, {
	name:  "a translator forwards one port and refuses another itself, from nearer by",
	truth: "port-closed by responder",
	text: `
		client: linux ts=1000
		server: linux ttl=63
		client.1000 > server.443: S
		+1ms server.443 > client.1000: S.
		client.1000 > server.443: .
		client.1001 > server.8080: S
		+500us server.8080 > client.1001: R. seq 0 ack 1 win 0 id=0 ttl=64`,
}, {
	name:  "a firewall rewrites numbers, the host refuses",
	truth: "port-closed by responder",
	text: far + `
		client.1001 > server.81: S
		+40ms server.81 > client.1001: R. seq 77777 ack 1 win 0 id=0`,
}, {
	name:  "the service begins again just as the client leaves ECN out",
	truth: "port-closed by responder",
	frame: 4,
	text: `
		client: bsd ts=1000
		client.1000 > server.80: SEW
		+10ms server.80 > client.1000: R. seq 0 ack 1 win 0
		+1s client.1001 > server.80: SEW
		+10ms server.80 > client.1001: R. seq 0 ack 1 win 0
		+1s client.1002 > server.80: S
		+10ms server.80 > client.1002: S.
		client.1002 > server.80: .`,
}, {
	name:  "a device refuses ECN, and the client leaves it out then: the same frames",
	truth: "option-intolerance by any",
	frame: 4,
	text: `
		client: bsd ts=1000
		client.1000 > server.80: SEW
		+10ms server.80 > client.1000: R. seq 0 ack 1 win 0
		+1s client.1001 > server.80: SEW
		+10ms server.80 > client.1001: R. seq 0 ack 1 win 0
		+1s client.1002 > server.80: S
		+10ms server.80 > client.1002: S.
		client.1002 > server.80: .`,
}, {
	name:  "a device refuses ECN, time and again",
	truth: "sure: option-intolerance by middlebox",
	frame: 7,
	text: `
		client: linux ts=1000
		client.1000 > server.80: SEW
		+10ms server.80 > client.1000: R. seq 0 ack 1 win 0
		+100ms client.1001 > server.80: S
		+10ms server.80 > client.1001: S.
		client.1001 > server.80: .
		+1s client.1002 > server.80: SEW
		+10ms server.80 > client.1002: R. seq 0 ack 1 win 0
		+100ms client.1003 > server.80: S
		+10ms server.80 > client.1003: S.
		client.1003 > server.80: .`,
}, {
	name:  "Solaris begins its resets at 255, the rest at 64",
	truth: "port-closed by responder",
	text: `
		client: linux ts=1000
		server: ttl=60 id=300 bsd
		client.1000 > server.22: S
		+20ms server.22 > client.1000: S.
		client.1000 > server.22: .
		client.1001 > server.23: S
		+20ms server.23 > client.1001: R. seq 0 ack 1 win 0 ttl=251`,
}, {
	name:  "a filter on the way, nearer by and much faster",
	truth: "sure: firewall-reject-syn by middlebox",
	text: far + `
		client.1001 > server.22: S
		+40ms server.22 > client.1001: S.
		client.1001 > server.22: .
		client.1002 > server.22: S
		+40ms server.22 > client.1002: S.
		client.1002 > server.22: .
		client.1003 > server.25: S
		+4ms server.25 > client.1003: R. seq 0 ack 1 win 0 id=0 ttl=62`,
}, {
	name:  "a listener ends between two SYNs of a scanner that acknowledges none: a BSD",
	truth: "port-closed by responder",
	text: `
		client.1000 > server.80: S rawseq 1000
		server: bsd ts=5000
		+1ms server.80 > client.1000: S. rawack 1001
		+5s client.1000 > server.80: S rawseq 60000
		+1ms server.80 > client.1000: R. rawseq 0 rawack 60001 win 0`,
}, {
	name:  "a Linux request meets a second SYN within its window",
	truth: "sure: syn-on-half-open by responder",
	text: `
		client.1000 > server.80: S rawseq 1000
		server: linux ts=5000
		+1ms server.80 > client.1000: S. rawack 1001
		+100ms client.1000 > server.80: S rawseq 60000
		+1ms server.80 > client.1000: R. rawseq 0 rawack 60001 win 0`,
}, {
	name:  "fast open data refused with the SYN",
	truth: "port-closed by responder",
	text: far + `
		client.1001 > server.81: S length 100
		+40ms server.81 > client.1001: R. seq 0 ack 101 win 0 id=0`,
}, {
	name:  "a balancer without a server behind it refuses for the address that is its own",
	truth: "port-closed by responder",
	text: `
		client: linux ts=1000
		server: ttl=251 id=300
		client.1000 > server.443: S
		+20ms server.443 > client.1000: S. win 4380
		client.1000 > server.443: .
		client.1000 > server.443: F.
		+20ms server.443 > client.1000: F.
		client.1000 > server.443: .
		+30s client.1001 > server.443: S
		+20ms server.443 > client.1001: R. seq 0 ack 1 win 0`,
}, {
	name:  "a bare RST answers a SYN, a SYN-ACK follows: somebody on the way",
	truth: "sure: injected-reset by middlebox",
	frame: 2,
	text: `
		client: linux ts=1000
		client.1000 > server.443: S
		+5ms server.443 > client.1000: R. seq 0 ack 1 win 0 ttl=60
		+35ms server.443 > client.1000: S. ttl=50`,
}, {
	name:  "Windows' client asks three times, and is refused three times",
	truth: "port-closed by responder",
	text: `
		client: ttl=128 bsd
		server: ttl=128 bsd
		client.1000 > server.80: S
		+1ms server.80 > client.1000: R. seq 0 ack 1 win 0
		+500ms client.1000 > server.80: S seq 0
		+1ms server.80 > client.1000: R. seq 0 ack 1 win 0
		+500ms client.1000 > server.80: S seq 0
		+1ms server.80 > client.1000: R. seq 0 ack 1 win 0`,
}, {
	name:  "a printer's small stack refuses with a window",
	truth: "port-closed by responder",
	text: `
		client: linux ts=1000
		server: ttl=255 id=10
		client.1000 > server.9100: S
		+2ms server.9100 > client.1000: S. win 2920
		client.1000 > server.9100: .
		client.1001 > server.631: S
		+2ms server.631 > client.1001: R. seq 0 ack 1 win 2920`,
}, {
	name:  "the program has ended a minute ago, its last connection lives half closed",
	truth: "port-closed by responder",
	text: far + `
		server.80 > client.1000: F.
		+40ms client.1000 > server.80: .
		+60s client.1001 > server.80: S
		+40ms server.80 > client.1001: R. seq 0 ack 1 win 0 id=0`,
}, {
	name:  "two servers behind one address, the one has no listener: every second SYN is refused",
	truth: "port-closed backend-switch by responder",
	frame: 10,
	text: `
		client: linux ts=1000
		server: linux ttl=60
		client.1000 > server.80: S
		+5ms server.80 > client.1000: S.
		client.1000 > server.80: .
		client.1000 > server.80: F.
		+5ms server.80 > client.1000: F.
		client.1000 > server.80: .
		+200ms client.1001 > server.80: S
		+5ms server.80 > client.1001: R. seq 0 ack 1 win 0 id=0
		+200ms client.1002 > server.80: S
		+5ms server.80 > client.1002: R. seq 0 ack 1 win 0 id=0
		+200ms client.1003 > server.80: S
		+5ms server.80 > client.1003: S.`,
}}

// An answer to a SYN that the originator, or an old connection, resets.
var answered = []lookalike{{
	name:  "an old stack aborts upon a SYN in its window",
	truth: "sure: syn-in-window by responder",
	text: `
		client: bsd
		server: bsd
		client.1000 > server.80: S rawseq 1000
		+1ms server.80 > client.1000: S. rawseq 5000
		client.1000 > server.80: . rawseq 1001 rawack 5001
		server.80 > client.1000: P. rawseq 5001 rawack 1001 length 100
		client.1000 > server.80: . rawseq 1001 rawack 5101
		+5s client.1000 > server.80: S rawseq 3000
		+1ms server.80 > client.1000: R. rawseq 5101 rawack 1001`,
}, {
	name:  "the SYN was lost behind the capture, half a minute later the server's program aborts",
	truth: "abortive-close by responder",
	text: `
		client: bsd
		server: bsd
		client.1000 > server.80: S rawseq 1000
		+1ms server.80 > client.1000: S. rawseq 5000
		client.1000 > server.80: . rawseq 1001 rawack 5001
		server.80 > client.1000: P. rawseq 5001 rawack 1001 length 100
		client.1000 > server.80: . rawseq 1001 rawack 5101
		+5s client.1000 > server.80: S rawseq 3000
		+30s server.80 > client.1000: R. rawseq 5101 rawack 1001`,
}, {
	name:  "the beginning is missing, so that the server may be a Linux, which challenges a SYN",
	truth: "abortive-close by responder",
	text: `
		client.1000 > server.80: P. rawseq 1001 rawack 5001 length 10
		+1ms server.80 > client.1000: P. rawseq 5001 rawack 1011 length 100
		client.1000 > server.80: . rawseq 1011 rawack 5101
		+5s client.1000 > server.80: S rawseq 3000
		+300ms server.80 > client.1000: R. rawseq 5101 rawack 1011`,
}, {
	name:  "the server had sent the last FIN, whose ACK it never got: it stands in LAST-ACK",
	truth: "half-open synack-bad-ack by originator",
	text: `
		client: linux
		server: linux
		client.1000 > server.80: S rawseq 1000
		+1ms server.80 > client.1000: S. rawseq 5000
		client.1000 > server.80: . rawseq 1001 rawack 5001
		+1s client.1000 > server.80: F. rawseq 1001 rawack 5001
		+1ms server.80 > client.1000: F. rawseq 5001 rawack 1002
		client.1000 > server.80: . rawseq 1002 rawack 5002
		+100ms client.1000 > server.80: S rawseq 500
		+1ms server.80 > client.1000: . rawseq 5002 rawack 1002
		client.1000 > server.80: R rawseq 1002 win 0`,
}, {
	name:  "the server closed first and stands in TIME-WAIT",
	truth: "sure: time-wait-reuse by originator",
	text: `
		client: linux
		server: linux
		client.1000 > server.80: S rawseq 1000
		+1ms server.80 > client.1000: S. rawseq 5000
		client.1000 > server.80: . rawseq 1001 rawack 5001
		+1s server.80 > client.1000: F. rawseq 5001 rawack 1001
		+1ms client.1000 > server.80: F. rawseq 1001 rawack 5002
		server.80 > client.1000: . rawseq 5002 rawack 1002
		+100ms client.1000 > server.80: S rawseq 500
		+1ms server.80 > client.1000: . rawseq 5002 rawack 1002
		client.1000 > server.80: R rawseq 1002 win 0`,
}, {
	name:  "both closed at once: both stand in TIME-WAIT",
	truth: "sure: time-wait-reuse by originator",
	text: `
		client: linux
		server: linux
		client.1000 > server.80: S rawseq 1000
		+1ms server.80 > client.1000: S. rawseq 5000
		client.1000 > server.80: . rawseq 1001 rawack 5001
		+1s client.1000 > server.80: F. rawseq 1001 rawack 5001
		server.80 > client.1000: F. rawseq 5001 rawack 1001
		+1ms client.1000 > server.80: . rawseq 1002 rawack 5002
		server.80 > client.1000: . rawseq 5002 rawack 1002
		+100ms client.1000 > server.80: S rawseq 500
		+1ms server.80 > client.1000: . rawseq 5002 rawack 1002
		client.1000 > server.80: R rawseq 1002 win 0`,
}, {
	name:  "the answer to an attempt before comes late",
	truth: "sure: synack-bad-ack by originator",
	text: `
		client: linux
		server: linux
		client.1000 > server.80: S rawseq 1000
		+900ms client.1000 > server.80: S rawseq 300000000
		+100ms server.80 > client.1000: S. rawseq 5000 rawack 1001
		client.1000 > server.80: R rawseq 1001 win 0`,
}, {
	name:  "a SYN proxy tests the client by a wrong number",
	truth: "sure: synack-bad-ack by originator",
	frame: 3,
	text: `
		client: linux
		client.1000 > server.80: S rawseq 1000
		+1ms server.80 > client.1000: S. rawseq 5000 rawack 777
		client.1000 > server.80: R rawseq 777 win 0
		+2ms client.1000 > server.80: S rawseq 1000
		+1ms server.80 > client.1000: S. rawseq 9000 rawack 1001
		client.1000 > server.80: . rawseq 1001 rawack 9001`,
}, {
	name:  "a Linux client refuses a timestamp that it never sent",
	truth: "sure: synack-bad-timestamp by originator",
	text: `
		client: linux ts=1000
		client.1000 > server.80: S
		+1ms server.80 > client.1000: S. <mss 1460,nop,nop,TS val 5 ecr 777777>
		client.1000 > server.80: R seq 1 win 0`,
}, {
	name:  "a BSD client does not mind the timestamp: its program had gone",
	truth: "syn-sent-abort by originator",
	text: `
		client: bsd ts=1000
		client.1000 > server.80: S
		+1ms server.80 > client.1000: S. <mss 1460,nop,nop,TS val 5 ecr 777777>
		client.1000 > server.80: R seq 1 win 0`,
}, {
	name:  "a scanner meets tar pits that echo any timestamp",
	truth: "syn-scan synack-bad-timestamp by originator",
	text: each(12, `
		client: linux ts=1000
		client.%[1]d01 > host%[1]d.80: S
		+1ms host%[1]d.80 > client.%[1]d01: S. <mss 1460,nop,nop,TS val 5 ecr 777777>
		client.%[1]d01 > host%[1]d.80: R seq 1 win 0`),
}, {
	name:  "the client began anew and the server still holds the old connection",
	truth: "sure: half-open by originator",
	text: `
		client: linux
		server: linux
		client.1000 > server.80: S rawseq 1000
		+1ms server.80 > client.1000: S. rawseq 5000
		client.1000 > server.80: . rawseq 1001 rawack 5001
		server.80 > client.1000: P. rawseq 5001 rawack 1001 length 100
		client.1000 > server.80: . rawseq 1001 rawack 5101
		+50s client.1000 > server.80: S rawseq 3000000
		+1ms server.80 > client.1000: . rawseq 5101 rawack 1001
		client.1000 > server.80: R rawseq 1001 win 0`,
}, {
	name:  "zmap asks twice, each answer meets its kernel",
	truth: "syn-scan by originator",
	text: `
		client.1000 > server.80: S ttl=255
		+20ms server.80 > client.1000: S.
		client.1000 > server.80: R seq 1 win 0
		+1s client.1000 > server.80: S seq 0 ttl=255
		+20ms server.80 > client.1000: S. seq 0
		client.1000 > server.80: R seq 1 win 0`,
}, {
	name:  "zmap asks twice before the answer to the first comes",
	truth: "syn-scan by originator",
	frame: 4,
	text: `
		client.1000 > server.80: S ttl=255
		client.1000 > server.80: S seq 0 ttl=255
		+20ms server.80 > client.1000: S.
		client.1000 > server.80: R seq 1 win 0`,
}, {
	name:  "masscan tries again, twelve hosts",
	truth: "syn-scan by originator",
	text: each(12, `
		client.4001 > host%[1]d.80: S
		+20ms host%[1]d.80 > client.4001: S.
		client.4001 > host%[1]d.80: R seq 1 win 0
		+1s client.4001 > host%[1]d.80: S seq 0
		+20ms host%[1]d.80 > client.4001: S. seq 0
		client.4001 > host%[1]d.80: R seq 1 win 0`),
}, {
	name:  "nmap tries 139 and 445, and then connects to 445",
	truth: "syn-scan by originator",
	frame: 3,
	text: `
		client.4001 > server.139: S win 1024 ttl=47
		+1ms server.139 > client.4001: S.
		client.4001 > server.139: R seq 1 win 0
		client.4001 > server.445: S win 1024 ttl=52
		+1ms server.445 > client.4001: S.
		client.4001 > server.445: R seq 1 win 0
		client: linux ts=1000
		+500ms client.5000 > server.445: S
		+1ms server.445 > client.5000: S.
		client.5000 > server.445: .
		client.5000 > server.445: P. length 100
		+1ms server.445 > client.5000: P. length 100`,
}, {
	name:  "a Windows client keeps 445 and resets 139",
	truth: "sure: parallel-connect-loser by originator",
	frame: 6,
	text: `
		client: ttl=128 bsd id=100
		server: ttl=128 bsd id=900
		client.5000 > server.445: S
		client.5001 > server.139: S
		+1ms server.445 > client.5000: S.
		client.5000 > server.445: .
		server.139 > client.5001: S.
		client.5001 > server.139: R. seq 1
		client.5000 > server.445: P. length 100
		+1ms server.445 > client.5000: P. length 100`,
}, {
	name:  "SYNs in a victim's name: the answers meet its kernel, nearer by than the SYNs came",
	truth: "unsolicited-synack by originator",
	text: each(12, `
		client.4001 > host%[1]d.80: S ttl=44
		+1ms host%[1]d.80 > client.4001: S.
		+20ms client.4001 > host%[1]d.80: R seq 1 win 0 ttl=57`),
}, {
	name:  "nmap gives each SYN a TTL of its own",
	truth: "sure: syn-scan by originator",
	text: each(10, `
		client.4001 > server.%[1]d1: S win 1024 ttl=4%[1]d
		+1ms server.%[1]d1 > client.4001: S.
		client.4001 > server.%[1]d1: R seq 1 win 0`),
}, {
	name:  "zmap's raw socket begins at 255, its kernel at 64",
	truth: "sure: syn-scan by originator",
	text: each(12, `
		client.4001 > host%[1]d.80: S ttl=250
		+1ms host%[1]d.80 > client.4001: S.
		+10ms client.4001 > host%[1]d.80: R seq 1 win 0 ttl=59`),
}, {
	name:  "a balancer's half-open monitor asks one port every five seconds",
	truth: "syn-scan by originator",
	text: each(6, `
		client: ttl=255 id=50
		+5s client.300%[1]d > server.80: S
		+1ms server.80 > client.300%[1]d: S.
		client.300%[1]d > server.80: R seq 1 win 0`),
}, {
	name:  "a connect's deadline of two seconds",
	truth: "sure: syn-sent-abort by originator",
	text: `
		client: linux ts=1000
		client.1000 > server.80: S
		+1s client.1000 > server.80: S seq 0
		+1500ms server.80 > client.1000: S.
		client.1000 > server.80: R seq 1 win 0`,
}, {
	name:  "a program cancels its connect at once",
	truth: "syn-sent-abort by originator",
	text: `
		client: linux ts=1000
		client.1000 > server.80: S
		+20ms server.80 > client.1000: S.
		client.1000 > server.80: R seq 1 win 0`,
}, {
	name:  "a refusal came before the SYN-ACK did, and ended the socket",
	truth: "sure: secondary-reset by originator",
	text: `
		client: linux ts=1000
		client.1000 > server.80: S
		+5ms server.80 > client.1000: R. seq 0 ack 1 win 0 ttl=60
		+35ms server.80 > client.1000: S. ttl=50
		client.1000 > server.80: R seq 1 win 0`,
}, {
	name:  "a translator's kernel refuses a SYN-ACK that it should have passed to a container",
	truth: "nat-bypass by originator",
	text: `
		client: linux ts=1000 ttl=63
		client.1000 > server.80: S
		+5ms server.80 > client.1000: S.
		client.1000 > server.80: R seq 1 win 0 ttl=64`,
}, {
	name:  "the server answers a SYN with a lone ACK: the connection before is out of the capture",
	truth: "half-open time-wait-reuse synack-bad-ack by originator",
	text: `
		client: linux
		client.1000 > server.80: S rawseq 1000
		+1ms server.80 > client.1000: . rawseq 5101 rawack 77001
		client.1000 > server.80: R rawseq 77001 win 0`,
}, {
	name:  "a browser races two addresses",
	truth: "parallel-connect-loser by originator",
	frame: 6,
	text: `
		client: linux ts=1000
		client.5000 > hosta.443: S
		+250ms client.5001 > hostb.443: S
		+10ms hostb.443 > client.5001: S.
		client.5001 > hostb.443: .
		+100ms hosta.443 > client.5000: S.
		client.5000 > hosta.443: R seq 1 win 0
		client.5001 > hostb.443: P. length 300
		+10ms hostb.443 > client.5001: P. length 300`,
}}

// A connection that had just been opened.
var opened = []lookalike{{
	name:  "a full queue with tcp_abort_on_overflow",
	truth: "listener-backlog-full by responder",
	text: hand + `
		server.80 > client.1000: R seq 1 win 0 id=0`,
}, {
	name:  "two servers answer one SYN each with a number of its own, the second does not know the ACK of the first",
	truth: "handshake-ack-rejected backend-switch by responder",
	text: `
		client: linux ts=1000
		server: linux ts=5000
		client.1000 > server.80: S rawseq 1000
		+900ms client.1000 > server.80: S rawseq 1000
		+200ms server.80 > client.1000: S. rawseq 5000 rawack 1001
		client.1000 > server.80: . rawseq 1001 rawack 5001
		server.80 > client.1000: S. rawseq 900000 rawack 1001
		+1ms server.80 > client.1000: R rawseq 5001 win 0`,
}, {
	name:  "a listener closes over two that wait",
	truth: "sure: listener-closed by responder",
	frame: 7,
	text: `
		server: linux id=7000
		client.1000 > server.80: S
		server.80 > client.1000: S.
		client.1000 > server.80: .
		client.1001 > server.80: S
		server.80 > client.1001: S.
		client.1001 > server.80: .
		+100ms server.80 > client.1000: R. seq 1
		server.80 > client.1001: R. seq 1
		+100ms client.1002 > server.80: S
		server.80 > client.1002: R. seq 0 ack 1 win 0`,
}, {
	name:  "a killed process of Windows aborts the connections that a browser opened ahead",
	truth: "abortive-close by responder",
	frame: 7,
	text: `
		server: bsd ttl=128 id=700
		client.1000 > server.80: S
		server.80 > client.1000: S.
		client.1000 > server.80: .
		client.1001 > server.80: S
		server.80 > client.1001: S.
		client.1001 > server.80: .
		+8s server.80 > client.1000: R. seq 1
		server.80 > client.1001: R. seq 1
		+100ms client.1002 > server.80: S
		server.80 > client.1002: R. seq 0 ack 1 win 0`,
}, {
	name:  "a program that ends aborts connections on which nothing had been said for a minute",
	truth: "listener-closed abortive-close by responder",
	frame: 7,
	text: `
		server: linux id=7000
		client.1000 > server.80: S
		server.80 > client.1000: S.
		client.1000 > server.80: .
		client.1001 > server.80: S
		server.80 > client.1001: S.
		client.1001 > server.80: .
		+61s server.80 > client.1000: R. seq 1
		server.80 > client.1001: R. seq 1
		+100ms client.1002 > server.80: S
		server.80 > client.1002: R. seq 0 ack 1 win 0`,
}, {
	name:  "a proxy without a server accepts and aborts",
	truth: "abortive-close by responder",
	text: hand + `
		+2ms server.80 > client.1000: R. seq 1`,
}, {
	name:  "an inspecting device cuts at the ClientHello, in the server's name",
	truth: "inline-policy-reset injected-reset by middlebox",
	text: `
		client: linux ts=1000 id=100
		server: linux ts=900000 id=7000 ttl=50
		client.1000 > server.443: S
		+40ms server.443 > client.1000: S.
		client.1000 > server.443: .
		client.1000 > server.443: P. length 517
		server: ts=off
		+5ms server.443 > client.1000: R. seq 1 ack 518 win 0 ttl=62 id=0`,
}, {
	name:  "a server of Linux with a TCP wrapper closes with the request unread",
	truth: "close-unread-data by responder",
	text: hand + `
		client.1000 > server.80: P. length 100
		+300us server.80 > client.1000: R. seq 1`,
}, {
	name:  "the server's last ACK of the handshake is late: the request had expired",
	truth: "handshake-ack-rejected by responder",
	text: `
		client: linux ts=1000 id=100
		server: linux ts=900000 id=7000
		client.1000 > server.80: S
		+1ms server.80 > client.1000: S.
		+1s server.80 > client.1000: S. seq 0
		+2s server.80 > client.1000: S. seq 0
		+70s client.1000 > server.80: .
		+1ms server.80 > client.1000: R seq 1 win 0 id=0`,
}, {
	name:  "an lwIP server refuses the ACK of a handshake that it has forgotten, with ACK set",
	truth: "handshake-ack-rejected half-open listener-backlog-full abortive-close by responder",
	text: `
		client: linux ts=1000
		server: ttl=255 id=20
		client.1000 > server.80: S
		+1ms server.80 > client.1000: S. win 2144
		client.1000 > server.80: .
		client.1000 > server.80: P. length 10
		+1ms server.80 > client.1000: R. seq 1 ack 11 win 2144`,
}, {
	name:  "a port scanner that connects and aborts",
	truth: "abortive-close by originator",
	text: hand + `
		+1ms client.1000 > server.80: R. seq 1`,
}, {
	name:  "a balancer's health check connects and aborts",
	truth: "abortive-close by originator",
	text: `
		client: ttl=255 id=50 bsd
		server: linux ts=5000
		client.1000 > server.80: S
		+1ms server.80 > client.1000: S.
		client.1000 > server.80: .
		client.1000 > server.80: R. seq 1`,
}, {
	name:  "a server that resets one client of two, both idle: no listener has closed",
	truth: "abortive-close by responder",
	frame: 7,
	text: `
		server: linux id=7000
		client.1000 > server.80: S
		server.80 > client.1000: S.
		client.1000 > server.80: .
		client.1001 > server.80: S
		server.80 > client.1001: S.
		client.1001 > server.80: .
		+5s server.80 > client.1000: R. seq 1
		server.80 > client.1001: R. seq 1
		+100ms client.1002 > server.80: S
		server.80 > client.1002: S.`,
}}

// A living connection.
var living = []lookalike{{
	name:  "a service that goes down aborts thirty connections, one every five milliseconds",
	truth: "abortive-close by responder",
	text: each(30, `
		server: linux ts=900000 id=7000
		host%[1]d.1000 > server.80: S
		server.80 > host%[1]d.1000: S.
		host%[1]d.1000 > server.80: .
		host%[1]d.1000 > server.80: P. length 100
		server.80 > host%[1]d.1000: P. length 100
		host%[1]d.1000 > server.80: .`) + "\n+9s host0.1000 > server.80: ." + each(30, `
		+5ms server.80 > host%[1]d.1000: R. seq 101`),
}, {
	name:  "a busy server aborts after each answer, forty a second, all the time",
	truth: "abortive-close close-unread-data by responder",
	frame: 420,
	text: each(120, `
		server: linux ts=900000 id=7000
		+20ms host%[1]d.1000 > server.80: S
		server.80 > host%[1]d.1000: S.
		host%[1]d.1000 > server.80: .
		host%[1]d.1000 > server.80: P. length 100
		server.80 > host%[1]d.1000: P. length 100
		host%[1]d.1000 > server.80: .
		+5ms server.80 > host%[1]d.1000: R. seq 101`),
}, {
	name:  "an upload is answered with an error, the rest stays unread",
	truth: "sure: close-unread-data by responder",
	text: `
		client: linux ts=1000 id=100
		server: linux ts=900000 id=7000 win=500
		client.1000 > server.80: S
		+10ms server.80 > client.1000: S. win 64000
		client.1000 > server.80: .
		client.1000 > server.80: P. length 1460
		+10ms server.80 > client.1000: .
		client.1000 > server.80: P. length 1460
		+10ms server.80 > client.1000: . win 489
		client.1000 > server.80: P. length 1460
		+10ms server.80 > client.1000: . win 478
		client.1000 > server.80: P. length 1460
		+10ms server.80 > client.1000: . win 467
		+5ms server.80 > client.1000: R. win 467`,
}, {
	name:  "one segment goes to a twin of the server at the same distance, and the server goes on without it",
	truth: "backend-switch by responder",
	frame: 9,
	text: `
		client: linux id=0
		server: linux id=0 ttl=56
		client.1000 > server.80: S
		+40ms server.80 > client.1000: S.
		client.1000 > server.80: .
		client.1000 > server.80: P. length 100
		+40ms server.80 > client.1000: . ack 101
		server.80 > client.1000: P. length 100
		client.1000 > server.80: .
		client.1000 > server.80: P. length 100
		+40ms server.80 > client.1000: R seq 101 win 0 id=0
		+5s server.80 > client.1000: P. seq 101:201 ack 101`,
}, {
	name:  "a device keeps the request back and resets, from nearer by",
	truth: "sure: inline-policy-reset by middlebox",
	frame: 9,
	text: far + `
		client.1000 > server.80: P. length 100
		+5ms server.80 > client.1000: R seq 101 win 0 id=0 ttl=62
		+5s server.80 > client.1000: P. seq 101:201 ack 101`,
}, {
	name:  "a pool's three connections rest ten minutes, between two runs of a job, while their server is started again",
	truth: "half-open by responder",
	text: each(3, `
		client: linux ts=1000
		server: linux ts=900000 ttl=60
		client.100%[1]d > server.5432: S
		+5ms server.5432 > client.100%[1]d: S.
		client.100%[1]d > server.5432: .
		client.100%[1]d > server.5432: P. length 100
		+5ms server.5432 > client.100%[1]d: P. length 100
		client.100%[1]d > server.5432: .`) + `
		+600s client.1000 > server.5432: P. length 100
		+5ms server.5432 > client.1000: R seq 101 win 0 id=0
		client.1001 > server.5432: P. length 100
		+5ms server.5432 > client.1001: R seq 101 win 0 id=0
		client.1002 > server.5432: P. length 100
		+5ms server.5432 > client.1002: R seq 101 win 0 id=0`,
}, {
	name:  "a balancer forgets after 350 seconds, the client asks again after its own times",
	truth: "middlebox-idle-timeout by any",
	frame: 24,
	text: each(3, `
		client: linux ts=1000
		server: linux ts=900000 ttl=60
		+100s client.100%[1]d > server.5432: S
		+5ms server.5432 > client.100%[1]d: S.
		client.100%[1]d > server.5432: .
		client.100%[1]d > server.5432: P. length 100
		+5ms server.5432 > client.100%[1]d: P. length 100
		client.100%[1]d > server.5432: .
		+4%[1]d0s client.100%[1]d > server.5432: P. length 100
		+5ms server.5432 > client.100%[1]d: R seq 101 win 0 id=0`),
}, {
	name:  "a program's own limit of five minutes",
	truth: "abortive-close by responder",
	text: far + `
		+300s server.80 > client.1000: R.`,
}, {
	name:  "a Windows host gives up after ten keepalive probes",
	truth: "sure: keepalive-timeout by responder",
	text: windows + `
		+60s server.80 > client.1000: . seq 0 length 1` + strings.Repeat(`
		+1s server.80 > client.1000: . seq 0 length 1`, 9) + `
		+1s server.80 > client.1000: R. seq 1`,
}, {
	name:  "a Windows host gives up after five retransmissions",
	truth: "sure: retransmission-timeout by originator",
	text: windows + `
		+60ms client.1000 > server.80: P. length 100
		+300ms client.1000 > server.80: P. seq 1:101
		+600ms client.1000 > server.80: P. seq 1:101
		+1200ms client.1000 > server.80: P. seq 1:101
		+2400ms client.1000 > server.80: P. seq 1:101
		+4800ms client.1000 > server.80: P. seq 1:101
		+9600ms client.1000 > server.80: R. seq 101`,
}, {
	name:  "Schannel sends its alert and aborts",
	truth: "abortive-close by originator",
	text: windows + `
		client.1000 > server.80: P. length 300
		+10ms server.80 > client.1000: P. length 1400
		client.1000 > server.80: P. length 7
		client.1000 > server.80: R. seq 308`,
}, {
	name:  "the route changes to one that is a hop longer, seconds later the server aborts",
	truth: "abortive-close by responder",
	text: far + `
		+3s server.80 > client.1000: R. ttl=55`,
}, {
	name:  "a router's standby takes over: another link address, and the server aborts",
	truth: "abortive-close by responder",
	text: far + `
		server: mac=9
		+3s server.80 > client.1000: R.`,
}, {
	name:  "an abort that names timestamp 0",
	truth: "abortive-close by responder",
	text: `
		client: linux ts=1000
		server: bsd ts=5000 ttl=60
		client.1000 > server.80: S
		+10ms server.80 > client.1000: S.
		client.1000 > server.80: .
		client.1000 > server.80: P. length 10
		+10ms server.80 > client.1000: P. length 10
		client.1000 > server.80: .
		+1s server.80 > client.1000: R. <nop,nop,TS val 0 ecr 0>`,
}, {
	name:  "a forwarded port whose host was moved: bare RST at the first packet",
	truth: "half-open by responder",
	text: far + `
		+20s client.1000 > server.80: P. length 10
		+40ms server.80 > client.1000: R seq 101 win 0 id=0`,
}, {
	name:  "a controller began anew: its clock says so",
	truth: "half-open by responder",
	text: `
		client: linux ts=1000
		server: ttl=64 id=5
		client.1000 > server.502: S
		+2ms server.502 > client.1000: S. win 2048
		client.1000 > server.502: .
		client.1000 > server.502: P. length 12
		+2ms server.502 > client.1000: P. length 11
		client.1000 > server.502: .
		+90s client.1000 > server.502: P. length 12
		+2ms server.502 > client.1000: R seq 12 win 0 id=1`,
}, {
	name:  "a Linux server died in silence and answers its client's next request",
	truth: "sure: half-open by responder",
	text: hand + `
		server.80 > client.1000: P. length 100
		+200ms server.80 > client.1000: P. seq 1:101
		+400ms server.80 > client.1000: P. seq 1:101
		+800ms server.80 > client.1000: P. seq 1:101
		+1600ms server.80 > client.1000: P. seq 1:101
		+3200ms server.80 > client.1000: P. seq 1:101
		+6400ms server.80 > client.1000: P. seq 1:101
		+90s client.1000 > server.80: P. length 10 ack 1
		+1ms server.80 > client.1000: R seq 1 win 0 id=0`,
}, {
	name:  "a window that stays shut, probes without answer: the prober gives up",
	truth: "zero-window-timeout by originator",
	text: `
		client: bsd ttl=64 id=100
		server: linux id=7000
		client.1000 > server.80: S
		+1ms server.80 > client.1000: S.
		client.1000 > server.80: .
		client.1000 > server.80: P. length 1000
		+1ms server.80 > client.1000: . win 0
		+5s client.1000 > server.80: . length 1
		+10s client.1000 > server.80: . seq 1001 length 1
		+20s client.1000 > server.80: . seq 1001 length 1
		+40s client.1000 > server.80: R. seq 1001`,
}, {
	name:  "a lost segment, then an abort beyond it, challenged",
	truth: "secondary-reset by responder",
	text: hand + `
		client.1000 > server.80: P. length 100
		server.80 > client.1000: . ack 101
		server.80 > client.1000: R. seq 501
		+1ms client.1000 > server.80: .
		+1ms server.80 > client.1000: R seq 1 win 0 id=0`,
}, {
	name:  "a router with a key of BGP's lost it: its reset is unsigned",
	truth: "half-open by responder",
	text: `
		client: ttl=1
		server: ttl=1
		client.1000 > server.179: S <mss 1460,md5>
		+1ms server.179 > client.1000: S. <mss 1460,md5>
		client.1000 > server.179: . <md5>
		client.1000 > server.179: P. length 100 <md5>
		+1ms server.179 > client.1000: P. length 100 <md5>
		+60s client.1000 > server.179: P. length 19 <md5>
		+1ms server.179 > client.1000: R seq 101 win 0 ttl=255`,
}, {
	name:  "many clients of one host that was started again ask within a second",
	truth: "half-open by responder",
	text: each(12, `
		server: linux ts=900000 ttl=60
		host%[1]d: linux ts=1000
		host%[1]d.1000 > server.80: S
		+5ms server.80 > host%[1]d.1000: S.
		host%[1]d.1000 > server.80: .
		host%[1]d.1000 > server.80: P. length 100
		+5ms server.80 > host%[1]d.1000: P. length 100
		host%[1]d.1000 > server.80: .`) + "\n+200s host0.1000 > server.80: P. length 10" + each(11, `
		+5ms host%[1]d.1000 > server.80: P. length 10
		+5ms server.80 > host%[1]d.1000: R seq 101 win 0 id=0`),
}, {
	name:  "a program's deadline after ten copies, a Linux",
	truth: "sure: retransmission-timeout by originator",
	text: hand + `
		client.1000 > server.80: P. length 100
		+200ms client.1000 > server.80: P. seq 1:101
		+400ms client.1000 > server.80: P. seq 1:101
		+800ms client.1000 > server.80: P. seq 1:101
		+1600ms client.1000 > server.80: P. seq 1:101
		+3200ms client.1000 > server.80: P. seq 1:101
		+6400ms client.1000 > server.80: P. seq 1:101
		+12800ms client.1000 > server.80: P. seq 1:101
		+4600ms client.1000 > server.80: R. seq 101`,
}, {
	name:  "a copy every second that a client's program writes itself: the answers are lost behind the capture",
	truth: "retransmission-timeout abortive-close by originator",
	text: hand + `
		client.1000 > server.80: P. length 100
		+1s client.1000 > server.80: P. seq 1:101
		server.80 > client.1000: . ack 101
		+1s client.1000 > server.80: P. seq 1:101
		server.80 > client.1000: . ack 101
		+1s client.1000 > server.80: P. seq 1:101
		server.80 > client.1000: . ack 101
		+1s client.1000 > server.80: P. seq 1:101
		server.80 > client.1000: . ack 101
		+1s client.1000 > server.80: P. seq 1:101
		server.80 > client.1000: . ack 101
		+1s client.1000 > server.80: R. seq 101`,
}, {
	name:  "a database's killer of idle sessions, in the midst of its socket's chain",
	truth: "abortive-close by responder",
	text: far + `
		+1800s server.80 > client.1000: P. length 60
		server.80 > client.1000: R.`,
}, {
	name:  "a proxy's client leg is reset right behind its server leg, once",
	truth: "proxy-propagated-reset abortive-close by responder",
	text: `
		client: linux ts=1000
		proxy: linux ts=50000 id=900
		server: linux ts=900000
		client.1000 > proxy.80: S
		proxy.80 > client.1000: S.
		client.1000 > proxy.80: P. length 100
		proxy.4000 > server.80: S
		server.80 > proxy.4000: S.
		proxy.4000 > server.80: P. length 100
		+5ms server.80 > proxy.4000: R. seq 1
		+200us proxy.80 > client.1000: R. seq 1`,
}, {
	name:  "HTTP/2: GOAWAY, FIN, and a stream that was on its way",
	truth: "sure: data-after-close by responder",
	text: far + `
		server.80 > client.1000: P. length 17
		server.80 > client.1000: F.
		client.1000 > server.80: P. length 60 ack 101
		+40ms server.80 > client.1000: R seq 101 win 0 id=0`,
}}

// A connection that was being closed, or had been.
var ended = []lookalike{{
	name:  "the race of a kept connection: request and FIN cross",
	truth: "sure: data-after-close by responder",
	text: far + `
		+60s server.80 > client.1000: F.
		+10ms client.1000 > server.80: P. length 100 ack 101
		+40ms server.80 > client.1000: R seq 101 win 0 id=0`,
}, {
	name:  "a client that overlooks the FIN asks five minutes later",
	truth: "sure: data-after-close by responder",
	text: far + `
		+60s server.80 > client.1000: F.
		client.1000 > server.80: .
		+300s client.1000 > server.80: P. length 100
		+40ms server.80 > client.1000: R seq 102 win 0 id=0`,
}, {
	name:  "a FastL4 balancer resets both ends at the client's FIN, in the server's name",
	truth: "inline-policy-reset injected-reset by middlebox",
	text: far + `
		+1s client.1000 > server.80: F.
		server: ts=off
		+1ms server.80 > client.1000: R. seq 101 ack 102 win 0 ttl=254 id=0`,
}, {
	name:  "the same where no header tells the balancer from the server",
	truth: "close-then-abort inline-policy-reset injected-reset by any",
	text: plain + `
		+1s client.1000 > server.80: F.
		+40ms server.80 > client.1000: R. seq 101 ack 102`,
}, {
	name:  "a device ends a half-closed connection after 300 seconds, in the name of the one that had closed",
	truth: "middlebox-idle-timeout by any",
	text: plain + `
		+1s server.80 > client.1000: F.
		client.1000 > server.80: .
		+300s server.80 > client.1000: R. seq 102`,
}, {
	name:  "a device ends half-closed connections after 300 seconds, two of them",
	truth: "middlebox-idle-timeout by any",
	text: each(2, `
		client: linux id=0
		server: linux id=0 ttl=56
		+20s client.100%[1]d > server.80: S
		+40ms server.80 > client.100%[1]d: S.
		client.100%[1]d > server.80: .
		client.100%[1]d > server.80: P. length 100
		+40ms server.80 > client.100%[1]d: P. length 100
		client.100%[1]d > server.80: .
		+1s server.80 > client.100%[1]d: F.
		client.100%[1]d > server.80: .
		+300s server.80 > client.100%[1]d: R. seq 102`),
}, {
	name:  "Windows waits in FIN-WAIT-2 for two minutes, twice, in its own chain",
	truth: "sure: fin-wait-2-timeout by responder",
	text: each(2, `
		client: linux ts=1000
		server: linux ts=900000 id=7000 ttl=56
		+20s client.100%[1]d > server.80: S
		+40ms server.80 > client.100%[1]d: S.
		client.100%[1]d > server.80: .
		client.100%[1]d > server.80: P. length 100
		+40ms server.80 > client.100%[1]d: P. length 100
		client.100%[1]d > server.80: .
		+1s server.80 > client.100%[1]d: F.
		client.100%[1]d > server.80: .
		+120s server.80 > client.100%[1]d: R. seq 102`),
}, {
	name:  "a device ends a half-closed connection after ten minutes, in the name of the one that had not closed",
	truth: "middlebox-idle-timeout by any",
	text: plain + `
		+1s client.1000 > server.80: F.
		+40ms server.80 > client.1000: .
		+600s server.80 > client.1000: R. seq 101 ack 102`,
}, {
	name:  "a balancer forgets a half-closed connection after three seconds and refuses the other FIN",
	truth: "middlebox-idle-timeout middlebox-state-loss by any",
	text: plain + `
		+1s server.80 > client.1000: F.
		client.1000 > server.80: .
		+4s client.1000 > server.80: F.
		+40ms server.80 > client.1000: R seq 102 win 0 id=0`,
}, {
	name:  "a Linux server forgot FIN-WAIT-2 after a minute, then the client's FIN comes",
	truth: "sure: late-segment by responder",
	text: far + `
		+1s server.80 > client.1000: F.
		client.1000 > server.80: .
		+75s client.1000 > server.80: F.
		+40ms server.80 > client.1000: R seq 102 win 0 id=0`,
}, {
	name:  "a TLS goodbye after the FIN",
	truth: "sure: data-after-close by originator",
	text: far + `
		+1s client.1000 > server.80: P. length 31
		client.1000 > server.80: F.
		+40ms server.80 > client.1000: P. length 31 ack 132
		client.1000 > server.80: R seq 132 win 0 id=0`,
}, {
	name:  "a client closes and then aborts",
	truth: "sure: close-then-abort by originator",
	text: far + `
		+1s client.1000 > server.80: F.
		+40ms server.80 > client.1000: . ack 102
		client.1000 > server.80: R. seq 102`,
}, {
	name:  "TCP_LINGER2 below 0: the ACK of the FIN draws a bare RST",
	truth: "sure: close-then-abort by originator",
	text: far + `
		+1s client.1000 > server.80: F.
		+40ms server.80 > client.1000: . ack 102
		client.1000 > server.80: R seq 102 win 0 id=0`,
}, {
	name:  "a FIN that nobody acknowledges, six times, from a BSD",
	truth: "sure: retransmission-timeout by originator",
	text: `
		client: bsd ts=1000 id=100
		server: linux ts=5000 id=7000
		client.1000 > server.80: S
		+1ms server.80 > client.1000: S.
		client.1000 > server.80: .
		client.1000 > server.80: P. length 10
		+1ms server.80 > client.1000: . ack 11
		client.1000 > server.80: F.
		+300ms client.1000 > server.80: F. seq 11
		+600ms client.1000 > server.80: F. seq 11
		+1200ms client.1000 > server.80: F. seq 11
		+2400ms client.1000 > server.80: F. seq 11
		+4800ms client.1000 > server.80: F. seq 11
		+9600ms client.1000 > server.80: R. seq 12`,
}, {
	name:  "an old duplicate ends TIME-WAIT",
	truth: "sure: time-wait-assassination by originator",
	text: far + `
		+1s server.80 > client.1000: F.
		client.1000 > server.80: F.
		+40ms server.80 > client.1000: .
		+2s client.1000 > server.80: P. seq 1:101 ack 101
		+40ms server.80 > client.1000: . seq 102 ack 102
		client.1000 > server.80: R seq 102 win 0 id=0`,
}, {
	name:  "a segment that was sent again comes after both sides have closed",
	truth: "sure: late-segment by originator",
	text: far + `
		+1s client.1000 > server.80: F.
		+40ms server.80 > client.1000: F.
		client.1000 > server.80: .
		+2s server.80 > client.1000: P. seq 1:101 ack 102
		client.1000 > server.80: R seq 102 win 0 id=0`,
}, {
	name:  "the client stops reading an answer and closes: data draws resets",
	truth: "sure: data-after-close by originator",
	frame: 11,
	text: far + `
		server.80 > client.1000: . length 1400
		+1ms client.1000 > server.80: F. ack 101
		server.80 > client.1000: . length 1400
		client.1000 > server.80: R seq 102 win 0 id=0`,
}, {
	name:  "a half-closed client gets what it waits for, and its program aborts then",
	truth: "abortive-close close-then-abort by originator",
	text: far + `
		client.1000 > server.80: P. length 50
		client.1000 > server.80: F.
		+40ms server.80 > client.1000: . ack 152
		+1s server.80 > client.1000: P. length 500
		client.1000 > server.80: .
		+1s client.1000 > server.80: R. seq 152`,
}, {
	name:  "a server in CLOSE-WAIT still answers, then aborts with the rest unread",
	truth: "close-unread-data abortive-close by responder",
	text: far + `
		client.1000 > server.80: P. length 5000
		client.1000 > server.80: F.
		+40ms server.80 > client.1000: P. length 200 ack 5102
		server.80 > client.1000: R. ack 5102`,
}, {
	name:  "the server's keepalive timer ends its half-closed connection: nobody answers",
	truth: "keepalive-timeout by responder",
	text: far + `
		+1s client.1000 > server.80: F.
		+40ms server.80 > client.1000: .
		+60s server.80 > client.1000: . seq 100
		+10s server.80 > client.1000: . seq 100
		+10s server.80 > client.1000: . seq 100
		+10s server.80 > client.1000: R. seq 101`,
}, {
	name:  "an end without memory for orphans",
	truth: "resource-abort close-then-abort by responder",
	text: far + `
		server.80 > client.1000: F. length 100
		server.80 > client.1000: R. seq 202`,
}, {
	name:  "a browser that closes all its tabs aborts what the server had closed",
	truth: "close-then-abort by originator",
	text: far + `
		+1s server.80 > client.1000: F.
		client.1000 > server.80: .
		+5s client.1000 > server.80: R. seq 101`,
}, {
	name:  "FTP: the data connection's end, and then an abort of it",
	truth: "close-then-abort by originator",
	text: `
		client: bsd ttl=128 id=300
		server: linux ts=1000
		client.1000 > server.20: S
		+1ms server.20 > client.1000: S.
		client.1000 > server.20: .
		server.20 > client.1000: P. length 1000
		server.20 > client.1000: F.
		+1ms client.1000 > server.20: . ack 1002
		client.1000 > server.20: R. seq 1`,
}}

// What a device sends, or seems to.
var forged = []lookalike{{
	name:  "three resets of a censor, numbers in steps",
	truth: "sure: injected-reset by middlebox",
	frame: 9,
	text: far + `
		client.1000 > server.80: P. length 100
		server: ts=off
		+5ms server.80 > client.1000: R. seq 101 ack 201 ttl=61 id=5
		server.80 > client.1000: R. seq 1561 ack 201 ttl=62 id=6
		server.80 > client.1000: R. seq 4481 ack 201 ttl=63 id=7
		server: ts=900200
		+35ms server.80 > client.1000: P. seq 101:1101 ack 201`,
}, {
	name:  "tcpkill's three",
	truth: "injected-reset by middlebox",
	frame: 8,
	text: plain + `
		server.80 > client.1000: R seq 101 win 0 id=4711 ttl=63 df=no
		server.80 > client.1000: R seq 65636 win 0 id=4712 ttl=63 df=no
		server.80 > client.1000: R seq 196706 win 0 id=4713 ttl=63 df=no
		+100ms server.80 > client.1000: P. seq 101:201 ack 101`,
}, {
	name:  "two mirror ports: what the server sent before its abort is captured 12 ms behind it",
	truth: "abortive-close by responder",
	frame: 8,
	text: `
		client: linux ts=1000 id=100
		server: linux ts=900000 id=7000 ttl=56
		client.1000 > server.80: S
		+40ms server.80 > client.1000: S.
		client.1000 > server.80: .
		client.1000 > server.80: P. length 100
		+40ms server.80 > client.1000: . ack 101
		server.80 > client.1000: P. length 100
		client.1000 > server.80: .
		+1s server.80 > client.1000: R. seq 201 id=7004
		+12ms server.80 > client.1000: P. seq 101:201 id=7003`,
}, {
	name:  "a SYN proxy answered the SYN, the server behind it resets",
	truth: "abortive-close by responder",
	text: `
		client: linux ts=1000 id=100
		server: linux ts=900000 id=7000 ttl=56
		client.1000 > server.80: S
		+5ms server.80 > client.1000: S. ttl=252 <mss 1460>
		client.1000 > server.80: .
		client.1000 > server.80: P. length 100
		server: ts=off
		+40ms server.80 > client.1000: R. seq 1 ack 101`,
}, {
	name:  "a censor lets the answer pass behind its reset",
	truth: "sure: injected-reset by middlebox",
	frame: 9,
	text: far + `
		client.1000 > server.80: P. length 100
		server: ts=off
		+4ms server.80 > client.1000: R. seq 101 ack 201 ttl=61 id=0 win 0
		server: ts=900200
		+36ms server.80 > client.1000: . seq 101 ack 201
		server.80 > client.1000: P. seq 101:1101 ack 201`,
}, {
	name:  "a translating node's own stack resets what escaped it, the socket lives on",
	truth: "nat-bypass by responder",
	frame: 9,
	text: far + `
		client.1000 > server.80: P. length 100
		+40ms server.80 > client.1000: R seq 101 win 0 id=0
		+200ms server.80 > client.1000: P. seq 101:201 ack 201`,
}, {
	name:  "a tool against censors sends a reset that dies on the way",
	truth: "evasion-reset by originator",
	frame: 8,
	text: far + `
		client.1000 > server.80: R. ttl=5
		client.1000 > server.80: P. length 300
		+40ms server.80 > client.1000: P. length 100`,
}, {
	name:  "somebody guesses",
	truth: "sure: blind-reset by middlebox",
	frame: 8,
	text: plain + `
		server.80 > client.1000: R seq 500000 win 0 ttl=40
		client.1000 > server.80: .
		server.80 > client.1000: R seq 565000 win 0 ttl=40
		server.80 > client.1000: R seq 630000 win 0 ttl=40
		server.80 > client.1000: R seq 695000 win 0 ttl=40
		+100ms server.80 > client.1000: P. seq 101:201 ack 101`,
}, {
	name:  "ten lone segments of one source to as many ports: an ACK scan",
	truth: "sure: stealth-scan by responder",
	text: each(10, `
		client: ttl=50
		client.60000 > server.2%[1]d: . rawseq 0 rawack 5555
		+1ms server.2%[1]d > client.60000: R rawseq 5555 win 0`),
}, {
	name:  "a monitoring host's connections to ten services of a host that began anew, captured since",
	truth: "half-open by responder",
	text: each(10, `
		client: linux ttl=60
		+2s client.5%[1]d000 > server.2%[1]d: . rawseq 1%[1]d999 rawack 5555%[1]d <nop,nop,TS val 5 ecr 6>
		+1ms server.2%[1]d > client.5%[1]d000: R rawseq 5555%[1]d win 0 id=0`),
}, {
	name:  "a FIN without a connection",
	truth: "stealth-scan by responder",
	text: `
		client.60000 > server.22: F rawseq 100
		+1ms server.22 > client.60000: R. rawseq 0 rawack 101 win 0`,
}, {
	name:  "backscatter: SYN-ACKs for SYNs that never were",
	truth: "unsolicited-synack syn-sent-abort syn-scan by responder",
	text: `
		+70s other.1 > other2.2: .
		+70s server.80 > client.1000: S. rawseq 1 rawack 77
		client.1000 > server.80: R rawseq 77 win 0`,
}, {
	name:  "a firewall pair switches over: many connections, nearer by, at one moment",
	truth: "middlebox-state-loss by middlebox",
	text: each(12, `
		client: linux ts=1000
		host%[1]d: linux ts=500000 ttl=54
		client.10%[1]d > host%[1]d.443: S
		+20ms host%[1]d.443 > client.10%[1]d: S.
		client.10%[1]d > host%[1]d.443: P. length 100
		+20ms host%[1]d.443 > client.10%[1]d: P. length 100
		client.10%[1]d > host%[1]d.443: P. length 100
		+20ms host%[1]d.443 > client.10%[1]d: P. length 100`) + "\n+9s host0.443 > client.100: ." + each(12, `
		+5ms client.10%[1]d > host%[1]d.443: P. length 100
		+1ms host%[1]d.443 > client.10%[1]d: R seq 201 win 0 id=0 ttl=63`),
}, {
	name:  "MP_TCPRST on a subflow",
	truth: "sure: mptcp-subflow-reset by originator",
	text: far + `
		+1s client.1000 > server.80: R. <TS val 2080 ecr 900080,mptcp rst reason 6>`,
}, {
	name:  "a firewall resets both ends after an hour of silence, in both names",
	truth: "sure: middlebox-idle-timeout by middlebox",
	text: plain + `
		+3600s server.80 > client.1000: R. seq 101 ack 101 win 0
		client.1000 > server.80: R. seq 101 ack 101 win 0`,
}}

// More of all kinds.
var more = []lookalike{{
	name:  "a limit of connections per minute on the host: open before and after",
	truth: "firewall-reject-syn by any",
	frame: 14,
	text: far + `
		client.1000 > server.80: F.
		+40ms server.80 > client.1000: F.
		client.1000 > server.80: .
		+2s other.1 > other2.2: .
		+3s other.1 > other2.2: .
		client.1001 > server.80: S
		+40ms server.80 > client.1001: R. seq 0 ack 1 win 0 id=0
		+2s client.1002 > server.80: S
		+40ms server.80 > client.1002: S.
		client.1002 > server.80: .`,
}, {
	name:  "the service has ended five seconds ago and does not come again",
	truth: "sure: port-closed by responder",
	text: far + `
		client.1000 > server.80: F.
		+40ms server.80 > client.1000: F.
		client.1000 > server.80: .
		+5s client.1001 > server.80: S
		+40ms server.80 > client.1001: R. seq 0 ack 1 win 0 id=0`,
}, {
	name:  "a forged reset misses, a minute of life follows, then the server begins anew",
	truth: "half-open by responder",
	frame: 15,
	text: far + `
		server.80 > client.1000: R seq 900000 win 0 ttl=40 id=9
		+1s client.1000 > server.80: P. length 100
		+40ms server.80 > client.1000: P. length 100
		client.1000 > server.80: .
		+60s client.1000 > server.80: P. length 100
		+40ms server.80 > client.1000: P. length 100
		client.1000 > server.80: P. length 100
		+40ms server.80 > client.1000: R seq 301 win 0 id=0`,
}, {
	name:  "a busy Windows server's counter has wrapped in an hour, and its route has changed",
	truth: "abortive-close by responder",
	text: `
		client: linux id=100
		server: bsd ttl=120 id=500
		client.1000 > server.80: S
		+10ms server.80 > client.1000: S. id=500
		client.1000 > server.80: .
		client.1000 > server.80: P. length 10
		+10ms server.80 > client.1000: P. length 10 id=505
		client.1000 > server.80: .
		client.1000 > server.80: P. length 10
		+10ms server.80 > client.1000: P. length 10 id=511
		client.1000 > server.80: .
		client.1000 > server.80: P. length 10
		+10ms server.80 > client.1000: P. length 10 id=518
		client.1000 > server.80: .
		client.1000 > server.80: P. length 10
		+10ms server.80 > client.1000: P. length 10 id=523
		client.1000 > server.80: .
		+3600s server.80 > client.1000: R. id=41000 ttl=119`,
}, {
	name:  "a host that began anew long before its connection on the same ports",
	truth: "middlebox-state-loss by any",
	text: `
		client: linux ts=1000
		server: linux ts=90000000 ttl=60
		client.1000 > server.80: S rawseq 1000
		+5ms server.80 > client.1000: S. rawseq 5000
		client.1000 > server.80: . rawseq 1001 rawack 5001
		client.1000 > server.80: F. rawseq 1001 rawack 5001
		+5ms server.80 > client.1000: F. rawseq 5001 rawack 1002
		client.1000 > server.80: . rawseq 1002 rawack 5002
		server: ts=100
		+20s client.1000 > server.80: S rawseq 900000
		+5ms server.80 > client.1000: S. rawseq 700000
		client.1000 > server.80: . rawseq 900001 rawack 700001
		server.80 > client.1000: P. rawseq 700001 rawack 900001 length 10
		client.1000 > server.80: . rawseq 900001 rawack 700011
		+10s client.1000 > server.80: P. rawseq 900001 rawack 700011 length 10
		+5ms server.80 > client.1000: R rawseq 700011 win 0 id=0`,
}, {
	name:  "mirror ports 12 ms apart, and nothing counts: data that leads up to the abort is captured behind it",
	truth: "abortive-close close-unread-data by responder",
	frame: 8,
	text: plain + `
		+1s server.80 > client.1000: R. seq 201 ack 101
		+12ms server.80 > client.1000: P. seq 101:201 ack 101`,
}, {
	name:  "a keystroke that nobody acknowledges",
	truth: "sure: retransmission-timeout by originator",
	text: windows + `
		client.1000 > server.80: P. length 10
		+1ms server.80 > client.1000: P. length 10
		client.1000 > server.80: .
		+5s client.1000 > server.80: P. length 1
		+300ms client.1000 > server.80: P. seq 11:12
		+600ms client.1000 > server.80: P. seq 11:12
		+1200ms client.1000 > server.80: P. seq 11:12
		+2400ms client.1000 > server.80: P. seq 11:12
		+4800ms client.1000 > server.80: P. seq 11:12
		+9600ms client.1000 > server.80: R. seq 12`,
}, {
	name:  "one direction was captured: six copies say nothing of answers",
	truth: "abortive-close retransmission-timeout by originator",
	text: `
		client: bsd
		client.1000 > server.80: . rawseq 1000 rawack 5000
		client.1000 > server.80: P. rawseq 1000 rawack 5000 length 10
		+300ms client.1000 > server.80: P. rawseq 1000 rawack 5000 length 10
		+600ms client.1000 > server.80: P. rawseq 1000 rawack 5000 length 10
		+1200ms client.1000 > server.80: P. rawseq 1000 rawack 5000 length 10
		+2400ms client.1000 > server.80: P. rawseq 1000 rawack 5000 length 10
		+4800ms client.1000 > server.80: P. rawseq 1000 rawack 5000 length 10
		+9600ms client.1000 > server.80: R. rawseq 1010 rawack 5000`,
}, {
	name:  "both punch holes: a translator refuses the SYN that comes from outside",
	truth: "port-closed firewall-reject-syn by any",
	text: `
		client: linux ts=1000
		server: linux ts=5000 ttl=50
		client.1000 > server.2000: S
		+5ms server.2000 > client.1000: S
		client.1000 > server.2000: R. rawseq 0 ack 1 win 0 ttl=63 id=0`,
}, {
	name:  "a standby balancer with the connection mirrored has a clock of its own",
	truth: "abortive-close by any",
	text: `
		client: linux ts=1000
		server: bsd ts=5000 ttl=250
		client.1000 > server.80: S
		+10ms server.80 > client.1000: S.
		client.1000 > server.80: .
		client.1000 > server.80: P. length 10
		+10ms server.80 > client.1000: P. length 10
		client.1000 > server.80: .
		+30s server.80 > client.1000: R. <nop,nop,TS val 77777777 ecr 1010>`,
}, {
	name:  "a server's three connections, each idle since another moment, each aborted after five minutes, bare",
	truth: "middlebox-idle-timeout abortive-close by any",
	text: each(3, `
		client: linux id=0
		server: id=0 ttl=60
		+30s client.100%[1]d > server.80: S
		+5ms server.80 > client.100%[1]d: S.
		client.100%[1]d > server.80: P. length 100
		+5ms server.80 > client.100%[1]d: P. length 100
		client.100%[1]d > server.80: .`) + `
		+240s server.80 > client.1000: R seq 101 win 0
		+30s server.80 > client.1001: R seq 101 win 0
		+30s server.80 > client.1002: R seq 101 win 0`,
}, {
	name:  "urgent data stays unread",
	truth: "close-unread-data by responder",
	text: hand + `
		client.1000 > server.80: P.U length 1
		+200us server.80 > client.1000: R. seq 1`,
}, {
	name:  "docker's proxy accepts, cannot connect, and closes",
	truth: "close-unread-data abortive-close proxy-propagated-reset by responder",
	text: hand + `
		client.1000 > server.80: P. length 80
		+100us server.80 > client.1000: .
		+300us server.80 > client.1000: R. seq 1`,
}, {
	name:  "a session killed by its administrator: ss -K",
	truth: "abortive-close by responder",
	text: far + `
		+17s server.80 > client.1000: R.`,
}, {
	name:  "two hours of silence, a keepalive, and a host that had forgotten",
	truth: "half-open by responder",
	text: far + `
		+7200s client.1000 > server.80: . seq 100
		+40ms server.80 > client.1000: R seq 101 win 0 id=0`,
}, {
	name:  "the same from a device, nearer by",
	truth: "middlebox-idle-timeout by middlebox",
	text: far + `
		+7200s client.1000 > server.80: . seq 100
		+2ms server.80 > client.1000: R seq 101 win 0 id=0 ttl=62`,
}, {
	name:  "an instance of a virtual machine moved: another link address, the same counter",
	truth: "abortive-close by responder",
	text: hand + `
		client.1000 > server.80: P. length 100
		server.80 > client.1000: P. length 100
		client.1000 > server.80: .
		server: mac=8
		+1s server.80 > client.1000: R.`,
}, {
	name:  "a client's two attempts on one port, the first cancelled: both answered",
	truth: "syn-sent-abort synack-bad-ack by originator",
	text: `
		client: linux
		server: linux
		client.1000 > server.80: S rawseq 1000
		+300ms client.1000 > server.80: S rawseq 90000000
		+100ms server.80 > client.1000: S. rawseq 5000 rawack 1001
		client.1000 > server.80: R rawseq 1001 win 0`,
}, {
	name:  "a server takes no more than its limit and aborts at once, with a reason in words",
	truth: "abortive-close by responder",
	text: hand + `
		server.80 > client.1000: P. length 40
		server.80 > client.1000: R.`,
}, {
	name:  "the program at the client's end is killed while an answer comes: it had not read all",
	truth: "close-unread-data by originator",
	text: far + `
		client.1000 > server.80: P. length 50
		+40ms server.80 > client.1000: . length 1400
		client.1000 > server.80: .
		server.80 > client.1000: . length 1400
		client.1000 > server.80: R. seq 151`,
}, {
	name:  "a lost FIN: the server's orphan is gone, and the client asks later",
	truth: "half-open data-after-close by responder",
	text: far + `
		+300s client.1000 > server.80: P. length 50
		+40ms server.80 > client.1000: R seq 101 win 0 id=0`,
}, {
	name:  "the server has acknowledged the request before it goes down hard",
	truth: "half-open by responder",
	text: far + `
		client.1000 > server.80: P. length 50
		+40ms server.80 > client.1000: . ack 151
		+10s client.1000 > server.80: P. length 50
		+40ms server.80 > client.1000: R seq 101 win 0 id=0`,
}, {
	name:  "a FIN with the last of the answer is lost: what draws the reset is the client's next request",
	truth: "data-after-close half-open by responder",
	text: far + `
		client.1000 > server.80: P. length 50
		+40ms server.80 > client.1000: . seq 101:201 ack 151
		client.1000 > server.80: . ack 201
		+70s client.1000 > server.80: P. length 50
		+40ms server.80 > client.1000: R seq 201 win 0 id=0`,
}, {
	name:  "a reset with a text in it",
	truth: "abortive-close by responder",
	text: far + `
		+1s server.80 > client.1000: R. length 4`,
}, {
	name:  "keepalives of an accelerator in the server's name, its own distance, then its reset",
	truth: "keepalive-timeout by middlebox",
	text: far + `
		server: ts=off
		+60s server.80 > client.1000: . seq 100 ttl=254 id=1
		+5s server.80 > client.1000: . seq 100 ttl=254 id=2
		+5s server.80 > client.1000: . seq 100 ttl=254 id=3
		+5s server.80 > client.1000: R. seq 101 ttl=254 id=4`,
}, {
	name:  "a scanner's second stage: connects to what it found, and aborts",
	truth: "abortive-close by originator",
	text: `
		client.4001 > server.22: S
		+1ms server.22 > client.4001: S.
		client.4001 > server.22: R seq 1 win 0
		client: linux ts=1000
		+1s client.5001 > server.22: S
		+1ms server.22 > client.5001: S.
		client.5001 > server.22: .
		+1ms server.22 > client.5001: P. length 30
		client.5001 > server.22: .
		client.5001 > server.22: R.`,
}, {
	name:  "ten devices that a poller connects to in turn go without a word at the first answer: its deadline is short",
	truth: "syn-sent-abort syn-scan by originator",
	text: each(5, `
		client: linux ts=1000
		+2s client.500%[1]d > host%[1]d.502: S
		+300ms host%[1]d.502 > client.500%[1]d: S.
		client.500%[1]d > host%[1]d.502: R seq 1 win 0`),
}, {
	name:  "both ends abort at once",
	truth: "abortive-close by responder",
	text: far + `
		+1s client.1000 > server.80: R.
		server.80 > client.1000: R.`,
}, {
	name:  "the ACK of the SYN-ACK is lost, the client speaks, a queue is full",
	truth: "listener-backlog-full handshake-ack-rejected by responder",
	text: `
		client: linux ts=1000 id=100
		server: linux ts=900000 id=7000
		client.1000 > server.80: S
		+1ms server.80 > client.1000: S.
		client.1000 > server.80: P. length 100
		server.80 > client.1000: R seq 1 win 0 id=0`,
}, {
	name:  "an address moved to another host of the same kind: it knows nothing of what lives",
	truth: "half-open backend-switch by responder",
	text: far + `
		+5s client.1000 > server.80: P. length 10
		+40ms server.80 > client.1000: R seq 101 win 0 id=0
		+1s client.1001 > server.80: S
		+40ms server.80 > client.1001: S.`,
}, {
	name:  "a device answers a keepalive for a server that lives",
	truth: "middlebox-idle-timeout middlebox-state-loss inline-policy-reset by any",
	frame: 9,
	text: plain + `
		+600s client.1000 > server.80: . seq 100
		+40ms server.80 > client.1000: R seq 101 win 0
		+5s server.80 > client.1000: P. seq 101:111 ack 101`,
}, {
	name:  "a radius of a thousand: a client that always ends by a reset after the goodbye of TLS",
	truth: "close-then-abort by originator",
	text: far + `
		server.80 > client.1000: P. length 31
		server.80 > client.1000: F.
		+1ms client.1000 > server.80: R. ack 133`,
}, {
	name:  "SYN, and a reset with the number of the SYN itself: an Android that gives up connecting",
	truth: "abortive-close retransmission-timeout by originator",
	text: `
		client: linux ts=1000
		client.1000 > server.80: S
		+1s client.1000 > server.80: S seq 0
		+2s client.1000 > server.80: S seq 0
		+4s client.1000 > server.80: R seq 0 win 0`,
}, {
	name:  "a SYN-ACK that the server sends again and again, then its reset",
	truth: "synack-timeout by responder",
	text: `
		client: linux
		server: bsd
		client.1000 > server.80: S
		+1ms server.80 > client.1000: S.
		+3s server.80 > client.1000: S. seq 0
		+6s server.80 > client.1000: S. seq 0
		+12s server.80 > client.1000: R. seq 1`,
}}

var yetMore = []lookalike{{
	name:  "a Windows service ends between two SYNs of one port",
	truth: "port-closed by responder",
	text: `
		server: ttl=128
		client.1000 > server.80: S rawseq 1000
		+1ms server.80 > client.1000: S. rawack 1001
		+5s client.1000 > server.80: S rawseq 60000
		+1ms server.80 > client.1000: R. rawseq 0 rawack 60001 win 0`,
}, {
	name:  "a balancer asks each of its twelve servers once, all at one port, and all are well",
	truth: "syn-sent-abort by originator",
	text: each(12, `
		client: ttl=255 id=50 bsd
		+200ms client.30%[1]d > host%[1]d.80: S
		+1ms host%[1]d.80 > client.30%[1]d: S.
		client.30%[1]d > host%[1]d.80: R seq 1 win 0`),
}, {
	name:  "a scan of one port over hosts of which most refuse",
	truth: "sure: syn-scan by originator",
	text: each(11, `
		client.4001 > host%[1]d.80: S
		+1ms host%[1]d.80 > client.4001: R. seq 0 ack 1 win 0`) + `
		client.4001 > server.80: S
		+1ms server.80 > client.4001: S.
		client.4001 > server.80: R seq 1 win 0`,
}, {
	name:  "one segment goes to another server two hops farther, and the first goes on without it",
	truth: "backend-switch by responder",
	frame: 9,
	text: far + `
		client.1000 > server.80: P. length 100
		+42ms server.80 > client.1000: R seq 101 win 0 id=0 ttl=54
		+5s server.80 > client.1000: P. seq 101:201 ack 101`,
}, {
	name:  "the SYN went another way than the capture sees, and its program has given up",
	truth: "syn-sent-abort by originator",
	text: `
		other.1 > other2.2: . rawseq 5 rawack 6
		+100s server.80 > client.1000: S. rawseq 1 rawack 77
		client.1000 > server.80: R rawseq 77 win 0`,
}, {
	name:  "a client stops a download: its abort, and what was on its way",
	truth: "sure: secondary-reset by originator",
	text: far + `
		client.1000 > server.80: P. length 50
		+40ms server.80 > client.1000: . length 1400
		server.80 > client.1000: . length 1400
		client.1000 > server.80: R. seq 151
		server.80 > client.1000: . length 1400
		client.1000 > server.80: R seq 151 win 0 id=0`,
}, {
	name:  "a half-closed end reads on, and its program ends",
	truth: "data-after-close close-unread-data by originator",
	text: far + `
		client.1000 > server.80: P. length 50
		client.1000 > server.80: F.
		+40ms server.80 > client.1000: . length 1000 ack 152
		client.1000 > server.80: .
		+1s server.80 > client.1000: . length 1000
		client.1000 > server.80: R seq 152 win 0 id=0`,
}, {
	name:  "the close was heard, an old segment comes again into FIN-WAIT-2 that has gone",
	truth: "late-segment data-after-close half-open by responder",
	text: far + `
		+1s server.80 > client.1000: F.
		client.1000 > server.80: . ack 102
		+70s client.1000 > server.80: P. seq 1:101
		+40ms server.80 > client.1000: R seq 102 win 0 id=0`,
}, {
	name:  "a device between cuts at the second request, in the server's name, with the server's distance copied",
	truth: "inline-policy-reset injected-reset by any",
	text: plain + `
		client.1000 > server.80: P. length 300
		+6ms server.80 > client.1000: R. seq 101 ack 401`,
}, {
	name:  "a host firewall of the client's refuses the server's answer, and keeps the program waiting",
	truth: "inline-policy-reset nat-bypass half-open by any",
	frame: 10,
	text: far + `
		client.1000 > server.80: P. length 50
		+40ms server.80 > client.1000: P. length 500 ack 151
		client.1000 > server.80: R seq 151 win 0 id=0
		+5s client.1000 > server.80: . seq 150 ack 101`,
}, {
	name:  "the server is a virtual address that fails over: the other node forgets all, one client asks",
	truth: "half-open by responder",
	text: far + `
		server: mac=9
		+2s client.1000 > server.80: P. length 50
		+40ms server.80 > client.1000: R seq 101 win 0 id=0`,
}, {
	name:  "a reader that stops, a window that shuts, and the end of its program",
	truth: "sure: close-unread-data by originator",
	text: far + `
		client.1000 > server.80: P. length 50
		+40ms server.80 > client.1000: . length 1400
		client.1000 > server.80: . win 0
		+3s client.1000 > server.80: R. seq 151 win 0`,
}, {
	name:  "a keepalive meets a host whose connection ended by an abort that was lost",
	truth: "half-open by responder",
	text: far + `
		+75s client.1000 > server.80: . seq 100
		+40ms server.80 > client.1000: R seq 101 win 0 id=0`,
}, {
	name:  "the last ACK of a close is lost: the FIN comes again and finds nothing",
	truth: "sure: late-segment by originator",
	text: far + `
		+1s client.1000 > server.80: F.
		+40ms server.80 > client.1000: F.
		client.1000 > server.80: .
		+200ms server.80 > client.1000: F. seq 101 ack 102
		client.1000 > server.80: R seq 102 win 0 id=0`,
}, {
	name:  "a rule that refuses a word in the request, on the server's own host",
	truth: "inline-policy-reset by any",
	frame: 9,
	text: far + `
		client.1000 > server.80: P. length 100
		+40ms server.80 > client.1000: R seq 101 win 0 id=0
		+200ms server.80 > client.1000: P. seq 101:201 ack 101`,
}, {
	name:  "two clients behind a translator take one port: the second SYN is answered for the first",
	truth: "half-open synack-bad-ack by originator",
	text: `
		client: linux ts=5000000
		server: linux ts=900000
		client.1000 > server.80: S rawseq 1000
		+5ms server.80 > client.1000: S. rawseq 5000
		client.1000 > server.80: . rawseq 1001 rawack 5001
		client.1000 > server.80: P. rawseq 1001 rawack 5001 length 10
		+5ms server.80 > client.1000: P. rawseq 5001 rawack 1011 length 100
		client: ts=100
		+300ms client.1000 > server.80: S rawseq 700000
		+5ms server.80 > client.1000: . rawseq 5101 rawack 1011
		client.1000 > server.80: R rawseq 1011 win 0`,
}, {
	name:  "a fast request meets a firewall that learns connections late: refused, and let in when it is sent again",
	truth: "inline-policy-reset middlebox-state-loss injected-reset by any",
	frame: 5,
	text: `
		client: linux ts=1000 id=100
		server: linux ts=900000 id=7000 ttl=56
		client.1000 > server.80: S
		+40ms server.80 > client.1000: S.
		client.1000 > server.80: .
		client.1000 > server.80: P. length 100
		+2ms server.80 > client.1000: R seq 1 win 0 id=0 ttl=63
		+38ms server.80 > client.1000: . seq 1 ack 1
		+200ms server.80 > client.1000: . seq 1 ack 1`,
}, {
	name:  "a session of SSH that its server ends for want of answers to its own questions",
	truth: "abortive-close retransmission-timeout by responder",
	text: far + `
		+15s server.80 > client.1000: P. length 52
		+200ms server.80 > client.1000: P. seq 101:153
		+400ms server.80 > client.1000: P. seq 101:153
		+30s server.80 > client.1000: R. seq 153`,
}, {
	name:  "a client behind a radio that sleeps: the server's program aborts, the reset comes late",
	truth: "abortive-close close-unread-data by responder",
	text: far + `
		client.1000 > server.80: P. length 50
		+900ms server.80 > client.1000: R. seq 101 ack 151`,
}, {
	name:  "a printer takes one job at a time and aborts the second connection at its first byte",
	truth: "close-unread-data abortive-close half-open by responder",
	text: `
		client: bsd ttl=128 id=10
		server: ttl=60 id=9000
		client.1000 > server.9100: S
		+2ms server.9100 > client.1000: S. win 5840
		client.1000 > server.9100: .
		client.1000 > server.9100: P. length 100
		+2ms server.9100 > client.1000: R. seq 1 ack 101 win 0`,
}}

var last = []lookalike{{
	name:  "both closed at once, and the server sent its FIN again: it stands in TIME-WAIT",
	truth: "sure: time-wait-reuse by originator",
	text: `
		client: linux
		server: linux
		client.1000 > server.80: S rawseq 1000
		+1ms server.80 > client.1000: S. rawseq 5000
		client.1000 > server.80: . rawseq 1001 rawack 5001
		+1s client.1000 > server.80: F. rawseq 1001 rawack 5001
		server.80 > client.1000: F. rawseq 5001 rawack 1001
		+300ms server.80 > client.1000: F. rawseq 5001 rawack 1002
		client.1000 > server.80: . rawseq 1002 rawack 5002
		+100ms client.1000 > server.80: S rawseq 500
		+1ms server.80 > client.1000: . rawseq 5002 rawack 1002
		client.1000 > server.80: R rawseq 1002 win 0`,
}, {
	name:  "an accelerator acknowledges at once in the server's name, and the far server aborts",
	truth: "abortive-close close-unread-data by responder",
	text: `
		client: linux ts=1000 id=100
		server: linux ts=900000 id=7000 ttl=52
		client.1000 > server.80: S
		+80ms server.80 > client.1000: S.
		client.1000 > server.80: .
		client.1000 > server.80: P. length 100
		+1ms server.80 > client.1000: . ack 101
		client.1000 > server.80: P. length 100
		+1ms server.80 > client.1000: . ack 201
		+200ms server.80 > client.1000: R. seq 1 ack 201`,
}, {
	name:  "the way gets shorter: an address that is announced from nearer by answers sooner, and refuses",
	truth: "half-open backend-switch by any",
	text: `
		client: linux ts=1000 id=100
		server: linux ts=900000 id=0 ttl=50
		client.1000 > server.443: S
		+90ms server.443 > client.1000: S.
		client.1000 > server.443: P. length 300
		+90ms server.443 > client.1000: P. length 3000
		client.1000 > server.443: .
		client.1000 > server.443: P. length 100
		+90ms server.443 > client.1000: P. length 100
		client.1000 > server.443: .
		+5s client.1000 > server.443: P. length 100
		+8ms server.443 > client.1000: R seq 3101 win 0 id=0 ttl=58`,
}, {
	name:  "a client that sends to a half-closed server what it does not want any more",
	truth: "sure: data-after-close by responder",
	text: far + `
		+5s server.80 > client.1000: P. length 300
		server.80 > client.1000: F.
		+1ms client.1000 > server.80: . ack 402
		+2s client.1000 > server.80: P. length 300
		+40ms server.80 > client.1000: R seq 402 win 0 id=0`,
}, {
	name:  "a client's timer of twenty seconds for a whole answer, that stops in the midst of it",
	truth: "abortive-close close-unread-data by originator",
	text: far + `
		client.1000 > server.80: P. length 100
		+40ms server.80 > client.1000: . length 1400
		client.1000 > server.80: .
		+20s client.1000 > server.80: R. seq 201`,
}, {
	name:  "an idle tunnel of SSH that a program's own keepalive ends: three questions, no answer",
	truth: "abortive-close retransmission-timeout by originator",
	text: far + `
		+60s client.1000 > server.80: P. length 52
		+200ms client.1000 > server.80: P. seq 101:153
		+400ms client.1000 > server.80: P. seq 101:153
		+800ms client.1000 > server.80: P. seq 101:153
		+43s client.1000 > server.80: R. seq 153`,
}, {
	name:  "a client whose address has changed under it: nobody answers its FIN, and it aborts",
	truth: "close-then-abort retransmission-timeout abortive-close by originator",
	text: far + `
		+5s client.1000 > server.80: F.
		+200ms client.1000 > server.80: F. seq 101
		+400ms client.1000 > server.80: F. seq 101
		+3s client.1000 > server.80: R. seq 102`,
}, {
	name:  "a server that always ends so: FIN, and an abort two seconds later where the client has not closed",
	truth: "close-then-abort fin-wait-2-timeout by responder",
	text: far + `
		server.80 > client.1000: P. length 300
		server.80 > client.1000: F.
		+1ms client.1000 > server.80: . ack 402
		+2s server.80 > client.1000: R. seq 402`,
}, {
	name:  "a gateway begins anew: of ten connections to one host all are refused at their next word",
	truth: "middlebox-state-loss half-open by any",
	text: each(10, `
		client: linux ts=1000
		server: linux ts=900000 ttl=54
		client.10%[1]d > server.443: S
		+20ms server.443 > client.10%[1]d: S.
		client.10%[1]d > server.443: P. length 100
		+20ms server.443 > client.10%[1]d: P. length 100
		client.10%[1]d > server.443: .`) + "\n+30s client.100 > server.443: ." + each(10, `
		+5ms client.10%[1]d > server.443: P. length 100
		+20ms server.443 > client.10%[1]d: R seq 101 win 0 id=0`),
}, {
	name:  "a filter refuses SYNs that come too fast, from the server's own distance, once",
	truth: "firewall-reject-syn by any",
	text: far + `
		client.1001 > server.80: S
		+40ms server.80 > client.1001: S.
		client.1001 > server.80: .
		+100ms client.1002 > server.80: S
		+40ms server.80 > client.1002: R. seq 0 ack 1 win 0 id=0`,
}, {
	name:  "a client's program is stopped and goes on: the server has given up with a lost reset",
	truth: "half-open by responder",
	text: far + `
		server.80 > client.1000: P. length 100
		client.1000 > server.80: .
		+900s client.1000 > server.80: P. length 100
		+40ms server.80 > client.1000: R seq 201 win 0 id=0`,
}, {
	name:  "resets in both names where one is an answer to what the other end sent: an abort and a refusal",
	truth: "sure: secondary-reset by originator",
	text: far + `
		+1s client.1000 > server.80: R.
		+20ms server.80 > client.1000: P. length 100
		client.1000 > server.80: R seq 101 win 0 id=0`,
}, {
	name:  "the last data and the FIN come in turned order, the reader has gone",
	truth: "data-after-close half-open close-then-abort late-segment by any",
	text: far + `
		+1s client.1000 > server.80: F.
		+40ms server.80 > client.1000: F. seq 201 ack 102
		client.1000 > server.80: R seq 102 win 0 id=0
		+1ms server.80 > client.1000: P. seq 101:201 ack 102`,
}, {
	name:  "a scanner of old: SYNs from one port, a reset with ACK of its own making",
	truth: "syn-scan abortive-close by originator",
	text: each(12, `
		client.4001 > server.%[1]d1: S win 1024
		+1ms server.%[1]d1 > client.4001: S.
		client.4001 > server.%[1]d1: R. seq 1 win 0`),
}, {
	name:  "a load test that aborts each of its connections at the end",
	truth: "abortive-close close-unread-data by originator",
	text: each(40, `
		client: linux ts=1000
		server: linux ts=900000
		+10ms client.5%[1]d > server.80: S
		+1ms server.80 > client.5%[1]d: S.
		client.5%[1]d > server.80: P. length 100
		+1ms server.80 > client.5%[1]d: P. length 200
		client.5%[1]d > server.80: R. seq 101`),
}}
