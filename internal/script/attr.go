package script

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"rstlab/internal/segment"
)

// Find gives the attribute with that key.
func Find(attrs []Attr, key string) (Attr, bool) {
	i := slices.IndexFunc(attrs, func(a Attr) bool { return a.Key == key })
	if i < 0 {
		return Attr{}, false
	}
	return attrs[i], true
}

// The accessors read a value as what its key holds. Parse has checked the
// values of the keys that it knows; an error is about any other.

// Number reads "128" or "0x80".
func (a Attr) Number() (uint64, error) {
	n, ok := segment.ParseNumber(a.Value)
	if !ok {
		return 0, a.bad("a number")
	}
	return n, nil
}

// Int reads a number that may have a sign.
func (a Attr) Int() (int, error) {
	n, _, err := a.Shift()
	return int(n), err
}

// Shift reads "+5" and "-5", by which a number is moved, and "5", to which it
// is set.
func (a Attr) Shift() (n int64, by bool, err error) {
	digits := strings.TrimLeft(a.Value, "+-")
	u, ok := segment.ParseNumber(digits)
	if !ok || len(a.Value)-len(digits) > 1 || u > 1<<62 {
		return 0, false, a.bad("a number, + or - before it")
	}
	n = int64(u)
	if strings.HasPrefix(a.Value, "-") {
		n = -n
	}
	return n, len(digits) < len(a.Value), nil
}

// Duration reads "1.5s".
func (a Attr) Duration() (time.Duration, error) {
	d, why := parseDuration(a.Value)
	if why != "" {
		return 0, fmt.Errorf("%s=%s: %s", a.Key, a.Value, why)
	}
	return d, nil
}

// Addrs reads "192.0.2.1,192.0.2.2".
func (a Attr) Addrs() ([]netip.Addr, error) {
	var addrs []netip.Addr
	for s := range strings.SplitSeq(a.Value, ",") {
		addr, err := netip.ParseAddr(s)
		if err != nil || addr.Zone() != "" {
			return nil, a.bad("an address, or several with commas")
		}
		addrs = append(addrs, addr)
	}
	return addrs, nil
}

// Prefix reads "192.0.2.0/24".
func (a Attr) Prefix() (netip.Prefix, error) {
	p, err := netip.ParsePrefix(a.Value)
	if err != nil {
		return p, a.bad("an address and its /len")
	}
	return p, nil
}

// Bool reads "yes" or "no", and "1" or "0" of keys that are so in C.
func (a Attr) Bool() (bool, error) {
	switch a.Value {
	case "yes", "1":
		return true, nil
	case "no", "0":
		return false, nil
	}
	return false, a.bad("yes or no")
}

// Text gives the value without the quotes that it may have.
func (a Attr) Text() (string, error) {
	if !strings.HasPrefix(a.Value, `"`) {
		return a.Value, nil
	}
	s, err := strconv.Unquote(a.Value)
	if err != nil {
		return "", a.bad("a string")
	}
	return s, nil
}

// Flags reads "R.".
func (a Attr) Flags() (segment.Flags, error) {
	f, err := segment.ParseFlags(a.Value)
	if err != nil {
		return 0, a.bad("flags")
	}
	return f, nil
}

// Endpoint reads a host or address, with a port where one follows.
func (a Attr) Endpoint() (segment.Endpoint, error) {
	e, err := segment.ParseEndpoint(a.Value)
	if err != nil {
		return e, a.bad("a host or address, a port behind a dot")
	}
	return e, nil
}

// Options reads "<mss 1460,sackOK>", what rewrite writes behind "to".
func (a Attr) Options() ([]segment.Option, error) {
	toks, _, err := segment.Lex(a.Value)
	if err != nil {
		return nil, a.bad("options")
	}
	opts, err := segment.NewCursor(a.Value, toks).Options()
	if err != nil {
		return nil, a.bad("options")
	}
	return opts, nil
}

func (a Attr) bad(want string) error {
	return fmt.Errorf("bad %s=%s; write %s", a.Key, a.Value, want)
}

var durationForm = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?(us|ms|s|m)$`)

// parseDuration reads "1.5s"; why says what is wrong with s.
func parseDuration(s string) (d time.Duration, why string) {
	if numberForm.MatchString(s) {
		return 0, fmt.Sprintf("duration %q has no unit; write %ss or %sms", s, s, s)
	}
	if !durationForm.MatchString(s) {
		return 0, fmt.Sprintf("bad duration %q; write a number and its unit: us ms s m", s)
	}
	d, err := time.ParseDuration(s)
	if err != nil || d > maxDuration {
		return 0, fmt.Sprintf("duration %q is too long; write %v at most", s, maxDuration)
	}
	return d, ""
}

var numberForm = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

// No scenario takes longer; sums of a few durations still fit their type.
const maxDuration = 24 * time.Hour
