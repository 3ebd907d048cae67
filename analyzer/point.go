package analyzer

import (
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"rstlab/analyzer/flow"
	"rstlab/analyzer/judge"
	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
)

// A point is one place of capture: a file, or several that were rotated. Its
// judge counts frames through all of them; spans lead back to the files.
type point struct {
	a           *analysis
	index       int
	iface       string // the interface, where those of its file are points of their own
	judge       judge.Judge
	decoder     packet.Decoder
	next        flow.Packet
	opening     flow.Opening   // of next
	batch       *pcapng.Batch  // the one that is being followed, if there is one
	place       int            // in it
	now         *pcapng.Packet // the packet that is being followed; nil: see current
	record      pcapng.Packet
	news        *news          // what is told of the packet that is being followed
	again       packet.Decoder // see look
	lookAt      func() *packet.Info
	info        packet.Info
	spans       []span
	frames      uint32
	held        []*judge.Verdict
	connections map[int]*Connection // by ID
	sight       sight
	pauses      pauses // which connections without a reset survived
	lost        uint64 // packets lost in between, as packets tell
	first       int64  // the first stamp, of TCP or not
	last        int64  // the latest of TCP
	disorder    int64
}

// A span is where a file's frames begin in the point's count.
type span struct {
	before uint32 // frames of the point before it
	file   *file
}

func (a *analysis) newPoint(f *file) *point {
	p := &point{a: a, index: len(a.points), connections: map[int]*Connection{}}
	p.decoder.OneNetwork, p.again.OneNetwork = f.one, f.one
	p.judge.At = f.in.At
	p.judge.Emit = p.verdict
	p.judge.Ended = p.ended
	p.lookAt = p.look
	if a.several {
		p.judge.Log = new(judge.Log)
	}
	a.points = append(a.points, p)
	return p
}

// packet takes the next packet of one of the point's files.
func (p *point) packet(f *file, in *pcapng.Packet) error {
	if len(p.spans) == 0 || p.spans[len(p.spans)-1].file != f {
		p.begin(f, in)
	}
	p.lose(in)
	p.decoder.Decode(in, &p.info)
	p.next.Read(&p.opening, uint32(in.Frame), in.Time, &p.info)
	p.next.Seg.Tap = flow.TapOf(in)
	p.now = in
	if !p.locate(&p.next) {
		return nil
	}
	return p.judge.Take(&p.next, &p.opening, p.lookAt)
}

// look decodes the packet that is being judged once more. Reading ahead, few of
// what is decoded is kept, and few packets need the rest; the result is the same
// since what is judged is no later fragment.
func (p *point) look() *packet.Info {
	p.again.Decode(p.current(), &p.info)
	return &p.info
}

// current gives the packet that is being followed.
func (p *point) current() *pcapng.Packet {
	if p.now == nil {
		p.batch.Packet(p.place, &p.record)
		p.now = &p.record
	}
	return p.now
}

// begin notes that the file's packets come next, of which in is the first.
func (p *point) begin(f *file, in *pcapng.Packet) {
	if len(p.spans) == 0 {
		p.first = in.Time
	}
	p.spans = append(p.spans, span{before: p.frames, file: f})
	if p.a.begin == 0 {
		p.a.begin = in.Time
	}
}

// locate gives the next packet of the point's last span its number in the point,
// and tells whether the judge wants it.
func (p *point) locate(s *flow.Packet) bool {
	if n := p.spans[len(p.spans)-1].before; n > 0 { // a number just written has to wait until it can be copied
		s.Seg.Frame += n
	}
	p.frames = s.Seg.Frame
	if s.Kind == packet.Other {
		return false
	}
	if s.Seg.Time < p.last {
		p.disorder = max(p.disorder, p.last-s.Seg.Time)
	}
	p.last = max(p.last, s.Seg.Time)
	return true
}

// lose notes that the capture says it lost packets before this one.
func (p *point) lose(in *pcapng.Packet) {
	if in.Dropped > 0 {
		p.judge.Drops = true
		p.lost += in.Dropped
	}
}

// at leads a frame of the point back to its file and its number there.
func (p *point) at(frame uint32) (name string, n int) {
	i := p.span(frame)
	if i < 0 {
		return "", int(frame)
	}
	return p.spans[i].file.in.Name, int(frame - p.spans[i].before)
}

// span is the index of the span that holds a frame, -1 where none does.
func (p *point) span(frame uint32) int {
	return sort.Search(len(p.spans), func(i int) bool { return p.spans[i].before >= frame }) - 1
}

// name is the point's in records: its first file's, and which interface it is
// where that has several points.
func (p *point) name() string {
	if len(p.spans) == 0 {
		return ""
	}
	name := p.spans[0].file.in.Name
	if p.iface != "" {
		name += " (" + p.iface + ")"
	}
	return name
}

// nameBeside is the point's name, "" where file is it.
func (p *point) nameBeside(file string) string {
	if name := p.name(); name != file {
		return name
	}
	return ""
}

// tap is the name of the interface of the point at which a frame was captured, ""
// where it has none.
func (p *point) tap(frame uint32, tap uint8) string {
	i := p.span(frame)
	if i < 0 || tap == 0 {
		return ""
	}
	if all := p.spans[i].file.interfaces; int(tap) <= len(all) {
		return all[tap-1].Name
	}
	return ""
}

// verdict takes the judge's next verdict: it is emitted soon where this is the
// only point.
func (p *point) verdict(v *judge.Verdict, k *judge.Case) error {
	if p.a.several {
		v.Packets = k.Packets(v)
		p.held = append(p.held, v)
		return nil
	}
	return p.a.verdict(v, k)
}

