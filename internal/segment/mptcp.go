package segment

import (
	"errors"
	"fmt"
	"strconv"
)

// The subtypes of the MPTCP option by number (RFC 8684, section 8.1).
var mptcpSubtypes = []string{
	"capable", "join", "dss", "add-addr", "remove-addr", "prio", "fail", "fastclose", "rst",
}

const (
	mptcpCapable = 0
	mptcpRST     = 8
)

// writeMPTCP reads a subtype (its number where it has no name), then "reason
// N" of a rst (0 where it is not written), the four bits behind the subtype as
// "version N" of capable or else "flags N", and the rest in hex.
func writeMPTCP(args []string) ([]byte, error) {
	if len(args) == 0 {
		return nil, errors.New("it needs a subtype")
	}
	subtype := index(mptcpSubtypes, args[0])
	if subtype < 0 {
		n, err := parseUint(args[0], 4)
		if err != nil || n < uint64(len(mptcpSubtypes)) {
			return nil, fmt.Errorf("unknown subtype %s%s", args[0], DidYouMean(args[0], mptcpSubtypes...))
		}
		subtype = int(n)
	}
	args = args[1:]
	value := func(word string, bits int) (byte, error) {
		if len(args) == 0 || args[0] != word {
			return 0, nil
		}
		if len(args) == 1 {
			return 0, fmt.Errorf("no number behind %s", word)
		}
		n, err := parseUint(args[1], bits)
		args = args[2:]
		return byte(n), err
	}
	var reason, low byte
	var err error
	if subtype == mptcpRST {
		if reason, err = value("reason", 8); err != nil {
			return nil, err
		}
	}
	if low, err = value(mptcpLow(subtype), 4); err != nil {
		return nil, err
	}
	data := []byte{byte(subtype)<<4 | low}
	if subtype == mptcpRST {
		data = append(data, reason)
	}
	switch len(args) {
	case 0:
		return data, nil
	case 1:
		rest, err := unquoteHex(args[0])
		return append(data, rest...), err
	}
	return nil, fmt.Errorf("unexpected %s", args[0])
}

func readMPTCP(data []byte) ([]string, bool) {
	if len(data) == 0 {
		return nil, false
	}
	subtype, low := int(data[0]>>4), data[0]&15
	name := strconv.Itoa(subtype)
	if subtype < len(mptcpSubtypes) {
		name = mptcpSubtypes[subtype]
	}
	args := []string{name}
	data = data[1:]
	if subtype == mptcpRST {
		if len(data) == 0 {
			return nil, false
		}
		args = append(args, "reason", strconv.Itoa(int(data[0])))
		data = data[1:]
	}
	if low != 0 {
		args = append(args, mptcpLow(subtype), strconv.Itoa(int(low)))
	}
	if len(data) > 0 {
		args = append(args, quoteHex(data))
	}
	return args, true
}

// mptcpLow names the four bits behind the subtype.
func mptcpLow(subtype int) string {
	if subtype == mptcpCapable {
		return "version"
	}
	return "flags"
}
