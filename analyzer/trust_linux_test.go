package analyzer_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"rstlab/analyzer"
	"rstlab/internal/pcapng"
	"rstlab/internal/segment"
)

const (
	trustHeap    = 320 << 20 // bytes that the heap is told to stay within, or the collector falls behind on a busy machine
	trustLimit   = 640 << 20 // bytes of memory: a heap is taken in arenas of 64 MB, and has gaps
	trustSeconds = 600       // of the processor's time: far more than any of it needs
	trustEnv     = "RSTLAB_TEST_TRUST"
)

// What no honest capture looks like is read in bounded time and memory. The
// bound is the system's: a child that reads is killed when it needs more.
func TestTrust(t *testing.T) {
	if name := os.Getenv(trustEnv); name != "" {
		trustChild(name)
	}
	if underRace() {
		t.Skip("the race detector's own memory is beyond the limit")
	}
	for _, tc := range []struct {
		name string
		want string // what the summary says, and the errors
	}{
		{"a million connections", "resets 15625, connections 1000000"},
		{"connections refused at once", "resets 200000, connections 200000"},
		{"a million resets", "resets 1000000, connections 1"},
		{"ten thousand connections that live", "resets 1000, connections 10000"},
		{"a block of 4 GB", "resets 0, connections 0, error: read packet 1 at byte 60: block type 6 of 4294967280 bytes"},
		{"a record of 4 GB", "resets 0, connections 0, error: read packet 1 at byte 24: captured length 4294967295"},
		{"packets of 16 MB", "resets 0, connections 0"},
		{"millions of comments", "resets 1, connections 1"},
		{"millions of sections and blocks", "resets 1, connections 1"},
		{"a gzip bomb", "resets 1, connections 1"},
		{"a zstd bomb", "resets 1, connections 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestTrust$", "-test.v=false")
			cmd.Env = append(os.Environ(), trustEnv+"="+tc.name)
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), tc.want) {
				t.Fatalf("%v: %.2000s; want %s", err, out, tc.want)
			}
		})
	}
}

// underRace tells whether the race detector is built in.
func underRace() bool {
	info, ok := debug.ReadBuildInfo()
	for _, s := range info.Settings {
		if ok && s.Key == "-race" && s.Value == "true" {
			return true
		}
	}
	return false
}

