package report

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
)

// Limits of a page: past them the page says what it leaves out.
const (
	maxHTMLGroups      = 2000    // kinds of resets
	maxHTMLLadders     = 300     // diagrams
	maxHTMLMembers     = 200     // resets that one kind lists
	maxHTMLMoments     = 1 << 20 // resets on the strip of time
	maxHTMLConnections = 2000
	maxHTMLPairs       = 10_000 // pairs of hosts that have a name
	maxHTMLHosts       = 1000   // pairs, and ports, that one kind tells apart
	leadCauses         = 3      // that stand at the head
)

// Up to so many kinds, and resets, are read one by one: they stand open, and
// need neither overview nor filters.
const (
	fewGroups = 3
	fewResets = 10
)

// htmlAnalysis gathers the records of an analysis and writes the page when the
// summary comes, which is the last.
type htmlAnalysis struct {
	w       io.Writer
	style   Style
	groups  []*htmlGroup
	of      map[htmlKey]*htmlGroup
	moments []htmlMoment
	pairs   map[string]string // the names of pairs, each once
	files   []string
	benign  int
	causes  map[string]int // resets to look into
	page    htmlAnalysisPage
}

// A htmlMoment is when a reset came, of which kind it is and between whom.
type htmlMoment struct {
	time  time.Time
	group *htmlGroup
	pair  string
}

// htmlAnalysisPage is what the page of an analysis tells.
type htmlAnalysisPage struct {
	Lead        string
	Also        []string // what else stands at the head
	Facts       []htmlFact
	Overview    *htmlOverview // nil where there are few
	Groups      []*htmlGroup
	Open        int // how many groups stand open
	Untold      int // resets of kinds beyond maxHTMLGroups
	NoLadder    int // kinds without a diagram
	Findings    []htmlFinding
	Limits      []string
	Errors      []string
	Causes      []cause.Cause
	Connections []htmlConnection
	Unlisted    int // connections that are not listed

	outcomes map[string]int
}

// A htmlFact is a line of the page's head.
type htmlFact struct{ Name, Text string }

// A htmlFinding is a finding in words.
type htmlFinding struct{ Summary, Frames, Cause string }

// A htmlConnection is a row of the connections.
type htmlConnection struct {
	ID                                     int
	Ends, Outcome, Frame, Packets, Payload string
	Resets                                 int
}

func newHTMLAnalysis(w io.Writer, s Style) Analysis {
	return &htmlAnalysis{w: w, style: s, of: map[htmlKey]*htmlGroup{}, causes: map[string]int{}, pairs: map[string]string{}, page: htmlAnalysisPage{outcomes: map[string]int{}}}
}

// Record takes r; the page is written with the summary.
func (h *htmlAnalysis) Record(r analyzer.Record) error {
	switch r := r.(type) {
	case *analyzer.Verdict:
		h.verdict(r)
	case *analyzer.Finding:
		of := ""
		if h.style.Files {
			of = " of " + r.File
		}
		h.page.Findings = append(h.page.Findings, htmlFinding{capitalized(r.Summary), "frames " + firstNumbers(r.Frames, r.Count, of), string(r.Cause)})
	case *analyzer.Connection:
		h.connection(r)
	case *analyzer.Error:
		h.page.Errors = append(h.page.Errors, r.Error())
	case *analyzer.Summary:
		return h.summary(r)
	}
	return nil
}

func (h *htmlAnalysis) verdict(v *analyzer.Verdict) {
	for _, s := range v.Seen {
		if !slices.Contains(h.files, s.File) {
			h.files = append(h.files, s.File)
		}
	}
	if v.Benign {
		h.benign++
	} else {
		h.causes[string(v.Cause)]++
	}
	key := htmlKeyOf(v)
	g := h.of[key]
	if g == nil {
		if len(h.groups) == maxHTMLGroups {
			h.page.Untold++
			return
		}
		g = newHTMLGroup(v, h.style.Files)
		h.of[key] = g
		h.groups = append(h.groups, g)
	}
	pair := h.pair(v)
	g.add(v, pair, h.style.Files)
	if len(h.moments) < maxHTMLMoments {
		h.moments = append(h.moments, htmlMoment{v.Time, g, pair})
	}
}

// pair names the hosts of a connection, otherHosts where too many have a name.
func (h *htmlAnalysis) pair(v *analyzer.Verdict) string {
	name := pairOf(v)
	known, ok := h.pairs[name]
	if ok {
		return known
	}
	if len(h.pairs) == maxHTMLPairs {
		return otherHosts
	}
	h.pairs[name] = name
	return name
}

func (h *htmlAnalysis) connection(c *analyzer.Connection) {
	h.page.outcomes[c.Outcome]++
	if len(h.page.Connections) == maxHTMLConnections {
		h.page.Unlisted++
		return
	}
	h.page.Connections = append(h.page.Connections, htmlConnection{
		ID: c.Ref.ID, Ends: ends(c), Outcome: c.Outcome,
		Frame:   frameOf(h.style.Files, c.File, c.Ref.FirstFrame),
		Packets: fmt.Sprintf("%d + %d", c.Packets[0], c.Packets[1]), Payload: fmt.Sprintf("%d + %d", c.Bytes[0], c.Bytes[1]), Resets: c.Resets,
	})
}

