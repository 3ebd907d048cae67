package segment_test

import (
	"fmt"
	"testing"

	"rstlab/internal/segment"
)

func mustParse(t *testing.T, s string) segment.Segment {
	t.Helper()
	seg, err := segment.Parse(s)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return seg
}

// What is written in the one order is printed as it was.
func TestParsePrintsTheSame(t *testing.T) {
	for _, s := range []string{
		"client > server.80: S",
		"server.80 > client: R. seq 0 ack 1 win 0",
		"client.40007 > server.5000: S rawseq 500000",
		"server.5000 > client.40007: . rawack 1000102",
		"192.0.2.1.40000 > 192.0.2.2: P. seq 1:101 ack 1",
		"2001:db8::1.40000 > 2001:db8::2.80 : F. seq 1",
		"2001:db8:: > :: : F. seq 1",
		"::ffff:192.0.2.1.80 > a: F.",
		"a > b: none",
		"a > b: FSRP.UEW",
		`a > b: P. payload "GET / HTTP/1.0\r\n\r\n" ttl=1 id=7 df=no tos=184 flow=99 badsum=yes`,
		"a > b: S <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>",
		`a > b: . ack 1 win 512 <sack 1:101 201:301,md5,tfo "0a0b",mptcp rst reason 3,unknown-77 "">`,
		"fw > client.80: icmp port-unreachable",
		"fw > client.80: icmp type-3-code-15",
	} {
		if got := mustParse(t, s).String(); got != s {
			t.Errorf("got  %s\nwant %s", got, s)
		}
	}
}

// What is written otherwise is printed in the one order.
func TestParseReadsAnyOrder(t *testing.T) {
	for s, want := range map[string]string{
		"a>b: .S":                                           "a > b: S.",
		"  a  >\tb.80 :  R. win 0 ack 1 seq 0":              "a > b.80: R. seq 0 ack 1 win 0",
		"a > b: P. ttl=0x40 length 5 seq 0x1":               "a > b: P. seq 1 length 5 ttl=64",
		`a > b: S < mss 0x5b4 , nop >`:                      "a > b: S <mss 1460,nop>",
		`a > b: S <md5 "00112233445566778899AABBCCDDEEFF">`: `a > b: S <md5 "00112233445566778899aabbccddeeff">`,
		"2001:db8::1 > 2001:db8::2: S":                      "2001:db8::1 > 2001:db8::2 : S",
	} {
		if got := mustParse(t, s).String(); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", s, got, want)
		}
	}
}

func TestParseMistakes(t *testing.T) {
	for s, want := range map[string]string{
		"":                             `column 1: expected a host at the end of the line`,
		"a":                            `column 2: expected ">" and where the segment goes at the end of the line`,
		"a > b 80: S":                  `column 7: expected ":" and flags after "b"; a port is written b.80`,
		"a > b: SA":                    `column 9: bad flag "A"; flags are F S R P . U E W, ACK is "." (SYN+ACK is "S.")`,
		"a > b.80:S":                   `column 5: "b.80:S" is two words; write b.80: S`,
		"a > b:80: S":                  `column 5: bad endpoint "b:80"; a port is written b.80`,
		"ä > b: S":                     `column 1: bad name "ä"; names are lower-case letters, digits, - and _, a letter first`,
		"a > b: S <mss 1> x":           `column 18: unexpected "x"; here may stand seq, rawseq, ack, rawack, win, <options>, length, payload, ttl=, id=, df=, tos=, flow=, badsum=`,
		"a > b: S # c":                 `column 10: a segment has no comment`,
		"a > b: S seq 1:70000":         `column 14: bad seq "1:70000"; that is 69999 bytes, a segment holds 65535 at most`,
		"a > b: S <TS val>":            `column 14: bad option TS val: no number behind val; TS takes val N ecr N`,
		"a > b: S <sack 1>":            `column 16: bad option sack 1: block "1" has no colon; sack takes one to four blocks such as 1:101`,
		"a > b: S <mptcp jion>":        `column 17: bad option mptcp jion: unknown subtype jion (did you mean "join"?); mptcp takes a subtype, then reason N, version N or flags N, and the rest as "hex"`,
		`a > b: S <tfo "xy">`:          `column 15: bad option tfo "xy": "xy" is not a string of pairs of hex digits; tfo takes a cookie as "hex", or nothing`,
		"a > b: S <unknown-256 \"\">":  `column 11: bad option "unknown-256"; its number is 0 or 2 to 255, decimal`,
		"a > b: S <nop 5>":             `column 15: bad option nop 5: nop takes nothing; nop takes nothing`,
		"a > b: S payload x":           `column 18: expected a string behind "payload", found "x"`,
		"fe80::1%eth0 > b: S":          `column 1: bad address "fe80::1%eth0"; write IPv4 or IPv6, a port behind a dot: 192.0.2.1.80`,
		"a > b: icmp":                  `column 12: expected an ICMP error such as port-unreachable at the end of the line`,
		"a > b: R. ack 4294967296":     `column 15: bad ack "4294967296"; write a number from 0 to 4294967295`,
		"a > b: R. df=maybe":           `column 11: bad df=maybe; write yes or no`,
		"a > b: R. rawack 1 ack 1":     `column 20: ack is written twice`,
		"a > b: S <mss 1,mss 2> <nop>": `column 24: options is written twice`,
	} {
		if _, err := segment.Parse(s); fmt.Sprint(err) != want {
			t.Errorf("%s\ngot  %v\nwant %s", s, err, want)
		}
	}
}

func TestICMPNames(t *testing.T) {
	for _, name := range append(segment.ICMPNames(), "type-3-code-15") {
		for _, v6 := range []bool{false, true} {
			typ, code, ok := segment.ICMPType(v6, name)
			if !ok {
				continue
			}
			if got := segment.ICMPName(v6, typ, code); got != name {
				t.Errorf("%s is %d/%d, which is %s", name, typ, code, got)
			}
		}
	}
	if _, _, ok := segment.ICMPType(false, "type-3-code-1"); ok {
		t.Error("type-3-code-1 has a name of its own: host-unreachable")
	}
	if _, _, ok := segment.ICMPType(false, "packet-too-big"); ok {
		t.Error("IPv4 has no packet-too-big")
	}
}

func TestNear(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"sned", "send"}, {"closed-port", "port-closed"}, {"SEND", "send"}, {"port-closde", "port-closed"},
		{"frobnicate", ""}, {"send", ""}, {"", ""},
	} {
		if got := segment.Near(c.word, "send", "recv", "port-closed"); got != c.want {
			t.Errorf("%q: got %q, want %q", c.word, got, c.want)
		}
	}
}

func TestIsName(t *testing.T) {
	for _, s := range []string{"a", "z", "a0", "a9", "a_b", "a-b", "server-2"} {
		if !segment.IsName(s) {
			t.Errorf("%q is no name", s)
		}
	}
	for _, s := range []string{"", "0a", "9", "-a", "_a", "A", "aB", "a.b", "a b", "ä", "aä", "a:", "a/"} {
		if segment.IsName(s) {
			t.Errorf("%q is a name", s)
		}
	}
}
