//go:build linux

package oracle

import (
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// A record is what the programs put into the ring buffer. They fill it in on
// their stack, at the offsets that Go gives its fields; it has no padding of
// the compiler's, so that encoding/binary reads it as it is.
type record struct {
	Time       uint64 // CLOCK_MONOTONIC, ns
	NetNS      uint32
	Reason     uint32
	Accepted   uint8 // tcp_receive_reset rather than tcp_send_reset
	HasSocket  uint8
	HasSegment uint8
	State      uint8 // of the socket

	// of the socket, where there is no segment
	Family     uint16
	LocalPort  [2]byte // network order, as the next one
	RemotePort [2]byte
	_          [2]byte
	SndNxt     uint32
	RcvNxt     uint32
	Local4     [4]byte
	Remote4    [4]byte
	Local6     [16]byte
	Remote6    [16]byte

	// of the segment that drew the reset
	Length uint32 // of its TCP header and payload
	IP     [40]byte
	TCP    [20]byte
	_      [4]byte
}

const recordSize = int16(unsafe.Sizeof(record{}))

// The stack: a pointer that is being followed, below it the record.
const (
	pointerAt = -8
	recordAt  = pointerAt - recordSize
)

// Registers that calls leave alone.
const (
	args    = asm.R6
	sk      = asm.R7
	skb     = asm.R8
	scratch = asm.R9
)

// programs gives the two programs, by the name of their tracepoint.
func (k *kernel) programs(watched, ring *ebpf.Map) map[string]*ebpf.ProgramSpec {
	program := func(name string, accepted bool) *ebpf.ProgramSpec {
		return &ebpf.ProgramSpec{
			Name:         name,
			Type:         ebpf.RawTracepoint,
			Instructions: k.instructions(watched, ring, accepted),
			// bpf_probe_read_kernel is for programs under a licence that the
			// kernel counts as compatible with its own.
			License: "Dual MIT/GPL",
		}
	}
	return map[string]*ebpf.ProgramSpec{
		"tcp_send_reset":    program("rstlab_send", false),
		"tcp_receive_reset": program("rstlab_receive", true),
	}
}

// instructions is the program of one tracepoint:
//
//	tcp_send_reset(const struct sock *sk, const struct sk_buff *skb, const enum sk_rst_reason reason)
//	tcp_receive_reset(struct sock *sk)
//
// sk is null for a reset in answer to a segment that met no socket. skb is the
// segment answered, null for a reset that the host sends of its own accord.
func (k *kernel) instructions(watched, ring *ebpf.Map, accepted bool) asm.Instructions {
	var c code
	c.add(asm.Mov.Reg(args, asm.R1))
	c.add(asm.LoadMem(sk, args, 0, asm.DWord))
	c.add(asm.Mov.Imm(skb, 0))
	if !accepted {
		c.add(asm.LoadMem(skb, args, 8, asm.DWord))
	}
	c.add(asm.Mov.Imm(asm.R0, 0))
	for at := recordAt; at < 0; at += 8 {
		c.add(asm.StoreMem(asm.RFP, at, asm.R0, asm.DWord))
	}

	// Only a watched namespace's resets go on. A segment that met no socket
	// still has its device; one that met a socket may have lost it.
	c.add(asm.JNE.Imm(sk, 0, "socket net"))
	c.follow(skb, k.skbDev)
	c.follow(scratch, k.devNet)
	c.add(asm.Ja.Label("net"))
	c.label("socket net")
	c.follow(sk, k.skNet)
	c.label("net")
	c.read(fieldNetNS, 4, scratch, k.netInode)
	c.add(asm.LoadMapPtr(asm.R1, watched.FD()))
	c.add(asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, int32(fieldNetNS)))
	c.add(asm.FnMapLookupElem.Call())
	c.add(asm.JEq.Imm(asm.R0, 0, "exit"))
	c.add(asm.Mov.Reg(scratch, asm.R0)) // the namespace's count of lost events

	c.add(asm.FnKtimeGetNs.Call())
	c.add(asm.StoreMem(asm.RFP, fieldTime, asm.R0, asm.DWord))
	if accepted {
		c.add(asm.StoreImm(asm.RFP, fieldAccepted, 1, asm.Byte))
	} else {
		c.add(asm.LoadMem(asm.R1, args, 16, asm.DWord))
		c.add(asm.StoreMem(asm.RFP, fieldReason, asm.R1, asm.Word))
	}

	c.add(asm.JEq.Imm(sk, 0, "segment"))
	c.add(asm.StoreImm(asm.RFP, fieldHasSocket, 1, asm.Byte))
	c.read(fieldState, 1, sk, k.skState)

	// The segment says who and what in every case, a listener's socket does not.
	c.label("segment")
	c.add(asm.JEq.Imm(skb, 0, "no segment"))
	c.add(asm.StoreImm(asm.RFP, fieldHasSegment, 1, asm.Byte))
	c.read(fieldLength, 4, skb, k.skbLen)
	c.header(fieldIP, unsafe.Sizeof(record{}.IP), k.skbHead, k.skbNetHeader)
	c.header(fieldTCP, unsafe.Sizeof(record{}.TCP), k.skbHead, k.skbTransHeader)
	c.add(asm.Ja.Label("output"))

	c.label("no segment")
	c.read(fieldFamily, 2, sk, k.skFamily)
	c.read(fieldLocalPort, 2, sk, k.skLocalPort)
	c.read(fieldRemotePort, 2, sk, k.skRemotePort)
	c.read(fieldLocal4, 4, sk, k.skLocal4)
	c.read(fieldRemote4, 4, sk, k.skRemote4)
	c.read(fieldLocal6, 16, sk, k.skLocal6)
	c.read(fieldRemote6, 16, sk, k.skRemote6)
	c.read(fieldSndNxt, 4, sk, k.tpSndNxt)
	c.read(fieldRcvNxt, 4, sk, k.tpRcvNxt)

	c.label("output")
	c.add(asm.LoadMapPtr(asm.R1, ring.FD()))
	c.add(asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, int32(recordAt)))
	c.add(asm.Mov.Imm(asm.R3, int32(recordSize)), asm.Mov.Imm(asm.R4, 0))
	c.add(asm.FnRingbufOutput.Call())
	c.add(asm.JEq.Imm(asm.R0, 0, "exit"))
	c.add(asm.Mov.Imm(asm.R1, 1))
	c.add(asm.AddAtomic.Mem(scratch, asm.R1, asm.DWord, 0))
	c.label("exit")
	c.add(asm.Mov.Imm(asm.R0, 0), asm.Return())
	return c.instructions
}

