package script

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"rstlab/internal/segment"
)

// maxErrors bounds the errors that are told of one file.
const maxErrors = 20

// An Error is one mistake in a scenario file.
type Error struct {
	Path string
	Pos
	Len    int    // of what the mistake is, in characters
	Msg    string // what was found, what may stand there
	Source string // the line as it can be shown, one column a character
}

// Error gives "file:line:column: message", the line, and a caret under the
// place.
func (e *Error) Error() string {
	const indent = "        "
	head := fmt.Sprintf("%s:%d:%d: %s", e.Path, e.Line, e.Col, e.Msg)
	if e.Source == "" {
		return head
	}
	return head + "\n" + indent + e.Source + "\n" + indent + strings.Repeat(" ", e.Col-1) + strings.Repeat("^", e.Len)
}

// Errors are the mistakes of one file in the order of the file, at most 20.
type Errors []*Error

func (e Errors) Error() string {
	texts := make([]string, len(e))
	for i, err := range e {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "\n")
}

// Unwrap gives the errors one by one.
func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, err := range e {
		errs[i] = err
	}
	return errs
}

// errorAt records a mistake.
func (p *parser) errorAt(line int, e *segment.Error) {
	p.errs = append(p.errs, &Error{Path: p.file.Path, Pos: Pos{line, e.Col}, Len: e.Len, Msg: e.Msg})
}

// err gives the recorded mistakes, nil where there are none.
func (p *parser) err() error {
	if len(p.errs) == 0 {
		return nil
	}
	slices.SortStableFunc(p.errs, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	told := p.errs[:min(len(p.errs), maxErrors)]
	for _, e := range told {
		e.Source = visible(p.file.Lines[e.Line-1].Text)
	}
	return told
}

// visible gives line as it can be shown with a caret under it: one column for
// each character.
func visible(line string) string {
	return strings.TrimRightFunc(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, line), unicode.IsSpace)
}
