package report

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rstlab/analyzer"
)

// A htmlLadder is the diagram of the packets that matter: a lifeline for each
// end, between them one for each capture point where there are several, and an
// arrow for each packet. Lengths are in pixels of the drawing.
type htmlLadder struct {
	Label         string
	Width, Height int
	Nodes         []ladderNode
	Rows          []ladderRow
	Text          string
	Broken        bool // a packet never arrived
	Made          bool // a packet was made on the way
	Excludes      bool
}

// A ladderNode is a lifeline.
type ladderNode struct {
	X, Top, Bottom int
	Point          bool
	Anchor         string
	Name, Full     string
	Role           string
}

// A ladderRow is a packet, or what lies between two.
type ladderRow struct {
	Y      int
	Note   string // in place of a packet
	Gap    bool   // it is a gap in the lifelines
	Badge  string // of the evidence
	Packet *ladderPacket
	frame  int
}

// A ladderPacket is an arrow with what is written on it.
type ladderPacket struct {
	ID, Class   string
	Time, Frame string
	Label       string
	LabelX      int
	Band        int    // the top of its row
	Lines       string // the path that it was seen on
	Faint       string // the path that it is said to have come, or may have gone on
	Head        string // an arrow's, or a reset's cross
	Broken      string // where it got lost
	Made        string // where it was made: a diamond
	Dots        []ladderDot
	Badge       string // the numbers of the evidence that names it
	Excludes    bool
	Title       string
}

// A ladderDot is a sighting at a capture point.
type ladderDot struct {
	X    int
	Text string
}

// The drawing's measures.
const (
	ladderWidth  = 920
	ladderLeft   = 245 // the originator's line
	ladderRight  = 890
	ladderTop    = 42
	pointsTop    = 62 // where capture points stand in a second line
	packetHeight = 40
	noteHeight   = 26
	longPause    = 200 * time.Millisecond // a pause that is drawn as a gap
	mostName     = 30                     // characters of a capture's name
	mostNote     = 92                     // and of a note
)

// newHTMLLadder draws the packets of a verdict; id makes its packets' ids.
func newHTMLLadder(v *analyzer.Verdict, id string) *htmlLadder {
	if len(v.Packets) == 0 {
		return nil
	}
	l := &htmlLadder{Width: ladderWidth, Label: fmt.Sprintf("Ladder diagram of %s between %s and %s", plural(len(v.Packets), "packet"), endpoint(v.Connection.Originator), endpoint(v.Connection.Responder))}
	points := v.Points
	if len(points) < 2 {
		points = nil
	}
	l.nodes(v, points)
	var reset time.Time
	for _, p := range v.Packets {
		if slices.Contains(p.Marks, analyzer.MarkReset) {
			reset = p.Time
		}
	}
	y := l.Nodes[0].Top + 10
	notes := strangers(v)
	var text strings.Builder
	for i := range v.Packets {
		p := &v.Packets[i]
		for len(notes) > 0 && p.File == "" && notes[0].frame < p.Frame {
			y = l.note(y, notes[0])
			notes = notes[1:]
		}
		pause := time.Duration(0)
		if i > 0 {
			pause = p.Time.Sub(v.Packets[i-1].Time)
		}
		if gap := gapBefore(p, pause); gap != "" {
			y = l.note(y, ladderRow{Gap: true, Note: gap})
		}
		packet := l.packet(v, points, p, y+packetHeight/2)
		packet.ID = packetID(id, i)
		packet.Time = strings.Replace(fmt.Sprintf("%.6f", p.Time.Sub(reset).Seconds()), "-", "−", 1)
		l.Rows = append(l.Rows, ladderRow{Y: y + packetHeight/2, Packet: packet})
		fmt.Fprintf(&text, "%12s  %s\n", packet.Time, strings.ReplaceAll(packet.Title, "\n", "\n              "))
		y += packetHeight
	}
	for _, n := range notes {
		y = l.note(y, n)
	}
	l.Height = y + 14
	for i := range l.Nodes {
		l.Nodes[i].Bottom = l.Height - 6
	}
	l.Text = text.String()
	return l
}

// gapBefore says what is not drawn before a packet, which came after a pause.
func gapBefore(p *analyzer.Packet, pause time.Duration) string {
	switch {
	case p.Omitted > 0 && pause >= longPause:
		return fmt.Sprintf("%s not shown, %s", plural(p.Omitted, "packet"), rounded(pause))
	case p.Omitted > 0:
		return plural(p.Omitted, "packet") + " not shown"
	case pause >= longPause:
		return rounded(pause) + " without a packet"
	}
	return ""
}

