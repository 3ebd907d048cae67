package cause

var established = []Cause{{
	ID:      AbortiveClose,
	Family:  Established,
	Summary: "a program ended the connection by aborting it",
	Meaning: "The stack did as it was told: SO_LINGER with time 0 and close, a disconnect, an administrator who destroyed the socket, or a program whose error path resets. " +
		"Both sides forget the connection at once and TIME-WAIT is skipped. Some do it on purpose (health checks, busy clients that save their ports).",
	Evidence: "A spontaneous reset: its number is the next that the sender would have used, it acknowledges what the sender had received, no FIN went before, no segment of the peer explains it. " +
		"That leaves several causes whose headers are the same, so the wire alone never proves it. Refuted when the sender goes on.",
	LookAlikes: []ID{CloseUnreadData, ResourceAbort, ListenerClosed, InjectedReset},
	Settle:     "read the sending program's log at that second; on its host, the tracepoint tcp:tcp_send_reset or nstat's TcpExtTCPAbort* counters name the reason",
	Fix:        "ask the program's owner; look for a linger setting, a pool's limits, an error path",
	Source:     "RFC 9293, 3.10.5; RFC 1122, 4.2.2.13; Linux tcp_disconnect, tcp_send_active_reset",
	// A close with unread data has the same header, and SO_LINGER 0 with unread data has its reason.
	KernelReasons: []string{"TCP_STATE", "TCP_DISCONNECT_WITH_DATA", "NOT_SPECIFIED", "TCP_ABORT_ON_CLOSE"},
	Caps:          byContext,
}, {
	ID:      CloseUnreadData,
	Family:  Established,
	Summary: "a program closed its socket while received data still waited to be read",
	Meaning: "The stack tells the peer that data was lost. Typical: a server answers an error while the client still uploads, and closes without reading the rest; the client then may lose the answer. A killed process with unread data does the same.",
	Evidence: "A spontaneous RST+ACK whose sender had received data before. Likely when the last segment's worth of data or more was acknowledged while the right edge of the window stood still. " +
		"Refuted when the peer sent nothing, or the window moved on fully and the sender answered.",
	LookAlikes:    []ID{AbortiveClose, ResourceAbort},
	Settle:        "on the sending host compare nstat's TcpExtTCPAbortOnClose, or watch the tracepoint tcp:tcp_send_reset",
	Fix:           "read to the end before closing, or shut down writing, drain, then close",
	Source:        "RFC 1122, 4.2.2.13; RFC 2525, 2.17; Linux __tcp_close",
	KernelReasons: []string{"TCP_ABORT_ON_CLOSE"},
	Caps:          byContextL,
}, {
	ID:      HalfOpen,
	Family:  Established,
	Summary: "a segment of a living connection reached a host that had forgotten it",
	Meaning: "One side rebooted, crashed, timed out in silence or was replaced, and knows nothing of the connection that the other side still uses. Its stack resets the first segment it sees.",
	Evidence: "A bare RST that takes its number from the peer's segment just before it (data, a keepalive or window probe), normal traffic earlier, no FIN or RST of the sender between. " +
		"Likely when its silent end was seen (a long run of unanswered retransmissions by this sender). Refuted by its FIN.",
	LookAlikes:    []ID{MiddleboxStateLoss, MiddleboxIdleTimeout, NATBypass, BackendSwitch},
	Settle:        "capture at the host that reset; ask for its uptime and whether it had that socket, whether a filter on it or on the way began to refuse, and, behind a balancer or a translator, which host got the segment",
	Fix:           "keepalives shorter than the time after which the other side forgets; reconnect on reset",
	Source:        "RFC 9293, 3.5.1; Linux tcp_v4_send_reset",
	KernelReasons: []string{"NO_SOCKET", "TCP_FLAGS", "TCP_INVALID_ACK_SEQUENCE"},
	Caps:          byContextL,
}, {
	ID:         SynInWindow,
	Family:     Established,
	Summary:    "a SYN inside the window of a living connection made an old stack reset it",
	Meaning:    "Somebody else uses the same addresses and ports, or guesses them. Stacks of RFC 793 abort the connection; newer ones only answer with an ACK.",
	Evidence:   "A SYN on a living tuple and behind it a reset with the sender's next number. A Linux sender refutes it: it challenges and never resets here.",
	LookAlikes: []ID{TimeWaitReuse, BlindReset},
	Settle:     "find the second user of that port (NAT table, other processes)",
	Fix:        "end the double use of the port; update the old stack",
	Source:     "RFC 793; RFC 5961, 4.2; RFC 9293, 3.10.7.4",
	Caps:       byLegs,
}}
