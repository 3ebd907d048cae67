package canon

import (
	"slices"
	"strings"
	"time"

	"rstlab/internal/script"
	"rstlab/internal/segment"
)

// What the lab's kernels do where a script does not say otherwise (the lab's
// fixed settings; Documentation/networking/ip-sysctl.rst).
const (
	defaultRTOMin = time.Second
	defaultRTOMax = 4 * time.Second
)

// A host is what a node's kernel was told and has seen, as far as that decides
// when it sends.
type host struct {
	rtoMin, rtoMax time.Duration
	keepIdle       time.Duration // 0: no keepalive
	keepIntvl      time.Duration
	userTimeout    time.Duration
	finWait        []time.Duration // in which FIN-WAIT-2 may end by a reset
	numbersIDs     bool            // a rule of the script numbers its IPv4 packets
	oneClock       bool            // its timestamps have no offset for each connection
	acts           []act
	senders        map[flow]*sender

	step time.Duration // to an answer

	arrived []*sighting // what came in
	latest  *sighting   // the latest frame
}

func newHost(step time.Duration) host {
	return host{rtoMin: defaultRTOMin, rtoMax: defaultRTOMax, senders: map[flow]*sender{}, step: step}
}

// configure takes what a line says about timers.
func (h *host) configure(a *script.Action) error {
	for _, arg := range a.Args {
		if arg.String != nil && a.Verb == "nft" && strings.Contains(*arg.String, "ip id set") {
			h.numbersIDs = true
		}
		if arg.Attr == nil {
			continue
		}
		var err error
		switch arg.Attr.Key {
		case "rto_min":
			h.rtoMin, err = arg.Attr.Duration()
		case "user_timeout":
			err = h.set(&h.userTimeout, *arg.Attr, time.Millisecond)
		case "keepidle":
			err = h.set(&h.keepIdle, *arg.Attr, time.Second)
		case "keepintvl":
			err = h.set(&h.keepIntvl, *arg.Attr, time.Second)
		case "linger2":
			err = h.addFinWait(*arg.Attr)
		default:
			err = h.sysctl(*arg.Attr)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sysctl takes a setting of a host's line or of a sysctl's.
func (h *host) sysctl(a script.Attr) error {
	switch a.Key {
	case "tcp_rto_min_us":
		return h.set(&h.rtoMin, a, time.Microsecond)
	case "tcp_rto_max_ms":
		return h.set(&h.rtoMax, a, time.Millisecond)
	case "tcp_keepalive_time":
		return h.set(&h.keepIdle, a, time.Second)
	case "tcp_keepalive_intvl":
		return h.set(&h.keepIntvl, a, time.Second)
	case "tcp_fin_timeout":
		return h.addFinWait(a)
	case "tcp_timestamps":
		n, err := a.Number()
		h.oneClock = n == 2
		return err
	}
	return nil
}

// timeWait is how long TIME-WAIT lasts (TCP_TIMEWAIT_LEN). A timeout of
// FIN-WAIT-2 is spent in that state as far as it is not longer, and the rest
// before (tcp_close()).
const timeWait = 60 * time.Second

func (h *host) addFinWait(a script.Attr) error {
	n, _, err := a.Shift()
	if d := time.Duration(n)*time.Second - timeWait; d > 0 {
		h.finWait = append(h.finWait, d)
	}
	return err
}

func (h *host) set(to *time.Duration, a script.Attr, unit time.Duration) error {
	n, err := a.Number()
	*to = time.Duration(n) * unit
	return err
}

// An act is a system call that can make sockets send.
type act struct {
	sends []sending
	port  uint16 // 0: not known
	raw   time.Time
	at    time.Duration
}

// A sending is a kind of segment by what makes a socket send it.
type sending uint8

const (
	opening sending = iota // SYN
	data
	ending // FIN, RST
	acking // an ACK of its own
)

// sendings are what a verb can make a socket send at once.
var sendings = map[string][]sending{
	"connect":    {opening, data},
	"send":       {data},
	"recv":       {acking},
	"shutdown":   {ending},
	"close":      {ending},
	"disconnect": {ending},
	"destroy":    {ending},
	"kill":       {ending},
	"exec":       {opening, data, ending, acking},
}

// act notes a line's system call.
func (h *host) act(a *script.Action, raw time.Time, at time.Duration) {
	if s := sendings[a.Verb]; s != nil {
		h.acts = append(h.acts, act{s, a.Actor.Port, raw, at})
	}
}

// cause is the latest act that can have made the host send x.
func (h *host) cause(x *sighting) *act {
	what := acking
	switch {
	case x.is(segment.RST), x.is(segment.FIN):
		what = ending
	case x.info.PayloadLen > 0:
		what = data
	case x.is(segment.SYN):
		what = opening
	}
	for i, a := range slices.Backward(h.acts) {
		if slices.Contains(a.sends, what) && (a.port == 0 || a.port == x.info.SrcPort) && !a.raw.After(x.raw) {
			return &h.acts[i]
		}
	}
	return nil
}
