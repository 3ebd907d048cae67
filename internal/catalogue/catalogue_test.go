package catalogue

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rstlab/analyzer/cause"
	"rstlab/internal/script"
)

const refused = `# Closed port: nothing listens.
#
# See: RFC 9293, 3.5.2
# See: Linux tcp_v4_rcv()
requires ipv6 kernel>=6.10
label seed quick
host client
host server
link client server

client connect server.80 = ECONNREFUSED
client > server.80: S                        as syn
server.80 > client: R. seq 0 ack 1
    => port-closed by server (syn)
`

const graceful = `# Control: graceful close.
label seed
host client
host server
link client server

client.40001 > server.80: S
no reset
`

func parse(t *testing.T, path, src string) *script.File {
	t.Helper()
	f, err := script.Parse(path, []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// two is a catalogue of two scenarios.
func two(t *testing.T) []*script.File {
	return []*script.File{parse(t, "connect/port-closed.scenario", refused), parse(t, "closing/graceful-close.scenario", graceful)}
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDescribe(t *testing.T) {
	files := two(t)
	same(t, DescribeScenario(files[0]), Scenario{Type: "scenario", Name: "port-closed", Family: "connect",
		Causes: []string{"port-closed"}, Summary: "Closed port: nothing listens.",
		Source: "RFC 9293, 3.5.2; Linux tcp_v4_rcv()", Needs: []string{"ipv6", "kernel>=6.10"}})
	same(t, DescribeScenario(files[1]), Scenario{Type: "scenario", Name: "graceful-close", Family: "closing",
		Causes: []string{}, Summary: "Control: graceful close.", Needs: []string{}})
	row, ok := cause.Lookup(cause.PortClosed)
	if !ok {
		t.Fatal("no cause port-closed")
	}
	same(t, DescribeCause(row, files), Cause{Type: "cause", ID: "port-closed", Family: "connect",
		Summary: row.Summary, Scenarios: []string{"port-closed"}})
}

// Of the scenarios that show a cause the one with its name comes first.
func TestDescribeCauseOrder(t *testing.T) {
	row, _ := cause.Lookup(cause.PortClosed)
	files := []*script.File{parse(t, "other-port.scenario", refused), two(t)[0], parse(t, "third-port.scenario", refused)}
	same(t, DescribeCause(row, files).Scenarios, []string{"port-closed", "other-port", "third-port"})
}

// forged is a reset of a device between, over IPv6, judged from both ends.
const forged = `# A device resets.
host client
middlebox fw  hops=0
host server
link client fw  net=2001:db8:1::/64
link fw server

client connect server.80 = ECONNREFUSED
fw inject server.80 > client: R. seq 0 ack 1
    => firewall-reject-syn by fw
    seen @client+server as proven firewall-reject-syn by fw
`

func TestCover(t *testing.T) {
	files := append(two(t), parse(t, "forged.scenario", forged))
	recorded := Recorded{"port-closed": {"port-closed": {"NO_SOCKET"}, "half-open": {"TCP_FLAGS"}}}
	rows := Cover(files, recorded)
	if len(rows) != len(cause.Table()) {
		t.Errorf("%d rows, want one for each of %d causes", len(rows), len(cause.Table()))
	}
	shown := map[string]Coverage{}
	for _, row := range rows {
		if row.Scenario != "" {
			shown[row.Cause] = row
		}
	}
	same(t, shown, map[string]Coverage{
		"port-closed": {Type: "coverage", Cause: "port-closed", Scenario: "port-closed",
			Reasons: []string{"NO_SOCKET"}, Taps: []string{"server", "client"}, IP: 4},
		"firewall-reject-syn": {Type: "coverage", Cause: "firewall-reject-syn", Scenario: "forged",
			Reasons: []string{}, Taps: []string{"server", "client", "client+server"}, IP: 6},
	})
	same(t, CoverReasons([]string{"NO_SOCKET", "ERROR"}, files, recorded), []Reason{
		{Type: "reason", Reason: "NO_SOCKET", Scenarios: []string{"port-closed"}},
		{Type: "reason", Reason: "ERROR", Scenarios: []string{}, Why: unreached["ERROR"]},
	})
}

func same[T any](t *testing.T, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

func TestSelect(t *testing.T) {
	for expr, want := range map[string][]string{
		"seed":                    {"port-closed", "graceful-close"},
		"quick":                   {"port-closed"},
		"!quick":                  {"graceful-close"},
		"connect":                 {"port-closed"},
		"port-closed":             {"port-closed"},
		"seed&&closing":           {"graceful-close"},
		"seed && !port-closed":    {"graceful-close"},
		"quick,closing":           {"port-closed", "graceful-close"},
		"quick&&closing,!connect": {"graceful-close"},
		"quick&&closing,!seed":    nil,
	} {
		selected, err := ParseSelector(expr, Words(two(t)))
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		var got []string
		for _, f := range two(t) {
			if selected(f) {
				got = append(got, f.Name)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: want (-), got (+):\n%s", expr, diff)
		}
	}
}

func TestSelectRefuses(t *testing.T) {
	for expr, found := range map[string]string{
		"": `""`, "seed,": `""`, "seed&&": `""`, "!": `"!"`, "a|b": `"a|b"`, "a & b": `"a & b"`, "!!a": `"!!a"`, "(a)": `"(a)"`,
		"quikc": `"quikc", which is no label, family or cause (did you mean "quick"?)`, "seed,!x-y": `"x-y", which is no`,
	} {
		_, err := ParseSelector(expr, Words(two(t)))
		if err == nil || !strings.Contains(err.Error(), "found "+found) {
			t.Errorf("%q: error is %v, want one that found %s", expr, err, found)
		}
	}
}

func TestResolveNamesFilesFoldersAndStandardInput(t *testing.T) {
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "mine.scenario"), graceful)
	write(t, filepath.Join(dir, "deep", "er", "other.scenario"), graceful)
	write(t, filepath.Join(dir, "notes.txt"), "no scenario")

	got, errs := Resolve([]string{"graceful-close", file, dir, "graceful-close", "-"}, two(t), strings.NewReader(graceful))
	if errs != nil {
		t.Fatal(errs)
	}
	same(t, names(got), []string{"graceful-close", "mine", "other", "stdin"})
}

// A file next to the catalogue may bear a name of it: the name means the
// catalogue's, a path the file.
func TestResolveTellsNamesFromPaths(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "port-closed", graceful)
	got, errs := Resolve([]string{"port-closed", "./port-closed"}, two(t), nil)
	if errs != nil {
		t.Fatal(errs)
	}
	if len(got) != 2 || got[0].NoReset || !got[1].NoReset {
		t.Errorf("got %v, want the catalogue's port-closed and then the file", names(got))
	}
}

func TestResolveTellsAllThatIsWrong(t *testing.T) {
	dir := t.TempDir()
	bad := write(t, filepath.Join(dir, "bad", "bad.scenario"), "host client\nclient sned 100\n")
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	_, errs := Resolve([]string{"port-clsoed", filepath.Dir(bad), empty, filepath.Join(dir, "none.scenario")}, two(t), nil)
	if len(errs) != 4 {
		t.Fatalf("%d errors, want 4: %v", len(errs), errs)
	}
	text := errors.Join(errs...).Error()
	for _, want := range []string{`"port-clsoed": neither a name of the catalogue (did you mean "port-closed"?)`, "bad.scenario:2:", "no *.scenario file", "none.scenario"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// A scenario's name is that of a folder for its captures.
func TestResolveWantsAName(t *testing.T) {
	for _, name := range []string{".scenario", "..scenario", "...scenario"} {
		file := write(t, filepath.Join(t.TempDir(), name), graceful)
		if files, errs := Resolve([]string{file}, nil, nil); len(files) != 0 || len(errs) != 1 || !strings.Contains(errs[0].Error(), "has no name before .scenario") {
			t.Errorf("%s: %d files, errors %v", name, len(files), errs)
		}
	}
}

// A file of a folder that can't be read is not passed over.
func TestResolveTellsWhatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "good.scenario"), graceful)
	if err := os.Symlink("nowhere", filepath.Join(dir, "lost.scenario")); err != nil {
		t.Skip(err)
	}
	files, errs := Resolve([]string{dir}, nil, nil)
	if len(files) != 1 || len(errs) != 1 || !strings.Contains(errs[0].Error(), "lost.scenario") {
		t.Errorf("%d files, errors %v; want one of each", len(files), errs)
	}
}
