//go:build linux

package lab

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rstlab/internal/pcapng"
	"rstlab/internal/segment"
)

// readCapture reads a capture back.
func readCapture(t *testing.T, file []byte) (packets []pcapng.Packet, interfaces []pcapng.Interface) {
	t.Helper()
	r, err := pcapng.NewReader(bytes.NewReader(file))
	check(t, err)
	for {
		var p pcapng.Packet
		err := r.Next(&p)
		if err == io.EOF {
			return packets, r.Interfaces()
		}
		check(t, err)
		p.Data = bytes.Clone(p.Data)
		packets = append(packets, p)
	}
}

// Whatever a host sends first and last is in the captures, though nobody waits
// for it: connect comes right after Start, Drain right after the last send.
func TestTapsHoldFirstAndLast(t *testing.T) {
	t.Parallel()
	for i := range 20 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			ctx := withDeadline(t)
			l := start(t, twoHosts())
			c := dial(t, l, "client", "server", 80)
			check(t, c.client.Set("nodelay", 1))
			const sends = 50
			for range sends {
				_, err := c.client.Send(ctx, []byte("x"))
				check(t, err)
			}
			check(t, l.Drain(ctx))
			for _, tap := range l.Taps() {
				frames := tap.Frames()
				if !isSYN(frames[0]) {
					t.Errorf("tap %s: the first frame is %v, want the SYN", tap.Name(), frames[0].Segment)
				}
				bytes := map[uint32]bool{} // by sequence number: a busy machine may send some again
				for _, f := range frames {
					if f.IsTCP && f.Src == c.client.Local() {
						for i := range *f.Segment.Length {
							bytes[f.Segment.Seq.Start+i] = true
						}
					}
				}
				if len(bytes) != sends {
					t.Errorf("tap %s: %d bytes were sent, want %d", tap.Name(), len(bytes), sends)
				}
			}
		})
	}
}

func TestCapture(t *testing.T) {
	t.Parallel()
	l := start(t, twoHosts())
	dial(t, l, "client", "server", 80)
	before := time.Now()
	check(t, l.Drain(withDeadline(t)))
	tap := l.Tap("server")
	packets, interfaces := readCapture(t, tap.Capture())
	if len(interfaces) != 1 || interfaces[0].Name != "server" || interfaces[0].LinkType != pcapng.LinkEthernet {
		t.Errorf("interfaces %+v, want one, Ethernet, named server", interfaces)
	}
	stats := interfaces[0].Stats
	if stats.OSDropped != (pcapng.Count{Known: true}) {
		t.Errorf("drops %+v, want a known 0", stats.OSDropped)
	}
	if stats.At < before.UnixNano() || stats.At > time.Now().UnixNano() {
		t.Errorf("it ran until %v, want the time of Drain", time.Unix(0, stats.At))
	}
	frames := tap.Frames()
	if len(packets) != len(frames) {
		t.Fatalf("%d packets in the file, %d frames at the tap", len(packets), len(frames))
	}
	for i, p := range packets {
		f := frames[i]
		if f.N != i+1 || p.Time != f.Time.UnixNano() || !bytes.Equal(p.Data, f.Data) || p.OrigLen != len(f.Data) || p.Direction != pcapng.Unknown {
			t.Errorf("packet %d is %+v, frame is %+v", i+1, p, f)
		}
	}
}

// Offloads are off: checksums are whole, frames no longer than the MTU, on
// both ends and of both versions of IP.
func TestOffloadsAreOff(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		net netip.Prefix
		mtu int
	}{
		{netip.MustParsePrefix("192.0.2.0/24"), 1500},
		{netip.MustParsePrefix("2001:db8::/64"), 1500},
		{netip.MustParsePrefix("192.0.2.0/24"), 9000},
		{netip.MustParsePrefix("192.0.2.0/24"), 576},
	} {
		t.Run(fmt.Sprintf("%v mtu %d", test.net, test.mtu), func(t *testing.T) {
			t.Parallel()
			ctx := withDeadline(t)
			c := twoHosts()
			c.Links[0].Net, c.Links[0].MTU = test.net, test.mtu
			l := start(t, c)
			conn := dial(t, l, "client", "server", 80)
			const size = 1_000_000
			sent := make(chan error, 1)
			go func() {
				_, err := conn.client.Send(ctx, make([]byte, size))
				sent <- err
			}()
			for got := 0; got < size; {
				b, err := conn.server.Recv(ctx, size)
				check(t, err)
				got += len(b)
			}
			check(t, <-sent)
			check(t, l.Drain(ctx))
			for _, tap := range l.Taps() {
				longest := 0
				for _, f := range tap.Frames() {
					longest = max(longest, len(f.Data)-etherLen)
					h, ok := parseIP(f.Data[etherLen:])
					if !ok || h.checksum() != 0 {
						t.Fatalf("tap %s: frame %d has a bad checksum", tap.Name(), f.N)
					}
				}
				if longest != test.mtu {
					t.Errorf("tap %s: the longest packet has %d bytes, want the MTU of %d", tap.Name(), longest, test.mtu)
				}
			}
		})
	}
}

