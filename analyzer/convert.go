package analyzer

import (
	"fmt"
	"time"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/judge"
)

var senders = [...]Sender{judge.NoSender: UndeterminedSender, judge.Originator: Originator, judge.Responder: Responder, judge.Middlebox: Middlebox}

var effects = [...]Effect{judge.UnknownEffect: Unknown, judge.Accepted: Accepted, judge.Challenged: Challenged, judge.Ignored: Ignored}

// verdict emits the record of a verdict, where the options choose it. Where the
// verdict lacks its packets, the case has them.
func (a *analysis) verdict(j *judge.Verdict, k *judge.Case) error {
	p := a.points[j.Point]
	if !a.opts.wants(j.Conn.ID, j.Conn.Originator, j.Conn.Responder) || !a.opts.lived(a.begin, j.Time, j.Time) {
		a.leftOut++
		return nil
	}
	a.resets++
	file, frame := p.at(j.Frame)
	row, _ := cause.Lookup(j.Cause)
	v := &Verdict{
		Type: "verdict", Schema: 1, File: file, Frame: frame, Time: time.Unix(0, j.Time).UTC(), Tap: p.tap(j.Frame, j.Tap),
		Sender: senders[j.Sender], SenderStrength: j.SenderStrength,
		Cause: j.Cause, Strength: j.Strength, Why: j.Why, Family: row.Family, Effect: effects[j.Effect], Benign: j.Benign,
	}
	if g := a.findings.add(j, file, frame); g != nil && g.probe(j) {
		g.checker, v.Benign = true, true
		j.Details["probe"] = fmt.Sprintf("the same source does this every %v", g.period())
	}
	if a.opts.Brief == nil || !a.opts.Brief(v) {
		if k != nil {
			j.Packets = k.Packets(j)
		}
		a.explain(v, j, p)
	}
	return a.emit(v)
}

// explain adds to a record all that is said of the one reset at a point.
func (a *analysis) explain(v *Verdict, j *judge.Verdict, p *point) {
	_, first := p.at(j.Conn.FirstFrame)
	v.Connection = ConnectionRef{ID: j.Conn.ID, Originator: j.Conn.Originator.String(), Responder: j.Conn.Responder.String(),
		Roles: roles(j.Conn.Seen), FirstFrame: first, State: j.Conn.State}
	v.Tunnel, v.SenderAddress = j.Conn.Tunnel, j.From.String()
	v.Details, v.Summary, v.Next = j.Details, fmt.Sprintf("frame %d: %s", v.Frame, j.Summary()), j.Next()
	v.Evidence, v.Excluded, v.Alternatives = []Evidence{}, []Exclusion{}, []Alternative{}
	v.Seen = []Sighting{{v.File, v.Frame}}
	for _, f := range j.Evidence {
		name, n := a.points[f.Point].at(f.Frame)
		e := Evidence{Frame: n, Fact: f.Text()}
		if name != v.File {
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
		if name != v.File {
			v.After.File = name
		}
	}
	a.transcript(v, j)
}

// emitHeld emits the verdicts of several points, those on one reset joined.
func (a *analysis) emitHeld() error {
	if !a.several {
		for _, p := range a.points {
			a.connections = p.judge.Flows.Count
		}
		return nil
	}
	var points []judge.Point
	for _, p := range a.points {
		for _, s := range p.spans {
			s.file.interfaces = s.file.reader.Interfaces()
			for _, i := range s.file.interfaces {
				p.judge.Log.Until = max(p.judge.Log.Until, i.Stats.At)
			}
		}
		points = append(points, judge.Point{Judge: &p.judge, Verdicts: p.held, Name: p.name()})
	}
	verdicts, connections := judge.Correlate(points)
	a.connections = connections
	for i, p := range points {
		if p.Twin != "" {
			a.twins = append(a.twins, fmt.Sprintf("%s and %s show the same packets with no time between them: one is a copy or a part of the other, or both were made at one place; they are judged as one point", p.Twin, a.points[i].name()))
		}
	}
	for _, v := range verdicts {
		if err := a.verdict(v, nil); err != nil {
			return err
		}
	}
	return nil
}
