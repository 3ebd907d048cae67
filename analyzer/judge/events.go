package judge

import "rstlab/analyzer/flow"

// Events are what a Follower tells its Judge, in the order in which it happened.
// Both can be at work at once, on Events of their own: a Follower does not touch
// again what it has told, but for what comes after a reset (Case.later, copies),
// at which the judge does not look before the verdict is due.
type Events struct {
	begun   []attempt
	turns   []turn
	moments []moment
	spent   []*Case // whose verdicts were given: their memory is used again
}

// A turn is how far an attempt has come since.
type turn struct {
	number uint32 // the attempt's
	course flow.Course
	clock  reading // of the responder, where that is new
}

// A moment is one at which the judge has to know what was told before.
type moment struct {
	what         what
	begun, turns int // how much of them was told before
	k            *Case
	conn         int // the connection that left
}

// what happens in a moment.
type what uint8

const (
	cameReset  what = iota // k came
	dueVerdict             // the verdict on k is due
	left                   // a connection with resets left
)

// weight is how many other events a moment weighs as much as: a case has a copy
// of the connection.
const weight = 16

// Len is how much was told: about so many events, each of some 50 bytes.
func (e *Events) Len() int { return len(e.begun) + len(e.turns) + weight*len(e.moments) }

// reset empties e, and keeps its memory.
func (e *Events) reset() {
	clear(e.moments)
	e.begun, e.turns, e.moments = e.begun[:0], e.turns[:0], e.moments[:0]
}

// add adds a moment after what was told so far.
func (e *Events) add(m moment) {
	m.begun, m.turns = len(e.begun), len(e.turns)
	e.moments = append(e.moments, m)
}
