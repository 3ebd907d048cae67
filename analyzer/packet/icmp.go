package packet

const icmpHeaderLen = 8

// icmp4 decodes an ICMP message (RFC 792) as far as it is an error that quotes a
// TCP segment.
func (d *Decoder) icmp4(info *Info, b []byte) What {
	const unreachable, sourceQuench, timeExceeded, parameterProblem, tooBig = 3, 4, 11, 12, 4
	if len(b) < icmpHeaderLen {
		return ICMPOther
	}
	switch b[0] {
	case unreachable, sourceQuench, timeExceeded, parameterProblem:
	default:
		return ICMPOther
	}
	e := d.icmpError(info, b)
	if e.Type == unreachable && e.Code == tooBig {
		e.MTU = uint32(u16(b[6:])) // RFC 1191, section 4
	}
	return d.quoted(info, e, b)
}

// icmp6 decodes an ICMPv6 message (RFC 4443) as far as it is an error that
// quotes a TCP segment.
func (d *Decoder) icmp6(info *Info, b []byte) What {
	const unreachable, tooBig, timeExceeded, parameterProblem = 1, 2, 3, 4
	if len(b) < icmpHeaderLen {
		return ICMPOther
	}
	switch b[0] {
	case unreachable, tooBig, timeExceeded, parameterProblem:
	default:
		return ICMPOther
	}
	e := d.icmpError(info, b)
	if e.Type == tooBig {
		e.MTU = u32(b[4:])
	}
	return d.quoted(info, e, b)
}

// icmpError takes what belongs to the error itself, before the quoted packet
// takes its place.
func (d *Decoder) icmpError(info *Info, b []byte) ICMP {
	return ICMP{From: info.Src, To: info.Dst, Type: b[0], Code: b[1], TTL: info.TTL}
}

// quoted decodes the packet that an ICMP error quotes.
func (d *Decoder) quoted(info *Info, e ICMP, b []byte) What {
	d.pass(HeaderICMP, b[:icmpHeaderLen])
	d.quoting = true
	if what := d.ip(info, b[icmpHeaderLen:]); what != Nothing {
		return ICMPOther
	}
	info.ICMP = e
	info.Kind = ICMPError
	return Nothing
}
