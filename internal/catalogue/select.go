package catalogue

import (
	"fmt"
	"slices"
	"strings"

	"rstlab/internal/script"
)

// A Selector says whether a scenario is wanted.
type Selector func(*script.File) bool

// ParseSelector reads an expression over a scenario's labels, its family and
// its causes: "a" has a, "!a" has it not, "a&&b" has both, "a,b" has one of
// them; "&&" binds tighter than ",".
func ParseSelector(expr string) (Selector, error) {
	var any []Selector
	for _, part := range strings.Split(expr, ",") {
		var all []Selector
		for _, term := range strings.Split(part, "&&") {
			s, err := parseTerm(expr, strings.TrimSpace(term))
			if err != nil {
				return nil, err
			}
			all = append(all, s)
		}
		any = append(any, func(f *script.File) bool {
			return !slices.ContainsFunc(all, func(s Selector) bool { return !s(f) })
		})
	}
	return func(f *script.File) bool {
		return slices.ContainsFunc(any, func(s Selector) bool { return s(f) })
	}, nil
}

func parseTerm(expr, term string) (Selector, error) {
	name, negated := strings.CutPrefix(term, "!")
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return nil, fmt.Errorf("parse label expression %q: found %q, expected a label, a family or a cause, alone or with \"!\" before it", expr, term)
	}
	return func(f *script.File) bool { return has(f, name) != negated }, nil
}

func has(f *script.File, name string) bool {
	return Family(f) == name || slices.Contains(f.Labels, name) || slices.Contains(Causes(f), name)
}