// A capture with holes is no evidence: a drop fails Drain.
func TestDropsFailDrain(t *testing.T) {
	t.Parallel()
	ctx := withDeadline(t)
	l := start(t, twoHosts())
	c := dial(t, l, "client", "server", 80)
	check(t, c.client.Set("nodelay", 1))
	go func() { // or the window closes
		for _, err := c.server.Recv(ctx, 1_000_000); err == nil; _, err = c.server.Recv(ctx, 1_000_000) {
		}
	}()
	tap := l.Tap("server")
	tap.mu.Lock() // its reader stands still
	for dropped := uint64(0); dropped == 0; {
		_, err := c.client.Send(ctx, []byte("x"))
		if err == nil {
			dropped, err = tap.conn.Dropped()
		}
		if err != nil {
			t.Error(err)
			break
		}
	}
	tap.mu.Unlock()
	err := l.Drain(ctx)
	if want := "drain tap server: the kernel dropped"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("drain: %v, want %s …", err, want)
	}
	if tap.Dropped() == 0 {
		t.Error("no frames were dropped at a tap whose reader stood still")
	}
	_, interfaces := readCapture(t, tap.Capture())
	if have := interfaces[0].Stats.OSDropped; have != (pcapng.Count{N: tap.Dropped(), Known: true}) {
		t.Errorf("the file tells of %+v drops, the tap of %d", have, tap.Dropped())
	}
}

// Labs with the same addresses and ports, at the same time, have nothing to do
// with each other.
func TestLabsAreApart(t *testing.T) {
	t.Parallel()
	ctx := withDeadline(t)
	const labs = 8
	var wg sync.WaitGroup
	for i := range labs {
		wg.Go(func() {
			l, err := Start(ctx, twoHosts())
			if err != nil {
				t.Error(err)
				return
			}
			defer l.Close()
			word := fmt.Sprintf("lab %d", i)
			listener, err := l.Host("server").Socket(SocketOptions{})
			err = errors.Join(err, listener.Bind(netip.AddrPortFrom(netip.Addr{}, 80)), listener.Listen(1))
			client, err2 := l.Host("client").Socket(SocketOptions{})
			err = errors.Join(err, err2, client.Bind(netip.AddrPortFrom(netip.Addr{}, 40000)),
				client.Connect(ctx, netip.AddrPortFrom(l.Addr("server")[0], 80), ConnectOptions{}))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := client.Send(ctx, []byte(word)); err != nil {
				t.Error(err)
			}
			if err := l.Drain(ctx); err != nil {
				t.Error(err)
			}
			var payloads []string
			for _, f := range l.Tap("server").Frames() {
				if f.IsTCP && *f.Segment.Length > 0 && f.Dst.Port() == 80 {
					payloads = append(payloads, *f.Segment.Payload)
				}
			}
			if payloads = slices.Compact(payloads); !slices.Equal(payloads, []string{word}) { // it may have been sent twice
				t.Errorf("the capture of %q holds %q", word, payloads)
			}
		})
	}
	wg.Wait()
}

func TestTapWait(t *testing.T) {
	t.Parallel()
	ctx := withDeadline(t)
	l := start(t, twoHosts())
	tap := l.Tap("server")
	found := make(chan *Frame)
	go func() { // waits before the frame comes
		f, err := tap.Wait(ctx, 0, isSYN)
		if err != nil {
			t.Error(err)
		}
		found <- f
	}()
	dial(t, l, "client", "server", 80)
	f := <-found
	if f == nil || f.N != 1 {
		t.Fatalf("found %+v, want frame 1", f)
	}
	if again, err := tap.Wait(ctx, 0, isSYN); err != nil || again != f { // was there before
		t.Errorf("found %+v, %v, want frame 1 again", again, err)
	}
	next, err := tap.Wait(ctx, f.N, func(f *Frame) bool { return f.Segment.Flags&segment.SYN != 0 })
	check(t, err)
	if next.N != 2 {
		t.Errorf("behind the SYN comes frame %d, want 2", next.N)
	}
	short, cancel := cancelled(t)
	cancel()
	if _, err := tap.Wait(short, 0, isRST); !errors.Is(err, short.Err()) {
		t.Errorf("cancelled wait: %v, want %v", err, short.Err())
	}
	check(t, l.Drain(ctx))
	if _, err := tap.Wait(ctx, 0, isRST); err == nil || err.Error() != "wait for a frame at tap server: the tap has ended" {
		t.Errorf("wait at a tap that has ended: %v", err)
	}
}

// No kernel speaks on its own: not for address resolution, duplicate
// addresses, routers or multicast groups, also when it is a router, goes down
// and comes up.
func TestSilence(t *testing.T) {
	t.Parallel()
	ctx := withDeadline(t)
	c := routed()
	c.Links[0].Net = netip.MustParsePrefix("2001:db8:1::/64")
	l := start(t, c)
	dial(t, l, "client", "router", 80) // a moment for what would come by itself
	check(t, l.Host("router").Down())
	check(t, l.Host("router").Up())
	_ = l.Host("client").WaitState(shortly(t), netip.MustParseAddrPort("192.0.2.1:1"), netip.AddrPort{}, "LISTEN")
	check(t, l.Drain(ctx))
	for _, tap := range l.Taps() {
		for _, f := range tap.Frames() {
			if !f.IsTCP {
				t.Errorf("tap %s: frame %d: % x", tap.Name(), f.N, f.Data)
			}
		}
	}
}
