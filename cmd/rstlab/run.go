package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"rstlab/internal/catalogue"
	"rstlab/internal/report"
	"rstlab/internal/script"
	"rstlab/scenarios"
)

// runOptions are the flags of run.
type runOptions struct {
	jobs, repeat int
	save         string
	allowExec    bool
}

func newRun() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run [NAME|FILE|DIR...]",
		Short: "Play scenarios between real kernels, and compare three witnesses",
		Long: `Plays scenarios, each in network namespaces of its own, and compares what the
scenario says of each reset with what the kernel says it did and with what the
analyzer concludes from the packets alone. Without arguments it plays the whole
catalogue. "-" is a scenario on standard input.

--label takes labels, families and causes: "a,b" has one of them, "a&&b" both,
"!a" has it not.

Root is not needed; without it the kernel's counters stand in for its trace.

-o may be repeated, and FORMAT=FILE writes a file; standard output has the text
where nothing else is asked for it. junit is JUnit XML, tap is TAP version 14,
github is the text for a workflow's log with an annotation for each failure, and
appends Markdown to the job's summary where GITHUB_STEP_SUMMARY names it. html
is one page for a browser, which fetches nothing.`,
		Example: `  rstlab run
  rstlab run port-closed abortive-close
  rstlab run --label 'connect&&!control' --save captures
  rstlab run -o jsonl my.scenario
  rstlab run -o junit=report.xml    text for you, a file for the CI
  rstlab run -o github`,
		ValidArgsFunction: completeScenarios,
	}
	output := addOutput(cmd, report.RunFormats())
	var o runOptions
	cmd.Flags().IntVarP(&o.jobs, "jobs", "j", 4*runtime.NumCPU(), "play `N` scenarios at the same time")
	cmd.Flags().IntVar(&o.repeat, "repeat", 1, "play each scenario `N` times")
	cmd.Flags().StringVar(&o.save, "save", "", "keep the captures of all scenarios in `DIR`, not only those of failures")
	cmd.Flags().BoolVar(&o.allowExec, "allow-exec", false, "let scenarios from outside the catalogue run programs")
	label := cmd.Flags().String("label", "", "play only scenarios that `EXPR` selects")
	complete(cmd, "jobs", cobra.NoFileCompletions)
	complete(cmd, "repeat", cobra.NoFileCompletions)
	complete(cmd, "save", completeDirs)
	complete(cmd, "label", completeSelector)

	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if err := cmp.Or(positive("jobs", o.jobs), positive("repeat", o.repeat)); err != nil {
			return usage(cmd, err)
		}
		files, err := choose(cmd, args, *label)
		if err != nil {
			return err
		}
		if o.save != "" {
			if err := os.MkdirAll(o.save, 0o755); err != nil {
				return usage(cmd, fmt.Errorf("read --save: %w", err))
			}
		}
		to, err := output.open(cmd.OutOrStdout(), args)
		if err != nil {
			return usage(cmd, err)
		}
		defer func() { err = to.end(cmd.ErrOrStderr(), err) }()
		if to, err = to.withJobSummary(); err != nil {
			return usage(cmd, err)
		}
		ended := &tally{total: len(files) * o.repeat}
		bar := startProgress(cmd, ended.line)
		defer bar.end()
		out := report.Runs{ended}
		for _, s := range to {
			out = append(out, report.NewRun(s.format, bar.above(s.w), style(s.w)))
		}
		return playAll(cmd, files, o, out)
	}
	return cmd
}

// choose returns the scenarios that the arguments and --label name.
func choose(cmd *cobra.Command, args []string, label string) ([]*script.File, error) {
	all, err := scenarios.All()
	if err != nil {
		return nil, err
	}
	files := all
	if len(args) > 0 {
		var errs []error
		files, errs = catalogue.Resolve(args, all, cmd.InOrStdin())
		for _, err := range errs {
			diagnoseScenario(cmd.ErrOrStderr(), err)
		}
		if len(errs) > 0 {
			return nil, &statusError{Status: statusUsage, Hint: "nothing was run; " + whatToMend(errs, args, all)}
		}
	}
	if label == "" {
		return files, nil
	}
	selected, err := catalogue.ParseSelector(label, catalogue.Words(append(all, files...)))
	if err != nil {
		return nil, usage(cmd, err)
	}
	files = slices.DeleteFunc(slices.Clone(files), func(f *script.File) bool { return !selected(f) })
	if len(files) == 0 {
		return nil, usage(cmd, fmt.Errorf("select %q: no scenario fits", label))
	}
	return files, nil
}

// whatToMend says what helps with scenarios that can't be played: of those that were
// found, the language.
func whatToMend(errs []error, args []string, all []*script.File) string {
	for _, err := range errs {
		var mistakes script.Errors
		if !errors.As(err, &mistakes) {
			return whatToRun(args, all)
		}
	}
	return "\"rstlab help language\" tells how a scenario is written"
}

// whatToRun says how scenarios are named, to one who named them wrong.
func whatToRun(args []string, all []*script.File) string {
	for _, arg := range args {
		if slices.Contains(catalogue.Words(all), arg) {
			return fmt.Sprintf("\"rstlab run --label %s\" plays the scenarios of that label, family or cause", arg)
		}
	}
	return "\"rstlab list scenarios\" names those of the catalogue"
}

// diagnoseScenario writes what is wrong with a scenario: mistakes in its text
// as the language's reference shows them, so that editors find the place.
func diagnoseScenario(stderr io.Writer, err error) {
	var mistakes script.Errors
	if errors.As(err, &mistakes) {
		fmt.Fprintln(stderr, report.Clean(mistakes.Error()))
		return
	}
	diagnose(stderr, err)
}
