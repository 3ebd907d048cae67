package derive

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"rstlab/internal/play"
)

// Write tells of the reproduction: the capture and its replay side by side with
// the differences marked, then verdicts, the kernel's word and the alternatives.
// The last line is Line's.
func (o *Outcome) Write(w io.Writer) error {
	var b strings.Builder
	if o.Comparison != nil {
		o.sideBySide(&b)
		b.WriteByte('\n')
		for i, line := range o.notes() {
			key := line.key
			if i > 0 && o.notes()[i-1].key == key {
				key = ""
			}
			fmt.Fprintf(&b, "%-9s  %s\n", key, line.text)
		}
		b.WriteByte('\n')
	} else if o.Result != nil && o.Result.Story != "" {
		b.WriteString(o.Result.Story + "\n")
	}
	b.WriteString(o.Line() + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// sideBySide writes the rows of the comparison.
func (o *Outcome) sideBySide(b *strings.Builder) {
	rows := o.Comparison.Rows
	width := len("capture")
	for _, r := range rows {
		width = max(width, utf8.RuneCountInString(r.Capture))
	}
	fmt.Fprintf(b, "  %5s  %-*s  %5s  %s\n", "frame", width, "capture", "frame", "replay, at "+o.Scenario.Tap)
	for _, r := range rows {
		line := fmt.Sprintf("%c %5s  %-*s  %5s  %s", r.Mark, number(r.CaptureFrame), width, r.Capture, number(r.ReplayFrame), r.Replay)
		if r.Note != "" {
			line += "  (" + r.Note + ")"
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// number writes a frame's, "" where there is none.
func number(n int) string {
	if n == none {
		return ""
	}
	return fmt.Sprint(n)
}

// A note is a line below the comparison.
type note struct{ key, text string }

// notes are what is to be told beside the packets.
func (o *Outcome) notes() []note {
	var all []note
	for _, r := range o.Comparison.resets {
		p := r.capture
		if p.verdict == nil {
			continue
		}
		text := fmt.Sprintf("%s: %s", o.Scenario.story.frameWords(p), verdictWords(p.verdict))
		switch {
		case r.replay == nil || r.replay.verdict == nil:
			text += "; the replay has none"
		case sameVerdict(p.verdict, r.replay.verdict):
			text += ", and so the replay"
		default:
			text += "; the replay: " + verdictWords(r.replay.verdict)
		}
		all = append(all, note{"verdict", text})
	}
	for _, k := range kernelWords(o.Result) {
		all = append(all, note{"kernel", k})
	}
	for _, a := range o.Alternatives {
		text := a.Claim + " shows the same packets: the capture can't tell it apart"
		if !a.Alike {
			text = a.Claim + " does not show them: " + a.Why
		}
		all = append(all, note{"or", text})
	}
	if d := o.Scenario.story.shortened(); d != "" {
		all = append(all, note{"waits", strings.TrimSpace(d) + " --real-time keeps them"})
	}
	return append(all, note{"compared", tolerance})
}

// kernelWords are the kernel's reasons for the resets, each once.
func kernelWords(r *play.Result) []string {
	var words []string
	for _, reset := range r.Resets {
		if k := reset.Kernel; k != nil {
			word := fmt.Sprintf("%s at %s, as %s has it", k.Reason, k.Host, reset.Expected.Cause)
			if !slices.Contains(words, word) {
				words = append(words, word)
			}
		}
	}
	if len(words) == 0 && r.Oracle != "trace" {
		words = append(words, "its counters agree; its reasons need root")
	}
	return words
}
