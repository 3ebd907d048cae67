//go:build linux

package scenarios_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"rstlab/analyzer/cause"
	"rstlab/internal/catalogue"
	"rstlab/internal/play"
	"rstlab/internal/report"
	"rstlab/internal/script"
	"rstlab/lab"
	"rstlab/lab/oracle"
	"rstlab/scenarios"
)

var update = flag.Bool("update", false, "rewrite reasons.tsv with the kernel's reasons of this run")

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

// said are the kernel's reasons in this run.
var said = catalogue.Recorded{}

// note keeps the kernel's reasons of a scenario, and fails if one was not
// recorded: then the story is another one than it was.
func note(r *play.Result) {
	recorded, err := scenarios.Reasons()
	Expect(err).NotTo(HaveOccurred())
	for _, reset := range r.Resets {
		if reset.Kernel == nil || reset.Kernel.Counted {
			continue
		}
		id, reason := reset.Expected.Cause, reset.Kernel.Reason
		if said[r.Name] == nil {
			said[r.Name] = map[string][]string{}
		}
		if !slices.Contains(said[r.Name][id], reason) {
			said[r.Name][id] = append(said[r.Name][id], reason)
		}
		if !*update {
			Expect(recorded[r.Name][id]).To(ContainElement(reason), "the kernel's reason is not the one recorded in reasons.tsv (go test ./scenarios -update)")
		}
	}
}

var _ = AfterSuite(func() {
	if !*update {
		return
	}
	if config, _ := GinkgoConfiguration(); config.ParallelTotal > 1 {
		Fail("-update needs all specs in one process: go test ./scenarios -update")
	}
	files, err := scenarios.All()
	Expect(err).NotTo(HaveOccurred())
	recorded, err := scenarios.Reasons()
	Expect(err).NotTo(HaveOccurred())
	maps.DeleteFunc(recorded, func(name string, _ map[string][]string) bool {
		return !slices.ContainsFunc(files, func(f *script.File) bool { return f.Name == name })
	})
	maps.Copy(recorded, said)
	Expect(os.WriteFile("reasons.tsv", []byte(reasonsTable(recorded)), 0o644)).To(Succeed())
	Expect(os.WriteFile(matrixPath, []byte(matrix(files, recorded)), 0o644)).To(Succeed())
})

func reasonsTable(recorded catalogue.Recorded) string {
	var b strings.Builder
	fmt.Fprintln(&b, "# scenario\tcause\treasons of the kernel; written by: go test ./scenarios -update")
	for _, name := range slices.Sorted(maps.Keys(recorded)) {
		for _, id := range slices.Sorted(maps.Keys(recorded[name])) {
			fmt.Fprintf(&b, "%s\t%s\t%s\n", name, id, strings.Join(slices.Sorted(slices.Values(recorded[name][id])), ","))
		}
	}
	return b.String()
}

const matrixPath = "../docs/matrix.md"

func matrix(files []*script.File, recorded catalogue.Recorded) string {
	var b strings.Builder
	fmt.Fprint(&b, `# Which scenario shows which cause

Written by `+"`go test ./scenarios -update`. `rstlab list causes --coverage`"+` adds the reasons of
the running kernel, and says of those that no scenario reaches why.

`)
	table := report.NewList("md", &b, report.Style{})
	for _, row := range catalogue.Cover(files, recorded) {
		Expect(table.Coverage(row)).To(Succeed())
	}
	return b.String()
}

var _ = Describe("coverage", func() {
	It("shows every cause", func() {
		files, err := scenarios.All()
		Expect(err).NotTo(HaveOccurred())
		for _, row := range catalogue.Cover(files, nil) {
			if row.Cause != string(cause.NoCauseDecided) {
				Expect(row.Scenario).NotTo(BeEmpty(), "no scenario shows %s", row.Cause)
			}
		}
	})
	It("is what docs/matrix.md shows", func() {
		files, err := scenarios.All()
		Expect(err).NotTo(HaveOccurred())
		recorded, err := scenarios.Reasons()
		Expect(err).NotTo(HaveOccurred())
		text, err := os.ReadFile(matrixPath)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(text) == matrix(files, recorded) || *update).To(BeTrue(),
			"docs/matrix.md is not what the catalogue covers: go test ./scenarios -update")
	})
	It("reaches every reason of the kernel, or says why not", func() {
		known, err := oracle.Reasons()
		if err != nil {
			Skip(err.Error())
		}
		files, err := scenarios.All()
		Expect(err).NotTo(HaveOccurred())
		recorded, err := scenarios.Reasons()
		Expect(err).NotTo(HaveOccurred())
		for _, row := range catalogue.CoverReasons(known, files, recorded) {
			Expect(len(row.Scenarios) > 0 || row.Why != "").To(BeTrue(), "%s is neither reached nor explained", row.Reason)
		}
	})
})

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
		if f.Catalogue && r.Oracle == "trace" && r.Result == play.Pass {
			note(r)
		}
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
