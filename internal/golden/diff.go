package golden

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// A Diff is what of one scenario's golden files changed, by the witness whose
// word it is. Empty, nothing did.
type Diff struct {
	Wire     []string // the packets, as transcripts differ
	Script   []string // the truth
	Kernel   []string // its reasons, where both sides have them
	Analyzer []string // the verdicts
}

// Same tells that nothing changed that is compared: the kernel's reasons are
// not.
func (d Diff) Same() bool { return len(d.Wire)+len(d.Script)+len(d.Analyzer) == 0 }

// String shows what changed, witness by witness.
func (d Diff) String() string {
	var b strings.Builder
	for _, w := range []struct {
		name  string
		lines []string
	}{{"wire", d.Wire}, {"script", d.Script}, {"kernel", d.Kernel}, {"analyzer", d.Analyzer}} {
		for i, line := range w.lines {
			if i == 0 {
				fmt.Fprintf(&b, "%-8s  %s\n", w.name, line)
			} else {
				fmt.Fprintf(&b, "%-8s  %s\n", "", line)
			}
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Diff tells what is new in now.
func (c *Case) Diff(now *Case) Diff {
	var d Diff
	names := now.names()
	for _, l := range union(captureFiles(c), captureFiles(now)) {
		was, had := c.file(l)
		is, has := now.file(l)
		switch {
		case !had:
			d.Wire = append(d.Wire, l+" is new")
		case !has:
			d.Wire = append(d.Wire, l+" is gone")
		case !bytes.Equal(was, is):
			d.Wire = append(d.Wire, diffCaptures(l, was, is, names)...)
		}
	}
	d.Script = diffTruths(c, now)
	d.Analyzer = diffVerdicts(c.Verdicts, now.Verdicts)
	if len(c.Kernel) > 0 && len(now.Kernel) > 0 {
		d.Kernel = diffLines(kernelLines(c.traced(now)), kernelLines(now.Kernel))
	}
	return d
}

// traced are the words of the kernels that now can have, too: on resets that the
// trace did not lack.
func (c *Case) traced(now *Case) []KernelWord {
	return slices.DeleteFunc(slices.Clone(c.Kernel), func(w KernelWord) bool {
		return slices.ContainsFunc(now.Counted, func(x KernelWord) bool { return x.Tap == w.Tap && x.Frame == w.Frame })
	})
}

// names are who has which address.
func (c *Case) names() map[netip.Addr]string {
	names := map[netip.Addr]string{}
	for _, l := range c.Labels {
		for _, a := range l.Actors {
			for _, addr := range a.Addresses {
				names[addr] = a.Name
			}
		}
	}
	return names
}

func captureFiles(c *Case) []string {
	var all []string
	for _, f := range c.Files {
		if strings.HasSuffix(f.Name, ".pcapng") {
			all = append(all, f.Name)
		}
	}
	return all
}

func union(a, b []string) []string {
	all := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// diffCaptures compares two captures in the notation of segments.
func diffCaptures(name string, was, is []byte, names map[netip.Addr]string) []string {
	before, err := transcript(was, names)
	if err != nil {
		return []string{fmt.Sprintf("%s can't be read: %v", name, err)}
	}
	after, err := transcript(is, names)
	if err != nil {
		return []string{fmt.Sprintf("%s can't be read: %v", name, err)}
	}
	lines := diffLines(before, after)
	if len(lines) == 0 {
		return []string{name + ": the same packets, but not the same bytes: payloads or comments differ"}
	}
	return append([]string{name}, lines...)
}

// diffTruths compares the truth of each reset and what its capture can carry.
func diffTruths(was, is *Case) []string {
	lines := func(c *Case) []string {
		var all []string
		for _, l := range c.Labels {
			for _, r := range l.Resets {
				line := fmt.Sprintf("%s: %s by %s", l.Tap, r.Truth.Cause, r.Truth.By)
				if r.Carries != nil {
					line += "; carries " + r.Carries.String()
				}
				for _, j := range r.Together {
					line += "; with " + strings.Join(j.Taps, "+") + " " + j.String()
				}
				all = append(all, line)
			}
		}
		return all
	}
	return diffLines(lines(was), lines(is))
}

func kernelLines(words []KernelWord) []string {
	var all []string
	for _, w := range words {
		all = append(all, fmt.Sprintf("%s frame %d: %s by %s", w.Tap, w.Frame, w.Reason, w.Host))
	}
	return all
}

// diffVerdicts compares verdicts on the same resets.
func diffVerdicts(was, is []Verdict) []string {
	var lines []string
	same := func(a, b *Verdict) bool { return a.At == b.At && slices.Equal(a.Taps, b.Taps) }
	for i := range was {
		v := &was[i]
		j := slices.IndexFunc(is, func(w Verdict) bool { return same(v, &w) })
		if j < 0 {
			lines = append(lines, fmt.Sprintf("%s: no verdict any more, was %s", v.place(), v))
		} else if d := v.differs(&is[j]); d != "" {
			lines = append(lines, fmt.Sprintf("%s: %s", v.place(), d))
		}
	}
	for i := range is {
		v := &is[i]
		if !slices.ContainsFunc(was, func(w Verdict) bool { return same(v, &w) }) {
			lines = append(lines, fmt.Sprintf("%s: new verdict, %s", v.place(), v))
		}
	}
	return lines
}

func (v *Verdict) place() string {
	return fmt.Sprintf("%s frame %d", strings.Join(v.Taps, "+"), v.At.Frame)
}

// String is the verdict in a line.
func (v *Verdict) String() string {
	return fmt.Sprintf("%s (%s) by %s (%s)", v.Cause, v.Strength, v.Sender, v.SenderStrength)
}

func brief(all []Verdict) string {
	var words []string
	for i := range all {
		words = append(words, fmt.Sprintf("frame %d %v", all[i].At.Frame, &all[i]))
	}
	if len(words) == 0 {
		return "no verdict"
	}
	return strings.Join(words, ", ")
}

// differs says what is other in w; "" where nothing is.
func (v *Verdict) differs(w *Verdict) string {
	var d []string
	note := func(what string, a, b any) {
		if x, y := fmt.Sprint(a), fmt.Sprint(b); x != y {
			d = append(d, fmt.Sprintf("%s %s, was %s", what, y, x))
		}
	}
	note("verdict", v, w)
	note("why", v.Why, w.Why)
	note("effect", v.Effect, w.Effect)
	note("benign", v.Benign, w.Benign)
	note("state", v.State, w.State)
	note("roles", v.Roles, w.Roles)
	note("after", after(v.After), after(w.After))
	note("evidence", v.Evidence, w.Evidence)
	note("excluded", v.Excluded, w.Excluded)
	note("alternatives", v.Alternatives, w.Alternatives)
	return strings.Join(d, "; ")
}

func after(a *After) string {
	if a == nil {
		return "nothing"
	}
	return fmt.Sprintf("%v (%s)", a.Place, a.Cause)
}

// diffLines is what a reader needs to see of two lists: "- " lines that are
// gone, "+ " lines that are new, in order, those between left out.
func diffLines(was, is []string) []string {
	// The longest common subsequence; transcripts have hundreds of lines at most.
	n, m := len(was), len(is)
	common := make([][]int, n+1)
	for i := range common {
		common[i] = make([]int, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if was[i] == is[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var lines []string
	for i, j := 0, 0; i < n || j < m; {
		switch {
		case i < n && j < m && was[i] == is[j]:
			i, j = i+1, j+1
		case i < n && (j == m || common[i+1][j] >= common[i][j+1]):
			lines = append(lines, "- "+was[i])
			i++
		default:
			lines = append(lines, "+ "+is[j])
			j++
		}
	}
	return lines
}
