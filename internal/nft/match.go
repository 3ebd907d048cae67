package nft

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"rstlab/internal/segment"
)

// match reads a comparison and its operands.
func (p *parser) match(f *Field) *segment.Error {
	m := &Match{Field: f, Op: Equal}
	if f.Kind == Bits {
		if err := p.bits(m); err != nil {
			return err
		}
		p.add(m)
		return nil
	}
	if f.Base == Network && f.Kind == Number && f.Most() != 1<<(8*f.Size)-1 {
		m.Mask = f.encode(f.Most())
	}
	t := p.Peek()
	if t.Kind == segment.Punct && slices.Contains([]string{"==", "!=", "<", ">", "<=", ">="}, t.Text) {
		p.Next()
		m.Op = Op(t.Text)
	}
	ordered := m.Op != Equal && m.Op != NotEqual
	if ordered && f.Kind != Number {
		return t.Errorf("%s has no order; compare it with == or !=", f.Name)
	}
	operands, err := p.operands(f)
	if err != nil {
		return err
	}
	if ordered && (len(operands) > 1 || string(operands[0].From) != string(operands[0].To)) {
		return t.Errorf("%s compares with one value, not with several", t.Text)
	}
	m.Operands = operands
	p.add(m)
	return nil
}

// operands reads one operand, or several in braces.
func (p *parser) operands(f *Field) ([]Operand, *segment.Error) {
	if !p.Accept("{") {
		o, err := p.operand(f)
		return []Operand{o}, err
	}
	var all []Operand
	for {
		o, err := p.operand(f)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
		if p.Accept("}") {
			return all, nil
		}
		if !p.Accept(",") {
			return nil, wants(p.Peek(), `","`, `"}"`)
		}
	}
}

// operand reads one value, range, address or name.
func (p *parser) operand(f *Field) (Operand, *segment.Error) {
	t := p.Next()
	var o Operand
	var err *segment.Error
	switch f.Kind {
	case Address:
		o, err = addressOperand(t, f.Family)
	case Interface:
		o.Name = strings.Trim(t.Text, `"`)
		if t.Kind != segment.Word || o.Name == "" || len(o.Name) >= int(f.Size) {
			err = t.Expected("the name of an interface or of a neighbour")
		}
	case Names:
		n, ok := lookup(f.Values, t.Text)
		if v, isNumber := segment.ParseNumber(t.Text); isNumber && v <= f.Most() {
			n, ok = uint32(v), true
		}
		if !ok {
			err = wants(t, words(f.Values)...)
		}
		o.From = f.encode(uint64(n))
		o.To = o.From
	default:
		o, err = numberOperand(t, f)
	}
	o.Col, o.Len = t.Col, max(t.Len(), 1)
	return o, err
}

// numberOperand reads a number, or two with "-" between.
func numberOperand(t segment.Token, f *Field) (Operand, *segment.Error) {
	from, to, isRange := strings.Cut(t.Text, "-")
	if !isRange {
		to = from
	}
	first, ok1 := f.parse(from)
	last, ok2 := f.parse(to)
	switch {
	case t.Kind != segment.Word:
		return Operand{}, t.Expected("a value of " + f.Name)
	case !ok1 || !ok2:
		if f.Size > 8 {
			return Operand{}, t.Errorf("bad %s %q; write a hexadecimal number of %d digits at most", f.Name, t.Text, 2*f.Size)
		}
		return Operand{}, t.Errorf("bad %s %q; write a number from 0 to %d", f.Name, t.Text, f.Most())
	case string(first) > string(last):
		return Operand{}, t.Errorf("bad range %q; its end lies before its beginning", t.Text)
	}
	return Operand{From: first, To: last}, nil
}

// parse reads a number into the order of the wire.
func (f *Field) parse(s string) ([]byte, bool) {
	if n, ok := segment.ParseNumber(s); ok {
		return f.encode(n), n <= f.Most()
	}
	digits, hex := strings.CutPrefix(s, "0x")
	if !hex || digits == "" || len(digits) > int(2*f.Size) {
		return nil, false
	}
	b := make([]byte, f.Size)
	for i := range len(digits) {
		n, err := strconv.ParseUint(digits[len(digits)-1-i:len(digits)-i], 16, 8)
		if err != nil {
			return nil, false
		}
		b[int(f.Size)-1-i/2] |= byte(n) << (i % 2 * 4)
	}
	return b, true
}

// encode writes a number into the order of the wire, at its place in the
// field's bytes.
func (f *Field) encode(n uint64) []byte {
	b := make([]byte, 8+f.Size)
	binary.BigEndian.PutUint64(b[f.Size:], n<<f.Shift)
	return b[8:]
}

