package script

import (
	"slices"
	"strings"

	"rstlab/internal/segment"
)

// Format puts a scenario into the one form: what [Parse] reads from the result
// is what it reads from src. Path names the file in errors, which are Parse's.
func Format(src []byte, path string) ([]byte, error) {
	f, err := Parse(path, src)
	if err != nil {
		return nil, err
	}
	return []byte(f.format()), nil
}

// A row is a line that is being laid out.
type row struct {
	Line
	text string // the statement, without its columns
	as   string // "as NAME" of an event
}

func (f *File) format() string {
	rows := make([]row, len(f.Lines))
	for i, l := range f.Lines {
		rows[i] = row{Line: l}
		rows[i].text, rows[i].as = l.statement()
	}
	alignNames(rows)
	alignDelays(rows)
	var b strings.Builder
	blank := false
	for i, r := range rows {
		text := r.layout(rows[i+1:])
		if text == "" {
			blank = true
			continue
		}
		if blank && b.Len() > 0 {
			b.WriteByte('\n')
		}
		blank = false
		b.WriteString(text + "\n")
	}
	return b.String()
}

// The column of names of lines and of comments, and how it moves on behind a
// longer line.
const (
	column = 46
	tab    = 4
)

// layout gives the whole line; below are the rows that follow.
func (r row) layout(below []row) string {
	switch r.Node.(type) {
	case nil:
		if r.Comment != "" && belongsToTruth(below) {
			return indent + r.Comment
		}
		return r.Comment
	case *Truth, *Seen:
		if r.Comment == "" {
			return indent + r.text
		}
		return indent + r.text + "  " + r.Comment
	}
	text := r.text
	if r.as != "" {
		text = pad(text) + r.as
	}
	if r.Comment != "" {
		text = pad(text) + r.Comment
	}
	return text
}

const indent = "    "

// belongsToTruth reports whether a comment above these rows stands among the
// truths of a reset.
func belongsToTruth(below []row) bool {
	for _, r := range below {
		switch r.Node.(type) {
		case *Truth, *Seen:
			return true
		case nil:
			if r.Comment == "" {
				return false
			}
		default:
			return false
		}
	}
	return false
}

// pad fills text up to the next column that leaves two blanks.
func pad(text string) string {
	n := segment.Runes(text)
	col := column
	for col < n+3 {
		col += tab
	}
	return text + strings.Repeat(" ", col-1-n)
}

// alignNames puts the names of adjacent hosts, peers and middleboxes into a
// column.
func alignNames(rows []row) {
	isActor := func(r row) bool { _, ok := r.Node.(*ActorDecl); return ok }
	runs(rows, func(a, b row) bool { return isActor(a) && isActor(b) }, func(run []row) {
		width := 0
		for _, r := range run {
			if isActor(r) {
				width = max(width, len(r.toks[0].Text))
			}
		}
		for i, r := range run {
			if isActor(r) {
				kind := r.toks[0].Text
				run[i].text = kind + strings.Repeat(" ", width-len(kind)) + strings.TrimPrefix(r.text, kind)
			}
		}
	})
}

// alignDelays puts the "+D" of adjacent packet lines of one direction into a
// column of its own, where one of them has a "+D".
func alignDelays(rows []row) {
	sameDirection := func(a, b row) bool {
		p, ok := a.Node.(*Packet)
		q, also := b.Node.(*Packet)
		return ok && also && p.Cond == nil && q.Cond == nil &&
			p.Segment.Src == q.Segment.Src && p.Segment.Dst == q.Segment.Dst
	}
	runs(rows, sameDirection, func(run []row) {
		width := 0
		for _, r := range run {
			width = max(width, segment.Runes(r.delay()))
		}
		if width == 0 || len(run) == 1 {
			return
		}
		for i, r := range run {
			d := r.delay()
			run[i].text = d + strings.Repeat(" ", width-segment.Runes(d)+1) + strings.TrimLeft(strings.TrimPrefix(r.text, d), " ")
		}
	})
}

// delay gives the "+D" that a row begins with, "" where it has none.
func (r row) delay() string {
	if len(r.toks) > 0 && strings.HasPrefix(r.toks[0].Text, "+") {
		return r.toks[0].Text
	}
	return ""
}

// runs calls do with each longest run of rows whose neighbours belong together.
func runs(rows []row, together func(a, b row) bool, do func(run []row)) {
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && together(rows[n-1], rows[n]) {
			n++
		}
		do(rows[:n])
		rows = rows[n:]
	}
}

// statement gives the line's statement with its words in order, single blanks
// between them, and apart from it the "as NAME" of an event.
func (l Line) statement() (text, as string) {
	switch n := l.Node.(type) {
	case nil:
		return "", ""
	case *ActorDecl:
		return declText(l.toks, 2), ""
	case *Link:
		return declText(l.toks, 3), ""
	case []Cond:
		return join(glued(l.toks), ""), ""
	case *Truth, *Seen:
		return join(l.toks, " "), ""
	case Event:
		toks := l.toks
		if n.Head().As != "" {
			toks, as = toks[:len(toks)-2], "as "+n.Head().As
		}
		return eventText(toks, n.Head().Cond != nil), as
	}
	return join(l.toks, ""), ""
}

// declText lays out a declaration: two blanks before its attributes, which
// follow n words.
func declText(toks []segment.Token, n int) string {
	text := join(toks[:n], "")
	if len(toks) > n {
		text += "  " + join(glued(toks[n:]), "")
	}
	return text
}

// eventText lays out an event. Its condition is put together first, so that the
// signs in it are not taken for a direction.
func eventText(toks []segment.Token, hasCond bool) string {
	text := ""
	if hasCond {
		end := slices.IndexFunc(toks, func(t segment.Token) bool { return t.Is("]") })
		text = "[" + join(glued(toks[1:end]), "") + "] "
		toks = toks[end+1:]
	}
	return text + join(order(toks), "")
}
