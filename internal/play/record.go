package play

import (
	"net/netip"
	"time"

	"rstlab/internal/script"
)

// A Recording is all that a scenario left behind: what golden files are made from,
// and what a replay is compared by.
type Recording struct {
	Captures []Capture
	Lines    []Line                  // those that ran, in their order
	Names    map[netip.Addr][]string // the actors that have an address
}

// A Capture is what one tap held at the end, as pcapng.
type Capture struct {
	Tap  string
	Data []byte
}

// A Line is an event of a script as it was played. Times are of the clock that
// stamps packets.
type Line struct {
	Event script.Event
	Begun time.Time // when it acted or began to wait, its delay and its socket's last action over
	Ended time.Time // when the next line's turn came
	Done  time.Time // of an action that goes on meanwhile: when it had its result

	Tap    string           // where it waited for its packets; "": it waited for none
	Frames map[string][]int // its packets' frames at each tap that saw them, from 1
}
