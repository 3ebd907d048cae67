//go:build linux

package lab

// Nft adds a rule to the host's firewall.
func (h *Host) Nft(rule string) error { panic("not built yet") }

func supportsNft() error { return nil }
