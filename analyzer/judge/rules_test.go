package judge_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/internal/transcript"
	"rstlab/analyzer/judge"
	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
)

// judgeAll gives the verdicts on a transcript.
func judgeAll(t *testing.T, vary transcript.Variation, text, at string) []*judge.Verdict {
	t.Helper()
	frames, err := vary.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var all []*judge.Verdict
	j := judge.Judge{Emit: func(v *judge.Verdict, _ *judge.Case) error { all = append(all, v); return nil }}
	if at != "" {
		j.At = netip.MustParseAddr(at)
	}
	feed(t, &j, frames, 1<<16)
	return all
}

// feed gives a judge frames, the first bytes of each, and closes it. Frames
// without data were not captured, and count all the same.
func feed(t *testing.T, j *judge.Judge, frames []transcript.Frame, snap int) {
	t.Helper()
	var d packet.Decoder
	var in packet.Info
	for i, f := range frames {
		if f.Data == nil {
			continue
		}
		p := pcapng.Packet{Time: f.Time.UnixNano(), HasTime: true, Data: f.Data[:min(len(f.Data), snap)], OrigLen: len(f.Data), LinkType: pcapng.LinkEthernet, Direction: f.Direction}
		d.Decode(&p, &in)
		if err := j.Packet(uint32(i+1), p.Time, &in); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

var senders = [...]string{judge.NoSender: "nobody", judge.Originator: "originator", judge.Responder: "responder", judge.Middlebox: "middlebox"}

var effects = [...]string{judge.UnknownEffect: "unknown", judge.Accepted: "accepted", judge.Challenged: "challenged", judge.Ignored: "ignored"}

// say writes a verdict as the tests' wants do.
func say(v *judge.Verdict) string {
	why := ""
	if v.Why != "" {
		why = " (" + v.Why + ")"
	}
	s := fmt.Sprintf("%d %v %s%s by %v %s", v.Frame, v.Strength, v.Cause, why, v.SenderStrength, senders[v.Sender])
	if v.After != nil {
		s += fmt.Sprintf(" after %d", v.After.Frame)
	}
	return s
}

// check compares verdicts with wants: the line of say, then " or CAUSE…" for
// alternatives that must be there, "; not CAUSE…" for exclusions,
// "; EFFECT", "; frames N…" for evidence, "; says TEXT" and "; unsaid TEXT" for its
// sentences, "; benign" or "; harmful".
func check(t *testing.T, got []*judge.Verdict, wants []string) {
	t.Helper()
	for i, want := range wants {
		if i >= len(got) {
			t.Errorf("no verdict, want %s", want)
			continue
		}
		v := got[i]
		parts := strings.Split(want, "; ")
		head, alternatives, _ := strings.Cut(parts[0], " or ")
		if say(v) != head {
			t.Errorf("got  %s\nwant %s\nevidence %+v\nalternatives %+v\nexcluded %+v", say(v), head, v.Evidence, v.Alternatives, v.Excluded)
			continue
		}
		for _, c := range strings.Fields(alternatives) {
			if !slices.ContainsFunc(v.Alternatives, func(a judge.Alternative) bool { return a.Cause == cause.ID(c) }) {
				t.Errorf("%s: alternatives %+v, want %s among them", say(v), v.Alternatives, c)
			}
		}
		for _, p := range parts[1:] {
			word, rest, _ := strings.Cut(p, " ")
			switch word {
			case "not":
				for _, c := range strings.Fields(rest) {
					if !slices.ContainsFunc(v.Excluded, func(x judge.Exclusion) bool { return x.Cause == cause.ID(c) && x.Why != "" && len(x.Frames) > 0 }) {
						t.Errorf("%s: excluded %+v, want %s among them, with frames", say(v), v.Excluded, c)
					}
				}
			case "frames":
				for _, n := range strings.Fields(rest) {
					if !slices.ContainsFunc(v.Evidence, func(f judge.Fact) bool { return fmt.Sprint(f.Frame) == n }) {
						t.Errorf("%s: evidence %+v, want frame %s in it", say(v), v.Evidence, n)
					}
				}
			case "says":
				if !strings.Contains(texts(v), rest) {
					t.Errorf("%s: it says %q, want %q in it", say(v), texts(v), rest)
				}
			case "unsaid":
				if strings.Contains(texts(v), rest) {
					t.Errorf("%s: it says %q, want no %q in it", say(v), texts(v), rest)
				}
			case "benign":
				if !v.Benign {
					t.Errorf("%s: not benign", say(v))
				}
			case "harmful":
				if v.Benign {
					t.Errorf("%s: benign", say(v))
				}
			default:
				if effects[v.Effect] != p {
					t.Errorf("%s: effect %s, want %s", say(v), effects[v.Effect], p)
				}
			}
		}
	}
	for _, v := range got[min(len(wants), len(got)):] {
		t.Errorf("unwanted verdict: %s", say(v))
	}
}

// texts are the sentences of a verdict, a line each.
func texts(v *judge.Verdict) string {
	var all []string
	for _, f := range v.Evidence {
		all = append(all, fmt.Sprintf("frame %d: %s", f.Frame, f.Text()))
	}
	for _, x := range v.Excluded {
		all = append(all, fmt.Sprintf("not %s: %s %v", x.Cause, x.Why, x.Frames))
	}
	for _, a := range v.Alternatives {
		all = append(all, fmt.Sprintf("or %s: %s", a.Cause, a.Why))
	}
	return strings.Join(append(all, v.Summary(), v.Next()), "\n")
}

type ruleTest struct {
	name  string
	at    string // --at
	text  string
	wants []string
}

func runRules(t *testing.T, tests []ruleTest) {
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			check(t, judgeAll(t, transcript.Variation{}, tc.text, tc.at), tc.wants)
		})
		// What means nothing changes nothing.
		for name, vary := range map[string]transcript.Variation{
			"other numbers":   {ISN: 0x7fffff00},
			"other addresses": {Net: 40},
			"a VLAN":          {VLAN: 7},
			"another year":    {Later: 5 * 365 * 24 * time.Hour},
		} {
			if vary.Net != 0 && tc.at != "" || vary.ISN != 0 && strings.Contains(tc.text, "raw") {
				continue // it names an address, or numbers
			}
			t.Run(tc.name+", with "+name, func(t *testing.T) {
				t.Parallel()
				check(t, judgeAll(t, vary, tc.text, tc.at), tc.wants)
			})
		}
	}
}

