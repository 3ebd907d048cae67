//go:build linux

package lab

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"rstlab/internal/segment"
)

// A Rewrite is what a segment gets in place of its own. What is nil or zero is
// kept.
type Rewrite struct {
	segment.Attrs
	Src, Dst       *segment.Endpoint // the port too where one is written
	Flags          *segment.Flags
	Seq            *segment.Seq
	Ack            *segment.Ack
	SeqAdd, AckAdd int64 // added to the segment's own
	Win            *uint32
	Options        []segment.Option
	Payload        *string
}

// A change is a checked Rewrite.
type change struct {
	Rewrite
	src, dst []netip.Addr // what its endpoints mean
}

func (n resolver) change(r Rewrite) (c change, err error) {
	c.Rewrite = r
	if _, err := segment.EncodeOptions(r.Options); err != nil {
		return c, err
	}
	if or(r.Win) > 65535 {
		return c, fmt.Errorf("win %d does not fit a header, 65535 at most", *r.Win)
	}
	if n := len(or(r.Payload)); n > 65000 { // leaves room for any headers
		return c, fmt.Errorf("%d bytes of payload, 65000 at most", n)
	}
	if r.Src != nil {
		if c.src, err = n.addrs(*r.Src); err != nil {
			return c, err
		}
	}
	if r.Dst != nil {
		c.dst, err = n.addrs(*r.Dst)
	}
	return c, err
}

// apply gives the rewritten packet. Of an ICMP error only the IP header is
// rewritten.
func (c change) apply(p packet) packet {
	h, ok := parseIP(p.frame.Data[etherLen:])
	if !ok {
		return p
	}
	body := h.payload()
	if p.frame.IsTCP {
		body = c.tcp(h, p.base)
	}
	data := append([]byte(nil), p.frame.Data[:etherLen+h.transport]...)
	data = append(data, body...)
	ip := data[etherLen:]
	if h.v6 {
		binary.BigEndian.PutUint16(ip[4:], uint16(len(ip)-ipv6Len))
	} else {
		binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)))
	}
	setAddrs(ip, sameFamily(c.src, h.src()), sameFamily(c.dst, h.dst()))
	setAttrs(ip, c.Attrs)
	mendChecksums(ip)
	if c.BadSum {
		spoilChecksum(ip)
	}
	p.frame = newFrame(0, p.frame.Time, data)
	p.readdressed = p.readdressed || c.dst != nil
	p.ttlSet = p.ttlSet || c.TTL != nil
	return p
}

// tcp gives the rewritten TCP header and payload.
func (c change) tcp(h headers, base segment.Base) []byte {
	header, payload, _ := h.tcp()
	b, options := append([]byte(nil), header[:tcpLen]...), header[tcpLen:]
	want := segment.Segment{Seq: c.Seq, Ack: c.Ack, Options: c.Options}.Absolute(base)
	if c.Src != nil && c.Src.Port != 0 {
		binary.BigEndian.PutUint16(b, c.Src.Port)
	}
	if c.Dst != nil && c.Dst.Port != 0 {
		binary.BigEndian.PutUint16(b[2:], c.Dst.Port)
	}
	seq, ack := binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	if want.Seq != nil {
		seq = want.Seq.Start
	}
	if want.Ack != nil {
		ack = want.Ack.N
	}
	binary.BigEndian.PutUint32(b[4:], seq+uint32(c.SeqAdd))
	binary.BigEndian.PutUint32(b[8:], ack+uint32(c.AckAdd))
	if c.Flags != nil {
		b[13] = uint8(*c.Flags)
	}
	if c.Win != nil {
		binary.BigEndian.PutUint16(b[14:], uint16(*c.Win))
	}
	if c.Options != nil {
		options, _ = segment.EncodeOptions(want.Options) // was tried when the rule was made
		b[12] = uint8(tcpLen+len(options))/4<<4 | b[12]&15
	}
	if c.Payload != nil {
		payload = []byte(*c.Payload)
	}
	return append(append(b, options...), payload...)
}

// sameFamily gives the first of addrs that is of the family of old, else old.
func sameFamily(addrs []netip.Addr, old netip.Addr) netip.Addr {
	for _, a := range addrs {
		if a.Is4() == old.Is4() {
			return a
		}
	}
	return old
}
