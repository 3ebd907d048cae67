package report

import (
	"fmt"
	"io"

	"rstlab/internal/catalogue"
)

// textList lists for a person, under a heading for each family.
type textList struct {
	text
	heading string
}

func newTextList(w io.Writer, s Style) List {
	return &textList{text: text{w: w, style: s}}
}

func (t *textList) Scenario(s catalogue.Scenario) error {
	t.entry("scenarios", s.Family, s.Name, s.Summary)
	return t.flush()
}

func (t *textList) Cause(c catalogue.Cause) error {
	t.entry("causes", c.Family, c.ID, c.Summary)
	return t.flush()
}

func (t *textList) entry(kind, family, name, summary string) {
	if heading := kind + ", " + family; heading != t.heading {
		if t.heading != "" {
			t.printf("\n")
		}
		t.heading = heading
		t.printf("%s\n", t.paint(bold, clean(heading)))
	}
	t.line(fmt.Sprintf("  %-30s ", clean(name)), summary)
}
