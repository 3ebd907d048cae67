//go:build linux

// Package packetsock reads and writes the frames of one network interface
// through an AF_PACKET socket with a receive ring (packet(7), TPACKET_V2).
//
// A socket is open before its first frame: it is made with protocol 0, set up,
// and only then bound, so that it holds no frame of another interface and
// loses none of its own (libpcap#843).
package packetsock

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	defaultSlots   = 4096
	defaultSnapLen = 1600    // an Ethernet frame of MTU 1500, with room for tags
	blockSize      = 1 << 16 // a multiple of every slot size and of the page size

	headerLen = int(unsafe.Sizeof(unix.Tpacket2Hdr{})) // the link-layer address follows it
	reserved  = 80                                     // both of these, aligned, and what the kernel leaves before the frame
	addrType  = headerLen + int(unsafe.Offsetof(unix.RawSockaddrLinklayer{}.Pkttype))
)

// Options say how a socket is made.
type Options struct {
	Slots   int // frames that the ring holds; 0: 4096
	SnapLen int // longest frame in bytes, its Ethernet header included; 0: 1600
}

// A Frame is one frame as the kernel saw it at the interface.
type Frame struct {
	Time     time.Time // the kernel's stamp, in nanoseconds of the real-time clock
	Data     []byte    // from the Ethernet header on; the caller's own
	OrigLen  int       // length on the wire; more than len(Data) when the frame was cut
	Outgoing bool      // the interface sent it; never what this socket wrote
}

// A Conn is an open socket. Its methods may be called from several goroutines
// and from any network namespace.
type Conn struct {
	file *os.File
	raw  syscall.RawConn

	mu       sync.Mutex // guards the ring
	ring     []byte     // nil once closed
	slotSize int
	next     int // offset of the slot that the kernel fills next

	statsMu sync.Mutex
	dropped uint64
}

// Open opens the interface with index ifindex of the calling thread's network
// namespace. Every frame that passes after Open returns is read. It needs
// CAP_NET_RAW in the user namespace that owns the network namespace.
func Open(ifindex int, o Options) (*Conn, error) {
	if o.Slots == 0 {
		o.Slots = defaultSlots
	}
	if o.SnapLen == 0 {
		o.SnapLen = defaultSnapLen
	}
	slotSize := 2048
	for slotSize < o.SnapLen+reserved {
		slotSize *= 2
	}
	if slotSize > blockSize {
		return nil, fmt.Errorf("open packet socket: a frame of %d bytes, expected %d at most", o.SnapLen, blockSize-reserved)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open packet socket: %w", err)
	}
	perBlock := blockSize / slotSize
	blocks := (o.Slots + perBlock - 1) / perBlock
	ring, err := setUp(fd, ifindex, unix.TpacketReq{
		Block_size: blockSize,
		Block_nr:   uint32(blocks),
		Frame_size: uint32(slotSize),
		Frame_nr:   uint32(blocks * perBlock),
	})
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("open packet socket on interface %d: %w", ifindex, err)
	}
	file := os.NewFile(uintptr(fd), fmt.Sprintf("packet socket on interface %d", ifindex))
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("open packet socket on interface %d: %w", ifindex, errors.Join(err, unmapRing(ring), file.Close()))
	}
	return &Conn{file: file, raw: raw, ring: ring, slotSize: slotSize}, nil
}

// setUp makes the ring and only then binds.
func setUp(fd, ifindex int, req unix.TpacketReq) ([]byte, error) {
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V2); err != nil {
		return nil, fmt.Errorf("set PACKET_VERSION: %w", err)
	}
	if err := unix.SetsockoptTpacketReq(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return nil, fmt.Errorf("make ring of %d slots: %w", req.Frame_nr, err)
	}
	ring, err := mapRing(fd, uintptr(req.Block_size*req.Block_nr))
	if err != nil {
		return nil, fmt.Errorf("map ring: %w", err)
	}
	all := binary.NativeEndian.Uint16([]byte{unix.ETH_P_ALL >> 8, unix.ETH_P_ALL})
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: ifindex}); err != nil {
		return nil, fmt.Errorf("bind: %w", errors.Join(err, unmapRing(ring)))
	}
	// An interface that is still down leaves ENETDOWN for the next call.
	if _, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR); err != nil {
		return nil, fmt.Errorf("read SO_ERROR: %w", errors.Join(err, unmapRing(ring)))
	}
	return ring, nil
}

