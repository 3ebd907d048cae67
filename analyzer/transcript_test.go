package analyzer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rstlab/analyzer"
)

// shown writes a verdict's transcript, a line a packet.
func shown(v *analyzer.Verdict) string {
	var b strings.Builder
	for _, p := range v.Packets {
		_, seg, _ := strings.Cut(p.Segment, ": ")
		fmt.Fprintf(&b, "%d %s %s", p.Frame, p.From, seg)
		if len(p.Marks) > 0 {
			b.WriteString(" " + strings.Join(p.Marks, ","))
		}
		if p.File != "" {
			fmt.Fprintf(&b, " in %s", p.File)
		}
		for _, o := range p.Also {
			fmt.Fprintf(&b, " also %s:%d", o.File, o.Frame)
		}
		for _, name := range p.Missed {
			fmt.Fprintf(&b, " not at %s", name)
		}
		if p.Omitted > 0 {
			fmt.Fprintf(&b, " behind %d others", p.Omitted)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func transcriptIs(t *testing.T, v *analyzer.Verdict, want string) {
	t.Helper()
	if got := shown(v); got != strings.TrimLeft(want, "\n") {
		t.Errorf("got:\n%swant:%s", got, want)
	}
}

// only gives the one verdict of captures.
func only(t *testing.T, inputs ...analyzer.Input) *analyzer.Verdict {
	t.Helper()
	all, err := analyze(t, analyzer.Options{}, inputs...)
	if err != nil {
		t.Fatal(err)
	}
	keeps(t, schema(t), all)
	vs := pick[*analyzer.Verdict](all)
	if len(vs) != 1 {
		t.Fatalf("%d verdicts, want 1", len(vs))
	}
	return vs[0]
}

func TestTranscriptOfARefusal(t *testing.T) {
	v := only(t, input("c", capture(t, "eth0", refused)))
	transcriptIs(t, v, `
1 originator S seq 0 win 65535 evidence
2 responder R. seq 0 ack 1 win 0 reset,evidence
`)
	p := v.Packets[0]
	if p.Tap != "eth0" || p.TTL != 64 || p.ID == nil || p.Options != "<mss 1460>" || !p.Time.Before(v.Time) ||
		p.Segment != "192.0.2.1.1000 > 198.51.100.2.80: S seq 0 win 65535" {
		t.Errorf("the SYN is %+v", p)
	}
}

// Of a long transfer the handshake and what came right before the reset stand
// there, and how much lies between.
func TestTranscriptIsShort(t *testing.T) {
	text := "client.1000 > server.80: S\nserver.80 > client.1000: S.\nclient.1000 > server.80: .\n"
	for range 100 {
		text += "client.1000 > server.80: P. length 10\nserver.80 > client.1000: .\n"
	}
	text += "server.80 > client.1000: R. seq 1 ack 1001\nclient.1000 > server.80: P. length 10\nclient.1000 > server.80: P. length 10\n"
	v := only(t, input("c", capture(t, "", text)))
	if n := len(v.Packets); n > 16 {
		t.Errorf("%d packets", n)
	}
	all := 0
	for _, p := range v.Packets {
		all += 1 + p.Omitted
	}
	if all != 206 {
		t.Errorf("packets that are shown and omitted are %d, want 206:\n%s", all, shown(v))
	}
	if got := shown(v); !strings.HasPrefix(got, "1 originator S seq 0 ") || !strings.Contains(got, "\n204 responder R. seq 1 ack 1001 win 65535 reset,evidence") {
		t.Errorf("got:\n%s", got)
	}
}

// A packet of two points is told once, with both frames; one that never came by
// at the other point says so, and the points stand from the originator on.
func TestTranscriptOfTwoPoints(t *testing.T) {
	const opening = `
	client.1000 > server.80: S
	+%[1]s server.80 > client.1000: S.
	+%[2]s client.1000 > server.80: .
	client.1000 > server.80: P. length 100
`
	near := fmt.Sprintf(opening, "10ms", "10us") + `+3ms server.80 > client.1000: R. seq 1 ack 101 ttl=99`
	far := fmt.Sprintf(opening, "10us", "10ms") + `server.80 > client.1000: . seq 1 ack 101`
	v := only(t, input("far.pcap", capture(t, "", far)), input("near.pcap", capture(t, "", near)))
	if !slices.Equal(v.Points, []string{"near.pcap", "far.pcap"}) || v.Sender != analyzer.Middlebox {
		t.Errorf("points %v, sender %v", v.Points, v.Sender)
	}
	if got := shown(v); !strings.Contains(got, "responder R. seq 1 ack 101 win 65535 reset,evidence,excludes not at far.pcap\n") ||
		!strings.Contains(got, "originator P. seq 1:101 ack 1 win 65535 evidence,excludes also far.pcap:4") {
		t.Errorf("got:\n%s", got)
	}
}