// hand is a handshake between two Linux hosts, three packets.
const hand = `
	client: linux ts=1000 id=100
	server: linux ts=900000 id=7000
	client.1000 > server.80: S
	+1ms server.80 > client.1000: S.
	client.1000 > server.80: .
`

func TestConnect(t *testing.T) {
	runRules(t, []ruleTest{{
		name: "closed port, nothing else of that address",
		text: `
			client.1000 > server.80: S
			+1ms server.80 > client.1000: R. seq 0 ack 1 win 0`,
		wants: []string{"2 possible port-closed by possible responder or firewall-reject-syn; accepted; frames 1 2"},
	}, {
		name: "closed port, its other packets agree",
		text: hand + `
			client.1001 > server.81: S
			+1ms server.81 > client.1001: R. seq 0 ack 1 win 0`,
		wants: []string{"5 likely port-closed by likely responder or firewall-reject-syn; accepted"},
	}, {
		name: "closed port, captured at the responder",
		at:   "198.51.100.2",
		text: hand + `
			client.1001 > server.81: S
			server.81 > client.1001: R. seq 0 ack 1 win 0`,
		wants: []string{"5 likely port-closed by proven responder or firewall-reject-syn"}, // its own filter's, too
	}, {
		name: "closed port, captured at the responder, whose stack copies the DSCP",
		at:   "198.51.100.2",
		text: hand + `
			client.1001 > server.81: S tos=184
			server.81 > client.1001: R. seq 0 ack 1 win 0 tos=184`,
		wants: []string{"5 proven port-closed by proven responder"},
	}, {
		name: "fast open data is acknowledged as well",
		text: `
			client.1000 > server.80: S length 10
			server.80 > client.1000: R. seq 0 ack 11 win 0`,
		wants: []string{"2 possible port-closed by possible responder or firewall-reject-syn option-intolerance"},
	}, {
		name: "a SYN sent again is refused again",
		text: `
			client.1000 > server.80: S
			server.80 > client.1000: R. seq 0 ack 1 win 0
			+500ms client.1000 > server.80: S
			server.80 > client.1000: R. seq 0 ack 1 win 0`,
		wants: []string{
			"2 possible port-closed by possible responder; accepted",
			"4 possible port-closed by possible responder; accepted",
		},
	}, {
		name: "filter one hop nearer and faster",
		text: `
			server: ttl=60
			client.1000 > server.80: S
			+20ms server.80 > client.1000: S.
			client.1000 > server.80: .
			client.1000 > server.80: P. length 10
			+20ms server.80 > client.1000: .
			client.1000 > server.80: P. length 10
			+20ms server.80 > client.1000: .
			client.1001 > server.81: S
			+3ms server.81 > client.1001: R. seq 0 ack 1 win 0 ttl=62`,
		wants: []string{"9 likely firewall-reject-syn by likely middlebox or port-closed"},
	}, {
		name: "filter, by its distance alone",
		text: `
			server: ttl=63
			client.1000 > server.80: S
			server.80 > client.1000: S.
			client.1000 > server.80: .
			client.1001 > server.81: S
			server.81 > client.1001: R. seq 0 ack 1 win 0 ttl=64`,
		wants: []string{"5 possible firewall-reject-syn by possible middlebox or port-closed"},
	}, {
		name: "an RST without ACK answers no SYN of a stack's",
		text: `
			client.1000 > server.80: S
			server.80 > client.1000: R rawseq 0 win 0`,
		wants: []string{"2 possible firewall-reject-syn by possible middlebox; ignored"},
	}, {
		name: "an RST without ACK whose number is no SYN's: the SYN-ACK was not captured",
		text: `
			client.1000 > server.80: S
			server.80 > client.1000: R seq 1 win 0`,
		wants: []string{"2 undetermined undetermined (no-handshake) by undetermined nobody; ignored"},
	}, {
		name: "a SYN that is sent twice is refused twice: one event, and neither reset is the other's",
		text: `
			client.1000 > server.80: S
			+1s client.1000 > server.80: S
			server.80 > client.1000: R. seq 0 ack 1 win 0
			+900ms server.80 > client.1000: R. seq 0 ack 1 win 0`,
		wants: []string{"3 possible port-closed by possible responder", "4 possible port-closed by possible responder"},
	}, {
		name: "the SYN is accepted as well",
		text: `
			client.1000 > server.80: S
			+1ms server.80 > client.1000: R. seq 0 ack 1 win 0
			+30ms server.80 > client.1000: S.
			client.1000 > server.80: R seq 1`,
		wants: []string{
			"2 likely injected-reset by likely middlebox; not port-closed; frames 3",
			"4 likely secondary-reset by likely originator after 2",
		},
	}, {
		name: "connect given up, the SYN-ACK comes late",
		text: `
			client: linux ts=1
			client.1000 > server.80: S
			+1s client.1000 > server.80: S
			+1s server.80 > client.1000: S.
			client.1000 > server.80: R seq 1`,
		wants: []string{"4 likely syn-sent-abort by likely originator or syn-scan; frames 1 2 3"},
	}, {
		name: "connect cancelled, by a SYN as connect(2) writes it",
		text: `
			client: linux ts=1
			client.1000 > server.80: S
			+20ms server.80 > client.1000: S.
			client.1000 > server.80: R seq 1`,
		wants: []string{"3 possible syn-sent-abort by likely originator or syn-scan"},
	}, {
		name: "one probe of a raw socket",
		text: `
			client.1000 > server.80: S win 1024
			server.80 > client.1000: S.
			client.1000 > server.80: R seq 1`,
		wants: []string{"3 possible syn-scan by likely originator or syn-sent-abort"},
	}, {
		name: "SMB: 139 loses to 445",
		text: `
			client.1000 > server.445: S
			client.1001 > server.139: S
			+10ms server.445 > client.1000: S.
			server.139 > client.1001: S.
			client.1000 > server.445: .
			client.1001 > server.139: R seq 1
			client.1000 > server.445: P. length 100`,
		wants: []string{"6 likely parallel-connect-loser by likely originator; frames 1 2"},
	}, {
		name: "SMB: no winner, so no loser",
		text: `
			client.1000 > server.445: S
			client.1001 > server.139: S
			+10ms server.445 > client.1000: R. seq 0 ack 1
			server.139 > client.1001: S.
			client.1001 > server.139: R seq 1`,
		wants: []string{
			"3 likely port-closed by likely responder; not parallel-connect-loser",
			"5 possible syn-scan by likely originator; not parallel-connect-loser",
		},
	}, {
		name: "SYN-ACK with a foreign number",
		text: `
			client.1000 > server.80: S
			server.80 > client.1000: S. ack 500
			client.1000 > server.80: R seq 500
			+8ms client.1000 > server.80: S`,
		wants: []string{"3 likely synack-bad-ack by likely originator; frames 1 2"},
	}, {
		name: "SYN-ACK with a foreign timestamp",
		text: `
			client: linux ts=5000
			client.1000 > server.80: S
			server.80 > client.1000: S. <mss 1460,sackOK,TS val 1 ecr 4711,nop,wscale 7>
			client.1000 > server.80: R seq 1`,
		wants: []string{"3 likely synack-bad-timestamp by likely originator or syn-sent-abort"},
	}, {
		name: "second SYN on a half-open request",
		text: `
			client.1000 > server.80: S rawseq 1000
			server.80 > client.1000: S.
			+100ms client.1000 > server.80: S rawseq 2000
			server.80 > client.1000: R. rawseq 0 rawack 2001`,
		wants: []string{"4 likely syn-on-half-open by likely responder; not port-closed; frames 1 2 3"},
	}, {
		name: "ACK with a wrong number at a listener",
		text: `
			client.1000 > server.80: S
			server.80 > client.1000: S.
			client.1000 > server.80: . ack 7
			server.80 > client.1000: R seq 7`,
		wants: []string{"4 likely handshake-ack-rejected by likely responder"},
	}, {
		name: "ACK to a request that had expired",
		text: `
			client.1000 > server.80: S
			server.80 > client.1000: S.
			+2500ms client.1000 > server.80: .
			server.80 > client.1000: R seq 1`,
		wants: []string{"4 possible handshake-ack-rejected by likely responder or listener-backlog-full"},
	}, {
		name: "ACK onto a full queue",
		text: hand + `
			+1ms server.80 > client.1000: R seq 1`,
		wants: []string{"4 possible listener-backlog-full by likely responder or handshake-ack-rejected"},
	}, {
		name: "Windows refuses at a full backlog",
		text: `
			server: ttl=128` + hand + `
			client.1001 > server.80: S
			+1ms server.80 > client.1001: R. seq 0 ack 1 win 0`,
		wants: []string{"5 possible listener-backlog-full by likely responder or port-closed firewall-reject-syn"},
	}, {
		name: "a service begins again, on a host that is not Windows",
		text: hand + `
			client.1001 > server.80: S
			+1ms server.80 > client.1001: R. seq 0 ack 1 win 0
			+100ms client.1002 > server.80: S
			+1ms server.80 > client.1002: S.`,
		wants: []string{"5 possible port-closed by likely responder or listener-backlog-full firewall-reject-syn"},
	}, {
		name: "listener closed with two connections waiting",
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
		wants: []string{
			"7 likely listener-closed by likely responder or abortive-close",
			"8 likely listener-closed by likely responder or abortive-close",
			"10 likely port-closed by likely responder",
		},
	}})
}

