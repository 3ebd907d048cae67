package flow

import "rstlab/internal/segment"

// WarmLen is how many packets Warm looks at together.
const WarmLen = 64

// Warm brings what the next packets will touch, and nobody has for long, into the
// processor's cache, and changes nothing: asked for together, it comes in the time
// of one. What the packets of a connection that goes on touch is there, since they
// mostly come close together.
func (t *Table) Warm(next []Packet) {
	var sum int64 // of what is read, so that the compiler leaves the reading in
	for i := range next[:min(len(next), WarmLen)] {
		if x := &next[i]; x.Seg.Flags&(segment.SYN|segment.ACK) == segment.SYN {
			sum += t.pastByKey.near(uint32(x.pair))
		}
	}
	t.warmed = sum + t.warmLeaving()
}

// leaving is how many connections leave while WarmLen packets come, or so.
const leaving = 12

// warmLeaving reads the connections that will leave next, where their numbers will
// be found, and where those were whose room they take, as their leaving does.
func (t *Table) warmLeaving() (sum int64) {
	q := &t.over
	for _, x := range q.list[min(q.head, len(q.list)):min(q.head+leaving, len(q.list))] {
		e := t.entry(x.ref)
		sum += e.lastTime + int64(e.noted) + e.sides[1].sampleAt + int64(e.ID) + t.pastByKey.near(uint32(e.pair))
		for i := range e.journal {
			sum += e.journal[i].Time
		}
	}
	for _, p := range t.pasts.replaced(leaving) {
		sum += t.pastByKey.near(uint32(p.pair))
	}
	return sum
}
