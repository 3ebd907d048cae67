package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"rstlab/internal/golden/sanitize"
)

func newSanitize() *cobra.Command {
	return &cobra.Command{
		Use:   "sanitize IN OUT",
		Short: "Make a capture safe to share; verdicts stay the same",
		Long: `Rewrites a capture as pcapng, so that it can be given away. Verdicts on it stay
the same. The mapping depends on a key that is made for each run and not kept.

Changed:
` + sanitize.Changed + `

Kept:
` + sanitize.Kept,
		Example: `  rstlab sanitize trouble.pcapng trouble-clean.pcapng
  tcpdump -i eth0 -w - tcp | rstlab sanitize - clean.pcapng`,
		Args: exactly(2, "IN and OUT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, err := sources(args[:1], nil)
			if err != nil {
				return usage(cmd, err)
			}
			out, err := create(args[1], from[0].path, cmd.OutOrStdout())
			if err != nil {
				return usage(cmd, err)
			}
			in := from[0].open(cmd.Context(), cmd.InOrStdin())
			report, err := sanitize.Capture(in.Name, in.R, out)
			if err = errors.Join(err, out.close(err)); err != nil {
				return err
			}
			if report.ReadErr != nil {
				diagnose(cmd.ErrOrStderr(), fmt.Errorf("read %w", report.ReadErr))
			}
			if args[1] == "-" {
				return report.Write(cmd.ErrOrStderr())
			}
			return report.Write(cmd.OutOrStdout())
		},
	}
}

// A result is a file that a command makes of another.
type result struct {
	io.Writer
	file *os.File // nil: standard output
	made bool
}

// create opens OUT, which must not be IN; "-" is standard output.
func create(out, in string, stdout io.Writer) (*result, error) {
	if out == "-" {
		return &result{Writer: stdout}, nil
	}
	was, err := os.Stat(out)
	if is, inErr := os.Stat(in); err == nil && inErr == nil && os.SameFile(was, is) {
		return nil, fmt.Errorf("write %s: that is the capture to read; want another file", out)
	}
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
