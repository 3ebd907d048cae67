//go:build linux

package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"time"

	"rstlab/internal/segment"
)

type action int

const (
	drop action = iota
	hold
	delay
	rewrite
)

// A rule does something to the segments of a match.
type rule struct {
	id       int
	match    Match
	src, dst place
	hits     int // segments so far

	action action
	delay  time.Duration
	change change
	held   []heldPacket
}

// A place is an endpoint with the addresses that it means.
type place struct {
	endpoint segment.Endpoint
	addrs    []netip.Addr
}

func (p place) is(e segment.Endpoint) bool {
	return isEnd(p.endpoint, p.addrs, netip.AddrPortFrom(e.Addr, e.Port))
}

// A heldPacket waits at a rule.
type heldPacket struct {
	packet
	n    int // held segments are counted over all rules
	rule int // id of the one that held it
}

// A forgotten is a pair of ends whose connections have lost their state.
type forgotten struct {
	x, y  place
	then  string
	fresh map[flow]bool // connections that have begun since, by either flow
}

// String writes the match as a scenario does, without its count.
func (m Match) String() string {
	if m.AnyFlags {
		return fmt.Sprintf("%v > %v", m.Segment.Src, m.Segment.Dst)
	}
	return m.Segment.String()
}

// add makes a rule of r.
func (b *Middlebox) add(verb string, m Match, r *rule) error {
	src, errSrc := b.names.place(m.Segment.Src)
	dst, errDst := b.names.place(m.Segment.Dst)
	if err := errors.Join(errSrc, errDst); err != nil {
		return fmt.Errorf("%s %v: %w", verb, m, err)
	}
	r.match, r.src, r.dst = m, src, dst
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drain()
	b.made++
	r.id = b.made
	b.rules = append(b.rules, r)
	return nil
}

func (n resolver) place(e segment.Endpoint) (place, error) {
	addrs, err := n.addrs(e)
	return place{e, addrs}, err
}

// has reports whether the rule was made with m, but for the count.
func (r *rule) has(m Match) bool {
	m.Count = r.match.Count
	return reflect.DeepEqual(m, r.match)
}

// takes reports whether the rule is for a packet, and counts it.
func (r *rule) takes(p packet) bool {
	s := p.frame.Segment
	if r.match.Count > 0 && r.hits == r.match.Count || !r.src.is(s.Src) || !r.dst.is(s.Dst) {
		return false
	}
	if r.match.AnyFlags {
		if !p.frame.IsTCP {
			return false
		}
	} else if !r.match.Segment.Match(s, p.base) {
		return false
	}
	r.hits++
	return true
}

// lost finds what was forgotten of a segment's connection, nil where it has its
// state. A SYN gives it a new one.
func (b *Middlebox) lost(p packet) *forgotten {
	if !p.frame.IsTCP {
		return nil
	}
	s := p.frame.Segment
	begins := s.Flags&(segment.SYN|segment.ACK) == segment.SYN
	var last *forgotten
	for _, f := range b.forgotten {
		if !(f.x.is(s.Src) && f.y.is(s.Dst) || f.x.is(s.Dst) && f.y.is(s.Src)) {
			continue
		}
		if begins {
			f.fresh[p.flow], f.fresh[p.flow.reverse()] = true, true
		}
		if !f.fresh[p.flow] {
			last = f
		}
	}
	return last
}
