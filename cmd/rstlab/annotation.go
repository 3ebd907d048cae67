package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"rstlab/analyzer"
	"rstlab/internal/annotate"
)

// An annotation is what --annotate asks for: the captures once more, with the
// verdicts as comments.
type annotation struct {
	out     *os.File
	made    bool // by newAnnotation
	written bool
	notes   *annotate.Notes
	from    []*source
}

// newAnnotation prepares OUT before anything is read, so that what is wrong
// with it is told at once, and lets sources keep what can be read only once.
func newAnnotation(path string, from []*source) (*annotation, error) {
	if path == "-" {
		return nil, errors.New("annotate to \"-\": standard output has the report; want a file")
	}
	a := &annotation{from: from}
	_, err := os.Stat(path)
	a.made = errors.Is(err, os.ErrNotExist)
	if a.out, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666); err != nil {
		return nil, fmt.Errorf("annotate: %w", err)
	}
	if err := a.prepare(); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *annotation) prepare() (err error) {
	out, err := a.out.Stat()
	if err != nil {
		return fmt.Errorf("annotate: %w", err)
	}
	for _, s := range a.from {
		if names(s.path, out) {
			return fmt.Errorf("annotate to %s: that is a capture to analyze; want another file", a.out.Name())
		}
		if s.once {
			if s.spool, err = annotate.NewSpool(); err != nil {
				return noRoom(err)
			}
		}
	}
	a.notes, err = annotate.NewNotes(len(a.from) > 1)
	return noRoom(err)
}

// noRoom says what decides where temporary files lie, if they can't be made.
func noRoom(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("annotate: %w; TMPDIR names another folder for it", err)
}

// write writes OUT, after the analysis.
func (a *annotation) write(ctx context.Context, stderr io.Writer) error {
	if ctx.Err() != nil {
		ctx = context.WithoutCancel(ctx) // the analysis was interrupted; this writes what it had read
	}
	var in []analyzer.Input
	var names []string
	for _, s := range a.from {
		i, err := s.again()
		if err != nil {
			return fmt.Errorf("annotate: read %s again: %w", s.path, err)
		}
		in = append(in, i)
		names = append(names, s.name)
	}
	info, err := a.out.Stat()
	if err == nil && info.Mode().IsRegular() {
		err = a.out.Truncate(0)
	}
	if err != nil {
		return fmt.Errorf("annotate: %w", err)
	}
	a.written = true
	if err := a.notes.Write(ctx, a.out, in); err != nil {
		return fmt.Errorf("annotate: %s is not complete: %w", a.out.Name(), err)
	}
	if left := a.left(); left != "" {
		hint(stderr, fmt.Sprintf("%s is without a part of the capture: %s", a.out.Name(), left))
	}
	if len(in) > 1 {
		hint(stderr, fmt.Sprintf("%s has the packets of %s, merged in order of time; its comments count the frames of those files", a.out.Name(), strings.Join(names, ", ")))
	}
	return nil
}

// left says which blocks of the captures were not copied.
func (a *annotation) left() string {
	local, unknown := a.notes.Left()
	var all []string
	if local > 0 {
		all = append(all, count(local, "custom block")+" marked as not to be copied")
	}
	if unknown > 0 {
		all = append(all, count(unknown, "block")+" of a kind that is not known here")
	}
	return strings.Join(all, ", ")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Close frees all, and takes OUT away again where it was made and not written.
func (a *annotation) Close() error {
	err := a.out.Close()
	if a.made && !a.written {
		err = errors.Join(err, os.Remove(a.out.Name()))
	}
	if a.notes != nil {
		err = errors.Join(err, a.notes.Close())
	}
	for _, s := range a.from {
		if s.spool != nil {
			err = errors.Join(err, s.spool.Close())
		}
	}
	return err
}
