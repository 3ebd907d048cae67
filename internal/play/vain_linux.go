package play

import (
	"context"
	"errors"
	"slices"
	"time"

	"rstlab/internal/script"
)

// A wait is the script's: for a packet, or for what a program has begun. It
// ends when that comes, at its deadline, or when nothing can come any more.
type wait struct {
	begun, until time.Time
	giveUp       context.CancelCauseFunc
}

// errVain says why a wait ended before its deadline.
var errVain = errors.New("and none can come: nothing is under way, and no timer runs")

// How long nothing has passed any tap, and how long no timer was seen, before a
// wait is given up. Delayed ACKs take 200 ms at most (TCP_DELACK_MAX), and what a
// timer sends that has just ended may not be at the taps yet. This is looked at
// each interval; where that comes late, by more than slack, so may all else, and
// the time begins anew.
const (
	quiet    = time.Second
	settled  = 500 * time.Millisecond
	interval = 100 * time.Millisecond
	slack    = interval / 2
)

// waits notes what the script waits for from now on, until goOn is called. The
// context ends with errVain when nothing can come any more.
func (p *player) waits(ctx context.Context, h *script.EventHead) (vain context.Context, goOn func()) {
	vain, giveUp := context.WithCancelCause(ctx)
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = &wait{begun: now, until: now.Add(deadline(h)), giveUp: giveUp}
	return vain, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.waiting = nil
		giveUp(nil)
	}
}

// waitFor waits until a program's action has ended, or the scenario has. Where
// nothing can end the action any more, that ends the scenario.
func (p *player) waitFor(ended <-chan struct{}, a *script.Action) {
	ctx := p.ctx
	if a != nil {
		var goOn func()
		ctx, goOn = p.waits(p.ctx, &a.EventHead)
		defer goOn()
	}
	select {
	case <-ended:
	case <-ctx.Done():
		if context.Cause(ctx) == errVain {
			p.stop(p.mismatch(a, "no result, "+errVain.Error()))
		}
	}
}

// unfinished is the first action of a socket that has not ended; nil where all
// have.
func (p *player) unfinished() *script.Action {
	var first *script.Action
	for _, s := range p.sockets {
		if s.busy == nil || s.doing == nil {
			continue
		}
		select {
		case <-s.busy:
			continue
		default:
		}
		if first == nil || s.doing.Pos.Line < first.Pos.Line {
			first = s.doing
		}
	}
	return first
}

// endVainWaits gives up waits for what can't come any more: the wire has been
// quiet, and neither the kernels nor links and boxes have anything left to do
// before the deadline. Of programs and MPTCP's own timers it knows nothing.
func (p *player) endVainWaits() {
	if p.unpredictable() {
		return
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	last := time.Now()
	passed, since, idle := -1, last, last
	for {
		select {
		case <-ticker.C:
		case <-p.ctx.Done():
			return
		}
		now := time.Now()
		late := now.Sub(last) > interval+slack
		last = now
		if n := p.lab.Passed(); n != passed || late {
			passed, since = n, now
		}
		p.mu.Lock()
		w := p.waiting
		p.mu.Unlock()
		if w == nil || late || now.Sub(w.begun) < settled || !p.lab.Idle(w.until.Sub(now)) {
			idle = now
			continue
		}
		if now.Sub(idle) >= settled && now.Sub(since) >= quiet && now.Sub(w.begun) >= quiet {
			w.giveUp(errVain)
		}
	}
}

// unpredictable tells whether the file has something whose timers nobody knows.
func (p *player) unpredictable() bool {
	return slices.ContainsFunc(p.file.Events, func(ev script.Event) bool {
		a, ok := ev.(*script.Action)
		return ok && (a.Verb == "exec" || a.Verb == "socket" && slices.ContainsFunc(a.Args, func(arg script.Arg) bool { return arg.Word == "mptcp" }))
	})
}
