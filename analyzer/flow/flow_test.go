package flow_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"rstlab/analyzer/flow"
	"rstlab/analyzer/internal/transcript"
	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
)

// A feed puts a transcript through a table.
type feed struct {
	t     *testing.T
	table flow.Table
	d     packet.Decoder
	in    packet.Info
	step  flow.Step
	next  flow.Packet
	first flow.Opening
	frame uint32
}

func (f *feed) play(text string, each func(*flow.Step)) {
	f.t.Helper()
	frames, err := transcript.Parse(text)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, x := range frames {
		p := pcapng.Packet{Time: x.Time.UnixNano(), HasTime: true, Data: x.Data, OrigLen: len(x.Data), LinkType: pcapng.LinkEthernet}
		f.d.Decode(&p, &f.in)
		f.frame++
		f.next.Read(&f.first, f.frame, p.Time, &f.in)
		f.table.Find(&f.next, &f.first, func() *packet.Info { return &f.in }, &f.step)
		if each != nil {
			each(&f.step)
		}
		f.table.Apply(&f.step)
	}
}

func TestSeqOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := flow.Seq(rapid.Uint32().Draw(t, "a"))
		d := rapid.Int32Range(-1<<31+1, 1<<31-1).Draw(t, "d")
		b := a + flow.Seq(d)
		if b.Minus(a) != d || b.After(a) != (d > 0) || b.Before(a) != (d < 0) || a.After(b) != (d < 0) {
			t.Fatalf("%d and %d, %d apart", a, b, d)
		}
		if d >= 0 && (!a.In(a, b) || !b.In(a, b) || (a-1).In(a, b) && d < 1<<30) {
			t.Fatalf("%d to %d", a, b)
		}
	})
}

// The marks of each segment, over the wrap of the numbers.
func TestMarks(t *testing.T) {
	f := &feed{t: t}
	want := map[uint32]flow.Mark{
		4: flow.Fresh, 6: flow.Again, 7: flow.Ahead | flow.Fresh, 8: flow.Late, 10: flow.Probe, 12: flow.AckUnseen, 13: flow.Aimless,
	}
	const those = flow.Fresh | flow.Again | flow.Ahead | flow.Late | flow.Probe | flow.AckUnseen | flow.Aimless | flow.Copy
	f.play(`
		client: id=5
		server: id=90
		client.1000 > server.80: S
		server.80 > client.1000: S.
		client.1000 > server.80: .
		client.1000 > server.80: P. seq 1:101
		server.80 > client.1000: . ack 101
		+300ms client.1000 > server.80: P. seq 1:101
		+5ms client.1000 > server.80: P. seq 201:301
		client.1000 > server.80: P. seq 101:201
		server.80 > client.1000: . ack 301
		+5s client.1000 > server.80: . seq 300
		server.80 > client.1000: . ack 301
		server.80 > client.1000: . ack 401
		client.1000 > server.80: P. seq 5000001:5000101`, func(st *flow.Step) {
		if w, ok := want[st.Seg.Frame]; ok && st.Seg.Marks&those != w {
			t.Errorf("frame %d: marks %b, want %b", st.Seg.Frame, st.Seg.Marks&those, w)
		}
	})
}

func TestCopies(t *testing.T) {
	f := &feed{t: t}
	var copies []uint32
	f.play(`
		client: id=5
		client.1000 > server.80: S id=5
		+1ms client.1000 > server.80: S id=5 ttl=63
		server.80 > client.1000: S.
		+30ms client.1000 > server.80: . id=6
		client.1000 > server.80: P. seq 1:101 ack 1 id=7
		+20ms client.1000 > server.80: P. seq 1:101 ack 1 id=7
		+300ms client.1000 > server.80: P. seq 1:101 ack 1 id=8`, func(st *flow.Step) {
		if st.Seg.Has(flow.Copy) {
			copies = append(copies, st.Seg.Frame)
		}
	})
	if fmt.Sprint(copies) != "[2 6]" {
		t.Errorf("copies %v, want [2 6]: frame 7 was sent again", copies)
	}
}

