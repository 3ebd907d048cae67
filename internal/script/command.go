package script

import (
	"fmt"
	"strings"
	"unicode"
)

// Command splits the text of an exec into a program and its arguments, at blanks;
// quotes, single or double, keep blanks in a word, and a backslash keeps the next
// character as it is.
func Command(text string) ([]string, error) {
	var list []string
	var word strings.Builder
	var quote rune
	started, escaped := false, false
	for _, r := range text {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			started, escaped = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			started, quote = true, r
		case unicode.IsSpace(r):
			if started {
				list = append(list, word.String())
				word.Reset()
			}
			started = false
		default:
			started = true
			word.WriteRune(r)
		}
	}
	switch {
	case quote != 0:
		return nil, fmt.Errorf("no %c closes the quote", quote)
	case escaped:
		return nil, fmt.Errorf(`nothing stands behind the last \`)
	}
	if started {
		list = append(list, word.String())
	}
	return list, nil
}
