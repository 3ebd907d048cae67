package judge

import (
	"net/netip"

	"rstlab/analyzer/cause"
	"rstlab/analyzer/flow"
)

// A Sender says who sent a reset, whatever address it bears.
type Sender uint8

// Senders. Middlebox is anything that is neither end.
const (
	NoSender Sender = iota // not decided
	Originator
	Responder
	Middlebox
)

// An Effect says what the receiver made of a reset (RFC 9293, 3.10.7.4).
type Effect uint8

// Effects.
const (
	UnknownEffect Effect = iota
	Accepted
	Challenged
	Ignored
)

// A Verdict is what the judge says of one reset. Frames are those of the
// capture point at which it was judged, but where a Fact names another.
type Verdict struct {
	Point  int // of the first sighting
	Frame  uint32
	Time   int64
	Tap    uint8   // see flow.Segment
	Copies []Frame // other sightings of it

	Conn Connection
	From netip.AddrPort // the address that the reset bears as its source

	Sender         Sender
	SenderStrength cause.Strength
	Cause          cause.ID
	Strength       cause.Strength
	Why            string // with Cause undetermined
	Effect         Effect
	Benign         bool
	Details        map[string]any
	Evidence       []Fact
	Excluded       []Exclusion
	Alternatives   []Alternative
	After          *After
	Repeats        bool     // it only repeats the reset that After names
	Packets        []Packet // those that matter, in the order of their frames; of several points in that of time
	Points         []int    // those that saw the connection, or on whose path it lies, from the originator on; none with one point

	Idle     int64 // nanoseconds without a packet before the reset, or before what drew it; 0: less than a second
	Survived int64 // the longest such pause that the connection had survived before
	Empty    bool  // the connection never carried payload

	raw raw
}

// raw is what Correlate needs of a case.
type raw struct {
	from          int
	to            netip.AddrPort
	answers       flow.Segment   // the segment that the reset answers
	trigger       flow.Segment   // the first that it can answer, where its number comes from one
	lastPeer      flow.Segment   // and the peer's last before it
	here          bool           // it was made by the capturing host, see madeHere
	base          cause.Strength // the cause's before the caps of one point
	form          form
	lost          int            // connections that were lost with it, see lostTogether
	run           []uint32       // frames of the run of transmissions before it
	other         string         // the link address of another host that has the sender's, see twoHosts
	refusedBefore bool           // see Case.refusedBefore
	otherWay      bool           // what the reset answers left by another interface than all before, see tookOtherWay
	shutFirst     bool           // see Case.shutFirst
	unacked       bool           // payload of either side was captured that the other had not acknowledged
	against       cause.Strength // what speaks against the address that it bears
	own           bool           // the sender's counter or clock goes on in it
}

// before is what the reset answers, or else the peer's last segment before it.
func (r *raw) before() *flow.Segment {
	if r.answers.Exists() {
		return &r.answers
	}
	return &r.lastPeer
}

// A Connection is the connection that a reset belongs to.
type Connection struct {
	ID                    int
	Originator, Responder netip.AddrPort
	Seen                  bool // a SYN tells the roles
	FirstFrame            uint32
	State                 string // the receiver's before the reset
	Tunnel                string
}

// A Frame is a frame at a capture point.
type Frame struct {
	Point int
	N     uint32
}

// An Exclusion is a cause that frames refute.
type Exclusion struct {
	Cause  cause.ID
	Why    string
	Frames []uint32
}

// An Alternative is a cause that stays open.
type Alternative struct {
	Cause    cause.ID
	Sender   Sender
	Strength cause.Strength
	Why      string
}

// After is the earlier reset that drew this one.
type After struct {
	Point int
	Frame uint32
	Cause cause.ID
}

// Reasons for not deciding.
const (
	NoHandshake   = "no-handshake"
	OneDirection  = "one-direction"
	CaptureDrops  = "capture-drops"
	Snaplen       = "snaplen"
	Corrupt       = "corrupt"
	TupleReused   = "tuple-reused"
	NATUnresolved = "nat-unresolved"
	NoMatch       = "no-match"
)
