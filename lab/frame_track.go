//go:build linux

package lab

import (
	"net/netip"
	"strconv"
	"time"

	"rstlab/internal/segment"
)

// A flow is one direction of a connection.
type flow struct {
	src, dst netip.AddrPort
}

func (f flow) reverse() flow { return flow{f.dst, f.src} }

// A tracker follows connections by the segments that one place in the lab has
// seen.
type tracker map[flow]*half

// A half is what a tracker knows of one flow. The numbers are raw; those of a
// flow that was not seen mean nothing.
type half struct {
	seen   bool
	isn    uint32
	hasISN bool   // a SYN was seen
	next   uint32 // first byte that a receiver of what was seen still lacks
	max    uint32 // behind the last byte that was seen
	ahead  []span // seen, but beyond next
	ack    uint32 // the last one
	hasACK bool
	win    uint32 // the last one

	hasTS bool   // the SYN had timestamps
	tsVal uint32 // the last one
	tsAt  time.Time

	packet []byte // the last one, from the IP header on
}

type span struct{ start, end uint32 }

// before compares sequence numbers (RFC 9293, section 3.4).
func before(a, b uint32) bool { return int32(a-b) < 0 }

// see notes a segment with raw numbers, and its packet where an ICMP error may
// quote it.
func (t tracker) see(f flow, s segment.Segment, packet []byte) {
	h := t[f]
	if h == nil {
		h = new(half)
		t[f] = h
	}
	h.see(s)
	if packet != nil {
		h.packet = packet
	}
}

func (h *half) see(s segment.Segment) {
	start := s.Seq.Start
	end := start + s.Bytes()
	syn := s.Flags&(segment.SYN|segment.RST) == segment.SYN
	if syn {
		end++
		if !h.hasISN || start != h.isn { // not sent again: a new connection
			*h = half{seen: true, isn: start, hasISN: true, next: start, max: start}
		}
	}
	if s.Flags&segment.FIN != 0 {
		end++
	}
	if s.Flags&segment.ACK != 0 {
		h.ack, h.hasACK = s.Ack.N, true
	}
	h.win = or(s.Win)
	if val, ok := timestamp(s.Options); ok {
		h.tsVal, h.tsAt, h.hasTS = val, time.Now(), h.hasTS || syn
	}
	if s.Flags&segment.RST != 0 {
		return // its number need not be one of the connection
	}
	if !h.seen {
		h.seen, h.next, h.max = true, start, start
	}
	if start == end {
		return
	}
	if before(h.max, end) {
		h.max = end
	}
	h.ahead = append(h.ahead, span{start, end})
	h.advance()
}

// advance moves next over all that is no longer beyond a gap.
func (h *half) advance() {
	for moved := true; moved; {
		moved = false
		var ahead []span
		for _, s := range h.ahead {
			switch {
			case before(h.next, s.start):
				ahead = append(ahead, s)
			case before(h.next, s.end):
				h.next, moved = s.end, true
			}
		}
		h.ahead = ahead
	}
}

// of gives what is known of a flow.
func (t tracker) of(f flow) half {
	if h := t[f]; h != nil {
		return *h
	}
	return half{}
}

// base is what relative numbers in a segment of own count from.
func base(own, theirs half) segment.Base {
	return segment.Base{Seq: own.isn, SeqKnown: own.hasISN, Ack: theirs.isn, AckKnown: theirs.hasISN}
}

// timestamp finds the TSval among options (RFC 7323, section 3.2).
func timestamp(opts []segment.Option) (val uint32, ok bool) {
	for _, o := range opts {
		if o.Kind == "TS" && len(o.Args) > 1 {
			n, err := strconv.ParseUint(o.Args[1], 10, 32)
			return uint32(n), err == nil
		}
	}
	return 0, false
}
