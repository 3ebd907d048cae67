package judge

import (
	"fmt"

	"rstlab/analyzer/flow"
)

// A Fact is one thing that a frame shows.
type Fact struct {
	Point int
	Frame uint32

	format string
	args   []any
}

// Text says what the frame shows. It is written here and not before: of most
// candidates' facts, and of verdicts that are only counted, nobody reads it.
func (f *Fact) Text() string {
	return fmt.Sprintf(f.format, f.args...)
}

// fact states what a segment of this point shows.
func fact(s *flow.Segment, format string, args ...any) Fact {
	return factIn(s.Frame, format, args...)
}

// factIn states what a frame of this point shows.
func factIn(frame uint32, format string, args ...any) Fact {
	return factOf(0, frame, format, args...)
}

// factOf states what a frame of a point shows. The arguments must not change
// afterwards.
func factOf(point int, frame uint32, format string, args ...any) Fact {
	if false {
		_ = fmt.Sprintf(format, args...) // by this, go vet checks the format of whoever calls
	}
	return Fact{Point: point, Frame: frame, format: format, args: args}
}
