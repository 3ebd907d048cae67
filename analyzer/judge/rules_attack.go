package judge

import (
	"fmt"
	"net/netip"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

var attackRules = []*rule{{
	cause: cause.BlindReset,
	in:    anyPhase &^ alone,
	by:    aDevice,
	again: true,
	need: func(k *Case) ([]Fact, bool) {
		sweep := k.sweep()
		if len(sweep) < 3 {
			return nil, false
		}
		var facts []Fact
		for _, s := range sweep {
			facts = append(facts, fact(&s, "a reset with number %d, %+d from the %s's next", k.rel(k.from, s.Seq), s.Seq.Minus(k.S.Nxt), k.sender()))
		}
		if c := k.challenge(); c != nil {
			facts = append(facts, fact(c, "the %s challenges: %s", k.receiver(), k.brief(1-k.from, c)))
		}
		return facts, true
	},
	strength: func(k *Case) cause.Strength {
		switch {
		case k.hitsEarly():
			return cause.Undetermined
		case k.goesOn(allowance) != nil, against(k.signList) == cause.Likely:
			return cause.Likely
		}
		return cause.Possible
	},
	open: "resets with numbers in steps look like guesses",
}, {
	cause: cause.EvasionReset,
	in:    established | handshaken,
	need: func(k *Case) ([]Fact, bool) {
		s, lives := k.livesOn()
		if !k.evading && !k.fallsShort() || !lives {
			return nil, false
		}
		why := fmt.Sprintf("its TTL is %d: it does not get far", k.R.TTL)
		if k.evading {
			why = k.ignorable()
		}
		facts := []Fact{fact(&k.R, "%s, so the %s must ignore it", why, k.receiver()), s.fact()}
		if e := &k.icmp; e.Frame > k.R.Frame && e.About == k.from && e.Type == timeExceeded(k.conn.V6) {
			facts = append(facts, factIn(e.Frame, "a router says that it ended there: time exceeded"))
		}
		return append(facts, k.headerFacts()...), true
	},
	strength: func(k *Case) cause.Strength {
		if k.evading {
			return cause.Possible
		}
		return cause.Undetermined
	},
	open: "the sender itself may have sent it for a device on the path to believe",
}, {
	cause: cause.SynScan,
	in:    synAnswered | handshaken | synWaiting,
	again: true, // a SYN-ACK that is sent again is refused again
	refuted: func(k *Case) (string, []uint32) {
		if a := k.askedElsewhere(); a != nil {
			return "the SYN was for another address", []uint32{a.frame}
		}
		if k.phase == handshaken && k.byOriginator() && k.S.FirstACK.Exists() && k.S.Payload == 0 {
			return "the originator had finished the handshake", []uint32{k.S.FirstACK.Frame}
		}
		return "", nil
	},
	need: func(k *Case) ([]Fact, bool) {
		var facts []Fact
		switch {
		case k.afterAnother():
			return nil, false
		case k.unseenSYNACK():
			facts = k.unseenFacts()
		case k.phase == synAnswered && k.refusesSYNACK():
			facts = k.synackFacts()
		default:
			return nil, false
		}
		if n := k.scans().targets; n >= scanTargets {
			facts = append(facts, fact(&k.S.SYN, "one of %d ports or hosts that this source tried within a minute without ever finishing a handshake", n))
		}
		return facts, true
	},
	strength: func(k *Case) cause.Strength {
		switch {
		case k.scanning() && hops(k.S.SYN.TTL) != hops(k.R.TTL) && !k.scans().variedTTL:
			return cause.Possible // somebody else, at one distance, may have sent them all in this name
		case k.scanning() && !k.scans().misses && !k.rawSYN():
			return cause.Possible // so does a balancer with those that it looks after
		case k.scanning():
			return cause.Likely
		case k.rawSYN() && !k.answeredLate():
			return cause.Possible
		}
		return cause.Undetermined
	},
	open: "a scanner's own stack resets the answers to its SYNs",
}, {
	cause: cause.StealthScan,
	in:    noSYN | closing,
	again: true, // a probe sent again is answered again
	need: func(k *Case) ([]Fact, bool) {
		t := &k.trigger
		if !k.oddProbe() || t.Is(segment.ACK) && t.Len > 0 {
			return nil, false
		}
		facts := []Fact{fact(t, "a lone segment, flags %v, with no connection before it", t.Flags), fact(&k.R, "the reset answers it")}
		if n := k.probes().all; n > 1 {
			facts = append(facts, fact(t, "one of %d ports or hosts that this source probed within a minute", n))
		}
		return facts, true
	},
	strength: func(k *Case) cause.Strength {
		raw := !k.trigger.Is(segment.ACK)
		switch p := k.probes(); {
		case k.trigger.Has(flow.HasTS):
			return cause.Undetermined // a connection's: no raw socket writes timestamps
		case p.scans(raw):
			return cause.Likely
		case p.ports >= 3, raw:
			return cause.Possible
		}
		return cause.Undetermined
	},
	open: "a probe of a scanner is answered like this",
}, {
	// The forged SYN is in the capture, and came from elsewhere than the host.
	cause: cause.UnsolicitedSynack,
	in:    synAnswered,
	need: func(k *Case) ([]Fact, bool) {
		if !k.refusesSYNACK() || k.S.SYNs != 1 || k.askedElsewhere() != nil {
			return nil, false
		}
		a, b := hops(k.S.SYN.TTL), hops(k.R.TTL)
		if k.otherCardAsked() {
			return append(k.synackFacts(), fact(&k.S.SYN, "it came from link address %s, the reset from %s, and neither over a router", link(k.S.MAC[0]), link(k.mac))), true
		}
		if a == b {
			return nil, false
		}
		return append(k.synackFacts(), fact(&k.S.SYN, "it came over %d hops (TTL %d), the reset over %d (TTL %d)", a, k.S.SYN.TTL, b, k.R.TTL)), true
	},
	strength: func(k *Case) cause.Strength {
		if k.asksAgain() != nil || k.overOneRouter() {
			return cause.Undetermined // a translator on the way is more ordinary
		}
		return cause.Possible
	},
	open: "the SYN came from another distance than the reset: somebody else may have sent it in this name",
}, {
	cause: cause.UnsolicitedSynack,
	in:    noSYN | synAnswered | established | handshaken | synReceived | synOnly,
	again: true,
	need: func(k *Case) ([]Fact, bool) {
		t := &k.trigger
		if !k.unseenSYN() || k.askedElsewhere() != nil || k.afterAnother() {
			return nil, false
		}
		return []Fact{
			fact(t, "a SYN-ACK, and no SYN before it in the capture"),
			fact(&k.R, "the reset takes its number from it"),
		}, true
	},
	strength: func(k *Case) cause.Strength {
		if k.trigger.Time-k.began0 < 63e9 {
			return cause.Undetermined // the SYN may lie before the capture: SYN-ACKs are repeated for 63 s on Linux
		}
		return cause.Possible
	},
	open: "nobody may have asked for that SYN-ACK",
}}

// otherCardAsked tells whether the SYN came from another network card on the link than
// the reset that refuses the answer to it.
func (k *Case) otherCardAsked() bool {
	return k.hasMAC && k.S.MACs == 1 && k.S.MAC[0] != k.mac && k.conn.Copies == 0 && initial(k.S.SYN.TTL) && initial(k.R.TTL)
}

// timeExceeded is ICMP's type for a TTL that ran out (RFC 792, RFC 4443).
func timeExceeded(v6 bool) uint8 {
	if v6 {
		return 3
	}
	return 11
}

// hops is the distance that a TTL tells.
func hops(ttl uint8) int { return int(flow.InitialTTL(ttl)) - int(ttl) }

// sweep collects the resets of this direction, the present one and those after
// it too, when their numbers differ in steps and most are not acceptable.
func (k *Case) sweep() []flow.Segment {
	var all []flow.Segment
	for i := range min(k.conn.NumResets, flow.MaxResets) {
		if r := &k.conn.Resets[i]; r.From == k.from {
			all = append(all, r.Segment)
		}
	}
	all = append(all, k.R)
	k.after(k.from, func(s *flow.Segment) bool {
		if s.Is(segment.RST) && len(all) < 16 {
			all = append(all, *s)
		}
		return true
	})
	if len(all) < 3 || !k.P.Knows(flow.KnowsAck) {
		return nil
	}
	off := 0
	for i := range all {
		if i > 0 && all[i].Seq == all[i-1].Seq {
			return nil
		}
		if k.conn.Accepts(1-k.from, &all[i]) == flow.No {
			off++
		}
	}
	// A device that knows the connection hits with the first, at its number or a
	// few segments on (causes.md, 3.5).
	if k.acknowledged(all) && (k.forgotFlight() || k.drawn(all)) {
		return nil
	}
	if off*2 <= len(all) || k.conn.Accepts(1-k.from, &all[0]) == flow.Yes {
		return nil
	}
	return all
}

// acknowledged tells whether the numbers of resets are ones that their receiver
// had acknowledged a short while before, so that they can answer that.
func (k *Case) acknowledged(resets []flow.Segment) bool {
	for i := range resets {
		ack := k.P.Ack
		for n := range flow.RingLen { // also of what was not captured yet
			if t := k.P.Last(n); t != nil && t.Is(segment.ACK) && !t.Is(segment.RST) && t.Ack.After(ack) {
				ack = t.Ack
			}
		}
		k.after(1-k.from, func(s *flow.Segment) bool {
			if s.Is(segment.ACK) && !s.Is(segment.RST) && s.Frame < resets[i].Frame && s.Ack.After(ack) {
				ack = s.Ack
			}
			return s.Frame < resets[i].Frame
		})
		if d := ack.Minus(resets[i].Seq); d < 0 || d >= 1<<20 {
			return false
		}
	}
	return true
}

// drawn tells whether most of the resets take their numbers from segments of
// their receiver that are at hand.
func (k *Case) drawn(resets []flow.Segment) bool {
	n := 0
	for i := range resets {
		found := false
		look := func(s *flow.Segment) bool {
			found = found || s.Is(segment.ACK) && !s.Is(segment.RST) && s.Ack == resets[i].Seq
			return !found && s.Frame < resets[i].Frame
		}
		for m := range flow.RingLen {
			if t := k.P.Last(m); t == nil || !look(t) {
				break
			}
		}
		if !found {
			k.after(1-k.from, look)
		}
		if found {
			n++
		}
	}
	return 2*n >= len(resets)
}

// hitsEarly tells whether the second or third reset of a sweep hits: no guess is
// so lucky. They may have changed places on their way.
func (k *Case) hitsEarly() bool {
	sweep := k.sweep()
	for i := 1; i < min(3, len(sweep)); i++ {
		if k.conn.Accepts(1-k.from, &sweep[i]) == flow.Yes {
			return true
		}
	}
	return false
}

// ignorable says why the receiver must ignore the reset.
func (k *Case) ignorable() string {
	switch {
	case k.badSum():
		return "its TCP checksum is wrong"
	case k.signed && !k.P.Signed && !k.S.Signed:
		return "it bears a signature on a connection without any"
	case k.lowTTL():
		return fmt.Sprintf("its TTL is %d: it does not get far", k.R.TTL)
	case k.conn.Accepts(1-k.from, &k.R) == flow.No && k.form == neither && !k.inWindow():
		return "its number is outside of what the receiver expects"
	}
	return ""
}

// lowTTL tells whether the reset was sent with a TTL of a few hops by the
// sender's own socket or tool, which sends all else with more.
func (k *Case) lowTTL() bool {
	return k.fallsShort() && k.nextID()
}

// fallsShort tells whether the reset's TTL leads it a few hops only, and its
// identification does not say that another sent it.
func (k *Case) fallsShort() bool {
	ttl, _, ok := k.S.UsedTTL()
	return ok && k.R.TTL < 16 && ttl >= k.R.TTL+16 && !k.leavesChain()
}

// scans are the SYNs of one kind that an address sent within a minute without
// finishing a handshake.
type scans struct {
	targets   int  // ports and hosts, this one included
	again     int  // of these, those that were tried again, seconds after an answer
	misses    bool // not all are one port's, or not all answered
	variedTTL bool // a scanner may give each its own, one that forges a name from afar does not
}

// scans counts those of the originator.
func (k *Case) scans() scans {
	if k.scan.targets > 0 {
		return k.scan
	}
	type target struct {
		addr netip.Addr
		port uint16
	}
	type try struct {
		time            int64
		answered, again bool
	}
	seen := map[target]try{{k.conn.Key.Addr(1 - k.conn.Orig).Addr(), k.conn.Key.Port(1 - k.conn.Orig)}: {k.conn.FirstTime, true, false}}
	o := k.conn.O()
	var s scans
	k.tries(k.conn.Orig, scanWindow, func(a *attempt, out outcome) {
		if out.Acked() || out.Odd() || a.win != o.SYN.Win || a.layout != o.Layout {
			return
		}
		s.misses = s.misses || a.rport != k.conn.Key.Port(1-k.conn.Orig) || !out.Answered()
		s.variedTTL = s.variedTTL || a.ttl != o.SYN.TTL
		t := target{a.target(), a.rport}
		was, ok := seen[t]
		switch {
		case !ok:
			seen[t] = try{a.time, out.Answered(), false}
		case was.answered && !was.again && out.Answered() && abs(a.time-was.time) >= 2e9:
			seen[t] = try{was.time, true, true}
			s.again++
		}
	})
	s.targets = len(seen)
	k.scan = s
	return s
}

// scanning tells whether the originator tries many ports or hosts, and its stack
// resets what answers at once. What comes to most of them again is a balancer or a
// monitor that looks after them; a scanner does so to few, to measure the way.
func (k *Case) scanning() bool {
	s := k.scans()
	return s.targets >= scanTargets && 2*s.again < s.targets && !k.answeredLate() && k.prompt(&k.trigger)
}

// oddProbe tells whether the reset answers a lone segment that begins nothing:
// no SYN on the tuple, nothing else of it before but the same, without payload.
func (k *Case) oddProbe() bool {
	t := &k.trigger
	if k.form != provoked || k.S.Packets > 0 || t.Is(segment.SYN) || k.S.SYNs > 0 {
		return false
	}
	since, n := uint32(0), 0 // since what probes with other numbers drew
	for i := range min(k.conn.NumResets, flow.MaxResets) {
		if e := &k.conn.Resets[i]; k.unrelated(e) {
			since = e.Frame
		}
	}
	for i := range flow.RingLen {
		p := k.P.Last(i)
		if p == nil || p.Frame <= since {
			break
		}
		if p.Seq != t.Seq || p.Ack != t.Ack || p.Flags != t.Flags || p.Len != t.Len {
			return false
		}
		n++
	}
	return n == 1 || n < flow.RingLen && t.Len == 0
}

// probes are the lone segments that an address sent within a minute and that
// were answered by resets.
type probes struct {
	all      int // ports and hosts
	fromPort int // of these, lower ports that were tried from one port
	ports    int // lower ports of one host
}

// probes counts those of the receiver's address, this one included.
func (k *Case) probes() probes {
	p := probes{all: 1}
	mine, its := k.conn.Key.Port(1-k.from), k.conn.Key.Port(k.from)
	host := k.conn.Key.Addr(k.from).Addr()
	ports := map[uint16]bool{}
	count := func(a netip.Addr, from, to uint16) {
		if to >= from {
			return // what is left of a server's connections goes to higher ones
		}
		if from == mine {
			p.fromPort++
		}
		if a == host {
			ports[to] = true
		}
	}
	count(host, mine, its)
	k.tries(1-k.from, scanWindow, func(a *attempt, out outcome) {
		if out.Odd() && out.reset != 0 {
			p.all++
			count(a.target(), a.oport, a.rport)
		}
	})
	p.ports = len(ports)
	return p
}

// scans tells whether they are a scanner's. No stack sends a segment without SYN
// and ACK; and what is left of old connections comes from as many ports, or goes
// to few.
func (p probes) scans(raw bool) bool {
	return p.all >= 3 && raw || p.fromPort >= 3 || p.ports >= scanTargets
}
