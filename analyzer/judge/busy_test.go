package judge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rstlab/analyzer/internal/transcript"
)

// What busy hosts and paths show by the thousand, as real programs and kernels
// made it: many connections that fail at the same time, and many segments that
// are on their way when one does.
func TestBusy(t *testing.T) {
	runRules(t, []ruleTest{{
		name: "two resets that a router passes on, one after the other",
		text: atRouter(throughRouter + `
			server.80 > client.1000: F. seq 101
			+1ms client.1000 > server.80: . ack 102
			client.1000 > server.80: P. seq 101:151 ack 102
			server.80 > client.1000: R seq 102 win 0
			client.1000 > server.80: F. seq 151 ack 102
			server.80 > client.1000: R seq 102 win 0`),
		wants: []string{
			"21 likely data-after-close by likely responder",
			"25 likely secondary-reset by likely responder after 21",
		},
	}, {
		name: "two resets that came in before a router passed them on",
		text: atRouter(throughRouter+`
			server.80 > client.1000: F. seq 101
			+1ms client.1000 > server.80: . ack 102
			client.1000 > server.80: P. seq 101:151 ack 102
			client.1000 > server.80: P. seq 151:201 ack 102`) + `
			server: in
			server.80 > client.1000: R seq 102 win 0 id=0
			server.80 > client.1000: R seq 102 win 0 id=0
			server: out
			server.80 > client.1000: R seq 102 win 0 id=0 ttl=63
			server.80 > client.1000: R seq 102 win 0 id=0 ttl=63`,
		wants: []string{
			"23 likely data-after-close by likely responder",
			"24 likely secondary-reset by likely responder after 23",
		},
	}, {
		name: "one that came in on a bridge and on its port",
		text: `
			client: in
			server: in
			client.1000 > server.80: S id=101
			client.1000 > server.80: S id=101
			server.80 > client.1000: S. id=201
			server.80 > client.1000: S. id=201
			client.1000 > server.80: P. seq 1:101 ack 1 id=102
			client.1000 > server.80: P. seq 1:101 ack 1 id=102
			client.1000 > server.80: P. seq 101:201 id=103
			client.1000 > server.80: P. seq 101:201 id=103
			server.80 > client.1000: R seq 1 win 0 id=0
			server.80 > client.1000: R seq 1 win 0 id=0`,
		wants: []string{"9 possible listener-backlog-full by likely responder or handshake-ack-rejected"},
	}, {
		name: "the listener closes with a request unread: so does what had been accepted, when its program ends",
		text: `
			server: linux id=7000
			client.1000 > server.80: S
			server.80 > client.1000: S.
			client.1000 > server.80: P. seq 1:51 ack 1
			server.80 > client.1000: . ack 51
			client.1001 > server.80: S
			server.80 > client.1001: S.
			client.1001 > server.80: P. seq 1:51 ack 1
			server.80 > client.1001: . ack 51
			+100ms server.80 > client.1000: R. seq 1
			server.80 > client.1001: R. seq 1
			+100ms client.1002 > server.80: S
			server.80 > client.1002: R. seq 0 ack 1 win 0`,
		wants: []string{
			"9 possible listener-closed by likely responder or close-unread-data abortive-close",
			"10 possible listener-closed by likely responder or close-unread-data abortive-close",
			"12 likely port-closed by likely responder",
		},
	}, {
		name: "a server that aborts time and again, and is ended later",
		text: `
			server: linux id=7000
			client.1000 > server.80: S
			server.80 > client.1000: S.
			client.1000 > server.80: .
			client.1001 > server.80: S
			server.80 > client.1001: S.
			client.1001 > server.80: .
			+100ms server.80 > client.1000: R. seq 1
			+100ms server.80 > client.1001: R. seq 1
			+100ms client.1002 > server.80: S
			server.80 > client.1002: R. seq 0 ack 1 win 0`,
		wants: []string{
			"7 possible abortive-close by likely responder or listener-closed",
			"8 possible abortive-close by likely responder or listener-closed",
			"10 likely port-closed by likely responder",
		},
	}, {
		name: "two aborts in one moment, and a server that goes on accepting",
		text: `
			server: linux id=7000
			client.1000 > server.80: S
			server.80 > client.1000: S.
			client.1000 > server.80: .
			client.1001 > server.80: S
			server.80 > client.1001: S.
			client.1001 > server.80: .
			+100ms server.80 > client.1000: R. seq 1
			server.80 > client.1001: R. seq 1
			+100ms client.1002 > server.80: S
			server.80 > client.1002: S.
			client.1002 > server.80: .
			+100ms client.1003 > server.80: S
			server.80 > client.1003: R. seq 0 ack 1 win 0`,
		wants: []string{
			"7 possible abortive-close by likely responder or listener-closed",
			"8 possible abortive-close by likely responder or listener-closed",
			"13 possible port-closed by likely responder",
		},
	}, {
		name: "a FIN that has overtaken the data before it, or is all that came of both",
		text: hand + `
			client.1000 > server.80: P. seq 1:51
			server.80 > client.1000: P. seq 1:101 ack 51
			client.1000 > server.80: . seq 51 ack 101
			+2s server.80 > client.1000: F. seq 101 ack 51
			+1ms client.1000 > server.80: . seq 51 ack 102
			+1s client.1000 > server.80: F. seq 101 ack 102
			server.80 > client.1000: R seq 102 win 0 id=0`,
		wants: []string{"10 possible data-after-close by likely responder or late-segment; frames 7 9"},
	}, {
		name: "a Linux host whose card cuts its segments aborts behind its FIN: for data alone it writes no ACK",
		text: hand + `
			client.1000 > server.80: P. seq 1:1001
			server.80 > client.1000: . seq 1:5793 ack 1001 id=7001
			server.80 > client.1000: . seq 5793:11585 ack 1001 id=7005
			client.1000 > server.80: . seq 1001 ack 11585
			server.80 > client.1000: F. seq 11585 ack 1001 id=7009
			client.1000 > server.80: P. seq 1001:3001 ack 11586
			server.80 > client.1000: R. seq 11586 ack 3001 id=7010`,
		wants: []string{"10 possible close-unread-data by likely responder or data-after-close"},
	}, {
		name: "the last acknowledgments of a download changed places: the window may have moved since",
		text: hand + `
			client.1000 > server.80: P. seq 1:31 win 500
			server.80 > client.1000: . seq 1:1449 ack 31
			server.80 > client.1000: . seq 1449:2897 ack 31
			server.80 > client.1000: . seq 2897:4345 ack 31
			server.80 > client.1000: . seq 4345:5793 ack 31
			+5ms client.1000 > server.80: . seq 31 ack 1449 win 500
			+5ms client.1000 > server.80: . seq 31 ack 2897 win 489
			+5ms client.1000 > server.80: . seq 31 ack 5793 win 500
			client.1000 > server.80: . seq 31 ack 4345 win 478
			+1ms client.1000 > server.80: R. seq 31 ack 5793 win 500`,
		wants: []string{"13 possible abortive-close by likely originator or close-unread-data"},
	}, {
		name: "an old segment comes late, long after the first that was refused",
		text: hand + `
			client.1000 > server.80: P. seq 1:51
			server.80 > client.1000: P. seq 1:101 ack 51
			server.80 > client.1000: F. seq 101 ack 51
			client.1000 > server.80: P. seq 51:101 ack 1
			server.80 > client.1000: R seq 1 win 0 id=0
			client.1000 > server.80: P. seq 101:151 ack 102
			server.80 > client.1000: R seq 102 win 0 id=0
			client.1000 > server.80: P. seq 151:201 ack 1
			server.80 > client.1000: R seq 1 win 0 id=0`,
		wants: []string{
			"8 likely data-after-close by likely responder",
			"10 likely secondary-reset by likely responder after 8",
			"12 likely secondary-reset by likely responder after 8",
		},
	}, {
		name: "an abort that crosses the peer's FIN",
		text: hand + `
			client.1000 > server.80: P. seq 1:51
			server.80 > client.1000: P. seq 1:101 ack 51
			+1s client.1000 > server.80: F. seq 51 ack 101
			+500us server.80 > client.1000: R. seq 101 ack 51`,
		wants: []string{"7 possible abortive-close by likely responder or close-then-abort"},
	}, {
		name: "what was on its way is refused, and the peer's own reset crosses it",
		text: hand + `
			client.1000 > server.80: P. seq 1:11
			server.80 > client.1000: P. seq 1:101 ack 11
			server.80 > client.1000: P. seq 101:201
			server.80 > client.1000: P. seq 201:301
			server.80 > client.1000: P. seq 301:401
			+10ms client.1000 > server.80: F. ack 1
			server.80 > client.1000: R seq 1 win 0 id=0
			client.1000 > server.80: R seq 11 win 0 id=0
			client.1000 > server.80: R seq 11 win 0 id=0
			client.1000 > server.80: R seq 11 win 0 id=0`,
		wants: []string{
			"10 possible half-open by likely responder",
			"11 likely secondary-reset by likely originator after 10",
			"12 likely secondary-reset by likely originator after 10",
			"13 likely secondary-reset by likely originator after 10",
		},
	}})
}

