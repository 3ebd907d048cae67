package nft

import (
	"strings"

	"rstlab/internal/segment"
)

// marks are the characters that are a word of their own, longest first.
var marks = []string{"==", "!=", "<=", ">=", "<", ">", "{", "}", "(", ")", ",", "|", "&"}

// lex takes a rule apart. The commas of "@th,160,32" belong to the word, and
// "/" alone is a word as any other.
func lex(rule string) []segment.Token {
	var toks []segment.Token
	rest, col := rule, 1
	take := func(kind segment.Kind, n int) {
		if kind != segment.End {
			toks = append(toks, segment.Token{Kind: kind, Text: rest[:n], Col: col})
		}
		col += segment.Runes(rest[:n])
		rest = rest[n:]
	}
	for rest != "" {
		switch m := mark(rest); {
		case strings.IndexByte(" \t", rest[0]) >= 0:
			take(segment.End, 1)
		case m != "":
			take(segment.Punct, len(m))
		default:
			take(segment.Word, wordLen(rest))
		}
	}
	return toks
}

// mark is the mark that s begins with, "" for none.
func mark(s string) string {
	for _, m := range marks {
		if strings.HasPrefix(s, m) {
			return m
		}
	}
	return ""
}

// wordLen is the length of the word that s begins with.
func wordLen(s string) int {
	for i := range s {
		inside := s[0] == '@' && s[i] == ','
		if i > 0 && !inside && (s[i] == ' ' || s[i] == '\t' || mark(s[i:]) != "") {
			return i
		}
	}
	return len(s)
}
