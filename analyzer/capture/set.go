package capture

import (
	"cmp"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rstlab/internal/pcapng"
)

// rotationSlack is how much the stamps of two rotated files may overlap: as
// much as a capture by several queues mixes up (causes.md, section 4.3).
const rotationSlack = 10 * time.Millisecond

// A Set reads several captures as one stream in the order of their stamps.
//
// Captures that follow each other are one capture that was rotated: a file that
// begins when another has ended goes on at that one's point, if their names, in
// one directory, differ in digits only and their first interfaces have the same link type and
// do not have different names. Where several would do, the one that ended last is
// taken. Other names are those of several points, whose clocks may be set apart by
// more than the captures last.
type Set struct {
	files   []*file
	waiting []*file // not begun, in order of their first stamps
	active  []*file
	points  []point
	failed  []failure // errors at the first packet, not yet told
	current *file     // the one whose packet was given last
}

// file is one capture of a Set.
type file struct {
	*Reader
	index int
	point int
	last  int64         // the latest stamp given
	head  pcapng.Packet // the next packet
}

// point is one place of capture.
type point struct {
	last *file // the newest of its files
	busy bool  // and it has not ended
}

type failure struct {
	index int
	err   error
}

// NewSet makes a stream of captures, of which it reads the first packets.
func NewSet(readers []*Reader) *Set {
	s := &Set{}
	for i, r := range readers {
		f := &file{Reader: r, index: i, point: -1}
		s.files = append(s.files, f)
		switch err := r.Next(&f.head); err {
		case nil:
			s.waiting = append(s.waiting, f)
		case io.EOF:
		default:
			s.failed = append(s.failed, failure{i, err})
		}
	}
	slices.SortStableFunc(s.waiting, func(a, b *file) int { return cmp.Compare(a.head.Time, b.head.Time) })
	return s
}

// Next reads the next packet of all into p and tells which capture it is of,
// counted as NewSet was given them. p's data is valid until the next call. An
// *Error ends that capture only: go on calling. At the end of all it returns
// io.EOF.
func (s *Set) Next(p *pcapng.Packet) (index int, err error) {
	if len(s.failed) > 0 {
		f := s.failed[0]
		s.failed = s.failed[1:]
		return f.index, f.err
	}
	if f := s.current; f != nil { // only now: its last packet was in use
		s.current = nil
		if err := f.Next(&f.head); err != nil {
			s.end(f)
			if err != io.EOF {
				return f.index, err
			}
		}
	}
	f := s.earliest()
	if len(s.waiting) > 0 && (f == nil || s.waiting[0].head.Time+int64(rotationSlack) < f.head.Time) {
		f = s.begin()
	}
	if f == nil {
		return 0, io.EOF
	}
	f.last = max(f.last, f.head.Time)
	s.current = f
	*p = f.head
	return f.index, nil
}

// Point gives the point of capture that the file with this index belongs to,
// counted from 0 in the order in which they begin; -1 before its first packet.
func (s *Set) Point(index int) int { return s.files[index].point }

// earliest gives the active file with the earliest packet.
func (s *Set) earliest() *file {
	var next *file
	for _, f := range s.active {
		if next == nil || f.head.Time < next.head.Time {
			next = f
		}
	}
	return next
}

// begin makes the first of the waiting files active, at its point.
func (s *Set) begin() *file {
	f := s.waiting[0]
	s.waiting = s.waiting[1:]
	s.active = append(s.active, f)
	f.point = len(s.points)
	for i, p := range s.points {
		if !p.busy && f.continues(p.last) && (f.point == len(s.points) || p.last.last > s.points[f.point].last.last) {
			f.point = i
		}
	}
	if f.point == len(s.points) {
		s.points = append(s.points, point{})
	}
	s.points[f.point] = point{last: f, busy: true}
	return f
}

// end takes a file out that has no more packets.
func (s *Set) end(f *file) {
	s.active = slices.DeleteFunc(s.active, func(a *file) bool { return a == f })
	s.points[f.point].busy = false
}

// continues tells whether f may be what came after old when a capture was
// rotated.
func (f *file) continues(old *file) bool {
	a, b := f.Interfaces()[0], old.Interfaces()[0]
	return Sequel(f.name, old.name) && f.head.Time >= old.last-int64(rotationSlack) && a.LinkType == b.LinkType &&
		(a.Name == b.Name || a.Name == "" || b.Name == "")
}

// Sequel tells whether two names are those of parts of one rotated capture: in one
// directory, they differ in digits only, and in whether they are compressed.
func Sequel(a, b string) bool {
	return filepath.Dir(a) == filepath.Dir(b) && stem(filepath.Base(a)) == stem(filepath.Base(b))
}

func stem(name string) string {
	for _, packed := range [...]string{".gz", ".zst", ".bz2"} {
		name = strings.TrimSuffix(name, packed)
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, name)
}
