package canon

import (
	"fmt"
	"time"

	"rstlab/internal/segment"
)

// Timers of the kernel's TCP whose values are compiled in (include/net/tcp.h).
const (
	synTimeout = time.Second            // TCP_TIMEOUT_INIT: a SYN or SYN-ACK that nothing answers
	twoTicks   = 8 * time.Millisecond   // TCP_TIMEOUT_MIN: a SYN that was answered wrongly; a loss probe, beyond 2 RTT
	delayedACK = 40 * time.Millisecond  // TCP_DELACK_MIN
	latestACK  = 200 * time.Millisecond // TCP_DELACK_MAX
	leastProbe = 200 * time.Millisecond // TCP_RTO_MIN, which a window probe's timer keeps
)

// promptly is within what time a kernel's answer to a segment must have been
// sent to be one: it is sent in the interrupt that receives the segment, so
// that a busy machine does not hold it up.
const promptly = 20 * time.Millisecond

// A sender is what a host's kernel knows of one of its flows.
type sender struct {
	sent     map[uint32]*sighting // the latest transmission, by number
	last     *sighting            // the latest segment sent
	heard    *sighting            // the latest segment received
	advanced *sighting            // the latest one that acknowledged more
	syn      *sighting            // of its own
	una, nxt uint32
	acked    bool          // una is known
	gap      time.Duration // nominal, before the latest transmission that a timer made; 0: none since una moved
	rtt      time.Duration // canonical, of the handshake, in whole milliseconds
	probing  bool          // last was a probe
}

// sender is that of a flow, made when it is first needed.
func (h *host) sender(f flow) *sender {
	s := h.senders[f]
	if s == nil {
		s = &sender{sent: map[uint32]*sighting{}}
		h.senders[f] = s
	}
	return s
}

// note keeps what a host sent or received.
func (h *host) note(x *sighting) {
	if x.in {
		h.received(x)
		return
	}
	s := h.sender(x.flow())
	if x.isSYN() && (s.syn == nil || s.syn.info.Seq != x.info.Seq) {
		heard := s.heard
		*s = sender{sent: map[uint32]*sighting{}, syn: x, heard: heard, nxt: x.info.Seq}
	}
	s.probing = s.isProbe(x)
	s.last = x
	if x.is(segment.RST) {
		return
	}
	if x.end() != x.info.Seq {
		s.sent[x.info.Seq] = x
	}
	if int32(x.end()-s.nxt) > 0 || s.syn == nil {
		s.nxt = x.end()
	}
}

func (h *host) received(x *sighting) {
	s := h.sender(x.flow().reverse())
	s.heard = x
	if !x.is(segment.ACK) || x.is(segment.RST) || s.acked && int32(x.info.Ack-s.una) <= 0 {
		return
	}
	if !s.acked && s.syn != nil {
		s.rtt = (x.at - s.syn.at).Truncate(time.Millisecond)
	}
	s.una, s.acked, s.advanced, s.gap = x.info.Ack, true, x, 0
}

// isProbe tells a keepalive or a window probe: the number below what is
// acknowledged, and no bytes.
func (s *sender) isProbe(x *sighting) bool {
	return s.acked && x.info.PayloadLen == 0 && x.info.Seq+1 == s.una && x.info.Flags == segment.ACK
}

// isAgain tells a retransmission and gives the transmission before it.
func (s *sender) isAgain(x *sighting) *sighting {
	if x.end() == x.info.Seq || x.is(segment.RST) {
		return nil
	}
	if prev := s.sent[x.info.Seq]; prev != nil && (!x.isSYN() || prev.isSYN()) {
		return prev
	}
	return nil
}

// sends is when a host sends a segment that it makes itself: in answer to what
// it received, when a program or one of its timers makes it.
func (h *host) sends(x *sighting) (time.Duration, error) {
	s := h.sender(x.flow())
	switch {
	case s.isAgain(x) != nil:
		return h.again(s, x)
	case s.isProbe(x) && s.last != nil:
		return h.probes(s, x)
	}
	due, cause := h.after(s.heard), h.cause(x)
	answered := s.heard == nil || s.last != nil && s.last.raw.After(s.heard.raw)
	late := x.raw.Sub(latest(s.heard, s.last).rawTime())
	switch {
	case x.is(segment.RST) && late > promptly && (cause == nil || s.heard != nil && cause.raw.Before(s.heard.raw)):
		return h.givesUp(s, x, due)
	case x.info.PayloadLen > 0 && s.acked && s.nxt != s.una && cause != nil && x.raw.Sub(cause.raw) > promptly:
		// What waited for an acknowledgment (Nagle) goes when the timer of what is
		// not acknowledged fires (tcp_send_loss_probe()).
		if d, err := nominal(x.raw.Sub(s.last.raw), h.rto(s)); err == nil {
			return s.last.at + d, nil
		}
	case !x.isAcknowledgment():
	case !answered && late > promptly:
		if d, err := nominal(late, delayedACK, latestACK); err == nil {
			return s.heard.at + d, nil
		}
		return due, nil
	case !answered:
		return due, nil
	}
	if cause != nil { // of an ACK: its window opens
		due = max(due, cause.at)
	}
	return due, nil
}

