package judge

import (
	"fmt"
	"strings"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

// A Case is one reset: the connection as it stood when it came, and what came
// after it.
type Case struct {
	j    *Judge
	conn flow.Conn   // before the reset
	live *flow.Entry // as it goes on, for the Follower
	slot uint32      // the number of its attempt
	from int         // the side whose address the reset bears

	R    flow.Segment // the reset
	S, P *flow.Side   // its named sender and its receiver, in conn

	form    form
	trigger flow.Segment // the segment of P that drew it, if one did
	phase   phase

	sum     packet.Checksum
	options int // bytes of TCP options
	text    string
	mptcp   packet.MPTCP
	signed  bool // an MD5 or AO option
	hasMAC  bool
	mac     [6]byte
	accepts [6]byte // the source link address of the SYN-ACK that came after it, to the same SYN
	copies  []Frame
	cameIn  bool // one of the copies came in

	signList []sign
	evading  bool           // see evades
	overtook flow.Segment   // see overtaken
	later    []laterSegment // what the connection saw afterwards, the first maxLater of it
	position position

	// As of the moment at which the verdict is due.
	hosts     [2]flow.Host
	icmp      flow.ICMP // the last error about the connection
	multipath multipath // which it belongs to
	drops     bool      // the capture says that it lost packets
	began0    int64     // the capture's first packet
	bypasses  bool      // a segment that had escaped translation drew it, as it seemed when it came
	twin      uint32    // see Follower.translated

	lives *lives // see livesOn; nil: not asked yet
	lost  losses // see lostTogether
	crowd crowd  // see resetTogether
	scan  scans  // see scans; no targets: not counted yet
}

type laterSegment struct {
	flow.Segment
	from int
}

// maxLater is how many segments after a reset a case keeps.
const maxLater = 32

// allowance is how much, in nanoseconds, the stamps of segments may be out of
// order: more than that apart, the later one came later (causes.md, 4.3).
const allowance = flow.Reordering

// ms is a millisecond in nanoseconds.
const ms = int64(1e6)

// newCase opens the case of a reset that Find has classified.
func (f *Follower) newCase(st *flow.Step, in *packet.Info) *Case {
	k := f.blank()
	k.conn, k.live, k.from, k.R = *st.Conn, st.Entry, st.From, st.Seg
	k.conn.Own()
	k.S, k.P = &k.conn.Sides[k.from], &k.conn.Sides[1-k.from]
	k.sum = in.Checksum()
	k.options = len(in.Options())
	k.text = quote(in.Payload)
	k.mptcp = in.MPTCP
	k.signed = in.HasMD5 || in.HasAO
	k.hasMAC, k.mac = in.HasMAC, in.SrcMAC
	k.phase = k.phaseOf()
	k.form, k.trigger = k.formOf()
	return k
}

// blank gives an empty case.
func (f *Follower) blank() *Case {
	n := len(f.blanks)
	if n == 0 {
		return new(Case)
	}
	k := f.blanks[n-1]
	f.blanks = f.blanks[:n-1]
	*k = Case{later: k.later[:0]}
	return k
}

// quote gives a reset's payload as text, where it is some.
func quote(b []byte) string {
	b = b[:min(len(b), 256)]
	var s strings.Builder
	for _, c := range b {
		if c >= ' ' && c < 0x7f {
			s.WriteByte(c)
		} else {
			fmt.Fprintf(&s, `\x%02x`, c)
		}
	}
	return s.String()
}

// who is the role of a side.
func (k *Case) who(side int) Sender {
	if side == k.conn.Orig {
		return Originator
	}
	return Responder
}

// byOriginator tells whether the reset bears the originator's address.
func (k *Case) byOriginator() bool { return k.from == k.conn.Orig }

// name is how texts call a side.
func (k *Case) name(side int) string {
	if side == k.conn.Orig {
		return "originator"
	}
	return "responder"
}

func (k *Case) sender() string   { return k.name(k.from) }
func (k *Case) receiver() string { return k.name(1 - k.from) }

// rel is a number of a side's as Wireshark prints it: relative to its SYN where
// that is known.
func (k *Case) rel(side int, n flow.Seq) uint32 {
	if s := &k.conn.Sides[side]; s.Knows(flow.KnowsISN) {
		return uint32(n - s.ISN)
	}
	return uint32(n)
}

// brief describes a segment of a side in a few words: "FIN seq 1 ack 101".
func (k *Case) brief(side int, s *flow.Segment) string {
	var what string
	switch {
	case s.Is(segment.SYN | segment.ACK):
		what = "SYN-ACK"
	case s.Is(segment.SYN):
		what = "SYN"
	case s.Is(segment.RST):
		what = "RST"
	case s.Is(segment.FIN) && s.Len > 0:
		what = fmt.Sprintf("FIN with %d bytes", s.Len)
	case s.Is(segment.FIN):
		what = "FIN"
	case s.Has(flow.Probe):
		what = "probe"
	case s.Len > 0:
		what = fmt.Sprintf("%d bytes", s.Len)
	case s.Is(segment.ACK):
		what = "ACK"
	default:
		what = "segment without ACK"
	}
	text := fmt.Sprintf("%s seq %d", what, k.rel(side, s.Seq))
	if s.Is(segment.ACK) && !s.Is(segment.SYN) {
		text += fmt.Sprintf(" ack %d", k.rel(1-side, s.Ack))
	}
	return text
}

// since is the time from a segment to the reset.
func (k *Case) since(s *flow.Segment) int64 { return k.R.Time - s.Time }

// idle is the time without any packet before the reset, or before what drew
// it, and the frame that ended it.
func (k *Case) idle() (d int64, until uint32) {
	c := &k.conn
	if d := k.R.Time - c.LastTime; d >= flow.MinPause {
		return d, k.R.Frame
	}
	if k.trigger.Exists() && c.Pause.After == k.trigger.Frame {
		return c.Pause.To - c.Pause.From, k.trigger.Frame
	}
	if t := k.answers(); t != nil && c.Pause.After == t.Frame {
		return c.Pause.To - c.Pause.From, t.Frame
	}
	if e := k.earlier(); e != nil && e.From != k.from && k.R.Time-e.Time <= shuffle && c.Pause.After == e.Frame {
		return c.Pause.To - c.Pause.From, e.Frame
	}
	return 0, 0
}

// lastOf is the side's last segment that is no reset.
func lastOf(s *flow.Side) *flow.Segment {
	for i := range flow.RingLen {
		if seg := s.Last(i); seg != nil && !seg.Is(segment.RST) {
			return seg
		}
	}
	return nil
}

// after calls f for what a side sent after the reset, until it says stop or
// another connection begins on the ports, of which the SYN may be missing.
func (k *Case) after(side int, f func(*flow.Segment) bool) {
	for i := range k.later {
		l := &k.later[i]
		if from := &k.conn.Sides[l.from]; l.Is(segment.SYN) && from.SYNs > 0 && l.Seq != from.ISN || l.from == side && !f(&l.Segment) {
			return
		}
	}
}

// earlier gives the earlier reset, not voided by a new SYN, that came last and
// that the sender can know of; nil where there is none. One that surely came
// before goes before one that may have changed places with this one.
func (k *Case) earlier() *flow.Reset {
	var last *flow.Reset
	for n := min(k.conn.NumResets, flow.MaxResets); n > k.conn.Revived; n-- {
		e := &k.conn.Resets[n-1]
		if k.crosses(e) || k.outlived(e) {
			continue
		}
		if k.unrelated(e) {
			break
		}
		if !k.changedPlaces(e) {
			return e
		}
		if last == nil {
			last = e
		}
	}
	return last
}

// outlived tells whether both sides sent payload long after an earlier reset: it has
// ended nothing, and a later one has a reason of its own.
func (k *Case) outlived(e *flow.Reset) bool {
	for i := range k.conn.Sides {
		s := &k.conn.Sides[i]
		if d := &s.LastData; !d.Exists() || d.Time-e.Time < max(1e9, 4*s.RTT.Min) {
			return false
		}
	}
	return true
}

// unrelated tells whether an earlier reset of the sender's is that of another
// connection on the same ports, of which no SYN was captured: both took their
// numbers from what they answer, and no window is so wide (RFC 7323, 2.3).
func (k *Case) unrelated(e *flow.Reset) bool {
	d := k.R.Seq.Minus(e.Seq)
	return e.From == k.from && !e.Is(segment.ACK) && !k.R.Is(segment.ACK) && k.form == provoked && (d > 1<<30 || d < -1<<30)
}

// crosses tells whether an earlier reset of the other side's can not have come to
// the sender yet: half a round trip has not passed.
func (k *Case) crosses(e *flow.Reset) bool {
	return e.From != k.from && k.S.RTT.Handshake != 0 && k.R.Time-e.Time < k.S.RTT.Min/2-noise
}

// capped gives the strength that a cause can have here, given a base.
func (k *Case) capped(id cause.ID, base cause.Strength) cause.Strength {
	c, _ := cause.Lookup(id)
	limit := c.Caps.Far
	if k.atSender() {
		limit = c.Caps.AtSender
	}
	return min(base, limit, k.limit())
}
