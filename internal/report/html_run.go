package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"rstlab/internal/play"
)

// htmlRun gathers the results of a run and writes the page with its summary.
type htmlRun struct {
	w    io.Writer
	page htmlRunPage
}

// htmlRunPage is what the page of a run tells.
type htmlRunPage struct {
	Lead      string
	Failed    bool
	Facts     []htmlFact
	Scenarios []htmlScenario
}

// A htmlScenario is one result: failures have a story, the others the accounts
// of their witnesses.
type htmlScenario struct {
	Name, Family, Labels, Result, Why, Story, Seconds string
	Sort                                              string // seconds with a fixed number of figures
	Accounts                                          []htmlAccount
	Captures                                          []string
}

// A htmlAccount is what the witnesses say of a reset.
type htmlAccount struct {
	Script, Kernel string
	Analyzer       []string
}

func newHTMLRun(w io.Writer, _ Style) Run { return &htmlRun{w: w} }

// Result takes r; the page is written with the summary.
func (h *htmlRun) Result(r *play.Result) error {
	s := htmlScenario{
		Name: r.Name, Family: r.Family, Labels: strings.Join(r.Labels, ", "), Result: string(r.Result), Why: r.Why, Captures: r.Captures,
		Seconds: fmt.Sprintf("%.2f", r.Seconds), Sort: fmt.Sprintf("%.3f", r.Seconds),
	}
	if r.Result == play.Fail {
		s.Story = cmp.Or(strings.TrimRight(r.Story, "\n"), r.Why)
	}
	if r.Result != play.Skip {
		for _, a := range accounts(r) {
			x := htmlAccount{Script: a.script, Kernel: a.kernel}
			for _, v := range a.verdicts {
				x.Analyzer = append(x.Analyzer, v.text+" at "+strings.Join(v.taps, ", "))
			}
			s.Accounts = append(s.Accounts, x)
		}
		if len(r.Resets) == 0 && r.Result == play.Pass {
			s.Accounts = []htmlAccount{{"no reset", silent(r.Oracle, "sent none"), []string{"no reset"}}}
		}
	}
	h.page.Scenarios = append(h.page.Scenarios, s)
	return nil
}

// Summary writes the page: failures first, then what was skipped.
func (h *htmlRun) Summary(s play.RunSummary) error {
	p := &h.page
	rank := map[string]int{string(play.Fail): 0, string(play.Skip): 1, string(play.Pass): 2}
	slices.SortStableFunc(p.Scenarios, func(a, b htmlScenario) int { return cmp.Compare(rank[a.Result], rank[b.Result]) })
	p.Failed = s.Failed > 0
	switch {
	case s.Failed > 0:
		p.Lead = fmt.Sprintf("%d of %s failed.", s.Failed, plural(s.Passed+s.Failed, "scenario"))
	case s.Unplayed > 0:
		p.Lead = fmt.Sprintf("%s passed; %s.", plural(s.Passed, "scenario"), unplayed(s))
	case s.Passed == 0:
		p.Lead = "No scenario was played."
	case s.Passed == 1:
		p.Lead = "The scenario passed: its three witnesses agree."
	default:
		p.Lead = fmt.Sprintf("All %d scenarios passed: their three witnesses agree.", s.Passed)
	}
	p.Facts = []htmlFact{
		{"Result", outcome(s)},
		{"Played", fmt.Sprintf("in %.1f seconds on Linux %s", s.Seconds, s.Kernel)},
	}
	return writeHTML(h.w, htmlPage{Title: "rstlab run", Run: p})
}
