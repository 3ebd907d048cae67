package cause

var connect = []Cause{{
	ID:      PortClosed,
	Family:  Connect,
	Summary: "the SYN met a port on which nothing listens",
	Meaning: "The host was reached and refused: its stack answers a SYN for a port without a listener with a reset. The program sees \"connection refused\". " +
		"The service is down, listens on another port, address or address family, or the client was sent to the wrong host.",
	Evidence: "A SYN from the originator and, in its answer's place, RST+ACK with sequence number 0 and the SYN's number plus one (plus its data) acknowledged. " +
		"Proven where a capture at the responder shows the reset leave. Other packets of that address with the same TTL and delay make it likely. " +
		"Refuted by a SYN-ACK to the same SYN, by a TTL, DSCP or link address unlike the responder's own, by an answer faster than the way to it.",
	LookAlikes:    []ID{FirewallRejectSyn, ListenerBacklogFull, OptionIntolerance},
	Settle:        "capture at the responder: did the SYN arrive and the reset leave? On it, look for a listener on that port; compare the reset's TTL with that of a SYN-ACK from one of its open ports",
	Fix:           "start the service, or mend its address, address family or port",
	Source:        "RFC 9293, 3.5.2 (group 1), 3.10.7.1; Linux tcp_v4_rcv, tcp_v4_send_reset",
	KernelReasons: []string{"NO_SOCKET"},
	Caps:          byWire,
}, {
	ID:      ListenerBacklogFull,
	Family:  Connect,
	Summary: "the listener's queue was full and its stack is set to refuse instead of to wait",
	Meaning: "The handshake is done as far as the client knows, then its last packet or first data is answered by a reset. The accepting program is too slow or its queue too short. " +
		"Linux does this only with tcp_abort_on_overflow=1 (else it drops, and the client waits seconds), FreeBSD by default; Windows may refuse the SYN itself.",
	Evidence: "A whole handshake, no byte from the responder, and a bare RST that takes its number from the originator's ACK or first data, one turnaround later. " +
		"Connections beside it, to the same port in the same second, are reset too or see their SYNs dropped. No frame proves it: the counters do.",
	LookAlikes:    []ID{HandshakeACKRejected, ListenerClosed, AbortiveClose, InlinePolicyReset, PortClosed},
	Settle:        "on the responder compare ListenOverflows and ListenDrops (nstat) before and after",
	Fix:           "raise the listen backlog and net.core.somaxconn, speed up the accepting program",
	Source:        "RFC 9293, 3.10.7.4; Linux tcp_check_req (listen_overflow); FreeBSD tcp_syncache.c (rst_on_sock_fail)",
	KernelReasons: []string{"INVALID_SYN"},
	Caps:          byContext,
}, {
	ID:      ListenerClosed,
	Family:  Connect,
	Summary: "the listening socket was closed while the connection waited to be accepted",
	Meaning: "The service stopped or restarted with connections in its queue that no program had taken yet. They are all reset in the same moment; new SYNs are refused until it is back.",
	Evidence: "A whole handshake, no byte from the responder, then a spontaneous RST+ACK from it, number one, with the connection's options. " +
		"Likely when two or more connections to the port go within milliseconds and later SYNs meet a closed port.",
	LookAlikes:    []ID{AbortiveClose, ListenerBacklogFull},
	Settle:        "look at the service's log for a stop or restart in that second; look for other connections to that port reset with it",
	Fix:           "take the service out of rotation and drain it before it stops, or let a supervisor hold the listening socket",
	Source:        "Linux inet_csk_listen_stop, inet_child_forget",
	KernelReasons: []string{"TCP_STATE", "NO_SOCKET"}, // the second to the ACK of a handshake that was not over
	Caps:          byContextL,
}, {
	ID:      HandshakeACKRejected,
	Family:  Connect,
	Summary: "the handshake's last ACK reached a listener that knows of no such handshake",
	Meaning: "The responder has no half-open request for this ACK: it expired, its SYN cookie is wrong, another node behind a balancer answered the SYN, or the number was changed on the way.",
	Evidence: "A bare RST whose number is that of the originator's ACK, and no byte from the responder. " +
		"Proven by an acknowledgment that is not the SYN-ACK's number plus one, where both directions are whole; then the originator or a rewriting device is at fault.",
	LookAlikes:    []ID{ListenerBacklogFull, StealthScan, BackendSwitch},
	Settle:        "capture at the responder; compare the age of the SYN-ACK with its SYN-ACK retry limit, and see which node answered",
	Fix:           "mend the balancer's stickiness or the asymmetric path",
	Source:        "RFC 9293, 3.10.7.2, 3.5.2 (group 2); Linux tcp_rcv_state_process (TCP_LISTEN)",
	KernelReasons: []string{"TCP_FLAGS", "TCP_OLD_ACK", "TCP_TOO_OLD_ACK", "TCP_ACK_UNSENT_DATA"},
	Caps:          byContextL,
}, {
	ID:      SynSentAbort,
	Family:  Connect,
	Summary: "the originator had given up connecting when the SYN-ACK came",
	Meaning: "Connect timeout, cancelled request or ended process: closing a socket in SYN-SENT sends nothing, so the responder learns of it only when its SYN-ACK meets no socket.",
	Evidence: "SYN, SYN-ACK, then a bare RST from the originator with the SYN's number plus one, and no ACK of the originator ever. " +
		"A SYN-ACK that came after the SYN was sent again, with no connection beside it that went well, parts it from a scan.",
	LookAlikes:    []ID{SynScan, ParallelConnectLoser},
	Settle:        "compare the time from SYN to SYN-ACK with the program's connect timeout",
	Fix:           "find where SYN or SYN-ACK were slow or lost; give the program a longer connect timeout",
	Source:        "RFC 9293, 3.5.2 (group 1); Linux tcp_v4_rcv",
	KernelReasons: []string{"NO_SOCKET", "TCP_FLAGS"},
	Caps:          byContextL,
}, {
	ID:      ParallelConnectLoser,
	Family:  Connect,
	Summary: "the originator opened several connections at once, kept one and reset the rest",
	Meaning: "Windows tries SMB on 445 and 139 together; programs with Happy Eyeballs race IPv6 against IPv4. The loser is reset once the winner stands. Nothing is wrong.",
	Evidence: "Two SYNs to the same host within a second or so, both answered, one goes on, the other is reset by the originator before any data. " +
		"Refuted when there is no sibling, or the sibling fails too.",
	LookAlikes:    []ID{SynScan, SynSentAbort, AbortiveClose},
	Settle:        "look at the sibling connection: it must live on",
	Fix:           "none needed; turning NetBIOS over TCP/IP off makes it quiet",
	Source:        "RFC 8305; Satter 2009 (445 and 139)",
	Benign:        true,
	KernelReasons: []string{"NO_SOCKET", "TCP_STATE"},
	Caps:          byWire,
}, {
	ID:      SynackBadACK,
	Family:  Connect,
	Summary: "the answer to the SYN acknowledged another number than the SYN's",
	Meaning: "The originator is connecting and gets a SYN-ACK or ACK with a foreign number, so it resets what the other side believes in. Behind it stand an old connection on the same ports, " +
		"a SYN proxy that tests the client, a device that rewrites numbers one way only, or a forgery. Linux sends its SYN again within milliseconds.",
	Evidence: "An answer whose acknowledgment is not the SYN's number plus one (plus its data), then a bare RST from the originator with just that number. " +
		"Nothing else does this; why the number was wrong needs the responder's side.",
	Settle:        "capture at the responder: does the wrong number leave it, or is it changed on the way?",
	Fix:           "by the origin of the number: clear the old connection, mend the device that rewrites",
	Source:        "RFC 9293, 3.5.2 (group 2), 3.10.7.3; Linux tcp_rcv_synsent_state_process",
	LookAlikes:    []ID{TimeWaitReuse, HalfOpen},
	KernelReasons: []string{"TCP_INVALID_ACK_SEQUENCE"},
	Caps:          byWire,
}, {
	ID:            SynackBadTimestamp,
	Family:        Connect,
	Summary:       "the SYN-ACK echoed a timestamp that the originator never sent",
	Meaning:       "A device on the way changes timestamps, or answers in the responder's name with invented ones; the originator's stack takes the SYN-ACK for an old one and resets it.",
	Evidence:      "SYN-ACK with the right acknowledgment and an echoed timestamp outside of what the SYNs carried, then a bare RST from the originator with the SYN's number plus one. Likely for a Linux originator; BSD lets such an answer pass, so that its reset has another reason.",
	Settle:        "compare the echoed timestamp in a capture at the responder",
	Fix:           "find the device that rewrites timestamps; try with timestamps off",
	Source:        "RFC 7323, 3.2; Linux tcp_rcv_synsent_state_process",
	LookAlikes:    []ID{SynSentAbort, SynScan},
	KernelReasons: []string{"TCP_RFC7323_PAWS"},
	Caps:          byWire,
}, {
	ID:      SynOnHalfOpen,
	Family:  Connect,
	Summary: "a second SYN with another number met the half-open request of the first",
	Meaning: "Two connection attempts use the same addresses and ports at the same time: the originator, or a NAT before it, reused the port before the first handshake was over.",
	Evidence: "Two SYNs with different numbers on one tuple, a SYN-ACK to the first, no ACK between, then RST+ACK with number 0 that acknowledges the second. " +
		"The header is a closed port's; the SYN-ACK to the first shows that the port is open.",
	LookAlikes:    []ID{PortClosed, FirewallRejectSyn},
	Settle:        "look in the NAT's table, or at the originator, for who else uses that source port",
	Fix:           "give the NAT more ports or a longer time before it reuses one",
	Source:        "RFC 9293, 3.10.7.4; Linux tcp_check_req",
	KernelReasons: []string{"INVALID_SYN"},
	Caps:          byWire,
}}
