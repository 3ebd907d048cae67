package analyzer

import (
	"slices"
	"strconv"
	"time"

	"rstlab/analyzer/flow"
	"rstlab/analyzer/judge"
	"rstlab/internal/segment"
)

// The marks of a Packet.
const (
	MarkReset    = "reset"    // the reset itself
	MarkEvidence = "evidence" // the verdict rests on it
	MarkExcludes = "excludes" // it refutes a look-alike
)

// transcript gives a record the packets that matter to a verdict of the judge's.
func (a *analysis) transcript(v *Verdict, j *judge.Verdict) {
	for _, p := range j.Points {
		v.Points = append(v.Points, a.points[p].name())
	}
	v.Packets = make([]Packet, 0, len(j.Packets))
	for i := range j.Packets {
		x := &j.Packets[i]
		point := a.points[x.Point]
		file, frame := point.at(x.Seg.Frame)
		p := Packet{
			Frame: frame, Time: time.Unix(0, x.Seg.Time).UTC(), From: Responder, Marks: []string{},
			Segment: notation(x), Seq: uint32(x.Seg.Seq), Ack: uint32(x.Seg.Ack), TTL: int(x.Seg.TTL), Options: options(x), Omitted: x.Omitted, Tap: point.tap(x.Seg.Frame, x.Seg.Tap),
		}
		if file != v.File {
			p.File = file
		}
		if len(v.Points) > 0 {
			p.Point = point.nameBeside(file)
		}
		if x.ByOriginator {
			p.From = Originator
		}
		if x.Seg.Has(flow.HasID) {
			p.ID = new(int(x.Seg.ID))
		}
		at := []judge.Frame{{Point: x.Point, N: x.Seg.Frame}}
		for _, o := range x.Also {
			name, n := a.points[o.Point].at(o.N)
			p.Also = append(p.Also, Passage{File: name, Frame: n, Point: a.points[o.Point].nameBeside(name), Time: time.Unix(0, o.Time).UTC()})
			at = append(at, o.Frame)
		}
		for _, q := range x.Missed {
			p.Missed = append(p.Missed, a.points[q].name())
		}
		p.Marks = marks(j, at)
		v.Packets = append(v.Packets, p)
	}
}

// marks says why a packet, which was seen in these frames, matters.
func marks(j *judge.Verdict, at []judge.Frame) []string {
	all := []string{}
	if slices.Contains(at, judge.Frame{Point: j.Point, N: j.Frame}) {
		all = append(all, MarkReset)
	}
	if slices.ContainsFunc(j.Evidence, func(f judge.Fact) bool { return slices.Contains(at, judge.Frame{Point: f.Point, N: f.Frame}) }) {
		all = append(all, MarkEvidence)
	}
	if slices.ContainsFunc(j.Excluded, func(e judge.Exclusion) bool {
		return slices.ContainsFunc(e.Frames, func(n uint32) bool { return slices.Contains(at, judge.Frame{Point: j.Point, N: n}) })
	}) {
		all = append(all, MarkExcludes)
	}
	return all
}

// notation writes a packet as scenarios do.
func notation(x *judge.Packet) string {
	s := segment.Segment{
		Src: segment.Endpoint{Addr: x.Src.Addr(), Port: x.Src.Port()}, Dst: segment.Endpoint{Addr: x.Dst.Addr(), Port: x.Dst.Port()},
		Flags: x.Seg.Flags,
		Seq:   &segment.Seq{Start: uint32(x.Seg.Seq), Raw: true}, Ack: &segment.Ack{N: uint32(x.Seg.Ack), Raw: true},
		Win: new(uint32(x.Seg.Win)), Length: new(x.Seg.Len),
	}
	return s.Relative(x.Base).Brief().String()
}

// options writes what is remembered of a packet's options.
func options(x *judge.Packet) string {
	var all []segment.Option
	if x.Seg.Is(segment.SYN) {
		if x.MSS > 0 {
			all = append(all, segment.Option{Kind: "mss", Args: []string{itoa(x.MSS)}})
		}
		if x.Scale >= 0 {
			all = append(all, segment.Option{Kind: "wscale", Args: []string{itoa(x.Scale)}})
		}
		if x.SACK {
			all = append(all, segment.Option{Kind: "sackOK"})
		}
	}
	if x.Seg.Has(flow.HasTS) {
		all = append(all, segment.Option{Kind: "TS", Args: []string{"val", itoa(x.Seg.TSVal), "ecr", itoa(x.Seg.TSEcr)}})
	}
	if len(all) == 0 {
		return ""
	}
	return segment.OptionsString(all)
}

func itoa[N int8 | uint16 | uint32](n N) string { return strconv.FormatInt(int64(n), 10) }
