package script

import (
	"fmt"
	"slices"
	"strings"

	"rstlab/internal/segment"
)

// An attrKind is a row of the tables of attributes: a key and what its values
// must be.
type attrKind struct {
	key   string
	check func(Attr) error
}

// The attributes of declarations. A host has any sysctl tcp_… besides.
var (
	hostAttrs = []attrKind{
		{"ip", ownAddresses}, {"ttl", number(1, 255)}, {"forward", yesNo},
	}
	peerAttrs = []attrKind{
		{"ip", ownAddress}, {"ttl", number(1, 255)}, {"isn", number(0, 1<<32-1)}, {"win", number(0, 1<<16-1)},
	}
	middleboxAttrs = []attrKind{
		{"hops", number(0, 1)}, {"ttl", number(1, 255)},
	}
	linkAttrs = []attrKind{
		{"delay", duration}, {"mtu", number(68, 9216)}, {"rate", number(1, 1e12)}, {"net", network},
	}
)

// The attributes of verbs.
var (
	listenAttrs  = []attrKind{{"backlog", number(0, 1<<31-1)}, {"ip", oneAddress}}
	connectAttrs = []attrKind{{"isn", number(0, 1<<32-1)}, {"fastopen", number(1, 65535)}}
	socketAttrs  = []attrKind{{"md5", md5Key}}
	setAttrs     = []attrKind{
		{"linger", number(0, 65535)}, {"user_timeout", number(0, 1<<31-1)},
		{"keepidle", number(1, 32767)}, {"keepintvl", number(1, 32767)}, {"keepcnt", number(1, 127)},
		{"rcvbuf", number(1, 1<<30)}, {"sndbuf", number(1, 1<<30)}, {"nodelay", number(0, 1)},
		{"linger2", signed}, {"reuseport", number(0, 1)}, {"tos", number(0, 255)}, {"ttl", number(1, 255)},
	}
	routeAttrs   = []attrKind{{"rto_min", duration}, {"quickack", number(0, 1)}}
	forgetAttrs  = []attrKind{{"then", oneOf("drop", "reset", "pass")}}
	rewriteAttrs = []attrKind{
		{"ttl", number(0, 255)}, {"id", number(0, 1<<16-1)}, {"df", yesNo}, {"tos", number(0, 255)},
		{"flow", number(0, 1<<20-1)}, {"win", number(0, 1<<16-1)}, {"seq", signed}, {"ack", signed},
		{"src", endpoint}, {"dst", endpoint}, {"flags", flags},
	}
)

func keys(kinds []attrKind) []string {
	var ks []string
	for _, k := range kinds {
		ks = append(ks, k.key+"=")
	}
	return ks
}

func number(least, most uint64) func(Attr) error {
	return func(a Attr) error {
		n, err := a.Number()
		if err != nil || n < least || n > most {
			return a.bad(fmt.Sprintf("a number from %d to %d", least, most))
		}
		return nil
	}
}

func oneOf(words ...string) func(Attr) error {
	return func(a Attr) error {
		if !slices.Contains(words, a.Value) {
			return fmt.Errorf("%w%s", a.bad(or(words)), segment.DidYouMean(a.Value, words...))
		}
		return nil
	}
}

func signed(a Attr) error {
	n, _, err := a.Shift()
	if err != nil || n > 1<<32-1 || n < -(1<<32-1) {
		return a.bad("a number, + or - before it")
	}
	return nil
}

func yesNo(a Attr) error {
	if a.Value != "yes" && a.Value != "no" {
		return a.bad("yes or no")
	}
	return nil
}

func flags(a Attr) error    { _, err := a.Flags(); return err }
func endpoint(a Attr) error { _, err := a.Endpoint(); return err }

// oneAddress checks for what a socket can be bound to.
func oneAddress(a Attr) error {
	addrs, err := a.Addrs()
	if err != nil || len(addrs) > 1 {
		return a.bad("one address")
	}
	return nil
}

