package main

import (
	"github.com/spf13/cobra"

	"rstlab/internal/derive"
	"rstlab/lab"
)

// playDerived plays what was derived and compares.
func playDerived(cmd *cobra.Command, t *derive.Trouble, name string) (*derive.Outcome, error) {
	if err := lab.Available(); err != nil {
		return nil, &statusError{Status: statusMachine, Err: err, Hint: "rstlab doctor says how to mend it; --no-run derives without playing"}
	}
	defer startProgress(cmd, playing("what was derived")).end()
	return t.Reproduce(cmd.Context(), name)
}