// trustChild analyzes a capture under limits, says what came of it and ends the
// process.
func trustChild(name string) {
	for _, limit := range []struct {
		what int
		n    uint64
	}{
		{syscall.RLIMIT_DATA, trustLimit}, // all private memory that can be written to (setrlimit(2))
		{syscall.RLIMIT_CPU, trustSeconds},
	} {
		if err := syscall.Setrlimit(limit.what, &syscall.Rlimit{Cur: limit.n, Max: limit.n}); err != nil {
			fmt.Println("set the limit:", err)
			os.Exit(1)
		}
	}
	debug.SetMemoryLimit(trustHeap)
	r, w := io.Pipe()
	go func() { _ = w.CloseWithError(trustCapture(name, w)) }()
	var failed []string
	err := analyzer.Analyze(context.Background(), []analyzer.Input{{Name: "x", R: r}}, analyzer.Options{}, func(r analyzer.Record) error {
		switch r := r.(type) {
		case *analyzer.Error:
			failed = append(failed, ", error: "+r.Err)
		case *analyzer.Summary:
			fmt.Printf("resets %d, connections %d%s\n", r.Resets, r.Connections, strings.Join(failed, ""))
		}
		return nil
	})
	if err != nil && len(failed) == 0 {
		fmt.Println("analyze:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// trustCapture writes one of the captures.
func trustCapture(name string, w io.Writer) error {
	const million = 1_000_000
	switch name {
	case "a million connections":
		return segments(w, million+million/64, func(i int) segmentOf {
			if i%65 == 64 {
				return segmentOf{conn: i - i/65 - 1, back: true, flags: segment.RST | segment.ACK, ack: 1}
			}
			return segmentOf{conn: i - i/65, flags: segment.SYN}
		})
	case "connections refused at once":
		return segments(w, 400_000, func(i int) segmentOf {
			if i%2 == 1 {
				return segmentOf{conn: i / 2, back: true, flags: segment.RST | segment.ACK, ack: 1}
			}
			return segmentOf{conn: i / 2, flags: segment.SYN}
		})
	case "a million resets":
		return segments(w, million, func(i int) segmentOf {
			return segmentOf{flags: segment.RST, seq: uint32(i) * 100}
		})
	case "ten thousand connections that live":
		const conns = 10_000
		return segments(w, 2*million, func(i int) segmentOf {
			s := segmentOf{conn: i % conns, back: i/conns%2 == 1, flags: segment.ACK, length: 100}
			s.seq, s.ack = uint32(i/conns/2*100), uint32((i/conns+1)/2*100)
			if i >= 2*million-1000 {
				s.flags, s.length = segment.RST|segment.ACK, 0
			}
			return s
		})
	case "a block of 4 GB":
		b := pcapngHeader()
		b = binary.LittleEndian.AppendUint32(b, 6)
		b = binary.LittleEndian.AppendUint32(b, 0xffff_fff0)
		_, err := w.Write(append(b, make([]byte, 1<<20)...))
		return err
	case "a record of 4 GB":
		b := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
		b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0)
		b = append(b, 1, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
		_, err := w.Write(append(b, make([]byte, 1<<20)...))
		return err
	case "packets of 16 MB":
		const length = 16 << 20
		b := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
		b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		b = binary.LittleEndian.AppendUint32(b, length)
		b = binary.LittleEndian.AppendUint32(b, uint32(pcapng.LinkEthernet))
		if _, err := w.Write(b); err != nil {
			return err
		}
		head := binary.LittleEndian.AppendUint32(make([]byte, 8, 16), length)
		head = binary.LittleEndian.AppendUint32(head, length)
		large := append(head, make([]byte, length)...)
		for range 100 {
			if _, err := w.Write(large); err != nil {
				return err
			}
		}
		return nil
	case "millions of comments": // of a section, of interfaces, of packets
		comments := bytes.Repeat([]byte{1, 0, 0, 0}, 4*million)
		section := block(0x0a0d0d0a, []byte("\x4d\x3c\x2b\x1a\x01\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"), comments)
		return withReset(w, section, block(1, []byte{1, 0, 0, 0, 0, 0, 0, 0}, comments).times(4), block(6, make([]byte, 20), comments).times(12))
	case "millions of sections and blocks":
		return withReset(w, repeated{pcapngHeader()[:28], million}, block(0x7001).times(4*million)) // without its interface
	case "a gzip bomb":
		return bomb(w, func(b []byte) ([]byte, error) {
			var packed bytes.Buffer
			z := gzip.NewWriter(&packed)
			if _, err := z.Write(b); err != nil {
				return nil, err
			}
			err := z.Close()
			return packed.Bytes(), err
		})
	case "a zstd bomb":
		z, err := zstd.NewWriter(nil)
		if err != nil {
			return err
		}
		return bomb(w, func(b []byte) ([]byte, error) { return z.EncodeAll(b, nil), nil })
	}
	return errors.New("no such capture")
}

// block is one of pcapng.
func block(kind uint32, body ...[]byte) repeated {
	all := slices.Concat(body...)
	n := uint32(12 + len(all))
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, n), kind)
	b = append(binary.LittleEndian.AppendUint32(b, n), all...)
	return repeated{binary.LittleEndian.AppendUint32(b, n), 1}
}

// repeated is what stands in a file several times.
type repeated struct {
	b []byte
	n int
}

func (r repeated) times(n int) repeated { return repeated{r.b, n} }

// withReset writes parts and a section with a reset.
func withReset(w io.Writer, parts ...repeated) error {
	out := bufio.NewWriterSize(w, 1<<16)
	for _, p := range parts {
		for range p.n {
			if _, err := out.Write(p.b); err != nil {
				return err
			}
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return segments(w, 1, func(int) segmentOf { return segmentOf{flags: segment.RST} })
}

// pcapngHeader is a section with an Ethernet interface.
func pcapngHeader() []byte {
	var b bytes.Buffer
	p := pcapng.NewWriter(&b, pcapng.Section{})
	if _, err := p.AddInterface(pcapng.Interface{LinkType: pcapng.LinkEthernet}); err != nil {
		panic(err)
	}
	if err := p.Flush(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// bomb writes a capture whose first block, of an unknown type, has 2 GB of
// zeros, packed into 128 KB or so, and after it a reset.
func bomb(w io.Writer, pack func([]byte) ([]byte, error)) error {
	const pieces, piece = 128, 16 << 20
	const length = pieces*piece + 12
	head := pcapngHeader()
	head = binary.LittleEndian.AppendUint32(head, 0x7fff_0001)
	head = binary.LittleEndian.AppendUint32(head, length)
	var rest bytes.Buffer
	if err := segments(&rest, 1, func(int) segmentOf { return segmentOf{flags: segment.RST} }); err != nil {
		return err
	}
	tail := binary.LittleEndian.AppendUint32(nil, length)
	tail = append(tail, rest.Bytes()...)
	zeros, err := pack(make([]byte, piece))
	if err != nil {
		return err
	}
	for i := range pieces + 2 {
		b := zeros
		switch i {
		case 0:
			b, err = pack(head)
		case pieces + 1:
			b, err = pack(tail)
		}
		if err != nil {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// A segmentOf is a segment of one of many connections.
type segmentOf struct {
	conn     int
	back     bool // from the responder
	flags    segment.Flags
	seq, ack uint32
	length   int
}

// segments writes a capture of n segments, a millisecond apart.
func segments(w io.Writer, n int, at func(int) segmentOf) error {
	out := pcapng.NewWriter(w, pcapng.Section{})
	eth, err := out.AddInterface(pcapng.Interface{LinkType: pcapng.LinkEthernet})
	if err != nil {
		return err
	}
	var buf [256]byte
	for i := range n {
		s := at(i)
		b := buf[:54+s.length]
		clear(b)
		b[12] = 8
		ip, tcp := b[14:], b[34:]
		ip[0], ip[8], ip[9] = 0x45, 64, 6
		binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)))
		binary.BigEndian.PutUint16(ip[4:], uint16(i))
		from, to := ip[12:16], ip[16:20]
		sport, dport := tcp[0:2], tcp[2:4]
		if s.back {
			from, to, sport, dport = to, from, dport, sport
		}
		copy(from, []byte{10, byte(s.conn >> 16), byte(s.conn >> 24), 1})
		copy(to, []byte{198, 51, 100, 2})
		binary.BigEndian.PutUint16(sport, uint16(s.conn))
		binary.BigEndian.PutUint16(dport, 80)
		binary.BigEndian.PutUint32(tcp[4:], s.seq)
		binary.BigEndian.PutUint32(tcp[8:], s.ack)
		tcp[12], tcp[13], tcp[14] = 0x50, byte(s.flags), 4
		if err := out.WritePacket(&pcapng.Packet{Time: 1e18 + int64(i)*1e6, HasTime: true, Data: b, OrigLen: len(b), Interface: eth}); err != nil {
			return err
		}
	}
	return out.Flush()
}
