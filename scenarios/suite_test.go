//go:build linux

package scenarios_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"rstlab/internal/catalogue"
	"rstlab/internal/play"
	"rstlab/internal/script"
	"rstlab/lab"
	"rstlab/scenarios"
)

// documented is the label of the six resets that the project began with: a
// machine that has to skip one of them fails the suite.
const documented = "documented"

func TestMain(m *testing.M) { lab.Main(m) }

func TestScenarios(t *testing.T) {
	var missing *lab.UnavailableError
	if err := lab.Available(); errors.As(err, &missing) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	RegisterFailHandler(Fail)
	RunSpecs(t, "the catalogue of resets")
}

var _ = Describe("scenario", func() {
	files, err := scenarios.All()
	if err != nil {
		It("parses", func() { Fail(err.Error()) })
		return
	}
	for _, f := range files {
		labels := slices.Concat([]string{catalogue.Family(f)}, f.Labels, catalogue.Causes(f))
		It(f.Name, Label(labels...), SpecTimeout(play.Limit(f)), func(ctx SpecContext) {
			_, err := play.Run(ctx, []*script.File{f}, play.Options{Save: GinkgoT().TempDir()}, judge(f))
			Expect(err).NotTo(HaveOccurred())
		})
	}
})

// judge passes, skips or fails the spec as the scenario ended.
func judge(f *script.File) func(*play.Result) {
	return func(r *play.Result) {
		switch {
		case r.Result == play.Fail:
			Fail(strings.TrimSpace(r.Story))
		case r.Result == play.Skip && slices.Contains(f.Labels, documented):
			Fail("one of the documented six is skipped: " + r.Why)
		case r.Result == play.Skip:
			Skip(r.Why)
		}
	}
}
