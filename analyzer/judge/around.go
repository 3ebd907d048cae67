package judge

import (
	"iter"
	"net/netip"

	"rstlab/analyzer/flow"
)

// What happened around a reset, on other connections: bounded memories of
// connection attempts by source, and of resets.

const (
	maxTries   = 1 << 15 // attempts remembered in all
	firstTries = 1 << 6  // for how many there is room at first
	maxLooks   = 64      // of one address that are looked at
	maxRecent  = 1024    // resets remembered

	scanWindow  = int64(60e9) // a minute, in which a scan's targets count (causes.md, 1.8)
	scanTargets = 10
)

// An attempt is a SYN of an address and what came of it, so far.
type attempt struct {
	time         int64
	frame        uint32
	oport, rport uint16
	to           [16]byte
	win          uint16
	ttl          uint8
	layout       flow.Layout
	feature      bool // the SYN asked for something unusual
	id           int
	firstReset
	clock reading // of the responder

	course           flow.Course // when it began
	byOrig, onTarget uint32      // the attempt before of the same originator, and on the same target
}

// An outcome is what became of a connection, as far as it went.
type outcome struct {
	flow.Course
	firstReset
}

// A firstReset is the first reset of a connection, 0 where there was none.
type firstReset struct {
	reset     uint32
	resetAt   int64
	resetFrom uint8 // the side whose address it bore
	resetBare bool
}

// byOriginator tells whether the reset bore the originator's address.
func (o *outcome) byOriginator() bool { return o.resetFrom == o.Orig() }

// target is the address of an attempt's responder.
func (a *attempt) target() netip.Addr { return netip.AddrFrom16(a.to).Unmap() }

// A ring holds the last attempts, or what belongs to each, by numbers from 1 on.
// Those of one address are chained, the newest first.
type ring[T any] struct {
	list []T
	n    uint32 // ever
}

// next makes room for the next one.
func (r *ring[T]) next() *T {
	if n := len(r.list); n == int(r.n) && n < maxTries {
		r.list = append(r.list, make([]T, max(n, firstTries))...)
	}
	r.n++
	return r.get(r.n)
}

// get gives the one with a number, nil where it was forgotten.
func (r *ring[T]) get(number uint32) *T {
	if number == 0 || number+maxTries <= r.n {
		return nil
	}
	return &r.list[(number-1)%maxTries]
}

// chain gives those from a number back, each with the one before it that before
// tells, as many as are looked at.
func (r *ring[T]) chain(number uint32, before func(*T) uint32) iter.Seq2[uint32, *T] {
	return func(yield func(uint32, *T) bool) {
		for range maxLooks {
			x := r.get(number)
			if x == nil || !yield(number, x) {
				return
			}
			number = before(x)
		}
	}
}

// attempts are what is known of the last ones. How far each has come lies apart:
// that changes all the time, and so stays near.
type attempts struct {
	ring[attempt]
	courses ring[flow.Course]
}

// learn takes attempts that began, and how far others have come since.
func (t *attempts) learn(begun []attempt, turns []turn) {
	for i := range begun {
		*t.next() = begun[i]
		*t.courses.next() = begun[i].course
	}
	for i := range turns {
		x := &turns[i]
		a, c := t.get(x.number), t.courses.get(x.number)
		if a == nil {
			continue
		}
		if x.clock.at != 0 || x.course.Orig() != c.Orig() {
			a.clock = x.clock
		}
		*c = x.course
	}
}

// by gives the attempts of a side's address, the newest first.
func (k *Case) by(side int) iter.Seq2[uint32, *attempt] {
	return k.j.attempts.chain(k.hosts[side].Tries, func(a *attempt) uint32 { return a.byOrig })
}

// on gives the attempts on it, of whatever source.
func (k *Case) on(side int) iter.Seq2[uint32, *attempt] {
	return k.j.attempts.chain(k.hosts[side].Tried, func(a *attempt) uint32 { return a.onTarget })
}

// tries calls f for the attempts of a side's address, the case's own
// connection aside, that began within a time of its own.
func (k *Case) tries(side int, within int64, f func(*attempt, outcome)) {
	k.near(k.by(side), within, f)
}

// targets calls f for the attempts, of whatever source, on a side's address.
func (k *Case) targets(side int, within int64, f func(*attempt, outcome)) {
	k.near(k.on(side), within, f)
}

// near calls f for those attempts, other connections', that began within a time of
// the case's own.
func (k *Case) near(all iter.Seq2[uint32, *attempt], within int64, f func(*attempt, outcome)) {
	for n, a := range all {
		d := a.time - k.conn.FirstTime
		if a.id != k.conn.ID && d <= within && d >= -within {
			f(a, outcome{*k.j.attempts.courses.get(n), a.firstReset})
		}
		if d < -within {
			return // older ones are farther off
		}
	}
}

// A recent is what is remembered of a reset for those after it.
type recent struct {
	time     int64
	frame    uint32
	id       int
	from, to netip.AddrPort
	idle     int64
	form     form
	phase    phase
	silent   bool // no data of the sender on the connection
	toOrig   bool // to the originator
	passedOn bool // it followed a reset of another leg, see passesOn
	bypass   bool // a segment that had escaped translation drew it
	gotHere  bool // it came in to the capturing host, whose connection it was
}

// A ring of the last resets, in order of time.
type recents struct {
	list [maxRecent]recent
	n    int
}

func (r *recents) add(x recent) {
	r.list[r.n%maxRecent] = x
	r.n++
}

// around calls f for the remembered resets within a time of the case's.
func (k *Case) around(within int64, f func(*recent)) {
	r := &k.j.recents
	for i := r.n - 1; i >= max(0, r.n-maxRecent); i-- {
		x := &r.list[i%maxRecent]
		if x.time < k.R.Time-within {
			return
		}
		if x.time <= k.R.Time+within && x.frame != k.R.Frame {
			f(x)
		}
	}
}

// sameIdle counts the moments of resets in the same name, this one too, on different
// connections, that came after about the same idle time. What is idle, or asks again,
// together says one thing.
func (j *Judge) sameIdle(k *Case, d int64) int {
	n := 1
	r := &j.recents
	last := k.R.Time
	for i := r.n - 1; i >= max(0, r.n-maxRecent); i-- {
		x := &r.list[i%maxRecent]
		if x.id != k.conn.ID && x.from.Addr() == k.conn.Key.Addr(k.from).Addr() && isAbout(x.idle, d) && abs(last-x.time) > 1e9 {
			n, last = n+1, x.time
		}
	}
	return n
}
