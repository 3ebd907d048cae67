package script

import (
	"slices"
	"strconv"
	"strings"

	"rstlab/internal/segment"
)

// event reads a line that acts, sends or waits.
func (l *line) event() *segment.Error {
	src := l.file.Lines[l.n-1]
	head := EventHead{Pos: l.pos(l.Peek()), Text: strings.TrimSpace(strings.TrimSuffix(src.Text, src.Comment))}
	if l.Accept("[") {
		c, err := l.cond()
		if err != nil {
			return err
		}
		if !l.Accept("]") {
			return l.Peek().Expected(`"]" behind the condition`)
		}
		head.Cond = &c
	}
	if t := l.Peek(); t.Kind == segment.Word && t.Text[0] == '+' {
		l.Next()
		var err *segment.Error
		if head.Delay, err = l.duration(t, t.Text[1:]); err != nil {
			return err
		}
	}
	switch t := l.Peek(); {
	case t.Is("!"):
		l.Next()
		return l.forbidden(head)
	case t.Kind != segment.Word:
		return t.Expected("an action or a packet")
	case slices.Contains(reserved, t.Text):
		return t.Errorf("%q begins a line of its own", t.Text)
	case l.PeekAt(1).Is(">"):
		return l.packet(head)
	}
	return l.action(head)
}

// begin makes ev the latest event. A truth may stand below a reset; flags is
// where its flags stand.
func (l *line) begin(ev Event, seg *segment.Segment, flags segment.Token) {
	l.needTruth()
	l.file.Events = append(l.file.Events, ev)
	l.node(ev)
	l.last, l.lost = ev.Head(), false
	if l.firstEvent == 0 {
		l.firstEvent = l.n
	}
	if seg != nil && seg.ICMP == "" && seg.Flags&segment.RST != 0 {
		l.reset = &resetLine{l, flags}
		if l.firstReset == 0 {
			l.firstReset = l.n
		}
	}
}

// packet reads a packet line behind its "+D".
func (l *line) packet(head EventHead) *segment.Error {
	p := &Packet{EventHead: head}
	at, err := l.packetParts(p)
	if err != nil {
		return err
	}
	sender := l.file.Owner(p.Segment.Src)
	sent := sender != nil && sender.Kind == Peer
	switch {
	case sent:
		l.shown.add(p.Segment.Flags)
	case p.Segment.BadSum:
		l.errorf(at.Flags, "badsum=yes is for packets that the script sends, a peer's or an inject")
	}
	if !sent && p.Tap == nil {
		l.needTap(p.Segment.Dst, at.Dst)
	}
	l.begin(p, &p.Segment, at.Flags)
	return nil
}

// forbidden reads a packet line behind its "!".
func (l *line) forbidden(head EventHead) *segment.Error {
	p := &Packet{EventHead: head, Forbidden: true}
	at, err := l.packetParts(p)
	switch {
	case err != nil:
		return err
	case p.Count != 0 || p.As != "":
		return at.Src.Errorf(`a "!" line forbids every such packet; neither xN nor "as" stands in it`)
	case p.Segment.BadSum:
		return at.Flags.Errorf("badsum=yes is for packets that the script sends, a peer's or an inject")
	case p.Tap == nil:
		l.needTap(p.Segment.Dst, at.Dst)
	}
	l.begin(p, nil, at.Flags)
	l.later = append(l.later, func() { l.checkForbidden(p, at) })
	return nil
}

// packetParts reads the segment of a packet line and what stands behind it.
func (l *line) packetParts(p *Packet) (segment.Places, *segment.Error) {
	var at segment.Places
	var err *segment.Error
	if p.Segment, at, err = l.Segment(); err != nil {
		return at, err
	}
	l.knownEnd(p.Segment.Src, at.Src)
	l.knownEnd(p.Segment.Dst, at.Dst)
	unexpected := func(t segment.Token) *segment.Error {
		return t.Unexpected(append(segment.FieldNames(), "xN", "@TAP", "within D", "as NAME")...)
	}
	return at, l.tail(unexpected,
		part{"xN", isCount, func(t segment.Token) (err *segment.Error) {
			p.Count, err = count(t)
			return err
		}},
		part{"@TAP", isTap, func(t segment.Token) *segment.Error {
			tap, err := l.tap(t, 1, t.Text[1:])
			p.Tap = &tap
			return err
		}},
		l.withinPart(&p.EventHead), l.asPart(&p.EventHead, l.namePacket))
}

// A part is something that may stand behind a statement, in a fixed order.
type part struct {
	form   string
	begins func(segment.Token) bool
	read   func(segment.Token) *segment.Error // behind its first token
}

// tail reads the parts that stand at the end of a line; unexpected is the
// error of any other word.
func (l *line) tail(unexpected func(segment.Token) *segment.Error, parts ...part) *segment.Error {
	last := -1
	for l.More() {
		t := l.Peek()
		i := slices.IndexFunc(parts, func(p part) bool { return p.begins(t) })
		switch {
		case i < 0:
			return unexpected(t)
		case i == last:
			return t.Errorf("%s is written twice", parts[i].form)
		case i < last:
			return t.Errorf("%s stands before %s", parts[i].form, parts[last].form)
		}
		last = i
		l.Next()
		if err := parts[i].read(t); err != nil {
			return err
		}
	}
	return nil
}

func (l *line) withinPart(head *EventHead) part {
	return part{"within D", is("within"), func(within segment.Token) *segment.Error {
		t := l.Peek()
		if t.Kind != segment.Word {
			return t.Expected(`a duration behind "within"`)
		}
		l.Next()
		d, err := l.duration(t, t.Text)
		if err == nil && d == 0 {
			err = t.Errorf("within %s ends before it begins", t.Text)
		}
		head.Within = d
		return err
	}}
}

// asPart reads "as NAME"; take notes the name.
func (l *line) asPart(head *EventHead, take func(segment.Token) *segment.Error) part {
	return part{"as NAME", is("as"), func(segment.Token) *segment.Error {
		t, err := l.name(`a name behind "as"`)
		if err != nil {
			return err
		}
		head.As = t.Text
		return take(t)
	}}
}

// namePacket notes the name of a packet line.
func (l *line) namePacket(t segment.Token) *segment.Error {
	if other, taken := l.packets[t.Text]; taken {
		return t.Errorf("%q is the name of line %d already", t.Text, other.Line)
	}
	if knownCause(t.Text) {
		return t.Errorf("%q is a cause and names no line", t.Text)
	}
	l.packets[t.Text] = l.pos(t)
	return nil
}

func is(word string) func(segment.Token) bool {
	return func(t segment.Token) bool { return t.Kind != segment.String && t.Text == word }
}

func isTap(t segment.Token) bool {
	return t.Kind == segment.Word && t.Text[0] == '@'
}

// isCount reports whether t is "x3".
func isCount(t segment.Token) bool {
	return t.Kind == segment.Word && len(t.Text) > 1 && t.Text[0] == 'x' && t.Text[1] >= '0' && t.Text[1] <= '9'
}

func count(t segment.Token) (int, *segment.Error) {
	n, err := strconv.ParseUint(t.Text[1:], 10, 16)
	if err != nil || n == 0 {
		return 0, t.Errorf("bad count %q; write x1 to x65535", t.Text)
	}
	return int(n), nil
}
