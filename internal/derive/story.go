package derive

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"rstlab/analyzer"
	"rstlab/internal/segment"
)

// A side is an end of a connection.
type side int

const (
	originator side = 0
	responder  side = 1
)

func (s side) other() side { return 1 - s }

// A conn is one connection of the story.
type conn struct {
	record     *analyzer.Connection // at the main point
	addr       [2]netip.AddrPort
	isn        [2]uint32
	syn        [2]bool // the ISN was seen
	existed    bool    // there was a connection, and not only an attempt
	halfOpened bool    // its SYN arrived, as the next connection shows, and the answer was lost
	heard      *pkt    // the last of its receiver's that did
	mute       *pkt    // from this packet on nothing of its receiver gets through
	astray     bool    // its segments are another connection's, which lost their translation
	of         *conn   // that one, where it is in the story
	before     *conn   // the one before on the same ends
	turned     bool    // the story's responder opened it
	next       *conn   // the one after it on the same ends
	packets    []*pkt  // in the order of the main point
	skipped    int     // packets of a long transfer that were not kept
	index      int     // in the story

	between time.Duration // from the main point to the other one

	mtu     int      // of its path, by the SYNs
	mss     int      // payload that a segment holds at most
	tooLong []int    // frames longer than that: captured before they were cut
	cuts    [2][]cut // what was left out of each direction

	rtt   [2]time.Duration // from the main point to the side and back; less than zero: not known
	timed [2]bool          // by a handshake, which no program keeps waiting; else that is the most it may be
}

// A pkt is one segment of a conn, with relative numbers: the SYN has number 0.
type pkt struct {
	conn *conn
	from side
	seg  segment.Segment // as captured, numbers raw
	data []byte          // the payload where it is kept

	frames  [2]frameRef       // where each point saw it; frame none: it did not
	at      time.Duration     // when it passed the main point, since the first packet of the story
	seq     int64             // relative, as are end and ack
	end     int64             // behind its last byte, SYN and FIN counted
	ack     int64             // without the ACK flag 0
	verdict *analyzer.Verdict // on a reset

	again      *pkt   // the first transmission of the same bytes
	afterGap   bool   // packets before it were not kept
	stray      bool   // its number lies beyond every window
	beyond     bool   // a device's reset that went from between two points to the responder
	probe      bool   // a keepalive or window probe
	assumed    string // why it is here although it was not captured
	told       bool   // an answer that stands out: never a plain ACK
	form       form   // of a reset: how it came to be
	trigger    *pkt   // of a provoked reset: the segment that it answers
	lost       lostAt
	elsewhere  time.Duration // when it passed the other point, by that one's clock
	sent       time.Duration // when its sender sent it
	arrived    time.Duration // when it came to its destination
	earliest   time.Duration // before that it had not come: its receiver sent what does not know of it; 0: not known
	latest     time.Duration // by then it had, for its receiver acknowledged it; 0: not known
	how        means         // of a host's reset
	half       bool          // of a FIN: the program only shut down its sending
	scanned    bool          // half is known
	carried    bool          // it goes with the send before it
	counted    bool          // the line of an earlier transmission waits for it
	atTap      bool          // its line waits at the main point, not at its destination
	forged     bool          // no reset, and a device's all the same
	turned     *pkt          // of a device's reset: the segment of the named sender that it was made of
	unread     bool          // the program closes without having read it
	read       bool          // of data: the receiver's window tells that the program had read it when it was acknowledged
	duplicate  bool          // it was sent long before it came: its acknowledgment is an old one
	unanswered bool          // it would have drawn a reset, and the capture has none
	held       bool          // it is kept back before the main point: others of its sender overtook it, or the other end went on meanwhile
	kept       bool          // it is kept back behind the main point: its receiver went on meanwhile
	row        []*pkt        // those that one rule keeps back with it; nil: its own
	apart      bool          // it does not go with the write of the segment before it
	needed     bool          // though it is a plain ACK, what follows must not come before it
}

// A lostAt says where on its way a packet was lost, as seen from the main
// point.
type lostAt int

const (
	delivered  lostAt = iota
	lostBehind        // between the main point and its destination
	lostBefore        // between its sender and the main point, which did not see it
)

func (p *pkt) is(f segment.Flags) bool { return p.seg.Flags&f == f && p.seg.ICMP == "" }
func (p *pkt) len() int64              { return int64(*p.seg.Length) }
func (p *pkt) syn() bool               { return p.is(segment.SYN) }
func (p *pkt) fin() bool               { return p.is(segment.FIN) }
func (p *pkt) rst() bool               { return p.is(segment.RST) }
func (p *pkt) hasACK() bool            { return p.is(segment.ACK) }
func (p *pkt) win() uint32             { return *p.seg.Win }
func (p *pkt) to() side                { return p.from.other() }

// pure tells whether p is an ACK and nothing else.
func (p *pkt) pure() bool {
	return p.seg.ICMP == "" && p.len() == 0 && p.seg.Flags&(segment.SYN|segment.FIN|segment.RST|segment.ACK) == segment.ACK
}

// plain tells whether p is an ACK of which there may be more or fewer: stacks
// differ in how many they send, and nothing rests on it.
func (p *pkt) plain() bool { return p.pure() && !p.told && !p.probe }

// frame is where the main point saw p.
func (p *pkt) frame() int { return p.frames[0].frame }

// ref names the packet by the first point that saw it.
func (p *pkt) ref() frameRef {
	if p.frames[0].frame != none {
		return p.frames[0]
	}
	return p.frames[1]
}

