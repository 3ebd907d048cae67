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
	seg, _, err := c.Segment()
	switch {
	case err != nil:
		return Segment{}, err
	case c.More():
		return Segment{}, c.Peek().Unexpected(FieldNames()...)
	case comment != "":
		return Segment{}, &Error{Runes(s) - Runes(comment) + 1, Runes(comment), "a segment has no comment"}
	}
	return seg, nil
}

// Places are the tokens of a segment that errors may point at.
type Places struct {
	Src, Dst, Flags Token
}

// Segment takes a segment and says where its parts stand.
func (c *Cursor) Segment() (s Segment, at Places, err *Error) {
	if err := c.direction(&s, &at); err != nil {
		return s, at, err
	}
	if !c.Accept(":") {
		return s, at, noFlags(c.Peek(), at.Dst, s.Dst)
	}
	at.Flags = c.Peek()
	if c.Accept("icmp") {
		err = c.icmp(&s)
	} else {
		err = c.flags(&s)
	}
	if err == nil {
		err = c.fields(&s)
	}
	return s, at, err
}

// Pattern takes a direction, and flags and fields where a colon follows; all
// reports that none does: any segment of the direction is meant.
func (c *Cursor) Pattern() (s Segment, all bool, at Places, err *Error) {
	if err := c.direction(&s, &at); err != nil {
		return s, true, at, err
	}
	if !c.Accept(":") {
		return s, true, at, nil
	}
	at.Flags = c.Peek()
	if err = c.flags(&s); err == nil {
		err = c.fields(&s)
	}
	return s, false, at, err
}

// direction takes "SRC > DST".
func (c *Cursor) direction(s *Segment, at *Places) (err *Error) {
	if s.Src, at.Src, err = c.Endpoint(); err != nil {
		return err
	}
	if !c.Accept(">") {
		return c.Peek().Expected(`">" and where the segment goes`)
	}
	s.Dst, at.Dst, err = c.Endpoint()
	return err
}

func (c *Cursor) icmp(s *Segment) *Error {
	t := c.Peek()
	if t.Kind != Word {
		return t.Expected("an ICMP error such as port-unreachable")
	}
	c.next++
	if !isICMPName(t.Text) {
		names := ICMPNames()
		return t.Errorf("unknown ICMP error %q; known are %s%s", t.Text, strings.Join(names, ", "), DidYouMean(t.Text, names...))
	}
	s.ICMP = t.Text
	return nil
}

// Endpoint takes an endpoint and gives its token, too.
func (c *Cursor) Endpoint() (Endpoint, Token, *Error) {
	t := c.Peek()
	if t.Kind != Word {
		return Endpoint{}, t, t.Expected("a host")
	}
	c.next++
	e, err := parseEndpoint(t.Text)
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
	if t.Kind != Word || BeginsField(t) {
		return t.Expected("flags (F S R P . U E W or none)")
	}
	c.next++
	f, err := parseFlags(t.Text)
	if err != nil {
		return t.at(err)
	}
	s.Flags = f
	return nil
}

// The words and keys that begin a field, in the order in which they are
// printed; "<" begins options.
var fieldOrder = []string{
	"seq", "rawseq", "ack", "rawack", "win", "<", "length", "payload", "ttl=", "id=", "df=", "tos=", "flow=", "badsum=",
}

// FieldNames lists what may stand behind the flags, as errors print it.
func FieldNames() []string {
	names := append([]string(nil), fieldOrder...)
	names[index(names, "<")] = "<options>"
	return names
}

// FieldOrder is the place of the field that t begins in the order of fields, -1
// where it begins none.
func FieldOrder(t Token) int {
	word := t.Text
	if key, _, isAttr := strings.Cut(word, "="); isAttr {
		word = key + "="
	}
	if t.Kind != Word && !t.Is("<") {
		return -1
	}
	return index(fieldOrder, word)
}

// BeginsField reports whether t begins a field of a segment.
func BeginsField(t Token) bool { return FieldOrder(t) >= 0 }

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
		if !BeginsField(t) {
			return nil
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(t.Text, "raw"), "=")
		if t.Is("<") {
			name = "options"
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
