// Package script is the scenario language: its syntax tree, its parser and its
// one form. It knows nothing of how a scenario is played.
package script

import (
	"net/netip"
	"time"

	"rstlab/internal/segment"
)

// A Pos is a place in a scenario file; lines and columns count from 1, columns
// in characters.
type Pos struct {
	Line, Col int
}

// A File is a parsed scenario. Decls and Events keep the order of the file;
// Lines keeps every line, comments and blanks included, for [Format].
type File struct {
	Name      string   // the file's name without folder and ".scenario"
	Path      string   // as given to Parse, for errors
	Catalogue bool     // came with the program: set by whoever ships it
	Summary   string   // first line of the first comment block, without "#"
	Prose     []string // the rest of that block, without "See:" lines
	Sources   []string // what its "See:" lines cite

	Actors     []*ActorDecl // hosts, peers and middleboxes
	Links      []*Link
	Requires   []Cond
	Labels     []string
	Events     []Event // *Action or *Packet, in order
	NoReset    bool    // "no reset" is claimed
	NoResetPos Pos

	Lines []Line
}

// ActorKind tells what plays an actor.
type ActorKind string

// The kinds of actor.
const (
	Host      ActorKind = "host"
	Peer      ActorKind = "peer"
	Middlebox ActorKind = "middlebox"
)

// An ActorDecl is a "host", "peer" or "middlebox" line.
type ActorDecl struct {
	Pos   Pos
	Kind  ActorKind
	Name  string
	Attrs []Attr
}

// A Link is a "link A B" line.
type Link struct {
	Pos   Pos
	A, B  string
	Attrs []Attr
}

// A Cond is a condition of "requires" or of "[…]": Name alone, Name Op Value
// with Op ">=", "<" (Value a version) or "=" (Value a name).
type Cond struct {
	Pos   Pos
	Name  string
	Op    string
	Value string
}

// An Attr is KEY=VALUE, the value as written (a string keeps its quotes).
// Accessors parse it by the kind that the key has; Parse has checked them.
type Attr struct {
	Pos   Pos
	Key   string
	Value string
}

// An Event is an *Action or a *Packet.
type Event interface {
	Head() *EventHead
}

// An EventHead is what all events share.
type EventHead struct {
	Pos    Pos
	Text   string        // the statement as written, one line, without comment
	Cond   *Cond         // "[kernel>=6.11]", nil: always
	Delay  time.Duration // "+D"
	Within time.Duration // 0: not written
	As     string        // names a packet line or an inject, a socket (accept), a program (exec)
	Truth  *Truth        // "=> …" under a reset (a packet line or an inject)
	Seen   []*Seen       // "seen …" under it
}

// Head returns the head itself, so that types embedding it are Events.
func (h *EventHead) Head() *EventHead { return h }

// An Actor names who acts: a host, or one of its sockets by port or by the
// name given with "accept as". Where a host is written alone and has one socket
// so far, Parse fills in that socket; a socket verb with neither means the one
// whose port the kernel picked.
type Actor struct {
	Pos    Pos
	Name   string
	Port   uint16
	Socket string
}

// An Action is a program's, a host's or a middlebox's line: "client send 100".
type Action struct {
	EventHead
	Actor   Actor
	Verb    string
	VerbPos Pos
	Args    []Arg
	Result  *Result // nil: not written
}

// An Arg is an argument of a verb; exactly one field is set, by the verb's
// table.
type Arg struct {
	Pos      Pos
	Endpoint *segment.Endpoint
	Number   *uint64
	Duration *time.Duration
	String   *string // unquoted
	Prefix   *netip.Prefix
	Word     string // a bare name ("write", "flush", "via", …)
	Attr     *Attr
	Match    *Match
	Segment  *segment.Segment // of inject
	Rewrite  []Attr           // what stands behind rewrite's "to", as key and value; options and payload too
}

// A Match says which segments a middlebox's rule is for: a direction, or a
// pattern, the first Count of them (0: all).
type Match struct {
	Segment  segment.Segment
	AnyFlags bool // nothing but the direction was written
	Count    int
}

// A Result is what an action must give: "ok", "EOF", a number, "exit N", an
// errno or a state, as a word; exit has Exit set.
type Result struct {
	Pos  Pos
	Word string // "ok", "EOF", "100", "ECONNRESET", "TIME-WAIT"; "exit" with Exit
	Exit int
}

// A Packet is a packet line: expected on the wire, or sent by a peer.
type Packet struct {
	EventHead
	Forbidden bool // "!"
	Segment   segment.Segment
	Count     int  // xN; 0: not written, one packet
	Tap       *Tap // nil: the tap of the destination
}

// A Tap is NAME or MIDDLEBOX/NEIGHBOUR.
type Tap struct {
	Name, Side string
}

// A Truth is what really happened: "=> CAUSE by ACTOR …".
type Truth struct {
	Pos      Pos
	Cause    string
	By       string
	After    string   // a cause or the name of a line
	Not      []string // the tempting wrong causes
	Evidence []string // names of lines
}

// A Seen is what the packets of some taps can carry: "seen @a+b as …".
type Seen struct {
	Pos            Pos
	Taps           []Tap // nil: each judged tap alone
	Undetermined   bool
	Why            string   // with Undetermined, "" where not written
	Strength       string   // "", "proven", "likely", "possible"
	Causes         []string // joined by "or"
	SenderStrength string
	By             string // "" where not written
}

// NoReset is the node of a "no reset" line.
type NoReset struct{}

// A Line is one source line with its parsed statement, for Format.
type Line struct {
	Text    string
	Comment string // with its "#"
	Node    any    // *ActorDecl, *Link, []Cond, []string, *Action, *Packet, *Truth, *Seen, NoReset; nil: blank or comment

	toks []segment.Token
}
