package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rstlab/internal/report"
)

// A format is the value of -o: one of the words that a report takes.
type format struct {
	value string
	words []string
}

func (f *format) String() string { return f.value }
func (f *format) Type() string   { return "format" }

func (f *format) Set(s string) error {
	if !slices.Contains(f.words, s) {
		return fmt.Errorf("want %s", strings.Join(f.words, " or "))
	}
	f.value = s
	return nil
}

// addOutput gives cmd the flag -o with the words of a report, the first being
// the default.
func addOutput(cmd *cobra.Command, words []string) *format {
	f := &format{value: words[0], words: words}
	cmd.Flags().VarP(f, "output", "o", "what to write: "+strings.Join(words, ", "))
	complete(cmd, "output", cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	return f
}

// complete lets a shell complete the values of a flag of cmd.
func complete(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(err) // cmd has no such flag
	}
}

// style says what a text output may count on in w.
func style(w io.Writer) report.Style {
	return report.Style{Color: isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// isTerminal says whether w is a device that takes characters: a terminal, or
// /dev/null, where colours do no harm.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
