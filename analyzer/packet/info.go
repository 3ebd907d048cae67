// Package packet decodes a captured frame of any usual link type, through
// VLANs and tunnels, down to its innermost TCP segment, into one fixed struct
// and without allocating. Frames that hold no TCP are named for what they are;
// frames cut by the snap length give what is there. Bad input never panics.
package packet

import (
	"net/netip"

	"rstlab/internal/pcapng"
	"rstlab/internal/segment"
)

// Kind says what a frame held.
type Kind uint8

// Kinds.
const (
	Other     Kind = iota // no TCP: Info.What names it
	TCP                   // a TCP segment, or its first fragment
	TCPRest               // a later fragment of a TCP segment whose first was seen: Seq and PayloadLen are this fragment's bytes, the rest of TCP's fields the first's
	ICMPError             // an ICMP or ICMPv6 error that quotes a TCP segment
)

// Info is what a frame says about its innermost TCP segment. One Info is meant
// to be used again for each frame: Decode sets all of it. Header and Payload
// point into the frame and live as long as that; all else is copied.
//
// With Kind ICMPError the fields of IP and TCP are those of the quoted
// segment, as far as it was quoted (see Cut), and ICMP tells of the error.
type Info struct {
	Kind      Kind
	What      What // with Kind Other
	V6        bool
	Direction pcapng.Direction // of the link header, else of the capture
	Cut       Cut

	Src, Dst         [16]byte // IPv4 as ::ffff:a.b.c.d
	SrcPort, DstPort uint16

	// IP, of the innermost header.
	TTL       uint8  // IPv4 TTL or IPv6 hop limit
	TOS       uint8  // IPv4 TOS or IPv6 traffic class
	HasID     bool   // IPv4, or IPv6 with a fragment header
	DF        bool   // IPv4 don't fragment
	Fragment  bool   // more of the datagram is, or was, in other fragments
	FlowLabel uint32 // IPv6
	ID        uint32 // IP identification

	// TCP.
	Seq, Ack   uint32
	Flags      segment.Flags
	AE         bool  // accurate ECN (RFC 9768), formerly NS
	Reserved   uint8 // the three reserved bits
	Window     uint16
	Urgent     uint16
	Sum        uint16 // the checksum as it stands; see Checksum
	PayloadLen uint32 // by the IP length, even if cut; of a fragment its own part
	Header     []byte // the TCP header as captured, options included
	Payload    []byte // what was captured of the payload

	TCPOptions

	indirect bool // the pseudo-header has another destination than Dst

	// Link and tunnels.
	HasMAC  bool // SrcMAC is known
	SrcMAC  [6]byte
	IfIndex uint32 // SLL2: the interface's number on the capturing host; 0: not told
	Tunnel  Tunnel

	ICMP ICMP // with Kind ICMPError
}

// TCPOptions are the options of a TCP header. A field counts only where its
// presence is told.
type TCPOptions struct {
	HasTS         bool
	HasMSS        bool
	SACKPermitted bool
	HasMD5        bool  // TCP MD5 signature (RFC 2385)
	HasAO         bool  // TCP-AO (RFC 5925)
	BadOptions    bool  // an option's length is wrong; what stood before it is given
	WScale        int8  // -1: no window scale option
	NSACK         uint8 // SACK blocks
	TSVal, TSEcr  uint32
	MSS           uint16
	HasFastOpen   bool         // RFC 7413, either option number
	SACK          [4][2]uint32 // left and right edge; the first may be a D-SACK
	MPTCP         MPTCP
}

// Cut says what the capture or the quoting ICMP error left out. Fields that
// were left out are zero.
type Cut uint8

// Parts that may be missing.
const (
	CutPayload Cut = 1 << iota // Payload is shorter than PayloadLen
	CutOptions                 // not all of the TCP options are there
	CutWindow                  // window, checksum and urgent pointer are not all there
	CutFlags                   // ack, flags and all that follows are not there (ICMP errors only)
)

// MPTCP is what the MPTCP options of a segment say (RFC 8684).
type MPTCP struct {
	Subtypes    uint16 // bit n: subtype n is present, see the constants
	Version     uint8  // MP_CAPABLE
	ResetReason uint8  // MP_TCPRST, section 3.6
	ResetFlags  uint8  // MP_TCPRST: U, V, W, T in the low bits
	AddressID   uint8  // MP_JOIN
	Token       uint32 // MP_JOIN on a SYN: the receiver's token
	Key         uint64 // MP_CAPABLE: the sender's key
	PeerKey     uint64 // MP_CAPABLE on an ACK, MP_FASTCLOSE: the receiver's key
}

// MPTCP subtypes (RFC 8684, section 8.2).
const (
	MPCapable   = 0
	MPJoin      = 1
	MPDSS       = 2
	MPAddAddr   = 3
	MPRemove    = 4
	MPPrio      = 5
	MPFail      = 6
	MPFastClose = 7
	MPTCPReset  = 8
)

// Has tells whether the subtype is among the segment's options.
func (m *MPTCP) Has(subtype uint) bool { return m.Subtypes&(1<<subtype) != 0 }

// ICMP is an ICMP or ICMPv6 error.
type ICMP struct {
	From, To   [16]byte // the error's own addresses: From is the reporting device
	Type, Code uint8
	TTL        uint8  // of the error's own IP header
	MTU        uint32 // of fragmentation needed and packet too big
}

// Source gives the segment's source address and port.
func (i *Info) Source() netip.AddrPort { return netip.AddrPortFrom(addr(i.Src), i.SrcPort) }

// Destination gives the segment's destination address and port.
func (i *Info) Destination() netip.AddrPort { return netip.AddrPortFrom(addr(i.Dst), i.DstPort) }

// Reporter gives the address of the device that sent the ICMP error.
func (i *Info) Reporter() netip.Addr { return addr(i.ICMP.From) }

func addr(b [16]byte) netip.Addr { return netip.AddrFrom16(b).Unmap() }

// Options gives the bytes of the TCP options as captured, padding included.
func (i *Info) Options() []byte {
	if len(i.Header) <= tcpHeaderLen {
		return nil
	}
	return i.Header[tcpHeaderLen:]
}

// tcpHeaderLen is the length of a TCP header without options.
const tcpHeaderLen = 20
