package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rstlab/analyzer/cause"
	"rstlab/internal/catalogue"
	"rstlab/internal/script"
	"rstlab/internal/segment"
	"rstlab/scenarios"
)

// usage makes err a wrong use of cmd.
func usage(cmd *cobra.Command, err error) error {
	return &statusError{Status: statusUsage, Err: err, Hint: fmt.Sprintf("see %s --help", cmd.CommandPath())}
}

// unknownCommand refuses what is no command of cmd.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q%s", args[0], segment.DidYouMean(args[0], helpWords(cmd)...))
	if do := whatToDo(args[0]); do != "" {
		return &statusError{Status: statusUsage, Err: err, Hint: do}
	}
	return usage(cmd, err)
}

// whatToDo names the command for a word that is none, but a scenario, a cause
// or a file.
func whatToDo(word string) string {
	if all, err := scenarios.All(); err == nil && slices.ContainsFunc(all, func(f *script.File) bool { return f.Name == word }) {
		return fmt.Sprintf("\"rstlab run %s\" plays that scenario", word)
	}
	if _, ok := cause.Lookup(cause.ID(word)); ok {
		return fmt.Sprintf("\"rstlab explain %s\" tells of that cause", word)
	}
	if info, err := os.Stat(word); err != nil || info.IsDir() {
		return ""
	}
	if filepath.Ext(word) == catalogue.Ext {
		return fmt.Sprintf("\"rstlab run %s\" plays that scenario", word)
	}
	return fmt.Sprintf("\"rstlab analyze %s\" judges that capture", word)
}

// flagError says of a wrong flag what was found and what is expected.
func flagError(cmd *cobra.Command, err error) error {
	var (
		unknown *pflag.NotExistError
		invalid *pflag.InvalidValueError
	)
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		near := segment.Near(unknown.GetSpecifiedName(), known...)
		switch {
		case near != "":
			near = fmt.Sprintf(" (did you mean --%s?)", near)
		case slices.Contains(helpWords(cmd), unknown.GetSpecifiedName()):
			near = fmt.Sprintf(" (did you mean \"%s %s\"?)", cmd.CommandPath(), unknown.GetSpecifiedName())
		}
		err = fmt.Errorf("unknown flag --%s%s", unknown.GetSpecifiedName(), near)
	case errors.As(err, &invalid):
		why := invalid.Unwrap().Error()
		switch invalid.GetFlag().Value.Type() {
		case "int":
			why = "want a whole number"
		case "bool":
			why = "want true or false"
		}
		err = fmt.Errorf("read --%s: found %q, %s", invalid.GetFlag().Name, invalid.GetValue(), why)
	}
	return usage(cmd, err)
}

// positive wants a flag's number to be 1 or more.
func positive(flag string, n int) error {
	if n < 1 {
		return fmt.Errorf("read --%s: found %d, want 1 or more", flag, n)
	}
	return nil
}

// oneOrMore wants arguments, which what names.
func oneOrMore(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usage(cmd, fmt.Errorf("%s: found no argument, expected %s", verb(cmd), what))
		}
		return nil
	}
}

// exactly wants n arguments, which what names.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == n {
			return nil
		}
		return usage(cmd, fmt.Errorf("%s: found %s, expected %s", verb(cmd), found(args), what))
	}
}

// atMostOneOf wants one of the words, or none.
func atMostOneOf(words ...string) cobra.PositionalArgs {
	one := oneOf(words...)
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return one(cmd, args)
	}
}

// oneOf wants one of the words.
func oneOf(words ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 && slices.Contains(words, args[0]) {
			return nil
		}
		near := ""
		if len(args) == 1 {
			near = segment.DidYouMean(args[0], words...)
		}
		return usage(cmd, fmt.Errorf("%s: found %s, expected %s%s", verb(cmd), found(args), orList(words), near))
	}
}

// verb is what a command is called behind the program's name.
func verb(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

// found names arguments in an error.
func found(args []string) string {
	if len(args) == 0 {
		return "no argument"
	}
	var quoted []string
	for _, a := range args {
		quoted = append(quoted, fmt.Sprintf("%q", a))
	}
	return strings.Join(quoted, " ")
}
