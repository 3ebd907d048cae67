package packet_test

import (
	"testing"

	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
)

// FuzzDecode feeds the decoder anything. It must not panic, what it says must
// fit the frame, and it must agree with gopacket where both see a segment.
func FuzzDecode(f *testing.F) {
	for _, w := range wrappings() {
		f.Add(w.link, w.frame, 0)
	}
	for _, b := range fragments4(hello4(), 7, 24) {
		f.Add(uint16(101), b, 0)
	}
	f.Add(uint16(1), eth(0x0800, ip(outerA4, client4, 1, cat([]byte{3, 1, 0, 0, 0, 0, 0, 0}, hello4()[:28]))), 0)
	f.Add(uint16(101), ip(outerA6, client6, 58, cat([]byte{1, 1, 0, 0, 0, 0, 0, 0}, hello6())), 5)
	f.Fuzz(func(t *testing.T, link uint16, frame []byte, missing int) {
		if missing < 0 || missing > 1<<20 {
			return
		}
		var d packet.Decoder
		var info packet.Info
		p := &pcapng.Packet{LinkType: link, Data: frame, OrigLen: len(frame) + missing}
		for range 2 { // the second time with what the first left in the decoder
			kind := d.Decode(p, &info)
			if kind != info.Kind || (kind == packet.Other) != (info.What != packet.Nothing) {
				t.Fatalf("kind %d, %d, what %v", kind, info.Kind, info.What)
			}
			if len(info.Payload) > int(info.PayloadLen) || len(info.Header)+len(info.Payload) > len(frame) {
				t.Fatalf("header of %d, payload of %d of %d, frame of %d", len(info.Header), len(info.Payload), info.PayloadLen, len(frame))
			}
			if info.Kind == packet.TCP && info.Cut&packet.CutPayload == 0 && len(info.Payload) < int(info.PayloadLen) {
				t.Fatalf("payload of %d of %d and not cut", len(info.Payload), info.PayloadLen)
			}
			_, _, _, _ = info.Tunnel.String(), info.Tunnel.Key(), info.What.String(), info.Checksum()
			_, _, _ = info.Options(), info.Source().String(), info.Reporter()
		}
		if missing > 0 || link == pcapng.Link80211 || link == pcapng.LinkRadiotap {
			return // gopacket does not know of cut frames, nor of aggregation
		}
		info = decode(link, frame)
		if o, ok := gopacketDecode(link, frame); ok && info.Kind == packet.TCP {
			if diff := o.differs(&info); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}
