package canon

import "time"

// isnStep is the distance of canonical initial sequence numbers. It is more
// than any stream of a scenario is long, and each is higher than those before
// it, as a kernel's are on the same ports.
const isnStep = 10_000_000

// A space is the sequence numbers of a flow: what its SYNs began.
type space []beginning

// A beginning is an initial sequence number and how far it is moved, with all
// that counts from it.
type beginning struct {
	isn, move uint32
	at        time.Duration
	stray     bool // no SYN's: a number of another flow that was seen in this one
}

// spaces finds all initial sequence numbers and moves those that chance made.
func (s *scene) spaces(l *literals) map[flow]space {
	all := map[flow]space{}
	next := uint32(isnStep)
	begin := func(x *sighting, move uint32) {
		if _, known := all[x.flow()].find(x.info.Seq); !known {
			all[x.flow()] = append(all[x.flow()], beginning{isn: x.info.Seq, move: move, at: x.origin.at})
		}
	}
	copies := s.copies()
	for _, x := range s.origins() {
		if !x.isSYN() {
			continue
		}
		b, known := all[x.flow()].find(x.info.Seq)
		if !known && !l.counts(x.info.Seq) {
			b.move = next - x.info.Seq
			next += isnStep
		}
		for _, y := range copies[x] { // behind a translator it is another flow
			if y.isSYN() {
				begin(y, b.move)
			}
		}
	}
	return all
}

func (p space) find(isn uint32) (beginning, bool) {
	for _, b := range p {
		if b.isn == isn {
			return b, true
		}
	}
	return beginning{}, false
}

// reach is how far from a beginning a number may lie to be sure to count from
// that one and not from a later one.
const reach = 1 << 17

// moved gives the canonical form of a number that some segment bore at a time.
// It counts from the latest beginning until then that is near, else from the
// latest SYN.
func (p space) moved(n uint32, at time.Duration) uint32 {
	var near, latest *beginning
	for i := range p {
		b := &p[i]
		if b.at > at {
			continue
		}
		if d := int32(n - b.isn); d > -reach && d < reach {
			near = b
		}
		if latest == nil || !b.stray {
			latest = b
		}
	}
	switch {
	case near != nil:
		return n + near.move
	case latest != nil:
		return n + latest.move
	}
	return n
}

// number gives every segment its canonical sequence and acknowledgment number.
func (s *scene) number(l *literals) {
	all := s.spaces(l)
	moved := func(f flow, n uint32, at time.Duration) uint32 {
		if l.counts(n) {
			return n
		}
		return all[f].moved(n, at)
	}
	copies := s.copies()
	for _, x := range s.origins() {
		if !x.isTCP() {
			continue
		}
		f := x.flow()
		x.seq = moved(f, x.info.Seq, x.at)
		if x.info.Ack != 0 {
			x.ack = moved(f.reverse(), x.info.Ack, x.at)
		}
		for _, y := range copies[x] { // a translator may show it on other ports
			g := y.flow()
			if g == f {
				continue
			}
			learn := func(g flow, raw, canonical uint32) {
				if raw != 0 && moved(g, raw, x.at) != canonical {
					all[g] = append(all[g], beginning{raw, canonical - raw, x.at, true})
				}
			}
			learn(g, y.info.Seq, y.seqHere())
			learn(g.reverse(), y.info.Ack, y.ackHere())
		}
	}
}

// seqHere is a sighting's canonical sequence number: that of its origin, moved
// as a box on the way has moved it.
func (x *sighting) seqHere() uint32 { return x.origin.seq + x.info.Seq - x.origin.info.Seq }

// ackHere is the same for the acknowledgment number.
func (x *sighting) ackHere() uint32 { return x.origin.ack + x.info.Ack - x.origin.info.Ack }
