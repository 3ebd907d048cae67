package play

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"rstlab/internal/script"
	"rstlab/internal/segment"
	"rstlab/lab"
)

// A wire reads the taps for the packet lines: each direction of each
// connection forwards, a line taking the first unread packet that fits.
type wire struct {
	p       *player
	mu      sync.Mutex                  // guards isns
	isns    map[flow]uint32             // latest ISN of a direction at any tap
	read    map[tapFlow]int             // number of the last frame that a line took
	groups  []*group                    // lines with a count, for the end
	last    map[tapFlow]*group          // the open one of a direction
	forbids []*forbidden                // "!" lines
	hits    map[*script.EventHead][]hit // the packets of each line
}

// A flow is one direction of a connection.
type flow struct{ src, dst netip.AddrPort }

func flowOf(f *lab.Frame) flow { return flow{f.Src, f.Dst} }

type tapFlow struct {
	tap string
	flow
}

// A hit is a packet that a line took at a tap, or that it sent (no tap).
type hit struct {
	tap   string
	frame *lab.Frame
}

// A group is a line with a count: so many equal packets, and no more, before
// the next line of that direction.
type group struct {
	line  *script.Packet
	tap   string
	first *lab.Frame
	until int // number of the next line's frame; 0: the end
}

// A forbidden packet must not pass from frame number after on, until a time
// (zero: to the end).
type forbidden struct {
	line  *script.Packet
	tap   *lab.Tap
	after int
	until time.Time
}

func newWire(p *player) *wire {
	return &wire{p: p, isns: map[flow]uint32{}, read: map[tapFlow]int{}, last: map[tapFlow]*group{},
		hits: map[*script.EventHead][]hit{}}
}

// isnReader follows the ISNs of one tap while its frames are read in order, so
// that each frame is read with the numbers of its own time.
type isnReader struct {
	w    *wire
	isns map[flow]uint32
}

func (w *wire) reader() *isnReader { return &isnReader{w: w, isns: map[flow]uint32{}} }

// base notes f's own ISN, if it is a SYN, and gives the ISNs by which its
// numbers are relative: this tap's, or those that another tap saw.
func (r *isnReader) base(f *lab.Frame) segment.Base {
	r.w.mu.Lock()
	defer r.w.mu.Unlock()
	fl := flowOf(f)
	if f.IsTCP && f.Segment.Flags&(segment.SYN|segment.RST) == segment.SYN {
		r.isns[fl] = f.Segment.Seq.Start
		r.w.isns[fl] = f.Segment.Seq.Start
	}
	var b segment.Base
	b.Seq, b.SeqKnown = r.isn(fl)
	b.Ack, b.AckKnown = r.isn(flow{fl.dst, fl.src})
	return b
}

func (r *isnReader) isn(f flow) (uint32, bool) {
	if n, ok := r.isns[f]; ok {
		return n, true
	}
	n, ok := r.w.isns[f]
	return n, ok
}

// tapOf is the tap that a line speaks of: the one it names, or its
// destination's.
func (w *wire) tapOf(line *script.Packet) (*lab.Tap, error) {
	name := line.Segment.Dst.Name
	if line.Tap != nil {
		name = line.Tap.Name
		if line.Tap.Side != "" {
			name += "/" + line.Tap.Side
		}
	} else if line.Segment.Dst.Addr.IsValid() {
		if owners := w.p.names[line.Segment.Dst.Addr]; len(owners) > 0 {
			name = owners[0]
		}
	}
	if t := w.p.lab.Tap(name); t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("no tap is named %q; name one with @TAP: %s", name, w.p.tapNames())
}

// fits tells whether f is between the ends that a line names. An end without a
// port is any port of that actor.
func (w *wire) fits(want segment.Segment, f *lab.Frame) bool {
	if (want.ICMP == "") != f.IsTCP {
		return false
	}
	return w.isEnd(want.Src, f.Src) && w.isEnd(want.Dst, f.Dst)
}

func (w *wire) isEnd(want segment.Endpoint, have netip.AddrPort) bool {
	if want.Port != 0 && want.Port != have.Port() {
		return false
	}
	if want.Addr.IsValid() {
		return want.Addr == have.Addr()
	}
	return slices.Contains(w.p.names[have.Addr()], want.Name)
}

// await waits until a line's packets have passed.
func (w *wire) await(line *script.Packet) error {
	tap, err := w.tapOf(line)
	if err != nil {
		return w.p.mismatch(line, err.Error())
	}
	ctx, cancel := context.WithTimeout(w.p.ctx, deadline(&line.EventHead))
	defer cancel()
	ctx, goOn := w.p.waits(ctx, &line.EventHead)
	defer goOn()
	first, err := w.next(ctx, tap, line.Segment)
	if err != nil {
		return w.missing(ctx, line, tap, err, 0)
	}
	key := tapFlow{tap.Name(), flowOf(first)}
	if open := w.last[key]; open != nil {
		open.until = first.N
		delete(w.last, key)
	}
	w.take(&line.EventHead, tap, first)
	if line.Count == 0 {
		return nil
	}
	g := &group{line: line, tap: tap.Name(), first: first}
	w.groups = append(w.groups, g)
	w.last[key] = g
	after := first
	for n := 1; n < line.Count; n++ {
		if after, err = tap.Wait(ctx, after.N, func(f *lab.Frame) bool { return same(first, f) }); err != nil {
			return w.missing(ctx, line, tap, err, n)
		}
		w.take(&line.EventHead, tap, after)
	}
	return nil
}

