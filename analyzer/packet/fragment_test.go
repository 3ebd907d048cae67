package packet_test

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
	"rstlab/internal/segment"
)

// fragments4 cuts an IPv4 packet up, with the ID given.
func fragments4(b []byte, id uint16, size int) [][]byte {
	var out [][]byte
	head, body := b[:20], b[20:]
	for at := 0; at < len(body); at += size {
		part := body[at:min(at+size, len(body))]
		f := cat(head, part)
		binary.BigEndian.PutUint16(f[2:], uint16(len(f)))
		binary.BigEndian.PutUint16(f[4:], id)
		bits := uint16(at / 8)
		if at+size < len(body) {
			bits |= 0x2000
		}
		binary.BigEndian.PutUint16(f[6:], bits)
		out = append(out, ipSum(f, 20))
	}
	return out
}

// fragments6 cuts an IPv6 packet up, with the ID given.
func fragments6(src, dst netip.Addr, body []byte, id uint32, size int) [][]byte {
	var out [][]byte
	for at := 0; at < len(body); at += size {
		bits := uint16(at)
		if at+size < len(body) {
			bits |= 1
		}
		out = append(out, ip(src, dst, 44, cat([]byte{6, 0}, be16(bits), be32(id), body[at:min(at+size, len(body))])))
	}
	return out
}

// TestDecodeSplitHeader: options in a later fragment are no payload.
func TestDecodeSplitHeader(t *testing.T) {
	long := hello
	long.payload = string(make([]byte, 30)) // behind a header of 32 bytes
	var d packet.Decoder
	var payload uint32
	for i, frame := range fragments4(ip(client4, server4, 6, long.on(client4, server4)), 7, 24) {
		var info packet.Info
		d.Decode(&pcapng.Packet{LinkType: 101, Data: frame, OrigLen: len(frame)}, &info)
		payload += info.PayloadLen
		if want := []uint32{0xfffffff0, 0xfffffff0, 0x00}[i]; info.Seq != want || payload != []uint32{0, 16, 30}[i] {
			t.Errorf("fragment %d: seq %#x, want %#x; %d bytes so far", i+1, info.Seq, want, payload)
		}
	}
}

// TestDecodeFragments: the first fragment is the segment, each later one tells
// its own part of the sequence.
func TestDecodeFragments(t *testing.T) {
	long := hello
	long.payload = string(make([]byte, 100)) // 132 bytes with the header
	long.flags = 0x19
	for name, frames := range map[string][][]byte{
		"IPv4": fragments4(ip(client4, server4, 6, long.on(client4, server4)), 7, 64),
		"IPv6": fragments6(client6, server6, long.on(client6, server6), 7, 64),
	} {
		var d packet.Decoder
		read := func(frame []byte, cut int) packet.Info {
			var info packet.Info
			d.Decode(&pcapng.Packet{LinkType: 101, Data: frame[:len(frame)-cut], OrigLen: len(frame)}, &info)
			return info
		}
		if info := read(frames[1], 0); info.Kind != packet.Other || info.What != packet.FragmentRest {
			t.Errorf("%s: second before the first: kind %d, %v", name, info.Kind, info.What)
		}
		first := read(frames[0], 0)
		if first.Kind != packet.TCP || !first.Fragment || first.PayloadLen != 32 || first.Seq != 0xfffffff0 || first.Checksum() != packet.SumUnknown || first.Cut != 0 {
			t.Errorf("%s: first: %+v", name, first)
		}
		for i, want := range []struct{ seq, n uint32 }{{0x10, 64}, {0x50, 4}} {
			info := read(frames[i+1], 0)
			if info.Kind != packet.TCPRest || info.Seq != want.seq || info.PayloadLen != want.n || len(info.Payload) != int(want.n) ||
				info.SrcPort != 40000 || info.DstPort != 445 || info.Src != first.Src || info.Ack != 77 || info.Flags != segment.FIN|segment.PSH|segment.ACK || !info.Fragment || info.ID != 7 {
				t.Errorf("%s: fragment %d: %+v", name, i+2, info)
			}
		}
		if info := read(frames[1], 10); info.Kind != packet.TCPRest || info.PayloadLen != 64 || len(info.Payload) != 54 || info.Cut != packet.CutPayload {
			t.Errorf("%s: cut fragment: %+v", name, info)
		}
		var other packet.Info
		d.Decode(&pcapng.Packet{LinkType: 1, Data: eth(0x8100, tag(5, map[string]uint16{"IPv4": 0x0800, "IPv6": 0x86dd}[name], frames[1])), OrigLen: 200}, &other)
		if other.Kind != packet.Other || other.What != packet.FragmentRest {
			t.Errorf("%s: the same in another VLAN: %+v", name, other)
		}
	}
}

