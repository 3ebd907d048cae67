package play_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rstlab/internal/play"
	"rstlab/internal/script"
	"rstlab/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

const twoHosts = `# A test.
host client
host server
link client server

`

// run plays one scenario and returns its result.
func run(t *testing.T, src string, o play.Options) *play.Result {
	t.Helper()
	if err := lab.Available(); err != nil {
		t.Skip(err)
	}
	f, err := script.Parse("test.scenario", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	if o.Save == "" {
		o.Save = t.TempDir()
	}
	var result *play.Result
	if _, err := play.Run(t.Context(), []*script.File{f}, o, func(r *play.Result) { result = r }); err != nil {
		t.Fatal(err)
	}
	return result
}

// stamps are what differs from run to run in a story.
var stamps = regexp.MustCompile(`\+\d+\.\d{3}s|win \d+`)

func TestStoryOfMissingPacket(t *testing.T) {
	r := run(t, twoHosts+`server.5000 listen
client.40001 connect server.5000 = ok
server.5000 accept
server.5000 close
server.5000 > client.40001: R. seq 1 ack 1 within 100ms
    => abortive-close by server
`, play.Options{})
	if r.Result != play.Fail || r.Why != "test.scenario:10: no such packet within 100ms at tap client" {
		t.Errorf("result %s, why %q", r.Result, r.Why)
	}
	want := `test.scenario:10: no such packet within 100ms at tap client
        server.5000 > client.40001: R. seq 1 ack 1 within 100ms
  came instead, server to client:
        server.5000 > client.40001: S. seq 0 ack 1 # frame 2, #
        server.5000 > client.40001: F. seq 1 ack 1 # frame 4, #
  script   abortive-close by server
  kernel   no reset sent by any host
  analyzer no reset in client.pcapng, server.pcapng
  captures kept in #; run again: rstlab run test.scenario
`
	got := regexp.MustCompile(` +frame`).ReplaceAllString(stamps.ReplaceAllString(r.Story, "#"), " frame")
	got = strings.ReplaceAll(got, filepath.Dir(r.Captures[0])+"/", "#")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Each of these scenarios tells something that is not so, or leaves out
// something that is.
func TestWrongScenariosFail(t *testing.T) {
	refused := twoHosts + "client connect server.80 = ECONNREFUSED\n"
	abort := twoHosts + `server.80 listen
client.40001 connect server.80 = ok
server.80 accept
`
	for _, test := range []struct {
		name, src string
		why       string // of the trace, and behind "|" of the counters alone
	}{
		{"reset without a line", refused + "client > server.80: S\nno reset\n", "a reset that no line accounts for"},
		{"wrong result", twoHosts + "client connect server.80 = ok\nno reset\n", "gave ECONNREFUSED, want ok"},
		{"host that does not forward", "host a\nhost b\nhost c\nlink a b\nlink b c\na connect c.80 = ECONNREFUSED\nno reset\n", "gave ENETUNREACH, want ECONNREFUSED: no route leads there; a host in between needs forward=yes"},
		{"unwritten error", twoHosts + "client connect server.80\nno reset\n", "gave ECONNREFUSED; an error must be written"},
		{"wrong sender", refused + "server.80 > client: R. seq 0 ack 1\n    => port-closed by client\n", "the kernel of server sent this reset (NO_SOCKET), not client|the kernel of server counted 1 of TcpOutRsts (resets sent), the script has 0 by it"},
		{"stack's reset under a filter's cause", refused + "server.80 > client: R. seq 0 ack 1\n    => firewall-reject-syn by server\n", "the kernel of server says NO_SOCKET, so its stack sent this reset; with firewall-reject-syn no stack does|the verdict is port-closed (possible)"},
		{"wrong cause", refused + "server.80 > client: R. seq 0 ack 1\n    => abortive-close by server\n", "the kernel of server says NO_SOCKET; abortive-close wants one of|the verdict is port-closed (possible)"},
		{"surer than the capture", refused + "server.80 > client: R. seq 0 ack 1\n    => port-closed by server\n    seen as proven port-closed by server\n", "want proven"},
		{"too many packets", abort + "client.40001 send 10\nserver.80 recv = 10\nclient.40001 > server.80: P. seq 1:11 x2 within 100ms\nno reset\n", "1 of 2 such packets within 100ms"},
		{"packet that must not pass", abort + "! client.40001 > server.80: P.\nclient.40001 send 10\nserver.80 recv = 10\nno reset\n", "forbidden packet at tap server"},
		{"no end", abort + "client.40001 recv = EOF within 100ms\nno reset\n", "no result within 100ms"},
		{"program from a stranger", twoHosts + "client exec \"true\" = exit 0\nno reset\n", "only with --allow-exec"},
		{"program that fails", twoHosts + "client exec \"false\" = exit 0\nno reset\n", "gave exit 1, want exit 0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, test.src, play.Options{AllowExec: test.name == "program that fails"})
			why, other, has := strings.Cut(test.why, "|")
			if has && r.Oracle == "counters" {
				why = other
			}
			if r.Result != play.Fail || !strings.Contains(r.Story, why) {
				t.Errorf("result %s, want a failure with %q:\n%s", r.Result, why, r.Story)
			}
		})
	}
}

// A SYN that is answered late is sent again, and the verdict may name the second
// as evidence where a line has the first.
func TestEvidenceMayBeRepeated(t *testing.T) {
	r := run(t, `# A test.
host client
peer server
link client server

client.40001 connect server.80 = ECONNREFUSED
client.40001 > server.80: S                  as syn
client.40001 > server.80: S                  as again
server.80 > client.40001: R. seq 0 ack 1
    => port-closed by server (syn again)
    seen as possible port-closed or firewall-reject-syn
`, play.Options{})
	if r.Result != play.Pass {
		t.Errorf("result %s:\n%s", r.Result, r.Story)
	}
}

// Of equal packets that a line each sends, the first is the first line's.
func TestEqualSentPacketsInOrder(t *testing.T) {
	r := run(t, `# A test.
peer client
peer server
link client server

client.40001 > server.80: S  <mss 1460>
server.80 > client.40001: S. <mss 1460>
client.40001 > server.80: .
client.40001 > server.80: P. seq 1:101
server.80 > client.40001: .  ack 101
client.40001 > server.80: F. seq 101 ack 1
server.80 > client.40001: P. seq 1:32 ack 101
server.80 > client.40001: F. seq 32 ack 101
server.80 > client.40001: .  ack 102
server.80 > client.40001: .  ack 102 @client
client.40001 > server.80: R  seq 101 win 0 id=0
    => data-after-close by client
client.40001 > server.80: R  seq 101 win 0 id=0
    => secondary-reset by client
client.40001 > server.80: R  seq 102 win 0 id=0
    => secondary-reset by client
`, play.Options{})
	if r.Result != play.Pass {
		t.Errorf("result %s:\n%s", r.Result, r.Story)
	}
}

func TestProgramRunsInside(t *testing.T) {
	r := run(t, twoHosts+"client exec \"sh -c 'exit 7'\" = exit 7\nclient exec \"grep -q server /etc/hosts\" = exit 0\nno reset\n", play.Options{AllowExec: true})
	if r.Result != play.Pass {
		t.Error(r.Story)
	}
}

// Whatever a program does, its failure tells how it ended and what it printed
// last, and whether another line's failure is its doing. Two say by a connection
// how far they are: the others are waited for.
func TestStoryOfProgram(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip(err)
	}
	for _, test := range []struct {
		name, src string
		want      []string // a line or a part of one each, in this order
	}{
		{"server that can't start", "client.81 listen\nserver exec \"bash -c 'exec 3<>/dev/tcp/client/81; echo address in use; exit 3'\"\nclient.81 accept\nclient.81 recv = EOF\nserver.80 state = LISTEN within 300ms\nno reset\n", []string{
			"test.scenario:10: not within 300ms: host server: wait for 192.0.2.2:80 in state LISTEN: it is CLOSED, and nothing listens on this host\n",
			"echo address in use; exit 3' at server: gave exit 3\n           address in use\n  script ",
		}},
		{"server that runs", "client.81 listen\nserver exec \"bash -c 'echo up >&2; exec 3<>/dev/tcp/client/81; exec sleep 1000'\" as first\nclient.81 accept\nserver exec \"sleep 1000\"\nserver.80 state = LISTEN within 300ms\nno reset\n", []string{
			"at server: runs\n           up\n  program  sleep 1000 at server: runs\n",
		}},
		{"killed", "client exec \"sh -c 'echo so far; kill -9 $$'\" = exit 0\nno reset\n", []string{
			"test.scenario:6: a signal ended it (killed), want exit 0\n", "  seen:\n        so far\n  script ",
		}},
		{"talkative", "client exec \"sh -c 'yes abcdefg | head -c 8000000; echo the reason; exit 4'\" = exit 0\nno reset\n", []string{
			"gave exit 4, want exit 0", "  seen:\n        (", " bytes before)\n        abcdefg\n", "        the reason\n  script ",
		}},
		{"not there", "client exec \"./no-such-program\" = exit 0\nno reset\n", []string{"no such file or directory; paths count from /"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, twoHosts+test.src, play.Options{AllowExec: true})
			if r.Result != play.Fail || len(r.Story) > 4000 {
				t.Errorf("result %s, %d bytes of story", r.Result, len(r.Story))
			}
			rest := r.Story
			for _, part := range test.want {
				_, behind, found := strings.Cut(rest, part)
				if !found {
					t.Fatalf("no %q in\n%s", part, r.Story)
				}
				rest = behind
			}
			if !strings.Contains(r.Story, "run again: rstlab run --allow-exec test.scenario\n") {
				t.Errorf("it can't be run again as it says:\n%s", r.Story)
			}
		})
	}
}

