package judge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/internal/transcript"
	"rstlab/analyzer/judge"
	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
)

// A tap is one capture point of a test: what it saw, and how its clock is set.
type tap struct {
	name  string
	text  string
	clock time.Duration // ahead of the others
	lost  int           // the packet, from 1, that its capture lost
	vary  transcript.Variation
}

// correlate judges each tap and joins the verdicts.
func correlate(t *testing.T, taps ...tap) []*judge.Verdict {
	t.Helper()
	var points []judge.Point
	for _, tp := range taps {
		frames, err := tp.vary.Parse(tp.text)
		if err != nil {
			t.Fatal(err)
		}
		p := judge.Point{Judge: &judge.Judge{Follower: judge.Follower{Log: new(judge.Log)}}, Name: tp.name}
		p.Judge.Emit = func(v *judge.Verdict, k *judge.Case) error {
			v.Packets = k.Packets(v)
			p.Verdicts = append(p.Verdicts, v)
			return nil
		}
		var d packet.Decoder
		var in packet.Info
		if tp.lost > 0 {
			frames = slices.Delete(frames, tp.lost-1, tp.lost)
		}
		for i, f := range frames {
			pkt := pcapng.Packet{Time: f.Time.Add(tp.clock).UnixNano(), HasTime: true, Data: f.Data, OrigLen: len(f.Data), LinkType: pcapng.LinkEthernet, Direction: f.Direction}
			d.Decode(&pkt, &in)
			if err := p.Judge.Packet(uint32(i+1), pkt.Time, &in); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Judge.Close(); err != nil {
			t.Fatal(err)
		}
		points = append(points, p)
	}
	verdicts, _ := judge.Correlate(points)
	return verdicts
}

// The handshake and a request, as two taps see them that lie 10 ms apart.
const (
	atClient = `
		client: linux id=100
		server: linux id=7000
		client.2301 > server.445: S
		+20ms server.445 > client.2301: S. ttl=63
		client.2301 > server.445: .
		client.2301 > server.445: P. seq 1:101
		+20ms server.445 > client.2301: . ttl=63 ack 101
	`
	atServer = `
		client: linux id=100
		server: linux id=7000
		+10ms client.2301 > server.445: S ttl=63
		server.445 > client.2301: S.
		+20ms client.2301 > server.445: . ttl=63
		client.2301 > server.445: P. seq 1:101 ttl=63
		server.445 > client.2301: . ack 101
	`
)

type pointTest struct {
	name  string
	taps  []tap
	wants []string // as say writes them, each with the sightings of the reset
}

// translated is a connection behind a node that translates the server's address.
const translated = `
	client: linux id=100
	pod: ip=203.0.113.50 linux id=7000
	+10ms client.2301 > pod.8080: S rawseq 5000 ttl=63
	pod.8080 > client.2301: S. rawseq 9000
	+20ms client.2301 > pod.8080: . ttl=63
	client.2301 > pod.8080: P. seq 1:101 ttl=63
	pod.8080 > client.2301: F. ack 101
	+120ms client.2301 > pod.8080: P. seq 101:201 ack 2 ttl=63
	pod.8080 > client.2301: R seq 2`

func TestCorrelate(t *testing.T) {
	runPoints(t, []pointTest{{
		name: "an abort passes both points",
		taps: []tap{
			{name: "client", text: atClient + `+20ms server.445 > client.2301: R. ttl=63 seq 1`},
			{name: "server", text: atServer + `+10ms server.445 > client.2301: R. seq 1`},
		},
		wants: []string{"6 possible close-unread-data by proven responder; server:6 client:6"},
	}, {
		name: "made on the way after a pause that is no known limit: a device's, and why is open",
		taps: []tap{
			{name: "client", text: atClient + `+5s server.445 > client.2301: R. seq 1 ack 101 win 0 ttl=62`},
			{name: "server", text: atServer + `+20s client.2301 > server.445: P. length 10 ttl=63`},
		},
		wants: []string{"6 possible injected-reset by likely middlebox; client:6"},
	}, {
		name: "the same, and the server answers afterwards: it did not reset",
		taps: []tap{
			{name: "client", text: atClient + `+5s server.445 > client.2301: R. seq 1 ack 101 win 0 ttl=62`},
			{name: "server", text: atServer + `+20s client.2301 > server.445: P. length 10 ttl=63
				server.445 > client.2301: . ack 111`},
		},
		wants: []string{"6 possible injected-reset by proven middlebox; client:6"},
	}, {
		name: "made on the way after a pause that is a known limit",
		taps: []tap{
			{name: "client", text: atClient + `+300s server.445 > client.2301: R. seq 1 ack 101 win 0 ttl=62`},
			{name: "server", text: atServer + `+320s client.2301 > server.445: P. length 10 ttl=63`},
		},
		wants: []string{"6 likely middlebox-idle-timeout by likely middlebox; client:6"},
	}, {
		name: "made on the way after a pause that is a known limit, and the server answers afterwards",
		taps: []tap{
			{name: "client", text: atClient + `+300s server.445 > client.2301: R. seq 1 ack 101 win 0 ttl=62`},
			{name: "server", text: atServer + `+320s client.2301 > server.445: P. length 10 ttl=63
				server.445 > client.2301: . ack 111`},
		},
		wants: []string{"6 proven middlebox-idle-timeout by proven middlebox; client:6"},
	}, {
		name: "one capture lost the SYN of a connection that its host took part in",
		taps: []tap{
			{name: "client", lost: 1, text: atClient + `client.2301 > server.445: R. seq 101 ack 1`},
			{name: "server", text: atServer + `+10ms client.2301 > server.445: R. seq 101 ack 1 ttl=63`},
		},
		wants: []string{"6 possible abortive-close by proven originator; server:6 client:5"},
	}, {
		name: "refused behind a NAT: the originator's number says which SYN it was",
		taps: []tap{
			{name: "in", text: `
				inside: ip=192.0.2.9
				inside.1000 > server.443: S
				+20ms server.443 > inside.1000: S. ttl=63
				inside.1000 > server.443: .
				inside.1001 > server.444: S
				+20ms server.444 > inside.1001: R. seq 0 ack 1 win 0 ttl=63`},
			{name: "out", text: `
				inside: ip=203.0.113.200
				+10ms inside.40000 > server.443: S ttl=63
				server.443 > inside.40000: S.
				+20ms inside.40000 > server.443: . ttl=63
				inside.40001 > server.444: S ttl=63
				server.444 > inside.40001: R. seq 0 ack 1 win 0`},
		},
		wants: []string{"5 likely port-closed by proven responder; out:5 in:5"},
	}, {
		name: "translated as a whole, joined late by both: nothing escaped the NAT",
		taps: []tap{
			{name: "in", text: `
				inside: ip=192.0.2.9
				server.443 > inside.1000: P. seq 1:37 ack 1 ttl=63
				inside.1000 > server.443: R seq 1 win 0`},
			{name: "out", text: `
				inside: ip=203.0.113.200
				server.443 > inside.40000: P. seq 1:37 ack 1
				+1ms inside.40000 > server.443: R seq 1 win 0 ttl=63`},
		},
		wants: []string{"2 possible half-open by possible originator; in:2", "2 possible half-open by possible originator; out:2"},
	}, {
		name: "a device between gives the connection other numbers",
		taps: []tap{
			{name: "client", text: atClient + `+20ms server.445 > client.2301: R. ttl=63 seq 1`},
			{name: "server", vary: transcript.Variation{ISN: 0x12345678}, text: atServer + `+10ms server.445 > client.2301: R. seq 1`},
		},
		wants: []string{"6 possible close-unread-data by proven responder; server:6 client:6"},
	}, {
		name: "a forged reset never left the server",
		taps: []tap{
			{name: "client", text: atClient + `+20ms server.445 > client.2301: R. seq 1 ack 101 <nop> ttl=200 id=1`},
			{name: "server", text: atServer + `+500ms server.445 > client.2301: P. seq 1:101`},
		},
		wants: []string{"6 proven injected-reset by proven middlebox; client:6"},
	}, {
		name: "each end gets one that the other never sent",
		taps: []tap{
			{name: "client", text: atClient + `+20ms server.445 > client.2301: R. seq 1 ack 101 ttl=200 id=1`},
			{name: "server", text: atServer + `+20ms client.2301 > server.445: R. seq 101 ack 1 ttl=200`},
		},
		wants: []string{"6 proven injected-reset by proven middlebox; server:6", "6 proven injected-reset by proven middlebox; client:6"},
	}, {
		name: "a policy kept the request back",
		taps: []tap{
			{name: "client", text: atClient + `
				+50ms client.2301 > server.445: P. seq 101:201
				+1ms server.445 > client.2301: R seq 1 ttl=64
				+100ms client.2301 > server.445: . seq 201 ack 1 id=104`},
			{name: "server", text: atServer + `+300ms client.2301 > server.445: . seq 201 ack 1 ttl=63 id=104`},
		},
		wants: []string{"7 proven inline-policy-reset by proven middlebox; client:7"},
	}, {
		name: "refused on the way: the SYN never came by",
		taps: []tap{
			{name: "client", text: atClient + `
				+50ms client.2302 > server.446: S
				+1ms server.446 > client.2302: R. seq 0 ack 1 win 0`},
			{name: "server", text: atServer + `+500ms server.445 > client.2301: P. seq 1:101`},
		},
		wants: []string{"7 proven firewall-reject-syn by proven middlebox; client:7"},
	}, {
		name: "refused by the server itself",
		taps: []tap{
			{name: "client", text: atClient + `
				+50ms client.2302 > server.446: S
				+20ms server.446 > client.2302: R. seq 0 ack 1 win 0 ttl=63`},
			{name: "server", text: atServer + `
				+70ms client.2302 > server.446: S ttl=63
				server.446 > client.2302: R. seq 0 ack 1 win 0`},
		},
		wants: []string{"7 likely port-closed by proven responder; server:7 client:7"},
	}, {
		name: "an ACK that a device keeps back and answers: it was not delivered",
		taps: []tap{
			{name: "client", text: atClient + `
				+10ms server.445 > client.2301: P. seq 1:101 ttl=63
				client.2301 > server.445: . ack 101
				+5ms server.445 > client.2301: R seq 101 ttl=64`},
			{name: "server", text: atServer + `
				server.445 > client.2301: P. seq 1:101
				+300ms server.445 > client.2301: P. seq 101:201`},
		},
		wants: []string{"8 possible inline-policy-reset by proven middlebox; client:8"},
	}, {
		name: "an ACK that a device kept back and answered, of more than are remembered",
		taps: []tap{
			{name: "client", text: atClient + `
				+10ms server.445 > client.2301: . seq 1:14481 ttl=63
				client.2301 > server.445: . ack 1449
				client.2301 > server.445: . ack 2897
				client.2301 > server.445: . ack 4345
				client.2301 > server.445: . ack 5793
				client.2301 > server.445: . ack 7241
				client.2301 > server.445: . ack 8689
				client.2301 > server.445: . ack 10137
				client.2301 > server.445: . ack 11585
				client.2301 > server.445: . ack 13033
				client.2301 > server.445: . ack 14481
				+5ms server.445 > client.2301: R seq 1449 ttl=64`},
			{name: "server", text: atServer + `
				server.445 > client.2301: . seq 1:14481
				+300ms server.445 > client.2301: . seq 1:1449`},
		},
		wants: []string{"17 possible inline-policy-reset by proven middlebox; client:17"},
	}, {
		name: "one of several segments in flight is kept back and answered, those before it came by",
		taps: []tap{
			{name: "client", text: atClient + `
				client.2301 > server.445: P. seq 101:201
				client.2301 > server.445: P. seq 201:301
				client.2301 > server.445: P. seq 301:401
				+5ms server.445 > client.2301: R seq 1 ttl=64`},
			{name: "server", text: atServer + `
				client.2301 > server.445: P. seq 101:201 ttl=63
				client.2301 > server.445: P. seq 201:301 ttl=63
				+300ms server.445 > client.2301: . ack 301`},
		},
		wants: []string{"9 possible inline-policy-reset by proven middlebox; client:9"},
	}, {
		name: "a node that translates sees both addresses: nothing escaped",
		taps: []tap{
			{name: "client", text: `
				client: linux id=100
				server: linux id=7000
				client.2301 > server.80: S rawseq 5000
				+20ms server.80 > client.2301: S. rawseq 9000 ttl=63
				client.2301 > server.80: .
				client.2301 > server.80: P. seq 1:101
				+20ms server.80 > client.2301: F. ttl=63 ack 101
				+100ms client.2301 > server.80: P. seq 101:201 ack 2
				+20ms server.80 > client.2301: R seq 2 ttl=63`},
			{name: "node", text: `
				client: linux id=100
				server: linux id=7000
				pod: ip=203.0.113.50 linux id=7000
				+10ms client.2301 > server.80: S rawseq 5000 id=100
				client.2301 > pod.8080: S rawseq 5000 ttl=63 id=100
				pod.8080 > client.2301: S. rawseq 9000 id=7000
				server.80 > client.2301: S. rawseq 9000 ttl=63 id=7000
				+20ms client.2301 > server.80: . id=101
				client.2301 > pod.8080: . ttl=63 id=101
				client.2301 > server.80: P. seq 1:101 id=102
				client.2301 > pod.8080: P. seq 1:101 ttl=63 id=102
				pod.8080 > client.2301: F. ack 101 id=7001
				server.80 > client.2301: F. ack 101 ttl=63 id=7001
				+120ms client.2301 > server.80: P. seq 101:201 ack 2 id=103
				client.2301 > pod.8080: P. seq 101:201 ack 2 ttl=63 id=103
				pod.8080 > client.2301: R seq 2 id=0
				server.80 > client.2301: R seq 2 ttl=63 id=0`},
			{name: "bridge", text: translated},
			{name: "pod", text: translated},
		},
		wants: []string{
			"7 proven data-after-close by proven responder; bridge:7 client:7 node:14 pod:7",
			"7 proven data-after-close by proven responder; bridge:7 node:13 pod:7",
		},
	}, {
		name: "the network doubles a reset on its way: the second one is no forgery",
		taps: []tap{
			{name: "client", text: atClient + `
				+20ms server.445 > client.2301: R. ttl=63 seq 1
				+5ms server.445 > client.2301: R seq 1 ttl=63 id=0
				+5ms server.445 > client.2301: R seq 1 ttl=63 id=0`},
			{name: "server", text: atServer + `
				client.2301 > server.445: . seq 101 ttl=63
				server.445 > client.2301: R. seq 1
				server.445 > client.2301: R seq 1 id=0`},
		},
		wants: []string{
			"7 possible close-unread-data by proven responder; server:7 client:6",
			"8 possible secondary-reset by likely responder after 6; client:8",
			"8 proven secondary-reset by proven responder after 7; server:8 client:7",
		},
	}, {
		name: "a reset that was lost on the way",
		taps: []tap{
			{name: "client", text: atClient + `
				+2s client.2301 > server.445: P. seq 101:201
				+20ms server.445 > client.2301: R seq 1 ttl=63`},
			{name: "server", text: atServer + `
				+1s server.445 > client.2301: R. seq 1
				+1s client.2301 > server.445: P. seq 101:201 ttl=63
				server.445 > client.2301: R seq 1`},
		},
		wants: []string{
			"6 possible abortive-close by likely responder; server:6",
			"8 proven secondary-reset by proven responder after 6; server:8 client:7",
		},
	}, {
		name: "a pause, and bare resets to both ends that neither sent",
		taps: []tap{
			{name: "client", text: atClient + `
				+20ms client.2301 > server.445: P. seq 101:201
				+20ms server.445 > client.2301: P. ttl=63 seq 1:51 ack 201
				client.2301 > server.445: . ack 51
				+240s server.445 > client.2301: R ttl=62 seq 51 win 0`},
			{name: "server", text: atServer + `
				+30ms client.2301 > server.445: P. seq 101:201 ttl=63
				server.445 > client.2301: P. seq 1:51 ack 201
				+20ms client.2301 > server.445: . ack 51 ttl=63
				+240s client.2301 > server.445: R ttl=62 seq 201 win 0`},
		},
		wants: []string{"9 proven middlebox-idle-timeout by proven middlebox; client:9", "9 proven middlebox-idle-timeout by proven middlebox; server:9"},
	}, {
		name: "a pod's segment escapes translation, and the client's answer to it reaches the pod",
		taps: []tap{
			{name: "client", text: `
				service: ip=203.0.113.9 ttl=62
				pod: ip=203.0.113.77 ttl=62
				client.40000 > service.80: S rawseq 1000
				+20ms service.80 > client.40000: S. rawseq 5000 rawack 1001
				client.40000 > service.80: P. rawseq 1001 rawack 5001 length 100
				+20ms service.80 > client.40000: . rawseq 5001 rawack 1101
				+20ms pod.8080 > client.40000: P. rawseq 5005001 rawack 1101 length 100
				client.40000 > pod.8080: R rawseq 1101 win 0
				+5s client.40000 > service.80: P. rawseq 1101 rawack 5001 length 100
				+20ms service.80 > client.40000: R rawseq 5001 win 0`},
			{name: "pod", text: `
				pod: ip=203.0.113.77
				client: ttl=62
				+10ms client.40000 > pod.8080: S rawseq 1000
				pod.8080 > client.40000: S. rawseq 5000 rawack 1001
				+20ms client.40000 > pod.8080: P. rawseq 1001 rawack 5001 length 100
				pod.8080 > client.40000: . rawseq 5001 rawack 1101
				+20ms pod.8080 > client.40000: P. rawseq 5005001 rawack 1101 length 100
				+20ms client.40000 > pod.8080: R rawseq 1101 win 0
				+5s client.40000 > pod.8080: P. rawseq 1101 rawack 5001 length 100
				pod.8080 > client.40000: R rawseq 5001 win 0`},
		},
		wants: []string{
			"6 proven nat-bypass by proven originator; client:6 pod:6",
			"8 proven secondary-reset by proven responder after 6; pod:8 client:8",
		},
	}, {
		name: "a segment that a masquerading host does not translate meets its own stack",
		taps: []tap{
			{name: "in", text: `
				inside: ip=192.0.2.9
				inside.1000 > server.80: S rawseq 1000
				+20ms server.80 > inside.1000: S. rawseq 5000 rawack 1001 ttl=62
				inside.1000 > server.80: P. rawseq 1001 rawack 5001 length 100
				+20ms server.80 > inside.1000: . rawseq 5001 rawack 1101 ttl=62
				+50ms inside.1000 > server.80: P. rawseq 1101 rawack 5001 length 100`},
			{name: "out", text: `
				inside: ip=203.0.113.200 ttl=63
				+1ms inside.1000 > server.80: S rawseq 1000
				+18ms server.80 > inside.1000: S. rawseq 5000 rawack 1001 ttl=63
				+2ms inside.1000 > server.80: P. rawseq 1001 rawack 5001 length 100
				+18ms server.80 > inside.1000: . rawseq 5001 rawack 1101 ttl=63
				+1ms server.80 > inside.1000: P. rawseq 5005001 rawack 1101 length 100 ttl=63
				inside.1000 > server.80: R rawseq 1101 win 0 ttl=64
				+50ms inside.1000 > server.80: P. rawseq 1101 rawack 5001 length 100`},
		},
		wants: []string{"6 likely nat-bypass by likely originator; out:6"},
	}, {
		name: "the capture ends with the reset: what the server sends then was not kept back",
		taps: []tap{
			{name: "client", text: atClient + `+20ms server.445 > client.2301: R. seq 1 ack 101 ttl=200 id=1`},
			{name: "server", text: atServer + `
				+25ms server.445 > client.2301: P. seq 1:101
				+20ms client.2301 > server.445: R seq 101 win 0 ttl=63`},
		},
		wants: []string{"6 proven injected-reset by proven middlebox; client:6", "7 possible half-open by possible originator; server:7"},
	}, {
		name: "the other capture was stopped a while before the reset: it proves nothing",
		taps: []tap{
			{name: "client", text: atClient + `+500ms server.445 > client.2301: R. ttl=63 seq 1`},
			{name: "server", text: atServer},
		},
		wants: []string{"6 possible abortive-close by possible responder; client:6"},
	}, {
		name: "the other capture was started a while after the reset",
		taps: []tap{
			{name: "client", text: atClient + `
				+20ms server.445 > client.2301: R. ttl=63 seq 1
				+500ms client.2302 > server.445: S
				+20ms server.445 > client.2302: S. ttl=63
				client.2302 > server.445: .`},
			{name: "server", text: `
				client: linux id=200
				server: linux id=7010
				+600ms client.2302 > server.445: S ttl=63
				server.445 > client.2302: S.
				+20ms client.2302 > server.445: . ttl=63`},
		},
		wants: []string{"6 possible close-unread-data by likely responder; client:6"},
	}, {
		name: "nothing of the other direction was captured: whether a device kept back what it answers is open",
		taps: []tap{
			{name: "client", text: `
				server: ttl=63
				server.445 > client.2301: S. rawseq 5000 rawack 1001
				+20ms server.445 > client.2301: . rawseq 5001 rawack 1001
				+20ms server.445 > client.2301: P. rawseq 5001 rawack 1001 length 50
				+20ms server.445 > client.2301: R. rawseq 5051 rawack 1001 ttl=200`},
			{name: "server", text: `
				server.445 > client.2301: S. rawseq 5000 rawack 1001
				+20ms server.445 > client.2301: . rawseq 5001 rawack 1001
				+20ms server.445 > client.2301: P. rawseq 5001 rawack 1001 length 50
				+1s server.445 > client.2301: P. rawseq 5051 rawack 1001 length 50`},
		},
		wants: []string{"4 possible injected-reset by proven middlebox; client:4"},
	}, {
		name: "data that was captured behind its acknowledgment is not missing",
		taps: []tap{
			{name: "client", text: atClient + `+20ms server.445 > client.2301: R. seq 1 ack 101 <nop> ttl=200 id=1`},
			{name: "server", text: `
				client: linux id=100
				server: linux id=7000
				+10ms client.2301 > server.445: S ttl=63
				server.445 > client.2301: S.
				+20ms client.2301 > server.445: . ttl=63
				server.445 > client.2301: . ack 101
				client.2301 > server.445: P. seq 1:101 ttl=63
				+500ms server.445 > client.2301: P. seq 1:101`},
		},
		wants: []string{"6 proven injected-reset by proven middlebox; client:6"},
	}})
}

// runPoints plays tests with two captures each.
func runPoints(t *testing.T, tests []pointTest) {
	t.Helper()
	for _, tc := range tests {
		// Clocks that go apart by an hour change nothing.
		for _, clock := range []time.Duration{0, time.Hour, -time.Hour} {
			t.Run(fmt.Sprint(tc.name, ", clocks ", clock, " apart"), func(t *testing.T) {
				t.Parallel()
				taps := slices.Clone(tc.taps)
				taps[1].clock = clock
				got := correlate(t, taps...)
				var said []string
				for _, v := range got {
					where := []string{fmt.Sprintf("%s:%d", taps[v.Point].name, v.Frame)}
					for _, c := range v.Copies {
						where = append(where, fmt.Sprintf("%s:%d", taps[c.Point].name, c.N))
					}
					said = append(said, say(v)+"; "+strings.Join(where, " "))
				}
				want := slices.Clone(tc.wants)
				slices.Sort(said)
				slices.Sort(want)
				if !slices.Equal(said, want) {
					t.Errorf("got\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(want, "\n"))
					for _, v := range got {
						t.Logf("%+v", v.Evidence)
					}
				}
			})
		}
	}
}

// With three points the device lies between the last without and the first with
// the reset.
// A connection whose beginning is in neither capture can't be found again behind
// a translation of addresses, and a verdict without a cause says so. It does not
// where nothing at the other point can be the same connection.
func TestTranslated(t *testing.T) {
	const (
		lone      = "+5s inside.1000 > server.443: R. rawseq 77 rawack 9"
		outside   = "+5s gateway.40000 > server.443: R. rawseq 990077 rawack 9"
		elsewhere = "gateway: ip=203.0.113.200\n+5s gateway.40000 > client.443: R. rawseq 990077 rawack 9"
		begins    = `
			inside.1000 > server.443: S
			server.443 > inside.1000: S.
		`
		beginsOutside = `
			gateway.40000 > server.443: S rawseq 12345
			server.443 > gateway.40000: S. rawseq 23456
		`
	)
	for _, test := range []struct {
		name string
		taps []tap
		why  []string
	}{
		{"no handshake", []tap{{name: "in", text: "inside: ip=192.0.2.9\n" + lone}, {name: "out", text: "gateway: ip=203.0.113.200\n" + outside}}, []string{judge.NATUnresolved, judge.NATUnresolved}},
		{"another server", []tap{{name: "in", text: "inside: ip=192.0.2.9\n" + lone}, {name: "out", text: elsewhere}}, []string{judge.NoHandshake, judge.NoHandshake}},
		{"hours later", []tap{{name: "in", text: "inside: ip=192.0.2.9\n" + lone}, {name: "out", text: "gateway: ip=203.0.113.200\n" + outside, clock: 3 * time.Hour}}, []string{judge.NoHandshake, judge.NoHandshake}},
		{"other numbers", []tap{
			{name: "in", text: "inside: ip=192.0.2.9\n" + begins + "+5s inside.1000 > server.443: R. rawseq 77 rawack 9"},
			{name: "out", text: "gateway: ip=203.0.113.200\n" + beginsOutside + "+5s gateway.40000 > server.443: R. rawseq 990077 rawack 9"},
		}, []string{judge.NoMatch, judge.NoMatch}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var why []string
			for _, v := range correlate(t, test.taps...) {
				why = append(why, v.Why)
			}
			if !slices.Equal(why, test.why) {
				t.Errorf("got %q, want %q", why, test.why)
			}
		})
	}
}

// The two legs of a proxy at a point each: what links them is payload, or a time
// so short that no other reset was near.
func TestLegs(t *testing.T) {
	t.Parallel()
	const (
		served = `
			proxy: ip=192.0.2.80
			client: ttl=50
			client.1000 > proxy.443: S
			proxy.443 > client.1000: S.
			client.1000 > proxy.443: .
			+1s client.1000 > proxy.443: P. length 200
			proxy.443 > client.1000: .
		`
		onwards = `
			proxy: ip=192.0.2.80
			origin: ip=203.0.113.7 ttl=63
			proxy.2000 > origin.8080: S rawseq 77000
			origin.8080 > proxy.2000: S. rawseq 99000
			proxy.2000 > origin.8080: P. length 150
			origin.8080 > proxy.2000: R.
		`
		another = `
			+5ms proxy.2001 > origin.8080: S rawseq 177000
			origin.8080 > proxy.2001: S. rawseq 199000
			proxy.2001 > origin.8080: P. length 150
			origin.8080 > proxy.2001: R.
		`
		resets = "proxy.443 > client.1000: R."
	)
	for name, test := range map[string]struct {
		front, back, want string
	}{
		"right behind it":     {served + "+10ms " + resets, onwards, "likely proxy-propagated-reset by proven responder"},
		"bytes that all send": {served + "+500ms " + resets, strings.ReplaceAll(onwards+another, "length 150", "length 200"), "possible abortive-close by likely responder"},
		"half a second later": {served + "+500ms " + resets, onwards, "possible abortive-close by likely responder"},
		"one of two":          {served + "+20ms " + resets, onwards + another, "possible close-unread-data by likely responder"},
		"the same bytes":      {served + "+500ms " + resets, strings.Replace(onwards, "length 150", "length 200", 1), "proven proxy-propagated-reset by proven responder"},
		"sent on over another leg": {strings.Replace(served, "+1s", "+1100ms", 1) + "+15ms " + resets, strings.Replace(onwards, "origin.8080 > proxy.2000: R.", `
			+100ms proxy.2002 > origin.8080: S rawseq 177000
			origin.8080 > proxy.2002: S. rawseq 199000
			proxy.2002 > origin.8080: P. length 170
			+10ms origin.8080 > proxy.2000: R.`, 1), "possible close-unread-data by likely responder"},
		"two clients asked": {served + "client.1001 > proxy.443: S\nproxy.443 > client.1001: S.\n+10ms " + resets, onwards, "possible close-unread-data by likely responder"},
		"the same bytes, on a connection that others share": {served + `
			+10ms proxy.443 > client.1000: P. length 20
			+10ms client.1000 > proxy.443: P. length 50
			+300ms ` + resets, strings.Replace(strings.Replace(onwards, "length 150", "length 200", 1), "origin.8080 > proxy.2000: R.", `
			+10ms origin.8080 > proxy.2000: P. length 20
			+100ms proxy.2000 > origin.8080: P. length 80
			+100ms origin.8080 > proxy.2000: R.`, 1), "possible close-unread-data by likely responder"},
		"the same bytes, before": {strings.Replace(served, "+1s", "+11s", 1) + "+500ms " + resets, strings.Replace(strings.Replace(onwards, "length 150", "length 200", 1), "origin.8080 > proxy.2000: R.", "+9900ms origin.8080 > proxy.2000: R.", 1), "possible abortive-close by likely responder"},
	} {
		var got string
		for _, v := range correlate(t, tap{name: "front", text: test.front}, tap{name: "back", text: test.back, clock: time.Second}) {
			if v.Conn.Responder.Port() == 443 {
				got = say(v)
			}
		}
		if _, got, _ = strings.Cut(got, " "); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestThreePoints(t *testing.T) {
	middle := strings.ReplaceAll(atServer, "+10ms client.2301 > server.445: S ttl=63", "+5ms client.2301 > server.445: S ttl=63")
	middle = strings.ReplaceAll(middle, "server.445 > client.2301: S.", "+10ms server.445 > client.2301: S.")
	middle = strings.ReplaceAll(middle, "+20ms client.2301 > server.445: . ttl=63", "+10ms client.2301 > server.445: . ttl=63")
	got := correlate(t,
		tap{name: "client", text: atClient + `+20ms server.445 > client.2301: R. seq 1 ack 101 ttl=200 id=1`},
		tap{name: "middle", text: middle + `+5ms server.445 > client.2301: R. seq 1 ack 101 ttl=200 id=1`},
		tap{name: "server", text: atServer + `+500ms server.445 > client.2301: P. seq 1:101`},
	)
	if len(got) != 1 || got[0].Cause != cause.InjectedReset || got[0].Strength != cause.Proven || len(got[0].Copies) != 1 {
		for _, v := range got {
			t.Errorf("got %s %+v copies %v", say(v), v.Evidence, v.Copies)
		}
		t.FailNow()
	}
	if !slices.ContainsFunc(got[0].Evidence, func(f judge.Fact) bool { return f.Point == 2 && strings.Contains(f.Text(), "no such reset came by") }) {
		t.Errorf("evidence %+v", got[0].Evidence)
	}
}

// TestCopyIsNoSecondPoint: a copy of a capture, or what a filter left of it, neither
// proves who sent a reset nor that it never came by.
func TestCopyIsNoSecondPoint(t *testing.T) {
	reset := atClient + `+20ms server.445 > client.2301: R. seq 1 ack 101 <nop> ttl=200 id=1`
	genuine := atClient + `+20ms server.445 > client.2301: R. seq 1 ack 101 ttl=63`
	part := tap{name: "part", text: reset, lost: 6}
	late := strings.Replace(reset, "client.2301 > server.445: P. seq 1:101", "+0.9us client.2301 > server.445: P. seq 1:101", 1) // of another precision
	for _, c := range []struct {
		name string
		taps []tap
		like tap // the verdict is that of it alone
		seen int
	}{
		{"a copy", []tap{{name: "a", text: genuine}, {name: "b", text: genuine}}, tap{text: genuine}, 2},
		{"a copy of an odd one", []tap{{name: "a", text: reset}, {name: "b", text: late}}, tap{text: reset}, 2},
		{"two programs at one place", []tap{{name: "a", text: genuine}, {name: "b", text: genuine, clock: 800}}, tap{text: genuine}, 2},
		{"a copy of which the times were moved", []tap{{name: "a", text: genuine}, {name: "b", text: genuine, clock: time.Hour}}, tap{text: genuine}, 2},
		{"a part without the reset", []tap{{name: "a", text: reset}, part}, tap{text: reset}, 1},
		{"a part without the reset, first", []tap{part, {name: "b", text: reset}}, tap{text: reset}, 1},
	} {
		got, want := correlate(t, c.taps...), correlate(t, c.like)
		if len(want) != 1 {
			t.Fatalf("%s: %d verdicts on one capture", c.name, len(want))
		}
		if len(got) != 1 || say(got[0]) != say(want[0]) || 1+len(got[0].Copies) != c.seen {
			t.Errorf("%s: got %d verdicts", c.name, len(got))
			for _, v := range got {
				t.Logf("got %s, copies %v, want %s, %d sightings", say(v), v.Copies, say(want[0]), c.seen)
			}
		}
	}
}
