// Package analyzer judges the TCP resets in captures: who sent each, why, how
// sure that is, by which frames, what else it could be and what would settle
// it. It is pure: readers in, records out, on any system.
package analyzer

import (
	"context"
	"errors"
	"io"
	"net/netip"
)

// An Input is one capture of an analysis.
type Input struct {
	Name string     // as it shall stand in the records
	R    io.Reader  // pcap or pcapng, plain or compressed; read once, forwards
	At   netip.Addr // the host at which it was taken, where that is told; zero: derive it
}

// Options steer an analysis. The zero value judges everything.
type Options struct {
	Connections bool // one Connection record for each connection, too
}

// Analyze reads the inputs, which are captures of one trouble from different
// points, and calls emit for each record: verdicts in order of time, then
// connections and findings, errors where they are met, one Summary last. An
// error of emit ends the analysis and is returned; when ctx ends, what was
// found so far is emitted and ctx's error is returned. Bad input is an *Error
// record, and an error is returned only if nothing of any input was readable.
func Analyze(ctx context.Context, inputs []Input, opts Options, emit func(Record) error) error {
	return errors.New("not built yet")
}
