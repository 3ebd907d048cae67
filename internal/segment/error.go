package segment

import "fmt"

// An Error says what is wrong with a line and where. Columns count characters
// from 1.
type Error struct {
	Col, Len int    // the place, Len characters long (at least 1)
	Msg      string // what was found and what may stand there
}

func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Col, e.Msg) }
