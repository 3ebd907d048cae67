package derive

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
)

// A survey is what the analyzer says of the captures.
type survey struct {
	verdicts []*analyzer.Verdict
	conns    []*analyzer.Connection
	limits   []string
	brief    *analyzer.Connection // of the group: only its handshake is told
}

// A Choice is a connection with resets, of which one must be chosen.
type Choice struct {
	Stream   int // as Wireshark's tcp.stream
	Verdicts []*analyzer.Verdict
}

// A ChoiceError says that several connections were reset, or none.
type ChoiceError struct {
	Asked   bool // a connection was asked for that is not among them
	Choices []Choice
	Limits  []string // of the captures: what they don't show may be why there is none
}

func (e *ChoiceError) Error() string {
	switch {
	case len(e.Choices) == 0:
		return "choose connection: no reset in the capture"
	case e.Asked:
		return fmt.Sprintf("choose connection: that one has no reset; those with resets are %s", e.streams())
	}
	return fmt.Sprintf("choose connection: %d have resets; take one of %s", len(e.Choices), e.streams())
}

func (e *ChoiceError) streams() string {
	const most = 20
	var words []string
	for _, c := range e.Choices {
		if len(words) == most {
			words = append(words, "…")
			break
		}
		words = append(words, fmt.Sprint(c.Stream))
	}
	return strings.Join(words, ", ")
}

// look judges the captures.
func look(ctx context.Context, inputs []Input) (*survey, error) {
	var s survey
	var in []analyzer.Input
	for _, i := range inputs {
		r, err := i.Open()
		if err != nil {
			return nil, err
		}
		defer r.Close()
		in = append(in, analyzer.Input{Name: i.Name, R: r})
	}
	err := analyzer.Analyze(ctx, in, analyzer.Options{Connections: true}, s.take)
	return &s, err
}

func (s *survey) take(r analyzer.Record) error {
	switch r := r.(type) {
	case *analyzer.Verdict:
		s.verdicts = append(s.verdicts, r)
	case *analyzer.Connection:
		s.conns = append(s.conns, r)
	case *analyzer.Error:
		s.limits = append(s.limits, r.Error())
	case *analyzer.Summary:
		s.limits = append(s.limits, r.Limits...)
	}
	return nil
}

// choose finds the connection to reproduce: the one that was asked for, or the
// only one that was reset.
func (s *survey) choose(stream int) (*Choice, error) {
	var choices []Choice
	of := map[int]int{}
	for _, v := range s.verdicts {
		id := v.Connection.ID
		i, ok := of[id]
		if !ok {
			i = len(choices)
			of[id] = i
			choices = append(choices, Choice{Stream: id})
		}
		choices[i].Verdicts = append(choices[i].Verdicts, v)
	}
	if stream > 0 {
		if i, ok := of[stream-1]; ok {
			return &choices[i], nil
		}
		return nil, &ChoiceError{Asked: true, Choices: choices, Limits: s.limits}
	}
	if len(choices) == 1 {
		return &choices[0], nil
	}
	slices.SortFunc(choices, func(a, b Choice) int { return a.Stream - b.Stream })
	return nil, &ChoiceError{Choices: choices, Limits: s.limits}
}

// Headline says in one line what became of the connection.
func (c Choice) Headline() string {
	v := c.Verdicts[0]
	text := fmt.Sprintf("%s > %s: %s", v.Connection.Originator, v.Connection.Responder, verdictWords(v))
	if n := len(c.Verdicts); n > 1 {
		text += fmt.Sprintf(", %d resets in all", n)
	}
	return fmt.Sprintf("%s, frame %d", text, v.Frame)
}

// verdictWords says who and why, and how sure that is.
func verdictWords(v *analyzer.Verdict) string {
	if v.Cause == cause.NoCauseDecided {
		return fmt.Sprintf("undetermined (%s) by %s (%s)", v.Why, v.Sender, v.SenderStrength)
	}
	return fmt.Sprintf("%s (%s) by %s (%s)", v.Cause, v.Strength, v.Sender, v.SenderStrength)
}
