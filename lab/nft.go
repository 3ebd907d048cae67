//go:build linux

package lab

import (
	"errors"
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"rstlab/internal/nft"
)

// Nft adds a rule to the host's firewall, behind the rules that are there. It
// is written in the words of the nft program, with the hook in front:
//
//	forward tcp dport 445 reject with tcp reset
//	postrouting oifname server masquerade
//	prerouting tcp dport 80 dnat to server:8080
//	output tcp flags & rst == rst drop
//
// Where an address stands, the name of an actor may stand, and where an
// interface does, that of the neighbour it leads to. A rule that writes no
// family and names an actor with addresses of both is added for both.
//
// The rules stand in the table "inet rstlab", in a chain for each hook and
// kind: those that translate addresses at the priority of nat, those with
// notrack at that of raw, all others at that of filter, in prerouting at that
// of mangle, where connection tracking has seen the packet and translation has
// not. The chains let pass what no rule stops.
//
// An error about the rule's words names the column; one of the kernel unwraps
// to its errno.
func (h *Host) Nft(rule string) error {
	read, wrong := nft.Parse(rule)
	if wrong != nil {
		return h.errorf("nft %q: %w", rule, wrong)
	}
	rules, err := h.compile(read)
	if err == nil {
		err = h.ns.Do(func() error { return addRules(chainOf(read), rules) })
	}
	if err != nil {
		return h.errorf("nft %q: %w", rule, err)
	}
	return nil
}

// A kernelRule is a rule in the expressions of the kernel, with the sets that
// they look values up in.
type kernelRule struct {
	exprs []expr.Any
	sets  []kernelSet
}

// A kernelSet is a set without a name.
type kernelSet struct {
	set      *nftables.Set
	elements []nftables.SetElement
}

var nftTable = nftables.Table{Name: "rstlab", Family: nftables.TableFamilyINet}

// chainOf gives the chain that a rule belongs to.
func chainOf(r *nft.Rule) *nftables.Chain {
	hooks := map[nft.Hook]*nftables.ChainHook{
		nft.Prerouting:  nftables.ChainHookPrerouting,
		nft.Input:       nftables.ChainHookInput,
		nft.Forward:     nftables.ChainHookForward,
		nft.Output:      nftables.ChainHookOutput,
		nft.Postrouting: nftables.ChainHookPostrouting,
	}
	c := &nftables.Chain{
		Name: string(r.Hook), Table: &nftTable, Hooknum: hooks[r.Hook],
		Type: nftables.ChainTypeFilter, Priority: nftables.ChainPriorityFilter,
	}
	if r.Hook == nft.Prerouting {
		c.Priority = nftables.ChainPriorityMangle
	}
	for _, s := range r.Statements {
		switch s.(type) {
		case *nft.NAT:
			c.Name = "nat-" + c.Name
			c.Type = nftables.ChainTypeNAT
			c.Priority = nftables.ChainPriorityNATSource
			if r.Hook == nft.Prerouting || r.Hook == nft.Output {
				c.Priority = nftables.ChainPriorityNATDest
			}
			return c
		case nft.Notrack:
			c.Name = "raw-" + c.Name
			c.Priority = nftables.ChainPriorityRaw
			return c
		}
	}
	return c
}

// addRules adds all rules or none, and their table and chain where they are
// not there yet, in the calling thread's namespace.
func addRules(chain *nftables.Chain, rules []kernelRule) error {
	c, err := nftables.New()
	if err != nil {
		return fmt.Errorf("open nftables: %w", err)
	}
	c.AddTable(&nftTable)
	c.AddChain(chain)
	for _, r := range rules {
		for _, s := range r.sets {
			if err := c.AddSet(s.set, s.elements); err != nil {
				return err
			}
		}
		c.AddRule(&nftables.Rule{Table: &nftTable, Chain: chain, Exprs: r.exprs})
	}
	switch err := c.Flush(); {
	case errors.Is(err, unix.ENOENT):
		return fmt.Errorf("this kernel lacks a module that the rule needs (nft_ct, nft_nat, nft_reject_inet, nft_limit, …): %w", err)
	case errors.Is(err, unix.EOPNOTSUPP):
		return fmt.Errorf("this kernel does not know all of the rule (@ih needs Linux 6.2): %w", err)
	default:
		return err
	}
}

// supportsNft tries a filter and a translation in the calling thread's
// namespace.
func supportsNft() error {
	for _, rule := range []string{
		"forward ct state new limit rate 1/second reject with tcp reset",
		"postrouting masquerade",
		"prerouting dnat to 192.0.2.1",
	} {
		read, wrong := nft.Parse(rule)
		if wrong != nil {
			return wrong
		}
		k, err := (&nftCompiler{family: read.Family}).rule(read)
		if err == nil {
			err = addRules(chainOf(read), []kernelRule{k})
		}
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EPROTONOSUPPORT) {
			return fmt.Errorf("this kernel lacks nftables (module nf_tables): %w", err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
