package golden

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSetIsWrittenAndRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "set")
	s, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	label, err := marshal(Label{Schema: 1, Scenario: "b", Tap: "client", Capture: "client.pcapng"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"b", "a"} {
		c := &Case{Name: name, Files: []File{{"client.json", label}, {"client.pcapng", []byte("x")}, {verdictsFile, nil}},
			Labels: []Label{{Scenario: name, Capture: "client.pcapng"}}, Kernel: []KernelWord{{"client", 1, "server", "NO_SOCKET"}}, Raw: []File{{"client.pcapng", []byte("raw")}}}
		if err := s.Put(c, true); err != nil {
			t.Fatal(err)
		}
	}
	s.Machine.Kernel = "6.18.44"
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(again.Scenarios(), " "); got != "a b" || again.Index[0].Scenario != "a" || again.Machine.Kernel != "6.18.44" {
		t.Errorf("scenarios %s, index %+v, machine %+v", got, again.Index, again.Machine)
	}
	c, err := again.Case("b")
	if err != nil || len(c.Files) != 3 || len(c.Labels) != 1 || c.Kernel[0].Reason != "NO_SOCKET" {
		t.Errorf("case %+v, error %v", c, err)
	}
	if err := again.Remove("b"); err != nil {
		t.Fatal(err)
	}
	if c, err := again.Case("b"); c != nil || err != nil || len(again.Index) != 1 || len(again.Machine.Resets) != 1 {
		t.Errorf("what was removed is still there: %+v, %v, %+v", c, err, again)
	}
}

// What is no golden set is not written over, and an index can't have files
// outside of the set removed.
func TestSetMindsItsFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir); err == nil || !strings.Contains(err.Error(), "it has thesis.txt and no index.jsonl") {
		t.Errorf("error is %v", err)
	}
	if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
	s := &Set{Dir: dir}
	for _, name := range []string{"..", ".", "", "a/b", "/etc"} {
		if err := s.Remove(name); err == nil {
			t.Errorf("%q was removed", name)
		}
	}
}

func TestRelease(t *testing.T) {
	for kernel, want := range map[string]string{"6.18.44-fc-v657": "6.18", "6.12-rc3": "6.12", "6.1.0-18-cloud-amd64": "6.1", "odd": "odd"} {
		if got := Release(kernel); got != want {
			t.Errorf("%s is of release %s, want %s", kernel, got, want)
		}
	}
}
