// Package cause is the closed vocabulary of reset causes: one table, read by
// the analyzer, the scenario language, "rstlab list causes" and "rstlab
// explain". It imports nothing of the project.
package cause

import "fmt"

// An ID names a cause, such as "port-closed".
type ID string

// The vocabulary. It is closed: a reset that fits none is Undetermined.
const (
	PortClosed           ID = "port-closed"
	ListenerBacklogFull  ID = "listener-backlog-full"
	ListenerClosed       ID = "listener-closed"
	HandshakeACKRejected ID = "handshake-ack-rejected"
	SynSentAbort         ID = "syn-sent-abort"
	ParallelConnectLoser ID = "parallel-connect-loser"
	SynackBadACK         ID = "synack-bad-ack"
	SynackBadTimestamp   ID = "synack-bad-timestamp"
	SynOnHalfOpen        ID = "syn-on-half-open"

	AbortiveClose   ID = "abortive-close"
	CloseUnreadData ID = "close-unread-data"
	HalfOpen        ID = "half-open"
	SynInWindow     ID = "syn-in-window"

	DataAfterClose  ID = "data-after-close"
	CloseThenAbort  ID = "close-then-abort"
	FinWait2Timeout ID = "fin-wait-2-timeout"

	TimeWaitReuse         ID = "time-wait-reuse"
	TimeWaitAssassination ID = "time-wait-assassination"
	LateSegment           ID = "late-segment"

	RetransmissionTimeout ID = "retransmission-timeout"
	KeepaliveTimeout      ID = "keepalive-timeout"
	UserTimeout           ID = "user-timeout"
	ZeroWindowTimeout     ID = "zero-window-timeout"
	SynackTimeout         ID = "synack-timeout"

	ResourceAbort ID = "resource-abort"

	FirewallRejectSyn    ID = "firewall-reject-syn"
	InlinePolicyReset    ID = "inline-policy-reset"
	InjectedReset        ID = "injected-reset"
	RewrittenReset       ID = "rewritten-reset"
	MiddleboxIdleTimeout ID = "middlebox-idle-timeout"
	MiddleboxStateLoss   ID = "middlebox-state-loss"
	NATBypass            ID = "nat-bypass"
	BackendSwitch        ID = "backend-switch"
	ProxyPropagatedReset ID = "proxy-propagated-reset"
	OptionIntolerance    ID = "option-intolerance"

	SynScan           ID = "syn-scan"
	StealthScan       ID = "stealth-scan"
	BlindReset        ID = "blind-reset"
	EvasionReset      ID = "evasion-reset"
	UnsolicitedSynack ID = "unsolicited-synack"

	MPTCPSubflowReset ID = "mptcp-subflow-reset"
	MPTCPFastclose    ID = "mptcp-fastclose"

	SecondaryReset ID = "secondary-reset"
	NoCauseDecided ID = "undetermined"
)

// A Family groups causes by the moment or place in which they arise.
type Family string

// The families, in the order in which a connection lives through them.
const (
	Connect     Family = "connect"
	Established Family = "established"
	Closing     Family = "closing"
	Closed      Family = "closed"
	Timer       Family = "timer"
	Resource    Family = "resource"
	Network     Family = "network"
	Attack      Family = "attack"
	MPTCP       Family = "mptcp"
	Other       Family = "other"
)

// Strength says how sure a verdict is. The zero value is Undetermined, and
// strengths compare with <.
type Strength uint8

// The strengths: Possible leaves an ordinary look-alike open, Likely only an
// unusual device or a coincidence, Proven none.
const (
	Undetermined Strength = iota
	Possible
	Likely
	Proven
)

var strengths = [...]string{"undetermined", "possible", "likely", "proven"}

// String is the word that records and scenarios use.
func (s Strength) String() string {
	if int(s) < len(strengths) {
		return strengths[s]
	}
	return fmt.Sprintf("strength %d", uint8(s))
}

// MarshalText is String's word as bytes; a value out of range is an error.
func (s Strength) MarshalText() ([]byte, error) {
	if int(s) >= len(strengths) {
		return nil, fmt.Errorf("encode strength: %d is none of %v", uint8(s), strengths)
	}
	return []byte(strengths[s]), nil
}

// UnmarshalText reads a word that MarshalText wrote.
func (s *Strength) UnmarshalText(b []byte) error {
	for i, w := range strengths {
		if w == string(b) {
			*s = Strength(i)
			return nil
		}
	}
	return fmt.Errorf("decode strength: %q is none of %v", b, strengths)
}

// Caps are the highest strengths that a cause can reach, by what was captured.
// A verdict above them is an error.
type Caps struct {
	Far       Strength // one point, not known to be at the sender
	AtSender  Strength // one point that is known to be at the sender
	TwoPoints Strength // two points, both whole around the reset
}

// The rows of the table of strengths, by what they have in common.
var (
	byWire     = Caps{Likely, Proven, Proven}     // the frames alone decide; a forger on the path could have made them
	byDevice   = Caps{Likely, Likely, Proven}     // a device's doing: only presence here and absence there prove it
	byContext  = Caps{Possible, Possible, Likely} // headers are the same for several causes, nothing on the wire parts them
	byContextL = Caps{Likely, Likely, Likely}     // as byContext, but the entry names a sign that parts them
	byContextP = Caps{Possible, Possible, Proven} // as byContext, but a second point proves it
	byLegs     = Caps{Likely, Likely, Proven}     // as byContextL, but a second point proves it
	byNone     = Caps{}
)

// A Cause is a row of the vocabulary.
type Cause struct {
	ID      ID
	Family  Family
	Summary string // one line: what happened

	Meaning  string // what an engineer sees and what it means
	Evidence string // how it is told apart: what must be seen, what proves it, what refutes it

	LookAlikes []ID   // causes that can look the same from one point
	Settle     string // the cheapest next step that parts them
	Fix        string // what to try when it is this one
	Source     string // RFCs, kernel functions, papers

	Benign bool // normal working, to be counted and not mended

	// KernelReasons are the reasons of Linux' tracepoint tcp:tcp_send_reset that
	// agree with this cause when a kernel sent the reset, without the prefix
	// SK_RST_REASON_. One that ends in "_" stands for all that begin so. Nil: no
	// host's kernel sends it.
	KernelReasons []string

	Caps Caps
}

// Table is the whole vocabulary, ordered by family. The caller may change the
// returned slice, not what its rows point to.
func Table() []Cause { return append([]Cause(nil), table...) }

// Lookup finds the row of an id.
func Lookup(id ID) (Cause, bool) {
	i, ok := index[id]
	if !ok {
		return Cause{}, false
	}
	return table[i], true
}

// Agrees says whether a kernel that gave this reason can have had this cause.
func (c Cause) Agrees(reason string) bool {
	for _, r := range c.KernelReasons {
		if r == reason || len(r) > 0 && r[len(r)-1] == '_' && len(reason) > len(r) && reason[:len(r)] == r {
			return true
		}
	}
	return false
}

var table, index = join(connect, established, closing, closed, timers, resource, network, attack, mptcp, other)

func join(families ...[]Cause) ([]Cause, map[ID]int) {
	var t []Cause
	for _, f := range families {
		t = append(t, f...)
	}
	index := make(map[ID]int, len(t))
	for i, c := range t {
		index[c.ID] = i
	}
	return t, index
}
