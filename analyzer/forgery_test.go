package analyzer_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rstlab/analyzer"
	"rstlab/analyzer/cause"
	"rstlab/internal/pcapng"
	"rstlab/internal/segment"
)

// A truth is a golden label, as far as it says who sent what.
type truth struct {
	Capture string
	Resets  []struct {
		Frame int
		Truth struct {
			Cause  cause.ID
			Sender analyzer.Sender
		}
		Carries *struct{ Causes []cause.ID }
		plain   cause.ID // what is said of the capture as it is
	}
}

// Who sent a reset is told from one point as the aim has it, whatever networks
// and stacks do to the packets: of genuine resets at most one in 200 is called
// forged, and of those that are called forged, and that likely, 95 % are. Nor
// does any of it make causes likely that are wrong: of 100 likely ones at most 3
// are neither the truth, nor what the packets carry, nor what is said without it.
func TestForgeries(t *testing.T) {
	labels, err := filepath.Glob("../golden/*/*.json")
	if err != nil || len(labels) == 0 {
		t.Fatalf("found %d golden labels: %v", len(labels), err)
	}
	counts := make([]count, len(changes))
	if changes[0].name != "as it is" {
		t.Fatal("the first change changes something")
	}
	for _, name := range labels {
		l, packets := readGolden(t, name)
		if l == nil {
			continue
		}
		for i := range changes {
			counts[i].add(t, name, &changes[i], l, packets)
		}
	}
	var sum count
	for i, c := range counts {
		t.Logf("%-50s %v", changes[i].name, c)
		sum.genuine += c.genuine
		sum.wrong += c.wrong
		sum.forged += c.forged
		sum.caught += c.caught
		sum.alarms += c.alarms
		sum.sure += c.sure
		sum.mistaken += c.mistaken
		if c.mistaken*100 > 3*c.sure {
			t.Errorf("%s: %d of %d likely causes are wrong", changes[i].name, c.mistaken, c.sure)
		}
		if c.wrong*200 > c.genuine {
			t.Errorf("%s: %d of %d genuine resets are called forged", changes[i].name, c.wrong, c.genuine)
		}
		if c.alarms*20 > c.caught+c.alarms {
			t.Errorf("%s: %d of %d resets that are called forged are not", changes[i].name, c.alarms, c.caught+c.alarms)
		}
	}
	t.Logf("%-50s %v", "in all", sum)
}

// devices are the causes by which a device on the path resets.
var devices = map[cause.ID]bool{cause.FirewallRejectSyn: true, cause.NATBypass: true, cause.MiddleboxStateLoss: true, cause.MiddleboxIdleTimeout: true, cause.OptionIntolerance: true}

// meant are the causes by which an end wants to be taken for a forger.
var meant = map[cause.ID]bool{cause.EvasionReset: true}

// A count is what became of the resets under one change.
type count struct {
	genuine, wrong int // resets of the ends; those that the verdict gives to a device
	forged, caught int // resets of devices; those that are likely a device's
	alarms         int // genuine ones that are likely a device's
	sure, mistaken int // likely causes; those that are wrong
}

func (c count) String() string {
	return fmt.Sprintf("%5d genuine, %2d called forged, %2d of them likely; %4d forged, %4d caught; %3d likely causes, %2d wrong",
		c.genuine, c.wrong, c.alarms, c.forged, c.caught, c.sure, c.mistaken)
}

