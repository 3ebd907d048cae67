package canon

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"rstlab/analyzer/packet"
	"rstlab/internal/inet"
	"rstlab/internal/pcapng"
	"rstlab/internal/play"
	"rstlab/internal/script"
	"rstlab/internal/segment"
)

// A tape plays what a lab would record, with all that chance decides drawn from
// a seed: numbers, clocks, ports, and how late everything is.
type tape struct {
	t      *testing.T
	rand   *rand.Rand
	file   *script.File
	now    time.Time
	epoch  time.Time
	frames map[string][]raw
	lines  []play.Line
	ends   map[string]*end
}

type raw struct {
	at   time.Time
	data []byte
}

// An end is one side of the connection.
type end struct {
	addr     netip.AddrPort
	isn      uint32
	next     uint32
	clock    uint32
	id       uint16
	heard    uint32 // the latest timestamp received
	received uint32 // next number expected
}

const story = `# A test.
host client
host server  tcp_rto_min_us=200000
link client server  delay=5ms

server.80 listen
client connect server.80 = ok
server.80 accept
client send 100
server.80 recv = 100
server.80 send 200
server.80 > client: P. seq 1:201 x3 within 30s  as data
+300ms server.80 set linger=0
server.80 close
server.80 > client: R. seq 201
    => abortive-close by server (data)
`

// record tells the story by a seed.
func record(t *testing.T, seed uint64) (*script.File, *play.Recording) {
	f, err := script.Parse("story.scenario", []byte(story))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 7))
	start := time.Unix(1_800_000_000+r.Int64N(1e6), r.Int64N(1e9))
	p := &tape{t: t, rand: r, file: f, now: start, epoch: start, frames: map[string][]raw{}, ends: map[string]*end{}}
	for name, addr := range map[string]string{"client": "192.0.2.1", "server": "192.0.2.2"} {
		port := uint16(80)
		if name == "client" {
			port = 32768 + uint16(r.IntN(20000))
		}
		p.ends[name] = &end{addr: netip.AddrPortFrom(netip.MustParseAddr(addr), port), isn: r.Uint32(), clock: r.Uint32(), id: uint16(r.Uint32())}
	}
	const client, server = "client", "server"
	p.line(0) // listen
	p.line(1) // connect
	p.send(client, segment.SYN, 0, 5*time.Millisecond)
	p.send(server, segment.SYN|segment.ACK, 0, 5*time.Millisecond)
	p.send(client, segment.ACK, 0, 5*time.Millisecond)
	p.done(1)
	p.line(2) // accept
	p.done(2)
	p.line(3) // send
	p.send(client, segment.ACK|segment.PSH, 100, 5*time.Millisecond)
	p.done(3)
	p.line(4) // recv
	p.done(4)
	p.send(server, segment.ACK, 0, 5*time.Millisecond)
	p.line(5) // send
	wait := p.line(6)
	again := p.ends[server].next
	n := len(p.frames[client])
	for _, gap := range []time.Duration{0, 210 * time.Millisecond, 420 * time.Millisecond} {
		if gap > 0 {
			p.now = p.now.Add(gap - 5*time.Millisecond + time.Duration(r.Int64N(int64(gap/4))))
			p.ends[server].next = again
		}
		p.send(server, segment.ACK|segment.PSH, 200, 5*time.Millisecond)
		p.done(5)
	}
	wait.Tap = client
	wait.Frames = map[string][]int{client: {n + 1, n + 2, n + 3}, server: {n + 1, n + 2, n + 3}}
	wait.Ended = p.now
	p.now = p.now.Add(300 * time.Millisecond)
	p.line(7) // set
	p.line(8) // close
	p.send(server, segment.ACK|segment.RST, 0, 5*time.Millisecond)
	last := p.line(9)
	last.Tap = client
	last.Frames = map[string][]int{client: {len(p.frames[client])}, server: {len(p.frames[server])}}
	last.Ended = p.now
	return f, p.recording()
}

// late lets a little time pass: what a machine takes.
func (p *tape) late() { p.now = p.now.Add(time.Duration(p.rand.Int64N(1500)) * time.Microsecond) }

func (p *tape) line(i int) *play.Line {
	p.late()
	p.lines = append(p.lines, play.Line{Event: p.file.Events[i], Begun: p.now, Ended: p.now})
	return &p.lines[len(p.lines)-1]
}

