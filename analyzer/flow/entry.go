package flow

import (
	"rstlab/internal/segment"
)

// An Entry is a connection in a Table. It holds the little that most packets
// touch, and a journal of the last ones, in few of the processor's cache lines;
// the full account, a Conn, is made of the journal when somebody asks for it or
// the journal is full. Most connections are over before that, and so never
// have one.
type Entry struct {
	pair     uint64 // of its endpoints
	lastTime int64
	hosts    [2]*Host
	conn     *Conn  // nil: the journal is all there is
	Pending  int32  // resets that still wait for their verdict; kept by the judge
	Slot     uint32 // for the judge's use
	ref      int32
	course   Course // as Turn gave it last
	noted    uint8  // of the journal
	plain    bool   // what the next packet has to meet is known, see meets
	over     bool   // it is in the queue of those
	seen     bool
	v6       bool
	orig     uint8

	sides [2]brief // a line of their own

	key        Key
	ID         int // counts as Wireshark's tcp.stream
	firstTime  int64
	firstFrame uint32
	outsets    [2]outset

	_       [8]byte // so that half of the journal's segments lie in one cache line each
	journal [journalLen]Segment
	_       [16]byte // to an odd number of whole lines, so that the beginnings of all spread over the cache
}

// journalLen is how many packets a journal holds: as many as an exchange of a
// request and an answer has, from the SYN to the last ACK.
const journalLen = 12

// A brief is what is to be known of a side to tell whether its next packet is a
// plain one, and all that others want to know of it while it lasts.
type brief struct {
	sampleAt int64
	packets  uint32
	nxt, ack Seq
	sample   Seq
	is       told
	mac      [6]byte
}

// An outset is what few packets of a side touch, most of them its first.
type outset struct {
	first  Seq
	finSeq Seq
	offer  offer // of the SYN in the journal
}

// told is what is known of a side, as a brief has it.
type told uint16

const (
	toldNxt told = 1 << iota
	toldAck
	toldFIN
	toldFINAcked
	toldSample   // a segment is being timed
	toldMAC      // the one of all of its packets in the journal
	toldSYN      // it sent one
	toldSYNACK   // the first one was a SYN-ACK
	toldFirstACK // Side.FirstACK
	toldData     // Side.FirstData
	toldTS       // it sent a timestamp
)

// reset makes an entry empty. The journal is left as it is: noted tells what of
// it counts.
func (e *Entry) reset() {
	e.lastTime = 0
	e.noted, e.plain, e.over, e.seen, e.orig = 0, false, false, false, 0
	e.Pending, e.Slot, e.course = 0, 0, 0
	e.sides, e.outsets = [2]brief{}, [2]outset{}
	e.conn = nil
}

// Key names the connection's endpoints.
func (e *Entry) Key() *Key { return &e.key }

// Orig is the side that is, or seems to be, the originator; seen tells whether
// a SYN or SYN-ACK says so.
func (e *Entry) Orig() (side int, seen bool) { return int(e.orig), e.seen }

// Host is the host of a side.
func (e *Entry) Host(side int) *Host { return e.hosts[side] }

// Layout is that of the options on a side's SYN; feature tells whether that
// asked for something that a device may not know.
func (e *Entry) Layout(side int) (l Layout, feature bool) {
	o := &e.outsets[side].offer
	return o.layout, o.known&SYNFeature != 0
}

// Nxt is a side's SND.NXT, where that is known.
func (e *Entry) Nxt(side int) (n Seq, known bool) {
	s := &e.sides[side]
	return s.nxt, s.is&toldNxt != 0
}

// Clock is the first reading of a side's timestamp clock, and when it was seen;
// ok when there is one.
func (e *Entry) Clock(side int) (ts uint32, at int64, ok bool) {
	if e.conn != nil && e.conn.Sides[side].FirstTSAt != 0 {
		return e.conn.Sides[side].FirstTS, e.conn.Sides[side].FirstTSAt, true
	}
	for i := range e.journal[:e.noted] {
		if s := &e.journal[i]; int(s.from&1) == side && s.Has(HasTS) {
			return s.TSVal, s.Time, true
		}
	}
	return 0, 0, false
}

// A Course is how far a connection has come. It says it in the bits of told.
type Course uint16

// fromB marks a Course whose originator is side 1.
const fromB = Course(1) << 15

// Orig is the side that is, or seems to be, the originator.
func (c Course) Orig() uint8 { return uint8(c >> 15) }

// Answered tells whether the responder sent a SYN-ACK.
func (c Course) Answered() bool { return c&Course(toldSYNACK) != 0 }

// Acked tells whether the originator sent a segment without SYN, and the
// responder had sent one with it.
func (c Course) Acked() bool { return c&Course(toldFirstACK) != 0 }

// Data tells whether there was any payload.
func (c Course) Data() bool { return c&Course(toldData) != 0 }

// Closed tells whether there was any FIN.
func (c Course) Closed() bool { return c&Course(toldFIN) != 0 }

// Odd tells whether no SYN began it.
func (c Course) Odd() bool { return c&Course(toldSYN) == 0 }

// Clock tells whether the responder sent a timestamp.
func (c Course) Clock() bool { return c&Course(toldTS) != 0 }

// Turn tells how far the connection has come, and had when it was asked last.
func (e *Entry) Turn() (now, was Course) {
	o, r := e.sides[e.orig&1].is, e.sides[^e.orig&1].is
	is := (o|r)&(toldSYN|toldData|toldFIN) | r&(toldSYNACK|toldTS)
	if r&toldSYN != 0 {
		is |= o & toldFirstACK
	}
	if now = Course(is); e.orig != 0 {
		now |= fromB
	}
	was, e.course = e.course, now
	return now, was
}

// ICMP is the last error about the connection, nil where there is none or the
// connection has left the table.
func (e *Entry) ICMP() *ICMP {
	if e.conn == nil || e.conn.ICMP.Frame == 0 {
		return nil
	}
	return &e.conn.ICMP
}

// brings makes the brief what an account says.
func (b *brief) brings(s *Side) {
	b.packets, b.nxt, b.ack, b.sample, b.sampleAt = s.Packets+s.Resets, s.Nxt, s.Ack, s.sample, s.sampleAt
	b.is = 0
	for _, x := range [...]struct {
		is   told
		true bool
	}{
		{toldNxt, s.Knows(KnowsNxt)}, {toldAck, s.Knows(KnowsAck)}, {toldFIN, s.Knows(HasFIN)}, {toldFINAcked, s.Knows(FINAcked)},
		{toldSample, s.samples}, {toldMAC, s.MACs > 0}, {toldSYN, s.SYNs > 0}, {toldSYNACK, s.SYN.Is(segment.SYN | segment.ACK)},
		{toldFirstACK, s.FirstACK.Exists()}, {toldData, s.FirstData.Exists()}, {toldTS, s.FirstTSAt != 0},
	} {
		if x.true {
			b.is |= x.is
		}
	}
	if s.MACs > 0 {
		b.mac = s.MAC[0]
	}
}

// brings makes the outset what an account says.
func (o *outset) brings(s *Side) {
	o.first, o.finSeq = s.First, s.FinSeq
	o.offer = offer{known: s.Known & (OffersTS | OffersSACK | SYNFeature), mss: s.MSS, scale: s.Scale, layout: s.Layout, signed: s.Signed}
}
