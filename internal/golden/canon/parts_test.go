package canon

import (
	"strings"
	"testing"
	"time"

	"rstlab/internal/script"
)

func TestNominal(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		took    time.Duration
		options []time.Duration
		want    time.Duration // 0: none
	}{
		{47 * ms, []time.Duration{40 * ms, 8 * ms}, 40 * ms},
		{735 * ms, []time.Duration{320 * ms, 640 * ms}, 640 * ms},
		{639 * ms, []time.Duration{320 * ms, 640 * ms}, 640 * ms}, // the clock's own error
		{600 * ms, []time.Duration{320 * ms, 640 * ms}, 320 * ms}, // a timer is never early
		{1032 * ms, []time.Duration{0, 1000 * ms}, 1000 * ms},
		{5 * ms, []time.Duration{40 * ms, 8 * ms}, 0},
		{400 * ms, []time.Duration{40 * ms}, 0},
		{400 * ms, nil, 0},
	} {
		got, err := nominal(test.took, test.options...)
		if got != test.want || (err == nil) != (test.want > 0) {
			t.Errorf("nominal(%v, %v) is %v, %v, want %v", test.took, test.options, got, err, test.want)
		}
	}
}

func TestNumbersCountFromTheirOwnSYN(t *testing.T) {
	const old, young = 4_000_000_000, 1_000_000
	p := space{{isn: old, move: 10, at: 0}, {isn: young, move: 20, at: 5}, {isn: 77_000_000, move: 30, at: 6, stray: true}}
	for _, test := range []struct {
		n    uint32
		at   time.Duration
		want uint32
	}{
		{old + 100, 3, 10},
		{old - 1, 9, 10}, // of the old connection, in the time of the new one
		{young + 1, 9, 20},
		{young + 1, 4, 10},           // before its SYN there was none
		{young + 500_000_000, 9, 20}, // far from all: a number that the script made up from the latest
		{77_000_001, 9, 30},
	} {
		if got := p.moved(test.n, test.at) - test.n; got != test.want {
			t.Errorf("%d at %d is moved by %d, want %d", test.n, test.at, got, test.want)
		}
	}
	if got := (space{}).moved(5, 1); got != 5 {
		t.Errorf("a number without a SYN became %d", got)
	}
}

func TestLiterals(t *testing.T) {
	f, err := script.Parse("x.scenario", []byte(`# A test.
host client
peer server  isn=5000
host nat  forward=yes
link client server
link client nat
client.40001 connect server.80 isn=70000 = ok
client.40001 > server.80: S  rawseq 70000
nat nft "postrouting oifname client tcp dport 443 snat to 192.0.2.9:30000"
server.80 > client.40001: R  rawseq 123456
    => abortive-close by server
`))
	if err != nil {
		t.Fatal(err)
	}
	l := literalsOf(f)
	for _, p := range []uint16{40001, 80, 443, 30000} {
		if !l.ports[p] {
			t.Errorf("port %d of the script is taken for a kernel's", p)
		}
	}
	if l.ports[40002] {
		t.Error("port 40002 is in no line")
	}
	for n, want := range map[uint32]bool{5000: true, 5101: true, 70000: true, 123456: true, 123455: true, 200000: false} {
		if l.counts(n) != want {
			t.Errorf("number %d: literal %v, want %v", n, !want, want)
		}
	}
}

func TestMultipathKeys(t *testing.T) {
	x := &sighting{}
	m := newMultipath()
	synack := []byte("\x01\x81KEYOFSRV")
	if err := m.option(x, synack); err != nil || string(synack[2:]) == "KEYOFSRV" {
		t.Errorf("error %v, key % x", err, synack[2:])
	}
	// A data sequence signal counts from where the key says.
	raw := firstData(0x4b45594f46535256) // "KEYOFSRV"
	dss := []byte{0x20, 0x04 | 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 10}
	for i := range 8 {
		dss[2+i] = byte((raw + 1) >> (56 - 8*i))
	}
	if err := m.option(x, dss); err != nil {
		t.Fatal(err)
	}
	var got uint64
	for _, b := range dss[2:10] {
		got = got<<8 | uint64(b)
	}
	if want := firstData(0x0101010101010101) + 1; got != want {
		t.Errorf("data sequence number %x, want %x", got, want)
	}
	if err := m.option(x, []byte{0x10, 0, 1, 2, 3, 4, 5, 6, 7, 8}); err == nil || !strings.Contains(err.Error(), "no canonical form") {
		t.Errorf("a kernel's MP_JOIN gave %v", err)
	}
}
