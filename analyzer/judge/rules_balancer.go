package judge

import (
	"fmt"
	"slices"

	"rstlab/analyzer/cause"
	"rstlab/internal/segment"
)

// balancerRules are what a NetScaler says in the window of its reset (causes.md,
// 3.5). It has answered the handshake here, so it is the connection's end and no
// device between. More than possible it is never: a window can have any value.
var balancerRules = []*rule{
	codeRule(cause.MiddleboxIdleTimeout, "a balancer cleans idle connections up like this", idleCodes...),
	codeRule(cause.ProxyPropagatedReset, "a balancer passes a reset of its other leg on like this", 9700, 9701),
}

// idleCodes are those of an idle connection that was cleaned up.
var idleCodes = []uint16{9300, 9301, 9302, 9303}

// codeRule is the rule of a cause that some codes name.
func codeRule(id cause.ID, open string, codes ...uint16) *rule {
	return &rule{
		cause: id,
		in:    connected | closing,
		need: func(k *Case) ([]Fact, bool) {
			if !k.bearsCode(codes...) || k.form != spontaneous {
				return nil, false
			}
			return append([]Fact{
				fact(&k.S.SYN, "the %s's SYN-ACK offers a window of %d, as a NetScaler's does", k.sender(), k.S.SYN.Win),
				fact(&k.R, "the reset's window is %d, its code for: %s", k.R.Win, netScaler[k.R.Win]),
			}, k.abortFacts()...), true
		},
		open: open,
	}
}

// netScalerWindow is the window that a NetScaler's SYN-ACK offers by default.
const netScalerWindow = 8190

// bearsCode tells whether the reset, of an end whose SYN-ACK looks like a
// NetScaler's, bears one of its codes for a window.
func (k *Case) bearsCode(codes ...uint16) bool {
	return k.S.SYN.Is(segment.SYN|segment.ACK) && k.S.SYN.Win == netScalerWindow && k.R.Win != k.S.Win && slices.Contains(codes, k.R.Win)
}

// windowCode says what the reset's window says where it is a NetScaler's code, ""
// where it is none.
func (k *Case) windowCode() string {
	text := netScaler[k.R.Win]
	if text == "" || k.R.Win == k.S.Win {
		return ""
	}
	return fmt.Sprintf("%d: %s, where the sender is a NetScaler", k.R.Win, text)
}

// netScaler are codes that such a balancer writes into the window of its resets
// (causes.md, 3.5).
var netScaler = map[uint16]string{
	8196: "bad SSL record",
	8201: "a packet of a connection that is closed already",
	8202: "data without a connection, the SYN cookie has expired",
	8204: "the client sent its SYN again with another number",
	8205: "wrong acknowledgment at the end of the handshake",
	8206: "a bad packet while connecting, mostly of an older connection on the ports",
	8207: "a SYN on an established connection",
	8208: "too many retransmissions",
	8209: "out of memory",
	8212: "a SYN or ACK without a listening service or a valid cookie",
	9100: "a request that was never completed timed out",
	9201: "response of an earlier transaction on a shared server connection",
	9202: "sequence mismatch on a server connection that was used again",
	9203: "FIN for an earlier client on a server connection that was used again",
	9205: "broken chunked encoding in the response",
	9206: "invalid HTTP header",
	9212: "invalid HTTP request",
	9222: "response that breaks the HTTP standard",
	9300: "idle connection cleaned up",
	9301: "idle connection cleaned up",
	9302: "idle connection cleaned up",
	9303: "idle connection cleaned up",
	9304: "the peer's window stayed closed",
	9305: "the server's SYN-ACK acknowledged another number",
	9307: "the peer offers tiny windows",
	9308: "the peer offers tiny windows",
	9309: "the peer offers tiny windows",
	9310: "keepalive probes stayed unanswered",
	9400: "idle server connection given up for another one",
	9401: "flushed: out of capacity, or its service was removed",
	9700: "a reset of the other leg passed on",
	9701: "a reset of the other leg passed on",
	9702: "data after a FIN",
	9704: "packet dropped at a limit",
	9800: "a monitor's probe timed out",
	9811: "fatal SSL alert sent",
	9812: "its address was removed from the configuration",
	9814: "a policy with action RESET matched",
	9816: "bad SSL record",
	9817: "the certificate was being changed",
	9820: "SSL hardware failed",
	9830: "an access list denies it",
	9833: "fatal SSL error",
	9838: "bad SSL record",
	9845: "an application security policy matched",
	9855: "surge queue overflow",
	9875: "the client's connection is closed",
	9952: "fatal SSL alert received",
	9953: "a timeout action triggered",
}
