package judge

import (
	"fmt"
	"iter"
	"slices"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

// A reason is why a device reset a connection, as far as that shows.
type reason struct {
	id           cause.ID
	strength     cause.Strength
	alternatives []Alternative
}

// A forgery is a reset that a device between two points made: near saw it, q lies
// nearer to the named sender and did not.
type forgery struct {
	*sightings
	v       *Verdict // what near alone shows
	near, q int
	reason
	facts []Fact
}

// forged writes that a device between the two points made the reset, and why:
// each step may know better than those before.
func (s *sightings) forged(out, v *Verdict, near, q int) {
	f := forgery{sightings: s, v: v, near: near, q: q, reason: reason{id: cause.InjectedReset, strength: cause.Proven}}
	if v.Cause == cause.BlindReset {
		f.id = v.Cause
	}
	f.tell(near, s.lines[near].frame, "the reset, in the name of %v", v.From)
	f.tell(q, s.frameAround(q, near), "%s lies nearer to %v and ran at the time: no such reset came by, this was the last packet of the connection before", s.points[q].Name, v.From)
	f.byTrigger()
	f.byPause()
	f.byPayloadKept()
	f.byRewriting()
	f.byFirst()
	out.Sender, out.SenderStrength = Middlebox, cause.Proven
	if f.id == cause.InjectedReset && f.strength == cause.Proven && !s.tooSoon(v, near, q) && s.otherInterface(v, near, q) {
		f.strength, out.SenderStrength = cause.Likely, cause.Likely
		f.alternatives = append(f.alternatives, Alternative{v.Cause, v.Sender, cause.Possible, fmt.Sprintf("it may have left that host by an interface that %s does not see", s.points[q].Name)})
	}
	if s.renamed(near, q) && s.lines[near].bare() && f.id != cause.RewrittenReset && f.id != cause.FirewallRejectSyn {
		f.byTranslator(out)
	}
	if f.id == cause.FirewallRejectSyn {
		f.dislikes(v)
	}
	if v.Sender != Middlebox && f.byOtherHost() {
		out.SenderStrength = cause.Possible
		f.strength = min(f.strength, cause.Possible)
		f.alternatives = append(slices.Clone(f.alternatives), Alternative{cause.BackendSwitch, v.named(), cause.Possible, "another host behind the same address, as far away, may have got the segment"})
	}
	switch {
	case v.Sender == Middlebox:
		for _, x := range v.Evidence {
			if x.Frame != v.Frame {
				f.facts = append(f.facts, x)
			}
		}
	case v.Cause != cause.NoCauseDecided:
		out.Excluded = append(slices.Clone(out.Excluded), Exclusion{v.Cause, "the reset never left the address that it bears", []uint32{v.Frame}})
	}
	out.Cause, out.Strength, out.Why = f.id, f.strength, ""
	out.Alternatives, out.Evidence = f.alternatives, f.facts
}

// otherInterface tells whether the reset is what the host's own stack would answer to a
// segment that it got, and then it is silent: a stack without a socket looks for a way
// of its own, and of several interfaces may take another.
func (s *sightings) otherInterface(v *Verdict, near, q int) bool {
	here, there, r := s.logs[near], s.logs[q], s.lines[near]
	t := here.at(v.raw.answers.Frame)
	if v.raw.form != provoked || !r.bare() || r.id != 0 || v.Sender == Middlebox || v.Sender == NoSender || r.ttl != s.ttlOf(near, int(r.from)) || t == nil {
		return false
	}
	got := here.find(t, there)
	if got == nil {
		return false
	}
	side := here.side(there, int(r.from))
	return !slices.ContainsFunc(there.lines, func(x line) bool { return int(x.from) == side && x.frame > got.frame })
}

// dislikes leaves open that a device refuses what the SYN asks for, and has no rule
// against its port, where one point does.
func (r *reason) dislikes(v *Verdict) {
	for _, a := range v.Alternatives {
		if a.Cause == cause.OptionIntolerance {
			r.strength = min(r.strength, cause.Likely)
			r.alternatives = append(slices.Clone(r.alternatives), a)
		}
	}
}

// tell adds a fact.
func (f *forgery) tell(point int, frame uint32, format string, args ...any) {
	f.facts = append(f.facts, factOf(point, frame, format, args...))
}

// byTrigger looks at what the reset answers, or the peer's last segment before it:
// whether that was delivered or kept back.
func (f *forgery) byTrigger() {
	near, q, v := f.near, f.q, f.v
	trigger := v.raw.before()
	if !trigger.Exists() {
		if f.id == cause.InjectedReset {
			f.reason = unseenAnswer()
		}
		return
	}
	kept := f.keptBack()
	here := f.logs[near]
	t := here.at(trigger.Frame)
	var seen *line
	if kept != nil {
		t = kept
	} else if t != nil {
		seen = here.find(t, f.logs[q])
	}
	switch {
	case t == nil:
	case seen == nil && t.is(segment.SYN) && !t.is(segment.ACK):
		f.id = cause.FirewallRejectSyn
		f.tell(near, t.frame, "the SYN, which never came by there")
	case seen == nil && (t.len > 0 || v.raw.answers.Exists() || kept != nil):
		f.id = cause.InlinePolicyReset
		f.tell(near, t.frame, "the segment that it answers, which never came by there")
		if v.raw.form == provoked || kept != nil {
			f.reason = f.refusal(kept)
		} else if ack := f.tookOver(near, q, t); ack != nil {
			f.reason = otherLegFailed()
			f.tell(near, ack.frame, "an acknowledgment of it, in the name of %v, which that never sent: a device took it over", v.From)
		}
	case seen != nil && t.is(segment.SYN) && !t.is(segment.ACK) && !f.answered(q):
		f.id = cause.FirewallRejectSyn
		f.tell(near, t.frame, "the SYN")
		f.tell(q, seen.frame, "the SYN came by there and drew no answer")
	case seen != nil:
		f.tell(near, t.frame, "the segment that it answers, or the last before it")
		f.tell(q, seen.frame, "came by there: it was delivered")
		if f.id == cause.InjectedReset && (f.gaps(near, q) || f.acknowledgesMore()) {
			f.reason = unseenAnswer()
		}
	}
}

// acknowledgesMore tells whether the reset acknowledges more than near saw of the peer's
// payload: what it answers was not captured there.
func (f *forgery) acknowledgesMore() bool {
	r := f.lines[f.near]
	return r.is(segment.ACK) && slices.ContainsFunc(f.logs[f.near].lines, func(x line) bool { return x.from != r.from && x.len > 0 }) &&
		!slices.ContainsFunc(f.logs[f.near].lines, func(x line) bool {
			return x.from != r.from && !x.is(segment.RST) && !(x.seq + flow.Seq(x.len)).Before(r.ack)
		})
}

// unseenAnswer is why a device forged a reset of which it was not captured what it
// answers.
func unseenAnswer() reason {
	return reason{cause.InjectedReset, cause.Possible, []Alternative{{cause.InlinePolicyReset, Middlebox, cause.Possible, "what it answers was not captured: it may have been kept back"}}}
}

// byPause looks at the silence before a reset that answers nothing.
func (f *forgery) byPause() {
	if f.id != cause.InjectedReset || f.v.Idle == 0 || f.v.raw.answers.Exists() {
		return
	}
	if isAbout(f.v.Idle, knownIdleLimits...) {
		f.id = cause.MiddleboxIdleTimeout
	} else {
		f.strength = cause.Possible // it answers nothing, and the pause is no limit that is known
		f.alternatives = []Alternative{{cause.MiddleboxIdleTimeout, Middlebox, cause.Possible, "it comes out of a pause: a device may have forgotten the connection"}}
	}
	f.tell(f.near, f.lines[f.near].frame, "after %s of silence in both directions", duration(f.v.Idle))
}

// byPayloadKept looks for payload of the named sender at the reset's number that
// was kept back.
func (f *forgery) byPayloadKept() {
	near, q := f.near, f.q
	x, due := f.kept(near, q)
	if x == nil || f.id != cause.InjectedReset || !due && f.answers(q, x) {
		return
	}
	if !due {
		f.reason = reason{cause.InlinePolicyReset, cause.Possible, []Alternative{{cause.InjectedReset, Middlebox, cause.Possible, fmt.Sprintf("no packet shows that %s still ran when that segment was due", f.points[near].Name)}}}
		f.tell(q, x.frame, "a segment of %v with the reset's number, which did not come by at %s", f.v.From, f.points[near].Name)
		return
	}
	f.reason = reason{id: cause.InlinePolicyReset, strength: cause.Proven}
	f.tell(q, x.frame, "a segment of %v with the reset's number, which never came by at %s: it was kept back", f.v.From, f.points[near].Name)
	if ack := f.tookOver(q, near, x); ack != nil {
		f.reason = otherLegFailed()
		f.tell(q, ack.frame, "an acknowledgment of it, in the name of an end that never sent one: a device took it over")
	}
}

// answers tells whether a reset that came by at a point answers a segment, which has
// reached its receiver then.
func (f *forgery) answers(q int, x *line) bool {
	return slices.ContainsFunc(f.logs[q].lines, func(y line) bool {
		return y.from != x.from && y.frame > x.frame && y.bare() && y.seq == x.ack
	})
}

// byRewriting looks for the packet that was made a reset on its way.
func (f *forgery) byRewriting() {
	if x := f.replaced(f.near, f.q); x != nil {
		f.reason = reason{id: cause.RewrittenReset, strength: cause.Proven}
		f.tell(f.q, x.frame, "this packet, with the same number and identification or timestamp, is no reset there")
	}
}

// byFirst gives a reset that repeats a device's the cause of that.
func (f *forgery) byFirst() {
	if v := f.v; v.Repeats && f.id == cause.InjectedReset && v.raw.form == neither {
		if first := f.final[Frame{v.After.Point, v.After.Frame}]; first != nil && first.Sender == Middlebox {
			f.reason = reason{first.Cause, first.Strength, first.Alternatives}
		}
	}
}

// byTranslator leaves open that the device is the one whose address the reset
// bears, since it gives the named end another, or that it led the connection to
// another host, which is as far away as the one before and answers in that name.
func (f *forgery) byTranslator(out *Verdict) {
	f.tell(f.q, f.logs[f.q].lines[0].frame, "here that end has another address or port: %v is the translator's", f.v.From)
	out.SenderStrength = cause.Likely
	device := Alternative{f.id, Middlebox, cause.Possible, "a rule can refuse like this as well"}
	r := f.lines[f.near]
	switch {
	case f.v.Cause == cause.NATBypass:
		out.Sender = f.v.named()
		f.alternatives = []Alternative{device}
		f.id, f.strength = cause.NATBypass, cause.Likely
	case !initial(r.ttl) && hops(r.ttl) == hops(f.ttlOf(f.near, int(r.from))):
		out.Sender, out.SenderStrength = f.v.named(), cause.Possible
		f.tell(f.near, r.frame, "TTL %d: it comes over as many hops as that end's other packets", r.ttl)
		f.alternatives = append([]Alternative{device}, append(f.alternatives, f.translator())...)
		f.id, f.strength = cause.BackendSwitch, cause.Possible
	default:
		f.alternatives = append(f.alternatives, f.translator())
		f.strength = min(f.strength, cause.Possible)
	}
	f.strength = min(f.strength, cause.Likely)
}

// translator is that the translator's own stack sent the reset.
func (f *forgery) translator() Alternative {
	return Alternative{cause.NATBypass, f.v.named(), cause.Possible, "the translator's own stack answers like this to a segment that it does not translate"}
}

// keptBack finds the last segment that the reset can answer, by its number, of
// those that came by near and not at q; nil where there is none.
func (f *forgery) keptBack() *line {
	here, r := f.logs[f.near], f.lines[f.near]
	if f.v.raw.form == spontaneous || r.is(segment.ACK) {
		return nil
	}
	// Of a reset that answers nothing which was remembered, the log may know more.
	var kept *line
	for x := range f.answerable(f.v, f.near) {
		if here.find(x, f.logs[f.q]) == nil {
			kept = x
		}
	}
	return kept
}

// answerable are the segments that a bare reset can answer, by its number, of those that
// came by near before it.
func (s *sightings) answerable(v *Verdict, near int) iter.Seq[*line] {
	here, r := s.logs[near], s.lines[near]
	return func(yield func(*line) bool) {
		for i := range here.lines {
			x := &here.lines[i]
			if x.frame >= r.frame {
				return
			}
			if x.from != r.from && x.frame >= v.raw.trigger.Frame && x.is(segment.ACK) && !x.is(segment.RST) && x.ack == r.seq && !yield(x) {
				return
			}
		}
	}
}

// refusal says why the device refused a segment by a reset that takes its number
// from it: a policy, or that it did not know the connection any more. A pause
// before speaks for an idle limit, many connections in one moment for a lost
// table. When it lets others pass the same way afterwards, it knows the connection,
// and only policy is left; what passes the other way may go round the device. What
// one side sends first comes right behind the handshake, which a device has not
// forgotten yet; nor has it a connection that began when it had refused others.
func (f *forgery) refusal(kept *line) reason {
	other := func(id cause.ID, why string) Alternative {
		return Alternative{id, Middlebox, cause.Possible, why}
	}
	policy := other(cause.InlinePolicyReset, "a rule can refuse like this as well")
	loss := other(cause.MiddleboxStateLoss, "a device that lost its table, or that the connection's beginning did not pass, refuses like this")
	idle := f.v.Idle
	var there, back bool
	if !f.v.raw.here && f.logs[f.q] != nil && !f.renamed(f.near, f.q) { // a translator makes a new entry for what comes from inside
		there, back = f.forwards(f.near, f.q)
	}
	switch {
	case there, back && f.first(kept):
		return reason{cause.InlinePolicyReset, cause.Proven, nil}
	case kept != nil && kept.is(segment.SYN):
		return reason{cause.MiddleboxStateLoss, cause.Possible, []Alternative{policy}} // it knows of no SYN: that went another way
	case f.v.raw.lost >= scanTargets:
		return reason{cause.MiddleboxStateLoss, cause.Likely, []Alternative{policy}}
	case idle >= idleFloor && !back: // how long it was, the one that ended it decided, and no device
		return reason{cause.MiddleboxIdleTimeout, cause.Likely, []Alternative{loss, policy}}
	case idle > 0: // shorter than any limit that is known: many connections pause so
		return reason{cause.MiddleboxIdleTimeout, cause.Possible, []Alternative{loss, policy}}
	case f.v.raw.otherWay:
		return reason{cause.MiddleboxStateLoss, cause.Possible, []Alternative{policy}}
	case kept != nil && kept.len == 0, f.v.raw.lost >= 3, !back && !f.first(kept) && !f.v.raw.refusedBefore: // there is nothing in it that a rule could refuse, or it would refuse others at the same time
		return reason{cause.InlinePolicyReset, cause.Possible, []Alternative{loss}}
	}
	return reason{cause.InlinePolicyReset, cause.Likely, []Alternative{loss}}
}

// first tells whether what the reset refuses is the first payload of its receiver.
func (f *forgery) first(kept *line) bool {
	here, x := f.logs[f.near], f.v.raw.answers
	side := 1 - int(f.lines[f.near].from)
	seq := x.Seq
	if kept != nil {
		seq = kept.seq
	}
	return here.knows[side] && seq == here.isn[side]+1 && (kept != nil || x.Exists())
}

// byOtherHost tells whether the reset is what the stack of another host behind the same address
// would answer to what never came by at q: over as many hops as the named one, or more,
// which no device on the way there is away.
func (f *forgery) byOtherHost() bool {
	r := f.lines[f.near]
	ttl := f.ttlOf(f.near, int(r.from))
	there, back := f.forwards(f.near, f.q)
	return f.v.raw.form == provoked && r.bare() && r.id == 0 && ttl != 0 && hops(ttl) > 0 && hops(r.ttl) >= hops(ttl) &&
		f.keptFrom(f.v, f.near, f.q) && !f.tooSoon(f.v, f.near, f.q) && !there && !back
}

// otherLegFailed is why a device resets that had taken payload over: it could not
// bring it to its receiver, or would not.
func otherLegFailed() reason {
	return reason{cause.ProxyPropagatedReset, cause.Possible, []Alternative{{cause.InlinePolicyReset, Middlebox, cause.Possible, "it may have cut the connection by a rule of its own"}}}
}
