package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// The colours of text, as ANSI codes. They carry nothing that the words do
// not say.
const (
	bold   = "1"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// text is what the text outputs share: what one record says, gathered so that
// it is written at once, and the reader's style.
type text struct {
	w     io.Writer
	style Style
	buf   bytes.Buffer
}

// printf adds to the record; arguments must be clean.
func (t *text) printf(format string, args ...any) { fmt.Fprintf(&t.buf, format, args...) }

// flush writes the record.
func (t *text) flush() error {
	_, err := t.buf.WriteTo(t.w)
	return err
}

// paint returns s in a colour where the reader sees colours.
func (t *text) paint(color, s string) string {
	if !t.style.Color {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

// field adds "  key       value" for each value, the key in a column of its own
// and only before the first.
func (t *text) field(key string, values ...string) {
	for _, value := range values {
		t.printf("  %-9s  %s\n", key, clean(value))
		key = ""
	}
}

// clean returns s without control characters, tabs aside: names of files and
// bytes of captures may hold some, and a terminal would obey them.
func clean(s string) string {
	if strings.IndexFunc(s, unprintable) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unprintable(r) {
			fmt.Fprintf(&b, `\x%02x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) && r != '\t' }

// plural returns "1 reset", "2 resets".
func plural[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// numbers returns "3 4 5", and of a long list its beginning and how many more
// there are.
func numbers(frames []int) string { return firstNumbers(frames, len(frames), "") }

// firstNumbers is numbers for the first of so many frames, with what is to be
// said of those that are named.
func firstNumbers(frames []int, all int, of string) string {
	const most = 12
	frames = frames[:min(len(frames), most)]
	s := strings.Trim(fmt.Sprint(frames), "[]") + of
	if more := all - len(frames); more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}
