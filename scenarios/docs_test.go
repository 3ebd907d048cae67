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

// whole finds the scenarios in a guide: blocks that begin with a summary and
// declare hosts.
var whole = regexp.MustCompile("(?ms)^```\n(# [^\n]*\n(?:host|peer|requires).*?)^```$")

var _ = Describe("the guide to writing scenarios", func() {
	text, err := os.ReadFile("../docs/writing-scenarios.md")
	if err != nil {
		It("is there", func() { Fail(err.Error()) })
		return
	}
	blocks := whole.FindAllSubmatch(text, -1)
	It("shows scenarios", func() { Expect(blocks).NotTo(BeEmpty()) })
	for i, block := range blocks {
		summary, _, _ := strings.Cut(string(block[1]), "\n")
		f, err := script.Parse(fmt.Sprintf("guide-%d.scenario", i+1), block[1])
		if err != nil {
			It(summary, func() { Fail(err.Error()) })
			continue
		}
		It(summary, SpecTimeout(play.Limit(f)), func(ctx SpecContext) {
			formatted, err := script.Format(block[1], f.Path)
			Expect(err).NotTo(HaveOccurred())
			Expect(string(formatted)).To(Equal(string(block[1])), "it is in the one form")
			_, err = play.Run(ctx, []*script.File{f}, play.Options{AllowExec: true, Save: GinkgoT().TempDir()}, judge(f))
			Expect(err).NotTo(HaveOccurred())
		})
	}
})
