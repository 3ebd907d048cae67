package sanitize

import (
	"bytes"
	"encoding/binary"

	"rstlab/analyzer/packet"
	"rstlab/internal/pcapng"
)

// leastMark is how long a payload must be to be told from others: shorter ones
// could be guessed from how often each comes.
const leastMark = 16

// filterMark is a payload that a known filter writes into its resets; it says
// something of the filter only.
var filterMark = []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 0}

// body fills in what is left of a payload: zeros, and at the beginning of a
// longer one a mark that is the same for the same payload.
func (s *Sanitizer) body(p *pcapng.Packet, out []byte) {
	if s.info.Kind == packet.Other {
		if s.info.What == packet.ARP {
			s.arp(p.Data, out)
		}
		return
	}
	payload := s.info.Payload
	s.report.PayloadBytes += int64(len(payload))
	if len(payload) == 0 || s.info.Kind != packet.TCP {
		return
	}
	last := s.layers[len(s.layers)-1]
	to := out[last.at+last.n:]
	switch {
	case bytes.Equal(payload, filterMark):
		copy(to, filterMark)
	case len(payload) >= leastMark:
		const judged = 64 // as much as the analyzer compares
		binary.BigEndian.PutUint64(to, s.random(forPayload, payload[:min(len(payload), judged)]))
	}
}

// arp keeps an ARP packet for IPv4 on Ethernet, its addresses mapped (RFC 826).
func (s *Sanitizer) arp(frame, out []byte) {
	const headerLen, packetLen, macLen = 8, 28, 6
	last := s.layers[len(s.layers)-1]
	at := last.at + last.n
	if len(frame) < at+packetLen || !bytes.Equal(frame[at:at+6], []byte{0, 1, 8, 0, macLen, 4}) {
		return
	}
	b := out[at : at+packetLen]
	copy(b, frame[at:])
	for _, m := range []int{headerLen, headerLen + macLen + 4} {
		s.mac(b[m:])
		s.put(b[m+macLen : m+macLen+4])
	}
}
