// Package transcript makes captures for tests from packet lists in the
// project's segment notation, one packet a line:
//
//	client: ttl=63 id=100 ts=5000 linux
//	client.1000 > server.80: S
//	+10ms server.80 > client.1000: S.
//	client.1000 > server.80: P. seq 1:101
//
// What is not written is what a correct stack would send: the next number, the
// last one received acknowledged. "+D" lets time pass (else 10 µs do). A line
// "NAME: KEY=VALUE…" sets what the packets of an end have from there on: ttl
// (64), id (the IPv4 identification, counting up; 0 stays 0), ts (timestamps
// that run at 1 kHz from there; "off"), tos, win, df, mac, ip=ADDRESS, "linux"
// or "bsd" (the options of its SYN). "#" begins a comment.
package transcript

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"rstlab/internal/pcapng"
	"rstlab/internal/segment"
)

// A Frame is one packet as a tap would give it.
type Frame struct {
	Time      time.Time
	Data      []byte // from the Ethernet header on
	Direction pcapng.Direction
}

// Start is the time of a transcript's first packet.
var Start = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// step is the time between packets where none is written.
const step = 10 * time.Microsecond

type end struct {
	addr   netip.Addr
	ttl    uint8
	id     int
	ts     int64 // -1: none
	tos    uint8
	win    uint16
	df     bool
	mac    byte
	layout string
	out    pcapng.Direction
}

type flow struct {
	isn   uint32
	known bool
	nxt   uint32
	tsval uint32
	hasTS bool
}

type reader struct {
	now    time.Duration
	ends   map[string]*end
	flows  map[string]*flow
	frames []Frame
	vary   Variation
}

// A Variation changes what must make no difference to what a capture means.
// The zero value changes nothing.
type Variation struct {
	ISN   uint32        // added to all numbers that are not written raw
	VLAN  uint16        // the frames bear this tag; 0: none
	Later time.Duration // all stamps
	Net   byte          // the second octet of the default addresses, counted on
}

// Parse makes the frames of a transcript; names that are no "NAME: ip=…" get
// the documentation addresses client 192.0.2.1, server 198.51.100.2, others
// 203.0.113.N.
func Parse(text string) ([]Frame, error) { return Variation{}.Parse(text) }

// Parse makes the frames of a transcript, varied.
func (v Variation) Parse(text string) ([]Frame, error) {
	r := &reader{ends: map[string]*end{}, flows: map[string]*flow{}, vary: v}
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, " #")
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if err := r.line(line); err != nil {
			return nil, fmt.Errorf("line %d: %q: %w", n+1, line, err)
		}
	}
	return r.frames, nil
}

