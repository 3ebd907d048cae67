//go:build linux

package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"rstlab/internal/segment"
)

// A Middlebox forwards between its links in user space, by rules. A rule acts
// on all segments that come after the call that made it has returned, and none
// that came before the call.
//
// A segment meets the rules in the order in which they were made. Drop and Hold
// end its way; Delay and Rewrite let it go on to the rules behind them, as it
// was rewritten. Relative numbers, in rules as in injected segments, count from
// the SYNs that the box has seen.
type Middlebox struct {
	engine
	config MiddleboxConfig
	sides  []side
	names  resolver
	later  *schedule

	in, out   tracker // what came, and what went out
	rules     []*rule // by id
	forgotten []*forgotten
	made      int // rules so far
	held      int // segments held so far
	id        uint16
	markers   map[marker]bool // that have passed
}

// startMiddlebox starts a box between sides. It owns their sockets from here
// on. Taps of the same interfaces must be open before the sockets are: then
// what a tap shows, the box has.
func startMiddlebox(config MiddleboxConfig, sides []side, names resolver) (*Middlebox, error) {
	later, err := startSchedule()
	if err != nil {
		return nil, err
	}
	if config.TTL == 0 {
		config.TTL = 64
	}
	b := &Middlebox{
		config: config, sides: sides, names: names, later: later,
		in: tracker{}, out: tracker{}, id: 1, markers: map[marker]bool{},
	}
	b.handle = b.receive
	for _, s := range sides {
		b.conns = append(b.conns, s.conn)
	}
	b.start()
	return b, nil
}

// close ends the box; what it holds is lost.
func (b *Middlebox) close() error {
	err := b.engine.close()
	b.later.close()
	return err
}

// A Match says which segments a rule is for: those from one end to the other,
// of any port where none is written.
type Match struct {
	Segment  segment.Segment
	AnyFlags bool // only the ends of Segment count
	Count    int  // only the first so many; 0: all
}

// Drop drops the segments of m.
func (b *Middlebox) Drop(m Match) error {
	return b.add("drop", m, &rule{action: drop})
}

// Hold keeps the segments of m until [Middlebox.Pass].
func (b *Middlebox) Hold(m Match) error {
	return b.add("hold", m, &rule{action: hold})
}

// Delay passes the segments of m on d later than they came; others overtake
// them.
func (b *Middlebox) Delay(m Match, d time.Duration) error {
	return b.add("delay", m, &rule{action: delay, delay: d})
}

// Rewrite changes the segments of m and mends their checksums. What the box
// says of numbers is what it has seen: a rewritten connection has other ones
// behind the box.
func (b *Middlebox) Rewrite(m Match, r Rewrite) error {
	c, err := b.names.change(r)
	if err != nil {
		return fmt.Errorf("rewrite %v: %w", m, err)
	}
	return b.add("rewrite", m, &rule{action: rewrite, change: c})
}

// Pass ends the rules that have this match, whatever their count, or, with
// nil, all rules and all that [Middlebox.Forget] did. What they held goes, in
// the order in which it came, past the rules that are left.
func (b *Middlebox) Pass(m *Match) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drain()
	var kept, ended []*rule
	for _, r := range b.rules {
		if m == nil || r.has(*m) {
			ended = append(ended, r)
		} else {
			kept = append(kept, r)
		}
	}
	if m != nil && len(ended) == 0 {
		return fmt.Errorf("pass %v: the box has no rule for that", *m)
	}
	b.rules = kept
	if m == nil {
		b.forgotten = nil
	}
	var held []heldPacket
	for _, r := range ended {
		held = append(held, r.held...)
	}
	slices.SortFunc(held, func(a, b heldPacket) int { return cmp.Compare(a.n, b.n) })
	for _, h := range held {
		b.apply(h.packet, h.rule)
	}
	return nil
}

// Forget loses the state of all connections between two ends, or of those with
// the written ports. What follows without a new SYN is dropped ("drop"),
// dropped and answered with a reset in the name of the other end ("reset"), or
// passed on untouched by the box's rules ("pass").
func (b *Middlebox) Forget(x, y segment.Endpoint, then string) error {
	px, errX := b.names.place(x)
	py, errY := b.names.place(y)
	if err := errors.Join(errX, errY); err != nil {
		return fmt.Errorf("forget %v %v: %w", x, y, err)
	}
	if !slices.Contains([]string{"drop", "reset", "pass"}, then) {
		return fmt.Errorf("forget %v %v: then %q, expected drop, reset or pass", x, y, then)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drain()
	b.forgotten = append(b.forgotten, &forgotten{x: px, y: py, then: then, fresh: map[flow]bool{}})
	return nil
}

// Inject sends one forged segment towards its destination and returns it as it
// was sent, with raw numbers and every field set. Where s has nothing set, seq
// is what the destination expects next, ack what it has sent so far, as far as
// the box has passed it on; the window is the last one that its sender showed
// (0 in a reset); the TTL is the box's, the IPv4 identification counted, don't
// fragment set, with no options, and a payload of the length that is written.
// Where s has no port, it is of the only connection that the box knows between
// the two. An ICMP error quotes the last segment of its destination.
func (b *Middlebox) Inject(ctx context.Context, s segment.Segment) (segment.Segment, error) {
	if err := ctx.Err(); err != nil {
		return s, fmt.Errorf("inject %v: %w", s, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drain()
	sent, err := b.inject(s)
	if err != nil {
		return s, fmt.Errorf("inject %v: %w", s, err)
	}
	return sent, nil
}

func (b *Middlebox) inject(s segment.Segment) (segment.Segment, error) {
	f, err := b.names.flow(s.Src, s.Dst, b.out, b.in)
	if err != nil {
		return s, err
	}
	own, theirs := b.known(f), b.known(f.reverse())
	d := defaults{isn: own.isn, sndNxt: own.next, win: own.win, ttl: b.config.TTL, id: b.id}
	if !own.hasISN {
		d.isn = randomISN()
	}
	if !own.seen {
		d.sndNxt, d.win = replySeq(theirs), 65535
	}
	if s.Flags&segment.RST != 0 {
		d.win = 0
	}
	if s, err = fill(s, f, own, theirs, d); err != nil {
		return s, err
	}
	if err := b.forge(f, s, theirs); err != nil {
		return s, err
	}
	if s.ICMP == "" && s.Flags&segment.SYN == 0 { // relative numbers go on counting from the true SYN
		b.out.see(f, s, nil)
	}
	return s, nil
}

// known is what the box knows of a flow: as it went out, or, where nothing
// did, as it came.
func (b *Middlebox) known(f flow) half {
	out, in := b.out.of(f), b.in.of(f)
	if !out.seen {
		return in
	}
	if !out.hasISN {
		out.isn, out.hasISN = in.isn, in.hasISN
	}
	return out
}

// forge sends a complete segment of f in the name of its source.
func (b *Middlebox) forge(f flow, s segment.Segment, theirs half) error {
	to, mac, ok := b.route(f.dst.Addr())
	if !ok {
		return fmt.Errorf("no way leads to %v", f.dst.Addr())
	}
	from := to.mac
	if b.config.Hops == 0 {
		if _, from, ok = b.route(f.src.Addr()); !ok {
			return fmt.Errorf("no way leads to %v", f.src.Addr())
		}
	}
	var frame []byte
	var err error
	if s.ICMP != "" {
		frame, err = quote(from, mac, f, s, theirs)
	} else {
		frame, err = buildTCP(from, mac, f.src, f.dst, s)
	}
	if err != nil {
		return err
	}
	if err := transmit(to.conn, frame); err != nil {
		return err
	}
	b.id++
	return nil
}
