package script

import (
	"slices"

	"rstlab/internal/segment"
)

// shown says which packets the script itself can bring about, beside those that
// a host's kernel sends of its own.
type shown struct {
	flags    []segment.Flags // of peers' packets, injects and rewrites
	anyReset bool            // a filter or a middlebox refuses
	programs bool            // a program of the user's can send anything
}

func (s *shown) add(f segment.Flags) { s.flags = append(s.flags, f) }

// What a kernel's TCP sends, but for URG, ECE and CWR, which go with each.
var kernelFlags = []segment.Flags{
	segment.SYN, segment.SYN | segment.ACK, segment.ACK, segment.PSH | segment.ACK,
	segment.FIN | segment.ACK, segment.FIN | segment.PSH | segment.ACK, segment.RST, segment.RST | segment.ACK,
}

// checkForbidden checks that the file could see a packet that a "!" line
// forbids: else the line says nothing.
func (l *line) checkForbidden(p *Packet, at segment.Places) {
	f := p.Segment.Flags
	if p.Segment.ICMP != "" || l.shown.programs || l.shown.anyReset && f&segment.RST != 0 {
		return
	}
	matches := func(sent segment.Flags) bool { return sent&^segment.PSH == f&^segment.PSH && f&segment.PSH&^sent == 0 }
	if slices.ContainsFunc(l.shown.flags, matches) {
		return
	}
	sender := l.file.Owner(p.Segment.Src)
	bare := f &^ (segment.URG | segment.ECE | segment.CWR)
	switch {
	case sender == nil: // anyone
	case sender.Kind != Host:
		l.errorf(at.Flags, "no packet of this file can be %v; %s is a %s and no line sends one", f, sender.Name, sender.Kind)
	case !slices.Contains(kernelFlags, bare):
		l.errorf(at.Flags, "no packet of this file can be %v; a host sends S S. . P. F. R R.", f)
	}
}

// checkClaim checks that the file claims something: resets, or that there are
// none.
func (p *parser) checkClaim() {
	f := p.file
	switch {
	case f.NoReset && p.firstReset != 0:
		t := segment.Token{Kind: segment.Word, Text: "no reset", Col: f.NoResetPos.Col}
		p.errorAt(f.NoResetPos.Line, t.Errorf(`"no reset" is claimed, but line %d is one`, p.firstReset))
	case !f.NoReset && p.firstReset == 0 && !p.broken:
		end := segment.Token{Col: segment.Runes(f.Lines[len(f.Lines)-1].Text) + 1}
		p.errorAt(len(f.Lines), end.Errorf(`nothing is claimed: add a reset with its truth, or "no reset"`))
	}
}
