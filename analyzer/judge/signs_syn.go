package judge

import (
	"fmt"

	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

// synSigns are those for a reset that answers a SYN: what its sender's stack
// sends elsewhere is the measure.
func (k *Case) synSigns() []sign {
	var all []sign
	for _, test := range []func(*Case) (sign, bool){
		(*Case).otherHostTTL, (*Case).noEcho, (*Case).fasterThanHost, (*Case).otherMAC, (*Case).madeHere, (*Case).bareToSYN, (*Case).synackToo,
	} {
		if s, ok := test(k); ok {
			all = append(all, s)
		}
	}
	if _, two := k.twoHosts(); two {
		for i := range all {
			all[i].proof = false // the one accepts and the other refuses
		}
	}
	return all
}

// otherHostTTL: the answer to the SYN came from nearer by than the address's
// other packets, as one of a filter on the path does. What comes from farther
// off is no filter's: a balancer answers for those behind it. Distances are
// compared, since a stack may begin at another value for resets.
func (k *Case) otherHostTTL() (sign, bool) {
	h := k.S.Host
	if h.TTLs[0].N == 0 {
		return sign{}, false
	}
	mine := flow.InitialTTL(k.R.TTL) - k.R.TTL
	for _, t := range h.TTLs {
		if t.N > 0 && (flow.InitialTTL(t.TTL)-t.TTL <= mine || limited(t.TTL)) {
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

// bareToSYN: no stack answers a SYN by an RST without ACK (RFC 9293, 3.5.2). A
// SYN has no number to give it; where it bears one, or the rest of a handshake
// shows, the SYN-ACK was lost to the capture, or the two have changed places.
func (k *Case) bareToSYN() (sign, bool) {
	s := sign{kind: signForm, frame: k.R.Frame, text: "an RST without ACK answers a SYN, which no stack does"}
	if !k.bareAtSYN() || k.R.Seq != 0 || k.P.FirstACK.Exists() || k.P.Packets > uint32(k.P.SYNs) {
		return s, false
	}
	for i := range k.later {
		switch l := &k.later[i]; {
		case l.Time-k.R.Time >= allowance || l.Is(segment.SYN) && !l.Is(segment.ACK):
			return s, true
		case l.Is(segment.ACK) && !l.Is(segment.RST):
			return s, false
		}
	}
	return s, true
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
	if k.R.Seq == found.End() && found.Time-k.R.Time <= allowance {
		return sign{}, false // the reset has its number from it: the two have changed places
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
