//go:build linux

package lab

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"rstlab/internal/nft"
)

// Registers of the kernel's machine, 16 bytes each.
const (
	regValue = 1 + iota
	regPort
	regLastPort
	regLastAddr
)

// An nftCompiler writes one rule in the kernel's expressions.
type nftCompiler struct {
	host      *Host
	family    nft.Family
	onlyTCP   bool // expressions before let only TCP pass
	onlyIP    bool // and only family
	out       kernelRule
	nextSetID uint32
}

func (c *nftCompiler) rule(r *nft.Rule) (kernelRule, error) {
	for _, s := range r.Statements {
		if err := c.statement(s); err != nil {
			return kernelRule{}, err
		}
	}
	return c.out, nil
}

func (c *nftCompiler) add(e ...expr.Any) { c.out.exprs = append(c.out.exprs, e...) }

func (c *nftCompiler) statement(s nft.Statement) error {
	switch s := s.(type) {
	case *nft.Match:
		return c.match(s)
	case *nft.NAT:
		return c.nat(s)
	case *nft.Set:
		c.set(s)
	case *nft.Reject:
		c.reject(s)
	case *nft.Limit:
		c.add(&expr.Limit{Type: expr.LimitTypePkts, Rate: s.Rate, Over: s.Over, Unit: expr.LimitTime(s.Unit), Burst: s.Burst})
	case *nft.Verdict:
		kind := expr.VerdictDrop
		if s.Accept {
			kind = expr.VerdictAccept
		}
		c.add(&expr.Verdict{Kind: kind})
	case nft.Counter:
		c.add(&expr.Counter{})
	case nft.Notrack:
		c.add(&expr.Notrack{})
	}
	return nil
}

// tcp lets only TCP pass: a port or a flag of something else is none.
func (c *nftCompiler) tcp() {
	if !c.onlyTCP {
		c.onlyTCP = true
		c.add(&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: regValue}, equal([]byte{unix.IPPROTO_TCP}))
	}
}

// ip lets only the rule's family pass.
func (c *nftCompiler) ip() {
	if !c.onlyIP && c.family != 0 {
		c.onlyIP = true
		c.add(&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: regValue}, equal([]byte{byte(c.protocol())}))
	}
}

// protocol is the rule's family as the kernel numbers it.
func (c *nftCompiler) protocol() uint32 {
	switch c.family {
	case 4:
		return unix.NFPROTO_IPV4
	case 6:
		return unix.NFPROTO_IPV6
	}
	return unix.NFPROTO_INET
}

func equal(b []byte) *expr.Cmp { return &expr.Cmp{Op: expr.CmpOpEq, Register: regValue, Data: b} }

// needs lets only those packets pass that have the field.
func (c *nftCompiler) needs(f *nft.Field) {
	if f.Family != 0 {
		c.ip()
	}
	if f.TCP {
		c.tcp()
	}
}

// load puts a field into the register of values.
func (c *nftCompiler) load(f *nft.Field) {
	c.needs(f)
	switch f.Base {
	case nft.Meta:
		keys := map[string]expr.MetaKey{
			nft.L4Proto: expr.MetaKeyL4PROTO, nft.NFProto: expr.MetaKeyNFPROTO,
			nft.IIFName: expr.MetaKeyIIFNAME, nft.OIFName: expr.MetaKeyOIFNAME,
		}
		c.add(&expr.Meta{Key: keys[f.Name], Register: regValue})
	case nft.Conntrack:
		key := expr.CtKeySTATE
		if f.Name == nft.CtStatus {
			key = expr.CtKeySTATUS
		}
		c.add(&expr.Ct{Key: key, Register: regValue})
	case nft.Option:
		c.add(&expr.Exthdr{
			DestRegister: regValue, Type: uint8(f.Offset), Len: 1,
			Flags: unix.NFT_EXTHDR_F_PRESENT, Op: expr.ExthdrOpTcpopt,
		})
	default:
		const innerHeader = 3 // NFT_PAYLOAD_INNER_HEADER, from Linux 6.2 on
		base := map[nft.Base]expr.PayloadBase{
			nft.Network:   expr.PayloadBaseNetworkHeader,
			nft.Transport: expr.PayloadBaseTransportHeader,
			nft.Inner:     innerHeader,
		}
		c.add(&expr.Payload{DestRegister: regValue, Base: base[f.Base], Offset: f.Offset, Len: f.Size})
	}
}

