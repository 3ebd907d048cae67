// Package pcapng is the project's one codec for captures: pcap and pcapng, in
// and out. It is pure and streaming: an io.Reader or io.Writer on one side,
// packets on the other.
//
// Reading knows pcap in both byte orders with micro- and nanosecond stamps and
// its kin with longer record headers, and pcapng with any number of sections
// and interfaces (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng). Writing is
// pcapng, little-endian, one section.
package pcapng

import "time"

// A Packet is one captured frame.
type Packet struct {
	Frame     int64     // its number in the file, from 1, as Wireshark's: custom blocks and journal entries count, too; ignored by Writer
	Time      int64     // nanoseconds since 1970; 0 without HasTime
	Data      []byte    // what was captured of the frame, from its link header on
	OrigLen   int       // the frame's length on the wire; never less than len(Data)
	Interface int       // index into Reader.Interfaces, or of Writer.AddInterface
	LinkType  uint16    // the interface's (LINKTYPE_ registry); ignored by Writer
	HasTime   bool      // false for a Simple Packet Block, which has no stamp
	Direction Direction // as epb_flags or a modified pcap's packet type tells
	Flags     uint32    // epb_flags as they stand, direction included; 0: none
	Dropped   uint64    // epb_dropcount: lost on this interface since its last packet
	Comments  []string  // opt_comment, in their order
}

// Direction says which way a frame went, seen from the host of the capture.
type Direction uint8

// Directions.
const (
	Unknown Direction = iota
	Inbound
	Outbound
)

// String gives "unknown", "in" or "out".
func (d Direction) String() string {
	switch d {
	case Inbound:
		return "in"
	case Outbound:
		return "out"
	}
	return "unknown"
}

// An Interface is one interface of a capture.
type Interface struct {
	Name        string
	Description string
	Filter      string // the capture filter, where it was text
	OS          string
	Comments    []string
	LinkType    uint16        // LINKTYPE_ registry
	SnapLen     uint32        // 0: no limit
	Unit        time.Duration // of the stamps; Writer keeps powers of ten and takes nanoseconds for the rest, 0 too
	Options     []Option      // others, that are carried along: see Reader.Carry
	Stats       Stats         // of the last Interface Statistics Block; set by Reader, see Writer.WriteStats
}

// Stats are an interface's counts at the end of its capture. A count that
// nobody wrote is not Known.
type Stats struct {
	At        int64 // the block's stamp, nanoseconds since 1970: the capture ran until then. 0: there is no block. Set by Reader.
	Start     int64 // isb_starttime, nanoseconds since 1970: when the capture began. 0: not told
	End       int64 // isb_endtime
	Received  Count // isb_ifrecv: packets that came in
	Dropped   Count // isb_ifdrop: lost by the interface for want of room
	OSDropped Count // isb_osdrop: lost by the operating system
	Accepted  Count // isb_filteraccept: passed the capture filter
	Delivered Count // isb_usrdeliv: given to the capturing program
}

// A Count is a number that may be missing.
type Count struct {
	N     uint64
	Known bool
}

// Link types of the LINKTYPE_ registry (tcpdump.org/linktypes.html) that the
// project writes or decodes.
const (
	LinkNull        = 0
	LinkEthernet    = 1
	LinkPPP         = 9
	LinkRawBSD      = 12 // DLT_RAW of most systems, seen in files
	LinkRawOpen     = 14 // DLT_RAW of OpenBSD
	LinkPPPHDLC     = 50
	LinkPPPoE       = 51
	LinkRaw         = 101
	LinkCHDLC       = 104
	Link80211       = 105
	LinkFRelay      = 107
	LinkLoop        = 108
	LinkENC         = 109
	LinkSLL         = 113
	LinkPFLOG       = 117
	LinkPrism       = 119
	LinkRadiotap    = 127
	LinkAVS         = 163
	LinkJuniper     = 178 // JUNIPER_ETHER
	LinkPPI         = 192
	LinkERF         = 197
	LinkPPPDir      = 204
	LinkMPLS        = 219
	LinkIPv4        = 228
	LinkIPv6        = 229
	LinkNFLOG       = 239
	LinkIPoIB       = 242
	LinkPKTAP       = 258
	LinkSLL2        = 276
	LinkBRCM        = 281 // tags of switch chips
	LinkBRCMPrepend = 282
	LinkDSA         = 284
	LinkEDSA        = 285
)
