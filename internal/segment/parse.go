package segment

import (
	"strconv"
	"strings"
)

// Parse reads one segment: "server.80 > client: R. seq 1 ack 101". Its errors
// are of type *[Error].
func Parse(s string) (Segment, error) {
	toks, comment, lexErr := Lex(s)
	if lexErr != nil {
		return Segment{}, lexErr
	}
	c := NewCursor(s, toks)
	seg, err := c.Segment()
	switch {
	case err != nil:
		return Segment{}, err
	case c.More():
		return Segment{}, c.Peek().Unexpected(FieldNames()...)
	case comment != "":
		return Segment{}, &Error{runes(s) - runes(comment) + 1, runes(comment), "a segment has no comment"}
	}
	return seg, nil
}

// Segment takes a segment.
func (c *Cursor) Segment() (Segment, *Error) {
	s, dst, err := c.direction()
	if err != nil {
		return s, err
	}
	if !c.Accept(":") {
		return s, noFlags(c.Peek(), dst, s.Dst)
	}
	if c.Peek().Text == "icmp" {
		c.next++
		t := c.Next()
		if t.Kind != Word {
			return s, t.Expected("an ICMP error such as port-unreachable")
		}
		if !isICMPName(t.Text) {
			return s, t.Errorf("unknown ICMP error %q; known are %s%s", t.Text, strings.Join(ICMPNames(), ", "), DidYouMean(t.Text, ICMPNames()...))
		}
		s.ICMP = t.Text
	} else if err := c.flags(&s); err != nil {
		return s, err
	}
	return s, c.fields(&s)
}

// Pattern takes a direction, and flags and fields where a colon follows; all
// reports that none does: any segment of the direction is meant.
func (c *Cursor) Pattern() (s Segment, all bool, err *Error) {
	s, _, err = c.direction()
	if err != nil || !c.Accept(":") {
		return s, true, err
	}
	if err := c.flags(&s); err != nil {
		return s, false, err
	}
	return s, false, c.fields(&s)
}

// direction takes "SRC > DST" and gives DST's token, too.
func (c *Cursor) direction() (s Segment, dst Token, err *Error) {
	if s.Src, _, err = c.Endpoint(); err != nil {
		return s, dst, err
	}
	if !c.Accept(">") {
		return s, dst, c.Peek().Expected(`">" and where the segment goes`)
	}
	s.Dst, dst, err = c.Endpoint()
	return s, dst, err
}

// Endpoint takes an endpoint and gives its token, too.
func (c *Cursor) Endpoint() (Endpoint, Token, *Error) {
	t := c.Peek()
	if t.Kind != Word {
		return Endpoint{}, t, t.Expected("a host")
	}
	c.next++
	e, err := ParseEndpoint(t.Text)
	if err != nil {
		return e, t, t.at(err)
	}
	return e, t, nil
}

// noFlags is the error that found stands where a colon and flags should.
func noFlags(found, dst Token, e Endpoint) *Error {
	hint := ""
	if _, err := parsePort(found.Text, 1); err == nil && e.Port == 0 {
		hint = "; a port is written " + dst.Text + "." + found.Text
	}
	return found.Errorf(`expected ":" and flags after %q%s`, dst.Text, hint)
}

func (c *Cursor) flags(s *Segment) *Error {
	t := c.Peek()
	if t.Kind != Word || isField(t.Text) {
		return t.Expected("flags (F S R P . U E W or none)")
	}
	c.next++
	f, err := ParseFlags(t.Text)
	if err != nil {
		return t.at(err)
	}
	s.Flags = f
	return nil
}

// The words that begin a field with a number behind them.
var numberFields = []string{"seq", "rawseq", "ack", "rawack", "win", "length"}

// The keys of a segment's attributes, in the order in which they are printed.
var attrKeys = []string{"ttl", "id", "df", "tos", "flow", "badsum"}

// FieldNames lists what may stand behind the flags, as errors print it.
func FieldNames() []string {
	names := append(numberFields[:len(numberFields):len(numberFields)], "payload", "<options>")
	for _, k := range attrKeys {
		names = append(names, k+"=")
	}
	return names
}

// isField reports whether the word begins a field of a segment.
func isField(word string) bool {
	key, _, isAttr := strings.Cut(word, "=")
	if isAttr {
		return index(attrKeys, key) >= 0
	}
	return word == "payload" || index(numberFields, word) >= 0
}

func index(list []string, s string) int {
	for i, x := range list {
		if x == s {
			return i
		}
	}
	return -1
}

