//go:build linux

package lab

// Main runs the tests of m and exits with their status. Without root it first
// re-executes the test binary in a user namespace. It is for TestMain:
//
//	func TestMain(m *testing.M) { lab.Main(m) }
func Main(m interface{ Run() int }) { panic("not built yet") }

// Reexec is what a command calls first thing in main. In a helper process of a
// lab it does that helper's work and exits. Without root it re-executes the
// program in a user namespace and exits with its status. Else it returns.
func Reexec() { panic("not built yet") }

// Rootless reports whether the process runs in a user namespace of its own,
// where the kernel lets nobody trace.
func Rootless() bool { panic("not built yet") }
