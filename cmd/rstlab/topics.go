package main

import (
	"fmt"
	"regexp"
	"strings"

	"rstlab/analyzer/cause"
	"rstlab/docs"
)

// A topic is what "rstlab help" tells beside the commands; it is a manual page
// of its own, too.
type topic struct {
	name, short string
	text        func() string // in Markdown
}

var topics = []topic{
	{"verdict", "How a verdict is read", docs.Verdicts},
	{"causes", "Every cause of a reset: what it means, how it is told apart, what to do", causesText},
	{"capturing", "How to take a capture that can be judged", docs.Capturing},
	{"language", "How a scenario is written", docs.Language},
	{"exit-status", "What the exit status says", func() string { return "# Exit status\n\n" + mdIndented(exitStatus) }},
}

// exitStatus is what the root command's help says, too.
const exitStatus = `  0    all well
  1    a scenario failed, a golden file differs, analyze found a cause that
       --fail-on names, or reproduce could not show what the capture does
  2    wrong use, input of which nothing could be read, or output that could
       not be written
  3    this machine can't run it; "rstlab doctor" says why
  130  interrupted; what was found until then has been printed`

// mdIndented makes lines that are indented by two, as help has its lists, a
// block of Markdown, which a blank line sets off.
func mdIndented(text string) string {
	text = regexp.MustCompile(`(?m)^  `).ReplaceAllString(text, "    ")
	return regexp.MustCompile(`(?m)(^[^ \n].*\n)    `).ReplaceAllString(text, "$1\n    ")
}

// causesText tells the table of causes.
func causesText() string {
	var b strings.Builder
	fmt.Fprint(&b, "# Causes of TCP resets\n\n\"rstlab explain CAUSE\" tells one of them whole, with its sources.\n")
	family := cause.Family("")
	for _, c := range cause.Table() {
		if c.Family != family {
			family = c.Family
			fmt.Fprintf(&b, "\n## %s\n", family)
		}
		benign := ""
		if c.Benign {
			benign = ", benign"
		}
		fmt.Fprintf(&b, "\n### %s%s\n\n%s.\n\n", c.ID, benign, upperFirst(c.Summary))
		for _, part := range []struct{ title, text string }{{"Means", c.Meaning}, {"Told apart by", c.Evidence}, {"Settled by", c.Settle}, {"To do", c.Fix}} {
			if part.text != "" {
				fmt.Fprintf(&b, "- %s: %s\n", part.title, part.text)
			}
		}
	}
	return b.String()
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
