package report

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/internal/catalogue"
	"rstlab/internal/doctor"
	"rstlab/internal/play"
)

// analysis returns what an output writes of records.
func analysis(t *testing.T, format string, s Style, records ...analyzer.Record) string {
	t.Helper()
	var b bytes.Buffer
	out := NewAnalysis(format, &b, s)
	for _, r := range records {
		if err := out.Record(r); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// run returns what an output writes of a run.
func run(t *testing.T, format string, s Style, sum play.RunSummary, results ...*play.Result) string {
	t.Helper()
	var b bytes.Buffer
	out := NewRun(format, &b, s)
	for _, r := range results {
		if err := out.Result(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Summary(sum); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func same(t *testing.T, got, want string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

func TestTextAnalysisTellsWhoWhyHowSureAndByWhichFrames(t *testing.T) {
	got := analysis(t, "text", Style{}, refused(), &analyzer.Summary{Type: "summary", Files: 1, Packets: 2, Connections: 1, Resets: 1})
	same(t, got, `frame 2  192.0.2.2.80 reset 192.0.2.1.40001: port-closed (possible)
  that is    the SYN met a port on which nothing listens
  sender     the responder (likely)
  effect     accepted in SYN-SENT
  packets    * 1  -0.001000  192.0.2.1.40001 > 192.0.2.2.80: S seq 0 win 64240
             > 2  +0.000000  192.0.2.2.80 > 192.0.2.1.40001: R. seq 0 ack 1 win 0
  evidence   frame 1: SYN, sequence number 7
             frame 2: RST+ACK of that SYN
  excluded   abortive-close: there was no connection yet (frames 1 2)
  or         firewall-reject-syn by a middlebox (possible): no other packet of 192.0.2.2 to compare
             with
  seen       server.pcapng frame 3 too
  next       capture at 192.0.2.2 too

1 reset in 2 packets, 1 connection, 1 file: 1 port-closed
`)
}

func TestTextAnalysisOfSeveralFilesNamesThem(t *testing.T) {
	got := analysis(t, "text", Style{Files: true}, refused())
	for _, want := range []string{"client.pcapng frame 2  192", "evidence   frame 1: SYN", "seen       server.pcapng frame 3 too"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestTextAnalysisOfAForgedReset(t *testing.T) {
	got := analysis(t, "text", Style{}, forged())
	same(t, got, `frame 9  a middlebox reset 192.0.2.2.80 in the name of 192.0.2.1.40001: injected-reset (likely)
  that is    a device forged the reset in an endpoint's name while the real packets passed
  sender     a middlebox (possible); no SYN in the capture, so which end is which is assumed
  effect     challenged in ESTABLISHED
  packets    * 1  -0.001000  192.0.2.1.40001 > 192.0.2.2.80: S seq 0 win 64240
             > 2  +0.000000  192.0.2.2.80 > 192.0.2.1.40001: R. seq 0 ack 1 win 0
  details    hops 3
             text blocked\x1b[2J
  after      frame 8: injected-reset

`)
}

func TestTextAnalysisOfNothingDecided(t *testing.T) {
	v := refused()
	v.Sender, v.SenderStrength = analyzer.UndeterminedSender, cause.Undetermined
	v.Cause, v.Strength, v.Why = cause.NoCauseDecided, cause.Undetermined, "one-direction"
	got := analysis(t, "text", Style{}, v)
	want := "frame 2  192.0.2.1.40001 was reset in the name of 192.0.2.2.80: cause undetermined (one-direction)\n  that is    the capture does not tell\n  sender     undetermined\n"
	if !strings.HasPrefix(got, want) {
		t.Errorf("want first\n%sgot\n%s", want, got)
	}
}

func TestTextAnalysisWithoutResetsSaysSoWithItsLimits(t *testing.T) {
	got := analysis(t, "text", Style{}, &analyzer.Summary{Files: 2, Packets: 1, Limits: []string{"one direction only"}})
	same(t, got, "no reset in 1 packet, 0 connections, 2 files\nlimit: one direction only\n")
}

func TestTextAnalysisOfConnectionsAndFindings(t *testing.T) {
	got := analysis(t, "text", Style{},
		&analyzer.Connection{File: "a.pcap", Ref: refused().Connection, Outcome: "reset", Packets: [2]int{1, 1}, Resets: 1},
		&analyzer.Finding{Cause: cause.MiddleboxIdleTimeout, Count: 40, Pair: [2]string{"192.0.2.1", "192.0.2.2"},
			Frames: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}, Summary: "40 resets, each after 300s of silence"})
	same(t, got, `connection 0  192.0.2.1.40001 > 192.0.2.2.80: reset; from frame 1 on, 1 and 1 packets, 0 and 0 bytes, 1 reset
40 resets, each after 300s of silence
  that is    a NAT, balancer or firewall forgot an idle connection and reset it
  frames     1 2 3 4 5 6 7 8 9 10 11 12 and 28 more

`)
}

func TestTextRunShowsTheThreeWitnesses(t *testing.T) {
	got := run(t, "text", Style{}, play.RunSummary{Passed: 2, Failed: 1, Skipped: 1, Seconds: 5.2, Kernel: "6.18.44"},
		passed(), control(), failed(), skipped())
	same(t, got, `pass  port-closed                      0.12s
      script    port-closed by server
      kernel    NO_SOCKET at server
      analyzer  port-closed (possible) by the responder (likely) at client, server
      analyzer  port-closed (proven) by the responder (proven) at client+server
pass  graceful-close                   0.10s
      script    no reset
      kernel    its counters agree
      analyzer  no reset
FAIL  abortive-close                   5.00s
  abortive-close.scenario:14: no such packet
  	server.5000 > client.40001: R. seq 1
    script   abortive-close by server
    kernel   no reset sent by any host
    analyzer no reset in client.pcapng
skip  needs-root                       0.00s
      needs root of the machine, this run is rootless

failed: abortive-close

2 passed, 1 failed, 1 skipped
5.2 seconds on Linux 6.18.44
`)
}

// Counters tell of no single reset: that they agree is all that can be said.
func TestTextRunSaysNoMoreThanTheOracle(t *testing.T) {
	for oracle, want := range map[string]string{"trace": "kernel    no host's kernel sent it", "counters": "kernel    its counters agree", "none": "kernel    not asked"} {
		r := passed()
		r.Oracle = oracle
		for i := range r.Resets {
			r.Resets[i].Kernel = nil
		}
		if got := run(t, "text", Style{}, play.RunSummary{}, r); !strings.Contains(got, want) {
			t.Errorf("with %s: no %q in\n%s", oracle, want, got)
		}
	}
}

func TestColourOnlyWhereAsked(t *testing.T) {
	for _, color := range []bool{false, true} {
		got := analysis(t, "text", Style{Color: color}, refused()) +
			run(t, "text", Style{Color: color}, play.RunSummary{}, passed())
		if strings.Contains(got, "\x1b[") != color {
			t.Errorf("colour %v gives %q", color, got)
		}
	}
}

func TestListGroupsByFamily(t *testing.T) {
	var b bytes.Buffer
	out := NewList("text", &b, Style{})
	for _, s := range []catalogue.Scenario{
		{Name: "port-closed", Family: "connect", Summary: "Closed port."},
		{Name: "synack-bad-ack", Family: "connect", Summary: "Old duplicate."},
		{Name: "graceful-close", Family: "closing", Summary: "FIN."}} {
		if err := out.Scenario(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Cause(catalogue.Cause{ID: "port-closed", Family: "connect", Summary: "nothing listens"}); err != nil {
		t.Fatal(err)
	}
	same(t, b.String(), `scenarios, connect
  port-closed                    Closed port.
  synack-bad-ack                 Old duplicate.

scenarios, closing
  graceful-close                 FIN.

causes, connect
  port-closed                    nothing listens
`)
}

func TestExplainWrapsAndNamesTheScenarios(t *testing.T) {
	for _, c := range cause.Table() {
		var b bytes.Buffer
		if err := Explain(&b, Style{}, c, []string{"port-closed"}); err != nil {
			t.Fatal(err)
		}
		got := b.String()
		for _, want := range []string{string(c.ID), "rstlab run port-closed", "from both  " + c.Caps.TwoPoints.String()} {
			if !strings.Contains(got, want) {
				t.Errorf("explain %s: no %q in\n%s", c.ID, want, got)
			}
		}
		for line := range strings.Lines(got) {
			if len([]rune(line)) > 81 && strings.Contains(strings.TrimSpace(line), " ") {
				t.Errorf("explain %s: line of %d characters: %s", c.ID, len([]rune(line)), line)
			}
		}
	}
}

func TestDoctorSaysWhatFollows(t *testing.T) {
	for _, test := range []struct {
		status doctor.Status
		want   string
	}{
		{doctor.OK, "ok       lab               here\n\nscenarios run here\n"},
		{doctor.Broken, "broken   lab               here\n                           mend: do it\n\nscenarios can't run here; analyze, explain, list and fmt can\n"},
	} {
		c := doctor.Check{Name: "lab", Status: test.status, Found: "here"}
		if test.status == doctor.Broken {
			c.Mend = "do it"
		}
		var b bytes.Buffer
		if err := Doctor(&b, Style{}, []doctor.Check{c}); err != nil {
			t.Fatal(err)
		}
		same(t, b.String(), test.want)
	}
}

// A full disk or a closed pipe ends a command: no output may swallow it.
func TestErrorsOfTheWriterAreReturned(t *testing.T) {
	r, w := io.Pipe()
	r.Close()
	for _, format := range AnalysisFormats() {
		out := NewAnalysis(format, w, Style{})
		if err := errors.Join(out.Record(refused()), out.Record(&analyzer.Summary{})); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("analysis as %s: %v", format, err)
		}
	}
	for _, format := range RunFormats() {
		out := NewRun(format, w, Style{})
		if err := errors.Join(out.Result(passed()), out.Summary(play.RunSummary{})); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("run as %s: %v", format, err)
		}
	}
	for _, format := range ListFormats() {
		if err := NewList(format, w, Style{}).Cause(catalogue.Cause{}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("list as %s: %v", format, err)
		}
	}
}

func TestTextIsTheDefaultFormat(t *testing.T) {
	for _, words := range [][]string{AnalysisFormats(), RunFormats(), ListFormats()} {
		if words[0] != "text" || !slices.Contains(words, "jsonl") {
			t.Errorf("formats are %v, want text first and jsonl among them", words)
		}
	}
}
