package report

import (
	"regexp"
	"strings"
)

// What Markdown would take for more than letters where it stands in a line.
// A single underscore within a word means nothing.
var (
	mdMarks   = regexp.MustCompile("[\\\\`*\\[\\]<>&|~$]|__+|\\b_|_\\b")
	mdLinks   = regexp.MustCompile(`(?i)(https?|ftp)(://)|(www)(\.)`)
	mdMention = regexp.MustCompile(`@`)
)

// mdText is s as text of a line of Markdown that cannot be anything else: no
// markup, no link, no cell's end, and nobody who is called by an "@".
func mdText(s string) string {
	s = mdMarks.ReplaceAllStringFunc(clean(s), func(marks string) string { return `\` + strings.Join(strings.Split(marks, ""), `\`) })
	s = mdLinks.ReplaceAllString(s, `$1$3\$2$4`)
	return mdMention.ReplaceAllString(s, "`@`")
}

// mdBlock is text of several lines, as it is.
func mdBlock(lines string) string {
	fence := strings.Repeat("`", max(longestRun(lines)+1, 3))
	return fence + "text\n" + Clean(lines) + "\n" + fence + "\n"
}

// longestRun is how many backticks stand together in s.
func longestRun(s string) int {
	most, run := 0, 0
	for i := range len(s) {
		if s[i] != '`' {
			run = 0
			continue
		}
		run++
		most = max(most, run)
	}
	return most
}
