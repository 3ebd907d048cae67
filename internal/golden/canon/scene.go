package canon

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
	"rstlab/internal/play"
	"rstlab/internal/script"
	"rstlab/internal/segment"
)

// A scene is a recording laid out: who is where, and which frame is which
// elsewhere.
type scene struct {
	file  *script.File
	rec   *play.Recording
	nodes map[string]*node
	taps  []*tap
	all   []*sighting // of all taps, in the order of time
}

// A node is an actor.
type node struct {
	name   string
	kind   script.ActorKind
	router bool // it forwards
	taps   []*tap
	host
}

// A tap is a node's end of a link, and what was captured there.
type tap struct {
	name    string
	node    *node
	snapLen uint32
	delay   time.Duration // of the link, each way
	rate    uint64        // of the link, in bits a second; 0: any
	frames  []*sighting
	total   int // frames in the raw capture, those left out too

	busy time.Duration // canonical, when the last bit sent here has left
}

// A sighting is a frame at a tap.
type sighting struct {
	tap  *tap
	n    int       // in the raw capture, from 1
	raw  time.Time // of the capture; not before that of its cause, see straighten
	was  []byte    // the frame as it was captured
	info packet.Info

	in     bool       // it came in over the link
	from   *sighting  // the same packet one step before; nil where it began here
	origin *sighting  // the same packet where it began
	line   *play.Line // of a peer or a middlebox: what made it

	// The canonical form; where it says so, of origins only.
	at           time.Duration // since the start
	waits        time.Duration // how much of that is delays, timers and the script's own waits
	data         []byte
	seq, ack     uint32 // of origins
	tsVal, tsEcr uint32 // of origins
	id           uint16 // of origins
	flowLabel    uint32 // of origins
}

// flow is one direction of a connection.
type flow struct{ src, dst netip.AddrPort }

func (f flow) reverse() flow { return flow{f.dst, f.src} }

func (s *sighting) flow() flow { return flow{s.info.Source(), s.info.Destination()} }

func (s *sighting) is(f segment.Flags) bool { return s.info.Flags&f == f }

// isTCP tells a segment from an ICMP error.
func (s *sighting) isTCP() bool { return s.info.Kind == packet.TCP }

// isSYN tells a segment that begins a direction.
func (s *sighting) isSYN() bool {
	return s.isTCP() && s.info.Flags&(segment.SYN|segment.RST) == segment.SYN
}

// end is the number behind what a segment sends.
func (s *sighting) end() uint32 {
	n := s.info.Seq + s.info.PayloadLen
	if s.is(segment.SYN) {
		n++
	}
	if s.is(segment.FIN) {
		n++
	}
	return n
}

// String tells where it is.
func (s *sighting) String() string { return fmt.Sprintf("frame %d at tap %s", s.n, s.tap.name) }