// packetID is the id of a verdict's packet.
func packetID(id string, i int) string { return fmt.Sprintf("%s-p%d", id, i+1) }

// note adds a row of words and returns where the next one begins.
func (l *htmlLadder) note(y int, row ladderRow) int {
	row.Y = y + noteHeight/2
	l.Rows = append(l.Rows, row)
	return y + noteHeight
}

// strangers are the frames of the evidence that are other connections', of the
// verdict's own file, in their order.
func strangers(v *analyzer.Verdict) []ladderRow {
	var all []ladderRow
	for i, e := range v.Evidence {
		if e.File != "" || slices.ContainsFunc(v.Packets, func(p analyzer.Packet) bool { return packetIs(v, &p, v.File, e.Frame) }) {
			continue
		}
		if n := slices.IndexFunc(all, func(s ladderRow) bool { return s.frame == e.Frame }); n >= 0 {
			all[n].Badge += fmt.Sprint(" ", i+1)
			continue
		}
		all = append(all, ladderRow{frame: e.Frame, Badge: fmt.Sprint(i + 1), Note: fmt.Sprintf("frame %d, another connection: %s", e.Frame, e.Fact)})
	}
	for i := range all {
		if r := []rune(all[i].Note); len(r) > mostNote {
			all[i].Note = string(r[:mostNote-1]) + "…"
		}
	}
	slices.SortStableFunc(all, func(a, b ladderRow) int { return a.frame - b.frame })
	return all
}

// packetIs tells whether a packet was seen in a frame.
func packetIs(v *analyzer.Verdict, p *analyzer.Packet, file string, frame int) bool {
	return cmp.Or(p.File, v.File) == file && p.Frame == frame || slices.ContainsFunc(p.Also, func(o analyzer.Passage) bool { return o.File == file && o.Frame == frame })
}

// nodes places the lifelines.
func (l *htmlLadder) nodes(v *analyzer.Verdict, points []string) {
	n, top := len(points)+1, ladderTop
	if len(points) > 0 {
		top = pointsTop
	}
	at := func(i int) int { return ladderLeft + (ladderRight-ladderLeft)*i/n }
	l.Nodes = append(l.Nodes, ladderNode{X: at(0), Top: top, Anchor: "start", Role: "originator", Name: endpoint(v.Connection.Originator)})
	for i, p := range points {
		l.Nodes = append(l.Nodes, ladderNode{X: at(i + 1), Top: top, Point: true, Anchor: "middle", Role: "capture point", Name: shortened(filepath.Base(p)), Full: p})
	}
	l.Nodes = append(l.Nodes, ladderNode{X: at(n), Top: top, Anchor: "end", Role: "responder", Name: endpoint(v.Connection.Responder)})
}

// shortened leaves the middle of a long name out.
func shortened(name string) string {
	r := []rune(name)
	if len(r) <= mostName {
		return name
	}
	return string(r[:mostName/2]) + "…" + string(r[len(r)-mostName/2+1:])
}

// packet draws a packet at a height.
func (l *htmlLadder) packet(v *analyzer.Verdict, points []string, p *analyzer.Packet, y int) *ladderPacket {
	_, label, _ := strings.Cut(p.Segment, ": ")
	flags, _, _ := strings.Cut(label, " ")
	d := &ladderPacket{Label: label, Class: "seg", Band: y - packetHeight/2}
	isReset := strings.Contains(flags, "R")
	mine := slices.Contains(p.Marks, analyzer.MarkReset)
	if isReset {
		d.Class += " rst"
	}
	if mine {
		d.Class += " mine"
	}
	d.Excludes = slices.Contains(p.Marks, analyzer.MarkExcludes)
	l.Excludes = l.Excludes || d.Excludes
	d.Badge = badge(v, p)
	if d.Badge != "" {
		d.Class += " proof"
	}
	if points == nil {
		d.Frame = fmt.Sprint(p.Frame)
	}
	d.Title = packetTitle(v, p)
	l.way(d, v, points, p, y, isReset, mine)
	return d
}

// badge numbers the evidence that names a packet.
func badge(v *analyzer.Verdict, p *analyzer.Packet) string {
	var numbers []string
	for i, e := range v.Evidence {
		if packetIs(v, p, cmp.Or(e.File, v.File), e.Frame) {
			numbers = append(numbers, fmt.Sprint(i+1))
		}
	}
	if len(numbers) > 3 {
		numbers = append(numbers[:2], "…")
	}
	return strings.Join(numbers, " ")
}