// ownAddress and ownAddresses check for what an interface can have.
func ownAddress(a Attr) error {
	if err := oneAddress(a); err != nil {
		return err
	}
	return ownAddresses(a)
}

func ownAddresses(a Attr) error {
	addrs, err := a.Addrs()
	if err != nil {
		return err
	}
	for _, addr := range addrs {
		if addr.IsUnspecified() || addr.IsLoopback() || addr.IsMulticast() || addr.Is4In6() {
			return fmt.Errorf("%v in %s= is no address of a link; write another", addr, a.Key)
		}
	}
	return nil
}

func duration(a Attr) error {
	if _, why := parseDuration(a.Value); why != "" {
		return fmt.Errorf("%s", why)
	}
	return nil
}

func network(a Attr) error {
	p, err := a.Prefix()
	if err == nil && p != p.Masked() {
		return fmt.Errorf("%s=%s has bits behind its length; write %v", a.Key, a.Value, p.Masked())
	}
	return err
}

// md5Key checks for what setsockopt(TCP_MD5SIG) takes (Linux
// TCP_MD5SIG_MAXKEYLEN).
func md5Key(a Attr) error {
	key, err := a.Text()
	if err != nil || !strings.HasPrefix(a.Value, `"`) || key == "" || len(key) > 80 {
		return a.bad(`a string of 1 to 80 bytes`)
	}
	return nil
}

// attr takes KEY=VALUE. The value may be a string, and go on behind commas.
func (l *line) attr() (Attr, *segment.Error) {
	t := l.Next()
	key, value, _ := strings.Cut(t.Text, "=")
	a := Attr{Pos: l.pos(t), Key: key, Value: value}
	if value == "" && l.Peek().Kind == segment.String && l.Peek().Glued {
		a.Value = l.Next().Text
		return a, nil
	}
	for l.Peek().Is(",") && l.Peek().Glued && l.PeekAt(1).Glued && l.PeekAt(1).Kind == segment.Word {
		a.Value += l.Next().Text + l.Next().Text
	}
	if a.Value == "" {
		return a, t.Errorf("%s has no value; nothing stands around the sign: %sVALUE", t.Text, t.Text)
	}
	return a, nil
}

// isAttr reports whether t begins KEY=VALUE.
func isAttr(t segment.Token) bool {
	key, _, found := strings.Cut(t.Text, "=")
	return found && t.Kind == segment.Word && key != ""
}

// sysctls are keys that are the kernel's: not known here, but of a known form.
type sysctls struct {
	form string // for errors
	is   func(key string) bool
}

// attrs takes the attributes that stand next and checks them by kinds; other
// keys are those of others, which may be nil. What names who has the
// attributes.
func (l *line) attrs(what string, kinds []attrKind, others *sysctls) ([]Attr, *segment.Error) {
	var attrs []Attr
	for isAttr(l.Peek()) {
		t := l.Peek()
		a, err := l.attr()
		if err != nil {
			return nil, err
		}
		if _, found := Find(attrs, a.Key); found {
			return nil, t.Errorf("%s= is written twice", a.Key)
		}
		i := slices.IndexFunc(kinds, func(k attrKind) bool { return k.key == a.Key })
		if i < 0 && (others == nil || !others.is(a.Key)) {
			known := keys(kinds)
			if others != nil {
				known = append(known, others.form)
			}
			return nil, t.Errorf("unknown %s= for %s; known are %s%s", a.Key, what, strings.Join(known, " "), segment.DidYouMean(a.Key+"=", known...))
		}
		if i >= 0 {
			if err := kinds[i].check(a); err != nil {
				return nil, &segment.Error{Col: t.Col + len(a.Key) + 1, Len: max(segment.Runes(a.Value), 1), Msg: err.Error()}
			}
		}
		attrs = append(attrs, a)
	}
	return attrs, nil
}
