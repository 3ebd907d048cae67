//go:build linux

package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// An nftRule is one rule, read from nft's words.
type nftRule struct {
	hook  string
	nat   bool // belongs in a chain of type nat
	exprs []expr.Any

	tcp  bool // only TCP comes to the next expression
	done bool // a verdict stands in it
}

// nftHooks are the chains that a rule may be added to.
var nftHooks = map[string]*nftables.ChainHook{
	"prerouting":  nftables.ChainHookPrerouting,
	"input":       nftables.ChainHookInput,
	"forward":     nftables.ChainHookForward,
	"output":      nftables.ChainHookOutput,
	"postrouting": nftables.ChainHookPostrouting,
}

// An nftParser reads one rule. resolve gives the addresses of an actor.
type nftParser struct {
	words   []string
	resolve resolver
	rule    nftRule
}

// parseNft reads a rule: a hook, matches, and statements.
func parseNft(text string, resolve resolver) (r nftRule, err error) {
	p := &nftParser{words: nftWords(text), resolve: resolve}
	p.rule.hook, err = p.oneOf(slices.Sorted(maps.Keys(nftHooks))...)
	if err != nil {
		return r, err
	}
	for len(p.words) > 0 {
		if p.rule.done {
			return r, fmt.Errorf("found %q behind the verdict, expected the end", p.words[0])
		}
		if err := p.part(); err != nil {
			return r, err
		}
	}
	if len(p.rule.exprs) == 0 {
		return r, errors.New("found the end, expected a match or a statement")
	}
	return p.rule, nil
}

// nftWords splits a rule into words; signs stand alone.
func nftWords(text string) []string {
	for _, sign := range []string{"==", "!=", "&", "|", "(", ")", ","} {
		text = strings.ReplaceAll(text, sign, " "+sign+" ")
	}
	return strings.Fields(text)
}

// peek gives the next word, "" at the end.
func (p *nftParser) peek() string {
	if len(p.words) == 0 {
		return ""
	}
	return p.words[0]
}

func (p *nftParser) next() string {
	w := p.peek()
	p.words = p.words[min(1, len(p.words)):]
	return w
}

// accept takes the next word if it is w.
func (p *nftParser) accept(w string) bool {
	if p.peek() != w {
		return false
	}
	p.next()
	return true
}

// expected says what may stand where w does.
func expected(w, what string) error {
	if w == "" {
		return fmt.Errorf("found the end, expected %s", what)
	}
	return fmt.Errorf("found %q, expected %s", w, what)
}

func (p *nftParser) oneOf(words ...string) (string, error) {
	if w := p.next(); slices.Contains(words, w) {
		return w, nil
	} else {
		return "", expected(w, strings.Join(words, ", "))
	}
}

func (p *nftParser) number(max uint64) (uint64, error) {
	w := p.next()
	n, err := strconv.ParseUint(w, 0, 64)
	if err != nil || n > max {
		return 0, expected(w, fmt.Sprintf("a number up to %d", max))
	}
	return n, nil
}

func (p *nftParser) add(e ...expr.Any) { p.rule.exprs = append(p.rule.exprs, e...) }

func (p *nftParser) verdict(e ...expr.Any) error {
	p.add(e...)
	p.rule.done = true
	return nil
}

// part reads one match or statement.
func (p *nftParser) part() error {
	switch w := p.next(); w {
	case "ip":
		return p.ip(nftables.TableFamilyIPv4)
	case "ip6":
		return p.ip(nftables.TableFamilyIPv6)
	case "tcp":
		return p.tcp()
	case "ct":
		return p.ct()
	case "meta":
		return p.l4proto()
	case "iifname":
		return p.ifname(expr.MetaKeyIIFNAME)
	case "oifname":
		return p.ifname(expr.MetaKeyOIFNAME)
	case "counter":
		p.add(&expr.Counter{})
		return nil
	case "accept":
		return p.verdict(&expr.Verdict{Kind: expr.VerdictAccept})
	case "drop":
		return p.verdict(&expr.Verdict{Kind: expr.VerdictDrop})
	case "reject":
		return p.reject()
	case "snat":
		return p.translate(expr.NATTypeSourceNAT, "postrouting", "input")
	case "dnat":
		return p.translate(expr.NATTypeDestNAT, "prerouting", "output")
	case "masquerade":
		if err := p.natIn("postrouting"); err != nil {
			return err
		}
		return p.verdict(&expr.Masq{})
	case "redirect":
		return p.redirect()
	default:
		return expected(w, "ip, ip6, tcp, ct, meta, iifname, oifname, counter, accept, drop, reject, snat, dnat, masquerade or redirect")
	}
}

