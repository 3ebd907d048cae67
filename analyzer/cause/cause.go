// Package cause is the closed vocabulary of reset causes: one table, read by
// the analyzer, the scenario language, "rstlab list causes" and "rstlab
// explain". It imports nothing of the project.
package cause

// An ID names a cause, such as "port-closed".
type ID string

// A Family groups causes by the moment or place in which they arise.
type Family string

// The families, in the order in which a connection lives through them.
const (
	Connect     Family = "connect"
	Established Family = "established"
	Closing     Family = "closing"
	Closed      Family = "closed"
	Timer       Family = "timer"
	Resource    Family = "resource"
	Network     Family = "network"
	Attack      Family = "attack"
	MPTCP       Family = "mptcp"
	Other       Family = "other"
)

// Strength says how sure a verdict is. The zero value is Undetermined, and
// strengths compare with <.
type Strength uint8

// The strengths: Possible leaves an ordinary look-alike open, Likely only an
// unusual device or a coincidence, Proven none.
const (
	Undetermined Strength = iota
	Possible
	Likely
	Proven
)