// Where the fields lie, from the frame pointer.
const (
	fieldTime       = recordAt + int16(unsafe.Offsetof(record{}.Time))
	fieldNetNS      = recordAt + int16(unsafe.Offsetof(record{}.NetNS))
	fieldReason     = recordAt + int16(unsafe.Offsetof(record{}.Reason))
	fieldAccepted   = recordAt + int16(unsafe.Offsetof(record{}.Accepted))
	fieldHasSocket  = recordAt + int16(unsafe.Offsetof(record{}.HasSocket))
	fieldHasSegment = recordAt + int16(unsafe.Offsetof(record{}.HasSegment))
	fieldState      = recordAt + int16(unsafe.Offsetof(record{}.State))
	fieldFamily     = recordAt + int16(unsafe.Offsetof(record{}.Family))
	fieldLocalPort  = recordAt + int16(unsafe.Offsetof(record{}.LocalPort))
	fieldRemotePort = recordAt + int16(unsafe.Offsetof(record{}.RemotePort))
	fieldSndNxt     = recordAt + int16(unsafe.Offsetof(record{}.SndNxt))
	fieldRcvNxt     = recordAt + int16(unsafe.Offsetof(record{}.RcvNxt))
	fieldLocal4     = recordAt + int16(unsafe.Offsetof(record{}.Local4))
	fieldRemote4    = recordAt + int16(unsafe.Offsetof(record{}.Remote4))
	fieldLocal6     = recordAt + int16(unsafe.Offsetof(record{}.Local6))
	fieldRemote6    = recordAt + int16(unsafe.Offsetof(record{}.Remote6))
	fieldLength     = recordAt + int16(unsafe.Offsetof(record{}.Length))
	fieldIP         = recordAt + int16(unsafe.Offsetof(record{}.IP))
	fieldTCP        = recordAt + int16(unsafe.Offsetof(record{}.TCP))
)
