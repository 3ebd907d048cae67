package canon

import (
	"regexp"
	"slices"
	"strconv"

	"rstlab/internal/play"
	"rstlab/internal/script"
	"rstlab/internal/segment"
)

// Literals are the numbers that a script wrote itself: they are the same in
// each run, and stay.
type literals struct {
	ports   map[uint16]bool
	numbers []uint32 // sequence numbers as on the wire
}

// portText finds what may be a port in a rule of nftables or a command line.
var portText = regexp.MustCompile(`\b[0-9]{1,5}\b`)

func literalsOf(f *script.File) literals {
	l := literals{ports: map[uint16]bool{}}
	for _, a := range f.Actors {
		for _, at := range a.Attrs {
			l.attr(at)
		}
	}
	for _, ev := range f.Events {
		switch ev := ev.(type) {
		case *script.Packet:
			l.segment(&ev.Segment)
		case *script.Action:
			l.ports[ev.Actor.Port] = true
			for _, arg := range ev.Args {
				l.arg(&arg)
			}
		}
	}
	return l
}

func (l *literals) arg(a *script.Arg) {
	switch {
	case a.Endpoint != nil:
		l.ports[a.Endpoint.Port] = true
	case a.Match != nil:
		l.segment(&a.Match.Segment)
	case a.Segment != nil:
		l.segment(a.Segment)
	case a.Attr != nil:
		l.attr(*a.Attr)
	case a.String != nil:
		for _, word := range portText.FindAllString(*a.String, -1) {
			if n, err := strconv.ParseUint(word, 10, 16); err == nil {
				l.ports[uint16(n)] = true
			}
		}
	}
	for _, at := range a.Rewrite {
		l.attr(at)
	}
}

func (l *literals) attr(a script.Attr) {
	switch a.Key {
	case "isn":
		if n, err := a.Number(); err == nil {
			l.numbers = append(l.numbers, uint32(n))
		}
	case "seq", "ack": // of a rewrite: set, or moved by so much
		if n, moved, err := a.Shift(); err == nil && !moved {
			l.numbers = append(l.numbers, uint32(n))
		}
	case "src", "dst":
		if e, err := a.Endpoint(); err == nil {
			l.ports[e.Port] = true
		}
	}
}

func (l *literals) segment(s *segment.Segment) {
	l.ports[s.Src.Port], l.ports[s.Dst.Port] = true, true
	if s.Seq != nil && s.Seq.Raw {
		l.numbers = append(l.numbers, s.Seq.Start)
	}
	if s.Ack != nil && s.Ack.Raw {
		l.numbers = append(l.numbers, s.Ack.N)
	}
}

// near is how far beyond a literal a number still counts from it: what few
// segments hold.
const near = 1 << 12

// counts tells whether a sequence number is a literal or counts from one.
func (l *literals) counts(n uint32) bool {
	return slices.ContainsFunc(l.numbers, func(from uint32) bool { return n-from < near || from-n <= 2 })
}

// segmentOf is the segment that a line of a peer or a middlebox sent, as it is
// written.
func segmentOf(l *play.Line) *segment.Segment {
	switch ev := l.Event.(type) {
	case *script.Packet:
		return &ev.Segment
	case *script.Action:
		for _, arg := range ev.Args {
			if arg.Segment != nil {
				return arg.Segment
			}
		}
	}
	return nil
}

// stamped tells whether the script wrote a segment's timestamps.
func stamped(x *sighting) bool {
	if x.line == nil {
		return false
	}
	s := segmentOf(x.line)
	return s != nil && slices.ContainsFunc(s.Options, func(o segment.Option) bool { return o.Kind == "TS" })
}
