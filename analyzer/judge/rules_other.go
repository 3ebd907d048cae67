package judge

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/analyzer/packet"
	"rstlab/internal/segment"
)

var resourceRules = []*rule{{
	cause: cause.ResourceAbort,
	in:    established | handshaken | closing | noSYN,
	need: func(k *Case) ([]Fact, bool) {
		if k.form != spontaneous || !k.R.Is(segment.ACK) {
			return nil, false
		}
		m := k.resetTogether()
		if m.n < 12 && !(k.S.Knows(flow.HasFIN) && k.S.Una.Before(k.S.FinSeq)) && k.unheard() == nil {
			return nil, false
		}
		facts := k.abortFacts()
		if t := k.unheard(); t != nil {
			facts = append(facts, fact(t, "%s once more: the acknowledgment that came by here may not have reached the %s", k.brief(k.from, t), k.sender()))
		}
		if m.n > 1 {
			facts = append(facts, fact(&k.R, "one of %d connections of the %s, with %s, reset within a second", m.n, k.sender(), plural(m.peers, "peer")))
		}
		return facts, true
	},
	refuted: func(k *Case) (string, []uint32) {
		if k.form != spontaneous {
			return "", nil
		}
		if m := k.resetTogether(); m.n >= 12 && m.processExit() {
			return fmt.Sprintf("%d connections of the %s were aborted within %s: a process that ended, no timers", m.n, k.sender(), duration(m.spread)), []uint32{k.R.Frame}
		}
		return "", nil
	},
	strength: func(k *Case) cause.Strength {
		if m := k.resetTogether(); m.n >= 24 && m.peers >= 12 {
			return cause.Possible // dozens, with no common peer: or a service that goes down, or one that always aborts
		}
		return cause.Undetermined
	},
	open: "a kernel short of memory or orphans drops sockets like this",
}}

// A crowd is a number of connections of one host that it aborted together.
type crowd struct {
	n, peers int
	spread   int64 // from the first to the last
}

// processExit tells whether they went in one sweep, less than a millisecond
// for each: the sockets of a process that ended, not those of timers that ran
// out one by one (causes.md, 1.2).
func (c crowd) processExit() bool { return c.n > 1 && c.spread < int64(c.n-1)*ms }

// resetTogether gives the connections that the sender aborted within a second
// that holds this reset, this one too: the fullest such second.
func (k *Case) resetTogether() crowd {
	if k.crowd.n > 0 {
		return k.crowd
	}
	me := k.conn.Key.Addr(k.from).Addr()
	type one struct {
		time int64
		peer netip.Addr
	}
	all := []one{{k.R.Time, k.conn.Key.Addr(1 - k.from).Addr()}}
	k.around(1e9, func(x *recent) {
		if x.from.Addr() == me && x.id != k.conn.ID && x.form == spontaneous {
			all = append(all, one{x.time, x.to.Addr()})
		}
	})
	slices.SortFunc(all, func(a, b one) int { return cmp.Compare(a.time, b.time) })
	first, best := 0, all[:1]
	for last := range all {
		for all[last].time-all[first].time > 1e9 {
			first++
		}
		if s := all[first : last+1]; len(s) > len(best) && s[0].time <= k.R.Time && s[len(s)-1].time >= k.R.Time {
			best = s
		}
	}
	peers := map[netip.Addr]bool{}
	for _, x := range best {
		peers[x.peer] = true
	}
	k.crowd = crowd{len(best), len(peers), best[len(best)-1].time - best[0].time}
	return k.crowd
}

