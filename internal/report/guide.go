package report

import (
	"io"
	"regexp"
	"strings"
)

// What begins an item of a list, and a line that is no prose.
var (
	guideItem = regexp.MustCompile(`^ *([-*]|[0-9]+\.) +`)
	guideAsIs = regexp.MustCompile("^(#|\\||    |```)")
)

// Guide writes a guide in Markdown for a person: as it is, with its prose in
// lines that are good to read and fit the terminal. Errors are those of w.
func Guide(w io.Writer, s Style, markdown string) error {
	t := &text{w: w, style: s}
	lead, prose := "", ""
	end := func() {
		if prose != "" {
			t.prose(lead, prose)
		}
		lead, prose = "", ""
	}
	fenced := false
	for _, line := range strings.Split(strings.TrimSpace(markdown), "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		item := guideItem.FindString(line)
		switch {
		case fenced || line == "" || prose == "" && guideAsIs.MatchString(line):
			end()
			t.printf("%s\n", clean(line))
		case item != "":
			end()
			lead, prose = item, line[len(item):]
		default:
			prose += " " + strings.TrimSpace(line)
		}
	}
	end()
	return t.flush()
}

// prose adds a paragraph behind lead.
func (t *text) prose(lead, body string) {
	most := 80
	if t.style.Width > 0 {
		most = min(most, t.width())
	}
	for _, line := range wrap(clean(strings.Join(strings.Fields(body), " ")), most-len(lead)) {
		t.printf("%s%s\n", lead, line)
		lead = strings.Repeat(" ", len(lead))
	}
}
