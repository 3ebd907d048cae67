// Package segment is the project's one notation for a TCP segment: parse it,
// print it, compare it. Scenario files, failures, reports and the analyzer's
// tests all speak it.
//
// A segment is written as tcpdump has always printed it:
//
//	server.80 > client.40001: R. seq 1 ack 101 win 0
//
// What is not written is not set. The same type therefore serves as a pattern
// (see [Segment.Match]), as a template to send, and as a printed packet.
package segment

import (
	"net/netip"
)

// Flags are the control bits of a TCP header as they stand on the wire
// (RFC 9293, section 3.1; ECE and CWR from RFC 3168).
type Flags uint8

// The control bits.
const (
	FIN Flags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// An Endpoint is one end of a segment: an actor's name or an address, and a
// port where one is written (0: any port, or the actor's only one).
type Endpoint struct {
	Name string
	Addr netip.Addr // valid when an address was written in place of a name
	Port uint16
}

// A Seq is a written sequence number, "seq 1" or "seq 1:101". Start and End
// are relative to the direction's SYN unless Raw ("rawseq"); End is exclusive.
type Seq struct {
	Start, End uint32
	HasEnd     bool
	Raw        bool
}

// An Ack is a written acknowledgment number, relative to the other direction's
// SYN unless Raw ("rawack").
type Ack struct {
	N   uint32
	Raw bool
}

// Attrs are the header fields outside TCP proper that a packet line may name;
// a nil pointer is a field that was not written.
type Attrs struct {
	TTL    *uint8  // ttl=: IPv4 TTL or IPv6 hop limit
	ID     *uint16 // id=: IPv4 identification
	DF     *bool   // df=yes|no: IPv4 don't fragment
	TOS    *uint8  // tos=: IPv4 TOS or IPv6 traffic class
	Flow   *uint32 // flow=: IPv6 flow label
	BadSum bool    // badsum=yes: on a sent packet, a wrong TCP checksum
}

// A Segment is a TCP segment or, with ICMP set, an ICMP error, as written.
// Nil pointers and a nil Options are fields that were not written.
type Segment struct {
	Src, Dst Endpoint
	ICMP     string // name of an ICMP type ("port-unreachable"); "" for TCP
	Flags    Flags
	Seq      *Seq
	Ack      *Ack
	Win      *uint32
	Options  []Option
	Length   *uint32 // payload bytes
	Payload  *string // payload as written
	Attrs
}

// An Option is one TCP option in tcpdump's words: {"mss", ["1460"]},
// {"TS", ["val", "1", "ecr", "0"]}, {"sack", ["1:101"]}, {"sackOK", nil},
// {"unknown-34", [`"hex"`]}. Args are kept as words, a string with its quotes.
type Option struct {
	Kind string
	Args []string
}
