package golden

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/analyzer/packet"
	"rstlab/internal/catalogue"
	"rstlab/internal/golden/canon"
	"rstlab/internal/pcapng"
	"rstlab/internal/play"
	"rstlab/internal/script"
	"rstlab/internal/segment"
)

// A Label is the truth about a golden capture. Its JSON form is documented by
// docs/schema/label.json.
type Label struct {
	Schema   int      `json:"schema"` // 1
	Scenario string   `json:"scenario"`
	Family   string   `json:"family"`
	Summary  string   `json:"summary"`
	Source   []string `json:"source"`
	Tap      string   `json:"tap"`
	Capture  string   `json:"capture"` // the file beside the label
	Frames   int      `json:"frames"`
	Actors   []Actor  `json:"actors"`
	Resets   []Reset  `json:"resets"`
}

// An Actor is a host, peer or middlebox of the scenario.
type Actor struct {
	Name      string           `json:"name"`
	Kind      script.ActorKind `json:"kind"`
	Addresses []netip.Addr     `json:"addresses"`
}

// A Reset is one reset of the capture.
type Reset struct {
	Frame      int            `json:"frame"` // from 1
	Time       time.Time      `json:"time"`
	From       string         `json:"from"` // the addresses that it bears
	To         string         `json:"to"`
	Originator string         `json:"originator,omitempty"` // "": no SYN in the capture tells
	Responder  string         `json:"responder,omitempty"`
	Truth      Truth          `json:"truth"`
	Carries    *Carries       `json:"carries"` // nil: the scenario does not say it for this tap
	Together   []JointCarries `json:"together,omitempty"`
}

// A Truth is what really happened.
type Truth struct {
	Cause    cause.ID        `json:"cause"`
	Family   cause.Family    `json:"family"`
	By       string          `json:"by"`               // the actor that sent it, whatever address it bears
	Sender   analyzer.Sender `json:"sender,omitempty"` // what that actor is to the connection; "" where the capture shows no originator
	After    *Followed       `json:"after,omitempty"`
	Not      []cause.ID      `json:"not,omitempty"` // tempting, and wrong
	Evidence []Evidence      `json:"evidence"`
}

// Followed is the earlier reset that drew one: its cause, and the frame where
// this capture has it.
type Followed struct {
	Cause cause.ID `json:"cause"`
	Frame int      `json:"frame,omitempty"`
}

// Evidence is a frame on which the truth rests, and the scenario's name for it.
type Evidence struct {
	Frame int    `json:"frame"`
	Line  string `json:"line"`
}

// Carries is what the packets can tell of the truth.
type Carries struct {
	Undetermined   bool            `json:"undetermined,omitempty"` // no cause
	Why            string          `json:"why,omitempty"`          // undetermined
	Causes         []cause.ID      `json:"causes"`                 // more than one: they can't be told apart
	Strength       string          `json:"strength,omitempty"`
	Sender         analyzer.Sender `json:"sender,omitempty"`
	SenderStrength string          `json:"sender_strength,omitempty"`
}

// JointCarries is what several captures can tell together.
type JointCarries struct {
	Taps []string `json:"taps"`
	Carries
}

// A labeller makes the labels of one scenario.
type labeller struct {
	file     *script.File
	rec      *play.Recording
	captures []*canon.Capture
	judged   map[string]bool // taps, and sets of taps, at which the scenario was judged
}

// labels gives the label of each capture.
func labels(f *script.File, r *play.Result, captures []*canon.Capture) []Label {
	b := &labeller{file: f, rec: r.Recording, captures: captures, judged: map[string]bool{}}
	for _, x := range r.Resets {
		b.judged[x.Tap] = true
	}
	var all []Label
	for _, c := range captures {
		all = append(all, b.label(c))
	}
	return all
}

func (b *labeller) label(c *canon.Capture) Label {
	l := Label{Schema: 1, Scenario: b.file.Name, Family: catalogue.Family(b.file), Summary: b.file.Summary, Source: b.file.Sources,
		Tap: c.Tap, Capture: fileName(c.Tap), Frames: len(c.Frames), Resets: []Reset{}}
	if l.Source == nil {
		l.Source = []string{}
	}
	for _, a := range b.file.Actors {
		actor := Actor{Name: a.Name, Kind: a.Kind, Addresses: []netip.Addr{}}
		for addr, names := range b.rec.Names {
			if slices.Contains(names, a.Name) {
				actor.Addresses = append(actor.Addresses, addr)
			}
		}
		slices.SortFunc(actor.Addresses, netip.Addr.Compare)
		l.Actors = append(l.Actors, actor)
	}
	frames := decode(c)
	for i := range b.rec.Lines {
		line := &b.rec.Lines[i]
		if line.Event.Head().Truth == nil {
			continue
		}
		for _, raw := range line.Frames[c.Tap] {
			if n := c.Frame(raw); n > 0 {
				l.Resets = append(l.Resets, b.reset(c, frames, line, n))
			}
		}
	}
	slices.SortStableFunc(l.Resets, func(x, y Reset) int { return cmp.Compare(x.Frame, y.Frame) })
	return l
}

