package golden

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rstlab/internal/script"
	"rstlab/lab"
	"rstlab/scenarios"
)

func TestMain(m *testing.M) { lab.Main(m) }

// few are some scenarios of the catalogue: of the stack, a timer, a forger, and
// without a reset.
var few = []string{"port-closed", "abortive-close", "late-ack", "injected-reset-client-only", "graceful-close-ipv6"}

func chosen(t *testing.T, names ...string) []*script.File {
	t.Helper()
	if err := lab.Available(); err != nil {
		t.Skip(err)
	}
	all, err := scenarios.All()
	if err != nil {
		t.Fatal(err)
	}
	files := slices.DeleteFunc(all, func(f *script.File) bool { return !slices.Contains(names, f.Name) })
	if len(files) != len(names) {
		t.Fatalf("the catalogue lacks some of %v", names)
	}
	return files
}

// write makes a set and returns its folder.
func write(t *testing.T, jobs int, files []*script.File) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "set")
	tally, err := Write(t.Context(), dir, files, WriteOptions{Jobs: jobs, Raw: true, All: true}, func(c Change) {
		if c.Kind != New {
			t.Errorf("%s %s: %s", c.Kind, c.Name, c.Text)
		}
	})
	if err != nil || tally[New] != len(files) {
		t.Fatalf("tally %v, error %v", tally, err)
	}
	return dir
}

// contents are the files of a set that do not depend on the machine.
func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "/raw/") || d.Name() == machineFile {
			return err
		}
		all[strings.TrimPrefix(path, dir)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSameBytesOnEveryRun(t *testing.T) {
	files := chosen(t, few...)
	was := contents(t, write(t, 1, files))
	is := contents(t, write(t, len(files), files))
	if len(was) != len(is) {
		t.Errorf("%d files, then %d", len(was), len(is))
	}
	for name, data := range was {
		if !bytes.Equal(data, is[name]) {
			t.Errorf("%s differs", name)
		}
	}
	for _, name := range []string{"/port-closed/client.pcapng", "/port-closed/client.json", "/port-closed/verdicts.jsonl", "/late-ack/path-client.pcapng", "/index.jsonl"} {
		if was[name] == nil {
			t.Errorf("no %s", name)
		}
	}
}

// verify gives what became of each scenario.
func verify(t *testing.T, dir string, files []*script.File, all bool) map[string]Change {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	changes := map[string]Change{}
	if _, err := Verify(t.Context(), s, files, 4, all, func(c Change) { changes[c.Name] = c }); err != nil {
		t.Fatal(err)
	}
	return changes
}

func TestVerifyTellsWhatChanged(t *testing.T) {
	files := chosen(t, "port-closed", "abortive-close", "smb-dual-port")
	dir := write(t, 3, files)
	for name, c := range verify(t, dir, files, true) {
		if c.Kind != Same {
			t.Errorf("%s %s: %s", c.Kind, name, c.Text)
		}
	}

	edit(t, filepath.Join(dir, "port-closed", "verdicts.jsonl"), `"cause":"port-closed"`, `"cause":"half-open"`)
	edit(t, filepath.Join(dir, "abortive-close", "server.json"), `"cause": "abortive-close"`, `"cause": "half-open"`)
	hop(t, filepath.Join(dir, "smb-dual-port", "client.pcapng"))
	got := verify(t, dir, files, true)
	for name, want := range map[string]string{
		"port-closed":    "analyzer  client frame 2: verdict port-closed",
		"abortive-close": "script    - server: half-open by server; carries",
		"smb-dual-port":  "wire      client.pcapng\n          - +0.",
	} {
		c := got[name]
		if c.Kind != Differs || !strings.Contains(c.Text, want) {
			t.Errorf("%s is %s, want a difference with %q:\n%s", name, c.Kind, want, c.Text)
		}
	}
}

// A set of another release of the kernel may differ in its packets; one that
// lacks scenarios, or has too many, may not.
func TestVerifyOfAnotherSet(t *testing.T) {
	files := chosen(t, "port-closed", "smb-dual-port")
	dir := write(t, 2, files)
	hop(t, filepath.Join(dir, "smb-dual-port", "client.pcapng"))
	edit(t, filepath.Join(dir, machineFile), `"kernel": "`, `"kernel": "2.`)
	got := verify(t, dir, files, true)
	if c := got["smb-dual-port"]; c.Kind != Other || !strings.Contains(c.Text, "wire      client.pcapng") {
		t.Errorf("smb-dual-port is %s:\n%s", c.Kind, c.Text)
	}
	if c := got["port-closed"]; c.Kind != Same {
		t.Errorf("port-closed is %s:\n%s", c.Kind, c.Text)
	}

	got = verify(t, dir, chosen(t, "port-closed", "abortive-close"), true)
	if got["smb-dual-port"].Kind != Stale || got["abortive-close"].Kind != Missing {
		t.Errorf("found %+v", got)
	}
	got = verify(t, dir, chosen(t, "port-closed"), false)
	if len(got) != 1 || got["port-closed"].Kind != Same {
		t.Errorf("of one scenario: %+v", got)
	}
}

// What one scenario's file says in other words, or no more, is told as such;
// what has failed leaves its golden files alone.
func TestWriteOverASet(t *testing.T) {
	files := chosen(t, "port-closed", "graceful-close")
	dir := write(t, 2, files)
	kept, err := os.ReadFile(filepath.Join(dir, "port-closed", "client.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := script.Parse("connect/port-closed.scenario", []byte(`# A lie.
host client
host server
link client server

client connect server.80 = ok
no reset
`))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir()) // the captures of a failure are kept here
	changes := map[string]Change{}
	tally, err := Write(t.Context(), dir, []*script.File{wrong}, WriteOptions{Jobs: 1, All: true}, func(c Change) { changes[c.Name] = c })
	if err != nil {
		t.Fatal(err)
	}
	if c := changes["port-closed"]; c.Kind != Failed || !strings.Contains(c.Text, "gave ECONNREFUSED, want ok") || changes["graceful-close"].Kind != Removed || tally.Wrong() != 1 {
		t.Errorf("changes %+v, tally %v", changes, tally)
	}
	if now, err := os.ReadFile(filepath.Join(dir, "port-closed", "client.pcapng")); err != nil || !bytes.Equal(now, kept) {
		t.Errorf("a failure has touched the golden file; error %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "graceful-close")); err == nil {
		t.Error("what is no scenario any more is still there")
	}
}

// edit changes the first of some words in a file.
func edit(t *testing.T, file, old, new string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(old)) {
		t.Fatalf("no %q in %s", old, file)
	}
	if err := os.WriteFile(file, bytes.Replace(data, []byte(old), []byte(new), 1), 0o644); err != nil {
		t.Fatal(err)
	}
}

// hop lowers the TTL of the first packet of a capture.
func hop(t *testing.T, file string) {
	t.Helper()
	ttl := []byte{64, 6} // and the protocol behind it
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(data, ttl)
	if i < 0 {
		t.Fatal("no packet with TTL 64")
	}
	data[i]--
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
