package derive

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"rstlab/analyzer"
	"rstlab/analyzer/capture"
	"rstlab/internal/pcapng"
)

// replayOf reads the captures of a replay as a story with the same connections.
// The first is the main point's.
func (s *story) replayOf(ctx context.Context, inputs []Input) (*story, error) {
	survey, err := look(ctx, inputs)
	if err != nil {
		return nil, err
	}
	ours := map[string]bool{}
	for _, c := range s.conns {
		ours[s.portsOf(c)] = true
	}
	var group []*analyzer.Connection
	r := &story{inputs: inputs, opts: s.opts, verdicts: survey.verdicts, chosen: s.chosen, whole: true, mainFile: inputs[0].Name}
	for _, c := range survey.conns {
		if ours[recordPorts(c)] {
			group = append(group, c)
		}
	}
	recs, err := survey.record(ctx, inputs, group, Options{})
	if err != nil {
		return nil, err
	}
	if len(recs) > 0 {
		r.tell(recs)
	}
	return r, nil
}

// trimmed judges the replay again without what stands for packets that the
// capture does not have: a verdict on a connection whose beginning was not
// captured must not be surer for having one.
func (s *story) trimmed(ctx context.Context, r *story, c *Comparison) error {
	if len(r.inputs) > 1 {
		return nil
	}
	drop := map[int]bool{}
	for _, p := range s.packets {
		if q := c.partner[p]; q != nil && p.assumed != "" {
			drop[q.frame()] = true
		}
	}
	if len(drop) == 0 {
		return nil
	}
	first := s.firstFrame()
	for _, q := range r.packets {
		if q.plain() && first != nil && c.partner[first] != nil && q.frame() < c.partner[first].frame() {
			drop[q.frame()] = true
		}
	}
	in := r.inputs[0]
	data, frames, err := without(in, drop)
	if err != nil {
		return err
	}
	if len(frames) == 0 {
		return nil // a replay that did not come to what was captured
	}
	survey, err := look(ctx, []Input{{Name: in.Name, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}})
	if err != nil {
		return err
	}
	of := map[int]*analyzer.Verdict{}
	for _, v := range survey.verdicts {
		of[frames[v.Frame]] = v
	}
	for _, q := range r.packets {
		if q.rst() {
			q.verdict = of[q.frame()]
		}
	}
	return nil
}

// firstFrame is the first packet that was captured.
func (s *story) firstFrame() *pkt {
	for _, p := range s.packets {
		if p.frame() != none {
			return p
		}
	}
	return nil
}

// without copies a capture but for some frames, and tells which frame of the
// copy is which of the capture.
func without(in Input, drop map[int]bool) (data []byte, frames map[int]int, err error) {
	f, err := in.Open()
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	r, err := capture.NewReader(in.Name, f)
	if err != nil {
		return nil, nil, err
	}
	var out bytes.Buffer
	w := pcapng.NewWriter(&out, pcapng.Section{})
	frames = map[int]int{}
	var p pcapng.Packet
	for n := 1; ; n++ {
		if err := r.Next(&p); err == io.EOF {
			break
		} else if err != nil {
			return nil, nil, err
		}
		if len(frames) == 0 {
			for _, i := range r.Interfaces() {
				if _, err := w.AddInterface(i); err != nil {
					return nil, nil, err
				}
			}
		}
		if drop[n] {
			continue
		}
		frames[len(frames)+1] = n
		if err := w.WritePacket(&p); err != nil {
			return nil, nil, err
		}
	}
	err = w.Flush()
	return out.Bytes(), frames, err
}

// portsOf names a connection by its ends in the replay.
func (s *story) portsOf(c *conn) string {
	return fmt.Sprintf("%d>%d", c.addr[originator].Port(), c.addr[responder].Port())
}

func recordPorts(r *analyzer.Connection) string {
	return portOf(r.Ref.Originator) + ">" + portOf(r.Ref.Responder)
}

// portOf is what stands behind an address's last colon.
func portOf(address string) string { return address[strings.LastIndex(address, ":")+1:] }
