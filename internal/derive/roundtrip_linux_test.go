package derive

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"rstlab/internal/play"
	"rstlab/internal/script"
	"rstlab/lab"
	"rstlab/scenarios"
)

func TestMain(m *testing.M) { lab.Main(m) }

var whole = flag.Bool("catalogue", false, "take the round trip with the whole catalogue, not with a few scenarios of each kind")

// few are scenarios of each kind that do not take long.
var few = []string{
	"port-closed", "port-closed-ipv6", "firewall-reject", "backlog-overflow", "listener-closed", "smb-dual-port", "synack-bad-timestamp",
	"syn-on-half-open", "handshake-ack-wrong-number-ipv6", "syn-sent-abort-cancelled",
	"abortive-close", "close-unread-data", "http-413-unread-body", "abortive-close-after-loss",
	"keepalive-race", "time-wait-reuse-bad-isn", "close-wait-leak-port-reuse", "late-segment",
	"five-retransmits-acks-lost", "injected-reset-client-only", "injected-reset-and-fin", "inline-policy-payload", "rewritten-reset",
	"evasion-low-ttl",
}

// beyond are scenarios of which a capture is not reproduced, and why.
var beyond = map[string]string{
	"nat-bypass-hairpin": "the SYN that the client's capture shows was another connection's",
}

// most is how much of the catalogue may lie beyond.
const most = 0.05