func TestTimeWait(t *testing.T) {
	closed := `
		client.1000 > server.80: S rawseq 1000000
		server.80 > client.1000: S.
		client.1000 > server.80: .
		client.1000 > server.80: P. length 100
		server.80 > client.1000: F. seq 1
		client.1000 > server.80: .
		client.1000 > server.80: F.
		server.80 > client.1000: .
	`
	runRules(t, []ruleTest{{
		name: "reuse with a number below the old one",
		text: closed + `
			+2s client.1000 > server.80: S rawseq 500000
			server.80 > client.1000: . rawack 1000102
			client.1000 > server.80: R rawseq 1000102 win 0
			+8ms client.1000 > server.80: S rawseq 500000
			server.80 > client.1000: S. rawseq 42 rawack 500001`,
		wants: []string{"11 likely time-wait-reuse by likely originator or synack-bad-ack; frames 5 7 9 10"},
	}, {
		name: "the same answer of a connection that was never closed",
		text: `
			client.1000 > server.80: S rawseq 1000000
			server.80 > client.1000: S.
			client.1000 > server.80: .
			client.1000 > server.80: P. length 100
			server.80 > client.1000: .
			+20s client.1000 > server.80: S rawseq 500000
			server.80 > client.1000: . rawack 1000101
			client.1000 > server.80: R rawseq 1000101 win 0`,
		wants: []string{"8 likely half-open by likely originator or synack-bad-ack; not time-wait-reuse"},
	}, {
		name: "an old duplicate draws an ACK out of TIME-WAIT",
		text: closed + `
			+50ms client.1000 > server.80: P. seq 1:101
			server.80 > client.1000: . ack 102
			client.1000 > server.80: R seq 102 win 0`,
		wants: []string{"11 likely time-wait-assassination by likely originator; frames 9 10"},
	}, {
		name: "a FIN sent again after all was over",
		text: closed + `
			+50ms server.80 > client.1000: F. seq 1
			client.1000 > server.80: R seq 102 win 0`,
		wants: []string{"10 likely late-segment by likely originator"},
	}})
}