// A story is the connections of a capture that are told together.
type story struct {
	inputs     []Input
	opts       Options
	chosen     *Choice
	conns      []*conn
	packets    []*pkt // of all, in the order of the main point
	points     int    // how many points of capture there are: one or two
	translated bool   // the other point saw other addresses or ports
	main       string // name of the main point's file
	other      string // and of the other point's, where there is one
	mainFile   string // of a replay: the file that is the main point's
	actors     [2]*actor
	addrs      map[netip.Addr]netip.Addr
	net        netip.Prefix // of the links; invalid: the lab's own
	folds      []fold
	variant    variant
	whole      bool                // a replay: nothing is left out or filled in
	instead    *instead            // the alternative that is being told
	verdicts   []*analyzer.Verdict // on the resets of these connections
}

// tell makes the story of the recordings. Those of the main point give its
// connections; what another point saw of them is joined to them.
func (s *story) tell(recs []*recording) {
	var own, others []*recording
	main := s.mainPoint(recs)
	for _, r := range recs {
		if r.point == main {
			own = append(own, r)
		} else {
			others = append(others, r)
		}
	}
	slices.SortStableFunc(own, func(a, b *recording) int { return cmp.Compare(a.packets[0].time, b.packets[0].time) })
	s.main = own[0].packets[0].frame.file
	first := own[0].packets[0].time
	for i, r := range own {
		c := &conn{record: r.Connection, index: i, skipped: r.skipped}
		c.addr[originator] = netip.MustParseAddrPort(r.Ref.Originator)
		c.addr[responder] = netip.MustParseAddrPort(r.Ref.Responder)
		c.packets = r.read(0, first)
		for _, old := range s.conns {
			if old.addr == c.addr || old.addr == [2]netip.AddrPort{c.addr[responder], c.addr[originator]} {
				c.before, old.next = old, c
			}
		}
		s.conns = append(s.conns, c)
	}
	if len(others) > 0 {
		s.join(others, first)
	}
	s.verdict()
	for _, c := range s.conns {
		s.origin(c)
		c.number()
		c.segmentSizes()
		c.split()
		c.sort()
		c.readAsItCame()
		c.measure()
	}
	s.shareTimes()
	for _, c := range s.conns {
		c.forms()
		c.measureResets()
	}
	s.shareTimes()
	for _, c := range s.conns {
		if !s.whole {
			s.curtail(c)
			s.folds = append(s.folds, c.fold(s.verdicts)...)
			s.limit(c)
			c.fill()
		}
		s.packets = append(s.packets, c.packets...)
	}
	slices.SortStableFunc(s.packets, func(a, b *pkt) int { return cmp.Compare(a.at, b.at) })
}

// read gives the packets of a recording, which point number n saw. Their
// connection is to be set.
func (r *recording) read(n int, first int64) []*pkt {
	o, resp := netip.MustParseAddrPort(r.Ref.Originator), netip.MustParseAddrPort(r.Ref.Responder)
	var all []*pkt
	for _, raw := range r.packets {
		p := &pkt{seg: raw.seg, data: raw.payload, at: time.Duration(raw.time - first), afterGap: raw.afterGap}
		p.frames[n] = raw.frame
		if raw.src == resp && raw.src != o {
			p.from = responder
		}
		all = append(all, p)
	}
	return all
}

// verdict gives the resets their verdicts. What one point saw of a reset for a
// second time is no other one.
func (s *story) verdict() {
	of := map[frameRef]*pkt{}
	for _, c := range s.conns {
		for _, p := range c.packets {
			for _, f := range p.frames {
				if f.frame != none {
					of[f] = p
				}
			}
		}
	}
	for _, v := range s.verdicts {
		seen := append([]analyzer.Sighting{{File: v.File, Frame: v.Frame}}, v.Seen...)
		for _, at := range seen {
			if p := of[frameRef{at.File, at.Frame}]; p != nil && p.verdict == nil {
				p.verdict = v
			}
		}
	}
	for _, c := range s.conns {
		c.packets = slices.DeleteFunc(c.packets, func(p *pkt) bool {
			first := p.verdict
			return first != nil && p.frames[1].frame == none && p.frame() > first.Frame && p.frames[0].file == first.File // a mirror's
		})
	}
}

// hasOption tells whether p bears an option.
func hasOption(p *pkt, kind string) bool {
	return slices.ContainsFunc(p.seg.Options, func(o segment.Option) bool { return o.Kind == kind })
}

// optionNumber gives the number of an option of p.
func optionNumber(p *pkt, kind string) (int, bool) {
	for _, o := range p.seg.Options {
		if o.Kind == kind && len(o.Args) == 1 {
			n, err := strconv.Atoi(o.Args[0])
			return n, err == nil
		}
	}
	return 0, false
}

// An instead is another claim for one of the resets.
type instead struct {
	reset *pkt
	claim claim
}

// of tells whether the claim is for p: the reset itself, or another of its
// connection that has the same verdict and leaves the same open.
func (i *instead) of(p *pkt) bool {
	if i == nil || p.conn != i.reset.conn || p.verdict == nil || i.reset.verdict == nil {
		return i != nil && p == i.reset
	}
	return p.verdict.Cause == i.reset.verdict.Cause && p.verdict.Sender == i.reset.verdict.Sender &&
		slices.ContainsFunc(p.verdict.Alternatives, func(a analyzer.Alternative) bool { return claim{a.Cause, a.Sender} == i.claim })
}
