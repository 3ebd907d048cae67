package main

import (
	"errors"
	"net/netip"
	"strconv"
)

// An address is the value of --host; the zero one is none.
type address struct{ netip.Addr }

func (a *address) String() string {
	if !a.IsValid() {
		return ""
	}
	return a.Addr.String()
}

func (a *address) Type() string { return "address" }

func (a *address) Set(s string) error {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return errors.New("want an address, such as 192.0.2.1 or 2001:db8::1")
	}
	a.Addr = addr.Unmap()
	return nil
}

// A stream is the value of --stream; nil is none.
type stream struct{ id *int }

func (n *stream) String() string {
	if n.id == nil {
		return ""
	}
	return strconv.Itoa(*n.id)
}

func (n *stream) Type() string { return "number" }

func (n *stream) Set(s string) error {
	id, err := strconv.Atoi(s)
	if err != nil || id < 0 {
		return errors.New("want a number from 0 on, as Wireshark's tcp.stream has it")
	}
	n.id = &id
	return nil
}
