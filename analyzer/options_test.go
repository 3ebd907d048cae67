package analyzer_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/analyzer/internal/transcript"
	"rstlab/internal/pcapng"
)

// rewrite gives a capture with each packet as change makes it; it may call
// write any number of times.
func rewrite(t *testing.T, b []byte, change func(p pcapng.Packet, write func(pcapng.Packet))) []byte {
	t.Helper()
	r, err := pcapng.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	var p pcapng.Packet
	err = r.Next(&p)
	w := pcapng.NewWriter(&out, r.Section())
	if _, err := w.AddInterface(r.Interfaces()[0]); err != nil {
		t.Fatal(err)
	}
	for ; err == nil; err = r.Next(&p) {
		change(p, func(p pcapng.Packet) {
			if err := w.WritePacket(&p); err != nil {
				t.Fatal(err)
			}
		})
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// relink gives the packets of a capture as those of another link type.
func relink(t *testing.T, b []byte, kind uint16) []byte {
	t.Helper()
	var out bytes.Buffer
	w := pcapng.NewWriter(&out, pcapng.Section{})
	if _, err := w.AddInterface(pcapng.Interface{LinkType: kind}); err != nil {
		t.Fatal(err)
	}
	rewrite(t, b, func(p pcapng.Packet, _ func(pcapng.Packet)) {
		if err := w.WritePacket(&p); err != nil {
			t.Fatal(err)
		}
	})
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func summary(t *testing.T, all []analyzer.Record) *analyzer.Summary {
	t.Helper()
	s := pick[*analyzer.Summary](all)
	if len(s) != 1 {
		t.Fatalf("%d summaries", len(s))
	}
	return s[0]
}

const talk = `
	client: id=100
	server: id=7000
	client.1000 > server.80: S
	+5ms server.80 > client.1000: S.
	client.1000 > server.80: .
	client.1000 > server.80: P. length 100
	+5ms server.80 > client.1000: P. length 200
	+5ms client.1000 > server.80: F.
	+5ms server.80 > client.1000: F.
	client.1000 > server.80: .`

// What a capture could not show is said, and nothing else.
func TestLimits(t *testing.T) {
	whole := capture(t, "", talk)
	n := 0
	drop := func(unwanted func(n int) bool) []byte {
		n = 0
		return rewrite(t, whole, func(p pcapng.Packet, write func(pcapng.Packet)) {
			if n++; !unwanted(n) {
				write(p)
			}
		})
	}
	far := netip.MustParseAddr("203.0.113.77")
	for _, test := range []struct {
		name    string
		capture []byte
		at      netip.Addr
		want    []string
	}{
		{"all of it", whole, netip.Addr{}, nil},
		{"a refused connection", capture(t, "", refused), netip.Addr{}, nil},
		{"an unanswered one", capture(t, "", "client.1000 > server.80: S\n+1s client.1000 > server.80: S seq 0"), netip.Addr{}, nil},
		{"no handshake", drop(func(n int) bool { return n <= 3 }), netip.Addr{}, []string{"no handshake: 1 of 1 connection began before the capture"}},
		{"one direction", drop(func(n int) bool { return n == 2 || n == 5 || n == 7 }), netip.Addr{}, []string{"one direction only of 1 of 1 connection"}},
		{"lost segments", drop(func(n int) bool { return n == 5 }), netip.Addr{},
			[]string{"segments are missing of 1 of 1 connection: the capture lost them, or they took another way"}},
		{"lost packets", rewrite(t, whole, func(p pcapng.Packet, write func(pcapng.Packet)) {
			p.Dropped = 2
			write(p)
		}), netip.Addr{}, []string{"16 packets were lost while capturing, as its packets tell"}},
		{"doubled", rewrite(t, whole, func(p pcapng.Packet, write func(pcapng.Packet)) {
			write(p)
			p.Time += 1000
			write(p)
		}), netip.Addr{}, []string{"8 packets doubled, by a mirror or around a router: counted once"}},
		{"cut", rewrite(t, whole, func(p pcapng.Packet, write func(pcapng.Packet)) {
			p.Data = p.Data[:min(len(p.Data), 80)]
			write(p)
		}), netip.Addr{}, []string{"2 segments cut by the snap length"}},
		{"cut before TCP", rewrite(t, whole, func(p pcapng.Packet, write func(pcapng.Packet)) {
			p.Data = p.Data[:40]
			write(p)
		}), netip.Addr{}, []string{"8 packets cut by the snap length before the TCP flags: not judged; capture with a larger one"}},
		{"unknown link", relink(t, whole, 147), netip.Addr{}, []string{"8 packets of a link type that is not decoded (147): not judged"}},
		{"disorder", rewrite(t, whole, func(p pcapng.Packet, write func(pcapng.Packet)) {
			if p.Frame == 5 {
				p.Time -= 4e6
			}
			write(p)
		}), netip.Addr{}, nil},
		{"more disorder", rewrite(t, whole, func(p pcapng.Packet, write func(pcapng.Packet)) {
			if p.Frame == 5 {
				p.Time -= 9e6
			}
			write(p)
		}), netip.Addr{}, []string{"stamps are out of order by up to 4ms"}},
		{"taken elsewhere", whole, far, []string{"no connection of 203.0.113.77, at which it was taken as told: is the address right?"}},
		{"taken at the server", whole, netip.MustParseAddr("198.51.100.2"), nil},
	} {
		in := input("a", test.capture)
		in.At = test.at
		all, err := analyze(t, analyzer.Options{}, in)
		if err != nil {
			t.Fatal(err)
		}
		keeps(t, schema(t), all)
		got := summary(t, all).Limits
		for i := range got {
			got[i] = strings.TrimPrefix(got[i], "a: ")
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: limits %q, want %q", test.name, got, test.want)
		}
	}
}

func TestLimitsTellOfDrops(t *testing.T) {
	var b bytes.Buffer
	w := pcapng.NewWriter(&b, pcapng.Section{})
	if _, err := w.AddInterface(pcapng.Interface{LinkType: pcapng.LinkEthernet}); err != nil {
		t.Fatal(err)
	}
	rewrite(t, capture(t, "", talk), func(p pcapng.Packet, _ func(pcapng.Packet)) {
		if err := w.WritePacket(&p); err != nil {
			t.Fatal(err)
		}
	})
	if err := w.WriteStats(0, transcript.Start.UnixNano(), pcapng.Stats{Dropped: pcapng.Count{N: 7, Known: true}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	all, err := analyze(t, analyzer.Options{}, input("a", b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := summary(t, all).Limits, []string{"a: 7 packets were lost while capturing"}; !slices.Equal(got, want) {
		t.Errorf("limits %q, want %q", got, want)
	}
}

// A connection that two points saw is one.
func TestConnectionsOfTwoPointsCountOnce(t *testing.T) {
	client := capture(t, "client", talk+"\nclient.1001 > server.80: S")
	server := capture(t, "server", talk+"\nother.1002 > server.80: S rawseq 4711")
	all, err := analyze(t, analyzer.Options{}, input("client", client), input("server", server))
	if err != nil {
		t.Fatal(err)
	}
	if s := summary(t, all); s.Connections != 3 || s.Packets != 18 || s.Files != 2 {
		t.Errorf("%d connections in %d packets of %d files, want 3 in 18 of 2", s.Connections, s.Packets, s.Files)
	}
}

// Told that the capture was taken where the reset left, the judge may be sure.
func TestAtProves(t *testing.T) {
	for at, want := range map[string][2]cause.Strength{
		"198.51.100.2": {cause.Likely, cause.Proven}, // its own filter answers alike
		"192.0.2.1":    {cause.Possible, cause.Possible},
	} {
		in := input("a", capture(t, "", refused))
		in.At = netip.MustParseAddr(at)
		all, err := analyze(t, analyzer.Options{}, in)
		if err != nil {
			t.Fatal(err)
		}
		v := pick[*analyzer.Verdict](all)[0]
		if v.Cause != cause.PortClosed || v.Strength != want[0] || v.SenderStrength != want[1] {
			t.Errorf("at %s: %s is %v, its sender %v; want %v", at, v.Cause, v.Strength, v.SenderStrength, want)
		}
	}
}

func TestBoundsFollowTheBegin(t *testing.T) {
	b := capture(t, "", refused+`
		+10s other.1001 > server.81: S
		server.81 > other.1001: R. seq 0 ack 1 win 0`)
	after := func(d time.Duration) analyzer.Moment {
		return func(begin time.Time) time.Time {
			if !begin.Equal(transcript.Start) {
				t.Errorf("begins %v, want %v", begin, transcript.Start)
			}
			return begin.Add(d)
		}
	}
	for _, test := range []struct {
		opts  analyzer.Options
		want  []int
		limit string
	}{
		{analyzer.Options{Since: after(5 * time.Second)}, []int{4}, "1 reset left out, as the choice of host, time or stream has it"},
		{analyzer.Options{Until: after(5 * time.Second)}, []int{2}, "1 reset left out, as the choice of host, time or stream has it"},
		{analyzer.Options{Since: after(0), Until: after(time.Minute)}, []int{2, 4}, ""},
		{analyzer.Options{Since: after(5 * time.Second), Until: after(time.Second)}, nil, "no time lies between 2026-11-23T10:00:05Z and 2026-11-23T10:00:01Z: nothing is told of"},
	} {
		all, err := analyze(t, test.opts, input("a", b))
		if err != nil {
			t.Fatal(err)
		}
		var frames []int
		for _, v := range pick[*analyzer.Verdict](all) {
			frames = append(frames, v.Frame)
		}
		if s := summary(t, all); !slices.Equal(frames, test.want) || test.limit == "" != (len(s.Limits) == 0) || test.limit != "" && !slices.Contains(s.Limits, test.limit) {
			t.Errorf("frames %v with the limits %q, want %v and %q", frames, s.Limits, test.want, test.limit)
		}
	}
}

// pausing is a connection that the server resets at its next packet after a
// pause, or does not.
func pausing(port int, pause string, dies bool) string {
	s := fmt.Sprintf(`
	+1s client.%[1]d > server.80: S
	+5ms server.80 > client.%[1]d: S.
	client.%[1]d > server.80: .
	client.%[1]d > server.80: P. length 100
	+5ms server.80 > client.%[1]d: P. length 200
	+5ms client.%[1]d > server.80: .
	+%[2]s client.%[1]d > server.80: P. length 100
`, port, pause)
	if dies {
		return s + fmt.Sprintf("+5ms server.80 > client.%d: R seq 201 win 0\n", port)
	}
	return s + fmt.Sprintf("+5ms server.80 > client.%[1]d: P. length 200\n+5ms client.%[1]d > server.80: .\n", port)
}

// What pauses killed and what pauses did not is the bracket of a timeout.
func TestFindingsBracketATimeout(t *testing.T) {
	dying := pausing(1000, "310s", true) + pausing(1001, "400s", true) + pausing(1002, "305s", true)
	for _, test := range []struct {
		more     string
		survived time.Duration
		want     string
	}{
		{"", 0, "after pauses of 5m5s to 6m40s; no shorter pause was seen that did no harm"},
		{pausing(1003, "290s", false), 290 * time.Second, "after pauses of 5m5s to 6m40s; pauses of up to 4m50s did no harm: a timeout lies between 4m50s and 5m5s"},
		{pausing(1003, "350s", false), 350 * time.Second, "after pauses of 5m5s to 6m40s; but pauses of up to 5m50s did no harm: it is not the pause alone"},
	} {
		all, err := analyze(t, analyzer.Options{}, input("a", capture(t, "", dying+test.more)))
		if err != nil {
			t.Fatal(err)
		}
		keeps(t, schema(t), all)
		fs := pick[*analyzer.Finding](all)
		if len(fs) != 1 {
			for _, v := range pick[*analyzer.Verdict](all) {
				t.Log(v.Summary)
			}
			t.Fatalf("%d findings, want 1", len(fs))
		}
		f := fs[0]
		if f.Count != 3 || f.File != "a" || len(f.Frames) != 3 || time.Duration(f.IdleSurvived).Round(time.Second) != test.survived || !strings.Contains(f.Summary, test.want) {
			t.Errorf("finding %+v, want %q", f, test.want)
		}
	}
}

// Frames count as Wireshark's do, to which a custom block is a frame, too.
func TestFramesCountCustomBlocks(t *testing.T) {
	b := capture(t, "", refused)
	last := 0 // where the last packet's block begins
	for at := 0; at < len(b); at += int(binary.LittleEndian.Uint32(b[at+4:])) {
		if binary.LittleEndian.Uint32(b[at:]) == 6 {
			last = at
		}
	}
	custom := []byte{0xad, 0x0b, 0, 0, 16, 0, 0, 0, 0xd9, 0x7e, 0, 0, 16, 0, 0, 0}
	all, err := analyze(t, analyzer.Options{}, input("a", slices.Concat(b[:last], custom, b[last:])))
	if err != nil {
		t.Fatal(err)
	}
	if vs := pick[*analyzer.Verdict](all); len(vs) != 1 || vs[0].Frame != 3 || vs[0].Evidence[0].Frame != 1 {
		t.Errorf("verdicts %+v, want one on frame 3", vs)
	}
}

// A service's resets are one finding, however many each connection gets; what
// one connection alone gets is none.
func TestFindingsCountConnections(t *testing.T) {
	one := "client.1000 > server.80: S\nserver.80 > client.1000: R. seq 0 ack 1 win 0\n" +
		strings.Repeat("+500ms client.1000 > server.80: S seq 0\nserver.80 > client.1000: R. seq 0 ack 1 win 0\n", 3)
	for text, want := range map[string]string{
		one: "",
		one + "+8500ms " + strings.ReplaceAll(one, "1000", "1001") + "+8500ms " + strings.ReplaceAll(one, "1000", "1002"): "12 resets on 3 connections in the name of 198.51.100.2:80 towards 192.0.2.1: port-closed, one every 10s",
	} {
		all, err := analyze(t, analyzer.Options{}, input("a", capture(t, "", text)))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, f := range pick[*analyzer.Finding](all) {
			got += f.Summary
		}
		if got != want {
			t.Errorf("findings %q, want %q", got, want)
		}
	}
}

// A brief verdict has the answer, and nothing of what it stands on.
func TestBrief(t *testing.T) {
	c := capture(t, "client", refused)
	whole := only(t, input("a.pcapng", c))
	all, err := analyze(t, analyzer.Options{Brief: func(v *analyzer.Verdict) bool { return v.Cause == cause.PortClosed }}, input("a.pcapng", c))
	if err != nil {
		t.Fatal(err)
	}
	v := pick[*analyzer.Verdict](all)[0]
	if v.Cause != whole.Cause || v.Strength != whole.Strength || v.Sender != whole.Sender || v.Effect != whole.Effect || v.Frame != whole.Frame || v.File != whole.File {
		t.Errorf("brief: %+v, want the answer of %+v", v, whole)
	}
	if len(whole.Packets) == 0 || v.Packets != nil || v.Evidence != nil {
		t.Errorf("%d packets, %d facts, want none", len(v.Packets), len(v.Evidence))
	}
}

// A capture and a copy of it, in another format or a part of it, are told as such.
func TestCopyIsTold(t *testing.T) {
	whole := capture(t, "", talk)
	part := rewrite(t, whole, func(p pcapng.Packet, write func(pcapng.Packet)) {
		if p.Frame%2 == 1 {
			p.Time = p.Time / 1e3 * 1e3
			write(p)
		}
	})
	all, err := analyze(t, analyzer.Options{}, input("whole", whole), input("part", part))
	if err != nil {
		t.Fatal(err)
	}
	const want = "whole and part show the same packets with no time between them: one is a copy or a part of the other, or both were made at one place; they are judged as one point"
	if got := summary(t, all).Limits; !slices.Contains(got, want) {
		t.Errorf("limits %q, want %q", got, want)
	}
}
