package report

import (
	"fmt"
	"io"
	"strings"

	"rstlab/internal/catalogue"
)

// mdList lists as tables of Markdown, one for each kind of entry.
type mdList struct {
	w    io.Writer
	kind string
}

func newMDList(w io.Writer, _ Style) List { return &mdList{w: w} }

// row writes a row, behind the head of a new table where the kind changes.
func (m *mdList) row(kind string, head []string, cells ...string) error {
	if m.kind != kind {
		gap := "\n"
		if m.kind == "" {
			gap = ""
		}
		m.kind = kind
		if _, err := fmt.Fprintf(m.w, "%s| %s |\n|%s\n", gap, strings.Join(head, " | "), strings.Repeat("---|", len(head))); err != nil {
			return err
		}
	}
	for i, c := range cells {
		cells[i] = mdText(c)
	}
	_, err := fmt.Fprintf(m.w, "| %s |\n", strings.Join(cells, " | "))
	return err
}

func (m *mdList) Scenario(s catalogue.Scenario) error {
	return m.row("scenarios", []string{"family", "scenario", "causes", "summary"}, s.Family, s.Name, strings.Join(s.Causes, ", "), s.Summary)
}

func (m *mdList) Cause(c catalogue.Cause) error {
	return m.row("causes", []string{"family", "cause", "summary"}, c.Family, c.ID, c.Summary)
}

func (m *mdList) Coverage(c catalogue.Coverage) error {
	ip := ""
	if c.IP != 0 {
		ip = fmt.Sprint(c.IP)
	}
	return m.row("coverage", []string{"cause", "scenario", "IP", "the kernel's reason", "judged at"},
		c.Cause, c.Scenario, ip, strings.Join(c.Reasons, ", "), strings.Join(c.Taps, ", "))
}

func (m *mdList) Reason(r catalogue.Reason) error {
	reached := strings.Join(r.Scenarios, ", ")
	if reached == "" {
		reached = "not reached: " + r.Why
	}
	return m.row("reasons", []string{"the kernel's reason", "scenarios"}, r.Reason, reached)
}
