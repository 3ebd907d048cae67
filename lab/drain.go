//go:build linux

package lab

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sys/unix"

	"rstlab/lab/internal/ns"
)

// etherTypeMarker is the Ethernet type of markers, free for local use
// (IEEE 802, local experimental ethertype 1).
const etherTypeMarker = 0x88B5

// A marker is a frame of the lab's own. The kernel keeps frames in order from
// one end of a link to the other, but only those sent on one CPU.
type marker struct {
	round uint16
	port  uint16 // the sender, by its place among the lab's taps
	cpu   uint16
}

const markerLen = 60 // the shortest Ethernet frame

func (m marker) frame(src [6]byte) []byte {
	b := make([]byte, 0, markerLen)
	b = append(b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	b = append(b, src[:]...)
	b = binary.BigEndian.AppendUint16(b, etherTypeMarker)
	b = binary.BigEndian.AppendUint16(b, m.round)
	b = binary.BigEndian.AppendUint16(b, m.port)
	b = binary.BigEndian.AppendUint16(b, m.cpu)
	return b[:markerLen]
}

// readMarker tells whether a frame is a marker, and which.
func readMarker(frame []byte) (marker, bool) {
	if len(frame) < 20 || binary.BigEndian.Uint16(frame[12:]) != etherTypeMarker {
		return marker{}, false
	}
	return marker{
		round: binary.BigEndian.Uint16(frame[14:]),
		port:  binary.BigEndian.Uint16(frame[16:]),
		cpu:   binary.BigEndian.Uint16(frame[18:]),
	}, true
}

// Drain ends the captures. A marker frame follows whatever is under way over
// every link; when it has passed, every tap holds all frames sent before Drain
// was called, and stops. Markers are in no capture. The error names each tap
// for which the kernel had to drop frames, for their captures are no evidence,
// and each peer, middlebox and delayed link that lost some.
func (l *Lab) Drain(ctx context.Context) error {
	for r := range l.rounds() {
		if err := l.mark(ctx, uint16(r)); err != nil {
			return errors.Join(fmt.Errorf("drain: %w", err), l.lost()) // what was lost may be the marker
		}
	}
	var errs []error
	for _, t := range l.taps {
		if err := t.stop(); err != nil {
			errs = append(errs, fmt.Errorf("drain tap %s: %w", t.name, err))
		}
	}
	return errors.Join(append(errs, l.lost())...)
}

// lost tells of every frame that was lost though nothing was told to lose it.
func (l *Lab) lost() error {
	var errs []error
	for _, t := range l.taps {
		if n := t.Dropped(); n > 0 {
			errs = append(errs, fmt.Errorf("drain tap %s: the kernel dropped %d frames, the capture has holes", t.name, n))
		}
	}
	for _, what := range slices.Sorted(maps.Keys(l.engines)) {
		if err := l.engines[what].check(); err != nil {
			errs = append(errs, fmt.Errorf("drain %s: %w", what, err))
		}
	}
	return errors.Join(errs...)
}

// rounds says how often markers must be sent. A round takes every frame over
// one link at least. Whoever then sends it on may do so on another CPU than the
// marker behind it, which may overtake it on the next link; and a host that
// forwards does not forward markers.
func (l *Lab) rounds() int {
	rounds := 1
	for _, n := range l.plan.nodes {
		if n.forwards || n.box != nil {
			rounds++
		}
	}
	for _, link := range l.plan.links {
		if link.delayed() {
			rounds++
		}
	}
	return rounds
}

// mark sends a marker on each CPU from every end that is no middlebox, and
// waits until they have passed all taps that they reach.
func (l *Lab) mark(ctx context.Context, round uint16) error {
	expected := map[*Tap][]marker{}
	err := ns.OnEachCPU(func(cpu int) error {
		for i, t := range l.taps {
			if t.port.node.box != nil {
				continue
			}
			m := marker{round: round, port: uint16(i), cpu: uint16(cpu)}
			err := t.conn.Write(m.frame(t.port.mac))
			noCarrier := errors.Is(err, unix.ENOBUFS) && t.port.other.dev.off.Load()
			if errors.Is(err, unix.ENETDOWN) || noCarrier {
				continue // taken down on purpose, here or at the far end: nothing passes
			}
			if err != nil {
				return fmt.Errorf("send marker at tap %s: %w", t.name, err)
			}
			for _, reached := range l.reached(t.port) {
				expected[reached] = append(expected[reached], m)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, t := range l.taps {
		if err := t.waitMarkers(ctx, expected[t]); err != nil {
			return err
		}
	}
	return nil
}

// reached gives the taps that a marker from p passes: boxes hand it on, hosts
// and peers do not.
func (l *Lab) reached(p *port) []*Tap {
	var taps []*Tap
	seen := map[*node]bool{}
	var follow func(*port)
	follow = func(p *port) {
		far := p.other
		if p.dev.off.Load() || far.dev.off.Load() {
			return
		}
		taps = append(taps, l.tapOf(far))
		if far.node.box == nil || seen[far.node] {
			return
		}
		seen[far.node] = true
		for _, side := range far.node.ports {
			if side == far {
				continue
			}
			if side.link.delayed() || !side.other.dev.off.Load() { // else it has no carrier
				taps = append(taps, l.tapOf(side))
			}
			follow(side)
		}
	}
	follow(p)
	return taps
}

func (l *Lab) tapOf(p *port) *Tap {
	return l.taps[slices.IndexFunc(l.taps, func(t *Tap) bool { return t.port == p })]
}

func (t *Tap) waitMarkers(ctx context.Context, markers []marker) error {
	for {
		t.mu.Lock()
		missing, grown, ended := 0, t.growth(), t.ended
		for _, m := range markers {
			if !t.markers[m] {
				missing++
			}
		}
		t.mu.Unlock()
		switch {
		case missing == 0 || t.Dropped() > 0: // a full ring takes no marker either
			return nil
		case ended:
			return fmt.Errorf("wait for markers at tap %s: the tap has ended", t.name)
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return fmt.Errorf("wait for markers at tap %s: %d of %d have not come: %w", t.name, missing, len(markers), ctx.Err())
		}
	}
}
