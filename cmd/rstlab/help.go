package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"rstlab/internal/report"
	"rstlab/internal/segment"
)

// newHelp is "rstlab help": of a command what --help says of it, or a topic.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND|TOPIC]",
		Short: "Help about a command, or a topic",
		Example: `  rstlab help run
  rstlab help language              how a scenario is written
  rstlab help causes                every cause, and what to do`,
		ValidArgsFunction: completeHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil {
				return usage(cmd, err)
			}
			if len(rest) > 0 {
				return unknownTopic(about, rest[0])
			}
			return about.Help()
		},
	}
}

// unknownTopic refuses what help knows nothing of.
func unknownTopic(under *cobra.Command, word string) error {
	return usage(under, fmt.Errorf("help: unknown command or topic %q%s", word, segment.DidYouMean(word, helpWords(under)...)))
}

// helpWords are what help tells of under a command.
func helpWords(under *cobra.Command) []string {
	var words []string
	for _, c := range under.Commands() {
		if !c.Hidden {
			words = append(words, c.Name())
		}
	}
	return words
}

// completeHelp offers commands and topics to a shell.
func completeHelp(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	under, rest, err := cmd.Root().Find(args)
	if err != nil || len(rest) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var words []string
	for _, c := range under.Commands() {
		if !c.Hidden {
			words = append(words, cobra.CompletionWithDesc(c.Name(), c.Short))
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// newTopics are the topics of help: commands that do nothing but tell.
func newTopics() []*cobra.Command {
	var all []*cobra.Command
	for _, t := range topics {
		all = append(all, &cobra.Command{Use: t.name, Short: t.short})
	}
	return all
}

// writeHelp writes what --help and "rstlab help" say of a command or a topic.
func writeHelp(cmd *cobra.Command) error {
	out := cmd.OutOrStdout()
	for _, t := range topics {
		if t.name == cmd.Name() {
			return report.Guide(out, style(out), t.text())
		}
	}
	_, err := fmt.Fprintf(out, "%s\n\n%s", strings.TrimSpace(cmp.Or(cmd.Long, cmd.Short)), cmd.UsageString())
	return err
}
