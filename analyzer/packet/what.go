package packet

// What names a frame that holds no TCP segment that could be read.
type What uint8

// Frames without TCP.
const (
	Nothing       What = iota // with any Kind but Other
	UnknownLink               // a link type that is not decoded
	UnknownEther              // an EtherType that is not decoded
	UnknownIP                 // an IP protocol that is not decoded
	CutShort                  // cut by the snap length before TCP's flags
	Malformed                 // a header that contradicts itself
	TooDeep                   // more headers inside each other than are followed
	ARP                       // and RARP
	LLC                       // 802.2 without IP: spanning tree, XID, NetBEUI, IS-IS, …
	UDP                       // and no tunnel in it
	ICMPOther                 // ICMP, ICMPv6 or IGMP, and no error about TCP
	FragmentRest              // a later fragment whose first was not seen, or is not TCP's
	Encrypted                 // ESP, in UDP as well, 802.11 with protection, MACsec
	WirelessOther             // 802.11 management, control and empty frames
	PPPOther                  // PPP without IP: LCP, CHAP, IPCP, …
	SCTP
	numWhat
)

var whats = [numWhat]string{
	Nothing:       "",
	UnknownLink:   "unknown link type",
	UnknownEther:  "unknown EtherType",
	UnknownIP:     "unknown IP protocol",
	CutShort:      "cut before the TCP flags",
	Malformed:     "malformed",
	TooDeep:       "nested too deep",
	ARP:           "ARP",
	LLC:           "LLC",
	UDP:           "UDP",
	ICMPOther:     "ICMP",
	FragmentRest:  "later IP fragment",
	Encrypted:     "encrypted",
	WirelessOther: "802.11 without data",
	PPPOther:      "PPP control",
	SCTP:          "SCTP",
}

// String names it for people.
func (w What) String() string { return whats[w] }
