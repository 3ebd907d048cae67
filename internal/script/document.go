package script

import (
	"slices"
	"strings"
)

// document reads the first block of comments: summary, prose, sources.
func (p *parser) document() {
	var block []string
	for _, l := range p.file.Lines {
		if len(l.toks) > 0 || l.Comment == "" && len(block) > 0 {
			break
		}
		if l.Comment != "" {
			block = append(block, strings.TrimSpace(strings.TrimPrefix(l.Comment, "#")))
		}
	}
	for i, s := range block {
		see, cites := strings.CutPrefix(s, "See:")
		switch {
		case cites:
			for source := range strings.SplitSeq(see, ";") {
				if source = strings.TrimSpace(source); source != "" {
					p.file.Sources = append(p.file.Sources, source)
				}
			}
		case i == 0:
			p.file.Summary = s
		default:
			p.file.Prose = append(p.file.Prose, s)
		}
	}
	p.file.Prose = trimBlank(p.file.Prose)
}

// trimBlank cuts empty strings off both ends.
func trimBlank(s []string) []string {
	for len(s) > 0 && s[0] == "" {
		s = s[1:]
	}
	for len(s) > 0 && s[len(s)-1] == "" {
		s = s[:len(s)-1]
	}
	return slices.Clip(s)
}