// TestDecodeFragmentsForgets: of many first fragments the newest are known, and
// of two with one ID the later counts.
func TestDecodeFragmentsForgets(t *testing.T) {
	var d packet.Decoder
	read := func(frame []byte) packet.Info {
		var info packet.Info
		d.Decode(&pcapng.Packet{LinkType: 101, Data: frame, OrigLen: len(frame)}, &info)
		return info
	}
	train := func(id uint16, seq uint32) [][]byte {
		s := seg{src: 1, dst: 2, seq: seq, flags: 0x10, payload: string(make([]byte, 60))}
		return fragments4(ip(client4, server4, 6, s.on(client4, server4)), id, 40)
	}
	for id := range uint16(100) {
		read(train(id, uint32(id)*1000)[0])
	}
	read(train(99, 5_000_000)[0])
	if info := read(train(99, 0)[1]); info.Kind != packet.TCPRest || info.Seq != 5_000_020 {
		t.Errorf("the later of two with one ID: kind %d, seq %d", info.Kind, info.Seq)
	}
	if info := read(train(50, 0)[1]); info.Kind != packet.TCPRest || info.Seq != 50_020 {
		t.Errorf("one of the newest: kind %d, seq %d", info.Kind, info.Seq)
	}
	if info := read(train(3, 0)[1]); info.Kind != packet.Other {
		t.Errorf("one of the oldest: kind %d, seq %d", info.Kind, info.Seq)
	}
}

// TestDecodeFragmentOfSYN: a SYN takes a number of its own.
func TestDecodeFragmentOfSYN(t *testing.T) {
	s := seg{src: 1, dst: 2, seq: 1000, flags: 2, payload: string(make([]byte, 60))}
	var d packet.Decoder
	var info packet.Info
	for _, f := range fragments4(ip(client4, server4, 6, s.on(client4, server4)), 1, 40) {
		d.Decode(&pcapng.Packet{LinkType: 101, Data: f, OrigLen: len(f)}, &info)
	}
	if info.Kind != packet.TCPRest || info.Seq != 1021 || info.PayloadLen != 40 {
		t.Errorf("kind %d, seq %d, %d bytes; want 40 from 1021 on", info.Kind, info.Seq, info.PayloadLen)
	}
}

// TestDecodeFragmentedTunnel: the first fragment of a tunnel's packet holds the
// segment's header; the rest of its payload is cut off.
func TestDecodeFragmentedTunnel(t *testing.T) {
	long := hello
	long.payload = string(make([]byte, 1000))
	inner := ip(client4, server4, 6, long.on(client4, server4))
	whole := outer(17, udp(4789, cat(be32(0x08000000, 7<<8), eth(0x0800, inner))))
	frames := fragments4(whole, 1, 512)
	info := decode(101, frames[0])
	if info.Kind != packet.TCP || info.PayloadLen != 1000 || info.Cut != packet.CutPayload || info.Fragment || info.Tunnel.String() != "vxlan 7" {
		t.Errorf("first: %+v", info)
	}
	if info := decode(101, frames[1]); info.What != packet.FragmentRest {
		t.Errorf("second: %v", info.What)
	}
}
