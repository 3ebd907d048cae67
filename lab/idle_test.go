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
	check(t, client.Set("keepidle", 10))
	if !l.Idle(5 * time.Second) {
		t.Error("a lab whose only timer ends in 10 seconds is not idle for 5")
	}
	if l.Idle(20 * time.Second) {
		t.Error("a lab is idle for 20 seconds in which a keepalive timer ends")
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
