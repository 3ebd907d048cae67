package script

import (
	"slices"
	"strings"

	"rstlab/internal/nft"
	"rstlab/internal/segment"
)

// noArgs reads nothing.
func noArgs(*line, *Action) *segment.Error { return nil }

// attrArgs reads attributes, at least so many.
func attrArgs(verb string, kinds []attrKind, least int) func(*line, *Action) *segment.Error {
	return func(l *line, a *Action) *segment.Error {
		attrs, err := l.attrs(verb, kinds, nil)
		if err != nil {
			return err
		}
		if len(attrs) < least {
			return l.Peek().Expected("one of " + strings.Join(keys(kinds), " "))
		}
		a.addAttrs(attrs)
		return nil
	}
}

func (a *Action) addAttrs(attrs []Attr) {
	for i := range attrs {
		a.Args = append(a.Args, Arg{Pos: attrs[i].Pos, Attr: &attrs[i]})
	}
}

// wordArg reads one of words.
func wordArg(words ...string) func(*line, *Action) *segment.Error {
	return func(l *line, a *Action) *segment.Error {
		t := l.Peek()
		if t.Kind != segment.Word || !slices.Contains(words, t.Text) {
			return t.Expected(or(words))
		}
		l.Next()
		a.Args = append(a.Args, Arg{Pos: l.pos(t), Word: t.Text})
		return nil
	}
}

// stringArg reads a string.
func stringArg(verb, what string) func(*line, *Action) *segment.Error {
	return func(l *line, a *Action) *segment.Error {
		t := l.Peek()
		if t.Kind != segment.String {
			return t.Expected(`"…" with ` + what)
		}
		l.Next()
		text := segment.Unquote(t.Text)
		if strings.TrimSpace(text) == "" {
			return t.Errorf("nothing to %s; write %s", verb, what)
		}
		a.Args = append(a.Args, Arg{Pos: l.pos(t), String: &text})
		return nil
	}
}

// numberArg reads a number from 1 to 2^31-1, where one stands.
func (l *line) numberArg(a *Action) (found bool, err *segment.Error) {
	t := l.Peek()
	if t.Kind != segment.Word || t.Text[0] < '0' || t.Text[0] > '9' {
		return false, nil
	}
	l.Next()
	n, ok := segment.ParseNumber(t.Text)
	if !ok || n == 0 || n >= 1<<31 {
		return true, t.Errorf("bad number of bytes %q; write 1 to %d", t.Text, 1<<31-1)
	}
	a.Args = append(a.Args, Arg{Pos: l.pos(t), Number: &n})
	return true, nil
}

func recvArgs(l *line, a *Action) *segment.Error {
	_, err := l.numberArg(a)
	return err
}

func sendArgs(l *line, a *Action) *segment.Error {
	if found, err := l.numberArg(a); found || err != nil {
		return err
	}
	t := l.Peek()
	if t.Kind != segment.String {
		return t.Expected(`a number of bytes or "text"`)
	}
	l.Next()
	text := segment.Unquote(t.Text)
	if text == "" {
		return t.Errorf("nothing to send; write a byte at least")
	}
	a.Args = append(a.Args, Arg{Pos: l.pos(t), String: &text})
	return nil
}

func connectArgs(l *line, a *Action) *segment.Error {
	e, t, err := l.endpoint()
	if err != nil {
		return err
	}
	if e.Port == 0 {
		return t.Errorf("no port to connect to; write %s.PORT", t.Text)
	}
	a.Args = append(a.Args, Arg{Pos: l.pos(t), Endpoint: &e})
	attrs, err := l.attrs("connect", connectAttrs, nil)
	a.addAttrs(attrs)
	return err
}

func socketArgs(l *line, a *Action) *segment.Error {
	if t := l.Peek(); l.Accept("mptcp") {
		a.Args = append(a.Args, Arg{Pos: l.pos(t), Word: "mptcp"})
	}
	attrs, err := l.attrs("socket", socketAttrs, nil)
	a.addAttrs(attrs)
	if err == nil && len(a.Args) == 0 {
		err = l.Peek().Expected(`mptcp or md5="KEY"`)
	}
	return err
}

