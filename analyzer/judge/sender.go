package judge

import (
	"fmt"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

// A sign is something that speaks against the address which a reset bears
// (causes.md, 4.2, step 8). Signs of the same kind are not independent.
type sign struct {
	kind  signKind
	proof bool // one alone makes another sender likely
	text  string
	frame uint32
}

type signKind uint8

const (
	signTTL signKind = iota
	signChain
	signClock
	signForm
	signNumbers
	signTiming
	signCopied
	signCopiedWindow
	signLink
	signDSCP
	signMark
	signLivesOn
	signNotDelivered
)

// signs collects what speaks against the named sender, once.
func (k *Case) signs() []sign {
	if k.phase == synOnly {
		return k.synSigns()
	}
	var all []sign
	if k.position == notItsOwn {
		all = append(all, sign{kind: signLink, proof: true, frame: k.R.Frame, text: "came in at the host whose address it bears"})
	}
	for _, test := range []func(*Case) (sign, bool){
		(*Case).otherTTL, (*Case).otherChain, (*Case).wrongClock, (*Case).wrongForm, (*Case).staleNumber,
		(*Case).steppedNumbers, (*Case).tooFast, (*Case).copiedID, (*Case).copiedWindow, (*Case).knownMark, (*Case).otherMAC, (*Case).livesOn, (*Case).notDelivered,
	} {
		if s, ok := test(k); ok {
			all = append(all, s)
		}
	}
	if k.evades(all) {
		k.evading = true
		return nil
	}
	return all
}

// evades tells whether all that speaks against the sender is that it goes on,
// though the reset sits in its own header chain and is one that the receiver
// must ignore: then it may have meant that.
func (k *Case) evades(signs []sign) bool {
	for _, s := range signs {
		if s.kind != signLivesOn && s.kind != signNotDelivered && s.kind != signNumbers && !(s.kind == signTTL && k.lowTTL()) {
			return false
		}
	}
	if len(signs) == 0 || k.ignorable() == "" || !k.compared() && !k.lowTTL() {
		return false
	}
	return k.nextID() || chainOf(k.S) == noChain
}

// synSigns are those for a reset that answers a SYN: what its sender's stack
// sends elsewhere is the measure.
func (k *Case) synSigns() []sign {
	var all []sign
	for _, test := range []func(*Case) (sign, bool){
		(*Case).otherHostTTL, (*Case).noEcho, (*Case).fasterThanHost, (*Case).otherMAC, (*Case).bareToSYN, (*Case).synackToo,
	} {
		if s, ok := test(k); ok {
			all = append(all, s)
		}
	}
	return all
}

// against weighs signs: likely with one that is proof-grade or two independent
// ones, possible with one, undetermined with none.
func against(signs []sign) cause.Strength {
	kinds := 0
	for i, s := range signs {
		if s.proof {
			return cause.Likely
		}
		first := true
		for _, t := range signs[:i] {
			first = first && t.kind != s.kind
		}
		if first {
			kinds++
		}
	}
	switch kinds {
	case 0:
		return cause.Undetermined
	case 1:
		return cause.Possible
	}
	return cause.Likely
}

// otherTTL: the reset came from another distance than all other packets of the
// sender. Path changes move it by one or two, so it is no more than a hint.
func (k *Case) otherTTL() (sign, bool) {
	ttl, n, ok := k.S.UsedTTL()
	if !ok || n < 2 || ttl == k.R.TTL {
		return sign{}, false
	}
	return sign{kind: signTTL, frame: k.R.Frame,
		text: fmt.Sprintf("TTL %d, all %d other packets of the %s have %d", k.R.TTL, n, k.sender(), ttl)}, true
}

// chain is how a side numbers its IP packets.
type chain uint8

const (
	noChain     chain = iota
	socketChain       // a counter of the connection's own, as Linux has it
	hostChain         // a counter that other connections share
)

func chainOf(s *flow.Side) chain {
	n := s.IDSteps
	switch {
	case n.Other > 0 || n.Zero > 0 || n.Same > 0:
		return noChain
	case n.One >= 2 && n.Small == 0:
		return socketChain
	case n.One+n.Small >= 3:
		return hostChain
	}
	return noChain
}

// otherChain: the reset's IP identification leaves the sender's counter, its
// flow label the sender's, or DF is missing where the sender always sets it. It
// says nothing of a bare RST: a stack writes those without the socket, with
// identification 0 (Linux today) or out of a counter of its own (before).
func (k *Case) otherChain() (sign, bool) {
	s := sign{kind: signChain, frame: k.R.Frame}
	if k.conn.V6 {
		return s, k.otherLabel(&s)
	}
	if !k.R.Has(flow.HasID) || k.conn.Missing > 0 || !k.R.Is(segment.ACK) {
		return s, false
	}
	ch := chainOf(k.S)
	d := k.R.ID - k.S.LastID
	switch {
	case ch == socketChain && (d == 0 || d > 8):
		s.text = fmt.Sprintf("IP identification %d, the %s's packets count up by one and were at %d", k.R.ID, k.sender(), k.S.LastID)
		return s, true
	case ch == hostChain && d > uint16(min(int64(1024)*(2+k.sinceSender()/1e9), 1<<15)):
		s.text = fmt.Sprintf("IP identification %d, the %s's packets count up and were at %d", k.R.ID, k.sender(), k.S.LastID)
		return s, true
	}
	if !k.R.Has(flow.DF) && k.alwaysDF() {
		s.text = fmt.Sprintf("may be fragmented (DF 0), the %s's packets may not", k.sender())
		return s, true
	}
	return s, false
}

// sinceSender is the time since the sender's last packet.
func (k *Case) sinceSender() int64 {
	if l := lastOf(k.S); l != nil {
		return k.since(l)
	}
	return 0
}

// alwaysDF tells whether all of the sender's packets at hand, three or more,
// forbid fragments.
func (k *Case) alwaysDF() bool {
	var n int
	for i := range flow.RingLen {
		seg := k.S.Last(i)
		if seg == nil {
			break
		}
		if seg.Is(segment.RST) {
			continue
		}
		if !seg.Has(flow.DF) {
			return false
		}
		n++
	}
	return n >= 3
}

// otherLabel: a reset that claims to come from the living socket bears another
// flow label than its packets do.
func (k *Case) otherLabel(s *sign) bool {
	if !k.R.Is(segment.ACK) {
		return false
	}
	var label uint32
	var n int
	for i := range flow.RingLen {
		seg := k.S.Last(i)
		if seg == nil || seg.Is(segment.SYN) {
			break
		}
		if n > 0 && seg.Flow != label {
			return false
		}
		label = seg.Flow
		n++
	}
	if n < 2 || label == 0 || label == k.R.Flow {
		return false
	}
	s.text = fmt.Sprintf("flow label %#x, the %s's packets have %#x", k.R.Flow, k.sender(), label)
	return true
}

// wrongClock: the reset's timestamp is not one that the sender's clock can
// have shown.
func (k *Case) wrongClock() (sign, bool) {
	if !k.R.Has(flow.HasTS) || k.S.FirstTSAt == 0 {
		return sign{}, false
	}
	low, high := k.clockRange()
	d := int32(k.R.TSVal - k.S.LastTS)
	if d >= low && d <= high {
		return sign{}, false
	}
	far := int64(d) < 10*int64(low) || int64(d) > 10*int64(high)
	return sign{kind: signClock, proof: far && k.R.TSVal != 0, frame: k.R.Frame,
		text: fmt.Sprintf("timestamp %d is off the %s's clock, which was at %d", k.R.TSVal, k.sender(), k.S.LastTS)}, true
}

// clockRange is how far the sender's timestamp clock can have moved since its
// last packet. Clocks tick at 1 Hz to 1 kHz (RFC 7323, 5.4), some at 1 MHz; the
// rate seen so far is believed where it could be measured over 100 ms. Packets
// wait in queues on their way, so a second more or less says nothing.
func (k *Case) clockRange() (low, high int32) {
	s := k.S
	elapsed := k.R.Time - s.LastTSAt
	perSecond := int64(1000)
	if span := s.LastTSAt - s.FirstTSAt; span >= 100*ms {
		perSecond = max(int64(s.LastTS-s.FirstTS)*1e9/span, 1)
	}
	most := elapsed / 1e6 * perSecond / 1000
	slack := max(perSecond, 1000)
	return int32(-min(slack, 1<<30)), int32(min(most+most/4+slack, 1<<30))
}

// inClock tells whether the reset continues the sender's timestamps and echoes
// one of the peer's: a living socket wrote it.
func (k *Case) inClock() bool {
	if !k.R.Has(flow.HasTS) || k.S.FirstTSAt == 0 || k.P.FirstTSAt == 0 {
		return false
	}
	low, high := k.clockRange()
	d := int32(k.R.TSVal - k.S.LastTS)
	echo := int32(k.P.LastTS - k.R.TSEcr)
	return d >= low && d <= high && echo >= 0 && int32(k.R.TSEcr-k.P.FirstTS) >= 0
}

// inChain tells whether the reset continues the sender's IP identification by
// one, as a Linux socket does.
func (k *Case) inChain() bool {
	return k.R.Has(flow.HasID) && k.R.ID != 0 && chainOf(k.S) == socketChain && k.R.ID == k.S.LastID+1
}

// nextID tells whether the reset's identification is the one after the
// sender's last packet's, and nothing says that it does not count like that.
func (k *Case) nextID() bool {
	n := k.S.IDSteps
	return k.R.Has(flow.HasID) && k.R.ID != 0 && k.S.LastID != 0 && k.R.ID == k.S.LastID+1 && n.Other+n.Same == 0
}

// nearChain tells whether the reset's identification lies a few numbers on in
// the chain of the sender's socket: packets between were not captured.
func (k *Case) nearChain() bool {
	d := k.R.ID - k.S.LastID
	return k.R.Has(flow.HasID) && k.R.ID != 0 && chainOf(k.S) == socketChain && d > 0 && d <= 8
}

// linux tells whether the sender is a Linux stack by the order of the options
// on its SYN (p0f's signatures), and its counting of IP packets does not say
// otherwise.
func (k *Case) linux() bool {
	n := k.S.IDSteps
	return k.S.Layout == flow.LayoutLinux && n.Other+n.Small+n.Same == 0
}

// wrongForm: a Linux stack aborts with timestamps where they are in use and
// with its window (causes.md, 0.1); it never sends a bare RST with options.
func (k *Case) wrongForm() (sign, bool) {
	if !k.linux() || !k.R.Is(segment.ACK) || k.form == provoked || k.S.Packets < 2 {
		return sign{}, false
	}
	if k.S.Knows(flow.UsesTS) && !k.R.Has(flow.HasTS) && !k.R.Has(flow.Cut) {
		return sign{kind: signForm, frame: k.R.Frame,
			text: fmt.Sprintf("no timestamp, though the %s's stack (Linux by its SYN) puts one on its aborts", k.sender())}, true
	}
	return sign{}, false
}

// staleNumber: the reset was built from an older packet than the sender's last
// (DATA_SEQ_RST, causes.md 3.1).
func (k *Case) staleNumber() (sign, bool) {
	if k.form != neither || k.conn.Missing > 0 || !k.S.Knows(flow.KnowsNxt) || k.S.Knows(flow.Reordered) || k.S.Knows(flow.HasFIN) {
		return sign{}, false
	}
	if !k.R.Seq.Before(k.S.Nxt) || k.S.Nxt.Minus(k.R.Seq) > 1<<24 || k.earlier() != nil {
		return sign{}, false
	}
	l := lastOf(k.S)
	if l == nil || k.since(l) < allowance {
		return sign{}, false // the two may have changed places
	}
	return sign{kind: signNumbers, frame: l.Frame,
		text: fmt.Sprintf("number %d lies below the %s's own %d, which was on the way before", k.rel(k.from, k.R.Seq), k.sender(), k.rel(k.from, k.S.Nxt))}, true
}

// steppedNumbers: another reset of the same name follows within two seconds,
// with a number beyond this one's and beyond all that either side had sent or
// acknowledged (RST_SEQ_CHANGE, causes.md 3.1). No stack does that: its second
// reset, if it sends one, has the same number or a lower one.
func (k *Case) steppedNumbers() (sign, bool) {
	if k.S.Knows(flow.HasFIN) || k.P.Knows(flow.HasFIN) || k.earlier() != nil || !k.S.Knows(flow.KnowsNxt) || k.conn.Missing > 0 {
		return sign{}, false
	}
	var found *flow.Segment
	k.after(k.from, func(s *flow.Segment) bool {
		if s.Time-k.R.Time >= 2e9 || !s.Is(segment.RST) {
			return false
		}
		beyond := s.Seq.Minus(k.R.Seq) > 2 && s.Seq.After(k.S.Nxt) && (!k.P.Knows(flow.KnowsAck) || s.Seq.Minus(k.P.Ack) > 2)
		if beyond && s.Seq.Minus(k.R.Seq) < 1<<20 {
			found = s
		}
		return found == nil
	})
	if found == nil {
		return sign{}, false
	}
	return sign{kind: signNumbers, proof: true, frame: found.Frame,
		text: fmt.Sprintf("another reset follows %s later with number %d, beyond all that the %s had sent", duration(found.Time-k.R.Time), k.rel(k.from, found.Seq), k.sender())}, true
}

// noise is how much, in nanoseconds, a round trip varies by what the hosts do
// beside.
const noise = int64(5e6)

// tooFast: the reset answers a segment sooner than that can have been to the
// sender and back (causes.md, 2.2). The trigger must be one on which the
// reset's numbers depend.
func (k *Case) tooFast() (sign, bool) {
	t := k.dependsOn()
	rtt := k.S.RTT
	if t == nil || rtt.Handshake == 0 {
		return sign{}, false // without the handshake, delayed ACKs may be all that was measured
	}
	d := k.since(t)
	if d < 0 || d >= rtt.Min*8/10-noise {
		return sign{}, false
	}
	if k.nextID() || k.inClock() {
		return sign{}, false // the sender's own socket wrote it, however fast
	}
	// A first round trip alone can be slow for reasons of its own: address
	// resolution, a radio that wakes up. All of them can be slow at a host that is
	// busy, so the distance must speak as well.
	ttl, _, ok := k.S.UsedTTL()
	return sign{kind: signTiming, proof: rtt.N >= 2 && ok && ttl != k.R.TTL && rtt.Handshake < 2*rtt.Min && d < rtt.Min/2 && rtt.Min-d >= 4*noise, frame: t.Frame,
		text: fmt.Sprintf("came %s after the segment that it acknowledges or answers, the way to the %s and back takes %s", duration(d), k.sender(), duration(rtt.Min))}, true
}

// dependsOn finds the first segment without which the reset's numbers could
// not be known: one whose end it acknowledges, or whose acknowledgment it
// takes for its number, and both are new with it.
func (k *Case) dependsOn() *flow.Segment {
	var found *flow.Segment
	for i := range flow.RingLen {
		t := k.P.Last(i)
		if t == nil || t.Is(segment.RST) {
			break
		}
		switch {
		case k.R.Is(segment.ACK) && t.Len > 0 && t.End() == k.R.Ack && (!k.S.Knows(flow.KnowsAck) || t.End().After(k.S.Ack)):
			found = t
		case !k.R.Is(segment.ACK) && t.Is(segment.ACK) && t.Ack == k.R.Seq && t.Len > 0:
			// the number alone was known if an earlier ACK bore it
			older := k.P.Last(i + 1)
			if older == nil || older.Ack.Before(t.Ack) {
				found = t
			}
		}
	}
	return found
}

// answers is the segment that the reset answers, as far as its numbers tell:
// one that they depend on, else the payload that drew it.
func (k *Case) answers() *flow.Segment {
	t := k.dependsOn()
	if t == nil && k.form == provoked && k.trigger.Len > 0 {
		return &k.trigger
	}
	return t
}

// lastOfPeer is the peer's last segment before the reset.
func (k *Case) lastOfPeer() *flow.Segment { return lastOf(k.P) }

// copiedID: the reset bears the identification of a segment of the other
// direction (causes.md, 3.1, COPIED_FIELDS).
func (k *Case) copiedID() (sign, bool) {
	t := k.copiedFrom()
	if t == nil {
		return sign{}, false
	}
	return sign{kind: signCopied, frame: t.Frame,
		text: fmt.Sprintf("IP identification %d is that of the %s's segment just before", k.R.ID, k.receiver())}, true
}

func (k *Case) copiedFrom() *flow.Segment {
	t := k.lastOfPeer()
	if t == nil || !t.Has(flow.HasID) || !k.R.Has(flow.HasID) || t.ID == 0 || t.ID != k.R.ID {
		return nil
	}
	if k.P.IDSteps.Same > 0 || k.S.Packets > 0 && k.R.ID-k.S.LastID <= 16 {
		return nil // a constant, or the sender's own counter
	}
	return t
}

// copiedWindow: its window is that segment's too, and not the sender's own.
func (k *Case) copiedWindow() (sign, bool) {
	t := k.copiedFrom()
	if t == nil || t.Win == 0 || t.Win != k.R.Win || k.S.Packets > 0 && k.R.Win == k.S.Win {
		return sign{}, false
	}
	return sign{kind: signCopiedWindow, frame: t.Frame,
		text: fmt.Sprintf("window %d is that of the %s's segment just before", k.R.Win, k.receiver())}, true
}

// henan is the payload that a provincial filter's resets bear (causes.md, 3.5).
const henan = `\x01\x02\x03\x04\x05\x06\x07\x08\x09\x00`

// knownMark: the reset bears what a documented device writes.
func (k *Case) knownMark() (sign, bool) {
	if k.text != henan {
		return sign{}, false
	}
	return sign{kind: signMark, frame: k.R.Frame, text: "its payload is a known filter's mark"}, true
}

// otherMAC: another network card sent it than all other packets of the sender.
func (k *Case) otherMAC() (sign, bool) {
	if !k.hasMAC || k.S.MACs != 1 || k.S.MAC[0] == k.mac || k.S.Packets < 2 || k.conn.Copies > 0 {
		return sign{}, false
	}
	// A path that changes changes the distance as well: the two are no
	// independent signs.
	return sign{kind: signTTL, frame: k.R.Frame,
		text: fmt.Sprintf("came from another link address than all other packets of the %s", k.sender())}, true
}

// livesOn: the sender goes on with new data, or acknowledges what came later,
// longer after the reset than packets change places (RST_SEQ_DATA, causes.md
// 3.1). A stack that sent a reset has no connection left to do so.
func (k *Case) livesOn() (sign, bool) {
	if k.phase == synAnswered || k.phase == synWaiting || k.phase == synOnly || k.state(k.from) == stateClosed {
		return sign{}, false // a scanner with a stack of its own goes on where its kernel reset
	}
	if !k.R.Is(segment.ACK) && k.S.SYN.Is(segment.SYN|segment.ACK) && !k.S.FirstACK.Exists() {
		return sign{}, false // in SYN-RECEIVED a stack resets a bad ACK and keeps its state (RFC 9293, 3.5.2, group 2)
	}
	found := k.goesOn()
	if found == nil {
		return sign{}, false
	}
	return sign{kind: signLivesOn, proof: !k.hostForm(), frame: found.Frame,
		text: fmt.Sprintf("the %s goes on %s later: %s", k.sender(), duration(found.Time-k.R.Time), k.brief(k.from, found))}, true
}

// goesOn finds what the sender of the reset sends afterwards as if there had
// been none.
func (k *Case) goesOn() *flow.Segment {
	var found *flow.Segment
	k.after(k.from, func(s *flow.Segment) bool {
		if s.Is(segment.RST) || s.Is(segment.SYN) || s.Has(flow.Copy) || s.Time-k.R.Time < allowance || s.Has(flow.Aimless) {
			return true
		}
		fresh := s.Has(flow.Fresh) && s.Len > 0 && (k.S.Knows(flow.KnowsNxt) && !s.Seq.Before(k.S.Nxt) || !s.Seq.Before(k.R.Seq))
		further := s.Is(segment.ACK) && k.S.Knows(flow.KnowsAck) && s.Ack.After(k.S.Ack) && (!k.R.Is(segment.ACK) || s.Ack.After(k.R.Ack))
		if fresh || further {
			found = s
		}
		return found == nil
	})
	return found
}

// hostForm tells whether the reset is what the stack of the sender's own host
// answers to a segment that it has no connection for: behind a translation it
// can do so while the socket lives on (kubernetes issue 74839).
func (k *Case) hostForm() bool {
	ttl, _, ok := k.S.UsedTTL()
	return !k.R.Is(segment.ACK) && k.R.Win == 0 && k.options == 0 && k.R.ID == 0 && ok && ttl == k.R.TTL
}

// notDelivered: after the reset the named sender still speaks, and has not got
// what the reset answered or acknowledged.
func (k *Case) notDelivered() (sign, bool) {
	t := k.answers()
	if t == nil || t.End() == t.Seq || t.Has(flow.Aimless) {
		return sign{}, false // nobody acknowledges what lies outside of the window
	}
	var found *flow.Segment
	k.after(k.from, func(s *flow.Segment) bool {
		if !s.Is(segment.RST) && !s.Is(segment.SYN) && s.Is(segment.ACK) && !s.Has(flow.Copy) && !s.Has(flow.Aimless) &&
			s.Time-k.R.Time >= max(allowance, k.S.RTT.Min) && s.Ack.Before(t.End()) {
			found = s
		}
		return found == nil
	})
	if found == nil {
		return sign{}, false
	}
	return sign{kind: signNotDelivered, proof: true, frame: found.Frame,
		text: fmt.Sprintf("%s later the %s still acknowledges %d: it never got the segment of frame %d, which the reset answers",
			duration(found.Time-k.R.Time), k.sender(), k.rel(1-k.from, found.Ack), t.Frame)}, true
}

// otherHostTTL: the answer to the SYN came from another distance than the
// address's other packets. Distances are compared, since a stack may begin at
// another value for resets.
func (k *Case) otherHostTTL() (sign, bool) {
	h := k.S.Host
	if h.TTLs[0].N == 0 {
		return sign{}, false
	}
	mine := flow.InitialTTL(k.R.TTL) - k.R.TTL
	for _, t := range h.TTLs {
		if t.N > 0 && flow.InitialTTL(t.TTL)-t.TTL == mine {
			return sign{}, false
		}
	}
	return sign{kind: signTTL, frame: k.R.Frame,
		text: fmt.Sprintf("TTL %d is %d hops away, other packets of that address came with TTL %d, %d hops", k.R.TTL, mine,
			h.TTLs[0].TTL, flow.InitialTTL(h.TTLs[0].TTL)-h.TTLs[0].TTL)}, true
}

// noEcho: a host's stack copies the DSCP of what it refuses, a filter does not
// (causes.md, 0.1); it counts where this host was seen to copy it.
func (k *Case) noEcho() (sign, bool) {
	if k.trigger.TOS>>2 == 0 || k.R.TOS>>2 != 0 || !k.S.Host.Echoes {
		return sign{}, false
	}
	return sign{kind: signDSCP, frame: k.R.Frame,
		text: fmt.Sprintf("DSCP 0 where the SYN had %d, and other refusals of that address copy it", k.trigger.TOS>>2)}, true
}

// fasterThanHost: the refusal came sooner than any answer of that address.
func (k *Case) fasterThanHost() (sign, bool) {
	h := k.S.Host
	if h.RTTs < 3 || k.since(&k.trigger) >= h.RTT*8/10-noise {
		return sign{}, false
	}
	return sign{kind: signTiming, frame: k.R.Frame,
		text: fmt.Sprintf("came %s after the SYN, other answers of that address take %s", duration(k.since(&k.trigger)), duration(h.RTT))}, true
}

// bareToSYN: no stack answers a SYN by an RST without ACK (RFC 9293, 3.5.2).
func (k *Case) bareToSYN() (sign, bool) {
	if k.R.Is(segment.ACK) {
		return sign{}, false
	}
	return sign{kind: signForm, frame: k.R.Frame, text: "an RST without ACK answers a SYN, which no stack does"}, true
}

// synackToo: the same SYN was accepted as well (SYNACK_RST, causes.md 3.1).
func (k *Case) synackToo() (sign, bool) {
	var found *flow.Segment
	k.after(k.from, func(s *flow.Segment) bool {
		if s.Is(segment.SYN|segment.ACK) && s.Ack == k.trigger.End() && s.Time-k.R.Time < 1e9 {
			found = s
		}
		return found == nil
	})
	if found == nil || k.synAgain(found.Frame) {
		return sign{}, false
	}
	return sign{kind: signLivesOn, proof: true, frame: found.Frame,
		text: fmt.Sprintf("a SYN-ACK to the same SYN came %s after it", duration(found.Time-k.R.Time))}, true
}

// synAgain tells whether the SYN was sent again before a frame.
func (k *Case) synAgain(before uint32) bool {
	again := false
	k.after(1-k.from, func(s *flow.Segment) bool {
		again = again || s.Is(segment.SYN) && s.Frame < before
		return true
	})
	return again
}
