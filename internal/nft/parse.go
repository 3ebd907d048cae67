package nft

import (
	"slices"
	"strconv"
	"strings"

	"rstlab/internal/segment"
)

// Parse reads a rule: its hook, then its statements. The error says where, what
// was found and what may stand there.
func Parse(rule string) (*Rule, *segment.Error) {
	p := &parser{Cursor: segment.NewCursor(rule, lex(rule)), rule: &Rule{}}
	if err := p.hook(); err != nil {
		return nil, err
	}
	for p.More() {
		if err := p.statement(); err != nil {
			return nil, err
		}
	}
	if len(p.rule.Statements) == 0 || p.ends == nil && isMatch(p.rule.Statements[len(p.rule.Statements)-1]) {
		return nil, p.Peek().Expected("what happens to the packet (" + list(effects...) + ")")
	}
	return p.rule, nil
}

// effects are the words of statements that do something.
var effects = []string{
	"accept", "drop", "reject", "snat", "dnat", "masquerade", "redirect", "notrack", "counter",
}

// isMatch reports whether a statement only lets packets pass on.
func isMatch(s Statement) bool {
	switch s.(type) {
	case *Match, *Limit:
		return true
	}
	return false
}

// list lists words that may stand in a place: "accept, drop or reject".
func list(words ...string) string {
	if len(words) == 1 {
		return words[0]
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

type parser struct {
	*segment.Cursor
	rule *Rule
	ends *segment.Token // the word of a statement behind which nothing may stand
}

// wants is the error that one of words should stand where t stands.
func wants(t segment.Token, words ...string) *segment.Error {
	if t.Kind == segment.End {
		return t.Expected(list(words...))
	}
	return t.Errorf("expected %s, found %q%s", list(words...), t.Text, segment.DidYouMean(t.Text, words...))
}

// hook reads the first word.
func (p *parser) hook() *segment.Error {
	hooks := []string{string(Prerouting), string(Input), string(Forward), string(Output), string(Postrouting)}
	t := p.Peek()
	if !slices.Contains(hooks, t.Text) {
		return wants(t, hooks...)
	}
	p.Next()
	p.rule.Hook = Hook(t.Text)
	return nil
}

// add adds a statement.
func (p *parser) add(s Statement) { p.rule.Statements = append(p.rule.Statements, s) }

// in is the error that t's statement does not work in the rule's hook, nil
// where it does.
func (p *parser) in(t segment.Token, hooks ...Hook) *segment.Error {
	if slices.Contains(hooks, p.rule.Hook) {
		return nil
	}
	names := make([]string, len(hooks))
	for i, h := range hooks {
		names[i] = string(h)
	}
	return t.Errorf("%s does not work in %s; it does in %s", t.Text, p.rule.Hook, strings.Join(names, ", "))
}

// of sets the rule's family from one of its words.
func (p *parser) of(t segment.Token, f Family) *segment.Error {
	if f != 0 && p.rule.Family != 0 && p.rule.Family != f {
		return t.Errorf("%q is of IPv%d, but words before it are of IPv%d", t.Text, f, p.rule.Family)
	}
	if f != 0 {
		p.rule.Family = f
	}
	return nil
}

// statement reads one statement.
func (p *parser) statement() *segment.Error {
	t := p.Next()
	if p.ends != nil {
		return t.Errorf("unexpected %q; nothing may stand behind %s", t.Text, p.ends.Text)
	}
	switch t.Text {
	case "accept", "drop":
		p.ends = &t
		p.add(&Verdict{Accept: t.Text == "accept"})
	case "counter":
		p.add(Counter{})
	case "notrack":
		p.add(Notrack{})
		return p.in(t, Prerouting, Output)
	case "reject":
		p.ends = &t
		return p.reject(t)
	case string(SNAT), string(DNAT), string(Masquerade), string(Redirect):
		p.ends = &t
		return p.nat(t)
	case "limit":
		return p.limit()
	case "ip", "ip6", "meta", "ct", "iifname", "oifname", "tcp":
		return p.field(t)
	default:
		if strings.HasPrefix(t.Text, "@") {
			return p.raw(t)
		}
		return wants(t, append([]string{
			"ip", "ip6", "tcp", "ct", "meta", "iifname", "oifname", "@th,OFFSET,LENGTH", "limit",
		}, effects...)...)
	}
	return nil
}

// field reads the field that t begins, and its match or what it is set to.
func (p *parser) field(t segment.Token) *segment.Error {
	name := t.Text
	if name != IIFName && name != OIFName {
		second := p.Next()
		if t.Text == "tcp" && second.Text == "option" {
			return p.option()
		}
		if t.Text == "meta" && (second.Text == IIFName || second.Text == OIFName) {
			name = second.Text
		} else {
			name += " " + second.Text
		}
		if field(name) == nil {
			return wants(second, seconds(t.Text)...)
		}
		t = segment.Token{Kind: segment.Word, Text: name, Col: t.Col}
	}
	f := field(name)
	if err := p.known(t, f); err != nil {
		return err
	}
	if p.Accept("set") {
		return p.set(t, f)
	}
	return p.match(f)
}

// known notes what a field tells of the packet, or says why it is not known in
// the rule's hook.
func (p *parser) known(t segment.Token, f *Field) *segment.Error {
	if f.Name == OIFName && (p.rule.Hook == Prerouting || p.rule.Hook == Input) {
		return t.Errorf("oifname is not known in %s; the way out is known in forward, output, postrouting", p.rule.Hook)
	}
	if f.Name == IIFName && p.rule.Hook == Output {
		return t.Errorf("iifname is not known in output; the host's own packets came in nowhere")
	}
	return p.of(t, f.Family)
}

// seconds are the words that may follow the first word of a field.
func seconds(first string) []string {
	var s []string
	for _, f := range fields {
		if rest, ok := strings.CutPrefix(f.Name, first+" "); ok {
			s = append(s, rest)
		}
	}
	switch first {
	case "tcp":
		s = append(s, "option")
	case "meta":
		s = append(s, IIFName, OIFName)
	}
	return s
}

// option reads the name of a TCP option, and whether it must be there.
func (p *parser) option() *segment.Error {
	t := p.Next()
	kind, ok := lookup(options, t.Text)
	if n, isNumber := segment.ParseNumber(t.Text); isNumber && n <= 255 {
		kind, ok = uint32(n), true
	}
	if !ok {
		return wants(t, append(words(options), "the option's number")...)
	}
	m := &Match{Field: &Field{Name: "tcp option", Base: Option, Offset: kind, Size: 1, Kind: Present, TCP: true}, Op: Equal}
	switch t := p.Next(); t.Text {
	case "exists":
		m.Operands = []Operand{{From: []byte{1}, To: []byte{1}}}
	case "missing":
		m.Operands = []Operand{{From: []byte{0}, To: []byte{0}}}
	default:
		return wants(t, "exists", "missing")
	}
	p.add(m)
	return nil
}

// raw reads a field by its place: @th,OFFSET,LENGTH, both in bits.
func (p *parser) raw(t segment.Token) *segment.Error {
	bases := map[string]Base{"nh": Network, "th": Transport, "ih": Inner}
	parts := strings.Split(t.Text[1:], ",")
	base, ok := bases[parts[0]]
	if !ok || len(parts) != 3 {
		return t.Errorf("bad place %q; it is written @nh,OFFSET,LENGTH (from the IP header), @th (from the TCP header) or @ih (from the payload), in bits", t.Text)
	}
	var n [2]uint64
	for i, s := range parts[1:] {
		var err error
		if n[i], err = strconv.ParseUint(s, 0, 16); err != nil || n[i]%8 != 0 {
			return t.Errorf("bad %s %q; it is in bits and a multiple of 8", []string{"offset", "length"}[i], s)
		}
	}
	if n[1] < 8 || n[1] > 128 {
		return t.Errorf("bad length %d; a place is 8 to 128 bits long", n[1])
	}
	// What is behind the IP header is TCP's only where the packet is.
	f := &Field{Name: t.Text, Base: base, Offset: uint32(n[0] / 8), Size: uint32(n[1] / 8), TCP: base != Network}
	return p.match(f)
}

// limit reads a limit: rate [over] N/second [burst N packets].
func (p *parser) limit() *segment.Error {
	if !p.Accept("rate") {
		return wants(p.Peek(), "rate")
	}
	units := []Value{{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}}
	l := &Limit{Over: p.Accept("over"), Burst: 5}
	t := p.Next()
	count, per, _ := strings.Cut(t.Text, "/")
	rate, err := strconv.ParseUint(count, 10, 32)
	unit, ok := lookup(units, per)
	if err != nil || rate == 0 || !ok {
		return t.Errorf("bad rate %q; it is written 10/second, or /minute, /hour, /day", t.Text)
	}
	l.Rate, l.Unit = rate, uint64(unit)
	if p.Accept("burst") {
		t := p.Next()
		n, err := strconv.ParseUint(t.Text, 10, 16)
		if err != nil || n == 0 {
			return t.Expected("a number of packets behind burst")
		}
		l.Burst = uint32(n)
		if !p.Accept("packets") {
			return wants(p.Peek(), "packets")
		}
	}
	p.add(l)
	return nil
}