// ended notes a connection that is over.
func (p *point) ended(e *flow.Entry, end *flow.End) {
	p.sight.add(e, end, p.judge.At)
	p.survived(e, end)
	o := &p.a.opts
	if !o.Connections {
		return
	}
	c := p.judge.Flows.Account(e)
	if !o.wants(c.ID, c.Key.Addr(c.Orig), c.Key.Addr(1-c.Orig)) || !o.lived(p.a.begin, c.FirstTime, c.LastTime) {
		return
	}
	name, first := p.at(c.FirstFrame)
	r := &Connection{
		Type: "connection", File: name,
		Ref: ConnectionRef{ID: c.ID, Originator: c.Key.Addr(c.Orig).String(), Responder: c.Key.Addr(1 - c.Orig).String(),
			Roles: roles(c.Seen), FirstFrame: first, State: c.State(1 - c.Orig)},
		Outcome: judge.Outcome(c),
		First:   time.Unix(0, c.FirstTime).UTC(), Last: time.Unix(0, c.LastTime).UTC(),
		Packets: [2]int{int(c.O().Packets + c.O().Resets), int(c.R().Packets + c.R().Resets)},
		Bytes:   [2]int64{int64(c.O().Payload), int64(c.R().Payload)},
		Resets:  int(c.NumResets), Tunnel: c.Tunnel.String(),
	}
	if r.Outcome == "icmp-refused" {
		_, n := p.at(c.ICMP.Frame)
		r.ICMP = &ICMPError{Frame: n, From: netip.AddrFrom16(c.ICMP.From).Unmap().String(), Type: int(c.ICMP.Type), Code: int(c.ICMP.Code)}
	}
	if was := p.connections[c.ID]; was != nil { // it had left for want of room, and came back
		r.First = was.First
	}
	p.connections[c.ID] = r
}

// survived notes the pause that a connection survived.
func (p *point) survived(e *flow.Entry, end *flow.End) {
	if end.Survived == 0 {
		return
	}
	k := e.Key()
	client, server, port := &k.A, &k.B, k.PortB
	if end.Orig == 1 {
		client, server, port = &k.B, &k.A, k.PortA
	}
	x := pause{flow.Service(client, server, port), end.Survived}
	if p.a.several {
		p.pauses.add(x)
	} else {
		p.news.pauses = append(p.news.pauses, x)
	}
}

// limits says what the capture could not show, or the judge not keep.
func (p *point) limits() []string {
	var l []string
	name := p.name()
	if n := p.judge.Flood; n > 0 {
		l = append(l, fmt.Sprintf("%s: flood: %d resets were judged without waiting for what came after them", name, n))
	}
	if n := p.judge.Flows.Forgotten; n > 0 {
		l = append(l, fmt.Sprintf("%s: %d connections that had been quiet longest were forgotten for want of room", name, n))
	}
	if p.lost > 0 {
		l = append(l, fmt.Sprintf("%s: %d packets were lost while capturing, as its packets tell", name, p.lost))
	}
	if p.judge.Flows.Count > 0 && p.frames > 1 && p.last == p.first && p.disorder == 0 {
		l = append(l, name+": all stamps are the same, or there are none: nothing is known of time")
	}
	if p.disorder > int64(disorderMin) {
		l = append(l, fmt.Sprintf("%s: stamps are out of order by up to %v", name, time.Duration(p.disorder)))
	}
	for _, text := range append(p.unread(), p.sight.limits(p.judge.Flows.Count, p.judge.At)...) {
		l = append(l, name+": "+text)
	}
	return l
}

// unread says how many packets there are in which a segment may be hidden, and
// why.
func (p *point) unread() []string {
	var l []string
	for _, x := range []struct {
		what   packet.What
		format string
	}{
		{packet.CutShort, "%s cut by the snap length before the TCP flags: not judged; capture with a larger one"},
		{packet.UnknownLink, "%s of a link type that is not decoded" + p.linkTypes() + ": not judged"},
		{packet.Encrypted, "%s encrypted: not judged; capture before or behind the tunnel or the radio"},
		{packet.Malformed, "%s with a header that contradicts itself: not judged"},
		{packet.TooDeep, "%s with too many headers within each other: not judged"},
	} {
		if n := p.decoder.Seen[x.what]; n > 0 {
			l = append(l, fmt.Sprintf(x.format, plural(int(n), "packet")))
		}
	}
	if p.judge.Flows.Count == 0 && len(l) == 0 && p.frames > 0 {
		l = append(l, "no TCP in it: "+p.instead())
	}
	return l
}

// instead says what a point's packets are that hold no TCP.
func (p *point) instead() string {
	var all []string
	for what, n := range p.decoder.Seen {
		if n > 0 {
			all = append(all, fmt.Sprintf("%s (%s)", packet.What(what), plural(int(n), "packet")))
		}
	}
	return strings.Join(all, ", ")
}

// linkTypes gives those of the point's interfaces, in brackets.
func (p *point) linkTypes() string {
	var all []string
	for _, s := range p.spans {
		for _, i := range s.file.interfaces {
			all = append(all, strconv.Itoa(int(i.LinkType)))
		}
	}
	slices.Sort(all)
	return " (" + strings.Join(slices.Compact(all), ", ") + ")"
}

func roles(seen bool) string {
	if seen {
		return "seen"
	}
	return "assumed"
}