func TestEstablished(t *testing.T) {
	runRules(t, []ruleTest{{
		name: "abort right behind a request",
		text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: .
			server.80 > client.1000: R. seq 1`,
		wants: []string{"6 possible close-unread-data by likely responder or abortive-close; accepted; not retransmission-timeout; frames 4 5"},
	}, {
		name: "abort by a client that has its answer",
		text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: P. length 100
			client.1000 > server.80: .
			client.1000 > server.80: R.`,
		wants: []string{"7 possible abortive-close by likely originator or close-unread-data; accepted"},
	}, {
		name: "abort with nothing received",
		text: hand + `
			client.1000 > server.80: R.`,
		wants: []string{"4 possible abortive-close by likely originator; accepted; not retransmission-timeout close-unread-data"},
	}, {
		name: "abort at the sender's own host",
		at:   "192.0.2.1",
		text: hand + `
			client.1000 > server.80: R.`,
		wants: []string{"4 possible abortive-close by proven originator"},
	}, {
		name: "upload that nobody reads",
		text: `
			client: linux
			server: linux win=1000
			client.1000 > server.80: S
			+1ms server.80 > client.1000: S. win 65535
			client.1000 > server.80: .
			client.1000 > server.80: . length 1460
			+1ms server.80 > client.1000: . win 500
			client.1000 > server.80: . length 1460
			client.1000 > server.80: . length 1460
			+2ms server.80 > client.1000: . win 477
			client.1000 > server.80: . length 1460
			+2ms server.80 > client.1000: . win 466
			server.80 > client.1000: R. win 500`,
		wants: []string{"11 likely close-unread-data by likely responder or abortive-close"},
	}, {
		name: "data reaches a host that has forgotten the connection",
		text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: P. length 100
			client.1000 > server.80: .
			+20s client.1000 > server.80: P. length 100
			+1ms server.80 > client.1000: R seq 101 win 0`,
		wants: []string{"8 possible half-open by likely responder or middlebox-state-loss; accepted; frames 7"},
	}, {
		name: "silent death, then the peer speaks",
		text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: .
			+1s server.80 > client.1000: P. seq 1:101
			+1s server.80 > client.1000: P. seq 1:101
			+2s server.80 > client.1000: P. seq 1:101
			+4s server.80 > client.1000: P. seq 1:101
			+8s server.80 > client.1000: P. seq 1:101
			+16s server.80 > client.1000: P. seq 1:101
			+100s client.1000 > server.80: P. seq 101:201 ack 1
			server.80 > client.1000: R seq 1 win 0`,
		wants: []string{"13 likely half-open by likely responder; frames 6 11; says bytes 1:101, transmission 6"},
	}, {
		name: "the middle of a connection",
		text: `
			client.50000 > server.80: P. rawseq 1000 rawack 5000 length 10
			server.80 > client.50000: . rawseq 5000 rawack 1010
			server.80 > client.50000: R. rawseq 5000 rawack 1010`,
		wants: []string{"3 possible close-unread-data by likely responder or abortive-close; accepted"},
	}, {
		name:  "a lone reset",
		text:  `server.80 > client.50000: R rawseq 5000`,
		wants: []string{"1 undetermined undetermined (no-handshake) by undetermined nobody; unknown"},
	}})
}

