// Package benchcap makes captures to measure with: from a seed, the same bytes
// each time, as large as is asked for. Real hosts do not stand behind them, so
// they prove nothing about the analyzer's verdicts.
package benchcap

import (
	"bufio"
	"container/heap"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"time"
)

// Options say what to make. The zero value is the default: about 2.25 million
// packets and 830 MB.
type Options struct {
	Seed        uint64
	Connections int // 0: 205 000; packets and bytes follow, 11 and 4 kB for each
}

const (
	defaultConnections = 205_000

	// perSecond is how many connections begin in a second. They live for half a
	// minute at most, so that about five thousand are open at a time.
	perSecond = 340
)

// Stats say what was made.
type Stats struct {
	Packets     int
	Bytes       int64 // of the file
	Connections int
	Resets      int
}

// Write writes a pcap file of Ethernet frames with microsecond stamps, in the
// order of time.
func Write(w io.Writer, o Options) (Stats, error) {
	if o.Connections == 0 {
		o.Connections = defaultConnections
	}
	out := newWriter(bufio.NewWriterSize(w, 1<<20), rand.New(rand.NewPCG(o.Seed, 0)))
	out.header()
	random := rand.New(rand.NewPCG(o.Seed, 1))
	begin := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC).UnixMicro()
	var live queue
	for i := 0; i < o.Connections || len(live) > 0; {
		if i < o.Connections && (len(live) == 0 || begin <= live[0].at()) {
			heap.Push(&live, newConnection(i, begin, random))
			begin += int64(random.ExpFloat64() * float64(time.Second.Microseconds()) / perSecond)
			i++
			continue
		}
		c := live[0]
		out.packet(c, &c.packets[c.next])
		if c.next++; c.next < len(c.packets) {
			heap.Fix(&live, 0)
		} else {
			heap.Pop(&live)
		}
	}
	out.stats.Connections = o.Connections
	return out.stats, out.w.Flush()
}

// queue holds the live connections, the one with the earliest packet first.
type queue []*connection

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at() < q[j].at() }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(*connection)) }
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

// writer writes packets to a pcap file.
type writer struct {
	w       *bufio.Writer
	stats   Stats
	frame   []byte
	payload []byte // any packet's is a part of it
}

func newWriter(w *bufio.Writer, random *rand.Rand) *writer {
	out := &writer{w: w, frame: make([]byte, 0, 2048), payload: make([]byte, 64<<10)}
	for i := range out.payload {
		out.payload[i] = byte(random.Uint32())
	}
	return out
}

// header writes the file's header.
func (w *writer) header() {
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	b = binary.LittleEndian.AppendUint16(b, 2)
	b = binary.LittleEndian.AppendUint16(b, 4)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, 262144)
	b = binary.LittleEndian.AppendUint32(b, 1) // Ethernet
	w.write(b)
}

// write writes b; an error stays with the bufio.Writer until Flush.
func (w *writer) write(b []byte) {
	w.w.Write(b) //nolint:errcheck // Flush tells
	w.stats.Bytes += int64(len(b))
}

// packet writes a record.
func (w *writer) packet(c *connection, p *packet) {
	const recordLen = 16
	b := w.frame[:recordLen]
	b = c.frame(b, p, w.payload)
	n := uint32(len(b) - recordLen)
	binary.LittleEndian.PutUint32(b, uint32(p.at/1e6))
	binary.LittleEndian.PutUint32(b[4:], uint32(p.at%1e6))
	binary.LittleEndian.PutUint32(b[8:], n)
	binary.LittleEndian.PutUint32(b[12:], n)
	w.write(b)
	w.frame = b[:0]
	w.stats.Packets++
	if p.flags&rst != 0 {
		w.stats.Resets++
	}
}
