package judge

import (
	"fmt"
	"math"
	"slices"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

// unlessLost takes back that a device between near and q made the reset, since it
// never came by at q, where that capture may have lost just this one packet: nothing
// that the named sender does afterwards, and nothing else of the two captures, says
// that it came from between.
func (s *sightings) unlessLost(out, v *Verdict, near, q int) {
	if out.Sender != Middlebox || out.Cause == cause.RewrittenReset || s.madeBetween(v, near, q) {
		return
	}
	lives := s.goesOnAt(v, near, q)
	name := s.points[q].Name
	made := Alternative{out.Cause, Middlebox, cause.Possible, fmt.Sprintf("it never came by at %s, unless that capture lost just this packet", name)}
	passed := out.Cause != cause.InjectedReset || s.delivered(v, near, q)
	switch {
	case lives != nil && v.raw.own && (lives.id != s.lines[near].id || lives.id == 0):
		out.Strength = min(out.Strength, cause.Possible)
		out.Alternatives = append(slices.Clone(out.Alternatives), Alternative{cause.RewrittenReset, Middlebox, cause.Possible, "it bears the next count or the clock of the sender, which goes on: a packet of its may have been made the reset"})
	case lives != nil && passed:
		if v.Sender != Middlebox { // else what near saw says so
			out.Evidence = append(slices.Clone(out.Evidence), factOf(q, lives.frame, "%v goes on here", v.From))
		}
	case v.raw.against >= cause.Likely && passed:
	case (v.raw.against >= cause.Likely || v.Repeats && v.Sender == Middlebox) && s.missing(near, q) > 1: // two would be lost
	case lives != nil || v.Sender == Middlebox || v.raw.against >= cause.Possible || s.otherWay(near):
		s.aDevice(out, v, made, lives != nil || v.raw.against >= cause.Likely)
	case v.raw.own || s.owes(v, near, q) || s.wasReset(near, q):
		out.Sender, out.SenderStrength = v.Sender, min(v.SenderStrength, cause.Likely)
		s.asNear(out, v, made)
		out.Strength = min(out.Strength, cause.Possible)
	default:
		out.Strength, out.SenderStrength = min(out.Strength, cause.Possible), min(out.SenderStrength, cause.Possible)
		if v.Cause != cause.NoCauseDecided && !slices.ContainsFunc(out.Alternatives, func(a Alternative) bool { return a.Cause == v.Cause }) {
			out.Alternatives = append(slices.Clone(out.Alternatives), Alternative{v.Cause, v.Sender, cause.Possible, fmt.Sprintf("the capture of %s may have lost just this packet", name)})
		}
	}
}

// aDevice writes that a device made the reset, which is sure or likely, and nothing
// says where: beyond q it may have kept back what came by there.
func (s *sightings) aDevice(out, v *Verdict, made Alternative, sure bool) {
	if !sure {
		out.SenderStrength = min(out.SenderStrength, cause.Likely)
	}
	switch {
	case out.Cause != cause.InjectedReset:
		out.Strength = min(out.Strength, cause.Likely)
	case v.Sender == Middlebox:
		s.asNear(out, v, made)
	default:
		out.Strength = min(out.Strength, cause.Possible)
		out.Alternatives = []Alternative{{cause.InlinePolicyReset, Middlebox, cause.Possible, "a device beyond both points may have kept back what it answers"}}
	}
}

// asNear gives a verdict the cause that near alone shows, and leaves another one open.
func (s *sightings) asNear(out, v *Verdict, other Alternative) {
	out.Cause, out.Why, out.Evidence, out.Excluded = v.Cause, v.Why, v.Evidence, v.Excluded
	out.Strength = min(v.Strength, cause.Likely)
	out.Alternatives = slices.DeleteFunc(slices.Clone(v.Alternatives), func(a Alternative) bool { return a.Cause == other.Cause })
	if other.Cause != v.Cause {
		out.Alternatives = append(out.Alternatives, other)
	}
}

// madeBetween tells whether more than its absence at q shows that the reset which near
// saw was made between the two.
func (s *sightings) madeBetween(v *Verdict, near, q int) bool {
	return s.tooSoon(v, near, q) || s.keptFrom(v, near, q) || s.inBothNames(v, near, q)
}

// otherWay tells whether the reset came from another distance to near than the rest of
// what bears its address, by more than a path that changes makes (causes.md, 2.1).
func (s *sightings) otherWay(near int) bool {
	r := s.lines[near]
	ttl := s.ttlOf(near, int(r.from))
	return ttl != 0 && !limited(ttl) && abs(int64(hops(ttl))-int64(hops(r.ttl))) > 2
}

// tooSoon tells whether the reset came by near sooner behind what it answers than that
// can have been to q and back. Both are told by the clock of near, less what the answers
// took beyond q by the clock of q.
func (s *sightings) tooSoon(v *Verdict, near, q int) bool {
	here, there, r := s.logs[near], s.logs[q], s.lines[near]
	t := here.at(v.raw.answers.Frame)
	if t == nil {
		return false
	}
	least := int64(math.MaxInt64)
	var last *line
	for i, n := range here.with(there).there {
		x := &here.lines[i]
		if n < 0 || x.is(segment.RST) {
			continue
		}
		if last != nil && x.from == r.from && last.from != r.from {
			least = min(least, x.time-last.time-(there.lines[n].time-here.find(last, there).time))
		}
		last = x
	}
	return least != math.MaxInt64 && least >= 4*shuffle && r.time-t.time+shuffle < least*8/10
}

// goesOnAt finds at q what the named sender sent after the reset, as if there had
// been none.
func (s *sightings) goesOnAt(v *Verdict, near, q int) *line {
	r := s.lines[near]
	here, there := s.logs[near], s.logs[q]
	side := here.side(there, int(r.from))
	if v.Cause == cause.EvasionReset || here.rel(there, int(r.from), r.seq) != 1 && !r.is(segment.ACK) && !s.spoke(near) {
		return nil // in SYN-RECEIVED a stack resets a bad ACK and keeps its state (RFC 9293, 3.5.2, group 2)
	}
	t, doubt := s.common(near, r.time), s.doubt(near, q)
	for i := range there.lines {
		y := &there.lines[i]
		if int(y.from) != side || y.is(segment.RST) {
			continue
		}
		later, sure := s.common(q, y.time)-t, doubt
		if x := there.find(y, here); x != nil {
			later, sure = x.time-r.time, allowance
		}
		if y.is(segment.SYN) && later > 0 {
			return nil // it begins anew
		}
		if later > sure {
			return y
		}
	}
	return nil
}

// delivered tells whether what the reset answers, or what its sender had got before it,
// reached the named sender: it acknowledges that at q. Nobody acknowledges a bare ACK.
func (s *sightings) delivered(v *Verdict, near, q int) bool {
	here := s.logs[near]
	t := here.at(v.raw.before().Frame)
	if t == nil {
		return false
	}
	n := flow.Seq(t.len)
	if t.is(segment.SYN) {
		n++
	}
	return n == 0 || here.ackedAt(s.logs[q], int(t.from), t.seq+n)
}

// spoke tells whether near saw more of the named sender before the reset than SYNs.
func (s *sightings) spoke(near int) bool {
	r := s.lines[near]
	return slices.ContainsFunc(s.logs[near].lines, func(x line) bool {
		return x.frame < r.frame && x.from == r.from && !x.is(segment.SYN) && !x.is(segment.RST)
	})
}

// keptFrom tells whether what the reset answers came by near and never at q.
func (s *sightings) keptFrom(v *Verdict, near, q int) bool {
	here, there, r := s.logs[near], s.logs[q], s.lines[near]
	gone := func(t *line) bool { return here.find(t, there) == nil && !there.holds(t, here) }
	if t := here.at(v.raw.answers.Frame); t != nil {
		return gone(t)
	}
	if !v.raw.trigger.Exists() || r.is(segment.ACK) {
		return false
	}
	some := false
	for t := range s.answerable(v, near) {
		if !gone(t) {
			return false
		}
		some = true
	}
	return some
}

// missing counts the resets in the sender's name that came by near and not at q.
func (s *sightings) missing(near, q int) int {
	here, r := s.logs[near], s.lines[near]
	n := 0
	for i, m := range here.with(s.logs[q]).there {
		if x := &here.lines[i]; m < 0 && x.from == r.from && x.is(segment.RST) && abs(x.time-r.time) <= endSlack {
			n++
		}
	}
	return n
}

// inBothNames tells whether q saw a reset in the other end's name, about then, that
// never came by at near: neither capture lost its own. What the reset answers came by
// before that: else the named sender, which was reset, may have answered it.
func (s *sightings) inBothNames(v *Verdict, near, q int) bool {
	r := s.lines[near]
	here, there := s.logs[near], s.logs[q]
	side := here.side(there, int(r.from))
	last := uint32(math.MaxUint32)
	drew := v.raw.answers
	if !drew.Exists() && v.raw.form == provoked {
		drew = v.raw.trigger
	}
	if t := here.at(drew.Frame); t != nil {
		last = 0
		if seen := here.find(t, there); seen != nil {
			last = seen.frame
		}
	}
	return slices.ContainsFunc(there.lines, func(y line) bool {
		return int(y.from) != side && y.is(segment.RST) && (last == math.MaxUint32 || y.frame > last) &&
			there.find(&y, here) == nil && abs(s.common(q, y.time)-s.common(near, r.time)) <= endSlack
	})
}

// owes tells whether the peer's last segment before the reset reached q and wanted an
// answer, and the named sender gave none: it had no connection any more.
func (s *sightings) owes(v *Verdict, near, q int) bool {
	here, there := s.logs[near], s.logs[q]
	t := here.at(v.raw.before().Frame)
	if t == nil || t.len == 0 && !t.is(segment.SYN) && !t.is(segment.FIN) {
		return false
	}
	seen := here.find(t, there)
	if seen == nil || s.until(q)-s.common(q, seen.time) < endSlack {
		return false
	}
	return !slices.ContainsFunc(there.lines, func(y line) bool { return y.frame > seen.frame && y.from != seen.from && !y.is(segment.RST) })
}

// wasReset tells whether q saw a reset of the connection before, in whichever name: what
// the named sender's stack answers after that, without a connection, is a reset.
func (s *sightings) wasReset(near, q int) bool {
	t := s.common(near, s.lines[near].time)
	return slices.ContainsFunc(s.logs[q].lines, func(y line) bool { return y.is(segment.RST) && s.common(q, y.time) < t })
}
