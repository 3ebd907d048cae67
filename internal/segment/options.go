package segment

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// An optionKind is a row of the table of options: its number, tcpdump's name,
// and how its data is written as words and read from them. A nil write is an
// option without length and data. Write has at least one argument.
type optionKind struct {
	number byte
	name   string
	args   string // for errors
	write  func(args []string) ([]byte, error)
	read   func(data []byte) (args []string, ok bool)
}

// The options of the IANA registry that a TCP stack of today sends. All others
// are written unknown-N "hex".
var optionKinds = []optionKind{
	{0, "eol", "nothing", nil, nil},
	{1, "nop", "nothing", nil, nil},
	{2, "mss", "a number", writeUint(16), readUint(16)},
	{3, "wscale", "a number", writeUint(8), readUint(8)},
	{4, "sackOK", "nothing", writeNothing, readNothing},
	{5, "sack", "one to four blocks such as 1:101", writeSACK, readSACK},
	{8, "TS", "val N ecr N", writeTS, readTS},
	{19, "md5", `a digest of 32 hex digits, or nothing`, writeHex(16, 16), readHex(16, 16)},
	{28, "uto", "a number", writeUint(16), readUint(16)},
	{29, "tcp-ao", `keyid N rnextkeyid N and the code as "hex"`, writeAO, readAO},
	{30, "mptcp", `a subtype, then reason N, version N or flags N, and the rest as "hex"`, writeMPTCP, readMPTCP},
	{34, "tfo", `a cookie as "hex", or nothing`, writeHex(1, 38), readHex(0, 38)},
}

// A header's data offset leaves this much for options (RFC 9293, 3.1).
const maxOptions = 40

// EncodeOptions gives the bytes of options as they stand in a header, padded
// with zeros (end of option list) to a multiple of four. An option whose
// arguments are not written has zeros for them; one that needs them, and more
// than 40 bytes in all, are errors.
func EncodeOptions(opts []Option) ([]byte, error) {
	var b []byte
	for _, o := range opts {
		data, number, err := o.encode()
		if err != nil {
			return nil, fmt.Errorf("option %v: %w", o, err)
		}
		b = append(b, number)
		if number > 1 {
			b = append(b, byte(2+len(data)))
		}
		b = append(b, data...)
	}
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	if len(b) > maxOptions {
		return nil, fmt.Errorf("options take %d bytes, a header holds %d", len(b), maxOptions)
	}
	return b, nil
}

// encode gives o's data and number.
func (o Option) encode() (data []byte, number byte, err error) {
	kind, err := findKind(o.Kind)
	if err != nil {
		return nil, 0, err
	}
	if kind.write == nil {
		if len(o.Args) > 0 {
			return nil, 0, fmt.Errorf("%s takes %s", kind.name, kind.args)
		}
		return nil, kind.number, nil
	}
	data, err = kind.write(o.Args)
	return data, kind.number, err
}

// findKind gives the row of a name, one made for "unknown-N".
func findKind(name string) (optionKind, error) {
	for _, k := range optionKinds {
		if k.name == name {
			return k, nil
		}
	}
	if digits, ok := strings.CutPrefix(name, "unknown-"); ok {
		n, err := parseUint(digits, 8)
		if err != nil || n == 1 || strconv.FormatUint(n, 10) != digits {
			return optionKind{}, fmt.Errorf("bad option %q; %s", name, "its number is 0 or 2 to 255, decimal")
		}
		return optionKind{byte(n), name, `its data as "hex"`, writeHex(0, maxOptions), readHex(0, maxOptions)}, nil
	}
	names := optionNames()
	return optionKind{}, fmt.Errorf("unknown option %q; known are %s%s", name, strings.Join(names, ", "), DidYouMean(name, names...))
}

// optionNames lists the names of options.
func optionNames() []string {
	var names []string
	for _, k := range optionKinds {
		names = append(names, k.name)
	}
	return append(names, "unknown-N")
}

