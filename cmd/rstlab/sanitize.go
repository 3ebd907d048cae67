package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"rstlab/internal/golden/sanitize"
)

func newSanitize() *cobra.Command {
	return &cobra.Command{
		Use:   "sanitize IN OUT [IN OUT]...",
		Short: "Make captures safe to share; verdicts stay the same",
		Long: `Rewrites captures as pcapng, so that they can be given away. Verdicts on them
stay the same. The mapping depends on a key that is made for each run and not
kept: captures of one trouble that are named in one run can still be compared.

Changed:
` + sanitize.Changed + `

Kept:
` + sanitize.Kept,
		Example: `  rstlab sanitize trouble.pcapng trouble-clean.pcapng
  rstlab sanitize client.pcapng a.pcapng server.pcapng b.pcapng
  tcpdump -i eth0 -w - tcp | rstlab sanitize - clean.pcapng`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || len(args)%2 != 0 {
				return usage(cmd, fmt.Errorf("%s: found %s, expected IN and OUT, by twos", cmd.Name(), found(args)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var in, out []string
			for pair := range slices.Chunk(args, 2) {
				in, out = append(in, pair[0]), append(out, pair[1])
			}
			from, err := sources(in, nil)
			if err != nil {
				return usage(cmd, err)
			}
			if err := apart(in, out); err != nil {
				return usage(cmd, err)
			}
			s := sanitize.New()
			reading := newReading(from)
			bar := startProgress(cmd, reading.line)
			for i := range from {
				if err = sanitizeOne(cmd, s, from[i], out[i], reading, bar.above(cmd.ErrOrStderr())); err != nil {
					break
				}
			}
			bar.end()
			if err != nil && !errors.Is(err, context.Canceled) {
				return err
			}
			told := cmd.OutOrStdout()
			if slices.Contains(out, "-") {
				told = cmd.ErrOrStderr()
			}
			return errors.Join(err, s.Report().Write(told))
		},
	}
}

// sanitizeOne writes one capture. An interrupt ends it behind what was read until
// then.
func sanitizeOne(cmd *cobra.Command, s *sanitize.Sanitizer, from *source, to string, reading *reading, stderr io.Writer) error {
	out, err := create(to, cmd.OutOrStdout())
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	in := from.open(ctx, cmd.InOrStdin())
	src := reading.counting(in.R)
	readErr, err := s.Capture(in.Name, readFunc(func(b []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, io.EOF
		}
		return src.Read(b)
	}), out)
	closed := out.close(err)
	if ctx.Err() != nil { // which cut the capture as well
		return errors.Join(ctx.Err(), closed)
	}
	var open *fs.PathError
	if errors.As(err, &open) && open.Path == from.path {
		err = open // its name and the cause are all there is to say
	}
	if err = errors.Join(err, closed); err != nil {
		return err
	}
	if readErr != nil {
		diagnose(stderr, readErr)
	}
	return nil
}

// A result is a file that a command makes of another.
type result struct {
	io.Writer
	file *os.File // nil: standard output
	made bool
}

// apart refuses to write a file that is read, or that is written already.
func apart(in, out []string) error {
	for i, name := range out {
		if slices.Contains(out[:i], name) {
			return fmt.Errorf("write %s twice: want another file", name)
		}
		was, err := os.Stat(name)
		if name == "-" || err != nil {
			continue
		}
		for _, other := range in {
			if names(other, was) {
				return fmt.Errorf("write %s: that is a capture to read; want another file", name)
			}
		}
	}
	return nil
}

// create opens OUT; "-" is standard output.
func create(out string, stdout io.Writer) (*result, error) {
	if out == "-" {
		return &result{Writer: stdout}, nil
	}
	_, err := os.Stat(out)
	made := errors.Is(err, os.ErrNotExist)
	f, err := os.Create(out)
	if err != nil {
		return nil, err
	}
	return &result{f, f, made}, nil
}

// close ends the file, and takes it away again where it was made for nothing.
func (r *result) close(failed error) error {
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	if failed != nil && r.made {
		err = errors.Join(err, os.Remove(r.file.Name()))
	}
	return err
}