// A program has ended when it has, though what it started in the background goes
// on printing.
func TestProgramGoesToTheBackground(t *testing.T) {
	r := run(t, twoHosts+`server exec "sh -c 'sleep 1000 & exit 7'" = exit 7
no reset
`, play.Options{AllowExec: true})
	if r.Result != play.Pass {
		t.Error(r.Story)
	}
}

// Where no reset is claimed, a row of them is one failure at each tap, at the line
// that claims it, and the first's verdict.
func TestStoryOfUnclaimedResets(t *testing.T) {
	r := run(t, twoHosts+`server.80 listen
client.40001 connect server.80 = ok
server.80 accept
server.80 close
client.40001 recv = EOF
server.80 > client.40001: F. seq 1
client.40001 send 3000
client.40001 state = CLOSED
no reset
`, play.Options{})
	const line = "test.scenario:14: "
	if n := strings.Count(r.Story, line); r.Result != play.Fail || n != 4 {
		t.Errorf("result %s, %d failures, want two at each of two taps:\n%s", r.Result, n, r.Story)
	}
	for _, part := range []string{line + "3 resets that no line accounts for at tap client\n        no reset\n  seen:\n", line + "no reset is claimed, but the analyzer judges frame "} {
		if !strings.Contains(r.Story, part) {
			t.Errorf("no %q in\n%s", part, r.Story)
		}
	}
}

