package flow

// WarmLen is how many packets Warm looks at together.
const WarmLen = 64

// Warm brings what the next packets will touch of their connections into the
// processor's cache, and changes nothing. Each packet belongs to another
// connection than the one before, so that its memory is mostly far away; asked
// for together, that of several packets comes in the time of one.
func (t *Table) Warm(next []Packet) {
	var sum int64 // of what is read, so that the compiler leaves the reading in
	next = next[:min(len(next), WarmLen)]
	var found [WarmLen]*Entry
	for i := range next {
		if ref := t.byKey.any(next[i].hash); ref != none {
			found[i] = t.entry(ref)
		} else {
			sum += t.pastByKey.near(next[i].hash)
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
const leaving = 12

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
