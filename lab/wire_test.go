//go:build linux

package lab

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"rstlab/lab/internal/packetsock"
)

// A testNet is a namespace with pairs of interfaces, n0 and f0, n1 and f1, …:
// near ends for the test, far ends for what is tested. No kernel has an address
// there.
type testNet struct {
	t  testing.TB
	do func(f func() error) // runs f on the namespace's thread
}

func newTestNet(t testing.TB, pairs int) *testNet {
	t.Helper()
	calls, results := make(chan func() error), make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock: the thread ends with the goroutine
		results <- unix.Unshare(unix.CLONE_NEWNET)
		for f := range calls {
			results <- f()
		}
	}()
	if err := <-results; errors.Is(err, unix.EPERM) {
		t.Skipf("this user may not make a network namespace: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { close(calls) })
	n := &testNet{t: t, do: func(f func() error) {
		t.Helper()
		calls <- f
		if err := <-results; err != nil {
			t.Fatal(err)
		}
	}}
	n.do(func() error {
		if err := os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0); err != nil {
			return err
		}
		for i := range pairs {
			veth := &netlink.Veth{
				LinkAttrs: netlink.LinkAttrs{Name: fmt.Sprintf("n%d", i), HardwareAddr: []byte{2, 0, 0, 0, 0, byte(i)}, TxQLen: -1},
				PeerName:  fmt.Sprintf("f%d", i), PeerHardwareAddr: []byte{2, 0, 0, 0, 1, byte(i)},
			}
			if err := netlink.LinkAdd(veth); err != nil {
				return err
			}
		}
		return nil
	})
	return n
}

// up brings interfaces up and waits until they can send.
func (n *testNet) up(names ...string) {
	n.t.Helper()
	n.do(func() error {
		for _, name := range names {
			link, err := netlink.LinkByName(name)
			if err == nil {
				err = netlink.LinkSetUp(link)
			}
			if err != nil {
				return err
			}
		}
		for _, name := range names {
			for { // see waitCarrier
				link, err := netlink.LinkByName(name)
				if err != nil {
					return err
				}
				if link.Attrs().OperState == netlink.OperUp {
					break
				}
				time.Sleep(time.Millisecond)
			}
		}
		return nil
	})
}

func (n *testNet) open(name string) *packetsock.Conn {
	n.t.Helper()
	var conn *packetsock.Conn
	n.do(func() error {
		link, err := netlink.LinkByName(name)
		if err != nil {
			return err
		}
		conn, err = packetsock.Open(link.Attrs().Index, packetsock.Options{Slots: 1024})
		return err
	})
	n.t.Cleanup(func() { conn.Close() })
	return conn
}

// read reads a frame that must come.
func read(t testing.TB, c *packetsock.Conn) packetsock.Frame {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(patience))
	f, err := c.Read()
	if err != nil {
		t.Fatalf("no frame came: %v", err)
	}
	return f
}

func numbered(i, length int) []byte {
	f := make([]byte, etherLen+length)
	binary.BigEndian.PutUint16(f[12:], 0x88b6) // free for local use
	binary.BigEndian.PutUint32(f[14:], uint32(i))
	return f
}

func newTestWire(t testing.TB, delay time.Duration, rate uint64) (a, b *packetsock.Conn, w *wire) {
	t.Helper()
	n := newTestNet(t, 2)
	a, b = n.open("n0"), n.open("n1")
	w, err := startWire(n.open("f0"), n.open("f1"), delay, rate)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
	n.up("n0", "f0", "n1", "f1")
	return a, b, w
}

func TestWireDelaysBothWaysAndKeepsOrder(t *testing.T) {
	t.Parallel()
	const delay = 3 * time.Millisecond
	a, b, w := newTestWire(t, delay, 0)
	const frames = 100
	sent := [2]map[int]time.Time{{}, {}}
	for i := range frames {
		for side, c := range []*packetsock.Conn{a, b} {
			sent[side][i] = time.Now().Round(0)
			if err := c.Write(numbered(i, 46+i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for side, c := range []*packetsock.Conn{b, a} {
		for i := range frames {
			f := read(t, c)
			if !bytes.Equal(f.Data, numbered(i, 46+i)) {
				t.Fatalf("frame %d is another one or was changed", i)
			}
			if took := f.Time.Sub(sent[side][i]); took < delay {
				t.Errorf("frame %d took %v, less than the delay", i, took)
			}
		}
	}
	if err := w.check(); err != nil {
		t.Error(err)
	}
}

func TestWireKeepsToItsRate(t *testing.T) {
	t.Parallel()
	const size, frames, rate = 1000, 20, 8_000_000 // a frame takes 1 ms
	a, b, _ := newTestWire(t, 0, rate)
	start := time.Now().Round(0)
	for i := range frames {
		if err := a.Write(numbered(i, size-etherLen)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range frames {
		f := read(t, b)
		if took, least := f.Time.Sub(start), time.Duration(i+1)*time.Millisecond; took < least {
			t.Errorf("frame %d arrived after %v, before %v", i, took, least)
		}
	}
}

func TestWireEndsAtOnce(t *testing.T) {
	t.Parallel()
	n := newTestNet(t, 2)
	a := n.open("n0")
	tap := n.open("f0")
	w, err := startWire(n.open("f0"), n.open("f1"), time.Hour, 0)
	if err != nil {
		t.Fatal(err)
	}
	n.up("n0", "f0", "n1", "f1")
	if err := a.Write(numbered(1, 46)); err != nil {
		t.Fatal(err)
	}
	read(t, tap)
	if err := w.close(); err != nil {
		t.Error(err)
	}
	<-w.schedule.done
}

func TestScheduleKeepsOrder(t *testing.T) {
	t.Parallel()
	s, err := startSchedule()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	var got []int
	now := time.Now()
	asked := make(chan struct{}) // until all was asked for, nothing behind this runs
	s.at(now.Add(-time.Hour), func() { <-asked })
	s.at(now.Add(20*time.Millisecond), func() { got = append(got, 4) })
	s.at(now.Add(10*time.Millisecond), func() { got = append(got, 2) })
	s.at(now.Add(10*time.Millisecond), func() { got = append(got, 3) })
	s.at(now.Add(-time.Second), func() { got = append(got, 1) })
	close(asked)
	done := make(chan struct{})
	s.afterAll(func() { close(done) })
	<-done
	if fmt.Sprint(got) != "[1 2 3 4]" {
		t.Errorf("ran in order %v", got)
	}
}

// How late a wire is, in the median and at worst.
func BenchmarkWireLateness(b *testing.B) {
	for _, delay := range []time.Duration{200 * time.Microsecond, 2 * time.Millisecond, 20 * time.Millisecond} {
		b.Run(delay.String(), func(b *testing.B) {
			near, far, _ := newTestWire(b, delay, 0)
			var late []time.Duration
			for i := range b.N {
				sent := time.Now().Round(0)
				if err := near.Write(numbered(i, 46)); err != nil {
					b.Fatal(err)
				}
				late = append(late, read(b, far).Time.Sub(sent)-delay)
			}
			slices.Sort(late)
			b.ReportMetric(float64(late[len(late)/2].Microseconds()), "µs-late")
			b.ReportMetric(float64(late[len(late)-1].Microseconds()), "µs-late-at-worst")
		})
	}
}
