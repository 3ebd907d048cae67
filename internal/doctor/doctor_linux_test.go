package doctor

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"rstlab/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

// What doctor says of this machine is what a lab finds there; whatever is not
// well comes with what mends it.
func TestExamine(t *testing.T) {
	checks := Examine(t.Context())
	if can := lab.Available() == nil; CanRun(checks) != can {
		t.Errorf("scenarios can run: %v, labs: %v\n%+v", CanRun(checks), can, checks)
	}
	seen := map[string]bool{}
	for _, c := range checks {
		if c.Name == "" || seen[c.Name] || c.Found == "" || strings.Contains(c.Found+c.Mend, "\n") {
			t.Errorf("a check without a name of its own, or not in one line: %+v", c)
		}
		if c.Status != OK && c.Mend == "" {
			t.Errorf("%s: %s, and no word of how to mend it", c.Name, c.Found)
		}
		seen[c.Name] = true
	}
	for _, name := range []string{"kernel", "privilege", "user namespaces", "lab"} {
		if !seen[name] {
			t.Errorf("nothing is said of %s", name)
		}
	}
}

func TestKernelRelease(t *testing.T) {
	for release, want := range map[string]Status{
		"6.1.0-40-amd64": OK, "6.18.44": OK, "7.0": OK,
		"6.0.19": Limited, "5.15.0-100-generic": Limited, "unknown": Limited,
	} {
		if got := kernel(release); got.Status != want || !strings.Contains(got.Found, release) {
			t.Errorf("%s: %+v, want %s", release, got, want)
		}
	}
}

// What a lab says of a machine that can't run it is told in two: what was found,
// and how to mend it.
func TestUnavailable(t *testing.T) {
	got := unavailable(&lab.UnavailableError{Reason: "no links", Hint: "modprobe veth", Err: syscall.EOPNOTSUPP})
	if want := (Check{Name: "lab", Status: Broken, Found: "no links: operation not supported", Mend: "modprobe veth"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := unavailable(errors.New("out of luck")); got.Status != Broken || got.Found != "out of luck" {
		t.Errorf("another error: %+v", got)
	}
	if CanRun([]Check{{Status: OK}, {Status: Limited}}) != true || CanRun([]Check{{Status: OK}, {Status: Broken}}) != false {
		t.Error("limits keep scenarios from running, or what is broken doesn't")
	}
}
