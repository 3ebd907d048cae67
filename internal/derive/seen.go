package derive

import (
	"fmt"
	"slices"
	"strings"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
)

// A variant is a way to tell a story other than the first.
type variant struct {
	instead  *claim                // of the first reset, in place of its verdict's
	delayed  bool                  // hosts acknowledge with their answers, where the capture's ends did
	scripted [2]string             // why the client, and the server, are peers all the same
	seen     map[frameRef][]string // lines under resets that say what the taps show
}

// A sighting is what one tap of the replay shows of a reset.
type sighting struct {
	tap     string
	verdict *analyzer.Verdict
}

// seenLines writes what the taps show of the reset p, where that is not the
// scenario's truth.
// There were so many taps, of which some may not have seen it.
func (s *story) seenLines(st *stage, p *pkt, sightings []sighting, all int) []string {
	truth := s.claim(p)
	var taps, words []string
	needed := false
	for _, at := range sightings {
		v := at.verdict
		differs := twins(truth, v) != nil || v.Cause != truth.cause || v.Sender != truth.sender || v.Strength == cause.Undetermined
		if !differs && !strings.ContainsAny(at.tap, "/+") {
			continue // the truth itself is what is wanted there
		}
		needed = true
		taps = append(taps, at.tap)
		words = append(words, s.seenWords(st, p, v))
	}
	if !needed {
		return nil
	}
	if len(taps) == all && allEqual(words) && !slices.ContainsFunc(taps, func(t string) bool { return strings.ContainsAny(t, "/+") }) {
		return []string{"seen as " + words[0]}
	}
	lines := make([]string, len(taps))
	for i := range taps {
		lines[i] = fmt.Sprintf("seen @%s as %s", taps[i], words[i])
	}
	return lines
}

// twins are the two ways to end a connection whose resets have the same bytes,
// where a verdict leaves both open: which of them it holds for likelier is then a
// matter of how long the program took, which a busy machine decides.
func twins(c claim, v *analyzer.Verdict) []string {
	if v == nil || v.Strength != cause.Possible || v.Sender == analyzer.Middlebox {
		return nil
	}
	causes := []string{string(c.cause)}
	for _, id := range []cause.ID{cause.AbortiveClose, cause.CloseUnreadData} {
		open := v.Cause == id || slices.ContainsFunc(v.Alternatives, func(a analyzer.Alternative) bool { return a.Cause == id && a.Sender == v.Sender })
		switch {
		case !open:
			return nil
		case id != c.cause:
			causes = append(causes, string(id))
		}
	}
	if len(causes) != 2 {
		return nil
	}
	return causes
}

func allEqual(words []string) bool {
	for _, w := range words {
		if w != words[0] {
			return false
		}
	}
	return true
}

// seenWords writes a verdict as a "seen" line has it. How sure one is that rests on
// the distances of retransmissions or probes is not written: a busy machine
// moves them.
func (s *story) seenWords(st *stage, p *pkt, v *analyzer.Verdict) string {
	by := ""
	timed := len(p.conn.runs())+len(p.conn.probesOf(p.from)) > 0
	switch {
	case v.Sender == analyzer.UndeterminedSender:
	case v.Sender == analyzer.Middlebox && st.boxes[s.boxSide(p)] == "":
	case timed:
		by = " by " + s.who(st, p, v)
	default:
		by = fmt.Sprintf(" %s by %s", v.SenderStrength, s.who(st, p, v))
	}
	if v.Strength == cause.Undetermined {
		words := "undetermined"
		if v.Why != "" {
			words += " why " + v.Why
		}
		return words + by
	}
	truth := s.claim(p)
	causes := twins(truth, v)
	if causes == nil {
		causes = []string{string(v.Cause)}
		if v.Cause != truth.cause && slices.ContainsFunc(v.Alternatives, func(a analyzer.Alternative) bool { return a.Cause == truth.cause }) {
			causes = append(causes, string(truth.cause))
		}
	}
	if timed {
		return strings.Join(causes, " or ") + by
	}
	return fmt.Sprintf("%s %s%s", v.Strength, strings.Join(causes, " or "), by)
}

// who names the actor that a verdict on the replay of p means.
func (s *story) who(st *stage, p *pkt, v *analyzer.Verdict) string {
	switch v.Sender {
	case analyzer.Middlebox:
		return st.boxes[s.boxSide(p)]
	case analyzer.Originator:
		return s.of(p.conn, originator).name
	}
	return s.of(p.conn, responder).name
}
