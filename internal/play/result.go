// Package play plays a scenario in the lab and compares its three witnesses:
// what the script says, what the kernel says, what the analyzer concludes.
package play

import "rstlab/analyzer"

// Outcome is how a scenario ended.
type Outcome string

// Outcomes. Skip means that a precondition is missing on this machine.
const (
	Pass Outcome = "pass"
	Fail Outcome = "fail"
	Skip Outcome = "skip"
)

// A Result is what became of one scenario. Its JSON form is documented by
// docs/schema/run.json.
type Result struct {
	Type     string        `json:"type"` // "scenario"
	Name     string        `json:"name"`
	Family   string        `json:"family"`
	Labels   []string      `json:"labels"`
	Result   Outcome       `json:"result"`
	Why      string        `json:"why"` // of a failure or skip, one line
	Seconds  float64       `json:"seconds"`
	Oracle   string        `json:"oracle"` // trace, counters or none
	Resets   []ResetResult `json:"resets"`
	Captures []string      `json:"captures"` // files kept with --save

	// Story is the failure as a person reads it: the line, what came instead,
	// the three witnesses, how to run it again. Empty on a pass.
	Story string `json:"-"`
	// Path is the file as the user named it, "" for the catalogue's.
	Path string `json:"-"`
	// Line is the line of the file that failed; 0: of none, or all of it.
	Line int `json:"-"`
	// Recording is what was left behind, where Options.Record or Options.Memory
	// asks for it.
	Recording *Recording `json:"-"`
}

// A ResetResult is one reset of a scenario at one judged tap, or at a set of
// taps ("client+server").
type ResetResult struct {
	Tap      string            `json:"tap"`
	Frame    int               `json:"frame"`
	Expected Expected          `json:"expected"`
	Kernel   *KernelReset      `json:"kernel"` // nil: no host's kernel sent it, or the oracle can't say
	Verdict  *analyzer.Verdict `json:"verdict"`
	Agree    bool              `json:"agree"`
}

// Expected is the scenario's word about a reset.
type Expected struct {
	Cause string `json:"cause"`
	By    string `json:"by"`
}

// A KernelReset is the kernel's own word about a reset.
type KernelReset struct {
	Reason  string `json:"reason"`
	Host    string `json:"host"`
	Counted bool   `json:"counted,omitempty"` // by a counter, which is the reason: the trace lacks it
}

// A RunSummary closes a run.
type RunSummary struct {
	Type     string  `json:"type"` // "run"
	Passed   int     `json:"passed"`
	Failed   int     `json:"failed"`
	Skipped  int     `json:"skipped"`
	Unplayed int     `json:"unplayed,omitempty"` // the run was ended before them
	Seconds  float64 `json:"seconds"`
	Kernel   string  `json:"kernel"`
}
