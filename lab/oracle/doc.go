// Package oracle tells why the kernel sent a TCP reset, in the kernel's own
// words: the reason that it hands to its tracepoint tcp:tcp_send_reset (Linux
// 6.10 and later), and the counters of a network namespace.
//
// The reasons come from a small eBPF program, written in eBPF's assembly and
// fitted at load time to the running kernel by its BTF. It passes on only what
// happens in the namespaces that are watched, so that labs may run at the same
// time with the same addresses. Nothing is pinned and no tracing instance is
// made: when the process ends, however it ends, the kernel drops the program.
//
// The package needs no lab: any namespace can be watched by its inode, which is
// the number in the link /proc/PID/ns/net.
package oracle