// A scenario is played, and from the capture of each of its taps another one is
// made, played and compared: the same packets and the same verdicts. The file
// that comes out passes when it is played by itself.
func TestRoundTrip(t *testing.T) {
	if err := lab.Available(); err != nil {
		t.Skip(err)
	}
	files, err := scenarios.All()
	if err != nil {
		t.Fatal(err)
	}
	if !*whole {
		files = slices.DeleteFunc(files, func(f *script.File) bool { return !slices.Contains(few, f.Name) })
		if len(files) != len(few) {
			t.Errorf("%d of the scenarios are there, want %d", len(files), len(few))
		}
	}
	dir := t.TempDir()
	_, err = play.Run(t.Context(), files, play.Options{Jobs: atOnce, Save: dir}, func(r *play.Result) {
		if r.Result == play.Fail {
			t.Errorf("%s: %s", r.Name, r.Why)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	trips := tripsFrom(t, dir, files)
	var wg sync.WaitGroup
	var missed, open atomic.Int32
	next := make(chan trip)
	for range atOnce {
		wg.Go(func() {
			for trip := range next {
				why := roundTrip(t, trip.path, trip.stream)
				switch reason := beyond[trip.scenario]; {
				case why == "":
				case why == nothingToPlay:
					open.Add(1)
				case reason != "":
					missed.Add(1)
					t.Logf("%s: %s: %s", trip, reason, why)
				default:
					t.Errorf("%s: %s", trip, why)
				}
			}
		})
	}
	for _, trip := range trips {
		next <- trip
	}
	close(next)
	wg.Wait()
	n := missed.Load()
	t.Logf("%d connections in captures, %d beyond, %d undetermined, of which nothing can be played", len(trips), n, open.Load())
	if float64(n) > most*float64(len(trips)) {
		t.Errorf("%d of %d are beyond, at most %.0f %% may be", n, len(trips), 100*most)
	}
}

// atOnce is how many trips are under way: they wait more than they compute.
const atOnce = 4

// A trip is one connection of one capture.
type trip struct {
	scenario, path string
	stream         int // as Options take it
}

func (t trip) String() string {
	return fmt.Sprintf("%s/%s, connection %d", t.scenario, filepath.Base(t.path), t.stream-1)
}

// tripsFrom lists the connections with resets in the captures of the scenarios.
func tripsFrom(t *testing.T, dir string, files []*script.File) []trip {
	t.Helper()
	var trips []trip
	for _, f := range files {
		captures, err := filepath.Glob(filepath.Join(dir, f.Name, "*.pcapng"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range captures {
			for _, n := range streams(t, path) {
				trips = append(trips, trip{scenario: f.Name, path: path, stream: n})
			}
		}
	}
	return trips
}

func fileInput(path string) Input {
	return Input{Name: path, Open: func() (io.ReadCloser, error) { return os.Open(path) }}
}

// streams are the connections of a capture that were reset, by the number that
// Options take; of a crowd the first and the last.
func streams(t *testing.T, path string) []int {
	t.Helper()
	_, err := Read(t.Context(), []Input{fileInput(path)}, Options{})
	var choice *ChoiceError
	switch {
	case err == nil:
		return []int{0}
	case !errors.As(err, &choice):
		t.Fatal(err)
	}
	var all []int
	for _, c := range choice.Choices {
		all = append(all, c.Stream+1)
	}
	if len(all) > 3 {
		all = []int{all[0], all[len(all)-1]}
	}
	return all
}

// nothingToPlay is the answer to a capture that leaves everything open.
const nothingToPlay = "nothing to play"

// roundTrip reproduces a connection of a capture and says what went wrong. The
// payload is kept: some verdicts rest upon it.
func roundTrip(t *testing.T, path string, stream int) string {
	t.Helper()
	trouble, err := Read(t.Context(), []Input{fileInput(path)}, Options{Stream: stream, KeepPayload: true})
	if err != nil {
		return err.Error()
	}
	r := &reproduction{t: trouble}
	out, err := r.best(t.Context(), "trip", variant{})
	var undetermined *UndeterminedError
	switch {
	case errors.As(err, &undetermined):
		return nothingToPlay // and it says so
	case err != nil:
		return err.Error()
	case !out.Reproduced():
		return told(out)
	}
	if why := playedAlone(t.Context(), out.Scenario.File); why != "" {
		return fmt.Sprintf("played by itself: %s\n%s", why, out.Scenario.Text)
	}
	return ""
}

// told is all that there is to say of an outcome.
func told(out *Outcome) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", out.Line(), out.Scenario.Text)
	if err := out.Write(&b); err != nil {
		return err.Error()
	}
	return b.String()
}

// playedAlone says why a scenario fails when it is played by itself.
func playedAlone(ctx context.Context, f *script.File) string {
	var why string
	dir, err := os.MkdirTemp("", "rstlab-trip-")
	if err != nil {
		return err.Error()
	}
	defer os.RemoveAll(dir)
	_, err = play.Run(ctx, []*script.File{f}, play.Options{Save: dir}, func(r *play.Result) {
		if r.Result != play.Pass {
			why = r.Story
		}
	})
	if err != nil {
		return err.Error()
	}
	return why
}

// Two captures of one trouble are one story, in which both taps show what they
// showed.
func TestTwoCaptures(t *testing.T) {
	if err := lab.Available(); err != nil {
		t.Skip(err)
	}
	files, err := scenarios.All()
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"abortive-close", "five-retransmits-acks-lost", "injected-reset-both-ends", "firewall-reject-two-taps", "rewritten-reset", "retransmission-timeout-ipv6"}
	files = slices.DeleteFunc(files, func(f *script.File) bool { return !slices.Contains(names, f.Name) })
	dir := t.TempDir()
	if _, err := play.Run(t.Context(), files, play.Options{Jobs: 4, Save: dir}, func(*play.Result) {}); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			both := []Input{fileInput(filepath.Join(dir, name, "client.pcapng")), fileInput(filepath.Join(dir, name, "server.pcapng"))}
			trouble, err := Read(t.Context(), both, Options{})
			if err != nil {
				t.Fatal(err)
			}
			out, err := trouble.Reproduce(t.Context(), "both")
			if err != nil {
				t.Fatal(err)
			}
			if !out.Reproduced() {
				t.Error(told(out))
			}
		})
	}
}

