package packet

import (
	"encoding/binary"

	"rstlab/internal/segment"
)

const (
	// flagsEnd is how much of a TCP header must be there to judge a segment by:
	// ports, numbers and flags.
	flagsEnd = 14

	// quotedLen is what an ICMP error quotes of a segment at least (RFC 792).
	quotedLen = 8
)

// tcp decodes a TCP segment (RFC 9293, section 3.1), or its first fragment: b of
// it was captured of wire bytes.
func (d *Decoder) tcp(info *Info, b []byte, wire int) What {
	if len(b) < flagsEnd {
		if d.quoting && len(b) >= quotedLen {
			info.SrcPort, info.DstPort = u16(b), u16(b[2:])
			info.Seq = u32(b[4:])
			d.pass(HeaderTCP, b)
			info.Cut = CutPayload | CutOptions | CutWindow | CutFlags
			info.Header = b
			info.PayloadLen = uint32(max(0, wire-tcpHeaderLen))
			info.Kind = TCP
			return Nothing
		}
		if len(b) < wire {
			return CutShort
		}
		return Malformed
	}
	info.Kind = TCP
	info.SrcPort, info.DstPort = u16(b), u16(b[2:])
	info.Seq, info.Ack = u32(b[4:]), u32(b[8:])
	info.Flags = segment.Flags(b[13])
	info.AE = b[12]&1 != 0
	info.Reserved = b[12] >> 1 & 7
	n := int(b[12]>>4) * 4
	if n < tcpHeaderLen { // no stack takes it, but its sender sent it
		n = tcpHeaderLen
		info.BadOptions = true
	}
	whole := n
	if n > wire {
		n = wire
		info.BadOptions = true
	}
	if len(b) >= tcpHeaderLen {
		info.Window, info.Sum, info.Urgent = u16(b[14:]), u16(b[16:]), u16(b[18:])
	} else {
		info.Cut = CutWindow
	}
	info.PayloadLen = uint32(wire - n)
	if len(b) < n {
		info.Header = b
		info.Cut |= CutOptions
		if info.PayloadLen > 0 {
			info.Cut |= CutPayload
		}
	} else {
		info.Header, info.Payload = b[:n:n], b[n:]
		if len(b) < wire {
			info.Cut |= CutPayload
		}
	}
	d.pass(HeaderTCP, b[:len(info.Header)])
	if len(info.Header) > tcpHeaderLen {
		info.ReadOptions(info.Header, info.Cut&CutOptions != 0)
	}
	if info.Fragment && !d.quoting {
		d.fragments.remember(info, whole)
	}
	return Nothing
}

// TCP option kinds (IANA).
const (
	optEnd      = 0
	optNOP      = 1
	optMSS      = 2
	optWScale   = 3
	optSACKOK   = 4
	optSACK     = 5
	optTS       = 8
	optMD5      = 19
	optAO       = 29
	optMPTCP    = 30
	optFastOpen = 34
	optExpA     = 253
	optExpB     = 254
)

// onlyTS is how the options of most segments begin: two NOPs and a timestamp.
const onlyTS = 1<<24 | 1<<16 | optTS<<8 | 10

// ReadOptions reads the options of a TCP header, of which some may be cut off,
// into o, which has none yet but WScale -1.
func (o *TCPOptions) ReadOptions(header []byte, cut bool) {
	const onlyTSLen = tcpHeaderLen + 12
	if len(header) == onlyTSLen && u32(header[tcpHeaderLen:]) == onlyTS {
		o.HasTS = true
		o.TSVal, o.TSEcr = u32(header[24:]), u32(header[28:])
		return
	}
	for at := tcpHeaderLen; at < len(header); {
		kind := header[at]
		if kind == optEnd {
			return
		}
		if kind == optNOP {
			at++
			continue
		}
		n := 0
		if at+1 < len(header) {
			n = int(header[at+1])
		}
		if n < 2 || at+n > len(header) {
			o.BadOptions = o.BadOptions || !cut // no wonder where the rest is cut
			return
		}
		o.option(kind, header[at+2:at+n])
		at += n
	}
}

// option reads the value v of one option. One of a wrong length does not count.
func (o *TCPOptions) option(kind uint8, v []byte) {
	const fastOpenMagic = 0xf989 // of the experimental option (RFC 7413, appendix A)
	ok := true
	switch kind {
	case optMSS:
		if ok = len(v) == 2; ok {
			o.MSS, o.HasMSS = u16(v), true
		}
	case optWScale:
		if ok = len(v) == 1; ok {
			o.WScale = int8(min(v[0], 14)) // RFC 7323, section 2.3
		}
	case optSACKOK:
		if ok = len(v) == 0; ok {
			o.SACKPermitted = true
		}
	case optSACK:
		if ok = len(v) > 0 && len(v)%8 == 0; ok {
			for ; len(v) > 0 && int(o.NSACK) < len(o.SACK); v = v[8:] {
				o.SACK[o.NSACK] = [2]uint32{u32(v), u32(v[4:])}
				o.NSACK++
			}
		}
	case optTS:
		if ok = len(v) == 8; ok {
			o.TSVal, o.TSEcr, o.HasTS = u32(v), u32(v[4:]), true
		}
	case optMD5:
		if ok = len(v) == 16; ok {
			o.HasMD5 = true
		}
	case optAO:
		o.HasAO = true
	case optMPTCP:
		if ok = len(v) > 0; ok {
			o.MPTCP.option(v)
		}
	case optFastOpen:
		o.HasFastOpen = true
	case optExpA, optExpB:
		if len(v) >= 2 && u16(v) == fastOpenMagic {
			o.HasFastOpen = true
		}
	}
	if !ok {
		o.BadOptions = true
	}
}

// option reads an MPTCP option, from its subtype on (RFC 8684, section 3).
func (m *MPTCP) option(v []byte) {
	const (
		keyAt      = 2 // of MP_CAPABLE and MP_FASTCLOSE
		keyLen     = 8
		tokenAt    = 2 // of MP_JOIN
		synJoinLen = 10
	)
	subtype := v[0] >> 4
	m.Subtypes |= 1 << subtype
	switch subtype {
	case MPCapable:
		m.Version = v[0] & 0xf
		if len(v) >= keyAt+keyLen {
			m.Key = binary.BigEndian.Uint64(v[keyAt:])
		}
		if len(v) >= keyAt+2*keyLen {
			m.PeerKey = binary.BigEndian.Uint64(v[keyAt+keyLen:])
		}
	case MPJoin:
		if len(v) >= 2 {
			m.AddressID = v[1]
		}
		if len(v) == synJoinLen {
			m.Token = u32(v[tokenAt:])
		}
	case MPFastClose:
		if len(v) >= keyAt+keyLen {
			m.PeerKey = binary.BigEndian.Uint64(v[keyAt:])
		}
	case MPTCPReset:
		m.ResetFlags = v[0] & 0xf
		if len(v) >= 2 {
			m.ResetReason = v[1]
		}
	}
}
