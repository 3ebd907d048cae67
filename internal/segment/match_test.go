package segment_test

import (
	"testing"

	"rstlab/internal/segment"
)

// The ISNs of the packets below: numbers wrap behind the first one.
var base = segment.Base{Seq: 1<<32 - 1, SeqKnown: true, Ack: 5000, AckKnown: true}

// A packet of that connection as a tap sees it.
const packet = `192.0.2.1.40000 > 192.0.2.2.80: P. rawseq 0 rawack 5001 win 502 <nop,nop,TS val 7 ecr 9,sack 5101:5201> ` +
	`length 100 payload "x" ttl=63 id=1 df=yes tos=0`

func TestMatchAndDiff(t *testing.T) {
	have := mustParse(t, packet)
	for want, diff := range map[string]string{
		"a > b: .":                            "",
		"a > b: P.":                           "",
		"a > b: . seq 1 ack 1 win 502":        "",
		"a > b: . seq 1:101":                  "",
		"a > b: . rawseq 0:100 rawack 5001":   "",
		"a > b: . length 100 ttl=63 df=yes":   "",
		"a > b: . <TS>":                       "",
		"a > b: . <nop,TS val 7>":             "",
		"a > b: . <sack 101:201>":             "",
		`a > b: . payload "x" id=1 tos=0`:     "",
		"a > b: . badsum=yes":                 "",
		"a > b: R":                            "flags P., want R",
		"a > b: none":                         "flags P., want none",
		"a > b: . seq 5 ack 2":                "seq 1, want 5; ack 1, want 2",
		"a > b: . seq 1:102":                  "seq 1:101, want 1:102",
		"a > b: . rawseq 1 rawack 1":          "rawseq 0, want 1; rawack 5001, want 1",
		"a > b: . win 0":                      "win 502, want 0",
		"a > b: . length 5":                   "length 100, want 5",
		"a > b: . <TS val 8>":                 "options <nop,nop,TS val 7 ecr 9,sack 101:201>, want <TS val 8>",
		"a > b: . <nop,nop,nop>":              "options <nop,nop,TS val 7 ecr 9,sack 101:201>, want <nop,nop,nop>",
		"a > b: . <sack 102:201>":             "options <nop,nop,TS val 7 ecr 9,sack 101:201>, want <sack 102:201>",
		`a > b: . payload "y"`:                `payload "x", want "y"`,
		"a > b: . ttl=64 id=2 df=no tos=1":    "ttl=63, want 64; id=1, want 2; df=yes, want no; tos=0, want 1",
		"a > b: . flow=1":                     "no flow, want 1",
		"a > b: icmp port-unreachable":        "P., want icmp port-unreachable",
		"a > b: R seq 2 win 0 <mss 1> ttl=64": "flags P., want R; seq 1, want 2; win 502, want 0; options <nop,nop,TS val 7 ecr 9,sack 101:201>, want <mss 1>; ttl=63, want 64",
	} {
		if got := mustParse(t, want).Diff(have, base); got != diff {
			t.Errorf("%s\ngot  %s\nwant %s", want, got, diff)
		}
		if got := mustParse(t, want).Match(have, base); got != (diff == "") {
			t.Errorf("%s: Match is %v, Diff %q", want, got, diff)
		}
	}
}

// P counts only where it is written.
func TestMatchOfPush(t *testing.T) {
	have := mustParse(t, "a > b: . rawseq 1 rawack 1")
	if got, want := mustParse(t, "a > b: P.").Diff(have, base), "flags ., want P."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// In a direction whose SYN was not seen numbers are absolute.
func TestMatchWithoutISN(t *testing.T) {
	have := mustParse(t, "a > b: R. rawseq 0 rawack 5001")
	noSYN := segment.Base{Ack: 5000, AckKnown: true}
	if got := mustParse(t, "a > b: R. seq 0 ack 1").Diff(have, noSYN); got != "" {
		t.Error(got)
	}
	if got, want := mustParse(t, "a > b: R. seq 1 ack 5001").Diff(have, noSYN), "seq 0, want 1; ack 1, want 5001"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRelativeAndAbsolute(t *testing.T) {
	const relative = `192.0.2.1.40000 > 192.0.2.2.80: P. seq 1 ack 1 win 502 <nop,nop,TS val 7 ecr 9,sack 101:201> ` +
		`length 100 payload "x" ttl=63 id=1 df=yes tos=0`
	have := mustParse(t, packet)
	if got := have.Relative(base).String(); got != relative {
		t.Errorf("got  %s\nwant %s", got, relative)
	}
	if got := mustParse(t, relative).Absolute(base).String(); got != packet {
		t.Errorf("got  %s\nwant %s", got, packet)
	}
	if got := have.String(); got != packet {
		t.Errorf("it changed what it was called on:\n%s", got)
	}
	if got, want := have.Relative(base).Brief().String(), "192.0.2.1.40000 > 192.0.2.2.80: P. seq 1:101 ack 1 win 502"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// The ack of a segment that has no ACK flag is no number, unless it is set.
func TestRelativeLeavesOutNoAck(t *testing.T) {
	for have, want := range map[string]string{
		"a > b: R rawseq 4 rawack 0":    "a > b: R seq 5",
		"a > b: R rawseq 4 rawack 5004": "a > b: R seq 5 ack 4",
		"a > b: . rawseq 4 rawack 0":    "a > b: . seq 5 ack 4294962296",
	} {
		if got := mustParse(t, have).Relative(base).String(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
