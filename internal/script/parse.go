package script

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"rstlab/internal/segment"
)

// Parse reads a scenario. Path names it in errors and gives the file its name.
// The error is of type [Errors]: all mistakes that can be found without
// playing the scenario.
func Parse(path string, src []byte) (*File, error) {
	if bytes.IndexByte(src, 0) >= 0 {
		return nil, Errors{{Path: path, Pos: Pos{1, 1}, Msg: "found no text, expected a scenario; a capture is read by rstlab analyze"}}
	}
	p := parse(path, src)
	if err := p.err(); err != nil {
		return nil, err
	}
	return p.file, nil
}

// A parser reads one file: first its declarations, so that every other line
// knows them, then its events. What a line says about later ones is checked
// last.
type parser struct {
	file  *File
	errs  Errors
	later []func() // checks that need the whole file

	sockets  map[string]*sockets // by host
	packets  map[string]Pos      // packet lines by the name of "as"
	programs map[string]bool     // "HOST.NAME" of exec
	guessed  map[string]bool     // names that a misspelt declaration gives
	shown    shown               // what packets the script itself makes

	last       *EventHead // the latest event
	reset      *resetLine // where it is a reset, below which a truth stands
	brokenDecl bool       // a declaration could not be read, so that others may seem wrong
	broken     bool       // so could another line
	lost       bool       // it was the latest event
	firstEvent int        // lines, 0: none yet
	firstReset int
}

func parse(name string, src []byte) *parser {
	base := path.Base(filepath.ToSlash(name))
	p := &parser{
		file:     &File{Path: name, Name: strings.TrimSuffix(base, ".scenario")},
		sockets:  map[string]*sockets{},
		packets:  map[string]Pos{},
		programs: map[string]bool{},
		guessed:  map[string]bool{},
	}
	lines := p.split(src)
	p.document()
	var rest []*line
	for _, l := range lines {
		if declarations[l.Peek().Text] == nil {
			rest = append(rest, l)
		} else if err := cmp.Or(l.bad, l.declaration()); err != nil {
			p.errorAt(l.n, err)
			p.brokenDecl = true
		}
	}
	p.later = append(p.later, p.checkTopology)
	for _, l := range rest {
		l.guessName()
	}
	for _, l := range rest {
		err := l.bad
		if err == nil && l.More() {
			err = l.statement()
		}
		if err != nil {
			p.errorAt(l.n, err)
			l.breaks()
		}
	}
	p.needTruth()
	p.later = append(p.later, p.checkClaim)
	for _, check := range p.later {
		check()
	}
	return p
}

// A line is one line of the file that is being read.
type line struct {
	*segment.Cursor
	*parser
	n int // from 1

	bad      *segment.Error // why it can't be read
	injected segment.Token  // the flags of the segment that inject sends
}

func (l *line) pos(t segment.Token) Pos { return Pos{l.n, t.Col} }

// node notes what the line says.
func (l *line) node(n any) { l.file.Lines[l.n-1].Node = n }

// errorf records a mistake at t and goes on.
func (l *line) errorf(t segment.Token, format string, args ...any) {
	l.errorAt(l.n, t.Errorf(format, args...))
}

// guessName notes the name that a misspelt declaration gives ("hots client"), so
// that one mistake is told once.
func (l *line) guessName() {
	word, name := l.Peek().Text, l.PeekAt(1).Text
	if l.file.Actor(word) == nil && segment.IsName(name) && segment.Near(word, "host", "peer", "middlebox") != "" {
		l.guessed[name] = true
	}
}

// breaks keeps what the rest of the file needs of a statement that could not be
// read, so that one mistake is told once.
func (l *line) breaks() {
	l.broken = true
	toks := l.file.Lines[l.n-1].toks
	if len(toks) > 0 && (toks[0].Is("=>") || toks[0].Text == "seen" || toks[0].Text == "no") {
		return
	}
	l.needTruth()
	l.lost = true
	if n := len(toks); n > 2 && toks[n-2].Text == "as" {
		if _, taken := l.packets[toks[n-1].Text]; !taken {
			l.packets[toks[n-1].Text] = l.pos(toks[n-1])
		}
	}
}

// split takes the file apart into lines and these into tokens.
func (p *parser) split(src []byte) []*line {
	text := strings.TrimPrefix(string(src), "\uFEFF")
	var lines []*line
	for i, s := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		s = strings.TrimRight(s, " \t\r")
		toks, comment, err := segment.Lex(s)
		if !utf8.ValidString(s) {
			valid := s[:len(s)-len(afterInvalid(s))]
			err = &segment.Error{Col: segment.Runes(valid) + 1, Len: 1, Msg: "not UTF-8"}
		}
		p.file.Lines = append(p.file.Lines, Line{Text: s, Comment: comment, toks: toks})
		c := segment.NewCursor(strings.TrimRight(strings.TrimSuffix(s, comment), " \t"), toks)
		lines = append(lines, &line{Cursor: c, parser: p, n: i + 1, bad: err})
	}
	return lines
}

// afterInvalid gives s from its first byte that is not UTF-8.
func afterInvalid(s string) string {
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			break
		}
		s = s[n:]
	}
	return s
}

// statement reads a line that declares nothing.
func (l *line) statement() *segment.Error {
	t := l.Peek()
	switch {
	case (t.Is("=>") || t.Text == "seen") && l.lost:
		return nil // it belongs to a line that could not be read
	case t.Is("=>"):
		return l.truth()
	case t.Text == "seen":
		return l.seenAs()
	case t.Text == "no":
		return l.noReset()
	}
	return l.event()
}

func (l *line) noReset() *segment.Error {
	t := l.Next()
	if !l.Accept("reset") {
		return l.Peek().Expected(`"reset" behind "no"`)
	}
	if err := l.end(); err != nil {
		return err
	}
	if l.file.NoReset {
		return t.Errorf(`"no reset" is written already, in line %d`, l.file.NoResetPos.Line)
	}
	l.file.NoReset, l.file.NoResetPos = true, l.pos(t)
	l.node(NoReset{})
	return nil
}

// end checks that the line ends here; here may stand what may.
func (l *line) end(may ...string) *segment.Error {
	t := l.Peek()
	switch {
	case !l.More():
		return nil
	case len(may) == 0:
		return t.Errorf("unexpected %q; the line ends before it", t.Text)
	}
	return t.Unexpected(may...)
}

// name takes a name; what it is of is for the error.
func (l *line) name(what string) (segment.Token, *segment.Error) {
	t := l.Peek()
	if t.Kind != segment.Word {
		return t, t.Expected(what)
	}
	l.Next()
	if !segment.IsName(t.Text) {
		return t, t.Errorf("bad name %q; names are lower-case letters, digits, - and _, a letter first", t.Text)
	}
	return t, nil
}

// duration reads s, the end of t.
func (l *line) duration(t segment.Token, s string) (time.Duration, *segment.Error) {
	dur, why := parseDuration(s)
	if why != "" {
		return 0, &segment.Error{Col: t.Col + t.Len() - segment.Runes(s), Len: max(segment.Runes(s), 1), Msg: why}
	}
	return dur, nil
}

// and lists words as prose, "a, b and c".
func and(words []string) string { return list(words, " and ") }

// or lists words as prose, "a, b or c".
func or(words []string) string { return list(words, " or ") }

func list(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	n := len(words) - 1
	return fmt.Sprint(strings.Join(words[:n], ", "), last, words[n])
}