func (b *labeller) reset(c *canon.Capture, frames []packet.Info, line *play.Line, n int) Reset {
	head := line.Event.Head()
	t := head.Truth
	info := &frames[n-1]
	r := Reset{Frame: n, Time: c.Frames[n-1].Time, From: info.Source().String(), To: info.Destination().String()}
	if o, p, known := originator(frames[:n], info); known {
		r.Originator, r.Responder = o.String(), p.String()
	}
	row, _ := cause.Lookup(cause.ID(t.Cause))
	r.Truth = Truth{Cause: cause.ID(t.Cause), Family: row.Family, By: t.By, Sender: b.role(&r, t.By), Evidence: []Evidence{}}
	for _, not := range t.Not {
		r.Truth.Not = append(r.Truth.Not, cause.ID(not))
	}
	r.Truth.After = b.followed(c, t.After)
	for _, name := range t.Evidence {
		for _, n := range b.frames(c, name) {
			r.Truth.Evidence = append(r.Truth.Evidence, Evidence{n, name})
		}
	}
	if b.judged[c.Tap] {
		carries := b.carries(&r, play.Expectation(head, c.Tap))
		r.Carries = &carries
	}
	for _, s := range head.Seen {
		if len(s.Taps) < 2 {
			continue
		}
		j := JointCarries{Carries: b.carries(&r, *s)}
		for _, t := range s.Taps {
			j.Taps = append(j.Taps, t.String())
		}
		if slices.Contains(j.Taps, c.Tap) {
			r.Together = append(r.Together, j)
		}
	}
	return r
}

// followed finds the earlier reset, which is named by its cause or its line.
func (b *labeller) followed(c *canon.Capture, name string) *Followed {
	if name == "" {
		return nil
	}
	if _, isCause := cause.Lookup(cause.ID(name)); isCause {
		return &Followed{Cause: cause.ID(name)}
	}
	for i := range b.rec.Lines {
		if h := b.rec.Lines[i].Event.Head(); h.As == name && h.Truth != nil {
			f := &Followed{Cause: cause.ID(h.Truth.Cause)}
			if frames := b.frames(c, name); len(frames) > 0 {
				f.Frame = frames[0]
			}
			return f
		}
	}
	return nil
}

// frames are those of a named line's packets in a capture.
func (b *labeller) frames(c *canon.Capture, name string) []int {
	var all []int
	for i := range b.rec.Lines {
		line := &b.rec.Lines[i]
		if line.Event.Head().As != name {
			continue
		}
		for _, raw := range line.Frames[c.Tap] {
			if n := c.Frame(raw); n > 0 {
				all = append(all, n)
			}
		}
	}
	return all
}

func (b *labeller) carries(r *Reset, s script.Seen) Carries {
	c := Carries{Undetermined: s.Undetermined, Why: s.Why, Causes: []cause.ID{}, Strength: s.Strength,
		Sender: b.role(r, s.By), SenderStrength: s.SenderStrength}
	for _, id := range s.Causes {
		c.Causes = append(c.Causes, cause.ID(id))
	}
	return c
}

// role is what an actor is to the connection of a reset: one of its ends where
// the end's address is the actor's, else something on the way.
func (b *labeller) role(r *Reset, actor string) analyzer.Sender {
	a := b.file.Actor(actor)
	if a == nil {
		return ""
	}
	if a.Kind == script.Middlebox {
		return analyzer.Middlebox
	}
	if r.Originator == "" {
		return ""
	}
	owns := func(end string) bool {
		ap, err := netip.ParseAddrPort(end)
		return err == nil && slices.Contains(b.rec.Names[ap.Addr()], actor)
	}
	switch {
	case owns(r.Originator):
		return analyzer.Originator
	case owns(r.Responder):
		return analyzer.Responder
	}
	return analyzer.Middlebox
}

// originator finds who began the connection of a reset: the latest SYN between
// its ends tells, or its answer.
func originator(before []packet.Info, r *packet.Info) (o, p netip.AddrPort, known bool) {
	src, dst := r.Source(), r.Destination()
	for i := len(before) - 1; i >= 0; i-- {
		f := &before[i]
		a, z := f.Source(), f.Destination()
		if f.Kind != packet.TCP || !(a == src && z == dst || a == dst && z == src) {
			continue
		}
		switch f.Flags & (segment.SYN | segment.ACK | segment.RST) {
		case segment.SYN:
			return a, z, true
		case segment.SYN | segment.ACK:
			o, p, known = z, a, true
		}
	}
	return o, p, known
}

// decode reads the frames of a capture.
func decode(c *canon.Capture) []packet.Info {
	var d packet.Decoder
	frames := make([]packet.Info, len(c.Frames))
	for i, f := range c.Frames {
		d.Decode(&pcapng.Packet{Data: f.Data, OrigLen: len(f.Data), LinkType: pcapng.LinkEthernet}, &frames[i])
	}
	return frames
}

// comment writes on the frames that matter what they are.
func comment(c *canon.Capture, l *Label) {
	for _, r := range l.Resets {
		f := &c.Frames[r.Frame-1]
		f.Comments = append(f.Comments, "truth: "+string(r.Truth.Cause)+" by "+r.Truth.By)
		if r.Carries != nil {
			f.Comments = append(f.Comments, "this capture can carry: "+r.Carries.String())
		}
		for _, e := range r.Truth.Evidence {
			g := &c.Frames[e.Frame-1]
			if word := e.Line + ": evidence of the truth"; !slices.Contains(g.Comments, word) {
				g.Comments = append(g.Comments, word)
			}
		}
	}
}

// String writes it as scenarios do.
func (c Carries) String() string {
	var words []string
	add := func(word string) {
		if word != "" {
			words = append(words, word)
		}
	}
	if c.Undetermined {
		add("undetermined")
		if c.Why != "" {
			add("why " + c.Why)
		}
	} else {
		add(c.Strength)
		var causes []string
		for _, id := range c.Causes {
			causes = append(causes, string(id))
		}
		add(strings.Join(causes, " or "))
	}
	if c.Sender != "" {
		add(c.SenderStrength)
		add("by " + string(c.Sender))
	}
	return strings.Join(words, " ")
}