// What the second capture did not run for, it can't have missed.
func TestSecondCaptureBeginsLate(t *testing.T) {
	if err := lab.Available(); err != nil {
		t.Skip(err)
	}
	client := input(t, "client.pcapng", `
		client.40001 > server.80: S  seq 0 <mss 1460> id=1
		+20ms server.80 > client.40001: S. seq 0 ack 1 <mss 1460> id=0 ttl=52
		client.40001 > server.80: .  ack 1 id=2
		client.40001 > server.80: P. seq 1:101 ack 1 id=3
		+20ms server.80 > client.40001: .  ack 101 id=1 ttl=52
		+20ms server.80 > client.40001: R. seq 1 ack 101 id=2 ttl=52`)
	server := input(t, "server.pcapng", `
		+10ms client.40001 > server.80: P. seq 1:101 ack 1 id=3 ttl=52
		server.80 > client.40001: .  ack 101 id=1
		+20ms server.80 > client.40001: R. seq 1 ack 101 id=2`)
	lateClient := input(t, "client.pcapng", `
		client.40001 > server.80: P. seq 1:101 ack 1 id=3
		+20ms server.80 > client.40001: .  ack 101 id=1 ttl=52
		+20ms server.80 > client.40001: R. seq 1 ack 101 id=2 ttl=52`)
	earlyServer := input(t, "server.pcapng", `
		client.40001 > server.80: S  seq 0 <mss 1460> id=1 ttl=52
		server.80 > client.40001: S. seq 0 ack 1 <mss 1460> id=0
		+20ms client.40001 > server.80: .  ack 1 id=2 ttl=52
		client.40001 > server.80: P. seq 1:101 ack 1 id=3 ttl=52
		server.80 > client.40001: .  ack 101 id=1
		+20ms server.80 > client.40001: R. seq 1 ack 101 id=2`)
	for _, test := range []struct {
		both []Input
		want string
	}{
		{[]Input{client, server}, "seen at the first point only"}, {[]Input{server, client}, "seen at the first point only"},
		{[]Input{lateClient, earlyServer}, "seen at the second point only"},
	} {
		trouble, err := Read(t.Context(), test.both, Options{})
		if err != nil {
			t.Fatal(err)
		}
		out, err := trouble.Reproduce(t.Context(), "late")
		if err != nil {
			t.Fatal(err)
		}
		if !out.Reproduced() || !strings.Contains(told(out), test.want+", for the other one had not begun") {
			t.Error(told(out))
		}
	}
}

// What a capture leaves open, the replay of the others shows as open.
func TestAlternatives(t *testing.T) {
	if err := lab.Available(); err != nil {
		t.Skip(err)
	}
	trouble, err := Read(t.Context(), []Input{input(t, "trouble.pcapng", handshakeList+`
		client.40001 > server.80: P. seq 1:101 ack 1
		+20ms server.80 > client.40001: .  ack 101 ttl=52
		+20ms server.80 > client.40001: R. seq 1 ack 101 ttl=52 id=3`)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := trouble.Reproduce(t.Context(), "trouble")
	if err != nil {
		t.Fatal(err)
	}
	const same = "abortive-close by the responder"
	if !out.Reproduced() || !strings.HasPrefix(out.Line(), "reproduced; the same packets come of ") || !strings.Contains(out.Line(), same) {
		t.Errorf("line %q, want it reproduced, and %s", out.Line(), same)
	}
	var b strings.Builder
	if err := out.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"=     6  server.80 > client.40001: R. seq 1 ack 101",
		"verdict    frame 6: close-unread-data (possible) by responder (",
		"or         ",
		"compared   ",
		"\n" + out.Line() + "\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// A capture that no kernel and no script can have made so is not called
// reproduced: here the wait is the evidence, and it was shortened.
func TestNotReproduced(t *testing.T) {
	if err := lab.Available(); err != nil {
		t.Skip(err)
	}
	trouble, err := Read(t.Context(), []Input{input(t, "idle.pcapng", handshakeList+`
		+900s client.40001 > server.80: P. seq 1:101 ack 1
		+20ms server.80 > client.40001: R seq 1 win 0 id=0 ttl=52`)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := trouble.Reproduce(t.Context(), "idle")
	if err != nil {
		t.Fatal(err)
	}
	if out.Reproduced() || !strings.HasPrefix(out.Line(), "reproduced except frame 5 is half-open") {
		t.Errorf("line %q", out.Line())
	}
}
