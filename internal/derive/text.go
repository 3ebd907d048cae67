package derive

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/internal/script"
	"rstlab/internal/segment"
)

// A Scenario is a derived scenario.
type Scenario struct {
	Text []byte
	File *script.File
	Tap  string // the tap that stands where the main capture was taken

	story *story
	stage *stage
}

// write gives the scenario's text.
func (s *story) write(name string) (*Scenario, error) {
	st := s.set()
	events := s.tellEvents(st)
	var lines []string
	for _, l := range s.head(st) {
		lines = append(lines, strings.TrimRight("# "+l, " "))
	}
	lines = append(lines, s.declarations(st)...)
	lines = append(lines, "")
	lines = append(lines, s.routes()...)
	lines = append(lines, events...)
	src := strings.Join(lines, "\n") + "\n"
	path := name + ".scenario"
	text, err := script.Format([]byte(src), path)
	if err != nil {
		return nil, fmt.Errorf("derive %s: %w\n%s", path, err, src)
	}
	f, err := script.Parse(path, text)
	if err != nil {
		return nil, fmt.Errorf("derive %s: %w\n%s", path, err, text)
	}
	return &Scenario{Text: text, File: f, Tap: st.tap, story: s, stage: st}, nil
}

// head is the comment at the top: what happened, where it was captured, what
// was left out and what was assumed.
func (s *story) head(st *stage) []string {
	first := s.firstReset()
	lines := []string{s.summary(first), ""}
	lines = append(lines, wrap(s.place(st)+s.shortened()+s.leftOut()+s.castWords(), 78)...)
	frames := ""
	if n := len(s.packets); n > 0 {
		frames = fmt.Sprintf(", frames %d to %d", s.firstFrame().frame(), s.packets[n-1].frame())
	}
	lines = append(lines, fmt.Sprintf("See: %s%s, connection %d", cited(s.main), frames, s.chosen.Stream))
	if s.points == 2 {
		lines = append(lines, "See: "+cited(s.other))
	}
	return lines
}

// firstReset is the reset that the story is about.
func (s *story) firstReset() *pkt {
	for _, p := range s.packets {
		if p.rst() && p.verdict != nil && p.verdict.Connection.ID == s.chosen.Stream {
			return p
		}
	}
	for _, p := range s.packets {
		if p.rst() {
			return p
		}
	}
	return nil
}

