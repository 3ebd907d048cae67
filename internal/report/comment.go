package report

import (
	"fmt"
	"strings"

	"rstlab/analyzer"
)

// Comment is a verdict in one line, for a comment on the reset's packet.
func Comment(v *analyzer.Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "rstlab: %s; sent by %s", headline(v), sender(v))
	fmt.Fprintf(&b, "; %s", effect(v))
	for i, a := range v.Alternatives {
		b.WriteString([]string{"; or ", ", "}[min(i, 1)])
		fmt.Fprintf(&b, "%s by %s (%s)", a.Cause, who(a.Sender), a.Strength)
	}
	if v.After != nil {
		fmt.Fprintf(&b, "; after %s: %s", beside(v, v.After.File, v.After.Frame), v.After.Cause)
	}
	if v.Next != "" {
		fmt.Fprintf(&b, "; next: %s", v.Next)
	}
	return clean(b.String())
}

// Pointer is a line for a comment on a packet that is evidence of a verdict on
// the reset that where names.
func Pointer(where string, e analyzer.Evidence) string {
	return clean(fmt.Sprintf("rstlab: for the verdict on %s: %s", where, e.Fact))
}