func TestClosing(t *testing.T) {
	runRules(t, []ruleTest{{
		name: "request into a connection that the server had closed",
		text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: P. length 100
			client.1000 > server.80: .
			+5s server.80 > client.1000: F.
			client.1000 > server.80: P. seq 101:201 ack 101
			+1ms server.80 > client.1000: R seq 101 win 0`,
		wants: []string{"9 likely data-after-close by likely responder; accepted; frames 7 8"},
	}, {
		name: "Windows' answer to late data",
		text: `
			client: linux ts=1000 id=100
			server: bsd id=7000
			client.1000 > server.80: S
			+1ms server.80 > client.1000: S.
			client.1000 > server.80: .
			+5s server.80 > client.1000: F.
			client.1000 > server.80: .
			+1s client.1000 > server.80: P. length 100
			server.80 > client.1000: R. seq 2 ack 101`,
		wants: []string{"7 likely data-after-close by likely responder"},
	}, {
		name: "every late segment draws its reset",
		text: hand + `
			server.80 > client.1000: F.
			client.1000 > server.80: P. seq 1:101 ack 1
			client.1000 > server.80: P. seq 101:201 ack 1
			+1ms server.80 > client.1000: R seq 1 win 0
			server.80 > client.1000: R seq 1 win 0`,
		wants: []string{
			"7 likely data-after-close by likely responder; accepted",
			"8 likely secondary-reset by likely responder after 7; ignored",
		},
	}, {
		name: "own FIN, then abort",
		text: hand + `
			client.1000 > server.80: F.
			server.80 > client.1000: .
			client.1000 > server.80: R.`,
		wants: []string{"6 likely close-then-abort by likely originator; accepted"},
	}, {
		name: "the peer's FIN, then abort",
		text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: P. length 100
			server.80 > client.1000: F.
			client.1000 > server.80: R. ack 102`,
		wants: []string{"7 possible close-then-abort by likely originator or close-unread-data"},
	}, {
		name: "the peer's FIN, all answered",
		text: hand + `
			server.80 > client.1000: P. length 100
			client.1000 > server.80: P. length 100
			server.80 > client.1000: F.
			client.1000 > server.80: R. ack 102`,
		wants: []string{"7 likely close-then-abort by likely originator"},
	}, {
		name: "linger2 below zero: the ACK of the FIN draws it",
		text: hand + `
			server.80 > client.1000: F.
			client.1000 > server.80: .
			server.80 > client.1000: R seq 2 win 0`,
		wants: []string{"6 likely close-then-abort by likely responder"},
	}, {
		name: "the closer waited five minutes for the peer's FIN",
		text: hand + `
			server.80 > client.1000: F.
			client.1000 > server.80: .
			+300s server.80 > client.1000: R.`,
		wants: []string{"6 possible fin-wait-2-timeout by likely responder or close-then-abort"},
	}})
}