// DecodeOptions names the options of a header. It never fails: an option it
// does not know, or whose data is not as it should be, is unknown-N with its
// data in hex; one whose length is wrong takes the rest, that length included.
// It ends at the end of option list; padding behind that is left out, anything
// else there is unknown-0.
func DecodeOptions(b []byte) []Option {
	var opts []Option
	for len(b) > 0 {
		switch number := b[0]; {
		case number == 0:
			if strings.Trim(string(b), "\x00") != "" {
				return append(opts, unknownOption(0, b[1:]))
			}
			return append(opts, Option{Kind: "eol"})
		case number == 1:
			opts = append(opts, Option{Kind: "nop"})
			b = b[1:]
		case len(b) < 2 || b[1] < 2 || int(b[1]) > len(b):
			return append(opts, unknownOption(number, b[1:]))
		default:
			opts = append(opts, decodeOption(number, b[2:b[1]]))
			b = b[b[1]:]
		}
	}
	return opts
}

func decodeOption(number byte, data []byte) Option {
	for _, k := range optionKinds {
		if k.number == number {
			if args, ok := k.read(data); ok {
				return Option{Kind: k.name, Args: args}
			}
		}
	}
	return unknownOption(number, data)
}

func unknownOption(number byte, data []byte) Option {
	return Option{Kind: fmt.Sprintf("unknown-%d", number), Args: []string{quoteHex(data)}}
}

func quoteHex(data []byte) string { return strconv.Quote(hex.EncodeToString(data)) }

// unquoteHex reads `"0a1b"`.
func unquoteHex(s string) ([]byte, error) {
	text, err := strconv.Unquote(s)
	if err != nil {
		return nil, fmt.Errorf("%s is not a string of hex digits", s)
	}
	data, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%s is not a string of pairs of hex digits", s)
	}
	return data, nil
}

// Options takes "<mss 1460,sackOK>". Numbers and hex are put into one form. An
// option without its arguments is a pattern for any.
func (c *Cursor) Options() ([]Option, *Error) {
	if !c.Accept("<") {
		return nil, c.Peek().Expected("options in < >")
	}
	var opts []Option
	for {
		o, err := c.option()
		if err != nil {
			return nil, err
		}
		opts = append(opts, o)
		if c.Accept(">") {
			return opts, nil
		}
		if !c.Accept(",") {
			return nil, c.Peek().Expected(`"," or ">" behind option ` + o.Kind)
		}
	}
}

func (c *Cursor) option() (Option, *Error) {
	name := c.Peek()
	if name.Kind != Word {
		return Option{}, name.Expected("an option such as mss 1460")
	}
	c.next++
	o := Option{Kind: name.Text}
	kind, err := findKind(o.Kind)
	if err != nil {
		return o, name.Errorf("%v", err)
	}
	first := c.Peek()
	for c.Peek().Kind == Word || c.Peek().Kind == String {
		o.Args = append(o.Args, canonicalArg(c.Next()))
	}
	if len(o.Args) == 0 {
		return o, nil
	}
	if _, _, err := o.encode(); err != nil {
		return o, first.Errorf("bad option %v: %v; %s takes %s", o, err, kind.name, kind.args)
	}
	return o, nil
}

// canonicalArg writes numbers in decimal and hex digits in lower case.
func canonicalArg(t Token) string {
	if t.Kind == String {
		return strconv.Quote(strings.ToLower(Unquote(t.Text)))
	}
	parts := strings.Split(t.Text, ":")
	for i, p := range parts {
		if n, ok := ParseNumber(p); ok {
			parts[i] = strconv.FormatUint(n, 10)
		}
	}
	return strings.Join(parts, ":")
}

func writeNothing(args []string) ([]byte, error) {
	if len(args) > 0 {
		return nil, errors.New("nothing stands behind it")
	}
	return nil, nil
}

func readNothing(data []byte) ([]string, bool) { return nil, len(data) == 0 }

func writeUint(bits int) func([]string) ([]byte, error) {
	return func(args []string) ([]byte, error) {
		if len(args) != 1 {
			return nil, errors.New("one number stands behind it")
		}
		n, err := parseUint(args[0], bits)
		if err != nil {
			return nil, err
		}
		return binary.BigEndian.AppendUint32(nil, uint32(n))[4-bits/8:], nil
	}
}

func readUint(bits int) func([]byte) ([]string, bool) {
	return func(data []byte) ([]string, bool) {
		if len(data) != bits/8 {
			return nil, false
		}
		var n uint64
		for _, b := range data {
			n = n<<8 | uint64(b)
		}
		return []string{strconv.FormatUint(n, 10)}, true
	}
}

