//go:build linux

package lab

import "testing"

func TestParseMatch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		notation, want string
		count          int
	}{
		{"client > server", "client > server", 0},
		{"client.40000 > server.80 x3", "client.40000 > server.80", 3},
		{"client > server: S x2", "client > server: S", 2},
		{`client > server: P. payload "a x2"`, `client > server: P. payload "a x2"`, 0},
		{"2001:db8::1 > server", "2001:db8::1 > server", 0},
	} {
		m, err := ParseMatch(test.notation)
		check(t, err)
		if m.String() != test.want || m.Count != test.count {
			t.Errorf("%q is read as %q, %d times, want %q, %d times", test.notation, m, m.Count, test.want, test.count)
		}
	}
	for _, notation := range []string{"", "client", "client > ", "client server", "client > server:", "client > server: X", "client > server: S x0"} {
		if m, err := ParseMatch(notation); err == nil {
			t.Errorf("%q is read as %q, want an error", notation, m)
		}
	}
}
