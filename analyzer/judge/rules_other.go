package judge

import (
	"fmt"
	"net/netip"

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
		n, peers := k.resetTogether()
		if n < 12 && !(k.S.Knows(flow.HasFIN) && k.S.Una.Before(k.S.FinSeq)) {
			return nil, false
		}
		facts := k.abortFacts()
		if n > 1 {
			facts = append(facts, fact(&k.R, "one of %d connections of the %s, with %s, reset within a second", n, k.sender(), plural(peers, "peer")))
		}
		return facts, true
	},
	strength: func(k *Case) cause.Strength {
		if n, peers := k.resetTogether(); n >= 24 && peers >= 12 {
			return cause.Likely // dozens, with no common peer
		}
		return cause.Undetermined
	},
	open: "a kernel short of memory or orphans drops sockets like this",
}}

// resetTogether counts the sender's connections that it aborted within the
// same second, and their peers.
func (k *Case) resetTogether() (n, peers int) {
	if k.aborted > 0 {
		return k.aborted, k.peers
	}
	me := k.conn.Key.Addr(k.from).Addr()
	seen := map[netip.Addr]bool{k.conn.Key.Addr(1 - k.from).Addr(): true}
	n = 1
	k.around(5e8, func(x *recent) {
		if x.from.Addr() == me && x.id != k.conn.ID && x.form == spontaneous {
			n++
			seen[x.to.Addr()] = true
		}
	})
	k.aborted, k.peers = n, len(seen)
	return k.aborted, k.peers
}

var multipathRules = []*rule{{
	cause: cause.MPTCPFastclose,
	in:    anyPhase,
	need: func(k *Case) ([]Fact, bool) {
		if k.mptcp.Has(packet.MPFastClose) {
			return append([]Fact{fact(&k.R, "the reset bears MP_FASTCLOSE")}, k.headerFacts()...), true
		}
		if f := k.conn.MPTCP.Fastclose[k.from]; f != 0 {
			return []Fact{{Frame: f, Text: fmt.Sprintf("the %s sends MP_FASTCLOSE", k.sender())}, fact(&k.R, "the reset follows")}, true
		}
		if f := k.conn.MPTCP.Fastclose[1-k.from]; f != 0 && !k.R.Is(segment.ACK) {
			return []Fact{{Frame: f, Text: fmt.Sprintf("the %s sends MP_FASTCLOSE", k.receiver())}, fact(&k.R, "the reset answers it")}, true
		}
		return nil, false
	},
	strength: always(cause.Proven),
	open:     "MP_FASTCLOSE stands on this connection",
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
			return []Fact{{Frame: f, Text: fmt.Sprintf("the %s takes an address back (REMOVE_ADDR)", k.sender())}, fact(&k.R, "the reset of the subflow follows")}, true
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

// resetReason names a reason of MP_TCPRST (RFC 8684, 3.6).
func resetReason(code uint8) string {
	names := [...]string{"unspecified", "MPTCP-specific error", "lack of resources", "administratively prohibited",
		"too much outstanding data", "unacceptable performance", "middlebox interference"}
	if int(code) < len(names) {
		return names[code]
	}
	return "unassigned"
}
