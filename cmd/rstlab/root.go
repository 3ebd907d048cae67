package main

import (
	"strings"

	"github.com/spf13/cobra"
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
` + exitStatus,
		Example: `  rstlab run                        play the whole catalogue
  rstlab run port-closed            play one scenario
  rstlab analyze trouble.pcapng     judge the resets of a capture
  rstlab explain port-closed        what that means, and what to do`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          unknownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(newHelp())
	root.CompletionOptions.DisableDefaultCmd = true // newCompletion has it
	root.SetUsageTemplate(strings.Replace(root.UsageTemplate(), "Additional help topics:{{range .Commands}}{{if .IsAdditionalHelpTopicCommand}}\n  {{rpad .CommandPath .CommandPathPadding}}",
		"Topics, as in \"rstlab help language\":{{range .Commands}}{{if .IsAdditionalHelpTopicCommand}}\n  {{rpad .Name .NamePadding}}", 1))
	root.AddCommand(newRun(), newAnalyze(), newReproduce(), newList(), newExplain(), newFmt(), newGolden(), newSanitize(), newDoctor(), newCompletion(), newVersion())
	root.AddCommand(newTopics()...)
	return root
}
