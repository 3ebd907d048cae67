package packet_test

import (
	"testing"

	"rstlab/analyzer/packet"
)

// TestTunnelKey: IDs that each direction chooses for itself do not tell
// connections apart, those of a network do.
func TestTunnelKey(t *testing.T) {
	tunnel := func(e ...packet.Encap) *packet.Tunnel {
		t := &packet.Tunnel{N: uint8(len(e))}
		copy(t.Stack[:], e)
		return t
	}
	for _, c := range []struct {
		a, b *packet.Tunnel
		same bool
	}{
		{tunnel(), tunnel(), true},
		{tunnel(), tunnel(packet.Encap{Kind: packet.VLAN, ID: 10}), false},
		{tunnel(packet.Encap{Kind: packet.VLAN, ID: 10}), tunnel(packet.Encap{Kind: packet.VLAN, ID: 11}), false},
		{tunnel(packet.Encap{Kind: packet.VXLAN, ID: 10}), tunnel(packet.Encap{Kind: packet.VLAN, ID: 10}), false},
		{tunnel(packet.Encap{Kind: packet.GTPU, ID: 10}), tunnel(packet.Encap{Kind: packet.GTPU, ID: 11}), true},
		{tunnel(packet.Encap{Kind: packet.MPLS, ID: 10}), tunnel(packet.Encap{Kind: packet.MPLS, ID: 11}), true},
		{tunnel(packet.Encap{Kind: packet.GRE, ID: 10}), tunnel(packet.Encap{Kind: packet.GRE, ID: 11}), true},
		{tunnel(packet.Encap{Kind: packet.ERSPAN, ID: 10}), tunnel(packet.Encap{Kind: packet.ERSPAN, ID: 11}), true},
		{tunnel(packet.Encap{Kind: packet.VLAN, ID: 1}, packet.Encap{Kind: packet.VLAN, ID: 2}), tunnel(packet.Encap{Kind: packet.VLAN, ID: 2}, packet.Encap{Kind: packet.VLAN, ID: 1}), false},
	} {
		if same := c.a.Key() == c.b.Key(); same != c.same {
			t.Errorf("%q and %q have the same key: %v, want %v", c.a, c.b, same, c.same)
		}
	}
	if tunnel().Key() != 0 {
		t.Error("no tunnel has a key")
	}
}
