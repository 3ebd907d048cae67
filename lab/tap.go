//go:build linux

package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"rstlab/internal/pcapng"
	"rstlab/lab/internal/packetsock"
)

// A Tap captures all frames that pass one end of a link, from before the first
// to [Lab.Drain].
type Tap struct {
	name string
	port *port
	conn *packetsock.Conn
	done chan struct{} // closed when nothing more is captured

	mu      sync.Mutex
	raw     []packetsock.Frame // all that was captured
	markers map[marker]bool
	grown   chan struct{} // of growth; nil when nobody waits
	ended   bool
	until   time.Time // nothing before it is missing: when stop was called, else the start
	dropped uint64
	err     error

	decodeMu sync.Mutex
	frames   []*Frame // those of raw that somebody has asked for
}

// openTap starts a capture. What the interface receives and sends is in it from
// here on.
func openTap(p *port) (*Tap, error) {
	t := &Tap{
		name: p.tap, port: p, until: time.Now(),
		done: make(chan struct{}), markers: map[marker]bool{},
	}
	err := p.dev.ns.Do(func() (err error) {
		t.conn, err = packetsock.Open(p.dev.index, packetsock.Options{SnapLen: frameLen(p.link.config.MTU)})
		return err
	})
	if err != nil {
		return nil, err
	}
	go t.read()
	return t, nil
}

// frameLen is the longest Ethernet frame of an MTU, with room for tags.
func frameLen(mtu int) int { return mtu + 14 + 8 }

func (t *Tap) read() {
	defer close(t.done)
	for {
		if err := t.conn.Wait(); err != nil {
			t.finish(err)
			return
		}
		t.mu.Lock()
		t.catchUp()
		t.mu.Unlock()
	}
}

// catchUp takes what the kernel has captured so far out of the ring: how soon
// read is scheduled decides nothing then. Frames are decoded when they are asked
// for: a reader that does more loses some when they come fast. It is called with
// mu held.
func (t *Tap) catchUp() {
	grown := false
	for {
		f, ok := t.conn.TryRead()
		if !ok {
			break
		}
		grown = true
		if m, ok := readMarker(f.Data); ok {
			t.markers[m] = true
			continue
		}
		t.raw = append(t.raw, f)
		if len(f.Data) < f.OrigLen && t.err == nil {
			t.err = fmt.Errorf("frame %d has %d bytes, more than the tap takes", len(t.raw), f.OrigLen)
		}
	}
	if grown {
		t.announce()
	}
}

// decoded gives the frames of raw.
func (t *Tap) decoded(raw []packetsock.Frame) []*Frame {
	t.decodeMu.Lock()
	defer t.decodeMu.Unlock()
	for i := len(t.frames); i < len(raw); i++ {
		t.frames = append(t.frames, newFrame(i+1, raw[i].Time, raw[i].Data))
	}
	return t.frames[:len(raw):len(raw)]
}

// growth gives a channel that is closed when the tap has grown or ended. It is
// called with mu held, as announce is.
func (t *Tap) growth() <-chan struct{} {
	if t.grown == nil {
		t.grown = make(chan struct{})
	}
	return t.grown
}

// announce wakes all who wait for growth.
func (t *Tap) announce() {
	if t.grown != nil {
		close(t.grown)
		t.grown = nil
	}
}

// finish ends the capture. Stopped on purpose, the ring was read to its end.
func (t *Tap) finish(err error) {
	dropped, statsErr := t.conn.Dropped()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.catchUp()
	t.ended = true
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.dropped = dropped
		err = statsErr
	}
	if t.err == nil && !errors.Is(err, os.ErrClosed) {
		t.err = err
	}
	t.announce()
}

// stop ends the capture after what the kernel has captured so far.
func (t *Tap) stop() error {
	t.mu.Lock()
	t.until = time.Now()
	t.mu.Unlock()
	if err := t.conn.SetReadDeadline(time.Now()); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	<-t.done
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Name returns the tap's name.
func (t *Tap) Name() string { return t.name }

// Wait waits for the first frame with N above from that matches, those already
// captured too, also when the context has ended. The error is the context's, or
// says that the tap has ended.
func (t *Tap) Wait(ctx context.Context, from int, match func(*Frame) bool) (*Frame, error) {
	next := max(from, 0)
	for {
		over := ctx.Err()
		t.mu.Lock()
		t.catchUp()
		raw, grown, ended := t.raw, t.growth(), t.ended
		t.mu.Unlock()
		for frames := t.decoded(raw); next < len(frames); next++ {
			if match(frames[next]) {
				return frames[next], nil
			}
		}
		switch {
		case ended:
			return nil, fmt.Errorf("wait for a frame at tap %s: the tap has ended", t.name)
		case over != nil:
			return nil, fmt.Errorf("wait for a frame at tap %s: %w", t.name, over)
		}
		select {
		case <-grown:
		case <-ctx.Done():
		}
	}
}

// Frames returns all frames so far.
func (t *Tap) Frames() []*Frame {
	t.mu.Lock()
	t.catchUp()
	raw := t.raw
	t.mu.Unlock()
	return slices.Clone(t.decoded(raw))
}

// Dropped returns how many frames the kernel had to drop at this tap, for want
// of room.
func (t *Tap) Dropped() uint64 {
	now, err := t.conn.Dropped()
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil { // closed
		return t.dropped
	}
	return now
}

// Capture returns the capture so far as a pcapng file: one Ethernet interface
// named after the tap, and its statistics, at the time until which it ran: that
// of [Lab.Drain], or, before, of the last frame.
func (t *Tap) Capture() []byte {
	t.mu.Lock()
	frames, end := t.raw, t.until
	t.mu.Unlock()
	dropped := t.Dropped()
	var file bytes.Buffer
	w := pcapng.NewWriter(&file, pcapng.Section{Application: "rstlab"})
	// A buffer takes all that is written, so no call here can fail.
	i, _ := w.AddInterface(pcapng.Interface{
		Name:     t.name,
		LinkType: pcapng.LinkEthernet,
		SnapLen:  uint32(frameLen(t.port.link.config.MTU)),
	})
	for _, f := range frames {
		_ = w.WritePacket(&pcapng.Packet{
			Interface: i, HasTime: true, Time: f.Time.UnixNano(),
			Data: f.Data, OrigLen: f.OrigLen,
		})
		if f.Time.After(end) {
			end = f.Time
		}
	}
	_ = w.WriteStats(i, end.UnixNano(), pcapng.Stats{
		Received:  pcapng.Count{N: uint64(len(frames)) + dropped, Known: true},
		OSDropped: pcapng.Count{N: dropped, Known: true},
	})
	_ = w.Flush()
	return file.Bytes()
}
