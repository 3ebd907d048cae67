package script

import (
	"net/netip"
	"slices"
	"strings"

	"rstlab/internal/segment"
)

// Actor gives the declaration of a name, nil where there is none.
func (f *File) Actor(name string) *ActorDecl {
	i := slices.IndexFunc(f.Actors, func(a *ActorDecl) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return f.Actors[i]
}

// String writes t as a line does behind the "@".
func (t Tap) String() string {
	if t.Side == "" {
		return t.Name
	}
	return t.Name + "/" + t.Side
}

// Taps gives the taps of an actor, in the order of its links: its own name
// where it has one link and is no middlebox, else one for each neighbour.
func (f *File) Taps(actor string) []Tap {
	var taps []Tap
	for _, l := range f.Links {
		switch actor {
		case l.A:
			taps = append(taps, Tap{actor, l.B})
		case l.B:
			taps = append(taps, Tap{actor, l.A})
		}
	}
	if a := f.Actor(actor); len(taps) == 1 && a != nil && a.Kind != Middlebox {
		return []Tap{{Name: actor}}
	}
	return taps
}

// Owner gives the actor that an endpoint names, by its name or by an address
// that is declared with "ip="; nil where the file does not tell.
func (f *File) Owner(e segment.Endpoint) *ActorDecl {
	if e.Name != "" {
		return f.Actor(e.Name)
	}
	for _, a := range f.Actors {
		if ip, ok := Find(a.Attrs, "ip"); ok {
			addrs, err := ip.Addrs()
			if err == nil && slices.Contains(addrs, e.Addr) {
				return a
			}
		}
	}
	return nil
}

// checkTopology checks what the declarations say together.
func (p *parser) checkTopology() {
	if p.brokenDecl || p.broken {
		return // a link may be among what could not be read
	}
	for _, a := range p.file.Actors {
		t := segment.Token{Kind: segment.Word, Text: a.Name, Col: a.Pos.Col}
		switch links := len(p.file.Taps(a.Name)); {
		case links == 0:
			p.errorAt(a.Pos.Line, t.Errorf("%s has no link; add: link %s NAME", a.Name, a.Name))
		case links > 1 && a.Kind == Peer:
			p.errorAt(a.Pos.Line, t.Errorf("%s has %d links; a peer has one", a.Name, links))
		case links == 1 && a.Kind == Middlebox:
			p.errorAt(a.Pos.Line, t.Errorf("%s has one link; a middlebox has two or more: link %s NAME", a.Name, a.Name))
		}
	}
}

// known gives the actor that t, up to its first dot, names; nil, with a mistake
// recorded, where there is none.
func (l *line) known(t segment.Token) *ActorDecl {
	name, _, _ := strings.Cut(t.Text, ".")
	a := l.file.Actor(name)
	if a == nil && !l.guessed[name] {
		t.Text = name
		l.errorf(t, "unknown host %q; %s%s", name, declared(l.file), segment.DidYouMean(name, l.file.names()...))
	}
	return a
}

func declared(f *File) string {
	if len(f.Actors) == 0 {
		return "none is declared"
	}
	return "declared are " + strings.Join(f.names(), ", ")
}

func (f *File) names() []string {
	var names []string
	for _, a := range f.Actors {
		names = append(names, a.Name)
	}
	return names
}

// endpoint takes a host or address that a line speaks of.
func (l *line) endpoint() (segment.Endpoint, segment.Token, *segment.Error) {
	e, t, err := l.Cursor.Endpoint()
	if err == nil {
		l.knownEnd(e, t)
	}
	return e, t, err
}

// knownEnd checks the name of an endpoint, where it has one.
func (l *line) knownEnd(e segment.Endpoint, t segment.Token) {
	if e.Name != "" {
		l.known(t)
	}
}

// tap takes a tap's name, s, which begins col characters into t.
func (l *line) tap(t segment.Token, col int, s string) (Tap, *segment.Error) {
	at := segment.Token{Kind: segment.Word, Text: s, Col: t.Col + col}
	name, side, hasSide := strings.Cut(s, "/")
	if !segment.IsName(name) || hasSide && !segment.IsName(side) {
		return Tap{}, at.Errorf("bad tap %q; write NAME or MIDDLEBOX/NEIGHBOUR", s)
	}
	tap := Tap{name, side}
	if l.known(segment.Token{Kind: segment.Word, Text: name, Col: at.Col}) == nil {
		return tap, nil
	}
	taps := l.file.Taps(name)
	if len(taps) > 0 && !slices.Contains(taps, tap) {
		l.errorf(at, "unknown tap %q; %s has %s%s", s, name, and(tapNames(taps)), segment.DidYouMean(s, tapNames(taps)...))
	}
	return tap, nil
}

func tapNames(taps []Tap) []string {
	var names []string
	for _, t := range taps {
		names = append(names, t.String())
	}
	return names
}

// needTap checks that an awaited packet to e, written as t, without "@" has one
// tap to arrive at.
func (l *line) needTap(e segment.Endpoint, t segment.Token) {
	owner := l.file.Owner(e)
	switch {
	case owner == nil && e.Addr != (netip.Addr{}):
		l.errorf(t, "no host has ip=%v; say at which tap: @NAME", e.Addr)
	case owner != nil:
		if taps := l.file.Taps(owner.Name); len(taps) > 1 || len(taps) == 1 && taps[0].Side != "" {
			l.errorf(t, "%s has no tap of its own; say which: @%s", owner.Name, strings.Join(tapNames(taps), " or @"))
		}
	}
}
