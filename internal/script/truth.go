package script

import (
	"slices"
	"strings"

	"rstlab/analyzer/cause"
	"rstlab/internal/segment"
)

// A resetLine is a reset that still wants its truth.
type resetLine struct {
	*line
	flags segment.Token
}

// needTruth records that the latest reset has no truth, where it has none.
func (p *parser) needTruth() {
	if p.reset != nil && p.last.Truth == nil {
		p.reset.errorf(p.reset.flags, `a reset needs a truth: "=> CAUSE by ACTOR" on the next line`)
	}
	p.reset = nil
}

// truth reads "=> CAUSE by ACTOR …".
func (l *line) truth() *segment.Error {
	arrow := l.Next()
	if l.reset == nil {
		return arrow.Errorf("a truth stands below a reset; %s", l.lastLine())
	}
	head := l.last
	if head.Truth != nil {
		return arrow.Errorf("the reset in line %d has a truth already, in line %d", head.Pos.Line, head.Truth.Pos.Line)
	}
	truth := &Truth{Pos: l.pos(arrow)}
	head.Truth = truth // even if a part is wrong: the reset has one
	l.node(truth)
	var err *segment.Error
	if truth.Cause, err = l.cause(); err != nil {
		return err
	}
	if !l.Accept("by") {
		return l.Peek().Expected(`"by" and who sent it`)
	}
	if truth.By, err = l.by(); err != nil {
		return err
	}
	unexpected := func(t segment.Token) *segment.Error {
		return t.Unexpected("after CAUSE", "not CAUSE", "(NAME …)")
	}
	return l.tail(unexpected,
		part{"after CAUSE", is("after"), func(segment.Token) *segment.Error {
			t, err := l.name(`a cause, or the name of a line, behind "after"`)
			if err != nil {
				return err
			}
			truth.After = t.Text
			l.later = append(l.later, func() {
				if _, named := l.packets[t.Text]; !named && !knownCause(t.Text) {
					l.errorf(t, "%q is neither a cause nor the name of a packet line%s", t.Text, segment.DidYouMean(t.Text, append(l.names(), causes()...)...))
				}
			})
			return nil
		}},
		part{"not CAUSE", is("not"), func(segment.Token) *segment.Error {
			for {
				t := l.Peek()
				c, err := l.cause()
				switch {
				case err != nil:
					return err
				case c == truth.Cause:
					return t.Errorf("%s is the cause itself", c)
				case slices.Contains(truth.Not, c):
					return t.Errorf("%s is written twice", c)
				}
				truth.Not = append(truth.Not, c)
				if !l.Accept(",") {
					return nil
				}
			}
		}},
		part{"(NAME …)", is("("), func(segment.Token) *segment.Error {
			for len(truth.Evidence) == 0 || !l.Accept(")") {
				t, err := l.name(`the name of a packet line, or ")"`)
				if err != nil {
					return err
				}
				truth.Evidence = append(truth.Evidence, t.Text)
				l.later = append(l.later, func() {
					if _, named := l.packets[t.Text]; !named {
						l.errorf(t, `no packet line is named %q; name one with "as %s"%s`, t.Text, t.Text, segment.DidYouMean(t.Text, l.names()...))
					}
				})
			}
			return nil
		}})
}

