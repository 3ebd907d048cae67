package flow

// A queue holds connections by the time of their last packet, roughly: one
// that was heard of since it was put in is put in again when its turn comes.
// That costs nothing with each packet, and touches no other connection.
type queue struct {
	list []turn
	head int // list begins here
	n    int // turns that count
}

// A turn is a connection's place in a queue. It counts while the connection has
// no later one.
type turn struct {
	ref    int32
	number uint32
	seen   int64 // the connection's lastTime
}

// turns tells which turn of each connection counts, by reference; 0 is none.
type turns struct {
	of   []uint32
	last uint32
}

func (t *turns) count(x turn) bool { return t.of[x.ref] == x.number }

// put gives a connection a turn, its only one.
func (q *queue) put(e *Entry, t *turns) {
	for int(e.ref) >= len(t.of) {
		t.of = append(t.of, 0)
	}
	t.last++
	t.of[e.ref] = t.last
	q.n++
	if len(q.list) == cap(q.list) {
		q.tidy(t)
	}
	q.list = append(q.list, turn{e.ref, t.last, e.lastTime})
}

// first tells whose turn it is. There must be one.
func (q *queue) first(t *turns) turn {
	for !t.count(q.list[q.head]) {
		q.head++
	}
	return q.list[q.head]
}

// leave takes a connection out that is in the queue.
func (q *queue) leave(ref int32, t *turns) {
	t.of[ref] = 0
	q.n--
}

// tidy drops the turns that don't count.
func (q *queue) tidy(t *turns) {
	kept := q.list[:0]
	for _, x := range q.list[q.head:] {
		if t.count(x) {
			kept = append(kept, x)
		}
	}
	q.list, q.head = kept, 0
	if 2*len(kept) > cap(kept) { // so that it is not done over and over
		q.list = append(make([]turn, 0, max(64, 4*len(kept))), kept...)
	}
}
