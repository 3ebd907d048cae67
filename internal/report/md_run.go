package report

import (
	"io"

	"rstlab/internal/play"
)

// mdRun writes a run for a ticket or a job's summary: the outcome, then each
// failure with its story, then what was skipped and why, then all.
type mdRun struct {
	text
	results []*play.Result
}

func newMDRun(w io.Writer, _ Style) Run { return &mdRun{text: text{w: w}} }

func (m *mdRun) Result(r *play.Result) error {
	m.results = append(m.results, r)
	return nil
}

// mdStories bounds the bytes of the stories of all failures: what displays a
// job's summary refuses one of more than a megabyte.
const mdStories = 512 << 10

func (m *mdRun) Summary(s play.RunSummary) error {
	m.printf("## rstlab: %s\n\n%.1f seconds on Linux %s\n", outcome(s), s.Seconds, mdText(s.Kernel))
	m.failures()
	m.skips()
	if s.Passed > 0 {
		m.printf("\n### Passed\n\n| scenario | family | seconds |\n|---|---|--:|\n")
		for _, r := range m.all(play.Pass) {
			m.printf("| %s | %s | %.2f |\n", mdText(r.Name), mdText(r.Family), r.Seconds)
		}
	}
	return m.flush()
}

func (m *mdRun) failures() {
	room := mdStories
	for _, r := range m.all(play.Fail) {
		m.printf("\n### Failed: %s\n\n", mdText(r.Name))
		if room -= len(r.Story); room < 0 {
			m.printf("%s\n", mdText(r.Why))
			continue
		}
		m.printf("%s", mdBlock(story(r)))
	}
}

func (m *mdRun) skips() {
	for i, r := range m.all(play.Skip) {
		if i == 0 {
			m.printf("\n### Skipped\n\n| scenario | why |\n|---|---|\n")
		}
		m.printf("| %s | %s |\n", mdText(r.Name), mdText(r.Why))
	}
}

// all gives the results that ended so, in their order.
func (m *mdRun) all(end play.Outcome) []*play.Result {
	var some []*play.Result
	for _, r := range m.results {
		if r.Result == end {
			some = append(some, r)
		}
	}
	return some
}
