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
	crowd crowd
	told  bool // what was not shown
}

func newTextAnalysis(w io.Writer, s Style) Analysis {
	return &textAnalysis{text: text{w: w, style: s}}
}

func (t *textAnalysis) brief(v *analyzer.Verdict) bool { return t.crowd.brief(v) }

// Record writes r. An *analyzer.Error is no result and is left to the caller.
func (t *textAnalysis) Record(r analyzer.Record) error {
	switch r := r.(type) {
	case *analyzer.Verdict:
		if t.crowd.verdict(r) {
			t.verdict(r)
		}
	case *analyzer.Connection:
		t.hidden()
		t.connection(r)
	case *analyzer.Finding:
		t.hidden()
		if t.crowd.finding() {
			t.finding(r)
		}
	case *analyzer.Summary:
		t.hidden()
		t.summary(r)
	}
	return t.flush()
}

func (t *textAnalysis) verdict(v *analyzer.Verdict) {
	t.title(t.frame(v.File, v.Frame) + "  " + headline(v))
	for _, f := range facts(v) {
		t.field(f.key, f.values...)
		if f.key == "effect" {
			t.transcript(v)
		}
	}
	t.printf("\n")
}

// transcript adds the packets that matter. Only a terminal's width breaks
// their lines.
func (t *textAnalysis) transcript(v *analyzer.Verdict) {
	key := "packets"
	for _, l := range transcript(v) {
		color := ""
		switch {
		case slices.Contains(l.marks, analyzer.MarkReset):
			color = red
		case slices.Contains(l.marks, analyzer.MarkEvidence):
			color = yellow
		}
		text, lead := []string{clean(l.text)}, l.lead
		if t.style.Width > 0 {
			text = wrap(text[0], t.width()-2-9-2-len(lead))
		}
		for _, part := range text {
			t.printf("  %-9s  %s\n", key, t.paint(color, lead+part))
			key, lead = "", strings.Repeat(" ", len(lead))
		}
	}
}

// hidden says, once and after all verdicts, which were not shown.
func (t *textAnalysis) hidden() {
	lines := t.crowd.hidden(t.style.Files)
	if t.told || len(lines) == 0 {
		return
	}
	t.told = true
	t.title("not shown, each like some of those above")
	t.field("more", lines...)
	t.field("see them", "with -o html or -o jsonl; or choose: --stream, --host, --since, --until")
	t.printf("\n")
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
	why := sureness(v.Cause, v.Strength, v.Why)
	switch v.Sender {
	case analyzer.Middlebox:
		return fmt.Sprintf("a middlebox reset %s in the name of %s: %s", to, from, why)
	case analyzer.UndeterminedSender:
		return fmt.Sprintf("%s was reset in the name of %s: %s", to, from, why)
	default:
		return fmt.Sprintf("%s reset %s: %s", from, to, why)
	}
}

// sureness is a cause and how sure it is.
func sureness(id cause.ID, strength cause.Strength, why string) string {
	if strength != cause.Undetermined {
		return fmt.Sprintf("%s (%s)", id, strength)
	}
	if why != "" {
		return "cause undetermined (" + why + ")"
	}
	return "cause undetermined"
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
	t.line("", connectionLine(c, t.frame(c.File, c.Ref.FirstFrame)))
}

// ends are a connection's, and what it is wrapped in.
func ends(c *analyzer.Connection) string {
	s := endpoint(c.Ref.Originator) + " > " + endpoint(c.Ref.Responder)
	if c.Tunnel != "" {
		s += " in " + c.Tunnel
	}
	return s
}

// connectionLine is a connection in one line; first names its first frame.
func connectionLine(c *analyzer.Connection, first string) string {
	outcome := c.Outcome
	if c.ICMP != nil {
		outcome += fmt.Sprintf(" (frame %d: type %d, code %d, of %s)", c.ICMP.Frame, c.ICMP.Type, c.ICMP.Code, c.ICMP.From)
	}
	return fmt.Sprintf("connection %d  %s: %s; from %s on, %d and %d packets, %d and %d bytes, %s", c.Ref.ID, ends(c), outcome, first,
		c.Packets[0], c.Packets[1], c.Bytes[0], c.Bytes[1], plural(c.Resets, "reset"))
}

func (t *textAnalysis) finding(f *analyzer.Finding) {
	t.title(f.Summary)
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
	if more := t.crowd.findings - mostFindings; more > 0 {
		t.printf("%s like these, of fewer resets each, not shown\n\n", plural(more, "group"))
	}
	t.line("", total(s, t.crowd.causes()))
	for _, limit := range s.Limits {
		t.line("limit: ", limit)
	}
}

// total is an analysis in one line; causes counts its verdicts.
func total(s *analyzer.Summary, causes map[cause.ID]int) string {
	resets := "no reset"
	if s.Resets > 0 {
		resets = plural(s.Resets, "reset")
	}
	return fmt.Sprintf("%s in %s, %s, %s%s", resets, plural(s.Packets, "packet"),
		plural(s.Connections, "connection"), plural(s.Files, "file"), tally(causes))
}

// tally names the causes and their numbers, the most frequent first.
func tally(causes map[cause.ID]int) string {
	ids := slices.Sorted(maps.Keys(causes))
	if len(ids) == 0 {
		return ""
	}
	slices.SortStableFunc(ids, func(a, b cause.ID) int { return causes[b] - causes[a] })
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = fmt.Sprintf("%d %s", causes[id], id)
	}
	return ": " + strings.Join(parts, ", ")
}