// The listener is a program's, so no line of the script has made it.
func TestListenOfAProgram(t *testing.T) {
	if _, err := exec.LookPath("perl"); err != nil {
		t.Skip(err)
	}
	const serve = `server exec "perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 1, LocalPort => 80) or die; sleep'"`
	r := run(t, twoHosts+serve+"\nserver.80 state = LISTEN\nclient connect server.80 = ok\nno reset\n", play.Options{AllowExec: true})
	if r.Result != play.Pass {
		t.Error(r.Story)
	}
}

// A connection with a name of its own is closed under that of its port, too.
func TestCloseByName(t *testing.T) {
	r := run(t, twoHosts+`server.80 listen
client.40001 connect server.80 = ok
server.80 accept as c1
server.c1 close
client.40001 recv = EOF
client.40001 close
server.80 close
client.40002 connect server.80 = ECONNREFUSED
server.80 > client.40002: R. seq 0 ack 1
    => port-closed by server
    seen as possible listener-backlog-full or port-closed
`, play.Options{})
	if r.Result != play.Pass {
		t.Error(r.Story)
	}
}

func TestSkipNamesWhatIsMissing(t *testing.T) {
	r := run(t, "requires kernel>=99.1\n"+twoHosts+"client connect server.80 = ECONNREFUSED\nno reset\n", play.Options{})
	if r.Result != play.Skip || !strings.Contains(r.Why, "needs kernel>=99.1, this is ") {
		t.Errorf("result %s, why %q", r.Result, r.Why)
	}
}

