//go:build linux

package lab

import (
	"context"
	"io"
	"net/netip"

	"rstlab/lab/oracle"
)

// A Host is a running host.
type Host struct{}

// Name returns the host's name.
func (h *Host) Name() string { panic("not built yet") }

// Addrs returns the host's addresses.
func (h *Host) Addrs() []netip.Addr { panic("not built yet") }

// NetNS returns the inode of the host's network namespace, as
// "readlink /proc/self/ns/net" shows it inside.
func (h *Host) NetNS() uint64 { panic("not built yet") }

// Socket makes a TCP socket on the host.
func (h *Host) Socket(o SocketOptions) (*Socket, error) { panic("not built yet") }

// WaitState waits until the connection between local and remote is in a state
// of RFC 9293, "TIME-WAIT" or "SYN-SENT"; "CLOSED" means that the kernel has no
// such socket. For a listener remote is zero.
func (h *Host) WaitState(ctx context.Context, local, remote netip.AddrPort, state string) error {
	panic("not built yet")
}

// Sysctl sets a key of the host's namespace, named as in [HostConfig.Sysctls].
func (h *Host) Sysctl(key, value string) error { panic("not built yet") }

// Route replaces the host's route to r.Dst.
func (h *Host) Route(r RouteConfig) error { panic("not built yet") }

// Counters reads the counters of the host's TCP.
func (h *Host) Counters() (oracle.Counters, error) { panic("not built yet") }

// Kill sends SIGKILL to the process that holds the host's sockets and waits
// until it is gone; the next socket starts another. It is an error on a host
// without [HostConfig.Process].
func (h *Host) Kill() error { panic("not built yet") }

// Nft adds a rule to the host's firewall, in nft's words: "forward tcp dport
// 445 reject with tcp reset". The first word is the hook (prerouting, input,
// forward, output, postrouting).
func (h *Host) Nft(rule string) error { panic("not built yet") }

// FlushConntrack makes the host forget its NAT and firewall state.
func (h *Host) FlushConntrack() error { panic("not built yet") }

// Down takes the host's interfaces down.
func (h *Host) Down() error { panic("not built yet") }

// Up brings the host's interfaces up again, with its addresses and routes.
func (h *Host) Up() error { panic("not built yet") }

// Reboot makes the host forget all connections and its firewall state; nothing
// is sent and its addresses stay.
func (h *Host) Reboot() error { panic("not built yet") }

// ExecOptions say how a program is run. The zero value is no output.
type ExecOptions struct {
	Stdout, Stderr io.Writer // nil: thrown away
	Env            []string  // as in os/exec; nil: this process's own
}

// Exec starts a program of the user's on the host. The names of the lab's
// actors resolve inside.
func (h *Host) Exec(args []string, o ExecOptions) (*Program, error) { panic("not built yet") }

// A Program is a program that [Host.Exec] started.
type Program struct{}

// Wait waits for the program and returns its exit status; -1 if a signal ended
// it.
func (p *Program) Wait(ctx context.Context) (int, error) { panic("not built yet") }

// Kill sends SIGKILL to the program and waits until it is gone.
func (p *Program) Kill() error { panic("not built yet") }