// comparison reads "!=", "==" or nothing, which is the same as "==".
func (p *nftParser) comparison() expr.CmpOp {
	if p.accept("!=") {
		return expr.CmpOpNeq
	}
	p.accept("==")
	return expr.CmpOpEq
}

// only lets pass what has a byte of metadata.
func (p *nftParser) only(key expr.MetaKey, value byte) {
	p.add(&expr.Meta{Key: key, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{value}})
}

// onlyTCP lets only TCP pass to what follows.
func (p *nftParser) onlyTCP() {
	if !p.rule.tcp {
		p.only(expr.MetaKeyL4PROTO, unix.IPPROTO_TCP)
		p.rule.tcp = true
	}
}

// ip reads what stands behind "ip" or "ip6".
func (p *nftParser) ip(family nftables.TableFamily) error {
	v6 := family == nftables.TableFamilyIPv6
	p.only(expr.MetaKeyNFPROTO, byte(family))
	field, err := p.oneOf("saddr", "daddr", "ttl", "hoplimit", "id")
	if err != nil {
		return err
	}
	switch {
	case (field == "ttl" || field == "id") && v6, field == "hoplimit" && !v6:
		return expected(field, "a field of this version of IP")
	case field == "saddr" || field == "daddr":
		return p.address(v6, field)
	case p.accept("set"):
		return p.setField(field)
	case field == "id":
		return p.compareField(unix.NFT_PAYLOAD_NETWORK_HEADER, 4, 2, 0xffff)
	case field == "ttl":
		return p.compareField(unix.NFT_PAYLOAD_NETWORK_HEADER, 8, 1, 0xff)
	}
	return p.compareField(unix.NFT_PAYLOAD_NETWORK_HEADER, 7, 1, 0xff)
}

// address reads an address, a net or an actor's name, and compares.
func (p *nftParser) address(v6 bool, field string) error {
	op := p.comparison()
	net, err := p.net(v6)
	if err != nil {
		return err
	}
	load := &expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: 12, Len: 4}
	if v6 {
		load.Offset, load.Len = 8, 16
	}
	if field == "daddr" {
		load.Offset += load.Len
	}
	mask := ipNet(net).Mask
	p.add(load,
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: load.Len, Mask: mask, Xor: make([]byte, load.Len)},
		&expr.Cmp{Op: op, Register: 1, Data: net.Masked().Addr().AsSlice()})
	return nil
}

func (p *nftParser) net(v6 bool) (netip.Prefix, error) {
	w := p.next()
	a, err := netip.ParseAddr(w)
	if err == nil && a.Is6() == v6 {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	if net, err := netip.ParsePrefix(w); err == nil && net.Addr().Is6() == v6 {
		return net, nil
	}
	for _, a := range p.resolve(w) {
		if a.Is6() == v6 {
			return netip.PrefixFrom(a, a.BitLen()), nil
		}
	}
	return netip.Prefix{}, expected(w, "an address, a net or an actor with an address of this version of IP")
}

// setField reads the value that a field of IPv4 is set to, ttl or id.
func (p *nftParser) setField(field string) error {
	var offset uint32
	var mask, value [2]byte // what stays of the field's two bytes, what comes into them
	switch field {
	case "id":
		n, err := p.number(0xffff)
		if err != nil {
			return err
		}
		offset = 4
		binary.BigEndian.PutUint16(value[:], uint16(n))
	case "ttl":
		n, err := p.number(0xff)
		if err != nil {
			return err
		}
		offset = 8
		mask[1], value[0] = 0xff, byte(n)
	default:
		return expected("set", "a value to compare "+field+" with")
	}
	p.add(
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 2},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 2, Mask: mask[:], Xor: value[:]},
		&expr.Payload{
			OperationType: expr.PayloadWrite, SourceRegister: 1, Base: expr.PayloadBaseNetworkHeader,
			Offset: offset, Len: 2, CsumType: expr.CsumTypeInet, CsumOffset: 10,
		})
	return nil
}