func writeHex(least, most int) func([]string) ([]byte, error) {
	return func(args []string) ([]byte, error) {
		switch {
		case len(args) == 0 && least == most:
			return make([]byte, least), nil
		case len(args) == 0:
			return nil, nil
		case len(args) > 1:
			return nil, errors.New("one string stands behind it")
		}
		data, err := unquoteHex(args[0])
		if err == nil && (len(data) < least || len(data) > most) {
			err = fmt.Errorf("%d bytes, not %d to %d", len(data), least, most)
		}
		return data, err
	}
}

func readHex(least, most int) func([]byte) ([]string, bool) {
	return func(data []byte) ([]string, bool) {
		if len(data) < least || len(data) > most {
			return nil, false
		}
		if len(data) == 0 {
			return nil, true
		}
		return []string{quoteHex(data)}, true
	}
}

// writeSACK reads blocks such as "1:101" (RFC 2018).
func writeSACK(args []string) ([]byte, error) {
	if len(args) == 0 || len(args) > 4 {
		return nil, fmt.Errorf("it has %d blocks, not 1 to 4", len(args))
	}
	var data []byte
	for _, a := range args {
		from, to, err := parseBlock(a)
		if err != nil {
			return nil, err
		}
		data = binary.BigEndian.AppendUint32(data, from)
		data = binary.BigEndian.AppendUint32(data, to)
	}
	return data, nil
}

func readSACK(data []byte) ([]string, bool) {
	if len(data) == 0 || len(data)%8 != 0 || len(data) > 32 {
		return nil, false
	}
	var args []string
	for ; len(data) > 0; data = data[8:] {
		args = append(args, block(binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:])))
	}
	return args, true
}

func block(from, to uint32) string { return fmt.Sprintf("%d:%d", from, to) }

func parseBlock(s string) (from, to uint32, err error) {
	f, t, ok := strings.Cut(s, ":")
	if !ok {
		return 0, 0, fmt.Errorf("block %q has no colon", s)
	}
	a, err := parseUint(f, 32)
	if err != nil {
		return 0, 0, err
	}
	b, err := parseUint(t, 32)
	return uint32(a), uint32(b), err
}

// pairs reads words such as "val 1 ecr 0" that stand in the order of names;
// what is missing at the end is 0.
func pairs(args []string, bits int, names ...string) ([]uint32, error) {
	values := make([]uint32, len(names))
	for i := 0; i < len(args); i += 2 {
		if i/2 >= len(names) || args[i] != names[i/2] {
			return nil, fmt.Errorf("unexpected %s", args[i])
		}
		if i+1 == len(args) {
			return nil, fmt.Errorf("no number behind %s", args[i])
		}
		n, err := parseUint(args[i+1], bits)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", args[i], err)
		}
		values[i/2] = uint32(n)
	}
	return values, nil
}

// writeTS reads "val 1 ecr 0" (RFC 7323).
func writeTS(args []string) ([]byte, error) {
	v, err := pairs(args, 32, "val", "ecr")
	if err != nil {
		return nil, err
	}
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, v[0]), v[1]), nil
}

func readTS(data []byte) ([]string, bool) {
	if len(data) != 8 {
		return nil, false
	}
	val, ecr := binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:])
	return []string{"val", strconv.FormatUint(uint64(val), 10), "ecr", strconv.FormatUint(uint64(ecr), 10)}, true
}

// writeAO reads `keyid 1 rnextkeyid 2 "mac"` (RFC 5925).
func writeAO(args []string) ([]byte, error) {
	var mac []byte
	if n := len(args); n > 0 && args[n-1][0] == '"' {
		var err error
		if mac, err = unquoteHex(args[n-1]); err != nil {
			return nil, err
		}
		args = args[:n-1]
	}
	v, err := pairs(args, 8, "keyid", "rnextkeyid")
	if err != nil {
		return nil, err
	}
	return append([]byte{byte(v[0]), byte(v[1])}, mac...), nil
}

func readAO(data []byte) ([]string, bool) {
	if len(data) < 2 {
		return nil, false
	}
	args := []string{"keyid", strconv.Itoa(int(data[0])), "rnextkeyid", strconv.Itoa(int(data[1]))}
	if len(data) > 2 {
		args = append(args, quoteHex(data[2:]))
	}
	return args, true
}
