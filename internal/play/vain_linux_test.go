package play_test

import (
	"strings"
	"testing"

	"rstlab/internal/play"
)

// A wait ends where nothing can come any more, and not while a timer runs: here
// the keepalive's, longer than the wire is quiet before a wait is looked at.
func TestVainWaits(t *testing.T) {
	const begin = twoHosts + `server.80 listen
client.40001 connect server.80 = ok
server.80 accept
`
	for _, test := range []struct{ name, lines, want string }{
		{"packet", "client.40001 > server.80: P. seq 1:2\nno reset\n", "no such packet at tap server, and none can come"},
		{"count", "client.40001 send 1\nclient.40001 > server.80: P. seq 1:2 x2\nno reset\n", "1 of 2 such packets at tap server, and none can come"},
		{"next action", "client.40001 recv = 1\nclient.40001 send 1\nno reset\n", "no result, and none can come"},
		{"end", "client.40001 recv = 1\nno reset\n", "no result, and none can come"},
		{"timer", "client.40001 set keepidle=2 keepintvl=1 keepcnt=9\nclient.40001 > server.80: . seq 0 ack 1\nno reset\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, begin+test.lines, play.Options{})
			if (r.Result == play.Pass) != (test.want == "") || !strings.Contains(r.Story, test.want) {
				t.Errorf("result %s, want %q in\n%s", r.Result, test.want, r.Story)
			}
		})
	}
}