// compareField reads a number, or a range, and compares a header's field.
func (p *nftParser) compareField(base, offset, length uint32, max uint64) error {
	op := p.comparison()
	from, to, err := p.numbers(max)
	if err != nil {
		return err
	}
	bytes := func(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n)[8-length:] }
	p.add(&expr.Payload{DestRegister: 1, Base: expr.PayloadBase(base), Offset: offset, Len: length})
	if from == to {
		p.add(&expr.Cmp{Op: op, Register: 1, Data: bytes(from)})
	} else {
		p.add(&expr.Range{Op: op, Register: 1, FromData: bytes(from), ToData: bytes(to)})
	}
	return nil
}

// numbers reads "80" or "80-90".
func (p *nftParser) numbers(max uint64) (from, to uint64, err error) {
	w := p.next()
	low, high, isRange := strings.Cut(w, "-")
	from, err = strconv.ParseUint(low, 0, 64)
	to = from
	if err == nil && isRange {
		to, err = strconv.ParseUint(high, 0, 64)
	}
	if err != nil || from > to || to > max {
		return 0, 0, expected(w, fmt.Sprintf("a number up to %d, or a range of them", max))
	}
	return from, to, nil
}

// tcp reads what stands behind "tcp".
func (p *nftParser) tcp() error {
	field, err := p.oneOf("sport", "dport", "flags")
	if err != nil {
		return err
	}
	p.onlyTCP()
	switch field {
	case "sport":
		return p.compareField(unix.NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2, 0xffff)
	case "dport":
		return p.compareField(unix.NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, 0xffff)
	}
	return p.flags()
}

// nftFlags are the bits of TCP's flags by nft's names.
var nftFlags = map[string]byte{
	"fin": 0x01, "syn": 0x02, "rst": 0x04, "psh": 0x08, "ack": 0x10, "urg": 0x20, "ecn": 0x40, "cwr": 0x80,
}

// flags reads "rst" (one of these is set), "!= rst", "& (syn|ack) == syn".
func (p *nftParser) flags() error {
	p.add(&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 13, Len: 1})
	masked := func(mask byte, op expr.CmpOp, value byte) {
		p.add(&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 1, Mask: []byte{mask}, Xor: []byte{0}},
			&expr.Cmp{Op: op, Register: 1, Data: []byte{value}})
	}
	if p.accept("&") {
		mask, err := p.flagList()
		if err != nil {
			return err
		}
		op, err := p.oneOf("==", "!=")
		if err != nil {
			return err
		}
		value, err := p.flagList()
		if err != nil {
			return err
		}
		masked(mask, map[string]expr.CmpOp{"==": expr.CmpOpEq, "!=": expr.CmpOpNeq}[op], value)
		return nil
	}
	exact := p.peek() == "==" || p.peek() == "!="
	op := p.comparison()
	value, err := p.flagList()
	switch {
	case err != nil:
		return err
	case exact:
		p.add(&expr.Cmp{Op: op, Register: 1, Data: []byte{value}})
	default:
		masked(value, expr.CmpOpNeq, 0)
	}
	return nil
}

// flagList reads flags joined by "|" or ",", in brackets or not; 0 is none.
func (p *nftParser) flagList() (byte, error) {
	brackets := p.accept("(")
	var all byte
	for {
		w := p.next()
		bit, ok := nftFlags[w]
		if w != "0" && w != "0x0" && !ok {
			return 0, expected(w, "flags: fin, syn, rst, psh, ack, urg, ecn, cwr")
		}
		all |= bit
		if !p.accept("|") && !p.accept(",") {
			break
		}
	}
	if brackets && !p.accept(")") {
		return 0, expected(p.peek(), ")")
	}
	return all, nil
}

