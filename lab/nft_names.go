//go:build linux

package lab

import (
	"fmt"
	"net/netip"
	"strings"

	"rstlab/internal/nft"
	"rstlab/internal/segment"
)

// compile turns a rule into the kernel's expressions: once, or for each family
// of the actor that it translates to.
func (h *Host) compile(r *nft.Rule) ([]kernelRule, error) {
	families := []nft.Family{r.Family}
	for _, s := range r.Statements {
		if n, ok := s.(*nft.NAT); ok && n.To.Name != "" && r.Family == 0 {
			addrs, err := h.addrsOf(n.To)
			if err != nil {
				return nil, err
			}
			families = familiesOf(addrs)
		}
	}
	var rules []kernelRule
	for _, f := range families {
		k, err := (&nftCompiler{host: h, family: f}).rule(r)
		if err != nil {
			return nil, err
		}
		rules = append(rules, k)
	}
	return rules, nil
}

// familiesOf gives the families that addresses belong to, IPv4 first.
func familiesOf(addrs []netip.Addr) []nft.Family {
	var families []nft.Family
	for _, f := range []nft.Family{4, 6} {
		if len(ofFamily(addrs, f)) > 0 {
			families = append(families, f)
		}
	}
	return families
}

func ofFamily(addrs []netip.Addr, f nft.Family) []netip.Addr {
	var some []netip.Addr
	for _, a := range addrs {
		if a.Is4() == (f == 4) {
			some = append(some, a)
		}
	}
	return some
}

// at is an error about an operand.
func at(o nft.Operand, format string, args ...any) error {
	return &segment.Error{Col: o.Col, Len: o.Len, Msg: fmt.Sprintf(format, args...)}
}

// addrsOf gives the addresses of the actor that an operand names.
func (h *Host) addrsOf(o nft.Operand) ([]netip.Addr, error) {
	var names []string
	for _, n := range h.lab.plan.nodes {
		if n.name == o.Name {
			return n.addrs, nil
		}
		names = append(names, n.name)
	}
	return nil, at(o, "unknown name %q; the lab has %s%s", o.Name, strings.Join(names, ", "), segment.DidYouMean(o.Name, names...))
}

// addrsIn gives those of one family; there is at least one.
func (h *Host) addrsIn(o nft.Operand, f nft.Family) ([]netip.Addr, error) {
	addrs, err := h.addrsOf(o)
	if err != nil {
		return nil, err
	}
	if addrs = ofFamily(addrs, f); len(addrs) == 0 {
		return nil, at(o, "%s has no address of IPv%d", o.Name, f)
	}
	return addrs, nil
}

// device gives the name of the host's interface that an operand names, by
// itself or by the neighbour that it leads to.
func (h *Host) device(o nft.Operand) (string, error) {
	var names []string
	for _, p := range h.node.ports {
		if p.dev.name == o.Name {
			return o.Name, nil
		}
		names = append(names, p.dev.name)
	}
	if out, _ := h.neighbour(o.Name); out != nil {
		return out.dev.name, nil
	}
	for _, p := range h.node.ports {
		for _, n := range p.neighbours() {
			names = append(names, n.node.name)
		}
	}
	return "", at(o, "unknown interface %q; the host has %s%s", o.Name, strings.Join(names, ", "), segment.DidYouMean(o.Name, names...))
}
