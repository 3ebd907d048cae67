package judge_test

import (
	"testing"
)

// What real programs and networks wrote, cut down to what mattered: each of
// these was judged wrong once.
func TestOddReal(t *testing.T) {
	runRules(t, []ruleTest{{
		name: "a program shuts down its sending and closes with an upload unread (Python's http.server)",
		text: hand + `
			client.1000 > server.80: P. length 1000
			server.80 > client.1000: . ack 1001
			server.80 > client.1000: P. length 198
			server.80 > client.1000: F.
			client.1000 > server.80: P. length 1000
			server.80 > client.1000: R. seq 200 ack 2001`,
		wants: []string{"9 possible close-unread-data by likely responder or data-after-close"},
	}, {
		name: "the peer's FIN comes when FIN-WAIT-2 is over (Linux tcp_fin_timeout)",
		text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: P. length 100
			server.80 > client.1000: F.
			+40ms client.1000 > server.80: . ack 102
			+4s client.1000 > server.80: F.
			server.80 > client.1000: R seq 102 win 0`,
		wants: []string{"9 possible late-segment by likely responder or close-then-abort middlebox-state-loss"},
	}, {
		name: "a network that puts an abort far before the data that was sent before it",
		text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: . ack 101 id=7001
			server.80 > client.1000: R. seq 4345 ack 101 id=7005
			+12ms server.80 > client.1000: . seq 1:1449 ack 101 id=7002
			+1ms server.80 > client.1000: . seq 1449:2897 ack 101 id=7003
			+1ms server.80 > client.1000: . seq 2897:4345 ack 101 id=7004`,
		wants: []string{"6 possible close-unread-data by likely responder or abortive-close"},
	}, {
		name: "without identifications the timestamps tell",
		text: `
			client: linux ts=1000
			server: linux ts=900000
			client.1000 > server.80: S
			+1ms server.80 > client.1000: S.
			client.1000 > server.80: .
			client.1000 > server.80: P. length 100
			server.80 > client.1000: . ack 101
			server.80 > client.1000: R. seq 2897 ack 101
			+12ms server.80 > client.1000: . seq 1:1449 ack 101 <nop,nop,TS val 900001 ecr 1001>
			+1ms server.80 > client.1000: . seq 1449:2897 ack 101 <nop,nop,TS val 900001 ecr 1001>`,
		wants: []string{"6 possible close-unread-data by likely responder or abortive-close"},
	}, {
		name: "resets that answer ACKs which were on their way when the abort left",
		text: `
			client: linux ts=1000 id=100
			server: linux ts=900000 id=7000
			client.1000 > server.80: S
			server.80 > client.1000: S.
			+57ms client.1000 > server.80: .
			+100ms client.1000 > server.80: . seq 1:1449
			server.80 > client.1000: . ack 1449
			client.1000 > server.80: . seq 1449:2897
			server.80 > client.1000: . ack 2897
			client.1000 > server.80: . seq 2897:4345
			client.1000 > server.80: R. seq 4345
			+57ms client.1000 > server.80: R seq 1449 win 0`,
		wants: []string{"9 possible abortive-close by likely originator", "10 likely secondary-reset by likely originator after 9"},
	}, {
		name: "one way alone: what stayed unread was not captured, nor what a second reset answers",
		text: `
			server: linux ts=900000 id=7000
			server.80 > client.1000: S. ack 1001
			+20ms server.80 > client.1000: . ack 1101
			server.80 > client.1000: P. length 3 ack 1101
			server.80 > client.1000: R. seq 4 ack 1101
			+20ms server.80 > client.1000: R seq 4 win 0`,
		wants: []string{
			"4 possible abortive-close by likely responder or close-unread-data",
			"5 possible secondary-reset by likely responder after 4",
		},
	}, {
		name: "the last data was lost to the capture, its acknowledgment was not",
		text: hand + `
			client.1000 > server.80: P. length 100
			+1ms client.1000 > server.80: . seq 101 ack 101
			+70ms client.1000 > server.80: R. seq 101 ack 101`,
		wants: []string{"6 possible abortive-close by likely originator or close-unread-data"},
	}, {
		name: "segments are missing: a Linux host's bare reset answers one of them",
		text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: P. length 100
			client.1000 > server.80: . ack 1101
			+90ms client.1000 > server.80: R seq 101 win 0`,
		wants: []string{"7 undetermined undetermined (capture-drops) by possible originator or abortive-close"},
	}, {
		name: "a FIN that waits behind data on its way has not been seen (Redis over its output limit)",
		text: hand + `
			client.1000 > server.80: P. length 100
			server.80 > client.1000: . seq 1:1449 ack 101
			server.80 > client.1000: . seq 1449:2897 ack 101
			client.1000 > server.80: P. length 6 ack 1
			server.80 > client.1000: R seq 1 win 0`,
		wants: []string{"8 possible half-open by likely responder or data-after-close"},
	}, {
		name: "a close with data unread behind both FINs: the last ACK can not have come",
		text: `
			client: linux ts=1000 id=100
			server: linux ts=900000 id=7000
			client.1000 > server.80: S
			+22ms server.80 > client.1000: S.
			client.1000 > server.80: .
			client.1000 > server.80: P. length 109
			+22ms server.80 > client.1000: . ack 110
			+400ms client.1000 > server.80: F.
			+70ms server.80 > client.1000: F. ack 111
			client.1000 > server.80: . ack 2
			server.80 > client.1000: R. seq 2 ack 111`,
		wants: []string{"9 possible close-then-abort by likely responder or late-segment"},
	}, {
		name: "a bare reset behind an abort, with a number from before it: what the network doubled drew it",
		text: hand + `
			client.1000 > server.80: P. length 1
			server.80 > client.1000: . ack 2
			server.80 > client.1000: . seq 1:1449 ack 2
			server.80 > client.1000: . seq 1449:2897 ack 2
			server.80 > client.1000: R. seq 2897 ack 2
			server.80 > client.1000: R seq 1 win 0`,
		wants: []string{"8 possible abortive-close by likely responder or close-unread-data", "9 possible secondary-reset by likely responder after 8"},
	}, {
		name: "both ends closed and reset what the other still sent: neither reset can have drawn the other",
		text: `
			client: linux ts=1000 id=100
			server: linux ts=900000 id=7000
			client.1000 > server.443: S
			server.443 > client.1000: S.
			+120ms client.1000 > server.443: .
			client.1000 > server.443: P. length 100
			server.443 > client.1000: P. length 100
			server.443 > client.1000: F.
			+120ms client.1000 > server.443: P. length 31 ack 1
			server.443 > client.1000: R seq 1 win 0
			client.1000 > server.443: F. ack 1
			server.443 > client.1000: R seq 1 win 0
			client.1000 > server.443: R seq 101 win 0`,
		wants: []string{
			"8 likely data-after-close by likely responder",
			"10 likely secondary-reset by likely responder after 8",
			"11 likely data-after-close by likely originator",
		},
	}, {
		name: "a Linux host's bare reset behind its abort, with the same number, is no repetition",
		text: hand + `
			server.80 > client.1000: P. length 1000
			client.1000 > server.80: . ack 1001
			+50ms client.1000 > server.80: R.
			+50ms client.1000 > server.80: R seq 1 win 0`,
		wants: []string{"6 possible abortive-close by likely originator", "7 possible secondary-reset by likely originator after 6"},
	}, {
		name: "a filter answers a bulk transfer's ACKs: numbers that were acknowledged are no guesses",
		text: bulk,
		wants: []string{
			"22 undetermined undetermined (no-match) by possible responder",
			"23 possible secondary-reset by likely responder after 22",
			"24 possible secondary-reset by likely responder after 22",
		},
	}})
}

// bulk is a download of which more ACKs were on their way than are remembered.
var bulk = hand + `
	client.1000 > server.80: P. length 100
	server.80 > client.1000: . seq 1:1449 ack 101
	server.80 > client.1000: . seq 1449:2897 ack 101
	server.80 > client.1000: . seq 2897:4345 ack 101
	server.80 > client.1000: . seq 4345:20273 ack 101
	client.1000 > server.80: . ack 1449
	client.1000 > server.80: . ack 2897
	client.1000 > server.80: . ack 4345
	client.1000 > server.80: . ack 5793
	client.1000 > server.80: . ack 7241
	client.1000 > server.80: . ack 8689
	client.1000 > server.80: . ack 10137
	client.1000 > server.80: . ack 11585
	client.1000 > server.80: . ack 13033
	client.1000 > server.80: . ack 14481
	client.1000 > server.80: . ack 15929
	client.1000 > server.80: . ack 17377
	client.1000 > server.80: . ack 20273
	+1ms server.80 > client.1000: R seq 2897 win 0
	server.80 > client.1000: R seq 4345 win 0
	server.80 > client.1000: R seq 5793 win 0
`
