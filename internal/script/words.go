package script

import (
	"cmp"
	"slices"
	"strings"

	"rstlab/internal/segment"
)

// join writes tokens with single blanks between words and none around what
// holds words together. AfterComma stands behind a comma outside options.
func join(toks []segment.Token, afterComma string) string {
	var b strings.Builder
	inOptions := false
	for i, t := range toks {
		if i > 0 {
			b.WriteString(between(toks[i-1], t, inOptions, afterComma))
		}
		switch {
		case t.Is("<"):
			inOptions = true
		case t.Is(">"):
			inOptions = false
		}
		b.WriteString(t.Text)
		if flagsBeforeField(toks, i) {
			b.WriteString(strings.Repeat(" ", max(2-len(t.Text), 0)))
		}
	}
	return b.String()
}

// between gives what stands between two tokens.
func between(a, b segment.Token, inOptions bool, afterComma string) string {
	switch {
	case b.Is(":"):
		if strings.Contains(a.Text, ":") {
			return " " // else it would be read as the address's
		}
		return ""
	case a.Is("("), a.Is("["), b.Is(")"), b.Is("]"), b.Is(","), a.Is("<"), inOptions && b.Is(">"):
		return ""
	case a.Is(",") && inOptions:
		return ""
	case a.Is(","):
		return afterComma
	case b.Kind == segment.String && b.Glued && strings.HasSuffix(a.Text, "="):
		return ""
	}
	return " "
}

// flagsBeforeField reports whether token i is the flags of a segment and a
// field follows, before which flags are padded to two.
func flagsBeforeField(toks []segment.Token, i int) bool {
	return i > 0 && toks[i-1].Is(":") && i+1 < len(toks) && segment.BeginsField(toks[i+1])
}

// glued makes one token of each run without blanks, such as kernel>=6.10 and
// ip=192.0.2.1,192.0.2.2.
func glued(toks []segment.Token) []segment.Token {
	var out []segment.Token
	for _, t := range toks {
		if n := len(out); t.Glued && n > 0 {
			out[n-1].Text += t.Text
		} else {
			out = append(out, t)
		}
	}
	return out
}

// order puts the flags and the fields of the segment that toks hold, if they
// hold one, into their order.
func order(toks []segment.Token) []segment.Token {
	colon := slices.IndexFunc(toks, func(t segment.Token) bool { return t.Is(":") })
	if colon < 0 {
		return toks
	}
	out := slices.Clone(toks[:colon+2])
	if f, err := segment.ParseFlags(out[colon+1].Text); err == nil {
		out[colon+1].Text = f.String()
	}
	rest := toks[colon+2:]
	if out[colon+1].Text == "icmp" {
		out, rest = append(out, rest[0]), rest[1:]
	}
	var fields [][]segment.Token
	for len(rest) > 0 && segment.BeginsField(rest[0]) {
		n := fieldLen(rest)
		fields = append(fields, rest[:n])
		rest = rest[n:]
	}
	slices.SortStableFunc(fields, func(a, b []segment.Token) int {
		return cmp.Compare(segment.FieldOrder(a[0]), segment.FieldOrder(b[0]))
	})
	return append(append(out, slices.Concat(fields...)...), rest...)
}

// fieldLen is how many tokens the field takes that toks begin with.
func fieldLen(toks []segment.Token) int {
	switch {
	case toks[0].Is("<"):
		return 1 + slices.IndexFunc(toks, func(t segment.Token) bool { return t.Is(">") })
	case strings.Contains(toks[0].Text, "="):
		return 1
	}
	return 2
}