// ctStates are the states of connection tracking.
var ctStates = map[string]uint32{
	"invalid":     expr.CtStateBitINVALID,
	"established": expr.CtStateBitESTABLISHED,
	"related":     expr.CtStateBitRELATED,
	"new":         expr.CtStateBitNEW,
	"untracked":   expr.CtStateBitUNTRACKED,
}

// ct reads "state established,related".
func (p *nftParser) ct() error {
	if _, err := p.oneOf("state"); err != nil {
		return err
	}
	op := p.comparison()
	var mask uint32
	for {
		w := p.next()
		bit, ok := ctStates[w]
		if !ok {
			return expected(w, strings.Join(slices.Sorted(maps.Keys(ctStates)), ", "))
		}
		mask |= bit
		if !p.accept(",") {
			break
		}
	}
	inverse := map[expr.CmpOp]expr.CmpOp{expr.CmpOpEq: expr.CmpOpNeq, expr.CmpOpNeq: expr.CmpOpEq}[op]
	p.add(&expr.Ct{Key: expr.CtKeySTATE, Register: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: binary.NativeEndian.AppendUint32(nil, mask), Xor: make([]byte, 4)},
		&expr.Cmp{Op: inverse, Register: 1, Data: make([]byte, 4)})
	return nil
}

// l4proto reads "l4proto tcp".
func (p *nftParser) l4proto() error {
	if _, err := p.oneOf("l4proto"); err != nil {
		return err
	}
	proto, err := p.oneOf("tcp", "udp", "icmp", "icmpv6")
	if err != nil {
		return err
	}
	if proto == "tcp" {
		p.onlyTCP()
		return nil
	}
	p.only(expr.MetaKeyL4PROTO, map[string]byte{"udp": unix.IPPROTO_UDP, "icmp": unix.IPPROTO_ICMP, "icmpv6": unix.IPPROTO_ICMPV6}[proto])
	return nil
}

// ifname reads an interface's name.
func (p *nftParser) ifname(key expr.MetaKey) error {
	op := p.comparison()
	w := strings.Trim(p.next(), `"`)
	if w == "" || len(w) >= unix.IFNAMSIZ {
		return expected(w, "an interface's name")
	}
	name := make([]byte, unix.IFNAMSIZ)
	copy(name, w)
	p.add(&expr.Meta{Key: key, Register: 1}, &expr.Cmp{Op: op, Register: 1, Data: name})
	return nil
}

// rejections are the ICMP errors that a rule may answer with, for both
// versions of IP.
var rejections = map[string]uint8{
	"no-route":         unix.NFT_REJECT_ICMPX_NO_ROUTE,
	"port-unreachable": unix.NFT_REJECT_ICMPX_PORT_UNREACH,
	"host-unreachable": unix.NFT_REJECT_ICMPX_HOST_UNREACH,
	"admin-prohibited": unix.NFT_REJECT_ICMPX_ADMIN_PROHIBITED,
}

// reject reads "", "with tcp reset" or "with icmpx port-unreachable".
func (p *nftParser) reject() error {
	code := uint8(unix.NFT_REJECT_ICMPX_PORT_UNREACH)
	if p.rule.hook == "prerouting" || p.rule.hook == "postrouting" {
		return fmt.Errorf("reject in %s, expected it in input, forward or output", p.rule.hook)
	}
	if p.accept("with") {
		kind, err := p.oneOf("tcp", "icmpx")
		if err != nil {
			return err
		}
		if kind == "tcp" {
			if _, err := p.oneOf("reset"); err != nil {
				return err
			}
			p.onlyTCP() // the kernel sends resets to TCP only
			return p.verdict(&expr.Reject{Type: unix.NFT_REJECT_TCP_RST})
		}
		p.accept("type")
		name, err := p.oneOf(slices.Sorted(maps.Keys(rejections))...)
		if err != nil {
			return err
		}
		code = rejections[name]
	}
	return p.verdict(&expr.Reject{Type: unix.NFT_REJECT_ICMPX_UNREACH, Code: code})
}

