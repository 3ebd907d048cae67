package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
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

// paint returns s in a colour, "" being none, where the reader sees colours.
func (t *text) paint(color, s string) string {
	if !t.style.Color || color == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

// field adds "  key       value" for each value, the key in a column of its own
// and only before the first.
func (t *text) field(key string, values ...string) {
	for _, value := range values {
		t.hanging(fmt.Sprintf("  %-9s  ", key), value)
		key = ""
	}
}

// hanging adds s behind lead, in as many lines as the reader's width asks for,
// those after the first indented as far as the first.
func (t *text) hanging(lead, s string) {
	for _, line := range wrap(clean(s), t.width()-len(lead)) {
		t.printf("%s%s\n", lead, line)
		lead = strings.Repeat(" ", len(lead))
	}
}

// line adds s as a line, which is broken only for a terminal: what reads a
// pipe may look for it.
func (t *text) line(lead, s string) {
	if t.style.Width > 0 {
		t.hanging(lead, s)
		return
	}
	t.printf("%s%s\n", lead, clean(s))
}

// title adds s as what the lines behind it are about, in one line as line does.
func (t *text) title(s string) {
	lines := []string{clean(s)}
	if t.style.Width > 0 {
		lines = wrap(lines[0], t.width()-len("  "))
	}
	t.printf("%s\n", t.paint(bold, strings.Join(lines, "\n  ")))
}

// width is how long a line of several may be.
func (t *text) width() int {
	if t.style.Width == 0 {
		return 100
	}
	return max(t.style.Width, 40)
}

// wrap breaks s at spaces into lines of at most so many characters. A word
// that is longer stays whole.
func wrap(s string, most int) []string {
	var lines []string
	for {
		end, n := -1, 0
		for i, r := range s {
			if r == ' ' && i > 0 && (n <= most || end < 0) {
				end = i
			}
			if n++; n > most && end >= 0 {
				break
			}
		}
		if n <= most || end < 0 {
			return append(lines, s)
		}
		lines = append(lines, s[:end])
		s = s[end+1:]
	}
}

// clean returns s without what is not printed, tabs aside: names of files and
// bytes of captures may hold control characters of both kinds, which a terminal
// obeys, and marks that turn the order of letters.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, unprintable) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			b.WriteString(escape(rune(s[i]))) // a byte that is no UTF-8
		case unprintable(r):
			b.WriteString(escape(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// escape writes a character as Go does.
func escape(r rune) string {
	switch {
	case r < 0x100:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	default:
		return fmt.Sprintf(`\U%08x`, r)
	}
}

// Clean is text of several lines without what is not printed: see clean.
func Clean(lines string) string {
	all := strings.Split(strings.TrimRight(lines, "\n"), "\n")
	for i, line := range all {
		all[i] = clean(line)
	}
	return strings.Join(all, "\n")
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

// mostNumbers is how many frames a list names.
const mostNumbers = 12

// firstNumbers is numbers for the first of so many frames, with what is to be
// said of those that are named.
func firstNumbers(frames []int, all int, of string) string {
	frames = frames[:min(len(frames), mostNumbers)]
	s := strings.Trim(fmt.Sprint(frames), "[]") + of
	if more := all - len(frames); more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}

// frame names a frame as Wireshark does, with its file where there are several.
func (t *text) frame(file string, n int) string {
	if t.style.Files {
		return fmt.Sprintf("%s frame %d", file, n)
	}
	return fmt.Sprintf("frame %d", n)
}