// done ends the action of an event.
func (p *tape) done(event int) {
	for i := range p.lines {
		if p.lines[i].Event == p.file.Events[event] {
			p.lines[i].Done = p.now
		}
	}
}

// send lets a segment leave one end and arrive at the other.
func (p *tape) send(from string, flags segment.Flags, n int, delay time.Duration) {
	p.late()
	to := map[string]string{"client": "server", "server": "client"}[from]
	a, b := p.ends[from], p.ends[to]
	if flags&segment.SYN != 0 {
		a.next = a.isn
	}
	h := make([]byte, 32, 32+n)
	binary.BigEndian.PutUint16(h, a.addr.Port())
	binary.BigEndian.PutUint16(h[2:], b.addr.Port())
	binary.BigEndian.PutUint32(h[4:], a.next)
	if flags&segment.ACK != 0 {
		binary.BigEndian.PutUint32(h[8:], a.received)
	}
	h[12], h[13] = 32<<2, byte(flags)
	copy(h[20:], []byte{1, 1, 8, 10})
	stamp := a.clock + uint32(p.now.Sub(p.epoch).Milliseconds())
	binary.BigEndian.PutUint32(h[24:], stamp)
	binary.BigEndian.PutUint32(h[28:], a.heard)
	h = append(h, bytes.Repeat([]byte{'x'}, n)...)
	binary.BigEndian.PutUint16(h[16:], ^inet.Fold(inet.Sum(h)+inet.Pseudo(a.addr.Addr(), b.addr.Addr(), protoTCP, len(h))))

	ip := append(make([]byte, 12), append(a.addr.Addr().AsSlice(), b.addr.Addr().AsSlice()...)...)
	ip[0], ip[6], ip[8], ip[9] = 0x45, 0x40, 64, protoTCP
	binary.BigEndian.PutUint16(ip[2:], uint16(20+len(h)))
	if flags != segment.SYN|segment.ACK {
		binary.BigEndian.PutUint16(ip[4:], a.id)
		a.id++
	}
	inet.MendIPv4(ip)
	macs := map[string][]byte{"client": {2, 0, 0, 0, 1, 1}, "server": {2, 0, 0, 0, 2, 1}}
	frame := append(append(append(append([]byte{}, macs[to]...), macs[from]...), 8, 0), append(ip, h...)...)

	p.frames[from] = append(p.frames[from], raw{p.now, frame})
	p.now = p.now.Add(delay)
	p.late()
	p.frames[to] = append(p.frames[to], raw{p.now, frame})
	a.next += uint32(n)
	if flags&(segment.SYN|segment.FIN) != 0 {
		a.next++
	}
	b.received, b.heard = a.next, stamp
}