// summary writes the page.
func (h *htmlAnalysis) summary(s *analyzer.Summary) error {
	p := &h.page
	p.Groups = h.groups
	slices.SortStableFunc(p.Groups, func(a, b *htmlGroup) int { // those of one rank stay in order of time
		byCount := 0
		if len(p.Groups) > fewGroups {
			byCount = cmp.Compare(b.Count, a.Count)
		}
		return cmp.Or(order(a.Verdict.Benign, b.Verdict.Benign), byCount)
	})
	dates := !oneDay(h.moments)
	for i, g := range p.Groups {
		g.ID = fmt.Sprintf("v%d", i+1)
		g.finish(dates)
		if i < maxHTMLLadders {
			g.Body.draw(g.Verdict, g.ID)
		} else {
			p.NoLadder++
		}
	}
	if p.Open = len(p.Groups); p.Open > fewGroups {
		p.Open = 1
	}
	if len(p.Groups) > fewGroups || len(h.moments) > fewResets {
		p.Overview = newHTMLOverview(p.Groups, h.moments)
	}
	p.Limits = s.Limits
	p.Causes = causesOf(p.Groups)
	p.Lead, p.Also = h.lead(s)
	p.Facts = h.facts(s)
	return writeHTML(h.w, htmlPage{Title: h.title(), Analysis: p})
}

// order puts what is false before what is true.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func oneDay(moments []htmlMoment) bool {
	for _, m := range moments {
		if m.time.Truncate(24*time.Hour) != moments[0].time.Truncate(24*time.Hour) {
			return false
		}
	}
	return true
}

// title names the captures, as far as verdicts name them.
func (h *htmlAnalysis) title() string {
	names := make([]string, len(h.files))
	for i, f := range h.files {
		names[i] = filepath.Base(f)
	}
	switch {
	case len(names) == 0:
		return "TCP resets"
	case len(names) > 3:
		names = append(names[:3], fmt.Sprintf("%d more", len(names)-3))
	}
	return "TCP resets in " + strings.Join(names, ", ")
}

// lead is what a reader should know who reads nothing else.
func (h *htmlAnalysis) lead(s *analyzer.Summary) (lead string, also []string) {
	benign := h.benign
	count := plural(s.Resets-benign, "reset") + " to look into"
	switch {
	case s.Resets == 0:
		return "No TCP reset was found.", nil
	case benign == s.Resets && s.Resets == 1:
		count = "The one reset is benign: normal working, nothing to mend"
	case benign == s.Resets:
		count = fmt.Sprintf("All %d resets are benign: normal working, nothing to mend", s.Resets)
	case benign > 0:
		count += fmt.Sprintf(", %d more benign", benign)
	}
	first := h.groups[0]
	if len(h.groups) == 1 && h.page.Untold == 0 {
		also = []string{first.Pair + ". " + count + "."}
		return first.Heading + ".", also
	}
	for _, id := range sortedByCount(h.causes)[:min(len(h.causes), leadCauses)] {
		row, _ := cause.Lookup(cause.ID(id))
		also = append(also, fmt.Sprintf("%d × %s: %s", h.causes[id], id, row.Summary))
	}
	return count + ".", also
}

func (h *htmlAnalysis) facts(s *analyzer.Summary) []htmlFact {
	facts := []htmlFact{
		{"Looked at", fmt.Sprintf("%s, %s, %s", plural(s.Packets, "packet"), plural(s.Connections, "connection"), plural(s.Files, "capture"))},
	}
	if len(h.files) > 0 {
		facts = append(facts, htmlFact{"Captures with resets", strings.Join(h.files, ", ")})
	}
	if len(h.moments) > 0 {
		first, last := h.moments[0].time, h.moments[0].time
		for _, m := range h.moments {
			if m.time.Before(first) {
				first = m.time
			}
			if m.time.After(last) {
				last = m.time
			}
		}
		text := first.Format(htmlStamp)
		if last.After(first) {
			text += " to " + last.Format(htmlStamp)
		}
		facts = append(facts, htmlFact{"Resets from", text + " (UTC)"})
	}
	if len(h.page.outcomes) > 0 {
		var words []string
		for _, o := range sortedByCount(h.page.outcomes) {
			words = append(words, fmt.Sprintf("%d %s", h.page.outcomes[o], o))
		}
		facts = append(facts, htmlFact{"Connections ended", strings.Join(words, ", ")})
	}
	return facts
}

// htmlStamp is how the page writes a time.
const htmlStamp = "2006-01-02 15:04:05.000000"

// causesOf are the rows of the causes that the page speaks of, by their names.
func causesOf(groups []*htmlGroup) []cause.Cause {
	var all []cause.Cause
	for _, c := range cause.Table() {
		if slices.ContainsFunc(groups, func(g *htmlGroup) bool { return g.Verdict.Cause == c.ID }) {
			all = append(all, c)
		}
	}
	return all
}

// frameOf names a frame, with its file where there are several.
func frameOf(files bool, file string, n int) string {
	if files {
		return fmt.Sprintf("%s frame %d", file, n)
	}
	return fmt.Sprintf("frame %d", n)
}

// capitalized is a sentence's beginning.
func capitalized(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
