package report

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
)

// A htmlKey is what resets of one kind have in common.
type htmlKey struct {
	cause            cause.ID
	why              string
	strength, surety cause.Strength
	sender           analyzer.Sender
	effect           analyzer.Effect
	benign, back     bool // back: it bears the responder's address
	server           string
}

func htmlKeyOf(v *analyzer.Verdict) htmlKey {
	return htmlKey{
		cause: v.Cause, why: v.Why, strength: v.Strength, surety: v.SenderStrength, sender: v.Sender, effect: v.Effect, benign: v.Benign,
		back: v.SenderAddress == v.Connection.Responder, server: host(v.Connection.Responder),
	}
}

// host is the address without its port.
func host(addrPort string) string {
	if ap, err := netip.ParseAddrPort(addrPort); err == nil {
		return ap.Addr().String()
	}
	return addrPort
}

// A htmlGroup is one kind of reset between one responder and others, told by its first.
type htmlGroup struct {
	ID      string
	Verdict *analyzer.Verdict
	Body    htmlBody

	Heading string
	Cause   string
	Known   bool   // the cause is explained below
	Pair    string // who reset whom
	Server  string
	Hosts   []string // the pairs, whoever reset whom
	Sender  string
	Effect  string
	Count   int
	Time    string
	Sort    string // the first's time, for sorting
	Members []htmlMember
	More    int    // members that are not listed
	Bins    string // of the strip of time
	first   time.Time
	pairs   map[string]bool
	ports   map[string]bool // the responder's
}

// effectOf says what the receiver made of a reset, and in which state.
func effectOf(v *analyzer.Verdict) string {
	if v.Connection.State == "" {
		return string(v.Effect)
	}
	return string(v.Effect) + " in " + v.Connection.State
}

// A htmlMember is one reset of a kind.
type htmlMember struct{ Frame, Time, Ends string }

func newHTMLGroup(v *analyzer.Verdict, files bool) *htmlGroup {
	g := &htmlGroup{Verdict: v, Body: newHTMLBody(v, files), Heading: headingOf(v), Cause: string(v.Cause), Sender: sender(v), Effect: effectOf(v), first: v.Time, pairs: map[string]bool{}, ports: map[string]bool{}}
	_, g.Known = cause.Lookup(v.Cause)
	g.Server = host(v.Connection.Responder)
	return g
}

// pairOf are the hosts of a connection.
func pairOf(v *analyzer.Verdict) string {
	return host(v.Connection.Originator) + " – " + host(v.Connection.Responder)
}

// otherHosts stands for pairs that have no name.
const otherHosts = "other hosts"

// many tells whether there is more than one pair.
func (g *htmlGroup) many() bool { return len(g.Hosts) > 1 || g.pairs[otherHosts] }

// hosts says how many there are.
func (g *htmlGroup) hosts() string {
	return atLeast(len(g.Hosts), g.pairs[otherHosts], "host")
}

// atLeast is a number of things, of which there may be more.
func atLeast(n int, more bool, what string) string {
	if more {
		return plural(n, what) + " or more"
	}
	return plural(n, what)
}

// pair says who reset whom.
func (g *htmlGroup) pair() string {
	v := g.Verdict
	from, to, were := endpoint(v.Connection.Originator), endpoint(v.Connection.Responder), "was"
	switch {
	case g.many():
		from = g.hosts()
	case g.Count > 1:
		from = host(v.Connection.Originator)
	}
	if len(g.ports) > 1 {
		to = fmt.Sprintf("%s (%s)", host(v.Connection.Responder), atLeast(len(g.ports), len(g.ports) == maxHTMLHosts, "port"))
	}
	if v.SenderAddress == v.Connection.Responder {
		from, to = to, from
		if g.many() {
			were = "were"
		}
	}
	if v.Sender == analyzer.Middlebox || v.Sender == analyzer.UndeterminedSender {
		return to + " " + were + " reset in the name of " + from
	}
	return from + " reset " + to
}

