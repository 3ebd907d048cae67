//go:build linux

package lab

import (
	"os"

	"rstlab/lab/internal/ns"
)

// userNamespaceErr is why Reexec could not leave for a user namespace.
var userNamespaceErr error

// Main runs the tests of m and exits with their status. Without root it first
// re-executes the test binary in a user namespace. It is for TestMain:
//
//	func TestMain(m *testing.M) { lab.Main(m) }
func Main(m interface{ Run() int }) {
	Reexec()
	os.Exit(m.Run())
}

// Reexec is what a command calls first thing in main. In a helper process of a
// lab it does that helper's work and exits. Without root it re-executes the
// program in a user namespace and exits with its status; where the system
// forbids that, it returns, and [Available] says why. With root it returns.
func Reexec() {
	switch os.Args[0] {
	case ns.InitName:
		ns.InitMain()
	case processName:
		processMain()
	case execName:
		execMain()
	}
	reexecCalled.Store(true)
	if ns.Privileged() || ns.Inside() {
		return
	}
	status, err := ns.RunInUserNamespace()
	if err != nil {
		userNamespaceErr = err
		return
	}
	os.Exit(status)
}

// Rootless reports whether the process runs in a user namespace of its own,
// where the kernel lets nobody trace.
func Rootless() bool { return ns.InUserNamespace() }
