package segment_test

import (
	"testing"

	"rstlab/internal/segment"
)

func TestParsePrintsTheSame(t *testing.T) {
	for _, s := range []string{
		"client > server.80: S",
		"server.80 > client: R. seq 0 ack 1 win 0",
		"client.40007 > server.5000: S rawseq 500000",
		"192.0.2.1.40000 > 192.0.2.2: P. seq 1:101 ack 1",
		"2001:db8::1.40000 > 2001:db8::2.80 : F. seq 1",
		"a > b: none",
		"a > b: FSRP.UEW",
		`a > b: P. payload "GET / HTTP/1.0\r\n\r\n" ttl=1 id=7 df=no tos=184 flow=99 badsum=yes`,
		"a > b: S <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>",
		`a > b: . ack 1 win 512 <sack 1:101 201:301,md5,tfo "0a0b",mptcp rst reason 3,unknown-77 "">`,
		"fw > client.80: icmp port-unreachable",
		"fw > client.80: icmp type-3-code-15",
	} {
		seg, err := segment.Parse(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		if got := seg.String(); got != s {
			t.Errorf("got  %s\nwant %s", got, s)
		}
	}
}
