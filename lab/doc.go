// Package lab makes small networks out of Linux network namespaces, for tests
// that need real TCP stacks: hosts with a kernel stack each, peers that send
// only what they are told, middleboxes that drop, delay, rewrite or forge, and
// a capture at every end of every link.
//
// A lab is described as plain data, a [Config], checked as a whole and then
// started. It touches nothing of the machine's own network: its namespaces are
// anonymous, held only by this process, and gone when the process is, however
// it ends.
//
// Root is not needed. A program that is not root runs its labs in a user
// namespace of its own; for that, a test calls [Main] in its TestMain, a
// command calls [Reexec] first thing in main.
//
//	func TestMain(m *testing.M) { lab.Main(m) }
//
// The package works on Linux only, from kernel 6.1 on.
package lab
