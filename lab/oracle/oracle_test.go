//go:build linux

package oracle

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
)

// Each story's reset is reported with the kernel's reason, and with the
// addresses and numbers that its packet has.
func TestReasons(t *testing.T) {
	t.Parallel()
	o := mustOpen(t)
	for _, story := range stories {
		for _, addr := range []netip.Addr{ipv4, ipv6} {
			t.Run(fmt.Sprintf("%s/%s", story.name, addr), func(t *testing.T) {
				t.Parallel()
				inNamespace(t, func(netns uint64) error { return tell(t, o, netns, &story, addr) })
			})
		}
	}
}

// Resets of a small socket in TIME-WAIT are reported as well.
func TestDataAfterClose(t *testing.T) {
	t.Parallel()
	o := mustOpen(t)
	for _, addr := range []netip.Addr{ipv4, ipv6} {
		t.Run(addr.String(), func(t *testing.T) {
			t.Parallel()
			story := story{reason: "TCP_ABORT_ON_DATA", state: "CLOSED", provoked: true}
			story.run = func(addr netip.Addr) error {
				timeWait, err := dataAfterClose(addr)
				if timeWait {
					story.reason, story.state = "TCP_TIMEWAIT_SOCKET", "TIME-WAIT"
				}
				return err
			}
			inNamespace(t, func(netns uint64) error { return tell(t, o, netns, &story, addr) })
		})
	}
}

// tell compares what the oracle says of a story's reset with its packet.
func tell(t *testing.T, o *Oracle, netns uint64, story *story, addr netip.Addr) error {
	w := o.Watch(netns)
	defer w.Close()
	tap, err := openTap()
	if err != nil {
		return err
	}
	start, err := ReadCounters()
	if err != nil {
		return err
	}
	if err := story.run(addr); err != nil {
		return err
	}
	if err := w.Sync(t.Context()); err != nil {
		return err
	}
	end, err := ReadCounters()
	if err != nil {
		return err
	}
	packets, err := tap.resets()
	if err != nil {
		return err
	}
	events := w.Events()
	if len(events) != 1 || len(packets) != 1 {
		return fmt.Errorf("got events %+v and packets %+v, want one of each", events, packets)
	}
	want := Event{NetNS: netns, Reason: story.reason, State: story.state, Time: events[0].Time,
		Provoked: story.provoked,
		Src:      packets[0].Src, Dst: packets[0].Dst, Seq: packets[0].Seq, Ack: packets[0].Ack}
	if events[0] != want {
		t.Errorf("event\n got %+v\nwant %+v", events[0], want)
	}
	if n := end.Since(start)["TcpOutRsts"]; n != 1 {
		t.Errorf("TcpOutRsts grew by %d, want 1", n)
	}
	accepted := w.Accepted()
	if len(accepted) != 1 || accepted[0].Src != want.Src || accepted[0].Dst != want.Dst {
		t.Errorf("accepted: got %+v, want one from %s to %s", accepted, want.Src, want.Dst)
	}
	return nil
}

// Labs run at once with the same addresses, and each sees its own resets only.
func TestNamespacesAreKeptApart(t *testing.T) {
	t.Parallel()
	o := mustOpen(t)
	const times = 50
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			t.Parallel()
			inNamespace(t, func(netns uint64) error {
				w := o.Watch(netns)
				defer w.Close()
				for range times {
					if err := story.run(ipv4); err != nil {
						return err
					}
				}
				if err := w.Sync(t.Context()); err != nil {
					return err
				}
				events := w.Events()
				if len(events) != times {
					t.Errorf("got %d events, want %d: %s", len(events), times, reasons(events))
				}
				for i, e := range events {
					if e.NetNS != netns || e.Reason != story.reason || i > 0 && e.Time < events[i-1].Time {
						t.Errorf("event %d: got %+v, want %s in namespace %d, in the order of time", i+1, e, story.reason, netns)
					}
				}
				return nil
			})
		})
	}
}

// Whatever was sent before Sync is there after it, each time.
func TestSyncMissesNothing(t *testing.T) {
	t.Parallel()
	o := mustOpen(t)
	inNamespace(t, func(netns uint64) error {
		w := o.Watch(netns)
		defer w.Close()
		for n := 1; n <= 100; n++ {
			if err := closedPort(ipv4); err != nil {
				return err
			}
			if err := w.Sync(t.Context()); err != nil {
				return err
			}
			if got := len(w.Events()); got != n {
				return fmt.Errorf("after Sync %d: got %d events, want %d", n, got, n)
			}
		}
		return nil
	})
}

