package analyzer

import (
	"context"
	"io"
	"slices"

	"rstlab/analyzer/capture"
	"rstlab/analyzer/flow"
	"rstlab/analyzer/judge"
	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
)

// A single capture is worked on in three stages, each a goroutine, so that two
// cores share the work: packets are read and decoded; connections are followed;
// resets are judged and the verdicts emitted. Each stage is one goroutine and
// tells the next all that it has to know, so what comes out never depends on the
// number of cores.

// How much lies between two stages. Reading and judging share what following
// leaves of two cores: what is read ahead lasts while the judge has a core, and
// what is told at once does not take it longer than that.
const (
	readAhead = 16      // batches
	toldAhead = 4       // news: in a flood of resets each is large
	maxHeld   = 8 << 20 // bytes in batches: of large packets few are read ahead
	usual     = 1 << 9  // packets in a batch
	bunch     = 5       // batches given back at once, so that the reader sleeps and wakes less often
	enough    = 1 << 12 // events told at once while the capture goes on
)

// A batch is a number of packets, read and decoded ahead of the judge.
type batch struct {
	packets    pcapng.Batch
	flows      []flow.Packet
	openings   []flow.Opening     // of those that open something
	interfaces []pcapng.Interface // met so far
	lossy      bool               // some packets tell that others were lost
	err        error              // what ended the capture
}

// News are what following the connections of some batches brought.
type news struct {
	events     judge.Events
	pauses     []pause
	interfaces []pcapng.Interface // met so far
	err        error              // what could not be read then
}

// readOne reads a single capture, whose verdicts are emitted as they come.
func (a *analysis) readOne(ctx context.Context, f *file) error {
	p := a.newPoint(f)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	read := newStage[batch](readAhead)
	followed := newStage[news](toldAhead)
	go decodeAll(ctx, f.reader, &p.decoder, read)
	go a.followAll(p, read, followed)
	for n := range followed.full {
		if err := a.judge(p, n); err != nil {
			close(followed.left)
			return err
		}
		followed.free <- n
	}
	// If the context has ended, so has the reading: what is asked of the reader
	// from here on does not run into it.
	return context.Cause(ctx)
}

// A stage hands its work to the next one, and gets the memory back.
type stage[T any] struct {
	free, full chan *T
	left       chan struct{} // closed when the next stage takes no more
}

func newStage[T any](n int) *stage[T] {
	s := &stage[T]{free: make(chan *T, n), full: make(chan *T, n), left: make(chan struct{})}
	for range n {
		s.free <- new(T)
	}
	return s
}

// next gives memory for the next piece of work, nil when none is wanted.
func (s *stage[T]) next(done <-chan struct{}) *T {
	select {
	case x := <-s.free:
		return x
	case <-s.left:
	case <-done:
	}
	return nil
}

// decodeAll reads and decodes a capture, up to the error that ends it or the
// context's end.
func decodeAll(ctx context.Context, r *capture.Reader, d *packet.Decoder, out *stage[batch]) {
	defer close(out.full)
	var b *batch
	var info packet.Info
	decode := func(in *pcapng.Packet) {
		b.lossy = b.lossy || in.Dropped > 0
		n, m := len(b.flows), len(b.openings)
		b.flows, b.openings = slices.Grow(b.flows, 1)[:n+1], slices.Grow(b.openings, 1)
		s, o := &b.flows[n], &b.openings[:m+1][m]
		if !s.ReadFrame(o, in) {
			d.Decode(in, &info)
			s.Read(o, uint32(in.Frame), in.Time, &info)
		}
		s.Seg.Tap = flow.TapOf(in)
		if s.Opens() {
			b.openings = b.openings[:m+1]
		}
	}
	var idle []*batch
	ahead := 0
	for {
		for len(idle) == 0 || ahead > maxHeld {
			back := out.next(ctx.Done())
			if back == nil {
				return
			}
			ahead -= back.packets.Size()
			idle = append(idle, back)
		}
		b = idle[len(idle)-1]
		idle = idle[:len(idle)-1]
		b.flows, b.openings, b.lossy = slices.Grow(b.flows[:0], usual), b.openings[:0], false
		b.err = r.ReadBatch(&b.packets, decode)
		ahead += b.packets.Size()
		b.interfaces = r.Interfaces()
		out.full <- b
		if b.err != nil {
			return
		}
	}
}

// followAll follows the connections of what was read.
func (a *analysis) followAll(p *point, in *stage[batch], out *stage[news]) {
	defer close(out.full)
	defer close(in.left)
	var n *news
	var done []*batch
	for b := range in.full {
		if n == nil {
			if n = out.next(nil); n == nil {
				return
			}
		}
		p.followBatch(b, n)
		tell := b.packets.Dry || n.err != nil || n.events.Len() > enough
		if done = append(done, b); len(done) == bunch || len(in.full) == 0 {
			for _, b := range done {
				in.free <- b
			}
			done = done[:0]
		}
		if tell {
			out.full <- n
			n = nil
		}
	}
	if n != nil {
		out.full <- n
	}
}

// followBatch follows the connections of a batch.
func (p *point) followBatch(b *batch, n *news) {
	p.news, n.interfaces = n, b.interfaces
	p.judge.Tell(&n.events)
	p.batch = &b.packets
	openings := b.openings
	for i := range b.flows {
		p.now, p.place = nil, i
		if len(p.spans) == 0 {
			p.begin(p.a.files[0], p.current())
		}
		if b.lossy {
			p.lose(p.current())
		}
		if i%flow.WarmLen == 0 {
			p.judge.Flows.Warm(b.flows[i:])
		}
		s := &b.flows[i]
		var o *flow.Opening
		if s.Opens() {
			o, openings = &openings[0], openings[1:]
		}
		if p.locate(s) {
			p.judge.Follow(s, o, p.lookAt)
		}
	}
	p.a.packets += int64(len(b.flows))
	if b.err != io.EOF {
		n.err = b.err
	}
}

// judge judges what the news tell of, and empties them.
func (a *analysis) judge(p *point, n *news) error {
	if n.interfaces != nil {
		a.files[0].interfaces = n.interfaces
	}
	p.pauses.add(n.pauses...)
	n.pauses = n.pauses[:0]
	if err := p.judge.Hear(&n.events); err != nil {
		return err
	}
	if n.err != nil {
		return a.report(n.err)
	}
	return nil
}

// close judges what still waits at a point.
func (a *analysis) close(p *point) error {
	var n news
	p.news = &n
	p.judge.Tell(&n.events)
	p.judge.End()
	return a.judge(p, &n)
}
