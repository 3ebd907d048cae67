//go:build linux

package lab

import (
	"errors"
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Nft adds a rule to the host's firewall.
func (h *Host) Nft(rule string) error {
	return h.errorf("nft %q: rules are being built", rule)
}

// supportsNft tries a chain and a rule of each kind that scenarios use, in the
// calling thread's namespace.
func supportsNft() error {
	c, err := nftables.New()
	if err != nil {
		return fmt.Errorf("open nftables: %w", err)
	}
	table := c.AddTable(&nftables.Table{Name: "rstlab", Family: nftables.TableFamilyINet})
	filter := c.AddChain(&nftables.Chain{
		Name: "forward", Table: table, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookForward, Priority: nftables.ChainPriorityFilter,
	})
	c.AddRule(&nftables.Rule{Table: table, Chain: filter, Exprs: []expr.Any{
		&expr.Ct{Key: expr.CtKeySTATE, Register: 1},
		&expr.Reject{Type: unix.NFT_REJECT_TCP_RST},
	}})
	nat := c.AddChain(&nftables.Chain{
		Name: "nat-postrouting", Table: table, Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource,
	})
	c.AddRule(&nftables.Rule{Table: table, Chain: nat, Exprs: []expr.Any{&expr.Masq{}}})
	err = c.Flush()
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EPROTONOSUPPORT) || errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("this kernel lacks nf_tables, its nat, ct or reject (modules nf_tables, nft_ct, nft_reject_inet, nft_masq): %w", err)
	}
	if err != nil {
		return fmt.Errorf("add rules: %w", err)
	}
	return nil
}
