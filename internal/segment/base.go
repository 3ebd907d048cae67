package segment

// A Base is what relative numbers count from: the ISN of the segment's own
// direction and that of the other one, which ack and sack count. In a
// direction whose SYN was not seen numbers are absolute.
type Base struct {
	Seq, Ack           uint32
	SeqKnown, AckKnown bool
}

// seq is what a relative seq counts from.
func (b Base) seq() uint32 {
	if b.SeqKnown {
		return b.Seq
	}
	return 0
}

// ack is what a relative ack counts from.
func (b Base) ack() uint32 {
	if b.AckKnown {
		return b.Ack
	}
	return 0
}

// Relative gives s with its raw numbers made relative, for printing. The
// blocks of a sack are raw where the ack is. A zero ack without the ACK flag is
// no number and left out.
func (s Segment) Relative(b Base) Segment {
	if s.Seq != nil && s.Seq.Raw {
		s.Seq = s.Seq.shift(-b.seq(), false)
	}
	if s.Ack != nil && s.Ack.Raw {
		if s.Flags&ACK == 0 && s.Ack.N == 0 {
			s.Ack = nil
			return s
		}
		s.Ack = &Ack{N: s.Ack.N - b.ack()}
		s.Options = shiftSACK(s.Options, -b.ack())
	}
	return s
}

// Absolute gives s with its relative numbers made raw, as on the wire.
func (s Segment) Absolute(b Base) Segment {
	if s.Seq != nil && !s.Seq.Raw {
		s.Seq = s.Seq.shift(b.seq(), true)
	}
	if s.Ack != nil && s.Ack.Raw {
		return s
	}
	if s.Ack != nil {
		s.Ack = &Ack{N: s.Ack.N + b.ack(), Raw: true}
	}
	s.Options = shiftSACK(s.Options, b.ack())
	return s
}

// shift gives a copy of n that lies by further on.
func (n Seq) shift(by uint32, raw bool) *Seq {
	n.Start += by
	if n.HasEnd {
		n.End += by
	}
	n.Raw = raw
	return &n
}

// shiftSACK gives opts with the blocks of its sack by further on.
func shiftSACK(opts []Option, by uint32) []Option {
	for i, o := range opts {
		if o.Kind != "sack" {
			continue
		}
		shifted := append([]Option(nil), opts...)
		shifted[i].Args = nil
		for _, a := range o.Args {
			if from, to, err := parseBlock(a); err == nil {
				a = block(from+by, to+by)
			}
			shifted[i].Args = append(shifted[i].Args, a)
		}
		opts = shifted
	}
	return opts
}

// Bytes is how many bytes of payload s has, by its length, its seq or its
// payload, whichever is set first.
func (s Segment) Bytes() uint32 {
	switch {
	case s.Length != nil:
		return *s.Length
	case s.Seq != nil && s.Seq.HasEnd:
		return s.Seq.End - s.Seq.Start
	case s.Payload != nil:
		return uint32(len(*s.Payload))
	}
	return 0
}

// Brief gives s as a line of a report shows it: endpoints, flags, seq with the
// length where there are bytes, ack and win, nothing else.
func (s Segment) Brief() Segment {
	brief := Segment{Src: s.Src, Dst: s.Dst, ICMP: s.ICMP, Flags: s.Flags, Ack: s.Ack, Win: s.Win}
	if s.Seq != nil {
		brief.Seq = &Seq{Start: s.Seq.Start, End: s.Seq.Start + s.Bytes(), HasEnd: s.Bytes() > 0, Raw: s.Seq.Raw}
	}
	return brief
}
