package analyzer_test

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rstlab/analyzer"
	"rstlab/internal/pcapng"
)

// readTap reads a capture's packets.
func readTap(t *testing.T, file string) []pcapng.Packet {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := pcapng.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var all []pcapng.Packet
	for {
		var p pcapng.Packet
		if err := r.Next(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		p.Data = slices.Clone(p.Data)
		all = append(all, p)
	}
}

// together writes the packets of several taps into one file, each tap on the
// interface that names it.
func together(t *testing.T, interfaces []string, taps ...[]pcapng.Packet) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pcapng.NewWriter(&b, pcapng.Section{})
	for _, name := range interfaces {
		if _, err := w.AddInterface(pcapng.Interface{Name: name, LinkType: pcapng.LinkEthernet}); err != nil {
			t.Fatal(err)
		}
	}
	var all []pcapng.Packet
	for i, tap := range taps {
		for _, p := range tap {
			p.Interface = i % len(interfaces)
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, func(a, b pcapng.Packet) int { return cmp.Compare(a.Time, b.Time) })
	for i := range all {
		if err := w.WritePacket(&all[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// judged says what the records conclude, whatever the files' names.
func judged(t *testing.T, inputs ...analyzer.Input) (verdicts []string, s *analyzer.Summary) {
	t.Helper()
	all, err := analyze(t, analyzer.Options{}, inputs...)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range pick[*analyzer.Verdict](all) {
		verdicts = append(verdicts, fmt.Sprintln(v.Time.UnixNano(), v.SenderAddress, v.Cause, v.Strength, v.Sender, v.SenderStrength, v.Effect, len(v.Seen)))
	}
	slices.Sort(verdicts)
	return verdicts, pick[*analyzer.Summary](all)[0]
}

// One file of several interfaces is judged as the files of those interfaces
// are: two points, and three, of every golden scenario that has them.
func TestInterfacesAreThePoints(t *testing.T) {
	dirs, err := filepath.Glob("../golden/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("found %d golden scenarios: %v", len(dirs), err)
	}
	compared, scenarios := 0, 0
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.pcapng"))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) > 1 {
			scenarios++
		}
		for n := 2; n <= min(3, len(files)); n++ {
			var names []string
			var taps [][]pcapng.Packet
			var inputs []analyzer.Input
			for _, file := range files[:n] {
				names = append(names, strings.TrimSuffix(filepath.Base(file), ".pcapng"))
				tap := readTap(t, file)
				taps = append(taps, tap)
				inputs = append(inputs, input(file, together(t, names[len(names)-1:], tap)))
			}
			got, s := judged(t, input("x", together(t, names, taps...)))
			if !strings.Contains(strings.Join(s.Limits, "\n"), "each is judged as a point of its own: ") {
				continue // the interfaces share nothing: two legs of a proxy
			}
			compared++
			if want, _ := judged(t, inputs...); !slices.Equal(got, want) {
				t.Errorf("%s %v: got %q, want %q", dir, names, got, want)
			}
		}
	}
	if compared < scenarios {
		t.Errorf("only %d comparisons in %d scenarios", compared, scenarios)
	}
}

// What a mirror doubles, and what two uplinks share out, is one point.
func TestInterfacesOfOnePoint(t *testing.T) {
	tap := readTap(t, "../golden/injected-reset-both-ends/client.pcapng")
	var even, odd, there, back []pcapng.Packet
	for i, p := range tap {
		if i%2 == 0 {
			even = append(even, p)
		} else {
			odd = append(odd, p)
		}
		if addresses, _ := headers(p.Data); addresses[3] == 1 {
			there = append(there, p)
		} else {
			back = append(back, p)
		}
	}
	var again []pcapng.Packet
	for _, p := range tap {
		p.Time += 30_000
		again = append(again, p)
	}
	want, _ := judged(t, input("x", together(t, []string{"eth0"}, tap)))
	for name, b := range map[string][]byte{
		"two uplinks":             together(t, []string{"eth0", "eth1"}, even, odd),
		"there and back":          together(t, []string{"eth0", "eth1"}, there, back),
		"a mirror, and a silence": together(t, []string{"eth0", "eth1"}, tap, nil, again),
	} {
		got, s := judged(t, input("x", b))
		for i := range got { // a mirror's second sighting is told
			got[i] = got[i][:strings.LastIndex(got[i], " ")]
		}
		for i := range want {
			if w := want[i][:strings.LastIndex(want[i], " ")]; i >= len(got) || got[i] != w {
				t.Errorf("%s: got %q, want %q", name, got, want)
				break
			}
		}
		if strings.Contains(strings.Join(s.Limits, "\n"), "point of its own") {
			t.Errorf("%s: taken as several points: %q", name, s.Limits)
		}
	}
}

// A port of a switch sees a connection's first packets, until the switch has
// learned where its ends are. What it does not see then says nothing of where a
// reset was made.
func TestFloodedPortProvesNothing(t *testing.T) {
	tap := readTap(t, "../golden/abortive-close/client.pcapng")
	var flooded []pcapng.Packet
	for i, p := range tap[:2] {
		p.Time += int64(1000 - 2000*i) // it lies nearer to the server
		flooded = append(flooded, p)
	}
	verdicts, s := judged(t, input("x", together(t, []string{"eth0", "eth1"}, tap, flooded)))
	if len(verdicts) != 1 || strings.Contains(verdicts[0], "middlebox") {
		t.Errorf("got %q, want one reset of the responder", verdicts)
	}
	if !strings.Contains(strings.Join(s.Limits, "\n"), "point of its own") {
		t.Errorf("not taken as two points: %q", s.Limits)
	}
}

// A mirror may tag the directions of a connection differently, or show a packet
// before and behind a router between two VLANs. It is one connection all the same;
// with the same addresses in two networks it is two.
func TestOneNetwork(t *testing.T) {
	const limit = "x: a connection's packets are in more than one VLAN or tunnel: all are taken as one network"
	plain := capture(t, "client", forgedBothWays+"client.2301 > server.445: R. seq 101 ack 1 win 0")
	packets := func(b []byte) (all []pcapng.Packet) {
		r, err := pcapng.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		for {
			var p pcapng.Packet
			if r.Next(&p) != nil {
				return all
			}
			p.Data = bytes.Clone(p.Data)
			all = append(all, p)
		}
	}
	client := [6]byte(packets(plain)[0].Data[6:])
	// tagged puts what the client sends into one VLAN and what it gets into another; 0 is none.
	tagged := func(b []byte, from, to byte) []byte {
		return changeEach(t, b, pcapng.LinkEthernet, func(p *pcapng.Packet) {
			id := to
			if [6]byte(p.Data[6:]) == client {
				id = from
			}
			if id > 0 {
				within(0x81, 0, 0, id)(p)
			}
		})
	}
	for _, c := range []struct {
		name        string
		b           []byte
		connections int
		one         bool
	}{
		{"no tags", plain, 1, false},
		{"one VLAN", tagged(plain, 10, 10), 1, false},
		{"a VLAN for each direction", tagged(plain, 10, 20), 1, true},
		{"a tag in one direction", tagged(plain, 0, 20), 1, true},
		{"a router between two VLANs", together(t, []string{"x"}, packets(tagged(plain, 10, 20)), packets(tagged(plain, 20, 10))), 1, true},
		{"two networks", together(t, []string{"x"}, packets(tagged(plain, 10, 10)), packets(tagged(capture(t, "client", `
			client.2301 > server.445: S seq 7000
			server.445 > client.2301: S. seq 9000 ack 7001
			client.2301 > server.445: R. seq 7001 ack 9001`), 20, 20))), 2, false},
	} {
		all, err := analyze(t, analyzer.Options{}, input("x", c.b))
		if err != nil {
			t.Fatal(err)
		}
		s := pick[*analyzer.Summary](all)[0]
		if v := pick[*analyzer.Verdict](all); s.Connections != c.connections || s.Resets != c.connections || len(v) != c.connections || slices.Contains(s.Limits, limit) != c.one {
			t.Errorf("%s: %d connections and %d resets, want %d; limits %q", c.name, s.Connections, s.Resets, c.connections, s.Limits)
		}
	}
}
