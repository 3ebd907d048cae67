package golden

import "fmt"

// A Change is what became of one scenario's golden files.
type Change struct {
	Name string
	Kind Kind
	Text string // why, or what differs; may have several lines
}

// Kind says what a Change is.
type Kind string

// Kinds of change. Those that are not as they should be make a set wrong.
const (
	Same    Kind = "same"
	New     Kind = "new"     // written for the first time
	Changed Kind = "changed" // written anew
	Removed Kind = "removed" // the catalogue has no such scenario any more, or lists it as without
	Skipped Kind = "skip"    // this machine can't play it: what is there stays
	Listed  Kind = "without" // it has no golden files, by its reason

	Failed  Kind = "FAIL"  // it failed, or no two runs were alike
	Differs Kind = "DIFF"  // the lab of today gives other files
	Other   Kind = "other" // they differ, as another kernel's may
	Missing Kind = "none"  // the set has no files of it
	Stale   Kind = "stale" // the set has files of it, and the catalogue no such scenario
)

// Wrong tells whether a kind makes a set wrong.
func (k Kind) Wrong() bool { return k == Failed || k == Differs || k == Missing || k == Stale }

// A Tally counts changes.
type Tally map[Kind]int

// Wrong counts those that make a set wrong.
func (t Tally) Wrong() int {
	n := 0
	for k, v := range t {
		if k.Wrong() {
			n += v
		}
	}
	return n
}

// String lists the counts that are not zero.
func (t Tally) String() string {
	var s string
	for _, k := range []struct {
		kind Kind
		word string
	}{
		{Same, "as they were"}, {New, "new"}, {Changed, "changed"}, {Removed, "removed"},
		{Differs, "differ"}, {Other, "differ on this kernel"}, {Failed, "failed"}, {Missing, "without files"}, {Stale, "of no scenario"},
		{Skipped, "skipped"}, {Listed, "have none"},
	} {
		if n := t[k.kind]; n > 0 {
			if s != "" {
				s += ", "
			}
			s += fmt.Sprintf("%d %s", n, k.word)
		}
	}
	if s == "" {
		return "nothing to do"
	}
	return s
}