// Of many connections that a router refuses at once it has lost the state, and
// an end that aborts afterwards does so by itself.
func TestTableLost(t *testing.T) {
	var b strings.Builder
	for i := range 12 {
		b.WriteString(strings.ReplaceAll(throughRouter, "1000", fmt.Sprint(1000+i)))
	}
	for i := range 12 {
		fmt.Fprintf(&b, "kept client.%[1]d > server.80: P. length 100\nown server.80 > client.%[1]d: R seq 101 win 0\n", 1000+i)
	}
	text := atRouter(b.String())
	var wants []string
	for i := range 12 {
		wants = append(wants, fmt.Sprintf("%d possible middlebox-state-loss by likely middlebox or inline-policy-reset", 12*14+2+2*i))
	}
	// A rule that many requests meet, each on a connection of its own.
	var rule strings.Builder
	var policy []string
	for i := range 14 {
		rule.WriteString(strings.ReplaceAll(throughRouter, "1000", fmt.Sprint(1000+i)))
		fmt.Fprintf(&rule, "kept client.%[1]d > server.80: P. length 100\nown server.80 > client.%[1]d: R seq 101 win 0\n", 1000+i)
		if i > 0 {
			policy = append(policy, fmt.Sprintf("%d likely inline-policy-reset by likely middlebox or middlebox-state-loss", 16*(i+1)))
		}
	}
	var later []string
	for _, v := range judgeAll(t, transcript.Variation{}, atRouter(rule.String()), "")[1:] {
		later = append(later, fmt.Sprintf("%s or middlebox-state-loss", say(v)))
	}
	if !slices.Equal(later, policy) {
		t.Errorf("a rule that new connections meet: got %q, want %q", later, policy)
	}
	runRules(t, []ruleTest{
		{name: "many at once", text: text, wants: wants},
		{
			name: "the server aborts what it knows nothing more of",
			text: strings.Replace(atRouter(throughRouter), "client: linux\nserver: linux", "client: linux ts=1000\nserver: linux ts=900000", 1) + `
				client: in
				+1s client.1000 > server.80: P. length 100 id=900
				server: out ts=off
				server.80 > client.1000: R seq 101 win 0 id=0
				server: in ts=901007
				+2s server.80 > client.1000: R. seq 101 ack 101 win 502 id=901`,
			wants: []string{
				"16 possible inline-policy-reset by likely middlebox or middlebox-state-loss half-open",
				"17 possible close-unread-data by likely responder or abortive-close",
			},
		},
	})
}