// Who wants the captures in memory finds them there, of failures too, and no file.
func TestMemoryKeepsCaptures(t *testing.T) {
	t.Chdir(t.TempDir())
	f, err := script.Parse("test.scenario", []byte(twoHosts+"client connect server.80 = ok\nno reset\n"))
	if err != nil {
		t.Fatal(err)
	}
	var r *play.Result
	if err := lab.Available(); err != nil {
		t.Skip(err)
	}
	if _, err := play.Run(t.Context(), []*script.File{f}, play.Options{Memory: true}, func(got *play.Result) { r = got }); err != nil {
		t.Fatal(err)
	}
	if r.Result != play.Fail || r.Recording == nil || len(r.Recording.Captures) != 2 || len(r.Recording.Captures[0].Data) == 0 {
		t.Errorf("result %s, recording %+v", r.Result, r.Recording)
	}
	if files, _ := filepath.Glob("*"); len(files) != 0 {
		t.Errorf("files %v", files)
	}
}

func TestSaveKeepsCaptures(t *testing.T) {
	dir := t.TempDir()
	r := run(t, twoHosts+"server.80 listen\nclient.40001 connect server.80 = ok\nno reset\n", play.Options{Save: dir})
	if r.Result != play.Pass || len(r.Captures) != 2 {
		t.Fatalf("result %s, captures %v\n%s", r.Result, r.Captures, r.Story)
	}
	for _, name := range []string{"client", "server"} {
		if _, err := os.Stat(filepath.Join(dir, "test", name+".pcapng")); err != nil {
			t.Error(err)
		}
	}
}

// What is played again, and files of one name, keep their captures apart.
func TestSaveKeepsCapturesApart(t *testing.T) {
	if err := lab.Available(); err != nil {
		t.Skip(err)
	}
	var files []*script.File
	for _, path := range []string{"a/quiet.scenario", "b/quiet.scenario", "quiet-2.scenario"} {
		f, err := script.Parse(path, []byte(twoHosts+"no reset\n"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	dir := t.TempDir()
	seen := map[string]bool{}
	_, err := play.Run(t.Context(), files, play.Options{Save: dir, Repeat: 2, Jobs: 4}, func(r *play.Result) {
		for _, name := range r.Captures {
			if _, err := os.Stat(name); err != nil || seen[name] {
				t.Errorf("%s: kept before: %v, error %v", name, seen[name], err)
			}
			seen[name] = true
		}
	})
	if err != nil || len(seen) != 12 {
		t.Errorf("error %v, captures %v, want 6 times 2", err, seen)
	}
}

// Where captures can't be kept, the failure stays the first that is told.
func TestCapturesThatCannotBeKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const noFolder = "not a directory; --save names another folder for them"
	r := run(t, twoHosts+"no reset\n", play.Options{Save: dir})
	if r.Result != play.Fail || !strings.HasPrefix(r.Why, "keep captures: ") || !strings.HasSuffix(r.Why, noFolder) {
		t.Errorf("result %s, why %q", r.Result, r.Why)
	}
	r = run(t, twoHosts+"client connect server.80 = ok\nno reset\n", play.Options{Save: dir})
	if r.Why != "test.scenario:6: gave ECONNREFUSED, want ok" || !strings.Contains(r.Story, noFolder) {
		t.Errorf("why %q, story\n%s", r.Why, r.Story)
	}
}

func TestEndedByContext(t *testing.T) {
	if err := lab.Available(); err != nil {
		t.Skip(err)
	}
	f, err := script.Parse("test.scenario", []byte(twoHosts+"server.80 listen\nserver.80 accept = ok within 10m\nno reset\n"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	sum, err := play.Run(ctx, []*script.File{f}, play.Options{}, func(r *play.Result) {
		t.Errorf("a scenario that was not finished is reported: %+v", r)
	})
	if !errors.Is(err, context.DeadlineExceeded) || sum.Passed+sum.Failed+sum.Skipped != 0 {
		t.Errorf("summary %+v, error %v", sum, err)
	}
}
