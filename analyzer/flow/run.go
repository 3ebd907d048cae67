package flow

// MaxRun is how many segments a run remembers; it counts all.
const MaxRun = 16

// A Stamp is a frame and its time. The zero value, with Frame 0, is none.
type Stamp struct {
	Time  int64
	Frame uint32
}

// Exists tells whether there is such a frame.
func (s Stamp) Exists() bool { return s.Frame != 0 }

// Stamp is the segment's frame and time.
func (s *Segment) Stamp() Stamp { return Stamp{s.Time, s.Frame} }

// A Run is a number of segments that were sent for one purpose: the
// transmissions of what begins at one number, or probes.
type Run struct {
	Start  Seq // the number at which each of them begins
	N      uint32
	Len    uint32 // payload bytes of the longest
	Beaten uint32 // how often the peer answered one of them and yet another came: the answer did not get through
	Heard  Stamp  // a peer's segment that should have ended it
	few    [2]Stamp
	more   *[MaxRun - 2]Stamp
}

func (r *Run) add(s Stamp, length uint32) {
	i := min(r.N, MaxRun-1)
	if i < uint32(len(r.few)) {
		r.few[i] = s
	} else {
		if r.more == nil {
			r.more = new([MaxRun - 2]Stamp)
		}
		r.more[i-uint32(len(r.few))] = s
	}
	r.N++
	r.Len = max(r.Len, length)
}

func (r *Run) begin(start Seq) { *r = Run{Start: start, more: r.more} }

// Kept is how many of its segments the run remembers: the first ones and the
// last.
func (r *Run) Kept() int { return int(min(r.N, MaxRun)) }

// At is the i-th segment that the run remembers.
func (r *Run) At(i int) Stamp {
	if i < len(r.few) {
		return r.few[i]
	}
	return r.more[i-len(r.few)]
}

// Last is its last segment.
func (r *Run) Last() Stamp {
	if r.N == 0 {
		return Stamp{}
	}
	return r.At(r.Kept() - 1)
}

// Frames are the frames that the run remembers.
func (r *Run) Frames() []uint32 {
	frames := make([]uint32, r.Kept())
	for i := range frames {
		frames[i] = r.At(i).Frame
	}
	return frames
}

// own gives the run a memory of its own, after it was copied.
func (r *Run) own() {
	if r.more != nil && r.N > uint32(len(r.few)) {
		m := *r.more
		r.more = &m
	} else {
		r.more = nil
	}
}

// end makes r the run that s was, and s empty.
func (r *Run) end(s *Run) {
	spare := r.more
	*r = *s
	*s = Run{more: spare}
}