// Bare resets with all the numbers that were acknowledged on the way are answers
// to these, whoever sends them, and no guesses.
func TestManyOnTheirWay(t *testing.T) {
	download := func(answers string) string {
		var b strings.Builder
		b.WriteString(hand + "client.1000 > server.80: P. seq 1:31\n")
		for i := range 20 {
			from := 1 + 1448*i
			fmt.Fprintf(&b, "server.80 > client.1000: . seq %d:%d ack 31\nclient.1000 > server.80: . ack %d\n", from, from+1448, from+1448)
		}
		return b.String() + "server: id=0 ts=off\n" + answers
	}
	var b strings.Builder
	for i := range 6 {
		fmt.Fprintf(&b, "+20ms server.80 > client.1000: R seq %d win 0 ttl=65\n", 1+1448*(3+i))
	}
	for _, v := range judgeAll(t, transcript.Variation{}, download(b.String()), "") {
		if s := say(v); !strings.Contains(s, "possible") && !strings.Contains(s, "undetermined") {
			t.Errorf("got %s, want no more than possible: acknowledgments that were on their way may have drawn it", s)
		}
		if strings.Contains(say(v), "blind-reset") {
			t.Errorf("got %s, want no guess: each number had been acknowledged", say(v))
		}
	}
}

// Legs of a busy proxy fail all the time: one that failed before another is no
// more than chance, unless it was right before.
func TestBusyProxy(t *testing.T) {
	legs := func(apart string) string {
		var b strings.Builder
		for i := range 20 {
			fmt.Fprintf(&b, `client.%[1]d > proxy.80: S
				proxy.80 > client.%[1]d: S.
				client.%[1]d > proxy.80: P. seq 1:51 ack 1
				proxy.80 > client.%[1]d: P. seq 1:101 ack 51
				proxy.%[2]d > origin.8080: S
				origin.8080 > proxy.%[2]d: S.
				proxy.%[2]d > origin.8080: P. seq 1:51 ack 1
				`, 1000+i, 2000+i)
		}
		for i := range 20 {
			fmt.Fprintf(&b, "+20ms origin.8080 > proxy.%d: R. seq 1 ack 51\n+%s proxy.80 > client.%d: R. seq 101 ack 51\n", 2000+i, apart, 1000+i)
		}
		return b.String()
	}
	count := func(text string) (n int) {
		for _, v := range judgeAll(t, transcript.Variation{}, text, "") {
			if strings.Contains(say(v), "likely proxy-propagated-reset") {
				n++
			}
		}
		return n
	}
	if n := count(legs("100us")); n < 10 {
		t.Errorf("right behind: %d are likely passed on, want most of 20", n)
	}
	if n := count(legs("40ms")); n != 0 {
		t.Errorf("as far apart as legs fail anyway: %d are likely passed on, want none", n)
	}
}
