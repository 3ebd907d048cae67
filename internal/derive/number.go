package derive

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
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

	rtt [2]time.Duration // from the main point to the side and back; less than zero: not known
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
	how        means         // of a host's reset
	half       bool          // of a FIN: the program only shut down its sending
	scanned    bool          // half is known
	carried    bool          // it goes with the send before it
	counted    bool          // the line of an earlier transmission waits for it
	atTap      bool          // its line waits at the main point, not at its destination
	forged     bool          // no reset, and a device's all the same
	turned     *pkt          // of a device's reset: the segment of the named sender that it was made of
	unread     bool          // the program closes without having read it
	duplicate  bool          // it was sent long before it came: its acknowledgment is an old one
	unanswered bool          // it would have drawn a reset, and the capture has none
	held       bool          // others of its sender overtook it before the main point
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
	inputs   []Input
	opts     Options
	chosen   *Choice
	conns    []*conn
	packets  []*pkt // of all, in the order of the main point
	points   int    // how many points of capture there are: one or two
	main     string // name of the main point's file
	other    string // and of the other point's, where there is one
	mainFile string // of a replay: the file that is the main point's
	limits   []string
	actors   [2]*actor
	addrs    map[netip.Addr]netip.Addr
	net      netip.Prefix // of the links; invalid: the lab's own
	folds    []fold
	variant  variant
	whole    bool                // a replay: nothing is left out or filled in
	instead  *instead            // the alternative that is being told
	verdicts []*analyzer.Verdict // on the resets of these connections
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
	}
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

// verdict gives the resets their verdicts.
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
}

// number finds the ISNs, takes out what was captured twice and gives every
// packet its relative numbers. Where the connection began before the capture,
// the first number of a side is its first byte; where there was none, as in
// the answer of a closed port, numbers are absolute.
func (c *conn) number() {
	for _, p := range c.packets {
		p.conn = c
	}
	answered := false
	for _, p := range c.packets {
		if p.seg.ICMP != "" || !p.syn() || p.rst() {
			continue
		}
		// Of several SYN-ACKs the one that answers the SYN counts.
		right := p.from == responder && p.seg.Ack.N == c.isn[originator]+1 && c.syn[originator]
		if !c.syn[p.from] || right && !answered {
			c.isn[p.from], c.syn[p.from] = p.seg.Seq.Start, true
			answered = answered || right
		}
	}
	c.packets = slices.DeleteFunc(c.packets, c.copies())
	c.badSums()
	c.existed = c.exists()
	for _, s := range []side{originator, responder} {
		switch {
		case c.of != nil:
			c.isn[s] = c.of.isn[s]
		case !c.syn[s] && c.existed:
			c.isn[s] = c.guessISN(s)
		}
	}
	last := c.isn // the latest number of each direction, so that numbers may wrap
	offset := [2]int64{}
	rel := func(s side, n uint32) int64 {
		if !c.counts(s) {
			return int64(n)
		}
		return offset[s] + int64(int32(n-last[s]))
	}
	for _, p := range c.packets {
		p.seq = rel(p.from, p.seg.Seq.Start)
		p.end = p.seq + p.len()
		if p.syn() {
			p.end++
		}
		if p.fin() {
			p.end++
		}
		if p.hasACK() {
			p.ack = rel(p.to(), p.seg.Ack.N)
		}
		if !p.rst() && c.counts(p.from) && p.seq > offset[p.from] && p.seq-offset[p.from] < 1<<30 {
			offset[p.from], last[p.from] = p.seq, p.seg.Seq.Start
		}
	}
}

// badSums keeps the mark of a wrong checksum only where it is one packet's among
// good ones: a capture that was made anonymous has nothing else.
func (c *conn) badSums() {
	var good [2]bool
	for _, p := range c.packets {
		good[p.from] = good[p.from] || !p.seg.BadSum && p.seg.ICMP == ""
	}
	for _, p := range c.packets {
		p.seg.BadSum = p.seg.BadSum && good[p.from] && p.rst()
	}
}

// origin finds, of segments that lost their translation, the connection that
// they belong to: theirs are its numbers.
func (s *story) origin(c *conn) {
	if c.syn[originator] || c.syn[responder] || !slices.ContainsFunc(c.packets, func(p *pkt) bool {
		return p.rst() && p.verdict != nil && p.verdict.Cause == cause.NATBypass
	}) {
		return
	}
	for _, d := range s.conns[:c.index] {
		for _, p := range c.packets {
			ahead := p.seg.Seq.Start - d.isn[p.from]
			if !p.rst() && d.syn[p.from] && d.syn[p.from.other()] && ahead < 1<<24 {
				c.of = d
			}
		}
	}
}