func TestTimers(t *testing.T) {
	sixTimes := `
		client: win=8192
		server: ttl=128 id=20
		client.2301 > server.445: S
		server.445 > client.2301: S.
		client.2301 > server.445: .
		server.445 > client.2301: P. seq 1:101 ack 1
		+30ms server.445 > client.2301: P. seq 1:101 ack 1
		+60ms server.445 > client.2301: P. seq 1:101 ack 1
		+120ms server.445 > client.2301: P. seq 1:101 ack 1
		+240ms server.445 > client.2301: P. seq 1:101 ack 1
		+480ms server.445 > client.2301: P. seq 1:101 ack 1
	`
	runRules(t, []ruleTest{{
		name:  "Windows gives up, captured near it",
		text:  sixTimes + `+960ms server.445 > client.2301: R. seq 101 ack 1`,
		wants: []string{"10 likely retransmission-timeout by likely responder or abortive-close; frames 4 5 6 7 8 9"},
	}, {
		name:  "an application gives up, away from the next retransmission",
		text:  sixTimes + `+1ms server.445 > client.2301: R. seq 101 ack 1`,
		wants: []string{"10 likely retransmission-timeout by likely responder or abortive-close"},
	}, {
		name:  "captured at its host",
		at:    "198.51.100.2",
		text:  sixTimes + `+960ms server.445 > client.2301: R. seq 101 ack 1`,
		wants: []string{"10 proven retransmission-timeout by proven responder"},
	}, {
		name: "captured beyond the loss: the ACKs are seen to leave",
		text: `
			server: ttl=128
			client.2301 > server.445: S
			server.445 > client.2301: S.
			client.2301 > server.445: .
			server.445 > client.2301: P. seq 1:101 ack 1
			client.2301 > server.445: . ack 101
			+30ms server.445 > client.2301: P. seq 1:101 ack 1
			client.2301 > server.445: . ack 101
			+60ms server.445 > client.2301: P. seq 1:101 ack 1
			client.2301 > server.445: . ack 101
			+120ms server.445 > client.2301: P. seq 1:101 ack 1
			client.2301 > server.445: . ack 101
			+240ms server.445 > client.2301: P. seq 1:101 ack 1
			client.2301 > server.445: . ack 101
			+480ms server.445 > client.2301: P. seq 1:101 ack 1
			client.2301 > server.445: . ack 101
			+960ms server.445 > client.2301: R. seq 101 ack 1`,
		wants: []string{"16 possible retransmission-timeout by likely responder or abortive-close; frames 4 6 8 10 12 14"},
	}, {
		name: "a late ACK ends the count",
		text: sixTimes + `
			+1ms client.2301 > server.445: . ack 101
			+1ms server.445 > client.2301: R. seq 101 ack 1`,
		wants: []string{"11 possible abortive-close by likely responder; not retransmission-timeout"},
	}, {
		name: "five retransmissions of different segments are not it",
		text: `
			client.2301 > server.445: S
			server.445 > client.2301: S.
			client.2301 > server.445: .
			server.445 > client.2301: P. seq 1:101 ack 1
			+30ms server.445 > client.2301: P. seq 1:101 ack 1
			client.2301 > server.445: . ack 101
			server.445 > client.2301: P. seq 101:201 ack 1
			+30ms server.445 > client.2301: P. seq 101:201 ack 1
			client.2301 > server.445: . ack 201
			server.445 > client.2301: P. seq 201:301 ack 1
			+30ms server.445 > client.2301: P. seq 201:301 ack 1
			client.2301 > server.445: . ack 301
			server.445 > client.2301: P. seq 301:401 ack 1
			+30ms server.445 > client.2301: P. seq 301:401 ack 1
			client.2301 > server.445: . ack 401
			server.445 > client.2301: P. seq 401:501 ack 1
			+30ms server.445 > client.2301: P. seq 401:501 ack 1
			client.2301 > server.445: . ack 501
			+60ms server.445 > client.2301: R. seq 501 ack 1`,
		wants: []string{"19 possible abortive-close by likely responder; not retransmission-timeout"},
	}, {
		name: "one retransmission is not it",
		text: hand + `
			server.80 > client.1000: P. length 10
			+300ms server.80 > client.1000: P. seq 1:11
			+600ms server.80 > client.1000: R. seq 11`,
		wants: []string{"6 possible abortive-close by likely responder; not retransmission-timeout"},
	}, {
		name: "keepalive",
		text: hand + `
			+1s server.80 > client.1000: . seq 0 ack 1
			+1s server.80 > client.1000: . seq 0 ack 1
			+1s server.80 > client.1000: . seq 0 ack 1
			+1s server.80 > client.1000: R. seq 1 ack 1`,
		wants: []string{"7 likely keepalive-timeout by likely responder; frames 4 5 6"},
	}, {
		name: "keepalive, the last one answered",
		text: hand + `
			+1s server.80 > client.1000: . seq 0 ack 1
			client.1000 > server.80: .
			+1s server.80 > client.1000: . seq 0 ack 1
			client.1000 > server.80: .
			+100ms server.80 > client.1000: R. seq 1 ack 1`,
		wants: []string{"8 possible abortive-close by likely responder; not keepalive-timeout"},
	}, {
		name: "one probe, then the user timeout",
		text: hand + `
			+1s server.80 > client.1000: . seq 0 ack 1
			+1s server.80 > client.1000: R. seq 1 ack 1`,
		wants: []string{"5 possible user-timeout by likely responder or abortive-close"},
	}, {
		name: "window probes without answer",
		text: hand + `
			client.1000 > server.80: . win 0
			+200ms server.80 > client.1000: . seq 0 ack 1
			+400ms server.80 > client.1000: . seq 0 ack 1
			+800ms server.80 > client.1000: . seq 0 ack 1
			+1600ms server.80 > client.1000: R. seq 1 ack 1`,
		wants: []string{"8 possible zero-window-timeout by likely responder or abortive-close"},
	}, {
		name: "SYN-ACKs without answer",
		text: `
			client.1000 > server.80: S
			server.80 > client.1000: S.
			+1s server.80 > client.1000: S.
			+2s server.80 > client.1000: S.
			+4s server.80 > client.1000: R. seq 1`,
		wants: []string{"5 possible synack-timeout by likely responder"},
	}})
}

