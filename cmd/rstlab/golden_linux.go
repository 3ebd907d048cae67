package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"rstlab/internal/golden"
	"rstlab/internal/report"
	"rstlab/internal/script"
	"rstlab/lab"
)

// writeGolden writes the golden files of scenarios.
func writeGolden(cmd *cobra.Command, dir string, files []*script.File, o goldenOptions) error {
	if err := lab.Available(); err != nil {
		return machine(err)
	}
	bar := startProgress(cmd, playing(fmt.Sprintf("%d scenarios", len(files))))
	defer bar.end()
	tally, err := golden.Write(cmd.Context(), dir, files, golden.WriteOptions{Jobs: o.jobs, Raw: o.raw, All: o.all}, tellChange(bar.above(cmd.OutOrStdout())))
	return tellTally(bar.above(cmd.OutOrStdout()), tally, err)
}

// verifyGolden compares scenarios with their golden files.
func verifyGolden(cmd *cobra.Command, dir string, files []*script.File, o goldenOptions) error {
	if err := lab.Available(); err != nil {
		return machine(err)
	}
	set, err := openGolden(dir)
	if err != nil {
		return err
	}
	bar := startProgress(cmd, playing(fmt.Sprintf("%d scenarios", len(files))))
	defer bar.end()
	tally, err := golden.Verify(cmd.Context(), set, files, o.jobs, o.all, tellChange(bar.above(cmd.OutOrStdout())))
	if err == nil && tally[golden.Other] > 0 {
		hint(bar.above(cmd.ErrOrStderr()), fmt.Sprintf("the set was written on Linux %s, which is another release: what differs in packets is told, and is no error", set.Machine.Kernel))
	}
	return tellTally(bar.above(cmd.OutOrStdout()), tally, err)
}

// tellChange tells of a scenario unless all is as it was.
func tellChange(w io.Writer) func(golden.Change) {
	return func(c golden.Change) {
		if c.Kind == golden.Same && c.Text == "" || c.Kind == golden.Listed {
			return
		}
		fmt.Fprintf(w, "%-7s  %s\n", c.Kind, report.Clean(c.Name))
		if c.Text == "" {
			return
		}
		for _, line := range strings.Split(report.Clean(c.Text), "\n") {
			fmt.Fprintf(w, "         %s\n", line)
		}
	}
}

// tellTally ends the command.
func tellTally(w io.Writer, tally golden.Tally, err error) error {
	if err != nil {
		return err
	}
	fmt.Fprintln(w, tally)
	if tally.Wrong() > 0 {
		return &statusError{Status: statusFailed}
	}
	return nil
}
