// Package annotate writes captures again with comments on their packets: the
// verdict on each reset, and on the frames of its evidence what they are
// evidence of.
package annotate

import (
	"bufio"
	"cmp"
	"fmt"
	"slices"

	"rstlab/analyzer"
	"rstlab/internal/report"
)

// Notes are the comments for the packets of an analysis. Their text lies in a
// temporary file: 16 bytes of memory are needed for each.
type Notes struct {
	several bool // captures: frames are named with their file
	texts   *Spool
	out     *bufio.Writer
	end     int64
	files   map[string][]note
	packets int64

	local, unknown int // blocks left out
}

type note struct {
	frame, length int32
	at            int64 // in texts
}

// NewNotes makes empty Notes for an analysis of one capture or of several.
func NewNotes(several bool) (*Notes, error) {
	texts, err := NewSpool()
	if err != nil {
		return nil, err
	}
	return &Notes{several: several, texts: texts, out: bufio.NewWriter(texts), files: map[string][]note{}}, nil
}

// Close frees what the Notes hold.
func (n *Notes) Close() error { return n.texts.Close() }

// Record takes what a record of the analysis says of packets.
func (n *Notes) Record(r analyzer.Record) error {
	switch r := r.(type) {
	case *analyzer.Verdict:
		return n.verdict(r)
	case *analyzer.Summary:
		n.packets = r.Packets
	}
	return nil
}

func (n *Notes) verdict(v *analyzer.Verdict) error {
	text := report.Comment(v)
	for _, s := range v.Seen {
		if err := n.add(s.File, s.Frame, text); err != nil {
			return err
		}
	}
	for _, e := range v.Evidence {
		file := cmp.Or(e.File, v.File)
		if slices.Contains(v.Seen, analyzer.Sighting{File: file, Frame: e.Frame}) {
			continue
		}
		where := fmt.Sprintf("frame %d", v.Frame)
		if n.several {
			where += " of " + v.File
		}
		if err := n.add(file, e.Frame, report.Pointer(where, e)); err != nil {
			return err
		}
	}
	return nil
}

// add keeps a comment for a frame.
func (n *Notes) add(file string, frame int, text string) error {
	if _, err := n.out.WriteString(text); err != nil {
		return fmt.Errorf("keep comments: %w", err)
	}
	n.files[file] = append(n.files[file], note{int32(frame), int32(len(text)), n.end})
	n.end += int64(len(text))
	return nil
}

// sorted makes all that was added readable, each file's in order of its frames.
func (n *Notes) sorted() error {
	if err := n.out.Flush(); err != nil {
		return fmt.Errorf("keep comments: %w", err)
	}
	for _, list := range n.files {
		slices.SortStableFunc(list, func(a, b note) int { return cmp.Compare(a.frame, b.frame) })
	}
	return nil
}

// maxComments is how many comments a packet gets: a SYN may be evidence of
// thousands of resets.
const maxComments = 8

// take gives the comments for a frame and drops them; frames are asked for in
// their order.
func (n *Notes) take(file string, frame int32) ([]string, error) {
	list := n.files[file]
	var texts []string
	more := 0
	for len(list) > 0 && list[0].frame == frame {
		if len(texts) < maxComments {
			b := make([]byte, list[0].length)
			if _, err := n.texts.ReadAt(b, list[0].at); err != nil {
				return nil, fmt.Errorf("read comments back: %w", err)
			}
			texts = append(texts, string(b))
		} else {
			more++
		}
		list = list[1:]
	}
	if more > 0 {
		texts = append(texts, fmt.Sprintf("rstlab: and %d more", more))
	}
	n.files[file] = list
	return texts, nil
}
