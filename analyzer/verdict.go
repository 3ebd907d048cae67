package analyzer

import (
	"encoding/json"
	"errors"
	"time"

	"rstlab/analyzer/capture"
	"rstlab/analyzer/cause"
)

// A Record is one object of the analyzer's result: *Verdict, *Connection,
// *Finding, *Error or *Summary. Its JSON form is the contract that
// docs/schema/analyze.json documents.
type Record interface{ record() }

// Sender says who sent a reset, whatever address it bears.
type Sender string

// Senders. Middlebox is anything that is neither end, on the path or off it.
const (
	Originator         Sender = "originator"
	Responder          Sender = "responder"
	Middlebox          Sender = "middlebox"
	UndeterminedSender Sender = "undetermined"
)

// Effect says what the receiver made of a reset (RFC 9293, 3.10.7.4).
type Effect string

// Effects.
const (
	Accepted   Effect = "accepted"
	Challenged Effect = "challenged"
	Ignored    Effect = "ignored"
	Unknown    Effect = "unknown"
)

// A Verdict says of one reset who sent it, why, how sure that is, and by which
// frames. Frames count from 1, per file, as Wireshark's do.
type Verdict struct {
	Type           string         `json:"type"` // "verdict"
	Schema         int            `json:"schema"`
	File           string         `json:"file"`
	Frame          int            `json:"frame"`
	Time           time.Time      `json:"time"`
	Tap            string         `json:"tap,omitempty"` // the capture's interface name
	Connection     ConnectionRef  `json:"connection"`
	Tunnel         string         `json:"tunnel,omitempty"` // what its packet was wrapped in, outermost first: "vlan 10, vxlan 42"
	Sender         Sender         `json:"sender"`
	SenderAddress  string         `json:"sender_address"` // the address that the reset bears as its source
	SenderStrength cause.Strength `json:"sender_strength"`
	Cause          cause.ID       `json:"cause"`
	Strength       cause.Strength `json:"strength"`
	Why            string         `json:"why,omitempty"` // with cause undetermined
	Family         cause.Family   `json:"family"`
	Effect         Effect         `json:"effect"`
	Benign         bool           `json:"benign"`
	Details        map[string]any `json:"details"`
	Summary        string         `json:"summary"`
	Evidence       []Evidence     `json:"evidence"`
	Excluded       []Exclusion    `json:"excluded"`
	Alternatives   []Alternative  `json:"alternatives"`
	Seen           []Sighting     `json:"seen"`
	After          *After         `json:"after"`
	Next           string         `json:"next"`
	Points         []string       `json:"points,omitempty"` // of several: those on the connection's path, from the originator on
	Packets        []Packet       `json:"packets"`
}

// A ConnectionRef names the connection a reset belongs to.
type ConnectionRef struct {
	ID         int    `json:"id"` // as Wireshark's tcp.stream
	Originator string `json:"originator"`
	Responder  string `json:"responder"`
	Roles      string `json:"roles"` // "seen" or "assumed" (no SYN in the capture)
	FirstFrame int    `json:"first_frame"`
	State      string `json:"state"` // the receiver's before the reset, as RFC 9293 names it
}

// Evidence is one fact and the frame that shows it.
type Evidence struct {
	File  string `json:"file,omitempty"` // where it is not the verdict's own
	Frame int    `json:"frame"`
	Fact  string `json:"fact"`
}

// An Exclusion is a cause that the frames refute.
type Exclusion struct {
	Cause  cause.ID `json:"cause"`
	Why    string   `json:"why"`
	Frames []int    `json:"frames"`
}

// An Alternative is a cause that the frames leave open.
type Alternative struct {
	Cause    cause.ID       `json:"cause"`
	Sender   Sender         `json:"sender"`
	Strength cause.Strength `json:"strength"`
	Why      string         `json:"why"`
}

// A Sighting is a frame in which the reset was seen.
type Sighting struct {
	File  string `json:"file"`
	Frame int    `json:"frame"`
}