// fields takes the fields of s in any order, up to the first word that is none.
func (c *Cursor) fields(s *Segment) *Error {
	seen := map[string]bool{}
	for {
		t := c.Peek()
		name := t.Text
		switch key, _, isAttr := strings.Cut(t.Text, "="); {
		case t.Is("<"):
			name = "options"
		case t.Kind != Word || !isField(t.Text):
			return nil
		case isAttr:
			name = key
		case strings.HasPrefix(t.Text, "raw"):
			name = t.Text[len("raw"):]
		}
		if seen[name] {
			return t.Errorf("%s is written twice", name)
		}
		seen[name] = true
		if err := c.field(s, t); err != nil {
			return err
		}
	}
}

// field takes the field that begins with t.
func (c *Cursor) field(s *Segment, t Token) (err *Error) {
	if key, _, isAttr := strings.Cut(t.Text, "="); isAttr {
		c.next++
		return s.setAttr(key, t)
	}
	if t.Is("<") {
		s.Options, err = c.Options()
		return err
	}
	c.next++
	var n uint64
	switch t.Text {
	case "seq", "rawseq":
		s.Seq, err = c.seq(t.Text)
	case "ack", "rawack":
		n, err = c.number(t.Text, 32)
		s.Ack = &Ack{N: uint32(n), Raw: t.Text == "rawack"}
	case "win":
		n, err = c.number(t.Text, 16)
		s.Win = ptr(uint32(n))
	case "length":
		n, err = c.number(t.Text, 16)
		s.Length = ptr(uint32(n))
	case "payload":
		var text string
		text, err = c.text("payload")
		s.Payload = &text
	}
	return err
}

// seq takes "1" or "1:101" behind "seq" or "rawseq".
func (c *Cursor) seq(word string) (*Seq, *Error) {
	t := c.Peek()
	if t.Kind != Word {
		return nil, t.Expected("a number behind " + strconv.Quote(word))
	}
	c.next++
	from, to, hasEnd := strings.Cut(t.Text, ":")
	start, err := parseUint(from, 32)
	if err != nil {
		return nil, t.Errorf("bad %s %q; %v, or two of them: 1:101", word, t.Text, err)
	}
	if !hasEnd {
		return &Seq{Start: uint32(start), Raw: word == "rawseq"}, nil
	}
	end, err := parseUint(to, 32)
	if err != nil {
		return nil, t.Errorf("bad %s %q; %v behind the colon", word, t.Text, err)
	}
	if n := uint32(end) - uint32(start); n > 65535 {
		return nil, t.Errorf("bad %s %q; that is %d bytes, a segment holds 65535 at most", word, t.Text, n)
	}
	return &Seq{Start: uint32(start), End: uint32(end), HasEnd: true, Raw: word == "rawseq"}, nil
}

// text takes a string and unquotes it.
func (c *Cursor) text(what string) (string, *Error) {
	t := c.Peek()
	if t.Kind != String {
		return "", t.Expected(`a string behind ` + strconv.Quote(what))
	}
	c.next++
	return Unquote(t.Text), nil
}

// Unquote gives the bytes of a string that [Lex] has read.
func Unquote(s string) string {
	text, err := strconv.Unquote(s)
	if err != nil {
		panic("segment: a string that Lex has not read: " + s)
	}
	return text
}

// setAttr sets the attribute that t, "KEY=VALUE", writes.
func (s *Segment) setAttr(key string, t Token) *Error {
	value := t.Text[len(key)+1:]
	bits := map[string]int{"ttl": 8, "id": 16, "tos": 8, "flow": 20}[key]
	if bits == 0 {
		if value != "yes" && value != "no" {
			return t.Errorf("bad %s=%s; write yes or no", key, value)
		}
		if key == "df" {
			s.DF = ptr(value == "yes")
		} else {
			s.BadSum = value == "yes"
		}
		return nil
	}
	n, err := parseUint(value, bits)
	if err != nil {
		return t.Errorf("bad %s=%s; %v", key, value, err)
	}
	switch key {
	case "ttl":
		s.TTL = ptr(uint8(n))
	case "id":
		s.ID = ptr(uint16(n))
	case "tos":
		s.TOS = ptr(uint8(n))
	case "flow":
		s.Flow = ptr(uint32(n))
	}
	return nil
}

func ptr[T any](v T) *T { return &v }

// Unexpected is the error that t stands where nothing, or one of wanted, may.
func (t Token) Unexpected(wanted ...string) *Error {
	return t.Errorf("unexpected %q; here may stand %s%s", t.Text, strings.Join(wanted, ", "), DidYouMean(t.Text, wanted...))
}

// DidYouMean is ` (did you mean "send"?)`, "" where none of known is near.
func DidYouMean(word string, known ...string) string {
	near := Near(word, known...)
	if near == "" {
		return ""
	}
	return " (did you mean " + strconv.Quote(near) + "?)"
}