// A valueRange is what a field may lie in, both ends included.
type valueRange struct{ from, to []byte }

// match compares a field with one range, or looks it up in a set of them.
func (c *nftCompiler) match(m *nft.Match) error {
	ranges, err := c.ranges(m)
	if err != nil {
		return err
	}
	c.load(m.Field)
	if m.Mask != nil {
		c.add(&expr.Bitwise{
			SourceRegister: regValue, DestRegister: regValue, Len: m.Field.Size,
			Mask: m.Field.Native(m.Mask), Xor: make([]byte, m.Field.Size),
		})
	}
	ops := map[nft.Op]expr.CmpOp{
		nft.Equal: expr.CmpOpEq, nft.NotEqual: expr.CmpOpNeq, nft.Less: expr.CmpOpLt,
		nft.Greater: expr.CmpOpGt, nft.LessOrEqual: expr.CmpOpLte, nft.GreaterOrEqual: expr.CmpOpGte,
	}
	first := ranges[0]
	switch {
	case len(ranges) > 1:
		c.lookup(m, ranges)
	case bytes.Equal(first.from, first.to):
		c.add(&expr.Cmp{Op: ops[m.Op], Register: regValue, Data: first.from})
	default:
		c.add(&expr.Range{Op: ops[m.Op], Register: regValue, FromData: first.from, ToData: first.to})
	}
	return nil
}

// ranges gives what a match's operands stand for, in order, without overlaps.
func (c *nftCompiler) ranges(m *nft.Match) ([]valueRange, error) {
	var ranges []valueRange
	for _, o := range m.Operands {
		switch {
		case m.Field.Kind == nft.Interface:
			name, err := c.host.device(o)
			if err != nil {
				return nil, err
			}
			b := append([]byte(name), make([]byte, int(m.Field.Size)-len(name))...)
			ranges = append(ranges, valueRange{b, b})
		case o.Name != "":
			addrs, err := c.host.addrsIn(o, m.Field.Family)
			if err != nil {
				return nil, err
			}
			for _, a := range addrs {
				ranges = append(ranges, valueRange{a.AsSlice(), a.AsSlice()})
			}
		case o.First.IsValid():
			ranges = append(ranges, valueRange{o.First.AsSlice(), o.Last.AsSlice()})
		default:
			ranges = append(ranges, valueRange{m.Field.Native(o.From), m.Field.Native(o.To)})
		}
	}
	slices.SortFunc(ranges, func(a, b valueRange) int { return bytes.Compare(a.from, b.from) })
	merged := ranges[:1]
	for _, s := range ranges[1:] {
		last := &merged[len(merged)-1]
		switch {
		case bytes.Compare(s.from, last.to) > 0:
			merged = append(merged, s)
		case bytes.Compare(s.to, last.to) > 0:
			last.to = s.to
		}
	}
	return merged, nil
}

// lookup looks the register of values up in a set. A set with ranges holds
// where each begins and where it is over.
func (c *nftCompiler) lookup(m *nft.Match, ranges []valueRange) {
	key := nftables.TypeInteger
	key.Bytes = m.Field.Size
	c.nextSetID++
	set := &nftables.Set{
		Table: &nftTable, ID: c.nextSetID, Name: "__set%d", Anonymous: true, Constant: true, KeyType: key,
		Interval: slices.ContainsFunc(ranges, func(s valueRange) bool { return !bytes.Equal(s.from, s.to) }),
	}
	var elements []nftables.SetElement
	for _, s := range ranges {
		elements = append(elements, nftables.SetElement{Key: s.from})
		if end, ok := next(s.to); ok && set.Interval {
			elements = append(elements, nftables.SetElement{Key: end, IntervalEnd: true})
		}
	}
	c.out.sets = append(c.out.sets, kernelSet{set, elements})
	c.add(&expr.Lookup{SourceRegister: regValue, SetName: set.Name, SetID: set.ID, Invert: m.Op == nft.NotEqual})
}

// next is the number behind b, false behind the last.
func next(b []byte) ([]byte, bool) {
	b = slices.Clone(b)
	for i := len(b) - 1; i >= 0; i-- {
		b[i]++
		if b[i] != 0 {
			return b, true
		}
	}
	return nil, false
}