// readGolden reads a label and its capture, nil where it has no reset.
func readGolden(t *testing.T, name string) (*truth, []shot) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	l := new(truth)
	if err := json.Unmarshal(b, l); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(l.Resets) == 0 {
		return nil, nil
	}
	if b, err = os.ReadFile(filepath.Join(filepath.Dir(name), l.Capture)); err != nil {
		t.Fatal(err)
	}
	r, err := pcapng.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	type tuple struct{ a, b string }
	conns := map[tuple]int{}
	nth := map[int]int{}
	var all []shot
	for n := 1; ; n++ {
		var p pcapng.Packet
		if err := r.Next(&p); err == io.EOF {
			return l, all
		} else if err != nil {
			t.Fatal(err)
		}
		s := shot{data: bytes.Clone(p.Data), at: p.Time, was: n}
		if protocol := p.Data[etherLen+6]; p.Data[etherLen]>>4 == 4 && p.Data[etherLen+9] == 6 || p.Data[etherLen]>>4 == 6 && protocol == 6 {
			addresses, tcp := headers(s.data)
			half := len(addresses) / 2
			from, to := string(addresses[:half])+string(tcp[:2]), string(addresses[half:])+string(tcp[2:4])
			switch {
			case conns[tuple{from, to}] > 0 && !(s.flags() == segment.SYN):
				s.conn, s.orig = conns[tuple{from, to}], true
			case conns[tuple{to, from}] > 0 && !(s.flags() == segment.SYN):
				s.conn = conns[tuple{to, from}]
			default:
				s.conn, s.orig = len(nth)+1, true
				conns[tuple{from, to}] = s.conn
				delete(conns, tuple{to, from})
			}
			nth[s.conn]++
			s.nth = nth[s.conn]
		}
		all = append(all, s)
	}
}

// true tells whether a cause is the truth of a frame's reset or of one with the
// same numbers, for which of the two is which does not show, or all that can be
// known of it.
func (l *truth) true(frame int, c cause.ID, packets []shot) bool {
	numbers := func(frame int) string { _, tcp := headers(packets[frame-1].data); return string(tcp[:14]) }
	for i := range l.Resets {
		r := &l.Resets[i]
		if numbers(r.Frame) == numbers(frame) && (c == r.Truth.Cause || c == r.plain || r.Carries != nil && slices.Contains(r.Carries.Causes, c)) {
			return true
		}
	}
	return false
}

// add judges a golden capture under a change.
func (c *count) add(t *testing.T, name string, ch *change, l *truth, packets []shot) {
	t.Helper()
	var shots []*shot
	for i := range packets {
		s := packets[i]
		s.data = bytes.Clone(s.data)
		shots = append(shots, &s)
	}
	shots = ch.do(shots, rand.New(rand.NewPCG(uint64(len(name)), 1)))
	var b bytes.Buffer
	w := pcapng.NewWriter(&b, pcapng.Section{})
	i, err := w.AddInterface(pcapng.Interface{LinkType: pcapng.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range shots {
		if err := w.WritePacket(&pcapng.Packet{Time: s.at, HasTime: true, Data: s.data, OrigLen: max(len(s.data), len(packets[max(s.was, 1)-1].data)), Interface: i}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	records, err := analyze(t, analyzer.Options{}, input("x", b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	said := map[int]*analyzer.Verdict{} // by the frame of the original
	for _, v := range pick[*analyzer.Verdict](records) {
		said[shots[v.Frame-1].was] = v
	}
	for i := range l.Resets {
		r := &l.Resets[i]
		v := said[r.Frame]
		if v == nil {
			continue
		}
		if ch == &changes[0] {
			r.plain = v.Cause
		}
		if v.Strength >= cause.Likely {
			c.sure++
			if !l.true(r.Frame, v.Cause, packets) {
				c.mistaken++
				t.Logf("%s: %s frame %d: %s (%v), is %s", ch.name, strings.TrimPrefix(name, "../golden/"), r.Frame, v.Cause, v.Strength, r.Truth.Cause)
			}
		}
		forged := v.Sender == analyzer.Middlebox
		likely := forged && v.SenderStrength >= cause.Likely
		if r.Truth.Sender == analyzer.Middlebox {
			c.forged++
			if likely {
				c.caught++
			}
			continue
		}
		if devices[r.Truth.Cause] || meant[r.Truth.Cause] {
			continue // a translator's or a filter's, with the address of its own that an end uses: neither
		}
		c.genuine++
		if forged {
			c.wrong++
			t.Logf("%s: %s frame %d: %s (%v) by %s (%v), is %s: %v", ch.name, strings.TrimPrefix(name, "../golden/"), r.Frame, v.Cause, v.Strength, v.Sender, v.SenderStrength, r.Truth.Cause, v.Evidence)
		}
		if likely {
			c.alarms++
		}
	}
}
