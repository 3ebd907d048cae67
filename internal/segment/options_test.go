package segment_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"rstlab/internal/segment"
)

// The bytes are those of captures of Linux and Windows.
var optionBytes = []struct{ hex, text string }{
	{"020405b40402080a000000010000000001030307", "<mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>"},
	{"020405b40103030801010402", "<mss 1460,nop,wscale 8,nop,nop,sackOK>"},
	{"0101050a0000000100000065", "<nop,nop,sack 1:101>"},
	{"0101131200112233445566778899aabbccddeeff", `<nop,nop,md5 "00112233445566778899aabbccddeeff">`},
	{"01012202", "<nop,nop,tfo>"},
	{"2206deadbeef0000", `<tfo "deadbeef",eol>`},
	{"1e04018100000000", `<mptcp capable version 1 "81",eol>`},
	{"1e04800301010101", "<mptcp rst reason 3,nop,nop,nop,nop>"},
	{"1e04810301010101", "<mptcp rst reason 3 flags 1,nop,nop,nop,nop>"},
	{"1e0c70008899aabbccddeeff", `<mptcp fastclose "008899aabbccddeeff">`},
	{"1d100102aabbccddeeff001122334455", `<tcp-ao keyid 1 rnextkeyid 2 "aabbccddeeff001122334455">`},
	{"1c04800a", "<uto 32778>"},
	{"4c04abcd", `<unknown-76 "abcd">`},
	{"fd0600000000" + "0000", `<unknown-253 "00000000",eol>`},
}

func TestOptionsOnTheWire(t *testing.T) {
	for _, o := range optionBytes {
		raw, err := hex.DecodeString(o.hex)
		if err != nil {
			t.Fatal(err)
		}
		if got := segment.OptionsString(segment.DecodeOptions(raw)); got != o.text {
			t.Errorf("%s\ngot  %s\nwant %s", o.hex, got, o.text)
		}
		got, err := segment.EncodeOptions(mustParse(t, "a > b: S "+o.text).Options)
		if err != nil || !bytes.Equal(got, raw) {
			t.Errorf("%s\ngot  %x (%v)\nwant %s", o.text, got, err, o.hex)
		}
	}
}

// What is wrong is kept, never dropped and never fatal.
func TestDecodeBrokenOptions(t *testing.T) {
	for raw, want := range map[string]string{
		"02":               `<unknown-2 "">`,
		"0200":             `<unknown-2 "00">`,
		"020405":           `<unknown-2 "0405">`,
		"01020105b4":       `<nop,unknown-2 "0105b4">`,
		"02030501":         `<unknown-2 "05",nop>`,
		"0502":             `<unknown-5 "">`,
		"00000000":         `<eol>`,
		"0000ab00":         `<unknown-0 "00ab00">`,
		"0402080a00000001": `<sackOK,unknown-8 "0a00000001">`,
		"1e02":             `<unknown-30 "">`,
	} {
		b, err := hex.DecodeString(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := segment.OptionsString(segment.DecodeOptions(b)); got != want {
			t.Errorf("%s: got %s, want %s", raw, got, want)
		}
	}
}

func TestEncodeMistakes(t *testing.T) {
	for _, c := range []struct {
		opts []segment.Option
		want string
	}{
		{[]segment.Option{{Kind: "mss"}}, "option mss: one number stands behind it"},
		{[]segment.Option{{Kind: "sack"}}, "option sack: it has 0 blocks, not 1 to 4"},
		{[]segment.Option{{Kind: "mptcp"}}, "option mptcp: it needs a subtype"},
		{[]segment.Option{{Kind: "tcp"}}, `option tcp: unknown option "tcp"; known are eol, nop, mss, wscale, sackOK, sack, TS, md5, uto, tcp-ao, mptcp, tfo, unknown-N (did you mean "tcp-ao"?)`},
		{[]segment.Option{{Kind: "md5"}, {Kind: "md5"}, {Kind: "TS"}}, "options take 48 bytes, a header holds 40"},
	} {
		if _, err := segment.EncodeOptions(c.opts); fmt.Sprint(err) != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}

// Every well-formed list of options survives decoding and encoding.
func TestOptionsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var raw []byte
		for len(raw) < 38 && rapid.Bool().Draw(t, "more") {
			kind := rapid.OneOf(rapid.SampledFrom([]byte{1, 2, 3, 4, 5, 8, 19, 28, 29, 30, 34}), rapid.ByteRange(1, 255)).Draw(t, "kind")
			if kind == 1 {
				raw = append(raw, 1)
				continue
			}
			data := rapid.SliceOfN(rapid.Byte(), 0, 38-len(raw)).Draw(t, "data")
			raw = append(append(raw, kind, byte(len(data)+2)), data...)
		}
		for len(raw)%4 != 0 {
			raw = append(raw, 1)
		}
		opts := segment.DecodeOptions(raw)
		got, err := segment.EncodeOptions(opts)
		if err != nil || !bytes.Equal(got, raw) {
			t.Fatalf("%s\ngot  %x (%v)\nwant %x", segment.OptionsString(opts), got, err, raw)
		}
	})
}

func FuzzDecodeOptions(f *testing.F) {
	for _, o := range optionBytes {
		raw, err := hex.DecodeString(o.hex)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		opts := segment.DecodeOptions(raw)
		if len(raw) == 0 {
			return
		}
		text := "a > b: S " + segment.OptionsString(opts)
		if len(raw) > 40 {
			return // no header holds them
		}
		seg, err := segment.Parse(text)
		if err != nil {
			t.Fatalf("%x is printed so that it can't be read: %s: %v", raw, text, err)
		}
		if got := seg.String(); got != text {
			t.Fatalf("got  %s\nwant %s", got, text)
		}
	})
}