// isAcknowledgment tells a segment that does nothing but acknowledge.
func (x *sighting) isAcknowledgment() bool {
	return x.info.Flags&(segment.SYN|segment.FIN|segment.RST) == 0 && x.info.PayloadLen == 0
}

// again is when a segment is sent again.
func (h *host) again(s *sender, x *sighting) (time.Duration, error) {
	ref := s.isAgain(x)
	if s.heard != nil && s.heard.raw.After(ref.raw) {
		switch {
		case x.isSYN() && !x.is(segment.ACK):
			return s.heard.at + twoTicks, nil
		case x.raw.Sub(s.heard.raw) < promptly:
			return h.after(s.heard), nil
		}
	}
	if s.advanced != nil && s.advanced.raw.After(ref.raw) {
		ref = s.advanced
	}
	options := []time.Duration{s.gap, min(2*s.gap, h.rtoMax)}
	if x.isSYN() {
		options = append(options, min(synTimeout, h.rtoMax))
	} else {
		options = append(options, h.rto(s), 2*s.rtt+twoTicks)
	}
	d, err := nominal(x.raw.Sub(ref.raw), options...)
	s.gap = d
	return ref.at + d, err
}

// rto is the retransmission timeout of a flow whose round trips take all the
// same time (RFC 6298; tcp_rtt_estimator()).
func (h *host) rto(s *sender) time.Duration { return s.rtt + max(h.rtoMin, 2*s.rtt) }

// probes is when a probe is sent: a keepalive's, or of a window that is shut.
func (h *host) probes(s *sender, x *sighting) (time.Duration, error) {
	ref := latest(s.last, s.heard)
	if s.probing && h.keepIdle == 0 {
		ref = s.last // a window probe's timer does not look at answers
	}
	options := []time.Duration{max(h.rto(s), leastProbe), s.gap, min(2*s.gap, h.rtoMax)}
	if h.keepIdle > 0 {
		options = []time.Duration{h.keepIdle, h.keepIntvl}
	}
	d, err := nominal(x.raw.Sub(ref.raw), options...)
	s.gap = d
	return ref.at + d, err
}

// givesUp is when a timer ends a connection by a reset.
func (h *host) givesUp(s *sender, x *sighting, due time.Duration) (time.Duration, error) {
	ref := latest(s.last, s.heard)
	if ref == nil {
		return due, nil
	}
	options := append([]time.Duration{h.keepIntvl, h.userTimeout, s.gap, min(2*s.gap, h.rtoMax)}, h.finWait...)
	d, err := nominal(x.raw.Sub(ref.raw), options...)
	return ref.at + d, err
}

// nominal is the greatest of the values to which a timer may have been set that
// is not longer than it took. It fires late, never early, and not as late as
// another such time again.
func nominal(took time.Duration, options ...time.Duration) (time.Duration, error) {
	var best time.Duration
	for _, d := range options {
		if d > best && d <= took+took/50 {
			best = d
		}
	}
	if best == 0 || took > 2*best+best/2+promptly {
		return 0, fmt.Errorf("it came %v after what set its timer, which none of %v explains; a wait of the scenario's own is written +D", took, options)
	}
	return best, nil
}

// after is one step behind a sighting, if there is one.
func (h *host) after(x *sighting) time.Duration {
	if x == nil {
		return 0
	}
	return x.at + h.step
}

func latest(a, b *sighting) *sighting {
	if a == nil || b != nil && b.raw.After(a.raw) {
		return b
	}
	return a
}

// rawTime is when a sighting was captured; the zero time where there is none.
func (x *sighting) rawTime() time.Time {
	if x == nil {
		return time.Time{}
	}
	return x.raw
}