// natIn puts the rule into a chain of type nat, if its hook has one.
func (p *nftParser) natIn(hooks ...string) error {
	if !slices.Contains(hooks, p.rule.hook) {
		return fmt.Errorf("translation in %s, expected it in %s", p.rule.hook, strings.Join(hooks, " or "))
	}
	p.rule.nat = true
	return nil
}

// translate reads "to ADDRESS[:PORT[-PORT]] [random] [fully-random]
// [persistent]".
func (p *nftParser) translate(kind expr.NATType, hooks ...string) error {
	if err := p.natIn(hooks...); err != nil {
		return err
	}
	if w := p.peek(); w == "ip" || w == "ip6" {
		p.next()
	}
	if _, err := p.oneOf("to"); err != nil {
		return err
	}
	w := p.next()
	to, ports, hasPorts, err := p.target(w)
	if err != nil {
		return err
	}
	family := byte(unix.NFPROTO_IPV4)
	if to.Is6() {
		family = unix.NFPROTO_IPV6
	}
	p.only(expr.MetaKeyNFPROTO, family)
	nat := &expr.NAT{Type: kind, Family: uint32(family), RegAddrMin: 1}
	if hasPorts {
		if !p.rule.tcp {
			return fmt.Errorf("found %q, expected a match of TCP before a port is translated (meta l4proto tcp)", w)
		}
		p.add(&expr.Immediate{Register: 2, Data: binary.BigEndian.AppendUint16(nil, ports[0])},
			&expr.Immediate{Register: 3, Data: binary.BigEndian.AppendUint16(nil, ports[1])})
		nat.RegProtoMin, nat.RegProtoMax = 2, 3
	}
	p.add(&expr.Immediate{Register: 1, Data: to.AsSlice()})
	for {
		switch {
		case p.accept("random"):
			nat.Random = true
		case p.accept("fully-random"):
			nat.FullyRandom = true
		case p.accept("persistent"):
			nat.Persistent = true
		case p.accept(","):
		default:
			return p.verdict(nat)
		}
	}
}

// target reads 192.0.2.1, 192.0.2.1:80-90, [2001:db8::1]:80 or an actor's name
// in place of the address.
func (p *nftParser) target(w string) (to netip.Addr, ports [2]uint16, hasPorts bool, err error) {
	bad := expected(w, "an address or an actor, and perhaps its ports: 192.0.2.1:80-90, [2001:db8::1]:80")
	host, port := w, ""
	if i := strings.LastIndex(w, ":"); i >= 0 && (strings.Contains(w, "]:") || strings.Count(w, ":") == 1) {
		host, port, hasPorts = w[:i], w[i+1:], true
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if to, err = netip.ParseAddr(host); err != nil {
		addrs := p.resolve(host)
		if len(addrs) == 0 {
			return to, ports, false, bad
		}
		to = addrs[0]
	}
	if !hasPorts {
		return to, ports, false, nil
	}
	low, high, isRange := strings.Cut(port, "-")
	if !isRange {
		high = low
	}
	for i, s := range []string{low, high} {
		n, err := strconv.ParseUint(s, 10, 16)
		if err != nil {
			return to, ports, false, bad
		}
		ports[i] = uint16(n)
	}
	return to, ports, true, nil
}

// redirect reads "[to :PORT]": to this host itself.
func (p *nftParser) redirect() error {
	if err := p.natIn("prerouting", "output"); err != nil {
		return err
	}
	redirect := &expr.Redir{}
	if p.accept("to") {
		w := p.next()
		n, err := strconv.ParseUint(strings.TrimPrefix(w, ":"), 10, 16)
		if err != nil {
			return expected(w, "a port: :8080")
		}
		if !p.rule.tcp {
			return fmt.Errorf("found %q, expected a match of TCP before a port is translated (meta l4proto tcp)", w)
		}
		p.add(&expr.Immediate{Register: 1, Data: binary.BigEndian.AppendUint16(nil, uint16(n))})
		redirect.RegisterProtoMin = 1
	}
	return p.verdict(redirect)
}
