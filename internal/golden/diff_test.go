package golden

import (
	"slices"
	"strings"
	"testing"

	"rstlab/analyzer/cause"
)

func ids(words ...string) []cause.ID {
	var all []cause.ID
	for _, w := range words {
		all = append(all, cause.ID(w))
	}
	return all
}

func TestDiffLines(t *testing.T) {
	lines := func(s string) []string { return strings.Fields(s) }
	for _, test := range []struct{ was, is, want string }{
		{"a b c", "a b c", ""},
		{"a b c", "a x c", "- b|+ x"},
		{"", "a", "+ a"},
		{"a b", "", "- a|- b"},
		{"a b c d", "b c d e", "- a|+ e"},
		{"a a b", "a b b", "- a|+ b"},
	} {
		if got := strings.Join(diffLines(lines(test.was), lines(test.is)), "|"); got != test.want {
			t.Errorf("%q to %q: %q, want %q", test.was, test.is, got, test.want)
		}
	}
}

func TestDiffNamesTheWitness(t *testing.T) {
	verdict := func(c string, s cause.Strength) Verdict {
		return Verdict{Taps: []string{"client"}, At: Place{"client", 2}, Cause: cause.ID(c), Strength: s, Sender: "responder", Evidence: []Place{{"client", 1}}}
	}
	label := func(c string) Label {
		return Label{Tap: "client", Resets: []Reset{{Frame: 2, Truth: Truth{Cause: cause.ID(c), By: "server"}, Carries: &Carries{Causes: ids(c), Sender: "responder"}}}}
	}
	was := &Case{Labels: []Label{label("port-closed")}, Verdicts: []Verdict{verdict("port-closed", cause.Likely)}, Kernel: []KernelWord{{"client", 2, "server", "NO_SOCKET"}}}
	if d := was.Diff(was); !d.Same() || d.String() != "" {
		t.Errorf("nothing changed, and yet\n%v", d)
	}
	is := &Case{Labels: []Label{label("half-open")}, Verdicts: []Verdict{verdict("port-closed", cause.Possible)}, Kernel: []KernelWord{{"client", 2, "server", "TCP_FLAGS"}}}
	want := `script    - client: port-closed by server; carries port-closed by responder
          + client: half-open by server; carries half-open by responder
kernel    - client frame 2: NO_SOCKET by server
          + client frame 2: TCP_FLAGS by server
analyzer  client frame 2: verdict port-closed (possible) by responder (undetermined), was port-closed (likely) by responder (undetermined)`
	if got := was.Diff(is).String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	is = &Case{Verdicts: []Verdict{{Taps: []string{"server"}, At: Place{"server", 7}, Cause: "late-segment"}}}
	d := was.Diff(is)
	if !slices.ContainsFunc(d.Analyzer, func(s string) bool { return strings.HasPrefix(s, "client frame 2: no verdict any more") }) ||
		!slices.ContainsFunc(d.Analyzer, func(s string) bool { return strings.HasPrefix(s, "server frame 7: new verdict") }) {
		t.Errorf("verdicts that came and went:\n%v", d)
	}
}

// A reset that the kernel's trace lacks this time is no other story.
func TestDiffOfACountedReset(t *testing.T) {
	was := &Case{Kernel: []KernelWord{{"server", 4, "server", "TCP_FLAGS"}, {"server", 7, "server", "TCP_STATE"}}}
	now := &Case{Kernel: []KernelWord{{"server", 7, "server", "TCP_STATE"}}, Counted: []KernelWord{{"server", 4, "server", "TcpOutRsts"}}}
	if d := was.Diff(now); !d.Same() {
		t.Errorf("got %v, want no difference", d)
	}
	now.Counted = nil
	if d := was.Diff(now); len(d.Kernel) != 1 {
		t.Errorf("got %v, want the word that is gone", d)
	}
}
