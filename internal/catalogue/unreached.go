package catalogue

// unreached says of reasons of the kernel (enum sk_rst_reason,
// include/net/rstreason.h) why no scenario reaches them.
var unreached = map[string]string{
	"NOT_SPECIFIED":        "the enum's zero; no path of Linux 6.12 or later sends a reset with it",
	"ERROR":                "for a skb whose own drop reason has no counterpart; no path that answers TCP reaches it",
	"TCP_OLD_ACK":          "an old ACK in SYN-RECEIVED: tcp_check_req() hands it to the listener, whose reset is TCP_FLAGS",
	"TCP_ABORT_ON_MEMORY":  "too many orphans or too much TCP memory: tcp_max_orphans and tcp_mem are the machine's, and lowering them hits every process on it",
	"MPTCP_RST_EPROHIBIT":  "a join beyond the limits; it must bear a token made from the connection's keys, for which the language has no words",
	"MPTCP_RST_EMIDDLEBOX": "a checksum that fails on one of several subflows; a second subflow needs a path manager, which the language does not speak to",
	"MPTCP_RST_ERESOURCE":  "a subflow that the kernel has no memory for; memory limits belong to the machine, not to a namespace",
	"MPTCP_RST_EWQ2BIG":    "Linux knows the reason of RFC 8684 and never gives it",
	"MPTCP_RST_EBADPERF":   "Linux knows the reason of RFC 8684 and never gives it",
	"MPTCP_RST_EUNSPEC":    "the zero of RFC 8684; given only where a subflow is reset by the path manager's own close without another reason",
}
