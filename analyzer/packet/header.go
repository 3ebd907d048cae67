package packet

// A Header is a kind of header that Decode reads.
type Header uint8

// Headers. Where nothing else is said, they hold no address and name nobody.
const (
	HeaderEthernet  Header = iota // destination, source, EtherType
	HeaderLabel                   // VLAN tag, MPLS entry, control word, PPP, PPPoE, HDLC, 802.2, loopback
	HeaderSLL                     // Linux cooked: the sender's address at 6
	HeaderSLL2                    // version 2: the sender's address at 12
	HeaderWireless                // 802.11: addresses at 4, 10, 16 and, with both distribution bits, 24
	HeaderSubframe                // of aggregated 802.11 frames: destination, source, length; on the link to a switch chip destination, source, tag, EtherType
	HeaderCapture                 // what the capturing driver put before a frame; only what Decode reads of it
	HeaderAttribute               // the length and kind of an nflog attribute
	HeaderIPv4                    // with its options
	HeaderIPv6                    // the fixed part
	HeaderFragment                // of IPv6
	HeaderExtension               // another IPv6 extension, or the authentication header: of it only the first two bytes count
	HeaderRouting                 // an IPv6 routing header
	HeaderUDP
	HeaderICMP   // the first 8 bytes of an error
	HeaderGRE    // with its optional words
	HeaderTunnel // VXLAN, Geneve, GTP-U, ERSPAN, EtherIP, L2TP, …
	HeaderTCP    // with its options; within an ICMP error as much as was quoted
)

// pass tells Passed of a header that b is. What is cut from a frame ends, for
// its capacity, where the frame does.
func (d *Decoder) pass(h Header, b []byte) {
	if d.Passed != nil {
		d.Passed(h, d.capacity-cap(b), len(b))
	}
}
