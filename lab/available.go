//go:build linux

package lab

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"rstlab/lab/internal/ns"
	"rstlab/lab/internal/packetsock"
)

// An UnavailableError says why this machine can't run a lab.
type UnavailableError struct {
	Reason string // what was refused
	Switch string // the setting that decides it, as it must be; "" where there is none
	Hint   string // what to do
	Err    error  // the kernel's word; nil where it gave none
}

// Error gives the reason and the hint in one line.
func (e *UnavailableError) Error() string {
	s := e.Reason
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s + "; " + e.Hint
}

// Unwrap returns the kernel's word.
func (e *UnavailableError) Unwrap() error { return e.Err }

// Available returns nil, or an [*UnavailableError] that says why this machine
// can't run a lab. It tries, in namespaces that are gone when it returns.
func Available() error {
	if !ns.Privileged() {
		return whyNotPrivileged()
	}
	a, err := newNetNS(quiet)
	if err != nil {
		return whyNoNamespace(err)
	}
	defer a.Close()
	b, err := newNetNS(quiet)
	if err != nil {
		return whyNoNamespace(err)
	}
	defer b.Close()
	ends := [2]*iface{{ns: a, name: "p1", mac: [6]byte{2, 0, 0, 0, 0, 1}}, {ns: b, name: "p2", mac: [6]byte{2, 0, 0, 0, 0, 2}}}
	if err := connect(ends[0], ends[1], 1500); err != nil {
		return &UnavailableError{
			Reason: "virtual Ethernet links can't be made", Err: err,
			Hint: "load the kernel module veth (modprobe veth)",
		}
	}
	err = a.Do(func() error {
		conn, err := packetsock.Open(ends[0].index, packetsock.Options{})
		if err != nil {
			return err
		}
		return conn.Close()
	})
	if err != nil {
		return &UnavailableError{
			Reason: "frames can't be captured", Err: err,
			Hint: "load the kernel module af_packet (modprobe af_packet)",
		}
	}
	return nil
}

// userNamespaceSwitches are the settings by which systems forbid user
// namespaces to ordinary users, and the values that allow them.
var userNamespaceSwitches = []struct{ key, allows, system string }{
	{"kernel.apparmor_restrict_unprivileged_userns", "0", "AppArmor"},
	{"kernel.unprivileged_userns_clone", "1", "the kernel"},
	{"user.max_user_namespaces", "more than 0", "the kernel"},
}

// UserNamespaces returns nil, or an [*UnavailableError] with the setting by
// which this machine forbids user namespaces to ordinary users, so that only
// root can run labs. It reads the known settings; that none forbids them does
// not mean that nothing else does.
func UserNamespaces() error {
	for _, s := range userNamespaceSwitches {
		b, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(s.key, ".", "/"))
		value := strings.TrimSpace(string(b))
		if err != nil || value == s.allows || s.allows == "more than 0" && value != "0" {
			continue
		}
		return &UnavailableError{
			Reason: fmt.Sprintf("%s forbids user namespaces to ordinary users (%s=%s)", s.system, s.key, value),
			Switch: s.key + "=" + s.allows,
			Hint:   fmt.Sprintf("run as root, or have root set %s to %s", s.key, s.allows),
			Err:    userNamespaceErr,
		}
	}
	return nil
}

// whyNotPrivileged finds what keeps an ordinary user from having a user
// namespace with all rights in it.
func whyNotPrivileged() error {
	if err := UserNamespaces(); err != nil {
		return err
	}
	switch {
	case ns.Inside():
		return &UnavailableError{
			Reason: "a user namespace was made, but gives no rights",
			Hint:   "run as root, or allow this program to use user namespaces in the system's security policy (AppArmor, SELinux)",
		}
	case userNamespaceErr != nil:
		return &UnavailableError{
			Reason: "user namespaces are forbidden", Err: userNamespaceErr,
			Hint: "run as root; in a container, allow unshare and CAP_SYS_ADMIN (a seccomp profile may forbid them)",
		}
	}
	return &UnavailableError{
		Reason: "this process is not root",
		Hint:   "call lab.Main in TestMain, or lab.Reexec first thing in main, to run in a user namespace",
	}
}

// whyNoNamespace explains an error of newNetNS.
func whyNoNamespace(err error) error {
	why := &UnavailableError{
		Reason: "network namespaces can't be made", Err: err,
		Hint: "run as root of the machine; in a container, allow unshare and CAP_SYS_ADMIN (a seccomp profile may forbid them)",
	}
	switch {
	case errors.Is(err, unix.ENOSPC):
		why.Switch = "user.max_net_namespaces"
		why.Hint = "raise user.max_net_namespaces"
	case errors.Is(err, unix.EROFS):
		why.Reason = "sysctls can't be set"
		why.Hint = "in a container, mount /proc/sys writable"
	}
	return why
}

// Supports returns nil, or why labs on this machine lack a feature: "ipv6",
// "nftables", "mptcp", "md5".
func Supports(feature string) error {
	n, err := newNetNS(quiet[:0])
	if err != nil {
		return whyNoNamespace(err)
	}
	defer n.Close()
	return n.Do(func() error {
		switch feature {
		case "ipv6":
			return tried(newKernelSocket(SocketOptions{IPv6: true}))
		case "mptcp":
			return tried(newKernelSocket(SocketOptions{MPTCP: true}))
		case "md5":
			return tried(newKernelSocket(SocketOptions{MD5Key: "key"}))
		case "nftables":
			return supportsNft()
		}
		return fmt.Errorf("unknown feature %q, expected ipv6, nftables, mptcp or md5", feature)
	})
}

func tried(s *kernelSocket, err error) error {
	if err != nil {
		return err
	}
	return s.close()
}
