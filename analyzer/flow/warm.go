package flow

// WarmLen is how many packets Warm looks at together.
const WarmLen = 8

// Warm brings what the next packets will touch of their connections into the
// processor's cache, and changes nothing. Each packet belongs to another
// connection than the one before, so that its memory is mostly far away; asked
// for together, that of several packets comes in the time of one.
func (t *Table) Warm(next []Packet) {
	var conns [WarmLen]*Conn
	var sum int64 // of what is read, so that the compiler leaves the reading in
	next = next[:min(len(next), WarmLen)]
	for i := range next {
		s := &next[i]
		if ref, same, ok := t.index.at(t.index.first(s.hash), s.hash); same && ok {
			conns[i] = t.conns[ref]
		} else if !ok {
			ref, _, _ := t.left.at(t.left.first(s.hash), s.hash) // it begins one, likely
			sum += int64(ref)
		}
	}
	for i := range next {
		c := conns[i]
		if c == nil {
			continue
		}
		me, peer := &c.Sides[next[i].from&1], &c.Sides[^next[i].from&1]
		sum += c.LastTime + int64(c.NumResets) +
			int64(me.Packets) + me.StuckAt + me.sampleAt + int64(me.IDSteps.One) + int64(me.FirstACK.Frame) + int64(me.Sent.N) + int64(me.Ended.N) +
			me.LastData.Time + me.Ring[me.Put%RingLen].Time + me.Ring[(me.Put-1)%RingLen].Time +
			int64(peer.Packets) + peer.sampleAt + int64(peer.Sent.N) + int64(peer.Ended.N) + int64(peer.Probes.N)
	}
	t.warmed = sum
}