// A namespace may be watched twice; a watch begins and ends where it says, and
// its end leaves the other one alone.
func TestWatchesOfOneNamespace(t *testing.T) {
	t.Parallel()
	o := mustOpen(t)
	inNamespace(t, func(netns uint64) error {
		first := o.Watch(netns)
		defer first.Close()
		if err := closedPort(ipv4); err != nil {
			return err
		}
		if err := first.Sync(t.Context()); err != nil {
			return err
		}
		second := o.Watch(netns, netns)
		if err := unreadData(ipv4); err != nil {
			return err
		}
		if err := second.Sync(t.Context()); err != nil {
			return err
		}
		if err := second.Close(); err != nil {
			return err
		}
		if err := lingerZero(ipv4); err != nil {
			return err
		}
		if err := first.Sync(t.Context()); err != nil {
			return err
		}
		if got, want := reasons(first.Events()), "NO_SOCKET TCP_ABORT_ON_CLOSE TCP_STATE"; got != want {
			t.Errorf("first watch\n got %s\nwant %s", got, want)
		}
		if got, want := reasons(second.Events()), "TCP_ABORT_ON_CLOSE"; got != want {
			t.Errorf("second watch\n got %s\nwant %s", got, want)
		}
		return second.Close()
	})
}

// A namespace that nobody watches costs nothing: the program passes it over.
func TestUnwatchedNamespace(t *testing.T) {
	t.Parallel()
	o := mustOpen(t)
	inNamespace(t, func(netns uint64) error {
		w := o.Watch()
		defer w.Close()
		if err := closedPort(ipv4); err != nil {
			return err
		}
		if err := w.Sync(t.Context()); err != nil {
			return err
		}
		if events := w.Events(); len(events) != 0 {
			t.Errorf("got %+v, want nothing", events)
		}
		return nil
	})
}

func TestSyncEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := mustLoad(t)
	w := (&Oracle{source: s}).Watch()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Sync(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Sync: got %v, want %v", err, context.Canceled)
	}
	go s.run()
}

func TestSyncAfterClose(t *testing.T) {
	t.Parallel()
	s := mustLoad(t)
	w := (&Oracle{source: s}).Watch(1)
	go s.run()
	if err := s.close(); err != nil {
		t.Error(err)
	}
	if err := w.Sync(t.Context()); !errors.Is(err, errClosed) {
		t.Errorf("Sync: got %v, want %v", err, errClosed)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// More at once than the ring buffer holds is told, and told to those only whose
// namespace it was.
func TestLostEventsAreTold(t *testing.T) {
	t.Parallel()
	s := mustLoad(t)
	o := &Oracle{source: s}
	inNamespace(t, func(netns uint64) error {
		w, other := o.Watch(netns), o.Watch(1)
		// Each makes two records: the server's that sent the reset, and the
		// client's that accepted it.
		const room, more = ringSize / (int(recordSize) + ringHeader), 10
		for range (room + more) / 2 {
			if err := closedPort(ipv4); err != nil {
				return err
			}
		}
		go s.run()
		want := fmt.Sprintf("read resets of namespace %d: %d lost, more than %d bytes at once", netns, more, ringSize)
		if err := w.Sync(t.Context()); err == nil || err.Error() != want {
			t.Errorf("Sync\n got %v\nwant %s", err, want)
		}
		return errors.Join(other.Sync(t.Context()), other.Close(), w.Close())
	})
}

// ringHeader is what the kernel puts before each record, in bytes.
const ringHeader = 8

func TestWatchOfNoInode(t *testing.T) {
	t.Parallel()
	w := mustOpen(t).Watch(1 << 32)
	defer w.Close()
	want := "watch namespace 4294967296: found more than 32 bits, expected the inode of a namespace"
	if err := w.Sync(t.Context()); err == nil || err.Error() != want {
		t.Errorf("Sync\n got %v\nwant %s", err, want)
	}
}

// The programs stay until the last oracle of the process is closed.
func TestOpenTwice(t *testing.T) {
	t.Parallel()
	first, second := mustOpen(t), mustOpen(t)
	if err := errors.Join(first.Close(), first.Close()); err != nil {
		t.Error(err)
	}
	w := second.Watch()
	defer w.Close()
	if err := w.Sync(t.Context()); err != nil {
		t.Error(err)
	}
}

func BenchmarkReadKernel(b *testing.B) {
	for b.Loop() {
		if _, err := parseKernel(); err != nil {
			b.Skip(err)
		}
	}
}

// BenchmarkLoad is what Open costs once the kernel's types are known.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		s, err := load()
		if err != nil {
			b.Skip(err)
		}
		go s.run()
		b.StopTimer()
		if err := s.close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func BenchmarkSync(b *testing.B) {
	o := mustOpen(b)
	w := o.Watch()
	defer w.Close()
	for b.Loop() {
		if err := w.Sync(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
