package judge

import (
	"rstlab/analyzer/flow"
	"rstlab/internal/segment"
)

// Outcome says how a connection ended as far as the capture goes: reset,
// graceful-close, syn-unanswered, rtx-abandoned, icmp-refused or still-open
// (causes.md, 1.11).
func Outcome(c *flow.Conn) string {
	o, r := c.O(), c.R()
	switch {
	case c.NumResets > c.Revived:
		return "reset"
	case o.Knows(flow.HasFIN) && r.Knows(flow.HasFIN):
		return "graceful-close"
	case refused(c) && r.Packets == 0:
		return "icmp-refused"
	case o.SYNs > 0 && !o.SYN.Is(segment.ACK) && r.Packets == 0:
		return "syn-unanswered"
	case o.Sent.N > minCopies || r.Sent.N > minCopies:
		return "rtx-abandoned"
	}
	return "still-open"
}

// refused tells whether the last ICMP error about a connection says that its
// packets are not let through or not wanted: destination unreachable, but not
// for its size (RFC 792, RFC 4443).
func refused(c *flow.Conn) bool {
	const unreachable, tooBig, unreachable6 = 3, 4, 1
	if c.V6 {
		return c.ICMP.Frame != 0 && c.ICMP.Type == unreachable6
	}
	return c.ICMP.Frame != 0 && c.ICMP.Type == unreachable && c.ICMP.Code != tooBig
}