// sent notes the packet that a peer or a middlebox sent for a line, after a
// moment: no earlier one of equal packets is nearer to that than this one.
func (w *wire) sent(head *script.EventHead, after time.Time, s segment.Segment) {
	w.hits[head] = append(w.hits[head], hit{frame: &lab.Frame{
		Time: after,
		Src:  netip.AddrPortFrom(s.Src.Addr, s.Src.Port), Dst: netip.AddrPortFrom(s.Dst.Addr, s.Dst.Port),
		Segment: s, IsTCP: s.ICMP == "",
	}})
}

// next waits for the first unread packet that fits.
func (w *wire) next(ctx context.Context, tap *lab.Tap, want segment.Segment) (*lab.Frame, error) {
	r := w.reader()
	return tap.Wait(ctx, 0, func(f *lab.Frame) bool {
		base := r.base(f)
		return w.fits(want, f) && f.N > w.read[tapFlow{tap.Name(), flowOf(f)}] && want.Match(f.Segment, base)
	})
}

// take marks a frame as a line's.
func (w *wire) take(head *script.EventHead, tap *lab.Tap, f *lab.Frame) {
	w.read[tapFlow{tap.Name(), flowOf(f)}] = f.N
	w.hits[head] = append(w.hits[head], hit{tap: tap.Name(), frame: f})
}

// same tells a packet's retransmission: same direction, sequence number, length
// and flags.
func same(a, b *lab.Frame) bool {
	if a.IsTCP != b.IsTCP || flowOf(a) != flowOf(b) {
		return false
	}
	return !a.IsTCP || a.Segment.Flags == b.Segment.Flags && a.Segment.Seq.Start == b.Segment.Seq.Start &&
		*a.Segment.Length == *b.Segment.Length
}

// missing tells what came in place of a packet that did not.
func (w *wire) missing(ctx context.Context, line *script.Packet, tap *lab.Tap, err error, seen int) error {
	if w.p.ctx.Err() != nil {
		return nil // something else ended the scenario
	}
	within := fmt.Sprintf("within %v ", deadline(&line.EventHead))
	switch {
	case context.Cause(ctx) == errVain:
		within = ""
	case !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return w.p.mismatch(line, err.Error())
	}
	m := w.p.mismatch(line, "")
	if seen == 0 {
		m.text = fmt.Sprintf("no such packet %sat tap %s", within, tap.Name())
	} else {
		m.text = fmt.Sprintf("%d of %d such packets %sat tap %s", seen, line.Count, within, tap.Name())
	}
	if within == "" {
		m.text += ", " + errVain.Error()
	}
	m.instead = w.instead(line.Segment, tap)
	return m
}

// forbid notes a "!" line: from now on.
func (w *wire) forbid(line *script.Packet) {
	tap, err := w.tapOf(line)
	if err != nil {
		w.p.stop(w.p.mismatch(line, err.Error()))
		return
	}
	f := &forbidden{line: line, tap: tap, after: len(tap.Frames())}
	if line.Within > 0 {
		f.until = time.Now().Add(line.Within)
	}
	w.forbids = append(w.forbids, f)
}

// waitOut lets the windows of "! … within D" pass.
func (w *wire) waitOut(ctx context.Context) {
	for _, f := range w.forbids {
		if f.until.IsZero() {
			continue
		}
		select {
		case <-time.After(time.Until(f.until)):
		case <-ctx.Done():
			return
		}
	}
}

// verify checks, when all is over, what only the end can tell: counts and
// forbidden packets.
func (w *wire) verify() {
	for _, g := range w.groups {
		n := 0
		for _, f := range w.p.lab.Tap(g.tap).Frames() {
			if f.N >= g.first.N && (g.until == 0 || f.N < g.until) && same(g.first, f) {
				n++
			}
		}
		if n != g.line.Count {
			w.p.fail(w.p.mismatch(g.line, fmt.Sprintf("%d such packets at tap %s, want %d", n, g.tap, g.line.Count)))
		}
	}
	for _, fb := range w.forbids {
		r := w.reader()
		for _, f := range fb.tap.Frames() {
			base := r.base(f)
			if f.N <= fb.after || (!fb.until.IsZero() && f.Time.After(fb.until)) ||
				!w.fits(fb.line.Segment, f) || !fb.line.Segment.Match(f.Segment, base) {
				continue
			}
			m := w.p.mismatch(fb.line, fmt.Sprintf("forbidden packet at tap %s", fb.tap.Name()))
			m.instead = []string{w.p.show(f, base)}
			w.p.fail(m)
			break
		}
	}
}

// instead lists the packets of a line's direction that no line took, the
// latest ones.
func (w *wire) instead(want segment.Segment, tap *lab.Tap) []string {
	const most = 10
	var lines []string
	r := w.reader()
	for _, f := range tap.Frames() {
		base := r.base(f)
		if w.fits(want, f) && f.N > w.read[tapFlow{tap.Name(), flowOf(f)}] {
			lines = append(lines, w.p.show(f, base))
		}
	}
	if len(lines) > most {
		lines = append([]string{fmt.Sprintf("(%d earlier packets)", len(lines)-most)}, lines[len(lines)-most:]...)
	}
	return lines
}
