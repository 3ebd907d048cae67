//go:build linux

package oracle

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// What a machine may lack. Errors of Open and Reasons are *Unavailable and wrap
// one of these.
var (
	ErrNoBTF         = errors.New("the kernel's types can't be read (BTF)")
	ErrNoTracepoint  = errors.New("the kernel has no tracepoint tcp:tcp_send_reset")
	ErrNoReasons     = errors.New("the kernel is older than 6.10: its tcp:tcp_send_reset has no reason")
	ErrUnknownKernel = errors.New("the kernel's structures are not as expected")
	ErrNoBPF         = errors.New("the kernel is built without eBPF (CONFIG_BPF_SYSCALL, CONFIG_BPF_EVENTS)")
	ErrLockdown      = errors.New("the kernel is locked down: confidentiality forbids eBPF to read it")
	ErrNotPermitted  = errors.New("no permission to load eBPF programs")
)

// Unavailable says why the kernel's reasons can't be had on this machine.
type Unavailable struct {
	Missing error  // one of the errors above
	Detail  string // what was found, "" where Missing or Err says it
	Hint    string // what to do
	Err     error  // what the system said, or nil
}

// Error gives all but the hint, in one line. Detail stands for what the system
// said, which is often no more than "operation not permitted".
func (u *Unavailable) Error() string {
	s := "open oracle: " + u.Missing.Error()
	switch {
	case u.Detail != "":
		s += ": " + u.Detail
	case u.Err != nil:
		s += ": " + u.Err.Error()
	}
	return s
}

// Unwrap gives what is missing and what the system said.
func (u *Unavailable) Unwrap() []error {
	if u.Err == nil {
		return []error{u.Missing}
	}
	return []error{u.Missing, u.Err}
}

// circumstances are what decides whether a process may load eBPF programs.
type circumstances struct {
	lockdown string // /sys/kernel/security/lockdown
	uidMap   string // /proc/self/uid_map
	status   string // /proc/self/status
}

func readCircumstances() circumstances {
	read := func(path string) string {
		b, err := os.ReadFile(path)
		if err != nil {
			return "" // not there: it restricts nothing
		}
		return string(bytes.TrimSpace(b))
	}
	return circumstances{
		lockdown: read("/sys/kernel/security/lockdown"),
		uidMap:   read("/proc/self/uid_map"),
		status:   read("/proc/self/status"),
	}
}

// explain turns a refusal by the kernel, to make a map, to load or to attach a
// program, into what is missing.
func (c circumstances) explain(err error) error {
	switch {
	case strings.Contains(c.lockdown, "[confidentiality]"):
		return &Unavailable{Missing: ErrLockdown, Err: err,
			Hint: "boot with lockdown=integrity or less"}
	case errors.Is(err, unix.ENOSYS):
		return &Unavailable{Missing: ErrNoBPF, Err: err,
			Hint: "use a kernel built with these options, as all distributions' are"}
	case errors.Is(err, unix.ENOENT):
		return &Unavailable{Missing: ErrNoTracepoint, Err: err, Hint: "use Linux 6.10 or later"}
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return c.notPermitted(err)
	}
	return fmt.Errorf("open oracle: %w", err)
}

func (c circumstances) notPermitted(err error) error {
	u := &Unavailable{Missing: ErrNotPermitted, Err: err, Hint: "run it as root of the machine"}
	switch {
	case !c.initialUserNamespace():
		u.Detail = "the process is in a user namespace, whose root may not"
	case !c.hasCapabilities():
		u.Detail = "the process lacks CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN"
	case c.seccomp():
		u.Detail = "a seccomp filter is in force, as in a container"
		u.Hint = "run it outside the container, or allow bpf(2) in the container's seccomp profile"
	default:
		u.Detail = "the process has the capabilities, so a security module forbids it"
		u.Hint = "see the kernel's log for the module that refused bpf(2)"
	}
	return u
}

// initialUserNamespace reports whether user ids map to themselves, all of them,
// as only the machine's first user namespace has it.
func (c circumstances) initialUserNamespace() bool {
	f := strings.Fields(c.uidMap)
	return len(f) == 3 && f[0] == "0" && f[1] == "0" && f[2] == "4294967295"
}

func (c circumstances) hasCapabilities() bool {
	caps, err := strconv.ParseUint(c.statusField("CapEff"), 16, 64)
	has := func(capability int) bool { return caps&(1<<capability) != 0 }
	return err == nil && (has(unix.CAP_SYS_ADMIN) || has(unix.CAP_BPF) && has(unix.CAP_PERFMON))
}

func (c circumstances) seccomp() bool { return c.statusField("Seccomp") == "2" }

func (c circumstances) statusField(name string) string {
	for line := range strings.Lines(c.status) {
		if key, value, ok := strings.Cut(line, ":"); ok && key == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
