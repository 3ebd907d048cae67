package flow

// WarmLen is how many packets Warm looks at together.
const WarmLen = 32

// Warm brings what the next packets will touch of their connections into the
// processor's cache, and changes nothing. Each packet belongs to another
// connection than the one before, so that its memory is mostly far away; asked
// for together, that of several packets comes in the time of one.
func (t *Table) Warm(next []Packet) {
	var sum int64 // of what is read, so that the compiler leaves the reading in
	next = next[:min(len(next), WarmLen)]
	for i := range next { // without a branch that would have to wait
		at, _ := t.index.at(t.index.first(next[i].hash), 0)
		sum += int64(at)
	}
	var found [WarmLen]*Entry
	for i := range next {
		if at := t.index.any(next[i].hash); at > 0 {
			found[i] = t.entry(at - 1)
		}
	}
	for _, e := range found[:len(next)] {
		if e != nil {
			sum += e.lastTime + int64(e.noted) + e.sides[1].sampleAt + e.journal[e.noted%journalLen].Time
		}
	}
	t.warmed = sum + t.warmLeaving()
}

// leaving is how many connections leave while WarmLen packets come, or so.
const leaving = 4

// warmLeaving does the same for the connections that will leave next, of which
// all will be read.
func (t *Table) warmLeaving() (sum int64) {
	q := &t.over
	for _, x := range q.list[min(q.head, len(q.list)):min(q.head+leaving, len(q.list))] {
		e := t.entry(x.ref)
		sum += e.lastTime + int64(e.noted) + e.sides[1].sampleAt + int64(e.ID)
		for i := range e.journal {
			sum += e.journal[i].Time
		}
	}
	return sum
}