// bits reads what a field of bits is compared with:
//
//	syn,ack            one of them is set
//	== syn|ack         these and no other
//	& (syn|ack) == syn of these, syn alone
//	syn / syn,ack      the same
func (p *parser) bits(m *Match) *segment.Error {
	f := m.Field
	if p.Accept("&") {
		if f.Base == Conntrack {
			return p.Peek().Errorf("%s takes no mask; write the states that may be, with commas", f.Name)
		}
		mask, err := p.expression(f)
		if err != nil {
			return err
		}
		op := p.Next()
		if !op.Is("==") && !op.Is("!=") {
			return wants(op, `"=="`, `"!="`)
		}
		value, err := p.expression(f)
		if err != nil {
			return err
		}
		m.masked(mask, Op(op.Text), value)
		return nil
	}
	var op Op
	if t := p.Peek(); t.Is("==") || t.Is("!=") {
		p.Next()
		op = Op(t.Text)
	}
	if op != "" && f.Base != Conntrack {
		value, err := p.expression(f)
		if err != nil {
			return err
		}
		if !p.Accept("/") {
			m.masked(f.all(), op, value)
			return nil
		}
		mask, err := p.commas(f)
		if err != nil {
			return err
		}
		m.masked(mask, op, value)
		return nil
	}
	value, err := p.commas(f)
	if err != nil {
		return err
	}
	if p.Accept("/") {
		mask, err := p.commas(f)
		if err != nil {
			return err
		}
		m.masked(mask, Equal, value)
		return nil
	}
	m.masked(value, NotEqual, 0)
	if op == NotEqual {
		m.Op = Equal
	}
	return nil
}

// masked sets what a match of bits compares.
func (m *Match) masked(mask uint32, op Op, value uint32) {
	m.Op = op
	m.Mask = m.Field.encode(uint64(mask))
	v := m.Field.encode(uint64(value))
	m.Operands = []Operand{{From: v, To: v}}
}

// all is all of a field's bits.
func (f *Field) all() uint32 { return uint32(f.Most()) }

// commas reads bits with commas between them, in braces or not.
func (p *parser) commas(f *Field) (uint32, *segment.Error) {
	braces := p.Accept("{")
	n, err := p.bit(f)
	for err == nil && p.Accept(",") {
		var more uint32
		more, err = p.bit(f)
		n |= more
	}
	if t := p.Peek(); err == nil && t.Is("|") {
		err = t.Errorf(`unexpected "|"; write a comma for "one of them", "==" before the first for "all of them"`)
	}
	if err == nil && braces && !p.Accept("}") {
		err = wants(p.Peek(), `","`, `"}"`)
	}
	return n, err
}

// expression reads bits with "|" between them: one, or several in parentheses,
// which may be left out where nothing else could be meant.
func (p *parser) expression(f *Field) (uint32, *segment.Error) {
	inside := p.Accept("(")
	n, err := p.bit(f)
	for err == nil && p.Accept("|") {
		var more uint32
		more, err = p.bit(f)
		n |= more
	}
	if err == nil && inside && !p.Accept(")") {
		err = wants(p.Peek(), `"|"`, `")"`)
	}
	return n, err
}

// bit reads a bit's name, or several as a number.
func (p *parser) bit(f *Field) (uint32, *segment.Error) {
	t := p.Next()
	n, ok := lookup(f.Values, t.Text)
	if v, isNumber := segment.ParseNumber(t.Text); isNumber && v <= f.Most() {
		n, ok = uint32(v), true
	}
	if !ok {
		return 0, wants(t, words(f.Values)...)
	}
	return n, nil
}

// addressOperand reads an address, a prefix, a range of addresses or a name.
func addressOperand(t segment.Token, f Family) (Operand, *segment.Error) {
	if t.Kind != segment.Word {
		return Operand{}, t.Expected("an address or a name")
	}
	if from, to, ok := strings.Cut(t.Text, "-"); ok {
		first, err1 := netip.ParseAddr(from)
		last, err2 := netip.ParseAddr(to)
		if err1 == nil && err2 == nil && first.Compare(last) <= 0 {
			return address(t, first, last, f)
		}
	}
	if prefix, err := netip.ParsePrefix(t.Text); err == nil {
		return address(t, prefix.Masked().Addr(), lastOf(prefix), f)
	}
	if a, err := netip.ParseAddr(t.Text); err == nil {
		return address(t, a, a, f)
	}
	if !segment.IsName(t.Text) {
		return Operand{}, t.Errorf("bad address %q; write an address, ADDRESS/LENGTH, FIRST-LAST or the name of an actor", t.Text)
	}
	return Operand{Name: t.Text}, nil
}

// address is an operand of addresses, if they are of family f or f is 0.
func address(t segment.Token, first, last netip.Addr, f Family) (Operand, *segment.Error) {
	if first.Zone() != "" || first.Is4In6() || last.Zone() != "" {
		return Operand{}, t.Errorf("bad address %q; write it plainly", t.Text)
	}
	if f != 0 && f != familyOf(first) || familyOf(first) != familyOf(last) {
		return Operand{}, t.Errorf("%q is not of IPv%d", t.Text, f)
	}
	return Operand{First: first, Last: last}, nil
}

func familyOf(a netip.Addr) Family {
	if a.Is4() {
		return 4
	}
	return 6
}

// lastOf is the last address of a prefix.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for i := p.Bits(); i < 8*len(b); i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}