// newScene reads the captures and finds out which frames are the same packet.
func newScene(f *script.File, rec *play.Recording) (*scene, error) {
	own := *rec // whose times are straightened
	own.Lines = slices.Clone(rec.Lines)
	s := &scene{file: f, rec: &own, nodes: map[string]*node{}}
	for _, a := range f.Actors {
		s.nodes[a.Name] = &node{name: a.Name, kind: a.Kind,
			router: slices.ContainsFunc(a.Attrs, func(at script.Attr) bool { return at.Key == "forward" && at.Value == "yes" })}
	}
	for _, c := range rec.Captures {
		if err := s.addTap(c); err != nil {
			return nil, fmt.Errorf("read capture of tap %s: %w", c.Tap, err)
		}
	}
	if err := s.links(); err != nil {
		return nil, err
	}
	for _, n := range s.nodes {
		n.forward(s.rewrites(n))
	}
	s.findScripted()
	for _, t := range s.taps {
		s.all = append(s.all, t.frames...)
	}
	if err := s.straighten(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(s.all, func(a, b *sighting) int { return a.raw.Compare(b.raw) })
	for _, x := range s.all {
		x.origin = x
		for x.origin.from != nil {
			x.origin = x.origin.from
		}
	}
	return s, nil
}

// addTap reads one capture.
func (s *scene) addTap(c play.Capture) error {
	name, _, _ := strings.Cut(c.Tap, "/")
	n := s.nodes[name]
	if n == nil {
		return fmt.Errorf("no actor is named %q", name)
	}
	t := &tap{name: c.Tap, node: n}
	r, err := pcapng.NewReader(bytes.NewReader(c.Data))
	if err != nil {
		return err
	}
	var d packet.Decoder
	var p pcapng.Packet
	for {
		err := r.Next(&p)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		t.total++
		x := &sighting{tap: t, n: t.total, raw: time.Unix(0, p.Time), was: bytes.Clone(p.Data)}
		p.Data = x.was
		switch d.Decode(&p, &x.info) {
		case packet.TCP, packet.ICMPError:
		default:
			continue
		}
		if x.info.Fragment {
			return fmt.Errorf("frame %d is a fragment, which has no canonical form", x.n)
		}
		t.frames = append(t.frames, x)
	}
	if links := r.Interfaces(); len(links) > 0 {
		t.snapLen = links[0].SnapLen
	}
	n.taps = append(n.taps, t)
	s.taps = append(s.taps, t)
	return nil
}

// links pairs the two ends of each link.
func (s *scene) links() error {
	for _, l := range s.file.Links {
		a, b := s.end(l.A, l.B), s.end(l.B, l.A)
		if a == nil || b == nil {
			return fmt.Errorf("line %d: no capture at an end of link %s %s", l.Pos.Line, l.A, l.B)
		}
		for _, at := range l.Attrs {
			var err error
			switch at.Key {
			case "delay":
				a.delay, err = at.Duration()
				b.delay = a.delay
			case "rate":
				a.rate, err = at.Number()
				b.rate = a.rate
			}
			if err != nil {
				return err
			}
		}
		pair(a, b)
	}
	return nil
}

// end is the tap of an actor's end of the link to another.
func (s *scene) end(actor, other string) *tap {
	i := slices.IndexFunc(s.taps, func(t *tap) bool { return t.name == actor || t.name == actor+"/"+other })
	if i < 0 {
		return nil
	}
	return s.taps[i]
}

// pair finds the frames that passed a link: the same bytes at both ends, first
// at the one that sent them.
func pair(a, b *tap) {
	waiting := map[string][]*sighting{}
	for _, x := range b.frames {
		waiting[string(x.was)] = append(waiting[string(x.was)], x)
	}
	var pairs [][2]*sighting
	first := map[[6]byte]int{} // by the sender's address: how often it was at a first, less how often at b
	for _, x := range a.frames {
		same := waiting[string(x.was)]
		if len(same) == 0 {
			continue // lost, or under way when the captures ended
		}
		y := same[0]
		waiting[string(x.was)] = same[1:]
		pairs = append(pairs, [2]*sighting{x, y})
		if x.raw.Before(y.raw) {
			first[x.info.SrcMAC]++
		} else {
			first[x.info.SrcMAC]--
		}
	}
	for _, p := range pairs {
		x, y := p[0], p[1]
		if first[x.info.SrcMAC] < 0 {
			x, y = y, x
		}
		y.in, y.from = true, x
	}
}

// forward finds the packets that a node passed on: from one tap to another, or, of
// a router with a single link, back on that. rewrites says that it may have changed
// them beyond recognition.
func (n *node) forward(rewrites bool) {
	var came, went []*sighting
	for _, t := range n.taps {
		for _, x := range t.frames {
			if x.in {
				came = append(came, x)
			} else {
				went = append(went, x)
			}
		}
	}
	if len(n.taps) == 0 || len(n.taps) == 1 && !n.router {
		return
	}
	byTime := func(a, b *sighting) int { return a.raw.Compare(b.raw) }
	slices.SortStableFunc(came, byTime)
	slices.SortStableFunc(went, byTime)
	passed := map[*sighting]bool{}
	match := func(same func(a, b *sighting) bool) {
		for _, y := range went {
			if y.from != nil {
				continue
			}
			i := slices.IndexFunc(came, func(x *sighting) bool {
				return !x.raw.After(y.raw.Add(unsteady)) && !passed[x] && (x.tap != y.tap || len(n.taps) == 1) && same(x, y)
			})
			if i >= 0 {
				y.from, passed[came[i]] = came[i], true
			}
		}
	}
	match(samePacket)
	slices.Reverse(came) // less alike, the last one may have been: those before it were dropped
	match(sameSegment)
	if rewrites {
		match(sameFlow)
	}
}

// unsteady is how far stamps may be out of order: those of processors that do
// not quite agree on the time.
const unsteady = time.Millisecond

// straighten makes all stamps follow from those of their causes, which come
// first.
func (s *scene) straighten() error {
	for rounds, moved := 0, true; moved; rounds++ {
		if rounds > len(s.all) {
			return errors.New("order frames: the captures contradict each other")
		}
		moved = false
		for _, x := range s.all {
			if x.from != nil && !x.raw.After(x.from.raw) {
				x.raw, moved = x.from.raw.Add(1), true
			}
		}
		for _, t := range s.taps {
			for i, x := range t.frames {
				if i > 0 && x.raw.Before(t.frames[i-1].raw) {
					x.raw, moved = t.frames[i-1].raw, true
				}
			}
		}
	}
	var last time.Time
	for i := range s.rec.Lines {
		l := &s.rec.Lines[i]
		l.Begun = later(l.Begun, last)
		l.Ended = later(l.Ended, l.Begun)
		for _, n := range l.Frames[l.Tap] {
			if x := s.sighting(l.Tap, n); x != nil {
				l.Ended = later(l.Ended, x.raw.Add(1))
			}
		}
		last = l.Ended
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// samePacket tells what a router leaves as it is.
func samePacket(a, b *sighting) bool {
	x, y := &a.info, &b.info
	return a.flow() == b.flow() && x.ID == y.ID && x.ICMP.From == y.ICMP.From && x.TSVal == y.TSVal && x.TSEcr == y.TSEcr && sameSegment(a, b)
}

// sameSegment tells what a translator of addresses leaves as it is.
func sameSegment(a, b *sighting) bool {
	x, y := &a.info, &b.info
	return x.Kind == y.Kind && x.Flags == y.Flags && x.Seq == y.Seq && x.Ack == y.Ack && x.PayloadLen == y.PayloadLen &&
		x.ICMP.Type == y.ICMP.Type && x.ICMP.Code == y.ICMP.Code
}

// sameFlow tells what a middlebox that rewrites numbers leaves as it is.
func sameFlow(a, b *sighting) bool { return a.info.Kind == b.info.Kind && a.flow() == b.flow() }

// rewrites tells whether the script lets a node change segments.
func (s *scene) rewrites(n *node) bool {
	return slices.ContainsFunc(s.rec.Lines, func(l play.Line) bool {
		a, ok := l.Event.(*script.Action)
		return ok && a.Actor.Name == n.name && a.Verb == "rewrite"
	})
}

// findScripted finds the packets that the script itself sent.
func (s *scene) findScripted() {
	for i := range s.rec.Lines {
		l := &s.rec.Lines[i]
		if l.Tap != "" {
			continue
		}
		for _, t := range s.taps {
			for _, x := range t.frames {
				if x.from == nil && !x.in && slices.Contains(l.Frames[t.name], x.n) {
					x.line = l
				}
			}
		}
	}
}
