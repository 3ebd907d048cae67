package play

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"rstlab/internal/script"
	"rstlab/internal/segment"
	"rstlab/lab"
	"rstlab/lab/oracle"
)

// patience bounds every wait for which the script gives no "within".
const patience = 5 * time.Second

// endPatience bounds the end of a scenario, in which the wire falls silent and
// the kernel's events are read: a machine that is busy with other things takes
// its time for it.
const endPatience = 30 * time.Second

// A player plays one scenario once.
type player struct {
	env    *environment
	file   *script.File
	result *Result

	lab      *lab.Lab
	start    time.Time
	names    map[netip.Addr][]string // who has an address
	hosts    map[uint64]string       // whose network namespace has this inode
	watch    *oracle.Watch
	before   map[string]oracle.Counters
	sockets  map[socketKey]*socket
	programs map[socketKey]*program
	started  []*program // all of them
	wire     *wire

	ctx    context.Context
	cancel context.CancelCauseFunc
	tasks  sync.WaitGroup // actions that have not ended

	lines    []*Line // those that ran
	judged   []reset
	captures []capture
	events   []oracle.Event
	counters map[string]oracle.Counters // what each host counted in this scenario
	failures []mismatch
	mu       sync.Mutex // guards failures and waiting
	waiting  *wait      // what the script waits for; nil: it goes on
}

// fail records a mismatch; the first one is the scenario's reason.
func (p *player) fail(m mismatch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures = append(p.failures, m)
}

// play builds the lab, runs the lines, ends the captures and compares the
// witnesses. An error is the lab's or the machine's; what the scenario did
// wrong is in p.failures.
func (p *player) play(ctx context.Context) (err error) {
	config, err := topology(p.file)
	if err != nil {
		return err
	}
	if p.lab, err = lab.Start(ctx, config); err != nil {
		return fmt.Errorf("build lab: %w", err)
	}
	defer func() { err = errors.Join(err, p.lab.Close()) }()
	if err := p.prepare(); err != nil {
		return err
	}
	if p.watch != nil {
		defer p.watch.Close()
	}

	p.ctx, p.cancel = context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		p.endVainWaits()
	}()
	p.perform()
	p.cancel(nil)
	<-watched
	p.tasks.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	p.notePrograms()
	if err := p.end(ctx); err != nil {
		return err
	}
	if len(p.failures) > 0 {
		return nil // what follows would be consequences
	}
	return p.compare(ctx)
}

// prepare notes who is who before the first line runs.
func (p *player) prepare() (err error) {
	p.start = time.Now()
	p.names = map[netip.Addr][]string{}
	p.hosts = map[uint64]string{}
	p.before = map[string]oracle.Counters{}
	p.sockets = map[socketKey]*socket{}
	p.programs = map[socketKey]*program{}
	p.wire = newWire(p)
	var inodes []uint64
	for _, a := range p.file.Actors {
		for _, addr := range p.lab.Addr(a.Name) {
			p.names[addr] = append(p.names[addr], a.Name)
		}
		if a.Kind != script.Host {
			continue
		}
		h := p.lab.Host(a.Name)
		p.hosts[h.NetNS()] = a.Name
		inodes = append(inodes, h.NetNS())
		if p.before[a.Name], err = h.Counters(); err != nil {
			return err
		}
	}
	if p.env.kernel != nil {
		p.watch = p.env.kernel.Watch(inodes...)
	}
	return nil
}

// perform runs the events from top to bottom, then waits for what they left
// running. The first mismatch ends it.
func (p *player) perform() {
	for _, ev := range p.file.Events {
		if err := p.event(ev); err != nil {
			p.stop(err)
			break
		}
		if p.ctx.Err() != nil {
			break
		}
	}
	idle := make(chan struct{})
	go func() {
		p.tasks.Wait()
		close(idle)
	}()
	p.waitFor(idle, p.unfinished())
	p.wire.waitOut(p.ctx)
	var m mismatch
	if errors.As(context.Cause(p.ctx), &m) {
		p.fail(m)
	}
}

// stop ends the scenario for a reason; later reasons are its consequences and
// are not reported.
func (p *player) stop(reason error) { p.cancel(reason) }

// event runs one line.
func (p *player) event(ev script.Event) error {
	head := ev.Head()
	if head.Cond != nil && p.env.lacks(*head.Cond) != "" {
		return nil
	}
	if head.Delay > 0 && !p.pass(head.Delay) {
		return nil
	}
	p.begin(ev)
	defer func() { p.line().Ended = time.Now() }()
	if packet, ok := ev.(*script.Packet); ok {
		return p.packet(packet)
	}
	return p.action(ev.(*script.Action))
}

// pass lets time pass that the script asked for; false when the scenario has
// ended meanwhile.
func (p *player) pass(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-p.ctx.Done():
		return false
	}
}

// packet sends a peer's packet, or waits for a host's, or forbids it.
func (p *player) packet(line *script.Packet) error {
	if src := p.file.Actor(line.Segment.Src.Name); src != nil && src.Kind == script.Peer && !line.Forbidden && line.Tap == nil {
		return p.peerSends(line)
	}
	if line.Forbidden {
		p.wire.forbid(line)
		return nil
	}
	return p.wire.await(line)
}

// peerSends sends a peer's packet, as often as the line says.
func (p *player) peerSends(line *script.Packet) error {
	for range max(line.Count, 1) {
		at := time.Now()
		sent, err := p.lab.Peer(line.Segment.Src.Name).Send(p.ctx, line.Segment)
		if err != nil {
			return p.mismatch(line, err.Error())
		}
		p.wire.sent(&line.EventHead, at, sent)
	}
	return nil
}

// deadline is how long a line may wait.
func deadline(h *script.EventHead) time.Duration {
	if h.Within > 0 {
		return h.Within
	}
	return patience
}

// Limit bounds the time that a scenario can take: all its deadlines and waits
// one after the other, and what the lab needs around them.
func Limit(f *script.File) time.Duration {
	limit := 4*patience + endPatience
	for _, ev := range f.Events {
		limit += ev.Head().Delay + deadline(ev.Head())
	}
	return limit
}

// end waits until the wire is quiet, then takes the captures, the kernel's
// events and the counters, in this order: what the destruction of the lab
// sends is in none of them.
func (p *player) end(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, endPatience)
	defer cancel()
	if err := p.lab.Drain(ctx); err != nil {
		return fmt.Errorf("end captures: %w", err)
	}
	for _, t := range p.lab.Taps() {
		p.captures = append(p.captures, capture{tap: t.Name(), data: t.Capture()})
	}
	if p.watch != nil {
		if err := p.watch.Sync(ctx); err != nil {
			return fmt.Errorf("read the kernel's events: %w", err)
		}
		p.events = p.watch.Events()
	}
	p.counters = map[string]oracle.Counters{}
	for name, before := range p.before {
		now, err := p.lab.Host(name).Counters()
		if err != nil {
			return err
		}
		p.counters[name] = now.Since(before)
	}
	return nil
}

// resolve gives the address by which src reaches an endpoint: the one in a net
// that both share, else its first.
func (p *player) resolve(src string, e segment.Endpoint) (netip.Addr, error) {
	if e.Addr.IsValid() {
		return e.Addr, nil
	}
	addrs := p.lab.Addr(e.Name)
	if len(addrs) == 0 {
		return netip.Addr{}, fmt.Errorf("%s has no address", e.Name)
	}
	for _, a := range addrs {
		for _, own := range p.lab.Addr(src) {
			if own.BitLen() == a.BitLen() && p.lab.SameNet(own, a) {
				return a, nil
			}
		}
	}
	return addrs[0], nil
}
