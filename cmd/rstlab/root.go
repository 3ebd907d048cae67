package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"rstlab/internal/segment"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "rstlab",
		Short: "Where do TCP resets come from? Play them, watch them, judge them",
		Long: `Rstlab plays the causes of TCP resets between real kernels in network
namespaces, and judges the resets in captures: who sent each one, why, how
sure that is, and by which frames.

Results go to standard output, all else to standard error. A file named "-" is
standard input. NO_COLOR is honoured.

Exit status:
  0    all well
  1    a scenario failed, a golden file differs, or analyze found a cause that
       --fail-on names
  2    wrong use, or input of which nothing could be read
  3    this machine can't run it; "rstlab doctor" says why
  130  interrupted; what was found until then has been printed`,
		Example: `  rstlab run                        play the whole catalogue
  rstlab run port-closed            play one scenario
  rstlab analyze trouble.pcapng     judge the resets of a capture
  rstlab explain port-closed        what that means, and what to do`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          unknownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, err) })
	root.AddCommand(newRun(), newAnalyze(), newReproduce(), newList(), newExplain(), newFmt(), newGolden(), newSanitize(), newDoctor(), newVersion())
	return root
}

// unknownCommand refuses what is no command of root.
func unknownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, c := range root.Commands() {
		known = append(known, c.Name())
	}
	return usage(root, fmt.Errorf("unknown command %q%s", args[0], segment.DidYouMean(args[0], known...)))
}

// usage makes err a wrong use of cmd.
func usage(cmd *cobra.Command, err error) error {
	return &statusError{Status: statusUsage, Err: err, Hint: fmt.Sprintf("see %s --help", cmd.CommandPath())}
}

// oneOrMore wants arguments, which what names.
func oneOrMore(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usage(cmd, fmt.Errorf("%s: found no argument, expected %s", cmd.Name(), what))
		}
		return nil
	}
}

// exactly wants n arguments, which what names.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usage(cmd, fmt.Errorf("%s: found %q, expected %s", cmd.Name(), args, what))
		}
		return nil
	}
}
