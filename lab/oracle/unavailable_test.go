//go:build linux

package oracle

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// Each refusal says what is missing, and what to do.
func TestExplain(t *testing.T) {
	const (
		initial  = "         0          0 4294967295"
		root     = "Name:\trstlab\nCapEff:\t000001ffffffffff\nSeccomp:\t0"
		ordinary = "Name:\trstlab\nCapEff:\t0000000000000000\nSeccomp:\t0"
		filtered = "Name:\trstlab\nCapEff:\t000001ffffffffff\nSeccomp:\t2"
		bpfOnly  = "Name:\trstlab\nCapEff:\t000000c000000000\nSeccomp:\t2" // CAP_PERFMON and CAP_BPF
	)
	refused := fmt.Errorf("make map: %w", unix.EPERM)
	for _, test := range []struct {
		name string
		circumstances
		err  error
		want string
	}{
		{"user namespace", circumstances{"", "0 1000 1", root}, refused,
			"open oracle: no permission to load eBPF programs: the process is in a user namespace, whose root may not"},
		{"ordinary user", circumstances{"", initial, ordinary}, refused,
			"open oracle: no permission to load eBPF programs: the process lacks CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN"},
		{"container", circumstances{"", initial, filtered}, refused,
			"open oracle: no permission to load eBPF programs: a seccomp filter is in force, as in a container"},
		{"container with the capabilities", circumstances{"", initial, bpfOnly}, refused,
			"open oracle: no permission to load eBPF programs: a seccomp filter is in force, as in a container"},
		{"security module", circumstances{"none [integrity] confidentiality", initial, root}, refused,
			"open oracle: no permission to load eBPF programs: the process has the capabilities, so a security module forbids it"},
		{"lockdown", circumstances{"none integrity [confidentiality]", initial, root}, fmt.Errorf("load program: %w", unix.EINVAL),
			"open oracle: the kernel is locked down: confidentiality forbids eBPF to read it: load program: invalid argument"},
		{"no eBPF", circumstances{"", initial, root}, fmt.Errorf("make map: %w", unix.ENOSYS),
			"open oracle: the kernel is built without eBPF (CONFIG_BPF_SYSCALL, CONFIG_BPF_EVENTS): make map: function not implemented"},
		{"no tracepoint", circumstances{"", initial, root}, fmt.Errorf("attach: %w", unix.ENOENT),
			"open oracle: the kernel has no tracepoint tcp:tcp_send_reset: attach: no such file or directory"},
		{"anything else", circumstances{"", initial, root}, fmt.Errorf("make map: %w", unix.ENOMEM),
			"open oracle: make map: cannot allocate memory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.explain(test.err)
			if err.Error() != test.want {
				t.Errorf("\n got %s\nwant %s", err, test.want)
			}
			var u *Unavailable
			if errors.As(err, &u) && u.Hint == "" {
				t.Error("got no hint")
			}
			if !errors.Is(err, errors.Unwrap(test.err)) {
				t.Errorf("got an error that hides what the system said, want %v in it", test.err)
			}
		})
	}
}
