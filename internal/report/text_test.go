package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/internal/play"
)

func TestWrapBreaksAtSpaces(t *testing.T) {
	for _, test := range []struct {
		most int
		in   string
		want []string
	}{
		{10, "", []string{""}},
		{10, "just right", []string{"just right"}},
		{10, "one too many", []string{"one too", "many"}},
		{3, "unbreakable word", []string{"unbreakable", "word"}},
		{9, "two  spaces  stay", []string{"two ", "spaces ", "stay"}},
		{9, " indented text", []string{" indented", "text"}},
		{4, "äöü ßẞ", []string{"äöü", "ßẞ"}},
	} {
		if diff := cmp.Diff(test.want, wrap(test.in, test.most)); diff != "" {
			t.Errorf("%q at %d: want (-), got (+):\n%s", test.in, test.most, diff)
		}
	}
}

// Nothing is lost by a break, and no line that could be shorter is longer.
func TestWrapKeepsAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, most := rapid.StringMatching(`[a-zä ]{0,80}`).Draw(t, "text"), rapid.IntRange(1, 30).Draw(t, "width")
		lines := wrap(s, most)
		if joined := strings.Join(lines, " "); joined != s {
			t.Fatalf("%q became %q", s, joined)
		}
		for _, line := range lines {
			if utf8.RuneCountInString(line) > most && strings.Contains(strings.TrimLeft(line[:max(len(line)-1, 0)], " "), " ") {
				t.Fatalf("%q is longer than %d and could be broken", line, most)
			}
		}
	})
}

// On a terminal no line is longer than it; in a file the lines that programs
// look for stay whole.
func TestTextFitsItsReader(t *testing.T) {
	v := refused()
	v.Tunnel = "vlan 10, vxlan 42"
	v.Packets[1].Missed = []string{"server.pcapng", "middle.pcapng"}
	sum := &analyzer.Summary{Files: 1, Packets: 2, Connections: 1, Resets: 1, Limits: []string{strings.Repeat("one direction only ", 10)}}
	for _, width := range []int{60, 80, 132} {
		for line := range strings.Lines(analysis(t, "text", Style{Width: width}, v, sum)) {
			line = strings.TrimSuffix(line, "\n")
			if n := utf8.RuneCountInString(line); n > width {
				t.Errorf("at %d columns a line of %d: %q", width, n, line)
			}
		}
	}
	piped := analysis(t, "text", Style{}, v, sum)
	for _, want := range []string{
		"             > 2  +0.000000  192.0.2.2.80 > 192.0.2.1.40001: R. seq 0 ack 1 win 0  never at server.pcapng, middle.pcapng\n",
		"limit: " + sum.Limits[0] + "\n",
		headline(v) + "\n",
		"  tunnel     vlan 10, vxlan 42\n",
	} {
		if !strings.Contains(piped, want) {
			t.Errorf("in a pipe no %q in\n%s", want, piped)
		}
	}
}

func TestTranscriptMarksTheResetAndItsProofs(t *testing.T) {
	v := refused()
	v.Packets = []analyzer.Packet{
		{Frame: 8, Time: at.Add(-9600e6), Marks: []string{}, Segment: "a"},
		{Frame: 10, Time: at.Add(-1e6), Marks: []string{analyzer.MarkEvidence}, Segment: "b", Omitted: 1},
		{Frame: 12, Time: at, Marks: []string{analyzer.MarkReset, analyzer.MarkEvidence}, Segment: "c", Omitted: 2, Missed: []string{"server.pcapng"}},
		{File: "server.pcapng", Frame: 7, Time: at.Add(1e3), Marks: []string{analyzer.MarkExcludes}, Segment: "d"},
	}
	got := analysis(t, "text", Style{}, v)
	want := `  packets       8  -9.600000  a
                              ... 1 packet left out
             * 10  -0.001000  b
                              ... 2 packets left out
             > 12  +0.000000  c  never at server.pcapng
                7  +0.000001  d  in server.pcapng
`
	if !strings.Contains(got, want) {
		t.Errorf("no\n%sin\n%s", want, got)
	}
	if colored := analysis(t, "text", Style{Color: true}, v); !strings.Contains(colored, "\x1b[31m> 12  +0.000000  c") {
		t.Errorf("the reset has no colour in %q", colored)
	}
}

