package benchcap

import "math/rand/v2"

// TCP flags.
const (
	fin = 1 << iota
	syn
	rst
	psh
	ack
)

// A connection is a list of packets, made when it begins.
type connection struct {
	ends    [2]end
	v6      bool
	packets []packet
	next    int // the one to be written next
}

// end is the originator or the responder of a connection.
type end struct {
	host, port uint16
	ttl        uint8
	id         uint16
	seq        uint32 // SND.NXT
}

// packet is one segment of a connection.
type packet struct {
	at       int64 // microseconds since 1970
	from     uint8 // index into ends
	flags    uint8
	ttl      uint8
	length   uint16
	window   uint16
	id       uint16
	seq, ack uint32
}

const (
	client = 0
	server = 1

	mss = 1448
)

func (c *connection) at() int64 { return c.packets[c.next].at }

// newConnection tells the story of the connection with this number.
func newConnection(number int, begin int64, random *rand.Rand) *connection {
	c := &connection{v6: random.IntN(10) == 0}
	c.ends[client] = end{host: uint16(1 + number%250), port: uint16(20000 + number/250%45000), ttl: 64, id: uint16(random.Uint32()), seq: random.Uint32()}
	c.ends[server] = end{host: uint16(1 + random.IntN(40)), port: services[random.IntN(len(services))], ttl: 52, id: uint16(random.Uint32()), seq: random.Uint32()}
	s := &story{c: c, now: begin, rtt: 500 + random.Int64N(60_000), random: random}
	switch n := random.IntN(1000); {
	case n < 4:
		s.refused()
	case n < 7:
		s.scanned()
	case n < 10:
		s.aborted()
	case n < 13:
		s.dataAfterClose()
	case n < 15:
		s.retransmitted()
	case n < 17:
		s.forgotten()
	case n < 18:
		s.injected()
	default:
		s.exchange()
		s.close()
	}
	return c
}

var services = [...]uint16{80, 443, 443, 443, 445, 3306, 5432, 8080}

// A story makes a connection's packets, as seen beside the originator.
type story struct {
	c      *connection
	now    int64
	rtt    int64
	random *rand.Rand
}

// send adds a segment with the numbers that a correct stack would give it.
func (s *story) send(from uint8, flags uint8, length int) *packet {
	me, peer := &s.c.ends[from], &s.c.ends[1-from]
	p := packet{at: s.now, from: from, flags: flags, ttl: me.ttl, length: uint16(length), window: 501, id: me.id, seq: me.seq}
	if flags&ack != 0 {
		p.ack = peer.seq
	}
	if flags&rst != 0 && flags&ack == 0 {
		p.window = 0
	}
	me.id++
	me.seq += uint32(length)
	if flags&(syn|fin) != 0 {
		me.seq++
	}
	s.c.packets = append(s.c.packets, p)
	s.now += 10 + s.random.Int64N(100)
	return &s.c.packets[len(s.c.packets)-1]
}

// trip lets the time pass that a packet needs to the responder and back.
func (s *story) trip() { s.now += s.rtt + s.random.Int64N(s.rtt/8+1) }

func (s *story) handshake() {
	s.send(client, syn, 0)
	s.trip()
	s.send(server, syn|ack, 0)
	s.send(client, ack, 0)
}

// exchange is a handshake, a request and its response.
func (s *story) exchange() {
	s.handshake()
	s.send(client, psh|ack, 80+s.random.IntN(400))
	s.trip()
	segments := 1 + s.random.IntN(3)
	if s.random.IntN(60) == 0 {
		segments += 28
	}
	for i := 1; i <= segments; i++ {
		if i < segments {
			s.send(server, ack, mss)
		} else {
			s.send(server, psh|ack, 1+s.random.IntN(mss))
		}
		if i%2 == 0 || i == segments {
			s.send(client, ack, 0)
		}
	}
}

// idle lets up to half a minute pass.
func (s *story) idle() { s.now += s.random.Int64N(30_000_000) }

// close closes from the originator's side.
func (s *story) close() {
	s.idle()
	s.send(client, fin|ack, 0)
	s.trip()
	s.send(server, fin|ack, 0)
	s.send(client, ack, 0)
}

// refused: no socket listens.
func (s *story) refused() {
	s.send(client, syn, 0)
	s.trip()
	s.c.ends[server].seq = 0
	s.send(server, rst|ack, 0)
}

// scanned: the originator wanted to know only.
func (s *story) scanned() {
	s.send(client, syn, 0)
	s.trip()
	s.send(server, syn|ack, 0)
	s.send(client, rst, 0)
}

// aborted: the originator closes with lingering off.
func (s *story) aborted() {
	s.exchange()
	s.idle()
	s.send(client, rst|ack, 0)
}

// dataAfterClose: the responder answers an originator that has closed.
func (s *story) dataAfterClose() {
	s.exchange()
	s.send(client, fin|ack, 0)
	s.trip()
	s.send(server, psh|ack, 300)
	s.send(client, rst, 0)
}

// retransmitted: the responder is gone, the originator gives up.
func (s *story) retransmitted() {
	s.exchange()
	sent := *s.send(client, psh|ack, 100)
	for timeout := int64(300_000); timeout < 10_000_000; timeout *= 2 {
		s.now = s.c.packets[len(s.c.packets)-1].at + timeout
		again := s.send(client, psh|ack, 0)
		again.seq, again.length = sent.seq, sent.length
	}
	s.now += 10_000_000
	s.send(client, rst|ack, 0)
}

// forgotten: after a pause the responder, or who stands before it, does not know
// the connection any more.
func (s *story) forgotten() {
	s.exchange()
	s.idle()
	s.send(client, psh|ack, 60)
	s.trip()
	asked := s.c.packets[len(s.c.packets)-1].ack
	p := s.send(server, rst, 0)
	p.seq, p.ttl, p.id = asked, 255, 0
}

// injected: a device resets both ends, and the responder talks on.
func (s *story) injected() {
	s.handshake()
	s.send(client, psh|ack, 400)
	for range 3 {
		s.send(server, rst|ack, 0).ttl = 61
	}
	s.send(client, rst|ack, 0).ttl = 61
	s.trip()
	s.send(server, psh|ack, mss)
	s.send(client, rst, 0)
}
