//go:build linux

package oracle

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// An Event is a reset, as the kernel saw it.
type Event struct {
	NetNS    uint64         // inode of the network namespace it happened in
	Reason   string         // such as "NO_SOCKET"; "" for a reset that was accepted
	Time     int64          // CLOCK_MONOTONIC, ns
	Src, Dst netip.AddrPort // of the reset: Src is its sender
	State    string         // of the socket at that moment, in RFC 9293's words; "" where there is none
	Provoked bool           // it answers a segment

	// Seq and Ack are the numbers that the reset carries; Ack is 0 where it has
	// no ACK flag. For a reset of the host's own accord they are the socket's
	// sndNxt and rcvNxt; the kernel sends less than sndNxt where the peer has
	// shrunk its window to below it (tcp_acceptable_seq). For a reset that was
	// accepted they are not known, and 0.
	Seq, Ack uint32
}

// states are the kernel's socket states (include/net/tcp_states.h), by number.
var states = [...]string{1: "ESTABLISHED", "SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT",
	"CLOSED", "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING", "SYN-RECEIVED", "CLOSED"}

// event reads a record of the ring buffer.
func (k *kernel) event(raw []byte) (e Event, accepted bool, err error) {
	var r record
	if _, err := binary.Decode(raw, binary.NativeEndian, &r); err != nil {
		return Event{}, false, fmt.Errorf("read record of %d bytes: %w", len(raw), err)
	}
	e = Event{NetNS: uint64(r.NetNS), Time: int64(r.Time), Provoked: r.HasSegment != 0}
	if r.HasSocket != 0 && int(r.State) < len(states) {
		e.State = states[r.State]
	}
	if r.Accepted != 0 {
		e.Dst, e.Src = r.ends()
		return e, true, nil
	}
	e.Reason = k.reason(r.Reason)
	if e.Provoked {
		// The reset goes back to where the segment came from.
		e.Dst, e.Src = r.addresses()
		e.Seq, e.Ack = r.answer()
	} else {
		e.Src, e.Dst = r.ends()
		e.Seq, e.Ack = r.SndNxt, r.RcvNxt
	}
	return e, false, nil
}

// reason names a reason; one that the kernel's own types lack goes by number.
func (k *kernel) reason(value uint32) string {
	if name, ok := k.reasons[value]; ok {
		return name
	}
	return fmt.Sprintf("REASON_%d", value)
}

// ends gives the socket's addresses and ports.
func (r *record) ends() (local, remote netip.AddrPort) {
	localAddr, remoteAddr := netip.AddrFrom4(r.Local4), netip.AddrFrom4(r.Remote4)
	if r.Family == familyIPv6 {
		// A socket of both families has IPv4 addresses in their mapped form.
		localAddr, remoteAddr = netip.AddrFrom16(r.Local6).Unmap(), netip.AddrFrom16(r.Remote6).Unmap()
	}
	return netip.AddrPortFrom(localAddr, binary.BigEndian.Uint16(r.LocalPort[:])),
		netip.AddrPortFrom(remoteAddr, binary.BigEndian.Uint16(r.RemotePort[:]))
}

const familyIPv6 = 10 // AF_INET6

// addresses gives the segment's addresses and ports.
func (r *record) addresses() (src, dst netip.AddrPort) {
	var srcAddr, dstAddr netip.Addr
	switch r.IP[0] >> 4 {
	case 4:
		srcAddr, dstAddr = netip.AddrFrom4([4]byte(r.IP[12:])), netip.AddrFrom4([4]byte(r.IP[16:]))
	case 6:
		srcAddr, dstAddr = netip.AddrFrom16([16]byte(r.IP[8:])), netip.AddrFrom16([16]byte(r.IP[24:]))
	}
	return netip.AddrPortFrom(srcAddr, binary.BigEndian.Uint16(r.TCP[0:])),
		netip.AddrPortFrom(dstAddr, binary.BigEndian.Uint16(r.TCP[2:]))
}

// answer gives the numbers of the reset that answers the segment (RFC 9293,
// section 3.10.7.1; tcp_v4_send_reset does so in every state).
func (r *record) answer() (seq, ack uint32) {
	const fin, syn, ackFlag = 1, 2, 16
	flags := r.TCP[13]
	if flags&ackFlag != 0 {
		return binary.BigEndian.Uint32(r.TCP[8:]), 0
	}
	header := uint32(r.TCP[12]>>4) * 4
	ack = binary.BigEndian.Uint32(r.TCP[4:]) + r.Length - header
	if flags&syn != 0 {
		ack++
	}
	if flags&fin != 0 {
		ack++
	}
	return 0, ack
}
