// Package doctor tells what this machine can run, by trying it, and how to
// mend what it can't.
package doctor

// A Status is how a check ended.
type Status string

// Statuses. Limited means that scenarios run, with less than all; Broken, that
// none can.
const (
	OK      Status = "ok"
	Limited Status = "limited"
	Broken  Status = "broken"
)

// A Check is one thing that was tried.
type Check struct {
	Name   string
	Status Status
	Found  string // what was found, one line
	Mend   string // how to mend it; "" where nothing is to mend
}

// CanRun says whether the checks let scenarios run.
func CanRun(checks []Check) bool {
	for _, c := range checks {
		if c.Status == Broken {
			return false
		}
	}
	return true
}