// counts tells whether a side's numbers are relative to a SYN, seen or not.
func (c *conn) counts(s side) bool { return c.syn[s] || c.existed || c.of != nil }

// exists tells whether the packets are of a connection that was established:
// more than SYNs that were refused, probes of a scanner and answers to them.
func (c *conn) exists() bool {
	if c.before != nil && !(c.syn[originator] && c.syn[responder]) {
		return false // what answers may be the connection before
	}
	if c.syn[originator] && c.syn[responder] {
		return true
	}
	talk := [2]int{}
	for _, p := range c.packets {
		if p.rst() && p.verdict != nil {
			switch p.verdict.Cause {
			case cause.StealthScan, cause.UnsolicitedSynack, cause.PortClosed, cause.FirewallRejectSyn:
				return false
			case cause.NATBypass:
				if !c.syn[originator] && !c.syn[responder] {
					c.astray = true // what met the host was another connection's
					return false
				}
			}
		}
		if p.seg.ICMP == "" && !p.rst() && p.hasACK() {
			talk[p.from]++
		}
	}
	return talk[originator]+talk[responder] > 0 && !(c.syn[originator] && talk[originator] == 0)
}

// guessISN takes, without a SYN, the first number of a side as its first byte:
// its own or that which the other side expects, whichever is lower.
func (c *conn) guessISN(s side) uint32 {
	var first uint32
	found := false
	take := func(n uint32) {
		if !found || int32(n-first) < 0 && int32(n-first) > -(1<<24) {
			first, found = n, true
		}
	}
	for _, p := range c.packets {
		switch {
		case p.seg.ICMP != "":
		case p.from == s && !p.rst():
			take(p.seg.Seq.Start)
		case p.from != s && p.hasACK() && !p.rst():
			take(p.seg.Ack.N)
		}
	}
	for _, p := range c.packets { // nothing but resets
		if !found && p.seg.ICMP == "" && p.from == s {
			first, found = p.seg.Seq.Start, true
		}
	}
	return first - 1
}

// copies tells the frames that show a packet for a second time: a mirror of
// both sides of a switch or of a router, or an access point that hears itself.
// The latter may be late, but the IP identification gives it away where a side
// counts it.
func (c *conn) copies() func(*pkt) bool {
	const mirror, radio = 2 * time.Millisecond, 50 * time.Millisecond
	ids := [2]map[uint16]bool{{}, {}}
	for _, p := range c.packets {
		if p.seg.ID != nil {
			ids[p.from][*p.seg.ID] = true
		}
	}
	var seen []*pkt
	return func(p *pkt) bool {
		within := mirror
		if p.seg.ID != nil && *p.seg.ID != 0 && len(ids[p.from]) > 1 {
			within = radio
		}
		for i := len(seen) - 1; i >= 0 && p.at-seen[i].at < within; i-- {
			if samePacket(p, seen[i]) {
				return true
			}
		}
		seen = append(seen, p)
		return false
	}
}

// samePacket compares all that a packet keeps on its way but its TTL, which a
// router may have lowered.
func samePacket(p, q *pkt) bool {
	a, b := &p.seg, &q.seg
	if p.from != q.from || a.Flags != b.Flags || a.ICMP != b.ICMP || a.Seq.Start != b.Seq.Start || a.Ack.N != b.Ack.N ||
		*a.Length != *b.Length || *a.Win != *b.Win || segment.OptionsString(a.Options) != segment.OptionsString(b.Options) {
		return false
	}
	d := int(*a.TTL) - int(*b.TTL)
	if d < -1 || d > 1 || a.ID != nil && *a.ID != *b.ID {
		return false
	}
	return a.ID != nil && *a.ID != 0 || d != 0
}