func killArgs(l *line, a *Action) *segment.Error {
	t := l.Peek()
	if t.Kind != segment.Word || t.Text == "within" {
		return nil
	}
	if _, err := l.name("the name of a program"); err != nil {
		return err
	}
	if !l.programs[a.Actor.Name+"."+t.Text] {
		l.errorf(t, `%s has no program %q; name one with "as %s"`, a.Actor.Name, t.Text, t.Text)
	}
	a.Args = append(a.Args, Arg{Pos: l.pos(t), Word: t.Text})
	return nil
}

// Keys that begin so belong to the machine, not to a network namespace.
var machineSysctls = []string{"abi", "crypto", "debug", "dev", "fs", "kernel", "user", "vm"}

func sysctlArgs(l *line, a *Action) *segment.Error {
	attrs, err := l.attrs("sysctl", nil, &sysctls{"keys of the network namespace, without net.ipv4. or whole", isSysctl})
	if err != nil {
		return err
	}
	if len(attrs) == 0 {
		return l.Peek().Expected("KEY=VALUE such as tcp_rfc1337=1")
	}
	a.addAttrs(attrs)
	return nil
}

// isSysctl reports whether key, which is whole or lacks "net.ipv4.", belongs to
// a network namespace.
func isSysctl(key string) bool {
	parts := strings.Split(key, ".")
	for _, p := range parts {
		if !segment.IsName(p) {
			return false
		}
	}
	return len(parts) == 1 || !slices.Contains(machineSysctls, parts[0])
}

func execArgs(l *line, a *Action) *segment.Error {
	l.shown.programs = true
	t := l.Peek()
	if err := stringArg("exec", "a program and its arguments")(l, a); err != nil {
		return err
	}
	if _, err := Command(*a.Args[0].String); err != nil {
		return t.Errorf("%v", err)
	}
	return nil
}

func nftArgs(l *line, a *Action) *segment.Error {
	l.shown.anyReset = true
	t := l.Peek()
	if err := stringArg("nft", "a rule")(l, a); err != nil {
		return err
	}
	_, err := nft.Parse(*a.Args[len(a.Args)-1].String)
	if err == nil {
		return nil
	}
	const quote = 1 // stands before the rule
	return &segment.Error{Col: t.Col + quote + err.Col - 1, Len: err.Len, Msg: err.Msg}
}

func routeArgs(l *line, a *Action) *segment.Error {
	t := l.Peek()
	if strings.Contains(t.Text, "/") && t.Kind == segment.Word {
		l.Next()
		at := Attr{Key: "route", Value: t.Text}
		if err := network(at); err != nil {
			return t.Errorf("%s", strings.Replace(err.Error(), "route=", "", 1))
		}
		prefix, _ := at.Prefix()
		a.Args = append(a.Args, Arg{Pos: l.pos(t), Prefix: &prefix})
	} else if err := l.hostArg(a); err != nil {
		return err
	}
	if t := l.Peek(); l.Accept("via") {
		a.Args = append(a.Args, Arg{Pos: l.pos(t), Word: "via"})
		if err := l.hostArg(a); err != nil {
			return err
		}
	}
	attrs, err := l.attrs("route", routeAttrs, nil)
	a.addAttrs(attrs)
	if err == nil && len(a.Args) == 1 {
		err = l.Peek().Expected("via HOST, rto_min= or quickack=")
	}
	return err
}

// hostArg reads a host or address without a port.
func (l *line) hostArg(a *Action) *segment.Error {
	e, t, err := l.endpoint()
	if err != nil {
		return err
	}
	if e.Port != 0 {
		return t.Errorf("a host stands here, without a port: %s", strings.TrimSuffix(t.Text, t.Text[strings.LastIndexByte(t.Text, '.'):]))
	}
	a.Args = append(a.Args, Arg{Pos: l.pos(t), Endpoint: &e})
	return nil
}
