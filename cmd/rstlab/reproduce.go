package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"rstlab/internal/derive"
)

func newReproduce() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reproduce CAPTURE [CAPTURE]",
		Short: "Make a scenario of a capture, play it, and say how alike the two are",
		Long: `Derives from a capture a scenario as a person would have written it: roles,
ports, options, round-trip time, sizes, losses, who closes or resets and how.
Its ends are real kernels wherever a kernel can show the packets; where not,
one is scripted and the file says why. Then it plays the scenario and compares:
the same packets, the same verdicts, the kernel's own reason.

Where the verdict leaves other causes open, each is derived and played as well:
what shows the same packets, the capture can't tell apart.

The payload is filler of the same length and addresses are documentation's,
unless they are kept. Waits that are no evidence are shortened, and those that
are keep their proportions.

Two captures are of one trouble at two points: one scenario shows both.

Ends with status 0 only if the capture was reproduced.`,
		Example: `  rstlab reproduce trouble.pcapng
  rstlab reproduce --stream 3 -w trouble.scenario trouble.pcapng
  rstlab reproduce --no-run trouble.pcapng > trouble.scenario
  rstlab reproduce client.pcapng server.pcapng`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usage(cmd, fmt.Errorf("reproduce: found %d arguments, expected one capture, or two of one trouble", len(args)))
			}
			return nil
		},
	}
	var o derive.Options
	stream := cmd.Flags().Int("stream", -1, "the connection, as Wireshark's tcp.stream counts")
	file := cmd.Flags().StringP("write", "w", "", "write the scenario to `FILE`, and the alternatives beside it")
	complete(cmd, "stream", cobra.NoFileCompletions)
	complete(cmd, "write", completeScenarioFiles)
	noRun := cmd.Flags().Bool("no-run", false, "derive the scenario, and do not play it")
	cmd.Flags().BoolVar(&o.KeepPayload, "keep-payload", false, "keep the payload's bytes in place of filler")
	cmd.Flags().BoolVar(&o.KeepAddresses, "keep-addresses", false, "keep the capture's addresses in place of documentation's")
	cmd.Flags().BoolVar(&o.RealTime, "real-time", false, "keep all waits as long as they were")

	cmd.RunE = func(cmd *cobra.Command, files []string) error {
		if cmd.Flags().Changed("stream") {
			if *stream < 0 {
				return usage(cmd, fmt.Errorf("read --stream: found %d, want 0 or more", *stream))
			}
			o.Stream = *stream + 1
		}
		if err := writable(*file, files); err != nil {
			return usage(cmd, err)
		}
		inputs, err := reopenable(cmd.InOrStdin(), files)
		if err != nil {
			return usage(cmd, err)
		}
		trouble, err := derive.Read(cmd.Context(), inputs, o)
		var choice *derive.ChoiceError
		if errors.As(err, &choice) {
			tellLimits(cmd, choice.Limits)
			return offer(cmd.OutOrStdout(), choice)
		}
		if err != nil {
			return err
		}
		tellLimits(cmd, trouble.Limits)
		return reproduce(cmd, trouble, nameOf(*file, files[0]), *file, *noRun)
	}
	return cmd
}

// tellLimits tells what the captures do not show.
func tellLimits(cmd *cobra.Command, limits []string) {
	for _, limit := range limits {
		diagnose(cmd.ErrOrStderr(), errors.New(limit))
	}
}

// reproduce derives, plays and compares, as far as is asked for.
func reproduce(cmd *cobra.Command, trouble *derive.Trouble, name, file string, noRun bool) error {
	out := cmd.OutOrStdout()
	var undetermined *derive.UndeterminedError
	if noRun {
		sc, err := trouble.Scenario(name)
		if errors.As(err, &undetermined) {
			return &statusError{Status: statusFailed, Err: err}
		}
		if err != nil {
			return err
		}
		return writeScenario(out, file, sc)
	}
	result, err := playDerived(cmd, trouble, name)
	if errors.As(err, &undetermined) {
		fmt.Fprintf(out, "not reproduced because %v\n", err)
		return &statusError{Status: statusFailed}
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "connection %d, %s\n\n", trouble.Choice.Stream, trouble.Choice.Headline())
	if err := writeScenario(out, file, result.Scenario); err != nil {
		return err
	}
	for _, a := range result.Alternatives {
		if file == "" || a.Scenario == nil {
			continue
		}
		beside := filepath.Join(filepath.Dir(file), a.Scenario.File.Name+".scenario")
		if err := writeScenario(out, beside, a.Scenario); err != nil {
			return err
		}
	}
	fmt.Fprintln(out)
	if err := result.Write(out); err != nil {
		return err
	}
	if !result.Reproduced() {
		return &statusError{Status: statusFailed}
	}
	return nil
}

// writable finds out whether a scenario can be written to file, so that what is
// wrong with it is told before anything is played. It must be none of the captures.
func writable(file string, captures []string) error {
	switch file {
	case "":
		return nil
	case "-":
		return errors.New("write scenario to \"-\": without --write standard output has it; want a file")
	}
	was, err := os.Stat(file)
	for _, capture := range captures {
		if err == nil && names(capture, was) {
			return fmt.Errorf("write scenario to %s: that is a capture to reproduce; want another file", file)
		}
	}
	f, opened := os.OpenFile(file, os.O_WRONLY|os.O_CREATE, 0o644)
	if opened != nil {
		return fmt.Errorf("write scenario: %w", opened)
	}
	if err != nil { // it was not there
		defer os.Remove(file)
	}
	return f.Close()
}

// writeScenario writes a scenario to a file, or to out where none is named.
func writeScenario(out io.Writer, file string, sc *derive.Scenario) error {
	if file == "" {
		_, err := out.Write(sc.Text)
		return err
	}
	if err := os.WriteFile(file, sc.Text, 0o644); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "wrote %s\n", file)
	return err
}

// offer lists the connections of which one must be chosen.
func offer(out io.Writer, e *derive.ChoiceError) error {
	hint := "\"rstlab analyze --connections\" tells how each connection ended"
	for _, c := range e.Choices {
		fmt.Fprintf(out, "--stream %-4d %s\n", c.Stream, c.Headline())
		hint = "--stream says which"
	}
	return &statusError{Status: statusUsage, Err: e, Hint: hint}
}

// reopenable makes inputs of files. Standard input is read once, and kept.
func reopenable(stdin io.Reader, files []string) ([]derive.Input, error) {
	var in []derive.Input
	names := brief(files)
	for i, file := range files {
		if i > 0 && file == files[0] {
			return nil, fmt.Errorf("read %q twice: two captures are of two points", file)
		}
		open := func() (io.ReadCloser, error) { return openCapture(file) }
		if file == "-" {
			data, err := io.ReadAll(stdin)
			if err != nil {
				return nil, fmt.Errorf("read standard input: %w", err)
			}
			open = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
		}
		in = append(in, derive.Input{Name: names[i], Open: open})
	}
	return in, nil
}

// nameOf is the scenario's name: that of the file to write, else the capture's,
// in letters that a scenario's name can have.
func nameOf(file, capture string) string {
	path := file
	if path == "" {
		path = capture
	}
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else if b.Len() > 0 {
			b.WriteByte('-')
		}
	}
	if name := strings.Trim(b.String(), "-"); name != "" {
		return name
	}
	return "capture"
}
