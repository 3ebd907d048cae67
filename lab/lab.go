//go:build linux

package lab

import (
	"context"
	"net/netip"
)

// A Lab is a running lab. Its methods may be called from any goroutine.
type Lab struct{}

// Start checks c, makes the lab and starts its captures. When ctx ends, the lab
// is torn down at once, as by [Lab.Close]. Errors are those of [Config.Check],
// those of [Available], and what the kernel refused.
func Start(ctx context.Context, c Config) (*Lab, error) { panic("not built yet") }

// Close ends the lab: programs and processes are killed, sockets destroyed,
// namespaces and links freed. What this would send is in no capture. It may be
// called more than once.
func (l *Lab) Close() error { panic("not built yet") }

// Host returns the host of that name, nil if there is none.
func (l *Lab) Host(name string) *Host { panic("not built yet") }

// Peer returns the peer of that name, nil if there is none.
func (l *Lab) Peer(name string) *Peer { panic("not built yet") }

// Middlebox returns the middlebox of that name, nil if there is none.
func (l *Lab) Middlebox(name string) *Middlebox { panic("not built yet") }

// Tap returns the tap of that name, nil if there is none. The tap of an actor
// with one link has its name; the sides of a middlebox, and of a host with
// several links, are named "fw/client", after the neighbour on the link.
func (l *Lab) Tap(name string) *Tap { panic("not built yet") }

// Taps returns all taps, in the order of the links.
func (l *Lab) Taps() []*Tap { panic("not built yet") }

// Addr returns the addresses of a host, peer or middlebox.
func (l *Lab) Addr(name string) []netip.Addr { panic("not built yet") }

// SameNet reports whether two addresses belong to one net of the lab.
func (l *Lab) SameNet(a, b netip.Addr) bool { panic("not built yet") }

// Drain ends the captures. A marker frame follows whatever is under way over
// every link; when it has passed, every tap holds all frames sent before Drain
// was called, and stops. Markers are in no capture. The error names each tap
// for which the kernel had to drop frames, for their captures are no evidence.
func (l *Lab) Drain(ctx context.Context) error { panic("not built yet") }