// Capture makes a pcapng of a transcript, its interface named tap.
func Capture(tap, text string) ([]byte, error) {
	frames, err := Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := pcapng.NewWriter(&b, pcapng.Section{})
	i, err := w.AddInterface(pcapng.Interface{Name: tap, LinkType: pcapng.LinkEthernet})
	if err != nil {
		return nil, err
	}
	for _, f := range frames {
		p := pcapng.Packet{Time: f.Time.UnixNano(), HasTime: true, Data: f.Data, OrigLen: len(f.Data), Interface: i, Direction: f.Direction}
		if err := w.WritePacket(&p); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (r *reader) end(name string) *end {
	e := r.ends[name]
	if e == nil {
		addr := netip.AddrFrom4([4]byte{203, 0, 113, byte(len(r.ends) + 1)})
		switch name {
		case "client":
			addr = netip.MustParseAddr("192.0.2.1")
		case "server":
			addr = netip.MustParseAddr("198.51.100.2")
		}
		b := addr.As4()
		b[1] += r.vary.Net
		addr = netip.AddrFrom4(b)
		e = &end{addr: addr, ttl: 64, ts: -1, win: 65535, df: true, mac: byte(len(r.ends) + 1)}
		r.ends[name] = e
	}
	return e
}

func (r *reader) line(line string) error {
	name, rest, ok := strings.Cut(line, ":")
	if ok && !strings.ContainsAny(name, " >.") {
		return r.set(r.end(name), strings.Fields(rest))
	}
	pause := step
	if line[0] == '+' {
		word, rest, _ := strings.Cut(line[1:], " ")
		d, err := time.ParseDuration(word)
		if err != nil {
			return err
		}
		pause, line = d, strings.TrimSpace(rest)
	}
	if len(r.frames) > 0 {
		r.now += pause
	}
	s, err := segment.Parse(line)
	if err != nil {
		return err
	}
	return r.segment(s)
}

func (r *reader) set(e *end, words []string) error {
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		n, err := strconv.ParseInt(value, 0, 64)
		switch key {
		case "linux", "bsd":
			e.layout, err = key, nil
		case "out":
			e.out, err = pcapng.Outbound, nil
		case "in":
			e.out, err = pcapng.Inbound, nil
		case "ip":
			e.addr, err = netip.ParseAddr(value)
		case "ttl":
			e.ttl = uint8(n)
		case "id":
			e.id = int(n)
		case "tos":
			e.tos = uint8(n)
		case "win":
			e.win = uint16(n)
		case "mac":
			e.mac = byte(n)
		case "df":
			e.df, err = value == "yes", nil
		case "ts":
			e.ts = n - r.now.Milliseconds()
			if value == "off" {
				e.ts, err = -1, nil
			}
		default:
			return fmt.Errorf("unknown setting %q", key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) segment(s segment.Segment) error {
	src, dst := r.end(s.Src.Name), r.end(s.Dst.Name)
	tuple := func(a, b segment.Endpoint) string { return fmt.Sprint(a, ">", b) }
	me, peer := r.flow(tuple(s.Src, s.Dst)), r.flow(tuple(s.Dst, s.Src))
	seq := me.seq(s)
	opts, err := r.options(s, src, me, peer)
	if err != nil {
		return err
	}
	payload := bytes.Repeat([]byte{'x'}, int(s.Bytes()))
	if s.Payload != nil {
		payload = []byte(*s.Payload)
	}
	data := frame(s, src, dst, seq, peer.ack(s), opts, payload)
	if r.vary.VLAN != 0 {
		tag := binary.BigEndian.AppendUint16([]byte{0x81, 0}, r.vary.VLAN)
		data = slices.Insert(data, 12, tag...)
	}
	r.frames = append(r.frames, Frame{Start.Add(r.now + r.vary.Later), data, src.out})
	me.sent(s, seq)
	return nil
}

// seq gives the number of s, which a raw one of a SYN changes for all behind it.
func (f *flow) seq(s segment.Segment) uint32 {
	syn := s.Flags&segment.SYN != 0
	switch {
	case s.Seq == nil && syn:
		return f.isn
	case s.Seq == nil:
		return f.nxt
	case s.Seq.Raw:
		if syn {
			f.isn = s.Seq.Start
		}
		return s.Seq.Start
	case s.Flags&segment.RST != 0 && s.Flags&segment.ACK != 0 && s.Seq.Start == 0 && !f.known:
		return 0 // the answer of a stack without a connection
	}
	return f.isn + s.Seq.Start
}

// ack gives what s, of the other direction, acknowledges.
func (f *flow) ack(s segment.Segment) uint32 {
	switch {
	case s.Ack != nil && s.Ack.Raw:
		return s.Ack.N
	case s.Ack != nil:
		return f.isn + s.Ack.N
	case s.Flags&segment.ACK != 0:
		return f.nxt
	}
	return 0
}

// sent moves the next number behind s. A reset moves nothing.
func (f *flow) sent(s segment.Segment, seq uint32) {
	if s.Flags&segment.RST != 0 {
		return
	}
	syn := s.Flags&segment.SYN != 0
	end := seq + s.Bytes()
	if syn {
		end++
	}
	if s.Flags&segment.FIN != 0 {
		end++
	}
	if !f.known || int32(end-f.nxt) > 0 || syn {
		f.nxt = end
	}
	f.known = true
}

// flow gives the state of a direction. ISNs lie near the wrap, so that a rule
// which compares numbers plainly fails its test.
func (r *reader) flow(name string) *flow {
	f := r.flows[name]
	if f == nil {
		isn := 0xffffffff - 57*uint32(len(r.flows)+1) + r.vary.ISN
		f = &flow{isn: isn, nxt: isn}
		r.flows[name] = f
	}
	return f
}

// options gives a segment's options as bytes: those written, else those that
// the end's stack puts there.
func (r *reader) options(s segment.Segment, src *end, me, peer *flow) ([]byte, error) {
	if s.Options != nil {
		return segment.EncodeOptions(s.Options)
	}
	var opts, stamp []segment.Option
	if src.ts >= 0 {
		me.tsval = uint32(src.ts + r.now.Milliseconds())
		ecr := uint32(0)
		if s.Flags&segment.ACK != 0 && peer.hasTS {
			ecr = peer.tsval
		}
		stamp = []segment.Option{{Kind: "TS", Args: []string{"val", fmt.Sprint(me.tsval), "ecr", fmt.Sprint(ecr)}}}
	}
	bare := s.Flags&(segment.RST|segment.ACK) == segment.RST
	switch {
	case s.Flags&segment.SYN != 0:
		opts = src.synOptions(stamp)
		me.hasTS = me.hasTS || stamp != nil
	case stamp != nil && me.hasTS && !bare && (s.Flags&segment.RST == 0 || src.layout == "linux"):
		opts = append([]segment.Option{{Kind: "nop"}, {Kind: "nop"}}, stamp...)
	}
	return segment.EncodeOptions(opts)
}

// synOptions are those that the end's stack puts into its SYN, with a timestamp
// where it has one.
func (e *end) synOptions(stamp []segment.Option) []segment.Option {
	nop, mss, sok := segment.Option{Kind: "nop"}, segment.Option{Kind: "mss", Args: []string{"1460"}}, segment.Option{Kind: "sackOK"}
	ws := segment.Option{Kind: "wscale", Args: []string{"7"}}
	switch {
	case e.layout == "linux" && stamp != nil:
		return []segment.Option{mss, sok, stamp[0], nop, ws}
	case e.layout == "linux":
		return []segment.Option{mss, nop, nop, sok, nop, ws}
	case e.layout == "bsd":
		return append([]segment.Option{mss, nop, ws, sok}, stamp...)
	}
	return []segment.Option{mss}
}

// frame builds the Ethernet frame.
func frame(s segment.Segment, src, dst *end, seq, ack uint32, opts, payload []byte) []byte {
	win := src.win
	if s.Win != nil {
		win = uint16(*s.Win)
	} else if s.Flags&(segment.RST|segment.ACK) == segment.RST {
		win = 0
	}
	tcp := make([]byte, 20, 20+len(opts)+len(payload))
	binary.BigEndian.PutUint16(tcp[0:], s.Src.Port)
	binary.BigEndian.PutUint16(tcp[2:], s.Dst.Port)
	binary.BigEndian.PutUint32(tcp[4:], seq)
	binary.BigEndian.PutUint32(tcp[8:], ack)
	tcp[12] = byte((20 + len(opts)) / 4 << 4)
	tcp[13] = byte(s.Flags)
	binary.BigEndian.PutUint16(tcp[14:], win)
	tcp = append(append(tcp, opts...), payload...)

	ip, pseudo := ipHeader(s, src, dst, len(tcp))
	binary.BigEndian.PutUint16(tcp[16:], sum(tcp, pseudo))
	if s.BadSum {
		tcp[17] ^= 0x55
	}
	eth := []byte{2, 0, 0, 0, 0, dst.mac, 2, 0, 0, 0, 0, src.mac, 8, 0}
	if !src.addr.Is4() {
		eth[12], eth[13] = 0x86, 0xdd
	}
	return append(append(eth, ip...), tcp...)
}

// ipHeader builds the header before n bytes of TCP, and sums what of it TCP's
// checksum covers.
func ipHeader(s segment.Segment, src, dst *end, n int) (ip []byte, pseudo uint32) {
	ttl, tos, df, id := src.ttl, src.tos, src.df, uint16(0)
	if s.TTL != nil {
		ttl = *s.TTL
	}
	if s.TOS != nil {
		tos = *s.TOS
	}
	if s.DF != nil {
		df = *s.DF
	}
	stackID := s.Flags&segment.SYN == 0 || s.Flags&segment.ACK == 0
	provoked := s.Flags&segment.RST != 0 && s.Flags&segment.ACK == 0
	switch {
	case s.ID != nil:
		id = *s.ID
	case src.id != 0 && stackID && !provoked:
		id = uint16(src.id)
		src.id++
	}
	if src.addr.Is4() {
		ip = make([]byte, 20)
		ip[0], ip[1], ip[8], ip[9] = 0x45, tos, ttl, 6
		binary.BigEndian.PutUint16(ip[2:], uint16(20+n))
		binary.BigEndian.PutUint16(ip[4:], id)
		if df {
			ip[6] = 0x40
		}
		copy(ip[12:], src.addr.AsSlice())
		copy(ip[16:], dst.addr.AsSlice())
		binary.BigEndian.PutUint16(ip[10:], sum(ip, 0))
		return ip, add(ip[12:20], 6+uint32(n))
	}
	flow := uint32(0)
	if s.Flow != nil {
		flow = *s.Flow
	}
	ip = make([]byte, 40)
	binary.BigEndian.PutUint32(ip, 6<<28|uint32(tos)<<20|flow)
	binary.BigEndian.PutUint16(ip[4:], uint16(n))
	ip[6], ip[7] = 6, ttl
	copy(ip[8:], src.addr.AsSlice())
	copy(ip[24:], dst.addr.AsSlice())
	return ip, add(ip[8:40], 6+uint32(n))
}

func add(b []byte, s uint32) uint32 {
	for i := 0; i+1 < len(b); i += 2 {
		s += uint32(b[i])<<8 | uint32(b[i+1])
	}
	if len(b)%2 == 1 {
		s += uint32(b[len(b)-1]) << 8
	}
	return s
}

func sum(b []byte, s uint32) uint16 {
	s = add(b, s)
	for s>>16 != 0 {
		s = s&0xffff + s>>16
	}
	return ^uint16(s)
}
