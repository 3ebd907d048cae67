package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"rstlab/analyzer/cause"
	"rstlab/internal/catalogue"
	"rstlab/internal/report"
	"rstlab/internal/segment"
	"rstlab/scenarios"
)

func newExplain() *cobra.Command {
	return &cobra.Command{
		Use:   "explain CAUSE",
		Short: "Tell a cause: what it means, how it is told apart, what to do",
		Example: `  rstlab explain port-closed
  rstlab list causes                what there is to explain`,
		Args:              exactly(1, "one CAUSE"),
		ValidArgsFunction: completeCause,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := lookup(args[0])
			if do := whatToDo(args[0]); err != nil && do != "" {
				return &statusError{Status: statusUsage, Err: err, Hint: do}
			}
			if err != nil {
				return usage(cmd, err)
			}
			files, err := scenarios.All()
			if err != nil {
				return err
			}
			shown := catalogue.DescribeCause(c, files).Scenarios
			return report.Explain(cmd.OutOrStdout(), style(cmd.OutOrStdout()), c, shown)
		},
	}
}

// lookup finds a cause by its id.
func lookup(word string) (cause.Cause, error) {
	c, ok := cause.Lookup(cause.ID(word))
	if !ok {
		var known []string
		for _, c := range cause.Table() {
			known = append(known, string(c.ID))
		}
		return c, fmt.Errorf("unknown cause %q%s; see rstlab list causes", word, segment.DidYouMean(word, known...))
	}
	return c, nil
}