// names gives the names of packet lines.
func (p *parser) names() []string {
	var names []string
	for n := range p.packets {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// lastLine says what stands above a truth that has no reset.
func (p *parser) lastLine() string {
	if p.last == nil {
		return "no line above sends or sees one"
	}
	return "this is none: " + p.last.Text
}

// seenAs reads "seen @a+b as …".
func (l *line) seenAs() *segment.Error {
	word := l.Next()
	if l.reset == nil || l.last.Truth == nil {
		return word.Errorf(`"seen" stands below a truth, "=> CAUSE by ACTOR"`)
	}
	seen := &Seen{Pos: l.pos(word)}
	if t := l.Peek(); isTap(t) {
		l.Next()
		col := 1
		for s := range strings.SplitSeq(t.Text[1:], "+") {
			tap, err := l.tap(t, col, s)
			if err != nil {
				return err
			}
			col += segment.Runes(s) + 1
			seen.Taps = append(seen.Taps, tap)
		}
	}
	for _, other := range l.last.Seen {
		if slices.Equal(other.Taps, seen.Taps) {
			return word.Errorf("line %d says already what is seen there", other.Pos.Line)
		}
	}
	l.last.Seen = append(l.last.Seen, seen)
	l.node(seen)
	if !l.Accept("as") {
		return l.Peek().Expected(`"as" and what is seen`)
	}
	if l.Accept("undetermined") {
		return l.seenUndetermined(seen)
	}
	seen.Strength = l.strength()
	if t := l.Peek(); t.Kind == segment.Word && !knownCause(t.Text) && knownCause(l.PeekAt(1).Text) {
		return t.Errorf("unknown strength %q; known are %s%s", t.Text, and(strengths), segment.DidYouMean(t.Text, strengths...))
	}
	for len(seen.Causes) == 0 || l.Accept("or") {
		t := l.Peek()
		c, err := l.cause()
		if err != nil {
			return err
		}
		if slices.Contains(seen.Causes, c) {
			return t.Errorf("%s is written twice", c)
		}
		seen.Causes = append(seen.Causes, c)
	}
	return l.seenBy(seen, "or CAUSE")
}

// The reasons that an undetermined verdict gives.
var whys = []string{
	"no-handshake", "one-direction", "capture-drops", "snaplen", "corrupt", "tuple-reused", "nat-unresolved", "no-match",
}

func (l *line) seenUndetermined(seen *Seen) *segment.Error {
	seen.Undetermined = true
	if !l.Accept("why") {
		return l.seenBy(seen, "why NAME")
	}
	t, err := l.name("a reason behind \"why\"")
	if err != nil {
		return err
	}
	if !slices.Contains(whys, t.Text) {
		l.errorf(t, "unknown reason %q; known are %s%s", t.Text, and(whys), segment.DidYouMean(t.Text, whys...))
	}
	seen.Why = t.Text
	return l.seenBy(seen)
}

// seenBy reads who is seen to be the sender, the end of a seen line.
func (l *line) seenBy(seen *Seen, may ...string) (err *segment.Error) {
	seen.SenderStrength = l.strength()
	switch {
	case l.Accept("by"):
		if seen.By, err = l.by(); err != nil {
			return err
		}
		return l.end()
	case seen.SenderStrength != "":
		return l.Peek().Expected(`"by" and who is seen to be the sender`)
	}
	return l.end(append(may, "STRENGTH by ACTOR", "by ACTOR")...)
}

var strengths = []string{cause.Proven.String(), cause.Likely.String(), cause.Possible.String()}

// strength takes a strength where one stands.
func (l *line) strength() string {
	if t := l.Peek(); t.Kind == segment.Word && slices.Contains(strengths, t.Text) {
		return l.Next().Text
	}
	return ""
}

// by takes an actor.
func (l *line) by() (string, *segment.Error) {
	t, err := l.name(`an actor behind "by"`)
	if err == nil {
		l.known(t)
	}
	return t.Text, err
}

// cause takes a cause.
func (l *line) cause() (string, *segment.Error) {
	t, err := l.name("a cause")
	if err == nil && !knownCause(t.Text) {
		l.errorf(t, "unknown cause %q%s; see rstlab list causes", t.Text, segment.DidYouMean(t.Text, causes()...))
	}
	return t.Text, err
}

// knownCause reports whether a scenario can give s as what happened.
func knownCause(s string) bool {
	_, ok := cause.Lookup(cause.ID(s))
	return ok && cause.ID(s) != cause.NoCauseDecided
}

func causes() []string {
	var ids []string
	for _, c := range cause.Table() {
		if c.ID != cause.NoCauseDecided {
			ids = append(ids, string(c.ID))
		}
	}
	return ids
}