// add counts a reset of the kind.
func (g *htmlGroup) add(v *analyzer.Verdict, pair string, files bool) {
	g.Count++
	if len(g.ports) < maxHTMLHosts {
		g.ports[v.Connection.Responder] = true
	}
	if len(g.Hosts) >= maxHTMLHosts-1 && !g.pairs[pair] {
		pair = otherHosts
	}
	if !g.pairs[pair] {
		g.pairs[pair] = true
		g.Hosts = append(g.Hosts, pair)
	}
	if len(g.Members) == maxHTMLMembers {
		g.More++
		return
	}
	g.Members = append(g.Members, htmlMember{frameOf(files, v.File, v.Frame), v.Time.Format(htmlStamp),
		fmt.Sprintf("%s > %s, connection %d", endpoint(v.Connection.Originator), endpoint(v.Connection.Responder), v.Connection.ID)})
}

// finish writes what depends on all of the resets.
func (g *htmlGroup) finish(dates bool) {
	form := "15:04:05.000000"
	if dates {
		form = htmlStamp
	}
	g.Pair = g.pair()
	g.Time, g.Sort = g.first.Format(form), g.first.Format(htmlStamp)
	if g.Count == 1 {
		g.Members = nil
	}
}

// headingOf is the verdict in words.
func headingOf(v *analyzer.Verdict) string {
	row, _ := cause.Lookup(v.Cause)
	text := row.Summary
	if words := v.Lack(); words != "" {
		text = "the cause can't be told: " + words
	}
	if v.Strength == cause.Possible {
		return "Possibly: " + text
	}
	return capitalized(text)
}

// A htmlBody is what a verdict stands on, as a page tells it.
type htmlBody struct {
	Place        string // the frame, its time and connection
	Details      []htmlFact
	Evidence     []htmlEvidence
	Excluded     []htmlReason
	Alternatives []htmlReason
	After        string
	Seen         []string
	Next         []string
	Ladder       *htmlLadder // nil where there is no room for it
}

// A htmlEvidence is a fact and its frame. Link is the packet of the ladder that
// shows it, "" where none does.
type htmlEvidence struct{ Frame, Fact, Link string }

// A htmlReason is a cause and what speaks against it, or for it.
type htmlReason struct{ Cause, By, Text string }

func newHTMLBody(v *analyzer.Verdict, files bool) htmlBody {
	b := htmlBody{Place: fmt.Sprintf("%s at %s, connection %d", frameOf(files, v.File, v.Frame), v.Time.Format(htmlStamp), v.Connection.ID)}
	if v.Tap != "" {
		b.Place += ", interface " + v.Tap
	}
	for _, key := range slices.Sorted(maps.Keys(v.Details)) {
		b.Details = append(b.Details, htmlFact{strings.ReplaceAll(key, "_", " "), fmt.Sprint(v.Details[key])})
	}
	for _, e := range v.Evidence {
		b.Evidence = append(b.Evidence, htmlEvidence{Frame: beside(v, e.File, e.Frame), Fact: e.Fact})
	}
	for _, x := range v.Excluded {
		b.Excluded = append(b.Excluded, htmlReason{Cause: string(x.Cause), Text: x.Why + inFrames(x.Frames)})
	}
	for _, a := range v.Alternatives {
		b.Alternatives = append(b.Alternatives, htmlReason{string(a.Cause), fmt.Sprintf("by %s, %s", who(a.Sender), a.Strength), a.Why})
	}
	if v.After != nil {
		b.After = fmt.Sprintf("%s (%s)", beside(v, v.After.File, v.After.Frame), v.After.Cause)
	}
	b.Seen = elsewhere(v)
	for _, step := range strings.Split(v.Next, "; then ") {
		if step != "" {
			b.Next = append(b.Next, capitalized(step))
		}
	}
	return b
}

// draw adds the ladder, and leads from the evidence to it.
func (b *htmlBody) draw(v *analyzer.Verdict, id string) {
	b.Ladder = newHTMLLadder(v, id)
	for i, e := range v.Evidence {
		n := slices.IndexFunc(v.Packets, func(p analyzer.Packet) bool { return packetIs(v, &p, cmp.Or(e.File, v.File), e.Frame) })
		if n >= 0 {
			b.Evidence[i].Link = packetID(id, n)
		}
	}
}