// A flood is counted, and does not bury what is of another kind.
func TestManyVerdictsThatAreAlikeAreCounted(t *testing.T) {
	var records []analyzer.Record
	for i := range 1000 {
		v := refused()
		v.Frame = 2 + i
		if i == 900 {
			v = forged() // of another kind: shown
			v.Frame = 2 + i
		}
		records = append(records, v)
	}
	for i := range 30 {
		records = append(records, &analyzer.Finding{Cause: cause.PortClosed, Count: 30 - i, Frames: []int{1}, Summary: fmt.Sprintf("group %d", i)})
	}
	records = append(records, &analyzer.Summary{Files: 1, Packets: 2000, Connections: 1000, Resets: 1000})
	for format, want := range map[string][]string{
		"text": {
			"frame 902  a middlebox reset ",
			"\nnot shown, each like some of those above\n" +
				"  more       979 of port-closed (possible) by the responder (likely), accepted: frames 22 23 24 25\n" +
				"             26 27 28 29 30 31 32 33 and 967 more\n",
			"\n10 groups like these, of fewer resets each, not shown\n\n" +
				"1000 resets in 2000 packets, 1000 connections, 1 file: 999 port-closed, 1 injected-reset\n",
		},
		"md": {
			"### frame 902: a middlebox reset ",
			"\n### Not shown, each like some of those above\n\n- 979 of port-closed (possible) by the responder (likely), accepted: frames 22 23 ",
			"\n- 10 groups of fewer resets each\n",
			"## 1000 resets in 2000 packets, 1000 connections, 1 file: 999 port-closed, 1 injected-reset\n",
		},
	} {
		got := analysis(t, format, Style{}, records...)
		if n := strings.Count(got, "port-closed (possible)"); n != mostShown+1 {
			t.Errorf("%s: %d verdicts of one kind are shown, want %d and the rest counted", format, n-1, mostShown)
		}
		if strings.Contains(got, "group 20") || !strings.Contains(got, "group 19") {
			t.Errorf("%s: want the %d groups of most resets", format, mostFindings)
		}
		for _, want := range want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in\n%s", format, want, got)
			}
		}
	}
}

// Of a verdict that is only counted, no output asks for more than the answer; where
// one shows it, it is wanted whole.
func TestBriefIsWhatNoOutputShows(t *testing.T) {
	for _, c := range []struct {
		formats []string
		brief   bool
	}{{[]string{"text"}, true}, {[]string{"md", "text"}, true}, {[]string{"text", "jsonl"}, false}, {[]string{"html"}, false}} {
		var out Analyses
		var b bytes.Buffer
		for _, format := range c.formats {
			out = append(out, NewAnalysis(format, &b, Style{}))
		}
		for i := range mostShown + 5 {
			v := refused()
			v.Frame = 100 + i
			if want := c.brief && i >= mostShown; out.Brief(v) != want {
				t.Errorf("%v: brief is %v for verdict %d", c.formats, !want, i+1)
			}
			if err := out.Record(v); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// What differs in how sure it is, in effect or in harm is not alike.
func TestVerdictsThatDifferAreAllShown(t *testing.T) {
	var records []analyzer.Record
	for i := range mostShown + 2*mostAlike {
		v := refused()
		v.Frame = 100 + i
		switch i - mostShown {
		case 0, 1:
			v.Effect = analyzer.Ignored
		case 2, 3:
			v.Benign = true
		}
		records = append(records, v)
	}
	got := analysis(t, "text", Style{}, append(records, &analyzer.Summary{Files: 1})...)
	for i := range records {
		if !strings.Contains(got, fmt.Sprintf("frame %d  ", 100+i)) {
			t.Errorf("frame %d is not shown", 100+i)
		}
	}
	if strings.Contains(got, "not shown") {
		t.Errorf("something is said to be not shown in\n%s", got)
	}
}

func TestRunFitsTheTerminal(t *testing.T) {
	r := passed()
	r.Resets[0].Tap = "client, and others whose names are long enough for two lines"
	got := run(t, "text", Style{Width: 60}, play.RunSummary{}, r)
	want := `      analyzer  port-closed (possible) by the responder
                (likely) at client, and others whose names
                are long enough for two lines, server
`
	if !strings.Contains(got, want) {
		t.Errorf("no\n%sin\n%s", want, got)
	}
}

func TestGuideFillsProseAndNothingElse(t *testing.T) {
	guide := "# A title that is longer than anything that would fit a line of so few columns\n\n" +
		"Prose of two\nlines, of which the second is longer than the terminal is wide.\n\n" +
		"- an item that goes on\n  and on in the next line, further than fits\n- next\n\n" +
		"```\na block that stays as long as it is, whatever the reader's terminal may be\n```\n\n" +
		"| a table | that stays as it is, too, and is longer than the terminal |\n"
	var b bytes.Buffer
	if err := Guide(&b, Style{Width: 40}, guide); err != nil {
		t.Fatal(err)
	}
	same(t, b.String(), `# A title that is longer than anything that would fit a line of so few columns

Prose of two lines, of which the second
is longer than the terminal is wide.

- an item that goes on and on in the
  next line, further than fits
- next

`+"```"+`
a block that stays as long as it is, whatever the reader's terminal may be
`+"```"+`

| a table | that stays as it is, too, and is longer than the terminal |
`)
}

// A loop before a mirror shows a reset ten thousand times; a report that named each
// would bury all else.
func TestFramesOfALoopAreCounted(t *testing.T) {
	v := refused()
	for n := range 10_000 {
		v.Seen = append(v.Seen, analyzer.Sighting{File: v.File, Frame: 100 + n})
	}
	for _, format := range AnalysisFormats() {
		if format == "jsonl" {
			continue // has all
		}
		var b bytes.Buffer
		out := NewAnalysis(format, &b, Style{})
		for _, r := range []analyzer.Record{v, &analyzer.Summary{Files: 1, Resets: 1}} {
			if err := out.Record(r); err != nil {
				t.Fatal(err)
			}
		}
		got := b.String()
		if !strings.Contains(got, "frame 110") || strings.Contains(got, "frame 111") || !strings.Contains(got, "9989 other frames") {
			t.Errorf("%s: want server.pcapng frame 3, frames 100 to 110, and 9989 others in\n%.4000s", format, got)
		}
	}
}
