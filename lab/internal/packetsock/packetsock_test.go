//go:build linux

package packetsock

import (
	"bytes"
	"errors"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// inNamespace runs f on a thread in a network namespace of its own. The thread
// is never unlocked, so it ends with its goroutine.
func inNamespace(t *testing.T, f func()) {
	t.Helper()
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if err = unix.Unshare(unix.CLONE_NEWNET); err == nil {
			f()
		}
	}()
	<-done
	if errors.Is(err, unix.EPERM) {
		t.Skipf("this user may not make a network namespace: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// pair opens both ends of a veth pair.
func pair(t *testing.T, mtu int, ob Options) (a, b *Conn) {
	t.Helper()
	inNamespace(t, func() {
		veth := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "a", MTU: mtu}, PeerName: "b", PeerMTU: uint32(mtu)}
		if err := netlink.LinkAdd(veth); err != nil {
			t.Error(err)
			return
		}
		open := func(name string, o Options) *Conn {
			// IPv6 would speak on its own.
			if err := os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/disable_ipv6", []byte("1"), 0); err != nil {
				t.Error(err)
			}
			ifc, err := net.InterfaceByName(name)
			if err != nil {
				t.Error(err)
				return nil
			}
			c, err := Open(ifc.Index, o)
			if err != nil {
				t.Error(err)
				return nil
			}
			t.Cleanup(func() { c.Close() })
			return c
		}
		a, b = open("a", Options{}), open("b", ob)
		for _, name := range []string{"a", "b"} {
			l, err := netlink.LinkByName(name)
			if err == nil {
				err = netlink.LinkSetUp(l)
			}
			if err != nil {
				t.Error(err)
			}
		}
		// The carrier comes up by deferred work, and what is sent before is lost
		// in silence.
		for _, name := range []string{"a", "b"} {
			for l, err := netlink.LinkByName(name); ; l, err = netlink.LinkByName(name) {
				if err != nil {
					t.Error(err)
					return
				}
				if l.Attrs().OperState == netlink.OperUp {
					break
				}
				time.Sleep(time.Millisecond)
			}
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	return a, b
}

// frame is a frame of the experimental ethertype with n bytes behind the header.
func frame(tag byte, n int) []byte {
	return append([]byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5}, bytes.Repeat([]byte{tag}, n)...)
}

func TestReadsBothDirectionsWithStamps(t *testing.T) {
	a, b := pair(t, 1500, Options{})
	before := time.Now()
	sent := frame(7, 1500)
	if err := a.Write(sent); err != nil {
		t.Fatal(err)
	}
	got, err := b.Read()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Data, sent) || got.OrigLen != len(sent) || got.Outgoing {
		t.Errorf("read %d of %d bytes, outgoing %v; want the %d bytes that were sent, incoming", len(got.Data), got.OrigLen, got.Outgoing, len(sent))
	}
	if got.Time.Before(before.Add(-time.Millisecond)) || got.Time.After(time.Now().Add(time.Millisecond)) {
		t.Errorf("stamp %v is not between %v and now", got.Time, before)
	}
	// b's frame comes back to a as incoming; what a itself wrote is not read.
	if err := b.Write(frame(8, 60)); err != nil {
		t.Fatal(err)
	}
	if got, err = a.Read(); err != nil || got.Data[14] != 8 || got.Outgoing {
		t.Errorf("a read %+v, %v; want b's frame", got, err)
	}
}

func TestOutgoingIsTold(t *testing.T) {
	var writer, other *Conn
	inNamespace(t, func() {
		lo, err := netlink.LinkByName("lo")
		if err != nil {
			t.Error(err)
			return
		}
		if writer, err = Open(lo.Attrs().Index, Options{}); err != nil {
			t.Error(err)
			return
		}
		if other, err = Open(lo.Attrs().Index, Options{}); err != nil {
			t.Error(err)
			return
		}
		if err := netlink.LinkSetUp(lo); err != nil {
			t.Error(err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	defer writer.Close()
	defer other.Close()
	if err := writer.Write(frame(1, 60)); err != nil {
		t.Fatal(err)
	}
	for _, outgoing := range []bool{true, false} { // loopback: what leaves comes back
		if f, err := other.Read(); err != nil || f.Outgoing != outgoing {
			t.Errorf("frame outgoing %v, %v; want %v", f.Outgoing, err, outgoing)
		}
	}
	if f, err := writer.Read(); err != nil || f.Outgoing {
		t.Errorf("the writer reads its own frame as outgoing %v, %v; want only the incoming one", f.Outgoing, err)
	}
}

func TestKeepsOrderAndDropsNothing(t *testing.T) {
	a, b := pair(t, 1500, Options{})
	// The kernel keeps the order of what is sent on one CPU.
	runtime.LockOSThread() // and never unlock: the thread ends with the test
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		t.Fatal(err)
	}
	for cpu := 0; one.Count() == 0; cpu++ {
		if all.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		t.Fatal(err)
	}
	const burst = defaultSlots - 64
	for round := range byte(3) { // the ring is gone round more than once
		for i := range burst {
			f := frame(round, 46)
			f[15], f[16] = byte(i>>8), byte(i)
			if err := a.Write(f); err != nil {
				t.Fatal(err)
			}
		}
		for i := range burst {
			f, err := b.Read()
			if err != nil {
				t.Fatal(err)
			}
			if number := int(f.Data[15])<<8 | int(f.Data[16]); f.Data[14] != round || number != i {
				t.Fatalf("read frame %d of burst %d, want %d of %d", number, f.Data[14], i, round)
			}
		}
	}
	if dropped, err := b.Dropped(); err != nil || dropped != 0 {
		t.Errorf("Dropped is %d, %v", dropped, err)
	}
}

func TestFullRingIsCounted(t *testing.T) {
	const slots = 32
	a, b := pair(t, 1500, Options{Slots: slots})
	for range 100 {
		if err := a.Write(frame(1, 46)); err != nil {
			t.Fatal(err)
		}
	}
	// A busy machine may hand the last ones over a little later.
	for dropped := uint64(0); dropped < 100-slots; time.Sleep(time.Millisecond) {
		var err error
		if dropped, err = b.Dropped(); err != nil {
			t.Fatal(err)
		}
	}
	b.SetReadDeadline(time.Now())
	read := 0
	for {
		if _, err := b.Read(); err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("Read gives %v, want a deadline", err)
			}
			break
		}
		read++
	}
	for range 2 { // the kernel forgets its count at the first reading
		if dropped, err := b.Dropped(); err != nil || read+int(dropped) != 100 || dropped == 0 {
			t.Errorf("%d read and %d dropped of 100, %v", read, dropped, err)
		}
	}
}

func TestLargeFrames(t *testing.T) {
	a, b := pair(t, 9000, Options{SnapLen: 9014})
	if err := a.Write(frame(1, 9000)); err != nil {
		t.Fatal(err)
	}
	if f, err := b.Read(); err != nil || len(f.Data) != 9014 {
		t.Errorf("read %d bytes, %v; want 9014", len(f.Data), err)
	}
	if err := a.Write(frame(1, 9100)); !errors.Is(err, unix.EMSGSIZE) {
		t.Errorf("a frame over the MTU gives %v, want EMSGSIZE", err)
	}
}

func TestCloseEndsRead(t *testing.T) {
	a, b := pair(t, 1500, Options{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				if _, err := b.Read(); err != nil {
					if !errors.Is(err, os.ErrClosed) {
						t.Errorf("Read gives %v, want closed", err)
					}
					return
				}
			}
		})
	}
	for range 50 {
		if err := a.Write(frame(1, 46)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := b.Close(); err != nil {
		t.Errorf("second Close gives %v", err)
	}
	if _, ok := b.TryRead(); ok {
		t.Error("a closed socket gives a frame")
	}
}
