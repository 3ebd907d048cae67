package analyzer

import (
	"fmt"
	"time"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/judge"
)

var senders = [...]Sender{judge.NoSender: UndeterminedSender, judge.Originator: Originator, judge.Responder: Responder, judge.Middlebox: Middlebox}

var effects = [...]Effect{judge.UnknownEffect: Unknown, judge.Accepted: Accepted, judge.Challenged: Challenged, judge.Ignored: Ignored}

// emitVerdict emits a verdict of the judge's as a record.
func (a *analysis) emitVerdict(j *judge.Verdict) error {
	p := a.points[j.Point]
	if !a.opts.wants(j.Conn.ID, j.Conn.Originator, j.Conn.Responder) || !a.opts.lived(a.begin, j.Time, j.Time) {
		delete(p.taps, j.Frame)
		a.leftOut++
		return nil
	}
	file, frame := p.at(j.Frame)
	row, _ := cause.Lookup(j.Cause)
	_, first := p.at(j.Conn.FirstFrame)
	v := &Verdict{
		Type: "verdict", Schema: 1, File: file, Frame: frame, Time: time.Unix(0, j.Time).UTC(), Tap: p.taps[j.Frame],
		Connection: ConnectionRef{ID: j.Conn.ID, Originator: j.Conn.Originator.String(), Responder: j.Conn.Responder.String(),
			Roles: roles(j.Conn.Seen), FirstFrame: first, State: j.Conn.State},
		Sender: senders[j.Sender], SenderAddress: j.From.String(), SenderStrength: j.SenderStrength,
		Cause: j.Cause, Strength: j.Strength, Why: j.Why, Family: row.Family, Effect: effects[j.Effect], Benign: j.Benign,
		Details: j.Details, Summary: fmt.Sprintf("frame %d: %s", frame, j.Summary), Next: j.Next,
		Evidence: []Evidence{}, Excluded: []Exclusion{}, Alternatives: []Alternative{},
		Seen: []Sighting{{file, frame}},
	}
	if g := a.findings.add(j, file, frame); g != nil && g.probe(j) {
		g.checker, v.Benign = true, true
		v.Details["probe"] = fmt.Sprintf("the same source does this every %v", g.period())
	}
	for _, f := range j.Evidence {
		name, n := a.points[f.Point].at(f.Frame)
		e := Evidence{Frame: n, Fact: f.Text}
		if name != file {
			e.File = name
		}
		v.Evidence = append(v.Evidence, e)
	}
	for _, x := range j.Excluded {
		e := Exclusion{Cause: x.Cause, Why: x.Why, Frames: []int{}}
		for _, f := range x.Frames {
			_, n := p.at(f)
			e.Frames = append(e.Frames, n)
		}
		v.Excluded = append(v.Excluded, e)
	}
	for _, o := range j.Alternatives {
		v.Alternatives = append(v.Alternatives, Alternative{o.Cause, senders[o.Sender], o.Strength, o.Why})
	}
	for _, c := range j.Copies {
		name, n := a.points[c.Point].at(c.N)
		v.Seen = append(v.Seen, Sighting{name, n})
	}
	if j.After != nil {
		name, n := a.points[j.After.Point].at(j.After.Frame)
		v.After = &After{Frame: n, Cause: j.After.Cause}
		if name != file {
			v.After.File = name
		}
	}
	a.transcript(v, j)
	delete(p.taps, j.Frame)
	a.resets++
	return a.emit(v)
}

// emitHeld emits the verdicts of several points, those on one reset joined.
func (a *analysis) emitHeld() error {
	if len(a.files) < 2 {
		for _, p := range a.points {
			a.connections = p.judge.Flows.Count
		}
		return nil
	}
	var points []judge.Point
	for _, p := range a.points {
		name, _ := p.at(1)
		for _, s := range p.spans {
			for _, i := range s.file.reader.Interfaces() {
				p.judge.Log.Until = max(p.judge.Log.Until, i.Stats.At)
			}
		}
		points = append(points, judge.Point{Judge: &p.judge, Verdicts: p.held, Name: name})
	}
	verdicts, connections := judge.Correlate(points)
	a.connections = connections
	for _, v := range verdicts {
		if err := a.emitVerdict(v); err != nil {
			return err
		}
	}
	return nil
}
