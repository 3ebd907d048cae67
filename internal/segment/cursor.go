package segment

import (
	"fmt"
	"strconv"
	"strings"
)

// A Cursor reads the tokens of one line from left to right. The parser of
// segments and that of scenarios share it, so that both read words alike.
type Cursor struct {
	toks []Token
	next int
	end  Token
}

// NewCursor reads toks, the tokens of line.
func NewCursor(line string, toks []Token) *Cursor {
	return &Cursor{toks: toks, end: Token{Kind: End, Col: Runes(line) + 1}}
}

// Peek returns the next token without taking it, one of kind [End] behind the
// last.
func (c *Cursor) Peek() Token { return c.PeekAt(0) }

// PeekAt returns the token n places behind the next one.
func (c *Cursor) PeekAt(n int) Token {
	if c.next+n >= len(c.toks) {
		return c.end
	}
	return c.toks[c.next+n]
}

// Next takes the next token.
func (c *Cursor) Next() Token {
	t := c.Peek()
	if t.Kind != End {
		c.next++
	}
	return t
}

// Accept takes the next token if it is the punctuation or word s.
func (c *Cursor) Accept(s string) bool {
	if t := c.Peek(); t.Kind == String || t.Kind == End || t.Text != s {
		return false
	}
	c.next++
	return true
}

// More reports whether tokens are left.
func (c *Cursor) More() bool { return c.next < len(c.toks) }

// Errorf is an error at t.
func (t Token) Errorf(format string, args ...any) *Error {
	return &Error{t.Col, max(t.Len(), 1), fmt.Sprintf(format, args...)}
}

// Expected is the error that want should stand where t stands.
func (t Token) Expected(want string) *Error {
	if t.Kind == End {
		return t.Errorf("expected %s at the end of the line", want)
	}
	return t.Errorf("expected %s, found %q", want, t.Text)
}

// Unexpected is the error that t stands where nothing, or one of wanted, may.
func (t Token) Unexpected(wanted ...string) *Error {
	return t.Errorf("unexpected %q; here may stand %s%s", t.Text, strings.Join(wanted, ", "), DidYouMean(t.Text, wanted...))
}

// at places an error, whose column counts in t's text, in t's line.
func (t Token) at(e *Error) *Error {
	return &Error{t.Col + e.Col - 1, e.Len, e.Msg}
}

// number takes a number of at most bits bits; what names it in errors.
func (c *Cursor) number(what string, bits int) (uint64, *Error) {
	t := c.Peek()
	if t.Kind != Word {
		return 0, t.Expected("a number behind " + strconv.Quote(what))
	}
	c.next++
	n, err := parseUint(t.Text, bits)
	if err != nil {
		return 0, t.Errorf("bad %s %q; %v", what, t.Text, err)
	}
	return n, nil
}

// parseUint reads a number of at most bits bits.
func parseUint(s string, bits int) (uint64, error) {
	n, ok := ParseNumber(s)
	if most := uint64(1)<<bits - 1; !ok || n > most {
		return 0, fmt.Errorf("write a number from 0 to %d", most)
	}
	return n, nil
}
