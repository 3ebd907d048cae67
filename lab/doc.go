// Package lab makes small networks out of Linux network namespaces, for tests
// that need real TCP stacks: hosts with a kernel stack each, peers that send
// only what they are told, middleboxes that drop, delay, rewrite or forge, and
// a capture at every end of every link.
//
// # A lab
//
// A lab is described as plain data, a [Config], checked as a whole and then
// started with [Start]. What runs is driven through it: [Host] gives real
// sockets and the host's sysctls, routes, rules and programs, [Peer] sends
// segments, [Middlebox] forwards by rules, [Tap] captures. [Lab.Drain] ends the
// captures, [Lab.Close] the lab.
//
// It touches nothing of the machine's own network: no interface, no route, no
// sysctl. Nothing leads out of a lab. Labs may run at the same time, with the
// same addresses too, a dozen or more in one process.
//
// # Order
//
// Tests need no sleep: [Tap.Wait] waits for a segment, [Host.WaitState] for a
// state of a connection, and calls of sockets end when the kernel says so.
// Each takes a context, whose end is the test's failure.
//
// # The same each time
//
// The lab sets in each namespace what would differ between machines: congestion
// control (reno), buffers and with them the window scale, ECN off, timers,
// retries, rate limits. ACKs are not delayed. Offloads are off, so a capture
// shows whole checksums and no frame beyond the MTU. Neighbours are known from
// the start and link addresses fixed, so there is no ARP, neighbour discovery
// or multicast in the captures. A host's own [HostConfig.Sysctls] win.
//
// Addresses come from the nets of the links, in the order in which these are
// written: A of the first link is 192.0.2.1, B 192.0.2.2. Each host has routes
// to all others, through the hosts that forward and the middleboxes between.
//
// # Nothing is left
//
// Namespaces have no names; they are held by this process alone. When it ends,
// also by SIGKILL, the kernel frees them with all that is in them, and the
// processes that a lab has started die too: at once or, where a dead program
// has left unacknowledged data, when that is due to be sent again. From Linux
// 6.15 on that takes 4 s at most.
//
// # Root, or not
//
// Root is not needed. A program that is not root runs its labs in a user
// namespace of its own; for that, a test calls [Main] in its TestMain, a
// command calls [Reexec] first thing in main. Both also let the program play
// the helper processes of its labs, so that root calls them as well.
//
//	func TestMain(m *testing.M) { lab.Main(m) }
//
// [Available] tells whether a machine can run labs, and what to change if not.
//
// The package works on Linux only, from kernel 6.1 on.
package lab
