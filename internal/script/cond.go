package script

import (
	"regexp"
	"strings"

	"rstlab/internal/segment"
)

// conditions are the words of "requires" and "[…]", and how each is written.
var conditions = []struct{ name, form string }{
	{"kernel", "kernel>=6.10"},
	{"root", "root"}, // of the machine, not of a user namespace alone
	{"ipv6", "ipv6"},
	{"nftables", "nftables"},
	{"exec", "exec=curl"},
}

var (
	versionForm = regexp.MustCompile(`^[0-9]+(\.[0-9]+)*$`)
	programForm = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.+-]*$`)
)

// cond takes a condition.
func (l *line) cond() (Cond, *segment.Error) {
	t := l.Peek()
	if t.Kind != segment.Word {
		return Cond{}, t.Expected("a condition such as kernel>=6.10 or root")
	}
	l.Next()
	c := Cond{Pos: l.pos(t), Name: t.Text}
	value := t
	if name, v, found := strings.Cut(t.Text, "="); found {
		c.Name, c.Op, c.Value = name, "=", v
	} else if op := l.Peek(); op.Is(">=") || op.Is("<") {
		l.Next()
		value = l.Next()
		if !op.Glued || !value.Glued || value.Kind != segment.Word {
			return c, op.Errorf("%q needs a version, and no blank around it: %s%s6.10", op.Text, c.Name, op.Text)
		}
		c.Op, c.Value = op.Text, value.Text
	}
	form, known := "", []string{}
	for _, k := range conditions {
		known = append(known, k.name)
		if k.name == c.Name {
			form = k.form
		}
	}
	switch {
	case form == "":
		return c, t.Errorf("unknown condition %q; known are %s%s", c.Name, and(known), segment.DidYouMean(c.Name, known...))
	case c.Name == "kernel" && c.Op != ">=" && c.Op != "<", c.Name == "exec" && c.Op != "=", form == c.Name && c.Op != "":
		return c, t.Errorf("bad condition %q; write %s", c.Name+c.Op+c.Value, form)
	case c.Name == "kernel" && !versionForm.MatchString(c.Value):
		return c, value.Errorf("bad version %q; write numbers joined by dots", c.Value)
	case c.Name == "exec" && !programForm.MatchString(c.Value):
		return c, t.Errorf("bad program %q; write the name of one on the PATH: %s", c.Value, form)
	}
	return c, nil
}
