package analyzer

import (
	"fmt"
	"time"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/judge"
)

var senders = [...]Sender{judge.NoSender: UndeterminedSender, judge.Originator: Originator, judge.Responder: Responder, judge.Middlebox: Middlebox}

var effects = [...]Effect{judge.UnknownEffect: Unknown, judge.Accepted: Accepted, judge.Challenged: Challenged, judge.Ignored: Ignored}

// A told is a verdict of the judge's and what else its record takes, of what
// goes on changing while the capture is read.
type told struct {
	*judge.Verdict
	file   string
	frame  int
	tap    string   // see point.tap
	taps   []string // of its Packets; nil: none has a name
	benign bool
}

// told makes a verdict ready to be emitted; ok is false where the options do not
// choose it.
func (a *analysis) told(j *judge.Verdict) (t told, ok bool) {
	p := a.points[j.Point]
	t = told{Verdict: j, tap: p.taps[j.Frame], benign: j.Benign}
	if !a.opts.wants(j.Conn.ID, j.Conn.Originator, j.Conn.Responder) || !a.opts.lived(a.begin, j.Time, j.Time) {
		delete(p.taps, j.Frame)
		a.leftOut++
		return t, false
	}
	for i := range j.Packets {
		x := &j.Packets[i]
		if name := a.points[x.Point].tap(x.Seg.Frame); name != "" {
			if t.taps == nil {
				t.taps = make([]string, len(j.Packets))
			}
			t.taps[i] = name
		}
	}
	delete(p.taps, j.Frame)
	t.file, t.frame = p.at(j.Frame)
	if g := a.findings.add(j, t.file, t.frame); g != nil && g.probe(j) {
		g.checker, t.benign = true, true
		j.Details["probe"] = fmt.Sprintf("the same source does this every %v", g.period())
	}
	a.resets++
	return t, true
}

// record makes the record of a verdict.
func (a *analysis) record(t *told) *Verdict {
	j, p := t.Verdict, a.points[t.Point]
	row, _ := cause.Lookup(j.Cause)
	v := &Verdict{
		Type: "verdict", Schema: 1, File: t.file, Frame: t.frame, Time: time.Unix(0, j.Time).UTC(), Tap: t.tap,
		Sender: senders[j.Sender], SenderStrength: j.SenderStrength,
		Cause: j.Cause, Strength: j.Strength, Why: j.Why, Family: row.Family, Effect: effects[j.Effect], Benign: t.benign,
	}
	if a.opts.Brief == nil || !a.opts.Brief(v) {
		a.explain(v, t, p)
	}
	return v
}

// explain adds to a record all that is said of the one reset at a point.
func (a *analysis) explain(v *Verdict, t *told, p *point) {
	j := t.Verdict
	_, first := p.at(j.Conn.FirstFrame)
	v.Connection = ConnectionRef{ID: j.Conn.ID, Originator: j.Conn.Originator.String(), Responder: j.Conn.Responder.String(),
		Roles: roles(j.Conn.Seen), FirstFrame: first, State: j.Conn.State}
	v.SenderAddress = j.From.String()
	v.Details, v.Summary, v.Next = j.Details, fmt.Sprintf("frame %d: %s", t.frame, j.Summary), j.Next
	v.Evidence, v.Excluded, v.Alternatives = []Evidence{}, []Exclusion{}, []Alternative{}
	v.Seen = []Sighting{{t.file, t.frame}}
	for _, f := range j.Evidence {
		name, n := a.points[f.Point].at(f.Frame)
		e := Evidence{Frame: n, Fact: f.Text}
		if name != t.file {
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
		if name != t.file {
			v.After.File = name
		}
	}
	a.transcript(v, t)
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
			for _, i := range s.file.reader.Interfaces() {
				p.judge.Log.Until = max(p.judge.Log.Until, i.Stats.At)
			}
		}
		points = append(points, judge.Point{Judge: &p.judge, Verdicts: p.held, Name: p.name()})
	}
	verdicts, connections := judge.Correlate(points)
	a.connections = connections
	for _, v := range verdicts {
		if t, ok := a.told(v); ok {
			if err := a.emit(a.record(&t)); err != nil {
				return err
			}
		}
	}
	return nil
}
