//go:build linux

package lab

import (
	"fmt"
	"strconv"
	"strings"

	"rstlab/internal/segment"
)

// A Segment is a TCP segment, or an ICMP error about one, as it is written:
// what is not written is not set. Its String is the notation that
// [ParseSegment] reads.
type Segment = segment.Segment

// Flags are the control bits of a segment; their String is "S", "R.", "P.",
// with "." for ACK.
type Flags = segment.Flags

// ParseSegment reads a segment as tcpdump prints it, with actors for hosts:
//
//	server.80 > client.40000: R. seq 1 ack 101 win 0
//
// Numbers count from the SYN of the direction that they count (the SYN is 0,
// the first byte 1); "rawseq" and "rawack" are those on the wire.
func ParseSegment(notation string) (Segment, error) {
	s, err := segment.Parse(notation)
	if err != nil {
		return s, fmt.Errorf("parse segment %q: %w", notation, err)
	}
	return s, nil
}

// ParseMatch reads a match: a direction, "client > server.80", or a segment,
// and behind either "x3" for the first three only.
func ParseMatch(notation string) (Match, error) {
	var m Match
	text := strings.TrimSpace(notation)
	if i := strings.LastIndex(text, " x"); i >= 0 {
		if n, err := strconv.ParseUint(text[i+2:], 10, 31); err == nil && n > 0 {
			m.Count, text = int(n), text[:i]
		}
	}
	var err error
	if words := strings.Fields(text); len(words) == 3 && words[1] == ">" && !strings.HasSuffix(words[2], ":") {
		m.AnyFlags = true
		if m.Segment.Src, err = segment.ParseEndpoint(words[0]); err == nil {
			m.Segment.Dst, err = segment.ParseEndpoint(words[2])
		}
	} else {
		m.Segment, err = segment.Parse(text)
	}
	if err != nil {
		return Match{}, fmt.Errorf("parse match %q: %w", notation, err)
	}
	return m, nil
}
