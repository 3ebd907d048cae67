package play

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"

	"rstlab/analyzer"
	"rstlab/internal/catalogue"
	"rstlab/internal/script"
	"rstlab/internal/segment"
	"rstlab/lab"
)

// A mismatch is one way in which what happened is not what the script says.
type mismatch struct {
	pos     script.Pos // zero: of the file as a whole
	source  string     // the line as written
	text    string
	toward  string   // "server to client", whose packets came instead
	instead []string // in the notation
	verdict *analyzer.Verdict
}

// Error makes a mismatch an error, so that it can end the scenario.
func (m mismatch) Error() string { return m.text }

// mismatch says that ev's line did not come true.
func (p *player) mismatch(ev script.Event, text string) mismatch {
	h := ev.Head()
	m := mismatch{pos: h.Pos, source: h.Text, text: text}
	if line, ok := ev.(*script.Packet); ok {
		m.toward = line.Segment.Src.Name + " to " + line.Segment.Dst.Name
	}
	return m
}

// line is the mismatch in one line: place and text.
func (m mismatch) line(f *script.File) string {
	if m.pos.Line == 0 {
		return fmt.Sprintf("%s: %s", f.Path, m.text)
	}
	return fmt.Sprintf("%s:%d: %s", f.Path, m.pos.Line, m.text)
}

// story is the failure as a person reads it: each mismatch, then the three
// witnesses, then where the captures are and how to run it again.
func (p *player) story() string {
	var b strings.Builder
	for _, m := range p.failures {
		fmt.Fprintln(&b, m.line(p.file))
		if m.source != "" {
			fmt.Fprintf(&b, "        %s\n", m.source)
		}
		switch {
		case len(m.instead) > 0 && m.toward != "":
			fmt.Fprintf(&b, "  came instead, %s:\n", m.toward)
		case len(m.instead) > 0:
			fmt.Fprintln(&b, "  seen:")
		case m.toward != "" && m.verdict == nil:
			fmt.Fprintf(&b, "  nothing came instead, %s\n", m.toward)
		}
		for _, line := range m.instead {
			fmt.Fprintf(&b, "        %s\n", line)
		}
		if m.verdict != nil {
			for _, line := range verdictLines(m.verdict) {
				fmt.Fprintf(&b, "        %s\n", line)
			}
		}
	}
	for _, line := range p.programStory() {
		fmt.Fprintln(&b, line)
	}
	fmt.Fprintf(&b, "  script   %s\n", p.scriptStory())
	fmt.Fprintf(&b, "  kernel   %s\n", p.kernelWords())
	fmt.Fprintf(&b, "  analyzer %s\n", p.analyzerStory())
	if len(p.result.Captures) > 0 {
		fmt.Fprintf(&b, "  captures kept in %s/; ", filepath.Dir(p.result.Captures[0]))
	} else {
		b.WriteString("  ")
	}
	again := shellWord(p.file.Path)
	switch {
	case p.file.Catalogue:
		again = p.file.Name
	case p.file.Path == catalogue.Stdin:
		again = "-"
	}
	if !p.file.Catalogue && p.env.opts.AllowExec {
		again = "--allow-exec " + again
	}
	fmt.Fprintf(&b, "run again: rstlab run %s\n", again)
	return b.String()
}

// plainWord is what a shell takes as it is.
var plainWord = regexp.MustCompile(`^[\pL\pN_./][\pL\pN_./:,+=@-]*$`)

// shellWord writes a path so that a shell, and rstlab's own flags, take it for one.
func shellWord(path string) string {
	if strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	if plainWord.MatchString(path) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// verdictLines are what a verdict rests on, for comparison.
func verdictLines(v *analyzer.Verdict) []string {
	lines := []string{fmt.Sprintf("frame %d: %s (%s) by %s (%s): %s", v.Frame, v.Cause, v.Strength, v.Sender, v.SenderStrength, v.Summary)}
	for _, e := range v.Evidence {
		lines = append(lines, fmt.Sprintf("  frame %d: %s", e.Frame, e.Fact))
	}
	for _, e := range v.Excluded {
		lines = append(lines, fmt.Sprintf("  excluded %s: %s %v", e.Cause, e.Why, e.Frames))
	}
	for _, a := range v.Alternatives {
		lines = append(lines, fmt.Sprintf("  or %s (%s) by %s: %s", a.Cause, a.Strength, a.Sender, a.Why))
	}
	return lines
}

func (p *player) scriptStory() string {
	var truths []string
	for _, ev := range p.file.Events {
		if t := ev.Head().Truth; t != nil {
			truths = append(truths, fmt.Sprintf("%s by %s", t.Cause, t.By))
		}
	}
	if len(truths) == 0 {
		return "no reset"
	}
	return strings.Join(truths, ", ")
}

func (p *player) kernelWords() string {
	if p.watch == nil {
		var counts []string
		for _, a := range p.file.Actors {
			if n := p.counters[a.Name]["TcpOutRsts"]; n > 0 {
				counts = append(counts, fmt.Sprintf("%d sent by %s", n, a.Name))
			}
		}
		if len(counts) == 0 {
			return "no reset sent by any host"
		}
		return "resets (TcpOutRsts): " + strings.Join(counts, ", ")
	}
	if len(p.events) == 0 {
		return "no reset sent by any host"
	}
	var words []string
	for _, e := range p.events {
		words = append(words, fmt.Sprintf("%s by %s (%s > %s)", e.Reason, p.hosts[e.NetNS],
			p.endpoint(e.Src), p.endpoint(e.Dst)))
	}
	return strings.Join(words, ", ")
}

// analyzerStory is the third witness's word for each capture.
func (p *player) analyzerStory() string {
	var words, silent []string
	for _, c := range p.captures {
		n := 0
		in := []analyzer.Input{{Name: c.file(), R: bytes.NewReader(c.data)}}
		err := analyzer.Analyze(context.Background(), in, analyzer.Options{}, func(r analyzer.Record) error {
			if v, ok := r.(*analyzer.Verdict); ok {
				n++
				words = append(words, fmt.Sprintf("%s (%s) by %s (%s) in %s frame %d", v.Cause, v.Strength, v.Sender, v.SenderStrength, c.file(), v.Frame))
			}
			return nil
		})
		switch {
		case err != nil:
			words = append(words, fmt.Sprintf("%s: %v", c.file(), err))
		case n == 0:
			silent = append(silent, c.file())
		}
	}
	if len(silent) > 0 {
		words = append(words, "no reset in "+strings.Join(silent, ", "))
	}
	if len(words) == 0 {
		return "no capture"
	}
	return strings.Join(words, "\n           ")
}

// show prints a frame in the script's notation, with names and relative
// numbers, and where it stands.
func (p *player) show(f *lab.Frame, base segment.Base) string {
	s := f.Segment.Relative(base).Brief()
	s.Src, s.Dst = p.endpoint(f.Src), p.endpoint(f.Dst)
	return fmt.Sprintf("%-60s frame %d, +%.3fs", s, f.N, f.Time.Sub(p.start).Seconds())
}

// tapNames lists the taps, for an error.
func (p *player) tapNames() string {
	var names []string
	for _, t := range p.lab.Taps() {
		names = append(names, t.Name())
	}
	return strings.Join(names, ", ")
}

// endpoint names an address, where an actor has it.
func (p *player) endpoint(ap netip.AddrPort) segment.Endpoint {
	if names := p.names[ap.Addr()]; len(names) > 0 {
		return segment.Endpoint{Name: names[0], Port: ap.Port()}
	}
	return segment.Endpoint{Addr: ap.Addr(), Port: ap.Port()}
}
