package script

import (
	"slices"
	"strings"

	"rstlab/internal/segment"
)

// action reads what a program, a host or a middlebox does, behind "+D".
func (l *line) action(head EventHead) *segment.Error {
	a := &Action{EventHead: head}
	actor := l.Next()
	name, suffix, hasSuffix := strings.Cut(actor.Text, ".")
	a.Actor = Actor{Pos: l.pos(actor), Name: name}
	decl := l.file.Actor(name)
	if decl == nil && l.guessed[name] {
		l.broken, l.lost = true, true
		return nil
	}
	if decl == nil {
		return l.unknownActor(actor, name)
	}
	verb := l.Peek()
	if verb.Kind != segment.Word {
		return verb.Expected(`a verb, or ">" and where a packet goes, behind "` + actor.Text + `"`)
	}
	l.Next()
	a.Verb, a.VerbPos = verb.Text, l.pos(verb)
	v := findVerb(decl.Kind, verb.Text)
	if v == nil {
		if hasSuffix {
			l.socketsOf(name).add(suffix) // whatever the verb was to be
		}
		return unknownVerb(decl, actor, verb)
	}
	if hasSuffix {
		if !v.onSocket {
			return actor.Errorf("%s is a verb of the whole %s; write %s %s", v.name, decl.Kind, name, v.name)
		}
		if err := l.socketName(&a.Actor, actor, suffix); err != nil {
			return err
		}
	}
	if v.onSocket {
		l.socketsOf(name).use(l, a, v, actor)
	}
	if err := v.args(l, a); err != nil {
		return err
	}
	if err := l.actionTail(a, v); err != nil {
		return err
	}
	if v.name == "inject" {
		l.begin(a, a.Args[0].Segment, l.injected)
	} else {
		l.begin(a, nil, verb)
	}
	return nil
}

// actionTail reads "= RESULT within D as NAME".
func (l *line) actionTail(a *Action, v *verbKind) *segment.Error {
	form := v.form(a.Actor)
	parts := []part{
		{"= RESULT", is("="), func(segment.Token) (err *segment.Error) {
			a.Result, err = l.result(v)
			return err
		}},
		l.withinPart(&a.EventHead),
	}
	if v.named {
		parts = append(parts, l.asPart(&a.EventHead, func(t segment.Token) *segment.Error { return l.nameFor(a, t) }))
	}
	unexpected := func(t segment.Token) *segment.Error {
		return t.Errorf("unexpected %q; write %s%s", t.Text, form, segment.DidYouMean(t.Text, "within", "as"))
	}
	if err := l.tail(unexpected, parts...); err != nil {
		return err
	}
	if v.results == aState && a.Result == nil {
		return l.Peek().Errorf("no state; write %s", form)
	}
	return nil
}

// form is how a line with v is written.
func (v *verbKind) form(a Actor) string {
	words := []string{a.String(), v.name}
	if v.operands != "" {
		words = append(words, v.operands)
	}
	switch {
	case v.results == aState:
		words = append(words, "= STATE")
	case v.results != 0:
		words = append(words, "[= RESULT]")
	}
	words = append(words, "[within D]")
	if v.named {
		words = append(words, "[as NAME]")
	}
	return strings.Join(words, " ")
}

// nameFor notes the name that an action gives: to a socket, a program or a
// packet.
func (l *line) nameFor(a *Action, t segment.Token) *segment.Error {
	switch a.Verb {
	case "accept":
		return l.socketsOf(a.Actor.Name).name(t)
	case "exec":
		key := a.Actor.Name + "." + t.Text
		if l.programs[key] {
			return t.Errorf("%s has a program %s already; choose another name", a.Actor.Name, t.Text)
		}
		l.programs[key] = true
		return nil
	}
	return l.namePacket(t)
}

// waits are words that other languages wait by.
var waits = []string{"sleep", "wait"}

const howToWait = `time passes by "+5s" before a line, and a packet line waits for its packet`

// unknownActor is the error that no statement begins with name.
func (l *line) unknownActor(t segment.Token, name string) *segment.Error {
	t.Text = name
	if slices.Contains(waits, name) {
		return t.Errorf("unknown host %q; %s", name, howToWait)
	}
	words := slices.Concat(l.file.names(), reserved)
	return t.Errorf("unknown host %q; %s%s", name, declared(l.file), segment.DidYouMean(name, words...))
}

// unknownVerb is the error that verb is none of the actor's.
func unknownVerb(decl *ActorDecl, actor, verb segment.Token) *segment.Error {
	for _, kind := range []ActorKind{Host, Middlebox} {
		if findVerb(kind, verb.Text) != nil {
			return verb.Errorf("%s is a %s; %s is a verb of %s", decl.Name, decl.Kind, verb.Text, plural(kind))
		}
	}
	if _, number := segment.ParseNumber(verb.Text); number && !strings.Contains(actor.Text, ".") {
		return verb.Errorf("unknown verb %q for %s %s; a port is written %s.%s", verb.Text, decl.Kind, decl.Name, actor.Text, verb.Text)
	}
	names := verbNames(decl.Kind)
	hint := segment.DidYouMean(verb.Text, names...)
	switch {
	case slices.Contains(waits, verb.Text):
		hint = "; " + howToWait
	case decl.Kind == Peer:
		hint = "; a peer has no verbs, its packet lines send"
	case hint == "":
		hint = "; known are " + strings.Join(names, ", ")
	}
	return verb.Errorf("unknown verb %q for %s %s%s", verb.Text, decl.Kind, decl.Name, hint)
}

func plural(k ActorKind) string {
	if k == Middlebox {
		return "middleboxes"
	}
	return string(k) + "s"
}
