package judge

import (
	"net/netip"

	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

// What happened around a reset, on other connections: bounded memories of
// connection attempts by source, and of resets.

const (
	maxSources = 4096 // addresses whose attempts are remembered, twice
	maxTries   = 64   // attempts remembered of one address
	maxRecent  = 1024 // resets remembered

	scanWindow  = int64(60e9) // a minute, in which a scan's targets count (causes.md, 1.8)
	scanTargets = 10
)

// An attempt is a SYN of an address and what came of it.
type attempt struct {
	time         int64
	frame        uint32
	oport, rport uint16
	to           netip.Addr
	win          uint16
	layout       flow.Layout
	feature      bool // the SYN asked for something unusual
	id           int
	conn         *flow.Conn // while it is in the table
	outcome
}

// An outcome is what became of a connection, as far as it went.
type outcome struct {
	answered  bool // SYN-ACK
	acked     bool // and the originator's ACK
	data      bool // any payload
	reset     uint32
	resetAt   int64
	resetFrom bool // by the originator's address
	resetBare bool
	closed    bool // any FIN
	odd       bool // no SYN began it
}

func outcomeOf(c *flow.Conn) outcome {
	o, r := c.O(), c.R()
	out := outcome{
		answered: r.SYN.Is(segment.SYN | segment.ACK), acked: o.FirstACK.Exists() && r.SYN.Exists(),
		data:   o.FirstData.Exists() || r.FirstData.Exists(),
		closed: o.FIN.Exists() || r.FIN.Exists(),
		odd:    o.SYNs == 0 && r.SYNs == 0,
	}
	if c.NumResets > 0 {
		first := &c.Resets[0]
		out.reset, out.resetAt, out.resetFrom = first.Frame, first.Time, first.From == c.Orig
		out.resetBare = !first.Is(segment.ACK)
	}
	return out
}

// now gives the attempt's outcome as of now.
func (a *attempt) now() outcome {
	if a.conn != nil {
		return outcomeOf(a.conn)
	}
	return a.outcome
}

// A source is an address and its last attempts.
type source struct {
	tries []attempt
	next  int // where the ring goes on once it is full
}

func (s *source) add(a attempt) {
	if len(s.tries) < maxTries {
		s.tries = append(s.tries, a)
		return
	}
	s.tries[s.next] = a
	s.next = (s.next + 1) % maxTries
}

// over keeps the outcome of a connection that leaves.
func (s *source) over(c *flow.Conn) {
	for i := range s.tries {
		if a := &s.tries[i]; a.conn == c {
			a.outcome, a.conn = outcomeOf(c), nil
		}
	}
}

// A sources table forgets addresses that were quiet longest, in two
// generations.
type sources struct {
	young, old map[[16]byte]*source
}

func (t *sources) get(a [16]byte, create bool) *source {
	if s := t.young[a]; s != nil {
		return s
	}
	s := t.old[a]
	if s == nil {
		if !create {
			return nil
		}
		s = new(source)
	}
	if t.young == nil || len(t.young) >= maxSources {
		t.old, t.young = t.young, make(map[[16]byte]*source)
	}
	t.young[a] = s
	return s
}

// began notes a connection.
func (j *Judge) began(st *flow.Step) {
	c := st.Conn
	if !c.Seen && st.Seg.Flags&segment.RST != 0 {
		return
	}
	from := c.Orig
	if !c.Seen {
		from = st.From
	}
	a := attempt{time: st.Seg.Time, frame: st.Seg.Frame, oport: c.Key.Port(from), rport: c.Key.Port(1 - from),
		to: c.Key.Addr(1 - from).Addr(), win: st.Seg.Win, layout: c.Sides[from].Layout,
		feature: c.Sides[from].Knows(flow.SYNFeature), id: c.ID, conn: c}
	j.sources.get(addrOf(c, from), true).add(a)
	j.targets.get(addrOf(c, 1-from), true).add(a)
}

// ended notes what became of a connection that leaves the table.
func (j *Judge) ended(c *flow.Conn) {
	for side := range 2 {
		for _, t := range [...]*sources{&j.sources, &j.targets} {
			if s := t.get(addrOf(c, side), false); s != nil {
				s.over(c)
			}
		}
	}
}

func addrOf(c *flow.Conn, side int) [16]byte {
	if side == 0 {
		return c.Key.A
	}
	return c.Key.B
}

// tries calls f for the attempts of the case's address on a side, its own
// connection aside, that began within a time of the case's own.
func (k *Case) tries(side int, within int64, f func(*attempt, outcome)) {
	k.attempts(&k.j.sources, side, within, f)
}

func (k *Case) attempts(t *sources, side int, within int64, f func(*attempt, outcome)) {
	s := t.get(addrOf(&k.conn, side), false)
	if s == nil {
		return
	}
	for i := range s.tries {
		a := &s.tries[i]
		if d := a.time - k.conn.FirstTime; a.id != k.conn.ID && d <= within && d >= -within {
			f(a, a.now())
		}
	}
}

// targets calls f for the attempts, of whatever source, on the case's address
// on a side, its own connection aside, that began within a time of its own.
func (k *Case) targets(side int, within int64, f func(*attempt, outcome)) {
	k.attempts(&k.j.targets, side, within, f)
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

// sameIdle counts the resets in the same name, this one too, on different
// connections, that came after about the same idle time.
func (j *Judge) sameIdle(k *Case, d int64) int {
	n := 1
	r := &j.recents
	for i := r.n - 1; i >= max(0, r.n-maxRecent); i-- {
		x := &r.list[i%maxRecent]
		if x.id != k.conn.ID && x.from.Addr() == k.conn.Key.Addr(k.from).Addr() && isAbout(x.idle, d) {
			n++
		}
	}
	return n
}
