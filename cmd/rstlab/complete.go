package main

import (
	"strings"

	"github.com/spf13/cobra"

	"rstlab/analyzer/cause"
	"rstlab/internal/catalogue"
	"rstlab/scenarios"
)

// complete lets a shell complete the values of a flag of cmd.
func complete(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(err) // cmd has no such flag
	}
}

// completeScenarios offers the names of the catalogue, and where none fits the
// shell's own files and folders.
func completeScenarios(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	files, err := scenarios.All()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var words []string
	for _, f := range files {
		words = append(words, cobra.CompletionWithDesc(f.Name, f.Summary))
	}
	return words, cobra.ShellCompDirectiveDefault
}

// completeScenarioFiles offers files that end as scenarios do.
func completeScenarioFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{strings.TrimPrefix(catalogue.Ext, ".")}, cobra.ShellCompDirectiveFilterFileExt
}

// completeCauses offers the ids of the causes.
func completeCauses(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var words []string
	for _, c := range cause.Table() {
		words = append(words, cobra.CompletionWithDesc(string(c.ID), c.Summary))
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// completeCause offers one cause, and nothing behind it.
func completeCause(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return completeCauses(cmd, args, word)
}

// completeCauseList offers causes behind those that word has already. It says
// nothing of them: cobra's script for bash finds no word with a comma then.
func completeCauseList(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
	var words []string
	for _, c := range cause.Table() {
		words = append(words, string(c.ID))
	}
	return behind(word[:strings.LastIndex(word, ",")+1], words), cobra.ShellCompDirectiveNoFileComp
}

// completeSelector offers what --label takes, behind the operators of word.
func completeSelector(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
	files, err := scenarios.All()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return behind(word[:strings.LastIndexAny(word, ",&!")+1], catalogue.Words(files)), cobra.ShellCompDirectiveNoFileComp
}

// behind puts what a word has already before each that may follow.
func behind(begun string, words []string) []string {
	for i := range words {
		words[i] = begun + words[i]
	}
	return words
}

// completeDirs offers folders.
func completeDirs(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// completeGolden offers folders first, then scenarios.
func completeGolden(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return completeDirs(cmd, args, word)
	}
	return completeScenarios(cmd, args, word)
}
