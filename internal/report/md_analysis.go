package report

import (
	"fmt"
	"io"
	"strings"

	"rstlab/analyzer"
)

// mdAnalysis writes an analysis for a ticket or a job's summary: what was found
// in one line, then each verdict, then what limits them. It begins with the
// whole and therefore is written at the end; what it keeps is bounded.
type mdAnalysis struct {
	text
	crowd                 crowd
	verdicts, connections []string
	findings, unread      []string
}

func newMDAnalysis(w io.Writer, s Style) Analysis {
	return &mdAnalysis{text: text{w: w, style: s}}
}

func (m *mdAnalysis) brief(v *analyzer.Verdict) bool { return m.crowd.brief(v) }

func (m *mdAnalysis) Record(r analyzer.Record) error {
	switch r := r.(type) {
	case *analyzer.Verdict:
		if m.crowd.verdict(r) {
			m.verdicts = append(m.verdicts, m.verdict(r))
		}
	case *analyzer.Connection:
		m.connections = append(m.connections, connectionLine(r, m.frame(r.File, r.Ref.FirstFrame)))
	case *analyzer.Finding:
		if m.crowd.finding() {
			m.findings = append(m.findings, r.Summary)
		}
	case *analyzer.Error:
		m.unread = append(m.unread, r.Error())
	case *analyzer.Summary:
		m.summary(r)
		return m.flush()
	}
	return nil
}

// verdict is a section: who reset whom, why, and the facts as a list.
func (m *mdAnalysis) verdict(v *analyzer.Verdict) string {
	m.printf("### %s\n\n", mdText(m.frame(v.File, v.Frame)+": "+headline(v)))
	if packets := transcript(v); len(packets) > 0 {
		var block strings.Builder
		for _, l := range packets {
			fmt.Fprintln(&block, clean(l.lead+l.text))
		}
		m.printf("%s\n", mdBlock(block.String()))
	}
	for _, f := range facts(v) {
		switch len(f.values) {
		case 0:
		case 1:
			m.printf("- **%s**: %s\n", f.key, mdText(f.values[0]))
		default:
			m.printf("- **%s**:\n", f.key)
			for _, value := range f.values {
				m.printf("  - %s\n", mdText(value))
			}
		}
	}
	defer m.buf.Reset()
	return m.buf.String()
}

func (m *mdAnalysis) summary(s *analyzer.Summary) {
	m.printf("## %s\n", mdText(total(s, m.crowd.causes())))
	for _, v := range m.verdicts {
		m.printf("\n%s", v)
	}
	m.list("Not shown, each like some of those above", m.crowd.hidden(m.style.Files))
	m.list("Many of a kind", m.findings)
	if more := m.crowd.findings - mostFindings; more > 0 {
		m.printf("- %s of fewer resets each\n", plural(more, "group"))
	}
	m.list("Connections", m.connections)
	m.list("What limits this", append(m.unread, s.Limits...))
}

// list writes a section of lines, if there are any.
func (m *mdAnalysis) list(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	m.printf("\n### %s\n\n", title)
	for _, line := range lines {
		m.printf("- %s\n", mdText(line))
	}
}
