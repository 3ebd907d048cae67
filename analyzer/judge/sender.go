package judge

import (
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

func (s *sign) fact() Fact { return factIn(s.frame, "%s", s.text) }

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
	if k.otherNumbering() {
		return nil // what was compared with was not this sender's
	}
	var all []sign
	if k.position == notItsOwn {
		all = append(all, sign{kind: signLink, proof: true, frame: k.R.Frame, text: "came in at the host whose address it bears"})
	}
	for _, test := range []func(*Case) (sign, bool){
		(*Case).otherTTL, (*Case).otherChain, (*Case).wrongClock, (*Case).wrongForm, (*Case).bareAbort, (*Case).crafted, (*Case).staleNumber,
		(*Case).steppedNumbers, (*Case).steppedACK, (*Case).tooFast, (*Case).refusesToo, (*Case).atOnce, (*Case).copiedID, (*Case).copiedWindow, (*Case).knownMark, (*Case).otherMAC, (*Case).madeHere, (*Case).livesOn, (*Case).notDelivered,
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

// otherNumbering tells whether the reset continues segments in the sender's name that
// have nothing to do with the numbers of the connection: the capture shows both sides of
// a device that gives it others, such as a SYN proxy.
func (k *Case) otherNumbering() bool {
	if d := abs(int64(k.R.Seq.Minus(k.S.Nxt))); !k.S.Knows(flow.KnowsNxt) || d <= 1<<24 {
		return false // it may be the sender's own, old or ahead
	}
	for i := range flow.RingLen {
		s := k.S.Last(i)
		if s == nil {
			break
		}
		if !s.Is(segment.RST) && s.Frame < k.R.Frame && s.End() == k.R.Seq {
			return true
		}
	}
	return false
}

// evades tells whether all that speaks against the sender is that it goes on,
// though the reset sits in its own header chain and is one that the receiver
// must ignore: then it may have meant that. A wrong checksum is no use to a device
// that wants to be believed, whatever else is not as the socket writes it.
func (k *Case) evades(signs []sign) bool {
	for _, s := range signs {
		if s.kind != signLivesOn && s.kind != signNotDelivered && s.kind != signNumbers && !(s.kind == signTTL && k.lowTTL()) && !(s.kind == signForm && k.badSum()) {
			return false
		}
	}
	if len(signs) == 0 || k.ignorable() == "" || !k.compared() && !k.lowTTL() {
		return false
	}
	return k.nextID() || !k.leavesChain()
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
