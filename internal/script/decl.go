package script

import (
	"slices"
	"strings"

	"rstlab/internal/segment"
)

// The readers of declarations by the word that begins them.
var declarations map[string]func(*line) *segment.Error

func init() {
	declarations = map[string]func(*line) *segment.Error{
		"host": (*line).actor, "peer": (*line).actor, "middlebox": (*line).actor,
		"link": (*line).link, "requires": (*line).requires, "label": (*line).label,
	}
}

// The words that begin statements name no actor.
var reserved = []string{"host", "peer", "middlebox", "link", "requires", "label", "no", "seen"}

// declaration reads a line that begins with a word of declarations.
func (l *line) declaration() *segment.Error {
	t := l.Peek()
	l.later = append(l.later, func() {
		if l.firstEvent != 0 && l.firstEvent < l.n {
			l.errorf(t, "declarations come first; the first event stands in line %d", l.firstEvent)
		}
	})
	if err := declarations[t.Text](l); err != nil {
		return err
	}
	return l.end()
}

func (l *line) actor() *segment.Error {
	kind := ActorKind(l.Next().Text)
	t, err := l.name("a name for the " + string(kind))
	if err != nil {
		return err
	}
	if slices.Contains(reserved, t.Text) {
		return t.Errorf("%q begins a statement and names no %s", t.Text, kind)
	}
	if other := l.file.Actor(t.Text); other != nil {
		return t.Errorf("%s is declared already, in line %d", t.Text, other.Pos.Line)
	}
	a := &ActorDecl{Pos: l.pos(t), Kind: kind, Name: t.Text}
	l.file.Actors = append(l.file.Actors, a) // even if an attribute is wrong: other lines name it
	l.node(a)
	switch kind {
	case Host:
		a.Attrs, err = l.attrs("a host", hostAttrs, &sysctls{"tcp_…=", isTCPSysctl})
	case Peer:
		a.Attrs, err = l.attrs("a peer", peerAttrs, nil)
	case Middlebox:
		a.Attrs, err = l.attrs("a middlebox", middleboxAttrs, nil)
	}
	if err == nil && l.More() && !isAttr(l.Peek()) {
		err = l.Peek().Expected("KEY=VALUE behind the name")
	}
	return err
}

func isTCPSysctl(key string) bool { return strings.HasPrefix(key, "tcp_") && segment.IsName(key) }

func (l *line) link() *segment.Error {
	l.Next()
	link := &Link{}
	var ends [2]segment.Token
	for i := range ends {
		t, err := l.name("the name of a host, peer or middlebox")
		if err != nil {
			return err
		}
		ends[i] = t
		l.later = append(l.later, func() { l.known(t) })
	}
	link.Pos, link.A, link.B = l.pos(ends[0]), ends[0].Text, ends[1].Text
	if link.A == link.B {
		return ends[1].Errorf("a link has two ends; both are %s", link.A)
	}
	for _, other := range l.file.Links {
		if other.joins(link.A, link.B) {
			return ends[0].Errorf("%s and %s are linked already, in line %d", link.A, link.B, other.Pos.Line)
		}
	}
	l.file.Links = append(l.file.Links, link)
	l.node(link)
	var err *segment.Error
	link.Attrs, err = l.attrs("a link", linkAttrs, nil)
	if err == nil && l.More() {
		err = l.Peek().Expected("KEY=VALUE behind the ends")
	}
	return err
}

func (l *Link) joins(a, b string) bool { return l.A == a && l.B == b || l.A == b && l.B == a }

func (l *line) label() *segment.Error {
	l.Next()
	var words []string
	for len(words) == 0 || l.More() {
		t, err := l.name("a label")
		if err != nil {
			return err
		}
		words = append(words, t.Text)
	}
	l.file.Labels = append(l.file.Labels, words...)
	l.node(words)
	return nil
}

func (l *line) requires() *segment.Error {
	l.Next()
	var conds []Cond
	for len(conds) == 0 || l.More() {
		c, err := l.cond()
		if err != nil {
			return err
		}
		conds = append(conds, c)
	}
	l.file.Requires = append(l.file.Requires, conds...)
	l.node(conds)
	return nil
}