func (p *tape) recording() *play.Recording {
	rec := &play.Recording{Lines: p.lines, Names: map[netip.Addr][]string{}}
	for _, tap := range []string{"client", "server"} {
		rec.Names[p.ends[tap].addr.Addr()] = []string{tap}
		var b bytes.Buffer
		w := pcapng.NewWriter(&b, pcapng.Section{})
		i, err := w.AddInterface(pcapng.Interface{Name: tap, LinkType: pcapng.LinkEthernet, SnapLen: 1522})
		if err != nil {
			p.t.Fatal(err)
		}
		for _, f := range p.frames[tap] {
			if err := w.WritePacket(&pcapng.Packet{Interface: i, HasTime: true, Time: f.at.UnixNano(), Data: f.data, OrigLen: len(f.data)}); err != nil {
				p.t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			p.t.Fatal(err)
		}
		rec.Captures = append(rec.Captures, play.Capture{Tap: tap, Data: b.Bytes()})
	}
	return rec
}

// canonical are the captures of the story by a seed.
func canonical(t *testing.T, seed uint64) []*Capture {
	t.Helper()
	f, rec := record(t, seed)
	c, err := Captures(f, rec)
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	return c
}

func file(t *testing.T, c *Capture) []byte {
	t.Helper()
	b, err := c.File("a test")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestChanceLeavesNoTrace(t *testing.T) {
	want := canonical(t, 1)
	for seed := uint64(2); seed < 60; seed++ {
		for i, c := range canonical(t, seed) {
			if !bytes.Equal(file(t, c), file(t, want[i])) {
				t.Fatalf("seed %d, tap %s:\n%s\nwant\n%s", seed, c.Tap, show(c), show(want[i]))
			}
		}
	}
}

// show tells a canonical capture, a line a frame.
func show(c *Capture) string {
	var b strings.Builder
	var d packet.Decoder
	for _, f := range c.Frames {
		var i packet.Info
		d.Decode(&pcapng.Packet{Data: f.Data, OrigLen: len(f.Data), LinkType: pcapng.LinkEthernet}, &i)
		fmt.Fprintf(&b, "%v %d>%d %v seq %d ack %d len %d ts %d/%d id %d sum %v\n", f.Time.Sub(Epoch), i.SrcPort, i.DstPort,
			i.Flags, i.Seq, i.Ack, i.PayloadLen, i.TSVal, i.TSEcr, i.ID, i.Checksum())
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// What the canonical form of the story is: delays, timers and the script's wait
// are kept to the nanosecond, numbers count from fixed ones.
func TestCanonicalForm(t *testing.T) {
	all := canonical(t, 1)
	const server = `5.2ms 49152>80 S seq 10000000 ack 0 len 0 ts 1000000/0 id 4099 sum good
5.22ms 80>49152 S. seq 20000000 ack 10000001 len 0 ts 2000005/1000000 id 0 sum good
15.24ms 49152>80 . seq 10000001 ack 20000001 len 0 ts 1000010/2000005 id 4100 sum good
15.32ms 49152>80 P. seq 10000001 ack 20000001 len 100 ts 1000010/2000005 id 4101 sum good
15.34ms 80>49152 . seq 20000001 ack 10000101 len 0 ts 2000015/1000010 id 8198 sum good
15.44ms 80>49152 P. seq 20000001 ack 10000101 len 200 ts 2000015/1000010 id 8199 sum good
225.44ms 80>49152 P. seq 20000001 ack 10000101 len 200 ts 2000225/1000010 id 8200 sum good
645.44ms 80>49152 P. seq 20000001 ack 10000101 len 200 ts 2000645/1000010 id 8201 sum good
950.64ms 80>49152 R. seq 20000201 ack 10000101 len 0 ts 2000950/1000010 id 8202 sum good`
	if got := show(all[1]); got != server {
		t.Errorf("tap server is\n%s\nwant\n%s", got, server)
	}
	for i, f := range all[0].Frames {
		if d := f.Time.Sub(all[1].Frames[i].Time).Abs(); d != 5*time.Millisecond {
			t.Errorf("frame %d took %v over the link, want 5ms", i+1, d)
		}
	}
}

// A processor's clock may be behind another's.
func TestStampsOutOfOrder(t *testing.T) {
	f, rec := record(t, 3)
	want, err := Captures(f, rec)
	if err != nil {
		t.Fatal(err)
	}
	f, rec = record(t, 3)
	rec.Captures[1].Data = shifted(t, rec.Captures[1].Data, 4, -6*time.Millisecond) // it arrives before it left
	got, err := Captures(f, rec)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file(t, got[1]), file(t, want[1])) {
		t.Errorf("got\n%s\nwant\n%s", show(got[1]), show(want[1]))
	}
}

// shifted is a capture with the stamp of one frame moved.
func shifted(t *testing.T, data []byte, frame int, by time.Duration) []byte {
	t.Helper()
	r, err := pcapng.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := pcapng.NewWriter(&out, pcapng.Section{})
	var p pcapng.Packet
	for n := 1; r.Next(&p) == nil; n++ {
		if n == 1 {
			if _, err := w.AddInterface(r.Interfaces()[0]); err != nil {
				t.Fatal(err)
			}
		}
		if n == frame {
			p.Time += int64(by)
		}
		if err := w.WritePacket(&p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A wait that nothing explains has no canonical form: it is told, not guessed.
func TestUnexplainedWait(t *testing.T) {
	f, rec := record(t, 3)
	for i := 7; i <= 8; i++ { // the retransmissions come far too late
		for tap := range rec.Captures {
			rec.Captures[tap].Data = shifted(t, rec.Captures[tap].Data, i, 10*time.Second)
		}
	}
	_, err := Captures(f, rec)
	if err == nil || !strings.Contains(err.Error(), "frame 7 at tap server") || !strings.Contains(err.Error(), "none of") {
		t.Errorf("error is %v", err)
	}
}
