package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"rstlab/internal/golden"
	"rstlab/internal/script"
)

func newGolden() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "golden",
		Short: "Captures whose truth is known: write them, verify them, rate a tool's answers",
		Long: `A golden set has, for each scenario and tap, a capture in canonical form, a
label with the truth about its resets and what the capture can carry of it, and
what rstlab's analyzer concludes. index.jsonl lists all resets. The same bytes
come out of every run on one kernel release, as root or not.`,
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newGoldenWrite(), newGoldenVerify(), newGoldenScore())
	return cmd
}

// goldenOptions are the flags of write and verify.
type goldenOptions struct {
	jobs int
	raw  bool
	all  bool // the whole catalogue is meant
}

func newGoldenWrite() *cobra.Command {
	var o goldenOptions
	cmd := &cobra.Command{
		Use:   "write DIR [NAME|FILE|DIR...]",
		Short: "Play scenarios and write their golden files",
		Long: `Plays scenarios, each until two runs of it are alike in every byte, and writes
their golden files into DIR, a new folder or that of a golden set. Without names
it is the whole catalogue, and files of scenarios that are no more are removed.

What depends on the machine is not compared: the kernel's version and its
reasons, in machine.json, and with --raw the captures as they were taken.`,
		Example: `  rstlab golden write golden
  rstlab golden write --raw mine my.scenario`,
		Args:              oneOrMore("the folder of the golden set"),
		ValidArgsFunction: completeGolden,
	}
	addJobs(cmd, &o)
	cmd.Flags().BoolVar(&o.raw, "raw", false, "keep the captures as they were taken, too, in a folder raw beside the golden ones")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		files, err := o.choose(cmd, args[1:])
		if err != nil {
			return err
		}
		return writeGolden(cmd, args[0], files, o)
	}
	return cmd
}

func newGoldenVerify() *cobra.Command {
	var o goldenOptions
	cmd := &cobra.Command{
		Use:   "verify DIR [NAME|FILE|DIR...]",
		Short: "Play scenarios and compare with their golden files",
		Long: `Plays scenarios and compares what their golden files would be now with those of
the set in DIR. A difference is shown as the packets differ, and by the witness
that changed: the wire, the script, the kernel, the analyzer. A scenario that
differs is played again, alone: a busy machine is no change.

On another kernel release than the set was written on, packets that differ are
listed as that kernel's, and are no error.`,
		Example: `  rstlab golden verify golden
  rstlab golden verify golden port-closed late-ack`,
		Args:              oneOrMore("the folder of the golden set"),
		ValidArgsFunction: completeGolden,
	}
	addJobs(cmd, &o)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		files, err := o.choose(cmd, args[1:])
		if err != nil {
			return err
		}
		return verifyGolden(cmd, args[0], files, o)
	}
	return cmd
}

func addJobs(cmd *cobra.Command, o *goldenOptions) {
	cmd.Flags().IntVarP(&o.jobs, "jobs", "j", 4*runtime.NumCPU(), "play `N` scenarios at the same time")
	complete(cmd, "jobs", cobra.NoFileCompletions)
}

// choose returns the scenarios that the names after DIR mean.
func (o *goldenOptions) choose(cmd *cobra.Command, names []string) ([]*script.File, error) {
	if err := positive("jobs", o.jobs); err != nil {
		return nil, usage(cmd, err)
	}
	o.all = len(names) == 0
	return choose(cmd, names, "")
}

func newGoldenScore() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "score ANSWERS.jsonl",
		Short: "Rate any tool's answers about the captures of a golden set",
		Long: `Rates answers about resets against the truth, by cause. An answer is a line

  {"file":"port-closed/client.pcapng","frame":2,"cause":"port-closed","sender":"responder"}

and so is a verdict of "rstlab analyze -o jsonl". The cause is one of "rstlab
list causes", or "undetermined"; cause or sender may be left out. A tool that
counts no frames gives "epoch" instead, the time of the packet in seconds.

  right   the truth, or what the capture can't tell from it; undetermined
          where that is all that the capture can carry
  open    no answer, where there is one
  wrong   anything else`,
		Example: `  rstlab golden score answers.jsonl
  rstlab golden score --set ../golden -o jsonl - < answers.jsonl`,
		Args: exactly(1, "a file of answers"),
	}
	output := addOutput(cmd, golden.ScoreFormats())
	dir := cmd.Flags().String("set", "golden", "the golden set is in `DIR`")
	complete(cmd, "set", completeDirs)
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		set, err := openGolden(*dir)
		if err != nil {
			return err
		}
		in := cmd.InOrStdin()
		if args[0] != "-" {
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			in = f
		}
		answers, err := golden.ReadAnswers(in)
		if err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		score, err := golden.Rate(set.Index, answers)
		if err != nil {
			return err
		}
		to, err := output.open(cmd.OutOrStdout(), args)
		if err != nil {
			return usage(cmd, err)
		}
		defer func() { err = to.end(cmd.ErrOrStderr(), err) }()
		for _, s := range to {
			if err := score.Write(s.w, s.format); err != nil {
				return err
			}
		}
		return nil
	}
	return cmd
}

// openGolden reads the index of a golden set.
func openGolden(dir string) (*golden.Set, error) {
	set, err := golden.Open(dir)
	if err != nil {
		return nil, &statusError{Status: statusUsage, Err: err, Hint: "name the folder of a golden set; \"rstlab golden write DIR\" makes one"}
	}
	return set, nil
}
