package analyzer

import (
	"context"
	"io"
	"slices"

	"rstlab/analyzer/capture"
	"rstlab/analyzer/flow"
	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
)

// A single capture is worked on in three stages, each a goroutine, so that two
// cores share the work: packets are read and decoded; connections are followed
// and resets judged; verdicts are made into records and emitted. Each stage is
// one goroutine, so what comes out never depends on the number of cores.

// inFlight is how many batches and news lie between two stages, bunch how many
// batches the judge gives back at once: the reader, which is faster, then sleeps
// and wakes less often.
const (
	inFlight = 6
	bunch    = 3
)

// enough is how many verdicts make news that is worth to be told while the next
// batches wait.
const enough = 64

// A batch is a number of packets, read and decoded ahead of the judge.
type batch struct {
	packets    pcapng.Batch
	flows      []flow.Packet
	interfaces []pcapng.Interface // met so far
	lossy      bool               // some packets tell that others were lost
	err        error              // what ended the capture
}

// News are what the judge found in a batch.
type news struct {
	verdicts []told
	err      error // what could not be read then
}

// readOne reads a single capture, whose verdicts are emitted as they come.
func (a *analysis) readOne(ctx context.Context, f *file) error {
	p := a.newPoint(f)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	read := newStage[batch]()
	judged := newStage[news]()
	go decodeAll(ctx, f.reader, &p.decoder, read)
	go a.judgeAll(p, read, judged)
	for n := range judged.full {
		if err := a.publish(n); err != nil {
			close(judged.left)
			return err
		}
		judged.free <- n
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

func newStage[T any]() *stage[T] {
	s := &stage[T]{free: make(chan *T, inFlight), full: make(chan *T, inFlight), left: make(chan struct{})}
	for range inFlight {
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
	var info packet.Info
	for {
		b := out.next(ctx.Done())
		if b == nil {
			return
		}
		b.err = r.ReadBatch(&b.packets)
		b.interfaces, b.lossy = r.Interfaces(), false
		n := len(b.packets.Packets)
		b.flows = slices.Grow(b.flows[:0], n)[:n]
		for i := range b.flows {
			in := &b.packets.Packets[i]
			b.lossy = b.lossy || in.Dropped > 0
			if !b.flows[i].ReadFrame(in) {
				d.Decode(in, &info)
				b.flows[i].Read(uint32(in.Frame), in.Time, &info)
			}
		}
		out.full <- b
		if b.err != nil {
			return
		}
	}
}

// judgeAll judges what was read.
func (a *analysis) judgeAll(p *point, in *stage[batch], out *stage[news]) {
	defer close(out.full)
	defer close(in.left)
	var done []*batch
	for b := range in.full {
		if p.news == nil {
			if p.news = out.next(nil); p.news == nil {
				return
			}
		}
		p.news.err = a.judgeBatch(p, b)
		if done = append(done, b); len(done) == bunch {
			for _, b := range done {
				in.free <- b
			}
			done = done[:0]
		}
		if len(in.full) == 0 || p.news.err != nil || len(p.news.verdicts) > enough {
			out.full <- p.news
			p.news = nil
		}
	}
	if p.news != nil {
		out.full <- p.news
		p.news = nil
	}
}

// judgeBatch judges a batch and gives the error that ended it.
func (a *analysis) judgeBatch(p *point, b *batch) error {
	for i := range b.flows {
		in := &b.packets.Packets[i]
		if len(p.spans) == 0 {
			p.begin(a.files[0], in)
		}
		if b.lossy {
			p.lose(in)
		}
		if i%flow.WarmLen == 0 {
			p.judge.Flows.Warm(b.flows[i:])
		}
		if err := p.decoded(in, &b.flows[i], b.interfaces); err != nil {
			return err
		}
	}
	a.packets += int64(len(b.flows))
	if b.err == io.EOF {
		return nil
	}
	return b.err
}

// publish emits news, and empties them.
func (a *analysis) publish(n *news) error {
	for i := range n.verdicts {
		if err := a.emit(a.record(&n.verdicts[i])); err != nil {
			return err
		}
	}
	clear(n.verdicts)
	n.verdicts = n.verdicts[:0]
	if n.err != nil {
		return a.report(n.err)
	}
	return nil
}

// close judges what still waits at a point.
func (a *analysis) close(p *point) error {
	if len(a.files) == 1 {
		p.news = new(news)
	}
	err := p.judge.Close()
	if err == nil && p.news != nil {
		err = a.publish(p.news)
	}
	p.news = nil
	return err
}
