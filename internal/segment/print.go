package segment

import (
	"fmt"
	"strconv"
	"strings"
)

// String writes s in the one order: flags, seq, ack, win, options, length,
// payload, attributes, with single blanks. What is not set is not written.
func (s Segment) String() string {
	var b strings.Builder
	b.Grow(80) // what most need
	b.WriteString(s.Src.String())
	b.WriteString(" > ")
	b.WriteString(s.Dst.String())
	if s.Dst.Addr.Is6() {
		b.WriteByte(' ') // the colon would be read as the address's
	}
	b.WriteByte(':')
	for _, w := range s.words() {
		b.WriteByte(' ')
		b.WriteString(w)
	}
	return b.String()
}

// words are the flags and fields of s.
func (s Segment) words() []string {
	w := make([]string, 0, 8)
	if s.ICMP != "" {
		w = append(w, "icmp "+s.ICMP)
	} else {
		w = append(w, s.Flags.String())
	}
	if s.Seq != nil {
		w = append(w, s.Seq.String())
	}
	if s.Ack != nil {
		w = append(w, s.Ack.String())
	}
	if s.Win != nil {
		w = append(w, "win "+strconv.FormatUint(uint64(*s.Win), 10))
	}
	if len(s.Options) > 0 {
		w = append(w, OptionsString(s.Options))
	}
	if s.Length != nil {
		w = append(w, "length "+strconv.FormatUint(uint64(*s.Length), 10))
	}
	if s.Payload != nil {
		w = append(w, "payload "+strconv.Quote(*s.Payload))
	}
	return append(w, s.Attrs.words()...)
}

// words are the attributes as "KEY=VALUE".
func (a Attrs) words() []string {
	var w []string
	add := func(key string, value any) { w = append(w, fmt.Sprintf("%s=%v", key, value)) }
	if a.TTL != nil {
		add("ttl", *a.TTL)
	}
	if a.ID != nil {
		add("id", *a.ID)
	}
	if a.DF != nil {
		add("df", yesNo(*a.DF))
	}
	if a.TOS != nil {
		add("tos", *a.TOS)
	}
	if a.Flow != nil {
		add("flow", *a.Flow)
	}
	if a.BadSum {
		add("badsum", "yes")
	}
	return w
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// String writes n as "seq 1", "seq 1:101" or "rawseq 1000".
func (n Seq) String() string {
	s := "seq "
	if n.Raw {
		s = "rawseq "
	}
	s += strconv.FormatUint(uint64(n.Start), 10)
	if n.HasEnd {
		s += ":" + strconv.FormatUint(uint64(n.End), 10)
	}
	return s
}

// String writes n as "ack 101" or "rawack 1000102".
func (n Ack) String() string {
	if n.Raw {
		return "rawack " + strconv.FormatUint(uint64(n.N), 10)
	}
	return "ack " + strconv.FormatUint(uint64(n.N), 10)
}

// OptionsString writes options as tcpdump does, "<mss 1460,sackOK>".
func OptionsString(opts []Option) string {
	words := make([]string, len(opts))
	for i, o := range opts {
		words[i] = o.String()
	}
	return "<" + strings.Join(words, ",") + ">"
}

// String writes o as "mss 1460".
func (o Option) String() string {
	return strings.Join(append([]string{o.Kind}, o.Args...), " ")
}
