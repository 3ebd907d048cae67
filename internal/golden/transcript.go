package golden

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"rstlab/analyzer/packet"
	"rstlab/internal/golden/canon"
	"rstlab/internal/pcapng"
	"rstlab/internal/segment"
)

// transcript writes a capture in the notation of segments, a line a frame, with
// all that its headers say. names are who has an address.
func transcript(file []byte, names map[netip.Addr]string) ([]string, error) {
	r, err := pcapng.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	var lines []string
	var d packet.Decoder
	var p pcapng.Packet
	isns := map[[2]netip.AddrPort]uint32{}
	for {
		err := r.Next(&p)
		if err == io.EOF {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
		var info packet.Info
		d.Decode(&p, &info)
		at := time.Unix(0, p.Time).Sub(canon.Epoch)
		lines = append(lines, fmt.Sprintf("+%.6fs %s", at.Seconds(), describe(&info, isns, names)))
	}
}

// describe writes one frame.
func describe(info *packet.Info, isns map[[2]netip.AddrPort]uint32, names map[netip.Addr]string) string {
	end := func(ap netip.AddrPort) segment.Endpoint {
		if name := names[ap.Addr()]; name != "" {
			return segment.Endpoint{Name: name, Port: ap.Port()}
		}
		return segment.Endpoint{Addr: ap.Addr(), Port: ap.Port()}
	}
	src, dst := info.Source(), info.Destination()
	s := segment.Segment{Src: end(src), Dst: end(dst)}
	switch info.Kind {
	case packet.ICMPError:
		s.Src, s.Dst = end(netip.AddrPortFrom(info.Reporter(), 0)), end(netip.AddrPortFrom(src.Addr(), 0))
		s.ICMP = segment.ICMPName(info.V6, info.ICMP.Type, info.ICMP.Code)
		return s.String()
	case packet.TCP:
	default:
		return info.What.String()
	}
	length := info.PayloadLen
	s.Flags = info.Flags
	s.Seq = &segment.Seq{Start: info.Seq, End: info.Seq + length, HasEnd: length > 0, Raw: true}
	s.Ack = &segment.Ack{N: info.Ack, Raw: true}
	s.Win = new(uint32(info.Window))
	s.Options = segment.DecodeOptions(info.Options())
	s.TTL, s.TOS = new(info.TTL), new(info.TOS)
	if info.V6 {
		s.Flow = new(info.FlowLabel)
	} else {
		s.ID, s.DF = new(uint16(info.ID)), new(info.DF)
	}
	s.BadSum = info.Checksum() == packet.SumBad
	flow := [2]netip.AddrPort{src, dst}
	if info.Flags&(segment.SYN|segment.RST) == segment.SYN {
		isns[flow] = info.Seq
	}
	var b segment.Base
	b.Seq, b.SeqKnown = isns[flow]
	b.Ack, b.AckKnown = isns[[2]netip.AddrPort{dst, src}]
	return strings.TrimSpace(s.Relative(b).String())
}
