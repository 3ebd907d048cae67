package canon

import (
	"bytes"
	"fmt"
	"time"

	"rstlab/internal/pcapng"
	"rstlab/internal/play"
	"rstlab/internal/script"
)

// Epoch is the time of the start of every canonical capture.
var Epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// A Capture is what a tap saw, in canonical form.
type Capture struct {
	Tap    string
	Frames []Frame

	snapLen uint32
}

// A Frame is a frame of a canonical capture.
type Frame struct {
	Raw      int // its number in the raw capture, from 1
	Time     time.Time
	Data     []byte // from the Ethernet header on
	Comments []string
}

// Captures gives the canonical form of each capture of a recording of f, in
// their order. An error names the frame that has none, and why.
func Captures(f *script.File, rec *play.Recording) ([]*Capture, error) {
	s, err := newScene(f, rec)
	if err != nil {
		return nil, err
	}
	if err := s.tell(); err != nil {
		return nil, err
	}
	if err := s.rewrite(); err != nil {
		return nil, err
	}
	var all []*Capture
	for _, t := range s.taps {
		c := &Capture{Tap: t.name, snapLen: t.snapLen}
		for _, x := range t.frames {
			c.Frames = append(c.Frames, Frame{Raw: x.n, Time: Epoch.Add(x.at), Data: x.data})
		}
		all = append(all, c)
	}
	return all, nil
}

// Frame finds the number, from 1, that a frame of the raw capture has here; 0
// where it was left out.
func (c *Capture) Frame(raw int) int {
	for i, f := range c.Frames {
		if f.Raw == raw {
			return i + 1
		}
	}
	return 0
}

// File writes the capture as pcapng, with comments on it as a whole.
func (c *Capture) File(comments ...string) ([]byte, error) {
	var b bytes.Buffer
	w := pcapng.NewWriter(&b, pcapng.Section{Application: "rstlab", Comments: comments})
	i, err := w.AddInterface(pcapng.Interface{Name: c.Tap, LinkType: pcapng.LinkEthernet, SnapLen: c.snapLen})
	if err != nil {
		return nil, fmt.Errorf("write capture of tap %s: %w", c.Tap, err)
	}
	end := Epoch
	for _, f := range c.Frames {
		end = f.Time
		err := w.WritePacket(&pcapng.Packet{Interface: i, HasTime: true, Time: f.Time.UnixNano(),
			Data: f.Data, OrigLen: len(f.Data), Comments: f.Comments})
		if err != nil {
			return nil, fmt.Errorf("write capture of tap %s: %w", c.Tap, err)
		}
	}
	err = w.WriteStats(i, end.UnixNano(), pcapng.Stats{
		Received:  pcapng.Count{N: uint64(len(c.Frames)), Known: true},
		OSDropped: pcapng.Count{Known: true},
	})
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		return nil, fmt.Errorf("write capture of tap %s: %w", c.Tap, err)
	}
	return b.Bytes(), nil
}