var multipathRules = []*rule{{
	cause: cause.MPTCPFastclose,
	in:    anyPhase,
	need: func(k *Case) ([]Fact, bool) {
		if k.mptcp.Has(packet.MPFastClose) {
			return append([]Fact{fact(&k.R, "the reset bears MP_FASTCLOSE")}, k.headerFacts()...), true
		}
		if f := k.conn.MPTCP.Fastclose[k.from]; f != 0 {
			return []Fact{factIn(f, "the %s sends MP_FASTCLOSE", k.sender()), fact(&k.R, "the reset follows")}, true
		}
		if f := k.conn.MPTCP.Fastclose[1-k.from]; f != 0 {
			return []Fact{factIn(f, "the %s sends MP_FASTCLOSE", k.receiver()), fact(&k.R, "the reset answers it")}, true
		}
		if k.cutFastclose() {
			return []Fact{fact(&k.R, "its options were cut by the capture")}, true
		}
		if g := k.fastclosed(); g != nil {
			return []Fact{factIn(g.fastclose.Frame, "MP_FASTCLOSE on another subflow of the same connection (%d)", g.on), fact(&k.R, "the reset of this one")}, true
		}
		return nil, false
	},
	strength: func(k *Case) cause.Strength {
		if k.cutFastclose() {
			return cause.Undetermined
		}
		if k.fastclosed() != nil {
			return cause.Likely
		}
		return cause.Proven
	},
	open: "MP_FASTCLOSE stands on this connection, or may stand in what was cut",
}, {
	cause: cause.MPTCPSubflowReset,
	in:    anyPhase,
	need: func(k *Case) ([]Fact, bool) {
		if k.mptcp.Has(packet.MPFastClose) {
			return nil, false
		}
		if k.mptcp.Has(packet.MPTCPReset) {
			var facts []Fact
			if k.trigger.Exists() {
				facts = append(facts, fact(&k.trigger, "the %s's %s", k.receiver(), k.brief(1-k.from, &k.trigger)))
			}
			facts = append(facts, fact(&k.R, "the reset bears MP_TCPRST, reason %d: %s", k.mptcp.ResetReason, resetReason(k.mptcp.ResetReason)))
			return append(facts, k.headerFacts()...), true
		}
		if f := k.conn.MPTCP.Removed[k.from]; f != 0 && k.form == spontaneous {
			return []Fact{factIn(f, "the %s takes an address back (REMOVE_ADDR)", k.sender()), fact(&k.R, "the reset of the subflow follows")}, true
		}
		if g := &k.multipath; k.addressRemoved() && k.form == spontaneous {
			return append([]Fact{factIn(g.removed.Frame, "an address is taken back (REMOVE_ADDR) on another subflow of the same connection (%d)", g.removedOn),
				fact(&k.R, "the reset of this one, %s later", duration(k.R.Time-g.removed.Time))}, k.headerFacts()...), true
		}
		return nil, false
	},
	strength: func(k *Case) cause.Strength {
		if k.mptcp.Has(packet.MPTCPReset) {
			return cause.Proven
		}
		return cause.Possible
	},
	open: "the address of this subflow was taken back",
}}

// fastclosed finds the multipath connection that was aborted on another subflow
// within a second before the reset, or just after it.
func (k *Case) fastclosed() *multipath {
	g := &k.multipath
	if !g.fastclose.Exists() || g.on == k.conn.ID || abs(k.R.Time-g.fastclose.Time) > 1e9 {
		return nil
	}
	return g
}

// addressRemoved tells whether an end took an address back, on another subflow,
// within a second before the reset (RFC 8684, 3.4.2): it ends the subflows of that
// address.
func (k *Case) addressRemoved() bool {
	g := &k.multipath
	d := k.R.Time - g.removed.Time
	return g.removed.Exists() && g.removedOn != k.conn.ID && g.removed.Frame < k.R.Frame && d <= 1e9
}

// resetReason names a reason of MP_TCPRST (RFC 8684, 3.6).
func resetReason(code uint8) string {
	names := [...]string{"unspecified", "MPTCP-specific error", "lack of resources", "administratively prohibited",
		"too much outstanding data", "unacceptable performance", "middlebox interference"}
	if int(code) < len(names) {
		return names[code]
	}
	return "unassigned"
}

// cutFastclose tells whether MP_FASTCLOSE may stand where the capture cut the options
// of a subflow's reset, and stands nowhere else.
func (k *Case) cutFastclose() bool {
	m := &k.conn.MPTCP
	return (m.Capable || m.Join) && k.R.Has(flow.Cut) && !k.mptcp.Has(packet.MPFastClose) && m.Fastclose == [2]uint32{} && k.fastclosed() == nil
}
