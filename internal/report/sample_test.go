package report

import (
	"time"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/internal/play"
)

// at is when the samples' frames were captured.
var at = time.Date(2026, 11, 23, 10, 0, 0, 123456789, time.UTC)

// refused is a closed port, as one capture far from the server shows it.
func refused() *analyzer.Verdict {
	return &analyzer.Verdict{
		Type: "verdict", Schema: 1, File: "client.pcapng", Frame: 2, Time: at, Tap: "client",
		Connection: analyzer.ConnectionRef{ID: 0, Originator: "192.0.2.1:40001", Responder: "192.0.2.2:80",
			Roles: "seen", FirstFrame: 1, State: "SYN-SENT"},
		Sender: analyzer.Responder, SenderAddress: "192.0.2.2:80", SenderStrength: cause.Likely,
		Cause: cause.PortClosed, Strength: cause.Possible, Family: cause.Connect,
		Effect: analyzer.Accepted, Details: map[string]any{},
		Summary:      "nothing listens on port 80",
		Evidence:     []analyzer.Evidence{{Frame: 1, Fact: "SYN, sequence number 7"}, {Frame: 2, Fact: "RST+ACK of that SYN"}},
		Excluded:     []analyzer.Exclusion{{Cause: cause.AbortiveClose, Why: "there was no connection yet", Frames: []int{1, 2}}},
		Alternatives: []analyzer.Alternative{{Cause: cause.FirewallRejectSyn, Sender: analyzer.Middlebox, Strength: cause.Possible, Why: "no other packet of 192.0.2.2 to compare with"}},
		Seen:         []analyzer.Sighting{{File: "client.pcapng", Frame: 2}, {File: "server.pcapng", Frame: 3}},
		Next:         "capture at 192.0.2.2 too",
		Packets: []analyzer.Packet{
			{Frame: 1, Time: at.Add(-time.Millisecond), Tap: "client", From: analyzer.Originator, Marks: []string{"evidence", "excludes"},
				Segment: "192.0.2.1.40001 > 192.0.2.2.80: S seq 0 win 64240", Seq: 7, TTL: 64, ID: new(4099), Options: "<mss 1460>"},
			{Frame: 2, Time: at, Tap: "client", From: analyzer.Responder, Marks: []string{"reset", "evidence", "excludes"},
				Segment: "192.0.2.2.80 > 192.0.2.1.40001: R. seq 0 ack 1 win 0", Ack: 8, TTL: 64, ID: new(0)},
		},
	}
}

// forged is a reset from between, whose name and cause are uncertain in all
// ways that a record can say.
func forged() *analyzer.Verdict {
	v := refused()
	v.Frame, v.Sender, v.Cause, v.Strength = 9, analyzer.Middlebox, cause.InjectedReset, cause.Likely
	v.Connection.Roles, v.Connection.State, v.Effect = "assumed", "ESTABLISHED", analyzer.Challenged
	v.SenderAddress, v.SenderStrength = "192.0.2.1:40001", cause.Possible
	v.Details = map[string]any{"text": "blocked\x1b[2J", "hops": 3}
	v.Evidence, v.Excluded, v.Alternatives, v.Seen, v.Next = nil, nil, nil, nil, ""
	v.After = &analyzer.After{Frame: 8, Cause: cause.InjectedReset}
	v.Summary = ""
	return v
}

// passed is a closed port, refused once, judged at each end and from both.
func passed() *play.Result {
	both := refused()
	both.Strength, both.SenderStrength = cause.Proven, cause.Proven
	return &play.Result{Type: "scenario", Name: "port-closed", Family: "connect", Labels: []string{"seed"},
		Result: play.Pass, Seconds: 0.12, Oracle: "trace",
		Resets: []play.ResetResult{
			{Tap: "client", Frame: 2, Expected: play.Expected{Cause: "port-closed", By: "server"},
				Kernel: &play.KernelReset{Reason: "NO_SOCKET", Host: "server"}, Verdict: refused(), Agree: true},
			{Tap: "server", Frame: 2, Expected: play.Expected{Cause: "port-closed", By: "server"},
				Kernel: &play.KernelReset{Reason: "NO_SOCKET", Host: "server"}, Verdict: refused(), Agree: true},
			{Tap: "client+server", Frame: 2, Expected: play.Expected{Cause: "port-closed", By: "server"},
				Kernel: &play.KernelReset{Reason: "NO_SOCKET", Host: "server"}, Verdict: both, Agree: true},
		}}
}

func failed() *play.Result {
	return &play.Result{Type: "scenario", Name: "abortive-close", Family: "established",
		Result: play.Fail, Why: "abortive-close.scenario:14: no such packet", Seconds: 5, Oracle: "trace",
		Path: "abortive-close.scenario", Line: 14,
		Story: `abortive-close.scenario:14: no such packet
	server.5000 > client.40001: R. seq 1
  script   abortive-close by server
  kernel   no reset sent by any host
  analyzer no reset in client.pcapng
`}
}

func skipped() *play.Result {
	return &play.Result{Type: "scenario", Name: "needs-root", Result: play.Skip, Oracle: "counters",
		Why: "needs root of the machine, this run is rootless"}
}

func control() *play.Result {
	return &play.Result{Type: "scenario", Name: "graceful-close", Family: "closing", Result: play.Pass, Seconds: 0.1, Oracle: "counters"}
}
