//go:build linux

package oracle

import (
	"maps"
	"testing"
)

// A reset is counted under the name that nstat gives the counter, and nothing
// of the other namespaces' is.
func TestCounters(t *testing.T) {
	t.Parallel()
	inNamespace(t, func(uint64) error {
		before, err := ReadCounters()
		if err != nil {
			return err
		}
		if n := before["TcpOutRsts"]; n != 0 {
			t.Errorf("TcpOutRsts of a new namespace: got %d, want 0", n)
		}
		if err := unreadData(ipv4); err != nil {
			return err
		}
		if err := closedPort(ipv6); err != nil {
			return err
		}
		after, err := ReadCounters()
		if err != nil {
			return err
		}
		grown := after.Since(before)
		for name, want := range map[string]uint64{"TcpOutRsts": 2, "TcpExtTCPAbortOnClose": 1, "TcpActiveOpens": 2, "TcpExtTCPAbortOnData": 0} {
			if got := grown[name]; got != want {
				t.Errorf("%s grew by %d, want %d", name, got, want)
			}
		}
		if _, ok := grown["TcpExtTCPAbortOnData"]; ok {
			t.Error("TcpExtTCPAbortOnData is listed, want only what has grown")
		}
		return nil
	})
}

func TestParseCounters(t *testing.T) {
	for _, test := range []struct {
		name, in string
		want     Counters // nil: an error
	}{
		{"two groups", "Tcp: MaxConn OutRsts\nTcp: -1 3\nTcpExt: TCPAbortOnClose\nTcpExt: 1\n",
			Counters{"TcpOutRsts": 3, "TcpExtTCPAbortOnClose": 1}},
		{"nothing", "", Counters{}},
		{"largest", "Ip: InOctets\nIp: 18446744073709551615\n", Counters{"IpInOctets": 1<<64 - 1}},
		{"fewer values", "Tcp: A B\nTcp: 1\n", nil},
		{"other group below", "Tcp: A\nUdp: 1\n", nil},
		{"no values", "Tcp: A\n", nil},
		{"not a number", "Tcp: A\nTcp: x\n", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := Counters{}
			err := c.parse([]byte(test.in))
			if (err != nil) != (test.want == nil) {
				t.Fatalf("got error %v, want one: %t", err, test.want == nil)
			}
			if test.want != nil && !maps.Equal(c, test.want) {
				t.Errorf("got %v, want %v", c, test.want)
			}
		})
	}
}

func TestSince(t *testing.T) {
	got := Counters{"A": 5, "B": 2, "C": 1}.Since(Counters{"A": 3, "B": 2, "C": 4})
	if want := (Counters{"A": 2}); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func FuzzCounters(f *testing.F) {
	f.Add([]byte("Tcp: MaxConn OutRsts\nTcp: -1 3\nTcpExt: TCPAbortOnClose\nTcpExt: 1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		once, twice := Counters{}, Counters{}
		if once.parse(b) == nil && twice.parse(b) == nil && !maps.Equal(once, twice) {
			t.Errorf("two readings differ: %v and %v", once, twice)
		}
	})
}
