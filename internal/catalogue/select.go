package catalogue

import (
	"fmt"
	"slices"
	"strings"

	"rstlab/analyzer/cause"
	"rstlab/internal/script"
	"rstlab/internal/segment"
)

// A Selector says whether a scenario is wanted.
type Selector func(*script.File) bool

// ParseSelector reads an expression over a scenario's labels, its family and
// its causes: "a" has a, "!a" has it not, "a&&b" has both, "a,b" has one of
// them; "&&" binds tighter than ",". A word that is none of known is an error:
// misspelt, it would select something else than is meant.
func ParseSelector(expr string, known []string) (Selector, error) {
	var oneOf []Selector
	for _, part := range strings.Split(expr, ",") {
		var all []Selector
		for _, term := range strings.Split(part, "&&") {
			s, err := parseTerm(expr, strings.TrimSpace(term), known)
			if err != nil {
				return nil, err
			}
			all = append(all, s)
		}
		oneOf = append(oneOf, func(f *script.File) bool {
			return !slices.ContainsFunc(all, func(s Selector) bool { return !s(f) })
		})
	}
	return func(f *script.File) bool {
		return slices.ContainsFunc(oneOf, func(s Selector) bool { return s(f) })
	}, nil
}

func parseTerm(expr, term string, known []string) (Selector, error) {
	name, negated := strings.CutPrefix(term, "!")
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return nil, fmt.Errorf("parse label expression %q: found %q, expected a label, a family or a cause, alone or with \"!\" before it", expr, term)
	}
	if !slices.Contains(known, name) {
		return nil, fmt.Errorf("parse label expression %q: found %q, which is no label, family or cause%s", expr, name, segment.DidYouMean(name, known...))
	}
	return func(f *script.File) bool { return has(f, name) != negated }, nil
}

// Words are those that a selector may use of files: their labels and families,
// and all causes. They are sorted.
func Words(files []*script.File) []string {
	var words []string
	for _, f := range files {
		words = append(append(words, f.Labels...), Causes(f)...)
		if family := Family(f); family != "" {
			words = append(words, family)
		}
	}
	for _, c := range cause.Table() {
		words = append(words, string(c.ID))
	}
	slices.Sort(words)
	return slices.Compact(words)
}

func has(f *script.File, name string) bool {
	return Family(f) == name || slices.Contains(f.Labels, name) || slices.Contains(Causes(f), name)
}
