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
	case c.ICMP.Frame != 0 && r.Packets == 0:
		return "icmp-refused"
	case o.SYNs > 0 && !o.SYN.Is(segment.ACK) && r.Packets == 0:
		return "syn-unanswered"
	case o.Sent.N > minCopies || r.Sent.N > minCopies:
		return "rtx-abandoned"
	}
	return "still-open"
}
