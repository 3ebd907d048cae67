package segment_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"rstlab/internal/segment"
)

// What can be read is printed so that it is read as the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		packet,
		"server.80 > client: R. seq 0 ack 1 win 0",
		"2001:db8::1.40000 > 2001:db8::2.80 : F. seq 1:2 <mss 0x5b4,sack 1:101>",
		`a > b: P. payload "\xff\n" ttl=1 df=no badsum=yes`,
		"fw > client.80: icmp type-3-code-15",
		`a > b: S <tcp-ao keyid 1 "ab",mptcp capable version 1 "81",unknown-77 "">`,
		"a > b 80: SA # x", `a > b: "`, "a > b: S <mss", "::: > ::: :",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		seg, err := segment.Parse(s)
		if err != nil {
			var e *segment.Error
			if !errors.As(err, &e) || e.Col < 1 || e.Len < 1 || e.Col+e.Len-1 > segment.Runes(s)+1 {
				t.Fatalf("%q: error without a place: %#v", s, err)
			}
			return
		}
		again, err := segment.Parse(seg.String())
		if err != nil {
			t.Fatalf("%q is printed as %q: %v", s, seg, err)
		}
		if again.String() != seg.String() || again.Diff(seg, segment.Base{}) != "" {
			t.Fatalf("%q is printed as %q, which is read as %q", s, seg, again)
		}
	})
}

// A packet matches itself, however its numbers are written, and relative
// numbers go back to the raw ones.
func TestPacketsMatchThemselves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.Uint32()
		b := segment.Base{
			Seq: number.Draw(t, "isn"), SeqKnown: rapid.Bool().Draw(t, "syn seen"),
			Ack: number.Draw(t, "other isn"), AckKnown: rapid.Bool().Draw(t, "other syn seen"),
		}
		start := number.Draw(t, "seq")
		length := uint32(rapid.Uint16().Draw(t, "length"))
		win := uint32(rapid.Uint16().Draw(t, "win"))
		have := segment.Segment{
			Src: segment.Endpoint{Name: "a"}, Dst: segment.Endpoint{Name: "b"},
			Flags:  segment.Flags(rapid.Uint8().Draw(t, "flags")) | segment.ACK,
			Seq:    &segment.Seq{Start: start, End: start + length, HasEnd: true, Raw: true},
			Ack:    &segment.Ack{N: number.Draw(t, "ack"), Raw: true},
			Win:    &win,
			Length: &length,
		}
		shown := have.Relative(b)
		for _, want := range []segment.Segment{have, shown} {
			if d := want.Diff(have, b); d != "" {
				t.Fatalf("%v\nis not %v\n%s", have, want, d)
			}
		}
		if back := shown.Absolute(b); back.String() != have.String() {
			t.Fatalf("got  %v\nwant %v", back, have)
		}
	})
}
