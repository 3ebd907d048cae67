//go:build linux

package oracle

import "github.com/cilium/ebpf/asm"

// code is a program being written.
type code struct {
	instructions asm.Instructions
	next         string // label of the instruction to come
}

func (c *code) add(instructions ...asm.Instruction) {
	if c.next != "" {
		instructions[0] = instructions[0].WithSymbol(c.next)
		c.next = ""
	}
	c.instructions = append(c.instructions, instructions...)
}

func (c *code) label(name string) { c.next = name }

// read copies kernel memory at base+offset to the stack. Memory that can't be
// read gives zeros; it is never a fault.
func (c *code) read(to int16, size int32, base asm.Register, offset int32) {
	c.add(asm.Mov.Reg(asm.R3, base), asm.Add.Imm(asm.R3, offset))
	c.add(asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, int32(to)))
	c.add(asm.Mov.Imm(asm.R2, size))
	c.add(asm.FnProbeReadKernel.Call())
}

// follow loads scratch with the pointer at base+offset.
func (c *code) follow(base asm.Register, offset int32) {
	c.read(pointerAt, 8, base, offset)
	c.add(asm.LoadMem(scratch, asm.RFP, pointerAt, asm.DWord))
}

// header copies a header of the segment to the stack. skb->head is where its
// memory begins; headerAt is the field with the header's place in it. The
// arguments are gone after it, scratch is kept.
func (c *code) header(to int16, size uintptr, headAt, headerAt int32) {
	c.read(pointerAt, 8, skb, headAt)
	c.add(asm.LoadMem(args, asm.RFP, pointerAt, asm.DWord))
	c.add(asm.StoreImm(asm.RFP, pointerAt, 0, asm.Word))
	c.read(pointerAt, 2, skb, headerAt)
	c.add(asm.LoadMem(asm.R1, asm.RFP, pointerAt, asm.Half))
	c.add(asm.Add.Reg(args, asm.R1))
	c.read(to, int32(size), args, 0)
}
