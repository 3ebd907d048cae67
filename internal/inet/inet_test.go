package inet

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The example of RFC 1071, section 3, and a sum of parts.
func TestSumOfRFC1071(t *testing.T) {
	b := unhex(t, "0001 f203 f4f5 f6f7")
	if got := Fold(Sum(b)); got != 0xddf2 {
		t.Errorf("sum %#x, want 0xddf2", got)
	}
	if got := Fold(Sum(b[:2]) + Sum(b[2:])); got != 0xddf2 {
		t.Errorf("sum of parts %#x, want 0xddf2", got)
	}
}

// The fast sum is that of RFC 1071 word by word, whatever the length.
func TestSumWordByWord(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 70 {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		want := uint32(0)
		for i, x := range b {
			if i%2 == 0 {
				want += uint32(x) << 8
			} else {
				want += uint32(x)
			}
			want = want>>16 + want&0xffff
		}
		if got := Fold(Sum(b)); uint32(got) != want {
			t.Errorf("%x: sum %#x, want %#x", b, got, want)
		}
	}
}

// Two SYNs as Linux sent them: with the pseudo-header a right segment sums up to
// ones only (RFC 9293, section 3.1).
func TestPseudo(t *testing.T) {
	for _, test := range []struct{ src, dst, segment string }{
		{"192.0.2.1", "192.0.2.2", "9c410050 000003e8 00000000 6002faf0 78b80000 020405b4"},
		{"2001:db8:1::1", "2001:db8:1::2", "c0000050 00989680 00000000 a002fd20 55c40000 020405a0 0402080a 000f4240 00000000 01030307"},
	} {
		b := unhex(t, test.segment)
		sum := Pseudo(netip.MustParseAddr(test.src), netip.MustParseAddr(test.dst), 6, len(b)) + Sum(b)
		if got := Fold(sum); got != 0xffff {
			t.Errorf("%s: sum %#x, want 0xffff", test.src, got)
		}
	}
}

func TestMendIPv4(t *testing.T) {
	right := unhex(t, "4500002c 00004000 4006b6c8 c0000201 c0000202 ffff")
	packet := slices.Clone(right)
	packet[10], packet[11] = 0xde, 0xad
	MendIPv4(packet)
	if !slices.Equal(packet, right) {
		t.Errorf("got  %x\nwant %x", packet, right)
	}
}

func TestOptions(t *testing.T) {
	const header = "9c410050 00000000 00000000 50020000 00000000"
	for _, test := range []struct{ options, want, rest string }{
		{"", "", ""},
		{"020405b4 0402 080a0000000100000000 01 030307", "2:05b4 4: 8:0000000100000000 3:07", ""},
		{"0101 00 ffff", "", "ffff"},     // behind the end of the list
		{"0204", "", "0204"},             // its value is missing
		{"02", "", "02"},                 // its length is missing
		{"01 0201 05b4", "", "020105b4"}, // shorter than an option can be
		{"0402 0800", "4:", "0800"},
	} {
		var got []string
		rest := Options(append(unhex(t, header), unhex(t, test.options)...), func(kind uint8, value []byte) {
			got = append(got, fmt.Sprintf("%d:%x", kind, value))
		})
		if strings.Join(got, " ") != test.want || hex.EncodeToString(rest) != test.rest {
			t.Errorf("%s: options %s, rest %x; want %s, %s", test.options, got, rest, test.want, test.rest)
		}
	}
	if rest := Options(make([]byte, TCPHeaderLen-1), func(uint8, []byte) { t.Error("an option of a header that is cut") }); rest != nil {
		t.Errorf("rest %x of a header that is cut", rest)
	}
}