func TestForged(t *testing.T) {
	runRules(t, []ruleTest{{
		name: "another distance and no timestamps",
		text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: .
			server.80 > client.1000: R. seq 1 ack 101 <nop> ttl=255 id=2`,
		wants: []string{"6 possible injected-reset by likely middlebox or inline-policy-reset abortive-close"},
	}, {
		name: "another distance alone is a hint",
		text: `
			server: ttl=60
			client.1000 > server.80: S
			server.80 > client.1000: S.
			client.1000 > server.80: .
			client.1000 > server.80: P. length 100
			server.80 > client.1000: .
			+1ms server.80 > client.1000: R. ttl=61`,
		wants: []string{"6 possible close-unread-data by possible responder or injected-reset abortive-close"},
	}, {
		name: "the sender lives on",
		text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: R. seq 1 ack 101 id=7000
			+20ms server.80 > client.1000: P. seq 1:201 ack 101
			client.1000 > server.80: R seq 101 win 0`,
		wants: []string{
			"5 likely injected-reset by likely middlebox; accepted; frames 6",
			"7 likely secondary-reset by likely originator after 5",
		},
	}, {
		name: "the segment that drew it was kept back",
		text: `
			client: linux ts=1000 id=100
			server: linux ts=900000 id=7000 ttl=60
			client.1000 > server.80: S
			+1ms server.80 > client.1000: S.
			client.1000 > server.80: .
			client.1000 > server.80: P. seq 1:10 ack 1
			+1ms server.80 > client.1000: R seq 1 win 0 ttl=62
			+50ms server.80 > client.1000: P. seq 1:6 ack 1
			client.1000 > server.80: R seq 1 win 0`,
		wants: []string{
			"5 likely inline-policy-reset by likely middlebox; frames 4 6",
			"7 likely secondary-reset by likely originator after 5",
		},
	}, {
		name: "what speaks against the address stands in the evidence, also where it is not enough",
		text: far + `
			+7200s client.1000 > server.80: . seq 100
			+2ms server.80 > client.1000: R seq 101 win 0 id=0 ttl=62`,
		wants: []string{"9 possible half-open by possible responder or middlebox-idle-timeout; says frame 9: TTL 62, all 3 other packets of the responder have 56"},
	}, {
		name: "the route changed by a hop: the socket's counter and clock go on in the abort all the same",
		text: hand + `
			server.80 > client.1000: P. length 10
			client.1000 > server.80: .
			server.80 > client.1000: P. length 10
			client.1000 > server.80: .
			server: mac=9
			+3s server.80 > client.1000: R. ttl=63`,
		wants: []string{"8 possible abortive-close by likely responder; not injected-reset"},
	}, {
		name: "the same from the server's own distance: another host behind the address answers like this",
		text: hand + `
			server.80 > client.1000: P. length 10
			client.1000 > server.80: P. seq 1:10 ack 11
			+1ms server.80 > client.1000: R seq 11 win 0
			+50ms server.80 > client.1000: P. seq 11:16 ack 1
			client.1000 > server.80: R seq 1 win 0`,
		wants: []string{
			"6 possible inline-policy-reset by possible middlebox or backend-switch nat-bypass middlebox-state-loss; says as it seems a device that is neither end",
			"8 likely secondary-reset by likely originator after 6; says because an earlier reset brought this one about",
		},
	}, {
		name: "a burst with growing numbers",
		text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: R seq 1
			server.80 > client.1000: R seq 1461
			server.80 > client.1000: R seq 4381`,
		wants: []string{
			"5 likely injected-reset by likely middlebox; accepted",
			"6 likely injected-reset by likely middlebox after 5; ignored",
			"7 likely injected-reset by likely middlebox after 5; ignored",
		},
	}, {
		name: "it copies the packet that it answers",
		text: hand + `
			client.1000 > server.80: P. length 100 win 4711 id=9999
			server.80 > client.1000: R. seq 1 ack 101 win 4711 id=9999`,
		wants: []string{"5 possible injected-reset by likely middlebox or inline-policy-reset"},
	}, {
		name: "faster than the way to the server",
		text: `
			server: ttl=50
			client.1000 > server.80: S
			+100ms server.80 > client.1000: S.
			client.1000 > server.80: .
			client.1000 > server.80: P. length 100
			+100ms server.80 > client.1000: .
			client.1000 > server.80: P. length 100
			+5ms server.80 > client.1000: R. seq 1 ack 201 ttl=51`,
		wants: []string{"7 possible injected-reset by likely middlebox or inline-policy-reset; frames 6"},
	}, {
		name: "faster than the way, but from as far: a hint",
		text: `
			server: ttl=50
			client.1000 > server.80: S
			+100ms server.80 > client.1000: S.
			client.1000 > server.80: .
			client.1000 > server.80: P. length 100
			+100ms server.80 > client.1000: .
			client.1000 > server.80: P. length 100
			+5ms server.80 > client.1000: R. seq 1 ack 201`,
		wants: []string{"7 possible close-unread-data by possible responder or injected-reset abortive-close"},
	}, {
		name: "Linux' own pair: too high, challenged, then lower",
		text: hand + `
			server.80 > client.1000: P. seq 1:101 ack 1
			server.80 > client.1000: R. seq 101 ack 1
			client.1000 > server.80: . ack 1
			server.80 > client.1000: R seq 1 win 0`,
		wants: []string{
			"5 possible abortive-close by likely responder; challenged",
			"7 likely secondary-reset by likely responder after 5; accepted; frames 6",
		},
	}, {
		name: "in flight towards a dead socket",
		text: hand + `
			client.1000 > server.80: R.
			server.80 > client.1000: P. seq 1:101 ack 1
			client.1000 > server.80: R seq 1 win 0`,
		wants: []string{
			"4 possible abortive-close by likely originator",
			"6 likely secondary-reset by likely originator after 4",
		},
	}, {
		name: "comes in at the host whose address it bears",
		at:   "198.51.100.2",
		text: hand + `
			server: in
			server.80 > client.1000: R. seq 1`,
		wants: []string{"4 likely injected-reset by likely middlebox"},
	}, {
		name: "another host answers with the TTL of its kind, and the first one still speaks",
		text: hand + `
			server.80 > client.1000: P. length 100
			client.1000 > server.80: .
			client.1000 > server.80: P. length 100
			+1ms server.80 > client.1000: R seq 101 win 0 id=0 ttl=128 df=yes
			+200ms server.80 > client.1000: P. seq 101:201 ack 1`,
		wants: []string{"7 possible inline-policy-reset by possible middlebox or backend-switch"},
	}, {
		name: "for a device on the path to believe",
		text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: .
			client.1000 > server.80: R. seq 101 badsum=yes
			+20ms client.1000 > server.80: P. seq 101:201`,
		wants: []string{"6 possible evasion-reset by likely originator or injected-reset; ignored"},
	}, {
		name: "a mirror shows it twice",
		text: hand + `
			client.1000 > server.80: R. id=102
			+500us client.1000 > server.80: R. id=102 ttl=63`,
		wants: []string{"4 possible abortive-close by likely originator"},
	}})
}

