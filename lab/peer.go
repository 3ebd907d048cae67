//go:build linux

package lab

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"rstlab/internal/segment"
	"rstlab/lab/internal/packetsock"
)

// A side is an engine's end of a link.
type side struct {
	conn *packetsock.Conn
	mac  [6]byte
	hops []nextHop // the way to each address that is reached over this link
}

// A nextHop says to which link address packets for an address go.
type nextHop struct {
	dst netip.Addr
	mac [6]byte
}

func (s side) nextHop(dst netip.Addr) ([6]byte, bool) {
	for _, h := range s.hops {
		if h.dst == dst {
			return h.mac, true
		}
	}
	return [6]byte{}, false
}

// A Peer is an end of connections that has no stack: it remembers what it sends
// and receives, and sends only what it is told to send. Its addresses are
// answered for (ARP, neighbour discovery), so that others find it.
type Peer struct {
	engine
	config PeerConfig
	side   side
	addrs  []netip.Addr
	names  resolver

	sent, got tracker
	answered  map[flow]uint32 // the other end's ISN when the last SYN was sent
	id        uint16          // of the next IPv4 packet
}

// startPeer starts a peer with these addresses. It owns the socket from here
// on. A tap of the same interface must be open before the socket is: then what
// the tap shows, the peer has.
func startPeer(config PeerConfig, addrs []netip.Addr, s side, names resolver) *Peer {
	if config.TTL == 0 {
		config.TTL = 128
	}
	if config.Window == 0 {
		config.Window = 65535
	}
	p := &Peer{
		config: config, side: s, addrs: addrs, names: names,
		sent: tracker{}, got: tracker{}, answered: map[flow]uint32{}, id: 1,
	}
	p.engine = engine{conns: []*packetsock.Conn{s.conn}, handle: p.receive}
	p.start()
	return p
}

func (p *Peer) receive(_ int, f packetsock.Frame) {
	switch etherType(f.Data) {
	case etherTypeARP:
		if reply := answerARP(f.Data, p.side.mac, p.addrs); reply != nil {
			p.write(p.side.conn, reply)
		}
	case etherTypeIPv4, etherTypeIPv6:
		frame := newFrame(0, f.Time, f.Data)
		if frame.IsTCP && slices.Contains(p.addrs, frame.Dst.Addr()) {
			p.got.see(flow{frame.Src, frame.Dst}, frame.Segment, f.Data[etherLen:])
		} else if reply := answerNeighbour(f.Data, p.side.mac, p.addrs); reply != nil {
			p.write(p.side.conn, reply)
		}
	}
}

// Send sends one segment and returns it as it was sent, with raw numbers and
// every field set. Relative numbers count from the SYNs that the peer has sent
// and received. What s does not set is what a correct stack would send: the
// next number, the acknowledgment of all that came without a gap, the peer's
// window (0 in a reset), its TTL, a counted IPv4 identification, don't
// fragment; in a SYN a new ISN, unless it is sent again, and the MSS of an MTU
// of 1500; timestamps where both SYNs had them; a payload of the length that is
// written. Where s has no port, it is of the only connection that the peer
// knows between the two. An ICMP error quotes the last segment that came.
func (p *Peer) Send(ctx context.Context, s segment.Segment) (segment.Segment, error) {
	if err := ctx.Err(); err != nil {
		return s, fmt.Errorf("send %v: %w", s, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drain()
	sent, err := p.send(s)
	if err != nil {
		return s, fmt.Errorf("send %v: %w", s, err)
	}
	return sent, nil
}

func (p *Peer) send(s segment.Segment) (segment.Segment, error) {
	f, err := p.names.flow(s.Src, s.Dst, p.sent, p.got)
	if err != nil {
		return s, err
	}
	to, ok := p.side.nextHop(f.dst.Addr())
	if !ok {
		return s, fmt.Errorf("no way leads to %v", f.dst.Addr())
	}
	theirs := p.got.of(f.reverse())
	s, err = fill(s, f, p.sent.of(f), theirs, p.defaults(f, s))
	if err != nil {
		return s, err
	}
	var frame []byte
	if s.ICMP != "" {
		frame, err = quote(p.side.mac, to, f, s, theirs)
	} else {
		frame, err = buildTCP(p.side.mac, to, f.src, f.dst, s)
	}
	if err != nil {
		return s, err
	}
	if err := transmit(p.side.conn, frame); err != nil {
		return s, err
	}
	p.id++
	if s.ICMP == "" {
		p.sent.see(f, s, frame[etherLen:])
		if s.Flags&segment.SYN != 0 {
			p.answered[f] = theirs.isn
		}
	}
	return s, nil
}

// quote makes the frame of an ICMP error about the last segment that came from
// the flow's other end.
func quote(from, to [6]byte, f flow, s segment.Segment, theirs half) ([]byte, error) {
	if theirs.packet == nil {
		return nil, fmt.Errorf("no segment of %v has been seen that the error could quote", f.dst)
	}
	return buildICMP(from, to, f.src.Addr(), f.dst.Addr(), s, theirs.packet)
}

// defaults are those of a segment s of f.
func (p *Peer) defaults(f flow, s segment.Segment) defaults {
	own, theirs := p.sent.of(f), p.got.of(f.reverse())
	d := defaults{
		isn: p.isn(f, s), sndNxt: own.max,
		win: uint32(p.config.Window), ttl: p.config.TTL, id: p.id,
	}
	if !own.seen {
		d.sndNxt = replySeq(theirs)
	}
	switch {
	case s.Flags&segment.SYN != 0:
		mss := 1500 - ipv4Len - tcpLen
		if f.src.Addr().Is6() {
			mss = 1500 - ipv6Len - tcpLen
		}
		d.options = []segment.Option{{Kind: "mss", Args: []string{strconv.Itoa(mss)}}}
	case s.Flags&segment.RST != 0:
		d.win = 0
	case own.hasTS && theirs.hasTS: // RFC 7323, section 3.2
		val := own.tsVal + uint32(time.Since(own.tsAt).Milliseconds())
		d.options = []segment.Option{{Kind: "nop"}, {Kind: "nop"}, {Kind: "TS", Args: []string{
			"val", strconv.FormatUint(uint64(val), 10), "ecr", strconv.FormatUint(uint64(theirs.tsVal), 10),
		}}}
	}
	return d
}

// isn is the number of a SYN: the last one's where this one is the same SYN
// sent again. A SYN that was acknowledged is not, nor is a SYN-ACK to another
// SYN.
func (p *Peer) isn(f flow, s segment.Segment) uint32 {
	own, theirs := p.sent.of(f), p.got.of(f.reverse())
	again := own.hasISN
	if s.Flags&segment.ACK != 0 {
		again = again && p.answered[f] == theirs.isn
	} else {
		again = again && !(theirs.hasACK && before(own.isn, theirs.ack))
	}
	switch {
	case again:
		return own.isn
	case p.config.ISN != nil:
		return *p.config.ISN
	}
	return randomISN()
}
