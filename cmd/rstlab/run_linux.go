package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"rstlab/internal/play"
	"rstlab/internal/report"
	"rstlab/internal/script"
	"rstlab/lab"
)

// playAll plays the scenarios and reports each as it ends.
func playAll(cmd *cobra.Command, files []*script.File, o runOptions, out report.Run) error {
	ctx, cancel := context.WithCancelCause(cmd.Context())
	defer cancel(nil)
	summary, err := play.Run(ctx, files, play.Options{
		Jobs: o.jobs, Repeat: o.repeat, Save: o.save, AllowExec: o.allowExec,
	}, func(r *play.Result) {
		if err := out.Result(r); err != nil {
			cancel(err)
		}
	})
	if cause := context.Cause(ctx); cause != nil && cmd.Context().Err() == nil {
		return cause
	}
	var unavailable *lab.UnavailableError
	if errors.As(err, &unavailable) {
		return machine(err)
	}
	if err := out.Summary(summary); err != nil {
		return err
	}
	switch {
	case err != nil:
		return err
	case summary.Failed > 0:
		return &statusError{Status: statusFailed}
	}
	return nil
}

// machine makes err, which says what this machine lacks, the end of a command.
func machine(err error) error {
	return &statusError{Status: statusMachine, Err: err, Hint: "rstlab doctor says how to mend it"}
}
