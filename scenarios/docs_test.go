//go:build linux

package scenarios_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"rstlab/internal/play"
	"rstlab/internal/script"
)

// whole finds the scenarios of a page: blocks that begin with a summary and
// declare hosts.
var whole = regexp.MustCompile("(?ms)^```\n(# [^\n]*\n(?:host|peer|requires).*?)^```$")

// sample finds the heads of scenarios that stand in one block, each under its name.
var sample = regexp.MustCompile(`(?m)^-- [a-z0-9-]+\.scenario --\n`)

// scenariosOf gives the scenarios of a page.
func scenariosOf(text string) []string {
	var all []string
	for _, block := range whole.FindAllStringSubmatch(text, -1) {
		all = append(all, block[1])
	}
	if at := sample.FindStringIndex(text); at != nil {
		block, _, _ := strings.Cut(text[at[1]:], "\n```")
		for _, s := range sample.Split(block, -1) {
			all = append(all, strings.TrimRight(s, "\n")+"\n")
		}
	}
	return all
}

var _ = Describe("the scenarios of the pages", func() {
	for _, page := range []string{"writing-scenarios", "scenario-language"} {
		text, err := os.ReadFile("../docs/" + page + ".md")
		if err != nil {
			It(page, func() { Fail(err.Error()) })
			continue
		}
		all := scenariosOf(string(text))
		It(page+" shows scenarios", func() { Expect(len(all)).To(BeNumerically(">", 5)) })
		for i, s := range all {
			summary, _, _ := strings.Cut(s, "\n")
			f, err := script.Parse(fmt.Sprintf("%s-%d.scenario", page, i+1), []byte(s))
			if err != nil {
				It(summary, func() { Fail(err.Error()) })
				continue
			}
			It(summary, SpecTimeout(play.Limit(f)), func(ctx SpecContext) {
				formatted, err := script.Format([]byte(s), f.Path)
				Expect(err).NotTo(HaveOccurred())
				Expect(string(formatted)).To(Equal(s), "it is in the one form")
				_, err = play.Run(ctx, []*script.File{f}, play.Options{AllowExec: true, Save: GinkgoT().TempDir()}, judge(f))
				Expect(err).NotTo(HaveOccurred())
			})
		}
	}
})
