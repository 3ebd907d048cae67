package flow

// MaxRun is how many segments a run remembers; it counts all.
const MaxRun = 16

// A Run is a number of segments that were sent for the same purpose, with none
// of another purpose between: the transmissions of one piece of data, or
// probes.
type Run struct {
	Start   Seq // the number at which each of them begins
	N       uint32
	Frames  [MaxRun]uint32 // the first MaxRun-1 and the last
	Times   [MaxRun]int64
	Lens    uint32 // payload bytes of the longest
	Heard   uint32 // frame of a peer's segment that should have ended it: seen here, not heeded by the sender
	HeardAt int64
	Beaten  uint32 // how often the peer answered one of them
}

func (r *Run) add(s *Segment) {
	i := min(r.N, MaxRun-1)
	r.Frames[i], r.Times[i] = s.Frame, s.Time
	r.N++
	r.Lens = max(r.Lens, s.Len)
}

func (r *Run) begin(s *Segment) {
	*r = Run{Start: s.Seq}
	r.add(s)
}

// Kept is how many of its segments the run remembers.
func (r *Run) Kept() int { return int(min(r.N, MaxRun)) }

// Last is the time of its last segment.
func (r *Run) Last() int64 {
	if r.N == 0 {
		return 0
	}
	return r.Times[min(r.N, MaxRun)-1]
}
