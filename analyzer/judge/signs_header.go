package judge

import (
	"fmt"
	"net"

	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

// unlikeTTL gives the TTL that all other packets of the sender have, two or
// more, where the reset has another. One alone counts as well where it is no SYN
// proxy's that let the host itself reset.
func (k *Case) unlikeTTL() (ttl uint8, n uint32, ok bool) {
	ttl, n, ok = k.S.UsedTTL()
	return ttl, n, ok && ttl != k.R.TTL && (n >= 2 || k.notBehind())
}

// notBehind tells whether an abort can't come from a host behind a proxy that
// sent the one other packet, the SYN-ACK: it comes from nearer by, or too soon.
// The difference is more than a path that changes makes (causes.md, 2.1).
func (k *Case) notBehind() bool {
	ttl, n, ok := k.S.UsedTTL()
	if n != 1 || !ok || !k.S.SYN.Is(segment.SYN|segment.ACK) || !k.R.Is(segment.ACK) || flow.InitialTTL(ttl) == flow.InitialTTL(k.R.TTL) && abs(int64(ttl)-int64(k.R.TTL)) <= 2 {
		return false
	}
	_, fast := k.tooFast()
	return fast || hops(k.R.TTL)+2 < hops(ttl)
}

// otherTTL: the reset came from another distance than all other packets of the
// sender. Path changes move it by one or two, so it is no more than a hint. A
// bare RST, which no socket wrote, can begin at another value than a socket's.
func (k *Case) otherTTL() (sign, bool) {
	ttl, n, ok := k.unlikeTTL()
	if !ok || k.ownSocket() || !k.R.Is(segment.ACK) && (hops(ttl) == hops(k.R.TTL) || limited(ttl)) {
		return sign{}, false
	}
	others := fmt.Sprintf("all %d other packets of the %s have", n, k.sender())
	if n == 1 {
		others = fmt.Sprintf("the one other packet of the %s has", k.sender())
	}
	return sign{kind: signTTL, frame: k.R.Frame,
		text: fmt.Sprintf("TTL %d, %s %d", k.R.TTL, others, ttl)}, true
}

// limited tells whether a TTL is one that a program gave its socket, to reach
// neighbours only, as BGP's do: what its host answers without a socket has the
// host's own (causes.md, 0.1).
func limited(ttl uint8) bool { return ttl <= 2 }

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

// hostCounts tells whether the sender is, by the options of its SYN or its TTL, of
// the stacks that have one counter for the whole host or for each peer: where its
// packets in a pause went elsewhere, single steps before say nothing of it.
func (k *Case) hostCounts() bool {
	ttl, _, ok := k.S.UsedTTL()
	return k.S.Layout == flow.LayoutBSD || k.S.Layout == flow.LayoutMSS || ok && flow.InitialTTL(ttl) == windowsTTL
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
	if ch == socketChain && k.hostCounts() {
		ch = hostChain
	}
	switch {
	case ch == socketChain && (d == 0 || d > 8):
		s.text = fmt.Sprintf("IP identification %d, the %s's packets count up by one and were at %d", k.R.ID, k.sender(), k.S.LastID)
		return s, true
	case ch == hostChain && int64(d) > 1024*(2+k.sinceSender()/1e9) && k.sinceSender() < 30e9: // later it may have gone once round
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
// have shown. 0 is none: some stacks write it into their own aborts.
func (k *Case) wrongClock() (sign, bool) {
	if !k.R.Has(flow.HasTS) || k.S.FirstTSAt == 0 || k.R.TSVal == 0 {
		return sign{}, false
	}
	low, high := k.clockRange()
	d := int32(k.R.TSVal - k.S.LastTS)
	if d >= low && d <= high {
		return sign{}, false
	}
	for i := range flow.RingLen { // a device on the capturing host may give the sender another clock
		if s := k.S.Last(i); s != nil && !s.Is(segment.RST) && s.Has(flow.HasTS) {
			if d := int32(k.R.TSVal - s.TSVal); d >= low && d <= high {
				return sign{}, false
			}
		}
	}
	far := int64(d) < 10*int64(low) || int64(d) > 10*int64(high)
	return sign{kind: signClock, proof: far, frame: k.R.Frame,
		text: fmt.Sprintf("timestamp %d is off the %s's clock, which was at %d", k.R.TSVal, k.sender(), k.S.LastTS)}, true
}

// clockRange is how far the sender's timestamp clock can have moved since its
// last packet. Clocks tick at 1 Hz to 1 kHz (RFC 7323, 5.4), some at 1 MHz; the
// rate seen so far is believed where it could be measured over 100 ms. Packets
// wait in queues on their way, so a second more or less says nothing.
func (k *Case) clockRange() (low, high int32) {
	s := k.S
	elapsed := max(k.R.Time-s.LastTSAt, 0) // a capture's clock may be set back
	perSecond := int64(1000)
	if span := s.LastTSAt - s.FirstTSAt; span >= 100*ms {
		if rate := int64(s.LastTS-s.FirstTS) * 1e9 / span; rate >= 1 { // else it is the capture's clock that was set
			perSecond = rate
		}
	}
	most := elapsed / 1e6 * perSecond / 1000
	slack := max(perSecond, 1000)
	return int32(-min(slack, 1<<30)), int32(min(most+most/4+slack, 1<<30))
}

// inClock tells whether the reset continues the sender's timestamps and echoes
// one of the peer's: a living socket wrote it.
func (k *Case) inClock() bool {
	return k.clockGoesOn() && int32(k.P.LastTS-k.R.TSEcr) >= 0 && int32(k.R.TSEcr-k.P.FirstTS) >= 0
}

// clockGoesOn tells whether the reset continues the sender's timestamps, where the peer
// has some to echo.
func (k *Case) clockGoesOn() bool {
	if !k.R.Has(flow.HasTS) || k.S.FirstTSAt == 0 || k.P.FirstTSAt == 0 {
		return false
	}
	low, high := k.clockRange()
	d := int32(k.R.TSVal - k.S.LastTS)
	return d >= low && d <= high
}

// leavesChain tells whether the reset's identification is not one that the
// sender's counter can have come to, as far as it has one.
func (k *Case) leavesChain() bool {
	d := k.R.ID - k.S.LastID
	switch ch := chainOf(k.S); {
	case ch == socketChain && !k.hostCounts():
		return d == 0 || d > 8
	case ch != noChain:
		return d == 0 || d > 1024
	}
	return false
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

// ownSocket tells whether both the sender's counter and its clock go on in the reset:
// that it came another way than its other packets says nothing then.
func (k *Case) ownSocket() bool { return k.nextID() && k.inClock() }

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

// crafted: no stack sends these flags together.
func (k *Case) crafted() (sign, bool) {
	return sign{kind: signForm, frame: k.R.Frame, text: fmt.Sprintf("flags %v, which no stack sends together", k.R.Flags)},
		k.R.Flags&(segment.SYN|segment.FIN) != 0
}

// wrongForm: a Linux stack aborts with timestamps where they are in use and
// with its window (causes.md, 0.1); it never sends a bare RST with options.
func (k *Case) wrongForm() (sign, bool) {
	if !k.linux() || !k.R.Is(segment.ACK) || k.form == provoked || k.S.Packets < 2 && !k.notBehind() {
		return sign{}, false
	}
	if (k.S.Knows(flow.UsesTS) || k.S.Knows(flow.OffersTS) && k.P.Knows(flow.UsesTS)) && !k.R.Has(flow.HasTS) && !k.R.Has(flow.Cut) {
		return sign{kind: signForm, frame: k.R.Frame,
			text: fmt.Sprintf("no timestamp, though the %s's stack (Linux by its SYN) puts one on its aborts", k.sender())}, true
	}
	return sign{}, false
}

// bareAbort: a Linux stack sets ACK on what it resets by itself
// (tcp_send_active_reset()), and for a second and more nothing came by that it
// could answer by a bare RST.
func (k *Case) bareAbort() (sign, bool) {
	l := lastOf(k.P)
	if k.R.Is(segment.ACK) || !k.linux() || k.form != spontaneous || k.phase&(handshaken|established) == 0 || k.S.Packets < 2 || k.conn.Missing > 0 || k.drops || l == nil {
		return sign{}, false
	}
	if o := k.overtaken(allowance); o.Exists() || k.since(l) < max(1e9, 4*k.S.RTT.Min) {
		return sign{}, false
	}
	return sign{kind: signForm, frame: k.R.Frame,
		text: fmt.Sprintf("no ACK, which the %s's stack (Linux by its SYN) sets on its aborts, and nothing came by that it answers", k.sender())}, true
}

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
	if !k.hasMAC || k.S.MACs != 1 || k.S.MAC[0] == k.mac || k.S.Packets < 2 || k.conn.Copies > 0 || k.ownSocket() {
		return sign{}, false
	}
	// A path that changes changes the distance as well: the two are no
	// independent signs.
	return sign{kind: signTTL, frame: k.R.Frame,
		text: fmt.Sprintf("came from another link address, %s, than all other packets of the %s", link(k.mac), k.sender())}, true
}

// twoHosts tells whether another host on the capture's own link has the address as
// well: the reset comes from its network card, all else of the sender from another
// one, and neither came over a router.
func (k *Case) twoHosts() (other [6]byte, ok bool) {
	if !k.hasMAC || !initial(k.R.TTL) || k.conn.Copies > 0 {
		return other, false
	}
	if k.phase == synOnly {
		a, ok := k.synackToo()
		return k.accepts, ok && k.accepts != other && k.accepts != k.mac && initial(k.laterTTL(a.frame))
	}
	ttl, _, one := k.S.UsedTTL()
	return k.S.MAC[0], one && initial(ttl) && k.S.MACs == 1 && k.S.MAC[0] != k.mac && k.S.Packets >= 2
}

// laterTTL is the TTL of a later frame.
func (k *Case) laterTTL(frame uint32) uint8 {
	for i := range k.later {
		if k.later[i].Frame == frame {
			return k.later[i].TTL
		}
	}
	return 0
}

// twoHostsFacts say so.
func (k *Case) twoHostsFacts() []Fact {
	other, ok := k.twoHosts()
	if !ok {
		return nil
	}
	return []Fact{fact(&k.R, "it comes from the link address %s, the rest from %s, and neither over a router: two hosts on this link have %v, or a device on it answers for it",
		link(k.mac), link(other), k.conn.Key.Addr(k.from).Addr())}
}

// link writes a link address.
func link(mac [6]byte) string { return net.HardwareAddr(mac[:]).String() }

// hostForm tells whether the reset is what the stack of the sender's own host
// answers to a segment that it has no connection for: behind a translation it
// can do so while the socket lives on (kubernetes issue 74839).
func (k *Case) hostForm() bool {
	ttl, _, ok := k.S.UsedTTL()
	return k.stackForm() && ok && hops(ttl) == hops(k.R.TTL)
}

// otherHost tells whether the reset is what the stack of another host behind the same
// address answers, that does not know the connection: no nearer by, as a device on the
// way would be.
func (k *Case) otherHost() bool {
	ttl, _, ok := k.S.UsedTTL()
	return k.stackForm() && ok && hops(k.R.TTL) >= hops(ttl)
}

// stackForm tells whether the reset is what Linux answers without a socket (causes.md,
// 0.1).
func (k *Case) stackForm() bool {
	return !k.R.Is(segment.ACK) && k.R.Win == 0 && k.R.ID == 0 && k.options == 0
}
