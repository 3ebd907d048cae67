package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"rstlab/internal/report"
	"rstlab/internal/segment"
)

// An output is the value of -o: where the report goes in each format that was
// asked for. What has no file goes to standard output, and so does the first
// of words where all others have one.
type output struct {
	words  []string
	files  []outputFile
	stdout string // "": not asked for
}

// An outputFile is "FORMAT=FILE".
type outputFile struct{ format, path string }

func (o *output) String() string {
	var s []string
	if o.stdout != "" {
		s = append(s, o.stdout)
	}
	for _, f := range o.files {
		s = append(s, f.format+"="+f.path)
	}
	return strings.Join(s, " ")
}

func (o *output) Type() string { return "FORMAT[=FILE]" }

func (o *output) Set(s string) error {
	word, path, toFile := strings.Cut(s, "=")
	switch {
	case !slices.Contains(o.words, word):
		return fmt.Errorf("want %s%s", orList(o.words), segment.DidYouMean(word, o.words...))
	case toFile && path == "":
		return fmt.Errorf("want a file: %s=FILE", word)
	case toFile && path != "-":
		o.files = append(o.files, outputFile{word, path})
	case o.stdout != "" && o.stdout != word:
		return fmt.Errorf("want a file for it, as %s goes to standard output: -o %s=FILE", o.stdout, word)
	default:
		o.stdout = word
	}
	return nil
}

// orList is "a, b or c".
func orList(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// addOutput gives cmd the flag -o with the words of a report, the first being
// the default.
func addOutput(cmd *cobra.Command, words []string) *output {
	o := &output{words: words}
	cmd.Flags().VarP(o, "output", "o", fmt.Sprintf("write %s (default %s), to standard output or a file; may be repeated", orList(words), words[0]))
	complete(cmd, "output", func(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
		if strings.Contains(word, "=") {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	})
	return o
}

// A sink is where a report goes in one format.
type sink struct {
	format string
	w      io.Writer
	file   *os.File // nil: standard output
}

// sinks are all places of a report, the one on standard output first.
type sinks []sink

// open makes the files, so that what is wrong with them is told before
// anything is done. None may be another one, or one of those that are used besides:
// it would destroy them.
func (o *output) open(stdout io.Writer, besides []string) (sinks, error) {
	first := o.stdout
	if first == "" {
		first = o.words[0]
	}
	all := sinks{{format: first, w: stdout}}
	for _, f := range o.files {
		if was, err := os.Stat(f.path); err == nil {
			for _, other := range besides {
				if names(other, was) {
					return nil, errors.Join(fmt.Errorf("write %s: %s is the same file; want another file for -o %s", f.path, other, f.format), all.close())
				}
			}
		}
		file, err := os.Create(f.path)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("-o %s=%s: %w", f.format, f.path, err), all.close())
		}
		all = append(all, sink{f.format, file, file})
		besides = append(slices.Clip(besides), f.path)
	}
	return all, nil
}

// close closes the files.
func (s sinks) close() error {
	var errs []error
	for _, s := range s {
		if s.file != nil {
			errs = append(errs, s.file.Close())
		}
	}
	return errors.Join(errs...)
}

// end closes the files after a command that ended with err.
func (s sinks) end(stderr io.Writer, err error) error {
	closed := s.close()
	if closed == nil {
		return err
	}
	if err == nil {
		return closed
	}
	diagnose(stderr, closed)
	return err
}

// style says what a text output may count on in w.
func style(w io.Writer) report.Style {
	if !isTerminal(w) {
		return report.Style{}
	}
	columns, _, err := term.GetSize(int(w.(*os.File).Fd()))
	if err != nil || columns < 1 {
		columns = 80 // a terminal that does not say
	}
	return report.Style{Width: columns, Color: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// isTerminal says whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
