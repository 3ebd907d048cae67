package script

import (
	"slices"
	"strings"

	"rstlab/internal/segment"
)

// match reads the pattern of a middlebox's rule.
func (l *line) match(a *Action) *segment.Error {
	first := l.Peek()
	m := &Match{}
	var at segment.Places
	var err *segment.Error
	if m.Segment, m.AnyFlags, at, err = l.Pattern(); err != nil {
		return err
	}
	l.knownEnd(m.Segment.Src, at.Src)
	l.knownEnd(m.Segment.Dst, at.Dst)
	if m.Segment.BadSum {
		return at.Flags.Errorf("badsum=yes is for packets that the script sends, a peer's or an inject")
	}
	if t := l.Peek(); isCount(t) {
		l.Next()
		if m.Count, err = count(t); err != nil {
			return err
		}
	}
	a.Args = append(a.Args, Arg{Pos: l.pos(first), Match: m})
	return nil
}

func matchArgs(l *line, a *Action) *segment.Error { return l.match(a) }

func passArgs(l *line, a *Action) *segment.Error {
	if t := l.Peek(); !l.More() || t.Text == "within" {
		return nil
	}
	return l.match(a)
}

func delayArgs(l *line, a *Action) *segment.Error {
	if err := l.match(a); err != nil {
		return err
	}
	t := l.Peek()
	if t.Kind != segment.Word {
		return t.Expected("a duration behind the packets")
	}
	l.Next()
	d, err := l.duration(t, t.Text)
	if err != nil {
		return err
	}
	a.Args = append(a.Args, Arg{Pos: l.pos(t), Duration: &d})
	return nil
}

func rewriteArgs(l *line, a *Action) *segment.Error {
	if err := l.match(a); err != nil {
		return err
	}
	to := l.Peek()
	if !l.Accept("to") {
		return to.Expected(`"to" and what changes`)
	}
	fields, err := l.rewriteFields()
	if err != nil {
		return err
	}
	if f, ok := Find(fields, "flags"); ok {
		flags, _ := f.Flags()
		l.shown.add(flags)
	}
	a.Args = append(a.Args, Arg{Pos: l.pos(to), Rewrite: fields})
	return nil
}

// rewriteFields reads what stands behind rewrite's "to": attributes, options
// and a payload in any order.
func (l *line) rewriteFields() ([]Attr, *segment.Error) {
	var fields []Attr
	for {
		t := l.Peek()
		var more []Attr
		var err *segment.Error
		switch {
		case isAttr(t):
			more, err = l.attrs("rewrite", rewriteAttrs, nil)
		case t.Is("<"):
			var opts []segment.Option
			opts, err = l.Options()
			more = []Attr{{Pos: l.pos(t), Key: "options", Value: segment.OptionsString(opts)}}
		case t.Kind == segment.Word && t.Text == "payload":
			l.Next()
			s := l.Next()
			if s.Kind != segment.String {
				return nil, s.Expected(`a string behind "payload"`)
			}
			more = []Attr{{Pos: l.pos(t), Key: "payload", Value: s.Text}}
		case len(fields) == 0:
			return nil, t.Expected("what changes: " + strings.Join(keys(rewriteAttrs), " ") + ` <options> payload "…"`)
		default:
			return fields, nil
		}
		if err != nil {
			return nil, err
		}
		for _, f := range more {
			if _, found := Find(fields, f.Key); found {
				return nil, t.Errorf("%s is written twice", f.Key)
			}
		}
		fields = slices.Concat(fields, more)
	}
}

func injectArgs(l *line, a *Action) *segment.Error {
	seg, at, err := l.Segment()
	if err != nil {
		return err
	}
	l.knownEnd(seg.Src, at.Src)
	l.knownEnd(seg.Dst, at.Dst)
	l.shown.add(seg.Flags)
	l.injected = at.Flags
	a.Args = append(a.Args, Arg{Pos: l.pos(at.Src), Segment: &seg})
	return nil
}

func forgetArgs(l *line, a *Action) *segment.Error {
	for range 2 {
		e, t, err := l.endpoint()
		if err != nil {
			return err
		}
		a.Args = append(a.Args, Arg{Pos: l.pos(t), Endpoint: &e})
	}
	attrs, err := l.attrs("forget", forgetAttrs, nil)
	if then, ok := Find(attrs, "then"); ok && then.Value == "reset" {
		l.shown.anyReset = true
	}
	a.addAttrs(attrs)
	return err
}
