package judge

import (
	"slices"

	"rstlab/internal/segment"
)

// unresolved tells whether a verdict has no cause for want of a match: no other
// point is known to have seen the connection, and one saw a connection of which
// one end is the same, at the same time, with nothing to compare the two by,
// since the handshake of either is not in the captures. A device between may
// translate the other end's address.
func (s *sightings) unresolved(v *Verdict) bool {
	if !slices.Contains([]string{NoMatch, NoHandshake, OneDirection}, v.Why) {
		return false
	}
	for p, l := range s.logs {
		if p != s.home && l != nil {
			return false
		}
	}
	home := s.logs[s.home]
	t := s.common(s.home, s.lines[s.home].time)
	for _, g := range s.groups {
		if g[s.home] != nil {
			continue
		}
		for p, l := range g {
			if l != nil && p != s.home && oneEnd(home, l) && !comparable(home, l) && s.common(p, l.lines[0].time) <= t+endSlack && s.common(p, l.lines[len(l.lines)-1].time) >= t-endSlack {
				return true
			}
		}
	}
	return false
}

// oneEnd tells whether two connections share just one address and port, and the
// other end's address is another.
func oneEnd(a, b *connLog) bool {
	for i := range 2 {
		for n := range 2 {
			if a.key.Addr(i) == b.key.Addr(n) {
				return a.key.Addr(1-i).Addr() != b.key.Addr(1-n).Addr()
			}
		}
	}
	return false
}

// comparable tells whether the first numbers of two connections can be told
// apart.
func comparable(a, b *connLog) bool {
	syn := func(l *connLog) bool {
		return slices.ContainsFunc(l.lines, func(x line) bool { return x.is(segment.SYN) })
	}
	return syn(a) && syn(b)
}