// summary is the first line: the cause and who is to blame.
func (s *story) summary(p *pkt) string {
	if p == nil {
		return "A connection without a reset."
	}
	claim := s.claim(p)
	row, _ := cause.Lookup(claim.cause)
	who := "the client"
	switch {
	case claim.sender == analyzer.Middlebox:
		who = "a device on the path"
	case s.of(p.conn, p.from) == s.actors[1]:
		who = "the server"
	}
	text := strings.TrimSuffix(row.Summary, ".")
	return fmt.Sprintf("%s by %s: %s.", upper(string(claim.cause)), who, text)
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// place says where the capture was taken.
func (s *story) place(st *stage) string {
	d := st.delay
	switch {
	case d[0] == 0 && d[1] == 0:
		return "The ends are near each other. "
	case d[0] == 0:
		return fmt.Sprintf("Captured near the client, %s from the server and back. ", shown(2*d[1]))
	case d[1] == 0:
		return fmt.Sprintf("Captured near the server, %s from the client and back. ", shown(2*d[0]))
	}
	return fmt.Sprintf("Captured on the path, %s from the client and %s from the server and back. ", shown(2*d[0]), shown(2*d[1]))
}

// shortened says which waits are shorter than in the capture.
func (s *story) shortened() string {
	if s.opts.RealTime || len(s.packets) == 0 {
		return ""
	}
	total := s.packets[len(s.packets)-1].at - s.packets[0].at
	if total < time.Second {
		return ""
	}
	return fmt.Sprintf("The %s of the capture are told faster. ", shown(total))
}

// leftOut says what of the capture is not told.
func (s *story) leftOut() string {
	var parts []string
	for _, f := range s.folds {
		parts = append(parts, f.String())
	}
	text := ""
	if len(parts) > 0 {
		text = "Left out: " + strings.Join(parts, "; ") + ". "
	}
	long := 0
	for _, c := range s.conns {
		long += len(c.tooLong)
	}
	switch {
	case long == 1:
		text += "One frame was captured before it was cut into segments; here it is segments. "
	case long > 1:
		text += fmt.Sprintf("%d frames were captured before they were cut into segments; here they are segments. ", long)
	}
	if s.translated {
		text += "Between the two points a device translates addresses; here none does. "
	}
	return text
}

// castWords says why an end is scripted.
func (s *story) castWords() string {
	text := ""
	for _, a := range s.actors {
		if !a.host() {
			text += fmt.Sprintf("The %s is scripted: %s. ", a.name, a.scripted)
		}
	}
	return text
}

// declarations are the lines that say who there is.
func (s *story) declarations(st *stage) []string {
	var lines []string
	if s.v6() {
		lines = append(lines, "requires ipv6")
	}
	actorLine := func(a *actor) string {
		kind := "host"
		if !a.host() {
			kind = "peer"
		}
		text := kind + " " + a.name
		if len(a.addrs) > 1 || s.opts.KeepAddresses {
			var words []string
			for _, x := range a.addrs {
				words = append(words, s.mapped(x).String())
			}
			text += " ip=" + strings.Join(words, ",")
		}
		if a.ttl != 0 && !(a.host() && a.ttl == 64) && !(!a.host() && a.ttl == 128) {
			text += fmt.Sprintf(" ttl=%d", a.ttl)
		}
		if a.host() {
			for _, k := range s.sysctls(a) {
				text += " " + k
			}
		}
		if h := hops(a.ttl); h != "" && a.ttl != 0 {
			text += " # " + h
		}
		return text
	}
	lines = append(lines, actorLine(s.actors[0]))
	for _, b := range st.boxes {
		if b != "" {
			lines = append(lines, "middlebox "+b+" hops=0")
		}
	}
	lines = append(lines, actorLine(s.actors[1]))
	return append(lines, st.links(s, s.linkAttrs())...)
}

func (s *story) v6() bool {
	for _, c := range s.conns {
		if c.addr[0].Addr().Is6() {
			return true
		}
	}
	return false
}

// linkAttrs are the attributes that all links share.
func (s *story) linkAttrs() string {
	var words []string
	mtu := 1500
	for _, c := range s.conns {
		if c.mtu != 1500 {
			mtu = c.mtu
		}
	}
	if s.scripted() { // their packets are the capture's, with options and all
		for _, p := range s.packets {
			mtu = max(mtu, min(p.size(), longestMTU))
		}
	}
	if mtu != 1500 {
		words = append(words, fmt.Sprintf("mtu=%d", mtu))
	}
	if s.net.IsValid() {
		words = append(words, "net="+s.net.String())
	}
	return strings.Join(words, " ")
}

// sysctls are those of a host that its SYNs, its retransmissions and its
// closing tell of.
func (s *story) sysctls(a *actor) []string {
	var words []string
	if _, several := s.patient(a); several {
		words = append(words, "tcp_early_retrans=0")
	}
	for _, c := range s.conns {
		x := a.at(c)
		for _, p := range c.packets {
			if p.from == x && p.assumed == "" && p.seg.ICMP == "" {
				words = append(words, s.sysctlsOf(p)...)
			}
		}
		if !c.syn[x] && c.existed && !c.stamped() {
			words = append(words, "tcp_timestamps=0")
		}
		for _, run := range c.runs() {
			if run[0].from == x && len(run) >= 3 && !run[0].syn() {
				words = append(words, "tcp_early_retrans=0")
			}
		}
	}
	return once(words)
}

// sysctlsOf are those without which a kernel would not send p as it is.
func (s *story) sysctlsOf(p *pkt) []string {
	var words []string
	if p.syn() && !p.rst() && p.from == originator || p.syn() && p.hasACK() {
		for _, o := range []struct{ option, off string }{{"TS", "tcp_timestamps=0"}, {"sackOK", "tcp_sack=0"}, {"wscale", "tcp_window_scaling=0"}} {
			if !hasOption(p, o.option) && (p.from == originator || p.conn.offered(o.option)) {
				words = append(words, o.off)
			}
		}
		if p.len() > 0 {
			words = append(words, "tcp_fastopen=5")
		}
		if p.is(segment.ECE) {
			words = append(words, "tcp_ecn=1")
		}
	}
	if s.unrepeated(p) {
		words = append(words, "tcp_synack_retries=0")
	}
	if p.rst() && p.how == byOverflow && p.form == provoked {
		words = append(words, "tcp_abort_on_overflow=1")
	}
	return words
}

// once gives each word once, where it stands first.
func once(words []string) []string {
	var first []string
	for _, w := range words {
		if !slices.Contains(first, w) {
			first = append(first, w)
		}
	}
	return first
}

// unrepeated tells whether p is a SYN-ACK that must not be sent again while
// it, or the answer to it, is kept back.
func (s *story) unrepeated(p *pkt) bool {
	if !p.syn() || !p.hasACK() || p.from != responder {
		return false
	}
	kept := false
	for _, q := range p.conn.packets {
		if q.again == p {
			return false
		}
		kept = kept || q.rst() && !s.byDevice(q) && (q.how == byGivingUp || q.how == byRestart || q.how == byRefusal)
	}
	return kept
}

// offered tells whether the originator's SYN bore an option.
func (c *conn) offered(option string) bool {
	for _, p := range c.packets {
		if p.from == originator && p.syn() && hasOption(p, option) {
			return true
		}
	}
	return false
}

// stamped tells whether segments bear timestamps.
func (c *conn) stamped() bool {
	for _, p := range c.packets {
		if hasOption(p, "TS") {
			return true
		}
	}
	return false
}

// routes are the lines that say how soon hosts acknowledge and send again: one
// for each, for the latest is the one that counts.
func (s *story) routes() []string {
	var lines []string
	for _, a := range s.actors {
		if !a.host() {
			continue
		}
		var attrs, why []string
		add := func(attr, comment string) { attrs, why = append(attrs, attr), append(why, comment) }
		switch late := s.acknowledgesLate(a); {
		case late != nil:
			add("quickack=0", fmt.Sprintf("%s was not acknowledged before the reset came", s.frameWords(late)))
		case s.variant.delayed && s.piggybacks(a):
			add("quickack=0", "it acknowledges with its answers")
		}
		if patient, _ := s.patient(a); patient {
			add("rto_min=10s", "nothing is sent twice, however slow the machine")
		} else if least := s.leastRTO(a); least > 0 {
			add("rto_min="+shown(least), "retransmissions in less time")
		}
		if len(attrs) > 0 {
			lines = append(lines, fmt.Sprintf("%s route %s %s # %s", a.name, s.actors[a.side.other()].name, strings.Join(attrs, " "), strings.Join(why, "; ")))
		}
	}
	return lines
}

// leastRTO is the shortest rto_min that a connection of an actor asks for; 0
// where none does.
func (s *story) leastRTO(a *actor) time.Duration {
	var least time.Duration
	for _, c := range s.conns {
		if d := s.rtoMin(c, a.at(c)); d > 0 && (least == 0 || d < least) {
			least = d
		}
	}
	return least
}

// acknowledgesLate finds what came to an actor and was not acknowledged before a
// reset came behind it, a FIN or data: a kernel keeps that ACK back for a while,
// unless it is told to be quick, and then it draws a reset.
func (s *story) acknowledgesLate(a *actor) *pkt {
	for _, c := range s.conns {
		for _, p := range c.packets {
			if s.of(c, p.to()) != a || p.rst() || p.syn() || p.end == p.seq || p.frame() == none || p.lost != delivered || c.acknowledged(p) {
				continue
			}
			// Data matters where its ACK meets the reset on the way.
			soon := p.arrived + c.distance(originator) + c.distance(responder) + noticeable
			if slices.ContainsFunc(c.packets, func(q *pkt) bool {
				return q.rst() && q.from == p.from && q.at > p.at && q.lost == delivered && !s.byDevice(q) && (p.fin() || p.kept && q.sent < soon)
			}) {
				return p
			}
		}
	}
	return nil
}

// piggybacks tells whether an actor acknowledged data with data of its own.
func (s *story) piggybacks(a *actor) bool {
	for _, c := range s.conns {
		for _, p := range c.packets {
			if p.from == a.at(c) || p.len() == 0 {
				continue
			}
			if q := c.answer(p, c.end()); q != nil && q.len() > 0 {
				return true
			}
		}
	}
	return false
}

// documentation are the ranges that addresses are mapped to (RFC 5737, 3849).
var documentation = map[bool]netip.Prefix{
	false: netip.MustParsePrefix("192.0.2.0/24"),
	true:  netip.MustParsePrefix("2001:db8:1::/64"),
}

// address maps the addresses of the story.
func (s *story) address() {
	s.addrs = map[netip.Addr]netip.Addr{}
	if s.v6() {
		s.net = documentation[true]
	}
	if s.opts.KeepAddresses {
		return
	}
	next := map[bool]netip.Addr{false: documentation[false].Addr(), true: documentation[true].Addr()}
	for _, a := range s.actors {
		for _, x := range a.addrs {
			next[x.Is6()] = next[x.Is6()].Next()
			s.addrs[x] = next[x.Is6()]
		}
	}
}

// wrap breaks text into lines of at most n characters.
func wrap(text string, n int) []string {
	var lines []string
	line := ""
	for _, w := range strings.Fields(text) {
		if line != "" && len(line)+1+len(w) > n {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
