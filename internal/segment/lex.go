package segment

import (
	"strconv"
	"strings"
)

// A Kind tells tokens apart.
type Kind uint8

// The kinds of token. End stands behind the last token of a line.
const (
	End Kind = iota
	Word
	String // Text keeps its quotes
	Punct  // => >= = ( ) [ ] < > , ! and the colon behind a word
)

// A Token is one word of a line. Glued means that nothing stands between it
// and the token before.
type Token struct {
	Kind  Kind
	Text  string
	Col   int // from 1, in characters
	Glued bool
}

// Len is the length of the token in characters.
func (t Token) Len() int { return Runes(t.Text) }

// Is reports whether t is the punctuation s.
func (t Token) Is(s string) bool { return t.Kind == Punct && t.Text == s }

// Lex takes a line of the language apart: its tokens and its comment, with the
// "#". The error is a string that is not closed or not as in Go; the tokens
// before it are given.
func Lex(line string) (toks []Token, comment string, err *Error) {
	l := lexer{rest: line, col: 1}
	blank := true // a blank or the start of the line stands before rest
	for l.rest != "" {
		c := l.rest[0]
		switch {
		case isBlank(c):
			l.skip(1)
			blank = true
			continue
		case c == '#' && blank:
			return l.toks, strings.TrimRight(l.rest, " \t\r"), nil
		case c == '"':
			n := stringLen(l.rest)
			if n == 0 {
				return l.toks, "", &Error{l.col, Runes(l.rest), `string is not closed; it ends with "`}
			}
			if _, err := strconv.Unquote(l.rest[:n]); err != nil {
				return l.toks, "", &Error{l.col, Runes(l.rest[:n]), `bad string; it is written as in Go: \n \t \" \\ \x00`}
			}
			l.take(String, n, !blank)
		case punctLen(l.rest) > 0:
			l.take(Punct, punctLen(l.rest), !blank)
		default:
			l.word(!blank)
		}
		blank = false
	}
	return l.toks, "", nil
}

type lexer struct {
	rest string
	col  int
	toks []Token
}

func (l *lexer) skip(n int) {
	l.col += Runes(l.rest[:n])
	l.rest = l.rest[n:]
}

func (l *lexer) take(k Kind, n int, glued bool) {
	l.toks = append(l.toks, Token{k, l.rest[:n], l.col, glued && len(l.toks) > 0})
	l.skip(n)
}

// word takes a word, and the colon that closes it as a token of its own: of
// "server.80:" but not of "2001:db8::".
func (l *lexer) word(glued bool) {
	n := strings.IndexAny(l.rest, " \t\r\"()[]<>,")
	if n < 0 {
		n = len(l.rest)
	}
	w := l.rest[:n]
	switch {
	case w == "=" || w == ":":
		l.take(Punct, n, glued)
	case strings.HasSuffix(w, ":") && !strings.HasSuffix(w, "::"):
		l.take(Word, n-1, glued)
		l.take(Punct, 1, true)
	default:
		l.take(Word, n, glued)
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

// punctLen is the length of the punctuation that s begins with, 0 for none.
func punctLen(s string) int {
	switch {
	case strings.HasPrefix(s, "=>"), strings.HasPrefix(s, ">="):
		return 2
	case strings.IndexByte("()[]<>,!", s[0]) >= 0:
		return 1
	}
	return 0
}

// stringLen is the length of the quoted string that s begins with, 0 where its
// closing quote is missing.
func stringLen(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}