func TestScans(t *testing.T) {
	var many strings.Builder
	for port := range 12 {
		fmt.Fprintf(&many, "client.1000 > server.%d: S win 1024\nserver.%d > client.1000: S.\nclient.1000 > server.%d: R seq 1\n", port+1, port+1, port+1)
	}
	var probes strings.Builder
	for port := range 12 {
		fmt.Fprintf(&probes, "client.1000 > server.%d: FPU rawseq 7\nserver.%d > client.1000: R. rawseq 0 rawack 8\n", port+1, port+1)
	}
	var wantMany, wantProbes []string
	for i := range 12 {
		wantMany = append(wantMany, fmt.Sprintf("%d likely syn-scan by likely originator", 3*i+3))
		wantProbes = append(wantProbes, fmt.Sprintf("%d likely stealth-scan by possible responder", 2*i+2))
	}
	runRules(t, []ruleTest{
		{name: "half-open scan of twelve ports", text: many.String(), wants: wantMany},
		{name: "Xmas scan of twelve ports", text: probes.String(), wants: wantProbes},
		{
			name:  "a lone ACK may belong to a connection before the capture",
			text:  "client.40000 > server.80: . rawseq 7 rawack 9\nserver.80 > client.40000: R rawseq 9",
			wants: []string{"2 possible half-open by possible responder or stealth-scan"},
		},
		{
			name: "a SYN-ACK whose SYN may lie before the capture",
			text: `server.80 > client.40000: S. rawack 9
				client.40000 > server.80: R rawseq 9`,
			wants: []string{"2 undetermined undetermined (no-handshake) by possible originator or unsolicited-synack"},
		},
	})
}
