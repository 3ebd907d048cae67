//go:build linux

package lab

import "context"

// A Tap captures all frames that pass one end of a link, from before the first
// to [Lab.Drain].
type Tap struct{}

// Name returns the tap's name.
func (t *Tap) Name() string { panic("not built yet") }

// Wait waits for the first frame with N above from that matches, those already
// captured too.
func (t *Tap) Wait(ctx context.Context, from int, match func(*Frame) bool) (*Frame, error) {
	panic("not built yet")
}

// Frames returns all frames so far.
func (t *Tap) Frames() []*Frame { panic("not built yet") }

// Capture returns the capture so far as a pcapng file.
func (t *Tap) Capture() []byte { panic("not built yet") }

// Dropped returns how many frames the kernel had to drop at this tap.
func (t *Tap) Dropped() uint64 { panic("not built yet") }
