package report

import (
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/internal/segment"
)

// textAnalysis tells a person of each reset: the verdict first, then what it
// stands on, what was excluded, what else it could be, what to do.
type textAnalysis struct {
	text
	causes map[cause.ID]int
}

func newTextAnalysis(w io.Writer, s Style) Analysis {
	return &textAnalysis{text: text{w: w, style: s}, causes: map[cause.ID]int{}}
}

// Record writes r. An *analyzer.Error is no result and is left to the caller.
func (t *textAnalysis) Record(r analyzer.Record) error {
	switch r := r.(type) {
	case *analyzer.Verdict:
		t.verdict(r)
	case *analyzer.Connection:
		t.connection(r)
	case *analyzer.Finding:
		t.finding(r)
	case *analyzer.Summary:
		t.summary(r)
	}
	return t.flush()
}

func (t *textAnalysis) verdict(v *analyzer.Verdict) {
	t.causes[v.Cause]++
	t.printf("%s\n", t.paint(bold, clean(t.frame(v.File, v.Frame)+"  "+headline(v))))
	if c, ok := cause.Lookup(v.Cause); ok {
		t.field("that is", c.Summary)
	}
	t.field("sender", sender(v))
	t.field("effect", effect(v))
	var details, evidence, excluded, alternatives, seen []string
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
	for _, s := range v.Seen {
		if s.File != v.File || s.Frame != v.Frame {
			seen = append(seen, beside(v, s.File, s.Frame)+" too")
		}
	}
	t.field("details", details...)
	t.field("evidence", evidence...)
	t.field("excluded", excluded...)
	t.field("or", alternatives...)
	if v.After != nil {
		t.field("after", fmt.Sprintf("%s: %s", beside(v, v.After.File, v.After.Frame), v.After.Cause))
	}
	t.field("seen", seen...)
	if v.Next != "" {
		t.field("next", v.Next)
	}
	t.printf("\n")
}

// frame names a frame as Wireshark does, with its file where there are several.
func (t *textAnalysis) frame(file string, n int) string {
	if t.style.Files {
		return fmt.Sprintf("%s frame %d", file, n)
	}
	return fmt.Sprintf("frame %d", n)
}

// beside names a frame in a verdict, with its file where that is another one
// than the verdict's.
func beside(v *analyzer.Verdict, file string, n int) string {
	if file == "" || file == v.File {
		return fmt.Sprintf("frame %d", n)
	}
	return fmt.Sprintf("%s frame %d", file, n)
}

// headline says who reset whom, why, and how sure the cause is.
func headline(v *analyzer.Verdict) string {
	from, to := endpoint(v.SenderAddress), endpoint(v.Connection.Responder)
	if v.SenderAddress == v.Connection.Responder {
		to = endpoint(v.Connection.Originator)
	}
	why := fmt.Sprintf("%s (%s)", v.Cause, v.Strength)
	if v.Strength == cause.Undetermined {
		why = "cause undetermined"
		if v.Why != "" {
			why += " (" + v.Why + ")"
		}
	}
	switch v.Sender {
	case analyzer.Middlebox:
		return fmt.Sprintf("a middlebox reset %s in the name of %s: %s", to, from, why)
	case analyzer.UndeterminedSender:
		return fmt.Sprintf("%s was reset in the name of %s: %s", to, from, why)
	default:
		return fmt.Sprintf("%s reset %s: %s", from, to, why)
	}
}

// sender says who sent the reset and how sure that is.
func sender(v *analyzer.Verdict) string {
	if v.Sender == analyzer.UndeterminedSender {
		return "undetermined"
	}
	s := fmt.Sprintf("%s (%s)", who(v.Sender), v.SenderStrength)
	if v.Connection.Roles == "assumed" {
		s += "; no SYN in the capture, so which end is which is assumed"
	}
	return s
}

// who names a sender in a sentence.
func who(s analyzer.Sender) string {
	if s == analyzer.UndeterminedSender {
		return "an undetermined sender"
	}
	if s == analyzer.Middlebox {
		return "a middlebox"
	}
	return "the " + string(s)
}

// effect says what became of the connection.
func effect(v *analyzer.Verdict) string {
	s := string(v.Effect)
	if v.Connection.State != "" {
		s += " in " + v.Connection.State
	}
	if v.Benign {
		s += "; benign: nothing was lost"
	}
	return s
}

func inFrames(frames []int) string {
	switch len(frames) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf(" (frame %d)", frames[0])
	default:
		return " (frames " + numbers(frames) + ")"
	}
}

// endpoint writes an "address:port" of a record as the notation of segments
// does. What is no such thing stays as it is.
func endpoint(s string) string {
	ap, err := netip.ParseAddrPort(s)
	if err != nil {
		return s
	}
	return segment.Endpoint{Addr: ap.Addr(), Port: ap.Port()}.String()
}

func (t *textAnalysis) connection(c *analyzer.Connection) {
	first := t.frame(c.File, c.Ref.FirstFrame)
	outcome := c.Outcome
	if c.ICMP != nil {
		outcome += fmt.Sprintf(" (frame %d: type %d, code %d, of %s)", c.ICMP.Frame, c.ICMP.Type, c.ICMP.Code, c.ICMP.From)
	}
	t.printf("connection %d  %s\n", c.Ref.ID, clean(fmt.Sprintf("%s > %s: %s; from %s on, %d and %d packets, %d and %d bytes, %s",
		endpoint(c.Ref.Originator), endpoint(c.Ref.Responder), outcome, first,
		c.Packets[0], c.Packets[1], c.Bytes[0], c.Bytes[1], plural(c.Resets, "reset"))))
}

func (t *textAnalysis) finding(f *analyzer.Finding) {
	t.printf("%s\n", t.paint(bold, clean(f.Summary)))
	if c, ok := cause.Lookup(f.Cause); ok {
		t.field("that is", c.Summary)
	}
	of := ""
	if t.style.Files {
		of = " of " + f.File
	}
	t.field("frames", firstNumbers(f.Frames, f.Count, of))
	t.printf("\n")
}

func (t *textAnalysis) summary(s *analyzer.Summary) {
	resets := "no reset"
	if s.Resets > 0 {
		resets = plural(s.Resets, "reset")
	}
	t.printf("%s in %s, %s, %s%s\n", resets, plural(s.Packets, "packet"),
		plural(s.Connections, "connection"), plural(s.Files, "file"), t.tally())
	for _, limit := range s.Limits {
		t.printf("limit: %s\n", clean(limit))
	}
}

// tally counts the verdicts by cause, the most frequent first.
func (t *textAnalysis) tally() string {
	ids := slices.Sorted(maps.Keys(t.causes))
	if len(ids) == 0 {
		return ""
	}
	slices.SortStableFunc(ids, func(a, b cause.ID) int { return t.causes[b] - t.causes[a] })
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = fmt.Sprintf("%d %s", t.causes[id], id)
	}
	return ": " + strings.Join(parts, ", ")
}
