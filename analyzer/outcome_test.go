package analyzer_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"rstlab/analyzer"
	"rstlab/internal/pcapng"
)

// icmp puts an ICMP error that quotes it behind each packet of a capture.
func icmp(t *testing.T, b []byte, kind, code byte) []byte {
	return rewrite(t, b, func(p pcapng.Packet, write func(pcapng.Packet)) {
		write(p)
		const ethernet, ip = 14, 20
		quoted := p.Data[ethernet : ethernet+ip+8]
		e := slices.Concat(p.Data[:ethernet+ip], []byte{kind, code, 0, 0, 0, 0, 0, 0}, quoted)
		binary.BigEndian.PutUint16(e[ethernet+2:], uint16(len(e)-ethernet))
		e[ethernet+9] = 1 // ICMP
		copy(e[ethernet+12:], []byte{203, 0, 113, 254})
		copy(e[ethernet+16:], quoted[12:16])
		p.Data, p.OrigLen = e, len(e)
		p.Time += 1e6
		write(p)
	})
}

// Every connection is told of, resets or not (causes.md, 1.11).
func TestOutcomes(t *testing.T) {
	syn := capture(t, "", "client.1000 > server.80: S")
	handshake := "client.1000 > server.80: S\nserver.80 > client.1000: S.\nclient.1000 > server.80: .\n"
	for _, test := range []struct {
		name    string
		capture []byte
		want    string
	}{
		{"refused", capture(t, "", refused), "reset"},
		{"closed", capture(t, "", talk), "graceful-close"},
		{"no answer", syn, "syn-unanswered"},
		{"prohibited", icmp(t, syn, 3, 13), "icmp-refused"},
		{"too big", icmp(t, syn, 3, 4), "syn-unanswered"},
		{"gone in circles", icmp(t, syn, 11, 0), "syn-unanswered"},
		{"given up", capture(t, "", handshake+strings.Repeat("+1s client.1000 > server.80: P. seq 1:101\n", 8)), "rtx-abandoned"},
		{"live", capture(t, "", handshake), "still-open"},
	} {
		all, err := analyze(t, analyzer.Options{Connections: true}, input("a", test.capture))
		if err != nil {
			t.Fatal(err)
		}
		keeps(t, schema(t), all)
		cs := pick[*analyzer.Connection](all)
		if len(cs) != 1 || cs[0].Outcome != test.want {
			t.Errorf("%s: %d connections, the first %+v; want one that is %s", test.name, len(cs), cs[0], test.want)
		}
		if e := cs[0].ICMP; (e != nil) != (test.want == "icmp-refused") || e != nil && *e != (analyzer.ICMPError{Frame: 2, From: "203.0.113.254", Type: 3, Code: 13}) {
			t.Errorf("%s: ICMP error %+v", test.name, e)
		}
	}
}