// Only transmissions of what is not acknowledged count, and any later
// acknowledgment ends the count.
func TestRuns(t *testing.T) {
	const hand = `
		client.1000 > server.80: S
		server.80 > client.1000: S.
		client.1000 > server.80: .
		server.80 > client.1000: P. seq 1:101
		+100ms server.80 > client.1000: P. seq 1:101
		+200ms server.80 > client.1000: P. seq 1:101
	`
	for name, tc := range map[string]struct {
		more         string
		sent, ended  uint32
		beaten       uint32
		heard, first uint32
	}{
		"unanswered":           {"", 3, 1, 0, 3, 4}, // the SYN-ACK is what was answered
		"acknowledged":         {"client.1000 > server.80: . ack 101", 0, 3, 0, 7, 4},
		"answer not heeded":    {"client.1000 > server.80: . ack 101\n+400ms server.80 > client.1000: P. seq 1:101", 4, 0, 1, 0, 4},
		"another segment":      {"client.1000 > server.80: . ack 101\nserver.80 > client.1000: P. seq 101:201", 1, 3, 0, 7, 8},
		"part is acknowledged": {"client.1000 > server.80: . ack 51\n+400ms server.80 > client.1000: P. seq 51:101", 1, 3, 0, 7, 8},
	} {
		f := &feed{t: t}
		f.play(hand+tc.more, nil)
		s := &f.step.Conn.Sides[0]
		if f.step.Conn.Key.Port(0) != 80 {
			s = &f.step.Conn.Sides[1]
		}
		first := s.Sent
		if first.N == 0 {
			first = s.Ended
		}
		if s.Sent.N != tc.sent || s.Ended.N != tc.ended || s.Sent.Beaten != tc.beaten || s.Ended.Heard.Frame != tc.heard || first.At(0).Frame != tc.first {
			t.Errorf("%s: sent %d (beaten %d), ended %d heard %d, first %d; want %+v", name, s.Sent.N, s.Sent.Beaten, s.Ended.N, s.Ended.Heard.Frame, first.At(0).Frame, tc)
		}
	}
}

// A connection that left the table for want of room is the same one when it
// comes back: its id, roles and numbers.
func TestLeavesAndComesBack(t *testing.T) {
	f := &feed{t: t}
	f.table.MaxConns = 2
	f.play(`
		client.1000 > server.80: S
		server.80 > client.1000: S.
		client.1000 > server.80: P. seq 1:101 ack 1
		+1s client.1001 > server.80: S
		+1s client.1002 > server.80: S
		+1s client.1003 > server.80: S
		+1s server.80 > client.1000: . seq 1 ack 101
		+1s client.1000 > server.80: P. seq 101:201 ack 1`, nil)
	c := f.step.Conn
	if c.ID != 0 || c.FirstFrame != 1 || !c.Recalled || !c.Seen || c.Key.Port(c.Orig) != 1000 || f.table.Count != 4 {
		t.Errorf("connection %d from frame %d, roles seen %v, %d in all", c.ID, c.FirstFrame, c.Seen, f.table.Count)
	}
	if f.step.Seg.Marks&(flow.Fresh|flow.Ahead|flow.Again) != flow.Fresh {
		t.Errorf("marks %b: its numbers were lost", f.step.Seg.Marks)
	}
}

// A SYN with a new number is a new connection and knows the one before.
func TestReuse(t *testing.T) {
	f := &feed{t: t}
	f.play(`
		client.1000 > server.80: S rawseq 1000
		server.80 > client.1000: R. seq 0 ack 1
		client.1000 > server.80: S rawseq 1000
		client.1000 > server.80: S rawseq 5000`, nil)
	c := f.step.Conn
	if c.ID != 1 || !c.Past.Exists() || c.Past.Resets != 1 || c.Past.ID != 0 || f.table.Count != 2 {
		t.Errorf("connection %d, past %+v", c.ID, c.Past)
	}
}

// Roles without a SYN: the service is the end with the lower port.
func TestAssumedRoles(t *testing.T) {
	f := &feed{t: t}
	f.play("server.80 > client.40000: . rawseq 1 rawack 2", nil)
	if c := f.step.Conn; c.Seen || c.Key.Port(c.Orig) != 40000 {
		t.Errorf("originator %v, seen %v", c.Key.Addr(c.Orig), c.Seen)
	}
}

// A long burst that a router passes on whole comes twice; what the sender sends
// again has a new identification.
func TestBurstTwice(t *testing.T) {
	t.Parallel()
	text := "client: linux id=100\nserver: linux id=7000\nclient.1000 > server.80: S\nserver.80 > client.1000: S.\nclient.1000 > server.80: .\n"
	burst := func(ttl, id int) (s string) {
		for i := range 12 {
			s += fmt.Sprintf("client.1000 > server.80: P. seq %d:%d ack 1 ttl=%d id=%d\n", 1+100*i, 101+100*i, ttl, id+i)
		}
		return s
	}
	for _, tc := range []struct {
		name, again string
		copies      uint32
	}{
		{"behind the router", burst(63, 200), 12},
		{"sent again", burst(64, 212), 0},
	} {
		f := feed{t: t}
		var last *flow.Conn
		f.play(text+burst(64, 200)+tc.again+"server.80 > client.1000: . ack 1201\n", func(s *flow.Step) { last = s.Conn })
		if last.Copies != tc.copies {
			t.Errorf("%s: %d copies, want %d", tc.name, last.Copies, tc.copies)
		}
		if n := last.Sides[last.Orig].Sent.N; tc.copies > 0 && n > 1 {
			t.Errorf("%s: %d transmissions of one segment", tc.name, n)
		}
	}
}
