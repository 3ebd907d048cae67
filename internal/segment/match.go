package segment

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Match reports whether have, a packet with every field filled and raw
// numbers, is as want says. What want does not name is not compared; flags
// are, all of them exactly but P, which counts only where want has it. Of
// options, those that want names must be there in its order, with the
// arguments it gives. Endpoints are not compared, nor is BadSum, which is for
// sending.
func (want Segment) Match(have Segment, b Base) bool { return want.Diff(have, b) == "" }

// Diff says where have is not as want says, "flags R., want R; seq 1, want 5",
// "" where it matches.
func (want Segment) Diff(have Segment, b Base) string {
	have = have.Absolute(b)
	raw := want.Absolute(b)
	var d diff
	if want.ICMP != "" || have.ICMP != "" {
		d.words(have.ICMP == want.ICMP, have.words()[0], want.words()[0])
	} else {
		d.note(want.Flags.match(have.Flags), "flags ", have.Flags, want.Flags)
	}
	if want.Seq != nil {
		d.words(raw.Seq.match(have), have.seqLike(*want.Seq, b), want.Seq.String())
	}
	if want.Ack != nil {
		d.words(have.Ack != nil && have.Ack.N == raw.Ack.N, have.ackLike(*want.Ack, b), want.Ack.String())
	}
	note(&d, "win ", have.Win, want.Win)
	if want.Options != nil {
		d.note(hasOptions(have.Options, raw.Options), "options ", OptionsString(have.Relative(b).Options), OptionsString(want.Options))
	}
	note(&d, "length ", ptr(have.Bytes()), want.Length)
	if want.Payload != nil {
		ok := have.Payload != nil && *have.Payload == *want.Payload
		d.note(ok, "payload ", quoted(have.Payload), quoted(want.Payload))
	}
	note(&d, "ttl=", have.TTL, want.TTL)
	note(&d, "id=", have.ID, want.ID)
	note(&d, "df=", yesNoPtr(have.DF), yesNoPtr(want.DF))
	note(&d, "tos=", have.TOS, want.TOS)
	note(&d, "flow=", have.Flow, want.Flow)
	return strings.Join(d, "; ")
}

// A diff collects what is not as wanted.
type diff []string

func (d *diff) note(ok bool, name string, have, want any) {
	if !ok {
		*d = append(*d, fmt.Sprintf("%s%v, want %v", name, have, want))
	}
}

// words notes a field that is written with its name, which is not repeated.
func (d *diff) words(ok bool, have, want string) {
	name, value, _ := strings.Cut(want, " ")
	if strings.HasPrefix(have, name+" ") {
		want = value
	}
	d.note(ok, "", have, want)
}

// note compares a field that is one value; where want is nil it is not
// written.
func note[T comparable](d *diff, name string, have, want *T) {
	switch {
	case want == nil:
	case have == nil:
		d.note(false, "no "+strings.TrimRight(name, " ="), "", *want)
	default:
		d.note(*have == *want, name, *have, *want)
	}
}

func yesNoPtr(b *bool) *string {
	if b == nil {
		return nil
	}
	return ptr(yesNo(*b))
}

func quoted(s *string) string {
	if s == nil {
		return "none"
	}
	return strconv.Quote(*s)
}

// match compares all flags but P, and P where f has it.
func (f Flags) match(have Flags) bool {
	return have&^PSH == f&^PSH && f&PSH&^have == 0
}

// match compares the raw number n, and the bytes up to its end where it has
// one.
func (n Seq) match(have Segment) bool {
	return have.Seq != nil && have.Seq.Start == n.Start && (!n.HasEnd || have.Bytes() == n.End-n.Start)
}

// seqLike writes the seq of the raw segment s in the manner of want.
func (s Segment) seqLike(want Seq, b Base) string {
	if s.Seq == nil {
		return "no seq"
	}
	n := Seq{Start: s.Seq.Start, End: s.Seq.Start + s.Bytes(), HasEnd: want.HasEnd, Raw: true}
	if !want.Raw {
		n = *n.shift(-b.seq(), false)
	}
	return n.String()
}

// ackLike writes the ack of the raw segment s in the manner of want.
func (s Segment) ackLike(want Ack, b Base) string {
	if s.Ack == nil {
		return "no ack"
	}
	n := *s.Ack
	if !want.Raw {
		n = Ack{N: n.N - b.ack()}
	}
	return n.String()
}

// hasOptions reports whether have has the options of want, in that order, each
// with the arguments that want gives it.
func hasOptions(have, want []Option) bool {
	for _, w := range want {
		i := slices.IndexFunc(have, func(h Option) bool {
			return h.Kind == w.Kind && len(h.Args) >= len(w.Args) && slices.Equal(h.Args[:len(w.Args)], w.Args)
		})
		if i < 0 {
			return false
		}
		have = have[i+1:]
	}
	return true
}
