package report

import (
	"fmt"
	"maps"
	"slices"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
)

// A fact is what a verdict says of one question, in one sentence or several.
type fact struct {
	key    string
	values []string
}

// facts are what a verdict says beside its headline, in the order in which it
// is read. They are as the capture has them, control characters included.
func facts(v *analyzer.Verdict) []fact {
	var meaning, tunnel, details, evidence, excluded, alternatives, seen, after, next []string
	if c, ok := cause.Lookup(v.Cause); ok {
		meaning = append(meaning, c.Summary)
	}
	if v.Tunnel != "" {
		tunnel = append(tunnel, v.Tunnel)
	}
	for _, key := range slices.Sorted(maps.Keys(v.Details)) {
		details = append(details, fmt.Sprintf("%s %v", key, v.Details[key]))
	}
	for _, e := range v.Evidence {
		evidence = append(evidence, beside(v, e.File, e.Frame)+": "+e.Fact)
	}
	for _, x := range v.Excluded {
		excluded = append(excluded, fmt.Sprintf("%s: %s%s", x.Cause, x.Why, inFrames(x.Frames)))
	}
	for _, a := range v.Alternatives {
		alternatives = append(alternatives, fmt.Sprintf("%s by %s (%s): %s", a.Cause, who(a.Sender), a.Strength, a.Why))
	}
	if v.After != nil {
		after = append(after, fmt.Sprintf("%s: %s", beside(v, v.After.File, v.After.Frame), v.After.Cause))
	}
	for _, s := range elsewhere(v) {
		seen = append(seen, s+" too")
	}
	if v.Next != "" {
		next = append(next, v.Next)
	}
	return []fact{
		{"that is", meaning},
		{"sender", []string{sender(v)}},
		{"effect", []string{effect(v)}},
		{"tunnel", tunnel},
		{"details", details},
		{"evidence", evidence},
		{"excluded", excluded},
		{"or", alternatives},
		{"after", after},
		{"seen", seen},
		{"next", next},
	}
}

// elsewhere are the other frames that show the reset. Of many, as a loop before a
// mirror makes them, it names the first and counts the others.
func elsewhere(v *analyzer.Verdict) []string {
	var names []string
	more := 0
	for _, s := range v.Seen {
		switch {
		case s.File == v.File && s.Frame == v.Frame:
		case len(names) < mostNumbers:
			names = append(names, beside(v, s.File, s.Frame))
		default:
			more++
		}
	}
	if more > 0 {
		names = append(names, plural(more, "other frame"))
	}
	return names
}