// way draws the arrow: firm where the packet was seen on both sides, faint
// where its address alone says so, with a diamond where it was made between two
// points or by a device, and broken off where it never arrived.
func (l *htmlLadder) way(d *ladderPacket, v *analyzer.Verdict, points []string, p *analyzer.Packet, y int, isReset, mine bool) {
	nodes := slices.Clone(l.Nodes)
	dir := 1
	if p.From == analyzer.Responder {
		slices.Reverse(nodes)
		points = slices.Clone(points)
		slices.Reverse(points)
		dir = -1
	}
	start, end := nodes[0].X, nodes[len(nodes)-1].X
	first, last, before, behind := -1, -1, -1, -1 // points that saw it, and missed it before and behind
	frames := make([]int, len(points))
	for i, point := range points {
		frames[i] = frameAt(v, p, point)
		if frames[i] > 0 {
			if first < 0 {
				first = i
			}
			last, behind = i, -1
			d.Dots = append(d.Dots, ladderDot{nodes[i+1].X, fmt.Sprint(frames[i])})
		} else if slices.Contains(p.Missed, point) {
			if first < 0 {
				before = i
			} else if behind < 0 {
				behind = i
			}
		}
	}
	from, to := start, end
	if before >= 0 && first >= 0 {
		from = (nodes[before+1].X + nodes[first+1].X) / 2
	} else if mine && v.Sender == analyzer.Middlebox {
		until := end
		if first >= 0 {
			until = nodes[first+1].X
		}
		from = start + (until-start)*2/5
	}
	if behind >= 0 {
		to = (nodes[last+1].X + nodes[behind+1].X) / 2
	}
	if from != start {
		d.Faint = fmt.Sprintf("M%d %dH%d", start, y, from)
		d.Made = fmt.Sprintf("M%d %dl7 -7l7 7l-7 7z", from-7, y)
		l.Made = true
	}
	d.Lines = fmt.Sprintf("M%d %dH%d", from, y, to)
	switch {
	case to != end:
		d.Broken = fmt.Sprintf("M%d %dl%d -14M%d %dl%d -14", to-2*dir, y+7, 6*dir, to+4*dir, y+7, 6*dir)
		d.Faint += fmt.Sprintf("M%d %dH%d", to+10*dir, y, end)
		l.Broken = true
	case isReset:
		d.Head = fmt.Sprintf("M%d %dl12 12m0 -12l-12 12", to-7*dir-6, y-6)
	default:
		d.Head = fmt.Sprintf("M%d %dl%d -4.5v9z", to, y, -10*dir)
	}
	d.LabelX = (from + to) / 2
}

// frameAt is the frame in which a packet was seen at a point, 0 where it was
// not.
func frameAt(v *analyzer.Verdict, p *analyzer.Packet, point string) int {
	if cmp.Or(p.Point, p.File, v.File) == point {
		return p.Frame
	}
	for _, o := range p.Also {
		if cmp.Or(o.Point, o.File) == point {
			return o.Frame
		}
	}
	return 0
}

// packetTitle tells the fields of a packet, a line each.
func packetTitle(v *analyzer.Verdict, p *analyzer.Packet) string {
	var b strings.Builder
	file := ""
	if p.File != "" || len(v.Points) > 1 {
		file = " of " + cmp.Or(p.File, v.File)
	}
	fmt.Fprintf(&b, "frame %d%s", p.Frame, file)
	if p.Tap != "" {
		fmt.Fprintf(&b, ", interface %s", p.Tap)
	}
	fmt.Fprintf(&b, ", %s\n%s\n", p.Time.Format(htmlStamp), p.Segment)
	fmt.Fprintf(&b, "on the wire: seq %d ack %d, TTL %d", p.Seq, p.Ack, p.TTL)
	if p.ID != nil {
		fmt.Fprintf(&b, ", IP id %d", *p.ID)
	}
	if p.Options != "" {
		fmt.Fprintf(&b, "\noptions %s", p.Options)
	}
	for _, o := range p.Also {
		fmt.Fprintf(&b, "\nalso frame %d of %s, %s", o.Frame, o.File, o.Time.Format(htmlStamp))
	}
	for _, name := range p.Missed {
		fmt.Fprintf(&b, "\nnever came by at %s", name)
	}
	if n := badge(v, p); n != "" {
		fmt.Fprintf(&b, "\nevidence %s", n)
	}
	return b.String()
}