// mapRing and unmapRing go around unix.Mmap, which lets one caller at a time
// through: unmapping frees the socket and waits some 20 ms for the kernel.
func mapRing(fd int, size uintptr) ([]byte, error) {
	p, err := unix.MmapPtr(fd, 0, nil, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return unsafe.Slice((*byte)(p), size), nil
}

func unmapRing(ring []byte) error {
	return unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(ring)), uintptr(len(ring)))
}

// status is the word with which kernel and reader hand a slot to each other.
func (c *Conn) status() *uint32 {
	return (*uint32)(unsafe.Pointer(&c.ring[c.next]))
}

func (c *Conn) ready() bool {
	return c.ring != nil && atomic.LoadUint32(c.status())&unix.TP_STATUS_USER != 0
}

// Wait blocks until a frame is there to be read. The error is
// [os.ErrDeadlineExceeded] after a deadline, [os.ErrClosed] after Close.
func (c *Conn) Wait() error {
	closed := false
	err := c.raw.Read(func(uintptr) bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		closed = c.ring == nil
		return closed || c.ready()
	})
	if closed || err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return os.ErrClosed // a raw connection has no other error (it says "use of closed file")
	}
	return err
}

// TryRead takes the next frame if one is there.
func (c *Conn) TryRead() (Frame, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ready() {
		return Frame{}, false
	}
	slot := c.ring[c.next : c.next+c.slotSize]
	h := (*unix.Tpacket2Hdr)(unsafe.Pointer(&slot[0]))
	f := Frame{
		Time:     time.Unix(int64(h.Sec), int64(h.Nsec)),
		Data:     append([]byte(nil), slot[h.Mac:uint32(h.Mac)+h.Snaplen]...),
		OrigLen:  int(h.Len),
		Outgoing: slot[addrType] == unix.PACKET_OUTGOING,
	}
	atomic.StoreUint32(c.status(), unix.TP_STATUS_KERNEL)
	c.next = (c.next + c.slotSize) % len(c.ring)
	return f, true
}

// Read takes the next frame and waits for it. Frames that are already there
// are read after a deadline too, so the ring can be read until it is empty;
// errors are those of [Conn.Wait].
func (c *Conn) Read() (Frame, error) {
	for {
		if f, ok := c.TryRead(); ok {
			return f, nil
		}
		if err := c.Wait(); err != nil {
			return Frame{}, err
		}
	}
}

// SetReadDeadline ends Wait and Read at t, those already waiting too; the
// zero time is no deadline.
func (c *Conn) SetReadDeadline(t time.Time) error {
	return c.file.SetReadDeadline(t)
}

// Write sends one frame from its Ethernet header on. The error unwraps to
// EMSGSIZE for a frame beyond the interface's MTU, ENETDOWN for an interface
// that is down, [os.ErrClosed] after Close.
func (c *Conn) Write(frame []byte) error {
	var err error
	waitErr := c.raw.Write(func(fd uintptr) bool {
		for {
			_, err = unix.Write(int(fd), frame)
			if err != unix.EINTR {
				return err != unix.EAGAIN
			}
		}
	})
	if waitErr != nil {
		return os.ErrClosed
	}
	if err != nil {
		return fmt.Errorf("write frame of %d bytes: %w", len(frame), err)
	}
	return nil
}

// Dropped tells how many frames the kernel had to drop because the ring was
// full, since Open.
func (c *Conn) Dropped() (uint64, error) {
	c.statsMu.Lock()
	defer c.statsMu.Unlock()
	var stats *unix.TpacketStats
	var err error
	controlErr := c.raw.Control(func(fd uintptr) {
		stats, err = unix.GetsockoptTpacketStats(int(fd), unix.SOL_PACKET, unix.PACKET_STATISTICS)
	})
	if controlErr != nil {
		return c.dropped, os.ErrClosed
	}
	if err != nil {
		return c.dropped, fmt.Errorf("read PACKET_STATISTICS: %w", err)
	}
	c.dropped += uint64(stats.Drops) // the kernel's own count starts again at each reading
	return c.dropped, nil
}

// Close ends the socket; calls that wait return [os.ErrClosed].
func (c *Conn) Close() error {
	err := c.file.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ring == nil {
		return nil
	}
	ring := c.ring
	c.ring = nil
	if unmapErr := unmapRing(ring); err == nil {
		err = unmapErr
	}
	return err
}