func (c *nftCompiler) reject(r *nft.Reject) {
	e := &expr.Reject{Code: r.Code}
	switch r.With {
	case nft.TCPReset:
		c.tcp()
		e.Type = unix.NFT_REJECT_TCP_RST
	case nft.ICMPX:
		e.Type = unix.NFT_REJECT_ICMPX_UNREACH
	default:
		c.ip()
		e.Type = unix.NFT_REJECT_ICMP_UNREACH
	}
	c.add(e)
}

// set writes a field. IPv4's checksum is mended; it counts in words of two
// bytes, so it is such a word that is written.
func (c *nftCompiler) set(s *nft.Set) {
	c.needs(s.Field)
	word, size := s.Field.Offset&^1, uint32(2)
	write := &expr.Payload{
		OperationType: expr.PayloadWrite, SourceRegister: regValue,
		Base: expr.PayloadBaseNetworkHeader, Offset: word, Len: size,
	}
	if s.Field.Family == 4 {
		const checksum = 10 // in the header of IPv4
		write.CsumType, write.CsumOffset = expr.CsumTypeInet, checksum
	}
	if g := s.Numgen; g != nil {
		kind := uint32(unix.NFT_NG_INCREMENTAL)
		if g.Random {
			kind = unix.NFT_NG_RANDOM
		}
		c.add(
			&expr.Numgen{Register: regValue, Modulus: g.Modulus, Type: kind, Offset: g.Offset},
			// The number's low half, in the order of the wire.
			&expr.Byteorder{SourceRegister: regValue, DestRegister: regValue, Op: expr.ByteorderHton, Len: size, Size: size},
			write,
		)
		return
	}
	shift := s.Field.Shift
	if s.Field.Size == 1 && s.Field.Offset == word {
		shift += 8
	}
	keep := ^(uint16(s.Field.Most()) << shift)
	c.add(
		&expr.Payload{DestRegister: regValue, Base: expr.PayloadBaseNetworkHeader, Offset: word, Len: size},
		&expr.Bitwise{
			SourceRegister: regValue, DestRegister: regValue, Len: size,
			Mask: binary.BigEndian.AppendUint16(nil, keep),
			Xor:  binary.BigEndian.AppendUint16(nil, uint16(s.Value)<<shift),
		},
		write,
	)
}

func (c *nftCompiler) nat(n *nft.NAT) error {
	first, last, err := c.target(n.To)
	if err != nil {
		return err
	}
	c.ip()
	if n.Port > 0 {
		c.tcp()
	}
	var addr, lastAddr, port, lastPort uint32 // registers, 0 for none
	if first.IsValid() {
		addr, lastAddr = regValue, regLastAddr
		c.add(
			&expr.Immediate{Register: addr, Data: first.AsSlice()},
			&expr.Immediate{Register: lastAddr, Data: last.AsSlice()},
		)
	}
	if n.Port > 0 {
		port, lastPort = regPort, regLastPort
		c.add(
			&expr.Immediate{Register: port, Data: binaryutil.BigEndian.PutUint16(n.Port)},
			&expr.Immediate{Register: lastPort, Data: binaryutil.BigEndian.PutUint16(n.Last)},
		)
	}
	switch n.Kind {
	case nft.Masquerade:
		c.add(&expr.Masq{Random: n.Random, FullyRandom: n.FullyRandom})
	case nft.Redirect:
		c.add(&expr.Redir{RegisterProtoMin: port, RegisterProtoMax: lastPort})
	default:
		kind := expr.NATTypeDestNAT
		if n.Kind == nft.SNAT {
			kind = expr.NATTypeSourceNAT
		}
		c.add(&expr.NAT{
			Type: kind, Family: c.protocol(), Random: n.Random, FullyRandom: n.FullyRandom,
			RegAddrMin: addr, RegAddrMax: lastAddr, RegProtoMin: port, RegProtoMax: lastPort,
		})
	}
	return nil
}

// target gives the addresses that an operand stands for: none for none, and of
// an actor the one that it has.
func (c *nftCompiler) target(o nft.Operand) (first, last netip.Addr, err error) {
	if o.Name == "" {
		return o.First, o.Last, nil
	}
	addrs, err := c.host.addrsIn(o, c.family)
	if err != nil {
		return first, last, err
	}
	if len(addrs) > 1 {
		return first, last, at(o, "%s has the addresses %v; write one of them", o.Name, addrs)
	}
	return addrs[0], addrs[0], nil
}
