package main

import (
	"github.com/spf13/cobra"

	"rstlab/internal/doctor"
	"rstlab/internal/report"
)

func newDoctor() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Tell what this machine can and can't run, and how to mend it",
		Long: `Tries what scenarios need, by making a small lab and freeing it again, and says
how to mend what is missing. Ends with status 3 where no scenario can run.`,
		Args: exactly(0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			checks := doctor.Examine(cmd.Context())
			if err := cmd.Context().Err(); err != nil {
				return err // it, and not the machine, broke a check
			}
			if err := report.Doctor(cmd.OutOrStdout(), style(cmd.OutOrStdout()), checks); err != nil {
				return err
			}
			if !doctor.CanRun(checks) {
				return &statusError{Status: statusMachine}
			}
			return nil
		},
	}
}
