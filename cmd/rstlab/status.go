package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"rstlab/internal/report"
)

// Exit statuses, as the help of the root command lists them.
const (
	statusOK          = 0
	statusFailed      = 1 // a scenario failed, a --fail-on cause was found
	statusUsage       = 2 // wrong use, unreadable input, unwritable output
	statusMachine     = 3 // this machine can't run it
	statusInterrupted = 130
)

// A statusError ends the program with a status. Err is nil where the reason
// has been told already; Hint says what to do.
type statusError struct {
	Status int
	Err    error
	Hint   string
}

func (e *statusError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit status %d", e.Status)
	}
	return e.Err.Error()
}

func (e *statusError) Unwrap() error { return e.Err }

// tell tells err to the user and returns the status it stands for. An error
// without a status is wrong use.
func tell(stderr io.Writer, err error) int {
	var s *statusError
	switch {
	case err == nil:
		return statusOK
	case errors.Is(err, context.Canceled):
		diagnose(stderr, errors.New("interrupted; what was found until then stands above"))
		return statusInterrupted
	case !errors.As(err, &s):
		s = &statusError{Status: statusUsage, Err: err}
	}
	if s.Err != nil {
		diagnose(stderr, s.Err)
	}
	if s.Hint != "" {
		hint(stderr, s.Hint)
	}
	return s.Status
}

// diagnose writes what is no result.
func diagnose(stderr io.Writer, err error) {
	fmt.Fprintf(stderr, "rstlab: %s\n", report.Clean(err.Error()))
}

// hint writes what the user may do about the diagnostic above.
func hint(stderr io.Writer, text string) {
	fmt.Fprintf(stderr, "rstlab: hint: %s\n", report.Clean(text))
}
