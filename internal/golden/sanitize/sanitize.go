// Package sanitize makes captures safe to share. Of each frame only the headers
// that a verdict rests on are kept, with addresses mapped; everything else is
// zeroed. What tells hosts apart stays in relation: equal stays equal, a step
// stays a step. Verdicts are the same before and after.
package sanitize

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"io"
	"net/netip"

	"rstlab/analyzer/capture"
	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
)

// A Report says what became of the captures that one Sanitizer was given.
type Report struct {
	Packets      int
	Addresses    int // IP addresses that were mapped
	LinkAddrs    int // and MAC addresses
	PayloadBytes int64
	Emptied      int  // frames of which nothing but the length is left: they are not understood
	Renumbered   bool // blocks that Wireshark counts as frames were left out
}

// New gives a sanitizer whose mapping depends on a key that is not kept.
func New() *Sanitizer {
	var key [aes.BlockSize]byte
	rand.Read(key[:])
	return newSanitizer(key)
}

// Capture writes a sanitized pcapng of what in holds; name stands in errors.
// What is the same in several captures is the same after, so that they can
// still be compared. What can't be read ends the capture there and is the
// first error; the other one says that nothing could be read, or out not be
// written.
func (s *Sanitizer) Capture(name string, in io.Reader, out io.Writer) (readErr, err error) {
	r, err := capture.NewReader(name, in)
	if err != nil {
		return nil, err
	}
	w := pcapng.NewWriter(out, pcapng.Section{Application: "rstlab sanitize"})
	interfaces := 0
	describe := func() error {
		for ; interfaces < len(r.Interfaces()); interfaces++ {
			was := r.Interfaces()[interfaces]
			i := pcapng.Interface{Name: fmt.Sprintf("if%d", interfaces), LinkType: was.LinkType, SnapLen: was.SnapLen, Unit: was.Unit}
			if _, err := w.AddInterface(i); err != nil {
				return err
			}
		}
		return nil
	}
	var p pcapng.Packet
	var last, packets int64
	for {
		err := r.Next(&p)
		if err != nil && err != io.EOF {
			readErr = err
		}
		if err := describe(); err != nil {
			return nil, err
		}
		if err != nil {
			break
		}
		packets++
		s.report.Renumbered = s.report.Renumbered || p.Frame != packets
		clean := pcapng.Packet{Time: max(p.Time, 0), HasTime: true, Data: s.frame(&p), OrigLen: p.OrigLen,
			Interface: p.Interface, Direction: p.Direction, Flags: p.Flags, Dropped: p.Dropped}
		if err := w.WritePacket(&clean); err != nil {
			return nil, err
		}
		last = clean.Time
	}
	for i, was := range r.Interfaces() {
		if was.Stats == (pcapng.Stats{}) {
			continue
		}
		if err := w.WriteStats(i, last, was.Stats); err != nil {
			return nil, err
		}
	}
	s.report.Packets += int(packets)
	return readErr, w.Flush()
}

// Report says what became of the captures so far.
func (s *Sanitizer) Report() Report {
	r := s.report
	r.Addresses, r.LinkAddrs = len(s.addrs), len(s.macs)
	return r
}

// A Sanitizer maps what it finds, the same each time.
type Sanitizer struct {
	block   cipher.Block
	decoder packet.Decoder
	again   packet.Decoder // of what was made
	layers  []layer
	info    packet.Info
	check   packet.Info

	addrs  map[netip.Addr]netip.Addr
	macs   map[[6]byte][6]byte
	tokens map[uint32]uint32 // of MPTCP, that belong to keys seen

	report Report
}

// A layer is a header of the frame at hand.
type layer struct {
	kind  packet.Header
	at, n int
}

func newSanitizer(key [aes.BlockSize]byte) *Sanitizer {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // it knows keys of this size
	}
	s := &Sanitizer{block: block, addrs: map[netip.Addr]netip.Addr{}, macs: map[[6]byte][6]byte{}, tokens: map[uint32]uint32{}}
	s.decoder.Passed = func(h packet.Header, at, n int) { s.layers = append(s.layers, layer{h, at, n}) }
	return s
}

// frame gives the sanitized form of a frame, of the same length.
func (s *Sanitizer) frame(p *pcapng.Packet) []byte {
	s.layers = s.layers[:0]
	s.decoder.Decode(p, &s.info)
	out := make([]byte, len(p.Data))
	for i, l := range s.layers {
		copy(out[l.at:l.at+l.n], p.Data[l.at:])
		s.header(out, i)
	}
	s.body(p, out)
	for i := len(s.layers) - 1; i >= 0; i-- {
		s.sum(p.Data, out, i)
	}
	clean := *p
	clean.Data = out
	s.again.Decode(&clean, &s.check)
	if len(s.layers) == 0 || !s.alike() {
		s.report.Emptied++
		return make([]byte, len(p.Data))
	}
	return out
}

// alike tells whether the sanitized frame still says what the frame said.
func (s *Sanitizer) alike() bool {
	a, b := &s.info, &s.check
	return a.Kind == b.Kind && a.What == b.What && a.V6 == b.V6 && a.Cut == b.Cut && a.Flags == b.Flags &&
		a.SrcPort == b.SrcPort && a.DstPort == b.DstPort && a.Seq == b.Seq && a.Ack == b.Ack && a.Window == b.Window &&
		a.TTL == b.TTL && a.TOS == b.TOS && a.ID == b.ID && a.DF == b.DF && a.Fragment == b.Fragment && a.FlowLabel == b.FlowLabel &&
		a.PayloadLen == b.PayloadLen && len(a.Header) == len(b.Header) && a.HasMAC == b.HasMAC && a.Tunnel == b.Tunnel &&
		a.HasTS == b.HasTS && a.WScale == b.WScale && a.NSACK == b.NSACK && a.SACK == b.SACK && a.MSS == b.MSS &&
		a.HasMD5 == b.HasMD5 && a.HasAO == b.HasAO && a.MPTCP.Subtypes == b.MPTCP.Subtypes
}