// sort finds retransmissions, probes and answers that stand out, and puts
// segments into order that had changed places.
func (c *conn) sort() {
	c.reorder()
	var nxt, una [2]int64 // highest number sent; highest acknowledged of it
	var lastWin [2]uint32
	var lastAck [2]int64
	sent := [2]map[int64]*pkt{{}, {}}
	var jump [2]bool // over what was not kept
	for _, p := range c.packets {
		if p.seg.ICMP != "" || p.rst() {
			p.told = true
			continue
		}
		s, first := p.from, sent[p.from][p.seq]
		if p.afterGap {
			jump = [2]bool{true, true}
		}
		if jump[s] {
			nxt[s], jump[s] = p.seq, false
		}
		if c.counts(s) && nxt[s] > 0 && p.seq-nxt[s] > widest {
			p.stray, p.told = true, true
			continue
		}
		switch {
		case p.pure() && p.seq == nxt[s]-1 && nxt[s] > 1:
			p.probe = true
		case p.len() == 1 && p.seq == nxt[s]-1 && first == nil && nxt[s] > 1 && c.answered(p, una[s]):
			p.probe = true
		case p.end > p.seq && first != nil:
			p.again = first
		case p.end > p.seq && p.end <= nxt[s]:
			p.again = c.covering(p, sent[s])
		}
		if p.end > p.seq && first == nil {
			sent[s][p.seq] = p
		}
		if p.pure() && (p.win() == 0) != (lastWin[s] == 0) && nxt[s] > 1 && lastAck[s] == p.ack {
			p.told = true // the window closed or opened
		}
		if p.again != nil && p.len() > 0 && p.ack < lastAck[s] {
			p.duplicate = true
		}
		nxt[s] = max(nxt[s], p.end)
		if p.hasACK() {
			una[s.other()] = max(una[s.other()], p.ack)
			lastAck[s] = max(lastAck[s], p.ack)
		}
		lastWin[s] = p.win()
	}
	c.measure()
	c.forms()
}

// widest is more than any window that is worth a thought here: what lies
// further beyond is no part of the stream.
const widest = 1 << 20

// answered tells whether all that a side had sent before a one-byte segment was
// acknowledged: then it is a keepalive with a byte of garbage.
func (c *conn) answered(p *pkt, una int64) bool { return una > p.seq }

// covering finds the first transmission of the bytes of p, which may have been
// cut differently.
func (c *conn) covering(p *pkt, sent map[int64]*pkt) *pkt {
	for _, q := range sent {
		if q.seq <= p.seq && p.seq < q.end {
			return q
		}
	}
	return nil
}

// reorder puts data segments of one direction that passed within a few
// milliseconds into the order of their numbers.
func (c *conn) reorder() {
	const close = 3 * time.Millisecond
	for i := 1; i < len(c.packets); i++ {
		for j := i; j > 0; j-- {
			p, q := c.packets[j], c.packets[j-1]
			if p.from != q.from || p.end == p.seq || q.end == q.seq || p.rst() || q.rst() ||
				p.end > q.seq || p.at-q.at > close || p.seq == q.seq || c.sentBefore(p, j) {
				break
			}
			c.packets[j], c.packets[j-1] = q, p
			p.at, q.at = q.at, p.at
		}
	}
}

// sentBefore tells whether the bytes of p had passed before packet i: then it
// is a retransmission and not late.
func (c *conn) sentBefore(p *pkt, i int) bool {
	return slices.ContainsFunc(c.packets[:i], func(q *pkt) bool { return q.from == p.from && !q.rst() && q.seq <= p.seq && p.seq < q.end })
}

// longestMTU is the most that a link of the lab takes. A capture on a loopback
// interface has more.
const longestMTU = 9216

// segmentSizes finds the largest segments of the connection: by the SYNs, else
// what an Ethernet holds. What is longer was captured before it was cut.
func (c *conn) segmentSizes() {
	c.mtu = 1500
	header := 40
	if c.addr[0].Addr().Is6() {
		header = 60
	}
	mss, stamps := 0, 0
	for _, p := range c.packets {
		if n, ok := optionNumber(p, "mss"); ok && p.syn() && (mss == 0 || n < mss) {
			mss = n
		}
		if !p.syn() && hasOption(p, "TS") {
			stamps = 12
		}
	}
	if mss > 0 && mss+header < 65536 {
		c.mtu = min(max(mss+header, 576), longestMTU)
	}
	c.mss = c.mtu - header - stamps
}

// measure finds the times from the main point to each side and back: the
// shortest that the handshake and acknowledged data show.
func (c *conn) measure() {
	c.rtt = [2]time.Duration{-1, -1}
	var prompt [2]bool
	for i, p := range c.packets {
		if p.end == p.seq || p.again != nil || p.rst() {
			continue
		}
		for _, q := range c.packets[i+1:] {
			if q.from == p.from && q.again == p {
				break // whose answer it is would be a guess (RFC 6298, 3)
			}
			if q.from == p.from || !q.hasACK() || q.ack < p.end {
				continue
			}
			if d := q.at - p.at; c.rtt[p.to()] < 0 || d < c.rtt[p.to()] {
				c.rtt[p.to()] = d
			}
			prompt[p.to()] = prompt[p.to()] || q.len() == 0 || q.syn()
			break
		}
	}
	for x := range c.rtt {
		if !prompt[x] {
			c.rtt[x] = -1 // in all of them a program took its time
		}
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
