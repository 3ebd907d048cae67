//go:build linux

package lab

import (
	"net/netip"
	"testing"
	"time"
)

// A lab is idle when nothing is sent twice, kept for later or asked for by a
// timer before the time is over.
func TestIdle(t *testing.T) {
	t.Parallel()
	l := start(t, twoHosts())
	server := listen(t, l, "server", SocketOptions{}, 80)
	if !l.Idle(time.Hour) {
		t.Error("a lab that only listens is not idle")
	}
	client, err := l.Host("client").Socket(SocketOptions{})
	check(t, err)
	check(t, client.Connect(withDeadline(t), netip.AddrPortFrom(l.Addr("server")[0], 80), ConnectOptions{}))
	_, err = server.Accept(withDeadline(t))
	check(t, err)
	before := l.Passed()
	if before != 6 { // what the server's stack has had, its tap has
		t.Errorf("%d frames have passed the taps, want the 3 of a handshake at each", before)
	}
	check(t, client.Set("keepidle", 7200))
	if !l.Idle(time.Hour) {
		t.Error("a lab whose only timer ends in two hours is not idle for one")
	}
	if l.Idle(3 * time.Hour) {
		t.Error("a lab is idle for three hours in which a keepalive timer ends")
	}
	_, err = client.Send(withDeadline(t), []byte("x"))
	check(t, err)
	if _, err := l.Tap("server").Wait(withDeadline(t), before/2, func(f *Frame) bool { return f.IsTCP && *f.Segment.Length == 1 }); err != nil {
		t.Error(err)
	}
	if n := l.Passed(); n <= before {
		t.Errorf("%d frames have passed, want more than %d", n, before)
	}
}
