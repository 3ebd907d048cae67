package canon

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"rstlab/analyzer/packet"
	"rstlab/internal/inet"
	"rstlab/internal/pcapng"
)

const (
	etherLen = 14
	ipv6Len  = 40
	icmpLen  = 8
)

// isIPv6 tells the IP version of an Ethernet frame that holds a segment or an
// ICMP error.
func isIPv6(frame []byte) bool { return frame[etherLen]>>4 == 6 }

// A rewriter puts canonical numbers into frames.
type rewriter struct {
	*scene
	chosen map[uint16]uint16 // the ports that a kernel chose
	cookie map[string]byte   // Fast Open cookies, by their order
	multipath
}

// rewrite makes the canonical form of every frame.
func (s *scene) rewrite() error {
	l := literalsOf(s.file)
	s.number(&l)
	w := &rewriter{scene: s, chosen: s.ephemeral(&l), cookie: map[string]byte{}, multipath: newMultipath()}
	if err := s.stamp(); err != nil {
		return err
	}
	s.count()
	s.label()
	copies := s.copies()
	for _, x := range s.origins() {
		for _, y := range copies[x] {
			if y.isTCP() {
				if err := w.segment(y); err != nil {
					return fmt.Errorf("rewrite %v: %w", y, err)
				}
			}
		}
	}
	for _, x := range s.all {
		if !x.isTCP() {
			if err := w.icmp(x); err != nil {
				return fmt.Errorf("rewrite %v: %w", x, err)
			}
		}
	}
	return nil
}

// segment rewrites the frame of a TCP segment.
func (w *rewriter) segment(x *sighting) error {
	sum := x.info.Checksum()
	if sum != packet.SumGood && sum != packet.SumBad {
		return fmt.Errorf("its checksum is %v, want good or bad", sum)
	}
	x.data = bytes.Clone(x.was)
	w.ip(x)

	var d packet.Decoder
	var info packet.Info
	d.Decode(&pcapng.Packet{Data: x.data, OrigLen: len(x.data), LinkType: pcapng.LinkEthernet}, &info)
	wrong := info.Sum ^ checksum(&info) // 0, or how the script had it spoiled

	h := info.Header
	binary.BigEndian.PutUint16(h, w.port(info.SrcPort))
	binary.BigEndian.PutUint16(h[2:], w.port(info.DstPort))
	binary.BigEndian.PutUint32(h[4:], x.seqHere())
	binary.BigEndian.PutUint32(h[8:], x.ackHere())
	var err error
	inet.Options(h, func(kind uint8, v []byte) {
		switch {
		case kind == inet.OptMPTCP:
			err = errors.Join(err, w.option(x.origin, v))
		case kind == inet.OptTS && len(v) == 8:
			binary.BigEndian.PutUint32(v, x.stampHere())
			binary.BigEndian.PutUint32(v[4:], x.echoHere())
		case kind == inet.OptSACK && len(v)%8 == 0:
			for ; len(v) > 0; v = v[4:] {
				binary.BigEndian.PutUint32(v, binary.BigEndian.Uint32(v)+x.ackHere()-x.info.Ack)
			}
		case kind == inet.OptFastOpen && len(v) > 0 && x.origin.line == nil:
			w.fastOpen(v)
		}
	})
	binary.BigEndian.PutUint16(h[16:], checksum(&info)^wrong)
	return err
}

// checksum is the right one of a segment.
func checksum(i *packet.Info) uint16 {
	h := i.Header
	length := len(h) + len(i.Payload)
	return ^inet.Fold(inet.Sum(h[:16]) + inet.Sum(h[18:]) + inet.Sum(i.Payload) +
		inet.Pseudo(i.Source().Addr(), i.Destination().Addr(), protoTCP, length))
}

const (
	protoICMP   = 1
	protoTCP    = 6
	protoICMPv6 = 58
)

// port is a port's canonical number.
func (w *rewriter) port(p uint16) uint16 {
	if q, chosen := w.chosen[p]; chosen {
		return q
	}
	return p
}

// fastOpen puts a fixed cookie in the place of the server's.
func (w *rewriter) fastOpen(v []byte) {
	raw := string(v)
	if w.cookie[raw] == 0 {
		w.cookie[raw] = byte(len(w.cookie) + 1)
	}
	for i := range v {
		v[i] = w.cookie[raw]
	}
}

// ip rewrites the IP header: the identification or the flow label, unless they
// were rewritten on the way.
func (w *rewriter) ip(x *sighting) {
	ip := x.data[etherLen:]
	if isIPv6(x.data) {
		if x.labelHere() == x.origin.labelHere() {
			binary.BigEndian.PutUint32(ip, binary.BigEndian.Uint32(ip)&^0xfffff|x.origin.flowLabel)
		}
		return
	}
	if x.idHere() == x.origin.idHere() {
		binary.BigEndian.PutUint16(ip[4:], x.origin.id)
	}
	inet.MendIPv4(ip)
}

// icmp rewrites the frame of an ICMP error. What it quotes is the beginning of
// a packet that was seen, whose canonical form is known.
func (w *rewriter) icmp(x *sighting) error {
	x.data = bytes.Clone(x.was)
	w.ip(x)
	ip := x.data[etherLen:]
	n, proto := int(ip[0]&15)*4, uint8(protoICMP)
	src, _ := netip.AddrFromSlice(ip[12:16])
	dst, _ := netip.AddrFromSlice(ip[16:20])
	if isIPv6(x.data) {
		n, proto = ipv6Len, protoICMPv6
		src, _ = netip.AddrFromSlice(ip[8:24])
		dst, _ = netip.AddrFromSlice(ip[24:40])
	}
	body := ip[n:]
	quote := body[icmpLen:]
	quoted := w.quoted(x, quote)
	if quoted == nil {
		return errors.New("it quotes a packet that no tap saw")
	}
	requote(quote, quoted.data[etherLen:])

	body[2], body[3] = 0, 0
	sum := inet.Sum(body)
	if proto == protoICMPv6 {
		sum += inet.Pseudo(src, dst, proto, len(body))
	}
	binary.BigEndian.PutUint16(body[2:], ^inet.Fold(sum))
	return nil
}

// quoted finds the packet that an ICMP error quotes.
func (w *rewriter) quoted(x *sighting, quote []byte) *sighting {
	for _, y := range w.all {
		if !y.isTCP() || y.flow() != x.flow() || isIPv6(y.was) != isIPv6(x.was) {
			continue
		}
		ip := y.was[etherLen:]
		n := ipv6Len
		if !isIPv6(y.was) {
			n = int(ip[0]&15) * 4
			if len(quote) < n || !bytes.Equal(quote[4:6], ip[4:6]) {
				continue
			}
		}
		if m := min(len(quote), len(ip)); m > n && bytes.Equal(quote[n:m], ip[n:m]) {
			return y
		}
	}
	return nil
}

// requote writes a packet's canonical form over its quotation, which keeps what
// routers had changed by then.
func requote(quote, packet []byte) {
	if quote[0]>>4 == 6 {
		hops := quote[7]
		copy(quote, packet)
		quote[7] = hops
		return
	}
	tos, ttl := quote[1], quote[8]
	copy(quote, packet)
	quote[1], quote[8] = tos, ttl
	inet.MendIPv4(quote)
}
