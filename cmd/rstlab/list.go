package main

import (
	"errors"

	"github.com/spf13/cobra"

	"rstlab/analyzer/cause"
	"rstlab/internal/catalogue"
	"rstlab/internal/report"
	"rstlab/scenarios"
)

func newList() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list [causes|scenarios]",
		Short: "List what is known: the scenarios of the catalogue and the causes",
		Example: `  rstlab list
  rstlab list causes
  rstlab list causes --coverage    which scenario shows which cause, and by which reason of the kernel
  rstlab list -o jsonl scenarios | jq -r .name`,
		Args:      atMostOneOf("causes", "scenarios"),
		ValidArgs: []string{"causes", "scenarios"},
	}
	output := addOutput(cmd, report.ListFormats())
	coverage := cmd.Flags().Bool("coverage", false, "of causes: the scenarios, reasons of the kernel, taps and IP versions that show each")
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		wanted := func(kind string) bool { return len(args) == 0 || args[0] == kind }
		files, err := scenarios.All()
		if err != nil {
			return err
		}
		to, err := output.open(cmd.OutOrStdout(), nil)
		if err != nil {
			return usage(cmd, err)
		}
		defer func() { err = to.end(cmd.ErrOrStderr(), err) }()
		var out report.Lists
		for _, s := range to {
			out = append(out, report.NewList(s.format, s.w, style(s.w)))
		}
		if *coverage {
			if !wanted("causes") {
				return usage(cmd, errors.New("list: --coverage is of causes, found scenarios"))
			}
			return listCoverage(out, files)
		}
		if wanted("scenarios") {
			for _, f := range files {
				if err := out.Scenario(catalogue.DescribeScenario(f)); err != nil {
					return err
				}
			}
		}
		if wanted("causes") {
			for _, c := range cause.Table() {
				if err := out.Cause(catalogue.DescribeCause(c, files)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return cmd
}
