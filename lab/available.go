//go:build linux

package lab

// An UnavailableError says why this machine can't run a lab.
type UnavailableError struct {
	Reason string // what was refused
	Switch string // the setting that decides it, "" where there is none
	Hint   string // what to do
	Err    error  // the kernel's word
}

// Error gives the reason, the switch and the hint in one line.
func (e *UnavailableError) Error() string { panic("not built yet") }

// Unwrap returns the kernel's word.
func (e *UnavailableError) Unwrap() error { return e.Err }

// Available returns nil, or an [*UnavailableError] that says why this machine
// can't run a lab.
func Available() error { panic("not built yet") }

// Supports returns nil, or why labs on this machine lack a feature: "ipv6",
// "nftables", "mptcp", "md5".
func Supports(feature string) error { panic("not built yet") }
