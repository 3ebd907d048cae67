package segment

import (
	"fmt"
	"strings"
)

// The letters of the flags, in tcpdump's order.
var flagLetters = []struct {
	letter rune
	flag   Flags
}{
	{'F', FIN}, {'S', SYN}, {'R', RST}, {'P', PSH}, {'.', ACK}, {'U', URG}, {'E', ECE}, {'W', CWR},
}

// String writes f as tcpdump does, "S." or "none".
func (f Flags) String() string {
	if f == 0 {
		return "none"
	}
	var b strings.Builder
	for _, l := range flagLetters {
		if f&l.flag != 0 {
			b.WriteRune(l.letter)
		}
	}
	return b.String()
}

// ParseFlags reads flags in any order. Its errors are of type *[Error]; columns
// count in s.
func ParseFlags(s string) (Flags, error) {
	f, err := parseFlags(s)
	if err != nil {
		return 0, err
	}
	return f, nil
}

func parseFlags(s string) (Flags, *Error) {
	if s == "none" {
		return 0, nil
	}
	var f Flags
	for i, r := range []rune(s) {
		bit := letterFlag(r)
		if bit == 0 {
			return 0, &Error{i + 1, 1, fmt.Sprintf(`bad flag %q; flags are F S R P . U E W, ACK is "." (SYN+ACK is "S.")`, string(r))}
		}
		if f&bit != 0 {
			return 0, &Error{i + 1, 1, fmt.Sprintf("flag %q is written twice", string(r))}
		}
		f |= bit
	}
	if f == 0 {
		return 0, &Error{1, 1, "no flags; write none where there are none"}
	}
	return f, nil
}

func letterFlag(r rune) Flags {
	for _, l := range flagLetters {
		if l.letter == r {
			return l.flag
		}
	}
	return 0
}