// A Packet is one of those that matter to a verdict: the reset, the frames of
// its evidence that belong to its connection, the handshake, what came right
// before and after. At most 16 are shown, in order of time.
type Packet struct {
	File    string    `json:"file,omitempty"` // where it is not the verdict's own
	Frame   int       `json:"frame"`
	Point   string    `json:"point,omitempty"` // of Points, where its file is another of that point's
	Time    time.Time `json:"time"`
	Tap     string    `json:"tap,omitempty"` // the interface
	From    Sender    `json:"from"`          // the end whose address it bears
	Marks   []string  `json:"marks"`         // why it matters: "reset", "evidence", "excludes"
	Segment string    `json:"segment"`       // in the notation of scenarios, numbers relative
	Seq     uint32    `json:"seq"`           // as on the wire
	Ack     uint32    `json:"ack"`           // as on the wire
	TTL     int       `json:"ttl"`
	ID      *int      `json:"ip_id,omitempty"`   // IPv4 only
	Options string    `json:"options,omitempty"` // those that are remembered: mss, wscale, sackOK of a SYN, TS
	Omitted int       `json:"omitted,omitempty"` // packets of the connection left out before it, as far as is known

	Also   []Passage `json:"also,omitempty"`   // where else it was seen, from the originator on
	Missed []string  `json:"missed,omitempty"` // points that ran at that time and at which it never came by
}

// A Passage is a packet's at another point.
type Passage struct {
	File  string    `json:"file"`
	Frame int       `json:"frame"`
	Point string    `json:"point,omitempty"` // of Points, where its file is another of that point's
	Time  time.Time `json:"time"`
}

// After names the earlier reset that drew this one.
type After struct {
	File  string   `json:"file,omitempty"`
	Frame int      `json:"frame"`
	Cause cause.ID `json:"cause"`
}

// A Connection tells how one connection went, resets or not.
type Connection struct {
	Type    string        `json:"type"` // "connection"
	File    string        `json:"file"`
	Ref     ConnectionRef `json:"connection"`
	Outcome string        `json:"outcome"` // reset, graceful-close, syn-unanswered, rtx-abandoned, icmp-refused, still-open
	First   time.Time     `json:"first"`
	Last    time.Time     `json:"last"`
	Packets [2]int        `json:"packets"` // originator's, responder's
	Bytes   [2]int64      `json:"bytes"`
	Resets  int           `json:"resets"`
	ICMP    *ICMPError    `json:"icmp,omitempty"` // with outcome icmp-refused
	Tunnel  string        `json:"tunnel,omitempty"`
}

// An ICMPError is an ICMP or ICMPv6 error that a connection drew.
type ICMPError struct {
	Frame int    `json:"frame"`
	From  string `json:"from"` // its sender's address
	Type  int    `json:"type"`
	Code  int    `json:"code"`
}

// A Finding groups many resets of one kind.
type Finding struct {
	Type         string      `json:"type"` // "finding"
	File         string      `json:"file"` // in which the frames are
	Cause        cause.ID    `json:"cause"`
	Count        int         `json:"count"`
	Pair         [2]string   `json:"pair"` // who reset whom
	Period       Duration    `json:"period,omitempty"`
	IdleBefore   [2]Duration `json:"idle_before"`             // the shortest pause before them and the longest
	IdleSurvived Duration    `json:"idle_survived,omitempty"` // the longest pause between the two that did no harm
	Frames       []int       `json:"frames"`                  // the first of them
	Summary      string      `json:"summary"`
}

// An Error is something in a file that could not be read.
type Error struct {
	Type   string `json:"type"` // "error"
	File   string `json:"file"`
	Offset int64  `json:"offset"` // with Packed, of what is decompressed
	Packed string `json:"packed,omitempty"`
	Frame  int    `json:"frame,omitempty"`
	Err    string `json:"error"`
}

// Error says it in one sentence, with file and place.
func (e *Error) Error() string {
	return (&capture.Error{File: e.File, Packed: e.Packed, Err: errors.New(e.Err)}).Error()
}

// A Summary is the last record.
type Summary struct {
	Type        string   `json:"type"` // "summary"
	Files       int      `json:"files"`
	Packets     int64    `json:"packets"`
	Connections int      `json:"connections"`
	Resets      int      `json:"resets"`
	Limits      []string `json:"limits"`
	Bytes       int64    `json:"bytes"`
	Seconds     float64  `json:"seconds"`
}

func (*Verdict) record()    {}
func (*Connection) record() {}
func (*Finding) record()    {}
func (*Error) record()      {}
func (*Summary) record()    {}

// A Duration is a time.Duration that reads and writes as "5s" in JSON.
type Duration time.Duration

// MarshalJSON writes d as time.Duration prints it.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }
