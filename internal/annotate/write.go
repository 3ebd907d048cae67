package annotate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"rstlab/analyzer"
	"rstlab/analyzer/capture"
	"rstlab/internal/pcapng"
)

// Write writes the packets of the inputs, which are those of the analysis read
// once more from their begin, as one pcapng file with the comments: all packets
// that the analysis read, with their stamps, directions, interfaces and
// statistics, and between them, as they stood, names, secrets and custom blocks that
// may be copied. Several captures are merged in order of time, as the analysis read
// them.
func (n *Notes) Write(ctx context.Context, w io.Writer, inputs []analyzer.Input) error {
	if err := n.sorted(); err != nil {
		return err
	}
	var files []*file
	var readers []*capture.Reader
	copied := &copying{begin: func() *pcapng.Writer { return pcapng.NewWriter(w, n.section(files)) }}
	for _, in := range inputs {
		if r, err := capture.NewReader(in.Name, in.R); err == nil { // the analysis told what was wrong, too
			f := &file{name: in.Name, reader: r}
			r.Carry(func(b pcapng.Block) { copied.block(f, b, n.several) })
			files = append(files, f)
			readers = append(readers, r)
		}
	}
	set := capture.NewSet(readers)
	out := copied.writer()
	var p pcapng.Packet
	written := int64(0)
	for written < n.packets {
		if written%4096 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		i, err := set.Next(&p)
		var damaged *capture.Error
		if errors.As(err, &damaged) {
			continue // as in the analysis: the others go on
		}
		if err != nil {
			return fmt.Errorf("read the captures again: found %d packets, expected the %d that were analyzed: has a file changed meanwhile?", written, n.packets)
		}
		if err := n.packet(out, files[i], &p); err != nil {
			return err
		}
		written++
	}
	_, _ = set.Next(&p) // statistics stand behind the last packet; what else is there was not analyzed
	for _, f := range files {
		if err := f.finish(out, n.several); err != nil {
			return err
		}
		local, unknown := f.reader.Left()
		n.local += local
		n.unknown += unknown
	}
	return errors.Join(copied.err, out.Flush())
}

// Left counts the blocks that Write left out: those that ask not to be copied, and
// those of which it is not known how.
func (n *Notes) Left() (local, unknown int) { return n.local, n.unknown }

// A copying copies blocks into what is written when they are met. The first ones are
// met before the first packet, when of the captures only the section's begin is known.
type copying struct {
	begin func() *pcapng.Writer
	out   *pcapng.Writer
	err   error
}

func (c *copying) writer() *pcapng.Writer {
	if c.out == nil {
		c.out = c.begin()
	}
	return c.out
}

// block copies a block of f behind what stands before it: some tools look for
// interfaces in front only.
func (c *copying) block(f *file, b pcapng.Block, several bool) {
	out := c.writer()
	c.err = cmp.Or(c.err, f.describe(out, len(f.reader.Interfaces()), several), out.WriteBlock(b))
}

// section describes what is written: as the one capture does, or as a merger.
func (n *Notes) section(files []*file) pcapng.Section {
	about := "comments that begin with \"rstlab:\" are verdicts of rstlab analyze"
	if len(files) == 1 && !n.several {
		s := files[0].reader.Section()
		s.Comments = append(slices.Clip(s.Comments), about)
		return s
	}
	about += "; they count the frames of the captures that were merged here, not of this file:"
	for _, f := range files {
		about += " " + f.name
	}
	return pcapng.Section{Application: "rstlab", Comments: []string{about}}
}

// packet writes one packet with its comments.
func (n *Notes) packet(out *pcapng.Writer, f *file, p *pcapng.Packet) error {
	texts, err := n.take(f.name, int32(p.Frame))
	if err != nil {
		return err
	}
	if err := f.describe(out, p.Interface+1, n.several); err != nil {
		return err
	}
	p.Comments = append(slices.Clip(p.Comments), texts...)
	p.Interface = f.ifaces[p.Interface]
	return out.WritePacket(p, f.reader.Options()...)
}

// A file is one capture that is read again.
type file struct {
	name   string
	reader *capture.Reader
	ifaces []int // of what is written, by the file's own
}

// describe writes the file's interfaces up to a number of them, if they are not
// written yet.
func (f *file) describe(out *pcapng.Writer, upTo int, several bool) error {
	for len(f.ifaces) < upTo {
		face := f.reader.Interfaces()[len(f.ifaces)]
		if several {
			face.Comments = append(slices.Clip(face.Comments), "of "+f.name)
		}
		id, err := out.AddInterface(face)
		if err != nil {
			return err
		}
		f.ifaces = append(f.ifaces, id)
	}
	return nil
}

// finish writes what is known at the file's end only.
func (f *file) finish(out *pcapng.Writer, several bool) error {
	faces := f.reader.Interfaces()
	if err := f.describe(out, len(faces), several); err != nil {
		return err
	}
	for i, face := range faces {
		if face.Stats != (pcapng.Stats{}) {
			if err := out.WriteStats(f.ifaces[i], face.Stats.At, face.Stats); err != nil {
				return err
			}
		}
	}
	return nil
}
